#include "policy/words.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

int policy_fail(struct policy_error *error, size_t column, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        vsnprintf(error->text, sizeof error->text, format, args);
        va_end(args);
        error->column = column;
        return -EINVAL;
}

/* --- Reading ---------------------------------------------------------------------------------- */

struct splitter {
        struct ward_span line;
        size_t at;
        char *to;
        struct policy_error *error;
};

static int peek(const struct splitter *s)
{
        return s->at < s->line.len ? s->line.at[s->at] : -1;
}

static bool is_blank(int c)
{
        return c == ' ' || c == '\t';
}

static int hex_digit(int c)
{
        return c < 0 || !isxdigit(c) ? -1 : isdigit(c) ? c - '0' : tolower(c) - 'a' + 10;
}

/* Behind "\x". */
static int read_byte(struct splitter *s, size_t column)
{
        int high = hex_digit(peek(s));
        s->at += high >= 0;
        int low = high < 0 ? -1 : hex_digit(peek(s));
        s->at += low >= 0;
        if (low < 0 || high + low == 0)
                return policy_fail(s->error, column, "'\\x' is followed by two hexadecimal digits, not both 0");
        *s->to++ = (char)(high << 4 | low);
        return 0;
}

/* Behind a backslash. */
static int read_escape(struct splitter *s, size_t column)
{
        int c = peek(s);
        s->at++;
        if (c == 'x')
                return read_byte(s, column);
        if (c != '"' && c != '\\' && c != 'n' && c != 't')
                return policy_fail(s->error, column, "between quotes a backslash is written '\\\\'");
        *s->to++ = (char)(c == 'n' ? '\n' : c == 't' ? '\t' : c);
        return 0;
}

/* Behind the opening quote, to behind the closing one. */
static int read_quoted(struct splitter *s)
{
        size_t opening = s->at;
        for (int c; (c = peek(s)) != '"';) {
                s->at++;
                if (c < 0)
                        return policy_fail(s->error, opening, "this quote has no end: '\"' is missing");
                if (c == '\\' && read_escape(s, s->at))
                        return -EINVAL;
                if (c < ' ' && c != '\t')
                        return policy_fail(s->error, s->at, "this byte (%#x) is written '\\x%02x'", (unsigned)c, (unsigned)c);
                if (c != '\\')
                        *s->to++ = (char)c;
        }
        s->at++;
        return 0;
}

static int read_word(struct splitter *s, struct word *word)
{
        *word = (struct word){ .column = s->at + 1, .text = s->to };
        for (int c; (c = peek(s)) >= 0 && !is_blank(c);) {
                s->at++;
                if (c == '"') {
                        word->quoted = true;
                        if (read_quoted(s))
                                return -EINVAL;
                } else if (c == '#') {
                        return policy_fail(s->error, s->at, "put what has '#' in it between quotes, or a blank before a comment");
                } else if (c < ' ' || c == 0x7f) {
                        return policy_fail(s->error, s->at, "this byte (%#x) stands only between quotes, as '\\x%02x'", (unsigned)c,
                                           (unsigned)c);
                } else {
                        *s->to++ = (char)c;
                }
        }
        *s->to++ = 0;
        return 0;
}

static int split(struct splitter *s, bool comments, struct words *words)
{
        for (;; words->n++) {
                while (is_blank(peek(s)))
                        s->at++;
                if (peek(s) < 0 || (peek(s) == '#' && comments) || words->n == WORDS_MAX)
                        return 0;
                int r = read_word(s, &words->at[words->n]);
                if (r)
                        return r;
        }
}

int words_split(struct ward_span line, bool comments, struct words *ret_words, struct policy_error *error)
{
        struct words words = { .room = malloc(line.len + WORDS_MAX) };
        struct splitter s = { .line = line, .to = words.room, .error = error };
        if (!words.room)
                return -ENOMEM;
        int r = split(&s, comments, &words);
        if (r)
                words_finish(&words);
        else
                *ret_words = words;
        return r;
}

void words_finish(struct words *words)
{
        free(words->room);
        *words = (struct words){ 0 };
}

size_t word_column(const struct word *word, size_t offset)
{
        return word->quoted ? word->column : word->column + offset;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static bool is_plain(const char *text)
{
        bool plain = *text;
        for (; *text && plain; text++) {
                unsigned char c = (unsigned char)*text;
                plain = c > ' ' && c != 0x7f && c != '"' && c != '#';
        }
        return plain;
}

void word_print(const char *text, FILE *out)
{
        bool plain = is_plain(text);
        if (plain) {
                fputs(text, out);
                return;
        }
        fputc('"', out);
        for (; *text; text++) {
                unsigned char c = (unsigned char)*text;
                if (c == '"' || c == '\\')
                        fprintf(out, "\\%c", c);
                else if (c < ' ' || c == 0x7f)
                        fprintf(out, "\\x%02x", c);
                else
                        fputc(c, out);
        }
        fputc('"', out);
}
