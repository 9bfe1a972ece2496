#!/usr/bin/env python3
"""The specification's own tests (WebAssembly/testsuite, or the spec's test/core) through Ward: spec.py CORE FOLDER [FILE.wast …]

CORE is the program of core.c. wabt's wast2json takes the files apart; modules are read, compiled and run by Ward. Tells for each file how
many of its assertions passed, failed and were left out, and why; status 1 if one failed."""

import argparse
import collections
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

import engine
import wrap

# What Ward calls what the specification names.
TRAPS = {
    'out of bounds memory access': 'out of bounds memory access',
    'out of bounds table access': 'out of bounds',
    'undefined element': 'indirect call mismatch',
    'uninitialized element': 'indirect call mismatch',
    'indirect call type mismatch': 'indirect call mismatch',
    'integer overflow': 'integer overflow',
    'integer divide by zero': 'integer divide by zero',
    'invalid conversion to integer': 'invalid conversion',
    'unreachable': 'unreachable',
    'call stack exhausted': 'call stack exhausted',
}
BITS = {'i32': 32, 'i64': 64, 'f32': 32, 'f64': 64}
REFERENCES = ('funcref', 'externref')

# Modules that Ward does not take, whatever is in them: what its texts say, and how that is counted.
REFUSED = [
    (r'imports .*, a (table|memory|global)', 'imports a memory, table or global'),
    (r'imports function .* which the host does not offer', 'imports of another module'),
    (r'SIMD', 'SIMD'),
    (r'a name of \d+|bytes in a name', 'limits'),
]


class Skip(Exception):
    """Why an assertion cannot be tried."""


def nan_matches(pattern, got, bits):
    quiet, all_ = (0x7fc00000, 0x7fffffff) if bits == 32 else (0x7ff8000000000000, 0x7fffffffffffffff)
    return got & all_ == quiet if pattern == 'nan:canonical' else got & quiet == quiet


def value_matches(expected, got):
    type_, value = expected['type'], expected.get('value')
    if type_ in REFERENCES:
        if value not in ('null', None):
            raise Skip('references of the host')
        return got == (value == 'null')
    if value in ('nan:canonical', 'nan:arithmetic'):
        return nan_matches(value, got, BITS[type_])
    return got == int(value)


def slot(argument):
    if argument['type'] not in BITS:
        raise Skip('references of the host' if argument['type'] in REFERENCES else 'SIMD')
    return int(argument['value']) & (1 << BITS[argument['type']]) - 1


class File:
    """One .wast, taken apart into @folder."""

    def __init__(self, options, wast, folder):
        self.engine = engine.Engine(options.core, options.mode)
        self.wast, self.folder = wast, folder
        self.passed, self.failed, self.skipped = 0, [], collections.Counter()
        self.modules = {}  # a module's name, or None for the last one: its number, or why there is none
        self.n_loaded = 0
        self.linked, self.spoilt, self.keeps_references = set(), set(), set()  # numbers of modules

    # --- Modules

    def path(self, name):
        return self.folder / name

    def prepare(self, name):
        """The module's file, with functions of ours beside its own where its exports need them."""
        path = self.path(name)
        try:
            wrapped = wrap.wrap(path.read_bytes())
        except (IndexError, KeyError, UnicodeDecodeError):
            return path
        path = path.with_suffix('.wrapped.wasm')
        path.write_bytes(wrapped)
        return path

    def load(self, name):
        self.n_loaded += 1
        data = self.path(name).read_bytes()
        if wrap.keeps_references(data):
            self.keeps_references.add(self.n_loaded % 1024)
        if wrap.links(data):
            self.linked.add(self.n_loaded % 1024)
        return self.engine.load(self.n_loaded % 1024, self.prepare(name))

    def refusal(self, text):
        for pattern, why in REFUSED:
            if re.search(pattern, text):
                raise Skip(why)

    def module(self, command):
        word, text = self.load(command['filename'])
        try:
            if word != 'ok':
                self.refusal(text)
            self.modules[None] = self.n_loaded % 1024
        except Skip as why:
            self.modules[None] = str(why)
            self.spoilt |= self.linked
        if word != 'ok' and isinstance(self.modules[None], int):
            self.failed.append(f'{self.wast.name}:{command["line"]}: module: {word} {text}')
            self.modules[None] = 'their module failed'
        if command.get('name'):
            self.modules[command['name']] = self.modules[None]

    def register(self, command):
        number = self.modules[command.get('name')]
        if isinstance(number, int) and '\0' not in command['as']:
            self.engine.register(number, command['as'])
            self.linked.add(number)

    # --- Actions

    def act(self, action):
        """('ok', [results]), or the word and text of how it ended."""
        number = self.modules[action.get('module')]
        if not isinstance(number, int):
            raise Skip(number)
        if number in self.spoilt:
            raise Skip('what was left out would have changed their module')
        if action['type'] == 'get':
            return self.results(number, action['field'], 1)
        if '\0' in action['field']:
            raise Skip('names with a zero')
        word, text = self.engine.call(number, action['field'], self.slots(number, action['args']))
        if word != 'ok':
            return word, text
        n = len(action['expected'])
        if n > 1 or (n == 1 and action['expected'][0]['type'] in REFERENCES):
            return self.results(number, action['field'], n)
        return word, [int(text, 16)][:n]

    def slots(self, number, arguments):
        """What the host's own references would be put into, it is not."""
        try:
            return [slot(argument) for argument in arguments]
        except Skip:
            if number in self.keeps_references:
                self.spoilt.add(number)
            raise

    def results(self, number, field, n):
        answers = [self.engine.call(number, wrap.result(field, i)) for i in range(n)]
        for word, text in answers:
            if word != 'ok':
                return word, text
        return 'ok', [int(text, 16) for _, text in answers]

    # --- Assertions

    def assert_return(self, command):
        expected = command['expected']
        if any(value['type'] == 'v128' for value in expected):
            raise Skip('SIMD')
        word, got = self.act({**command['action'], 'expected': expected})
        if word != 'ok':
            return f'{word} {got}'
        if not all(map(value_matches, expected, got)):
            return f'gave {" ".join(f"{x:x}" for x in got)}'
        return None

    def action(self, command):
        word, text = self.act({**command['action'], 'expected': []})
        return None if word == 'ok' else f'{word} {text}'

    def trapped(self, word, text, expected):
        meant = next(ours for theirs, ours in TRAPS.items() if expected.startswith(theirs))
        return None if word == 'trap' and meant in text else f'{word} {text}, not {expected}'

    def assert_trap(self, command):
        word, text = self.act({**command['action'], 'expected': []})
        return self.trapped(word, text, command['text'])

    def assert_exhaustion(self, command):
        """An engine need not run out of stack: the C compiler makes loops of some recursions."""
        word, text = self.act({**command['action'], 'expected': []})
        if word in ('ok', 'late'):
            raise Skip('recursion that the compiler made a loop')
        return self.trapped(word, text, command['text'])

    def assert_uninstantiable(self, command):
        word, text = self.load(command['filename'])
        if word == 'refused':
            self.spoilt |= self.linked
            self.refusal(text)
        return self.trapped(word, text, command['text'])

    def assert_invalid(self, command):
        if command['module_type'] == 'text':
            raise Skip("the text format, which is wabt's")
        word, text = self.engine.read(self.path(command['filename']))
        return None if word == 'refused' else f'{word} {text}: was read, though {command["text"]}'

    def assert_unlinkable(self, command):
        word, text = self.load(command['filename'])
        return None if word == 'refused' else f'{word} {text}, though {command["text"]}'

    assertions = {
        'assert_return': assert_return,
        'action': action,
        'assert_trap': assert_trap,
        'assert_exhaustion': assert_exhaustion,
        'assert_uninstantiable': assert_uninstantiable,
        'assert_invalid': assert_invalid,
        'assert_malformed': assert_invalid,
        'assert_unlinkable': assert_unlinkable,
    }

    def check(self, command):
        kind = command['type']
        if kind == 'module':
            self.module(command)
        elif kind == 'register':
            self.register(command)
        elif kind in self.assertions:
            try:
                wrong = self.assertions[kind](self, command)
            except Skip as why:
                self.skipped[str(why)] += 1
                return
            if wrong:
                self.failed.append(f'{self.wast.name}:{command["line"]}: {kind} {command.get("action", {}).get("field", "")}: {wrong}')
            else:
                self.passed += 1

    def run(self):
        try:
            for command in json.loads((self.folder / 'all.json').read_text())['commands']:
                self.check(command)
        finally:
            self.engine.close()
        return self


def run_file(options, wast):
    with tempfile.TemporaryDirectory(prefix='ward-spec-') as folder:
        folder = pathlib.Path(folder)
        cut = subprocess.run(['wast2json', str(wast), '-o', str(folder / 'all.json')], capture_output=True)
        if cut.returncode:
            return None
        return File(options, wast, folder).run()


def files(folder, names):
    if names:
        return [folder / name for name in names]
    return [wast for wast in sorted(folder.glob('*.wast')) if not wast.name.startswith('simd_')]


def tell(wast, done, list_all):
    if not done:
        print(f'{wast.name:<32} wast2json does not read it', flush=True)
        return
    skipped = ', '.join(f'{n} {why}' for why, n in done.skipped.most_common())
    print(f'{wast.name:<32} {done.passed:6} passed {len(done.failed):4} failed {sum(done.skipped.values()):5} left out'
          f'{"  (" + skipped + ")" if skipped else ""}', flush=True)
    for text in done.failed if list_all else done.failed[:10]:
        print(f'    {text}')


def tell_all(results):
    done = [result for result in results if result]
    skipped = sum((result.skipped for result in done), collections.Counter())
    failed = sum(len(result.failed) for result in done)
    print(f'\n{len(done)} files: {sum(result.passed for result in done)} passed, {failed} failed, {sum(skipped.values())} left out')
    for why, n in skipped.most_common():
        print(f'    {n:5} {why}')
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('core')
    parser.add_argument('folder', type=pathlib.Path)
    parser.add_argument('files', nargs='*')
    parser.add_argument('--mode', action='append', default=[], choices=['checked', 'looking'])
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--all', action='store_true', help='list every failure')
    options = parser.parse_args()
    results = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        wasts = files(options.folder, options.files)
        for wast, done in zip(wasts, pool.map(lambda wast: run_file(options, wast), wasts)):
            tell(wast, done, options.all)
            results.append(done)
    sys.exit(1 if tell_all(results) or not results else 0)


if __name__ == '__main__':
    main()
