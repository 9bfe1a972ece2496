#include "wasm/report.h"

#include <stdio.h>
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

/* "name (file.c:12)" */
static void name_spot(const struct wasm_spot *spot, char *to, size_t size)
{
        char name[NAME_SHOWN], file[NAME_SHOWN];
        text_escape(name, sizeof name, spot->name, strlen(spot->name), false);
        text_escape(file, sizeof file, spot->file, strlen(spot->file), false);
        if (!*name)
                snprintf(name, sizeof name, "function %u", spot->function);
        if (!*file)
                snprintf(to, size, "%s", name);
        else if (!spot->line)
                snprintf(to, size, "%s (%s)", name, file);
        else
                snprintf(to, size, "%s (%s:%u)", name, file, spot->line);
}

/* Whole lines, as many as there is room for. */
static void write_backtrace(const struct where *where, struct ward_fault *fault)
{
        size_t len = 0;
        for (uint32_t i = 0; i < where->n; i++) {
                char spot[FRAME_SHOWN], line[FRAME_SHOWN + 32];
                name_spot(&where->spots[i], spot, sizeof spot);
                int n = snprintf(line, sizeof line, "%s#%u %s +0x%x", i ? "\n" : "", i, spot, where->spots[i].offset);
                if (n < 0 || (size_t)n >= sizeof line || len + (size_t)n >= sizeof fault->backtrace)
                        return;
                memcpy(fault->backtrace + len, line, (size_t)n + 1);
                len += (size_t)n;
        }
}

/* --- What ------------------------------------------------------------------------------------- */

static int report_trap(const struct wasm_instance *instance, const char *function, const struct wasm_end *end,
                       const struct where *where, struct ward_fault *fault)
{
        enum ward_trap trap = end->trap < COUNT_OF(traps) ? traps[end->trap] : WARD_TRAP_NONE;
        char address[80] = "", in[FRAME_SHOWN + 8] = "";
        if (end->has_address)
                snprintf(address, sizeof address, " at 0x%llx (linear memory is %llu bytes)", (unsigned long long)end->address,
                         (unsigned long long)(instance->memory ? instance->memory->size : 0));
        if (where->n) {
                memcpy(in, ", in ", sizeof ", in ");
                name_spot(&where->spots[0], in + strlen(in), FRAME_SHOWN);
        }
        fault_set(fault, WARD_FAULT_TRAP, "add-in '%s' trapped in %s: %s%s%s", instance->host.name, function, ward_trap_name(trap),
                  address, in);
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
