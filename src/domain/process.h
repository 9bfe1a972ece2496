/* What the files of kind `process` share.
 *
 * A process domain is a worker, memory shared with it in which there are lanes (lane.h), and a guard: a word of the host's own that
 * becomes 0 when the worker is gone or is to go, and ends every wait. The worker's end is told by the warden, on the monitor's
 * thread. */
#ifndef DOMAIN_PROCESS_H
#define DOMAIN_PROCESS_H

#include <pthread.h>
#include "base/pack.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "domain/domain.h"
#include "domain/lane.h"
#include "domain/own_lanes.h"
#include "domain/process_output.h"
#include "domain/references.h"
#include "domain/warden.h"
#include "marshal/marshal.h"
#include "sandbox/limits.h"

enum {
        PROCESS_LOADING = UINT32_MAX - 1, /* in place of a function's number */
        PROCESS_OWN_THREAD = UINT32_MAX - 2,
        PROCESS_BUDGET_FACTOR = 2, /* times the shared memory */
        PROCESS_UNLOAD_MS = 1000,  /* for the add-in's destructors */
};

struct process {
        _Alignas(128) _Atomic uint32_t guard; /* 1, or 0: wait no more. All lanes look at it, so little else is in its line */
        bool spins;                           /* waits may begin with spinning */
        struct ward_domain *domain;
        struct shared shared;
        int socket;                      /* descriptors to and from the worker */
        _Atomic(struct shares *) shares; /* by which buffers and streams pass; NULL until an add-in needs it */
        uint32_t held;                   /* layers that hold the worker (enum ward_layer) */
        int doorbell;                    /* an eventfd: something waits for the dispatcher */
        struct warden *warden;
        struct warden_worker worker;
        struct process_output output;
        _Atomic uint32_t users;  /* the domain, and each lane */
        _Atomic bool ending;     /* the host ends it: its death is no news */
        struct turn control;     /* held by who uses lane 0 */
        uint32_t n_copies;       /* of libraries, sent so far; with @control */
        struct lane *first;      /* lane 0 */
        pthread_mutex_t lock;    /* guards what follows, and is held for moments; the domain's info_lock is not taken under it */
        bool started;            /* the domain is the host's to know about */
        bool stopped;            /* no lane is to be added */
        struct ward_fault fault; /* what the worker's end means, once it is known */
        struct sandbox_excess excess;       /* the limit that it is ended for */
        uint32_t n_blocks;                  /* of the host's own, for which the memory stays mapped */
        struct list lanes;                  /* of lane.link, but for lane 0 */
        uint64_t taken[CHANNEL_LANES / 64]; /* bit n: lane n */
        struct own_lanes own;
        _Atomic(struct instance *) instances[MESSAGE_INSTANCES]; /* changed in the domain's turn only */
};

/* What the worker does is done for function @function of instance @number, until lane_finish. Returns what is to be put back. */
static inline uint64_t lane_begin(struct lane *lane, uint32_t number, uint32_t function)
{
        uint64_t before = atomic_load_explicit(&lane->calling, memory_order_relaxed);
        atomic_store_explicit(&lane->calling, (uint64_t)number << 32 | function, memory_order_relaxed);
        return before;
}

static inline void lane_finish(struct lane *lane, uint64_t before)
{
        atomic_store_explicit(&lane->calling, before, memory_order_relaxed);
}

/* Where the values of a call cross next; nested calls had crossings of their own. NULL: the function has no handles. */
static inline struct marshal_memory *lane_memory(struct lane *lane, const struct crossing *crossing)
{
        lane->memory.handles = crossing ? &crossing->handles : NULL;
        return &lane->memory;
}

/* Waits for the worker's next message and receives it. */
static inline enum channel_outcome lane_await(struct lane *lane, uint64_t deadline, struct message *ret_message)
{
        enum channel_outcome outcome = channel_wait(&lane->channel, &lane->process->guard, deadline);
        *ret_message = outcome == CHANNEL_MESSAGE ? channel_receive(&lane->channel) : (struct message){ 0 };
        return outcome;
}

static inline uint32_t process_flat_params(const struct ward_func *func)
{
        return ward_func_spills(func) ? 1 : func->params->flat;
}

/* C memory that the values of one message may take: C forms are larger than the ABI's. */
static inline uint64_t process_budget(const struct process *process)
{
        return PROCESS_BUDGET_FACTOR * process->shared.pool.all;
}

static inline uint32_t process_number(const struct process *process, const struct instance *instance)
{
        return (uint32_t)((_Atomic(struct instance *) const *)instance->held - process->instances);
}

/* process.c */

/* The process of a domain that is not stopped, counted; else NULL. */
struct process *process_hold(struct ward_domain *domain);
struct process *process_unref(struct process *process);
/* The warden, counted; NULL where the process is being stopped, or was. */
struct warden *process_hold_warden(struct process *process);
/* Its add-in of this number, counted; NULL where there is none, or not yet, or nobody holds it any more. */
struct instance *process_hold_instance(struct process *process, uint32_t number);

/* process_lanes.c */
/* Lane 0 is for whoever has something loaded, unloaded, or a lane opened: taken by @deadline, or false. */
bool process_take_control(struct process *process, uint64_t deadline);
void process_give_control(struct process *process);

/* Makes @lane, zeroed memory, a lane of @process that counts as busy, and its thread's and the process's. LIMIT, or UNLOADED. */
int process_add_lane(struct process *process, struct lane *lane, uint32_t *ret_number, struct ward_fault *fault);
/* Gives the process's share back. The worker must not be at its other end. */
void process_remove_lane(struct process *process, struct lane *lane);
/* The same with the lock held and a lane of an add-in's own threads; the process's only. */
void process_add_own_lane(struct process *process, struct lane *lane, uint32_t number);
/* Has a new thread of the worker's serve these lanes, at most CHANNEL_SLOTS: where they are several, in turn. */
int process_open_lanes(struct process *process, const uint32_t *numbers, uint32_t n, uint64_t deadline, struct ward_fault *fault);
/* kind->visit, kind->here, kind->is_busy. */
int process_visit(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault);
struct visit *process_here(struct ward_domain *domain);
bool process_is_busy(struct ward_domain *domain);
/* Gives up all lanes of a stopped process. */
void process_drop_lanes(struct process *process);

/* process_blocks.c */

/* kind->take. */
int process_take_block(struct ward_domain *domain, struct block *block, struct ward_fault *fault);
/* marshal_memory.find: a block that it finds is lent to the lane, until process_return_blocks says how many were @before. */
int process_find_block(struct marshal_memory *memory, const void *data, uint64_t len, uint32_t *ret_at, struct ward_fault *fault);
void process_return_blocks(struct lane *lane, uint32_t before);

/* process_limits.c */

struct sandbox_limits process_limits(const struct ward_domain *domain);
/* The warden's word, WIRE_LIMIT. */
void process_told_limit(struct process *process, struct ward_span payload);
/* "over its limit of processor time (cpu_ms) in f: used 503 ms, allowed 500 ms": in @text, which it returns. @where: " in f". */
const char *process_limit_text(const struct sandbox_excess *excess, const char *where, char *text, size_t size);
/* The limit that this signal is about. */
struct sandbox_excess process_signalled_limit(const struct process *process, int signal);
/* The last figures of a worker; NULL: there are none. */
void process_keep_usage(struct process *process, const struct ward_usage *usage);
/* kind->usage. */
void process_usage(struct ward_domain *domain, struct ward_usage *usage);

/* process_end.c */

/* Says what an end means: from the kernel's account, and from the last words as far as they agree with it. */
void process_explain(struct process *process, const struct warden_end *end, struct ward_fault *ret_fault);
/* Fills @fault with what ended @process, and returns its negative kind. */
int process_gone(struct process *process, struct ward_fault *fault);
/* Gives the worker up, for the reason that @why has, found on @lane; who it was is put before its text. */
int process_give_up(struct lane *lane, struct ward_fault *why, struct ward_fault *fault);
/* The same, in words. */
int process_lose(struct lane *lane, struct ward_fault *fault, enum ward_fault_kind kind, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* process_converse.c */

/* Waits for the worker's answer of @kind to what was sent, within the inherited deadline, and serves it meanwhile. 0 with the
 * answer in the mailbox; a fault that says CHANNEL_DEADLINE is the caller's to word. @crossing: of the call that was sent, or NULL;
 * it arrives when the worker says so, or is undone. */
int process_converse(struct lane *lane, uint32_t kind, struct crossing *crossing, struct ward_fault *fault);
/* The same for who has waited already, and received the message if there is one. */
int process_converse_on(struct lane *lane, enum channel_outcome outcome, struct message message, uint32_t kind,
                        struct crossing *crossing, struct ward_fault *fault);
/* The same within @deadline, which calls from callbacks inherit. */
int process_converse_until(struct lane *lane, uint32_t kind, uint64_t deadline, struct ward_fault *fault);

/* Answers MORE. */
void process_give_more(struct lane *lane);
/* Answers AGAIN. */
void process_pass_again(struct lane *lane);

/* Packs an order into the lane's arena, as large as it needs: 0, or LIMIT. */
int process_pack(struct lane *lane, void (*write)(const void *what, struct pack *pack), const void *what, uint64_t ret_slots[2],
                 struct ward_fault *fault);

/* process_events.c */

/* Makes the calls that lie in the lane's ring; it has one. A fault, or CHANNEL_DEADLINE, leaves the rest unmade. */
int process_make_posted(struct lane *lane, struct ward_fault *fault);
/* Answers RING; and takes the ring back. */
void process_give_ring(struct lane *lane);
void process_take_ring(struct lane *lane);

/* process_serve.c: answers IMPORT. A worker that cannot be answered is given up. */
int process_serve(struct lane *lane, const struct message *message, struct ward_fault *fault);

/* process_load.c */
int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault);
void process_release(struct instance *instance);

/* process_call.c */
int process_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);
int process_cross(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);

/* A call of the worker. */
struct process_outgoing {
        uint32_t instance;
        uint32_t function;
        const struct ward_func *func;
        uint32_t ms;               /* its own time limit, or 0: that of the call that it is part of comes first */
        struct crossing *crossing; /* NULL: the function has no handles */
};

/* One that was sent, and whose result is not yet taken. */
struct process_sent {
        struct lane *lane;
        struct process_outgoing call;
        struct crossing crossing;
        struct arena_mark mark;
        uint32_t lent;
        uint64_t before;
};

/* The two parts of a call. Where sending fails there is nothing to take. process_unsend, of one that the worker has not begun and
 * will not: UNLOADED. */
int process_send(struct lane *lane, struct instance *instance, uint32_t export_index, const void *args, uint32_t ms,
                 struct process_sent *sent, struct ward_fault *fault);
int process_take(struct process_sent *sent, void *ret, struct ward_fault *fault);
int process_unsend(struct process_sent *sent, struct ward_fault *fault);

/* process_acts.c */
/* What the warden is to know of a worker of @domain's. */
void process_describe(const struct ward_domain *domain, struct wire_spawn *spawn);
/* Tells the warden what the worker is granted, for calls that its filter notifies. Once it is known what holds it, and before an
 * add-in is loaded. */
int process_send_grants(struct process *process, struct ward_fault *fault);
/* WIRE_ACT, on the monitor's thread. */
void process_told_act(struct process *process, struct ward_span payload);

/* process_posture.c: kind->posture. */
struct ward_posture; /* <ward/posture.h> */
int process_posture(struct ward_domain *domain, struct ward_posture *posture, struct ward_fault *fault);

/* process_row.c */
extern const struct row_ops process_row;

/* references_destroy. */
int process_destroy(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault);

#endif
