/* Kind `process`: waiting for the worker. The host's half of the conversation that channel/message.h lays down. */
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"
#include "domain/shares.h"

static void read_text(const struct shared *shared, uint64_t at, uint64_t len, char to[WARD_FAULT_TEXT_MAX])
{
        to[0] = 0;
        if (at > shared->size || len > shared->size - at)
                return;
        if (len >= WARD_FAULT_TEXT_MAX)
                len = WARD_FAULT_TEXT_MAX - 1;
        memcpy(to, shared->base + at, len);
        to[len] = 0;
}

/* What a worker may say of a request that failed and left it well. A value that breaks the contract costs the domain. */
static int judge_failure(struct lane *lane, const uint64_t *slots, bool loading, struct ward_fault *fault)
{
        char text[WARD_FAULT_TEXT_MAX];
        read_text(&lane->process->shared, slots[1], slots[2], text);
        switch (slots[0]) {
        case WARD_FAULT_SYSTEM:
        case WARD_FAULT_LIMIT:
        case WARD_FAULT_CANCELLED:
                return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
        case WARD_FAULT_MODULE:
        case WARD_FAULT_CONTRACT:
        case WARD_FAULT_REFUSED:
                if (loading)
                        return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
                break;
        case WARD_FAULT_PROTOCOL:
                return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "%s", text);
        default:
                break;
        }
        return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker claims a failure that there is not");
}

/* What a call gave away is the host's again if the worker was not even able to begin. A lost worker's is lost. */
static int take_failure(struct lane *lane, uint32_t kind, struct crossing *crossing, struct ward_fault *fault)
{
        uint64_t slots[4];
        channel_slots(&lane->channel, slots, COUNT_OF(slots));
        if (crossing && slots[3])
                crossing_arrived(crossing);
        int r = judge_failure(lane, slots, kind == MESSAGE_LOADED, fault);
        if (crossing && domain_is_running(lane->domain))
                crossing_undo(crossing);
        return r;
}

/* A message that is there wins over the guard and the deadline, so after an import these are looked at first: else a worker that
 * never stops asking would never be stopped. */
static enum channel_outcome await_again(struct lane *lane, uint64_t deadline, struct message *ret_message)
{
        if (!atomic_load(&lane->process->guard))
                return CHANNEL_GUARD;
        if (deadline != CLOCK_NEVER && clock_now() >= deadline)
                return CHANNEL_DEADLINE;
        return lane_await(lane, deadline, ret_message);
}

/* Memory for the worker's values. */
void process_give_more(struct lane *lane)
{
        struct extent extent = { 0, 0 };
        uint64_t bytes;
        channel_slots(&lane->channel, &bytes, 1);
        channel_give(&lane->channel, &lane->process->shared, bytes, &extent);
        const uint64_t slots[] = { extent.start, extent.end };
        channel_send(&lane->channel, MESSAGE_MORE_RETURN, 0, 0, slots, COUNT_OF(slots));
}

void process_pass_again(struct lane *lane)
{
        uint64_t number;
        channel_slots(&lane->channel, &number, 1);
        if (lane->process->shares)
                shares_again(lane->process->shares, (uint32_t)number);
        channel_send(&lane->channel, MESSAGE_AGAIN_RETURN, 0, 0, NULL, 0);
}

/* Shared memory that the worker asks for. */
static bool lend(struct lane *lane, uint32_t kind)
{
        if (kind == MESSAGE_MORE)
                process_give_more(lane);
        else if (kind == MESSAGE_RING)
                process_give_ring(lane);
        else if (kind == MESSAGE_AGAIN)
                process_pass_again(lane);
        else
                return false;
        return true;
}

/* What was posted comes first, and may use the mailbox. */
static int take_answer(struct lane *lane, struct ward_fault *fault)
{
        uint64_t slot;
        if (!lane->ring.words)
                return 0;
        channel_slots(&lane->channel, &slot, 1);
        int r = process_make_posted(lane, fault);
        lane->answer = slot;
        return r;
}

static int serve(struct lane *lane, const struct message *message, struct ward_fault *fault)
{
        if (message->kind == MESSAGE_IMPORT)
                return process_serve(lane, message, fault);
        if (message->kind != MESSAGE_EVENTS || !lane->ring.words)
                return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker answered with message %u", message->kind);
        int r = process_make_posted(lane, fault);
        if (!r)
                channel_send(&lane->channel, MESSAGE_EVENTS_RETURN, 0, 0, NULL, 0);
        return r;
}

/* In a row the worker may have answered this call, and then died in the next. Where the host ends it, that does not count. */
static bool answered_before(struct lane *lane, uint32_t kind, struct message *ret_message)
{
        if (atomic_load(&lane->process->ending) || channel_wait(&lane->channel, NULL, 1) != CHANNEL_MESSAGE)
                return false;
        *ret_message = channel_receive(&lane->channel);
        return ret_message->kind == kind;
}

int process_converse_on(struct lane *lane, enum channel_outcome outcome, struct message message, uint32_t kind,
                        struct crossing *crossing, struct ward_fault *fault)
{
        for (;; outcome = await_again(lane, deadline_inherited, &message)) {
                if (outcome == CHANNEL_GUARD && !answered_before(lane, kind, &message))
                        return process_gone(lane->process, fault);
                if (outcome == CHANNEL_DEADLINE && deadline_was_held(deadline_inherited, &deadline_inherited))
                        continue;
                if (outcome == CHANNEL_DEADLINE)
                        return CHANNEL_DEADLINE;
                if (outcome == CHANNEL_BROKEN)
                        return process_lose(lane, fault, WARD_FAULT_PROTOCOL, "the worker broke the order of messages");
                if (message.kind == MESSAGE_FAILED)
                        return take_failure(lane, kind, crossing, fault);
                if (lend(lane, message.kind))
                        continue;
                if (crossing)
                        crossing_arrived(crossing);
                if (message.kind == MESSAGE_RETURN && message.instance && lane->process->shares)
                        shares_read(lane->process->shares);
                if (message.kind == kind)
                        return take_answer(lane, fault);
                int r = serve(lane, &message, fault);
                if (r)
                        return r;
        }
}

int process_converse(struct lane *lane, uint32_t kind, struct crossing *crossing, struct ward_fault *fault)
{
        struct message message;
        enum channel_outcome outcome = lane_await(lane, deadline_inherited, &message);
        return process_converse_on(lane, outcome, message, kind, crossing, fault);
}

int process_converse_until(struct lane *lane, uint32_t kind, uint64_t deadline, struct ward_fault *fault)
{
        uint64_t outer = deadline_inherited;
        deadline_inherited = deadline < outer ? deadline : outer;
        int r = process_converse(lane, kind, NULL, fault);
        deadline_inherited = outer;
        return r;
}

enum { PACK_FIRST = 16 << 10 };

int process_pack(struct lane *lane, void (*write)(const void *what, struct pack *pack), const void *what, uint64_t ret_slots[2],
                 struct ward_fault *fault)
{
        struct channel *channel = &lane->channel;
        struct arena_mark mark = channel_mark(channel);
        for (uint32_t size = PACK_FIRST, at; size <= INT32_MAX && !channel_take(channel, size, 8, &at); size *= 2) {
                struct pack pack = { channel->base + at, size, false };
                write(what, &pack);
                if (!pack.bad) {
                        ret_slots[0] = at;
                        ret_slots[1] = (uint64_t)(pack.at - (channel->base + at));
                        return 0;
                }
                channel_release(channel, mark);
        }
        return fault_set(fault, WARD_FAULT_LIMIT,
                         "the contract and the environment do not fit the shared memory of domain '%s': raise limits.arena_bytes",
                         lane->domain->name);
}
