#include "fuzz/channel_worker.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "domain/warden.h"

enum {
        HINTS = 8, /* of what the host said */
        LANES = 8,
        ARENA_PART = 512, /* bytes of it that are written */
        PASSED = 16,      /* descriptors at once */
        BEYOND = 240      /* from here on, kinds of messages stand for acts that go beyond the worker's own lane */
};

struct warden {
        int unused;
};

static struct warden the_warden;

/* Between the host and the worker's thread. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static _Atomic uint32_t alive; /* the worker's guard */
static bool has_ended, has_thread;
static pthread_t thread;
static int worker_fd, worker_socket, worker_doorbell;
static struct warden_worker *worker;

/* The worker's own, a thread for each lane, of which one acts at a time. */
static pthread_mutex_t acting = PTHREAD_MUTEX_INITIALIZER;
static const uint8_t *input;
static size_t left;
static bool honest;
static struct shared memory;
static uint32_t arena; /* where it writes */
static _Thread_local struct channel channel;
static _Thread_local bool on_first; /* lane 0, where others are opened */
static pthread_t lanes[LANES];
static unsigned n_lanes;
static uint64_t slots[CHANNEL_SLOTS], hints[HINTS];
static unsigned n_hints, storm;

void channel_worker_set(const uint8_t *data, size_t size, int is_honest)
{
        input = data;
        left = size;
        honest = is_honest;
}

/* --- Input ------------------------------------------------------------------------------------ */

static uint8_t next_byte(void)
{
        if (!left)
                return 0;
        left--;
        return *input++;
}

static uint32_t next_word(void)
{
        uint32_t word = 0;
        for (int i = 0; i < 4; i++)
                word = word << 8 | next_byte();
        return word;
}

/* One byte for the numbers that matter: small ones, places in the worker's arena, what the host said, sizes at the edge. */
static uint64_t next_value(void)
{
        static const uint32_t edges[] = { UINT32_MAX, INT32_MAX, 0x10000000, 0x0fffffff, 0xd800, 0x110000, 0xfffffff8, 0x80000000 };
        uint8_t choice = next_byte();
        if (choice < 64)
                return choice;
        if (choice < 160)
                return arena + (uint64_t)(choice - 64) * 4;
        if (choice < 192)
                return hints[choice % HINTS];
        if (choice < 208)
                return edges[choice % COUNT_OF(edges)];
        if (choice < 224)
                return (uint64_t)next_word() << 32 | next_word();
        return next_word();
}

static uint32_t next_place(void)
{
        return arena + next_byte() * 4u % ARENA_PART;
}

/* --- Acts ------------------------------------------------------------------------------------- */

static void write_word(uint32_t at, uint32_t word)
{
        __atomic_store_n((uint32_t *)(void *)(channel.base + at), word, __ATOMIC_RELAXED);
}

static void write_bytes(void)
{
        uint32_t at = next_place();
        for (unsigned n = next_byte() % 32; n; n--)
                __atomic_store_n(channel.base + at++, next_byte(), __ATOMIC_RELAXED);
}

/* Rewrites what the host may be reading. */
static void rage(void)
{
        uint64_t x = hints[0] ^ left ^ 0x9e3779b97f4a7c15;
        for (; storm; storm--) {
                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                uint32_t value = x & 256 ? (uint32_t)(x >> 40) % 64 : arena + (uint32_t)(x >> 36) % ARENA_PART;
                if (x & 0xe00)
                        write_word(arena + (uint32_t)(x >> 20) % (ARENA_PART / 4) * 4, x & 0x1000 ? value : (uint32_t)x);
                else
                        atomic_store_explicit(&channel.box->slots[x % CHANNEL_SLOTS], value, memory_order_relaxed);
        }
}

static void say(uint32_t kind, uint32_t instance, uint32_t function)
{
        channel_send(&channel, kind, instance, function, slots, CHANNEL_SLOTS);
        memset(slots, 0, sizeof slots);
        rage();
}

/* The host may wait for ever, so this is the last thing that it does. */
static bool ring_wrongly(void)
{
        atomic_store(&channel.box->bell, next_word());
        channel_wake(channel.box);
        left = 0;
        return false;
}

/* A message in another lane's mailbox, or anything in its bell: what its host waits for then may never come. */
static void write_elsewhere(bool rings_wrongly)
{
        struct channel other;
        channel_open(&memory, next_byte() % LANES, &other);
        uint32_t bell = atomic_load(&other.box->bell);
        if (rings_wrongly) {
                atomic_store(&other.box->bell, bell ^ next_word());
        } else {
                atomic_store(&other.box->kind, next_byte() % 20);
                atomic_store(&other.box->slots[0], next_value());
                atomic_store(&other.box->bell, (bell & ~(uint32_t)CHANNEL_ASLEEP) + CHANNEL_STEP);
        }
        channel_wake(other.box);
}

/* Where other lanes' values lie, or are to lie. */
static void write_anywhere(void)
{
        struct channel other;
        uint32_t at = CHANNEL_CONTROL + next_word() % (uint32_t)(memory.size - CHANNEL_CONTROL) / 4 * 4;
        channel_open(&memory, next_byte() % LANES, &other);
        atomic_store(&other.words->up_start, next_word());
        atomic_store(&other.words->up_end, next_word());
        write_word(at, (uint32_t)next_value());
}

/* The doorbell over and over, and with a text of any length that nobody waits for. */
static void pass_descriptors(void)
{
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(PASSED * sizeof(int))] = { 0 };
        char text[512] = { 0 };
        size_t n = next_byte() % PASSED;
        struct iovec bytes = { text, next_byte() };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
        for (size_t i = 0; i < bytes.iov_len; i++)
                text[i] = (char)next_byte();
        if (n) {
                message.msg_control = control;
                message.msg_controllen = CMSG_SPACE(n * sizeof(int));
                struct cmsghdr *part = CMSG_FIRSTHDR(&message);
                *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS,
                                          .cmsg_len = CMSG_LEN(n * sizeof(int)) };
                for (size_t i = 0; i < n; i++)
                        memcpy(CMSG_DATA(part) + i * sizeof(int), &worker_doorbell, sizeof(int));
        }
        sendmsg(worker_socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void ring_doorbell(void)
{
        uint64_t count = next_byte() & 1 ? UINT64_MAX - 1 : 1;
        if (write(worker_doorbell, &count, sizeof count) < 0 || next_byte() & 1)
                (void)!read(worker_doorbell, &count, sizeof count);
}

static void go_beyond(uint32_t choice)
{
        switch (choice % 8) {
        case 0:
        case 1:
        case 2:
                write_elsewhere(false);
                break;
        case 3:
                write_elsewhere(true);
                break;
        case 4:
        case 5:
                write_anywhere();
                break;
        case 6:
                pass_descriptors();
                break;
        default:
                ring_doorbell();
                break;
        }
}

/* Whether a message was sent. */
static bool act(void)
{
        uint32_t at, instance, function;
        switch (next_byte() % 12) {
        case 0:
        case 1:
                at = next_place();
                write_word(at, (uint32_t)next_value());
                return false;
        case 2:
                write_bytes();
                return false;
        case 3:
        case 4:
                at = next_byte();
                slots[at % CHANNEL_SLOTS] = next_value();
                return false;
        case 5:
                storm = next_byte();
                return false;
        case 6:
        case 7:
                say(MESSAGE_RETURN, 0, 0);
                return true;
        case 8:
        case 9:
                function = next_byte() % 8;
                say(MESSAGE_IMPORT, 0, function);
                return true;
        case 10:
                say(MESSAGE_FAILED, 0, 0);
                return true;
        default:
                at = next_byte();
                if (at == UINT8_MAX)
                        return ring_wrongly();
                if (at >= BEYOND) {
                        go_beyond(at);
                        return false;
                }
                instance = (uint32_t)next_value();
                function = (uint32_t)next_value();
                say(at % 20, instance, function);
                return true;
        }
}

/* --- A worker's life -------------------------------------------------------------------------- */

static void hear(const struct message *message)
{
        uint64_t said[4];
        channel_slots(&channel, said, COUNT_OF(said));
        if (message->kind == MESSAGE_CALL || message->kind == MESSAGE_IMPORT_RETURN)
                for (size_t i = 0; i < COUNT_OF(said); i++)
                        hints[n_hints++ % HINTS] = said[i];
}

static void serve(uint32_t lane);

static void *live_on_lane(void *data)
{
        serve((uint32_t)(uintptr_t)data);
        return NULL;
}

static void open_lane(void)
{
        uint64_t number;
        channel_slots(&channel, &number, 1);
        if (on_first && number < CHANNEL_LANES && n_lanes < LANES &&
            !pthread_create(&lanes[n_lanes], NULL, live_on_lane, (void *)(uintptr_t)number))
                n_lanes++;
}

/* False: it has nothing to say, and dies instead. */
static bool answer(const struct message *message)
{
        bool sent = false;
        hear(message);
        if (message->kind == MESSAGE_OPEN)
                open_lane();
        if (honest && message->kind == MESSAGE_OPEN) {
                say(MESSAGE_OPENED, 0, 0);
                return true;
        }
        if (honest && message->kind == MESSAGE_START) {
                slots[0] = WARD_LAYER_ALL;
                say(MESSAGE_READY, 0, 0);
                return true;
        }
        if (honest && message->kind == MESSAGE_LOAD) {
                say(MESSAGE_LOADED, 0, 0);
                return true;
        }
        while (left && !sent)
                sent = act();
        return sent;
}

/* Serves the host until either has enough. */
static void serve(uint32_t lane)
{
        bool goes_on = true;
        on_first = !lane;
        channel_open(&memory, lane, &channel);
        while (goes_on && channel_wait(&channel, &alive, CLOCK_NEVER) == CHANNEL_MESSAGE) {
                struct message message = channel_receive(&channel);
                pthread_mutex_lock(&acting);
                goes_on = answer(&message);
                pthread_mutex_unlock(&acting);
        }
        channel_guard_end(&alive);
}

static void *live(void *data)
{
        const struct warden_end end = { .kind = WARDEN_ENDED, .status = 0 };
        n_hints = storm = n_lanes = 0;
        memset(slots, 0, sizeof slots);
        memset(hints, 0, sizeof hints);
        if (!shared_attach(worker_fd, &memory)) {
                arena = (uint32_t)memory.size - 2 * ARENA_PART; /* what begins there may end behind it */
                serve(0);
                while (n_lanes)
                        pthread_join(lanes[--n_lanes], NULL);
                shared_finish(&memory, false);
        }
        close(worker_fd);
        close(worker_socket);
        close(worker_doorbell);
        worker->ended(worker->data, &end);
        pthread_mutex_lock(&lock);
        has_ended = true;
        pthread_cond_signal(&told);
        pthread_mutex_unlock(&lock);
        return data;
}

/* --- The warden ------------------------------------------------------------------------------- */

int warden_get(struct domains *domains, uint64_t deadline, struct warden **ret_warden, struct ward_fault *fault)
{
        *ret_warden = &the_warden;
        return 0;
}

struct warden *warden_ref(struct warden *warden)
{
        return warden;
}

struct warden *warden_unref(struct warden *warden)
{
        return NULL;
}

struct warden *warden_free(struct warden *warden)
{
        return NULL;
}

int warden_spawn(struct warden *warden, struct warden_worker *new_worker, struct ward_span payload, const int *fds, size_t n_fds,
                 struct ward_fault *fault)
{
        worker = new_worker;
        worker_fd = dup(fds[WIRE_MEMORY]);
        worker_socket = dup(fds[WIRE_PASS]);
        worker_doorbell = dup(fds[WIRE_DOORBELL]);
        has_ended = false;
        atomic_store(&alive, 1);
        int r = worker_fd < 0 || worker_socket < 0 || worker_doorbell < 0 ? errno : pthread_create(&thread, NULL, live, NULL);
        if (r) {
                fd_close(worker_fd);
                fd_close(worker_socket);
                fd_close(worker_doorbell);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, r, "cannot make a worker");
        }
        has_thread = true;
        return 0;
}

int warden_file(struct warden *warden, struct warden_worker *of, const char *path, int fd, struct ward_fault *fault)
{
        return 0;
}

int warden_grant(struct warden *warden, const struct warden_worker *of, const struct sandbox_grant *grant,
                 struct ward_fault *fault)
{
        return 0;
}

int warden_address(struct warden *warden, const struct warden_worker *of, const struct sandbox_address *address,
                   struct ward_fault *fault)
{
        return 0;
}

bool warden_has_lost(struct warden *warden, struct warden_worker *of)
{
        return false;
}

void warden_forget_files(struct warden *warden, const struct warden_worker *of, const char *prefix)
{
}

ssize_t warden_ask(struct warden *warden, struct warden_worker *of, enum wire_question question, void *ret, size_t size,
                   uint64_t deadline)
{
        return -1;
}

void warden_kill(struct warden *warden, const struct warden_worker *old_worker)
{
        channel_guard_end(&alive);
}

bool warden_forget(struct warden *warden, struct warden_worker *old_worker, uint64_t deadline)
{
        pthread_mutex_lock(&lock);
        while (!has_ended)
                pthread_cond_wait(&told, &lock);
        pthread_mutex_unlock(&lock);
        if (has_thread)
                pthread_join(thread, NULL);
        has_thread = false;
        return true;
}
