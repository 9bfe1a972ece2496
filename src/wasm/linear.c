#include "wasm/linear.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/trap.h"

/* A fill or copy looks up after each of these. */
enum { BLOCK = 1 << 20 };

static uint64_t limit_pages(const struct wasm_instance *instance)
{
        uint64_t bytes = instance->host.memory_bytes;
        return bytes && bytes / WASM_PAGE < WASM_PAGES_MAX ? bytes / WASM_PAGE : WASM_PAGES_MAX;
}

void wasm_memory_new(struct wasm_memory *memory, uint32_t pages, uint32_t max_pages)
{
        struct wasm_instance *instance = wasm_trap_instance();
        struct ward_fault *fault = wasm_trap_fault();
        uint64_t limit = limit_pages(instance);
        if (pages > limit)
                wasm_trap_fail(fault_set(
                        fault, WARD_FAULT_LIMIT,
                        "add-in '%s' starts with %llu bytes of linear memory, and its domain's limit (memory_bytes) is %llu",
                        instance->host.name, (unsigned long long)pages * WASM_PAGE,
                        (unsigned long long)instance->host.memory_bytes));
        int r = wasm_area_take(instance->binding->reservation, (uint64_t)pages * WASM_PAGE, &instance->area);
        if (!r && !wasm_area_close(&instance->area, instance->binding->null_bytes))
                r = -errno;
        if (r)
                wasm_trap_fail(
                        fault_set_errno(fault, WARD_FAULT_SYSTEM, -r,
                                        "cannot reserve %llu GiB of address space for the linear memory of add-in '%s' (is there "
                                        "a limit, such as ulimit -v?)",
                                        (unsigned long long)instance->binding->reservation >> 30, instance->host.name));
        memory->data = instance->area.base;
        memory->pages = pages;
        memory->max_pages = max_pages < limit ? max_pages : (uint32_t)limit;
        memory->size = (uint64_t)pages * WASM_PAGE;
}

uint32_t wasm_memory_grow(struct wasm_memory *memory, uint32_t pages)
{
        uint32_t before = memory->pages;
        uint64_t after = (uint64_t)before + pages;
        wasm_trap_check();
        if (after > memory->max_pages || !wasm_area_open(&wasm_trap_instance()->area, after * WASM_PAGE))
                return UINT32_MAX;
        memory->pages = (uint32_t)after;
        memory->size = after * WASM_PAGE;
        return before;
}

void wasm_memory_fill(void *to, int byte, uint64_t len)
{
        uint8_t *at = to;
        while (len) {
                uint64_t n = len < BLOCK ? len : BLOCK;
                wasm_trap_check();
                memset(at, byte, n);
                at += n;
                len -= n;
        }
}

/* As memmove: from the end where the ranges overlap so. */
void wasm_memory_copy(void *to, const void *from, uint64_t len)
{
        uint8_t *out = to;
        const uint8_t *in = from;
        bool down = (uintptr_t)out - (uintptr_t)in < len;
        while (len) {
                uint64_t n = len < BLOCK ? len : BLOCK;
                len -= n;
                wasm_trap_check();
                memmove(down ? out + len : out, down ? in + len : in, n);
                out += down ? 0 : n;
                in += down ? 0 : n;
        }
}

/* The slot that holds @table; NULL finds a free one. The reader bounds how many there are. */
static void **find_slot(struct wasm_instance *instance, const void *table)
{
        for (size_t i = 0; i < COUNT_OF(instance->tables); i++)
                if (instance->tables[i] == table)
                        return &instance->tables[i];
        return NULL;
}

/* One entry more than asked for: no table is NULL. */
void *wasm_table_new(uint32_t entries, uint32_t entry_size)
{
        struct wasm_instance *instance = wasm_trap_instance();
        void **slot = find_slot(instance, NULL);
        void *table = slot && entries <= WASM_TABLE_ENTRIES_MAX ? calloc(entries + 1, entry_size) : NULL;
        if (!table)
                wasm_trap_fail(fault_set(wasm_trap_fault(), WARD_FAULT_LIMIT,
                                         "add-in '%s' has a table of %u entries: there is no memory for it", instance->host.name,
                                         entries));
        *slot = table;
        return table;
}

void *wasm_table_grow(void *table, uint32_t entries, uint32_t entry_size)
{
        void **slot = find_slot(wasm_trap_instance(), table);
        wasm_trap_check();
        void *grown = slot && entries <= WASM_TABLE_ENTRIES_MAX ? reallocarray(table, entries + 1, entry_size) : NULL;
        if (grown)
                *slot = grown;
        return grown;
}

void wasm_memory_finish(struct wasm_instance *instance)
{
        wasm_area_give(&instance->area, &instance->binding->window);
        for (size_t i = 0; i < COUNT_OF(instance->tables); i++) {
                free(instance->tables[i]);
                instance->tables[i] = NULL;
        }
}
