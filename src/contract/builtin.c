#include "contract/builtin.h"

const char builtin_text[] =
        "package ward:domain@0.1.0;\n"
        "\n"
        "/// Named data of the domain that the add-in runs in. The host sees the same.\n"
        "interface data {\n"
        "  /// The value that was set last, by the add-in or by the host.\n"
        "  get: func(key: string) -> option<list<u8>>;\n"
        "  /// Sets a value. An empty one is kept as well. The error says what is wrong with the key, or what is full.\n"
        "  set: func(key: string, value: list<u8>) -> result<_, string>;\n"
        "}\n"
        "\n"
        "/// What the add-in may know of where it runs.\n"
        "interface reference {\n"
        "  /// Whether the host's objects and functions are in the add-in's own process, reached without a boundary.\n"
        "  is-local: func() -> bool;\n"
        "}\n";
