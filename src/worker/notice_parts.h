/* What notice.c shares with its other files. */
#ifndef WORKER_NOTICE_PARTS_H
#define WORKER_NOTICE_PARTS_H

#include <linux/seccomp.h>
#include "worker/child.h"
#include "worker/notice_call.h"

/* notice.c */
/* The call of notification @id returns 0, or -1 with @error. */
void notice_answer(const struct child *child, uint64_t id, int error);

/* notice_later.c */
/* Tells the host what it may be told now. */
void notices_tell(struct child *child);
/* Whether the worker's calls are to wait, and when to look again. */
void notices_look_again(struct child *child);

/* notice_connection.c */
/* CALL_CONNECT, to an address that is granted, which may become another one of the same. */
void connection_serve(struct child *child, const struct seccomp_notif *notice, struct call *call);
void connections_end(struct child *child);

/* notice_use.c: what an observed worker's call uses. */
void use_add(struct acts *acts, const struct call *call);

#endif
