#!/usr/bin/env python3
"""What `ward run --record-policy` writes is enough to run again."""
import os
import pathlib
import socket
import sys
import tempfile

from run import CODE, FOLDER, can_hold, check, run, tests

HOLDS = can_hold("intranet")


class Home:
    """A folder that everybody may list."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="ward run ")
        os.chmod(self.folder.name, 0o755)
        self.policy = self.path("policy")
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def path(self, *names):
        return pathlib.Path(self.folder.name, *names)

    def make(self, name, text, mode=0o644):
        path = self.path(name)
        path.write_text(text)
        path.chmod(mode)
        return path

    def record(self, *args, out):
        """Lines of the policy."""
        check(run("--record-policy", self.policy, "--no-tags", *args), 0, out)
        lines = [line.split(" #")[0] for line in self.policy.read_text().splitlines()]
        return [line for line in lines if line and not line.startswith("#")]

    def again(self, *args, out):
        if HOLDS:
            check(run("--policy", self.policy, "--no-tags", *args), 0, out)


def scripts():
    """Their interpreters, loaders and libraries are none that they open."""
    with Home() as home:
        data = home.make("data", "content\n")
        script = home.make("a script", f"#!/bin/sh\nread line < '{data}'\n/bin/echo $line\n", 0o755)
        lines = home.record(script, out=b"content\n")
        for line in f'execute "{script}"', f'read "{data}"', "execute /bin/sh", "execute /bin/echo", "spawn", "level intranet":
            assert line in lines, (line, lines)
        assert any(line.startswith("execute /lib64/ld-") or "/ld-linux" in line for line in lines), lines
        assert any(line.startswith("execute ") and "libc.so" in line for line in lines), lines
        home.again(script, out=b"content\n")


def files():
    """Many are a folder; where some are made, it is to be written to; where a program only looks, nothing is granted."""
    with Home() as home:
        os.mkdir(home.path("in"))
        os.chmod(home.path("in"), 0o755)
        os.mkdir(home.path("out"))
        os.chmod(home.path("out"), 0o777)
        for i in range(6):
            home.make(f"in/{i}", f"{i}\n")
        folder = home.folder.name
        text = f"cd '{folder}' && for i in 0 1 2 3 4 5; do read x < '{folder}'/in/$i; test -e '{folder}'/none; done; echo $x > '{folder}'/out/made; echo done"
        lines = home.record("/bin/sh", "-c", text, out=b"done\n")
        assert f'read "{folder}/in"' in lines and f'write "{folder}/out"' in lines, lines
        assert not any("none" in line or f"{folder}/in/" in line for line in lines), lines
        os.remove(home.path("out", "made"))
        home.again("/bin/sh", "-c", text.split("&& ")[1], out=b"done\n")
        assert not HOLDS or home.path("out", "made").read_text() == "5\n"


def local_sockets():
    """Where nobody is, nobody was reached."""
    with Home() as home, socket.socket(socket.AF_UNIX) as server:
        there, none = home.path("there"), home.path("none")
        server.bind(str(there))
        server.listen()
        text = "import socket, sys\nfor path in sys.argv[1:]: print(socket.socket(socket.AF_UNIX).connect_ex(path) == 0)"
        lines = home.record(sys.executable, "-c", text, there, none, out=b"True\nFalse\n")
        assert f'connect "unix:{there}"' in lines and not any("none" in line for line in lines), lines


def nothing():
    """Ward's own library, wherever it is found, and those that a library needs are none that it opens."""
    with Home() as home:
        found = {name: value for name, value in os.environ.items() if name != "WARD_RUNNER"}
        needs = "--library-path", FOLDER / "v2", f"{FOLDER / 'needs.so'}:version"
        for status, environment, what in (0, os.environ, [f"{CODE}:greet"]), (0, found, [f"{CODE}:greet"]), (2, found, needs):
            check(run("--record-policy", home.policy, *what, env=environment), status)
            assert home.policy.read_text().endswith("\nlevel internet\n"), home.policy.read_text()


def not_run():
    """What there was before stays."""
    with Home() as home:
        home.policy.write_text("level internet\n")
        check(run("--record-policy", home.policy, f"{CODE}:none"), 127)
        assert home.policy.read_text() == "level internet\n"


tests([scripts, files, local_sockets, nothing, not_run])
