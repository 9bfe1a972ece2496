"""Modules whose names and debugging information are hostile, made of one where they are not: damage.py KIND IN OUT.

hostile: every function has a name that would act on a terminal; one of a megabyte, one that is not UTF-8. File names as well.
cut:     each section of debugging information ends in its middle.
bomb:    debugging information that takes long to read, for its size: entries with very many attributes, which take no bytes.
"""
import pathlib
import sys


def leb(number):
    out = bytearray()
    while True:
        byte = number & 0x7F
        number >>= 7
        out.append(byte | (0x80 if number else 0))
        if not number:
            return bytes(out)


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sections(data):
    at = 8
    while at < len(data):
        kind = data[at]
        length, at = read_leb(data, at + 1)
        yield kind, data[at : at + length]
        at += length


def custom_name(content):
    length, at = read_leb(content, 0)
    return content[at : at + length].decode(), content[at + length :]


def custom(name, content):
    content = leb(len(name)) + name.encode() + content
    return b"\0" + leb(len(content)) + content


NAMES = [b"\x1b[2J\x1b[31m", b"\xff\xfe\x80", "\u202egpj".encode(), b"two\nlines", b"A" * 5000, b"\x07\x08\x7f", b""]
MEGABYTE = b"B" * (1 << 20)


def hostile_names(n):
    names = [MEGABYTE if i == n // 2 else NAMES[i % len(NAMES)] for i in range(n)]
    functions = leb(n) + b"".join(leb(i) + leb(len(name)) + name for i, name in enumerate(names))
    return b"\x01" + leb(len(functions)) + functions


def hostile(name, content):
    if name == "name":
        return hostile_names(60)
    if name == ".debug_line":
        return content.replace(b"addin.c", b"ad\x1b[1m.")
    return content


def cut(name, content):
    return content[: len(content) // 2] if name.startswith(".debug") else content


def bomb(name, content):
    attributes = b"\x03\x19" * 50000  # a name that is but present
    if name == ".debug_abbrev":
        return b"\x01\x11\x01" + attributes + b"\0\0" + b"\x02\x1d\x01" + attributes + b"\0\0\0"
    if name == ".debug_info":
        unit = b"\x04\0" + b"\0\0\0\0" + b"\x04" + b"\x01" + b"\x02" * 1000000
        return len(unit).to_bytes(4, "little") + unit
    return content


def main():
    kind, source, target = sys.argv[1:]
    damage = {"hostile": hostile, "cut": cut, "bomb": bomb}[kind]
    data = pathlib.Path(source).read_bytes()
    out = data[:8]
    for number, content in sections(data):
        if number == 0:
            name, rest = custom_name(content)
            out += custom(name, damage(name, rest))
        else:
            out += bytes([number]) + leb(len(content)) + content
    pathlib.Path(target).write_bytes(out)


main()
