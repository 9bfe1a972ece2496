#!/bin/sh
# test_symbols.sh LIST libward.so libward.a: both libraries define for others exactly the symbols of LIST.
# After a wanted change of the API: WARD_UPDATE=1 meson test symbols
set -eu
list=$1 shared=$2 static=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export LC_ALL=C

# Type A is the version node itself.
nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort >"$work/shared"
nm -g --defined-only "$static" | awk 'NF == 3 { print $3 }' | sort >"$work/static"

[ -z "${WARD_UPDATE-}" ] || cp "$work/shared" "$list"
diff -u "$list" "$work/shared" || { echo "$shared exports something else than $list says"; exit 1; }
diff -u "$list" "$work/static" || { echo "$static shows something else than $list says"; exit 1; }
echo "$(wc -l <"$list") symbols"
