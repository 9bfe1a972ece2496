;; The contract `named` in the names of the component model's build target wasm32.
(module
  (import "cm32p2|test:named/words@0.2" "upper" (func $upper (param i32 i32 i32)))
  (import "cm32p2" "seed" (func $seed (result i32)))
  (import "cm32p2|test:named/words@0.2" "[method]book.length" (func $length (param i32) (result i32)))
  (import "cm32p2|test:named/words@0.2" "book_drop" (func $book_drop (param i32)))
  (import "cm32p2|_ex_test:named/numbers@0.2" "counter_new" (func $new (param i32) (result i32)))
  (import "cm32p2|_ex_test:named/numbers@0.2" "counter_rep" (func $rep (param i32) (result i32)))
  (import "cm32p2|_ex_test:named/numbers@0.2" "counter_drop" (func $drop (param i32)))

  (memory (export "cm32p2_memory") 1)
  (global $top (mut i32) (i32.const 1024))
  (global $posts (mut i32) (i32.const 0))
  (global $ready (mut i32) (i32.const 0))

  ;; What a linker adds to every module means nothing here.
  (export "memory" (memory 0))
  (func (export "_start") unreachable)
  (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)

  (func (export "cm32p2_initialize") (global.set $ready (call $seed)))

  (func $realloc (export "cm32p2_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (global.set $top (i32.and (i32.add (global.get $top) (i32.const 15)) (i32.const -16)))
    (global.get $top)
    (global.set $top (i32.add (global.get $top) (local.get $size))))

  ;; a + b, and the seed that initialize asked for, and how many results were given back
  (func (export "cm32p2||add") (param i32 i32) (result i32)
    (i32.add (i32.add (local.get 0) (local.get 1)) (i32.add (global.get $ready) (global.get $posts))))

  ;; The name in capitals, as the host makes them.
  (func (export "cm32p2||greet") (param $at i32) (param $len i32) (result i32)
    (call $upper (local.get $at) (local.get $len) (i32.const 16))
    (i32.const 16))
  (func (export "cm32p2||greet_post") (param i32) (global.set $posts (i32.add (global.get $posts) (i32.const 100))))

  (func (export "cm32p2||read") (param $book i32) (result i32)
    (call $length (local.get $book))
    (call $book_drop (local.get $book)))

  (func (export "cm32p2|test:named/numbers@0.2|sum") (param $at i32) (param $n i32) (result i64)
    (local $sum i64)
    (block $end
      (loop $more
        (br_if $end (i32.eqz (local.get $n)))
        (local.set $sum (i64.add (local.get $sum) (i64.load32_u (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 4)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $more)))
    (local.get $sum))

  ;; A counter is the address of its number.
  (func (export "cm32p2|test:named/numbers@0.2|[constructor]counter") (param $start i32) (result i32)
    (local $at i32)
    (local.set $at (call $realloc (i32.const 0) (i32.const 0) (i32.const 4) (i32.const 4)))
    (i32.store (local.get $at) (local.get $start))
    (call $new (local.get $at)))
  (func (export "cm32p2|test:named/numbers@0.2|[method]counter.next") (param $at i32) (result i32)
    (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1)))
    (i32.load (local.get $at)))
  (func (export "cm32p2|test:named/numbers@0.2|counter_dtor") (param $at i32)
    (global.set $posts (i32.add (global.get $posts) (i32.const 1000)))))
