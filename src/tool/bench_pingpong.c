#include "tool/bench_pingpong.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"

enum {
        LINE = 128,      /* two of them: some processors fetch lines in pairs */
        LOOKS = 1 << 16, /* at the ball, between two at the clock: a fraction of a millisecond */
};

/* No answer for so long: the other end is gone. On a machine that is much too busy both ends seldom run at the same moment, and a
 * single exchange may take a second. */
#define LOST_NS UINT64_C(20000000000)

#define BALL_DROPPED UINT32_MAX /* the game is over */

/* Shared by both ends. */
struct table {
        _Alignas(LINE) _Atomic uint32_t game; /* enum pingpong_game: what is played; the other end sleeps on it while nothing is */
        _Alignas(LINE) _Atomic uint32_t there;
        _Alignas(LINE) _Atomic uint32_t back; /* with one line: not used */
        _Atomic size_t size;                  /* of what is carried */
        _Alignas(LINE) uint8_t bytes[PINGPONG_CARRY_MAX];
};

struct pingpong {
        struct table *table;
        pid_t peer;
};

static void futex_wake(_Atomic uint32_t *word)
{
        syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Returns once *@word may have changed, or after a tenth of a second. */
static void futex_wait(_Atomic uint32_t *word, uint32_t seen)
{
        const struct timespec soon = { .tv_nsec = 100000000 };
        syscall(SYS_futex, word, FUTEX_WAIT, seen, &soon, NULL, 0);
}

static inline void put(_Atomic uint32_t *word, uint32_t value, bool sleeping)
{
        atomic_store_explicit(word, value, memory_order_release);
        if (sleeping)
                futex_wake(word);
}

/* Nothing in the loop but the look: what else there is to see to is seen to every @looks. */
static inline bool comes_within(_Atomic uint32_t *word, uint32_t wanted, int looks)
{
        while (looks--)
                if (atomic_load_explicit(word, memory_order_acquire) == wanted)
                        return true;
        return false;
}

/* Waits until *@word is @wanted; false: it did not come, or the game is over. */
static inline bool await(_Atomic uint32_t *word, uint32_t wanted, bool sleeping)
{
        uint64_t lost = 0;
        while (!comes_within(word, wanted, sleeping ? 1 : LOOKS)) {
                uint32_t now = atomic_load(word);
                if (now == BALL_DROPPED)
                        return false;
                if (sleeping && now != wanted)
                        futex_wait(word, now);
                if (!lost)
                        lost = clock_now() + LOST_NS;
                else if (clock_now() > lost)
                        return false;
        }
        return true;
}

/* The ball is a number that each end counts up by one. These are inlined with a constant @sleeping, so that no game pays for the
 * choice. */
static inline __attribute__((always_inline)) bool serve(_Atomic uint32_t *there, _Atomic uint32_t *back, uint32_t from,
                                                        uint64_t times, bool sleeping)
{
        uint32_t ball = from;
        for (uint64_t i = 0; i < times; i++, ball += 2) {
                put(there, ball + 1, sleeping);
                if (!await(back, ball + 2, sleeping))
                        return false;
        }
        return true;
}

void pingpong_park(void)
{
        const struct timespec pause = { .tv_nsec = PINGPONG_PARK_NS };
        clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
}

static bool serve_parked(_Atomic uint32_t *there, _Atomic uint32_t *back, uint32_t from, uint64_t times, uint64_t *ret_ns)
{
        *ret_ns = 0;
        for (uint32_t ball = from; ball < from + 2 * times; ball += 2) {
                pingpong_park();
                uint64_t start = clock_now();
                if (!serve(there, back, ball, 1, true))
                        return false;
                *ret_ns += clock_now() - start;
        }
        return true;
}

static inline __attribute__((always_inline)) void answer(_Atomic uint32_t *there, _Atomic uint32_t *back, bool sleeping)
{
        for (uint32_t ball = 0; await(there, ball + 1, sleeping); ball += 2)
                put(back, ball + 2, sleeping);
}

/* Reads a byte of each line, as the add-in does that bulk data is sent to. */
static void answer_carried(struct table *table)
{
        for (uint32_t ball = 0; await(&table->there, ball + 1, false); ball += 2) {
                size_t size = atomic_load(&table->size);
                for (size_t i = 0; i < size; i += PINGPONG_LINE)
                        (void)*(const volatile uint8_t *)(table->bytes + i);
                put(&table->back, ball + 2, false);
        }
}

static _Atomic uint32_t *way_back(struct table *table, uint32_t game)
{
        return game == PINGPONG_ONE_LINE ? &table->there : &table->back;
}

static void answer_game(struct table *table, uint32_t game)
{
        if (game == PINGPONG_FUTEX || game == PINGPONG_PARKED)
                answer(&table->there, way_back(table, game), true);
        else if (game == PINGPONG_CARRY)
                answer_carried(table);
        else
                answer(&table->there, way_back(table, game), false);
}

/* The other process. It ends with its parent. */
static void peer_run(struct table *table, int processor, pid_t parent)
{
        cpu_set_t one;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CPU_ZERO(&one);
        if (processor >= 0)
                CPU_SET(processor, &one);
        if (processor >= 0 && sched_setaffinity(0, sizeof one, &one))
                _exit(1);
        while (getppid() == parent) {
                uint32_t game = atomic_load(&table->game);
                if (game == PINGPONG_IDLE) {
                        futex_wait(&table->game, game);
                        continue;
                }
                answer_game(table, game);
                put(&table->game, PINGPONG_IDLE, true);
        }
        _exit(0);
}

static void pingpong_freep(struct pingpong **pingpong)
{
        pingpong_close(*pingpong);
}

int pingpong_open(int processor, struct pingpong **ret_pingpong, struct ward_fault *fault)
{
        OWNED(pingpong_freep) struct pingpong *pingpong = calloc(1, sizeof *pingpong);
        if (!pingpong)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no ping-pong");
        pingpong->table = mmap(NULL, sizeof *pingpong->table, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (pingpong->table == MAP_FAILED) {
                pingpong->table = NULL;
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "no shared memory for the ping-pong");
        }
        pid_t parent = getpid();
        pingpong->peer = fork();
        if (pingpong->peer < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot fork the ping-pong's other end");
        if (pingpong->peer == 0)
                peer_run(pingpong->table, processor, parent);
        *ret_pingpong = STEAL(pingpong);
        return 0;
}

struct pingpong *pingpong_close(struct pingpong *pingpong)
{
        if (!pingpong)
                return NULL;
        if (pingpong->peer > 0) {
                kill(pingpong->peer, SIGKILL);
                while (waitpid(pingpong->peer, NULL, 0) < 0 && errno == EINTR)
                        ;
        }
        if (pingpong->table)
                munmap(pingpong->table, sizeof *pingpong->table);
        free(pingpong);
        return NULL;
}

/* The first exchange wakes the other process up and is not counted. */
static bool play(struct table *table, enum pingpong_game game, uint64_t times, uint64_t *ret_ns)
{
        _Atomic uint32_t *back = way_back(table, game);
        bool sleeping = game == PINGPONG_FUTEX || game == PINGPONG_PARKED;
        if (!serve(&table->there, back, 0, 1, sleeping))
                return false;
        if (game == PINGPONG_PARKED)
                return serve_parked(&table->there, back, 2, times, ret_ns);
        uint64_t start = clock_now();
        bool ok = sleeping ? serve(&table->there, back, 2, times, true) : serve(&table->there, back, 2, times, false);
        *ret_ns = clock_now() - start;
        return ok;
}

static int end_game(struct table *table, bool ok, struct ward_fault *fault)
{
        put(&table->there, BALL_DROPPED, true);
        if (!await(&table->game, PINGPONG_IDLE, true) || !ok)
                return fault_set(fault, WARD_FAULT_SYSTEM, "the ping-pong's other end does not answer");
        return 0;
}

static void begin_game(struct table *table, enum pingpong_game game)
{
        atomic_store(&table->there, 0);
        atomic_store(&table->back, 0);
        put(&table->game, game, true);
}

int pingpong_play(struct pingpong *pingpong, enum pingpong_game game, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault)
{
        struct table *table = pingpong->table;
        begin_game(table, game);
        return end_game(table, play(table, game, times, ret_ns), fault);
}

static bool carry(struct table *table, const void *from, size_t size, uint64_t times)
{
        bool ok = true;
        for (uint32_t ball = 2; ok && ball < 2 + 2 * times; ball += 2) {
                memcpy(table->bytes, from, size);
                ok = serve(&table->there, &table->back, ball, 1, false);
        }
        return ok;
}

int pingpong_carry(struct pingpong *pingpong, const void *from, size_t size, uint64_t times, uint64_t *ret_ns,
                   struct ward_fault *fault)
{
        struct table *table = pingpong->table;
        atomic_store(&table->size, size);
        begin_game(table, PINGPONG_CARRY);
        bool ok = serve(&table->there, &table->back, 0, 1, false);
        uint64_t start = clock_now();
        ok = ok && carry(table, from, size, times);
        *ret_ns = clock_now() - start;
        return end_game(table, ok, fault);
}
