#!/usr/bin/env python3
"""`ward doctor` tells the same in text and JSON, here and where less is offered: test_doctor.py WARD"""
import json
import os
import subprocess
import sys

LEVELS = ["internet", "intranet", "full-trust", "host"]
AREAS = ["files", "network", "processes", "privileges", "kernel", "ipc", "resources", "secrecy"]
SCHEMA = {
    "version": str, "kernel": str, "machine": str, "user": int, "root": bool, "libseccomp": (str, type(None)),
    "landlock-abi": int, "filter-notifies": bool, "filter-injects": bool, "filtered": bool, "user-namespaces": bool,
    "cgroup": dict, "ptrace-scope": (int, type(None)), "memory-overcommit": (int, type(None)),
    "layers": list, "levels": list,
}
LAYER = {"name": str, "about": str, "areas": list, "offered": bool, "error": int, "reason": (str, type(None))}
LEVEL = {"name": str, "held": bool, "missing": (dict, type(None)), "fault": (str, type(None)), "layers": list, "areas": list}


def run(*command, status=0):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert status is None or done.returncode == status, f"{command}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def check_schema(value, schema):
    assert set(value) == set(schema), set(value) ^ set(schema)
    for key, kind in schema.items():
        assert isinstance(value[key], kind), (key, value[key])


def check_level(level, offered):
    check_schema(level, LEVEL)
    assert level["held"] == (level["missing"] is None and level["fault"] is None), level
    assert level["fault"] is None, level["fault"]
    assert set(level["layers"]) <= offered, level
    for area in level["areas"]:
        assert area["name"] in AREAS and area["about"] and set(area["layers"]) <= set(level["layers"]), area
    if level["missing"]:
        assert not set(level["missing"]["any-of"]) & offered and level["missing"]["why"], level


def examine(*wrapper, tool):
    """The report as JSON, checked against its schema, against the text, and against the exit statuses."""
    report = json.loads(run(*wrapper, tool, "doctor", "--json").stdout)
    text = run(*wrapper, tool, "doctor").stdout
    check_schema(report, SCHEMA)
    offered = {layer["name"] for layer in report["layers"] if layer["offered"]}
    for layer in report["layers"]:
        check_schema(layer, LAYER)
        assert (layer["reason"] is None) == layer["offered"] == (layer["error"] == 0), layer
        assert layer["name"] in text and set(layer["areas"]) <= set(AREAS) and layer["areas"], layer
    assert [level["name"] for level in report["levels"]] == LEVELS
    for level in report["levels"]:
        check_level(level, offered)
        status = 0 if level["held"] else 1
        one = run(*wrapper, tool, "doctor", "--level", level["name"], status=status).stdout
        assert ("CANNOT BE HELD" in one) != level["held"] and "NOT STARTED" not in one, one
        only = json.loads(run(*wrapper, tool, "doctor", "--json", "--level", level["name"], status=status).stdout)
        assert only["levels"] == [level], only
    return report, offered


def reads_well(tool):
    text = run(tool, "doctor", "--help").stdout
    for key in SCHEMA:
        assert key in text, key
    assert max(map(len, text.splitlines())) <= 110
    assert "too many" in run(tool, "doctor", "all", status=2).stderr
    for level in ("none", "default", ""):
        assert "--level takes" in run(tool, "doctor", "--level", level, status=2).stderr
    run(tool, "doctor", "--nonsense", status=2)


def works(*command):
    return subprocess.run([*command, "true"], capture_output=True, check=False).returncode == 0


def restricted(tool):
    """An ordinary user, without user namespaces, and in a container: what is missing is named."""
    user = ("setpriv", "--reuid=1001", "--regid=1001", "--clear-groups")
    spaces = ("unshare", "--user", "--map-current-user")
    closed = ("sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"', "sh")
    if os.geteuid():
        user = ()
    elif not works(*user, tool, "--version"):
        print("the program cannot be reached by an ordinary user: only tried as user 0")
        return
    report, _ = examine(*user, tool=tool)
    assert not report["root"] and report["user"] != 0
    if not works(*user, "unshare", "--user", "--map-root-user", *closed):
        print("no user namespaces: nothing to be closed")
        return
    report, offered = examine(*user, "unshare", "--user", "--map-root-user", *closed, "setpriv", "--bounding-set=-all",
                              "--inh-caps=-all", tool=tool)
    assert not report["root"] and "user-namespace" not in offered and "network-namespace" not in offered, report
    held = {level["name"]: level["held"] for level in report["levels"]}
    assert held == {"internet": False, "intranet": False, "full-trust": True, "host": True}, held
    text = run(*user, "unshare", "--user", "--map-root-user", *closed, "setpriv", "--bounding-set=-all", "--inh-caps=-all", tool,
               "doctor").stdout
    assert "max_user_namespaces" in text and "CAP_SYS_ADMIN" in text, text


def main():
    tool = os.path.abspath(sys.argv[1])
    reads_well(tool)
    report, offered = examine(tool=tool)
    if os.environ.get("WARD_MUST_WORK"):
        missing = {layer["name"] for layer in report["layers"]} - offered - (set() if report["root"] else {"other-user"})
        assert not missing, f"this machine lacks {missing}"
    restricted(tool)


if __name__ == "__main__":
    main()
