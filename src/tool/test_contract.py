#!/usr/bin/env python3
"""`ward contract` prints WIT or JSON, and says what is wrong: test_contract.py WARD"""
import json
import pathlib
import subprocess
import sys
import tempfile

CONTRACT = """\
/// Of things.
package test:tool@1.0.0;

interface things {
  /// What they say.
  @since(version = 0.1.0)
  @deprecated(version = 1.0.0)
  variant said {
    nothing,
    /// In words.
    words(string),
  }

  flags how {
    loud,
  }

  resource thing {
    constructor(name: string);
    ask: func(how: how) -> result<said, string>;
    all: static func() -> list<thing, 3>;
  }

  @unstable(feature = haste)
  @external-id("later-on")
  later: async func(of: borrow<thing>) -> future;
}

world w {
  /// All of them.
  import things;

  import put: func(m: map<string, u8>);

  export inside: interface {
    enum e {
      one,
    }
  }
}
"""

KINDS = [
    {"variant": {"cases": [{"name": "nothing", "type": None},
                           {"name": "words", "type": "string", "docs": {"contents": "In words."}}]}},
    {"flags": {"flags": [{"name": "loud"}]}},
    "resource",
]


class Tool:
    def __init__(self, ward, folder):
        self.ward = ward
        self.path = pathlib.Path(folder) / "test.wit"

    def run(self, *arguments, text=CONTRACT):
        self.path.write_text(text)
        done = subprocess.run([self.ward, "contract", *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    def read(self, *arguments):
        status, printed, said = self.run(*arguments, self.path)
        assert (status, said) == (0, ""), said
        return printed


def check_wit(tool):
    assert tool.read("--features", "other,haste") == CONTRACT
    assert tool.read("--features", "other", "--features=haste") == CONTRACT
    assert tool.read("--all-features") == CONTRACT
    assert "later" not in tool.read()


def check_json(tool):
    form = json.loads(tool.read("--json", "--all-features"))
    assert list(form) == ["worlds", "interfaces", "types", "packages"]
    things, inside = form["interfaces"]
    assert list(things) == ["name", "types", "functions", "package"]
    assert (things["name"], inside["name"], things["package"]) == ("things", None, 0)
    assert things["types"] == {"said": 0, "how": 1, "thing": 2}
    assert [named["kind"] for named in form["types"][:3]] == KINDS
    assert form["types"][0]["stability"] == {"stable": {"since": "0.1.0", "deprecated": "1.0.0"}}
    assert form["packages"] == [{"name": "test:tool@1.0.0", "docs": {"contents": "Of things."}, "interfaces": {"things": 0},
                                 "worlds": {"w": 0}}]


def check_json_functions(tool):
    form = json.loads(tool.read("--json", "--all-features"))
    funcs = form["interfaces"][0]["functions"]
    assert list(funcs) == ["[constructor]thing", "[method]thing.ask", "[static]thing.all", "later"]
    assert funcs["[method]thing.ask"]["kind"] == {"method": 2}
    assert funcs["later"]["kind"] == "async-freestanding"
    assert funcs["later"]["stability"] == {"unstable": {"feature": "haste"}}
    assert funcs["later"]["external_id"] == "later-on"
    own, array = (form["types"][i]["kind"] for i in (funcs["[constructor]thing"]["result"], funcs["[static]thing.all"]["result"]))
    assert own == {"handle": {"own": 2}}
    assert array == {"fixed-length-list": [funcs["[constructor]thing"]["result"], 3]}


def check_json_worlds(tool):
    world, = json.loads(tool.read("--json"))["worlds"]
    assert list(world["imports"]) == ["interface-0", "put"]
    assert world["imports"]["interface-0"] == {"interface": {"id": 0, "docs": {"contents": "All of them."}}}
    assert world["exports"] == {"inside": {"interface": {"id": 1}}}


def check_errors(tool):
    status, printed, said = tool.run(tool.path, text="package a:b;\ninterface i {\n  f: func(x: nothing);\n  type t = what;\n}\n")
    assert (status, printed) == (1, "")
    assert f"{tool.path}:3:14: " in said and f"{tool.path}:4:12: " in said, said
    status, printed, said = tool.run(tool.path.parent / "missing.wit")
    assert (status, printed) == (1, "") and "missing.wit" in said


def check_command_line(tool):
    for arguments, expected in (([], "which contract?"), (["a", "b"], "one contract at a time"), (["--what"], "--what")):
        status, printed, said = tool.run(*arguments)
        assert (status, printed) == (2, "") and expected in said and "Usage: ward contract" in said, said
    status, printed, said = tool.run("--help")
    assert (status, said) == (0, "") and "--json" in printed and "--all-features" in printed


def main():
    with tempfile.TemporaryDirectory() as folder:
        tool = Tool(sys.argv[1], folder)
        for check in (check_wit, check_json, check_json_functions, check_json_worlds, check_errors, check_command_line):
            check(tool)
    return 0


if __name__ == "__main__":
    sys.exit(main())
