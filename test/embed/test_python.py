#!/usr/bin/env python3
"""A host that was loaded late: Python, which knows nothing of Ward, loads a library that uses it.

Environment: USER_SHARED, the library; WARD_TEST_ADDINS, the folder of the add-in."""
import ctypes
import os
import signal
import subprocess
import threading
import time
import unittest

user = ctypes.CDLL(os.environ["USER_SHARED"])
user.user_new.restype = ctypes.c_void_p
user.user_new.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
user.user_free.argtypes = [ctypes.c_void_p]
user.user_add.argtypes = [ctypes.c_void_p, ctypes.c_int32, ctypes.c_int32, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
user.user_poke.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
user.user_spin.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_char_p, ctypes.c_size_t]

MODULES = {kind: os.path.join(os.environ["WARD_TEST_ADDINS"], name).encode() for kind, name in
           [("direct", "acts.so"), ("process", "acts.so"), ("wasm", "acts.wasm")]}
ISOLATED = ["process", "wasm"]


class Addin:
    """An add-in at some kind, as a context."""

    def __init__(self, kind):
        self.text = ctypes.create_string_buffer(1024)
        self.handle = user.user_new(kind.encode(), MODULES[kind], self.text, len(self.text))
        if not self.handle:
            raise RuntimeError(self.text.value.decode())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        user.user_free(self.handle)

    def add(self, a, b):
        total = ctypes.c_int32()
        if user.user_add(self.handle, a, b, ctypes.byref(total), self.text, len(self.text)) < 0:
            raise RuntimeError(self.text.value.decode())
        return total.value

    def poke(self):
        return user.user_poke(self.handle, self.text, len(self.text))

    def spin(self, deadline_ms):
        return user.user_spin(self.handle, deadline_ms, self.text, len(self.text))


class Late(unittest.TestCase):
    def test_calls_at_each_kind(self):
        for kind in MODULES:
            with self.subTest(kind), Addin(kind) as addin:
                self.assertEqual(addin.add(20, 22), 42)

    def test_a_failing_addin_is_an_error_only(self):
        for kind in ISOLATED:
            with self.subTest(kind), Addin(kind) as addin:
                self.assertLess(addin.poke(), 0)
                self.assertIn("acts", addin.text.value.decode())
                self.assertRaises(RuntimeError, addin.add, 1, 1)
            with Addin(kind) as addin:
                self.assertLess(addin.spin(100), 0)
            with Addin(kind) as addin:
                self.assertEqual(addin.add(1, 1), 2)

    def test_children_stay_pythons_own(self):
        with Addin("process") as addin:
            self.assertEqual(subprocess.run(["true"], check=False).returncode, 0)
            self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)
            self.assertLess(addin.poke(), 0)
            self.assertRaises(ChildProcessError, os.waitpid, -1, os.WNOHANG)

    def test_signals_stay_pythons_own(self):
        heard = []
        before = signal.signal(signal.SIGINT, lambda *_: heard.append("interrupt"))
        try:
            with Addin("process") as addin:
                self.assertEqual(signal.getsignal(signal.SIGCHLD), signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGINT)
                self.assertEqual(addin.add(1, 1), 2)
            self.assertEqual(heard, ["interrupt"])
        finally:
            signal.signal(signal.SIGINT, before)

    def test_threads_call_at_once(self):
        for kind in ISOLATED:
            sums = []
            with self.subTest(kind), Addin(kind) as addin:
                def work(number):
                    sums.extend(addin_for_thread.add(number, i) for i in range(200))
                addin_for_thread = addin
                threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
            self.assertEqual(len(sums), 800)

    def test_nothing_is_left(self):
        with Addin("process"), Addin("wasm"):
            pass
        descriptors, threads = os.listdir("/proc/self/fd"), os.listdir("/proc/self/task")
        for _ in range(3):
            with Addin("process") as process, Addin("wasm") as wasm:
                self.assertLess(process.poke(), 0)
                self.assertLess(wasm.poke(), 0)
        self.assertEqual(len(os.listdir("/proc/self/fd")), len(descriptors))
        for _ in range(200):  # a joined thread may be seen in /proc for a moment longer
            if len(os.listdir("/proc/self/task")) <= len(threads):
                return
            time.sleep(0.005)
        self.fail("a thread was left behind")


unittest.main()
