;; As little as there can be: no memory, no table, no import, not all sections.
(module
  (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func (export "count") (result i32) (i32.const 3))
  (export "mix" (func $add))) ;; one function for two needs
