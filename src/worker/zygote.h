/* Zygotes: processes that workers are forked from, children of the warden which it starts before it knows anything of any domain:
 * what a worker finds in its memory is no other's. One has the host's network and file system; the other has entered an empty
 * network, and an empty root, once for all its workers.
 *
 * A zygote clones with CLONE_PARENT: its workers are the warden's children. */
#ifndef WORKER_ZYGOTE_H
#define WORKER_ZYGOTE_H

#include "sandbox/cgroup.h"
#include "worker/warden.h"

/* Starts both. 0, or a negative errno. */
int zygotes_start(struct warden *warden);
bool zygotes_have(const struct warden *warden, pid_t pid);

/* Forks a worker with @fds, which @spawn->descriptors says what they are, into the control groups of @entry. Its process id, or a
 * negative errno; -EPIPE: the zygote is gone. */
pid_t zygote_fork(const struct zygote *zygote, const struct wire_spawn *spawn, const int *fds, size_t n,
                  const struct cgroup_entry *entry);

#endif
