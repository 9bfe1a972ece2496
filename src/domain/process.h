/* What the files of kind `process` share.
 *
 * A process domain is a worker, a channel to it, and a guard: a word of the host's own that becomes 0 when the worker is gone or is
 * to go, and ends every wait. The worker's end is told by the warden, on the monitor's thread. */
#ifndef DOMAIN_PROCESS_H
#define DOMAIN_PROCESS_H

#include <pthread.h>
#include "channel/channel.h"
#include "channel/message.h"
#include "domain/domain.h"
#include "domain/references.h"
#include "domain/warden.h"
#include "marshal/marshal.h"

enum {
        PROCESS_LOADING = UINT32_MAX - 1, /* in place of a function's number */
        PROCESS_BUDGET_FACTOR = 4,        /* arenas */
        PROCESS_UNLOAD_MS = 1000,         /* for the add-in's destructors */
};

/* No call is in flight. */
#define PROCESS_IDLE UINT64_MAX

struct process {
        struct ward_domain *domain;
        struct channel channel;
        struct marshal_memory memory;
        struct warden *warden;
        struct warden_worker worker;
        _Atomic uint32_t guard;   /* 1, or 0: wait no more */
        _Atomic bool ending;      /* the host ends it: its death is no news */
        _Atomic uint64_t calling; /* instance << 32 | function of the innermost CALL in flight, or PROCESS_IDLE */
        pthread_mutex_t lock;     /* guards what follows, and is held for moments; the domain's info_lock is not taken under it */
        bool started;             /* the domain is the host's to know about */
        struct ward_fault fault;  /* what the worker's end means, once it is known */
        struct instance *instances[MESSAGE_INSTANCES]; /* changed in the domain's turn only */
};

/* What the worker does is done for function @function of instance @number, until process_finish. Returns what is to be put back. */
static inline uint64_t process_begin(struct process *process, uint32_t number, uint32_t function)
{
        return atomic_exchange_explicit(&process->calling, (uint64_t)number << 32 | function, memory_order_relaxed);
}

static inline void process_finish(struct process *process, uint64_t before)
{
        atomic_store_explicit(&process->calling, before, memory_order_relaxed);
}

/* Where the values of a call cross next; nested calls had crossings of their own. NULL: the function has no handles. */
static inline struct marshal_memory *process_memory(struct process *process, const struct crossing *crossing)
{
        process->memory.handles = crossing ? &crossing->handles : NULL;
        return &process->memory;
}

static inline uint32_t process_flat_params(const struct ward_func *func)
{
        return ward_func_spills(func) ? 1 : func->params->flat;
}

/* C memory that the values of one message may take: C forms are larger than the ABI's. */
static inline uint64_t process_budget(const struct process *process)
{
        return PROCESS_BUDGET_FACTOR * (uint64_t)(process->channel.arena.end - process->channel.arena.start);
}

static inline uint32_t process_number(const struct process *process, const struct instance *instance)
{
        return (uint32_t)((struct instance *const *)instance->held - process->instances);
}

/* process_end.c */

/* Says what an end means: from the kernel's account, and from the last words as far as they agree with it. */
void process_explain(struct process *process, const struct warden_end *end, struct ward_fault *ret_fault);
/* Fills @fault with what ended @process, and returns its negative kind. */
int process_gone(struct process *process, struct ward_fault *fault);
/* Gives the worker up, for the reason that @why has; who it was is put before its text. */
int process_give_up(struct process *process, struct ward_fault *why, struct ward_fault *fault);
/* The same, in words. */
int process_lose(struct process *process, struct ward_fault *fault, enum ward_fault_kind kind, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* process_converse.c */

/* Waits for the worker's answer of @kind to what was sent, within the inherited deadline, and serves it meanwhile. 0 with the
 * answer in the mailbox; a fault that says CHANNEL_DEADLINE is the caller's to word. @crossing: of the call that was sent, or NULL;
 * it arrives when the worker says so, or is undone. */
int process_converse(struct process *process, uint32_t kind, struct crossing *crossing, struct ward_fault *fault);
/* The same within @deadline, which calls from callbacks inherit. */
int process_converse_until(struct process *process, uint32_t kind, uint64_t deadline, struct ward_fault *fault);

/* process_serve.c: answers IMPORT. A worker that cannot be answered is given up. */
int process_serve(struct process *process, const struct message *message, struct ward_fault *fault);

/* process_load.c */
int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault);
void process_release(struct instance *instance);

/* process_call.c */
int process_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);
/* references_destroy. */
int process_destroy(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault);

#endif
