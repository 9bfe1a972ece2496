/* Which characters a source may hold. */
#include <stdint.h>

#include "base/fault.h"
#include "base/own.h"
#include "contract/lex.h"

/* The character that begins at @at, which is well-formed UTF-8. */
static uint32_t decode(const uint8_t *at, size_t *ret_len)
{
        if (at[0] < 0x80) {
                *ret_len = 1;
                return at[0];
        }
        size_t len = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
        uint32_t character = at[0] & (0x7fu >> len);
        for (size_t i = 1; i < len; i++)
                character = character << 6 | (at[i] & 0x3f);
        *ret_len = len;
        return character;
}

/* Why a character is forbidden, or NULL. */
static const char *objection(uint32_t c)
{
        static const uint16_t deprecated[] = { 0x149, 0x673, 0xf77, 0xf79, 0x17a3, 0x17a4, 0x17b4, 0x17b5 };
        if ((c < 0x20 && c != '\n' && c != '\r' && c != '\t') || (c >= 0x7f && c < 0xa0))
                return "control characters are not allowed";
        if ((c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069))
                return "characters that change the direction of text are not allowed";
        for (size_t i = 0; i < COUNT_OF(deprecated); i++)
                if (c == deprecated[i])
                        return "Unicode discourages this character";
        return NULL;
}

/* The length of the longest well-formed beginning. */
static size_t utf8_prefix(const uint8_t *text, size_t len)
{
        size_t good = 0;
        for (size_t step = len; step; step /= 2)
                while (good + step <= len && text_is_utf8(text + good, step))
                        good += step;
        return good;
}

bool lex_check(const struct source *source, struct report *report)
{
        const uint8_t *text = (const uint8_t *)source->text;
        if (!text_is_utf8(text, source->len)) {
                size_t good = utf8_prefix(text, source->len);
                report_at(report, (struct place){ source, good, 1 }, "this is not UTF-8");
                return false;
        }
        for (size_t i = 0, len; i < source->len; i += len) {
                uint32_t c = decode(text + i, &len);
                const char *why = objection(c);
                if (why) {
                        report_at(report, (struct place){ source, i, len }, "U+%04X: %s in WIT", (unsigned)c, why);
                        return false;
                }
        }
        return true;
}
