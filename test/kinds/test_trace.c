/* Looking in, at every kind, through the public API: what is told of calls, callbacks, add-ins and domains. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/trace.h>
#include "probe_host.h"
#include "test/support.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

#define FOR_EACH_KIND(kind)                                                                                                        \
        for (size_t kind##_i = 0; kind##_i < 3; kind##_i++)                                                                        \
                if (((kind) = kinds[kind##_i]), 1)

/* --- What was told ---------------------------------------------------------------------------- */

enum { LINES_MAX = 64 };

/* The lines, without the thread before them and the duration behind. */
static struct told {
        pthread_mutex_t lock;
        char lines[LINES_MAX][WARD_TRACE_TEXT_MAX];
        struct ward_trace traces[LINES_MAX]; /* their texts are gone */
        int n;
} told = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void cut_duration(char *line, const struct ward_trace *trace)
{
        static const char *const units[] = { " ns", " us", " ms" };
        char *fault = *trace->fault ? strstr(line, trace->fault) : NULL;
        if (fault)
                fault[-2] = '\0';
        for (size_t i = 0; i < 3; i++) {
                size_t len = strlen(line);
                if (trace->ended && !strcmp(line + len - 3, units[i]))
                        *strrchr(line, ',') = '\0';
        }
}

static void keep(void *data, const struct ward_trace *trace)
{
        char text[WARD_TRACE_TEXT_MAX];
        struct told *to = data;
        ward_trace_text(trace, text);
        pthread_mutex_lock(&to->lock);
        assert_true(to->n < LINES_MAX);
        strcpy(to->lines[to->n], strchr(text, ' ') + 1);
        cut_duration(to->lines[to->n], trace);
        to->traces[to->n++] = *trace;
        pthread_mutex_unlock(&to->lock);
}

static void assert_told(int first, const char *const *lines)
{
        for (int i = 0; lines[i]; i++) {
                assert_true(first + i < told.n);
                assert_string_equal(told.lines[first + i], lines[i]);
        }
}

#define ASSERT_TOLD(first, ...) assert_told(first, (const char *const[]){ __VA_ARGS__, NULL })

static void forget(void)
{
        told.n = 0;
}

/* --- The host --------------------------------------------------------------------------------- */

static struct probe *current;

static uint32_t down(void *data, uint32_t depth)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(probe_descend(current, depth, &ret, &fault), &fault);
        return ret;
}

static bool judge(void *data, probe_pair_t *maybe_value, probe_list_pair_t *ret, probe_string_t *err)
{
        if (maybe_value) {
                *ret = (probe_list_pair_t){ NULL, 0 };
                return true;
        }
        probe_string_dup(err, "no pair");
        return false;
}

static const struct probe_services services = { .down = down, .judge = judge };

static struct ward_host *start(void)
{
        struct ward_host_options options = { .size = sizeof options, .on_trace = keep, .on_trace_data = &told };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static struct probe *activate(struct ward_host *host, enum ward_isolation isolation)
{
        struct ward_activate_options options = options_for(isolation);
        struct ward_fault fault;
        options.name = "it";
        assert_good(probe_activate(host, addin_file("probe", isolation), &options, &services, &current, &fault), &fault);
        return current;
}

static probe_string_t text(const char *from)
{
        probe_string_t string;
        probe_string_set(&string, from);
        return string;
}

/* "… (process domain 'it') …": at kind direct the domain is the host. */
static const char *with_kind(const char *format, enum ward_isolation kind)
{
        static char texts[8][WARD_TRACE_TEXT_MAX];
        static int next;
        char *to = texts[next++ % 8], place[64];
        snprintf(place, sizeof place, "%s domain '%s'", ward_isolation_name(kind), kind == WARD_DIRECT ? "host" : "it");
        const char *mark = strstr(format, "(@)") + 1;
        snprintf(to, sizeof texts[0], "%.*s%s%s", (int)(mark - format), format, place, mark + 1);
        return to;
}

/* --- Tests ------------------------------------------------------------------------------------ */

TEST(calls_and_callbacks_are_nested)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_host *host = start();
                struct probe *probe = activate(host, kind);
                uint32_t ret;
                forget();
                assert_int_equal(probe_descend(probe, 1, &ret, NULL), 0);
                ASSERT_TOLD(0, with_kind("call descend of it (@), 4 bytes", kind),
                            with_kind("| callback down of it (@), 4 bytes", kind),
                            with_kind("| | call descend of it (@), 4 bytes", kind), "| | call descend of it: ok, 4 bytes",
                            "| callback down of it: ok, 4 bytes", "call descend of it: ok, 4 bytes");
                assert_int_equal(told.n, 6);
                assert_int_equal(told.traces[2].depth, 2);
                assert_int_equal(told.traces[5].thread, gettid());
                assert_true(told.traces[5].duration_ns > told.traces[4].duration_ns);
                assert_int_equal(told.traces[0].isolation, kind);
                probe_release(probe);
                ward_host_free(host);
        }
}

/* Also where a view would connect directly to the add-in's own function. */
TEST(structs_of_scalars_cross_as_all_do)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_host *host = start();
                struct probe *probe = activate(host, kind);
                probe_point_t point = { 1, 2, true };
                probe_tuple2_u8_s64_t tuple = { 3, 4 };
                double ret;
                forget();
                assert_int_equal(probe_measure(probe, &point, &tuple, PROBE_MOOD_CALM, &ret, NULL), 0);
                ASSERT_TOLD(0, with_kind("call measure of it (@), 40 bytes", kind), "call measure of it: ok, 8 bytes");
                assert_int_equal(told.n, 2);
                probe_release(probe);
                ward_host_free(host);
        }
}

TEST(the_contracts_own_error_is_no_fault)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_host *host = start();
                struct probe *probe = activate(host, kind);
                probe_list_pair_t ret;
                probe_string_t err;
                forget();
                assert_int_equal(probe_ask(probe, NULL, &ret, &err, NULL), 1);
                probe_string_free(&err);
                assert_string_equal(told.lines[2], "| callback judge of it: error, 19 bytes");
                assert_string_equal(told.lines[3], "call ask of it: error, 19 bytes");
                assert_int_equal(told.traces[3].outcome, 1);
                probe_release(probe);
                ward_host_free(host);
        }
}

/* Strings count with their contents, and what Ward itself serves is a callback like any. */
TEST(values_are_counted)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_host *host = start();
                struct probe *probe = activate(host, kind);
                probe_string_t key = text("key"), err;
                probe_list_u8_t value = { (uint8_t *)"0123456789", 10 };
                forget();
                assert_int_equal(probe_put(probe, &key, &value, &err, NULL), 0);
                ASSERT_TOLD(0, with_kind("call put of it (@), 29 bytes", kind),
                            with_kind("| callback ward:domain/data@0.1.0#set of it (@), 29 bytes", kind),
                            "| callback ward:domain/data@0.1.0#set of it: ok, 12 bytes", "call put of it: ok, 12 bytes");
                probe_release(probe);
                ward_host_free(host);
        }
}

TEST(add_ins_come_and_go_with_their_domains)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                char load[WARD_TRACE_TEXT_MAX], begun[64];
                bool direct = kind == WARD_DIRECT;
                forget();
                struct ward_host *host = start();
                struct probe *probe = activate(host, kind);
                snprintf(load, sizeof load, "%s from %s", with_kind("load it (@)", kind), addin_file("probe", kind));
                snprintf(begun, sizeof begun, "start domain 'it' (%s)", ward_isolation_name(kind));
                if (!direct)
                        ASSERT_TOLD(0, begun, "start domain 'it': ok");
                ASSERT_TOLD(direct ? 0 : 2, load, "load it: ok");
                forget();
                probe_release(probe);
                ASSERT_TOLD(0, with_kind("unload it (@)", kind), "unload it: ok");
                snprintf(begun, sizeof begun, "end domain 'it' (%s)", ward_isolation_name(kind));
                if (!direct)
                        ASSERT_TOLD(2, begun, "end domain 'it': ok");
                assert_int_equal(told.n, direct ? 2 : 4);
                ward_host_free(host);
        }
}

TEST(what_cannot_be_loaded_says_so)
{
        struct ward_host *host = start();
        struct ward_activate_options options = options_for(WARD_DIRECT);
        assert_int_equal(probe_activate(host, "/nowhere/it.so", &options, &services, &current, NULL), -WARD_FAULT_MODULE);
        ASSERT_TOLD(0, "load it (direct domain 'host') from /nowhere/it.so", "load it: fault module");
        assert_int_equal(told.n, 2);
        ward_host_free(host);
}

TEST(a_call_to_what_is_gone_is_a_fault)
{
        static const enum ward_isolation isolating[] = { WARD_WASM, WARD_PROCESS };
        for (size_t i = 0; i < 2; i++) {
                struct ward_host *host = start();
                struct probe *probe = activate(host, isolating[i]);
                uint32_t ret;
                ward_domain_unload(ward_instance_domain((struct ward_instance *)probe), NULL);
                forget();
                assert_int_equal(probe_descend(probe, 0, &ret, NULL), -WARD_FAULT_UNLOADED);
                ASSERT_TOLD(0, with_kind("call descend of it (@), 4 bytes", isolating[i]), "call descend of it: fault unloaded");
                assert_int_equal(told.traces[1].outcome, -WARD_FAULT_UNLOADED);
                ward_host_free(host);
                forget();
                assert_int_equal(probe_descend(probe, 0, &ret, NULL), -WARD_FAULT_UNLOADED);
                probe_release(probe);
                assert_int_equal(told.n, 0);
        }
}

/* Longer than the call may take that it is part of. */
static uint32_t hang(void *data, uint32_t depth)
{
        usleep(100000);
        return 0;
}

TEST(a_fault_ends_its_domain_in_sight)
{
        static const struct probe_services hanging = { .down = hang, .judge = judge };
        struct ward_host *host = start();
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct probe *probe;
        struct ward_fault fault;
        uint32_t ret;
        options.name = "it";
        options.deadline_ms = 20;
        assert_good(probe_activate(host, addin_file("probe", WARD_PROCESS), &options, &hanging, &probe, &fault), &fault);
        forget();
        assert_int_equal(probe_descend(probe, 1, &ret, &fault), -WARD_FAULT_DEADLINE);
        probe_release(probe);
        int call = -1, end = -1;
        for (int i = 0; i < told.n; i++) {
                call = strcmp(told.lines[i], "call descend of it: fault deadline") ? call : i;
                end = strstr(told.lines[i], "end domain 'it': fault deadline") ? i : end; /* within the call */
        }
        assert_true(call >= 0 && end >= 0);
        ward_host_free(host);
}

static void call_within(void *data, const struct ward_trace *trace)
{
        uint32_t ret;
        told.n++;
        if (current)
                assert_int_equal(probe_descend(current, 0, &ret, NULL), 0);
}

TEST(who_is_told_may_call)
{
        struct ward_host_options traced = { .size = sizeof traced, .on_trace = call_within };
        struct ward_host *host = NULL;
        struct probe *probe;
        uint32_t ret;
        struct ward_fault fault;
        assert_good(ward_host_new(&traced, &host, &fault), &fault);
        probe = activate(host, WARD_DIRECT);
        forget();
        assert_int_equal(probe_descend(probe, 0, &ret, NULL), 0);
        assert_int_equal(told.n, 2);
        current = NULL;
        probe_release(probe);
        ward_host_free(host);
}

static void *call_many(void *probe)
{
        uint32_t ret;
        for (int i = 0; i < 4; i++)
                assert_int_equal(probe_descend(probe, 0, &ret, NULL), 0);
        return NULL;
}

TEST(each_thread_tells_its_own)
{
        struct ward_host *host = start();
        struct probe *probe = activate(host, WARD_PROCESS);
        pthread_t threads[4];
        forget();
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, call_many, probe), 0);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(told.n, 4 * 4 * 2);
        for (int i = 0; i < told.n; i++) {
                int of_thread = 0;
                for (int j = 0; j < told.n; j++)
                        of_thread += told.traces[j].thread == told.traces[i].thread;
                assert_int_equal(of_thread, 8);
                assert_int_equal(told.traces[i].depth, 0);
        }
        probe_release(probe);
        ward_host_free(host);
}

/* What stderr gets of one host: its length. */
static size_t printed(char *to, size_t size)
{
        int ends[2], before = dup(STDERR_FILENO);
        uint32_t ret;
        assert_int_equal(pipe(ends), 0);
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        struct ward_host *host = host_start();
        struct probe *probe = activate(host, WARD_DIRECT);
        assert_int_equal(probe_descend(probe, 0, &ret, NULL), 0);
        probe_release(probe);
        ward_host_free(host);
        dup2(before, STDERR_FILENO);
        close(before);
        size_t len = 0;
        for (ssize_t n; (n = read(ends[0], to + len, size - 1 - len)) > 0;)
                len += (size_t)n;
        to[len] = '\0';
        close(ends[0]);
        return len;
}

TEST(the_library_prints_only_when_asked)
{
        static char lines[4096];
        char expected[64];
        unsetenv("WARD_TRACE");
        assert_int_equal(printed(lines, sizeof lines), 0);
        setenv("WARD_TRACE", "1", 1);
        assert_true(printed(lines, sizeof lines) > 0);
        snprintf(expected, sizeof expected, "ward[%d] call descend of it: ok, 4 bytes, ", (int)gettid());
        assert_non_null(strstr(lines, expected));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(calls_and_callbacks_are_nested), TEST_CASE(structs_of_scalars_cross_as_all_do),
                         TEST_CASE(the_contracts_own_error_is_no_fault), TEST_CASE(values_are_counted),
                         TEST_CASE(add_ins_come_and_go_with_their_domains), TEST_CASE(what_cannot_be_loaded_says_so),
                         TEST_CASE(a_call_to_what_is_gone_is_a_fault), TEST_CASE(a_fault_ends_its_domain_in_sight),
                         TEST_CASE(who_is_told_may_call), TEST_CASE(each_thread_tells_its_own),
                         TEST_CASE(the_library_prints_only_when_asked));
}
