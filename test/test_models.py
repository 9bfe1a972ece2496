#!/usr/bin/env python3
"""test_models.py FOLDER [MODEL…]: spin checks the models in FOLDER, doc/models/README.md tells of what. Each right model must pass
over all its states, with no statement of its main process left out, and each of its bugs must be found."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SAFETY = ("-DSAFETY", [])
PROGRESS = ("-DNP -DNFAIR=3", ["-l", "-f"])  # no endless loop without progress, each process being let run

# Model, process that is wholly reached; its forms: definitions, what is checked; its bugs: definitions, what is checked, what is said.
MODELS = [
    ("wait", "host", [
        ([], SAFETY),
        (["SLICES"], SAFETY),
        (["SMALL"], PROGRESS),
        (["SMALL", "SLICES"], PROGRESS),
    ], [
        (["BUG_PLAIN_STORE"], SAFETY, "invalid end state"),
        (["BUG_RELAXED"], SAFETY, "assertion violated (got==sent_kind)"),
        (["BUG_SLOT_FIRST"], SAFETY, "assertion violated (early==sent_number)"),
        (["BUG_BLIND_ASLEEP"], SAFETY, "assertion violated ((was& ~(1))==sequence)"),
        (["BUG_NO_COMPARE"], SAFETY, "invalid end state"),
        (["BUG_BELL_ONLY"], SAFETY, "invalid end state"),
        (["BUG_WAKE_GUARD_FIRST"], SAFETY, "invalid end state"),
        (["BUG_GUARD_UNSEEN", "SLICES", "SMALL"], PROGRESS, "non-progress cycle"),
    ]),
    ("turn", None, [
        ([], SAFETY),
        (["CROWD"], SAFETY),
    ], [
        (["BUG_NO_BARRIER"], SAFETY, "assertion violated ((holder==0)"),
        (["BUG_LOOK_FIRST"], SAFETY, "assertion violated ((holder==0)"),
        (["BUG_LOOK_AFTER_LEAVING"], SAFETY, "assertion violated  !(freed)"),
        (["BUG_NO_COMPARE"], SAFETY, "invalid end state"),
        (["BUG_TAKEN_AFTER_WAIT", "CROWD"], SAFETY, "invalid end state"),
    ]),
    ("visit", "caller", [
        ([], SAFETY),
    ], [
        (["BUG_NO_BARRIER"], SAFETY, "assertion violated  !(freed)"),
        (["BUG_LOOK_FIRST"], SAFETY, "assertion violated  !(freed)"),
        (["BUG_LOOK_BEFORE_LEAVING"], SAFETY, "invalid end state"),
        (["BUG_LEAVE_BLINDLY"], SAFETY, "invalid end state"),
    ]),
    ("places", "thread", [
        ([], SAFETY),
    ], [
        (["BUG_NO_BARRIER"], SAFETY, "invalid end state"),
        (["BUG_LOOK_FIRST"], SAFETY, "invalid end state"),
        (["BUG_NO_COUNT"], SAFETY, "invalid end state"),
    ]),
]


def run(command, folder):
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def check(path, definitions, how):
    """What the verifier says."""
    compiler = os.environ.get("CC", "cc").split()
    with tempfile.TemporaryDirectory() as folder:
        run(["spin", "-a"] + ["-D" + definition for definition in definitions] + [path], folder)
        run(compiler + ["-O1", "-w", "-o", "pan", "pan.c"] + how[0].split(), folder)
        return run(["./pan", "-m1000000", "-w20"] + how[1], folder)


def passes(said, process):
    whole = process is None or re.search(r"unreached in proctype %s\n\t\(0 of" % process, said)
    return "errors: 0" in said and "search depth too small" not in said and whole


def check_model(folder, name, process, forms, bugs):
    failed = 0
    path = os.path.abspath(os.path.join(folder, name + ".pml"))
    for definitions, how in forms:
        said = check(path, definitions, how)
        good = passes(said, process if how is SAFETY else None)
        states = re.search(r"(\d+) states, stored", said).group(1)
        print("%s %s: %s" % (name, " ".join(definitions + list(how[1])), states + " states" if good else said))
        failed += not good
    for definitions, how, expected in bugs:
        said = check(path, definitions, how)
        found = "errors: 1" in said and expected in said
        print("%s %s: %s" % (name, " ".join(definitions), "found: " + expected if found else "NOT FOUND\n" + said))
        failed += not found
    return failed


def main():
    if not shutil.which("spin"):
        print("skipped: no spin (Debian: spin)")
        return 1 if os.environ.get("WARD_MUST_WORK") else 77
    wanted = sys.argv[2:]
    return 1 if sum(check_model(sys.argv[1], *model) for model in MODELS if not wanted or model[0] in wanted) else 0


sys.exit(main())
