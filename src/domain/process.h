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
#include "domain/warden.h"
#include "marshal/marshal.h"

enum { PROCESS_LOADING = UINT32_MAX - 1 }; /* in place of a function's number */

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
        _Atomic uint64_t calling; /* instance << 32 | export, of the innermost call in flight, or PROCESS_IDLE */
        pthread_mutex_t lock;     /* guards what follows, and is held for moments; the domain's info_lock is not taken under it */
        bool started;             /* the domain is the host's to know about */
        struct ward_fault fault;  /* what the worker's end means, once it is known */
        struct instance *instances[MESSAGE_INSTANCES]; /* changed in the domain's turn only */
};

/* process_end.c */

/* Says what an end means: from the kernel's account, and from the last words as far as they agree with it. */
void process_explain(struct process *process, const struct warden_end *end, struct ward_fault *ret_fault);
/* Says in @fault, which the host itself found, whose it is: "add-in 'x' (domain 'y', process): " before its text, and the names. */
void process_blame(struct process *process, struct ward_fault *fault);

/* process_call.c */
int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault);
void process_release(struct instance *instance);
int process_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault);

/* Fills @fault with what ended @process, and returns its negative kind. */
int process_gone(struct process *process, struct ward_fault *fault);

#endif
