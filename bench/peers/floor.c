/* What no peer can beat on this machine: a value passed there and back through one cache line of shared memory, with both ends
 * spinning or both asleep in a futex; and data copied once, within a process or into memory that both share. */
#include "harness.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum request { CALL, SEND, STOP };

struct table {
        struct {
                _Alignas(128) _Atomic uint32_t turn; /* even: the host's; odd: the server's */
                uint32_t request;
                uint32_t len;
                uint32_t value; /* the argument, then the answer */
        } line;
        _Alignas(4096) uint8_t data[PEER_BYTES_MAX];
};

struct ball {
        struct table *table;
        uint32_t turn;
        int socket;
};

static void pass(struct table *table, uint32_t turn, bool sleeping)
{
        atomic_store_explicit(&table->line.turn, turn, memory_order_release);
        if (sleeping)
                syscall(SYS_futex, &table->line.turn, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static inline void await(struct table *table, uint32_t turn, bool sleeping)
{
        for (uint32_t seen; (seen = atomic_load_explicit(&table->line.turn, memory_order_acquire)) != turn;)
                if (sleeping)
                        syscall(SYS_futex, &table->line.turn, FUTEX_WAIT, seen, NULL, NULL, 0);
}

static void *prepare(void)
{
        struct table *table = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (table == MAP_FAILED)
                peer_die("no shared memory: %s", strerror(errno));
        return table;
}

/* These are inlined with a constant @sleeping, so that nobody pays for the choice. */
static inline __attribute__((always_inline)) void answer(struct table *table, bool sleeping)
{
        for (uint32_t turn = 0;; turn += 2) {
                await(table, turn + 1, sleeping);
                uint32_t request = table->line.request;
                if (request == CALL)
                        table->line.value++;
                else if (request == SEND)
                        table->line.value = peer_sum(table->data, table->line.len);
                pass(table, turn + 2, sleeping);
                if (request == STOP)
                        return;
        }
}

static inline __attribute__((always_inline)) uint32_t ask(struct ball *ball, uint32_t request, uint32_t value, bool sleeping)
{
        ball->table->line.request = request;
        ball->table->line.value = value;
        pass(ball->table, ball->turn + 1, sleeping);
        ball->turn += 2;
        await(ball->table, ball->turn, sleeping);
        return ball->table->line.value;
}

static inline __attribute__((always_inline)) uint32_t give(struct ball *ball, const uint8_t *data, size_t len, bool sleeping)
{
        memcpy(ball->table->data, data, len);
        ball->table->line.len = (uint32_t)len;
        return ask(ball, SEND, 0, sleeping);
}

/* Between samples the server sleeps, so that it takes nothing from the others. */
static bool begins(const struct peer_link *link)
{
        char begin;
        return read(link->socket, &begin, 1) == 1;
}

static void spin_serve(const struct peer_link *link)
{
        while (begins(link))
                answer(link->shared, false);
}

static void futex_serve(const struct peer_link *link)
{
        while (begins(link))
                answer(link->shared, true);
}

static void *ball_open(const struct peer_link *link)
{
        struct ball *ball = calloc(1, sizeof *ball);
        if (!ball)
                peer_die("no memory");
        ball->table = link->shared;
        ball->socket = link->socket;
        return ball;
}

static void start(void *host)
{
        struct ball *ball = host;
        ball->turn = 0;
        atomic_store(&ball->table->line.turn, 0);
        if (write(ball->socket, "", 1) != 1)
                peer_die("cannot wake the server: %s", strerror(errno));
}

static void spin_stop(void *host)
{
        ask(host, STOP, 0, false);
}

static void futex_stop(void *host)
{
        ask(host, STOP, 0, true);
}

static int32_t spin_call(void *host, int32_t x)
{
        return (int32_t)ask(host, CALL, (uint32_t)x, false);
}

static int32_t futex_call(void *host, int32_t x)
{
        return (int32_t)ask(host, CALL, (uint32_t)x, true);
}

static uint32_t spin_send(void *host, const uint8_t *data, size_t len)
{
        return give(host, data, len, false);
}

static uint32_t futex_send(void *host, const uint8_t *data, size_t len)
{
        return give(host, data, len, true);
}

static void *buffer_open(const struct peer_link *link)
{
        void *buffer = malloc(PEER_BYTES_MAX);
        if (!buffer)
                peer_die("no memory");
        return buffer;
}

/* Only the copy: that the sum is right needs no other process. */
static uint32_t copy(void *host, const uint8_t *data, size_t len)
{
        static size_t known;
        static uint32_t sum;
        memcpy(host, data, len);
        __asm__ volatile("" : : "r"(host) : "memory");
        if (known != len)
                sum = peer_sum(host, known = len);
        return sum;
}

static const struct peer peers[] = {
        { .name = "spin",
          .label = "spinning ping-pong",
          .two_processors = true,
          .prepare = prepare,
          .serve = spin_serve,
          .open = ball_open,
          .call = spin_call,
          .send = spin_send,
          .start = start,
          .stop = spin_stop,
          .close = free },
        { .name = "futex",
          .label = "futex ping-pong",
          .prepare = prepare,
          .serve = futex_serve,
          .open = ball_open,
          .call = futex_call,
          .send = futex_send,
          .start = start,
          .stop = futex_stop,
          .close = free },
        { .name = "memcpy", .label = "memcpy", .open = buffer_open, .send = copy, .close = free },
};

int main(int argc, char **argv)
{
        return peer_main(argc, argv, peers, sizeof peers / sizeof *peers);
}
