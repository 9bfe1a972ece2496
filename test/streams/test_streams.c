/* The standard streams of a process domain, and connections of its own, at every level that this machine can hold. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ward/buffer.h>
#include "streams_host.h"
#include "base/own.h"
#include "test/support.h"

static const enum ward_level levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_HOST };

enum { LEVELS = sizeof levels / sizeof *levels, HEARD_MAX = 4 << 20 };

/* What the host has heard, in one stream; '1' or '2' before each piece where @marked. */
static struct heard {
        char bytes[HEARD_MAX];
        size_t n;
        bool marked;
        bool slow;
        size_t at_fault; /* @n when the fault was told; SIZE_MAX: not yet */
} heard;

static void on_output(void *data, struct ward_domain *domain, const char *addin, int fd, const void *bytes, size_t len)
{
        assert_ptr_equal(data, &heard);
        assert_string_equal(addin, "streams");
        assert_true(heard.n + len + 1 <= HEARD_MAX);
        if (heard.marked)
                heard.bytes[heard.n++] = (char)('0' + fd);
        memcpy(heard.bytes + heard.n, bytes, len);
        heard.n += len;
        if (heard.slow)
                usleep(1000);
}

static size_t on_input(void *data, struct ward_domain *domain, const char *addin, void *to, size_t size)
{
        size_t *left = data, n = *left < size ? *left : size;
        memset(to, 1, n);
        *left -= n;
        return n;
}

static void on_fault(void *data, struct ward_domain *domain, const struct ward_fault *fault)
{
        heard.at_fault = heard.n;
}

struct stage {
        struct ward_host *host;
        struct streams *streams;
};

static struct ward_activate_options telling(enum ward_level level)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.level = level;
        options.name = "streams";
        options.on_output = on_output;
        options.on_output_data = &heard;
        return options;
}

static struct ward_host *make_host(void)
{
        const struct ward_host_options options = { .size = sizeof options, .on_fault = on_fault };
        struct ward_fault fault;
        struct ward_host *host;
        heard = (struct heard){ .at_fault = SIZE_MAX };
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

/* False: this machine cannot hold the level, which is said once. */
static bool set(struct stage *stage, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        stage->host = make_host();
        int r = streams_activate(stage->host, addin_file("streams", WARD_PROCESS), options, NULL, &stage->streams, &fault);
        if (r != -WARD_FAULT_REFUSED)
                assert_good(r, &fault);
        if (!r)
                return true;
        if (getenv("WARD_MUST_WORK"))
                fail_msg("level %s: %s", ward_level_name(options->level), fault.text);
        print_message("not tried: level %s: %s\n", ward_level_name(options->level), fault.text);
        stage->host = ward_host_free(stage->host);
        return false;
}

static void strike(struct stage *stage)
{
        stage->streams = streams_release(stage->streams);
        stage->host = ward_host_free(stage->host);
}

static streams_list_u8_t bytes_of(const char *text)
{
        return (streams_list_u8_t){ (uint8_t *)(uintptr_t)text, strlen(text) };
}

static uint64_t say(const struct stage *stage, uint32_t number, const char *text, uint32_t times)
{
        struct ward_fault fault;
        const streams_list_u8_t bytes = bytes_of(text);
        uint64_t written = 0;
        assert_good(streams_write(stage->streams, number, &bytes, times, &written, &fault), &fault);
        return written;
}

/* --- Output ----------------------------------------------------------------------------------- */

/* Partial lines, no newline, bytes of any kind: as they are; the rest comes with the domain's end at the latest. */
TEST(what_is_written_is_heard_at_each_level)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = telling(levels[i]);
                struct stage stage;
                if (!set(&stage, &options))
                        continue;
                assert_int_equal(say(&stage, 1, "line\npart", 1), 9);
                assert_int_equal(say(&stage, 1, "\xff\x01 of a line", 1), 12);
                strike(&stage);
                assert_int_equal(heard.n, 21);
                assert_memory_equal(heard.bytes, "line\npart\xff\x01 of a line", 21);
        }
}

TEST(both_streams_are_told_apart)
{
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        assert_true(set(&stage, &options));
        heard.marked = true;
        say(&stage, 2, "error", 1);
        for (int i = 0; i < 2000 && heard.n < 6; i++)
                usleep(1000); /* live: not only at the end */
        assert_int_equal(heard.n, 6);
        say(&stage, 1, "output", 1);
        strike(&stage);
        assert_int_equal(heard.n, 13);
        assert_memory_equal(heard.bytes, "2error1output", 13);
}

/* More than a pipe holds, to a host that is slow: the add-in waits, nothing is lost. */
TEST(a_lot_of_it_is_heard_whole)
{
        static char text[1000];
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        options.deadline_ms = 20000;
        memset(text, 'x', sizeof text - 1);
        assert_true(set(&stage, &options));
        heard.slow = true;
        assert_int_equal(say(&stage, 1, text, 1000), 999 * 1000);
        strike(&stage);
        assert_int_equal(heard.n, 999 * 1000);
}

TEST(all_of_it_is_heard_before_a_crash_is_told)
{
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        struct ward_fault fault;
        const streams_list_u8_t text = bytes_of("last words");
        assert_true(set(&stage, &options));
        assert_int_equal(streams_write_and_crash(stage.streams, &text, &fault), -WARD_FAULT_SIGNAL);
        assert_int_equal(heard.n, 10);
        assert_int_equal(heard.at_fault, 10);
        strike(&stage);
        assert_int_equal(heard.n, 10);
}

/* An add-in that writes without end is ended by its deadline, and costs a bounded amount of words. */
TEST(a_flood_ends_with_its_deadline)
{
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        struct ward_fault fault;
        options.deadline_ms = 200;
        assert_true(set(&stage, &options));
        heard.slow = true;
        assert_int_equal(streams_flood(stage.streams, 1, &fault), -WARD_FAULT_DEADLINE);
        assert_true(heard.at_fault > 0 && heard.at_fault != SIZE_MAX);
        strike(&stage);
}

TEST(a_stream_that_is_shut_is_no_end)
{
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        struct ward_fault fault;
        assert_true(set(&stage, &options));
        assert_good(streams_shut(stage.streams, 1, &fault), &fault);
        assert_int_equal(say(&stage, 1, "lost", 1), 0);
        assert_int_equal(say(&stage, 2, "kept", 1), 4);
        strike(&stage);
        assert_int_equal(heard.n, 4);
}

/* A domain that add-ins are activated into, with its name. */
TEST(a_domain_has_its_streams)
{
        struct ward_host *host = make_host();
        const struct ward_domain_options options = { .size = sizeof options,
                                                     .name = "streams",
                                                     .isolation = WARD_PROCESS,
                                                     .on_output = on_output,
                                                     .on_output_data = &heard };
        struct ward_domain *domain;
        struct ward_fault fault;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        struct ward_activate_options into = options_for(WARD_PROCESS);
        into.domain = domain;
        struct stage stage = { .host = host };
        assert_good(streams_activate(host, addin_file("streams", WARD_PROCESS), &into, NULL, &stage.streams, &fault), &fault);
        say(&stage, 1, "here", 1);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        assert_int_equal(heard.n, 4);
        ward_domain_release(domain);
        strike(&stage);
}

/* --- Input ------------------------------------------------------------------------------------ */

TEST(input_is_what_the_host_gives)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = telling(levels[i]);
                struct stage stage;
                struct ward_fault fault;
                streams_input_t input;
                size_t left = 200000;
                options.on_input = on_input;
                options.on_input_data = &left;
                if (!set(&stage, &options))
                        continue;
                assert_good(streams_read_all(stage.streams, &input, &fault), &fault);
                assert_int_equal(input.bytes, 200000);
                assert_int_equal(input.sum, 200000);
                strike(&stage);
        }
}

TEST(without_any_input_is_empty)
{
        struct ward_activate_options options = telling(WARD_LEVEL_FULL_TRUST);
        struct stage stage;
        struct ward_fault fault;
        streams_input_t input;
        assert_true(set(&stage, &options));
        assert_good(streams_read_all(stage.streams, &input, &fault), &fault);
        assert_int_equal(input.bytes, 0);
        strike(&stage);
}

/* --- Streams that are given ------------------------------------------------------------------- */

static void make_pipe(int fds[2])
{
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
}

static struct ward_stream *stream_of(int fd)
{
        struct ward_stream *stream;
        assert_int_equal(ward_stream_new(fd, &stream), 0);
        return stream;
}

TEST(given_streams_are_the_workers_own)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = options_for(WARD_PROCESS);
                int in[2], out[2];
                char bytes[16];
                struct stage stage;
                struct ward_fault fault;
                streams_input_t input;
                make_pipe(in);
                make_pipe(out);
                struct ward_stream *given[3] = { stream_of(in[0]), stream_of(out[1]), NULL };
                options.level = levels[i];
                options.streams = given;
                bool held = set(&stage, &options);
                ward_stream_release(given[0]);
                ward_stream_release(given[1]);
                if (held) {
                        assert_int_equal(write(in[1], "abc", 3), 3);
                        in[1] = fd_close(in[1]);
                        assert_good(streams_read_all(stage.streams, &input, &fault), &fault);
                        assert_int_equal(input.bytes, 3);
                        assert_int_equal(input.sum, 'a' + 'b' + 'c');
                        say(&stage, 1, "given", 1);
                        assert_int_equal(read(out[0], bytes, sizeof bytes), 5);
                        strike(&stage);
                        assert_int_equal(read(out[0], bytes, sizeof bytes), 0); /* nobody is left that could write */
                }
                fd_close(in[1]);
                close(out[0]);
        }
}

/* Below full-trust the worker never has the host's own descriptors, since a terminal is two-way. */
TEST(the_hosts_own_streams_stay_its_own)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = options_for(WARD_PROCESS);
                struct stage stage;
                struct ward_fault fault;
                streams_file_t file;
                struct stat own;
                bool trusted = levels[i] == WARD_LEVEL_FULL_TRUST || levels[i] == WARD_LEVEL_HOST;
                options.level = levels[i];
                assert_int_equal(fstat(STDERR_FILENO, &own), 0);
                if (!set(&stage, &options))
                        continue;
                assert_good(streams_look(stage.streams, STDERR_FILENO, &file, &fault), &fault);
                assert_int_equal(file.device == own.st_dev && file.number == own.st_ino, trusted);
                if (!trusted)
                        assert_int_equal(file.kind, S_IFIFO);
                strike(&stage);
        }
}

static int replace_stderr(int with)
{
        int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
        assert_int_equal(dup2(with, STDERR_FILENO), STDERR_FILENO);
        return before;
}

/* What it writes there is passed on. */
TEST(output_goes_to_the_hosts_own_streams)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = options_for(WARD_PROCESS);
                char bytes[16];
                struct stage stage;
                int fds[2];
                options.level = levels[i];
                make_pipe(fds);
                int before = replace_stderr(fds[1]);
                bool held = set(&stage, &options);
                if (held) {
                        say(&stage, 2, "passed on", 1);
                        strike(&stage);
                }
                close(replace_stderr(before));
                close(before);
                close(fds[1]);
                if (held)
                        assert_int_equal(read(fds[0], bytes, sizeof bytes), 9);
                close(fds[0]);
        }
}

/* --- Connections ------------------------------------------------------------------------------ */

/* One end of a socket pair is the add-in's own: it and the host talk with nobody between them. */
static void converse(const struct stage *stage, int type)
{
        struct streams_converse_pending *pending;
        struct ward_fault fault;
        char answer[16] = "";
        int64_t all = 0;
        int pair[2];
        assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
        assert_good(streams_converse_begin(stage->streams, stream_of(pair[1]), &pending, &fault), &fault);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(write(pair[0], "hello", 5), 5);
                assert_int_equal(read(pair[0], answer, sizeof answer), 5);
                assert_string_equal(answer, "HELLO");
        }
        close(pair[0]);
        assert_good(streams_converse_finish(pending, &all, &fault), &fault);
        assert_int_equal(all, 15);
}

TEST(a_connection_of_their_own_at_each_level)
{
        for (size_t i = 0; i < LEVELS; i++) {
                struct ward_activate_options options = telling(levels[i]);
                struct stage stage;
                if (!set(&stage, &options))
                        continue;
                converse(&stage, SOCK_STREAM);
                converse(&stage, SOCK_SEQPACKET);
                strike(&stage);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_is_written_is_heard_at_each_level), TEST_CASE(both_streams_are_told_apart),
                         TEST_CASE(a_lot_of_it_is_heard_whole), TEST_CASE(all_of_it_is_heard_before_a_crash_is_told),
                         TEST_CASE(a_flood_ends_with_its_deadline), TEST_CASE(a_stream_that_is_shut_is_no_end),
                         TEST_CASE(a_domain_has_its_streams), TEST_CASE(input_is_what_the_host_gives),
                         TEST_CASE(without_any_input_is_empty), TEST_CASE(given_streams_are_the_workers_own),
                         TEST_CASE(the_hosts_own_streams_stay_its_own), TEST_CASE(output_goes_to_the_hosts_own_streams),
                         TEST_CASE(a_connection_of_their_own_at_each_level));
}
