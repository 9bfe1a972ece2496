/* What the instances of a domain have together of what is limited: linear memory, entries of tables. Taken before it is used, given
 * back when an instance ends. Any thread. */
#ifndef WASM_ACCOUNT_H
#define WASM_ACCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct wasm_account {
        /* Set before there are instances. */
        uint64_t memory_max;  /* bytes; 0: no limit */
        uint64_t entries_max; /* of all tables; 0: no limit */
        bool ends;            /* what would go over a limit ends the call; else the module is told */

        _Atomic uint64_t memory;
        _Atomic uint64_t memory_peak;
        _Atomic uint64_t memory_total; /* ever: nothing is taken off */
        _Atomic uint64_t entries;
};

/* False, and nothing has changed, where that would be more than @max; 0: no limit. */
static inline bool wasm_account_add(_Atomic uint64_t *have, uint64_t max, uint64_t amount)
{
        uint64_t before = atomic_fetch_add_explicit(have, amount, memory_order_relaxed);
        if (!max || before + amount <= max)
                return true;
        atomic_fetch_sub_explicit(have, amount, memory_order_relaxed);
        return false;
}

static inline bool wasm_account_take_memory(struct wasm_account *account, uint64_t bytes)
{
        if (!wasm_account_add(&account->memory, account->memory_max, bytes))
                return false;
        uint64_t now = atomic_load_explicit(&account->memory, memory_order_relaxed);
        uint64_t peak = atomic_load_explicit(&account->memory_peak, memory_order_relaxed);
        atomic_fetch_add_explicit(&account->memory_total, bytes, memory_order_relaxed);
        while (now > peak && !atomic_compare_exchange_weak_explicit(&account->memory_peak, &peak, now, memory_order_relaxed,
                                                                    memory_order_relaxed))
                continue;
        return true;
}

/* What was taken and is not used, for want of memory, was never there. */
static inline void wasm_account_undo_memory(struct wasm_account *account, uint64_t bytes)
{
        atomic_fetch_sub_explicit(&account->memory, bytes, memory_order_relaxed);
        atomic_fetch_sub_explicit(&account->memory_total, bytes, memory_order_relaxed);
}

static inline void wasm_account_give(_Atomic uint64_t *have, uint64_t amount)
{
        atomic_fetch_sub_explicit(have, amount, memory_order_relaxed);
}

#endif
