#!/usr/bin/env python3
"""`ward call` calls add-ins of each form at each kind, by their contracts: test_call.py WARD FOLDER…"""
import json

from run import check, end, find, run

FORMS = {"direct": "so", "wasm": "wasm", "process": "so"}

# Add-in, call, what is printed.
VALUES = [
    ("basic", 'operate("+", [1, 2])', "ok(3)"),
    ("basic", 'operate("*", [6, 7.5e0]) // a comment', "ok(45)"),
    ("basic", "operations()", '["+", "-", "*", "/"]'),
    ("values_echo", "of-few({c, a})", "{a, c}"),
    ("values_echo", "of-many({last, bit3})", "{bit3, last}"),
    ("values_echo", "of-shape(dot)", "dot"),
    ("values_echo", "of-shape(path([{x: 1, y: -2}]))", "path([{x: 1, y: -2}])"),
    ("values_echo", "of-mixed({mark: 1, marks: {}, shapes: [big(18446744073709551615), circle(-inf)]})",
     "{mark: 1, marks: {}, shapes: [big(18446744073709551615), circle(-inf)]}"),
    ("values_echo", "of-grid([1, 2, 3, 65535])", "[1, 2, 3, 65535]"),
    ("values_echo", 'of-names(["", "\\u{1F600}", "a\\"b"])', '["", "😀", "a\\"b"]'),
    ("values_echo", """of-maps([(1, [('x', "y")]), (2, [])])""", """[(1, [('x', "y")]), (2, [])]"""),
    ("objects", "counter(5).add(3)", "8"),
    ("objects", "counters.sum([counter(1), counters.counter(2)])", "3"),
    ("objects", "test:objects/counters@1.0.0#melt(counter(7))", "7"),
    ("objects", "living()", "0"),
    ("objects", "counter(2).keep(document(9))", None),
    ("objects", "counter(2).give-back()", "none"),
]

# What the add-in calls, and is answered.
IMPORTS = [
    ("values_echo", "turned(circle(2), [1, 2, 3, 4], {b})", "dot", "host: turn(circle(2), [1, 2, 3, 4], {b}) -> dot\n"),
    ("values_echo", 'age-of([("a", 3)], "a")', "none", 'host: look-up([("a", 3)], "a") -> none\n'),
    ("managers", 'say(2, "it is late", 1)', None, "log: info: it is late\n"),
    ("objects", "counter.measure(document(3)).add(1)", "1",
     'host: test:objects/documents@1.0.0#[method]document.name(document(3)) -> ""\n'),
]

# Calls that are wrong: where, and what is said.
WRONG = [
    ("basic", "operate^", "expected '(', found the end"),
    ("basic", "^operat()", "there is no function 'operat'; example:calculator/calculator@1.0.0 exports operations, operate"),
    ("basic", 'operate(^1, [1])', "expected a string, such as \"text\", found '1'"),
    ("basic", 'operate("+", [1, ^x])', "expected a number (f64), nan, inf or -inf, found 'x'"),
    ("basic", 'operate("+"^)', "operate needs 2 arguments, not 1: operands is missing"),
    ("basic", 'operate("+", [1]) ^2', "expected nothing more, found '2'"),
    ("basic", 'operate("+", [1]).^x()', "operate gives no object that has methods"),
    ("objects", "counter(1).^ad(2)", "resource counter has no method 'ad'; it has add, keep, give-back"),
    ("objects", "sum([counter(1), ^pair(1, 2)])", "this gives no counter"),
    ("objects", "melt(^document(1))", "there is no function 'document'; "),
    ("objects", "^counter.add(1)", "'counter.add' is a method: call it on an object, as in counter(…).add(…)"),
    ("objects", "counter(1).keep(^cell(1))", "expected an object of the host's, such as document(1)"),
    ("objects", "counter(1).keep(^document(0))", "objects are numbered from 1"),
    ("objects", "melt(" * 200 + "1", "calls are nested too deep"),
]


def call(kind, name, text, *args):
    return run("call", find(f"{name}.{FORMS[kind]}"), text, "--isolation", kind, *args)


def check_values(kind):
    for name, text, printed in VALUES:
        check(call(kind, name, text), 0, "" if printed is None else printed + "\n")
    for name, text, printed, told in IMPORTS:
        check(call(kind, name, text), 0, "" if printed is None else printed + "\n", told)


def check_wrong(kind):
    for name, text, why in WRONG:
        at = text.find("^")
        done = call(kind, name, text.replace("^", ""))
        check(done, 2, "", f"ward call: {why}")
        assert at < 0 or f"\n  {text.replace('^', '')}\n  {' ' * at}^\n" in done.stderr, done


def check_errors(kind):
    """The contract's own errors, and one in the middle of an expression."""
    check(call(kind, "basic", 'operate("/", [1, 0])'), 1, 'err("/: division by zero")\n')
    done = call(kind, "basic", 'operate("/", [1, 0])', "--json")
    check(done, 1)
    assert json.loads(done.stdout) == {"function": "operate", "outcome": "error", "value": 'err("/: division by zero")', "calls": [],
                                       "fault": None}, done


def check_json(kind):
    found = json.loads(call(kind, *IMPORTS[1][:2], "--json").stdout)
    assert found == {"function": "age-of", "outcome": "result", "value": "none", "fault": None,
                     "calls": [{"call": 'look-up([("a", 3)], "a")', "answer": "none"}]}, found
    found = json.loads(call(kind, "objects", "counter(2).keep(document(9))", "--json").stdout)
    assert found["outcome"] == "result" and found["value"] is None and found["calls"] == [], found


def check_nonsense():
    """Nobody checks what comes from trusted code; it is shown as well as it can be."""
    check(call("direct", "hostile", 'operate("garbage", [])'), 1, 'err("garbage: ' + 3 * "\\u{fffd}" + '")\n')


def check_faults(kind):
    """The add-in fails; the tool says how."""
    check(call(kind, "hostile", 'operate("abort", [])'), 3, "", "ward call: add-in 'hostile'")
    done = call(kind, "hostile", 'operate("loop", [])', "--deadline", "200", "--json")
    check(done, 3)
    found = json.loads(done.stdout)
    assert found["outcome"] == "fault" and found["value"] is None and found["fault"]["kind"] == "deadline", found


def check_posture():
    """What holds the add-in is told, and what a level refuses."""
    addin, sum_of_two = find("basic.so"), 'operate("+", [1, 2])'
    for level in ("full-trust", "host"):
        told = run("call", addin, sum_of_two, "--level", level, "--posture")
        check(told, 0, "ok(3)\n", f"posture: kind process, level {level}\n")
        assert "/proc/PID/" in told.stderr and "limit process-memory  by rlimits" in told.stderr, told
        posture = json.loads(run("call", addin, sum_of_two, "--level", level, "--posture", "--json").stdout)["posture"]
        assert posture["isolation"] == "process" and posture["level"] == level, posture
        assert {"rlimits", "no-core-dumps"} <= set(posture["wanted"]) & set(posture["held"]) & set(posture["read-back"]), posture
        assert {"name": "process-memory", "kept-by": ["rlimits"]} in posture["limits"], posture
    for level in ("internet", "intranet"):
        told = run("call", addin, sum_of_two, "--level", level, "--posture", "--json")
        found = json.loads(told.stdout)
        if told.returncode:
            assert "ward doctor" in found["fault"]["text"] and found["posture"] is None, found
            continue
        assert found["value"] == "ok(3)" and "syscall-filter" in found["posture"]["held"], found
    check(run("call", addin, sum_of_two, "--isolation", "direct", "--posture"), 0, "ok(3)\n", "posture: kind direct")
    check(run("call", addin, sum_of_two, "--allow", "read /usr"), 3, "", "read")
    check(run("call", addin, sum_of_two, "--level", "none"), 2, "", "--level takes")


def check_default():
    """Libraries run in a process of their own, where nothing else is said."""
    check(run("call", find("hostile.so"), 'operate("abort", [])'), 3, "", "process")
    if find("basic.wasm"):
        check(run("call", find("basic.wasm"), 'operate("+", [1, 2])'), 0, "ok(3)\n")
        check(run("call", find("basic.wasm"), "operations()", "--isolation", "process"), 3, "", "ward call: ")


def check_nothing_runs():
    """A wrong call of a library that ends whoever loads it."""
    check(run("call", find("sample.so"), "add(1)", "--isolation", "direct"), 2, "", "add needs 2 arguments, not 1: b is missing")


def check_usage():
    addin = find("basic.so")
    check(run("call"), 2, "", "which add-in, and which call?")
    check(run("call", addin), 2, "", "which add-in, and which call?")
    check(run("call", addin, "operations()", "more"), 2, "", "one call at a time")
    check(run("call", addin, "operations()", "--isolation", "remote"), 2, "", "--isolation takes direct, wasm or process")
    for ms in ("", "soon", "-1", "1.5", "99999999999"):
        check(run("call", addin, "operations()", "--deadline", ms), 2, "", "--deadline takes a number")
    check(run("call", "/nowhere", "f()"), 3, "", "cannot open '/nowhere'")
    check(run("call", find("bare.so"), "f()"), 3, "", "carries no contract")
    assert "Exit status" in run("call", "--help").stdout


def main():
    check_usage()
    check_nothing_runs()
    check_posture()
    check_default()
    check_nonsense()
    for kind, form in FORMS.items():
        if not find(f"basic.{form}"):
            continue
        check_values(kind)
        check_errors(kind)
        check_json(kind)
        check_wrong(kind)
        if kind != "direct":
            check_faults(kind)
    end()


main()
