/* String literals: "…" with escapes, as in the text format of WebAssembly. */
#include <stdint.h>

#include "contract/lex.h"

struct cursor {
        const struct source *source;
        struct report *report;
        size_t at;
        bool bad;
        char *to; /* or NULL */
        size_t len;
};

static void refuse(struct cursor *c, size_t at, const char *why)
{
        if (!c->bad)
                report_at(c->report, (struct place){ c->source, at, at < c->source->len }, "%s", why);
        c->bad = true;
}

/* The next byte, or 0 at the end, which is an error. */
static unsigned char next(struct cursor *c)
{
        if (c->at < c->source->len)
                return (unsigned char)c->source->text[c->at++];
        refuse(c, c->at, "this string has no end: `\"` is missing");
        return 0;
}

static void put(struct cursor *c, unsigned char byte)
{
        if (c->to)
                c->to[c->len] = (char)byte;
        c->len++;
}

static void put_character(struct cursor *c, uint32_t character)
{
        if (character < 0x80) {
                put(c, (unsigned char)character);
                return;
        }
        int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
        put(c, (unsigned char)(0xff00 >> (more + 1) | character >> (6 * more)));
        while (more--)
                put(c, (unsigned char)(0x80 | (character >> (6 * more) & 0x3f)));
}

static int hex_value(unsigned char byte)
{
        if (byte >= '0' && byte <= '9')
                return byte - '0';
        if ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f')
                return (byte | 0x20) - 'a' + 10;
        return -1;
}

static int next_hex(struct cursor *c)
{
        size_t at = c->at;
        int value = hex_value(next(c));
        if (value < 0)
                refuse(c, at, "a hexadecimal digit belongs here");
        return value < 0 ? 0 : value;
}

static void expect(struct cursor *c, char byte, const char *why)
{
        size_t at = c->at;
        if (next(c) != (unsigned char)byte)
                refuse(c, at, why);
}

/* `{1F600}`, where `_` may stand between digits. */
static void lex_unicode(struct cursor *c, size_t at)
{
        expect(c, '{', "'{' belongs behind `\\u`");
        uint32_t character = (uint32_t)next_hex(c);
        for (unsigned char byte; !c->bad; c->at++) {
                byte = (unsigned char)c->source->text[c->at];
                if (byte != '_' && hex_value(byte) < 0)
                        break;
                if (byte != '_' && character < 0x110000)
                        character = character << 4 | (uint32_t)hex_value(byte);
        }
        if (c->source->text[c->at - 1] == '_')
                refuse(c, c->at - 1, "a hexadecimal digit belongs behind `_`");
        expect(c, '}', "'}' belongs behind the number");
        if (character == 0 || character >= 0x110000 || (character >= 0xd800 && character < 0xe000))
                refuse(c, at, "this is no character");
        put_character(c, character);
}

static void lex_escape(struct cursor *c)
{
        size_t at = c->at;
        unsigned char byte = next(c);
        switch (byte) {
        case '"':
        case '\'':
        case '\\':
                put(c, byte);
                return;
        case 't':
                put(c, '\t');
                return;
        case 'n':
                put(c, '\n');
                return;
        case 'r':
                put(c, '\r');
                return;
        case 'u':
                lex_unicode(c, at);
                return;
        default:
                break;
        }
        int high = hex_value(byte);
        if (high < 0) {
                refuse(c, at, "there is no such escape; there are \\\" \\' \\\\ \\t \\n \\r \\u{…} and \\hh");
                return;
        }
        int value = high << 4 | next_hex(c);
        if (!value)
                refuse(c, at, "a string may not hold the character 0");
        put(c, (unsigned char)value);
}

size_t lex_string(const struct source *source, size_t at, struct report *report, char *ret_text)
{
        struct cursor c = { .source = source, .report = report, .at = at + 1, .to = ret_text };
        while (!c.bad) {
                size_t here = c.at;
                unsigned char byte = next(&c);
                if (c.bad || byte == '"')
                        break;
                if (byte == '\\')
                        lex_escape(&c);
                else if (byte < 0x20 || byte == 0x7f)
                        refuse(&c, here,
                               "a string ends on the line that it begins on, and holds no control characters: use \\n and the "
                               "like");
                else
                        put(&c, byte);
        }
        if (ret_text && !c.bad)
                ret_text[c.len] = 0;
        return c.bad ? 0 : c.at - at;
}
