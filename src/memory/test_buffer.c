#include "memory/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/harness/harness.h"

static struct ward_buffer *make(uint64_t size)
{
        struct ward_buffer *buffer = NULL;
        assert_int_equal(ward_buffer_new(size, NULL, &buffer), 0);
        return buffer;
}

static uint8_t *map(struct ward_buffer *buffer, unsigned access)
{
        void *data = NULL;
        assert_int_equal(ward_buffer_map(buffer, access, &data), 0);
        return data;
}

static int try_map(struct ward_buffer *buffer, unsigned access)
{
        void *data;
        return ward_buffer_map(buffer, access, &data);
}

static int dup_of(const struct ward_buffer *buffer)
{
        return fcntl(ward_buffer_fd(buffer), F_DUPFD_CLOEXEC, 0);
}

/* The same memory as a peer would have it. */
static struct ward_buffer *from_peer(int fd)
{
        struct ward_buffer *buffer = NULL;
        assert_int_equal(buffer_from_peer(fd, &buffer), 0);
        return buffer;
}

TEST(holds_what_is_written)
{
        struct ward_buffer *buffer = make(10000);
        char text[6] = "";
        assert_int_equal(ward_buffer_size(buffer), 10000);
        assert_int_equal(ward_buffer_write(buffer, 9995, "hello", 5), 0);
        assert_int_equal(ward_buffer_read(buffer, 9995, text, 5), 0);
        assert_string_equal(text, "hello");
        assert_memory_equal(map(buffer, WARD_BUFFER_READ) + 9995, "hello", 5);
        assert_int_equal(fcntl(ward_buffer_fd(buffer), F_GETFD), FD_CLOEXEC);
        assert_null(ward_buffer_release(buffer));
}

TEST(reads_nothing_beyond_the_end)
{
        struct ward_buffer *buffer = make(8);
        char bytes[9];
        assert_int_equal(ward_buffer_read(buffer, 0, bytes, 9), -ERANGE);
        assert_int_equal(ward_buffer_read(buffer, 9, bytes, 0), -ERANGE);
        assert_int_equal(ward_buffer_read(buffer, 8, bytes, 0), 0);
        assert_int_equal(ward_buffer_read(buffer, UINT64_MAX, bytes, 1), -ERANGE);
        assert_int_equal(ward_buffer_write(buffer, 4, bytes, 5), -ERANGE);
        assert_int_equal(ward_buffer_write(buffer, UINT64_MAX, bytes, 9), -ERANGE);
        ward_buffer_release(buffer);
}

TEST(counts_references)
{
        struct ward_buffer *buffer = make(1);
        assert_ptr_equal(ward_buffer_acquire(buffer), buffer);
        ward_buffer_release(buffer);
        assert_int_equal(*map(buffer, WARD_BUFFER_WRITE), 0);
        ward_buffer_release(buffer);
        assert_null(ward_buffer_release(NULL));
}

TEST(may_be_empty)
{
        struct ward_buffer *buffer = make(0);
        assert_non_null(map(buffer, WARD_BUFFER_WRITE));
        assert_int_equal(ward_buffer_read(buffer, 0, NULL, 0), 0);
        assert_int_equal(ward_buffer_seal(buffer), 0);
        assert_true(ward_buffer_is_sealed(buffer));
        ward_buffer_release(buffer);
}

TEST(may_be_larger_than_4_gib)
{
        const uint64_t size = ((uint64_t)5 << 30) + 1;
        struct ward_buffer *buffer = make(size);
        char byte = 'x';
        assert_int_equal(ward_buffer_write(buffer, size - 1, &byte, 1), 0);
        assert_int_equal(map(buffer, WARD_BUFFER_READ)[size - 1], 'x');
        ward_buffer_release(buffer);
        assert_int_equal(ward_buffer_new(UINT64_MAX, NULL, &buffer), -EFBIG);
}

TEST(a_seal_is_for_good)
{
        struct ward_buffer *buffer = make(5000);
        uint8_t *data = map(buffer, WARD_BUFFER_WRITE);
        data[4999] = 7;
        assert_false(ward_buffer_is_sealed(buffer));
        assert_int_equal(ward_buffer_seal(buffer), 0);
        assert_true(ward_buffer_is_sealed(buffer));
        assert_int_equal(data[4999], 7);
        assert_ptr_equal(map(buffer, WARD_BUFFER_READ), data);
        assert_int_equal(try_map(buffer, WARD_BUFFER_WRITE), -EPERM);
        assert_int_equal(ward_buffer_write(buffer, 0, "x", 1), -EPERM);
        assert_int_equal(ftruncate(ward_buffer_fd(buffer), 1), -1);
        assert_int_equal(ward_buffer_seal(buffer), 0);
        ward_buffer_release(buffer);
}

TEST(a_seal_waits_for_nobody)
{
        struct ward_buffer *mine = make(5000), *theirs = from_peer(dup_of(mine));
        uint8_t *data = map(mine, WARD_BUFFER_WRITE), *other = map(theirs, WARD_BUFFER_WRITE | WARD_BUFFER_SHARED);
        assert_int_equal(ward_buffer_seal(mine), -EBUSY);
        other[3] = 9;
        assert_int_equal(data[3], 9);
        data[3] = 4; /* it is mapped as before */
        assert_int_equal(other[3], 4);
        ward_buffer_release(theirs);
        assert_int_equal(ward_buffer_seal(mine), 0);
        assert_int_equal(data[3], 4);
        ward_buffer_release(mine);
}

TEST(what_is_exposed_is_read_in_place_when_sealed)
{
        struct ward_buffer *mine = make(4096), *theirs = from_peer(dup_of(mine));
        char byte = 1;
        assert_int_equal(try_map(theirs, WARD_BUFFER_READ), -EPERM);
        assert_int_equal(try_map(theirs, WARD_BUFFER_WRITE), -EPERM);
        assert_int_equal(try_map(theirs, 8), -EINVAL);
        assert_int_equal(ward_buffer_read(theirs, 0, &byte, 1), 0);
        assert_int_equal(byte, 0);
        assert_int_equal(ward_buffer_seal(mine), 0);
        assert_true(ward_buffer_is_sealed(theirs));
        assert_int_equal(*map(theirs, WARD_BUFFER_READ), 0);
        ward_buffer_release(theirs);
        ward_buffer_release(mine);
}

TEST(who_protects_is_the_only_one_to_write)
{
        struct ward_buffer *mine = make(4096);
        assert_int_equal(ward_buffer_protect(mine), 0);
        struct ward_buffer *theirs = from_peer(dup_of(mine));
        char byte = 0;
        assert_int_equal(ward_buffer_write(mine, 0, "a", 1), 0);
        map(mine, WARD_BUFFER_WRITE)[1] = 'b';
        assert_int_equal(try_map(theirs, WARD_BUFFER_WRITE | WARD_BUFFER_SHARED), -EPERM);
        assert_int_equal(ward_buffer_write(theirs, 0, "x", 1), -EPERM);
        assert_memory_equal(map(theirs, WARD_BUFFER_READ | WARD_BUFFER_SHARED), "ab", 2);
        assert_int_equal(ward_buffer_read(theirs, 1, &byte, 1), 0);
        assert_int_equal(byte, 'b');
        buffer_expose(mine); /* as passing it does */
        assert_int_equal(*map(mine, WARD_BUFFER_READ), 'a');
        ward_buffer_release(theirs);
        ward_buffer_release(mine);
}

TEST(a_file_is_read_but_not_mapped)
{
        char path[] = "/tmp/ward-buffer-XXXXXX", text[4] = "";
        int fd = mkstemp(path);
        struct ward_buffer *buffer = NULL;
        assert_int_equal(write(fd, "abcd", 4), 4);
        int other = dup(fd);
        assert_int_equal(ward_buffer_from_fd(fd, &buffer), 0);
        assert_int_equal(ward_buffer_size(buffer), 4);
        assert_int_equal(ward_buffer_read(buffer, 1, text, 3), 0);
        assert_string_equal(text, "bcd");
        assert_int_equal(try_map(buffer, WARD_BUFFER_READ | WARD_BUFFER_SHARED), -EPERM);
        assert_int_equal(ward_buffer_seal(buffer), -EPERM);
        assert_int_equal(ftruncate(other, 2), 0);
        assert_int_equal(ward_buffer_read(buffer, 1, text, 3), -ERANGE);
        ward_buffer_release(buffer);
        close(other);
        unlink(path);
}

TEST(a_file_for_reading_stays_so)
{
        struct ward_buffer *buffer = NULL;
        assert_int_equal(ward_buffer_from_fd(open("/proc/self/exe", O_RDONLY), &buffer), 0);
        assert_int_equal(ward_buffer_write(buffer, 0, "x", 1), -EPERM);
        ward_buffer_release(buffer);
}

/* What a peer may send instead of memory. */
TEST(a_peer_sends_memory_of_a_fixed_size)
{
        int ends[2], loose = memfd_create("loose", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        struct ward_buffer *buffer = NULL;
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        const int wrong[] = { ends[0],
                              ends[1],
                              loose,
                              open("/proc/self/exe", O_RDONLY),
                              open("/", O_RDONLY | O_DIRECTORY),
                              open("/dev/zero", O_RDWR),
                              open("/proc/self/exe", O_PATH),
                              -1 };
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
                assert_int_equal(buffer_from_peer(wrong[i], &buffer), -EBADMSG);
        assert_null(buffer);
}

TEST(a_stream_is_anything_that_flows)
{
        int ends[2];
        struct ward_stream *stream = NULL, *other = NULL;
        char byte = 0;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        assert_int_equal(ward_stream_new(ends[0], &stream), 0);
        assert_int_equal(ward_stream_new(ends[1], &other), 0);
        assert_int_equal(fcntl(ends[0], F_GETFD), FD_CLOEXEC);
        size_t n = 0;
        assert_int_equal(ward_stream_write(stream, "sn", 2, &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(ward_stream_read(other, &byte, 1, &n), 0);
        assert_int_equal(byte, 's');
        int fd = ward_stream_take(other);
        assert_int_equal(read(fd, &byte, 1), 1);
        assert_int_equal(byte, 'n');
        close(fd);
        assert_null(ward_stream_release(stream));
        assert_null(ward_stream_release(NULL));
        assert_int_equal(ward_stream_new(open("/", O_RDONLY), &stream), -EINVAL);
        assert_int_equal(ward_stream_new(open("/", O_PATH), &stream), -EINVAL);
        assert_int_equal(ward_stream_new(-1, &stream), -EBADF);
        assert_int_equal(stream_from_peer(open("/", O_RDONLY), &stream), -EBADMSG);
}

TEST(a_child_shares_the_memory)
{
        struct ward_buffer *buffer = make(4096);
        uint8_t *data = map(buffer, WARD_BUFFER_WRITE);
        int status;
        pid_t child = fork();
        if (!child) {
                data[0] = 5;
                ward_buffer_release(buffer);
                _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(data[0], 5);
        ward_buffer_release(buffer);
}

TEST(what_is_charged_is_bounded)
{
        struct charge *charge = charge_new(10000);
        struct ward_buffer *first = make(6000), *second = make(6000), *many[CHARGE_BUFFERS_MAX];
        assert_int_equal(charge_buffer(charge, first), 0);
        assert_int_equal(charge_buffer(charge, second), -EDQUOT);
        ward_buffer_release(first);
        assert_int_equal(charge_buffer(charge, second), 0);
        for (int i = 1; i < CHARGE_BUFFERS_MAX; i++)
                assert_int_equal(charge_buffer(charge, many[i] = make(0)), 0);
        assert_int_equal(charge_buffer(charge, many[0] = make(0)), -EDQUOT);
        assert_null(charge_unref(charge));
        ward_buffer_release(second);
        for (int i = 0; i < CHARGE_BUFFERS_MAX; i++)
                ward_buffer_release(many[i]);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(holds_what_is_written), TEST_CASE(reads_nothing_beyond_the_end),
                         TEST_CASE(counts_references), TEST_CASE(may_be_empty), TEST_CASE(may_be_larger_than_4_gib),
                         TEST_CASE(a_seal_is_for_good), TEST_CASE(a_seal_waits_for_nobody),
                         TEST_CASE(what_is_exposed_is_read_in_place_when_sealed), TEST_CASE(who_protects_is_the_only_one_to_write),
                         TEST_CASE(a_file_is_read_but_not_mapped), TEST_CASE(a_file_for_reading_stays_so),
                         TEST_CASE(a_peer_sends_memory_of_a_fixed_size), TEST_CASE(a_stream_is_anything_that_flows),
                         TEST_CASE(a_child_shares_the_memory), TEST_CASE(what_is_charged_is_bounded));
}
