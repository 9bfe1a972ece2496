/* Crossings as lines. */
#include "domain/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include "base/own.h"

static const char *const words[] = {
        [WARD_TRACE_CALL] = "call",     [WARD_TRACE_CALLBACK] = "callback", [WARD_TRACE_LOAD] = "load",
        [WARD_TRACE_UNLOAD] = "unload", [WARD_TRACE_START] = "start",       [WARD_TRACE_END] = "end",
};

/* A line that grows as far as there is room. */
struct line {
        char *at;
        size_t left;
};

static void add(struct line *line, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add(struct line *line, const char *format, ...)
{
        va_list args;
        va_start(args, format);
        int n = vsnprintf(line->at, line->left, format, args);
        va_end(args);
        size_t len = n < 0 ? 0 : (size_t)n < line->left ? (size_t)n : line->left - 1;
        line->at += len;
        line->left -= len;
}

static void add_duration(struct line *line, uint64_t ns)
{
        if (ns < 1000)
                add(line, ", %u ns", (unsigned)ns);
        else if (ns < 1000000)
                add(line, ", %.3f us", (double)ns / 1e3);
        else
                add(line, ", %.3f ms", (double)ns / 1e6);
}

static bool is_function(const struct ward_trace *trace)
{
        return trace->what == WARD_TRACE_CALL || trace->what == WARD_TRACE_CALLBACK;
}

/* What crosses: "call operate of basic", "load basic", "start domain 'basic'". */
static void add_subject(struct line *line, const struct ward_trace *trace)
{
        enum { DEEP = 32 }; /* deeper ones are not indented further */
        add(line, "ward[%llu] ", (unsigned long long)trace->thread);
        for (uint32_t i = 0; i < trace->depth && i < DEEP; i++)
                add(line, "| ");
        add(line, "%s ", (unsigned)trace->what < COUNT_OF(words) && words[trace->what] ? words[trace->what] : "?");
        if (is_function(trace))
                add(line, "%s of %s", trace->function, trace->addin);
        else if (*trace->addin)
                add(line, "%s", trace->addin);
        else
                add(line, "domain '%s'", trace->domain);
}

static void add_beginning(struct line *line, const struct ward_trace *trace)
{
        const char *kind = ward_isolation_name(trace->isolation);
        if (*trace->addin)
                add(line, " (%s domain '%s')", kind, trace->domain);
        else
                add(line, " (%s)", kind);
        if (is_function(trace))
                add(line, ", %llu bytes", (unsigned long long)trace->bytes_in);
        if (*trace->module)
                add(line, " from %s", trace->module);
}

static void add_outcome(struct line *line, const struct ward_trace *trace)
{
        if (trace->outcome < 0)
                add(line, ": fault %s", ward_fault_kind_name((enum ward_fault_kind) - trace->outcome));
        else
                add(line, ": %s", trace->outcome ? "error" : "ok");
        if (is_function(trace) && trace->outcome >= 0)
                add(line, ", %llu bytes", (unsigned long long)trace->bytes_out);
        add_duration(line, trace->duration_ns);
        if (*trace->fault)
                add(line, ": %s", trace->fault);
}

void ward_trace_text(const struct ward_trace *trace, char ret_text[WARD_TRACE_TEXT_MAX])
{
        struct line line = { ret_text, WARD_TRACE_TEXT_MAX };
        add_subject(&line, trace);
        if (trace->ended)
                add_outcome(&line, trace);
        else
                add_beginning(&line, trace);
}
