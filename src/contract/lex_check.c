/* Which characters a source may hold. */
#include <stdint.h>

#include "base/fault.h"
#include "base/own.h"
#include "contract/lex.h"

/* The character that begins @text, or false if that is not UTF-8. */
static bool decode(const uint8_t *text, size_t room, uint32_t *ret_character, size_t *ret_len)
{
        size_t len = text[0] < 0x80 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
        if (len > room || !text_is_utf8(text, len))
                return false;
        uint32_t character = len == 1 ? text[0] : text[0] & (0x7fu >> len);
        for (size_t i = 1; i < len; i++)
                character = character << 6 | (text[i] & 0x3f);
        *ret_character = character;
        *ret_len = len;
        return true;
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

bool lex_check(const struct source *source, struct report *report)
{
        const uint8_t *text = (const uint8_t *)source->text;
        for (size_t i = 0, len; i < source->len; i += len) {
                uint32_t c;
                if (!decode(text + i, source->len - i, &c, &len)) {
                        report_at(report, (struct place){ source, i, 1 }, "this is not UTF-8");
                        return false;
                }
                const char *why = objection(c);
                if (why) {
                        report_at(report, (struct place){ source, i, len }, "U+%04X: %s in WIT", (unsigned)c, why);
                        return false;
                }
        }
        return true;
}
