#!/usr/bin/env python3
"""`ward inspect` shows add-ins as they are, and runs none of them: test_inspect.py WARD FOLDER…"""
import json
import os
import pathlib
import tempfile

from run import check, end, find, run

OPERATE = "func(operation: string, operands: list<f64>) -> result<f64, string>"


def inspect(name):
    done = run("inspect", find(name), "--json")
    check(done, 0)
    return json.loads(done.stdout)


def check_text(name, *lines):
    done = run("inspect", find(name))
    check(done, 0)
    for line in lines:
        assert f"\n{line}\n" in "\n" + done.stdout, f"{line}: {done.stdout}"


def check_contract(found, name):
    """The calculator's, the same whatever the form."""
    contract = found["contract"]
    assert found["file"].endswith(name) and found["size"] == os.path.getsize(found["file"]), found
    assert contract["world"] == "example:calculator/calculator@1.0.0", found
    assert contract["encoding"] == "utf8" and contract["problems"] == [], found
    assert [export["name"] for export in contract["exports"]] == ["operations", "operate"], found
    assert contract["exports"][1]["signature"] == OPERATE, found
    assert contract["imports"] == [{"name": "log", "signature": "func(message: string)"}], found
    assert contract["resources"] == {"exports": [], "imports": []}, found
    assert contract["wit"].startswith("package example:calculator@1.0.0;\n"), found


def check_library():
    found = inspect("basic.so")
    check_contract(found, "basic.so")
    assert found["form"] == "elf" and found["elf"]["bits"] in (32, 64), found
    assert "libc.so.6" in found["elf"]["needed"], found
    check_text("basic.so", "contract:  example:calculator/calculator@1.0.0, strings in UTF-8", f"  operate: {OPERATE}",
               "imports:", "  log: func(message: string)", "  export operations: func() -> list<string>;")


def check_module():
    found = inspect("basic.wasm")
    check_contract(found, "basic.wasm")
    exports = {export["name"]: export["core"] for export in found["wasm"]["exports"]}
    assert found["form"] == "wasm" and found["wasm"]["memory"]["exported"], found
    assert exports["operate"] == "iiii>i" and exports["cabi_realloc"] == "iiii>i", found
    assert any(i["module"] == "wasi_snapshot_preview1" for i in found["wasm"]["imports"]), found
    check_text("basic.wasm", "core exports:", "  operate iiii>i")


def check_objects(name):
    found = inspect(name)["contract"]
    assert found["resources"]["exports"] == ["test:objects/counters@1.0.0#counter"], found
    assert set(found["resources"]["imports"]) == {f"test:objects/documents@1.0.0#{r}" for r in ("cell", "document")}, found
    check_text(name, "  test:objects/counters@1.0.0#counter: resource")


def check_encoding(name):
    assert inspect(name)["contract"]["encoding"] == "utf16"
    check_text(name, "contract:  test:objects/objects@1.0.0, strings in UTF-16")


def check_wit_is_wit(name):
    """What is printed last is the contract, for `ward contract` to read."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "again.wit")
        path.write_text(inspect(name)["contract"]["wit"])
        check(run("contract", path), 0)


def check_others():
    """One that ends whoever loads it, and one without a contract."""
    assert inspect("sample.so")["contract"]["world"] == "example:sample/sample@1.0.0"
    assert inspect("bare.so")["contract"] is None
    check_text("bare.so", "contract:  none is embedded")


def check_broken(name):
    """A file cut anywhere, or changed: its contract, or one line of what is wrong."""
    whole = find(name).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, name)
        for i in range(60):
            at = len(whole) * i // 60
            for bytes in (whole[:at], whole[:at] + b"\xff\x00\xff" + whole[at + 3:]):
                path.write_bytes(bytes)
                done = run("inspect", path)
                assert done.returncode == 0 or (done.returncode == 1 and not done.stdout), done
                assert done.returncode == 0 or done.stderr.count("\n") == 1, done


def check_usage():
    check(run("inspect"), 2, "", "which add-in?")
    check(run("inspect", "a", "b"), 2, "", "one add-in at a time")
    check(run("inspect", "--nonsense"), 2, "")
    check(run("inspect", "/nowhere"), 1, "", "ward inspect: cannot open '/nowhere': ")
    check(run("inspect", __file__), 1, "", "is no add-in")
    check(run("inspect", "/tmp"), 1, "", "'/tmp' is not a regular file")
    assert "--json" in run("inspect", "--help").stdout


def main():
    check_usage()
    check_library()
    check_others()
    for ending in ("so", "wasm"):
        if find(f"basic.{ending}"):
            check_objects(f"objects.{ending}")
            check_encoding(f"objects_other.{ending}")
            check_wit_is_wit(f"objects.{ending}")
            check_wit_is_wit(f"values_echo.{ending}")
            check_broken(f"basic.{ending}")
    if find("basic.wasm"):
        check_module()
    end()


main()
