#!/bin/sh
# The example does what its README shows, at the levels that this machine can hold: test.sh HOST TALKER
for level in full-trust intranet internet; do
        if ! answer=$(printf '%s\n' 'one two three' 'a b' | "$1" "$2" $level 2>&1); then
                case $level,$answer in
                full-trust,*) echo "$answer"; exit 1 ;;
                *) echo "not tried: $answer"; [ -z "$WARD_MUST_WORK" ] || exit 1; continue ;;
                esac
        fi
        [ "$answer" = "3 words
2 words" ] || { echo "$level: $answer"; exit 1; }
done
