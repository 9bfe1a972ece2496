#!/bin/sh
# The command line of ward bindgen: test_cli.sh WARD_BINDGEN FOLDER
set -eu
bindgen=$1
here=$2
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

# expect STATUS TEXT COMMAND…: the exit status, and TEXT in what is printed.
expect() {
  status=$1 text=$2
  shift 2
  got=0
  "$@" >"$out/log" 2>&1 || got=$?
  if [ "$got" != "$status" ] || { [ -n "$text" ] && ! grep -qF -- "$text" "$out/log"; }; then
    echo "$*: exit status $got, expected $status and '$text' in"
    cat "$out/log"
    exit 1
  fi
}

# lacks TEXT FILE
lacks() {
  if grep -F -- "$1" "$2"; then
    echo "$2 has $1"
    exit 1
  fi
}

expect 0 'Usage: ward bindgen CONTRACT' "$bindgen" --help
expect 2 'which contract?' "$bindgen" --host
expect 2 '--host or --addin' "$bindgen" "$here/bare.wit"
expect 2 '--host or --addin' "$bindgen" --host --addin "$here/bare.wit"
expect 2 'one contract at a time' "$bindgen" --host "$here/bare.wit" "$here/many.wit"
expect 2 'Usage: ward bindgen' "$bindgen" --nonsense
expect 1 'no world' "$bindgen" --host --world nobody -o "$out" "$here/bare.wit"
expect 1 '--world: bare' "$bindgen" --host --world nobody -o "$out" "$here/bare.wit"
expect 1 "$out/missing.wit" "$bindgen" --host -o "$out" "$out/missing.wit"

printf 'package a:b;\nworld w {\n  export f: func() -> lisst;\n}\n' >"$out/bad.wit"
expect 1 "$out/bad.wit:3:23: " "$bindgen" --host -o "$out" "$out/bad.wit"
printf 'package a:b;\nworld v {}\nworld w {}\n' >"$out/two.wit"
expect 1 'choose one with --world: v, w' "$bindgen" --host -o "$out" "$out/two.wit"
printf 'package a:b;\ninterface i {}\n' >"$out/none.wit"
expect 1 'a world says what' "$bindgen" --host -o "$out" "$out/none.wit"

# What cannot be bound is told before anything is written.
printf 'package a:b;\nworld w {\n  import i: interface { f: func() -> stream<u8>; }\n}\n' >"$out/stream.wit"
expect 1 'world w cannot be bound: i#f passes a stream' "$bindgen" --addin -o "$out/stream" "$out/stream.wit"
printf 'package a:b;\nworld w {\n  export f: async func();\n}\n' >"$out/async.wit"
expect 1 'world w cannot be bound: f is an async function' "$bindgen" --host -o "$out/stream" "$out/async.wit"
test ! -e "$out/stream"

# All that is wrong is told at once.
printf 'package a:b;\nworld w {\n  export f: func(x: one);\n  export g: func(x: two);\n}\n' >"$out/errors.wit"
expect 1 "$out/errors.wit:3:21: " "$bindgen" --host -o "$out" "$out/errors.wit"
expect 1 "$out/errors.wit:4:21: " "$bindgen" --host -o "$out" "$out/errors.wit"

# Begun calls are made where they are asked for.
expect 0 '' "$bindgen" --host --async -o "$out/async" "$here/bare.wit"
expect 0 '' "$bindgen" --host -o "$out/plain" "$here/bare.wit"
lacks _begin "$out/plain/bare_host.h"

# How it looks in C.
shapes=test:types/shapes
expect 0 '--rename IFACE=NAME' "$bindgen" --help
expect 0 '' "$bindgen" --addin --rename $shapes=sh -o "$out/renamed" "$here/types.wit"
grep -q 'sh_point_t' "$out/renamed/types.h"
lacks test_types_shapes "$out/renamed/types.h"
expect 2 "--rename $shapes" "$bindgen" --addin --rename $shapes "$here/types.wit"
expect 2 'one that C can have' "$bindgen" --addin --rename $shapes=4s "$here/types.wit"
expect 2 'one name for an interface' "$bindgen" --addin --rename $shapes=a --rename $shapes=b "$here/types.wit"
expect 1 "no interface of this name: it has $shapes" "$bindgen" --addin --rename shapes=sh -o "$out" "$here/types.wit"
expect 0 '' "$bindgen" --addin --string-encoding utf16 --ownership borrowing --autodrop-borrows -o "$out/16" "$here/types.wit"
grep -q 'const char16_t \*s' "$out/16/types.h"
expect 2 'expected utf8 or utf16' "$bindgen" --addin --string-encoding latin1 "$here/types.wit"
expect 2 'expected owning or borrowing' "$bindgen" --addin --ownership mine "$here/types.wit"
expect 2 'expected no or yes' "$bindgen" --addin --autodrop-borrows=perhaps "$here/types.wit"

# Which part of the contract.
printf 'package a:b;\nworld w {\n  @unstable(feature = new)\n  export f: func();\n  export g: func();\n}\n' >"$out/gate.wit"
expect 0 '' "$bindgen" --addin -o "$out/gate" "$out/gate.wit"
lacks exports_w_f "$out/gate/w.h"
for features in --features=old,new '--features old --features new' --all-features; do
  # shellcheck disable=SC2086
  expect 0 '' "$bindgen" --addin $features -o "$out/gate" "$out/gate.wit"
  grep -q exports_w_f "$out/gate/w.h"
done

# Folders are made, files replaced as a whole, and the text is the same each time.
expect 0 '' "$bindgen" --host --world w -o "$out/x/y/" "$out/two.wit"
cp "$out/x/y/w_host.c" "$out/first.c"
expect 0 '' "$bindgen" --host --world w -o "$out/x/y" "$out/two.wit"
cmp "$out/first.c" "$out/x/y/w_host.c"
test "$(ls -A "$out/x/y" | tr '\n' ' ')" = 'w_host.c w_host.h '

touch "$out/file"
expect 1 'cannot write w_host.h and w_host.c' "$bindgen" --host --world w -o "$out/file/z" "$out/two.wit"
mkdir -p "$out/taken/w_host.h"
expect 1 'Is a directory' "$bindgen" --host --world w -o "$out/taken" "$out/two.wit"
test "$(ls -A "$out/taken")" = w_host.h
