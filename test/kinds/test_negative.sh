#!/bin/sh
# The example of shared memory gives the same at each kind: test_negative.sh PROGRAM FOLDER
for kind in direct wasm process; do
  file="$2/negative.so"
  [ $kind = wasm ] && file="$2/negative.wasm"
  [ -e "$file" ] || { echo "$kind: the build has no such add-in"; continue; }
  said=$("$1" $kind "$file") || exit 1
  [ "$said" = "f0, 2000 bytes" ] || { echo "$kind: $said"; exit 1; }
done
