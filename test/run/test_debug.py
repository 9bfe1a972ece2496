#!/usr/bin/env python3
"""A debugger attaches to what waits for one: test_debug.py WARD FOLDER"""
import os
import re
import shutil
import subprocess
import sys

from run import CODE, MUST_WORK, PROGRAM, SKIPPED, can_hold, command, tests


def debug(target, *commands):
    """What gdb said, what the program wrote, and the exit status."""
    with subprocess.Popen(command("--debug", "--no-tags", *target), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE) as child:
        lines = []
        while b"goes on" not in (line := child.stderr.readline()):
            assert line, lines
            lines.append(line.decode())
        shown = re.search(r"gdb (.*)", "".join(lines))
        assert shown, lines
        more = [part for text in commands for part in ("-ex", text)]
        gdb = subprocess.run(["sh", "-c", f"exec gdb -batch -nx {shown[1]} \"$@\"", "gdb", *more],
                             capture_output=True, timeout=60)
        if b"ptrace: Operation not permitted" in gdb.stderr:
            child.kill()
            print("not tried: this user may not attach a debugger")
            sys.exit(1 if MUST_WORK else SKIPPED)
        written, _ = child.communicate(timeout=60)
        return gdb.stdout.decode() + gdb.stderr.decode(), written, child.returncode


def a_function():
    for level in ["full-trust"] + [level for level in ("intranet", "internet") if os.geteuid() == 0 and can_hold(level)]:
        said, written, status = debug(["--level", level, f"{CODE}:greet", "a"], "backtrace", "detach")
        assert re.search(r"hit Breakpoint .*greet", said) and "exports_runner_call" in said, said
        assert (written, status) == (b"hello a\n", 1)


def a_program():
    said, written, status = debug([PROGRAM, "exit", "7"], "break main", "continue", "detach")
    assert re.search(r"hit (Temporary )?[Bb]reakpoint .*main", said), said
    assert (written, status) == (b"2 arguments\n", 7)


if not shutil.which("gdb"):
    print("not tried: there is no gdb")
    sys.exit(SKIPPED)
tests([a_function, a_program])
