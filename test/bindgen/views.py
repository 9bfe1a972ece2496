"""Compiling generated views: shared by the tests of golden/ and of other people's contracts."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Werror"]
WASM = ["clang", "--target=wasm32-wasi"]
C, CXX = ["-x", "c", "-std=c11"], ["-x", "c++", "-std=c++17"]


def run(command, **more):
    """None, or what the command printed before it failed."""
    done = subprocess.run(command, text=True, capture_output=True, check=False, **more)
    return None if done.returncode == 0 else f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}"


def run_all(commands):
    """What failed, of many commands at once."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return [problem for problem in pool.map(run, commands) if problem]


def find_compilers():
    """The compilers of this machine, and whether clang has wasm32 and a C library for it."""
    compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
    probe = [*WASM, "-x", "c", "-fsyntax-only", "-"]
    wasm = "clang" in compilers and not run(probe, input="#include <stdlib.h>\n")
    if os.environ.get("WARD_MUST_WORK") and (len(compilers) < 2 or not wasm):
        sys.exit("gcc and clang with a library for wasm32-wasi are both needed")
    return compilers, wasm


def assert_layout(source):
    """The same source, with an assertion for every size and offset in its tables: on wasm32 they are C's own."""
    text = source.read_text()
    checks = [f"sizeof({name}) == {size}" for size, name in re.findall(r"([1-9]\d*), sizeof\(([^)]+)\)", text)]
    checks += [f"{c} == {abi}" for c, abi in re.findall(r"(offsetof\([^)]+\)), (\d+) }", text)]
    asserted = source.with_name(source.stem + "_asserted.c")
    asserted.write_text(text + "\n" + "".join(f'_Static_assert({check}, "layout");\n' for check in checks))
    return asserted
