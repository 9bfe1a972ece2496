"""Ward's own reader, compiler and runtime, as the program `core` offers them line by line."""

import pathlib
import subprocess


class Engine:
    def __init__(self, program, modes=()):
        """@modes: what its images are to be."""
        self.program = [program, *modes]
        self.process = None

    def ask(self, line):
        """The answer's first word, and the rest; `died` where the program did, which ends what it had loaded."""
        if not self.process:
            self.process = subprocess.Popen(self.program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            encoding='utf-8', errors='replace')
        try:
            self.process.stdin.write(line + '\n')
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
        except BrokenPipeError:
            answer = ''
        if not answer:
            status = self.process.wait()
            self.process = None
            return 'died', f'status {status}'
        word, _, rest = answer.rstrip('\n').partition(' ')
        return word, rest

    def read(self, path):
        return self.ask(f'read {pathlib.Path(path).absolute()}')

    def load(self, number, path):
        return self.ask(f'load {number} {pathlib.Path(path).absolute()}')

    def call(self, number, name, slots=()):
        return self.ask(' '.join([f'call {number} {"x" + name.encode().hex()}', *(f'{slot:x}' for slot in slots)]))

    def register(self, number, name):
        return self.ask(f'register {number} x{name.encode().hex()}')

    def close(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait()
            self.process = None
