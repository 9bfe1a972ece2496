#!/usr/bin/env python3
"""The same modules here and on wabt's interpreter: differential.py CORE [--seconds N | --modules N] [--seed N] [--mode checked] [--mode looking]

CORE is the program of core.c. Modules are those of generate.py, of one seed after the other. Compared is what each exported function gives,
in their order, up to the first trap and with it: what a module has done before it traps no host may ask. Status 1 if something differs."""

import argparse
import concurrent.futures
import itertools
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

import engine
import generate

# What Ward's texts say of what wabt's interpreter reports.
TRAPS = {
    'out of bounds memory access': 'out of bounds memory access',
    'out of bounds table access': 'out of bounds memory access by a bulk or table instruction',
    'undefined table index': 'indirect call mismatch',
    'uninitialized table element': 'indirect call mismatch',
    'indirect call signature mismatch': 'indirect call mismatch',
    'integer overflow': 'integer overflow',
    'integer divide by zero': 'integer divide by zero',
    'invalid conversion to integer': 'invalid conversion',
    'unreachable executed': 'unreachable',
    'call stack exhausted': 'call stack exhausted',
}


def wabt_says(path):
    """(function, 'ok' or 'trap', its number, or Ward's words for it) of each."""
    run = subprocess.run(['wasm-interp', '--run-all-exports', str(path)], capture_output=True, text=True, timeout=120)
    for name, error, value in re.findall(r'^(\w+)\(\) => (?:error: (.*)|i64:(\d+))$', run.stdout, re.MULTILINE):
        if value:
            yield name, 'ok', f'{int(value):x}'
        else:
            yield name, 'trap', next((ours for theirs, ours in TRAPS.items() if error.startswith(theirs)), error)


class Worker:
    def __init__(self, options, folder):
        self.engine = engine.Engine(options.core, options.mode)
        self.folder = folder

    def difference(self, seed):
        """None, or a text."""
        text, module = self.folder / f'{seed}.wat', self.folder / f'{seed}.wasm'
        text.write_text(generate.generate(seed))
        made = subprocess.run(['wat2wasm', str(text), '-o', str(module)], capture_output=True, text=True)
        if made.returncode:
            return f'is not valid: {made.stderr}'
        word, why = self.engine.load(0, module)
        if word != 'ok':
            return f'{word} {why}'
        for name, *expected in wabt_says(module):
            got = self.engine.call(0, name)
            if got[0] != expected[0] or (got[1] != expected[1] if got[0] == 'ok' else expected[1] not in got[1]):
                return f'{name}: {" ".join(got)}, with wabt {" ".join(expected)}'
            if got[0] == 'trap':
                break
        text.unlink()
        module.unlink()
        return None


def compare(options, seeds, folder, until):
    worker = Worker(options, folder)
    n, found = 0, []
    try:
        while time.monotonic() < until:
            try:
                seed = next(seeds)
            except StopIteration:
                break
            difference = worker.difference(seed)
            n += 1
            if difference:
                found.append((seed, difference))
                print(f'seed {seed}: {difference}', flush=True)
    finally:
        worker.engine.close()
    return n, found


class Shared:
    """An iterator that several threads may use: next of a count or a range is atomic."""

    def __init__(self, items):
        self.items = iter(items)

    def __next__(self):
        return next(self.items)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('core')
    parser.add_argument('--seconds', type=float)
    parser.add_argument('--modules', type=int, default=20)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--mode', action='append', default=[], choices=['checked', 'looking'])
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--keep', type=pathlib.Path, help='where the modules go that differ')
    options = parser.parse_args()
    if not shutil.which('wasm-interp') or not shutil.which('wat2wasm'):
        print('skipped: there is no wasm-interp (package wabt)')
        sys.exit(77)
    until = time.monotonic() + (options.seconds or 3600)
    seeds = Shared(itertools.count(options.seed) if options.seconds else range(options.seed, options.seed + options.modules))
    with tempfile.TemporaryDirectory(prefix='ward-differential-') as folder:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            runs = [pool.submit(compare, options, seeds, pathlib.Path(folder), until) for _ in range(options.jobs)]
        results = [run.result() for run in runs]
        found = sum((differences for _, differences in results), [])
        if options.keep:
            options.keep.mkdir(parents=True, exist_ok=True)
            for seed, _ in found:
                shutil.copy(f'{folder}/{seed}.wat', options.keep)
    print(f'{sum(n for n, _ in results)} modules, {len(found)} differ')
    sys.exit(1 if found else 0)


if __name__ == '__main__':
    main()
