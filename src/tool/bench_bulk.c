/* Data by the megabyte, to the add-in. What counts is what the caller sees: from his own memory until the add-in has read it and
 * answered. The add-in's sum is compared, so that nobody is fast by leaving out the work. */
#include "tool/bench_kinds.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "tool/bench_limits.h"
#include "tool/bench_loop.h"
#include "tool/probe_host.h"

/* All that is sent consists of this byte: a letter, so that it is text as well. The add-in adds up one in every LINE. */
enum { LETTER = 'a', LINE = 64 };

static int judge(const struct bench_task *task, uint32_t sum, struct ward_fault *fault)
{
        uint32_t expected = (uint32_t)((task->bytes + LINE - 1) / LINE) * LETTER;
        if (sum == expected)
                return 0;
        return fault_set(fault, WARD_FAULT_PROTOCOL, "%s: the add-in gives %u for %u: it did not get what was sent", task->name,
                         sum, expected);
}

static int bytes(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_kind *kind = task->held;
        const probe_list_u8_t list = { kind->kinds->bulk, task->size };
        uint32_t sum = 0;
        BENCH_LOOP(times, ret_ns, probe_bytes(kind->probe, &list, &sum, fault));
        return judge(task, sum, fault);
}

/* The same from memory of ward_alloc: nothing is copied on this side. */
static int block(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_kind *kind = task->held;
        void *data = NULL;
        uint32_t sum = 0;
        int r = ward_alloc(probe_domain(kind->probe), task->size, &data, fault);
        if (r)
                return r;
        memset(data, LETTER, task->size);
        const probe_list_u8_t list = { data, task->size };
        r = probe_bytes(kind->probe, &list, &sum, fault); /* which maps it on the other side */
        uint64_t start = clock_now();
        for (uint64_t i = 0; i < times && !r; i++)
                r = probe_bytes(kind->probe, &list, &sum, fault);
        *ret_ns = clock_now() - start;
        ward_free(kind->kinds->host, data, NULL);
        return r ? r : judge(task, sum, fault);
}

static int string(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_kind *kind = task->held;
        const probe_string_t text = { kind->kinds->bulk, task->size };
        uint32_t sum = 0;
        BENCH_LOOP(times, ret_ns, probe_text(kind->probe, &text, &sum, fault));
        return judge(task, sum, fault);
}

static int structs(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        const struct bench_kind *kind = task->held;
        const probe_list_point_t list = { (probe_point_t *)(void *)kind->kinds->bulk, task->size };
        uint32_t sum = 0;
        BENCH_LOOP(times, ret_ns, probe_structs(kind->probe, &list, &sum, fault));
        return judge(task, sum, fault);
}

static const struct {
        const char *name;
        int (*run)(const struct bench_task *task, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault);
        size_t element;
} rows[] = {
        { "bytes", bytes, 1 },
        { "block", block, 1 },
        { "string", string, 1 },
        { "struct", structs, sizeof(probe_point_t) },
};

static void add(struct bench_plan *plan, struct bench_kind *kind, size_t row, size_t size)
{
        struct bench_task *task = bench_add(plan, kind->side, "bulk.%s.%zu.%s", rows[row].name, size, kind->side->name);
        task->run = rows[row].run;
        task->held = kind;
        task->size = size;
        task->bytes = size * rows[row].element;
        task->place = kind->place;
}

int bench_bulk_add(struct bench_plan *plan, struct bench_kinds *kinds, struct ward_fault *fault)
{
        const size_t room = BENCH_SIZE_MAX * sizeof(probe_point_t);
        kinds->bulk = malloc(room);
        if (!kinds->bulk)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot measure bulk data");
        memset(kinds->bulk, LETTER, room);
        for (size_t row = 0; row < COUNT_OF(rows); row++)
                for (int size = 0; size < BENCH_SIZES; size++)
                        for (struct bench_kind *kind = kinds->at; kind < kinds->at + BENCH_KINDS; kind++)
                                if (kind->side)
                                        add(plan, kind, row, bench_sizes[size]);
        return 0;
}
