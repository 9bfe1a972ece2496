#include "wasm/linear.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/trap.h"

enum {
        BLOCK = 1 << 20, /* a fill or copy looks up after each of these */
        SMALL = 1 << 10, /* tables that are cleared by hand */
};

/* --- Limits ----------------------------------------------------------------------------------- */

/* The module gets no more, by @limit: it is told so, or the call ends. */
static void refuse(struct wasm_instance *instance, const char *operation, const char *limit, uint64_t asked)
{
        if (instance->account->ends)
                wasm_trap_fail(fault_set(wasm_trap_fault(), WARD_FAULT_LIMIT,
                                         "add-in '%s' asked for %llu more by %s; its domain would go over its limit (%s)",
                                         instance->host.name, (unsigned long long)asked, operation, limit));
        if (!instance->host.refused)
                return;
        wasm_trap_check_stack();
        wasm_instance_to_host(instance);
        instance->host.refused(instance->host.context, operation, limit, asked);
        wasm_instance_from_host(instance);
        wasm_trap_check();
}

/* --- Memory ----------------------------------------------------------------------------------- */

static int reserve(struct wasm_instance *instance, uint64_t size)
{
        if (instance->entry->checked)
                return wasm_area_take_plain(size, &instance->area);
        int r = wasm_area_take(instance->binding->reservation, size, &instance->area);
        if (!r && !wasm_area_close(&instance->area, instance->binding->null_bytes))
                r = -errno;
        return r;
}

int wasm_memory_reserve(struct wasm_instance *instance)
{
        return instance->binding->has_memory ? reserve(instance, instance->binding->memory_size) : 0;
}

static bool charge(struct wasm_instance *instance, uint64_t bytes)
{
        if (!wasm_account_take_memory(instance->account, bytes))
                return false;
        instance->charged += bytes;
        return true;
}

static void discharge(struct wasm_instance *instance, uint64_t bytes)
{
        wasm_account_undo_memory(instance->account, bytes);
        instance->charged -= bytes;
}

void wasm_memory_new(struct wasm_memory *memory, uint32_t pages, uint32_t max_pages)
{
        struct wasm_instance *instance = wasm_trap_instance();
        uint64_t size = (uint64_t)pages * WASM_PAGE;
        if (!charge(instance, size))
                wasm_trap_fail(fault_set(
                        wasm_trap_fault(), WARD_FAULT_LIMIT,
                        "add-in '%s' starts with %llu bytes of linear memory, and its domain's limit (memory_bytes) is %llu",
                        instance->host.name, (unsigned long long)size, (unsigned long long)instance->account->memory_max));
        assert(instance->area.open == size); /* as the binding says, which is of the same module */
        memory->data = instance->area.base;
        memory->pages = pages;
        memory->max_pages = max_pages;
        memory->size = size;
}

/* For who asks what is left behind a call, while one is under way. */
static void note_growth(struct wasm_instance *instance, uint64_t before)
{
        uint64_t number = __atomic_load_n(&instance->running.number, __ATOMIC_RELAXED);
        if (atomic_load_explicit(&instance->grown, memory_order_relaxed) == number)
                return;
        atomic_store_explicit(&instance->grown_from, before, memory_order_relaxed);
        atomic_store_explicit(&instance->grown, number, memory_order_release);
}

/* The memory of a checked image may move. */
static bool grow(struct wasm_instance *instance, struct wasm_memory *memory, uint64_t after)
{
        if (!wasm_area_open(&instance->area, after * WASM_PAGE))
                return false;
        note_growth(instance, memory->size);
        memory->data = instance->area.base;
        memory->pages = (uint32_t)after;
        memory->size = after * WASM_PAGE;
        return true;
}

uint32_t wasm_memory_grow(struct wasm_memory *memory, uint32_t pages)
{
        struct wasm_instance *instance = wasm_trap_instance();
        uint32_t before = memory->pages;
        uint64_t after = (uint64_t)before + pages, bytes = (uint64_t)pages * WASM_PAGE;
        wasm_trap_check();
        if (!pages)
                return before;
        if (after > memory->max_pages)
                return UINT32_MAX;
        if (!charge(instance, bytes)) {
                refuse(instance, "memory.grow", "memory_bytes", bytes);
                return UINT32_MAX;
        }
        if (grow(instance, memory, after))
                return before;
        discharge(instance, bytes);
        return UINT32_MAX;
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

/* --- Tables ----------------------------------------------------------------------------------- */

/* The slot that holds @table; NULL finds a free one. The reader bounds how many there are. */
static void **find_slot(struct wasm_instance *instance, const void *table)
{
        for (size_t i = 0; i < COUNT_OF(instance->tables); i++)
                if (instance->tables[i] == table)
                        return &instance->tables[i];
        return NULL;
}

/* The table in @slot is to have @entries of them. */
static bool charge_entries(struct wasm_instance *instance, void *const *slot, uint32_t entries)
{
        uint32_t *charged = &instance->entries[slot - instance->tables];
        if (!wasm_account_add(&instance->account->entries, instance->account->entries_max, entries - *charged))
                return false;
        *charged = entries;
        return true;
}

/* One entry more than asked for: no table is NULL. */
void *wasm_table_new(uint32_t entries, uint32_t entry_size)
{
        struct wasm_instance *instance = wasm_trap_instance();
        void **slot = find_slot(instance, NULL);
        if (slot && !charge_entries(instance, slot, entries))
                wasm_trap_fail(fault_set(wasm_trap_fault(), WARD_FAULT_LIMIT,
                                         "add-in '%s' has a table of %u entries, and its domain's limit (table_entries) is %llu",
                                         instance->host.name, entries, (unsigned long long)instance->account->entries_max));
        size_t size = ((size_t)entries + 1) * entry_size;
        void *table = NULL;
        if (slot && entries <= WASM_TABLE_ENTRIES_MAX)
                table = size < SMALL ? own_zeroed(size) : calloc(1, size);
        if (!table)
                wasm_trap_fail(fault_set(wasm_trap_fault(), WARD_FAULT_LIMIT,
                                         "add-in '%s' has a table of %u entries: there is no memory for it", instance->host.name,
                                         entries));
        *slot = table;
        return table;
}

void *wasm_table_grow(void *table, uint32_t entries, uint32_t entry_size)
{
        struct wasm_instance *instance = wasm_trap_instance();
        void **slot = find_slot(instance, table);
        wasm_trap_check();
        if (!slot || entries > WASM_TABLE_ENTRIES_MAX)
                return NULL;
        uint32_t before = instance->entries[slot - instance->tables];
        if (!charge_entries(instance, slot, entries)) {
                refuse(instance, "table.grow", "table_entries", entries - before);
                return NULL;
        }
        void *grown = reallocarray(table, entries + 1, entry_size);
        if (!grown) {
                wasm_account_give(&instance->account->entries, entries - before);
                instance->entries[slot - instance->tables] = before;
                return NULL;
        }
        *slot = grown;
        return grown;
}

void wasm_memory_finish(struct wasm_instance *instance)
{
        wasm_account_give(&instance->account->memory, instance->charged);
        wasm_area_give(&instance->area, &instance->binding->window);
        for (size_t i = 0; i < COUNT_OF(instance->tables) && instance->tables[i]; i++) {
                wasm_account_give(&instance->account->entries, instance->entries[i]);
                free(instance->tables[i]);
                instance->tables[i] = NULL;
        }
}
