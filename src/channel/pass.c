#include "channel/pass.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include "base/clock.h"
#include "base/own.h"

/* Room for one descriptor, exactly: CMSG_SPACE may have room for two. More of them do not even arrive. */
union control {
        struct cmsghdr header;
        char bytes[CMSG_SPACE(sizeof(int))];
};

void pass_init(struct pass *pass, int socket, pass_read read, void *context)
{
        *pass = (struct pass){ .socket = socket, .read = read, .context = context };
        pthread_mutex_init(&pass->lock, NULL);
}

/* A socket may have been told to linger when it is closed. */
static void discard(int fd)
{
        const struct linger at_once = { 0, 0 };
        if (fd >= 0)
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        fd_close(fd);
}

void pass_finish(struct pass *pass)
{
        for (uint32_t i = 0; i < pass->n; i++)
                discard(pass->inbox[i].fd);
        pass->n = 0;
        pthread_mutex_destroy(&pass->lock);
}

/* --- Sending ---------------------------------------------------------------------------------- */

/* 0 when there may be room. */
static int wait_for_room(int socket, uint64_t deadline)
{
        struct pollfd poll_fd = { .fd = socket, .events = POLLOUT };
        uint64_t now = clock_now();
        if (now >= deadline)
                return -ETIMEDOUT;
        struct timespec left = clock_timespec(deadline - now);
        int n = ppoll(&poll_fd, 1, deadline == CLOCK_NEVER ? NULL : &left, NULL);
        return n < 0 && errno != EINTR ? -errno : 0;
}

int pass_send(struct pass *pass, const struct pass_letter *letter, int fd, uint64_t deadline)
{
        struct iovec bytes = { (void *)letter, sizeof *letter };
        union control control = { .bytes = { 0 } };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };
        if (fd >= 0) {
                control.header =
                        (struct cmsghdr){ .cmsg_len = CMSG_LEN(sizeof fd), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS };
                memcpy(CMSG_DATA(&control.header), &fd, sizeof fd);
                message.msg_control = &control;
                message.msg_controllen = CMSG_LEN(sizeof fd);
        }
        for (;;) {
                int r = 0;
                if (sendmsg(pass->socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
                        return 0;
                if (errno == EAGAIN)
                        r = wait_for_room(pass->socket, deadline);
                else if (errno != EINTR)
                        r = errno == ECONNRESET ? -EPIPE : -errno;
                if (r)
                        return r;
        }
}

/* --- Receiving -------------------------------------------------------------------------------- */

/* The descriptor of a message, or -1. Of those that are too many none is left open. */
static int descriptor_of(struct msghdr *message, bool *ret_wrong)
{
        int fd = -1;
        for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                for (size_t at = 0; at + sizeof fd <= c->cmsg_len - CMSG_LEN(0); at += sizeof fd) {
                        int other;
                        memcpy(&other, CMSG_DATA(c) + at, sizeof other);
                        *ret_wrong = *ret_wrong || fd >= 0;
                        discard(fd);
                        fd = other;
                }
        }
        return fd;
}

/* One letter. 1: there is none. Where a descriptor was sent and did not arrive, this process cannot have another. */
static int receive(struct pass *pass, struct pass_letter *ret_letter, int *ret_fd)
{
        union control control;
        struct iovec bytes = { ret_letter, sizeof *ret_letter };
        struct msghdr message = {
                .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = CMSG_LEN(sizeof(int))
        };
        bool wrong = false;
        ssize_t n = recvmsg(pass->socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return errno == EINTR ? 0 : 1;
        int fd = descriptor_of(&message, &wrong);
        if (!n && fd < 0 && !(message.msg_flags & MSG_CTRUNC))
                return 1; /* the end, or an empty message: nothing that could be waited for comes behind it */
        wrong = wrong || n != sizeof *ret_letter || message.msg_flags & MSG_TRUNC || (message.msg_flags & MSG_CTRUNC && fd >= 0);
        if (wrong || message.msg_flags & MSG_CTRUNC) {
                discard(fd);
                return wrong ? -EPROTO : -EMFILE;
        }
        *ret_fd = fd;
        return 0;
}

static int keep(struct pass *pass, const struct pass_letter *letter, int fd)
{
        if (fd < 0) {
                if (!pass->read)
                        return -EPROTO;
                pass->read(pass->context, letter);
                return 0;
        }
        if (pass->n == PASS_INBOX_MAX) {
                discard(fd);
                return -EPROTO;
        }
        pass->inbox[pass->n++] = (struct pass_kept){ *letter, fd };
        return 0;
}

/* As much as the socket may hold, whatever is written to it meanwhile. */
static int drain(struct pass *pass)
{
        for (int i = 0; i < 2 * PASS_INBOX_MAX && !pass->error; i++) {
                struct pass_letter letter;
                int fd = -2;
                int r = receive(pass, &letter, &fd);
                if (r > 0)
                        return 0;
                if (!r && fd > -2)
                        r = keep(pass, &letter, fd);
                if (r)
                        pass->error = r;
        }
        return pass->error;
}

static bool find(const struct pass *pass, uint32_t what, uint32_t number, uint32_t *ret_index)
{
        for (uint32_t i = 0; i < pass->n; i++)
                if (pass->inbox[i].letter.number == number && pass->inbox[i].letter.what == what) {
                        *ret_index = i;
                        return true;
                }
        return false;
}

int pass_take(struct pass *pass, uint32_t what, uint32_t number, int *ret_fd)
{
        uint32_t i = 0;
        pthread_mutex_lock(&pass->lock);
        int r = find(pass, what, number, &i) ? 0 : drain(pass);
        if (!r && !find(pass, what, number, &i))
                r = -ENOENT;
        if (!r) {
                *ret_fd = pass->inbox[i].fd;
                memmove(&pass->inbox[i], &pass->inbox[i + 1], (--pass->n - i) * sizeof *pass->inbox);
        }
        pthread_mutex_unlock(&pass->lock);
        return r;
}

int pass_drain(struct pass *pass)
{
        pthread_mutex_lock(&pass->lock);
        int r = drain(pass);
        pthread_mutex_unlock(&pass->lock);
        return r;
}
