/* Kind `wasm`: calls of exports, and what is called for their sake. */
#include <string.h>
#include "base/fault.h"
#include "domain/wasm_gate.h"
#include "domain/wasm_loaded.h"
#include "domain/wasm_terms.h"

/* Who releases an object does not expect to wait for ever, nor was asked for how long. */
enum { DESTROY_MS = 1000 };

/* In a forked child the monitor may be freed. */
void loaded_set_alarm(struct loaded *loaded, uint64_t until)
{
        loaded->until = until;
        if (until == CLOCK_NEVER || !domain_is_here(loaded->instance->domain))
                monitor_alarm_clear(&loaded->alarm);
        else
                monitor_alarm_set(loaded->domain->monitor, &loaded->alarm, until);
}

/* For the sake of values that cross: it must not have any use of them yet, nor change what they are made of. */
static int run_closed(struct loaded *loaded, uint32_t need, const char *function, uint64_t *slots, struct ward_fault *fault)
{
        bool outer = loaded->crosses;
        loaded->crosses = true;
        int r = loaded_run(loaded, need, function, slots, fault);
        loaded->crosses = outer;
        return r;
}

int loaded_allocate(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct loaded *loaded = memory->context;
        const struct marshal_handles *handles = memory->handles;
        uint64_t slots[4] = { 0, 0, align, size };
        int r = run_closed(loaded, wasm_need_realloc(loaded->instance->contract), "cabi_realloc", slots, fault);
        memory->handles = handles; /* WASI may have called the host, and that the add-in */
        if (r)
                return r;
        memory->base = wasm_instance_memory(loaded->wasm, &memory->size);
        *ret_at = (uint32_t)slots[0];
        return 0;
}

/* Lifts the result, then lets the module free what of it is in its memory. */
static int take_result(struct loaded *loaded, uint32_t index, const struct crossing *crossing, uint64_t *slots, void *ret,
                       struct ward_fault *fault)
{
        const struct ward_contract *contract = loaded->instance->contract;
        const struct ward_func *func = contract->exports[index];
        struct marshal_memory *memory = loaded_memory(loaded, crossing);
        uint64_t budget = loaded_budget(memory);
        uint32_t post = wasm_need_post(contract, index);
        int r = func->result ? marshal_lift_result(func, slots, memory, &budget, ret, fault) : 0;
        if (r || !wasm_instance_has(loaded->wasm, post))
                return r;
        r = run_closed(loaded, post, func->name, slots, fault);
        if (r && func->result)
                ward_value_free(func->result, ret);
        return r;
}

static int invoke(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->exports[index];
        struct marshal_memory *memory = loaded_memory(loaded, NULL);
        uint64_t slots[WARD_FLAT_MAX];
        int r = marshal_lower_params(func, args, slots, memory, fault);
        if (!r)
                r = loaded_run(loaded, wasm_need_export(index), func->name, slots, fault);
        return r ? r : take_result(loaded, index, NULL, slots, ret, fault);
}

/* The call itself, and what was lent comes back. A module that kept some of it gets no chance to make more of it. */
static int run_crossed(struct loaded *loaded, uint32_t index, struct crossing *crossing, uint64_t *slots, struct ward_fault *fault)
{
        int r = loaded_run(loaded, wasm_need_export(index), loaded->instance->contract->exports[index]->name, slots, fault);
        if (!r) {
                r = crossing_returned(crossing, fault);
                loaded->dead = loaded->dead || r;
        }
        return r;
}

static int run_and_take(struct loaded *loaded, uint32_t index, struct crossing *crossing, uint64_t *slots, void *ret,
                        struct ward_fault *fault)
{
        crossing_arrived(crossing);
        int r = run_crossed(loaded, index, crossing, slots, fault);
        if (!r)
                r = take_result(loaded, index, crossing, slots, ret, fault);
        if (r == -WARD_FAULT_PROTOCOL)
                loaded->dead = true;
        if (r)
                crossing_undo(crossing);
        return r;
}

/* Parameters that were not all lowered, for reason @r. Where the module is to blame the caller cannot tell that it was never
 * called: what it gave away is gone then, as with every fault of an add-in. */
static void take_back(struct loaded *loaded, struct crossing *crossing, const struct ward_type *params, const void *args, int r)
{
        crossing_undo(crossing);
        if (!loaded->dead && r != -WARD_FAULT_PROTOCOL)
                return;
        loaded->dead = true;
        crossing_refuse(crossing, params, args);
}

/* The same with handles. */
static int invoke_crossed(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->exports[index];
        uint64_t slots[WARD_FLAT_MAX];
        struct crossing crossing;
        crossing_begin(&crossing, loaded->instance->references);
        int r = marshal_lower_params(func, args, slots, loaded_memory(loaded, &crossing), fault);
        if (!r)
                r = run_and_take(loaded, index, &crossing, slots, ret, fault);
        else
                take_back(loaded, &crossing, func->params, args, r);
        crossing_end(&crossing);
        return r;
}

/* marshal/ knows no names. */
static void name_in_text(const char *name, struct ward_fault *fault)
{
        char text[WARD_FAULT_TEXT_MAX];
        memcpy(text, fault->text, sizeof text);
        fault_set(fault, WARD_FAULT_PROTOCOL, "add-in '%s' broke its contract: %s", name, text);
}

/* A call that was ended in the middle costs the domain, as does a value that is not one; a host that is short of memory costs the
 * call alone. */
static int fail(struct loaded *loaded, const char *function, int r, struct ward_fault *fault)
{
        struct ward_domain *domain = loaded->instance->domain;
        atomic_fetch_add(&domain->account.faults, 1);
        if (r == -WARD_FAULT_UNLOADED && !domain_is_running(domain))
                return domain_unloaded_fault(domain, fault);
        if (r == -WARD_FAULT_PROTOCOL)
                name_in_text(loaded->instance->name, fault);
        fault_name(fault, loaded->instance->name, domain->name, function);
        /* UNLOADED: the add-in was released in the middle, and goes now; others in the domain need not. */
        if ((loaded->dead && r != -WARD_FAULT_UNLOADED) || r == -WARD_FAULT_PROTOCOL)
                domain_fail(domain, fault);
        return r;
}

/* @least: where the host has set no time limit. */
static inline struct loaded_call begin_call(struct loaded *loaded, uint32_t least)
{
        uint32_t own = atomic_load_explicit(&loaded->instance->deadline_ms, memory_order_relaxed);
        wasm_instance_enter(loaded->wasm);
        struct loaded_call call = loaded_limit_call(loaded, own ? own : least);
        if (__builtin_expect(loaded->domain->cpu.on, false))
                call.counts = wasm_cpu_begin(loaded);
        return call;
}

int loaded_end_call(struct loaded *loaded, const struct loaded_call *call, const char *function, int r, struct ward_fault *fault)
{
        if (__builtin_expect(call->counts, false))
                wasm_cpu_end(loaded);
        loaded_end(loaded, call->before);
        if (r == -WARD_FAULT_DEADLINE && wasm_cpu_is_over(loaded, function, fault))
                r = -WARD_FAULT_LIMIT;
        if (r == -WARD_FAULT_DEADLINE && call->until <= call->before.inherited)
                fault_say(fault, "add-in '%s' did not return from %s within %u ms; the call was ended", loaded->instance->name,
                          function, call->ms);
        return r ? fail(loaded, function, r, fault) : 0;
}

int loaded_call_in(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct instance *instance = loaded->instance;
        const struct ward_func *func = instance->contract->exports[index];
        struct ward_fault own;
        if (!fault)
                fault = &own;
        struct loaded_call outer = begin_call(loaded, 0);
        int r = instance->references && func_has_handles(func) ? invoke_crossed(loaded, index, args, ret, fault)
                                                               : invoke(loaded, index, args, ret, fault);
        return loaded_end_call(loaded, &outer, func->name, r, fault);
}

int loaded_call(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        struct loaded *loaded = instance->held;
        int r = loaded_call_in(loaded, index, args, ret, fault);
        if (!loaded->gates_tried && !r)
                loaded_open_gates(loaded);
        return r;
}

/* An object of the module's own. */
int loaded_destroy(struct instance *instance, uint32_t resource, uint32_t rep, struct ward_fault *fault)
{
        struct loaded *loaded = instance->held;
        uint64_t slots[1] = { rep };
        struct ward_fault own;
        if (!fault)
                fault = &own;
        if (!loaded->domain || loaded->dead)
                return domain_unloaded_fault(instance->domain, fault);
        uint32_t need = wasm_need_dtor(instance->contract, resource);
        if (!wasm_instance_has(loaded->wasm, need))
                need++;
        if (!wasm_instance_has(loaded->wasm, need))
                return 0;
        struct loaded_call outer = begin_call(loaded, DESTROY_MS);
        int r = loaded_run(loaded, need, "a destructor", slots, fault);
        return loaded_end_call(loaded, &outer, instance->contract->resources[resource].resource->name, r, fault);
}
