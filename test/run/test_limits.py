#!/usr/bin/env python3
"""Limits that are reached: test_limits.py WARD FOLDER"""
import os
import time

from run import CODE, PROGRAM, check, objects, run, skip, tests


def memory():
    """What is asked for beyond it is refused; what cannot be refused ends it."""
    done = run("--no-tags", "--max-memory", "64M", f"{CODE}:hog")
    if done.returncode != 123:
        check(done, 12)
        assert 16 <= int(done.stdout) <= 64, done
    if not os.environ.get("WARD_TEST_SANITIZED"):  # what a sanitizer has mapped counts as there before
        assert run("--max-memory", "64M", "/bin/sh", "-c", "x=$(head -c 200000000 /dev/zero | tr '\\0' x)").returncode != 0
    check(run("--max-memory", "64M", f"{CODE}:greet"), 0)


def processor_time():
    begin = time.monotonic()
    check(run("--cpu-time", "300ms", f"{CODE}:spin"), 123, b"", b"processor time")
    check(run("--cpu-time", "300ms", "/bin/sh", "-c", "while :; do :; done"), 123, b"", b"processor time")
    assert time.monotonic() - begin < 20
    check(run("--cpu-time", "10s", f"{CODE}:greet"), 0)


def processor_share():
    """Loops for half a second: with a fifth of a processor it gets a fifth of that, or a little more for having begun."""
    end = objects(run("--json", "--max-cpu", "20%", "--timeout", "1500ms", f"{CODE}:spin"))[-1]
    assert end["fault"]["kind"] == "deadline", end
    if "cpu_ns" not in end["usage"]:
        skip("the processor time of what has ended is not known")
    else:
        assert end["usage"]["cpu_ns"] < 900e6, end


def processors():
    check(run("--no-tags", "--affinity", "0x1", "/bin/sh", "-c", "grep Cpus_allowed_list /proc/self/status"), 0,
          b"Cpus_allowed_list:\t0\n")


def files():
    check(run("--no-tags", "--open-files", "30", f"{CODE}:files"), 0, b"30\n")


def processes():
    """More of them than there may be: the shell says so, or it is ended where they can only be counted."""
    script = "i=0; while [ $i -lt 60 ]; do sleep 5 & i=$((i + 1)); done; wait"
    done = run("--processes", "20", "--timeout", "20s", "/bin/sh", "-c", script)
    assert done.returncode == 123 or (done.returncode not in (0, 124) and b"fork" in done.stderr.lower()), done
    check(run("--processes", "20", PROGRAM), 0)


def a_limit_is_a_crash():
    done = check(run("--restart", "--max-restart-attempts", 1, "--cpu-time", "100ms", f"{CODE}:spin"), 123)
    assert done.stderr.count(b"processor time") == 2, done


tests([memory, processor_time, processor_share, processors, files, processes, a_limit_is_a_crash])
