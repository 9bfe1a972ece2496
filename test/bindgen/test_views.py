#!/usr/bin/env python3
"""Generated views are what golden/ has, and compile everywhere: test_views.py WARD_BINDGEN INCLUDE [--update].

Sources compile as ISO C11 and C++17, headers as C++17, without a warning, with gcc and clang; the add-in view also for wasm32, where
the Canonical ABI's sizes and offsets are C's own. All that with the options' defaults, and with every option the other way.
--update writes golden/ anew: look at `git diff` before you commit it."""
import os
import pathlib
import shutil
import sys
import tempfile

import views

HERE = pathlib.Path(__file__).parent
STRICT = [*views.WARNINGS, "-pedantic-errors"]
OTHER = ["--string-encoding=utf16", "--ownership=borrowing", "--autodrop-borrows"]


def generate(bindgen, contract, folder, options):
    for side in ("--addin", "--host"):
        problem = views.run([bindgen, contract, side, "-o", folder, *options])
        if problem:
            sys.exit(problem)
    return sorted(folder.iterdir())


def compare(golden, made, update):
    if update:
        shutil.copy(made, golden)
        return None
    if golden.exists() and golden.read_text() == made.read_text():
        return None
    return views.run(["diff", "-u", golden, made]) or f"{golden} is missing"


def compilations(include, compilers, wasm, file):
    common = [*STRICT, f"-I{include}", f"-I{file.parent}", "-o", os.devnull, "-c"]
    for compiler in compilers:
        if file.suffix == ".h":
            yield [compiler, "-std=c++17", *common, "-include", file, "-x", "c++", os.devnull]
        else:
            yield [compiler, *views.C, "-O1", *common, file]
            yield [compiler, *views.CXX, *common, file]
    if wasm and file.suffix == ".c" and not file.stem.endswith("_host"):
        yield [*views.WASM, *views.C, "-O1", *common, views.assert_layout(file)]


def main():
    bindgen, include = sys.argv[1:3]
    update = "--update" in sys.argv[3:]
    compilers, wasm = views.find_compilers()
    failures, commands = [], []
    with tempfile.TemporaryDirectory() as temporary:
        for contract in sorted(HERE.glob("**/*.wit")):
            folder = pathlib.Path(temporary) / contract.stem
            files = generate(bindgen, contract, folder / "default", [])
            if contract.parent.name == "golden":
                failures += [compare(contract.parent / file.name, file, update) for file in files]
            files += generate(bindgen, contract, folder / "other", OTHER)
            for file in files:
                commands += compilations(include, compilers, wasm, file)
        failures += views.run_all(commands)
    failures = [f for f in failures if f]
    print("\n".join(failures) if failures else f"{len(commands)} compilations with {' and '.join(compilers)}, wasm32: {wasm}")
    return 1 if failures or not commands else 0


sys.exit(main())
