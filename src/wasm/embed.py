#!/usr/bin/env python3
"""Writes a C file that holds a header's text, NUL-terminated, with the named headers of ours in place of their #include lines:
embed.py OUTPUT SYMBOL HEADER INCLUDED..."""
import pathlib
import sys

BYTES_A_LINE = 24


def inlined(path, included):
    for line in path.read_text().splitlines():
        inner = [p for p in included if line == f'#include "wasm/{p.name}"']
        if inner:
            yield from inlined(inner[0], included)
        else:
            yield line


def main():
    output, symbol, header, *included = sys.argv[1:]
    lines = inlined(pathlib.Path(header), [pathlib.Path(p) for p in included])
    text = "".join(f"{line}\n" for line in lines).encode() + b"\0"
    rows = [", ".join(map(str, text[i : i + BYTES_A_LINE])) for i in range(0, len(text), BYTES_A_LINE)]
    body = ",\n".join(f"        {row}" for row in rows)
    pathlib.Path(output).write_text(f'#include "wasm/glue.h"\n\nconst char {symbol}[] = {{\n{body}\n}};\n')


main()
