#!/usr/bin/env python3
"""Every header compiles alone: test_headers.py ROOT [VIEWS...]. The public ones as ISO C11 and as C++17, the private ones as GNU C17; each
with gcc and clang, each included twice. VIEWS are folders of generated headers that private ones include."""
import concurrent.futures
import os
import pathlib
import shutil
import subprocess
import sys

STRICT = ["-Wall", "-Wextra", "-Werror", "-fsyntax-only"]
PUBLIC = {
    "c": ["-std=c11", "-pedantic-errors"],
    "c++": ["-std=c++17", "-pedantic-errors"],
}
PRIVATE = {"c": ["-std=gnu17", "-D_GNU_SOURCE", "-Wno-unused-parameter", "-Wno-missing-field-initializers"]}


def compile_alone(root, compiler, language, flags, name):
    folders = [root / "include", root / "src", root, *sys.argv[2:]]
    command = [compiler, "-x", language, *flags, *STRICT, *(f"-I{folder}" for folder in folders), "-"]
    done = subprocess.run(command, input=f"#include {name}\n#include {name}\n", text=True, capture_output=True)
    return None if done.returncode == 0 else f"{name} fails with {' '.join(command)}\n{done.stderr}"


def jobs(root, compilers):
    for compiler in compilers:
        for header in sorted((root / "include").rglob("*.h")):
            for language, flags in PUBLIC.items():
                yield root, compiler, language, flags, f"<{header.relative_to(root / 'include')}>"
        for header in sorted((root / "src").rglob("*.h")):
            yield root, compiler, "c", PRIVATE["c"], f'"{header.relative_to(root / "src")}"'


def main():
    compilers = [c for c in ("gcc", "clang") if shutil.which(c)]
    if len(compilers) < 2 and os.environ.get("WARD_MUST_WORK"):
        print("gcc and clang are both needed")
        return 1
    work = list(jobs(pathlib.Path(sys.argv[1]), compilers))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        failures = [f for f in pool.map(lambda job: compile_alone(*job), work) if f]
    print("\n".join(failures) if failures else f"{len(work)} compilations with {' and '.join(compilers)}")
    return 1 if failures or not work else 0


sys.exit(main())
