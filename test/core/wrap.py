"""Functions beside a module's own, for what a host cannot ask of it: Ward calls exported functions with one result at most.

wrap(module) exports for each function NAME that has several results, or one that is a reference, a function NAME without results, and
result(NAME, 0), result(NAME, 1), … that give what it left: of a reference, whether it is null. For each exported global: result(NAME, 0).
Everything else is as it was, numbers and all.
"""

TYPES, IMPORTS, FUNCTIONS, TABLES, GLOBALS, EXPORTS, CODE = 1, 2, 3, 4, 6, 7, 10
ORDER = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]
I32, FUNCREF, EXTERNREF = 0x7f, 0x70, 0x6f
ZERO = {0x7f: b'\x41\0', 0x7e: b'\x42\0', 0x7d: b'\x43' + bytes(4), 0x7c: b'\x44' + bytes(8)}


def result(name, i):
    return f'{name} result {i}'


def leb(n):
    out = b''
    while n > 0x7f:
        out += bytes([n & 0x7f | 0x80])
        n >>= 7
    return out + bytes([n])


class Cursor:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, n):
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def u32(self):
        n = shift = 0
        while True:
            byte = self.u8()
            n |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return n

    def name(self):
        return self.take(self.u32())

    def types(self):
        return list(self.take(self.u32()))

    def limits(self):
        if self.u8() & 1:
            self.u32()
        self.u32()


class Module:
    def __init__(self, data):
        cursor = Cursor(data)
        self.header = cursor.take(8)
        self.sections = {}
        while cursor.at < len(data):
            number, content = cursor.u8(), cursor.take(cursor.u32())
            if number:
                self.sections[number] = content

    def items(self, number):
        """How many there are, and a cursor at the first."""
        cursor = Cursor(self.sections.get(number, b'\0'))
        return cursor.u32(), cursor

    def append(self, number, items):
        n, cursor = self.items(number)
        self.sections[number] = leb(n + len(items)) + cursor.data[cursor.at:] + b''.join(items)

    def bytes(self):
        out = self.header
        for number in ORDER:
            if number in self.sections:
                content = self.sections[number]
                out += bytes([number]) + leb(len(content)) + content
        return out


def read_types(module):
    types = []
    n, cursor = module.items(TYPES)
    for _ in range(n):
        cursor.u8()
        types.append((cursor.types(), cursor.types()))
    return types


def read_imports(module):
    """From which modules, the types of imported functions, by number, and those of imported globals."""
    modules, functions, globals_ = set(), [], []
    n, cursor = module.items(IMPORTS)
    for _ in range(n):
        modules.add(cursor.name())
        cursor.name()
        kind = cursor.u8()
        if kind == 0:
            functions.append(cursor.u32())
        elif kind == 1:
            cursor.u8()
            cursor.limits()
        elif kind == 2:
            cursor.limits()
        else:
            globals_.append(cursor.u8())
            cursor.u8()
    return modules, functions, globals_


def read_global_types(module):
    """Of the module's own. Their initial values are skipped as the few forms that there are."""
    types = []
    n, cursor = module.items(GLOBALS)
    for _ in range(n):
        types.append(cursor.u8())
        cursor.u8()
        op = cursor.u8()
        if op in (0x41, 0x42, 0x23, 0xd2):
            cursor.u32()
        elif op in (0x43, 0x44):
            cursor.take(4 if op == 0x43 else 8)
        else:
            cursor.u8()
        cursor.u8()
    return types


def keeps_references(data):
    """Whether a module has a table of the host's references."""
    n, cursor = Module(data).items(TABLES)
    for _ in range(n):
        if cursor.u8() == EXTERNREF:
            return True
        cursor.limits()
    return False


def links(data):
    """Whether a module imports from another, which is not the tests' own."""
    return bool(read_imports(Module(data))[0] - {b'spectest'})


def read_exports(module):
    n, cursor = module.items(EXPORTS)
    return [(cursor.name(), cursor.u8(), cursor.u32()) for _ in range(n)]


class Wrapper:
    def __init__(self, data):
        self.data = data
        self.module = Module(data)
        self.types = read_types(self.module)
        _, functions, imported_globals = read_imports(self.module)
        n, cursor = self.module.items(FUNCTIONS)
        self.functions = functions + [cursor.u32() for _ in range(n)]
        self.globals = imported_globals + read_global_types(self.module)
        self.new = {number: [] for number in (TYPES, FUNCTIONS, GLOBALS, CODE)}
        self.exports = []

    def add_function(self, name, params, results, body):
        self.new[TYPES].append(b'\x60' + leb(len(params)) + bytes(params) + leb(len(results)) + bytes(results))
        self.new[FUNCTIONS].append(leb(len(self.types) + len(self.new[TYPES]) - 1))
        self.new[CODE].append(leb(len(body) + 2) + b'\0' + body + b'\x0b')
        self.exports.append((name, 0, len(self.functions) + len(self.new[FUNCTIONS]) - 1))

    def add_getter(self, name, i, index, type_):
        body = b'\x23' + leb(index)
        if type_ in (FUNCREF, EXTERNREF):
            body, type_ = body + b'\xd1', I32
        self.add_function(result(name, i), [], [type_], body)

    def add_split(self, name, function, params, results):
        keep = b''
        for i, type_ in enumerate(results):
            index = len(self.globals) + len(self.new[GLOBALS])
            kept = I32 if type_ in (FUNCREF, EXTERNREF) else type_
            self.new[GLOBALS].append(bytes([kept, 1]) + ZERO[kept] + b'\x0b')
            keep = (b'\xd1' if kept != type_ else b'') + b'\x24' + leb(index) + keep
            self.add_getter(name, i, index, kept)
        body = b''.join(b'\x20' + leb(i) for i in range(len(params))) + b'\x10' + leb(function) + keep
        self.add_function(name, params, [], body)

    def wrap(self):
        for raw, kind, index in read_exports(self.module):
            name = raw.decode()
            params, results = self.types[self.functions[index]] if kind == 0 else ([], [])
            if len(results) > 1 or any(type_ in (FUNCREF, EXTERNREF) for type_ in results):
                self.add_split(name, index, params, results)
                continue
            if kind == 3:
                self.add_getter(name, 0, index, self.globals[index])
            self.exports.append((raw, kind, index))
        if not self.new[FUNCTIONS]:
            return self.data
        for number, items in self.new.items():
            if items:
                self.module.append(number, items)
        encoded = [(name if isinstance(name, bytes) else name.encode(), kind, index) for name, kind, index in self.exports]
        self.module.sections[EXPORTS] = leb(len(encoded)) + b''.join(
            leb(len(name)) + name + bytes([kind]) + leb(index) for name, kind, index in encoded)
        return self.module.bytes()


def wrap(data):
    return Wrapper(data).wrap()
