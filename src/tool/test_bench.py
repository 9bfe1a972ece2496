#!/usr/bin/env python3
"""`ward bench --json` gives the figures that it promises, by name: test_bench.py WARD"""
import json
import os
import re
import subprocess
import sys

KINDS = ["direct", "wasm", "process"]
SIZES = [10, 100000, 10000000]
SKIPPED = 77


def expected(kind):
    """The names of a kind's figures, each with its unit."""
    calls = ["void", "void_int", "int_void", "int_int", "deadline", "void_struct", "record", "mixed", "nested"]
    names = {f"call.{call}.{kind}": "ns" for call in calls}
    names |= {f"bulk.{data}.{size}.{kind}": "MB/s" for data in ("bytes", "block", "string", "struct") for size in SIZES}
    crowds = [kind, "process.free_threaded"] if kind == "process" else [kind]
    names |= {f"threads.{n}.{crowd}": "1/s" for n in (1, 2, 4, 16, 64) for crowd in crowds}
    names |= {f"callback.int_int.{kind}": "ns", f"event.int.{kind}": "ns", f"begun.int_int.{kind}": "ns", f"activate.{kind}": "ns"}
    return names | ({} if kind == "direct" else {f"crash.{kind}": "ns", f"live.{kind}": "ns"}) | (elsewhere() if kind == "process" else {})


def two_cores():
    return len(os.sched_getaffinity(0)) > 1


def elsewhere():
    """A process's figures in other places, and the ratios of all that have a limit."""
    names = {name: "ns" for name in ("parked.int_int.process", "call.int_int.process.one_core", "parked.int_int.process.one_core")}
    spun = [f"call.{call}.process" for call in ("void", "int_int", "record", "nested")] if two_cores() else []
    return names | {f"ratio.{name}": "x" for name in [*names, *spun]}


def limits():
    names = {f"limit.futex{how}{where}": "ns" for how in ("", ".parked") for where in ("", ".one_core")}
    names |= {"limit.call": "ns"} | {f"limit.memcpy.{size}": "MB/s" for size in SIZES}
    if not two_cores():
        return names
    names |= {f"limit.shared.{size}.process": "MB/s" for size in SIZES}
    return names | {f"limit.spin{which}": "ns" for which in ("", ".line", ".mean")}


def place(name):
    """How the place of a figure begins."""
    if name.startswith(("activate.", "crash.", "live.", "threads.")):
        return "not pinned"
    if name.endswith(".one_core") or not two_cores():
        return "one core: processor "
    spread = name.endswith(".process") or name.startswith(("limit.spin", "limit.futex"))
    return "two cores " if spread else "one core: processor "


def check_figure(figure, units):
    assert set(figure) == {"name", "median", "min", "unit", "place"}, figure
    assert figure["place"].startswith(place(figure["name"])), figure
    assert figure["unit"] == units[figure["name"]], figure
    assert 0 < figure["min"] <= figure["median"], figure


def check_figures(figures, units):
    names = [figure["name"] for figure in figures]
    assert len(names) == len(set(names)), "a name twice"
    assert set(names) == set(units), f"missing: {set(units) - set(names)}, more: {set(names) - set(units)}"
    for figure in figures:
        check_figure(figure, units)


def run(ward, *args, **env):
    return subprocess.run([ward, "bench", *args], capture_output=True, text=True, env=os.environ | env)


def check_usage(ward):
    for args in (["--rounds", "0"], ["--rounds", "many"], ["--kind", "remote"], ["--nonsense"], ["more"]):
        done = run(ward, *args)
        assert done.returncode == 2 and not done.stdout and done.stderr, f"{args}: {done}"
    done = run(ward, "--help")
    assert done.returncode == 0 and "--brief" in done.stdout, done


def check_nothing_there(ward):
    done = run(ward, "--json", "--brief", "--rounds", "1", WARD_BENCH_ADDINS="/nowhere")
    names = [figure["name"] for figure in json.loads(done.stdout)]
    assert done.returncode == 1 and names and all(name.startswith("limit.") for name in names), done
    assert all(f"{kind}: not measured: " in done.stderr for kind in KINDS), done.stderr


def main():
    ward = sys.argv[1]
    check_usage(ward)
    check_nothing_there(ward)
    done = run(ward, "--brief", "--rounds", "1", "--json")
    print(done.stderr, end="")
    absent = [kind for kind in KINDS if re.search(f"^{kind}: not measured: ", done.stderr, re.MULTILINE)]
    units = limits()
    for kind in set(KINDS) - set(absent):
        units |= expected(kind)
    check_figures(json.loads(done.stdout), units)
    assert done.returncode == 0, done.returncode
    if not absent:
        return 0
    return 1 if os.environ.get("WARD_MUST_WORK") else SKIPPED


sys.exit(main())
