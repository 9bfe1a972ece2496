#include "wasm/wasi.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/clock.h"
#include "wasm/test_fixture.h"

enum { OK = 0, E_BADF = 8, E_FAULT = 21, E_INVAL = 28, E_IO = 29, E_NOTSUP = 58, E_SPIPE = 70, MEMORY = 65536 };

/* --- A module that calls what the test wants -------------------------------------------------- */

static struct wasm_offer offers[WASI_FUNCTIONS];
static struct wasm_need needs[WASI_FUNCTIONS];
static struct wasm_terms terms = { offers, WASI_FUNCTIONS, needs, WASI_FUNCTIONS };
static struct wasm_binding *binding;
static struct wasm_instance *instance;
static struct wasi *wasi;
static struct ward_fault fault;
static uint8_t *memory;

static int import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *ret_fault)
{
        return wasi_call(wasi, offer, instance, "guest", slots, ret_fault);
}

static void start(const char *const *arguments, const char *const *environment)
{
        struct wasm_host host = { "guest", 0, NULL, import };
        uint64_t size;
        wasi_offers(offers);
        for (int i = 0; i < WASI_FUNCTIONS; i++)
                needs[i] = (struct wasm_need){ offers[i].field, offers[i].core, false };
        binding = fixture_binding("wasi", &terms);
        assert_int_equal(wasi_new(arguments, environment, &wasi, &fault), 0);
        assert_int_equal(wasm_instance_new(binding, &host, &instance, &fault), 0);
        wasm_instance_enter(instance);
        assert_int_equal(wasm_instance_start(instance, &fault), 0);
        wasm_instance_leave(instance);
        memory = wasm_instance_memory(instance, &size);
        assert_int_equal(size, MEMORY);
}

static void end(void)
{
        wasm_instance_free(instance);
        wasi_free(wasi);
        wasm_binding_unref(binding);
}

static int call(const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
        uint64_t slots[4] = { a, b, c, d };
        wasm_instance_enter(instance);
        int r = wasm_instance_call(instance, fixture_need(&terms, name), name, slots, &fault);
        wasm_instance_leave(instance);
        return r ? r : (int)slots[0];
}

static uint32_t word(uint32_t at)
{
        uint32_t value;
        memcpy(&value, memory + at, sizeof value);
        return value;
}

static uint64_t long_word(uint32_t at)
{
        uint64_t value;
        memcpy(&value, memory + at, sizeof value);
        return value;
}

static void put_word(uint32_t at, uint32_t value)
{
        memcpy(memory + at, &value, sizeof value);
}

static void put_long(uint32_t at, uint64_t value)
{
        memcpy(memory + at, &value, sizeof value);
}

/* --- The functions ---------------------------------------------------------------------------- */

static void check_strings(const char *sizes, const char *get, const char *first, const char *second)
{
        uint32_t size = (uint32_t)(strlen(first) + strlen(second) + 2);
        assert_int_equal(call(sizes, 0, 4, 0, 0), OK);
        assert_int_equal(word(0), 2);
        assert_int_equal(word(4), size);
        assert_int_equal(call(get, 8, 100, 0, 0), OK);
        assert_int_equal(word(8), 100);
        assert_int_equal(word(12), 100 + strlen(first) + 1);
        assert_string_equal((char *)memory + word(8), first);
        assert_string_equal((char *)memory + word(12), second);
        assert_int_equal(call(get, 8, MEMORY - size, 0, 0), OK);
        assert_int_equal(call(get, 8, MEMORY - size + 1, 0, 0), E_FAULT);
        assert_int_equal(call(get, MEMORY - 7, 100, 0, 0), E_FAULT);
        assert_int_equal(call(sizes, MEMORY - 3, 0, 0, 0), E_FAULT);
        assert_int_equal(call(sizes, 0, UINT32_MAX, 0, 0), E_FAULT);
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
        assert_int_equal(call("environ_sizes_get", 0, 4, 0, 0), OK);
        assert_int_equal(word(0) | word(4), 0);
        assert_int_equal(call("environ_get", 0, 0, 0, 0), OK);
        end();
}

TEST(clocks)
{
        start(NULL, NULL);
        assert_int_equal(call("clock_time_get", 1, 1, 8, 0), OK);
        assert_true(clock_now() - long_word(8) < 5000000000u);
        assert_int_equal(call("clock_time_get", 0, 1, 8, 0), OK);
        assert_true(clock_read(CLOCK_REALTIME) - long_word(8) < 5000000000u);
        assert_int_equal(call("clock_time_get", 3, 1, 8, 0), OK);
        assert_int_equal(call("clock_time_get", 4, 1, 8, 0), E_INVAL);
        assert_int_equal(call("clock_time_get", UINT32_MAX, 1, 8, 0), E_INVAL);
        assert_int_equal(call("clock_time_get", 1, 1, MEMORY - 7, 0), E_FAULT);
        assert_int_equal(call("clock_res_get", 1, 16, 0, 0), OK);
        assert_true(long_word(16) > 0 && long_word(16) < 1000000000);
        assert_int_equal(call("clock_res_get", 9, 16, 0, 0), E_INVAL);
        end();
}

TEST(random_numbers)
{
        start(NULL, NULL);
        memset(memory, 0, MEMORY);
        assert_int_equal(call("random_get", 8, 16, 0, 0), OK);
        assert_int_equal(long_word(0), 0);
        assert_int_equal(long_word(24), 0);
        assert_true(long_word(8) && long_word(16) && long_word(8) != long_word(16));
        assert_int_equal(call("random_get", 0, MEMORY, 0, 0), OK);
        assert_int_equal(call("random_get", 1, MEMORY, 0, 0), E_FAULT);
        assert_int_equal(call("random_get", UINT32_MAX, 1, 0, 0), E_FAULT);
        assert_int_equal(call("random_get", MEMORY, 0, 0, 0), OK);
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
        assert_int_equal(result, OK);
        assert_int_equal(word(300), 12);
        assert_int_equal(pread(file, text, sizeof text, 0), 12);
        assert_string_equal(text, "Hello, host\n");
        close(file);
        assert_int_equal(call("fd_write", 0, 0, 2, 300), E_BADF);
        assert_int_equal(call("fd_write", 3, 0, 2, 300), E_BADF);
        assert_int_equal(call("fd_write", 1, 0, 1025, 300), E_INVAL);
        assert_int_equal(call("fd_write", 1, MEMORY - 8, 2, 300), E_FAULT);
        put_word(0, MEMORY - 6);
        assert_int_equal(call("fd_write", 1, 0, 1, 300), E_FAULT);
        assert_int_equal(call("fd_write", 1, 0, 0, MEMORY - 3), E_FAULT);
        assert_int_equal(call("fd_write", 1, 0, 0, 300), OK);
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
        assert_int_equal(result, E_IO);
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
        assert_int_equal(call("fd_read", 0, 0, 1, 300), OK);
        assert_int_equal(word(300), 0);
        assert_int_equal(call("fd_read", 1, 0, 1, 300), E_BADF);
        assert_int_equal(call("fd_seek", 1, 0, 0, 8), E_SPIPE);
        assert_int_equal(call("fd_seek", 4, 0, 0, 8), E_BADF);
        assert_int_equal(call("fd_close", 2, 0, 0, 0), OK);
        assert_int_equal(call("fd_close", 3, 0, 0, 0), E_BADF);
        assert_int_equal(call("fd_prestat_get", 3, 0, 0, 0), E_BADF);
        assert_int_equal(call("fd_fdstat_get", 1, 400, 0, 0), OK);
        assert_int_equal(memory[400], 2);
        assert_int_equal(call("fd_fdstat_get", 3, 400, 0, 0), E_BADF);
        assert_int_equal(call("fd_fdstat_get", 1, MEMORY - 23, 0, 0), E_FAULT);
        assert_int_equal(call("sched_yield", 0, 0, 0, 0), OK);
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
        assert_int_equal(call("poll_oneoff", 0, 200, 2, 300), OK);
        assert_true(clock_now() - began >= 20000000 && clock_now() - began < 5000000000u);
        assert_int_equal(word(300), 1);
        assert_int_equal(long_word(200), 22); /* the one that came first */
        assert_int_equal(memory[208] | memory[210], 0);
        put_subscription(0, 33, 0, 1, clock_now() + 10000000, 1);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), OK);
        put_subscription(0, 33, 0, 1, 5, 1); /* long past */
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), OK);
        put_subscription(0, 1, 1, 0, 0, 0);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), E_NOTSUP);
        put_subscription(0, 1, 0, 2, 0, 0);
        assert_int_equal(call("poll_oneoff", 0, 200, 1, 300), E_INVAL);
        assert_int_equal(call("poll_oneoff", 0, 200, 0, 300), E_INVAL);
        assert_int_equal(call("poll_oneoff", 0, 200, 65, 300), E_INVAL);
        assert_int_equal(call("poll_oneoff", MEMORY - 47, 200, 1, 300), E_FAULT);
        assert_int_equal(call("poll_oneoff", 48, MEMORY - 31, 1, 300), E_FAULT);
        end();
}

static _Atomic bool done;

static void *expires(void *data)
{
        nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
        wasm_instance_expire(instance, *(uint64_t *)data);
        while (!done) {
                wasm_instance_look(instance);
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
        return NULL;
}

/* Calls @name with its arguments, and ends it. */
static void ends_on_time(void (*act)(void))
{
        pthread_t thread;
        uint64_t number = wasm_instance_number(instance) + 1, began = clock_now();
        assert_int_equal(pthread_create(&thread, NULL, expires, &number), 0);
        act();
        done = true;
        pthread_join(thread, NULL);
        assert_int_equal(result, -WARD_FAULT_DEADLINE);
        assert_true(clock_now() - began < 5000000000u);
}

static void sleep_long(void)
{
        result = call("poll_oneoff", 0, 200, 1, 300);
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

static void write_to_a_pipe(void)
{
        with_output(pipe_ends[1], write_too_much);
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
                         TEST_CASE(writes), TEST_CASE(writes_where_nobody_reads), TEST_CASE(streams), TEST_CASE(exits),
                         TEST_CASE(sleeps), TEST_CASE(a_sleep_is_ended), TEST_CASE(a_write_that_blocks_is_ended));
}
