/* Kind `process`: calling. Whatever the worker says is checked against the host's own contract. */
#include "base/fault.h"
#include "domain/deadline.h"
#include "domain/enter.h"
#include "domain/pending.h"
#include "domain/process.h"
#include "marshal/words.h"

static int too_late(struct lane *lane, const char *name, uint32_t ms, struct ward_fault *fault)
{
        if (ms)
                return process_lose(lane, fault, WARD_FAULT_DEADLINE, "%s did not end within %u ms; the worker was ended", name,
                                    ms);
        return process_lose(lane, fault, WARD_FAULT_DEADLINE,
                            "%s did not end within the deadline of the call that it is part of; the worker was ended", name);
}

static int too_deep(struct ward_fault *fault)
{
        return fault_set(fault, WARD_FAULT_LIMIT, "calls and callbacks are nested more than %d deep", MESSAGE_NESTING);
}

/* An add-in that was released within the call is well, and so are others in its domain: only nobody can hold its objects. */
static int refuse_result(struct lane *lane, int r, struct ward_fault *why, struct ward_fault *fault)
{
        if (r != -WARD_FAULT_UNLOADED)
                return process_give_up(lane, why, fault);
        if (fault)
                *fault = *why;
        return r;
}

/* A worker whose result is none is given up before what its values brought is undone, so that nothing more is asked of it. */
static int lift_result(struct lane *lane, const struct process_outgoing *call, void *ret, struct ward_fault *fault)
{
        struct ward_fault why;
        uint64_t slot, budget = process_budget(lane->process);
        int r = call->crossing ? crossing_returned(call->crossing, &why) : 0;
        if (lane->ring.words)
                slot = lane->answer;
        else
                channel_slots(&lane->channel, &slot, 1);
        if (!r && call->func->result)
                r = marshal_lift_result(call->func, &slot, lane_memory(lane, call->crossing), &budget, ret, &why);
        if (!r)
                return 0;
        r = refuse_result(lane, r, &why, fault);
        if (call->crossing)
                crossing_undo(call->crossing);
        return r;
}

static void send_call(struct lane *lane, const struct process_outgoing *call, const uint64_t *slots)
{
        uint32_t n = process_flat_params(call->func);
        if (!lane->coming.n) {
                channel_send(&lane->channel, MESSAGE_CALL, call->instance, call->function, slots, n);
                return;
        }
        coming_announce(&lane->channel, &lane->coming);
        channel_send(&lane->channel, MESSAGE_CALL_EARLY, call->instance, call->function, slots, n);
        coming_write(&lane->channel, &lane->coming, &lane->process->guard);
}

static int send(struct lane *lane, const struct process_outgoing *call, const void *args, struct ward_fault *fault)
{
        uint64_t slots[CHANNEL_SLOTS];
        if (call->func->params->flat > CHANNEL_FIRST_SLOTS)
                channel_prepare(&lane->channel);
        int r = marshal_lower_params(call->func, args, slots, lane_memory(lane, call->crossing), fault);
        if (!r) {
                send_call(lane, call, slots);
                return 0;
        }
        lane->coming.n = 0;
        if (call->crossing)
                crossing_undo(call->crossing);
        return r;
}

static int take(struct lane *lane, const struct process_outgoing *call, void *ret, struct ward_fault *fault)
{
        int r = process_converse(lane, MESSAGE_RETURN, call->crossing, fault);
        if (r == CHANNEL_DEADLINE)
                return too_late(lane, call->func->name, call->ms, fault);
        return r ? r : lift_result(lane, call, ret, fault);
}

static int exchange(struct lane *lane, const struct process_outgoing *call, const void *args, void *ret, struct ward_fault *fault)
{
        int r = send(lane, call, args, fault);
        return r ? r : take(lane, call, ret, fault);
}

/* The same for whoever has handles. */
static int exchange_with_handles(struct lane *lane, struct references *references, struct process_outgoing *call, const void *args,
                                 void *ret, struct ward_fault *fault)
{
        struct crossing crossing;
        crossing_begin(&crossing, references);
        call->crossing = &crossing;
        int r = exchange(lane, call, args, ret, fault);
        crossing_end(&crossing);
        return r;
}

/* In a forked child there is no channel: something else may lie there. */
static void end_call(struct lane *lane, struct arena_mark mark, uint32_t lent, uint64_t before)
{
        lane_finish(lane, before);
        if (!domain_is_here(lane->domain))
                return;
        channel_release(&lane->channel, mark);
        if (lane->n_lent != lent)
                process_return_blocks(lane, lent);
        if (before == LANE_IDLE)
                channel_settle(&lane->channel, &lane->process->shared);
}

/* A begun call is told by its lane that it is cancelled; what is nested in it goes over the same. */
static inline void watch_cancelling(struct lane *lane, _Atomic uint32_t *word)
{
        if (pending_is_running() && lane->visit.depth == 1 && domain_is_here(lane->domain))
                pending_watch(word);
}

static __attribute__((noinline)) uint32_t begin_limit(uint32_t ms)
{
        uint64_t own = clock_deadline(ms);
        if (own >= deadline_inherited)
                return 0;
        deadline_inherited = own;
        return ms;
}

/* From now on until deadline_inherited is put back; the call's own time limit, or 0. */
static inline uint32_t begin_deadline(const struct instance *instance)
{
        uint32_t ms = atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed);
        return ms ? begin_limit(ms) : 0;
}

/* The answer is another than a word; first the worker may have something to ask. @ms: the call's own time limit, or 0. */
static __attribute__((noinline)) int take_other(struct lane *lane, const struct ward_func *func, uint32_t ms,
                                                enum channel_outcome outcome, struct message message, void *ret,
                                                struct ward_fault *fault)
{
        const struct process_outgoing call = { .func = func, .ms = ms };
        int r = process_converse_on(lane, outcome, message, MESSAGE_RETURN, NULL, fault);
        if (r == CHANNEL_DEADLINE)
                return too_late(lane, func->name, ms, fault);
        return r ? r : lift_result(lane, &call, ret, fault);
}

/* Takes the word that a call gives. */
static inline __attribute__((always_inline)) int take_word(struct lane *lane, const struct ward_func *func, uint32_t ms, void *ret,
                                                           struct ward_fault *fault)
{
        struct message message;
        uint64_t slot;
        enum channel_outcome outcome = lane_await(lane, deadline_inherited, &message);
        if (__builtin_expect(message.kind != MESSAGE_RETURN || message.instance || lane->ring.words, false))
                return take_other(lane, func, ms, outcome, message, ret, fault);
        channel_slots(&lane->channel, &slot, 1);
        if (func->result)
                word_write(func->result, ret, slot);
        return 0;
}

/* A call whose parameters are words, and in the mailbox already. There is nothing to be put into memory, lent or handed over; what
 * callbacks within it put there, they have taken away. */
static inline __attribute__((always_inline)) int call_words(struct lane *lane, const struct instance *instance,
                                                            const struct ward_func *func, uint32_t export_index, void *ret,
                                                            struct ward_fault *fault)
{
        uint32_t number = process_number(lane->process, instance);
        uint64_t outer = deadline_inherited, before = lane_begin(lane, number, export_index);
        uint32_t ms = begin_deadline(instance);
        bool begun = pending_is_running();
        if (begun)
                watch_cancelling(lane, &lane->channel.words->cancelled);
        channel_send(&lane->channel, MESSAGE_CALL, number, export_index, NULL, 0);
        int r = take_word(lane, func, ms, ret, fault);
        deadline_inherited = outer;
        if (begun)
                watch_cancelling(lane, NULL);
        lane_finish(lane, before);
        if (__builtin_expect(lane->channel.grown && before == LANE_IDLE, false) && domain_is_here(lane->domain))
                channel_settle(&lane->channel, &lane->process->shared);
        return r;
}

static __attribute__((noinline)) int call_values(struct lane *lane, struct instance *instance, uint32_t export_index,
                                                 const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->exports[export_index];
        struct arena_mark mark = channel_mark(&lane->channel);
        uint32_t lent = lane->n_lent;
        uint32_t number = process_number(lane->process, instance);
        uint64_t outer = deadline_inherited, before = lane_begin(lane, number, export_index);
        struct process_outgoing call = { number, export_index, func, begin_deadline(instance), NULL };
        watch_cancelling(lane, &lane->channel.words->cancelled);
        int r = func_has_handles(func) ? exchange_with_handles(lane, instance->references, &call, args, ret, fault)
                                       : exchange(lane, &call, args, ret, fault);
        deadline_inherited = outer;
        watch_cancelling(lane, NULL);
        end_call(lane, mark, lent, before);
        return r;
}

/* The worker does not look at them before the bell, but what it does there costs nobody but itself. */
static inline uint64_t *slots_here(const struct lane *lane)
{
        return (uint64_t *)(void *)lane->channel.box->slots;
}

static inline __attribute__((always_inline)) int call_in(struct lane *lane, struct instance *instance, uint32_t export_index,
                                                         const void *args, void *ret, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->exports[export_index];
        if (__builtin_expect(visit_depth(&lane->visit) > MESSAGE_NESTING, false))
                return too_deep(fault);
        if (gives_word(func) && words_lower(func->params, args, slots_here(lane)) == func->params->n)
                return call_words(lane, instance, func, export_index, ret, fault);
        return call_values(lane, instance, export_index, args, ret, fault);
}

int process_call(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        return call_in(lane_find(instance->domain), instance, export_index, args, ret, fault);
}

/* Where this thread's last call went to the same domain. */
int process_cross(struct instance *instance, uint32_t export_index, const void *args, void *ret, struct ward_fault *fault)
{
        struct ward_domain *domain = instance->domain;
        struct lane *lane = lane_last;
        if (!lane || lane->domain != domain)
                return instance_enter_and_call(instance, export_index, args, ret, fault);
        bool turn = visit_depth(&lane->visit) == lane->visit.base && !domain->free_threaded;
        if (turn && !turn_enter(&domain->turn))
                return instance_enter_and_call(instance, export_index, args, ret, fault);
        int r = visit_begin(domain, &lane->visit, fault);
        if (r) {
                instance_name_fault(instance, export_index, fault);
                return r;
        }
        r = call_in(lane, instance, export_index, args, ret, fault);
        if (r)
                instance_name_fault(instance, export_index, fault);
        visit_end(domain, &lane->visit, turn); /* may be the end of @instance */
        return r;
}

int process_destroy(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault)
{
        struct lane *lane = lane_find(instance->domain);
        const uint64_t slot = object, deadline = clock_deadline(PROCESS_UNLOAD_MS);
        if (!lane)
                return domain_unloaded_fault(instance->domain, fault);
        if (visit_depth(&lane->visit) > MESSAGE_NESTING)
                return too_deep(fault);
        uint32_t number = process_number(lane->process, instance), function = instance->contract->n_exports + resource;
        struct arena_mark mark = channel_mark(&lane->channel);
        uint32_t lent = lane->n_lent;
        uint64_t before = lane_begin(lane, number, function);
        uint32_t ms = deadline < deadline_inherited ? PROCESS_UNLOAD_MS : 0;
        channel_send(&lane->channel, MESSAGE_CALL, number, function, &slot, 1);
        int r = process_converse_until(lane, MESSAGE_RETURN, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                r = too_late(lane, "the destructor", ms, fault);
        end_call(lane, mark, lent, before);
        return r;
}

/* --- In two parts ----------------------------------------------------------------------------- */

static void end_sent(struct process_sent *sent)
{
        if (sent->call.crossing)
                crossing_end(&sent->crossing);
        end_call(sent->lane, sent->mark, sent->lent, sent->before);
}

int process_send(struct lane *lane, struct instance *instance, uint32_t export_index, const void *args, uint32_t ms,
                 struct process_sent *sent, struct ward_fault *fault)
{
        const struct ward_func *func = instance->contract->exports[export_index];
        uint32_t number = process_number(lane->process, instance);
        sent->lane = lane;
        sent->mark = channel_mark(&lane->channel);
        sent->lent = lane->n_lent;
        sent->before = lane_begin(lane, number, export_index);
        sent->call = (struct process_outgoing){ number, export_index, func, ms, func_has_handles(func) ? &sent->crossing : NULL };
        if (sent->call.crossing)
                crossing_begin(&sent->crossing, instance->references);
        int r = send(lane, &sent->call, args, fault);
        if (r)
                end_sent(sent);
        return r;
}

int process_take(struct process_sent *sent, void *ret, struct ward_fault *fault)
{
        int r = take(sent->lane, &sent->call, ret, fault);
        end_sent(sent);
        return r;
}

int process_unsend(struct process_sent *sent, struct ward_fault *fault)
{
        if (sent->call.crossing)
                crossing_undo(&sent->crossing);
        end_sent(sent);
        return domain_unloaded_fault(sent->lane->domain, fault);
}
