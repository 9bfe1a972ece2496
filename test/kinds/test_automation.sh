#!/bin/sh
# The automation example does the same at every kind.
# usage: test_automation.sh PROGRAM FOLDER-OF-ADD-INS
set -eu
expected='window: the total of budget is 42.5
window: the total of budget is 33.5
window: listens no more
at the end it is 13.5, and 13.5 in the document; 1 subscribed
0 subscribed, 0 handles'
for kind in direct wasm process; do
        addin=$2/totals.so
        [ $kind = wasm ] && addin=$2/totals.wasm
        [ -e "$addin" ] || { echo "skipped: no $addin"; continue; }
        said=$("$1" --isolation $kind "$addin")
        [ "$said" = "$expected" ] || { printf '%s: it said\n%s\nand not\n%s\n' $kind "$said" "$expected"; exit 1; }
done
