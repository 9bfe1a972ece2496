#include "dynamic/wave.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "dynamic/wave_text.h"

enum { FOUND_MAX = 24 };

void wave_begin(struct wave *wave, const char *text, size_t len)
{
        *wave = (struct wave){ .begin = text, .at = text, .end = text + len };
        if (!text_is_utf8(text, len))
                wave_fail(wave, text, "this is not UTF-8");
}

/* --- Errors ----------------------------------------------------------------------------------- */

static bool fail(struct wave *wave, const char *at, const char *format, va_list arguments) __attribute__((format(printf, 3, 0)));
static bool fail(struct wave *wave, const char *at, const char *format, va_list arguments)
{
        if (wave->failed)
                return false;
        wave->failed = true;
        wave->error.at = (size_t)(at - wave->begin);
        vsnprintf(wave->error.text, sizeof wave->error.text, format, arguments);
        return false;
}

bool wave_fail(struct wave *wave, const char *at, const char *format, ...)
{
        va_list arguments;
        va_start(arguments, format);
        fail(wave, at, format, arguments);
        va_end(arguments);
        return false;
}

static bool is_word(char c)
{
        return isalnum((unsigned char)c) || strchr("%_+-.", c);
}

/* What stands at the cursor, in a few characters. */
static const char *found(const struct wave *wave, char text[FOUND_MAX * 4 + 8])
{
        char shown[FOUND_MAX * 4 + 1];
        size_t len = 0, left = (size_t)(wave->end - wave->at);
        if (!left)
                return "the end";
        if (*wave->at == '"')
                return "a string";
        while (len < left && len < FOUND_MAX && wave->at[len] && is_word(wave->at[len]))
                len++;
        if (!len)
                for (len = 1; len < left && ((unsigned char)wave->at[len] & 0xc0) == 0x80;)
                        len++;
        text_escape(shown, sizeof shown, wave->at, len, false);
        snprintf(text, FOUND_MAX * 4 + 8, "'%s'", shown);
        return text;
}

bool wave_expected(struct wave *wave, const char *format, ...)
{
        char what[160], text[FOUND_MAX * 4 + 8];
        va_list arguments;
        wave_peek(wave);
        va_start(arguments, format);
        vsnprintf(what, sizeof what, format, arguments);
        va_end(arguments);
        return wave_fail(wave, wave->at, "expected %s, found %s", what, found(wave, text));
}

/* The column in characters, as a terminal counts most of them. */
static int column(const char *line, const char *at)
{
        int n = 0;
        for (; line < at; line++)
                n += ((unsigned char)*line & 0xc0) != 0x80;
        return n;
}

void wave_error_print(const struct wave *wave, FILE *out)
{
        const char *at = wave->begin + wave->error.at, *line = at;
        while (line > wave->begin && line[-1] != '\n')
                line--;
        const char *newline = at < wave->end ? memchr(at, '\n', (size_t)(wave->end - at)) : NULL;
        size_t len = (size_t)((newline ? newline : wave->end) - line);
        fprintf(out, "%s\n", wave->error.text);
        OWNED(freep) char *shown = malloc(4 * len + 1), *before = malloc(4 * len + 1);
        if (shown && before) {
                text_escape(shown, 4 * len + 1, line, len, false);
                text_escape(before, 4 * len + 1, line, (size_t)(at - line), false);
                fprintf(out, "  %s\n  %*s^\n", shown, column(before, before + strlen(before)), "");
        }
}

/* --- Punctuation and words -------------------------------------------------------------------- */

char wave_peek(struct wave *wave)
{
        if (wave->failed)
                return 0;
        while (wave->at < wave->end) {
                bool comment = wave->at + 1 < wave->end && wave->at[0] == '/' && wave->at[1] == '/';
                if (!comment && (!*wave->at || !strchr(" \t\r\n", *wave->at)))
                        return *wave->at;
                const char *newline = comment ? memchr(wave->at, '\n', (size_t)(wave->end - wave->at)) : NULL;
                wave->at = newline ? newline + 1 : comment ? wave->end : wave->at + 1;
        }
        return 0;
}

bool wave_take(struct wave *wave, char punctuation)
{
        if (wave_peek(wave) != punctuation || wave->failed)
                return false;
        wave->at++;
        return true;
}

bool wave_expect(struct wave *wave, char punctuation)
{
        return wave_take(wave, punctuation) || wave_expected(wave, "'%c'", punctuation);
}

bool wave_end(struct wave *wave)
{
        wave_peek(wave);
        return !wave->failed && (wave->at == wave->end || wave_expected(wave, "nothing more"));
}

struct ward_span wave_word(struct wave *wave, const char *until)
{
        wave_peek(wave);
        const char *at = wave->at, *end = at;
        while (!wave->failed && end < wave->end && *end && !strchr(" \t\r\n", *end) && !strchr(until, *end))
                end++;
        wave->at = end;
        return (struct ward_span){ (const uint8_t *)at, (size_t)(end - at) };
}

/* Whether it is well formed is seen when it is looked up: names of a contract are. */
bool wave_peek_label(struct wave *wave, struct wave_label *ret)
{
        wave_peek(wave);
        const char *at = wave->at;
        bool escaped = !wave->failed && at < wave->end && *at == '%';
        at += escaped;
        if (wave->failed || at == wave->end || !isalpha((unsigned char)*at))
                return false;
        const char *end = at;
        while (end < wave->end && (isalnum((unsigned char)*end) || *end == '-'))
                end++;
        *ret = (struct wave_label){ { (const uint8_t *)at, (size_t)(end - at) }, escaped };
        return true;
}

void wave_take_label(struct wave *wave, const struct wave_label *label)
{
        wave->at = (const char *)label->name.at + label->name.len;
}

bool wave_is_keyword(struct ward_span name)
{
        static const char *const keywords[] = { "true", "false", "some", "none", "ok", "err", "inf", "nan" };
        for (size_t i = 0; i < COUNT_OF(keywords); i++)
                if (span_is(name, keywords[i]))
                        return true;
        return false;
}

bool wave_take_keyword(struct wave *wave, const char *name)
{
        struct wave_label label;
        if (!wave_peek_label(wave, &label) || label.escaped || !span_is(label.name, name))
                return false;
        wave_take_label(wave, &label);
        return true;
}
