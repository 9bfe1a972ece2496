/* Local sockets that a worker may connect to: what their names led to when they were granted. Where it may write a folder, it could
 * put links in the place of one, or of a folder above it, and so be connected by its warden to any socket of the host's.
 *
 * 1. locals_add  2. locals_open, for each connection  3. locals_finish */
#ifndef WORKER_NOTICE_LOCAL_H
#define WORKER_NOTICE_LOCAL_H

#include <stddef.h>
#include <sys/un.h>

struct local {
        char *name; /* as it is granted, */
        char *path; /* and without links */
};

struct locals {
        struct local *all; /* owned */
        size_t n;
};

/* What is lost for want of memory cannot be connected to. */
void locals_add(struct locals *locals, const char *name);

/* Makes of an address that is granted another one of the same socket, good as long as @ret_fd, owned, is open. 0, or a negative
 * errno. */
int locals_open(const struct locals *locals, struct sockaddr_un *address, int *ret_fd);

void locals_finish(struct locals *locals);

#endif
