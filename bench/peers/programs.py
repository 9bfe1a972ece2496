"""Starts, asks and ends the programs that are compared. Whatever happens, nobody outlives `end`.

1. describe(folder)           what is there, and what is not and why
2. Broker, Peer               each a process in a session of its own: a terminal's Ctrl-C reaches the runner only, which ends them
3. Peer.sample, Peer.times    a line in, a line out
4. end
"""
import json
import os
import select
import signal
import subprocess
import tempfile
import time

READY_S, SAMPLE_S, END_S = 20, 30, 5

# Programs in the order of the table, and what Debian calls what they need.
PROGRAMS = {
    "floor": "",
    "ward": "",
    "iceoryx": "libiceoryx-posh-dev libacl1-dev",
    "sdbus": "libsystemd-dev",
    "zeromq": "libzmq3-dev",
    "nng": "libnng-dev",
    "capnp": "capnproto libcapnp-dev",
    "grpc": "protobuf-compiler-grpc libprotobuf-dev libgrpc++-dev",
}


class Failed(Exception):
    """What a program said, or that it said nothing."""


def path(folder, program):
    return os.path.join(folder, "peer-" + program)


def describe(folder):
    """The peers that can be run, as their programs describe them, and {program: packages} for those that are not built."""
    peers, absent = [], {}
    for program, packages in PROGRAMS.items():
        if not os.access(path(folder, program), os.X_OK):
            absent[program] = packages
            continue
        done = subprocess.run([path(folder, program), "--list"], capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            peers.append(json.loads(line) | {"program": path(folder, program)})
    return peers, absent


class Process:
    """A program that takes lines and answers each with a line of JSON."""

    def __init__(self, args):
        self.errors = tempfile.TemporaryFile()
        self.pending = b""
        self.process = subprocess.Popen(
            args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, start_new_session=True, bufsize=0
        )

    def why(self):
        """How it ended, with the last that it said about that."""
        status = self.process.wait()
        self.errors.seek(0)
        said = self.errors.read().decode(errors="replace").strip().splitlines()[-1:]
        how = f"it ended by signal {-status}" if status < 0 else f"it ended with status {status}"
        return ": ".join([how] + said)

    def line(self, until):
        while b"\n" not in self.pending:
            if not select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))[0]:
                raise Failed("it does not answer")
            more = self.process.stdout.read(4096)
            if not more:
                raise Failed(self.why())
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return line

    def answer(self, seconds):
        """The next line that is JSON: libraries print as well."""
        until = time.monotonic() + seconds
        while True:
            try:
                answer = json.loads(self.line(until))
            except ValueError:
                continue
            if "error" in answer:
                raise Failed(answer["error"])
            return answer

    def end(self):
        """The end of its input ends it; if not, it is killed with all that is in its session. True: it ended orderly."""
        try:
            self.process.stdin.close()
            return self.process.wait(END_S) == 0
        except subprocess.TimeoutExpired:
            return False
        finally:
            self.kill()

    def kill(self):
        """Until it is waited for, its number is the group's and nobody else's; its server dies with it."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()


class Broker(Process):
    """iceoryx's daemon. What its users left it takes away at its end, and if it did not come to that, `--clean` does."""

    def __init__(self, program):
        super().__init__([program, "--broker"])
        self.program, self.ours = program, False
        try:
            self.ours = self.answer(READY_S)["ready"]
        except BaseException:
            self.end()
            raise

    def end(self):
        if not super().end() and self.ours:
            subprocess.run([self.program, "--clean"], check=False)


class Peer(Process):
    """A host and a server on their processors."""

    def __init__(self, peer, place):
        super().__init__([peer["program"], peer["peer"], "--host-cpu", str(place.host), "--server-cpu", str(place.server)])
        self.about = peer
        self.times = {}
        self.samples = {}

    def ready(self):
        self.answer(READY_S)

    def sample(self, size, times):
        """The nanoseconds that so many calls took; with a size, each with data of so many bytes."""
        try:
            self.process.stdin.write(f"{size} {times}\n".encode())
        except BrokenPipeError:
            raise Failed(self.why()) from None
        return self.answer(SAMPLE_S)["ns"]

    def calibrate(self, size, sample_ns):
        """How often makes a sample. Grows by at most 32 at a step: the first runs are cold and say little."""
        times, ns = 1, self.sample(size, 1)
        while ns < sample_ns // 2:
            times *= max(2, min(32, sample_ns // max(ns, 1)))
            ns = self.sample(size, times)
        self.times[size], self.samples[size] = times, []

    def measure(self, size):
        self.samples[size].append(self.sample(size, self.times[size]) / self.times[size])
