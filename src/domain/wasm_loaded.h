/* What the files of kind `wasm` share: an instance of a module, and how it is entered. */
#ifndef DOMAIN_WASM_LOADED_H
#define DOMAIN_WASM_LOADED_H

#include "domain/deadline.h"
#include "domain/domain.h"
#include "domain/references.h"
#include "domain/wasm_cpu.h"
#include "marshal/marshal.h"
#include "wasm/runtime.h"
#include "wasm/wasi.h"

enum {
        LOADED_BUDGET_TIMES = 4, /* how much larger than in linear memory a value may be in C, */
        LOADED_BUDGET_LEAST = 1 << 20,
        LOADED_BUDGET_MOST = 1 << 30, /* a module has 4 GiB of zeros for the asking: lists in them must not fill the host */
};

/* A domain. The list is guarded by the domain's info_lock, for interrupt comes without the other. */
struct wasm_domain {
        struct monitor *monitor;
        struct list loaded;
        struct wasm_cpu cpu;
        bool checked, chosen; /* wasm_memory.h */
};

/* As the host gave them. */
struct loaded_streams {
        ward_on_output on_output;
        void *on_output_data;
        ward_on_input on_input;
        void *on_input_data;
};

/* What loaded_limit changed, for loaded_unlimit to put back. */
struct loaded_span {
        uint64_t until, inherited;
};

/* A call from outside: how long it may take. */
struct loaded_call {
        struct loaded_span before;
        uint64_t until; /* CLOCK_NEVER: as long as it takes */
        uint32_t ms;
        bool counts; /* its processor time */
};

struct loaded {
        struct wasm_door door;   /* wasm_gate.h */
        struct loaded_call gate; /* the call through it, where that has a deadline */
        struct list link;
        struct instance *instance;
        struct wasm_binding *binding; /* a reference: gates are called before anybody looks whether the domain runs */
        struct wasm_domain *domain;   /* NULL: stopped, the rest of this is gone */
        struct wasm_instance *wasm;
        struct wasi *wasi;
        struct loaded_streams streams;
        struct marshal_memory memory; /* up to date from loaded_memory on, until module code runs */
        struct monitor_alarm alarm;
        uint64_t until; /* what the alarm is set to */
        struct wasm_cpu_call cpu;
        uint32_t n_resource_offers;
        bool gates_tried;
        bool dead;    /* a call was ended in the middle: it is not to be called again */
        bool crosses; /* values are on their way: what it runs for them is not to call out (CanonicalABI.md: may_leave) */
};

/* @crossing: NULL where no handle crosses. */
static inline struct marshal_memory *loaded_memory(struct loaded *loaded, const struct crossing *crossing)
{
        loaded->memory.base = wasm_instance_memory(loaded->wasm, &loaded->memory.size);
        loaded->memory.handles = crossing ? &crossing->handles : NULL;
        return &loaded->memory;
}

static inline uint64_t loaded_budget(const struct marshal_memory *memory)
{
        uint64_t budget = memory->size * LOADED_BUDGET_TIMES + LOADED_BUDGET_LEAST;
        return budget < LOADED_BUDGET_MOST ? budget : LOADED_BUDGET_MOST;
}

/* wasm.c: an instance of what @source says, which is borrowed until it returns. */
struct loaded_source {
        struct wasm_binding *binding;
        enum marshal_encoding encoding;
        const struct ward_activate_options *options; /* for its streams */
        struct wasi_grants *grants;
};
/* WASM_INSTANCE_NO_ROOM as wasm_instance_new gives it. */
int loaded_new(struct instance *instance, const struct loaded_source *source, struct loaded **ret_loaded, struct ward_fault *fault);
/* Runs what the module runs by itself. */
int loaded_start(struct loaded *loaded, uint64_t deadline, struct ward_fault *fault);
/* Takes NULL, returns NULL. */
struct loaded *loaded_free(struct loaded *loaded);

/* wasm_call.c */

void loaded_set_alarm(struct loaded *loaded, uint64_t until);

/* Nothing lasts longer than until @until (CLOCK_NEVER: as long as it takes), nor than what is around it. */
static inline struct loaded_span loaded_limit(struct loaded *loaded, uint64_t until)
{
        struct loaded_span before = { loaded->until, deadline_inherited };
        if (deadline_inherited < until)
                until = deadline_inherited;
        deadline_inherited = until;
        if (until < loaded->until)
                loaded_set_alarm(loaded, until);
        return before;
}

static inline void loaded_unlimit(struct loaded *loaded, struct loaded_span before)
{
        deadline_inherited = before.inherited;
        if (loaded->until != before.until)
                loaded_set_alarm(loaded, before.until);
}

/* Around what runs module code. Inline, for a call is to cost a few nanoseconds. */
static inline struct loaded_span loaded_begin(struct loaded *loaded, uint64_t until)
{
        wasm_instance_enter(loaded->wasm);
        return loaded_limit(loaded, until);
}

static inline void loaded_end(struct loaded *loaded, struct loaded_span before)
{
        loaded_unlimit(loaded, before);
        wasm_instance_leave(loaded->wasm);
}

static inline int loaded_run(struct loaded *loaded, uint32_t need, const char *function, uint64_t *slots, struct ward_fault *fault)
{
        int r = wasm_instance_call(loaded->wasm, need, function, slots, fault);
        if (r)
                loaded->dead = true;
        return r;
}

/* marshal_memory.alloc: by the module's cabi_realloc. */
int loaded_allocate(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault);
/* How long a call of @ms may take (0: as long as it takes), within what is around it. */
static inline struct loaded_call loaded_limit_call(struct loaded *loaded, uint32_t ms)
{
        struct loaded_call call = { .until = ms ? clock_now() + (uint64_t)ms * 1000000u : CLOCK_NEVER, .ms = ms };
        call.before = loaded_limit(loaded, call.until);
        return call;
}
/* The end of a call that gave @r: leaves the module, and sees to what a fault means. */
int loaded_end_call(struct loaded *loaded, const struct loaded_call *call, const char *function, int r, struct ward_fault *fault);
/* kind->call's work, in @loaded. */
int loaded_call_in(struct loaded *loaded, uint32_t index, const void *args, void *ret, struct ward_fault *fault);
/* kind->call, and references_destroy. */
int loaded_call(struct instance *instance, uint32_t index, const void *args, void *ret, struct ward_fault *fault);
int loaded_destroy(struct instance *instance, uint32_t resource, uint32_t rep, struct ward_fault *fault);

/* wasm_import.c: serves offer number @offer, in the order of wasm_terms.h. @context is a struct loaded. */
int loaded_import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault);
/* The host may unload the domain, or fork, in what it was called for: then there is no memory to write to any more. */
int loaded_look_around(struct loaded *loaded, const char *function, struct ward_fault *fault);

/* wasm_wasi.c: what the host grants, and @loaded->wasi, which is made of it. */
int loaded_grants(const struct ward_domain *domain, const struct ward_activate_options *options, struct wasi_grants **ret_grants,
                  struct ward_fault *fault);
int loaded_wasi_new(struct loaded *loaded, const struct loaded_source *source, struct ward_fault *fault);

#endif
