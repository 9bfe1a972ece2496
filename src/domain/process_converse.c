/* Kind `process`: waiting for the worker. The host's half of the conversation that channel/message.h lays down. */
#include <string.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/deadline.h"
#include "domain/process.h"

static void read_text(const struct process *process, uint64_t at, uint64_t len, char to[WARD_FAULT_TEXT_MAX])
{
        const struct channel *channel = &process->channel;
        to[0] = 0;
        if (at > channel->size || len > channel->size - at)
                return;
        if (len >= WARD_FAULT_TEXT_MAX)
                len = WARD_FAULT_TEXT_MAX - 1;
        memcpy(to, channel->base + at, len);
        to[len] = 0;
}

/* What a worker may say of a request that failed and left it well. A value that breaks the contract costs the domain. */
static int judge_failure(struct process *process, const uint64_t *slots, bool loading, struct ward_fault *fault)
{
        char text[WARD_FAULT_TEXT_MAX];
        read_text(process, slots[1], slots[2], text);
        switch (slots[0]) {
        case WARD_FAULT_SYSTEM:
        case WARD_FAULT_LIMIT:
                return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
        case WARD_FAULT_MODULE:
        case WARD_FAULT_CONTRACT:
                if (loading)
                        return fault_set(fault, (enum ward_fault_kind)slots[0], "%s", text);
                break;
        case WARD_FAULT_PROTOCOL:
                return process_lose(process, fault, WARD_FAULT_PROTOCOL, "%s", text);
        default:
                break;
        }
        return process_lose(process, fault, WARD_FAULT_PROTOCOL, "the worker claims a failure that there is not");
}

/* What a call gave away is the host's again if the worker was not even able to begin. A lost worker's is lost. */
static int take_failure(struct process *process, uint32_t kind, struct crossing *crossing, struct ward_fault *fault)
{
        uint64_t slots[4];
        channel_slots(&process->channel, slots, COUNT_OF(slots));
        if (crossing && slots[3])
                crossing_arrived(crossing);
        int r = judge_failure(process, slots, kind == MESSAGE_LOADED, fault);
        if (crossing && domain_is_running(process->domain))
                crossing_undo(crossing);
        return r;
}

/* Waits for the next message. One that is there wins over the guard and the deadline, so after an import (@again) these are looked
 * at first: else a worker that never stops asking would never be stopped. */
static enum channel_outcome await(struct process *process, bool again, uint64_t deadline)
{
        if (again && !atomic_load(&process->guard))
                return CHANNEL_GUARD;
        if (again && deadline != CLOCK_NEVER && clock_now() >= deadline)
                return CHANNEL_DEADLINE;
        return channel_wait(&process->channel, &process->guard, deadline);
}

int process_converse(struct process *process, uint32_t kind, struct crossing *crossing, struct ward_fault *fault)
{
        for (bool again = false;; again = true) {
                enum channel_outcome outcome = await(process, again, deadline_inherited);
                if (outcome == CHANNEL_GUARD)
                        return process_gone(process, fault);
                if (outcome == CHANNEL_DEADLINE)
                        return CHANNEL_DEADLINE;
                if (outcome == CHANNEL_BROKEN)
                        return process_lose(process, fault, WARD_FAULT_PROTOCOL, "the worker broke the order of messages");
                struct message message = channel_receive(&process->channel);
                if (message.kind == MESSAGE_FAILED)
                        return take_failure(process, kind, crossing, fault);
                if (crossing)
                        crossing_arrived(crossing);
                if (message.kind == kind)
                        return 0;
                if (message.kind != MESSAGE_IMPORT)
                        return process_lose(process, fault, WARD_FAULT_PROTOCOL, "the worker answered with message %u",
                                            message.kind);
                int r = process_serve(process, &message, fault);
                if (r)
                        return r;
        }
}

int process_converse_until(struct process *process, uint32_t kind, uint64_t deadline, struct ward_fault *fault)
{
        uint64_t outer = deadline_inherited;
        deadline_inherited = deadline < outer ? deadline : outer;
        int r = process_converse(process, kind, NULL, fault);
        deadline_inherited = outer;
        return r;
}
