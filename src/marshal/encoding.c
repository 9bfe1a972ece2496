#include "marshal/encoding.h"

#include <stdint.h>
#include <string.h>

#include "base/fault.h"

enum {
        SURROGATES = 0xd800,  /* 0xd800 to 0xdbff lead a pair, 0xdc00 to 0xdfff end it */
        SUPPLEMENT = 0x10000, /* the first character that takes a pair in UTF-16 and four bytes in UTF-8 */
};

static const uint64_t EIGHT_NOT_ASCII = 0x8080808080808080u, FOUR_NOT_ASCII = 0xff80ff80ff80ff80u;

static uint64_t word_at(const void *at)
{
        uint64_t word;
        memcpy(&word, at, sizeof word);
        return word;
}

static bool eight_ascii(const uint8_t *at, size_t left)
{
        return left >= 8 && !(word_at(at) & EIGHT_NOT_ASCII);
}

static bool four_ascii(const uint16_t *at, size_t left)
{
        return left >= 4 && !(word_at(at) & FOUR_NOT_ASCII);
}

static bool leads_pair(uint16_t unit)
{
        return (unit & 0xfc00) == SURROGATES;
}

static bool ends_pair(uint16_t unit)
{
        return (unit & 0xfc00) == (SURROGATES | 0x400);
}

/* --- Measuring -------------------------------------------------------------------------------- */

/* How many units of UTF-16 well-formed UTF-8 is: one for each byte that begins a character, one more where that takes a pair. */
static size_t utf8_as_utf16(const uint8_t *at, size_t len)
{
        size_t units = 0;
        for (size_t i = 0; i < len;) {
                if (eight_ascii(at + i, len - i)) {
                        units += 8;
                        i += 8;
                        continue;
                }
                units += (at[i] & 0xc0) != 0x80;
                units += at[i++] >= 0xf0;
        }
        return units;
}

/* How many bytes of UTF-8 a character at @at is. @ret_units: how many units it takes here; 0 if it is half of a pair. */
static size_t utf16_as_utf8_one(const uint16_t *at, size_t left, size_t *ret_units)
{
        bool pair = leads_pair(*at) && left > 1 && ends_pair(at[1]);
        bool half = (*at & 0xf800) == SURROGATES && !pair;
        *ret_units = half ? 0 : pair ? 2 : 1;
        return pair ? 4 : *at < 0x80 ? 1 : *at < 0x800 ? 2 : 3;
}

static bool measure_utf16(const uint16_t *at, size_t len, size_t *ret_bytes)
{
        size_t bytes = 0, taken;
        for (size_t i = 0; i < len; i += taken) {
                if (four_ascii(at + i, len - i)) {
                        bytes += taken = 4;
                        continue;
                }
                bytes += utf16_as_utf8_one(at + i, len - i, &taken);
                if (!taken)
                        return false;
        }
        *ret_bytes = bytes;
        return true;
}

bool encoding_measure(const struct text *text, enum marshal_encoding as, size_t *ret_units)
{
        size_t units = text->units;
        bool good;
        if (text->encoding == MARSHAL_UTF8) {
                good = text_is_utf8(text->at, text->units);
                if (good && as == MARSHAL_UTF16)
                        units = utf8_as_utf16(text->at, text->units);
        } else {
                size_t bytes = 0;
                good = measure_utf16(text->at, text->units, &bytes);
                if (as == MARSHAL_UTF8)
                        units = bytes;
        }
        if (good)
                *ret_units = units;
        return good;
}

/* A character of three bytes is one unit of two; a unit is at least one byte. */
size_t encoding_least_bytes(const struct text *text, enum marshal_encoding as)
{
        if (text->encoding == as)
                return text->units > SIZE_MAX / 2 ? SIZE_MAX : text->units * encoding_unit(as);
        return as == MARSHAL_UTF16 ? text->units / 3 * 2 : text->units;
}

/* --- Converting ------------------------------------------------------------------------------- */

/* The character at @at, of well-formed UTF-8, and how many bytes it takes, at most @left. */
static size_t read_utf8(const uint8_t *at, size_t left, uint32_t *ret_c)
{
        size_t n = at[0] < 0x80 ? 1 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
        uint32_t c = n == 1 ? at[0] : at[0] & (0x7fu >> n);
        for (size_t i = 1; i < n && i < left; i++)
                c = c << 6 | (at[i] & 0x3f);
        *ret_c = c;
        return n < left ? n : left;
}

static size_t read_utf16(const uint16_t *at, size_t left, uint32_t *ret_c)
{
        if (!leads_pair(*at) || left < 2) {
                *ret_c = *at;
                return 1;
        }
        *ret_c = SUPPLEMENT + ((uint32_t)(at[0] & 0x3ff) << 10) + (at[1] & 0x3ff);
        return 2;
}

/* Writes @c if there is room for it; returns how many units it takes. */
static size_t write_utf8(uint32_t c, uint8_t *to, size_t room)
{
        static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < SUPPLEMENT ? 3 : 4;
        if (n > room)
                return n;
        for (size_t i = n; i-- > 1; c >>= 6)
                to[i] = (uint8_t)(0x80 | (c & 0x3f));
        to[0] = (uint8_t)(lead[n] | c);
        return n;
}

static size_t write_utf16(uint32_t c, uint16_t *to, size_t room)
{
        size_t n = c < SUPPLEMENT ? 1 : 2;
        if (n > room)
                return n;
        if (n == 1) {
                to[0] = (uint16_t)c;
                return n;
        }
        to[0] = (uint16_t)(SURROGATES | ((c - SUPPLEMENT) >> 10 & 0x3ff));
        to[1] = (uint16_t)(SURROGATES | 0x400 | (c & 0x3ff));
        return n;
}

static void to_utf16(const uint8_t *from, size_t len, uint16_t *to, size_t units)
{
        uint32_t c;
        for (size_t i = 0, out = 0; i < len && out < units;) {
                if (units - out >= 8 && eight_ascii(from + i, len - i)) {
                        for (size_t k = 0; k < 8; k++)
                                to[out + k] = from[i + k];
                        out += 8;
                        i += 8;
                        continue;
                }
                i += read_utf8(from + i, len - i, &c);
                out += write_utf16(c, to + out, units - out);
        }
}

static void to_utf8(const uint16_t *from, size_t len, uint8_t *to, size_t units)
{
        uint32_t c;
        for (size_t i = 0, out = 0; i < len && out < units;) {
                if (units - out >= 4 && four_ascii(from + i, len - i)) {
                        for (size_t k = 0; k < 4; k++)
                                to[out + k] = (uint8_t)from[i + k];
                        out += 4;
                        i += 4;
                        continue;
                }
                i += read_utf16(from + i, len - i, &c);
                out += write_utf8(c, to + out, units - out);
        }
}

void encoding_convert(const struct text *text, void *to, size_t units)
{
        if (text->encoding == MARSHAL_UTF8)
                to_utf16(text->at, text->units, to, units);
        else
                to_utf8(text->at, text->units, to, units);
}
