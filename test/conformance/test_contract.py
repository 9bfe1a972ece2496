#!/usr/bin/env python3
"""Other people's contracts, read: test_contract.py WARD CONFORMANCE

CONFORMANCE is a copy of the data that the project is tested with; its check.py says what must come out: the JSON form of valid
contracts, the places of errors in others, acceptance of the rest. What is printed as WIT again is then read once more, and must
say the same. Without the data: skipped."""
import json
import pathlib
import shlex
import subprocess
import sys
import tempfile

SKIPPED = 77
FEATURES = ["--features", "active"]  # what the expectations were made with
SETS = {
    "wit-parser": ["--ordered"],
    "wit-parser/parse-fail": ["--expect-fail"],
    "codegen": ["--accept"],
    "runtime": ["--accept"],
}


def check_set(conformance, command, name, options):
    """Whether all of a set pass. Prints which did not, and how many did."""
    line = shlex.join([*command, "--json", *FEATURES, "{}"])
    print(f"{name}: ", end="", flush=True)
    return subprocess.run([sys.executable, conformance / "check.py", "--class", "sa", *options, line, conformance / name],
                          check=False).returncode == 0


class Names:
    """A JSON form without its indices: types by their names, or by what they are made of."""

    def __init__(self, form):
        self.form = form
        packages = [package["name"] for package in form["packages"]]
        self.interfaces = [f"{packages[i['package']]}/{i['name']}" for i in form["interfaces"]]
        self.worlds = [f"{packages[w['package']]}/{w['name']}" for w in form["worlds"]]

    def type(self, reference):
        if not isinstance(reference, int):
            return reference
        made = self.form["types"][reference]
        if made["name"] is None:
            return self.kind(made["kind"])
        (owner, index), = made["owner"].items()
        return f"{(self.interfaces if owner == 'interface' else self.worlds)[index]}#{made['name']}"

    def kind(self, kind):
        """Numbers in a kind are types, but for the length of a list."""
        if isinstance(kind, dict) and "fixed-length-list" in kind:
            element, length = kind["fixed-length-list"]
            return {"fixed-length-list": [self.type(element), str(length)]}
        if isinstance(kind, dict):
            return {key: value if key in ("name", "docs") else self.kind(value) for key, value in kind.items()}
        if isinstance(kind, list):
            return [self.kind(part) for part in kind]
        return self.type(kind)

    def definition(self, index):
        made = self.form["types"][index]
        return {**made, "kind": self.kind(made["kind"]), "owner": None}

    def func(self, func):
        return {**func, "kind": self.kind(func["kind"]), "params": self.kind(func["params"]),
                "result": self.type(func.get("result"))}

    def interface(self, interface):
        return {**interface, "types": {name: self.definition(index) for name, index in interface["types"].items()},
                "functions": {name: self.func(func) for name, func in interface["functions"].items()},
                "package": None, "clone_of": None}

    def item(self, key, item):
        if "function" in item:
            return key, self.func(item["function"])
        if "type" in item:
            return key, self.definition(item["type"])
        index = item["interface"]["id"]
        if key.startswith("interface-"):
            return self.interfaces[index], {**item["interface"], "id": None}
        return key, [self.interface(self.form["interfaces"][index]), {**item["interface"], "id": None}]

    def world(self, world):
        return {**world, "package": None,
                "imports": [self.item(*item) for item in world["imports"].items()],
                "exports": [self.item(*item) for item in world["exports"].items()]}

    def package(self, package):
        return {**package,
                "interfaces": {n: self.interface(self.form["interfaces"][i]) for n, i in package["interfaces"].items()},
                "worlds": {n: self.world(self.form["worlds"][i]) for n, i in package["worlds"].items()}}

    def all(self):
        """What cannot be told from a package of the same name that is built in is left out."""
        return {p["name"]: self.package(p) for p in self.form["packages"] if not p["name"].startswith("ward:domain")}


def run(command, *arguments):
    done = subprocess.run([*command, *FEATURES, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout


def say_the_same(command, contract, scratch):
    """Whether a contract, once printed, reads as it did, and is printed as it was."""
    printed = run(command, contract)
    scratch.write_text(printed)
    if run(command, scratch) != printed:
        return "is printed in another way the second time"
    first, second = (Names(json.loads(run(command, "--json", path))).all() for path in (contract, scratch))
    return None if first == second else "reads as another contract once it was printed"


def find_contracts(conformance):
    """Every valid contract: what check.py gives to the command."""
    sys.path.insert(0, str(conformance))
    sys.dont_write_bytecode = True
    import check  # pylint: disable=import-error,import-outside-toplevel
    for name, options in SETS.items():
        if "--expect-fail" in options:
            continue
        kinds = check.classes(str(conformance / name))
        for case, path, _ in check.find(str(conformance / name), "accept" if "--accept" in options else "json"):
            if kinds.get(case, "s") in "sa":
                yield path


def check_normal_form(conformance, command):
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for contract in find_contracts(conformance):
            problem = say_the_same(command, contract, pathlib.Path(folder) / "printed.wit")
            if problem:
                print(f"FAIL {contract}: {problem}")
            failed += bool(problem)
            passed += not problem
    print(f"printed and read again: {passed} passed, {failed} failed")
    return not failed


def main():
    ward, conformance = sys.argv[1], pathlib.Path(sys.argv[2])
    if not (conformance / "check.py").exists():
        print(f"skipped: there is no {conformance}")
        return SKIPPED
    command = [ward, "contract"]
    passed = [check_set(conformance, command, name, options) for name, options in SETS.items()]
    return 0 if check_normal_form(conformance, command) and all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
