#include "channel/pass.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/clock.h"
#include "test/harness/harness.h"

enum { DESCRIPTOR = 1, NOTE = 2 };

struct ends {
        int sockets[2];
        struct pass here, there;
        unsigned notes;
        uint64_t last;
};

static void on_note(void *context, const struct pass_letter *letter)
{
        struct ends *ends = context;
        assert_int_equal(letter->what, NOTE);
        ends->notes++;
        ends->last = letter->more;
}

static void begin(struct ends *ends)
{
        *ends = (struct ends){ .notes = 0 };
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends->sockets), 0);
        pass_init(&ends->here, ends->sockets[0], on_note, ends);
        pass_init(&ends->there, ends->sockets[1], on_note, ends);
}

static void end(struct ends *ends)
{
        pass_finish(&ends->here);
        pass_finish(&ends->there);
        close(ends->sockets[0]);
        close(ends->sockets[1]);
}

static int send_one(struct pass *pass, uint32_t number, int fd)
{
        const struct pass_letter letter = { .what = DESCRIPTOR, .number = number };
        return pass_send(pass, &letter, fd, clock_deadline(50));
}

static ino_t inode_of(int fd)
{
        struct stat st;
        assert_int_equal(fstat(fd, &st), 0);
        return st.st_ino;
}

TEST(a_descriptor_arrives)
{
        struct ends ends;
        int fd = -1, pipe_ends[2];
        begin(&ends);
        assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 7, &fd), -ENOENT);
        assert_int_equal(send_one(&ends.here, 7, pipe_ends[0]), 0);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 7, &fd), 0);
        assert_int_equal(inode_of(fd), inode_of(pipe_ends[0]));
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        close(fd);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 7, &fd), -ENOENT);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        end(&ends);
}

TEST(they_are_taken_in_any_order_and_the_rest_is_closed)
{
        struct ends ends;
        int fd = -1;
        begin(&ends);
        for (uint32_t i = 0; i < 10; i++)
                assert_int_equal(send_one(&ends.here, i, 0), 0);
        for (uint32_t i = 9; i > 4; i--) {
                assert_int_equal(pass_take(&ends.there, DESCRIPTOR, i, &fd), 0);
                close(fd);
        }
        assert_int_equal(pass_take(&ends.there, NOTE, 3, &fd), -ENOENT);
        end(&ends);
}

TEST(notes_are_read_on_the_way)
{
        struct ends ends;
        int fd = -1;
        begin(&ends);
        for (uint64_t i = 1; i <= 3; i++) {
                const struct pass_letter note = { .what = NOTE, .more = i };
                assert_int_equal(pass_send(&ends.here, &note, -1, CLOCK_NEVER), 0);
        }
        assert_int_equal(send_one(&ends.here, 1, 0), 0);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 1, &fd), 0);
        assert_int_equal(ends.notes, 3);
        assert_int_equal(ends.last, 3);
        close(fd);
        assert_int_equal(pass_drain(&ends.there), 0);
        end(&ends);
}

TEST(who_finds_no_room_waits_until_the_deadline)
{
        struct ends ends;
        int r = 0, fd = -1;
        uint32_t sent = 0;
        begin(&ends);
        while (!(r = send_one(&ends.here, sent, 0)))
                sent++;
        assert_int_equal(r, -ETIMEDOUT);
        assert_in_range(sent, 10, PASS_INBOX_MAX);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, sent - 1, &fd), 0); /* the inbox holds all that fit */
        close(fd);
        assert_int_equal(send_one(&ends.here, sent, 0), 0);
        end(&ends);
}

TEST(nobody_there)
{
        struct ends ends;
        int fd;
        begin(&ends);
        assert_int_equal(send_one(&ends.there, 1, 0), 0);
        assert_int_equal(shutdown(ends.sockets[1], SHUT_RDWR), 0);
        assert_int_equal(send_one(&ends.here, 1, 0), -EPIPE);
        assert_int_equal(pass_take(&ends.here, DESCRIPTOR, 1, &fd), 0); /* what came before is there */
        close(fd);
        assert_int_equal(pass_take(&ends.here, DESCRIPTOR, 2, &fd), -ENOENT);
        end(&ends);
}

/* --- Hostile letters -------------------------------------------------------------------------- */

static void send_raw(int socket, size_t size, const int *fds, size_t n)
{
        char bytes[64] = { DESCRIPTOR }, control[CMSG_SPACE(64 * sizeof(int))] = { 0 };
        struct iovec iov = { bytes, size };
        struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
        if (n) {
                message.msg_control = control;
                message.msg_controllen = CMSG_LEN(n * sizeof *fds);
                struct cmsghdr *header = CMSG_FIRSTHDR(&message);
                header->cmsg_len = CMSG_LEN(n * sizeof *fds);
                header->cmsg_level = SOL_SOCKET;
                header->cmsg_type = SCM_RIGHTS;
                memcpy(CMSG_DATA(header), fds, n * sizeof *fds);
        }
        assert_int_equal(sendmsg(socket, &message, 0), size);
}

TEST(letters_that_are_none)
{
        static const int several[3] = { 0, 0, 0 };
        static const struct {
                size_t size, fds;
        } wrong[] = { { sizeof(struct pass_letter), 2 },
                      { sizeof(struct pass_letter), 3 },
                      { 1, 0 },
                      { 1, 1 },
                      { sizeof(struct pass_letter) + 1, 1 },
                      { 0, 1 } };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                struct ends ends;
                int fd;
                begin(&ends);
                send_raw(ends.sockets[0], wrong[i].size, several, wrong[i].fds);
                assert_int_equal(send_one(&ends.here, 1, 0), 0);
                assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 1, &fd), -EPROTO);
                assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 1, &fd), -EPROTO);
                end(&ends);
        }
}

TEST(letters_that_nobody_asks_for)
{
        struct ends ends;
        int fd, r = 0;
        begin(&ends);
        for (int round = 0; round < 100 && !r; round++) {
                for (uint32_t i = 0; i < 50; i++)
                        assert_int_equal(send_one(&ends.here, i, 0), 0);
                r = pass_take(&ends.there, DESCRIPTOR, 99, &fd);
                assert_true(r == -ENOENT || r == -EPROTO);
                r = r == -ENOENT ? 0 : r;
        }
        assert_int_equal(r, -EPROTO);
        assert_in_range(harness_count_fds(), 0, PASS_INBOX_MAX + 20);
        end(&ends);
}

TEST(notes_where_there_should_be_none)
{
        struct ends ends;
        int fd;
        begin(&ends);
        ends.there.read = NULL;
        send_raw(ends.sockets[0], sizeof(struct pass_letter), NULL, 0);
        assert_int_equal(pass_take(&ends.there, DESCRIPTOR, 1, &fd), -EPROTO);
        end(&ends);
}

TEST(a_process_without_descriptors_knows_it)
{
        struct ends ends;
        struct rlimit limit;
        int fd;
        begin(&ends);
        assert_int_equal(send_one(&ends.here, 1, 0), 0);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        const struct rlimit none = { .rlim_cur = 0, .rlim_max = limit.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        int r = pass_take(&ends.there, DESCRIPTOR, 1, &fd);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(r, -EMFILE);
        end(&ends);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_descriptor_arrives), TEST_CASE(they_are_taken_in_any_order_and_the_rest_is_closed),
                         TEST_CASE(notes_are_read_on_the_way), TEST_CASE(who_finds_no_room_waits_until_the_deadline),
                         TEST_CASE(nobody_there), TEST_CASE(letters_that_are_none), TEST_CASE(letters_that_nobody_asks_for),
                         TEST_CASE(notes_where_there_should_be_none), TEST_CASE(a_process_without_descriptors_knows_it));
}
