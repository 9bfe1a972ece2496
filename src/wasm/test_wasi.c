#include "wasm/test_wasi_guest.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"

/* --- The functions ---------------------------------------------------------------------------- */

static void check_strings(const char *sizes, const char *get, const char *first, const char *second)
{
        uint32_t size = (uint32_t)(strlen(first) + strlen(second) + 2);
        assert_int_equal(call(sizes, 0, 4, 0, 0), WASI_OK);
        assert_int_equal(word(0), 2);
        assert_int_equal(word(4), size);
        assert_int_equal(call(get, 8, 100, 0, 0), WASI_OK);
        assert_int_equal(word(8), 100);
        assert_int_equal(word(12), 100 + strlen(first) + 1);
        assert_string_equal((char *)memory + word(8), first);
        assert_string_equal((char *)memory + word(12), second);
        assert_int_equal(call(get, 8, MEMORY - size, 0, 0), WASI_OK);
        assert_int_equal(call(get, 8, MEMORY - size + 1, 0, 0), WASI_FAULT);
        assert_int_equal(call(get, MEMORY - 7, 100, 0, 0), WASI_FAULT);
        assert_int_equal(call(sizes, MEMORY - 3, 0, 0, 0), WASI_FAULT);
        assert_int_equal(call(sizes, 0, UINT32_MAX, 0, 0), WASI_FAULT);
}

TEST(arguments_and_environment)
{
        const char *arguments[] = { "addin", "-v", NULL }, *environment[] = { "A=1", "PATH=/x", NULL };
        setenv("SECRET", "of the host", 1);
        start(arguments, environment);
        check_strings("args_sizes_get", "args_get", "addin", "-v");
        check_strings("environ_sizes_get", "environ_get", "A=1", "PATH=/x");
        end();
        start(NULL, NULL);
        assert_int_equal(call("environ_sizes_get", 0, 4, 0, 0), WASI_OK);
        assert_int_equal(word(0) | word(4), 0);
        assert_int_equal(call("environ_get", 0, 0, 0, 0), WASI_OK);
        end();
}

TEST(clocks)
{
        start(NULL, NULL);
        assert_int_equal(call("clock_time_get", 1, 1, 8, 0), WASI_OK);
        assert_true(clock_now() - long_word(8) < 5000000000u);
        assert_int_equal(call("clock_time_get", 0, 1, 8, 0), WASI_OK);
        assert_true(clock_read(CLOCK_REALTIME) - long_word(8) < 5000000000u);
        assert_int_equal(call("clock_time_get", 3, 1, 8, 0), WASI_OK);
        assert_int_equal(call("clock_time_get", 4, 1, 8, 0), WASI_INVAL);
        assert_int_equal(call("clock_time_get", UINT32_MAX, 1, 8, 0), WASI_INVAL);
        assert_int_equal(call("clock_time_get", 1, 1, MEMORY - 7, 0), WASI_FAULT);
        assert_int_equal(call("clock_res_get", 1, 16, 0, 0), WASI_OK);
        assert_true(long_word(16) > 0 && long_word(16) < 1000000000);
        assert_int_equal(call("clock_res_get", 9, 16, 0, 0), WASI_INVAL);
        end();
}

TEST(random_numbers)
{
        start(NULL, NULL);
        memset(memory, 0, MEMORY);
        assert_int_equal(call("random_get", 8, 16, 0, 0), WASI_OK);
        assert_int_equal(long_word(0), 0);
        assert_int_equal(long_word(24), 0);
        assert_true(long_word(8) && long_word(16) && long_word(8) != long_word(16));
        assert_int_equal(call("random_get", 0, MEMORY, 0, 0), WASI_OK);
        assert_int_equal(call("random_get", 1, MEMORY, 0, 0), WASI_FAULT);
        assert_int_equal(call("random_get", UINT32_MAX, 1, 0, 0), WASI_FAULT);
        assert_int_equal(call("random_get", MEMORY, 0, 0, 0), WASI_OK);
        end();
}

/* Two vectors, "Hello, " and "host\n". */
static void put_vectors(void)
{
        memcpy(memory + 100, "Hello, ", 7);
        memcpy(memory + 200, "host\n", 5);
        put_word(0, 100);
        put_word(4, 7);
        put_word(8, 200);
        put_word(12, 5);
}

/* Stands @fd in for the host's standard output while @act runs. */
static void with_output(int fd, void (*act)(void))
{
        fflush(stdout);
        int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
        dup2(fd, STDOUT_FILENO);
        act();
        dup2(saved, STDOUT_FILENO);
        close(saved);
}

static int result;

static void write_vectors(void)
{
        result = call("fd_write", 1, 0, 2, 300);
}

TEST(writes)
{
        char text[32] = "";
        int file = memfd_create("output", MFD_CLOEXEC);
        start(NULL, NULL);
        put_vectors();
        with_output(file, write_vectors);
        assert_int_equal(result, WASI_OK);
        assert_int_equal(word(300), 12);
        assert_int_equal(pread(file, text, sizeof text, 0), 12);
        assert_string_equal(text, "Hello, host\n");
        close(file);
        assert_int_equal(call("fd_write", 0, 0, 2, 300), WASI_BADF);
        assert_int_equal(call("fd_write", 3, 0, 2, 300), WASI_BADF);
        assert_int_equal(call("fd_write", 1, 0, 1025, 300), WASI_INVAL);
        assert_int_equal(call("fd_write", 1, MEMORY - 8, 2, 300), WASI_FAULT);
        put_word(0, MEMORY - 6);
        assert_int_equal(call("fd_write", 1, 0, 1, 300), WASI_FAULT);
        assert_int_equal(call("fd_write", 1, 0, 0, MEMORY - 3), WASI_FAULT);
        assert_int_equal(call("fd_write", 1, 0, 0, 300), WASI_OK);
        end();
}

/* No SIGPIPE for the host, and one that it was about to get stays. */
TEST(writes_where_nobody_reads)
{
        int ends[2];
        sigset_t pipe_set, pending;
        start(NULL, NULL);
        put_vectors();
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        close(ends[0]);
        with_output(ends[1], write_vectors);
        assert_int_equal(result, WASI_PIPE);
        sigemptyset(&pipe_set);
        sigaddset(&pipe_set, SIGPIPE);
        pthread_sigmask(SIG_BLOCK, &pipe_set, NULL);
        with_output(ends[1], write_vectors);
        sigpending(&pending);
        assert_false(sigismember(&pending, SIGPIPE));
        raise(SIGPIPE);
        with_output(ends[1], write_vectors);
        sigpending(&pending);
        assert_true(sigismember(&pending, SIGPIPE));
        signal(SIGPIPE, SIG_IGN); /* takes it back */
        close(ends[1]);
        end();
}

TEST(streams)
{
        start(NULL, NULL);
        put_word(300, 7);
        assert_int_equal(call("fd_read", 0, 0, 1, 300), WASI_OK);
        assert_int_equal(word(300), 0);
        assert_int_equal(call("fd_read", 1, 0, 1, 300), WASI_BADF);
        assert_int_equal(call("fd_seek", 1, 0, 0, 8), WASI_SPIPE);
        assert_int_equal(call("fd_pread", 0, 0, 0, 0, 300), WASI_SPIPE);
        assert_int_equal(call("fd_seek", 4, 0, 0, 8), WASI_BADF);
        assert_int_equal(call("fd_prestat_get", 3), WASI_BADF);
        assert_int_equal(call("fd_prestat_get", 0), WASI_BADF);
        assert_int_equal(call("fd_fdstat_get", 1, 400), WASI_OK);
        assert_int_equal(memory[400], WASI_CHARACTER_DEVICE);
        assert_int_equal(call("fd_fdstat_get", 3, 400), WASI_BADF);
        assert_int_equal(call("fd_fdstat_get", 1, MEMORY - 23), WASI_FAULT);
        assert_int_equal(call("fd_filestat_get", 1, 400), WASI_OK);
        assert_int_equal(memory[416], WASI_CHARACTER_DEVICE);
        assert_int_equal(long_word(400) | long_word(408), 0); /* nothing of the host's */
        assert_int_equal(call("fd_fdstat_set_flags", 1, FDFLAG_NONBLOCK), WASI_NOTCAPABLE);
        assert_int_equal(call("path_open", 1), WASI_NOENT);
        assert_int_equal(call("path_open", 1, 0, 0, 1), WASI_INVAL);
        put_text(0, "x");
        assert_int_equal(call("path_open", 1, 0, 0, 1), WASI_NOTDIR);
        assert_int_equal(call("sched_yield"), WASI_OK);
        end();
}

/* The module's numbers, not the host's. */
TEST(streams_are_closed_and_moved)
{
        start(NULL, NULL);
        assert_int_equal(call("fd_close", 3), WASI_BADF);
        assert_int_equal(call("fd_renumber", 1, 7), WASI_BADF);
        assert_int_equal(call("fd_renumber", 1, 2), WASI_OK);
        assert_int_equal(call("fd_write", 1, 0, 0, 300), WASI_BADF);
        assert_int_equal(call("fd_write", 2, 0, 0, 300), WASI_OK);
        assert_int_equal(call("fd_close", 2), WASI_OK);
        assert_int_equal(call("fd_write", 2, 0, 0, 300), WASI_BADF);
        assert_int_equal(fcntl(STDOUT_FILENO, F_GETFD), 0);
        assert_int_equal(fcntl(STDERR_FILENO, F_GETFD), 0);
        end();
}

static struct taken {
        int n, fd;
        char text[64];
} taken;

static int take_output(void *context, int fd, struct ward_span bytes, struct ward_fault *ret_fault)
{
        struct taken *to = context;
        to->n++;
        to->fd = fd;
        snprintf(to->text + strlen(to->text), sizeof to->text - strlen(to->text), "%.*s", (int)bytes.len, (const char *)bytes.at);
        return 0;
}

static int give_input(void *context, void *to, size_t size, size_t *ret_len, struct ward_fault *ret_fault)
{
        size_t len = size < 5 ? size : 5;
        memcpy(to, "words", len);
        *ret_len = len;
        return 0;
}

TEST(streams_of_the_hosts_own)
{
        const struct wasi_host host = { .context = &taken, .output = take_output, .input = give_input };
        start_with(&(struct wasi_options){ 0 }, &host);
        put_vectors();
        assert_int_equal(call("fd_write", 2, 0, 2, 300), WASI_OK);
        assert_int_equal(word(300), 12);
        assert_int_equal(taken.n, 2);
        assert_int_equal(taken.fd, 2);
        assert_string_equal(taken.text, "Hello, host\n");
        assert_int_equal(call("fd_read", 0, 0, 2, 300), WASI_OK);
        assert_int_equal(word(300), 5);
        assert_memory_equal(memory + 100, "words", 5);
        put_word(4, 3);
        assert_int_equal(call("fd_read", 0, 0, 1, 300), WASI_OK);
        assert_int_equal(word(300), 3);
        end();
}

static int lie_about_input(void *context, void *to, size_t size, size_t *ret_len, struct ward_fault *ret_fault)
{
        *ret_len = size + 1;
        return 0;
}

static int fail_output(void *context, int fd, struct ward_span bytes, struct ward_fault *ret_fault)
{
        ret_fault->kind = WARD_FAULT_UNLOADED;
        return -WARD_FAULT_UNLOADED;
}

TEST(streams_that_fail)
{
        const struct wasi_host host = { .output = fail_output, .input = lie_about_input };
        start_with(&(struct wasi_options){ 0 }, &host);
        put_vectors();
        assert_int_equal(call("fd_read", 0, 0, 1, 300), WASI_OK);
        assert_int_equal(word(300), 0);
        put_word(300, 9);
        assert_int_equal(call("fd_write", 1, 0, 2, 300), -WARD_FAULT_UNLOADED);
        assert_int_equal(word(300), 9);
        end();
}

TEST(there_are_no_sockets_and_signals)
{
        start(NULL, NULL);
        assert_int_equal(call("sock_shutdown", 1, 1), WASI_NOTSOCK);
        assert_int_equal(call("sock_accept", 1, 0, 300), WASI_NOTSOCK);
        assert_int_equal(call("sock_recv", 0, 0, 0, 0, 300, 304), WASI_NOTSOCK);
        assert_int_equal(call("sock_send", 1, 0, 0, 0, 300), WASI_NOTSOCK);
        assert_int_equal(call("sock_shutdown", 3, 1), WASI_BADF);
        assert_int_equal(call("proc_raise", SIGKILL), WASI_NOTSUP);
        end();
}

TEST(exits)
{
        start(NULL, NULL);
        assert_int_equal(call("proc_exit", 3, 0, 0, 0), -WARD_FAULT_EXIT);
        assert_int_equal(fault.kind, WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 3);
        assert_string_equal(fault.text, "add-in 'guest' called exit(3)");
        end();
}

/* --- Sleep ------------------------------------------------------------------------------------ */

static void put_subscription(uint32_t at, uint64_t userdata, uint8_t tag, uint32_t clock, uint64_t timeout, uint16_t flags)
{
        memset(memory + at, 0, 48);
        put_long(at, userdata);
        memory[at + 8] = tag;
        put_word(at + 16, clock);
        put_long(at + 24, timeout);
        memcpy(memory + at + 40, &flags, sizeof flags);
}

TEST(sleeps)
{
        start(NULL, NULL);
        put_subscription(0, 11, 0, 1, 3600000000000u, 0);
        put_subscription(48, 22, 0, 0, 20000000, 0);
        uint64_t began = clock_now();
        assert_int_equal(call("poll_oneoff", 0, 200, 2, 300), WASI_OK);
        assert_true(clock_now() - began >= 20000000 && clock_now() - began < 5000000000u);
        assert_int_equal(word(300), 1);
        assert_int_equal(long_word(200), 22); /* the one that came first */
        assert_int_equal(memory[208] | memory[210], 0);
        put_subscription(0, 33, 0, 1, clock_now() + 10000000, 1);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), WASI_OK);
        put_subscription(0, 33, 0, 1, 5, 1); /* long past */
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), WASI_OK);
        put_subscription(0, 1, 3, 0, 0, 0);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), WASI_INVAL);
        put_subscription(0, 1, 0, 2, 0, 0);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), WASI_INVAL);
        assert_int_equal(call("poll_oneoff", 0, 200, 0, 300), WASI_INVAL);
        assert_int_equal(call("poll_oneoff", 0, 200, 1025, 300), WASI_INVAL);
        assert_int_equal(call("poll_oneoff", MEMORY - 47, 200, 1, 300), WASI_FAULT);
        assert_int_equal(call("poll_oneoff", 48, MEMORY - 31, 1, 300), WASI_FAULT);
        end();
}

/* Which of two came first. */
static void poll_output(void)
{
        assert_int_equal(call("poll_oneoff", 0, 400, word(48) ? 2 : 1, 300), WASI_OK);
        assert_int_equal(word(300), 1);
        result = (int)long_word(400);
}

/* Streams and clocks at once: what is ready comes at once, and what is no descriptor is an event of its own. */
TEST(waits_for_streams)
{
        int ends[2];
        start(NULL, NULL);
        put_subscription(0, 1, SUBSCRIBED_CLOCK, 1, 3600000000000u, 0);
        put_subscription(48, 2, SUBSCRIBED_READ, 0, 0, 0);
        put_subscription(96, 3, SUBSCRIBED_WRITE, 77, 0, 0);
        put_subscription(144, 4, SUBSCRIBED_READ, 1, 0, 0);
        assert_int_equal(call("poll_oneoff", 0, 400, 4, 300), WASI_OK);
        assert_int_equal(word(300), 3);
        assert_int_equal(long_word(400), 2);
        assert_int_equal(memory[410], SUBSCRIBED_READ);
        assert_int_equal(memory[424], 1); /* hung up: it is empty */
        assert_int_equal(long_word(432), 3);
        assert_int_equal(memory[440], WASI_BADF);
        assert_int_equal(long_word(464), 4);
        assert_int_equal(memory[472], WASI_BADF);
        assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        put_subscription(0, 5, SUBSCRIBED_WRITE, 1, 0, 0);
        put_word(48, 0);
        with_output(ends[1], poll_output);
        assert_int_equal(result, 5);
        while (write(ends[1], memory, MEMORY) > 0)
                ;
        put_subscription(48, 6, SUBSCRIBED_CLOCK, 1, 10000000, 0);
        with_output(ends[1], poll_output);
        assert_int_equal(result, 6); /* nothing more fits */
        close(ends[0]);
        close(ends[1]);
        end();
}

static int sleep_long(void)
{
        return call("poll_oneoff", 0, 200, 1, 300);
}

TEST(a_sleep_is_ended)
{
        start(NULL, NULL);
        put_subscription(0, 0, 0, 1, UINT64_MAX, 0);
        ends_on_time(sleep_long);
        end();
}

static int pipe_ends[2];

static void write_too_much(void)
{
        put_word(0, 0);
        put_word(4, MEMORY);
        result = call("fd_write", 1, 0, 1, 300);
}

static int write_to_a_pipe(void)
{
        with_output(pipe_ends[1], write_too_much);
        return result;
}

/* Whose other end nobody empties. The first write is larger than the pipe. */
TEST(a_write_that_blocks_is_ended)
{
        start(NULL, NULL);
        assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
        fcntl(pipe_ends[1], F_SETPIPE_SZ, 4096);
        ends_on_time(write_to_a_pipe);
        close(pipe_ends[0]);
        close(pipe_ends[1]);
        end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(arguments_and_environment, 120), TEST_CASE(clocks), TEST_CASE(random_numbers),
                         TEST_CASE(writes), TEST_CASE(writes_where_nobody_reads), TEST_CASE(streams),
                         TEST_CASE(streams_are_closed_and_moved), TEST_CASE(streams_of_the_hosts_own), TEST_CASE(streams_that_fail),
                         TEST_CASE(there_are_no_sockets_and_signals), TEST_CASE(exits), TEST_CASE(sleeps),
                         TEST_CASE(waits_for_streams), TEST_CASE(a_sleep_is_ended), TEST_CASE(a_write_that_blocks_is_ended));
}
