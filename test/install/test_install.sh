#!/bin/sh
# test_install.sh MESON SOURCE BUILD [CFLAGS]: what is installed is enough. Installs into an empty folder, builds the README's example
# there with the README's own commands, runs it at each kind; then moves the whole tree and does it again.
set -eu
meson=$1 source=$2 build=$3 cflags=${4-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset WARD_WORKER WARD_CACHE PKG_CONFIG_PATH LD_LIBRARY_PATH DESTDIR
export XDG_CACHE_HOME="$work/cache"
fault='the add-in failed, the host did not: '

fail() { echo "FAILED: $*"; exit 1; }

# $1: where it is installed. From here on, pkg-config and the folders that it names are all that is known of it.
use_prefix() {
        pc=$(find "$1" -name ward.pc)
        [ -n "$pc" ] || fail "ward.pc is not installed"
        export PKG_CONFIG_PATH="${pc%/*}"
        lib=$(pkg-config --variable=libdir ward)
        PATH="$work/bin:$(pkg-config --variable=bindir ward):$system_path"
        export LD_LIBRARY_PATH="$lib"
}

# $1: a folder to build in.
build_example() {
        mkdir "$1"
        cp "$source"/examples/readme/*.c "$source"/examples/readme/*.wit "$source"/examples/readme/build.sh "$1"
        (cd "$1" && sh -eux build.sh) || fail "the README's commands"
}

# $1: the host program  $2: folder of the add-ins
check_runs() {
        [ "$("$1" direct "$2/average.so")" = "average: 5" ] || fail "$1 at kind direct"
        for kind in process wasm; do
                form=so
                [ $kind = process ] || form=wasm
                said=$("$1" $kind "$2/average.$form") || fail "$1 at kind $kind"
                echo "$kind: $said"
                [ "$(echo "$said" | head -n 1)" = "average: 5" ] || fail "$1 at kind $kind said: $said"
                case "$(echo "$said" | tail -n 1)" in
                "$fault"*average*) ;;
                *) fail "$1 at kind $kind has no fault that names the add-in" ;;
                esac
        done
}

# $1: the folder of the add-ins. The last of the README's calls fails, and says why.
check_calls() {
        cp "$source/examples/readme/call.sh" "$1"
        if said=$(cd "$1" && sh -eux call.sh 2>"$1/errors"); then fail "the README's last call did not fail"; fi
        echo "$said" | grep -qx '  average: func(values: list<s32>) -> s32' || fail "ward inspect said: $said"
        [ "$(echo "$said" | tail -n 1)" = 5 ] || fail "ward call said: $said $(cat "$1/errors")"
        grep -q '^ward call: .*average' "$1/errors" || fail "ward call has no fault that names the add-in: $(cat "$1/errors")"
}

# The add-in of ward run is found beside ward-worker.
check_run() {
        "$(pkg-config --variable=ward ward)" run --no-tags echo run >"$work/said" 2>&1 || fail "ward run: $(cat "$work/said")"
        [ "$(cat "$work/said")" = run ] || fail "ward run said: $(cat "$work/said")"
}

# The README says `cc`: the compiler, with the flags, that this build was made with.
mkdir "$work/bin"
system_path=$PATH
printf '#!/bin/sh\nPATH=%s\nexec %s %s "$@"\n' "'$system_path'" "${CC:-cc}" "$cflags" >"$work/bin/cc"
chmod +x "$work/bin/cc"

"$meson" install -C "$build" --no-rebuild --quiet --destdir "$work/dest"
use_prefix "$work/dest"
[ -x "$(pkg-config --variable=worker ward)" ] || fail "ward-worker is not where ward.pc says"
[ -x "$(pkg-config --variable=ward ward)" ] || fail "ward is not where ward.pc says"
build_example "$work/first"
check_runs "$work/first/host" "$work/first"
check_calls "$work/first"
check_run

# A host with the archive in it has no library to find the worker by.
needs=$(pkg-config --static --libs ward | sed 's/ -lward / /')
(cd "$work/first" && cc host.c stats_host.c -o alone $(pkg-config --cflags ward) "$lib/libward.a" $needs)
if ldd "$work/first/alone" | grep libward; then fail "linked to the archive, and yet needs the library"; fi
LD_LIBRARY_PATH= WARD_WORKER=$(pkg-config --variable=worker ward) check_runs "$work/first/alone" "$work/first"

mkdir "$work/else"
mv "$work/dest" "$work/else/where"
use_prefix "$work/else/where"
check_runs "$work/first/host" "$work/first"
build_example "$work/second"
check_runs "$work/second/host" "$work/second"
check_calls "$work/second"
check_run
echo "installed, built and ran; moved, and again"
