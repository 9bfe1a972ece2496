;; A memory of no pages, which grows when it is needed, and a start function.
(module
  (memory (export "memory") 0)
  (global $started (mut i32) (i32.const 0))
  (func $start (global.set $started (i32.add (global.get $started) (i32.const 1))))
  (start $start)
  (func (export "add") (param i32 i32) (result i32)
    (if (i32.lt_s (memory.size) (i32.const 2)) (then (drop (memory.grow (i32.const 1)))))
    (i32.store (i32.const 65532) (i32.add (local.get 0) (local.get 1)))
    (i32.load (i32.const 65532)))
  ;; reads before anything has grown: a trap
  (func (export "mix") (param i32 i32) (result i32) (i32.load (local.get 0)))
  (func (export "count") (result i32) (i32.add (i32.mul (i32.const 100) (memory.size)) (global.get $started))))
