#!/usr/bin/env python3
"""`ward compile` makes images that run without a compiler, `ward cache` lists and prunes them: test_compile.py WARD"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
OLD = 40 * 24 * 3600


class Tool:
    def __init__(self, program, cache):
        self.program = program
        self.environment = os.environ | {"WARD_CACHE": str(cache)}

    def run(self, *arguments, status=0, **environment):
        done = subprocess.run([self.program, *arguments], capture_output=True, text=True, check=False,
                              env=self.environment | environment)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def json(self, *arguments, **environment):
        return json.loads(self.run(*arguments, "--json", **environment).stdout)


def compiles(tool, module, cache):
    made = tool.json("compile", module)
    image = pathlib.Path(made["image"])
    assert image.parent == cache and image.stat().st_size == made["bytes"] and not made["cached"], made
    assert made["module"] == module and len(made["key"]) == 64 and made["milliseconds"] > 0, made
    assert made["compiler"] and isinstance(made["confined-by"], list), made
    again = tool.json("compile", module)
    assert again["cached"] and again["image"] == made["image"], again
    assert tool.run("compile", module).stdout == made["image"] + "\n"
    assert "confined by: " in tool.run("compile", "--verbose", module).stderr
    assert sorted(path.name for path in cache.iterdir()) == [image.name]
    return made


def delivers(tool, module, folder, key):
    named = folder / "bench.image"
    assert tool.json("compile", module, "-o", str(named))["image"] == str(named)
    below = folder / "images"
    below.mkdir()
    made = tool.json("compile", module, "-o", str(below))
    assert made["image"] == str(below / f"{key}.so") and pathlib.Path(made["image"]).is_file(), made
    assert named.stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in folder.iterdir() if path.name != "cache") == ["bench.image", "images"]


def refuses(tool, module, folder):
    assert "which module?" in tool.run("compile", status=2).stderr
    assert "one module at a time" in tool.run("compile", module, module, status=2).stderr
    tool.run("compile", "--nonsense", status=2)
    assert "/nowhere.wasm" in tool.run("compile", "/nowhere.wasm", status=1).stderr
    assert "shared library" in tool.run("compile", module.replace(".wasm", ".so"), status=1).stderr
    assert "guarded or checked" in tool.run("compile", module, "--bounds", "none", status=2).stderr
    assert "/nowhere/cc" in tool.run("compile", module, "--compiler", "/nowhere/cc", status=1).stderr
    assert "/nowhere/image" in tool.run("compile", module, "-o", "/nowhere/image", status=1).stderr
    text = folder / "text.wasm"
    text.write_text("text")
    assert str(text) in tool.run("compile", str(text), status=1).stderr
    text.unlink()


def lists(tool, made, cache):
    listed = tool.json("cache")
    assert listed["folder"] == str(cache) and listed["bytes"] > 0, listed
    [image] = listed["images"]
    assert image["module"] == "bench.wasm" and image["module-key"] == made["key"] and image["compiler"] == made["compiler"], image
    assert image["used"] <= time.time() and image["confined-by"] == made["confined-by"], image
    text = tool.run("cache").stdout
    assert "1 images" in text and "bench.wasm" in text and image["key"][:12] in text, text
    # A name that would do things to a terminal.
    (cache / ("0" * 64 + ".so")).write_text("no image")
    assert "(damaged)" in tool.run("cache").stdout
    assert tool.run("cache", "--folder", str(cache), WARD_CACHE="/nowhere").stdout
    assert tool.run("cache", status=1, WARD_CACHE="/proc/nowhere").stderr


def prunes(tool, module, cache):
    other = tool.json("compile", module, "--bounds", "checked")["image"]
    mine = tool.json("compile", module)["image"]
    os.utime(mine, (time.time() - OLD, time.time() - OLD))
    assert [image["key"] for image in tool.json("cache")["images"]][-1] in mine
    assert tool.json("cache", "--prune")["removed"] == 0
    assert tool.json("cache", "--prune", "41d")["removed"] == 0
    assert tool.json("cache", "--prune", "5w")["removed"] == 1
    assert not os.path.exists(mine) and os.path.exists(other)
    mine = tool.json("compile", module)["image"]
    os.utime(mine, (time.time() - OLD, time.time() - OLD))
    assert tool.json("compile", module)["cached"]
    assert time.time() - os.stat(mine).st_mtime < 1000, "that it was used is not noted"
    os.utime(other, (time.time() - OLD, time.time() - OLD))
    # Compiling one more makes room for it at the expense of the last used, whatever that leaves.
    subprocess.run(["rm", "-f", mine], check=True)
    tool.run("cache", "--prune=1K")
    assert not os.path.exists(other)
    for wrong in ["5x", "-5", "x", "5dd"]:
        assert "takes a size" in tool.run("cache", f"--prune={wrong}", status=2).stderr
    tool.run("cache", "more", status=2)
    tool.run("compile", module)
    (cache / "build-00000000").mkdir()
    (cache / ("1" * 64 + ".lock")).touch()
    for left in cache.iterdir():
        os.utime(left, (time.time() - OLD, time.time() - OLD))
    assert "removed 1 images" in tool.run("cache", "--clear").stdout
    assert not list(cache.iterdir())


def main():
    module = os.path.join(os.environ["WARD_TEST_MODULES"], "bench.wasm")
    if not os.path.exists(module):
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        cache = folder / "cache"
        tool = Tool(sys.argv[1], cache)
        assert "Exit status" in tool.run("compile", "--help").stdout
        assert "Exit status" in tool.run("cache", "--help").stdout
        made = compiles(tool, module, cache)
        delivers(tool, module, folder, made["key"])
        refuses(tool, module, folder)
        lists(tool, made, cache)
        prunes(tool, module, cache)


main()
