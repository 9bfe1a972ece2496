/* Filters of system calls, ready-made: the host writes them, once for each kind, and a confined process installs what it was given.
 *
 * 1. filter_prepare  in the host     2. filter_apply  in the process that is to be held; only system calls     3. filter_finish
 *
 * Those of the levels are lists of what is allowed. The rest is refused: with EPERM, and told by way of the listener, where a
 * call is known and an add-in that tries it is worth a word; with ENOSYS where it is newer than the lists, so that programs fall
 * back to what is older. Calls that open, name or reach something are notified: whoever has the listener decides. */
#ifndef SANDBOX_FILTER_H
#define SANDBOX_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

enum filter_kind {
        FILTER_COMPILER, /* for programs that read and write files and start others: a list of what is refused; no listener */
        FILTER_INTERNET, /* memory, threads, clocks and the descriptors that it has */
        FILTER_INTRANET, /* and files, as root and Landlock show them */
        FILTER_OBSERVE,  /* refuses nothing, and notifies what needs a permission at intranet */
};

/* What permissions add, at intranet only. */
struct filter_wants {
        bool spawn;   /* fork, exec, and what a shell needs */
        bool connect; /* TCP sockets, whose connect is notified */
};

/* The number of the program's instructions and where they are; they may also lie elsewhere, as in a plan. */
struct sandbox_filter {
        struct sock_fprog program; /* owned after filter_prepare; len 0: none */
};

/* @wants may be NULL: nothing. 0, also where Ward was built without libseccomp: then there is none; or a negative errno.
 * Thread-safe. */
int filter_prepare(enum filter_kind kind, const struct filter_wants *wants, struct sandbox_filter *ret_filter);
void filter_finish(struct sandbox_filter *filter);

/* To the calling thread and all that it starts, for good. It has to have given up new privileges, or have CAP_SYS_ADMIN.
 * @ret_listener: the owned descriptor of the notifications, close-on-exec; -1 where the program has none. 0; 1 where there is no
 * filter, or the kernel has none; or a negative errno, -EBUSY where somebody already listens to this process. */
int filter_apply(const struct sandbox_filter *filter, int *ret_listener);

#endif
