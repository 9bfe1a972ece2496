/* Kind `process`: life of a domain. */
#include "domain/process.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/kind.h"
#include "sandbox/plan.h"

enum { KILL_MS = 5000 }; /* that a killed worker may take until the kernel is done with it */

static int alloc(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct process *process = memory->context;
        struct arena *arena = &process->channel.arena;
        if (!arena_take(arena, size, align, ret_at))
                return 0;
        return fault_set(
                fault, WARD_FAULT_LIMIT,
                "the values do not fit the %u bytes of shared memory from the host to the add-in: raise limits.arena_bytes",
                arena->end - arena->start);
}

static struct process *process_free(struct process *process, bool forked)
{
        if (process) {
                channel_finish(&process->channel, forked);
                warden_unref(process->warden);
                free(process);
        }
        return NULL;
}

static void process_freep(struct process **process)
{
        process_free(*process, false);
}

/* On the monitor's thread. */
static void ended(void *data, const struct warden_end *end)
{
        struct process *process = data;
        struct ward_fault fault;
        if (!atomic_load(&process->ending)) {
                process_explain(process, end, &fault);
                pthread_mutex_lock(&process->lock);
                process->fault = fault;
                bool started = process->started;
                pthread_mutex_unlock(&process->lock);
                if (started)
                        domain_fail(process->domain, &fault);
        }
        channel_guard_end(&process->guard);
}

static int process_make(struct ward_domain *domain, struct process **ret_process, struct ward_fault *fault)
{
        OWNED(process_freep) struct process *process = calloc(1, sizeof *process);
        if (!process)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a process domain");
        process->domain = domain;
        process->channel.fd = -1;
        atomic_store(&process->guard, 1);
        atomic_store(&process->calling, PROCESS_IDLE);
        pthread_mutex_init(&process->lock, NULL);
        list_init(&process->worker.link);
        process->worker.ended = ended;
        process->worker.data = process;
        int r = channel_new(domain->limits.arena_bytes, &process->channel, fault);
        if (r)
                return r;
        process->memory = (struct marshal_memory){ .base = process->channel.base,
                                                   .size = process->channel.size,
                                                   .alloc = alloc,
                                                   .context = process,
                                                   .encoding = MARSHAL_UTF8 };
        *ret_process = STEAL(process);
        return 0;
}

/* Spinning helps only where the two sides can run at the same time. */
static bool can_spin(const struct sandbox_plan *plan)
{
        cpu_set_t here;
        if (sched_getaffinity(0, sizeof here, &here) < 0)
                return false;
        CPU_OR(&here, &here, &plan->cpus);
        return CPU_COUNT(&here) > 1;
}

/* The worker finds the order in its mailbox when it comes to life. */
static int send_start(struct process *process, struct ward_fault *fault)
{
        const struct ward_domain *domain = process->domain;
        struct channel *channel = &process->channel;
        struct arena *arena = &channel->arena;
        struct sandbox_plan plan;
        sandbox_plan_make(domain->level, &domain->limits, domain->environment, &plan);
        channel->spins = can_spin(&plan);
        struct pack pack = { channel->base + arena->start, arena->end - arena->start, false };
        pack_u32(&pack, channel->spins);
        sandbox_plan_pack(&plan, &pack);
        if (pack.bad)
                return fault_set(fault, WARD_FAULT_LIMIT,
                                 "the environment does not fit the shared memory: raise limits.arena_bytes");
        uint64_t slots[] = { arena->start, (uint64_t)(pack.at - (channel->base + arena->start)) };
        channel_send(channel, MESSAGE_START, 0, 0, slots, COUNT_OF(slots));
        return 0;
}

static int wait_ready(struct process *process, uint64_t deadline, struct ward_fault *fault)
{
        switch (channel_wait(&process->channel, &process->guard, deadline)) {
        case CHANNEL_MESSAGE:
                if (channel_receive(&process->channel).kind == MESSAGE_READY)
                        return 0;
                break;
        case CHANNEL_GUARD:
                return process_gone(process, fault);
        case CHANNEL_DEADLINE:
                return fault_set(fault, WARD_FAULT_DEADLINE, "the worker of domain '%s' did not start in the time for activation",
                                 process->domain->name);
        case CHANNEL_BROKEN:
                break;
        }
        return fault_set(fault, WARD_FAULT_PROTOCOL, "the worker of domain '%s' did not start as a worker does",
                         process->domain->name);
}

/* Its end is told to the host from here on, unless it came first. */
static int mark_started(struct process *process, struct ward_fault *fault)
{
        pthread_mutex_lock(&process->lock);
        bool ended_before = process->fault.kind != WARD_FAULT_NONE;
        process->started = !ended_before;
        pthread_mutex_unlock(&process->lock);
        return ended_before ? process_gone(process, fault) : 0;
}

static void end_worker(struct process *process)
{
        atomic_store(&process->ending, true);
        warden_kill(process->warden, &process->worker);
        warden_forget(process->warden, &process->worker, clock_deadline(KILL_MS));
}

static int start_worker(struct process *process, uint64_t deadline, struct ward_fault *fault)
{
        int r = warden_get(process->domain->domains, deadline, &process->warden, fault);
        if (!r)
                r = warden_spawn(process->warden, &process->worker, process->channel.fd, fault);
        if (r)
                return r;
        r = wait_ready(process, deadline, fault);
        if (!r)
                r = mark_started(process, fault);
        if (r)
                end_worker(process);
        return r;
}

/* interrupt finds what is held or does not, under info_lock: it may come while another thread starts or stops the domain. */
static struct process *hold(struct ward_domain *domain, struct process *process)
{
        pthread_mutex_lock(&domain->info_lock);
        struct process *before = domain->held;
        domain->held = process;
        pthread_mutex_unlock(&domain->info_lock);
        return before;
}

static int start(struct ward_domain *domain, uint64_t deadline, struct ward_fault *fault)
{
        OWNED(process_freep) struct process *process = NULL;
        int r = process_make(domain, &process, fault);
        if (!r)
                r = send_start(process, fault);
        if (!r)
                r = start_worker(process, deadline, fault);
        if (r)
                return r;
        process->channel.fd = fd_close(process->channel.fd);
        hold(domain, STEAL(process));
        return 0;
}

static void stop(struct ward_domain *domain)
{
        if (!domain_is_here(domain)) {
                domain->held = process_free(domain->held, true);
                return;
        }
        struct process *process = hold(domain, NULL);
        end_worker(process);
        process_free(process, false);
}

static void interrupt(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->info_lock);
        struct process *process = domain->held;
        if (process) {
                atomic_store(&process->ending, true);
                channel_guard_end(&process->guard);
                warden_kill(process->warden, &process->worker);
        }
        pthread_mutex_unlock(&domain->info_lock);
}

const struct kind kind_process = {
        .name = "process",
        .isolation = WARD_PROCESS,
        .start = start,
        .stop = stop,
        .interrupt = interrupt,
        .load = process_load,
        .release = process_release,
        .call = process_call,
};
