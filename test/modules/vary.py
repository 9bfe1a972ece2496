#!/usr/bin/env python3
"""Makes a module in other words: vary.py WAT2WASM MODULE.WAT VARIANT OUT.wasm. Variants but for the last are of cm32p2.wat, and only names
differ."""

import re
import subprocess
import sys
import tempfile

REALLOC = [('(func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32) unreachable)', ''),
           ('"cm32p2_realloc"', '"cabi_realloc"')]

# Changes of text, each of which must find its place.
VARIANTS = {
    'cm32p2': [],
    'mixed_export': [('"cm32p2||add"', '"add"')],
    'mixed_interface': [('"cm32p2|test:named/numbers@0.2|sum"', '"test:named/numbers@0.2.1#sum"')],
    'mixed_post': [('"cm32p2||greet_post"', '"cabi_post_greet"')],
    'mixed_dtor': [('"cm32p2|test:named/numbers@0.2|counter_dtor"', '"test:named/numbers@0.2.1#[dtor]counter"')],
    'mixed_realloc': REALLOC,
    'mixed_import': [('"cm32p2" "seed"', '"$root" "seed"')],
    'mixed_act': [('"cm32p2|_ex_test:named/numbers@0.2" "counter_new"', '"[export]test:named/numbers@0.2.1" "[resource-new]counter"')],
    'lacks_function': [('"cm32p2||add"', '"unrelated"')],
    'lacks_memory': [('(export "cm32p2_memory")', '')],
    'lacks_realloc': [REALLOC[0], ('(export "cm32p2_realloc")', '')],
    'stray_export': [('"cabi_realloc"', '"cm32p2||multiply"')],
    'stray_version': [('"cm32p2|test:named/numbers@0.2|sum"', '"cm32p2|test:named/numbers@0.2.1|sum"')],
    'stray_import': [('"cm32p2" "seed"', '"cm32p2" "sow"')],
    'no_dtor': [('(export "cm32p2|test:named/numbers@0.2|counter_dtor")', ''), ('(export "cm32p2||greet_post")', '')],
    'cell_near': [('offset=0xffffffff', 'offset=0xfefffe')],
}


def plain(text):
    """All of it in the other scheme."""
    text = text.replace('"cabi_realloc"', '"unrelated"').replace('(export "memory" (memory 0))', '')
    text = re.sub(r'"cm32p2\|_ex_([^"]*)@0.2" "(\w+)_(drop|new|rep)"', r'"[export]\1@0.2.1" "[resource-\3]\2"', text)
    text = re.sub(r'"cm32p2\|([^"|]*)@0.2" "(\w+)_drop"', r'"\1@0.2.1" "[resource-drop]\2"', text)
    text = re.sub(r'"cm32p2\|([^"|]+)@0.2"', r'"\1@0.2.1"', text)
    text = re.sub(r'"cm32p2\|([^"|]+)@0.2\|(\w+)_dtor"', r'"\1@0.2.1#[dtor]\2"', text)
    text = re.sub(r'"cm32p2\|([^"|]+)@0.2\|([^"]+)"', r'"\1@0.2.1#\2"', text)
    text = re.sub(r'"cm32p2\|\|(\w+)_post"', r'"cabi_post_\1"', text)
    text = re.sub(r'"cm32p2\|\|(\w+)"', r'"\1"', text)
    text = text.replace('"cm32p2"', '"$root"').replace('"cm32p2_memory"', '"memory"')
    return text.replace('"cm32p2_realloc"', '"cabi_realloc"').replace('"cm32p2_initialize"', '"_initialize"')


def vary(text, variant):
    if variant == 'plain':
        return plain(text)
    for old, new in VARIANTS[variant]:
        if old not in text:
            sys.exit(f'vary.py: {variant}: there is no {old}')
        text = text.replace(old, new)
    return text


def main():
    wat2wasm, source, variant, out = sys.argv[1:]
    with open(source, encoding='utf-8') as file:
        text = vary(file.read(), variant)
    with tempfile.NamedTemporaryFile('w', suffix='.wat', encoding='utf-8') as varied:
        varied.write(text)
        varied.flush()
        sys.exit(subprocess.run([wat2wasm, varied.name, '-o', out]).returncode)


main()
