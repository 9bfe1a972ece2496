#!/bin/sh
# Makes the libraries and add-ins that test_libraries.c looks for in folder $1: make_libraries.sh FOLDER SOURCES INCLUDE CC [CXX]
# FOLDER has the add-in's view. They are made as others make theirs: no build says where they are found but by what is asked for here.
set -eu
out=$1 from=$2 include=$3 cc=$4 cxx=${5-}

library() { # FILE SOURCE OPTION…
        file=$1 source=$2
        shift 2
        mkdir -p "$(dirname "$out/$file")"
        $cc -shared -fPIC -g "$from/$source" -o "$out/$file" -Wl,--enable-new-dtags "$@"
}

addin() { # NAME LIBRARY OPTION…
        name=$1 needs=$2
        shift 2
        $cc -shared -fPIC -g -I"$include" -I"$out" "$from/addin.c" "$out/libraries.c" -o "$out/$name.so" \
                -L"$out/$(dirname "$needs")" -l:"$(basename "$needs")" -Wl,--enable-new-dtags "$@"
}

library private/libdep.so.1 dep.c -DVERSION=10 -Wl,-soname,libdep.so.1
library one/libdep.so.1 dep.c -DVERSION=1 -Wl,-soname,libdep.so.1
library two/libdep.so.1 dep.c -DVERSION=2 -Wl,-soname,libdep.so.1
library one/libother.so dep.c -DVERSION=33
library elsewhere/libother.so dep.c -DVERSION=44
library plain/libplain.so dep.c -DVERSION=7
library broken/libdep.so.1 dep.c -DVERSION='nobody_has_this()' -Wl,-soname,libdep.so.1 -Wl,-z,now

# Each needs the other: the second is made twice.
library circle/libtwo.so circle.c -Wl,-soname,libtwo.so
library circle/libone.so circle.c -DFIRST "$out/circle/libtwo.so" -Wl,-soname,libone.so -Wl,-rpath,'$ORIGIN'
library circle/libtwo.so circle.c "$out/circle/libone.so" -Wl,-soname,libtwo.so -Wl,-rpath,'$ORIGIN'

# What needs it through another one.
library deep/libmiddle.so middle.c "$out/one/libdep.so.1" -Wl,-soname,libmiddle.so

addin own private/libdep.so.1 -Wl,-rpath,'$ORIGIN/private'
addin bare one/libdep.so.1
addin second one/libdep.so.1
addin plain plain/libplain.so -Wl,-rpath,'$ORIGIN/plain'
addin bareplain plain/libplain.so
addin circle circle/libone.so -Wl,-rpath,'$ORIGIN/circle' -Wl,--allow-shlib-undefined
addin deep deep/libmiddle.so -DMIDDLE -Wl,--allow-shlib-undefined

if [ "$cxx" ]; then
        mkdir -p "$out/cxx"
        $cxx -shared -fPIC -g "$from/dep.cpp" -o "$out/cxx/libcxx.so.1" -Wl,-soname,libcxx.so.1
        addin cxx cxx/libcxx.so.1 -Wl,-rpath,'$ORIGIN/cxx' -Wl,--allow-shlib-undefined
fi
