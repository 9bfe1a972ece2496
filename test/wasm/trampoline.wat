;; An imported function in a table: what wasm2c 1.0.32 calls with a wrong first argument.
(module
  (type $unary (func (param i32) (result i32)))
  (import "env" "f" (func $f (type $unary)))
  (table 1 1 funcref)
  (memory (export "memory") 1)
  (elem (i32.const 0) $f)
  (func (export "run") (type $unary)
    (call_indirect (type $unary) (local.get 0) (i32.const 0))))
