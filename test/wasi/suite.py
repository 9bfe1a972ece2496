#!/usr/bin/env python3
"""Runs the modules of WebAssembly/wasi-testsuite: suite.py WASI-COMMAND FOLDER... FOLDER has built modules, *.wasm, each with a
*.json beside it that says what to run it with, or none. Prints the names of those that fail, and how many passed."""
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile


def read(module):
    path = module.with_suffix(".json")
    text = json.loads(path.read_text()) if path.exists() else {}
    run = {"args": [], "env": {}, "root": None, "exit_code": 0, "stdout": None, "stderr": None}
    for operation in text.pop("operations", []):
        kind = operation.pop("type")
        if kind == "run":
            run.update(operation)
        elif kind == "wait":
            run["exit_code"] = operation.get("exit_code", 0)
        elif kind == "read":
            run[operation.get("id", "stdout")] = operation["payload"]
    run.update(text)
    return run


def why_not(command, module, run, scratch):
    options = [part for name, value in run["env"].items() for part in ("--env", f"{name}={value}")]
    if run["root"]:
        folder = pathlib.Path(scratch) / "root"
        shutil.copytree(module.parent / run["root"], folder)
        options += ["--dir", f"/::{folder}"]
    try:
        done = subprocess.run([command, *options, str(module), *run["args"]], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=120)
    except subprocess.TimeoutExpired:
        return "it does not end"
    if done.returncode != run["exit_code"]:
        return f"status {done.returncode}: {done.stderr.decode(errors='replace').strip()[-600:]}"
    for stream in ("stdout", "stderr"):
        if run[stream] is not None and getattr(done, stream).decode() != run[stream]:
            return f"{stream} is {getattr(done, stream)!r}"
    return None


def main():
    command, *folders = sys.argv[1:]
    modules = sorted(module for folder in folders for module in pathlib.Path(folder).glob("*.wasm"))
    failed = 0
    for module in modules:
        with tempfile.TemporaryDirectory() as scratch:
            reason = why_not(command, module, read(module), scratch)
        if reason:
            failed += 1
            print(f"{module.parent.parent.parent.name}/{module.stem}: {reason}")
    print(f"{len(modules) - failed} of {len(modules)} passed")
    return 1 if failed or not modules else 0


sys.exit(main())
