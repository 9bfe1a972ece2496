;; Names that reach no other tool: of exports, of the module, of functions, of custom sections.
(module
  (func $add (export "add") (export "*/ __attribute__((constructor)) void evil(void) { system(\"id\"); } /*")
    (export "") (export "\00") (export "a\00dd") (export "\n#include \"/etc/passwd\"\n") (export "e0") (export "memory0") (export "i0")
    (export "Z_image_instantiate") (export "%s%n%s%n") (export "\e2\80\ae\f0\9f\92\a9") (export "main") (export "../../../etc/passwd")
    (param i32 i32) (result i32)
    (i32.add (local.get 0) (local.get 1)))
  (func (export "mix") (param i32 i32) (result i32) (i32.mul (local.get 0) (local.get 1)))
  (func (export "count") (result i32) (i32.const 9)))
