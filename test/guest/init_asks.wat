;; Calls the host before it is ready.
(module
  (import "$root" "ask" (func $ask (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "count") (param i32) (result i32) (local.get 0))
  (func (export "act") (param i32 i32) (result i32) (i32.const 512))
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) (i32.const 2048))
  (func (export "_initialize") (drop (call $ask (i32.const 7)))))
