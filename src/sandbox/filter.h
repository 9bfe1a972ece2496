/* A filter of system calls: what programs that read and write files and start others have no use for is refused, because the kernel
 * has had its errors there, or because it leads out of the sandbox: sockets (a path in the file system may lead to a service),
 * namespaces, tracing, signals to others, leaving the process group, memory that no limit counts.
 *
 * 1. filter_prepare  in the host     2. filter_apply  in a process cloned from it; only system calls     3. filter_finish */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <linux/filter.h>

struct sandbox_filter {
        struct sock_fprog program; /* owned; len 0: none */
};

/* 0, also where Ward was built without libseccomp: then there is none; or a negative errno. */
int filter_prepare(struct sandbox_filter *ret_filter);
void filter_finish(struct sandbox_filter *filter);

/* To the calling thread and all that it starts, for good. It has to have given up new privileges. 0; 1 where there is none; or a
 * negative errno. */
int filter_apply(const struct sandbox_filter *filter);

#endif
