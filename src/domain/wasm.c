/* Kind `wasm`: WebAssembly that Ward has checked, compiled, and run on the caller's own thread. The boundary is the module's linear
 * memory: values go in and out of it by the Canonical ABI. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/kind.h"
#include "domain/references.h"
#include "domain/wasm_load.h"
#include "domain/wasm_terms.h"
#include "marshal/marshal.h"
#include "wasm/image.h"
#include "wasm/runtime.h"
#include "wasm/wasi.h"

enum {
        ROOM = 512,       /* for most argument structs and results without malloc */
        BUDGET_TIMES = 4, /* how much larger than in linear memory a value may be in C, */
        BUDGET_LEAST = 1 << 20,
        BUDGET_MOST = 1 << 30, /* a module has 4 GiB of zeros for the asking: lists in them must not fill the host */
        LAG_TICKS = 3,         /* two have been seen on a virtual machine */
};

/* A domain. The list is guarded by the domain's info_lock, for interrupt comes without the other. */
struct wasm_domain {
        struct monitor *monitor;
        struct list loaded;
        uint64_t lag; /* how far CLOCK_MONOTONIC_COARSE may be behind: no call is ended early for it */
};

struct loaded {
        struct list link;
        struct instance *instance;
        struct wasm_domain *domain; /* NULL: stopped, the rest of this is gone */
        struct wasm_instance *wasm;
        struct wasi *wasi;
        struct marshal_memory memory; /* up to date from memory_of on, until module code runs */
        struct monitor_alarm alarm;
        uint64_t until; /* what the alarm is set to */
        uint32_t n_resource_offers;
        bool dead; /* a call was ended in the middle: it is not to be called again */
};

/* --- Domains ---------------------------------------------------------------------------------- */

static int start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault)
{
        struct timespec tick;
        struct wasm_domain *held = calloc(1, sizeof *held);
        if (!held)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a domain");
        list_init(&held->loaded);
        clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
        held->lag = LAG_TICKS * (uint64_t)tick.tv_nsec;
        int r = domains_monitor(domain->domains, &held->monitor, fault);
        if (r) {
                free(held);
                return r;
        }
        domain->held = held;
        return 0;
}

/* What interrupt may be looking at. In a forked child nobody else is there, and the lock may be held for good. */
static void info_lock(struct ward_domain *domain)
{
        if (domain_is_here(domain))
                pthread_mutex_lock(&domain->info_lock);
}

static void info_unlock(struct ward_domain *domain)
{
        if (domain_is_here(domain))
                pthread_mutex_unlock(&domain->info_lock);
}

static void loaded_finish(struct loaded *loaded)
{
        struct ward_domain *domain = loaded->instance->domain;
        if (!loaded->domain)
                return;
        info_lock(domain);
        list_remove(&loaded->link);
        info_unlock(domain);
        if (domain_is_here(domain)) /* else the monitor may be freed: it stayed in the parent */
                monitor_alarm_remove(loaded->domain->monitor, &loaded->alarm);
        loaded->wasm = wasm_instance_free(loaded->wasm);
        loaded->wasi = wasi_free(loaded->wasi);
        loaded->domain = NULL;
}

static void stop(struct ward_domain *domain)
{
        struct wasm_domain *held = domain->held;
        while (!list_is_empty(&held->loaded))
                loaded_finish(CONTAINER_OF(held->loaded.next, struct loaded, link));
        info_lock(domain);
        domain->held = NULL;
        info_unlock(domain);
        free(held);
}

/* The monitor makes threads that are in module code look, and comes again until they have left. */
static void interrupt(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->info_lock);
        struct wasm_domain *held = domain->held;
        for (struct list *link = held ? held->loaded.next : NULL; link && link != &held->loaded; link = link->next) {
                struct loaded *loaded = CONTAINER_OF(link, struct loaded, link);
                wasm_instance_stop(loaded->wasm);
                monitor_alarm_set(held->monitor, &loaded->alarm, 0);
        }
        pthread_mutex_unlock(&domain->info_lock);
}

/* On the monitor's thread. The number is read before the time: a call that has begun since has set a later one. */
static void due(void *data)
{
        struct loaded *loaded = data;
        uint64_t number = wasm_instance_number(loaded->wasm);
        if (!wasm_instance_is_stopped(loaded->wasm)) {
                if (atomic_load(&loaded->alarm.at) > clock_now())
                        return;
                wasm_instance_expire(loaded->wasm, number);
        }
        wasm_instance_look(loaded->wasm);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* What begin changed, for end to put back. */
struct span_of_call {
        uint64_t until, inherited;
};

/* In a forked child the monitor may be freed. */
static void set_alarm(struct loaded *loaded, uint64_t until)
{
        loaded->until = until;
        if (until == CLOCK_NEVER || !domain_is_here(loaded->instance->domain))
                monitor_alarm_clear(&loaded->alarm);
        else
                monitor_alarm_set(loaded->domain->monitor, &loaded->alarm, until);
}

static struct span_of_call begin(struct loaded *loaded, uint64_t until)
{
        struct span_of_call before = { loaded->until, deadline_inherited };
        wasm_instance_enter(loaded->wasm);
        if (deadline_inherited < until)
                until = deadline_inherited;
        deadline_inherited = until;
        if (until < loaded->until)
                set_alarm(loaded, until);
        return before;
}

static void end(struct loaded *loaded, struct span_of_call before)
{
        deadline_inherited = before.inherited;
        if (loaded->until != before.until)
                set_alarm(loaded, before.until);
        wasm_instance_leave(loaded->wasm);
}

static int run(struct loaded *loaded, uint32_t need, const char *function, uint64_t *slots, struct ward_fault *fault)
{
        int r = wasm_instance_call(loaded->wasm, need, function, slots, fault);
        if (r)
                loaded->dead = true;
        return r;
}

static int allocate(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct loaded *loaded = memory->context;
        uint64_t slots[4] = { 0, 0, align, size };
        int r = run(loaded, wasm_need_realloc(loaded->instance->contract), "cabi_realloc", slots, fault);
        if (r)
                return r;
        memory->base = wasm_instance_memory(loaded->wasm, &memory->size);
        *ret_at = (uint32_t)slots[0];
        return 0;
}

/* @crossing: NULL where no handle crosses. */
static struct marshal_memory *memory_of(struct loaded *loaded, const struct crossing *crossing)
{
        loaded->memory.base = wasm_instance_memory(loaded->wasm, &loaded->memory.size);
        loaded->memory.handles = crossing ? &crossing->handles : NULL;
        return &loaded->memory;
}

static uint64_t budget_of(const struct marshal_memory *memory)
{
        uint64_t budget = memory->size * BUDGET_TIMES + BUDGET_LEAST;
        return budget < BUDGET_MOST ? budget : BUDGET_MOST;
}

/* Lifts the result, then lets the module free what of it is in its memory. */
static int take_result(struct loaded *loaded, uint32_t index, const struct crossing *crossing, uint64_t *slots, void *ret,
                       struct ward_fault *fault)
{
        const struct ward_contract *contract = loaded->instance->contract;
        const struct ward_func *func = contract->exports[index];
        struct marshal_memory *memory = memory_of(loaded, crossing);
        uint64_t budget = budget_of(memory);
        uint32_t post = wasm_need_post(contract, index);
        int r = func->result ? marshal_lift_result(func, slots, memory, &budget, ret, fault) : 0;
        if (r || !wasm_instance_has(loaded->wasm, post))
                return r;
        r = run(loaded, post, func->name, slots, fault);
        if (r && func->result)
                ward_value_free(func->result, ret);
        return r;
}

static int invoke(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->exports[index];
        struct marshal_memory *memory = memory_of(loaded, NULL);
        uint64_t slots[WARD_FLAT_MAX];
        int r = marshal_lower_params(func, args, slots, memory, fault);
        if (!r)
                r = run(loaded, wasm_need_export(index), func->name, slots, fault);
        return r ? r : take_result(loaded, index, NULL, slots, ret, fault);
}

/* The call itself, and what was lent comes back. A module that kept some of it gets no chance to make more of it. */
static int run_crossed(struct loaded *loaded, uint32_t index, struct crossing *crossing, uint64_t *slots, struct ward_fault *fault)
{
        int r = run(loaded, wasm_need_export(index), loaded->instance->contract->exports[index]->name, slots, fault);
        if (!r) {
                r = crossing_returned(crossing, fault);
                loaded->dead = loaded->dead || r;
        }
        return r;
}

/* The same with handles. */
static int invoke_crossed(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->exports[index];
        uint64_t slots[WARD_FLAT_MAX];
        struct crossing crossing;
        crossing_begin(&crossing, loaded->instance->references);
        int r = marshal_lower_params(func, args, slots, memory_of(loaded, &crossing), fault);
        if (!r) {
                crossing_arrived(&crossing);
                r = run_crossed(loaded, index, &crossing, slots, fault);
                if (!r)
                        r = take_result(loaded, index, &crossing, slots, ret, fault);
                if (r == -WARD_FAULT_PROTOCOL)
                        loaded->dead = true;
        }
        if (r)
                crossing_undo(&crossing);
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
        if (r == -WARD_FAULT_UNLOADED)
                return domain_unloaded_fault(domain, fault);
        if (r == -WARD_FAULT_PROTOCOL)
                name_in_text(loaded->instance->name, fault);
        fault_name(fault, loaded->instance->name, domain->name, function);
        if (loaded->dead || r == -WARD_FAULT_PROTOCOL)
                domain_fail(domain, fault);
        return r;
}

/* A call from outside: how long it may take, and what its fault means. */
struct outer_call {
        struct span_of_call before;
        uint64_t until;
        uint32_t ms;
};

static inline struct outer_call begin_call(struct loaded *loaded)
{
        uint32_t ms = atomic_load_explicit(&loaded->instance->deadline_ms, memory_order_relaxed);
        struct outer_call call = { .until = CLOCK_NEVER, .ms = ms };
        if (ms)
                call.until = clock_read(CLOCK_MONOTONIC_COARSE) + loaded->domain->lag + (uint64_t)ms * 1000000u;
        call.before = begin(loaded, call.until);
        return call;
}

static inline int end_call(struct loaded *loaded, const struct outer_call *call, const char *function, int r,
                           struct ward_fault *fault)
{
        end(loaded, call->before);
        if (r == -WARD_FAULT_DEADLINE && call->until <= call->before.inherited)
                fault_set(fault, WARD_FAULT_DEADLINE, "add-in '%s' did not return from %s within %u ms; the call was ended",
                          loaded->instance->name, function, call->ms);
        return r ? fail(loaded, function, r, fault) : 0;
}

static int call(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->exports[index];
        struct loaded *loaded = instance->held;
        struct ward_fault own;
        if (!fault)
                fault = &own;
        struct outer_call outer = begin_call(loaded);
        int r = func_has_handles(func) ? invoke_crossed(loaded, index, args, ret, fault) : invoke(loaded, index, args, ret, fault);
        return end_call(loaded, &outer, func->name, r, fault);
}

/* An object of the module's own. */
static int destroy(struct instance *instance, uint32_t resource, uint32_t rep, struct ward_fault *fault)
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
        struct outer_call outer = begin_call(loaded);
        int r = run(loaded, need, "a destructor", slots, fault);
        return end_call(loaded, &outer, instance->contract->resources[resource].resource->name, r, fault);
}

/* --- Imports ---------------------------------------------------------------------------------- */

/* A C value of a size that the contract says: on the stack, where it fits. */
struct room {
        void *at;
        void *heap;
        _Alignas(16) uint8_t stack[ROOM];
};

static int room_make(struct room *room, const struct ward_type *type, struct ward_fault *fault)
{
        size_t size = type ? type->size : 0;
        room->heap = size > ROOM ? malloc(size) : NULL;
        room->at = size > ROOM ? room->heap : room->stack;
        return room->at ? 0 : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the values of a call");
}

static void room_finish(struct room *room)
{
        free(room->heap);
}

static int give_result(struct loaded *loaded, const struct ward_func *func, const struct crossing *crossing, uint64_t *slots,
                       const void *ret, struct ward_fault *fault)
{
        struct marshal_memory *memory = memory_of(loaded, crossing);
        uint32_t last = ward_func_spills(func) ? 1 : func->params->flat;
        if (ward_func_returns_pointer(func))
                return marshal_store_result(func, ret, (uint32_t)slots[last], memory, fault);
        return marshal_lower_result(func, ret, slots, memory, fault);
}

/* The host may unload the domain, or fork, in what it was called for: then there is no memory to write to any more. */
static int look_around(struct loaded *loaded, const char *function, struct ward_fault *fault)
{
        if (wasm_instance_is_ending(loaded->wasm))
                return wasm_instance_ending(loaded->wasm, function, fault);
        if (!domain_is_running(loaded->instance->domain))
                return domain_unloaded_fault(loaded->instance->domain, fault);
        return 0;
}

/* The host's part of an import that failed: it destroys what did not arrive. */
static void take_back(struct loaded *loaded, struct crossing *crossing, const struct ward_type *type, const void *value)
{
        if (!crossing)
                return;
        wasm_instance_to_host(loaded->wasm);
        crossing_undo(crossing);
        crossing_refuse(crossing, type, value);
        wasm_instance_from_host(loaded->wasm);
}

static int serve(struct loaded *loaded, uint32_t import, struct crossing *crossing, uint64_t *slots, const void *args, void *ret,
                 struct ward_fault *fault)
{
        struct instance *instance = loaded->instance;
        const struct ward_func *func = instance->contract->imports[import].func;
        wasm_instance_to_host(loaded->wasm);
        instance_serve(instance, import, args, ret);
        wasm_instance_from_host(loaded->wasm);
        int r = look_around(loaded, func->name, fault);
        if (!func->result)
                return r;
        if (!r)
                r = give_result(loaded, func, crossing, slots, ret, fault);
        if (r)
                take_back(loaded, crossing, func->result, ret);
        ward_value_free(func->result, ret);
        return r;
}

static int serve_import(struct loaded *loaded, uint32_t import, struct crossing *crossing, uint64_t *slots,
                        struct ward_fault *fault)
{
        const struct ward_func *func = loaded->instance->contract->imports[import].func;
        struct marshal_memory *memory = memory_of(loaded, crossing);
        uint64_t budget = budget_of(memory);
        struct room args, ret;
        args.heap = ret.heap = NULL; /* the rest need not be cleared */
        int r = room_make(&args, func->params, fault);
        if (!r)
                r = room_make(&ret, func->result, fault);
        if (!r) {
                r = marshal_lift_params(func, slots, memory, &budget, args.at, fault);
                if (r)
                        take_back(loaded, crossing, NULL, NULL);
        }
        if (!r) {
                if (crossing)
                        crossing_arrived(crossing);
                r = serve(loaded, import, crossing, slots, args.at, ret.at, fault);
                ward_value_free(func->params, args.at);
        }
        room_finish(&args);
        room_finish(&ret);
        return r;
}

/* The same with handles. */
static int serve_crossed(struct loaded *loaded, uint32_t import, uint64_t *slots, struct ward_fault *fault)
{
        struct crossing crossing;
        crossing_begin(&crossing, loaded->instance->references);
        int r = serve_import(loaded, import, &crossing, slots, fault);
        crossing_end(&crossing);
        return r;
}

/* What the module asks of a resource. A host's object may be destroyed by it, or one of the module's own. */
static int serve_resource(struct loaded *loaded, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct references *references = loaded->instance->references;
        uint32_t resource, in = (uint32_t)slots[0], out = 0;
        enum wasm_act act = wasm_resource_offer(loaded->instance->contract, offer, &resource);
        int r;
        if (act == WASM_ACT_DROP) {
                wasm_instance_to_host(loaded->wasm);
                r = references_drop(references, resource, in, fault);
                wasm_instance_from_host(loaded->wasm);
                return r ? r : look_around(loaded, "[resource-drop]", fault);
        }
        if (act == WASM_ACT_NEW)
                r = references_new_handle(references, resource, in, &out, fault);
        else
                r = references_rep(references, resource, in, &out, fault);
        slots[0] = out;
        return r;
}

/* The values of a call may be on their way when the function that makes room for them calls the host. */
static int import_function(struct loaded *loaded, uint32_t import, uint64_t *slots, struct ward_fault *fault)
{
        const struct marshal_handles *before = loaded->memory.handles;
        int r = func_has_handles(loaded->instance->contract->imports[import].func)
                        ? serve_crossed(loaded, import, slots, fault)
                        : serve_import(loaded, import, NULL, slots, fault);
        loaded->memory.handles = before;
        return r;
}

static int import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct loaded *loaded = context;
        uint32_t n = loaded->instance->contract->n_imports;
        if (offer < n)
                return import_function(loaded, offer, slots, fault);
        offer -= n;
        if (offer < loaded->n_resource_offers)
                return serve_resource(loaded, offer, slots, fault);
        return wasi_call(loaded->wasi, offer - loaded->n_resource_offers, loaded->wasm, loaded->instance->name, slots, fault);
}

/* --- Loading ---------------------------------------------------------------------------------- */

static int loaded_new(struct instance *instance, const struct ward_activate_options *options, struct wasm_image *image,
                      struct loaded **ret_loaded, struct ward_fault *fault)
{
        struct loaded *loaded = calloc(1, sizeof *loaded);
        struct ward_domain *domain = instance->domain;
        if (!loaded)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
        const struct wasm_host host = { instance->name, domain->limits.memory_bytes, loaded, import };
        int r = wasi_new(options->arguments, domain->environment, &loaded->wasi, fault);
        if (!r)
                r = wasm_instance_new(image, &host, &loaded->wasm, fault);
        if (r) {
                wasi_free(loaded->wasi);
                free(loaded);
                return r;
        }
        loaded->instance = instance;
        loaded->domain = domain->held;
        loaded->memory.alloc = allocate;
        loaded->memory.context = loaded;
        loaded->n_resource_offers = wasm_resource_offers(instance->contract);
        loaded->until = CLOCK_NEVER;
        atomic_init(&loaded->alarm.at, CLOCK_NEVER);
        loaded->alarm.due = due;
        loaded->alarm.data = loaded;
        monitor_alarm_add(loaded->domain->monitor, &loaded->alarm);
        info_lock(domain);
        list_append(&loaded->domain->loaded, &loaded->link);
        info_unlock(domain);
        *ret_loaded = loaded;
        return 0;
}

/* Runs what a module runs by itself. */
static int initialize(struct loaded *loaded, uint64_t deadline, struct ward_fault *fault)
{
        uint32_t need = wasm_need_initialize(loaded->instance->contract);
        uint64_t slots[1] = { 0 };
        struct span_of_call before = begin(loaded, deadline);
        int r = wasm_instance_start(loaded->wasm, fault);
        if (!r && wasm_instance_has(loaded->wasm, need))
                r = run(loaded, need, "_initialize", slots, fault);
        end(loaded, before);
        return r == -WARD_FAULT_UNLOADED ? domain_unloaded_fault(loaded->instance->domain, fault) : r;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        struct wasm_image *image = NULL;
        struct loaded *loaded = NULL;
        enum marshal_encoding encoding;
        int r = wasm_load_image(instance, &deadline, &image, &encoding, fault);
        if (!r)
                r = loaded_new(instance, options, image, &loaded, fault);
        wasm_image_unref(image);
        if (!r)
                r = references_new(instance, REFERENCES_KEPT_HERE, destroy, &instance->references, fault);
        if (!r) {
                loaded->memory.encoding = encoding;
                instance->held = loaded;
                r = initialize(loaded, deadline, fault);
        }
        if (r && loaded) {
                instance->held = NULL;
                loaded_finish(loaded);
                free(loaded);
        }
        return r;
}

static void release(struct instance *instance)
{
        loaded_finish(instance->held);
        free(instance->held);
        instance->held = NULL;
}

const struct kind kind_wasm = {
        .name = "wasm",
        .isolation = WARD_WASM,
        .start = start,
        .stop = stop,
        .interrupt = interrupt,
        .load = load,
        .release = release,
        .call = call,
};
