/* The helper thread that dispatches, where the host wants one. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/dispatch_parts.h"

static __thread struct dispatch *helped; /* by this thread */

/* @end is looked at by this thread only, so that no other can take the order to end for its own. */
static void *run(void *data)
{
        struct dispatch *dispatch = helped = data;
        struct pollfd fds[] = { { .fd = dispatch->end, .events = POLLIN }, { .fd = dispatch->epoll, .events = POLLIN } };
        for (;;) {
                int n = poll(fds, COUNT_OF(fds), -1);
                if (n < 0) /* no memory in the kernel: not to be asked for at full speed */
                        poll(NULL, 0, 1);
                if (n > 0 && fds[0].revents)
                        return NULL;
                dispatch_run(dispatch, 0, NULL);
        }
}

/* Threads inherit the mask. */
static int start_blocked(struct dispatch *dispatch)
{
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        int error = pthread_create(&dispatch->thread, NULL, run, dispatch);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (!error)
                pthread_setname_np(dispatch->thread, "ward-dispatch");
        return -error;
}

/* With the lock of the helper. */
static int start(struct dispatch *dispatch)
{
        dispatch->end = eventfd(0, EFD_CLOEXEC);
        int r = dispatch->end < 0 ? -errno : start_blocked(dispatch);
        if (r)
                dispatch->end = fd_close(dispatch->end);
        dispatch->helps = !r;
        return r;
}

int dispatch_start(struct dispatch *dispatch, struct ward_fault *fault)
{
        if (helped == dispatch)
                return 0;
        int r = dispatch_open(dispatch, fault);
        if (r)
                return r;
        pthread_mutex_lock(&dispatch->helper_lock);
        r = dispatch->helps ? 0 : start(dispatch);
        pthread_mutex_unlock(&dispatch->helper_lock);
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot start the thread that dispatches") : 0;
}

void dispatch_end_helper(struct dispatch *dispatch)
{
        pthread_mutex_lock(&dispatch->helper_lock);
        if (dispatch->helps) {
                eventfd_write(dispatch->end, 1);
                pthread_join(dispatch->thread, NULL);
                dispatch->end = fd_close(dispatch->end);
                dispatch->helps = false;
        }
        pthread_mutex_unlock(&dispatch->helper_lock);
}

int dispatch_stop(struct dispatch *dispatch, struct ward_fault *fault)
{
        if (helped == dispatch)
                return fault_set(fault, WARD_FAULT_USAGE, "the thread that dispatches cannot wait for its own end");
        dispatch_end_helper(dispatch);
        return 0;
}
