#include "wasm/runtime.h"

#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "wasm/linear.h"
#include "wasm/report.h"
#include "wasm/signals.h"
#include "wasm/thread.h"
#include "wasm/trap.h"
#include "wasm/types.h"

static int no_room(const struct wasm_binding *binding, const char *name, int error, struct ward_fault *fault)
{
        if (wasm_image_entry(binding->image)->checked)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, error,
                                       "cannot have %llu bytes for the linear memory of add-in '%s'",
                                       (unsigned long long)binding->memory_size, name);
        fault_set_errno(fault, WARD_FAULT_SYSTEM, error,
                        "cannot reserve %llu GiB of address space for the linear memory of add-in '%s' (is there a limit, such as "
                        "ulimit -v?)",
                        (unsigned long long)binding->reservation >> 30, name);
        return WASM_INSTANCE_NO_ROOM;
}

int wasm_instance_new(struct wasm_binding *binding, const struct wasm_host *host, struct wasm_instance **ret_instance,
                      struct ward_fault *fault)
{
        const struct wasm_image_entry *entry = wasm_image_entry(binding->image);
        int r = wasm_signals_install(fault);
        if (r)
                return r;
        struct with_head {
                struct wasm_instance instance;
                struct wasm_head head;
        } *both = own_zeroed(sizeof *both + entry->instance_size);
        if (!both)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make an instance of add-in '%s'", host->name);
        struct wasm_instance *instance = &both->instance;
        instance->binding = wasm_binding_ref(binding);
        instance->entry = entry;
        instance->host = *host;
        instance->own.memory_max = host->memory_bytes;
        instance->account = host->account ? host->account : &instance->own;
        instance->running.head = &both->head;
        instance->running.activation.instance = instance;
        instance->module = both + 1;
        instance->memory = entry->memory ? entry->memory(instance->module) : NULL;
        r = wasm_memory_reserve(instance);
        if (r) {
                wasm_instance_free(instance);
                return no_room(binding, host->name, -r, fault);
        }
        *ret_instance = instance;
        return 0;
}

struct wasm_instance *wasm_instance_free(struct wasm_instance *instance)
{
        if (!instance)
                return NULL;
        wasm_memory_finish(instance);
        wasm_binding_unref(instance->binding);
        free(instance);
        return NULL;
}

/* --- Which thread runs it, and being looked for ----------------------------------------------- */

/* A signal that was sent on time may still be on its way, and would interrupt what the host does next: any system call takes it
 * in. */
void wasm_instance_wait_for_lookers(struct wasm_instance *instance)
{
        while (atomic_load(&instance->running.lookers))
                sched_yield();
        if (atomic_exchange(&instance->running.signalled, 0))
                syscall(SYS_getppid);
}

bool wasm_instance_look(struct wasm_instance *instance)
{
        atomic_fetch_add(&instance->running.lookers, 1);
        barrier_heavy();
        uint32_t thread = atomic_load(&instance->running.thread);
        /* The host may have put a handler before Ward's meanwhile, which would take the signal for a crash. */
        if (thread && !wasm_signals_install(NULL)) {
                atomic_store(&instance->running.signalled, 1);
                wasm_signals_send(thread);
        }
        atomic_fetch_sub(&instance->running.lookers, 1);
        return thread;
}

uint64_t wasm_instance_growth(const struct wasm_instance *instance)
{
        uint64_t grown = atomic_load_explicit(&instance->grown, memory_order_acquire);
        if (!atomic_load(&instance->running.thread) || grown != wasm_instance_number(instance))
                return 0;
        return atomic_load(&instance->charged) - atomic_load(&instance->grown_from);
}

uint64_t wasm_instance_number(const struct wasm_instance *instance)
{
        return __atomic_load_n(&instance->running.number, __ATOMIC_SEQ_CST);
}

void wasm_instance_expire(struct wasm_instance *instance, uint64_t number)
{
        atomic_store(&instance->expired, number);
        __atomic_store_n(&instance->running.head->look, 1, __ATOMIC_SEQ_CST);
}

void wasm_instance_stop_alone(struct wasm_instance *instance)
{
        atomic_store(&instance->stopped, true);
        __atomic_store_n(&instance->running.head->look, 1, __ATOMIC_SEQ_CST);
}

void wasm_instance_stop(struct wasm_instance *instance)
{
        wasm_instance_stop_alone(instance);
        barrier_heavy();
}

/* --- Calls ------------------------------------------------------------------------------------ */

int wasm_instance_ending(const struct wasm_instance *instance, const char *function, struct ward_fault *fault)
{
        /* A call whose time is up costs the domain, and that stops what is around it: their time is the same. */
        if (!wasm_instance_is_expired(instance))
                return fault_set(fault, WARD_FAULT_UNLOADED, "add-in '%s' was unloaded in %s", instance->host.name, function);
        return fault_set(fault, WARD_FAULT_DEADLINE, "add-in '%s' did not return from %s in its time; the call was ended",
                         instance->host.name, function);
}

int wasm_instance_ended(const struct wasm_instance *instance, const char *function, struct ward_fault *fault)
{
        wasm_signals_left();
        return wasm_report(instance, function, &instance->end, fault);
}

static int run(struct wasm_instance *instance, wasm_export code, const char *function, uint64_t *slots, struct ward_fault *fault)
{
        if (!wasm_thread.id) {
                int r = wasm_thread_prepare(fault);
                if (r)
                        return r;
                wasm_instance_from_host(instance);
        }
        if (wasm_instance_is_ending(instance))
                return wasm_instance_ending(instance, function, fault);
        if (wasm_trap_run(instance, code, slots, fault))
                return 0;
        return wasm_instance_ended(instance, function, fault);
}

static void instantiate(void *module, uint64_t *slots)
{
        const struct wasm_instance *instance = wasm_trap_instance();
        instance->entry->instantiate(module, instance->running.head);
}

int wasm_instance_start(struct wasm_instance *instance, struct ward_fault *fault)
{
        return run(instance, instantiate, "its start", NULL, fault);
}

int wasm_instance_call(struct wasm_instance *instance, uint32_t need, const char *function, uint64_t *slots,
                       struct ward_fault *fault)
{
        return run(instance, instance->binding->exports[need], function, slots, fault);
}

/* --- What images call ------------------------------------------------------------------------- */

static void import(uint32_t import, uint64_t *slots)
{
        struct wasm_instance *instance = wasm_trap_instance();
        uint32_t offer = instance->binding->offers[import];
        wasm_trap_check_stack();
        int r = instance->host.import(instance->host.context, offer, slots, wasm_trap_fault());
        if (r)
                wasm_trap_fail(r);
        wasm_trap_check();
}

const struct wasm_runtime wasm_runtime = {
        .trap = wasm_trap,
        .trap_at = wasm_trap_at,
        .look = wasm_trap_look,
        .import = import,
        .memory_new = wasm_memory_new,
        .memory_grow = wasm_memory_grow,
        .fill = wasm_memory_fill,
        .copy = wasm_memory_copy,
        .table_new = wasm_table_new,
        .table_grow = wasm_table_grow,
        .func_type = wasm_types_number,
};
