#!/usr/bin/env python3
"""Writes the names of system calls as initialisers of an array: syscall_names.py OUTPUT COMPILER [ARGUMENT…].

They are those of the C library's headers, and of newer kernels what has the same number on every processor."""
import re
import subprocess
import sys

NEWER = {
    451: "cachestat", 452: "fchmodat2", 453: "map_shadow_stack", 454: "futex_wake", 455: "futex_wait", 456: "futex_requeue",
    457: "statmount", 458: "listmount", 459: "lsm_get_self_attr", 460: "lsm_set_self_attr", 461: "lsm_list_modules",
    462: "mseal", 463: "setxattrat", 464: "getxattrat", 465: "listxattrat", 466: "removexattrat", 467: "open_tree_attr",
    468: "file_getattr", 469: "file_setattr",
}

output, compiler = sys.argv[1], sys.argv[2:]
macros = subprocess.run(compiler + ["-E", "-dM", "-"], input="#include <sys/syscall.h>\n", text=True, check=True,
                        stdout=subprocess.PIPE).stdout
known = dict(re.findall(r"^#define __NR_(\w+) (\d+)$", macros, re.M))
names = {int(number): name for name, number in known.items() if re.search(rf"^#define SYS_{name}\b", macros, re.M)}
with open(output, "w") as file:
    file.write("#define SYSCALL_NAMES \\\n")
    for number, name in sorted((NEWER | names).items()):
        file.write(f'\t[{number}] = "{name}", \\\n')
    file.write("\n")
