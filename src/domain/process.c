/* Kind `process`: life of a domain. */
#include "domain/process.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/grants.h"
#include "domain/kind.h"
#include "domain/shares.h"
#include "sandbox/cgroup.h"
#include "sandbox/layers.h"
#include "sandbox/plan.h"

enum { KILL_MS = 5000 }; /* that a killed worker may take until the kernel is done with it */

struct process *process_unref(struct process *process)
{
        if (!process || atomic_fetch_sub_explicit(&process->users, 1, memory_order_acq_rel) != 1)
                return NULL;
        shared_finish(&process->shared, false);
        shares_unref(process->shares);
        process_output_finish(&process->output);
        fd_close(process->socket);
        fd_close(process->doorbell);
        warden_unref(process->warden);
        pthread_mutex_destroy(&process->lock);
        free(process->first);
        free(process);
        return NULL;
}

static void process_unrefp(struct process **process)
{
        process_unref(*process);
}

struct process *process_hold(struct ward_domain *domain)
{
        pthread_mutex_lock(&domain->info_lock);
        struct process *process = domain->held;
        if (process)
                atomic_fetch_add(&process->users, 1);
        pthread_mutex_unlock(&domain->info_lock);
        return process;
}

struct warden *process_hold_warden(struct process *process)
{
        pthread_mutex_lock(&process->lock);
        struct warden *warden = process->stopped ? NULL : warden_ref(process->warden);
        pthread_mutex_unlock(&process->lock);
        return warden;
}

struct instance *process_hold_instance(struct process *process, uint32_t number)
{
        struct ward_domain *domain = process->domain;
        struct instance *found = NULL;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next) {
                struct instance *instance = CONTAINER_OF(link, struct instance, link);
                if (process_number(process, instance) == number && instance_try_ref(instance))
                        found = instance;
        }
        pthread_mutex_unlock(&domain->list_lock);
        return found;
}

/* On the monitor's thread. */
static void ended(void *data, const struct warden_end *end)
{
        struct process *process = data;
        struct ward_fault fault;
        process_keep_usage(process, end->usage);
        if (!atomic_load(&process->ending)) {
                process_output_drain(&process->output);
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

/* On the monitor's thread. */
static void told(void *data, const struct wire_head *head, struct ward_span payload)
{
        if (head->kind == WIRE_LIMIT)
                process_told_limit(data, payload);
        else if (head->kind == WIRE_ACT)
                process_told_act(data, payload);
}

static struct process *process_alloc(void)
{
        struct process *process = aligned_alloc(128, (sizeof *process + 127) & ~(size_t)127);
        if (!process)
                return NULL;
        memset(process, 0, sizeof *process);
        process->first = aligned_alloc(128, (sizeof *process->first + 127) & ~(size_t)127);
        if (!process->first) {
                free(process);
                return NULL;
        }
        memset(process->first, 0, sizeof *process->first);
        process->shared.fd = process->socket = process->doorbell = -1;
        atomic_store(&process->guard, 1);
        atomic_store(&process->users, 1);
        pthread_mutex_init(&process->lock, NULL);
        list_init(&process->lanes);
        process->taken[0] = 1; /* lane 0 */
        for (uint32_t i = CHANNEL_OWN_FIRST / 64; i < COUNT_OF(process->taken); i++)
                process->taken[i] = UINT64_MAX;
        list_init(&process->worker.link);
        process->worker.ended = ended;
        process->worker.told = told;
        process->worker.data = process;
        return process;
}

static int process_make(struct ward_domain *domain, struct process **ret_process, struct ward_fault *fault)
{
        OWNED(process_unrefp) struct process *process = process_alloc();
        if (!process)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a process domain");
        process->domain = domain;
        process_output_init(&process->output, domain);
        int r = shared_new(domain->limits.arena_bytes, &process->shared, fault);
        if (r)
                return r;
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

/* What START points at. */
struct order {
        bool spins;
        const struct sandbox_plan *plan;
};

static void write_order(const void *what, struct pack *pack)
{
        const struct order *order = what;
        pack_u32(pack, order->spins);
        sandbox_plan_pack(order->plan, pack);
}

/* The kernel writes no core dump of who is hidden. The lower levels are not without that. */
static uint32_t layers_asked(const struct ward_domain *domain)
{
        const uint32_t dumps = WARD_LAYER_NO_CORE | WARD_LAYER_HIDDEN;
        uint32_t layers = layers_wanted(domain->level) & ~domain->domains->without_layers;
        return domain->account.quota.core_dumps && !(layers & WARD_LAYER_FILTER) ? layers & ~dumps : layers;
}

static int plan_make(const struct ward_domain *domain, struct sandbox_plan *ret_plan, struct ward_fault *fault)
{
        const struct sandbox_limits limits = process_limits(domain);
        const struct sandbox_wish wish = { .level = domain->level,
                                           .layers = layers_asked(domain),
                                           .cpu_affinity = domain->limits.cpu_affinity,
                                           .limits = &limits,
                                           .grants = &domain->grants->granted,
                                           .observed = domain->recorded };
        int r = sandbox_plan_make(&wish, ret_plan);
        if (!r && domain->recorded && !ret_plan->filter.program.len)
                r = -EOPNOTSUPP;
        return r ? fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot make a plan for domain '%s'", domain->name) : 0;
}

/* The worker finds the order in its mailbox when it comes to life. */
static int send_start(struct process *process, struct ward_fault *fault)
{
        OWNED(sandbox_plan_finish) struct sandbox_plan plan = { 0 };
        uint64_t slots[2];
        int r = plan_make(process->domain, &plan, fault);
        if (r)
                return r;
        process->spins = can_spin(&plan);
        lane_init(process->first, process, 0);
        const struct order order = { process->spins, &plan };
        r = process_pack(process->first, write_order, &order, slots, fault);
        if (!r)
                channel_send(&process->first->channel, MESSAGE_START, 0, 0, slots, COUNT_OF(slots));
        return r;
}

/* Before any code of an add-in has run there, so its word is good. */
static int take_ready(struct process *process, struct ward_fault *fault)
{
        uint64_t held;
        channel_slots(&process->first->channel, &held, 1);
        process->held = (uint32_t)held & ~process->domain->domains->without_layers;
        return layers_check(process->domain->level, process->held, fault);
}

static int wait_ready(struct process *process, uint64_t deadline, struct ward_fault *fault)
{
        struct channel *channel = &process->first->channel;
        switch (channel_wait(channel, &process->guard, deadline)) {
        case CHANNEL_MESSAGE:
                if (channel_receive(channel).kind == MESSAGE_READY)
                        return take_ready(process, fault);
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

/* @ret_pass, the worker's end of the socket, is the caller's. */
static int make_descriptors(struct process *process, int *ret_pass, struct ward_fault *fault)
{
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make a socket for a process domain");
        process->socket = pair[0];
        *ret_pass = pair[1];
        process->doorbell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (process->doorbell < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make a doorbell for a process domain");
        return 0;
}

/* Of a level that sees nothing of the host's files a worker is forked where there are none; unless it is to do without. */
static enum wire_zygote choose_zygote(const struct ward_domain *domain)
{
        const uint32_t empty = WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_OWN_ROOT;
        return domain->level == WARD_LEVEL_INTERNET && !(empty & ~layers_asked(domain)) ? WIRE_ZYGOTE_EMPTY : WIRE_ZYGOTE_HOST;
}

static int order_worker(struct process *process, const int fds[WIRE_DESCRIPTORS], struct ward_fault *fault)
{
        const struct ward_domain *domain = process->domain;
        const struct sandbox_limits limits = process_limits(domain);
        struct wire_spawn spawn = { .zygote = choose_zygote(domain), .layers = layers_asked(domain) };
        uint8_t bytes[sizeof spawn + sizeof limits];
        int given[WIRE_DESCRIPTORS];
        size_t n = 0;
        for (size_t i = 0; i < WIRE_DESCRIPTORS; i++)
                if (fds[i] >= 0) {
                        spawn.descriptors |= 1u << i;
                        given[n++] = fds[i];
                }
        process_describe(domain, &spawn);
        memcpy(bytes, &spawn, sizeof spawn);
        memcpy(bytes + sizeof spawn, &limits, sizeof limits);
        const struct ward_span payload = { bytes, sizeof bytes };
        process->worker.grouped = cgroup_wanted(&limits);
        return warden_spawn(process->warden, &process->worker, payload, given, n, fault);
}

static int spawn_worker(struct process *process, uint64_t deadline, struct ward_fault *fault)
{
        OWNED(fd_closep) int pass = -1;
        int r = make_descriptors(process, &pass, fault);
        if (!r)
                r = warden_get(process->domain->domains, deadline, &process->warden, fault);
        if (r)
                return r;
        int theirs[WIRE_DESCRIPTORS] = {
                [WIRE_MEMORY] = process->shared.fd, [WIRE_PASS] = pass, [WIRE_DOORBELL] = process->doorbell
        };
        r = process_output_open(&process->output, theirs + WIRE_STDIN, fault);
        return r ? r : order_worker(process, theirs, fault);
}

static int start_output(struct process *process, struct ward_fault *fault)
{
        struct monitor *monitor;
        int r = domains_monitor(process->domain->domains, &monitor, fault);
        return r ? r : process_output_start(&process->output, monitor, fault);
}

static int start_worker(struct process *process, uint64_t deadline, struct ward_fault *fault)
{
        int r = spawn_worker(process, deadline, fault);
        if (r)
                return r;
        r = start_output(process, fault);
        if (!r)
                r = wait_ready(process, deadline, fault);
        if (!r)
                r = process_send_grants(process, fault);
        if (!r)
                r = own_lanes_start(process, fault);
        if (!r)
                r = mark_started(process, fault);
        if (r) {
                own_lanes_stop(process);
                end_worker(process);
                process_output_stop(&process->output);
        }
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
        OWNED(process_unrefp) struct process *process = NULL;
        int r = process_make(domain, &process, fault);
        if (!r)
                r = send_start(process, fault);
        if (!r)
                r = start_worker(process, deadline, fault);
        if (r)
                return r;
        process->shared.fd = fd_close(process->shared.fd);
        hold(domain, STEAL(process));
        return 0;
}

/* A forked child has no mapping, and the lanes are other threads'. */
static void stop_forked(struct ward_domain *domain)
{
        struct process *process = domain->held;
        domain->held = NULL;
        shares_end(process->shares);
        shared_finish(&process->shared, true);
        process->warden = warden_unref(process->warden);
        process->socket = fd_close(process->socket);
        process->doorbell = fd_close(process->doorbell);
        process_unref(process);
}

static void stop(struct ward_domain *domain)
{
        if (!domain_is_here(domain)) {
                stop_forked(domain);
                return;
        }
        struct process *process = hold(domain, NULL);
        pthread_mutex_lock(&process->lock);
        process->stopped = true;
        bool has_blocks = process->n_blocks;
        pthread_mutex_unlock(&process->lock);
        own_lanes_stop(process);
        end_worker(process);
        process_output_stop(&process->output);
        shares_end(process->shares);
        if (!has_blocks)
                shared_finish(&process->shared, false);
        process->warden = warden_unref(process->warden);
        process->socket = fd_close(process->socket);
        process->doorbell = fd_close(process->doorbell);
        process_drop_lanes(process);
        process_unref(process);
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
        .visit = process_visit,
        .here = process_here,
        .is_busy = process_is_busy,
        .start = start,
        .stop = stop,
        .interrupt = interrupt,
        .load = process_load,
        .release = process_release,
        .call = process_call,
        .usage = process_usage,
        .posture = process_posture,
        .take = process_take_block,
        .cross = process_cross,
        .row = &process_row,
};
