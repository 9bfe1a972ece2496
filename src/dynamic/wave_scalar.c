/* Numbers, characters, strings. */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "dynamic/wave_text.h"

enum { HEX_DIGITS_MAX = 6 };

/* --- Numbers ---------------------------------------------------------------------------------- */

static const char *digits(const char *at, const char *end)
{
        while (at < end && isdigit((unsigned char)*at))
                at++;
        return at;
}

/* -?(0|[1-9][0-9]*)(.[0-9]+)?([eE][-+]?[0-9]+)? at the cursor: its end, or NULL. *@ret_whole: no fraction, no exponent. */
static const char *number_end(const struct wave *wave, bool *ret_whole)
{
        const char *at = wave->at, *end = wave->end;
        at += at < end && *at == '-';
        const char *whole = at < end && *at == '0' ? at + 1 : digits(at, end);
        if (whole == at)
                return NULL;
        at = whole;
        if (at < end && *at == '.') {
                at = digits(at + 1, end);
                if (at == whole + 1)
                        return NULL;
        }
        if (at < end && (*at == 'e' || *at == 'E')) {
                const char *exponent = at + 1;
                exponent += exponent < end && (*exponent == '-' || *exponent == '+');
                at = digits(exponent, end);
                if (at == exponent)
                        return NULL;
        }
        *ret_whole = at == whole;
        return at < end && (isalnum((unsigned char)*at) || *at == '.') ? NULL : at;
}

static bool expected_int(struct wave *wave, const char *name, uint32_t size, bool is_signed)
{
        uint64_t most = UINT64_MAX >> (64 - 8 * size) >> is_signed;
        return is_signed ? wave_expected(wave, "a whole number from -%" PRIu64 " to %" PRIu64 " (%s)", most + 1, most, name)
                         : wave_expected(wave, "a whole number from 0 to %" PRIu64 " (%s)", most, name);
}

/* The magnitude; false where it is more than @most. */
static bool magnitude(const char *at, const char *end, uint64_t most, uint64_t *ret)
{
        uint64_t value = 0;
        for (; at < end; at++) {
                uint64_t digit = (uint64_t)(*at - '0');
                if (value > (most - digit) / 10)
                        return false;
                value = 10 * value + digit;
        }
        *ret = value;
        return true;
}

bool wave_read_int(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        static const char *const names[] = { [WIT_U8] = "u8", [WIT_U16] = "u16", [WIT_U32] = "u32", [WIT_U64] = "u64",
                                             [WIT_S8] = "s8", [WIT_S16] = "s16", [WIT_S32] = "s32", [WIT_S64] = "s64" };
        bool is_signed = type->flags & WARD_TYPE_SIGNED, whole = false;
        uint64_t value, most = UINT64_MAX >> (64 - 8 * type->size) >> is_signed;
        wave_peek(wave);
        const char *end = wave->failed ? NULL : number_end(wave, &whole);
        bool negative = end && *wave->at == '-';
        if (!end || !whole || (negative && !is_signed) || !magnitude(wave->at + negative, end, most + negative, &value))
                return expected_int(wave, names[wit->kind], type->size, is_signed);
        if (negative)
                value = -value;
        memcpy(to, &value, type->size); /* little-endian */
        wave->at = end;
        return true;
}

static void store_float(const char *text, const struct ward_type *type, void *to)
{
        float narrow = strtof(text, NULL); /* once: a double rounded again may be another */
        double wide = strtod(text, NULL);
        memcpy(to, type->size == sizeof narrow ? (const void *)&narrow : &wide, type->size);
}

bool wave_read_float(struct wave *wave, const struct ward_type *type, void *to)
{
        static const char *const words[] = { "nan", "-inf", "inf" };
        bool whole;
        wave_peek(wave);
        for (size_t i = 0; i < COUNT_OF(words); i++) {
                size_t len = strlen(words[i]), left = (size_t)(wave->end - wave->at);
                if (wave->failed || left < len || memcmp(wave->at, words[i], len) ||
                    (left > len && (isalnum((unsigned char)wave->at[len]) || wave->at[len] == '-')))
                        continue;
                store_float(words[i], type, to);
                wave->at += len;
                return true;
        }
        const char *end = wave->failed ? NULL : number_end(wave, &whole);
        if (!end)
                return wave_expected(wave, "a number (f%u), nan, inf or -inf", 8 * type->size);
        OWNED(freep) char *text = strndup(wave->at, (size_t)(end - wave->at)); /* strtod would take more: 0x10 */
        if (!text)
                return wave_fail(wave, wave->at, "no memory");
        store_float(text, type, to);
        wave->at = end;
        return true;
}

/* --- Characters ------------------------------------------------------------------------------- */

size_t wave_encode(uint32_t c, char to[4])
{
        if (c < 0x80)
                return to[0] = (char)c, 1;
        size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        for (size_t i = n - 1; i > 0; i--, c >>= 6)
                to[i] = (char)(0x80 | (c & 0x3f));
        to[0] = (char)((0xf00 >> n & 0xf0) | c);
        return n;
}

size_t wave_decode(const char *at, uint32_t *ret)
{
        const uint8_t *p = (const uint8_t *)at;
        size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
        uint32_t c = n == 1 ? *p : *p & (0x7fu >> n);
        for (size_t i = 1; i < n; i++)
                c = c << 6 | (p[i] & 0x3f);
        *ret = c;
        return n;
}

/* "u{2603}" at @at: its length, or 0. */
static size_t unicode_escape(const char *at, const char *end, uint32_t *ret)
{
        const char *p = at + 2;
        uint32_t c = 0;
        if (end - at < 4 || at[1] != '{')
                return 0;
        for (; p < end && isxdigit((unsigned char)*p) && p - at - 2 < HEX_DIGITS_MAX; p++)
                c = c << 4 | (uint32_t)(isdigit((unsigned char)*p) ? *p - '0' : (*p | 0x20) - 'a' + 10);
        if (p == at + 2 || p == end || *p != '}' || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
                return 0;
        *ret = c;
        return (size_t)(p + 1 - at);
}

/* One character, or one escape, at @at, which is before @end: its length, or 0 after a failure. */
static size_t character(struct wave *wave, const char *at, const char *end, uint32_t *ret)
{
        static const char letters[] = "'\"\\tnr", meant[] = "'\"\\\t\n\r";
        if (*at != '\\')
                return wave_decode(at, ret);
        const char *letter = at + 1 < end && at[1] ? strchr(letters, at[1]) : NULL;
        if (letter)
                return *ret = (uint32_t)meant[letter - letters], 2;
        size_t n = at + 1 < end && at[1] == 'u' ? unicode_escape(at + 1, end, ret) : 0;
        if (!n)
                wave_fail(wave, at, "this is no escape; there are \\' \\\" \\\\ \\t \\n \\r and \\u{1F600}");
        return n ? n + 1 : 0;
}

bool wave_read_char(struct wave *wave, void *to)
{
        uint32_t c = 0;
        if (wave_peek(wave) != '\'')
                return wave_expected(wave, "a character, such as 'x'");
        const char *at = wave->at + 1;
        if (at == wave->end || *at == '\'' || *at == '\n')
                return wave_fail(wave, wave->at, "a character is missing between the quotes");
        size_t n = character(wave, at, wave->end, &c);
        if (!n)
                return false;
        if (at + n == wave->end || at[n] != '\'')
                return wave_fail(wave, at + n, "expected ' behind one character");
        memcpy(to, &c, sizeof c);
        wave->at = at + n + 1;
        return true;
}

/* --- Strings ---------------------------------------------------------------------------------- */

/* What has been read of a string. Escapes are longer than what they mean: the text's own length is enough. */
struct string {
        char *ptr;
        size_t len;
};

static bool string_begin(struct wave *wave, const char *at, const char *end, struct string *string)
{
        *string = (struct string){ .ptr = malloc((size_t)(end - at) + 1) };
        return string->ptr || wave_fail(wave, at, "no memory");
}

static bool string_add(struct wave *wave, const char *at, const char *end, struct string *string)
{
        uint32_t c;
        while (at < end) {
                size_t n = character(wave, at, end, &c);
                if (!n)
                        return false;
                at += n;
                string->len += wave_encode(c, string->ptr + string->len);
        }
        return true;
}

/* An empty string owns nothing. */
static void string_end(struct string *string, void *to)
{
        if (!string->len)
                free(string->ptr);
        if (!string->len)
                string->ptr = NULL;
        memcpy(to, string, sizeof *string);
}

static bool read_line(struct wave *wave, void *to)
{
        const char *at = wave->at + 1, *end = at;
        struct string string;
        while (end < wave->end && *end != '"' && *end != '\n')
                end += *end == '\\' && end + 1 < wave->end ? 2 : 1;
        if (end >= wave->end || *end != '"')
                return wave_fail(wave, wave->at, "this string does not end in its line");
        if (!string_begin(wave, at, end, &string))
                return false;
        bool good = string_add(wave, at, end, &string);
        string_end(&string, to);
        wave->at = end + 1;
        return good;
}

/* The lines between @at and @end, all of them ended; each is indented by @indent more blanks than it means. */
static bool add_lines(struct wave *wave, const char *at, const char *end, size_t indent, struct string *string)
{
        for (bool first = true; at < end; first = false) {
                const char *newline = memchr(at, '\n', (size_t)(end - at));
                size_t blanks = 0;
                while (blanks < indent && at + blanks < newline && at[blanks] == ' ')
                        blanks++;
                if (blanks < indent)
                        return wave_fail(wave, at, "this line has to be indented as much as the closing \"\"\"");
                const char *stop = newline > at + blanks && newline[-1] == '\r' ? newline - 1 : newline;
                if (!first)
                        string->ptr[string->len++] = '\n';
                if (!string_add(wave, at + blanks, stop, string))
                        return false;
                at = newline + 1;
        }
        return true;
}

/* A string of several lines, between """ and a newline, and a line with """ alone. */
static bool read_lines(struct wave *wave, void *to)
{
        const char *at = wave->at + 3;
        const char *end = memmem(at, (size_t)(wave->end - at), "\"\"\"", 3);
        struct string string;
        if (!end)
                return wave_fail(wave, wave->at, "this string is not closed by \"\"\"");
        at += at < end && *at == '\r';
        if (at == end || *at != '\n')
                return wave_fail(wave, wave->at, "behind \"\"\" the line has to end");
        at++;
        const char *last = end;
        while (last > at && last[-1] == ' ')
                last--;
        if (last > at && last[-1] != '\n')
                return wave_fail(wave, end, "the closing \"\"\" has to be in a line of its own");
        if (!string_begin(wave, at, end, &string))
                return false;
        bool good = add_lines(wave, at, last, (size_t)(end - last), &string);
        string_end(&string, to);
        wave->at = end + 3;
        return good;
}

bool wave_read_string(struct wave *wave, void *to)
{
        if (wave_peek(wave) != '"')
                return wave_expected(wave, "a string, such as \"text\"");
        if (wave->end - wave->at >= 3 && !memcmp(wave->at, "\"\"\"", 3))
                return read_lines(wave, to);
        return read_line(wave, to);
}
