#!/usr/bin/env python3
"""The comparison gives the figures of whoever is there, and leaves nothing behind however it ends: test_peers.py FOLDER

With peers that were built, of these too; without, of Ward and the limits of the machine only.
"""
import glob
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
import place  # noqa: E402
import programs  # noqa: E402

RUN = pathlib.Path(__file__).resolve().parent / "run"
SIZES = [100000, 10000000]


def running(folder):
    """The processes of the programs in @folder, {pid: arguments}."""
    found = {}
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            program = os.readlink(process / "exe")
            args = (process / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if program.startswith(f"{folder}/peer-"):
            found[int(process.name)] = args
    return found


def leavings(folder):
    """What iceoryx has lying about while it runs. The others have nothing in a file system."""
    if not os.access(f"{folder}/peer-iceoryx", os.X_OK):
        return []
    return [path for path in glob.glob("/dev/shm/iceoryx_*") + glob.glob("/tmp/*") if re.search("iceoryx|roudi", path)]


def until(what, condition, seconds=20):
    """Of processes that are not this one's children there is nothing to wait on."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def expected(peers):
    units = {}
    for where in place.choose():
        for peer in peers:
            if where.host == where.server and peer["two_processors"]:
                continue
            if peer["call"]:
                units[f"peers.int.{where.name}.{peer['peer']}"] = "ns"
            units |= {f"peers.bytes.{size}.{where.name}.{peer['peer']}": "MB/s" for size in SIZES}
    return units


def check_figures(folder):
    peers, absent = programs.describe(folder)
    done = subprocess.run([RUN, folder, "--json", "--brief", "--rounds", "1"], capture_output=True, text=True)
    print(done.stderr, end="")
    assert done.returncode == 0, done
    figures = json.loads(done.stdout)
    assert {figure["name"]: figure["unit"] for figure in figures} == expected(peers), figures
    assert all(0 < figure["min"] <= figure["median"] for figure in figures), figures
    for program, packages in absent.items():
        assert f"{program}: not measured: " in done.stderr and packages in done.stderr, done.stderr


def check_table(folder):
    args = [RUN, folder, "--brief", "--rounds", "1", "--peer", "futex", "--peer", "memcpy"]
    done = subprocess.run(args, capture_output=True, text=True)
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and sum(line.startswith("futex ping-pong ") for line in lines) == len(place.choose()), done


def check_nothing_there():
    done = subprocess.run([RUN, "/nowhere"], capture_output=True, text=True)
    assert done.returncode == 1 and "ninja peers" in done.stderr, done


def start_one(folder):
    """A host, and the number of its server."""
    cpu = str(place.choose()[0].host)
    args = [f"{folder}/peer-floor", "futex", "--host-cpu", cpu, "--server-cpu", cpu]
    host = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert json.loads(host.stdout.readline())["ready"]
    return host, int(pathlib.Path(f"/proc/{host.pid}/task/{host.pid}/children").read_text())


def check_dead_server(folder):
    """The host does not wait for a server that is gone. It would end by itself if its input did, so that is left open."""
    host, server = start_one(folder)
    os.kill(server, signal.SIGKILL)
    said = host.stdout.readline()
    host.communicate()
    assert host.returncode == 1 and "the server has ended" in json.loads(said)["error"], said


def check_dead_host(folder):
    """The server goes with its host."""
    host, server = start_one(folder)
    host.kill()
    host.communicate()
    until("the server outlives its host", lambda: server not in running(folder))


def check_nonsense(folder):
    host, _ = start_one(folder)
    said, _ = host.communicate("1 2 or 3\n0 many\n", timeout=20)
    assert host.returncode == 1 and "not a size" in said, said


def check_signal(folder, number):
    """In the midst of it; the runner may still be starting some, or be asking."""
    run = subprocess.Popen([RUN, folder, "--rounds", "99"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until("nobody is measured", lambda: any("futex" in args for args in running(folder).values()))
    run.send_signal(number)
    assert run.wait(60) == (-number if number == signal.SIGKILL else 128 + number), run.returncode


def main():
    folder = os.path.realpath(sys.argv[1])
    before = leavings(folder)
    checks = [lambda: check_figures(folder), lambda: check_table(folder), check_nothing_there, lambda: check_dead_server(folder)]
    checks += [lambda: check_dead_host(folder), lambda: check_nonsense(folder)]
    checks += [lambda number=number: check_signal(folder, number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)]
    for check in checks:
        check()
        until("processes are left", lambda: not running(folder))
        until(f"left: {leavings(folder)}", lambda: set(leavings(folder)) <= set(before))
    return 0


sys.exit(main())
