#!/usr/bin/env python3
"""Generated views are what golden/ has, and compile everywhere: test_views.py WARD_BINDGEN INCLUDE [--update].

Sources compile as ISO C11 and headers as C++17 without a warning, with gcc and clang; the add-in view also for wasm32, where the
Canonical ABI's sizes and offsets are C's own. --update writes golden/ anew: look at `git diff` before you commit it."""
import concurrent.futures
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
STRICT = ["-Wall", "-Wextra", "-Werror", "-pedantic-errors"]
WASM = ["clang", "--target=wasm32-wasi"]


def run(command, **more):
    done = subprocess.run(command, text=True, capture_output=True, **more)
    return None if done.returncode == 0 else f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"


def generate(bindgen, contract, folder):
    for side in ("--addin", "--host"):
        problem = run([bindgen, contract, side, "-o", folder])
        if problem:
            sys.exit(problem)
    return sorted(folder.iterdir())


def compare(golden, made, update):
    if update:
        shutil.copy(made, golden)
        return None
    if golden.exists() and golden.read_text() == made.read_text():
        return None
    return run(["diff", "-u", golden, made]) or f"{golden} is missing"


def assert_layout(source):
    """The same source, with an assertion for every size and offset in its tables."""
    text = source.read_text()
    checks = [f"sizeof({name}) == {size}" for size, name in re.findall(r"\.abi_size = ([1-9]\d*),\s+\.size = sizeof\(([^)]+)\)", text)]
    checks += [f"{c} == {abi}" for c, abi in re.findall(r"(offsetof\([^)]+\)), (\d+) }", text)]
    asserted = source.with_name(source.stem + "_asserted.c")
    asserted.write_text(text + "\n" + "".join(f'_Static_assert({check}, "layout");\n' for check in checks))
    return asserted


def compilations(include, compilers, wasm, file):
    common = [*STRICT, f"-I{include}", f"-I{file.parent}", "-o", os.devnull, "-c"]
    for compiler in compilers:
        if file.suffix == ".h":
            yield [compiler, "-std=c++17", *common, "-include", file, "-x", "c++", os.devnull]
        else:
            yield [compiler, "-std=c11", "-O1", *common, file]
    if wasm and file.suffix == ".c" and not file.stem.endswith("_host"):
        yield [*WASM, "-std=c11", "-O1", *common, assert_layout(file)]


def find_compilers():
    compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
    probe = [*WASM, "-x", "c", "-c", "-o", os.devnull, "-"]
    wasm = "clang" in compilers and not run(probe, input="#include <stdlib.h>\n")
    if os.environ.get("WARD_MUST_WORK") and (len(compilers) < 2 or not wasm):
        sys.exit("gcc and clang with a library for wasm32-wasi are both needed")
    return compilers, wasm


def main():
    bindgen, include = sys.argv[1:3]
    update = "--update" in sys.argv[3:]
    compilers, wasm = find_compilers()
    failures, commands = [], []
    with tempfile.TemporaryDirectory() as temporary:
        for contract in sorted(HERE.glob("**/*.wit")):
            files = generate(bindgen, contract, pathlib.Path(temporary) / contract.stem)
            for file in files:
                commands += compilations(include, compilers, wasm, file)
                if contract.parent.name == "golden":
                    failures.append(compare(contract.parent / file.name, file, update))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            failures += pool.map(run, commands)
    failures = [f for f in failures if f]
    print("\n".join(failures) if failures else f"{len(commands)} compilations with {' and '.join(compilers)}, wasm32: {wasm}")
    return 1 if failures or not commands else 0


sys.exit(main())
