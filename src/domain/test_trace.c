#include "test/harness/harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/trace.h"

static const struct trace_names names = { "place", "basic", "operate", NULL };

/* --- What is told ----------------------------------------------------------------------------- */

enum { TOLD_MAX = 8 };

static struct told {
        char lines[TOLD_MAX][WARD_TRACE_TEXT_MAX];
        struct ward_trace traces[TOLD_MAX]; /* their texts are gone */
        int n;
} told;

/* The line without the thread's number, which is another each time. */
static void keep(void *data, const struct ward_trace *trace)
{
        char text[WARD_TRACE_TEXT_MAX];
        struct told *to = data;
        assert_true(to->n < TOLD_MAX);
        ward_trace_text(trace, text);
        strcpy(to->lines[to->n], strchr(text, ' ') + 1);
        to->traces[to->n++] = *trace;
        errno = EBADF;
}

static struct tracer *new_tracer(ward_on_trace on_trace, void *data)
{
        struct tracer *tracer;
        assert_int_equal(tracer_new(on_trace, data, &tracer, NULL), 0);
        return tracer;
}

TEST(a_crossing_begins_and_ends)
{
        struct trace trace;
        struct tracer *tracer = new_tracer(keep, &told);
        errno = 0;
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_PROCESS, &names, 40);
        trace_end(&trace, 0, NULL, 16);
        assert_int_equal(errno, 0);
        assert_int_equal(told.n, 2);
        assert_string_equal(told.lines[0], "call operate of basic (process domain 'place'), 40 bytes");
        assert_ptr_equal(strstr(told.lines[1], "call operate of basic: ok, 16 bytes, "), told.lines[1]);
        assert_int_equal(told.traces[0].size, sizeof(struct ward_trace));
        assert_false(told.traces[0].ended);
        assert_true(told.traces[1].ended);
        assert_int_equal(told.traces[1].thread, getpid());
        assert_true(told.traces[1].at_ns >= told.traces[0].at_ns + told.traces[1].duration_ns);
        assert_null(tracer_unref(tracer));
}

TEST(what_is_part_of_another_is_deeper)
{
        struct trace outer, inner;
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&outer, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        trace_begin(&inner, tracer, WARD_TRACE_CALLBACK, WARD_WASM, &names, 3);
        trace_end(&inner, 0, NULL, 0);
        trace_end(&outer, 1, NULL, 8);
        assert_string_equal(told.lines[1], "| callback operate of basic (wasm domain 'place'), 3 bytes");
        assert_ptr_equal(strstr(told.lines[2], "| callback operate of basic: ok, 0 bytes, "), told.lines[2]);
        assert_ptr_equal(strstr(told.lines[3], "call operate of basic: error, 8 bytes, "), told.lines[3]);
        assert_int_equal(told.traces[1].depth, 1);
        assert_int_equal(told.traces[3].depth, 0);
        tracer_unref(tracer);
}

TEST(a_fault_says_its_kind_and_why)
{
        struct trace trace;
        struct ward_fault fault;
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        int r = fault_set(&fault, WARD_FAULT_TRAP, "it trapped");
        trace_end(&trace, r, &fault, 99);
        assert_non_null(strstr(told.lines[1], "call operate of basic: fault trap, "));
        assert_non_null(strstr(told.lines[1], "s: it trapped"));
        assert_int_equal(told.traces[1].outcome, -WARD_FAULT_TRAP);
        assert_int_equal(told.traces[1].bytes_out, 0);
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        trace_end(&trace, r, NULL, 0);
        assert_non_null(strstr(told.lines[3], ": fault trap, "));
        tracer_unref(tracer);
}

/* The tracer outlives who made it, for a crossing that is under way. */
TEST(a_crossing_holds_its_tracer)
{
        struct trace trace;
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        tracer_unref(tracer);
        trace_end(&trace, 0, NULL, 0);
        assert_int_equal(told.n, 2);
}

/* --- To whom ---------------------------------------------------------------------------------- */

TEST(nobody_looks_unless_asked)
{
        struct trace trace;
        unsetenv("WARD_TRACE");
        assert_null(new_tracer(NULL, NULL));
        setenv("WARD_TRACE", "0", 1);
        assert_null(new_tracer(NULL, NULL));
        setenv("WARD_TRACE", "", 1);
        assert_null(new_tracer(NULL, NULL));
        trace_begin(&trace, NULL, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        trace_end(&trace, 0, NULL, 0);
        tracer_close(NULL);
        assert_null(tracer_ref(NULL));
        assert_null(tracer_unref(NULL));
}

static void trace_one(struct tracer *tracer)
{
        struct trace trace;
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        trace_end(&trace, 0, NULL, 0);
}

/* Several threads, each line whole; a pipe takes no more than it holds. */
static void *trace_many(void *tracer)
{
        for (int i = 0; i < 50; i++)
                trace_one(tracer);
        return NULL;
}

static size_t print_from_threads(char *text, size_t size)
{
        pthread_t threads[4];
        int ends[2], before = dup(STDERR_FILENO);
        setenv("WARD_TRACE", "1", 1);
        struct tracer *tracer = new_tracer(NULL, NULL);
        assert_int_equal(pipe(ends), 0);
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, trace_many, tracer), 0);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
                pthread_join(threads[i], NULL);
        dup2(before, STDERR_FILENO);
        close(before);
        tracer_unref(tracer);
        size_t len = 0;
        for (ssize_t n; (n = read(ends[0], text + len, size - 1 - len)) > 0;)
                len += (size_t)n;
        text[len] = '\0';
        close(ends[0]);
        return len;
}

TEST(the_environment_asks_for_lines)
{
        static char text[65536];
        size_t begun = 0, ended = 0;
        print_from_threads(text, sizeof text);
        for (char *next = text, *line; (line = strsep(&next, "\n")) && *line;) {
                assert_ptr_equal(strstr(line, "ward["), line);
                begun += strstr(line, "] call operate of basic (wasm domain 'place'), 0 bytes") != NULL;
                ended += strstr(line, "] call operate of basic: ok, 0 bytes, ") != NULL;
        }
        assert_int_equal(begun, 200);
        assert_int_equal(ended, 200);
}

static void trace_within(void *data, const struct ward_trace *trace)
{
        static struct tracer *own;
        if (trace->what != WARD_TRACE_CALL)
                return;
        told.n++;
        if (!own)
                own = new_tracer(keep, data);
        trace_one(own);
        own = tracer_unref(own);
}

TEST(what_is_done_while_being_told_is_not_told)
{
        struct tracer *tracer = new_tracer(trace_within, &told);
        trace_one(tracer);
        assert_int_equal(told.n, 2);
        tracer_unref(tracer);
}

/* --- The end ---------------------------------------------------------------------------------- */

static struct {
        _Atomic bool inside;
        _Atomic bool closed;
        bool was_closed;
} gate;

static void linger(void *data, const struct ward_trace *trace)
{
        atomic_store(&gate.inside, true);
        usleep(50000); /* what must not happen meanwhile cannot be waited for */
        gate.was_closed = atomic_load(&gate.closed);
}

static void *begin_one(void *tracer)
{
        struct trace trace;
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        trace.tracer = tracer_unref(trace.tracer);
        return NULL;
}

TEST(closing_waits_for_who_is_being_told)
{
        pthread_t thread;
        struct tracer *tracer = new_tracer(linger, NULL);
        assert_int_equal(pthread_create(&thread, NULL, begin_one, tracer), 0);
        while (!atomic_load(&gate.inside))
                sched_yield();
        tracer_close(tracer);
        atomic_store(&gate.closed, true);
        pthread_join(thread, NULL);
        assert_false(gate.was_closed);
        tracer_unref(tracer);
}

TEST(behind_the_end_nobody_is_told)
{
        struct trace trace;
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        tracer_close(tracer);
        trace_end(&trace, 0, NULL, 0);
        trace_one(tracer);
        assert_int_equal(told.n, 1);
        tracer_unref(tracer);
}

TEST(a_forked_child_is_not_traced)
{
        struct trace trace;
        int status;
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&trace, tracer, WARD_TRACE_CALL, WARD_WASM, &names, 0);
        pid_t child = fork();
        trace_end(&trace, 0, NULL, 0);
        if (!child) {
                trace_one(tracer);
                tracer_close(tracer);
                _exit(told.n);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_int_equal(told.n, 2);
        tracer_unref(tracer);
}

/* --- Lines ------------------------------------------------------------------------------------ */

static const char *text_of(struct ward_trace trace)
{
        static char text[WARD_TRACE_TEXT_MAX];
        trace.thread = 7;
        ward_trace_text(&trace, text);
        return text;
}

#define NO_NAMES .domain = "d", .addin = "", .function = "", .module = "", .fault = ""

TEST(domains_and_add_ins_have_lines)
{
        struct ward_trace start = { .what = WARD_TRACE_START, .isolation = WARD_PROCESS, NO_NAMES };
        struct ward_trace end = { .what = WARD_TRACE_END, .ended = true, .duration_ns = 2500000, NO_NAMES };
        struct ward_trace load = { .what = WARD_TRACE_LOAD, .isolation = WARD_PROCESS, NO_NAMES };
        struct ward_trace unload = { .what = WARD_TRACE_UNLOAD, .ended = true, .duration_ns = 999, NO_NAMES };
        load.addin = unload.addin = "basic";
        load.module = "./basic.so";
        assert_string_equal(text_of(start), "ward[7] start domain 'd' (process)");
        assert_string_equal(text_of(end), "ward[7] end domain 'd': ok, 2.500 ms");
        assert_string_equal(text_of(load), "ward[7] load basic (process domain 'd') from ./basic.so");
        assert_string_equal(text_of(unload), "ward[7] unload basic: ok, 999 ns");
}

TEST(lines_are_cut_at_their_limit)
{
        static char name[2 * WARD_TRACE_TEXT_MAX];
        memset(name, 'x', sizeof name - 1);
        struct ward_trace load = { .what = WARD_TRACE_LOAD, .depth = 1000, NO_NAMES };
        load.module = name;
        assert_int_equal(strlen(text_of(load)), WARD_TRACE_TEXT_MAX - 1);
        assert_string_equal(text_of((struct ward_trace){ .what = (enum ward_trace_what)99, NO_NAMES }),
                            "ward[7] ? domain 'd' (direct)");
}

TEST(names_cannot_make_lines)
{
        struct trace trace;
        const struct trace_names odd = { .domain = "d", .addin = "a\nb", .module = "\033[2J" };
        struct tracer *tracer = new_tracer(keep, &told);
        trace_begin(&trace, tracer, WARD_TRACE_LOAD, WARD_WASM, &odd, 0);
        trace_end(&trace, 0, NULL, 0);
        assert_string_equal(told.lines[0], "load a\\x0ab (wasm domain 'd') from \\x1b[2J");
        tracer_unref(tracer);
}

/* --- Values ----------------------------------------------------------------------------------- */

struct block {
        void *at;
        size_t len;
};

static const struct ward_type u32 = { .kind = WARD_TYPE_INT, .abi_size = 4, .abi_align = 4, .size = 4, .flat = 1 };
static const struct ward_type string = {
        .kind = WARD_TYPE_STRING, .flags = WARD_TYPE_OWNS, .abi_size = 8, .abi_align = 4, .size = 16
};
static const struct ward_type wide = {
        .kind = WARD_TYPE_STRING, .flags = WARD_TYPE_OWNS | WARD_TYPE_UTF16, .abi_size = 8, .abi_align = 4, .size = 16
};
static const struct ward_field numbers_of[] = { { &u32, 0, 0 } }, strings_of[] = { { &string, 0, 0 } };
static const struct ward_type numbers = {
        .kind = WARD_TYPE_LIST, .flags = WARD_TYPE_OWNS, .abi_size = 8, .size = 16, .n = 1, .fields = numbers_of
};
static const struct ward_type strings = {
        .kind = WARD_TYPE_LIST, .flags = WARD_TYPE_OWNS, .abi_size = 8, .size = 16, .n = 1, .fields = strings_of
};
static const struct ward_type pair = {
        .kind = WARD_TYPE_ARRAY, .flags = WARD_TYPE_OWNS, .abi_size = 16, .size = 32, .n = 2, .fields = strings_of
};

TEST(bytes_are_those_of_the_values_and_their_contents)
{
        struct block text = { "hello", 5 }, list = { (uint32_t[3]){ 0 }, 3 };
        struct block both[] = { { "a", 1 }, { "bcd", 3 } }, nested = { both, 2 };
        uint32_t number = 1;
        assert_int_equal(trace_bytes(NULL, NULL), 0);
        assert_int_equal(trace_bytes(&u32, &number), 4);
        assert_int_equal(trace_bytes(&string, &text), 8 + 5);
        assert_int_equal(trace_bytes(&wide, &text), 8 + 10);
        assert_int_equal(trace_bytes(&numbers, &list), 8 + 12);
        assert_int_equal(trace_bytes(&strings, &nested), 8 + 2 * 8 + 4);
        assert_int_equal(trace_bytes(&pair, both), 16 + 4);
        nested.at = NULL;
        assert_int_equal(trace_bytes(&strings, &nested), 8 + 2 * 8);
}

/* option<string> in a record. */
static const struct ward_field cases[] = { { NULL, 8, 4 }, { &string, 8, 4 } };
static const struct ward_type option = {
        .kind = WARD_TYPE_VARIANT, .flags = WARD_TYPE_OWNS, .tag_size = 1, .abi_size = 12, .size = 24, .n = 2, .fields = cases
};
static const struct ward_field members[] = { { &u32, 0, 0 }, { &option, 8, 4 } };
static const struct ward_type record = {
        .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_OWNS, .abi_size = 16, .size = 32, .n = 2, .fields = members
};

TEST(bytes_are_of_the_case_that_there_is)
{
        struct {
                uint64_t number;
                uint64_t tag;
                struct block text;
        } value = { 1, 0, { "hello", 5 } };
        assert_int_equal(trace_bytes(&record, &value), 16);
        value.tag = 1;
        assert_int_equal(trace_bytes(&record, &value), 16 + 5);
        value.tag = 7;
        assert_int_equal(trace_bytes(&record, &value), 16);
}

static bool is_error(const char *signature, const struct ward_type *result, uint8_t tag)
{
        const struct ward_func func = { .name = "f", .signature = signature, .result = result };
        return trace_is_error(&func, &tag);
}

TEST(only_results_can_be_errors)
{
        static const struct ward_type bare = { .kind = WARD_TYPE_VARIANT, .tag_size = 1, .abi_size = 1, .size = 1, .n = 2 };
        assert_true(is_error("func(a: u8) -> result<_, string>", &option, 1));
        assert_false(is_error("func(a: u8) -> result<_, string>", &option, 0));
        assert_true(is_error("func() -> result", &bare, 1));
        assert_false(is_error("func() -> option<string>", &option, 1));
        assert_false(is_error("func(a: result<u8>) -> option<string>", &option, 1));
        assert_false(is_error("func() -> result-of", &bare, 1));
        assert_false(is_error("func()", NULL, 1));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_crossing_begins_and_ends), TEST_CASE(what_is_part_of_another_is_deeper),
                         TEST_CASE(a_fault_says_its_kind_and_why), TEST_CASE(a_crossing_holds_its_tracer),
                         TEST_CASE(nobody_looks_unless_asked), TEST_CASE(the_environment_asks_for_lines),
                         TEST_CASE(what_is_done_while_being_told_is_not_told), TEST_CASE(closing_waits_for_who_is_being_told),
                         TEST_CASE(behind_the_end_nobody_is_told), TEST_CASE(a_forked_child_is_not_traced),
                         TEST_CASE(domains_and_add_ins_have_lines), TEST_CASE(lines_are_cut_at_their_limit),
                         TEST_CASE(names_cannot_make_lines), TEST_CASE(bytes_are_those_of_the_values_and_their_contents),
                         TEST_CASE(bytes_are_of_the_case_that_there_is), TEST_CASE(only_results_can_be_errors));
}
