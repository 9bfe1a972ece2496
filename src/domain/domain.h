/* Domains and the add-ins in them, whatever the kind. Kinds are in kind.h's terms; the public API is in host/.
 *
 * Lifetimes: a domain is counted. Its handle's owner, every instance in it and, while it runs, its registry each hold one
 * reference. An instance is counted as well: by who activated it, by tokens for it, and by the objects of its that the host holds.
 * The last of them may go within a call: then the instance goes when that call has left its domain.
 *
 * State lives in memory that a fork wipes (MADV_WIPEONFORK): in a child of the host every domain reads as unloaded (0), so nothing
 * there touches a channel, a worker or a lock that is not its own.
 *
 * Visits: a host thread that is in a domain is in a visit of it. At kind `process` each thread has one of its own (lane.h), in a
 * pooled domain each place (places.h), else the domain has one, for whoever has the turn. A domain that was unloaded is stopped,
 * and what it used freed, when nobody is in it any more: by who unloads it, or by who is the last to leave. To see that costs the
 * leaving thread nothing: it stores that it is out, then looks whether the domain runs; who unloads stores that it does not, passes
 * a barrier (base/barrier.h), then looks whether anybody is in.
 *
 * Locking: @turn is held for a whole call at the isolating kinds, unless the domain is free-threaded or pooled (so domains are
 * synchronized),
 * and while add-ins come and go; it is recursive, so an import may call back in. A thread that is in a visit of its own already
 * takes no turn: its outermost call has it. */
#ifndef DOMAIN_DOMAIN_H
#define DOMAIN_DOMAIN_H

#include <pthread.h>
#include <stdatomic.h>
#include <ward/host.h>
#include "base/list.h"
#include "base/map.h"
#include "base/span.h"
#include "base/turn.h"
#include "domain/account.h"
#include "domain/blocks.h"
#include "monitor/monitor.h"
#include "native/needed.h"

struct kind;
struct places; /* domain/places.h: who is where in a domain of several instances */
struct denied;
struct domain_grants;
struct tracer;       /* domain/trace.h: who looks in */
struct event_counts; /* domain/event.h */
struct warden;       /* domain/warden.h: the host's link to its warden process */
struct dispatch;     /* domain/dispatch.h: what waits for a thread of the host's */

/* domain/wasm_modules.h: the modules that were activated lately */
struct wasm_modules {
        struct list list; /* the last used first */
        uint32_t n;
};

/* What the domains of one host share; part of struct ward_host. */
struct domains {
        struct blocks blocks;
        pthread_mutex_t lock;      /* guards the members below; no other lock of a domain is taken under it */
        struct domain_state *page; /* only its `here`: 0 in a forked child, where nothing below is that child's */
        struct list list;          /* of ward_domain.link: those that were started and not yet stopped */
        struct monitor *monitor;
        struct warden *warden;
        struct tokens *tokens;
        struct dispatch *dispatch; /* domain/dispatch.h: what waits for a thread of the host's */
        struct list executors;     /* of executor.link, by references */
        struct wasm_modules modules;
        _Atomic uint64_t next_number;              /* of a domain without a name */
        char *worker_path;                         /* owned; NULL where not given */
        struct worker_program *worker_program;     /* domain/worker_program.h; NULL until there was a warden */
        struct worker_libraries *worker_libraries; /* domain/libraries.h; NULL until it is read */
        char *cache_path;
        char *compiler;
        char *image_path;
        uint64_t cache_bytes;
        bool no_compiler;
        bool looking;
        uint32_t without_layers; /* that are not asked for: enum ward_layer */
        ward_on_fault on_fault;
        void *on_fault_data;
        struct tracer *tracer; /* NULL: nobody looks in */
        ward_on_event on_event;
        void *on_event_data;
        ward_resolve resolve;
        void *resolve_data;
        struct ward_clock clock;     /* @now NULL: the machine's */
        struct event_counts *events; /* of the host itself */
};

/* What a fork wipes (state.h). */
struct domain_state {
        _Atomic uint32_t state; /* enum ward_domain_state */
        _Atomic uint32_t here;  /* 1 in the process that made the domain, 0 in a child that was forked from it */
        bool kept;              /* state.h: no fork wipes this one */
};

struct data; /* domain/data.h: a domain's named data */
struct dispatch;
struct executor;   /* domain/executor.h: the thread of begun calls */
struct wasm_door;  /* domain/wasm_gate.h: the quick way into a module */
struct tokens;     /* domain/tokens.h: what the host holds of its add-ins */
struct references; /* domain/references.h: what an add-in holds of the host, and the host of it */

/* Where a host thread is in a domain. */
struct visit {
        _Atomic uint32_t depth; /* calls in flight, nested ones counted; only its thread writes */
        uint32_t base;          /* those before the first that takes the turn */
        struct list unheld;     /* of instance.link: what nobody holds any more goes with the end of the visit */
};

static inline void visit_init(struct visit *visit)
{
        atomic_init(&visit->depth, 0);
        list_init(&visit->unheld);
}

static inline uint32_t visit_depth(const struct visit *visit)
{
        return atomic_load_explicit(&visit->depth, memory_order_relaxed);
}

/* Of another thread's: once it is not busy, what it did there is behind it, and may be undone. */
static inline bool visit_is_busy(const struct visit *visit)
{
        return atomic_load_explicit(&visit->depth, memory_order_acquire);
}

/* What the host wants of the standard streams of a domain: see ward_domain_options. */
struct domain_streams {
        ward_on_output on_output;
        void *on_output_data;
        ward_on_input on_input;
        void *on_input_data;
        struct ward_stream *const *given; /* valid during kind->start only */
};

/* How far a domain's end is. */
enum domain_end { DOMAIN_STARTED, DOMAIN_STOPPING, DOMAIN_STOPPED };

struct ward_domain {
        const struct kind *kind;
        struct domains *domains; /* NULL once the host is gone */
        struct list link;
        _Atomic uint32_t references;
        struct domain_state *state;
        struct turn turn;
        struct visit visit;        /* with the turn: of kinds without visits of their own, and of who loads or ends an add-in */
        struct places *places;     /* NULL: the domain has one instance of each add-in. Owned */
        bool free_threaded;        /* or pooled: calls take no turn */
        bool made;                 /* for an add-in: it goes with the last one in it */
        pthread_mutex_t list_lock; /* guards the next two; references' and tokens' locks may be taken under it */
        struct list instances;     /* of instance.link, but for those that nobody holds any more */
        uint32_t n_instances;      /* those counted */
        pthread_mutex_t end_lock;  /* guards @end; the kind's locks may be taken under it */
        pthread_cond_t ended;
        enum domain_end end;
        enum ward_level level;
        struct ward_limits limits;
        struct domain_account account;
        struct domain_grants *grants; /* domain/grants.h; owned. NULL: the host's own domain */
        struct domain_streams streams;
        char **denied_imports;     /* owned; NULL: none */
        char **library_path;       /* likewise */
        bool recorded;             /* what add-ins in it use is told */
        pthread_mutex_t info_lock; /* guards name, fault, data; no other lock is taken under it */
        char name[WARD_FAULT_NAME_MAX];
        struct ward_fault *fault; /* what ended it, or NULL */
        struct data *data;
        struct event_counts *events;         /* NULL until something is told; guarded by info_lock */
        _Atomic(struct executor *) executor; /* NULL until a call is begun */
        void *held;                          /* the kind's own, between start and stop */
};

/* An activated add-in. */
struct instance {
        struct ward_instance head;
        struct wasm_door *door; /* this and the next: what gates know of an instance (domain/wasm_gate.h) */
        _Atomic uint32_t deadline_ms;
        struct ward_domain *domain;
        struct list link;
        _Atomic uint32_t holders;
        const struct ward_contract *contract;
        const void *services;
        struct tracer *tracer; /* counted; NULL: nobody looks in */
        char name[WARD_FAULT_NAME_MAX];
        char *module;                  /* path, or what the host calls it; owned */
        struct ward_span image;        /* its bytes, where the host gave them: valid during kind->load only */
        bool last;                     /* in kind->release: the domain goes with it */
        void *held;                    /* the kind's own, between load and release */
        struct needed libraries;       /* native: those that it was loaded with */
        struct denied *denied;         /* domain/denied.h: imports that it may not use; NULL: none */
        struct references *references; /* NULL where the contract has no resources */
        struct tokens *tokens;
        struct list objects; /* what follows is guarded by the lock of @tokens, and theirs */
        struct map numbers;
        uint32_t n_objects;
};

static inline bool domain_is_running(const struct ward_domain *domain)
{
        return atomic_load_explicit(&domain->state->state, memory_order_acquire) == WARD_DOMAIN_RUNNING;
}

/* Whether this is the process that made the domain, not a forked child: only there may its lock, worker and channel be touched. */
static inline bool domain_is_here(const struct ward_domain *domain)
{
        return atomic_load_explicit(&domain->state->here, memory_order_relaxed);
}

/* domains.c */
int domains_init(struct domains *domains, struct ward_fault *fault);
void domains_finish(struct domains *domains);
/* Begins a use of what the host's domains share: takes @domains->lock, and in a forked child first drops what was the parent's. */
void domains_enter(struct domains *domains);
void domains_leave(struct domains *domains);
/* The monitor, started on first need and anew in a forked child. */
int domains_monitor(struct domains *domains, struct monitor **ret_monitor, struct ward_fault *fault);

/* domain.c: life */

/* Makes a domain and starts it with its kind. @deadline bounds starting. @made: for an add-in. Takes @grants, even on failure; what
 * the options say of permissions and a policy is in there. */
int domain_new(struct domains *domains, const struct ward_domain_options *options, bool made, struct domain_grants *grants,
               uint64_t deadline, struct ward_domain **ret_domain, struct ward_fault *fault);
struct ward_domain *domain_ref(struct ward_domain *domain);
struct ward_domain *domain_unref(struct ward_domain *domain);
int domain_unload(struct ward_domain *domain, struct ward_fault *fault);
/* Destroys the objects of its add-ins that the host holds, while they are well. */
void domain_end_objects(struct ward_domain *domain);

/* The host's own domain, which is never started or stopped. */
int domain_new_default(struct domains *domains, const char *name, struct ward_domain **ret_domain, struct ward_fault *fault);

/* Enters for a call, within @ms (0: however long it takes) if others are to leave first; 0, or a fault: DEADLINE, UNLOADED, or what
 * making a visit gives. domain_leave leaves, and frees what an unloaded domain used if nobody else is in it. */
int domain_enter(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault);
/* The same for loading, with the turn, in the domain's own visit: who loads need not be who will call. */
int domain_enter_to_load(struct ward_domain *domain, uint32_t ms, struct ward_fault *fault);
/* The same to end an add-in, in a domain that may be unloaded already. */
void domain_enter_to_end(struct ward_domain *domain);
void domain_leave(struct ward_domain *domain, struct visit *visit);
/* The end of leaving a domain that does not run: gives the @turn back, and behind the outermost call frees what was used. */
void domain_leave_unloaded(struct ward_domain *domain, bool outermost, bool turn);
/* The other half of leaving, for who is out of its visit already and finds that the domain does not run: frees what it used if
 * nobody else is in it. */
void domain_left(struct ward_domain *domain);
/* The visit of its own that this thread is in; NULL if it is in none. */
struct visit *domain_visit(struct ward_domain *domain);

/* fail.c */

/* The domain has failed: it reads as unloaded from here on. The first fault is kept and told to the host; later ones are dropped.
 * Frees nothing, takes only info_lock, so that it may be called with or without @turn, from any thread. True if it was the first.
 */
bool domain_fail(struct ward_domain *domain, const struct ward_fault *fault);
/* Copies what ended @domain; false if no fault did, or in a forked child. */
bool domain_last_fault(const struct ward_domain *domain, struct ward_fault *ret_fault);
/* Fills @fault with `unloaded`, and with what ended the domain, and returns -WARD_FAULT_UNLOADED. */
int domain_unloaded_fault(const struct ward_domain *domain, struct ward_fault *fault);

/* instance.c: activation and calls */

/* What an add-in is called: as the options say, or after its file. */
void instance_choose_name(const char *module, const struct ward_activate_options *options, char ret_name[WARD_FAULT_NAME_MAX]);
/* What an add-in is made of: the file @path, or @image, which is called so. Borrowed. */
struct instance_source {
        const char *path;
        struct ward_span image;  /* at NULL: the file */
        struct needed libraries; /* that it needs; the instance's from instance_new on, which leaves none */
};

int instance_new(struct ward_domain *domain, struct instance_source *source, const struct ward_activate_options *options,
                 uint64_t deadline, const struct ward_contract *contract, const void *services, struct instance **ret_instance,
                 struct ward_fault *fault);
struct instance *instance_ref(struct instance *instance);
/* False where the last holder is gone: a call may still be in it, but there is no way back. */
bool instance_try_ref(struct instance *instance);
/* Takes NULL, returns NULL. */
struct instance *instance_unref(struct instance *instance);
/* Ends the instances that nobody holds any more, before the outermost call of @visit is left; instances_free destroys what they
 * held of the host's and frees them, when it was. */
void instances_end(struct ward_domain *domain, struct visit *visit, struct list *ended);
void instances_free(struct list *ended);
int instance_cross(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);
/* For kind->cross: what it does not care for. And who failed, into @fault, if anything did. */
int instance_enter_and_call(struct instance *instance, uint32_t export_index, const void *args, void *ret,
                            struct ward_fault *fault);
void instance_name_fault(const struct instance *instance, uint32_t export_index, struct ward_fault *fault);

/* Shuts the gates of the instances in @domain (domain/wasm_gate.h), for good: calls are to be seen. */
void instances_shut(struct ward_domain *domain);

/* import.c: runs import number @import of the contract with C arguments (borrowed); what @ret holds is the caller's to free. Called
 * by kinds on the calling host thread, in its visit. 0; or DEADLINE or UNLOADED, with @ret zeroed: it was not run, for the call was
 * begun, no thread of the host came to serve it, and now it is to end. */
int instance_run(struct instance *instance, uint32_t import, const void *args, void *ret, struct ward_fault *fault);
/* Whether every import has somebody to serve it; else the first that has not. To be seen to before anything is activated. */
bool contract_is_served(const struct ward_contract *contract, const char **ret_missing);

/* traced.c: the same, and what kinds do, with word to who looks in. */
int traced_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);
int traced_serve(struct instance *instance, uint32_t import, const void *args, void *ret, struct ward_fault *fault);
int traced_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                struct ward_fault *fault);
void traced_release(struct instance *instance);
int traced_start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault);
void traced_stop(struct ward_domain *domain);

/* Calls and callbacks. Who is not looked at pays one branch. */
static inline int instance_call(struct instance *instance, uint32_t export_index, const void *args, void *ret,
                                struct ward_fault *fault)
{
        if (__builtin_expect(instance->tracer != NULL, 0))
                return traced_call(instance, export_index, args, ret, fault);
        return instance_cross(instance, export_index, args, ret, fault);
}

static inline int instance_serve(struct instance *instance, uint32_t import, const void *args, void *ret, struct ward_fault *fault)
{
        if (__builtin_expect(instance->tracer != NULL, 0))
                return traced_serve(instance, import, args, ret, fault);
        return instance_run(instance, import, args, ret, fault);
}

#endif
