/* What the hostile worker does in place of what it should. */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "fuzz/channel_contract.h"
#include "test/hostile/worker.h"

enum {
        LANES_USED = 24,    /* it rewrites what belongs to the first lanes, which are those that there are */
        REWRITTEN = 1 << 20 /* bytes of the arenas, for the same reason */
};

/* --- Chance ----------------------------------------------------------------------------------- */

static uint64_t next_random(uint64_t *x)
{
        *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
        return *x;
}

/* Numbers that matter more often than others. */
static uint64_t odd_number(uint64_t *x)
{
        static const uint64_t odd[] = { 0,
                                        1,
                                        2,
                                        7,
                                        8,
                                        4095,
                                        4096,
                                        65536,
                                        INT32_MAX,
                                        UINT32_MAX,
                                        UINT32_MAX + 1ull,
                                        INT64_MAX,
                                        UINT64_MAX,
                                        CHANNEL_CONTROL,
                                        0xd800,
                                        0x110000 };
        uint64_t r = next_random(x);
        if (r & 1)
                return odd[(r >> 8) % COUNT_OF(odd)];
        return r & 2 ? hostile.shared.size - (r >> 8) % 64 : CHANNEL_CONTROL + (r >> 8) % REWRITTEN;
}

/* --- What a thread does from now on ----------------------------------------------------------- */

static void from_now_on(void *(*run)(void *))
{
        pthread_t thread;
        if (!pthread_create(&thread, NULL, run, NULL))
                pthread_detach(thread);
}

/* Another lane's, which is opened on the fly. */
static struct mailbox *box_of(uint32_t lane)
{
        struct channel channel;
        channel_open(&hostile.shared, lane, &channel);
        return channel.box;
}

static void wrong_bell(struct mailbox *box, uint64_t r)
{
        uint32_t bell = atomic_load(&box->bell);
        switch (r % 4) {
        case 0:
                atomic_store(&box->bell, (uint32_t)(r >> 8));
                break;
        case 1:
                atomic_store(&box->bell, bell | CHANNEL_ASLEEP);
                break;
        default:
                atomic_store(&box->bell, (bell & ~(uint32_t)CHANNEL_ASLEEP) + CHANNEL_STEP);
                break;
        }
        channel_wake(box);
}

static void *rewrite_bells(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1;
        for (;;)
                wrong_bell(box_of((uint32_t)(next_random(&x) >> 20) % LANES_USED), x);
        return data;
}

static void rewrite_value(uint64_t *x)
{
        uint64_t most = hostile.shared.size - CHANNEL_CONTROL;
        uint64_t at = CHANNEL_CONTROL + (next_random(x) >> 16) % (most < REWRITTEN ? most : REWRITTEN) / 4 * 4;
        __atomic_store_n((uint32_t *)(void *)(hostile.shared.base + at), (uint32_t)odd_number(x), __ATOMIC_RELAXED);
}

static void rewrite_message(uint64_t *x)
{
        struct mailbox *box = box_of((uint32_t)(next_random(x) >> 20) % LANES_USED);
        atomic_store(&box->kind, (uint32_t)(*x >> 32) % (MESSAGE_MORE_RETURN + 2));
        atomic_store(&box->instance, (uint32_t)(*x >> 40) % 3);
        atomic_store(&box->function, (uint32_t)(*x >> 44) % 12);
        atomic_store(&box->slots[*x % CHANNEL_SLOTS], odd_number(x));
}

static void *rewrite_arenas(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1;
        for (;;)
                rewrite_value(&x);
        return data;
}

static void *rewrite_all(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1;
        for (uint32_t i = 0;; i++) {
                rewrite_value(&x);
                rewrite_message(&x);
                if (i % 64 == 0)
                        wrong_bell(box_of((uint32_t)(x >> 20) % LANES_USED), x);
        }
        return data;
}

/* Descriptors that nobody asked for: of every type, one to many at once, with a text of any length. */
static int any_descriptor(uint64_t r)
{
        int pair[2];
        switch (r % 6) {
        case 0:
                return memfd_create("hostile", MFD_CLOEXEC);
        case 1:
                return eventfd(0, EFD_CLOEXEC);
        case 2:
                return epoll_create1(EPOLL_CLOEXEC);
        case 3:
                return open("/dev/zero", O_RDWR | O_CLOEXEC);
        case 4:
                if (pipe2(pair, O_CLOEXEC))
                        return -1;
                break;
        default:
                if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
                        return -1;
                break;
        }
        close(pair[1]);
        return pair[0];
}

enum { MOST = 253 }; /* descriptors at once: SCM_MAX_FD */

static void pass_some(uint64_t r)
{
        static _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST * sizeof(int))];
        static char text[4096];
        size_t n = r & 64 ? MOST : (r >> 8) % 8;
        int fd = any_descriptor(r), fds[MOST];
        struct iovec bytes = { text, (r >> 16) % sizeof text };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
        for (size_t i = 0; i < n; i++)
                fds[i] = fd;
        if (n && fd >= 0) {
                message.msg_control = control;
                message.msg_controllen = CMSG_SPACE(n * sizeof fd);
                struct cmsghdr *part = CMSG_FIRSTHDR(&message);
                *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(n * sizeof fd) };
                memcpy(CMSG_DATA(part), fds, n * sizeof fd);
        }
        sendmsg(hostile.socket, &message, MSG_NOSIGNAL);
        fd_close(fd);
}

static void *pass_always(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1;
        for (;;)
                pass_some(next_random(&x));
        return data;
}

/* Its description is the host's too: flags and count. */
static void *ring_always(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1, count;
        for (;;) {
                next_random(&x);
                count = x & 64 ? UINT64_MAX - 1 : 1;
                fcntl(hostile.doorbell, F_SETFL, O_NONBLOCK);
                if (x & 128 && write(hostile.doorbell, &count, sizeof count) < 0 && errno != EAGAIN)
                        return data;
                if (x & 256 && read(hostile.doorbell, &count, sizeof count) < 0 && errno != EAGAIN)
                        return data;
                fcntl(hostile.doorbell, F_SETFL, x & 512 ? 0 : O_ASYNC | O_NONBLOCK);
        }
        return data;
}

/* --- What it does at once --------------------------------------------------------------------- */

__attribute__((noreturn)) static void rest(void)
{
        for (;;)
                pause();
}

__attribute__((noreturn)) static void say_reached(void)
{
        atomic_store(&hostile.board->reached, 1);
        syscall(SYS_futex, &hostile.board->reached, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
        rest();
}

__attribute__((noreturn, no_sanitize("undefined"))) static void crash(void)
{
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)0 = 1;
        _exit(1);
}

static void ask_often(struct served *served, uint64_t bytes, uint32_t times)
{
        struct extent any;
        for (uint32_t i = 0; i < times; i++)
                ask_more(served, bytes, &any);
}

/* As that lane's worker would. */
static void answer_elsewhere(const struct served *served)
{
        for (uint32_t lane = 0; lane < LANES_USED; lane++) {
                struct mailbox *box = box_of(lane);
                if (lane == served->number)
                        continue;
                atomic_store(&box->kind, MESSAGE_RETURN);
                atomic_store(&box->slots[0], UINT32_MAX);
                wrong_bell(box, 2);
        }
}

/* --- At random -------------------------------------------------------------------------------- */

static void random_answer(struct served *served)
{
        uint64_t slots[CHANNEL_SLOTS], *x = &served->random;
        for (size_t i = 0; i < COUNT_OF(slots); i++)
                slots[i] = odd_number(x);
        uint64_t r = next_random(x);
        uint32_t kind = r & 3 ? MESSAGE_RETURN : (uint32_t)(r >> 8) % (MESSAGE_MORE_RETURN + 2);
        channel_send(&served->channel, r & 12 ? kind : MESSAGE_IMPORT, (uint32_t)(r >> 16) % 2, (uint32_t)(r >> 24) % 12, slots,
                     CHANNEL_SLOTS);
}

static void random_end(uint64_t r)
{
        if (r % 4 == 0)
                _exit((int)(r >> 8) % 256);
        if (r % 4 == 1)
                crash();
        rest();
}

static void random_start(uint64_t r)
{
        static void *(*const runs[])(void *) = { rewrite_all, rewrite_bells, rewrite_arenas, pass_always, ring_always };
        from_now_on(runs[r % COUNT_OF(runs)]);
}

/* Mostly honest, so that calls go on for a while. */
static bool act_at_random(struct served *served)
{
        if (!served->random)
                served->random = (atomic_fetch_add(&hostile.board->number, 1) * 0x9e3779b97f4a7c15) | 1;
        uint64_t r = next_random(&served->random) >> 8;
        switch (r % 64) {
        case 0:
                random_end(r >> 8);
                return true;
        case 1:
                random_start(r >> 8);
                return false;
        case 2:
                answer_elsewhere(served);
                return false;
        case 3:
        case 4:
        case 5:
                ask_often(served, odd_number(&served->random), (uint32_t)(r >> 8) % 40);
                return false;
        case 6:
                wrong_bell(box_of((uint32_t)(r >> 8) % LANES_USED), r >> 20);
                return false;
        case 7:
        case 8:
        case 9:
        case 10:
        case 11:
        case 12:
                random_answer(served);
                return true;
        case 13:
        case 14:
                for (int i = 0; i < 64; i++)
                        rewrite_value(&served->random);
                return false;
        default:
                return false;
        }
}

/* --- At a moment ------------------------------------------------------------------------------ */

static void start(enum act what)
{
        static void *(*const runs[])(void *) = {
                [ACT_STORM] = rewrite_all, [ACT_BELLS] = rewrite_bells, [ACT_ARENAS] = rewrite_arenas,
                [ACT_PASS] = pass_always,  [ACT_RING] = ring_always,
        };
        from_now_on(runs[what]);
}

static bool act(struct served *served)
{
        struct board *board = hostile.board;
        enum act what = atomic_load(&board->act);
        uint64_t number = atomic_load(&board->number);
        switch (what) {
        case ACT_EXIT:
                atomic_store(&board->died_at, clock_now());
                _exit(7);
        case ACT_CRASH:
                atomic_store(&board->died_at, clock_now());
                crash();
        case ACT_WAIT:
                say_reached();
        case ACT_ANSWER:
                tell(served, (uint32_t)number, UINT32_MAX, UINT64_MAX);
                return true;
        case ACT_MORE:
                ask_often(served, number, atomic_load(&board->times));
                return false;
        case ACT_ELSE:
        case ACT_ACROSS:
                answer_elsewhere(served);
                return what == ACT_ACROSS;
        case ACT_SHUT:
                shutdown(hostile.socket, SHUT_RDWR);
                return false;
        default:
                start(what);
                return false;
        }
}

bool act_at(struct served *served, enum moment moment)
{
        struct board *board = hostile.board;
        uint32_t wanted = moment, act_wanted = atomic_load(&board->act);
        if (act_wanted == ACT_RANDOM)
                return act_at_random(served);
        if (act_wanted == ACT_NONE || atomic_load(&board->moment) != moment)
                return false;
        uint32_t skip = atomic_load(&board->skip);
        while (skip && !atomic_compare_exchange_weak(&board->skip, &skip, skip - 1))
                continue;
        if (skip || !atomic_compare_exchange_strong(&board->moment, &wanted, MOMENT_NONE))
                return false;
        return act(served);
}
