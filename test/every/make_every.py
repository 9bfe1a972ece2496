#!/usr/bin/env python3
"""Writes every.wit, a contract that uses every type that can be copied, and every_addin.c, which gives back what it gets. And huge.wit
with types of more than 2^16 cases, and huge_addin.c.

    make_every.py FOLDER

Each type T has three functions: `echo.T` of the add-in, `back.T` of the host, and `relay.T` of the add-in, which asks the host's.
"""
import pathlib
import sys


def labels(prefix, n):
    return ", ".join(f"{prefix}{i}" for i in range(n))


FLAGS = {n: f"flags flags-{n} {{ {labels('x', n)} }}" for n in (1, 8, 9, 16, 17, 32, 33, 64)}
ENUMS = {n: f"enum enum-{n} {{ {labels('e', n)} }}" for n in (1, 2, 256, 257)}

SHAPES = """
  record point { x: s32, y: s32 }
  record pads { a: u8, b: u64, c: bool, d: f64, e: u16, f: char }
  variant number { none, whole(s64), single(f32), double(f64), both(tuple<u8, f32>), text(string) }
  variant wide { %s }
  record tree { name: string, at: option<point>, kind: enum-257, marks: flags-33, leaves: list<list<number>> }
  record six { a: u8, b: u16, c: u32, d: u64, e: f32, f: f64 }
  type row = list<u16, 4>;
  type names = list<string>;
""" % ", ".join(f"c{i}({t})" for i, t in enumerate(("u8", "f32", "s64", "string", "flags-64", "list<u8>") * 50))

SCALARS = ["bool", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "f32", "f64", "char"]
SCALARS += [f"flags-{n}" for n in FLAGS] + [f"enum-{n}" for n in ENUMS]

# What is passed by a pointer, and whether something of it is to be freed. Each travels alone in a record, so that all have one form.
WRAPPED = {
    "string": ("string", True),
    "bytes": ("list<u8>", True),
    "bools": ("list<bool>", True),
    "chars": ("list<char>", True),
    "words": ("list<u64>", True),
    "texts": ("names", True),
    "deep-list": ("list<list<list<string>>>", True),
    "point": ("point", False),
    "points": ("list<point>", True),
    "pads": ("pads", False),
    "pads-list": ("list<pads>", True),
    "tuples": ("list<tuple<u8, u64, string>>", True),
    "one": ("tuple<f32>", False),
    "maybe": ("option<u8>", False),
    "maybe-text": ("option<string>", True),
    "maybe-deep": ("option<option<option<string>>>", True),
    "result": ("result<u64, string>", True),
    "result-ok": ("result<f32>", False),
    "result-err": ("result<_, number>", True),
    "result-none": ("result", False),
    "result-deep": ("result<option<list<string>>, result<point, list<u8>>>", True),
    "number": ("number", True),
    "numbers": ("list<number>", True),
    "wide": ("wide", True),
    "wides": ("list<wide>", True),
    "tree": ("tree", True),
    "trees": ("list<tree>", True),
    "row": ("row", False),
    "rows": ("list<list<row, 2>>", True),
    "fixed-texts": ("list<string, 3>", True),
    "fixed-deep": ("list<list<option<number>, 2>, 3>", True),
    "map": ("map<string, u32>", True),
    "map-deep": ("map<u8, map<char, option<string>>>", True),
    "flag-lists": ("list<tuple<flags-33, flags-9, flags-64>>", True),
    "nest": ("list<" * 6 + "u8" + ">" * 6, True),
    "deep": ("option<tuple<" * 40 + "string" + ">>" * 40, True),
}

# Functions by their number of flat parameters, each of another type, and of 17 where some are strings.
KINDS = ["u8", "s64", "f32", "f64"]
FLAT = {f"flat-{n}": [KINDS[i % 4] for i in range(n)] for n in (1, 16, 17)}
FLAT["flat-texts"] = ["string"] * 8 + ["u8"]
C_TYPES = {"u8": "uint8_t ", "s64": "int64_t ", "f32": "float ", "f64": "double ", "string": "every_string_t *"}


def snake(name):
    return name.replace("-", "_")


def functions():
    lines = [f"    of-{t}: func(v: {t}) -> {t};" for t in SCALARS]
    lines += [f"    of-{n}: func(v: w-{n}) -> w-{n};" for n in WRAPPED]
    for name, types in FLAT.items():
        parameters = ", ".join(f"p{i}: {t}" for i, t in enumerate(types))
        lines.append(f"    {name}: func({parameters}) -> w-{name};")
    return "\n".join(lines + ["    nothing: func();"])


def contract():
    types = [f"  {text}" for text in [*FLAGS.values(), *ENUMS.values()]] + [SHAPES]
    types += [f"  record w-{n} {{ v: {t} }}" for n, (t, _) in WRAPPED.items()]
    types += [f"  record w-{n} {{ {', '.join(f'p{i}: {t}' for i, t in enumerate(ts))} }}" for n, ts in FLAT.items()]
    named = [f"flags-{n}" for n in FLAGS] + [f"enum-{n}" for n in ENUMS] + [f"w-{n}" for n in [*WRAPPED, *FLAT]]
    text = "package test:every@1.2.3;\n\ninterface types {\n" + "\n".join(types) + "\n}\n"
    for interface in ("echo", "relay", "back"):
        text += f"\ninterface {interface} {{\n    use types.{{{', '.join(named)}}};\n{functions()}\n}}\n"
    return text + "\nworld every {\n    import back;\n    export echo;\n    export relay;\n}\n"


def c_type(scalar):
    own = {"bool": "bool", "char": "uint32_t", "f32": "float", "f64": "double"}
    if scalar in own:
        return own[scalar]
    if scalar[0] in "us":
        return ("uint" if scalar[0] == "u" else "int") + scalar[1:] + "_t"
    return f"exports_test_every_echo_{snake(scalar)}_t"


def scalar(t):
    c, f = c_type(t), "of_" + snake(t)
    relay = c.replace("_echo_", "_relay_")
    return (f"{c} exports_test_every_echo_{f}({c} v)\n{{\n        return v;\n}}\n\n"
            f"{relay} exports_test_every_relay_{f}({relay} v)\n{{\n        return test_every_back_{f}(v);\n}}\n")


def wrapped(name, owns):
    s = snake(name)
    echo, relay = (f"exports_test_every_{i}_w_{s}_t" for i in ("echo", "relay"))
    free = f"        exports_test_every_relay_w_{s}_free(v);\n" if owns else ""
    return (f"void exports_test_every_echo_of_{s}({echo} *v, {echo} *ret)\n{{\n        *ret = *v;\n}}\n\n"
            f"void exports_test_every_relay_of_{s}({relay} *v, {relay} *ret)\n{{\n"
            f"        test_every_back_of_{s}(v, ret);\n{free}}}\n")


def flat(name, types):
    s = snake(name)
    parameters = "".join(f"{C_TYPES[t]}p{i}, " for i, t in enumerate(types))
    stores = "".join(f"        ret->p{i} = {'*' if t == 'string' else ''}p{i};\n" for i, t in enumerate(types))
    frees = "".join(f"        every_string_free(p{i});\n" for i, t in enumerate(types) if t == "string")
    passed = "".join(f"p{i}, " for i in range(len(types)))
    return (f"void exports_test_every_echo_{s}({parameters}exports_test_every_echo_w_{s}_t *ret)\n{{\n{stores}}}\n\n"
            f"void exports_test_every_relay_{s}({parameters}exports_test_every_relay_w_{s}_t *ret)\n{{\n"
            f"        test_every_back_{s}({passed}ret);\n{frees}}}\n")


def addin():
    parts = ['#include "every.h"\n'] + [scalar(t) for t in SCALARS]
    parts += [wrapped(n, owns) for n, (_, owns) in WRAPPED.items()] + [flat(n, ts) for n, ts in FLAT.items()]
    parts.append("void exports_test_every_echo_nothing(void)\n{\n}\n")
    parts.append("void exports_test_every_relay_nothing(void)\n{\n        test_every_back_nothing();\n}\n")
    return "\n".join(parts)


def short(i):
    """A label, so short that two signatures of all of them fit what a module may carry."""
    return "c" + "".join("0123456789abcdefghijklmnopqrstuvwxyz"[i // 36**k % 36] for k in range(4))


def huge():
    cases = range((1 << 16) + 1)
    many = ", ".join(short(i) for i in cases)
    wide = ", ".join(short(i) + ("", "(u32)", "", "", "(string)", "", "")[i % 7] for i in cases)
    return f"""package test:huge@1.0.0;
world huge {{
    enum many {{ {many} }}
    variant wide {{ {wide} }}
    export echo-many: func(v: many) -> many;
    export echo-wide: func(v: wide) -> wide;
}}
"""


HUGE_ADDIN = """#include "huge.h"

huge_many_t exports_huge_echo_many(huge_many_t v)
{
        return v;
}

void exports_huge_echo_wide(huge_wide_t *v, huge_wide_t *ret)
{
        *ret = *v;
}
"""


def main():
    folder = pathlib.Path(sys.argv[1])
    (folder / "every.wit").write_text(contract())
    (folder / "every_addin.c").write_text(addin())
    (folder / "huge.wit").write_text(huge())
    (folder / "huge_addin.c").write_text(HUGE_ADDIN)


if __name__ == "__main__":
    main()
