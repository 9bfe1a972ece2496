#!/usr/bin/env python3
"""Checks every #include in src/ against the table of layers: test_layers.py TABLE ROOT

Views that `ward bindgen` writes for a contract beside the file are included by their bare names. examples/ is for copying from: it
includes nothing of src/."""
import pathlib
import re
import sys

EXAMPLES = "examples"
INCLUDE = re.compile(r'\s*#\s*include\s*(["<])([^">]+)')


def read_table(path):
    table = {}
    for line in path.read_text().splitlines():
        line = line.split("#")[0].strip()
        if line:
            folder, _, allowed = line.partition(":")
            table[folder] = {folder, "base", *allowed.split()}
    return table


def is_view(file, name):
    world = re.sub(r"(_host)?\.h$", "", name).replace("_", "-")
    return any(re.search(rf"^world {world}\b", wit.read_text(), re.MULTILINE) for wit in file.parent.glob("*.wit"))


def verdict(table, file, folder, quote, name):
    """What is wrong with this include, or None."""
    target = name.split("/")[0]
    if folder == EXAMPLES:
        return f"an example includes the public headers only, not {name}" if target in table else None
    if quote == "<":
        return f"<{name}> is ours: write it in quotes" if target in table else None
    if "/" not in name:
        return None if is_view(file, name) else f'"{name}" must be written from src/, as "{folder}/{name}"'
    if file.name.startswith("test_") and target == "test":
        return None
    if target not in table.get(folder, ()):
        return f"{folder} may not include {target} ({name})"
    return None


def check_file(table, file, folder):
    text = file.read_text(errors="replace")
    for number, line in enumerate(text.splitlines(), 1):
        found = INCLUDE.match(line)
        wrong = found and verdict(table, file, folder, *found.groups())
        if wrong:
            yield f"{file}:{number}: {wrong}"


def check(table, root):
    for file in sorted((root / "src").rglob("*.[ch]")):
        folder = file.relative_to(root / "src").parts[0]
        if folder not in table:
            yield f"{file}:1: src/{folder} has no row in test/layers.txt"
        else:
            yield from check_file(table, file, folder)
    for file in sorted((root / EXAMPLES).rglob("*.[ch]")):
        yield from check_file(table, file, EXAMPLES)


def main():
    table = read_table(pathlib.Path(sys.argv[1]))
    files = sum(1 for _ in (pathlib.Path(sys.argv[2]) / "src").rglob("*.[ch]"))
    wrong = list(check(table, pathlib.Path(sys.argv[2])))
    print("\n".join(wrong) if wrong else f"{files} files keep to their layers")
    return 1 if wrong or not files else 0


sys.exit(main())
