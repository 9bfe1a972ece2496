#include "contract/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum {
        SHOWN_BEFORE = 72, /* bytes of the line that are shown before the place, and behind where it begins */
        SHOWN_BEHIND = 48,
        SHOWN_MAX = 4 * (SHOWN_BEFORE + SHOWN_BEHIND) + 16,
};

void place_position(struct place place, size_t *ret_line, size_t *ret_column)
{
        size_t line = 1, start = 0;
        for (size_t i = 0; i < place.at; i++)
                if (place.source->text[i] == '\n') {
                        line++;
                        start = i + 1;
                }
        *ret_line = line;
        *ret_column = place.at - start + 1;
}

const char *place_describe(struct place place, char *text, size_t room)
{
        size_t line, column;
        place_position(place, &line, &column);
        snprintf(text, room, "%s:%zu:%zu", place.source->name, line, column);
        return text;
}

static bool is_continuation(char byte)
{
        return ((unsigned char)byte & 0xc0) == 0x80;
}

/* The part of the line that is shown. */
static void shown_part(struct place place, size_t *ret_from, size_t *ret_to)
{
        const char *text = place.source->text;
        size_t from = place.at, to = place.at;
        while (from && text[from - 1] != '\n' && place.at - from < SHOWN_BEFORE)
                from--;
        while (from < place.at && is_continuation(text[from]))
                from++;
        while (to < place.source->len && text[to] != '\n' && text[to] != '\r' && to - place.at < SHOWN_BEHIND)
                to++;
        while (to > place.at && to < place.source->len && is_continuation(text[to]))
                to--;
        *ret_from = from;
        *ret_to = to;
}

/* Printable, with a space for a tab: the caret below must stand at the right place. */
static size_t show(char *shown, const char *from, size_t len)
{
        char plain[SHOWN_BEFORE + SHOWN_BEHIND + 1];
        size_t width = 0;
        memcpy(plain, from, len);
        for (size_t i = 0; i < len; i++)
                if (plain[i] == '\t')
                        plain[i] = ' ';
        text_escape(shown, SHOWN_MAX, plain, len, 0);
        for (const char *at = shown; *at; at++)
                width += !is_continuation(*at);
        return width;
}

static void write_excerpt(FILE *out, struct place place, size_t line)
{
        char before[SHOWN_MAX], behind[SHOWN_MAX];
        size_t from, to;
        shown_part(place, &from, &to);
        const char *text = place.source->text;
        size_t indent = show(before, text + from, place.at - from);
        size_t rest = show(behind, text + place.at, to - place.at);
        const char *cut = from && text[from - 1] != '\n' ? "…" : "";
        const char *more = to < place.source->len && text[to] != '\n' && text[to] != '\r' ? "…" : "";
        int digits = snprintf(NULL, 0, "%zu", line);
        fprintf(out, "\n  %zu | %s%s%s%s\n  %*s | %*s^", line, cut, before, behind, more, digits, "", (int)(indent + (*cut != 0)),
                "");
        for (size_t i = 1; i < place.len && i < rest; i++)
                fputc('~', out);
}

static void write_message(FILE *out, const char *format, va_list args)
{
        char raw[1024], shown[1024];
        int len = vsnprintf(raw, sizeof raw, format, args);
        text_escape(shown, sizeof shown, raw, len < 0 ? 0 : strnlen(raw, sizeof raw), 0);
        fputs(shown, out);
}

static void write_report(FILE *out, struct place place, const char *format, va_list args)
{
        size_t line, column;
        if (place.source) {
                place_position(place, &line, &column);
                fprintf(out, "%s:%zu:%zu: ", place.source->name, line, column);
        }
        write_message(out, format, args);
        if (place.source)
                write_excerpt(out, place, line);
        fputc('\n', out);
}

/* Takes @more. */
static void append(struct contract_error *error, char *more)
{
        char *both = more;
        if (error->text && more) {
                both = NULL;
                if (asprintf(&both, "%s%s", error->text, more) < 0)
                        both = NULL;
                free(more);
        }
        if (!both)
                return;
        free(error->text);
        error->text = both;
}

static bool is_known(const struct report *report, struct place place)
{
        for (size_t i = 0; place.source && i < report->error.n; i++)
                if (report->places[i].source == place.source && report->places[i].at == place.at)
                        return true;
        return false;
}

static void add(struct report *report, struct place place, const char *format, va_list args)
{
        struct contract_error *error = &report->error;
        char *text = NULL;
        size_t len;
        report->failed = true;
        if (report->full || is_known(report, place))
                return;
        if (error->n == 0 && place.source)
                place_position(place, &error->line, &error->column);
        report->places[error->n++] = place;
        report->full = error->n == REPORT_MAX;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return;
        write_report(out, place, format, args);
        if (report->full)
                fprintf(out, "%d errors; what else is wrong is not shown\n", REPORT_MAX);
        if (!fclose(out))
                append(error, text);
        else
                free(text);
}

void report_at(struct report *report, struct place place, const char *format, ...)
{
        va_list args;
        if (!report)
                return;
        va_start(args, format);
        add(report, place, format, args);
        va_end(args);
}

void report_plain(struct report *report, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        add(report, (struct place){ 0 }, format, args);
        va_end(args);
}
