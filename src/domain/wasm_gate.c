#include "domain/wasm_gate.h"

#include <stddef.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/enter.h"

/* What images know of the domain's own. */
#define SAME(theirs, ours) _Static_assert((theirs) == (ours), "as images know it")
#define TURN               offsetof(struct ward_domain, turn)
SAME(offsetof(struct wasm_post, favourite), offsetof(struct turn, favourite));
SAME(offsetof(struct wasm_post, inside), offsetof(struct turn, inside));
SAME(offsetof(struct wasm_post, shared), offsetof(struct turn, shared));
SAME(offsetof(struct wasm_post, depth), offsetof(struct ward_domain, visit) + offsetof(struct visit, depth) - TURN);
SAME(offsetof(struct wasm_self, door), offsetof(struct instance, door));
SAME(offsetof(struct wasm_self, deadline_ms), offsetof(struct instance, deadline_ms));
SAME(WARD_DOMAIN_RUNNING, 1);
SAME(CLOCK_NEVER, UINT64_MAX);

static struct loaded *loaded_of(struct wasm_door *door)
{
        return CONTAINER_OF(door, struct loaded, door);
}

static struct ward_domain *domain_of(struct wasm_door *door)
{
        return loaded_of(door)->instance->domain;
}

/* --- What a gate does slowly ------------------------------------------------------------------ */

static void arm(struct wasm_door *door, uint32_t ms)
{
        loaded_of(door)->gate = loaded_limit_call(loaded_of(door), ms);
        door->running->activation.armed = true;
}

static uint32_t find_export(const struct loaded *loaded, uint32_t number)
{
        const struct wasm_binding *binding = loaded->binding;
        uint32_t i = 0;
        while (i + 1 < loaded->instance->contract->n_exports && binding->numbers[i] != number)
                i++;
        return i;
}

static int fail(struct loaded *loaded, uint32_t number)
{
        struct ward_fault *fault = loaded->wasm->running.activation.fault;
        uint32_t index = find_export(loaded, number);
        const char *function = loaded->instance->contract->exports[index]->name;
        loaded->dead = true;
        loaded->wasm->end.why = loaded->wasm->running.activation.ended; /* the gate itself may have found that it is to end */
        int r = wasm_instance_ended(loaded->wasm, function, fault);
        r = loaded_end_call(loaded, &loaded->gate, function, r, fault);
        instance_name_fault(loaded->instance, index, fault);
        return r;
}

/* As loaded_call and instance_enter_and_call end. */
static int leave(struct wasm_door *door, uint32_t number)
{
        struct loaded *loaded = loaded_of(door);
        struct ward_domain *domain = domain_of(door);
        struct wasm_activation *activation = &door->running->activation;
        int r = 0;
        door->thread->top = NULL;
        door->running->depth = 1;
        if (!activation->armed)
                loaded->gate = (struct loaded_call){ .before = { CLOCK_NEVER, CLOCK_NEVER }, .until = CLOCK_NEVER };
        activation->armed = false;
        if (activation->ended)
                r = fail(loaded, number);
        else
                loaded_end(loaded, loaded->gate.before);
        domain_leave_quickly(domain, &domain->visit);
        return r;
}

static int refuse(struct wasm_door *door)
{
        domain_leave_quickly(domain_of(door), &domain_of(door)->visit);
        return WASM_GATE_SHUT;
}

static int left(struct wasm_door *door)
{
        domain_leave_unloaded(domain_of(door), true, true);
        return 0;
}

/* --- Opening ---------------------------------------------------------------------------------- */

/* Deeper than WASM_STACK_MAX from its beginning, a stack has no gates. */
static void make_door(struct loaded *loaded)
{
        struct ward_domain *domain = loaded->instance->domain;
        struct wasm_thread *thread = &wasm_thread;
        uintptr_t floor = thread->stack_high - WASM_STACK_MAX, lowest = thread->lowest > floor ? thread->lowest : floor;
        loaded->door = (struct wasm_door){
                .thread = thread,
                .id = thread->id,
                .once = 1,
                .lowest = lowest,
                .span = thread->stack_high - lowest,
                .inherited = &deadline_inherited,
                .post = (struct wasm_post *)&domain->turn,
                .state = &domain->state->state,
                .running = &loaded->wasm->running,
                .module = loaded->wasm->module,
                .arm = arm,
                .refuse = refuse,
                .leave = leave,
                .left = left,
        };
        loaded->wasm->running.head->stack_limit = lowest;
        atomic_store(&loaded->door.pointer, wasm_thread_pointer());
}

void loaded_open_gates(struct loaded *loaded)
{
        struct instance *instance = loaded->instance;
        struct ward_domain *domain = instance->domain;
        loaded->gates_tried = true;
        if (instance->tracer || loaded->domain->cpu.on || !turn_is_favourite(&domain->turn) ||
            !atomic_load_explicit(&barrier_is_lopsided, memory_order_relaxed))
                return;
        make_door(loaded);
        instance->door = &loaded->door;
        pthread_mutex_lock(&domain->list_lock);
        if (!atomic_load(&domain->executor))
                __atomic_store_n(&instance->head.gates, loaded->binding->gates, __ATOMIC_RELEASE);
        pthread_mutex_unlock(&domain->list_lock);
}
