#include "test/harness/harness.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "base/own.h"
#include "domain/process_output.h"

/* A domain and its streams, whose other ends the test holds as a worker would. */
static struct stage {
        struct ward_domain domain;
        struct monitor *monitor;
        struct process_output output;
        int fds[PROCESS_STREAMS];
        _Atomic size_t n_told;
        char told[1 << 20];
        _Atomic int n_asked;
        const char *input; /* what is left of it */
        _Atomic int waits; /* a descriptor that the callback waits for; -1: none */
} stage;

static void on_output(void *data, struct ward_domain *domain, const char *addin, int fd, const void *bytes, size_t len)
{
        size_t n = atomic_load(&stage.n_told);
        char byte;
        if (stage.waits >= 0 && read(stage.waits, &byte, 1) < 0)
                abort();
        assert_ptr_equal(data, &stage);
        assert_ptr_equal(domain, &stage.domain);
        assert_string_equal(addin, "worker");
        if (n + len + 1 > sizeof stage.told)
                abort();
        stage.told[n++] = (char)('0' + fd);
        memcpy(stage.told + n, bytes, len);
        atomic_store(&stage.n_told, n + len);
}

static size_t on_input(void *data, struct ward_domain *domain, const char *addin, void *to, size_t size)
{
        size_t n = strnlen(stage.input, size);
        memcpy(to, stage.input, n);
        stage.input += n;
        atomic_fetch_add(&stage.n_asked, 1);
        return n;
}

static void set(struct domain_streams streams, enum ward_level level)
{
        struct ward_fault fault;
        stage.domain = (struct ward_domain){ .name = "worker", .streams = streams, .level = level };
        stage.waits = -1;
        assert_int_equal(monitor_new(&stage.monitor, &fault), 0);
        process_output_init(&stage.output, &stage.domain);
        assert_int_equal(process_output_open(&stage.output, stage.fds, &fault), 0);
        for (int i = 0; i < PROCESS_STREAMS; i++) /* as sending them does */
                stage.fds[i] = stage.fds[i] < 0 ? -1 : fcntl(stage.fds[i], F_DUPFD_CLOEXEC, 3);
        assert_int_equal(process_output_start(&stage.output, stage.monitor, &fault), 0);
}

static void strike(void)
{
        process_output_stop(&stage.output);
        process_output_finish(&stage.output);
        for (int i = 0; i < PROCESS_STREAMS; i++)
                fd_close(stage.fds[i]);
        monitor_free(stage.monitor);
}

static void say(int fd, const char *text)
{
        assert_int_equal(write(stage.fds[fd], text, strlen(text)), strlen(text));
}

static void wait_told(size_t n)
{
        for (int i = 0; i < 5000 && atomic_load(&stage.n_told) < n; i++)
                usleep(1000);
        assert_int_equal(atomic_load(&stage.n_told), n);
}

static const struct domain_streams telling = { .on_output = on_output, .on_output_data = &stage, .on_input = NULL };

TEST(what_is_written_is_told)
{
        set(telling, WARD_LEVEL_FULL_TRUST);
        assert_int_equal(stage.fds[0], -1);
        say(1, "one");
        wait_told(4);
        say(2, "two");
        wait_told(8);
        assert_memory_equal(stage.told, "1one2two", 8);
        strike();
}

TEST(a_drain_tells_all_that_was_written)
{
        int waits[2];
        set(telling, WARD_LEVEL_FULL_TRUST);
        assert_int_equal(pipe2(waits, O_CLOEXEC), 0);
        stage.waits = waits[0]; /* the monitor's thread is held in the first */
        say(1, "a");
        say(2, "b");
        assert_int_equal(write(waits[1], "xxxx", 4), 4);
        process_output_drain(&stage.output);
        assert_int_equal(atomic_load(&stage.n_told), 4);
        close(waits[1]);
        strike();
        close(waits[0]);
}

TEST(a_flood_is_bounded_and_a_stop_tells_the_rest)
{
        char full[4096];
        set(telling, WARD_LEVEL_FULL_TRUST);
        int waits[2];
        assert_int_equal(pipe2(waits, O_CLOEXEC), 0);
        stage.waits = waits[0];
        memset(full, 'x', sizeof full);
        fcntl(stage.fds[1], F_SETFL, O_NONBLOCK);
        size_t n = 0;
        for (ssize_t w; (w = write(stage.fds[1], full, sizeof full)) > 0;)
                n += (size_t)w;
        assert_in_range(n, 16 << 10, 128 << 10);
        close(waits[1]);
        strike();
        size_t told = 0;
        for (size_t i = 0; i < stage.n_told; i++)
                told += stage.told[i] == 'x';
        assert_int_equal(told, n);
        close(waits[0]);
}

TEST(closing_a_stream_is_no_end_of_the_other)
{
        set(telling, WARD_LEVEL_FULL_TRUST);
        stage.fds[1] = fd_close(stage.fds[1]);
        say(2, "still");
        wait_told(6);
        strike();
}

TEST(input_is_asked_for_as_there_is_room)
{
        static char text[256 << 10];
        static char got[sizeof text];
        memset(text, 'i', sizeof text - 1);
        stage.input = text;
        set((struct domain_streams){ .on_input = on_input }, WARD_LEVEL_FULL_TRUST);
        assert_int_equal(stage.fds[1], -1);
        size_t n = 0;
        for (ssize_t r; (r = read(stage.fds[0], got + n, sizeof got - n)) > 0;)
                n += (size_t)r;
        assert_int_equal(n, sizeof text - 1);
        assert_memory_equal(got, text, n);
        strike();
}

TEST(input_that_nobody_reads_is_let_go)
{
        static char text[256 << 10];
        memset(text, 'i', sizeof text - 1);
        stage.input = text;
        set((struct domain_streams){ .on_input = on_input }, WARD_LEVEL_FULL_TRUST);
        for (int i = 0; i < 5000 && !atomic_load(&stage.n_asked); i++)
                usleep(1000);
        assert_in_range(strlen(text) - strlen(stage.input), 1, 128 << 10);
        stage.fds[0] = fd_close(stage.fds[0]);
        strike();
}

TEST(given_streams_are_the_workers)
{
        struct ward_stream *stream;
        int fds[2];
        char text[8];
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(ward_stream_new(fds[1], &stream), 0);
        struct ward_stream *given[PROCESS_STREAMS] = { NULL, stream, NULL };
        set((struct domain_streams){ .given = given }, WARD_LEVEL_INTERNET);
        ward_stream_release(stream);
        say(1, "given");
        assert_int_equal(read(fds[0], text, sizeof text), 5);
        assert_true(stage.fds[2] >= 0); /* never the host's own at this level */
        strike();
        close(fds[0]);
}

/* The host's own stream in its stead; gives what it had. */
static int replace(int fd, int with)
{
        int before = fcntl(fd, F_DUPFD_CLOEXEC, 10);
        assert_int_equal(dup2(with, fd), fd);
        return before;
}

static size_t read_all(int fd)
{
        char bytes[4096];
        size_t n = 0;
        struct pollfd polled = { .fd = fd, .events = POLLIN };
        for (ssize_t r; poll(&polled, 1, 200) > 0 && (r = read(fd, bytes, sizeof bytes)) > 0;)
                n += (size_t)r;
        return n;
}

TEST(a_full_stream_of_the_hosts_holds_nobody_up)
{
        static const struct domain_streams none = { .on_output = NULL };
        char full[4096];
        int fds[2];
        memset(full, 'x', sizeof full);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        int before = replace(STDERR_FILENO, fds[1]);
        set(none, WARD_LEVEL_INTRANET);
        fcntl(stage.fds[2], F_SETFL, O_NONBLOCK);
        size_t n = 0;
        for (int i = 0; i < 200; i++, usleep(500)) { /* until both pipes are full */
                ssize_t w = write(stage.fds[2], full, sizeof full);
                n += w > 0 ? (size_t)w : 0;
        }
        assert_in_range(n, 64 << 10, 256 << 10);
        size_t got = read_all(fds[0]);
        assert_int_equal(got, n);
        say(2, "again");
        assert_int_equal(read_all(fds[0]), 5);
        strike();
        close(replace(STDERR_FILENO, before));
        close(before);
        close(fds[0]);
        close(fds[1]);
}

TEST(a_broken_stream_of_the_hosts_is_no_end)
{
        static const struct domain_streams none = { .on_output = NULL };
        int fds[2];
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        int before = replace(STDERR_FILENO, fds[1]);
        close(fds[0]);
        close(fds[1]);
        set(none, WARD_LEVEL_INTERNET);
        say(2, "nobody reads this");
        process_output_drain(&stage.output); /* on this thread: no SIGPIPE */
        strike();
        close(replace(STDERR_FILENO, before));
        close(before);
}

/* A host that has closed its standard output has other files by that number, which are no add-in's to write. */
TEST(what_took_a_streams_number_is_not_written_to)
{
        static const struct domain_streams none = { .on_output = NULL };
        char bytes[64];
        int fds[2], before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(dup3(fds[1], STDERR_FILENO, O_CLOEXEC), STDERR_FILENO);
        set(none, WARD_LEVEL_INTERNET);
        say(2, "not here");
        process_output_drain(&stage.output);
        strike();
        dup2(before, STDERR_FILENO);
        close(fds[1]);
        assert_int_equal(read(fds[0], bytes, sizeof bytes), 0);
        close(fds[0]);
        close(before);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_is_written_is_told), TEST_CASE(a_drain_tells_all_that_was_written),
                         TEST_CASE(a_flood_is_bounded_and_a_stop_tells_the_rest),
                         TEST_CASE(closing_a_stream_is_no_end_of_the_other), TEST_CASE(input_is_asked_for_as_there_is_room),
                         TEST_CASE(input_that_nobody_reads_is_let_go), TEST_CASE(given_streams_are_the_workers),
                         TEST_CASE(a_full_stream_of_the_hosts_holds_nobody_up), TEST_CASE(a_broken_stream_of_the_hosts_is_no_end),
                         TEST_CASE(what_took_a_streams_number_is_not_written_to));
}
