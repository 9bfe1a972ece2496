#!/usr/bin/env python3
"""README.md shows the files of examples/readme/ as they are: test_readme.py ROOT. With WARD_UPDATE=1, makes it so."""
import os
import pathlib
import re
import sys

BLOCK = re.compile(r"^```(wit|c|sh)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)
SHOWN = ["stats.wit", "average.c", "host.c", "build.sh", "call.sh"]


def main():
    root = pathlib.Path(sys.argv[1])
    readme = (root / "README.md").read_text()
    blocks = list(BLOCK.finditer(readme))
    if len(blocks) != len(SHOWN):
        print(f"README.md has {len(blocks)} blocks of code, not the {len(SHOWN)} files {', '.join(SHOWN)}")
        return 1
    stale = 0
    for name, block in reversed(list(zip(SHOWN, blocks))):
        text = (root / "examples/readme" / name).read_text()
        if block[2] != text:
            stale += 1
            print(f"README.md differs from examples/readme/{name}")
            readme = readme[: block.start(2)] + text + readme[block.end(2) :]
    if os.environ.get("WARD_UPDATE"):
        (root / "README.md").write_text(readme)
        return 0
    return 1 if stale else 0


sys.exit(main())
