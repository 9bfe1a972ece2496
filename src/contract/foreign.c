#include "contract/foreign.h"

#include <string.h>

#include "base/own.h"

struct foreign {
        const char *name;
        const char *wit;
};

/* Of other languages, and of WIT in earlier days. */
static const struct foreign types[] = {
        { "float32", "`f32`" },
        { "float64", "`f64`" },
        { "float", "`f32`" },
        { "double", "`f64`" },
        { "number", "`f64`, or an integer such as `s32`" },
        { "i8", "`s8`" },
        { "i16", "`s16`" },
        { "i32", "`s32`" },
        { "i64", "`s64`" },
        { "int", "`s32`" },
        { "int8", "`s8`" },
        { "int16", "`s16`" },
        { "int32", "`s32`" },
        { "int64", "`s64`" },
        { "integer", "`s32`" },
        { "short", "`s16`" },
        { "long", "`s64`" },
        { "uint", "`u32`" },
        { "uint8", "`u8`" },
        { "uint16", "`u16`" },
        { "uint32", "`u32`" },
        { "uint64", "`u64`" },
        { "unsigned", "`u32`" },
        { "int8_t", "`s8`" },
        { "int16_t", "`s16`" },
        { "int32_t", "`s32`" },
        { "int64_t", "`s64`" },
        { "uint8_t", "`u8`" },
        { "uint16_t", "`u16`" },
        { "uint32_t", "`u32`" },
        { "uint64_t", "`u64`" },
        { "size_t", "`u32` or `u64`" },
        { "ssize_t", "`s32` or `s64`" },
        { "uintptr_t", "`u64`, or a handle of a `resource`" },
        { "usize", "`u32` or `u64`" },
        { "isize", "`s32` or `s64`" },
        { "wchar_t", "`char`" },
        { "boolean", "`bool`" },
        { "str", "`string`" },
        { "text", "`string`" },
        { "byte", "`u8`" },
        { "bytes", "`list<u8>`" },
        { "array", "`list<…>`" },
        { "vec", "`list<…>`" },
        { "vector", "`list<…>`" },
        { "Array", "`list<…>`" },
        { "Vec", "`list<…>`" },
        { "optional", "`option<…>`" },
        { "dict", "`map<…, …>`" },
};

static const struct foreign words[] = {
        { "struct", "WIT calls it `record`" },
        { "class", "WIT calls it `resource`" },
        { "union", "WIT calls it `variant`" },
        { "typedef", "write `type name = …;`" },
        { "alias", "write `type name = …;`" },
        { "using", "write `type name = …;`" },
        { "function", "a function is written `name: func(…)`" },
        { "fn", "a function is written `name: func(…)`" },
        { "fun", "a function is written `name: func(…)`" },
        { "def", "a function is written `name: func(…)`" },
        { "method", "a function is written `name: func(…)`" },
        { "const", "WIT has no `const`; a constant can be what a function returns" },
        { "void", "a function without parameters is `func()`, and one without a result has no `->`" },
        { "module", "WIT calls it `interface`" },
        { "namespace", "WIT calls it `interface`" },
        { "trait", "WIT calls it `interface`" },
        { "service", "WIT calls it `interface`" },
};

static const struct foreign characters[] = {
        { "#", "a comment begins with `//`" },
        { "[", "a list is `list<…>`" },
        { "]", "a list is `list<…>`" },
        { "?", "what may be missing is `option<…>`" },
        { "&", "what is lent is `borrow<…>`" },
        { "|", "one of several is a `variant`" },
        { "\\", "escapes stand in a string only" },
};

static const char *find(const struct foreign *table, size_t n, const char *name, size_t len)
{
        for (size_t i = 0; i < n; i++)
                if (strlen(table[i].name) == len && !memcmp(table[i].name, name, len))
                        return table[i].wit;
        return NULL;
}

const char *foreign_type(const char *name, size_t len)
{
        return find(types, COUNT_OF(types), name, len);
}

const char *foreign_word(const char *word, size_t len)
{
        return find(words, COUNT_OF(words), word, len);
}

const char *foreign_character(char character)
{
        return find(characters, COUNT_OF(characters), &character, 1);
}

static bool is_upper(char c)
{
        return c >= 'A' && c <= 'Z';
}

static bool is_small(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Whether the letter at @at begins a word: the N in `addNumbers`, the S in `HTTPServer`. */
static bool begins_word(const char *name, size_t len, size_t at)
{
        if (!at || !is_upper(name[at]))
                return false;
        return is_small(name[at - 1]) || (is_upper(name[at - 1]) && at + 1 < len && name[at + 1] >= 'a' && name[at + 1] <= 'z');
}

bool foreign_kebab(const char *name, size_t len, char *ret_text, size_t room)
{
        size_t n = 0;
        if (2 * len >= room)
                return false;
        for (size_t i = 0; i < len; i++) {
                bool letter = is_upper(name[i]) || is_small(name[i]);
                if (!letter && name[i] != '_' && name[i] != '-')
                        return false;
                if ((!letter || begins_word(name, len, i)) && n && ret_text[n - 1] != '-')
                        ret_text[n++] = '-';
                if (letter)
                        ret_text[n++] = (char)(is_upper(name[i]) ? name[i] | 0x20 : name[i]);
        }
        n -= n && ret_text[n - 1] == '-';
        ret_text[n] = 0;
        return n && ret_text[0] >= 'a';
}
