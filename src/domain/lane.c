#include "domain/lane.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"

enum { OPEN_MS = 10000 }; /* the most that it may take, whatever the call's time limit */

__thread struct lane *lane_last __attribute__((tls_model("initial-exec")));

/* This thread's lanes. */
static __thread struct list mine __attribute__((tls_model("initial-exec")));

/* --- Ends of threads -------------------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

static void forget(struct lane *lane)
{
        list_remove(&lane->own);
        if (lane_last == lane)
                lane_last = NULL;
        lane_unref(lane);
}

/* The worker's thread ends with it, without being waited for: the lane can be used anew once it has said that it left. */
static void retire(struct lane *lane)
{
        struct process *process = lane->process;
        atomic_store_explicit(&lane->visit.depth, 1, memory_order_relaxed);
        barrier_light();
        if (domain_is_running(lane->domain)) {
                channel_close(&lane->channel, &process->shared);
                process_take_ring(lane);
                channel_send(&lane->channel, MESSAGE_LEAVE, 0, 0, NULL, 0);
                pthread_mutex_lock(&process->lock);
                lane->leaving = true;
                pthread_mutex_unlock(&process->lock);
        }
        atomic_store_explicit(&lane->visit.depth, 0, memory_order_release);
        barrier_light();
        if (!domain_is_running(lane->domain))
                domain_left(lane->domain);
}

static void end_thread(void *unused)
{
        while (!list_is_empty(&mine)) {
                struct lane *lane = CONTAINER_OF(mine.next, struct lane, own);
                if (domain_is_here(lane->domain) && domain_is_running(lane->domain))
                        retire(lane);
                forget(lane);
        }
}

static void make_key(void)
{
        has_key = !pthread_key_create(&key, end_thread);
}

static int watch_thread(struct ward_fault *fault)
{
        pthread_once(&once, make_key);
        if (has_key && !pthread_setspecific(key, &mine))
                return 0;
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, EAGAIN, "cannot watch for the end of the calling thread");
}

/* --- This thread's lanes ---------------------------------------------------------------------- */

static void prepare(void)
{
        if (!mine.next)
                list_init(&mine);
}

struct lane *lane_find_slowly(const struct ward_domain *domain)
{
        prepare();
        for (struct list *at = mine.next; at != &mine; at = at->next) {
                struct lane *lane = CONTAINER_OF(at, struct lane, own);
                if (lane->domain != domain)
                        continue;
                lane_last = lane;
                return lane;
        }
        return NULL;
}

static void sweep(void)
{
        for (struct list *at = mine.next, *next; at != &mine; at = next) {
                struct lane *lane = CONTAINER_OF(at, struct lane, own);
                next = at->next;
                if (!domain_is_running(lane->domain) && !visit_depth(&lane->visit))
                        forget(lane);
        }
}

/* The library may be unloaded before its callers' threads end, and by one that was none of them. */
__attribute__((destructor)) static void drop_key(void)
{
        if (!has_key)
                return;
        pthread_key_delete(key);
        prepare();
        sweep();
}

void lane_borrow(struct lane *lane)
{
        prepare();
        list_append(mine.next, &lane->own); /* before the first */
        lane_last = lane;
}

void lane_return(struct lane *lane)
{
        list_remove(&lane->own);
        lane_last = NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

static int alloc(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct lane *lane = memory->context;
        if (!channel_take(&lane->channel, size, align, ret_at))
                return 0;
        return fault_set(fault, WARD_FAULT_LIMIT,
                         "the values do not fit what is free of the %llu bytes of memory that domain '%s' shares with the host: "
                         "raise limits.arena_bytes",
                         (unsigned long long)lane->process->shared.pool.all, lane->domain->name);
}

/* Where the sides cannot run at the same time there is nothing to gain. */
static bool later(struct marshal_memory *memory, uint32_t at, const void *data, uint64_t len)
{
        struct lane *lane = memory->context;
        return lane->channel.spins && coming_add(&lane->coming, at, data, len);
}

void lane_init(struct lane *lane, struct process *process, uint32_t number)
{
        visit_init(&lane->visit);
        atomic_init(&lane->calling, LANE_IDLE);
        lane->domain = process->domain;
        lane->process = process;
        lane->number = number;
        list_init(&lane->link);
        list_init(&lane->own);
        channel_open_host(&process->shared, number, &lane->channel);
        lane->channel.spins = process->spins;
        lane->memory = (struct marshal_memory){ .base = process->shared.base,
                                                .size = process->shared.size,
                                                .alloc = alloc,
                                                .find = process_find_block,
                                                .later = later,
                                                .context = lane,
                                                .encoding = MARSHAL_UTF8 };
}

struct lane *lane_unref(struct lane *lane)
{
        if (!lane || atomic_fetch_sub_explicit(&lane->users, 1, memory_order_acq_rel) != 1)
                return NULL;
        process_unref(lane->process);
        domain_unref(lane->domain);
        free(lane);
        return NULL;
}

/* The lane counts as busy from here on, so that the process stays. */
int lane_make(struct process *process, struct lane **ret_lane, struct ward_fault *fault)
{
        struct lane *lane = aligned_alloc(128, (sizeof *lane + 127) & ~(size_t)127);
        uint32_t number;
        if (!lane)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for a channel to domain '%s'",
                                       process->domain->name);
        memset(lane, 0, sizeof *lane);
        int r = process_add_lane(process, lane, &number, fault);
        if (r) {
                free(lane);
                return r;
        }
        *ret_lane = lane;
        return 0;
}

void lane_quit(struct lane *lane)
{
        atomic_store_explicit(&lane->visit.depth, 0, memory_order_release);
        barrier_light();
        if (!domain_is_running(lane->domain))
                domain_left(lane->domain);
}

static int open(struct process *process, uint32_t ms, struct lane **ret_lane, struct ward_fault *fault)
{
        uint64_t own = clock_deadline(ms);
        uint64_t deadline = own < deadline_inherited ? own : deadline_inherited;
        struct lane *lane = NULL;
        int r = lane_make(process, &lane, fault);
        if (r)
                return r;
        r = process_open_lanes(process, &lane->number, 1, deadline, fault);
        if (r) {
                process_remove_lane(process, lane);
                lane_quit(lane);
                lane_unref(lane);
                return r;
        }
        lane_quit(lane);
        list_append(&mine, &lane->own);
        *ret_lane = lane_last = lane;
        return 0;
}

int lane_open(struct ward_domain *domain, uint32_t ms, struct lane **ret_lane, struct ward_fault *fault)
{
        prepare();
        sweep();
        int r = watch_thread(fault);
        if (r)
                return r;
        struct process *process = process_hold(domain);
        if (!process)
                return domain_unloaded_fault(domain, fault);
        r = open(process, ms && ms < OPEN_MS ? ms : OPEN_MS, ret_lane, fault);
        process_unref(process);
        return r;
}
