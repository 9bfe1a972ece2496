#include "tool/bench_print.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "base/own.h"
#include "tool/bench_ratio.h"

enum { LABEL = 22, COLUMN = 26, CELL = 14 };

static const char *const kinds[] = { "direct", "wasm", "process" };

/* Digits in groups of three. */
static void group(uint64_t value, char text[32])
{
        char plain[32];
        int len = snprintf(plain, sizeof plain, "%llu", (unsigned long long)value);
        char *to = text;
        for (int i = 0; i < len; i++) {
                if (i && (len - i) % 3 == 0)
                        *to++ = ',';
                *to++ = plain[i];
        }
        *to = '\0';
}

const char *bench_number(double value, char text[32])
{
        enum { DIGITS = 4 };
        int whole = value >= 1 ? (int)floor(log10(value)) + 1 : 1;
        if (!(value < 1e18)) {
                snprintf(text, 32, "%.3g", value);
        } else if (whole < DIGITS) {
                snprintf(text, 32, "%.*f", DIGITS - whole, value);
        } else {
                double unit = pow(10, whole - DIGITS);
                group((uint64_t)(round(value / unit) * unit), text);
        }
        return text;
}

const char *bench_time(double ns, char text[32])
{
        static const char *const units[] = { "ns", "µs", "ms", "s" };
        size_t unit = 0;
        for (; unit < COUNT_OF(units) - 1 && ns >= 1000; unit++)
                ns /= 1000;
        size_t len = strlen(bench_number(ns, text));
        snprintf(text + len, 32 - len, " %s", units[unit]);
        return text;
}

void bench_print_right(FILE *to, int width, const char *text)
{
        int wide = 0;
        for (const char *c = text; *c; c++)
                wide += (*c & 0xc0) != 0x80;
        fprintf(to, "%*s%s", width > wide ? width - wide : 0, "", text);
}

static bool has_kind(const struct bench_plan *plan, const char *name)
{
        for (size_t i = 0; i < plan->n_sides; i++)
                if (!strcmp(plan->sides[i].name, name))
                        return true;
        return false;
}

static const struct bench_task *find_of_kind(const struct bench_plan *plan, const char *what, const char *kind)
{
        char name[BENCH_NAME_MAX];
        snprintf(name, sizeof name, "%s.%s", what, kind);
        return bench_find(plan, name);
}

static void heading(FILE *to, const struct bench_plan *plan, int column, const char *first)
{
        fprintf(to, "%-*s", LABEL, "");
        if (first)
                bench_print_right(to, column, first);
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
                if (has_kind(plan, kinds[i]))
                        bench_print_right(to, column, kinds[i]);
        fputc('\n', to);
}

static void call_cell(FILE *to, const struct bench_task *task)
{
        char text[32];
        bench_print_right(to, CELL, task ? bench_number(1e9 / bench_median(task), text) : "-");
        bench_print_right(to, COLUMN - CELL, task ? bench_time(bench_median(task), text) : "");
}

/* A limit stands in the columns of the kinds that it bounds. */
static const struct call_row {
        const char *label;
        const char *figure;
        const char *limit_of[COUNT_OF(kinds)];
} call_rows[] = {
        { "void(void)", "call.void" },
        { "void(int)", "call.void_int" },
        { "int(void)", "call.int_void" },
        { "int(int)", "call.int_int" },
        { "  with a deadline", "call.deadline" },
        { "void(struct)", "call.void_struct" },
        { "struct(struct), 64 B", "call.record" },
        { "struct(string,list,…)", "call.mixed" },
        { "int(int) calling back", "call.nested" },
        { "callback int(int)", "callback.int_int" },
        { "event(int), posted", "event.int" },
        { "int(int), 64 begun", "begun.int_int" },
        { "limits: C call", NULL, { "limit.call", "limit.call" } },
        { "  spinning ping-pong", NULL, { [2] = "limit.spin" } },
        { "  the same, one line", NULL, { [2] = "limit.spin.line" } },
        { "  mean of the two", NULL, { [2] = "limit.spin.mean" } },
        { "  futex ping-pong", NULL, { [2] = "limit.futex" } },
};

static void call_line(FILE *to, const struct bench_plan *plan, const struct call_row *row)
{
        fprintf(to, "%-*s", LABEL, row->label);
        for (size_t i = 0; i < COUNT_OF(kinds); i++) {
                if (!has_kind(plan, kinds[i]))
                        continue;
                if (row->figure)
                        call_cell(to, find_of_kind(plan, row->figure, kinds[i]));
                else if (row->limit_of[i])
                        call_cell(to, bench_find(plan, row->limit_of[i]));
                else
                        fprintf(to, "%*s", COLUMN, "");
        }
        fputc('\n', to);
}

static void plain_cell(FILE *to, const struct bench_task *task, const char *(*format)(double, char[32]))
{
        char text[32];
        bench_print_right(to, CELL, task ? format(bench_median(task), text) : "-");
}

/* Figures of one row at each kind, a cell each. */
static void kind_cells(FILE *to, const struct bench_plan *plan, const char *what, const char *(*format)(double, char[32]))
{
        for (size_t i = 0; i < COUNT_OF(kinds); i++)
                if (has_kind(plan, kinds[i]))
                        plain_cell(to, find_of_kind(plan, what, kinds[i]), format);
        fputc('\n', to);
}

/* "alloc": from memory of ward_alloc. "raw": no call, but a copy into memory that another process reads. A limit is of as many
 * bytes. A struct is of 8: no limit is measured for as many. */
static const struct bulk_row {
        const char *label;
        const char *figure;
        const char *limit;
} bulk_rows[] = {
        { "byte[10]", "bulk.bytes.10", "limit.memcpy.10" },
        { "byte[100,000]", "bulk.bytes.100000", "limit.memcpy.100000" },
        { "byte[10,000,000]", "bulk.bytes.10000000", "limit.memcpy.10000000" },
        { "alloc byte[100,000]", "bulk.block.100000", "limit.memcpy.100000" },
        { "alloc byte[10,000,000]", "bulk.block.10000000", "limit.memcpy.10000000" },
        { "raw byte[100,000]", "limit.shared.100000", "limit.memcpy.100000" },
        { "raw byte[10,000,000]", "limit.shared.10000000", "limit.memcpy.10000000" },
        { "string[10]", "bulk.string.10", "limit.memcpy.10" },
        { "string[100,000]", "bulk.string.100000", "limit.memcpy.100000" },
        { "string[10,000,000]", "bulk.string.10000000", "limit.memcpy.10000000" },
        { "struct[10]", "bulk.struct.10" },
        { "struct[100,000]", "bulk.struct.100000" },
        { "struct[10,000,000]", "bulk.struct.10000000" },
};

static const struct {
        const char *label;
        const char *figure;
} thread_rows[] = {
        { "1 thread", "threads.1" },    { "2 threads", "threads.2" },   { "4 threads", "threads.4" },
        { "16 threads", "threads.16" }, { "64 threads", "threads.64" },
};

/* The last is a process domain as well, and has a side of its own. */
static const struct {
        const char *label;
        const char *side;
} thread_columns[] = {
        { "direct", "direct" },
        { "wasm", "wasm" },
        { "process", "process" },
        { "free-threaded", "process.free_threaded" },
};

static void print_threads(FILE *to, const struct bench_plan *plan)
{
        fprintf(to, "\nCalls of int(int) per second, of all threads that call one add-in; not pinned\n\n%-*s", LABEL, "");
        for (size_t i = 0; i < COUNT_OF(thread_columns); i++)
                if (has_kind(plan, thread_columns[i].side))
                        bench_print_right(to, CELL, thread_columns[i].label);
        fputc('\n', to);
        for (size_t row = 0; row < COUNT_OF(thread_rows); row++) {
                fprintf(to, "%-*s", LABEL, thread_rows[row].label);
                for (size_t i = 0; i < COUNT_OF(thread_columns); i++)
                        if (has_kind(plan, thread_columns[i].side))
                                plain_cell(to, find_of_kind(plan, thread_rows[row].figure, thread_columns[i].side), bench_number);
                fputc('\n', to);
        }
}

static void bulk_line(FILE *to, const struct bench_plan *plan, const struct bulk_row *row)
{
        fprintf(to, "%-*s", LABEL, row->label);
        if (row->limit)
                plain_cell(to, bench_find(plan, row->limit), bench_number);
        else
                fprintf(to, "%*s", CELL, "");
        kind_cells(to, plan, row->figure, bench_number);
}

void bench_print_tables(FILE *to, const struct bench_plan *plan)
{
        fputs("Calls per second, and what one takes\n\n", to);
        heading(to, plan, COLUMN, NULL);
        for (size_t i = 0; i < COUNT_OF(call_rows); i++)
                call_line(to, plan, &call_rows[i]);
        bench_ratios_print(to, plan);
        print_threads(to, plan);
        fputs("\nMB per second (1 MB = 1,000,000 bytes), to an add-in that reads a byte of each cache line\n\n", to);
        heading(to, plan, CELL, "memcpy");
        for (size_t i = 0; i < COUNT_OF(bulk_rows); i++)
                bulk_line(to, plan, &bulk_rows[i]);
        fputs("\nTimes\n\n", to);
        heading(to, plan, CELL, NULL);
        fprintf(to, "%-*s", LABEL, "to activate");
        kind_cells(to, plan, "activate", bench_time);
        fprintf(to, "%-*s", LABEL, "domain, call, end");
        kind_cells(to, plan, "live", bench_time);
        fprintf(to, "%-*s", LABEL, "from crash to known");
        kind_cells(to, plan, "crash", bench_time);
}

void bench_print_reasons(FILE *to, const struct bench_plan *plan)
{
        for (size_t i = 0; i < plan->n_sides; i++)
                if (plan->sides[i].out)
                        fprintf(to, "%s: not measured: %s\n", plan->sides[i].name, plan->sides[i].why.text);
}
