/* Kind `process`: the lanes of a domain. */
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"

enum { BITS = 64 };

/* --- Numbers, with the lock ------------------------------------------------------------------- */

static void set_taken(struct process *process, uint32_t number, bool taken)
{
        uint64_t bit = (uint64_t)1 << number % BITS;
        if (taken)
                process->taken[number / BITS] |= bit;
        else
                process->taken[number / BITS] &= ~bit;
}

static int take_number(struct process *process, uint32_t *ret_number)
{
        for (uint32_t i = 0; i < COUNT_OF(process->taken); i++) {
                if (!~process->taken[i])
                        continue;
                *ret_number = i * BITS + (uint32_t)__builtin_ctzll(~process->taken[i]);
                set_taken(process, *ret_number, true);
                return 0;
        }
        return 1;
}

/* Whether the worker's thread has gone: one that says anything else keeps the lane until the domain ends. */
static bool has_left(struct lane *lane)
{
        return lane->leaving && channel_wait(&lane->channel, NULL, 1) == CHANNEL_MESSAGE &&
               channel_receive(&lane->channel).kind == MESSAGE_LEFT;
}

static void remove_locked(struct process *process, struct lane *lane)
{
        list_remove(&lane->link);
        set_taken(process, lane->number, false);
        lane_unref(lane);
}

static void reap(struct process *process)
{
        for (struct list *at = process->lanes.next, *next; at != &process->lanes; at = next) {
                struct lane *lane = CONTAINER_OF(at, struct lane, link);
                next = at->next;
                if (has_left(lane))
                        remove_locked(process, lane);
        }
}

/* --- Life ------------------------------------------------------------------------------------- */

static int add_locked(struct process *process, struct lane *lane, uint32_t *ret_number, struct ward_fault *fault)
{
        reap(process);
        if (take_number(process, ret_number))
                return fault_set(fault, WARD_FAULT_LIMIT,
                                 "domain '%s' is called by %d threads already, which is the most there can be",
                                 process->domain->name, CHANNEL_OWN_FIRST - 1);
        lane_init(lane, process, *ret_number);
        atomic_store(&lane->users, 2);
        domain_ref(process->domain);
        atomic_fetch_add(&process->users, 1);
        list_append(&process->lanes, &lane->link);
        return 0;
}

void process_add_own_lane(struct process *process, struct lane *lane, uint32_t number)
{
        lane_init(lane, process, number);
        lane->visit.base = 1;
        atomic_store(&lane->users, 1);
        domain_ref(process->domain);
        atomic_fetch_add(&process->users, 1);
        list_append(&process->lanes, &lane->link);
}

/* Busy before it is seen whether the domain runs: one of both is seen by who would stop it. */
int process_add_lane(struct process *process, struct lane *lane, uint32_t *ret_number, struct ward_fault *fault)
{
        int r = -WARD_FAULT_UNLOADED;
        pthread_mutex_lock(&process->lock);
        if (!process->stopped)
                r = add_locked(process, lane, ret_number, fault);
        if (!r)
                atomic_store(&lane->visit.depth, 1);
        pthread_mutex_unlock(&process->lock);
        return r == -WARD_FAULT_UNLOADED ? domain_unloaded_fault(process->domain, fault) : r;
}

void process_remove_lane(struct process *process, struct lane *lane)
{
        channel_close(&lane->channel, &process->shared);
        process_take_ring(lane);
        pthread_mutex_lock(&process->lock);
        remove_locked(process, lane);
        pthread_mutex_unlock(&process->lock);
}

bool process_take_control(struct process *process, uint64_t deadline)
{
        return turn_take(&process->control, deadline);
}

void process_give_control(struct process *process)
{
        struct channel *channel = &process->first->channel;
        channel_release(channel, (struct arena_mark){ 0, 0 });
        channel_settle(channel, &process->shared);
        turn_give(&process->control);
}

static int open_lanes(struct process *process, const uint32_t *numbers, uint32_t n, uint64_t deadline, struct ward_fault *fault)
{
        struct lane *first = process->first;
        uint64_t slots[CHANNEL_SLOTS] = { 0 };
        for (uint32_t i = 0; i < n; i++)
                slots[i] = numbers[i];
        channel_send(&first->channel, MESSAGE_OPEN, n, 0, slots, n);
        int r = process_converse_until(first, MESSAGE_OPENED, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                return process_lose(first, fault, WARD_FAULT_DEADLINE, "the worker did not make a thread in time; it was ended");
        return r;
}

int process_open_lanes(struct process *process, const uint32_t *numbers, uint32_t n, uint64_t deadline, struct ward_fault *fault)
{
        if (!process_take_control(process, deadline))
                return fault_set(fault, WARD_FAULT_DEADLINE,
                                 "domain '%s' was busy with loading until the deadline; this call did not start",
                                 process->domain->name);
        int r = domain_is_running(process->domain) ? open_lanes(process, numbers, n, deadline, fault)
                                                   : domain_unloaded_fault(process->domain, fault);
        process_give_control(process);
        return r;
}

void process_drop_lanes(struct process *process)
{
        pthread_mutex_lock(&process->lock);
        while (!list_is_empty(&process->lanes))
                remove_locked(process, CONTAINER_OF(process->lanes.next, struct lane, link));
        pthread_mutex_unlock(&process->lock);
}

/* --- Visits ----------------------------------------------------------------------------------- */

int process_visit(struct ward_domain *domain, uint32_t ms, struct visit **ret_visit, struct ward_fault *fault)
{
        struct lane *lane = lane_find(domain);
        int r = lane ? 0 : lane_open(domain, ms, &lane, fault);
        if (!r)
                *ret_visit = &lane->visit;
        return r;
}

struct visit *process_here(struct ward_domain *domain)
{
        struct lane *lane = lane_find(domain);
        return lane ? &lane->visit : NULL;
}

bool process_is_busy(struct ward_domain *domain)
{
        struct process *process = process_hold(domain);
        bool busy = false;
        if (!process)
                return false;
        pthread_mutex_lock(&process->lock);
        for (struct list *at = process->lanes.next; !busy && at != &process->lanes; at = at->next)
                busy = visit_is_busy(&CONTAINER_OF(at, struct lane, link)->visit);
        pthread_mutex_unlock(&process->lock);
        process_unref(process);
        return busy;
}
