/* Kind `process`: rows. A row is some lanes that one thread of the worker's serves in turn: each call goes over the next, so that
 * nothing else is to say in which order they come. */
#include <errno.h>
#include <stdlib.h>
#include "base/barrier.h"
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"
#include "domain/row.h"

enum { LANES = CHANNEL_SLOTS, OPEN_MS = 10000 };

struct row {
        struct process *process; /* counted */
        bool lost;
        uint32_t head; /* the oldest in flight, */
        uint32_t tail; /* and where the next goes, both modulo LANES */
        struct lane *lanes[LANES];
        struct process_sent sent[LANES];
};

/* --- Life ------------------------------------------------------------------------------------- */

static void remove_lanes(struct row *row, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++) {
                process_remove_lane(row->process, row->lanes[i]);
                lane_quit(row->lanes[i]);
                lane_unref(row->lanes[i]);
        }
}

static int open_lanes(struct row *row, struct ward_fault *fault)
{
        uint32_t numbers[LANES], n = 0;
        int r = 0;
        while (!r && n < LANES) {
                r = lane_make(row->process, &row->lanes[n], fault);
                if (!r) {
                        numbers[n] = row->lanes[n]->number;
                        n++;
                }
        }
        if (!r)
                r = process_open_lanes(row->process, numbers, LANES, clock_deadline(OPEN_MS), fault);
        if (r) {
                remove_lanes(row, n);
                return r;
        }
        for (uint32_t i = 0; i < LANES; i++)
                lane_quit(row->lanes[i]);
        return 0;
}

static int row_open(struct ward_domain *domain, struct row **ret_row, struct ward_fault *fault)
{
        struct row *row = calloc(1, sizeof *row);
        if (!row)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for calls of domain '%s'", domain->name);
        row->process = process_hold(domain);
        int r = row->process ? open_lanes(row, fault) : domain_unloaded_fault(domain, fault);
        if (r) {
                process_unref(row->process);
                free(row);
                return r;
        }
        *ret_row = row;
        return 0;
}

/* The lanes stay the process's, as long as that lasts: no other thread of the worker's serves them. */
static void row_close(struct row *row)
{
        for (uint32_t i = 0; i < LANES; i++)
                lane_unref(row->lanes[i]);
        process_unref(row->process);
        free(row);
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Busy before it is seen whether the domain runs, as with every visit. */
static int row_send(struct row *row, struct instance *instance, uint32_t export_index, const void *args, uint32_t ms,
                    _Atomic uint32_t **ret_word, struct ward_fault *fault)
{
        struct lane *lane = row->lanes[row->tail % LANES];
        atomic_store_explicit(&lane->visit.depth, 1, memory_order_relaxed);
        barrier_light();
        int r = domain_is_running(lane->domain) ? 0 : domain_unloaded_fault(lane->domain, fault);
        if (!r)
                r = process_send(lane, instance, export_index, args, ms, &row->sent[row->tail % LANES], fault);
        if (r) {
                lane_quit(lane);
                return r;
        }
        row->tail++;
        *ret_word = &lane->channel.words->cancelled;
        return 0;
}

/* What is called back calls over the same lane. */
static int row_take(struct row *row, void *ret, struct ward_fault *fault)
{
        struct lane *lane = row->lanes[row->head % LANES];
        struct process_sent *sent = &row->sent[row->head % LANES];
        lane_borrow(lane);
        int r = row->lost ? process_unsend(sent, fault) : process_take(sent, ret, fault);
        lane_return(lane);
        row->lost = row->lost || (r && !domain_is_running(lane->domain));
        return r;
}

/* The turn is this thread's already: leaving gives it back once. */
static void row_leave(struct row *row)
{
        struct lane *lane = row->lanes[row->head++ % LANES];
        if (!lane->domain->free_threaded)
                turn_take(&lane->domain->turn, CLOCK_NEVER);
        domain_leave(lane->domain, &lane->visit);
}

const struct row_ops process_row = {
        .most = LANES,
        .open = row_open,
        .close = row_close,
        .send = row_send,
        .take = row_take,
        .leave = row_leave,
};
