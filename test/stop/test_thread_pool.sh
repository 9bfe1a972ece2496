#!/bin/sh
# Every client of examples/thread-pool gets an answer or an error, and every thread comes back: test_thread_pool.sh SERVER MODULE
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT

clients=60
i=0
while [ $i -lt $((clients / 6)) ]; do
  printf '%s\n' ward loop null crash loop pool
  i=$((i + 1))
done | "$1" "$2" > "$out" || { cat "$out"; exit 1; }

expect() { # COUNT PATTERN
  n=$(grep -c "$2" "$out" || true)
  [ "$n" = "$1" ] || { cat "$out"; echo "$n lines are '$2', not $1"; exit 1; }
}
expect 10 '^client [0-9]*: draw$'
expect 10 '^client [0-9]*: llun$'
expect 10 '^client [0-9]*: loop$'
expect 20 '^client [0-9]*: error: deadline (.* within 50 ms; the call was ended)$'
expect 10 '^client [0-9]*: error: trap '
expect 1 '^60 clients, 4 threads$'
