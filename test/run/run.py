"""For tests of `ward run`: runs WARD, the first argument, on what the build made in FOLDER, the second."""
import json
import os
import pathlib
import subprocess
import sys

SKIPPED = 77
WARD = os.path.abspath(sys.argv[1])
FOLDER = pathlib.Path(sys.argv[2]).absolute()
CODE = FOLDER / "code.so"
PROGRAM = FOLDER / "program"
MUST_WORK = os.environ.get("WARD_MUST_WORK") == "1"
not_tried = []


def command(*args):
    return [WARD, "run", *map(str, args)]


def run(*args, data=b"", **more):
    """What `ward run` did, within a minute."""
    return subprocess.run(command(*args), input=data, capture_output=True, timeout=60, **more)


def check(done, status, stdout=None, stderr=None):
    """@stdout is all of it, @stderr a part."""
    assert done.returncode == status, done
    assert stdout is None or done.stdout == stdout, done
    assert stderr is None or stderr in done.stderr, done
    return done


def objects(done):
    """What --json printed."""
    return [json.loads(line) for line in done.stdout.splitlines()]


def can_hold(level):
    """Whether this machine holds a domain at that level; a machine that must is taken at its word."""
    done = run("--level", level, "--no-tags", f"{CODE}:leave", "0")
    if done.returncode == 0:
        return True
    if MUST_WORK:
        raise AssertionError(done)
    not_tried.append(f"level {level}: {done.stderr.decode().strip()}")
    return False


def skip(what):
    """Something that this machine lacks."""
    assert not MUST_WORK, what
    not_tried.append(what)


def tests(functions):
    """Runs them, and ends."""
    for function in functions:
        print(function.__name__, flush=True)
        function()
    for what in not_tried:
        print("not tried:", what)
    sys.exit(0)
