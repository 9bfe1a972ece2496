/* The hostile worker's life, as far as it is honest. */
#include "test/hostile/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/own.h"
#include "fuzz/channel_contract.h"
#include "sandbox/plan.h"
#include "worker/worker.h"

enum { VALUE = 512 }; /* bytes that its values lie in */

struct hostile hostile;

/* --- Messages --------------------------------------------------------------------------------- */

/* Whatever it has done to the bells, it goes on from the host's next message. */
struct message hear(struct served *served)
{
        while (channel_wait(&served->channel, NULL, CLOCK_NEVER) != CHANNEL_MESSAGE)
                served->channel.sequence = atomic_load(&served->channel.box->bell) & ~(uint32_t)CHANNEL_ASLEEP;
        return channel_receive(&served->channel);
}

void tell(struct served *served, uint32_t kind, uint64_t slot0, uint64_t slot1)
{
        const uint64_t slots[4] = { slot0, slot1 };
        channel_send(&served->channel, kind, 0, 0, slots, COUNT_OF(slots));
}

int ask_more(struct served *served, uint64_t bytes, struct extent *ret)
{
        uint64_t slots[2];
        tell(served, MESSAGE_MORE, bytes, 0);
        if (hear(served).kind != MESSAGE_MORE_RETURN)
                return 1;
        channel_slots(&served->channel, slots, 2);
        *ret = (struct extent){ (uint32_t)slots[0], (uint32_t)slots[1] };
        return ret->end <= ret->start || ret->end > hostile.shared.size;
}

/* --- Values ----------------------------------------------------------------------------------- */

/* Zeros that begin with a list or a text of a few zeros are a value of every type there is in the contract, but for objects. */
static uint64_t some_value(struct served *served)
{
        struct extent *memory = &served->memory;
        if (!memory->end && (served->more_is_refused || ask_more(served, VALUE, memory))) {
                *memory = (struct extent){ 0, 0 };
                served->more_is_refused = true;
                return 0;
        }
        memset(hostile.shared.base + memory->start, 0, VALUE);
        return memory->start;
}

/* --- Answers ---------------------------------------------------------------------------------- */

static void answer(struct served *served, const struct message *message);

/* Until the host has served @n imports, and what it calls meanwhile. */
static bool ask_host(struct served *served, uint32_t n, uint32_t instance)
{
        for (uint32_t i = 0; i < n; i++) {
                const uint64_t slot = 0;
                channel_send(&served->channel, MESSAGE_IMPORT, instance, HOSTILE_NEST, &slot, 1);
                if (act_at(served, MOMENT_ASKED))
                        return true;
                struct message message;
                while ((message = hear(served)).kind == MESSAGE_CALL)
                        answer(served, &message);
                if (message.kind == MESSAGE_IMPORT_RETURN && act_at(served, MOMENT_BACK))
                        return true;
        }
        return false;
}

static void answer_call(struct served *served, const struct message *message)
{
        uint64_t slots[2], result;
        channel_slots(&served->channel, slots, 2);
        if (act_at(served, MOMENT_CALL) || ask_host(served, atomic_load(&hostile.board->asks), message->instance))
                return;
        result = message->function == EXPORT_ADD ? (uint32_t)(slots[0] + slots[1]) : some_value(served);
        tell(served, MESSAGE_RETURN, result, 0);
        act_at(served, MOMENT_ANSWERED);
}

static void *serve_lane(void *data);

static void open_lane(struct served *served)
{
        uint64_t number;
        pthread_t thread;
        channel_slots(&served->channel, &number, 1);
        struct served *lane = calloc(1, sizeof *lane);
        if (!lane || !number || number >= CHANNEL_LANES)
                _exit(99);
        lane->number = (uint32_t)number;
        channel_open(&hostile.shared, lane->number, &lane->channel);
        lane->channel.spins = served->channel.spins;
        if (pthread_create(&thread, NULL, serve_lane, lane))
                _exit(98);
        pthread_detach(thread);
}

static void answer(struct served *served, const struct message *message)
{
        switch (message->kind) {
        case MESSAGE_LOAD:
                if (!act_at(served, MOMENT_LOAD))
                        tell(served, MESSAGE_LOADED, 0, 0);
                break;
        case MESSAGE_UNLOAD:
                if (!act_at(served, MOMENT_UNLOAD))
                        tell(served, MESSAGE_UNLOADED, 0, 0);
                break;
        case MESSAGE_OPEN:
                if (act_at(served, MOMENT_OPEN))
                        break;
                open_lane(served);
                tell(served, MESSAGE_OPENED, 0, 0);
                break;
        case MESSAGE_CALL:
                answer_call(served, message);
                break;
        default: /* an answer to what it should not have asked: goes on waiting */
                break;
        }
}

/* Outside of calls it has no memory of its own: the host takes it back. */
static void *serve_lane(void *data)
{
        struct served *served = data;
        act_at(served, MOMENT_LANE);
        for (;;) {
                struct message message = hear(served);
                served->memory = (struct extent){ 0, 0 };
                served->more_is_refused = false;
                if (message.kind == MESSAGE_LEAVE) {
                        if (!act_at(served, MOMENT_LEAVE))
                                tell(served, MESSAGE_LEFT, 0, 0);
                        free(served);
                        return NULL;
                }
                answer(served, &message);
        }
}

/* --- Start ------------------------------------------------------------------------------------ */

static struct board *board_at(const char *path)
{
        int fd = open(path, O_RDWR | O_CLOEXEC);
        void *board = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (board == MAP_FAILED)
                _exit(97);
        close(fd);
        return board;
}

/* What START points at: only the environment matters here. */
static void read_start(struct served *served)
{
        uint64_t slots[2];
        struct sandbox_plan plan;
        channel_slots(&served->channel, slots, 2);
        struct cursor cursor = { hostile.shared.base + slots[0], slots[1], false };
        served->channel.spins = cursor_u32(&cursor);
        if (sandbox_plan_unpack(&cursor, &plan) < 0)
                _exit(96);
        for (const char *const *variable = plan.grants.environment; *variable; variable++)
                if (!strncmp(*variable, BOARD_VARIABLE "=", sizeof BOARD_VARIABLE))
                        hostile.board = board_at(*variable + sizeof BOARD_VARIABLE);
        sandbox_plan_release(&plan);
        if (!hostile.board)
                _exit(95);
}

/* Its number where /proc was mounted, which is where the test is. */
static int32_t own_pid(void)
{
        char pid[16] = "";
        return readlink("/proc/self", pid, sizeof pid - 1) < 0 ? -1 : atoi(pid);
}

void worker_run(const struct worker_start *start)
{
        const uint64_t held = WARD_LAYER_ALL;
        static struct served first;
        hostile.socket = start->fds[WIRE_PASS];
        hostile.doorbell = start->fds[WIRE_DOORBELL];
        if (shared_attach(start->fds[WIRE_MEMORY], &hostile.shared) < 0)
                _exit(94);
        channel_open(&hostile.shared, 0, &first.channel);
        hear(&first);
        read_start(&first);
        atomic_store(&hostile.board->pid, own_pid());
        if (!act_at(&first, MOMENT_START))
                channel_send(&first.channel, MESSAGE_READY, 0, 0, &held, 1);
        for (;;) {
                struct message message = hear(&first);
                answer(&first, &message);
        }
}
