#!/usr/bin/env python3
"""Writes a C file with the hash of files, of what is to be made anew when one of them changes: hash.py OUTPUT SYMBOL FILE..."""
import hashlib
import pathlib
import sys

output, symbol, *files = sys.argv[1:]
digest = hashlib.sha256(b"\0".join(pathlib.Path(file).read_bytes() for file in files)).hexdigest()
pathlib.Path(output).write_text(f'#include "wasm/translate.h"\n\nconst char {symbol}[] = "{digest}";\n')
