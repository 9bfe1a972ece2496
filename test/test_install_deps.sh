#!/bin/sh
# test_install_deps.sh ROOT: scripts/install-deps against systems that are made up: it asks apt for what is missing and for nothing else.
set -eu
script=$1/scripts/install-deps
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { echo "FAILED: $*"; cat "$work/said"; exit 1; }

# A folder of programs, $1, with the commands that any system has.
system() {
        rm -rf "$work/bin" "$work/log"
        mkdir "$work/bin"
        : >"$work/log"
        for tool in sh env grep cat; do ln -s "$(command -v $tool)" "$work/bin/$tool"; done
        printf '#!/bin/sh\necho %s\n' "$1" >"$work/bin/id"
        chmod +x "$work/bin/id"
}

# $1: a program  $2: its script; what it is called with goes to the log.
program() {
        printf '#!/bin/sh\necho %s "$*" >>%s\n%s\n' "$1" "$work/log" "$2" >"$work/bin/$1"
        chmod +x "$work/bin/$1"
}

debian() {
        system "$1"
        program apt-get "exit ${2-0}"
        # Two packages are missing, one of which was there once.
        printf '%s\n' '#!/bin/sh' 'for p; do :; done' 'case $p in wabt) exit 1;; lld) echo "deinstall ok config-files";;' \
                '*) echo "install ok installed";; esac' >"$work/bin/dpkg-query"
        chmod +x "$work/bin/dpkg-query"
}

run() { PATH="$work/bin" "$script" "$@" >"$work/said" 2>&1; }

log_is() { [ "$(cat "$work/log")" = "$1" ] || { cat "$work/log"; fail "$2"; }; }

installs='install -q -y --no-install-recommends wabt lld'

debian 0
run || fail "root on Debian"
log_is "apt-get update -q
apt-get $installs" "root on Debian called something else"

debian 1000
program sudo '"$@"'
run || fail "a user with sudo"
log_is "sudo apt-get update -q
apt-get update -q
sudo env DEBIAN_FRONTEND=noninteractive apt-get $installs
apt-get $installs" "a user with sudo called something else"

debian 0
printf '#!/bin/sh\necho "install ok installed"\n' >"$work/bin/dpkg-query"
run || fail "nothing missing"
log_is "" "nothing is missing, and yet apt was called"

debian 0
printf '%s\n' '#!/bin/sh' 'for p; do :; done' 'case $p in libnng-dev) exit 1;; *) echo "install ok installed";; esac' >"$work/bin/dpkg-query"
run || fail "a peer missing"
log_is "" "a peer is missing, nobody asked for peers, and yet apt was called"
run --peers || fail "--peers"
log_is "apt-get update -q
apt-get install -q -y --no-install-recommends libnng-dev" "--peers called something else"

debian 1000
run && fail "no sudo, programs missing, and no error"
grep -q 'no sudo.*wabt lld' "$work/said" || fail "no sudo: says not what is missing"

debian 0 100
run && fail "apt fails, and no error"
grep -q 'Missing programs: .*wasm2c' "$work/said" || fail "apt fails: says not which programs are missing"

system 1000
run && fail "another system without the programs, and no error"
grep -q 'Missing programs: .*meson' "$work/said" || fail "another system: says not which programs are missing"

for name in cc meson ninja pkg-config python3 wasm2c clang wasm-ld; do program $name ''; done
run || fail "another system with all programs"
echo "asks for what is missing, and for nothing else"
