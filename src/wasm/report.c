#include "wasm/report.h"

#include <stdbool.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/map.h"
#include "wasm/runtime.h"

enum {
        SPOTS_MAX = 32,
        NAME_SHOWN = 128, /* of a function's or a file's name */
        FRAME_SHOWN = 2 * NAME_SHOWN + 64,
};

static const enum ward_trap traps[] = {
        [WASM_TRAP_NONE] = WARD_TRAP_NONE,
        [WASM_TRAP_OOB] = WARD_TRAP_MEMORY,
        [WASM_TRAP_INT_OVERFLOW] = WARD_TRAP_OVERFLOW,
        [WASM_TRAP_DIV_BY_ZERO] = WARD_TRAP_DIVIDE_BY_ZERO,
        [WASM_TRAP_INVALID_CONVERSION] = WARD_TRAP_CONVERSION,
        [WASM_TRAP_UNREACHABLE] = WARD_TRAP_UNREACHABLE,
        [WASM_TRAP_CALL_INDIRECT] = WARD_TRAP_CALL_TYPE,
        [WASM_TRAP_EXHAUSTION] = WARD_TRAP_STACK,
        [WASM_TRAP_OOB_TABLE] = WARD_TRAP_TABLE,
        [WASM_TRAP_CALL_UNDEFINED] = WARD_TRAP_CALL_UNDEFINED,
        [WASM_TRAP_CALL_NULL] = WARD_TRAP_CALL_NULL,
};

/* --- Where ------------------------------------------------------------------------------------ */

struct where {
        uint32_t n;
        struct wasm_spot spots[SPOTS_MAX]; /* innermost first */
};

static void find(const struct wasm_instance *instance, const struct wasm_end *end, struct where *ret)
{
        const struct wasm_map *map = wasm_image_map(instance->binding->image);
        const struct wasm_backtrace *backtrace = &end->backtrace;
        uint32_t innermost = end->line >= WASM_MARK_LINE ? end->line - WASM_MARK_LINE : 0;
        ret->n = 0;
        for (uint32_t i = 0; i < backtrace->n && ret->n < SPOTS_MAX; i++) {
                uintptr_t code = wasm_image_offset(instance->binding->image, backtrace->codes[i]);
                uint32_t n = wasm_map_find(map, code, innermost, ret->spots + ret->n, SPOTS_MAX - ret->n);
                if (n)
                        innermost = 0;
                ret->n += n;
        }
}

/* Text that is written piece by piece, which is cut at its end: printf takes longer than all else of a trap. */
struct line {
        char *at, *end; /* the last byte is for the NUL */
        bool whole;
};

static void put(struct line *line, const char *text)
{
        size_t len = strlen(text), room = (size_t)(line->end - line->at) - 1;
        line->whole = line->whole && len <= room;
        len = len <= room ? len : room;
        memcpy(line->at, text, len);
        line->at += len;
        *line->at = 0;
}

static void put_number(struct line *line, uint64_t value, unsigned base)
{
        char digits[24], *at = digits + sizeof digits;
        *--at = 0;
        do
                *--at = "0123456789abcdef"[value % base];
        while (value /= base);
        put(line, at);
}

/* Of the module's author: any bytes. False: there is nothing. */
static bool put_untrusted(struct line *line, const char *text)
{
        char shown[NAME_SHOWN];
        text_escape(shown, sizeof shown, text, strlen(text), false);
        put(line, shown);
        return *shown;
}

/* "name (file.c:12)" */
static void put_spot(struct line *line, const struct wasm_spot *spot)
{
        if (!put_untrusted(line, spot->name)) {
                put(line, "function ");
                put_number(line, spot->function, 10);
        }
        if (!*spot->file)
                return;
        put(line, " (");
        put_untrusted(line, spot->file);
        if (spot->line) {
                put(line, ":");
                put_number(line, spot->line, 10);
        }
        put(line, ")");
}

/* Whole lines, as many as there is room for. */
static void write_backtrace(const struct where *where, struct ward_fault *fault)
{
        struct line line = { fault->backtrace, fault->backtrace + sizeof fault->backtrace, true };
        for (uint32_t i = 0; i < where->n; i++) {
                char *before = line.at;
                put(&line, i ? "\n#" : "#");
                put_number(&line, i, 10);
                put(&line, " ");
                put_spot(&line, &where->spots[i]);
                put(&line, " +0x");
                put_number(&line, where->spots[i].offset, 16);
                if (!line.whole) {
                        *before = 0;
                        return;
                }
        }
}

/* --- What ------------------------------------------------------------------------------------- */

static int report_trap(const struct wasm_instance *instance, const char *function, const struct wasm_end *end,
                       const struct where *where, struct ward_fault *fault)
{
        enum ward_trap trap = end->trap < COUNT_OF(traps) ? traps[end->trap] : WARD_TRAP_NONE;
        char more[FRAME_SHOWN + 96] = "";
        struct line line = { more, more + sizeof more, true };
        if (end->has_address) {
                put(&line, " at 0x");
                put_number(&line, end->address, 16);
                put(&line,
                    end->address < instance->binding->null_bytes ? " (a null pointer; linear memory is " : " (linear memory is ");
                put_number(&line, instance->memory ? instance->memory->size : 0, 10);
                put(&line, " bytes)");
        }
        if (where->n) {
                put(&line, ", in ");
                put_spot(&line, &where->spots[0]);
        }
        fault_set(fault, WARD_FAULT_TRAP, "add-in '%s' trapped in %s: %s%s", instance->host.name, function, ward_trap_name(trap),
                  more);
        if (fault) {
                fault->trap = trap;
                fault->address = end->has_address ? end->address : 0;
                fault->offset = where->n ? where->spots[0].offset : 0;
        }
        return -WARD_FAULT_TRAP;
}

int wasm_report(const struct wasm_instance *instance, const char *function, const struct wasm_end *end, struct ward_fault *fault)
{
        struct where where;
        int r;
        if (end->why == WASM_ENDED_FAULT)
                return end->kind;
        find(instance, end, &where);
        if (end->why == WASM_ENDED_ENDING)
                r = wasm_instance_ending(instance, function, fault);
        else
                r = report_trap(instance, function, end, &where, fault);
        if (fault)
                write_backtrace(&where, fault);
        return r;
}
