#!/usr/bin/env python3
"""Other people's contracts, bound and compiled: test_views.py WARD_BINDGEN INCLUDE CONFORMANCE [CASE...].

Every world of every synchronous case of codegen/ and runtime/, both views, owning and borrowing, and with every option other than the
default: sources compile as C11 and as C++17 without a warning, with gcc and clang; the add-in view also for wasm32, where the
Canonical ABI's sizes and offsets are C's own. CONFORMANCE is a copy of the data that the project is tested with; without one:
skipped."""
import json
import os
import pathlib
import re
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "bindgen"))
import views  # noqa: E402

SKIPPED = 77
UTF16 = ["--string-encoding", "utf16"]
VARIANTS = {
    "addin": (["--addin"], ""),
    "addin-borrowing": (["--addin", "--ownership", "borrowing"], ""),
    "addin-other": (["--addin", "--ownership", "borrowing", "--autodrop-borrows", *UTF16], "string|borrow|resource"),
    "host": (["--host"], ""),
    "host-other": (["--host", *UTF16], "string"),
}


def find_contract(root, case):
    """The file or folder that bindgen is given."""
    folder = root / case
    for path in (root / f"{case}.wit", folder / "wit"):
        if path.exists():
            return path
    return folder if (folder / "deps").exists() else folder / "test.wit"


def find_worlds(bindgen, contract):
    """The worlds of a contract's main package, from the answer to a question for one that no contract has."""
    problem = views.run([bindgen, contract, "--addin", "--world", "?", "--all-features", "-o", os.devnull])
    known = re.search(r"--world: (.*)", problem or "")
    return known.group(1).split(", ") if known else []


def variants_of(contract):
    """Each way to bind a contract that makes a difference for it: some of its words tell."""
    files = [contract] if contract.is_file() else contract.rglob("*.wit")
    text = "\n".join(file.read_text() for file in files)
    return [(name, options) for name, (options, words) in VARIANTS.items() if re.search(words, text)]


def compilations(include, compilers, wasm, source):
    common = [*views.WARNINGS, "-fsyntax-only", f"-I{include}"]
    for language in (views.C, views.CXX):
        for compiler in compilers:
            yield [compiler, *language, *common, source]
    if wasm and not source.stem.endswith("_host"):
        yield [*views.WASM, *views.C, *common, views.assert_layout(source)]
        yield [*views.WASM, *views.CXX, *common, source]


def bind(bindgen, contract, world, folder):
    """What was generated, and the problems with it."""
    sources, problems = [], []
    for name, options in variants_of(contract):
        out = folder / name
        problem = views.run([bindgen, contract, "--world", world, "--all-features", *options, "-o", out])
        problems += [problem] if problem else []
        sources += out.glob("*.c")
    return sources, problems


def bind_case(bindgen, root, case, folder):
    """All sources of a case, the problems with it, and how many worlds it has."""
    contract = find_contract(root, case)
    worlds = find_worlds(bindgen, contract)
    sources, problems = [], []
    if not worlds:
        problems.append(views.run([bindgen, contract, "--addin", "-o", os.devnull]) or "no world")
    for world in worlds:
        made, failed = bind(bindgen, contract, world, folder / case.replace("/", "-") / world)
        sources += made
        problems += failed
    return sources, problems, len(worlds)


def check(bindgen, include, root, cases):
    """The problems with each case, and how much was tried."""
    compilers, wasm = views.find_compilers()
    failed, commands, n_worlds = {}, {}, 0
    with tempfile.TemporaryDirectory() as temporary:
        for case in cases:
            sources, failed[case], n = bind_case(bindgen, root, case, pathlib.Path(temporary))
            n_worlds += n
            commands[case] = [c for source in sources for c in compilations(include, compilers, wasm, source)]
        for problem in views.run_all([c for made in commands.values() for c in made]):
            command = problem.split("\n", 1)[0]
            failed[next(case for case in cases if f"/{case.replace('/', '-')}/" in command)].append(problem)
    n_commands = sum(len(made) for made in commands.values())
    return failed, f"{n_worlds} worlds, {n_commands} compilations with {' and '.join(compilers)}, wasm32: {wasm}"


def main():
    bindgen, include, root = sys.argv[1:4]
    root = pathlib.Path(root)
    if not root.exists():
        print(f"skipped: there is no {root}")
        return SKIPPED
    known = json.loads((root / "cases.json").read_text())["cases"]
    cases = [c for c, about in known.items() if c.startswith(("codegen/", "runtime/")) and about["class"] == "s"]
    failed, tried = check(bindgen, include, root, sorted(sys.argv[4:] or cases))
    for case, problems in failed.items():
        if problems:
            print(f"--- {case}\n" + "\n".join(problems[:3]))
    passed = sum(not problems for problems in failed.values())
    print(f"{passed} of {len(failed)} cases passed: {tried}")
    return 0 if passed == len(failed) > 0 else 1


sys.exit(main())
