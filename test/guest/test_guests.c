/* Kind `wasm` through the public API: modules that lie, modules that do not end, and a plain program of the C library's. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "guest_host.h"
#include "test/support.h"

/* --- A stage ---------------------------------------------------------------------------------- */

struct stage {
        struct ward_host *host;
        struct guest *guest;
        int asked;
        int32_t (*ask)(struct stage *stage, int32_t n); /* NULL: calls back in with n */
};

static int32_t ask(void *data, int32_t n)
{
        struct stage *stage = data;
        int32_t ret = 0;
        struct ward_fault fault;
        stage->asked++;
        if (stage->ask)
                return stage->ask(stage, n);
        return guest_count(stage->guest, n, &ret, &fault) ? -1 : ret;
}

static void tell(void *data, guest_string_t *text, guest_string_t *ret)
{
        guest_string_dup(ret, "told");
}

static struct guest_services services_of(struct stage *stage)
{
        return (struct guest_services){ .data = stage, .ask = ask, .tell = tell };
}

static struct guest_services services;

static void stage_set_with(struct stage *stage, const char *name, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        if (!stage->host)
                stage->host = host_start();
        services = services_of(stage);
        assert_good(guest_activate(stage->host, addin_file(name, WARD_WASM), options, &services, &stage->guest, &fault), &fault);
}

static void stage_set(struct stage *stage, const char *name)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        options.deadline_ms = 200;
        stage_set_with(stage, name, &options);
}

static void stage_strike(struct stage *stage)
{
        stage->guest = guest_release(stage->guest);
        stage->host = ward_host_free(stage->host);
}

/* act(@what): 0 with the answer in @ret, which has room, or the fault's kind. */
static int act(struct stage *stage, const char *what, char *ret, size_t size, struct ward_fault *fault)
{
        guest_string_t said, text;
        guest_string_set(&text, what);
        int r = guest_act(stage->guest, &text, &said, fault);
        if (r)
                return r;
        snprintf(ret, size, "%.*s", (int)said.len, (char *)said.ptr);
        guest_string_free(&said);
        return 0;
}

static void answers(struct stage *stage, const char *what, const char *expected)
{
        char said[4096];
        struct ward_fault fault;
        assert_good(act(stage, what, said, sizeof said, &fault), &fault);
        assert_string_equal(said, expected);
}

/* The domain is lost, the fault names the add-in, the host is well. */
static void costs(struct stage *stage, const char *name, const char *what, enum ward_fault_kind kind, const char *phrase)
{
        char said[4096];
        struct ward_fault fault;
        int r = act(stage, what, said, sizeof said, &fault);
        if (r != -(int)kind)
                fail_msg("%s: %d: %s", what, r, r < 0 ? fault.text : said);
        assert_says(&fault, name);
        assert_says(&fault, phrase);
        assert_string_equal(fault.addin, name);
        assert_int_equal(ward_domain_state(guest_domain(stage->guest)), WARD_DOMAIN_UNLOADED);
        assert_int_equal(act(stage, what, said, sizeof said, &fault), -WARD_FAULT_UNLOADED);
        stage->guest = guest_release(stage->guest);
}

/* --- Lies ------------------------------------------------------------------------------------- */

TEST(lies_cost_the_domain)
{
        static const struct {
                int32_t how;
                enum ward_fault_kind kind;
                const char *phrase;
        } lies[] = {
                { 1, WARD_FAULT_PROTOCOL, "" },         { 2, WARD_FAULT_TRAP, "cabi_realloc: unreachable" },
                { 3, WARD_FAULT_DEADLINE, "" },         { 4, WARD_FAULT_PROTOCOL, "" },
                { 10, WARD_FAULT_PROTOCOL, "" },        { 11, WARD_FAULT_PROTOCOL, "" },
                { 12, WARD_FAULT_PROTOCOL, "" },        { 13, WARD_FAULT_PROTOCOL, "" },
                { 14, WARD_FAULT_PROTOCOL, "UTF-8" },   { 15, WARD_FAULT_PROTOCOL, "" },
                { 20, WARD_FAULT_PROTOCOL, "" },        { 21, WARD_FAULT_PROTOCOL, "" },
                { 22, WARD_FAULT_PROTOCOL, "" },        { 23, WARD_FAULT_PROTOCOL, "UTF-8" },
                { 24, WARD_FAULT_TRAP, "unreachable" }, { 30, WARD_FAULT_TRAP, "unreachable" },
                { 31, WARD_FAULT_DEADLINE, "" },
        };
        struct stage stage = { 0 };
        struct ward_fault fault;
        int32_t ret;
        for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
                stage_set(&stage, "liar");
                assert_good(guest_count(stage.guest, lies[i].how, &ret, &fault), &fault);
                costs(&stage, "liar", "more than one byte", lies[i].kind, lies[i].phrase);
        }
        stage_strike(&stage);
}

TEST(truth_costs_nothing)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        int32_t ret;
        stage_set(&stage, "liar");
        answers(&stage, "x", "fine");
        assert_good(guest_count(stage.guest, 25, &ret, &fault), &fault);
        answers(&stage, "x", "fine");
        assert_good(guest_count(stage.guest, -1, &ret, &fault), &fault);
        assert_int_equal(ret, 2); /* each result was given back */
        stage_strike(&stage);
}

/* --- Beginnings ------------------------------------------------------------------------------- */

static void does_not_start(const char *name, const struct ward_activate_options *options, enum ward_fault_kind kind,
                           const char *phrase)
{
        struct stage stage = { .host = host_start() };
        struct ward_fault fault;
        services = services_of(&stage);
        int r = guest_activate(stage.host, addin_file(name, WARD_WASM), options, &services, &stage.guest, &fault);
        if (r != -(int)kind)
                fail_msg("%s: %d: %s", name, r, r < 0 ? fault.text : "");
        assert_says(&fault, name);
        assert_says(&fault, phrase);
        ward_host_free(stage.host);
}

TEST(bad_beginnings)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        options.activate_ms = 100;
        does_not_start("start_traps", &options, WARD_FAULT_TRAP, "unreachable");
        does_not_start("init_loops", &options, WARD_FAULT_DEADLINE, "_initialize");
        does_not_start("no_realloc", &options, WARD_FAULT_CONTRACT, "cabi_realloc");
        does_not_start("no_memory", &options, WARD_FAULT_CONTRACT, "memory");
        options.limits.memory_bytes = 1 << 20;
        does_not_start("large", &options, WARD_FAULT_LIMIT, "memory_bytes");
}

static int32_t is_asked_seven(struct stage *stage, int32_t n)
{
        assert_int_equal(n, 7);
        return 0;
}

TEST(may_call_the_host_to_begin)
{
        struct stage stage = { .ask = is_asked_seven };
        stage_set(&stage, "init_asks");
        assert_int_equal(stage.asked, 1);
        stage_strike(&stage);
}

/* --- A program -------------------------------------------------------------------------------- */

TEST(a_plain_program_works)
{
        const char *arguments[] = { "program", "-x", NULL }, *environment[] = { "GIVEN=this", NULL };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct stage stage = { 0 };
        options.arguments = arguments;
        options.environment = environment;
        options.limits.memory_bytes = 16 << 20;
        setenv("SECRET", "of the host", 1);
        stage_set_with(&stage, "program", &options);
        answers(&stage, "arguments", "program -x");
        answers(&stage, "environment", "this -");
        answers(&stage, "clocks", "on time");
        answers(&stage, "randoms", "random");
        answers(&stage, "prints", "end of file");
        answers(&stage, "asks", "told 20");
        char said[64];
        struct ward_fault fault;
        assert_good(act(&stage, "grows", said, sizeof said, &fault), &fault);
        assert_in_range(atoi(said), 8, 15);
        stage_strike(&stage);
}

TEST(what_does_not_end_is_ended)
{
        static const char *const endless[] = { "loops", "loops asking", "copies", "sleeps" };
        struct stage stage = { 0 };
        for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
                stage_set(&stage, "program");
                costs(&stage, "program", endless[i], WARD_FAULT_DEADLINE, "within 200 ms");
        }
        stage_set(&stage, "program");
        costs(&stage, "program", "exits", WARD_FAULT_EXIT, "exit(7)");
        stage_strike(&stage);
}

/* --- Callbacks -------------------------------------------------------------------------------- */

TEST(calls_nest)
{
        struct stage stage = { 0 };
        struct ward_fault fault;
        int32_t ret;
        stage_set(&stage, "program");
        assert_good(guest_count(stage.guest, 50, &ret, &fault), &fault);
        assert_int_equal(ret, 50);
        assert_int_equal(stage.asked, 50);
        stage_strike(&stage);
}

static struct stage other;
static struct ward_fault inner_fault;
static int inner;

/* Calls another add-in, which has no deadline and does not end. */
static int32_t calls_another(struct stage *stage, int32_t n)
{
        char said[64];
        inner = act(&other, "loops", said, sizeof said, &inner_fault);
        return 0;
}

TEST(a_deadline_is_inherited)
{
        struct stage stage = { .ask = calls_another };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct ward_fault fault;
        int32_t ret;
        stage_set(&stage, "program");
        other.host = stage.host;
        options.deadline_ms = 0;
        other.ask = NULL;
        struct guest_services its = services_of(&other);
        assert_good(guest_activate(other.host, addin_file("program", WARD_WASM), &options, &its, &other.guest, &fault), &fault);
        struct guest_services mine = services_of(&stage);
        stage.guest = guest_release(stage.guest);
        options.deadline_ms = 200;
        assert_good(guest_activate(stage.host, addin_file("program", WARD_WASM), &options, &mine, &stage.guest, &fault), &fault);
        assert_int_equal(guest_count(stage.guest, 2, &ret, &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(inner, -WARD_FAULT_DEADLINE);
        guest_release(other.guest);
        stage_strike(&stage);
}

static int32_t unloads(struct stage *stage, int32_t n)
{
        struct ward_fault fault;
        assert_good(ward_domain_unload(guest_domain(stage->guest), &fault), &fault);
        return 0;
}

TEST(a_callback_may_unload_its_caller)
{
        struct stage stage = { .ask = unloads };
        struct ward_fault fault;
        int32_t ret;
        stage_set(&stage, "program");
        assert_int_equal(guest_count(stage.guest, 2, &ret, &fault), -WARD_FAULT_UNLOADED);
        stage_strike(&stage);
}

static void *unloads_soon(void *data)
{
        struct stage *stage = data;
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
        ward_domain_unload(guest_domain(stage->guest), NULL);
        return NULL;
}

/* Without a deadline: from another thread, in the middle of a loop or of a sleep. */
TEST(an_unload_ends_calls)
{
        static const char *const endless[] = { "loops", "copies", "sleeps" };
        struct ward_activate_options options = options_for(WARD_WASM);
        struct stage stage = { 0 };
        options.deadline_ms = 0;
        for (size_t i = 0; i < sizeof endless / sizeof endless[0]; i++) {
                pthread_t thread;
                char said[64];
                struct ward_fault fault;
                stage_set_with(&stage, "program", &options);
                assert_int_equal(pthread_create(&thread, NULL, unloads_soon, &stage), 0);
                assert_int_equal(act(&stage, endless[i], said, sizeof said, &fault), -WARD_FAULT_UNLOADED);
                pthread_join(thread, NULL);
                stage.guest = guest_release(stage.guest);
        }
        stage_strike(&stage);
}

/* --- Many ------------------------------------------------------------------------------------- */

static unsigned long pages_mapped(void)
{
        unsigned long pages = 0;
        FILE *file = fopen("/proc/self/statm", "re");
        assert_int_equal(fscanf(file, "%lu", &pages), 1);
        fclose(file);
        return pages;
}

TEST(a_thousand_leave_nothing)
{
        struct stage stage = { 0 };
        unsigned long before = 0;
        struct ward_fault fault;
        int32_t ret;
        stage_set(&stage, "liar");
        struct guest *first = stage.guest;
        for (int i = 0; i < 1000; i++) {
                if (i == 10)
                        before = pages_mapped();
                stage_set(&stage, "liar");
                assert_good(guest_count(stage.guest, 2, &ret, &fault), &fault);
                if (i & 1)
                        costs(&stage, "liar", "x", WARD_FAULT_TRAP, "unreachable");
                else
                        stage.guest = guest_release(stage.guest);
        }
        assert_true(pages_mapped() < before + 2048);
        guest_release(first);
        stage_strike(&stage);
}

TEST(a_hundred_at_once)
{
        struct stage stages[100] = { 0 };
        struct ward_fault fault;
        int32_t ret;
        for (int i = 0; i < 100; i++) {
                stages[i].host = stages[0].host;
                stage_set(&stages[i], "liar");
        }
        for (int i = 0; i < 100; i++)
                assert_good(guest_count(stages[i].guest, i % 2 ? 2 : 0, &ret, &fault), &fault);
        for (int i = 0; i < 100; i++)
                if (i % 2)
                        costs(&stages[i], "liar", "x", WARD_FAULT_TRAP, "unreachable");
                else
                        answers(&stages[i], "x", "fine");
        for (int i = 0; i < 100; i++)
                guest_release(stages[i].guest);
        ward_host_free(stages[0].host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(lies_cost_the_domain, 120), TEST_CASE(truth_costs_nothing),
                         TEST_CASE_LONG(bad_beginnings, 120), TEST_CASE(may_call_the_host_to_begin),
                         TEST_CASE_LONG(a_plain_program_works, 120), TEST_CASE(what_does_not_end_is_ended), TEST_CASE(calls_nest),
                         TEST_CASE(a_deadline_is_inherited), TEST_CASE(a_callback_may_unload_its_caller),
                         TEST_CASE(an_unload_ends_calls), TEST_CASE_LONG(a_thousand_leave_nothing, 60),
                         TEST_CASE(a_hundred_at_once));
}
