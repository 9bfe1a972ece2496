#!/usr/bin/env python3
"""What is run at each level, as far as this machine holds it: test_levels.py WARD FOLDER"""
import os
import pathlib
import socket
import subprocess
import tempfile

from run import CODE, FOLDER, PROGRAM, can_hold, check, command, objects, run, tests

LEVELS = [level for level in ("internet", "intranet", "full-trust", "host") if can_hold(level)]
CONFINED = [level for level in LEVELS if level.startswith("int")]


def functions():
    for level in LEVELS:
        check(run("--level", level, f"{CODE}:greet", "a b"), 1, b"[code.so out] hello a b\n")
        check(run("--level", level, f"{CODE}:leave", "4"), 4, b"[code.so out] bye\n")
        check(run("--level", level, f"{CODE}:gret"), 127, b"", b"did you mean 'greet'?")
        check(run("--level", level, f"{CODE}:crash"), 139, b"[code.so out] before\n", b"SIGSEGV")
        check(run("--level", level, "--timeout", "300ms", f"{CODE}:spin"), 124)


def streams():
    data = os.urandom(1 << 20)
    for level in LEVELS:
        check(run("--level", level, "--no-tags", f"{CODE}:copy", data=data), 0, data)
        check(run("--level", level, "--no-tags", f"{CODE}:copy"), 0, b"")
        check(run("--level", level, f"{CODE}:shut", data=data), 0)
        done = check(run("--level", level, "--no-tags", f"{CODE}:both"), 0, b"to out\npartial")
        assert done.stderr == b"to err\n", done
        assert objects(run("--level", level, "--json", f"{CODE}:greet"))[0]["level"] == level


def connections():
    for level in LEVELS:
        here, there = socket.socketpair()
        with here, subprocess.Popen(command("--level", level, "--pass", f"LINE={there.fileno()}", f"{CODE}:converse"),
                                    pass_fds=[there.fileno()]) as child:
            there.close()
            for word in b"one", b"two":
                here.sendall(word)
                assert here.recv(100) == word
            here.shutdown(socket.SHUT_WR)
            assert child.wait(30) == 0


def what_it_has_of_its_user():
    """Below full-trust neither the environment nor the working directory."""
    env = {**os.environ, "SECRET": "1"}
    with tempfile.TemporaryDirectory() as folder:
        for level in LEVELS:
            secret = b"(none)" if level in CONFINED else b"1"
            check(run("--level", level, "--no-tags", f"{CODE}:environment", "SECRET", env=env), 0, b"SECRET=" + secret + b"\n")
            check(run("--level", level, "--no-tags", "--env", "SECRET", f"{CODE}:environment", "SECRET", env=env), 0, b"SECRET=1\n")
            done = check(run("--level", level, "--no-tags", f"{CODE}:where", cwd=folder), 0)
            assert (done.stdout.decode().strip() == os.path.realpath(folder)) == (level not in CONFINED), done


def policies():
    with tempfile.TemporaryDirectory() as folder:
        policy = pathlib.Path(folder, "policy")
        policy.write_text("# strict\nlevel nonsense\nbogus\n")
        done = check(run("--policy", policy, f"{CODE}:greet"), 125)
        assert b"policy:2:" in done.stderr and b"policy:3:" in done.stderr, done
        check(run("--policy", pathlib.Path(folder, "none"), f"{CODE}:greet"), 125, b"", b"cannot read the policy")
        for level in CONFINED:  # the stricter one holds, for what is passed on too
            policy.write_text(f"level {level}\nenv HELLO=there\n")
            check(run("--policy", policy, "--no-tags", f"{CODE}:environment", "HELLO", "HOME"), 0, b"HELLO=there\nHOME=(none)\n")
            assert objects(run("--policy", policy, "--json", f"{CODE}:greet"))[0]["level"] == level
    check(run("--level", "full-trust", "--allow", "read /", f"{CODE}:greet"), 125, b"", b"permission")


def libraries():
    """Two versions of what it needs, in folders that only --library-path names."""
    for level in LEVELS:
        for version in "1", "2":
            check(run("--level", level, "--no-tags", "--library-path", FOLDER / f"v{version}", f"{FOLDER / 'needs.so'}:version"),
                  int(version))
        done = run("--level", level, f"{FOLDER / 'needs.so'}:version")
        assert done.returncode == 126 and b"dependency.so" in done.stderr, done


def programs():
    for level in LEVELS:
        if level == "internet":
            check(run("--level", level, PROGRAM), 125, b"", b"no process can be started")
            continue
        check(run("--level", level, "--no-tags", PROGRAM, "exit", "7"), 7, b"2 arguments\n")
        check(run("--level", level, PROGRAM, "signal", "9"), 137)
        check(run("--level", level, "--no-tags", "/bin/sh", "-c", "echo $0 $1; exit 5", "x", "y"), 5, b"x y\n")
        done = check(run("--level", level, PROGRAM), 0)
        assert b"refused" not in done.stderr, done  # all that it takes to be executed is there


def permissions():
    for level in LEVELS:
        if level != "intranet":
            continue
        with tempfile.TemporaryDirectory() as folder:
            os.chmod(folder, 0o755)
            for name in "granted", "other":
                pathlib.Path(folder, name).write_text(name)
            asked = ["/bin/cat", f"{folder}/granted", f"{folder}/other"]
            check(run("--level", level, "--no-tags", *asked), 1, b"", b"refused")
            done = check(run("--level", level, "--no-tags", "--allow", f"read {folder}/granted", *asked), 1, b"granted")
            assert f"{folder}/other".encode() in done.stderr and f"refused openat of '{folder}/granted'".encode() not in done.stderr
            os.chmod(f"{folder}/granted", 0o644)  # as libraries are: not executable, and mapped as code
            check(run("--level", level, "--allow", f"execute {folder}/granted", f"{CODE}:greet"), 0)
            events = objects(run("--level", level, "--json", *asked))
            refused = [event["text"] for event in events if event["event"] == "log" and event["kind"] == "refused"]
            assert any("granted" in text for text in refused) and any("other" in text for text in refused), events


def records():
    """What was recorded is enough, and less than all."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        file, policy = pathlib.Path(folder, "file"), pathlib.Path(folder, "policy")
        file.write_text("content")
        check(run("--record-policy", policy, "--no-tags", "/bin/sh", "-c", f"cat {file}"), 0, b"content")
        text = policy.read_text()
        assert "level intranet" in text and f"read {file}" in text and "spawn" in text, text
        if "intranet" in LEVELS:
            check(run("--policy", policy, "--env", "PATH", "--no-tags", "/bin/sh", "-c", f"cat {file}"), 0, b"content")
        check(run("--record-policy", policy, f"{CODE}:greet"), 0)
        assert "level internet" in policy.read_text(), policy.read_text()
    check(run("--level", "internet", "--record-policy", "x", CODE), 125, b"", b"full-trust")


tests([functions, streams, connections, what_it_has_of_its_user, policies, libraries, programs, permissions, records])
