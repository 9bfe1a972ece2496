#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox/filter.h"

/* Later than the oldest headers that Ward is built with. */
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1ul << 5)
#endif

void filter_finish(struct sandbox_filter *filter)
{
        free(filter->program.filter);
        *filter = (struct sandbox_filter){ 0 };
}

static bool notifies(const struct sock_fprog *program)
{
        for (unsigned i = 0; i < program->len; i++)
                if (program->filter[i].code == (BPF_RET | BPF_K) &&
                    (program->filter[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
                        return true;
        return false;
}

static int install(const struct sock_fprog *program, unsigned long flags)
{
        long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
        return r < 0 ? -errno : (int)r;
}

/* Killable only: else a thread that gets many signals would have its call begun anew with each. Since Linux 5.19. */
int filter_apply(const struct sandbox_filter *filter, int *ret_listener)
{
        const unsigned long listener = SECCOMP_FILTER_FLAG_NEW_LISTENER;
        if (!filter->program.len)
                return 1;
        bool listens = notifies(&filter->program);
        int r = install(&filter->program, listens ? listener | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV : 0);
        if (r == -EINVAL && listens)
                r = install(&filter->program, listener);
        if (r < 0)
                return r == -EINVAL || r == -ENOSYS ? 1 : r;
        *ret_listener = listens ? r : -1;
        return 0;
}
