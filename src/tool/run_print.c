/* What ward run prints: lines with tags, bytes as they are, or JSON. What comes from the domain is untrusted text. */
#include <errno.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/layers.h"
#include "tool/run.h"

enum { ESCAPED_MAX = 4 * RUN_LINE_MAX + 1 };

static const char *const stream_names[] = { "stdout", "stderr" };

void run_print_init(struct run_printer *printer, const struct run_options *options, const char *name)
{
        memset(printer, 0, sizeof *printer);
        printer->options = options;
        printer->name = name;
        pthread_mutex_init(&printer->lock, NULL);
}

/* --- JSON: one object a line, on standard output ---------------------------------------------- */

/* Takes @object; NULL for want of memory. With the lock held. */
static void print_json(struct run_printer *printer, json_t *object)
{
        if (!object || json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)) || putchar('\n') == EOF || fflush(stdout))
                printer->broken = true;
        json_decref(object);
}

static json_t *bytes_base64(const char *bytes, size_t len)
{
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char text[RUN_LINE_MAX / 3 * 4 + 8], *at = text;
        for (size_t i = 0; i < len; i += 3) {
                uint32_t three = (uint32_t)(uint8_t)bytes[i] << 16;
                three |= i + 1 < len ? (uint32_t)(uint8_t)bytes[i + 1] << 8 : 0;
                three |= i + 2 < len ? (uint8_t)bytes[i + 2] : 0;
                *at++ = digits[three >> 18];
                *at++ = digits[three >> 12 & 63];
                *at++ = (char)(i + 1 < len ? digits[three >> 6 & 63] : '=');
                *at++ = (char)(i + 2 < len ? digits[three & 63] : '=');
        }
        return json_stringn(text, (size_t)(at - text));
}

/* Text where it is text; else bytes, in base64. */
static void print_line_json(struct run_printer *printer, int fd, const char *bytes, size_t len, bool ended)
{
        json_t *object = json_pack("{s:s, s:s, s:s, s:b}", "event", "output", "name", printer->name, "stream", stream_names[fd - 1],
                                   "newline", ended);
        json_t *text = text_is_utf8(bytes, len) ? json_stringn(bytes, len) : NULL;
        if (object && json_object_set_new(object, text ? "text" : "bytes", text ? text : bytes_base64(bytes, len))) {
                json_decref(object);
                object = NULL;
        }
        print_json(printer, object);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static void print_line(struct run_printer *printer, int fd, const char *bytes, size_t len, bool ended)
{
        char text[ESCAPED_MAX];
        if (printer->options->json) {
                print_line_json(printer, fd, bytes, len, ended);
                return;
        }
        FILE *out = fd == STDERR_FILENO ? stderr : stdout;
        text_escape(text, sizeof text, bytes, len, false);
        if (fprintf(out, "[%s %s] %s\n", printer->name, fd == STDERR_FILENO ? "err" : "out", text) < 0)
                printer->broken = true;
}

/* Tabs are no commands. */
static size_t end_of_line(const char *bytes, size_t len)
{
        const char *end = memchr(bytes, '\n', len);
        return end ? (size_t)(end - bytes) : len;
}

static void print_lines(struct run_printer *printer, int fd, const char *bytes, size_t len)
{
        struct run_line *line = &printer->lines[fd - 1];
        while (len) {
                size_t n = end_of_line(bytes, len), room = sizeof line->bytes - line->len;
                bool ended = n < len;
                if (n > room) {
                        n = room;
                        ended = false;
                }
                memcpy(line->bytes + line->len, bytes, n);
                line->len += n;
                if (ended || line->len == sizeof line->bytes) {
                        print_line(printer, fd, line->bytes, line->len, ended);
                        line->len = 0;
                }
                bytes += n + ended;
                len -= n + ended;
        }
}

void run_print(struct run_printer *printer, int fd, const char *bytes, size_t len)
{
        pthread_mutex_lock(&printer->lock);
        FILE *out = fd == STDERR_FILENO ? stderr : stdout;
        if (!printer->options->no_tags)
                print_lines(printer, fd, bytes, len);
        else if (fwrite(bytes, 1, len, out) < len)
                printer->broken = true;
        if (fflush(out))
                printer->broken = true;
        pthread_mutex_unlock(&printer->lock);
}

void run_print_rest(struct run_printer *printer)
{
        pthread_mutex_lock(&printer->lock);
        for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++) {
                struct run_line *line = &printer->lines[fd - 1];
                if (line->len)
                        print_line(printer, fd, line->bytes, line->len, false);
                line->len = 0;
        }
        fflush(stdout);
        pthread_mutex_unlock(&printer->lock);
}

/* --- Ward's own words ------------------------------------------------------------------------- */

static bool is_wanted(const struct run_printer *printer, enum ward_log_level level)
{
        enum ward_log_level wanted = printer->options->log_level;
        return wanted != WARD_LOG_NONE && level >= wanted;
}

static void say(struct run_printer *printer, enum ward_log_level level, const char *kind, const char *text)
{
        if (!is_wanted(printer, level))
                return;
        pthread_mutex_lock(&printer->lock);
        if (printer->options->json)
                print_json(printer, json_pack("{s:s, s:s, s:s, s:s, s:s}", "event", "log", "name", printer->name, "kind", kind,
                                              "level", ward_log_level_name(level), "text", text));
        else
                fprintf(stderr, "ward run: %s\n", text);
        pthread_mutex_unlock(&printer->lock);
}

void run_say(struct run_printer *printer, enum ward_log_level level, const char *format, ...)
{
        char text[WARD_EVENT_LOG_MAX];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        say(printer, level, "log", text);
}

void run_on_event(void *data, const struct ward_event *event)
{
        if (event->kind == WARD_EVENT_ACT)
                run_record_act(data, event);
        enum ward_log_level level = event->kind == WARD_EVENT_ACT   ? WARD_LOG_TRACE
                                    : event->kind == WARD_EVENT_LOG ? event->level
                                                                    : WARD_LOG_WARN;
        say(data, level, ward_event_kind_name(event->kind), event->text);
}

/* --- What happens, for programs --------------------------------------------------------------- */

static void tell(struct run_printer *printer, json_t *object)
{
        pthread_mutex_lock(&printer->lock);
        print_json(printer, object);
        pthread_mutex_unlock(&printer->lock);
}

void run_print_start(struct run_printer *printer, uint32_t attempt, long pid)
{
        const char *level = ward_level_name(printer->options->level ? printer->options->level : WARD_LEVEL_FULL_TRUST);
        if (printer->options->json)
                tell(printer, json_pack("{s:s, s:s, s:i, s:I, s:s}", "event", "start", "name", printer->name, "attempt",
                                        (int)attempt, "pid", (json_int_t)pid, "level", level));
        run_say(printer, WARD_LOG_DEBUG, "'%s' starts in process %ld, at level %s", printer->name, pid, level);
}

void run_print_restart(struct run_printer *printer, uint32_t attempt, uint32_t ms)
{
        if (printer->options->json)
                tell(printer, json_pack("{s:s, s:s, s:i, s:i}", "event", "restart", "name", printer->name, "attempt", (int)attempt,
                                        "delay_ms", (int)ms));
        else
                run_say(printer, WARD_LOG_WARN, "starting '%s' again in %u ms, for the %u. time", printer->name, ms, attempt - 1);
}

static json_t *fault_json(const struct run_outcome *outcome)
{
        const struct ward_fault *fault = &outcome->fault;
        return outcome->end != RUN_FAULT ? json_null()
                                         : json_pack("{s:s, s:s, s:s}", "kind", ward_fault_kind_name(fault->kind), "text",
                                                     fault->text, "backtrace", fault->backtrace);
}

/* The figures that are known. */
static json_t *usage_json(const struct ward_usage *usage)
{
        const struct {
                const char *name;
                uint32_t bit;
                uint64_t value;
        } figures[] = {
                { "cpu_ns", WARD_USAGE_CPU, usage->cpu_ns },
                { "user_ns", WARD_USAGE_TIMES, usage->user_ns },
                { "system_ns", WARD_USAGE_TIMES, usage->system_ns },
                { "peak_resident_bytes", WARD_USAGE_PEAK, usage->peak_resident_bytes },
                { "minor_faults", WARD_USAGE_PAGE_FAULTS, usage->minor_faults },
                { "major_faults", WARD_USAGE_PAGE_FAULTS, usage->major_faults },
                { "read_bytes", WARD_USAGE_IO, usage->read_bytes },
                { "written_bytes", WARD_USAGE_IO, usage->written_bytes },
        };
        json_t *object = json_object();
        for (size_t i = 0; i < COUNT_OF(figures); i++)
                if (usage->counted & figures[i].bit)
                        json_object_set_new(object, figures[i].name, json_integer((json_int_t)figures[i].value));
        return object;
}

static void print_end_json(struct run_printer *printer, uint32_t attempt, const struct run_outcome *outcome)
{
        static const char *const ends[] = { "exited", "signalled", "fault", "refused" };
        char text[WARD_FAULT_TEXT_MAX];
        run_describe(outcome, text, sizeof text);
        tell(printer, json_pack("{s:s, s:s, s:i, s:s, s:s, s:i, s:i, s:f, s:o, s:o}", "event", "end", "name", printer->name,
                                "attempt", (int)attempt, "outcome", ends[outcome->end], "text", text, "exit_status",
                                run_status(outcome), "signal", outcome->signal, "seconds", outcome->seconds, "fault",
                                fault_json(outcome), "usage", usage_json(&outcome->usage)));
}

/* A line for each frame. */
static void print_backtrace(struct run_printer *printer, const char *backtrace)
{
        for (size_t len; (len = strcspn(backtrace, "\n")); backtrace += len + !!backtrace[len])
                run_say(printer, WARD_LOG_ERROR, "  %.*s", (int)len, backtrace);
}

void run_print_end(struct run_printer *printer, uint32_t attempt, const struct run_outcome *outcome)
{
        char text[WARD_FAULT_TEXT_MAX];
        if (printer->options->json) {
                print_end_json(printer, attempt, outcome);
                return;
        }
        run_describe(outcome, text, sizeof text);
        bool well = outcome->end == RUN_EXITED;
        run_say(printer, well ? WARD_LOG_INFO : WARD_LOG_ERROR, "%s", text);
        print_backtrace(printer, outcome->fault.backtrace);
        run_say(printer, WARD_LOG_DEBUG, "'%s' took %.3f s", printer->name, outcome->seconds);
}
