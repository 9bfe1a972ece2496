/* The host's link to its warden.
 *
 * 1. warden_get: starts it, or takes a reference to the one that runs  2. warden_spawn  3. warden_file, warden_ask  4. warden_kill,
 * warden_forget  5. warden_unref
 *
 * One warden serves all domains of a host. Its events are read on the monitor's thread. When it is lost, so are its workers: each
 * is told, and the next warden_get starts another. */
#ifndef DOMAIN_WARDEN_H
#define DOMAIN_WARDEN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <ward/fault.h>
#include <ward/usage.h>
#include "base/list.h"
#include "base/span.h"
#include "channel/message.h"

struct domains;
struct warden;

/* How a worker ended. */
struct warden_end {
        enum warden_end_kind {
                WARDEN_ENDED,   /* status: as wait(2) gives it */
                WARDEN_REFUSED, /* it could not be started; status: errno */
                WARDEN_LOST,    /* the warden is gone, and it with it */
        } kind;
        int status;
        const struct ward_usage *usage; /* of all its life; NULL: not known */
};

/* A worker, as its owner sees it. */
struct warden_worker {
        struct list link;
        uint64_t id;
        enum { WORKER_RUNS, WORKER_IS_TOLD, WORKER_ENDED } state;
        bool grouped;            /* its limits ask for a control group. Set by the caller */
        uint32_t hears;          /* events that its owner is being told */
        struct warden_ask *asks; /* a question that is not yet answered */
        /* All on the monitor's thread, with no lock held. */
        void (*ended)(void *data, const struct warden_end *end); /* once */
        void (*told)(void *data, const struct wire_head *head,
                     struct ward_span payload); /* other events than WIRE_EXITED, WIRE_REFUSED
                                                   and WIRE_ANSWER; any bytes */
        void *data;
};

/* @deadline bounds starting it. The reference is the caller's. */
int warden_get(struct domains *domains, uint64_t deadline, struct warden **ret_warden, struct ward_fault *fault);
struct warden *warden_ref(struct warden *warden);
/* Takes NULL. All that a forked child may do with its parent's warden. */
struct warden *warden_unref(struct warden *warden);

/* Asks for a worker. @payload begins with a struct wire_spawn, whose descriptors are @fds; they stay the caller's. @worker->ended,
 * @told and @data are set by the caller, and may be called from here on. */
int warden_spawn(struct warden *warden, struct warden_worker *worker, struct ward_span payload, const int *fds, size_t n_fds,
                 struct ward_fault *fault);

/* Has the worker be able to open a file by exactly the name @path, to read: @fd, which stays the caller's, or where that is -1 what
 * is there. 0, or a fault. */
int warden_file(struct warden *warden, struct warden_worker *worker, const char *path, int fd, struct ward_fault *fault);

/* Tell the warden what the worker's filter is to leave to the kernel: files, and where the warden is to connect for it. 0, or a
 * fault. */
struct sandbox_grant;
struct sandbox_address;
int warden_grant(struct warden *warden, const struct warden_worker *worker, const struct sandbox_grant *grant,
                 struct ward_fault *fault);
int warden_address(struct warden *warden, const struct warden_worker *worker, const struct sandbox_address *address,
                   struct ward_fault *fault);

/* Undoes it for all whose names begin with @prefix. Where the warden cannot be told, they stay until the worker ends. */
void warden_forget_files(struct warden *warden, const struct warden_worker *worker, const char *prefix);

/* Asks the warden about @worker and waits until @deadline. How many bytes the answer has, at most @size of which are in @ret; -1:
 * it has none. Not on the monitor's thread, where answers come in: there, -1. */
ssize_t warden_ask(struct warden *warden, struct warden_worker *worker, enum wire_question question, void *ret, size_t size,
                   uint64_t deadline);

/* Asks for its death. Takes no lock, waits at most a moment. */
void warden_kill(struct warden *warden, const struct warden_worker *worker);

/* Whether @worker is lost, its warden having ended; then that was told. What it says in its last moment is not its own: the system
 * calls that its warden was to judge have failed. */
bool warden_has_lost(struct warden *warden, struct warden_worker *worker);

/* Waits until @worker has ended and that was told, up to @deadline, then forgets it: nothing is told about it any more. Whether it
 * has ended. */
bool warden_forget(struct warden *warden, struct warden_worker *worker, uint64_t deadline);

/* Ends the warden and with it every worker, waits until it is gone, and gives back the host's reference. Returns NULL; takes NULL.
 */
struct warden *warden_free(struct warden *warden);

#endif
