/* What a confined worker's filter passes on to its warden (seccomp_unotify(2)). */
#ifndef WORKER_NOTICE_H
#define WORKER_NOTICE_H

#include "worker/child.h"

/* Answers one notification of @child's. */
void notice_serve(struct child *child);

#endif
