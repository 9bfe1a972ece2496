#!/usr/bin/env python3
"""bench/instructions/run counts, on both sides: test_instructions.py FOLDER, the build folder."""
import json
import pathlib
import subprocess
import sys

SKIPPED = 77
MOST = 2000  # a build without optimisation too


def main():
    program = pathlib.Path(__file__).parent / "run"
    done = subprocess.run([program, sys.argv[1], "--calls", "1000", "--json"], capture_output=True, text=True)
    if done.returncode == SKIPPED:
        print(done.stderr, end="")
        return SKIPPED
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert set(figures) == {"host", "worker"}, figures
    for side, name in (("host", "ward_call"), ("worker", "int_int_call")):
        figure = figures[side]
        assert 0 < figure["call"] < MOST, figure  # how often a side sleeps depends on what else runs
        assert abs(figure["call"] + figure["waiting"] - figure["total"]) < 1, figure
        assert name in figure["functions"], figure
    return 0


sys.exit(main())
