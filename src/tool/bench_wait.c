#include "tool/bench_wait.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "channel/channel.h"
#include "channel/message.h"

enum {
        CALLS_MIN = 4,
        GAP_NS = 20000,          /* longer between two looks at the clock: somebody else had the processor */
        SERVE = MESSAGE_CALL,    /* slot: ns that the service takes */
        REPORT = MESSAGE_RETURN, /* answered with the processor time for waiting so far */
        END = MESSAGE_UNLOAD,
};

#define LOST_NS UINT64_C(60000000000)

static void pin(int processor)
{
        cpu_set_t one;
        CPU_ZERO(&one);
        if (processor >= 0)
                CPU_SET(processor, &one);
        if (processor >= 0 && sched_setaffinity(0, sizeof one, &one))
                _exit(1);
}

/* Works for @ns. Returns the processor time that took. */
static uint64_t work(uint64_t ns)
{
        uint64_t start = clock_now(), before = start, used = 0;
        while (before - start < ns) {
                uint64_t now = clock_now();
                used += now - before < GAP_NS ? now - before : 0;
                before = now;
        }
        return used;
}

static uint64_t thread_time(void)
{
        return clock_read(CLOCK_THREAD_CPUTIME_ID);
}

static void set_policy(struct channel *channel, enum bench_wait_policy policy)
{
        channel->spins = policy != BENCH_WAIT_NEVER;
        channel->tune.fixed = policy == BENCH_WAIT_ALWAYS ? UINT32_MAX : 0;
}

/* The other process. */
static void serve(int fd, enum bench_wait_policy policy)
{
        struct shared shared;
        struct channel channel;
        uint64_t slot, worked = 0;
        if (shared_attach(fd, &shared))
                _exit(1);
        channel_open(&shared, 0, &channel);
        set_policy(&channel, policy);
        while (channel_wait(&channel, NULL, CLOCK_NEVER) == CHANNEL_MESSAGE) {
                uint32_t kind = channel_receive(&channel).kind;
                if (kind == END)
                        _exit(0);
                channel_slots(&channel, &slot, 1);
                if (kind == REPORT)
                        slot = thread_time() - worked;
                else if (slot)
                        worked += work(slot);
                channel_send(&channel, SERVE, 0, 0, &slot, 1);
        }
        _exit(1);
}

/* A process that ends with this one. */
static pid_t child(int processor, int fd, enum bench_wait_policy policy)
{
        pid_t parent = getpid(), pid = fork();
        if (pid)
                return pid;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pin(processor);
        if (fd >= 0)
                serve(fd, policy);
        while (getppid() == parent)
                work(1000000);
        _exit(0);
}

static void end_child(pid_t pid)
{
        if (pid <= 0)
                return;
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
}

struct caller {
        struct shared shared;
        struct channel channel;
        pid_t worker;
        pid_t neighbour;
        uint64_t lost; /* no answer by then: the other side is gone */
};

static int call(struct caller *caller, uint32_t kind, uint64_t *slot, struct ward_fault *fault)
{
        static _Atomic uint32_t guard = 1;
        channel_send(&caller->channel, kind, 0, 0, slot, 1);
        if (channel_wait(&caller->channel, &guard, caller->lost) != CHANNEL_MESSAGE)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the other side of the channel does not answer");
        channel_receive(&caller->channel);
        channel_slots(&caller->channel, slot, 1);
        return 0;
}

/* Calls for @ns. */
static int calls(struct caller *caller, const struct bench_wait_load *load, uint64_t ns, struct bench_wait_figures *ret_figures,
                 struct ward_fault *fault)
{
        uint64_t start = clock_now(), host = thread_time(), before = 0, worker = 0, latency = 0, worked = 0, n = 0, now = start;
        caller->lost = start + LOST_NS;
        int r = call(caller, REPORT, &before, fault);
        for (; !r && (now - start < ns || n < CALLS_MIN); n++) {
                worked += work(load->every_us * UINT64_C(1000));
                uint64_t slot = load->service_us * UINT64_C(1000), sent = clock_now();
                r = call(caller, SERVE, &slot, fault);
                now = clock_now();
                latency += now - sent;
        }
        host = thread_time() - host;
        if (!r)
                r = call(caller, REPORT, &worker, fault);
        if (r)
                return r;
        *ret_figures =
                (struct bench_wait_figures){ (double)latency / (double)n, host > worked ? (double)(host - worked) / (double)n : 0,
                                             (double)(worker - before) / (double)n };
        return 0;
}

static int open_caller(const struct bench_place *processors, enum bench_wait_place place, enum bench_wait_policy policy,
                       struct caller *ret_caller, struct ward_fault *fault)
{
        int worker = place == BENCH_WAIT_TOGETHER ? processors->host : processors->worker;
        int r = shared_new(CHANNEL_ARENAS_MIN, &ret_caller->shared, fault);
        if (r)
                return r;
        channel_open_host(&ret_caller->shared, 0, &ret_caller->channel);
        set_policy(&ret_caller->channel, policy);
        ret_caller->worker = child(worker, ret_caller->shared.fd, policy);
        if (place == BENCH_WAIT_NEIGHBOUR)
                ret_caller->neighbour = child(worker, -1, policy);
        if (ret_caller->worker < 0 || ret_caller->neighbour < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot fork the other side of the channel");
        return 0;
}

int bench_wait_measure(const struct bench_place *processors, enum bench_wait_place place, enum bench_wait_policy policy,
                       const struct bench_wait_load *load, uint64_t ns, struct bench_wait_figures *ret_figures,
                       struct ward_fault *fault)
{
        struct caller caller = { .shared = { .fd = -1 } };
        int r = open_caller(processors, place, policy, &caller, fault);
        if (!r)
                r = calls(&caller, load, ns, ret_figures, fault);
        if (!r)
                r = calls(&caller, load, ns, ret_figures, fault);
        end_child(caller.worker);
        end_child(caller.neighbour);
        shared_finish(&caller.shared, false);
        return r;
}
