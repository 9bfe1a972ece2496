/* Begun calls: the handle that a host has of one, and the copies of its values.
 *
 * 1. pending_begin  2. pending_wait  3. pending_finish, or pending_abandon
 *
 * The arguments are copied, and the call is a job of the domain's executor. Handles in them stay what they are until the job runs:
 * there they cross, as in any call. */
#ifndef DOMAIN_PENDING_H
#define DOMAIN_PENDING_H

#include "domain/domain.h"

/* As ward_call_begin, and so on: see <ward/host.h>. */
int pending_begin(struct instance *instance, uint32_t export_index, const void *args, struct ward_pending **ret_pending,
                  struct ward_fault *fault);
bool pending_is_done(const struct ward_pending *pending);
int pending_wait(struct ward_pending *pending, uint64_t deadline, struct ward_fault *fault);
void pending_on_done(struct ward_pending *pending, ward_on_done on_done, void *data);
void pending_cancel(struct ward_pending *pending);
int pending_finish(struct ward_pending *pending, void *ret, struct ward_fault *fault);
void pending_abandon(struct ward_pending *pending);

/* What this thread runs of a begun call; NULL: it is in none. */
extern __thread struct executor_job *pending_running __attribute__((tls_model("initial-exec"), visibility("hidden")));

/* Whether the begun call that this thread runs is to end: ward_cancelled at the kinds in this process. */
bool pending_is_cancelled(void);

/* At kind process: whether this thread runs a begun call; and the word that is to be 1 while that one is cancelled, and 0 else,
 * from now on until NULL is given. */
static inline bool pending_is_running(void)
{
        return __builtin_expect(pending_running != NULL, false);
}
void pending_watch(_Atomic uint32_t *word);

struct executor;

/* pending_row.c: runs what is queued, some of it in flight at a time. On the executor's thread, with the turn. False: there can be
 * no row. */
bool pending_run_row(struct executor *executor);

/* The time by which a call of @instance that begins now, on this thread, is to be over. */
uint64_t pending_deadline(struct instance *instance);

/* pending_made.c: a call that is not begun but made, on a domain whose executor is or may be in it: done there, behind what was
 * begun before or, where this thread serves the executor, within that. False: no call is begun, or this is the executor's own
 * thread; the domain is to be entered as usual. */
bool pending_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault,
                  int *ret_status);

#endif
