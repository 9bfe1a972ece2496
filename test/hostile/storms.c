/* What the hostile worker's threads do from some moment on, for ever. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/own.h"
#include "channel/doorbell.h"
#include "channel/pass.h"
#include "test/hostile/worker.h"

enum { REWRITTEN = 1 << 20 }; /* bytes of the arenas: those that are in use */

/* --- Chance ----------------------------------------------------------------------------------- */

uint64_t next_random(uint64_t *x)
{
        *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
        return *x;
}

/* Numbers that matter more often than others. */
uint64_t odd_number(uint64_t *x)
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

struct mailbox *box_of(uint32_t lane)
{
        struct channel channel;
        channel_open(&hostile.shared, lane < LANES_CALLED ? lane : CHANNEL_OWN_FIRST + lane - LANES_CALLED, &channel);
        return channel.box;
}

void wrong_bell(struct mailbox *box, uint64_t r)
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

void rewrite_value(uint64_t *x)
{
        uint64_t most = hostile.shared.size - CHANNEL_CONTROL;
        uint64_t at = CHANNEL_CONTROL + (next_random(x) >> 16) % (most < REWRITTEN ? most : REWRITTEN) / 4 * 4;
        __atomic_store_n((uint32_t *)(void *)(hostile.shared.base + at), (uint32_t)odd_number(x), __ATOMIC_RELAXED);
}

static void rewrite_message(uint64_t *x)
{
        struct mailbox *box = box_of((uint32_t)(next_random(x) >> 20) % LANES_USED);
        atomic_store(&box->kind, (uint32_t)(*x >> 32) % (MESSAGE_SETTLE_RETURN + 2));
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

/* Half of them are letters as pass.h has them, but that nobody expects. */
static void pass_some(uint64_t r)
{
        static _Alignas(struct cmsghdr) char control[CMSG_SPACE(MOST * sizeof(int))];
        static char text[4096];
        size_t n = r & 64 ? MOST : (r >> 8) % 8;
        int fd = any_descriptor(r), fds[MOST];
        const struct pass_letter letter = { (uint32_t)(r >> 8) % 5, (uint32_t)(r >> 16) % 64, r >> 24 };
        struct iovec bytes = { text, r & 128 ? sizeof letter : (r >> 16) % sizeof text };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
        memcpy(text, &letter, sizeof letter);
        if (r & 128)
                n = r >> 40 & 1;
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

/* Its description is the host's too: count and flags. So what it rings it takes away again, that whoever reads then may wait; or it
 * fills the counter, that whoever rings may. */
static void ring_once(uint64_t r)
{
        uint64_t count = r % 64 ? 1 : UINT64_MAX - 1;
        if (write(hostile.doorbell, &count, sizeof count) < 0 && errno != EAGAIN)
                return;
        for (uint64_t i = r >> 8 & 1023; i; i--)
                atomic_signal_fence(memory_order_seq_cst);
        if (r % 64 && read(hostile.doorbell, &count, sizeof count) < 0 && errno != EAGAIN)
                return;
        fcntl(hostile.doorbell, F_SETFL, r & 128 ? O_ASYNC : 0);
        usleep(r >> 20 & 127);
}

/* Now and then it rests, with the doorbell as it is. */
static void *ring_always(void *data)
{
        uint64_t x = (uint64_t)(uintptr_t)&x | 1;
        struct doorbell_words *words = doorbell_words(&hostile.shared);
        for (;;) {
                next_random(&x);
                atomic_store(&words->lanes[x / 1024 % DOORBELL_WORDS], x);
                atomic_store(&words->lanes[CHANNEL_OWN_FIRST / 64], UINT64_MAX);
                fcntl(hostile.doorbell, F_SETFL, O_NONBLOCK);
                ring_once(x >> 20);
                if (x % 32 == 0)
                        usleep(10000);
        }
        return data;
}

/* --- Start ------------------------------------------------------------------------------------ */

void storm_start(enum act act)
{
        static void *(*const runs[])(void *) = {
                [ACT_STORM] = rewrite_all, [ACT_BELLS] = rewrite_bells, [ACT_ARENAS] = rewrite_arenas,
                [ACT_PASS] = pass_always,  [ACT_RING] = ring_always,
        };
        pthread_t thread;
        if (!pthread_create(&thread, NULL, runs[act], NULL))
                pthread_detach(thread);
}
