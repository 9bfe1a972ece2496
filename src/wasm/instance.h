/* An instance, and what is done with one for every call: inline, for a call is to cost a few nanoseconds. Only src/wasm/ touches
 * the members. */
#ifndef WASM_INSTANCE_H
#define WASM_INSTANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <ward/fault.h>
#include "base/barrier.h"
#include "wasm/backtrace.h"
#include "wasm/account.h"
#include "wasm/binding.h"
#include "wasm/limits.h"
#include "wasm/thread.h"

/* Who an instance belongs to. Borrowed by the instance, except for the struct itself. */
struct wasm_host {
        const char *name;      /* the add-in's, for faults */
        uint64_t memory_bytes; /* limit of the linear memory, where there is no account; 0: 4 GiB */
        void *context;
        /* Serves offer number @offer, on the thread that called the instance. A negative fault kind, with @fault filled, ends
         * the call. */
        int (*import)(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault);
        struct wasm_account *account; /* its domain's; NULL: it is by itself, with the limit above */
        /* Told when the module is told that it gets no more: @asked beside what there is, by @limit, for instruction @operation.
         * The host's own code. NULL: nobody wants to know. */
        void (*refused)(void *context, const char *operation, const char *limit, uint64_t asked);
};

/* How a call ended before its time. */
struct wasm_end {
        enum wasm_why why;
        enum wasm_trap trap;
        bool has_address;
        uint64_t address;
        uint32_t line; /* of the image's text, where that has found the trap; 0: it has not */
        int kind;      /* the negative fault kind that an import gave */
        struct wasm_backtrace backtrace;
};

struct wasm_instance {
        struct wasm_running running;
        struct wasm_binding *binding; /* a reference */
        const struct wasm_image_entry *entry;
        struct wasm_host host;
        void *module;                      /* the image's own part, behind running.head: part of the same allocation */
        struct wasm_memory *memory;        /* in it; NULL: the module exports none */
        struct wasm_area area;             /* where the memory is */
        struct wasm_account *account;      /* the host's, or */
        struct wasm_account own;           /* its own */
        _Atomic uint64_t charged;          /* bytes of memory, by the account */
        uint32_t entries[WASM_TABLES_MAX]; /* in its tables, likewise */
        _Atomic uint64_t grown;            /* the call in which the memory grew last, */
        _Atomic uint64_t grown_from;       /* and its size before */
        void *tables[WASM_TABLES_MAX];     /* owned */
        _Atomic uint64_t expired;          /* the number of the call whose time is up */
        _Atomic bool stopped;
        struct wasm_end end; /* of the last call that was ended */
};

/* --- Which thread runs it --------------------------------------------------------------------- */

/* The slow half of leaving. */
void wasm_instance_wait_for_lookers(struct wasm_instance *instance);

/* Who signals counts itself in, then reads @thread; who leaves clears @thread, then waits for the count: so nobody is signalled
 * after it left. */
static inline void wasm_instance_to_host(struct wasm_instance *instance)
{
        atomic_store_explicit(&instance->running.thread, 0, memory_order_release);
        barrier_light();
        if (atomic_load_explicit(&instance->running.lookers, memory_order_acquire) ||
            atomic_load_explicit(&instance->running.signalled, memory_order_relaxed))
                wasm_instance_wait_for_lookers(instance);
}

/* Within an import, around the host's own code: from _to_host to _from_host the call cannot be ended, and a fault is the host's.
 * Who comes back looks then whether it is to end: the sender has said so before it reads @thread, or reads the new one. */
static inline void wasm_instance_from_host(struct wasm_instance *instance)
{
        atomic_store_explicit(&instance->running.thread, wasm_thread.id, memory_order_release);
        barrier_light();
}

/* Around everything that belongs to one call: what expires is the time between the outermost two. */
static inline void wasm_instance_enter(struct wasm_instance *instance)
{
        if (!instance->running.depth++)
                __atomic_store_n(&instance->running.number, instance->running.number + 1, __ATOMIC_RELEASE);
        wasm_instance_from_host(instance);
}

static inline void wasm_instance_leave(struct wasm_instance *instance)
{
        instance->running.depth--;
        wasm_instance_to_host(instance);
}

/* --- What it is ------------------------------------------------------------------------------- */

/* Whether the module exports need number @need. */
static inline bool wasm_instance_has(const struct wasm_instance *instance, uint32_t need)
{
        return need < instance->binding->n_needs && instance->binding->exports[need];
}

/* The linear memory: its base never changes while the instance lives, its size may grow with each call. The first null_bytes of its
 * binding are not there. */
static inline uint8_t *wasm_instance_memory(const struct wasm_instance *instance, uint64_t *ret_size)
{
        *ret_size = instance->memory ? instance->memory->size : 0;
        return instance->memory ? instance->memory->data : NULL;
}

static inline bool wasm_instance_is_stopped(const struct wasm_instance *instance)
{
        return atomic_load_explicit(&instance->stopped, memory_order_relaxed);
}

static inline bool wasm_instance_is_expired(const struct wasm_instance *instance)
{
        return atomic_load_explicit(&instance->expired, memory_order_relaxed) ==
               __atomic_load_n(&instance->running.number, __ATOMIC_RELAXED);
}

/* Whether the call in flight is to end. Whatever waits within an import asks this when it was interrupted. */
static inline bool wasm_instance_is_ending(const struct wasm_instance *instance)
{
        return wasm_instance_is_stopped(instance) || wasm_instance_is_expired(instance);
}

#endif
