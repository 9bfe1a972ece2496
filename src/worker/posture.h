/* WIRE_POSTURE: what really holds a worker, as /proc shows it to the warden. */
#ifndef WORKER_POSTURE_H
#define WORKER_POSTURE_H

#include "worker/child.h"

/* No answer where the worker cannot be found there. */
void posture_answer(const struct child *child);

#endif
