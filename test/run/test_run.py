#!/usr/bin/env python3
"""Functions and programs, how they end, and what is shown of it: test_run.py WARD FOLDER"""
import base64
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

from run import CODE, PROGRAM, check, command, objects, run, tests


def functions():
    check(run(f"{CODE}:greet"), 0, b"[code.so out] hello\n")
    check(run(f"{CODE}:greet", "a b", "c"), 2, b"[code.so out] hello a b c\n")
    check(run(f"{CODE}:greet", os.fsdecode(b"\xff\x01")), 1, b"[code.so out] hello \\xff\\x01\n")
    check(run(f"{CODE}:greet", "--json", "--", "-x"), 3, b"[code.so out] hello --json -- -x\n")
    check(run("--name", "it", CODE), 0, b"[it out] main of a library\n")
    check(run("code.so:greet", cwd=CODE.parent), 0, b"[code.so out] hello\n")
    for status in 0, 1, 42, 255:
        check(run(f"{CODE}:leave", status), status, b"[code.so out] bye\n")


def programs():
    check(run(PROGRAM, "a", "b"), 0, b"[program out] 2 arguments\n")
    check(run("program", "x", env={**os.environ, "PATH": f"/nowhere:{PROGRAM.parent}"}), 0, b"[program out] 1 argument\n")
    check(run(PROGRAM, "exit", 7), 7)
    check(run("--no-tags", "/bin/sh", "-c", "echo $0 $1; exit 5", "x", "y"), 5, b"x y\n")
    with tempfile.TemporaryDirectory() as folder:
        script = pathlib.Path(folder, "script")
        script.write_text("#!/bin/sh\necho it is $1\n")
        script.chmod(0o755)
        check(run(script, "here"), 0, b"[script out] it is here\n")


def signals():
    for number in signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM:
        check(run(PROGRAM, "signal", int(number)), 128 + number, stderr=number.name.encode())
    for number in signal.SIGSEGV, signal.SIGABRT:
        done = check(run(f"{CODE}:crash", int(number)), 128 + number, b"[code.so out] before\n", number.name.encode())
        assert b"exports_runner" not in done.stderr, done
    done = run("--die-on-crash", PROGRAM, "signal", int(signal.SIGTERM))
    assert done.returncode == -signal.SIGTERM, done
    done = run("--die-on-crash", f"{CODE}:crash")
    assert done.returncode == -signal.SIGSEGV, done
    check(run("--die-on-crash", PROGRAM, "exit", 3), 3)


def streams():
    done = check(run(f"{CODE}:both"), 0, b"[code.so out] to out\n[code.so out] partial\n")
    assert done.stderr == b"[code.so err] to err\n", done
    done = check(run("--no-tags", f"{CODE}:both"), 0, b"to out\npartial")
    assert done.stderr == b"to err\n", done
    check(run(f"{CODE}:binary"), 0, b"[code.so out] a\\x00\\x1b[2J\\xff\n")
    check(run("--no-tags", f"{CODE}:binary"), 0, b"a\0\x1b[2J\xff\n")
    data = os.urandom(1 << 20)
    check(run("--no-tags", f"{CODE}:copy", data=data), 0, data)
    check(run("--no-tags", "cat", data=data), 0, data)
    lines = b"".join(b"[code.so out] line %d\n" % i for i in range(100000))
    check(run(f"{CODE}:flood", 100000), 0, lines)
    long = run(f"{CODE}:greet", "x" * 100000).stdout  # cut into pieces, none of it lost
    assert long.count(b"x") == 100000 and max(map(len, long.splitlines())) < 10000


def lines_are_live():
    with subprocess.Popen(command(f"{CODE}:wait"), stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout.readline() == b"[code.so out] waiting\n"
        assert child.poll() is None
        child.stdin.close()
        assert child.wait(30) == 0


def what_is_not_there():
    check(run("./nowhere.so:f"), 127, b"", b"there is no file './nowhere.so'")
    check(run("./nowhere"), 127, b"", b"there is no file './nowhere'")
    check(run("no-such-program"), 127, b"", b"there is no program 'no-such-program' in $PATH")
    check(run(f"{CODE}:gret"), 127, b"", b"did you mean 'greet'?")
    check(run(f"{CODE}:unlike_any"), 127, b"", b"it has '")
    check(run(f"{CODE}:un\x1b[2J"), 127, b"", b"'un\\x1b[2J'")
    check(run("/"), 126, b"", b"is no file")
    check(run(f"{PROGRAM}:main"), 126, b"", b"is no shared library")
    with tempfile.NamedTemporaryFile(suffix=".so") as file:
        file.write(b"\x7fELF" + bytes(60))
        file.flush()
        check(run(f"{file.name}:f"), 126, b"", b"is no shared library")
        check(run(file.name), 126, b"", b"is not executable")
    with tempfile.NamedTemporaryFile(suffix=".so") as file:  # cut short: the loader says so, or dies of it
        file.write(CODE.read_bytes()[:2000])
        file.flush()
        assert run(f"{file.name}:greet").returncode in (126, 128 + signal.SIGBUS)


def command_lines():
    for args, words in [([], b"what is to be run?"), (["--level", "none", CODE], b"--level takes"), (["--nonsense"], b"ward run: unrecognized"),
                        (["--max-memory", "64Q", CODE], b"--max-memory takes"), (["--max-cpu", "x", CODE], b"--max-cpu takes"),
                        (["--affinity", "0", CODE], b"--affinity takes"), (["--timeout", "0", CODE], b"--timeout takes"),
                        (["--max-restart-attempts", "-1", CODE], b"--max-restart-attempts takes"),
                        (["--env", "=x", CODE], b"--env takes"), (["--pass", "x", CODE], b"--pass takes"),
                        (["--log-level", "loud", CODE], b"--log-level takes"), (["--json", "--no-tags", CODE], b"exclude")]:
        check(run(*args), 125, b"", words)
    help_text = check(run("--help"), 0).stdout
    for option in b"--max-memory --max-cpu --affinity --restart --max-restart-attempts --die-on-crash --log-level --debug".split():
        assert option in help_text, option


def time_limits():
    begin = time.monotonic()
    check(run("--timeout", "300ms", f"{CODE}:spin"), 124, b"", b"300 ms")
    check(run("--timeout", "0.3s", "sleep", "100"), 124, b"")
    check(run("--timeout", "300", f"{CODE}:flood"), 124)
    check(run("--timeout", "300ms", "--restart", f"{CODE}:spin"), 124, b"")
    assert time.monotonic() - begin < 20


def environments():
    names = ["HOME", "SPECIAL"]
    env = {**os.environ, "HOME": "/my/home"}
    check(run("--no-tags", f"{CODE}:environment", *names, env=env), 0, b"HOME=/my/home\nSPECIAL=(none)\n")
    check(run("--no-tags", "--env", "SPECIAL=x=y", f"{CODE}:environment", *names, env=env), 0, b"HOME=(none)\nSPECIAL=x=y\n")
    check(run("--no-tags", "--env", "HOME", "--env", "NOT_SET", "/usr/bin/env", env=env), 0, b"HOME=/my/home\n")
    with tempfile.TemporaryDirectory() as folder:
        check(run("--no-tags", f"{CODE}:where", cwd=folder), 0, os.path.realpath(folder).encode() + b"\n")


def restarts():
    begin = time.monotonic()
    done = check(run("--restart", "--max-restart-attempts", "2", f"{CODE}:crash"), 139, b"[code.so out] before\n" * 3)
    assert done.stderr.count(b"again in") == 2 and b"again in 200 ms" in done.stderr, done
    assert time.monotonic() - begin >= 0.3
    check(run("--restart", f"{CODE}:leave", 3), 3, b"[code.so out] bye\n")  # no crash
    with tempfile.TemporaryDirectory() as folder:  # crashes until it has been started three times
        script = 'echo x >> count; [ $(wc -l < count) -ge 3 ] || kill -9 $$'
        check(run("--restart", "/bin/sh", "-c", script, cwd=folder), 0)
        assert pathlib.Path(folder, "count").read_text() == "x\n" * 3


def json_lines():
    done = check(run("--json", f"{CODE}:both"), 0)
    assert done.stderr == b"", done
    start, *output, end = objects(done)
    assert start["event"] == "start" and start["name"] == "code.so" and start["attempt"] == 1 and start["level"] == "full-trust"
    texts = {(line["stream"], line["text"], line["newline"]) for line in output}
    assert texts == {("stderr", "to err", True), ("stdout", "to out", True), ("stdout", "partial", False)}, output
    assert end["event"] == "end" and end["outcome"] == "exited" and end["exit_status"] == 0 and end["fault"] is None, end
    binary = objects(run("--json", f"{CODE}:binary"))[1]
    assert base64.b64decode(binary["bytes"]) == b"a\0\x1b[2J\xff" and "text" not in binary, binary
    end = objects(run("--json", f"{CODE}:crash"))[-1]
    assert end["outcome"] == "fault" and end["fault"]["kind"] == "signal" and end["signal"] == signal.SIGSEGV, end
    assert "crash" in end["fault"]["backtrace"], end
    assert all(line.startswith(b"ward run: ") for line in run(f"{CODE}:crash").stderr.splitlines())
    end = objects(run("--json", PROGRAM, "signal", 9))[-1]
    assert end["outcome"] == "signalled" and end["signal"] == 9 and end["exit_status"] == 137, end
    end = objects(run("--json", f"{CODE}:gret"))[-1]
    assert end["outcome"] == "refused" and "greet" in end["text"], end
    events = [event["event"] for event in objects(run("--json", "--restart", "--max-restart-attempts", 1, f"{CODE}:crash"))]
    assert [event for event in events if event != "output"] == ["start", "end", "restart", "start", "end"], events


def logs():
    assert b"process" in run("--log-level", "debug", PROGRAM).stderr
    assert run("--log-level", "none", f"{CODE}:crash").stderr == b""
    assert b"exited with status 3" in run("--log-level", "info", f"{CODE}:leave").stderr


def connections():
    for target in [f"{CODE}:converse"], ["/bin/sh", "-c", "eval \"exec cat <&$WARD_FD_LINE >&$WARD_FD_LINE\""]:
        here, there = socket.socketpair()
        with here, subprocess.Popen(command("--pass", f"LINE={there.fileno()}", *target), pass_fds=[there.fileno()]) as child:
            there.close()
            for word in b"one", b"two":
                here.sendall(word)
                assert here.recv(100) == word
            here.shutdown(socket.SHUT_WR)
            assert child.wait(30) == 0
    check(run("--pass", "LINE=999", f"{CODE}:converse"), 126, b"", b"descriptor 999")


def count_processes(name):
    n = 0
    for comm in pathlib.Path("/proc").glob("[0-9]*/comm"):
        try:
            n += comm.read_text().strip() == name
        except OSError:  # it has ended
            pass
    return n


def settle(name):
    deadline = time.monotonic() + 5
    while count_processes(name) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not count_processes(name)


def nothing_is_left():
    """A program that leaves a process behind; and a tool that is killed while it runs one."""
    with tempfile.TemporaryDirectory() as folder:
        name = f"left-{os.getpid()}"[:15]
        program = pathlib.Path(folder, name)
        program.write_bytes(PROGRAM.read_bytes())
        program.chmod(0o755)
        begin = time.monotonic()
        check(run(program, "linger"), 0)
        assert time.monotonic() - begin < 20
        settle(name)
        with subprocess.Popen(command("--no-tags", program, "stay"), stdout=subprocess.PIPE) as child:
            assert child.stdout.readline() == b"staying\n"
            assert count_processes(name) == 2
            child.kill()
        settle(name)


def who_reads_no_more():
    """A reader that goes away, as head does, ends it."""
    with subprocess.Popen(command(f"{CODE}:flood"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdout.readline() == b"[code.so out] line 0\n"
        child.stdout.close()
        assert child.wait(30) in (-signal.SIGPIPE, 125)


tests([functions, programs, signals, streams, lines_are_live, what_is_not_there, command_lines, time_limits, environments, restarts,
       json_lines, logs, connections, nothing_is_left, who_reads_no_more])
