"""For tests of `ward inspect` and `ward call`: runs WARD, the first argument, on add-ins of the folders behind it."""
import os
import pathlib
import subprocess
import sys

SKIPPED = 77
WARD = sys.argv[1]
FOLDERS = [pathlib.Path(folder) for folder in sys.argv[2:]]


def run(*args):
    """What `ward` did; never by a signal, never for long."""
    done = subprocess.run([WARD, *map(str, args)], capture_output=True, timeout=60)
    done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
    assert done.returncode in (0, 1, 2, 3), f"{args}: {done}"
    return done


def find(name):
    """The path of an add-in, or None where the build made no such."""
    return next((folder / name for folder in FOLDERS if (folder / name).exists()), None)


def check(done, status, stdout=None, stderr=None):
    """@stdout is all of it, @stderr a part."""
    assert done.returncode == status, done
    assert stdout is None or done.stdout == stdout, done
    assert stderr is None or stderr in done.stderr, done
    assert status or stderr or not done.stderr, done


def end():
    """Without clang there are no modules to try."""
    if find("basic.wasm"):
        sys.exit(0)
    print("not tried: modules, which this build could not make")
    sys.exit(1 if os.environ.get("WARD_MUST_WORK") else SKIPPED)
