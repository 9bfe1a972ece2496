#!/usr/bin/env python3
"""Random modules that are valid and end, as text: generate.py SEED. The same seed gives the same module, everywhere and always.

Exported are functions without parameters that return bits: run<i> calls one of the module's functions, sum what memory, globals and
tables are worth by then. What can run long takes fuel, of which run<i> gives so much. What a NaN's bits are WebAssembly leaves open: they are
made the same wherever they would show."""

import sys

TYPES = ['i32', 'i64', 'f32', 'f64']
BITS = {'i32': 32, 'i64': 64, 'f32': 32, 'f64': 64}
FUEL = 3000
DEPTH = 20  # of calls
PAGES, MAX_PAGES = 1, 3
TABLE, TABLE_MAX = 12, 20
SEGMENTS = 3
WORDS = {
    'i32': [0, 1, 2, 7, 31, 32, 255, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0xaaaaaaaa],
    'i64': [0, 1, 2, 63, 64, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff],
    'f32': ['0', '-0', '1', '-1', '0.5', '1.5', '2.5', '0x1p-149', '0x1.fffffep127', '-2147483648', '2147483648', '4294967296',
            '9223372036854775808', '1e-20', 'inf', '-inf', 'nan'],
    'f64': ['0', '-0', '1', '-1', '0.5', '1.5', '2.5', '0x1p-1074', '0x1.fffffffffffffp1023', '2147483647.9', '-2147483648.9',
            '4294967295.9', '9223372036854775808', '-9223372036854775808', '18446744073709551616', '1e-200', 'inf', '-inf', 'nan'],
}
INT_UNARY = ['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s']
INT_BINARY = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl', 'rotr']
INT_DIVIDE = ['div_s', 'div_u', 'rem_s', 'rem_u']
INT_COMPARE = ['eq', 'ne', 'lt_s', 'lt_u', 'gt_s', 'gt_u', 'le_s', 'le_u', 'ge_s', 'ge_u']
FLOAT_UNARY = ['abs', 'neg', 'ceil', 'floor', 'trunc', 'nearest', 'sqrt']
FLOAT_BINARY = ['add', 'sub', 'mul', 'div', 'min', 'max']
FLOAT_COMPARE = ['eq', 'ne', 'lt', 'gt', 'le', 'ge']
LOADS = {
    'i32': ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u'],
    'i64': ['load', 'load8_s', 'load8_u', 'load16_s', 'load16_u', 'load32_s', 'load32_u'],
    'f32': ['load'],
    'f64': ['load'],
}
STORES = {'i32': ['store', 'store8', 'store16'], 'i64': ['store', 'store8', 'store16', 'store32'], 'f32': ['store'], 'f64': ['store']}
CONVERSIONS = {
    'i32': [('wrap_i64', 'i64'), ('trunc_sat_f32_s', 'f32'), ('trunc_sat_f32_u', 'f32'), ('trunc_sat_f64_s', 'f64'),
            ('trunc_sat_f64_u', 'f64'), ('trunc_f32_s', 'f32'), ('trunc_f64_u', 'f64')],
    'i64': [('extend_i32_s', 'i32'), ('extend_i32_u', 'i32'), ('trunc_sat_f32_s', 'f32'), ('trunc_sat_f32_u', 'f32'),
            ('trunc_sat_f64_s', 'f64'), ('trunc_sat_f64_u', 'f64'), ('trunc_f64_s', 'f64'), ('trunc_f32_u', 'f32')],
    'f32': [('convert_i32_s', 'i32'), ('convert_i32_u', 'i32'), ('convert_i64_s', 'i64'), ('convert_i64_u', 'i64'),
            ('demote_f64', 'f64'), ('reinterpret_i32', 'i32')],
    'f64': [('convert_i32_s', 'i32'), ('convert_i32_u', 'i32'), ('convert_i64_s', 'i64'), ('convert_i64_u', 'i64'),
            ('promote_f32', 'f32'), ('reinterpret_i64', 'i64')],
}

HELPERS = '\n'.join(f'''  (func $bits_{f} (param {f}) (result {i})
    (select ({i}.const {nan}) ({i}.reinterpret_{f} (local.get 0)) ({f}.ne (local.get 0) (local.get 0))))
  (func $plain_{f} (param {f}) (result {f}) ({f}.reinterpret_{i} (call $bits_{f} (local.get 0))))'''
                    for f, i, nan in (('f32', 'i32', '0x7fc00000'), ('f64', 'i64', '0x7ff8000000000000')))


class Random:
    """xorshift64*: Python's own may change with its versions."""

    def __init__(self, seed):
        self.state = (seed * 0x9e3779b97f4a7c15 + 0x1234567) & (1 << 64) - 1 or 1
        for _ in range(8):
            self.next()

    def next(self):
        x = self.state
        x ^= x >> 12
        x ^= x << 25 & (1 << 64) - 1
        x ^= x >> 27
        self.state = x
        return (x * 0x2545f4914f6cdd1d & (1 << 64) - 1) >> 16

    def below(self, n):
        return self.next() % n

    def one_in(self, n):
        return self.below(n) == 0

    def of(self, choices):
        return choices[self.below(len(choices))]


class Function:
    """Its signature, and what its body may use while that is made."""

    def __init__(self, random, name):
        self.name = name
        self.params = [random.of(TYPES) for _ in range(random.below(4))]
        self.results = [random.of(TYPES) for _ in range(random.of([0, 1, 1, 1, 1, 2]))]
        self.locals = self.params + [random.of(TYPES) for _ in range(2 + random.below(5))]
        self.labels = []  # of blocks without results
        self.n_labels = 0

    def type(self):
        return (f'(param {" ".join(self.params)}) ' if self.params else '') + (
            f'(result {" ".join(self.results)})' if self.results else '')


class Generator:
    def __init__(self, seed):
        self.random = Random(seed)
        self.functions = [Function(self.random, f'$f{i}') for i in range(4 + self.random.below(5))]
        self.globals = [self.random.of(TYPES) for _ in range(6)]
        self.function = None

    # --- Values

    def const(self, type_):
        if type_ in ('i32', 'i64') and self.random.one_in(3):
            return f'({type_}.const {self.random.next() & (1 << BITS[type_]) - 1})'
        return f'({type_}.const {self.random.of(WORDS[type_])})'

    def variable(self, type_):
        local = [i for i, other in enumerate(self.function.locals) if other == type_]
        outer = [i for i, other in enumerate(self.globals) if other == type_]
        if local and not (outer and self.random.one_in(4)):
            return f'(local.get {self.random.of(local)})'
        return f'(global.get {self.random.of(outer)})' if outer else self.const(type_)

    def leaf(self, type_):
        return self.const(type_) if self.random.one_in(3) else self.variable(type_)

    def address(self, depth):
        """Mostly within the first page; its offset, too."""
        if self.random.one_in(70):
            return f'offset={self.random.of([0, 1, 65535, 65536, 0x7fffffff, 0xffffffff])} {self.value("i32", depth)}'
        return f'offset={self.random.below(64)} (i32.and {self.value("i32", depth)} (i32.const {self.random.of([255, 4095, 65279])}))'

    def int_op(self, type_, depth):
        choice = self.random.below(10)
        if choice == 0:
            return f'({type_}.{self.random.of(INT_UNARY)} {self.value(type_, depth)})'
        if choice == 1:
            divisor = self.value(type_, depth)
            if not self.random.one_in(12):
                divisor = f'({type_}.or {divisor} ({type_}.const 1))'
            return f'({type_}.{self.random.of(INT_DIVIDE)} {self.value(type_, depth)} {divisor})'
        return f'({type_}.{self.random.of(INT_BINARY)} {self.value(type_, depth)} {self.value(type_, depth)})'

    def float_op(self, type_, depth):
        choice = self.random.below(8)
        if choice == 0:
            return f'({type_}.copysign {self.value(type_, depth)} (call $plain_{type_} {self.value(type_, depth)}))'
        if choice < 3:
            return f'({type_}.{self.random.of(FLOAT_UNARY)} {self.value(type_, depth)})'
        return f'({type_}.{self.random.of(FLOAT_BINARY)} {self.value(type_, depth)} {self.value(type_, depth)})'

    def operation(self, type_, depth):
        return (self.int_op if type_ in ('i32', 'i64') else self.float_op)(type_, depth)

    def compare(self, type_, depth):
        if type_ != 'i32':
            return self.operation(type_, depth)
        of = self.random.of(TYPES)
        if of in ('i32', 'i64') and self.random.one_in(4):
            return f'({of}.eqz {self.value(of, depth)})'
        op = self.random.of(INT_COMPARE if of in ('i32', 'i64') else FLOAT_COMPARE)
        return f'({of}.{op} {self.value(of, depth)} {self.value(of, depth)})'

    def convert(self, type_, depth):
        op, source = self.random.of(CONVERSIONS[type_])
        if op.startswith('trunc_f') and not self.random.one_in(10):
            op = op.replace('trunc_f', 'trunc_sat_f')
        return f'({type_}.{op} {self.value(source, depth)})'

    def bits(self, type_, depth):
        if type_ in ('f32', 'f64'):
            return self.convert(type_, depth)
        return f'(call $bits_f{BITS[type_]} {self.value("f" + type_[1:], depth)})'

    def load(self, type_, depth):
        return f'({type_}.{self.random.of(LOADS[type_])} {self.address(depth)})'

    def select(self, type_, depth):
        typed = f'(result {type_}) ' if self.random.one_in(2) else ''
        return f'(select {typed}{self.value(type_, depth)} {self.value(type_, depth)} {self.value("i32", depth)})'

    def choose(self, type_, depth):
        return (f'(if (result {type_}) {self.value("i32", depth)} (then {self.statements(depth)} {self.value(type_, depth)}) '
                f'(else {self.value(type_, depth)}))')

    def block(self, type_, depth):
        label = self.new_label()
        return (f'(block {label} (result {type_}) {self.statements(depth)} '
                f'(drop (br_if {label} {self.value(type_, depth)} {self.value("i32", depth)})) {self.value(type_, depth)})')

    def passing(self, type_, depth):
        """A block that takes a value from the stack, or leaves with one."""
        label = self.new_label()
        return (f'(block (result {type_}) {self.value(type_, depth)} (block {label} (param {type_}) (result {type_}) '
                f'(br_if {label} {self.value("i32", depth)}) (drop) {self.value(type_, depth)}))')

    def table(self, type_, depth):
        """A branch table that takes a value along, to one place or the other."""
        near, far = self.new_label(), self.new_label()
        targets = ' '.join(self.random.of([near, far]) for _ in range(1 + self.random.below(5)))
        inner = f'(block {near} (result {type_}) (br_table {targets} {self.value(type_, depth)} {self.value("i32", depth)}))'
        op = self.random.of(['add', 'sub', 'mul'])
        return f'(block {far} (result {type_}) ({type_}.{op} {inner} {self.value(type_, depth)}))'

    def repeat(self, type_, depth):
        label = self.new_label()
        return (f'(loop {label} (result {type_}) {self.burn()} {self.statements(depth)} '
                f'(br_if {label} (i32.lt_u {self.value("i32", depth)} (i32.const 3))) {self.value(type_, depth)})')

    def tee(self, type_, depth):
        local = [i for i, other in enumerate(self.function.locals) if other == type_]
        return f'(local.tee {self.random.of(local)} {self.value(type_, depth)})' if local else self.operation(type_, depth)

    def arguments(self, function, depth):
        return ' '.join(self.value(type_, depth) for type_ in function.params)

    def call(self, type_, depth):
        functions = [function for function in self.functions if function.results == [type_]]
        if not functions:
            return self.operation(type_, depth)
        function = self.random.of(functions)
        if self.random.one_in(3):
            return f'(call_indirect {function.type()} {self.arguments(function, depth)} {self.table_index(function, depth)})'
        return f'(call {function.name} {self.arguments(function, depth)})'

    def table_index(self, function, depth):
        """Mostly right, where nothing else was put there meanwhile."""
        if self.random.one_in(20):
            return self.value('i32', depth)
        return f'(i32.const {self.functions.index(function)})'

    def size(self, type_, depth):
        if type_ != 'i32':
            return self.operation(type_, depth)
        grown = f'(i32.and {self.value("i32", depth)} (i32.const 1))'
        return self.random.of([
            '(memory.size)',
            f'(memory.grow {grown})',
            '(table.size 0)',
            f'(table.grow 0 (ref.func {self.random.of(self.functions).name}) {grown})',
            f'(ref.is_null (table.get 0 (i32.const {self.random.below(TABLE)})))',
        ])

    def value(self, type_, depth):
        if depth <= 0 or self.random.one_in(6):
            return self.leaf(type_)
        make = self.random.of([self.operation] * 6 + [self.compare, self.compare, self.convert, self.convert, self.bits, self.load,
                                                      self.load, self.select, self.choose, self.block, self.passing, self.table, self.repeat,
                                                      self.tee, self.call, self.size])
        return make(type_, depth - 1)

    # --- Statements

    def new_label(self):
        self.function.n_labels += 1
        return f'$l{self.function.n_labels}'

    def set(self, depth):
        if self.random.one_in(3):
            i = self.random.below(len(self.globals))
            return f'(global.set {i} {self.value(self.globals[i], depth)})'
        i = self.random.below(len(self.function.locals))
        return f'(local.set {i} {self.value(self.function.locals[i], depth)})'

    def store(self, depth):
        type_ = self.random.of(TYPES)
        value = self.value(type_, depth)
        if type_ in ('f32', 'f64'):
            value = f'(call $plain_{type_} {value})'
        return f'({type_}.{self.random.of(STORES[type_])} {self.address(depth)} {value})'

    def branches(self, depth):
        labels = self.function.labels
        if not labels:
            return self.set(depth)
        if self.random.one_in(2):
            return f'(br_if {self.random.of(labels)} {self.value("i32", depth)})'
        targets = ' '.join(self.random.of(labels) for _ in range(1 + self.random.below(6)))
        return f'(if {self.value("i32", depth)} (then (br_table {targets} {self.value("i32", depth)}) {self.set(depth)}))'

    def nest(self, depth):
        label = self.new_label()
        self.function.labels.append(label)
        body = self.statements(depth)
        if self.random.one_in(2):
            body = f'(loop {label} {self.burn()} {body} (br_if {label} (i32.lt_u {self.value("i32", depth)} (i32.const 3))))'
        else:
            body = f'(block {label} {body})'
        self.function.labels.pop()
        return body

    def when(self, depth):
        other = f' (else {self.statements(depth)})' if self.random.one_in(2) else ''
        return f'(if {self.value("i32", depth)} (then {self.statements(depth)}){other})'

    def bulk(self, depth):
        at, other = (f'(i32.and {self.value("i32", depth)} (i32.const 32767))' for _ in range(2))
        count = f'(i32.and {self.value("i32", depth)} (i32.const {self.random.of([7, 255, 4095])}))'
        small = f'(i32.const {self.random.below(4)})'
        segment = self.random.below(SEGMENTS)
        rare = self.random.one_in(12)
        return self.random.of([
            f'(memory.fill {at} {self.value("i32", depth)} {count})',
            f'(memory.copy {at} {other} {count})',
            f'(memory.copy {at} {at} {count})',
            f'(memory.init {segment} {at} {small} {small})',
            f'(data.drop {segment})' if rare else '(nop)',
            f'(table.copy (i32.const {8 + self.random.below(2)}) {small} (i32.const {self.random.below(3)}))',
            f'(table.init {segment} (i32.const {8 + self.random.below(3)}) (i32.const 0) (i32.const {self.random.below(3)}))',
            f'(elem.drop {segment})' if rare else '(nop)',
            f'(table.fill 0 (i32.const {8 + self.random.below(3)}) (ref.func {self.random.of(self.functions).name}) (i32.const 1))',
            f'(table.set 0 (i32.const {8 + self.random.below(4)}) (ref.null func))',
        ])

    def call_all(self, depth):
        function = self.random.of(self.functions)
        call = f'(call {function.name} {self.arguments(function, depth)})'
        return call + ' (drop)' * len(function.results)

    def leave(self, depth):
        """What follows is never reached, and anything is valid there."""
        end = self.random.of([self.give(depth), '(unreachable)']) if self.random.one_in(4) else self.give(depth)
        return f'(if {self.value("i32", depth)} (then {end} {self.set(depth)}))'

    def give(self, depth):
        return f'(return {" ".join(self.value(type_, depth) for type_ in self.function.results)})'

    def statement(self, depth):
        if depth <= 0:
            return self.set(0)
        make = self.random.of([self.set] * 5 + [self.store] * 4 + [self.branches, self.branches, self.nest, self.nest, self.when, self.bulk,
                                                                   self.call_all])
        if self.random.one_in(25):
            make = self.leave
        return make(depth - 1)

    def statements(self, depth):
        return ' '.join(self.statement(depth) for _ in range(1 + self.random.below(3 if depth > 1 else 2)))

    # --- Functions and the rest

    def nothing(self, function):
        return ' '.join(f'({type_}.const 0)' for type_ in function.results)

    def burn(self):
        """Takes a unit of fuel, or returns without any."""
        return (f'(if (i32.eqz (global.get $fuel)) (then (return {self.nothing(self.function)}))) '
                f'(global.set $fuel (i32.sub (global.get $fuel) (i32.const 1)))')

    def body(self, function):
        self.function = function
        locals_ = function.locals[len(function.params):]
        lines = [self.burn()] + [self.statement(4) for _ in range(2 + self.random.below(5))]
        lines += [self.value(type_, 4) for type_ in function.results]
        return f'  (func {function.name}_body {function.type()} (local {" ".join(locals_)})\n    ' + '\n    '.join(lines) + ')'

    def door(self, function):
        """What calls of a function go through: not too deep."""
        arguments = ' '.join(f'(local.get {i})' for i in range(len(function.params)))
        return (f'  (func {function.name} {function.type()}\n'
                f'    (if (i32.ge_u (global.get $depth) (i32.const {DEPTH})) (then (return {self.nothing(function)})))\n'
                '    (global.set $depth (i32.add (global.get $depth) (i32.const 1)))\n'
                f'    (call {function.name}_body {arguments})\n'
                '    (global.set $depth (i32.sub (global.get $depth) (i32.const 1))))')

    def run(self, i):
        """Calls function @i with constants; what it gives is made one number."""
        function = self.functions[i]
        self.function = Function(self.random, '')
        call = f'(call {function.name} {" ".join(self.const(type_) for type_ in function.params)})'
        sets = ''.join(f'(local.set {n})' for n in range(len(function.results) - 1, -1, -1))
        locals_ = f'(local {" ".join(function.results)})' if function.results else ''
        return (f'  (func (export "run{i}") (result i64) {locals_}\n    (global.set $fuel (i32.const {FUEL}))\n    {call} {sets}\n    '
                f'{self.mix([self.as_bits(type_, f"(local.get {n})") for n, type_ in enumerate(function.results)])})')

    def as_bits(self, type_, value):
        if type_ in ('f32', 'f64'):
            type_, value = 'i' + type_[1:], f'(call $bits_{type_} {value})'
        return value if type_ == 'i64' else f'(i64.extend_i32_u {value})'

    def mix(self, values):
        mixed = '(i64.const 17)'
        for value in values:
            mixed = f'(i64.add (i64.mul {mixed} (i64.const 0x100000001b3)) {value})'
        return mixed

    def sum(self, name):
        values = [self.as_bits(type_, f'(global.get {i})') for i, type_ in enumerate(self.globals)]
        values += [self.as_bits('i32', value) for value in ('(memory.size)', '(table.size 0)')]
        values += [self.as_bits('i32', f'(ref.is_null (table.get 0 (i32.const {i})))') for i in range(TABLE)]
        return (f'  (func (export "{name}") (result i64) (local $at i32) (local $sum i64)\n    (loop $more\n'
                '      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 0x100000001b3)) (i64.load (local.get $at))))\n'
                '      (br_if $more (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8)))'
                ' (i32.mul (memory.size) (i32.const 65536)))))\n'
                f'    {self.mix(["(local.get $sum)"] + values)})')

    def module(self):
        names = ' '.join(function.name for function in self.functions)
        few = ' '.join(self.random.of(self.functions).name for _ in range(3))
        data = ''.join(f'\\{self.random.below(256):02x}' for _ in range(16))
        lines = ['(module', f'  (memory {PAGES} {MAX_PAGES})', f'  (table {TABLE} {TABLE_MAX} funcref)']
        lines += [f'  (global (mut {type_}) {self.const(type_)})' for type_ in self.globals]
        lines += [f'  (global ${name} (mut i32) (i32.const 0))' for name in ('fuel', 'depth')]
        lines += [f'  (data "{data[:3 * (4 + 4 * i)]}")' for i in range(SEGMENTS)]
        lines += [f'  (data (i32.const {self.random.below(4096)}) "{data}")']
        lines += [f'  (elem func {few})'] * SEGMENTS + [f'  (elem (i32.const 0) {names})', HELPERS]
        lines += [make(function) for function in self.functions for make in (self.door, self.body)]
        for i in range(len(self.functions)):
            lines += [self.run(i), self.sum(f'sum{i}')]
        return '\n'.join(lines) + ')\n'


def generate(seed):
    return Generator(seed).module()


if __name__ == '__main__':
    print(generate(int(sys.argv[1])), end='')
