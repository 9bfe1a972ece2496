#!/usr/bin/env python3
"""An add-in carries its contract once, however it is built: test_embedded.py WARD_BINDGEN INCLUDE.

The text is found again in shared libraries (an ELF note, after garbage collection of sections, link-time optimisation and strip) and
in WebAssembly modules (a custom section), and the contract in it gives the same view once more."""
import pathlib
import struct
import sys
import tempfile

import views

HERE = pathlib.Path(__file__).parent
CONTRACTS = {"types": "echo.c", "many": "many_echo.c"}
BUILDS = {
    "plain": [],
    "small": ["-Os", "-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections", "-s"],
    "whole": ["-O2", "-flto"],
}


def find_note(path):
    """The content of section .note.ward: ELF64, little-endian."""
    data = path.read_bytes()
    (at,) = struct.unpack_from("<Q", data, 0x28)
    size, n, names = struct.unpack_from("<HHH", data, 0x3A)
    sections = [struct.unpack_from("<IIQQQQIIQQ", data, at + i * size) for i in range(n)]
    found = []
    for name, kind, flags, _, offset, length, _, _, align, _ in sections:
        start = sections[names][4] + name
        if data[start : data.index(0, start)] != b".note.ward":
            continue
        assert (kind, flags, align) == (7, 2, 4), "an allocated note, aligned to 4"
        owner_len, text_len, note_type = struct.unpack_from("<III", data, offset)
        assert (owner_len, note_type, data[offset + 12 : offset + 20]) == (5, 1, b"Ward\0\0\0\0")
        assert length == 20 + (text_len + 3) // 4 * 4, "one note, and no more"
        found.append(data[offset + 20 : offset + 20 + text_len])
    assert len(found) == 1, f"{path}: {len(found)} sections"
    return found[0].decode()


def read_leb(data, at):
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return value, at


def find_section(path):
    """The content of custom section ward-contract."""
    data, at, found = path.read_bytes(), 8, []
    while at < len(data):
        kind = data[at]
        size, at = read_leb(data, at + 1)
        if kind == 0:
            length, name = read_leb(data, at)
            if data[name : name + length] == b"ward-contract":
                found.append(data[name + length : at + size])
        at += size
    assert len(found) == 1, f"{path}: {len(found)} sections"
    return found[0].decode()


def build_all(sources, include, folder):
    """Every form of the add-in, built in every way: how to find the text in it, and where it is."""
    compilers, wasm = views.find_compilers()
    commands, made = [], []
    rest = [f"-I{include}", f"-I{folder}", *sources, "-o"]
    for build, flags in BUILDS.items():
        for compiler in compilers:
            made.append((find_note, folder / f"{build}-{compiler}.so"))
            commands.append([compiler, "-shared", "-fPIC", *flags, *rest, made[-1][1]])
        if wasm:
            made.append((find_section, folder / f"{build}.wasm"))
            commands.append([*views.WASM, "-mexec-model=reactor", *flags, *rest, made[-1][1]])
    problems = views.run_all(commands)
    assert not problems, "\n".join(problems)
    return made


def check_text(text, world):
    head, wit = text.split("\n\n", 1)
    lines = head.split("\n")
    assert lines[0] == "ward-contract 1" and lines[1].startswith("world test:") and f"/{world}" in lines[1], head
    assert lines[2] == "encoding utf8", head
    assert all(line.split(" ")[0] in ("import", "export") for line in lines[3:]), head
    return wit


def check(bindgen, include, contract, folder):
    problem = views.run([bindgen, HERE / f"{contract}.wit", "--addin", "-o", folder])
    assert not problem, problem
    source = folder / f"{contract}.c"
    texts = {find(path) for find, path in build_all([source, HERE / CONTRACTS[contract]], include, folder)}
    assert len(texts) == 1, "each build has another text"
    again = folder / "again.wit"
    again.write_text(check_text(texts.pop(), contract))
    problem = views.run([bindgen, again, "--addin", "-o", folder / "again"])
    assert not problem, problem
    problem = views.run(["diff", "-u", source, folder / "again" / source.name])
    assert not problem, problem


def main():
    bindgen, include = sys.argv[1:3]
    for contract in CONTRACTS:
        with tempfile.TemporaryDirectory() as temporary:
            check(bindgen, include, contract, pathlib.Path(temporary))
    print(f"{len(CONTRACTS)} contracts, built in {len(BUILDS)} ways")


main()
