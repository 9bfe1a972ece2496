/* How workers end, and what the host is told. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "test/process/process.h"

/* After a fault that cost the domain: it reads as unloaded, calls say so, and a fresh activation works. */
static void check_lost(struct stage *stage)
{
        struct ward_fault fault;
        int32_t sum;
        assert_int_equal(ward_domain_state(acts_domain(stage->acts)), WARD_DOMAIN_UNLOADED);
        assert_int_equal(acts_add(stage->acts, 1, 2, &sum, &fault), -WARD_FAULT_UNLOADED);
        stage_again(stage);
        assert_good(acts_add(stage->acts, 1, 2, &sum, &fault), &fault);
}

TEST(signals_are_named)
{
        static const struct {
                const char *act;
                int signal;
                const char *says;
                const char *frame;
        } cases[] = {
                { "null", SIGSEGV, "SIGSEGV at address 0x0 in act", "crash_null" },
                { "divide", SIGFPE, "SIGFPE at address", "crash_divide" },
                { "illegal", SIGILL, "SIGILL at address", "crash_illegal" },
                { "bus", SIGBUS, "SIGBUS at address", "crash_bus" },
                { "jump", SIGSEGV, "SIGSEGV at address 0x1000 in act", "0x1000" },
                { "abort", SIGABRT, "SIGABRT in act", "crash_abort" },
                { "raise", SIGTRAP, "SIGTRAP in act", "crash_raise" },
                { "two-threads", SIGSEGV, "SIGSEGV at address 0x0 in act", "crash_" },
                { "thread-stack", SIGSEGV, "SIGSEGV", "" },
                { "blocked", SIGSEGV, "SIGSEGV in act", "" },
        };
        struct stage stage = stage_set(NULL);
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct ward_fault fault;
                int64_t ret;
                assert_int_equal(act(&stage, cases[i].act, &ret, &fault), WARD_FAULT_SIGNAL);
                assert_int_equal(fault.signal, cases[i].signal);
                assert_says(&fault, cases[i].says);
                assert_says(&fault, "add-in 'acts'");
                assert_string_equal(fault.addin, "acts");
                assert_string_equal(fault.function, "act");
                if (!strstr(fault.backtrace, cases[i].frame))
                        fail_msg("%s: no '%s' in\n%s", cases[i].act, cases[i].frame, fault.backtrace);
                check_lost(&stage);
        }
        stage_strike(&stage);
}

TEST(exit_is_told_with_its_status)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(act(&stage, "exit", &ret, &fault), WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 7);
        assert_says(&fault, "called exit(7) in act");
        check_lost(&stage);
        stage_strike(&stage);
}

TEST(a_hung_call_meets_its_deadline)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        acts_set_deadline(stage.acts, 150);
        uint64_t start = now_ms();
        assert_int_equal(act(&stage, "sleep", &ret, &fault), WARD_FAULT_DEADLINE);
        uint64_t took = now_ms() - start;
        assert_true(took >= 149 && took < 2000);
        assert_says(&fault, "did not end within 150 ms");
        check_lost(&stage);
        stage_strike(&stage);
}

/* There is always a message from it, so the host never waits. */
TEST(a_call_that_never_stops_asking_meets_its_deadline)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        acts_set_deadline(stage.acts, 150);
        uint64_t start = now_ms();
        assert_int_equal(act(&stage, "ask-always", &ret, &fault), WARD_FAULT_DEADLINE);
        assert_true(now_ms() - start < 2000);
        check_lost(&stage);
        stage_strike(&stage);
}

/* A thread of the add-in's waits for somebody who dispatches, and the call for that thread. */
TEST(nobody_serves_a_thread_that_the_call_waits_for)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        acts_set_deadline(stage.acts, 150);
        assert_int_equal(act(&stage, "ask-from-thread", &ret, &fault), WARD_FAULT_DEADLINE);
        check_lost(&stage);
        stage_strike(&stage);
}

static _Atomic int told;
static struct ward_fault last_told;

static void on_fault(void *data, struct ward_domain *domain, const struct ward_fault *fault)
{
        last_told = *fault;
        told++;
}

TEST(a_crash_between_calls_is_told)
{
        const struct ward_host_options options = { .size = sizeof options, .on_fault = on_fault };
        const struct ward_activate_options activation = options_for(WARD_PROCESS);
        struct ward_host *host;
        struct ward_fault fault;
        struct acts *acts;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        assert_good(acts_activate(host, addin_file("acts", WARD_PROCESS), &activation, &acts_services, &acts, &fault), &fault);
        struct stage stage = { host, acts };
        assert_int_equal(fact(&stage, "thread"), 0);
        for (int i = 0; i < 1000 && !told; i++)
                usleep(2000);
        assert_int_equal(told, 1);
        assert_int_equal(last_told.kind, WARD_FAULT_SIGNAL);
        assert_string_equal(last_told.addin, "acts");
        assert_non_null(strstr(last_told.text, "while no call was in flight"));
        assert_non_null(strstr(last_told.backtrace, "crash_"));
        assert_int_equal(ward_domain_state(acts_domain(acts)), WARD_DOMAIN_UNLOADED);
        assert_true(ward_domain_fault(acts_domain(acts), &fault));
        stage_strike(&stage);
}

/* --- What they started ------------------------------------------------------------------------ */

static void family_name(char name[16])
{
        snprintf(name, 16, "kin%d", (int)getpid());
}

static void start_family(const struct stage *stage, const char *name)
{
        char what[32];
        snprintf(what, sizeof what, "family %s", name);
        assert_int_equal(fact(stage, what), 2);
        assert_int_equal(count_processes(name), 2);
}

TEST(unloading_ends_what_the_addin_started)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        char name[16];
        family_name(name);
        start_family(&stage, name);
        assert_good(ward_domain_unload(acts_domain(stage.acts), &fault), &fault);
        if (has_namespaces())
                assert_int_equal(count_processes(name), 0); /* unloading is synchronous */
        assert_int_equal(settle_processes(name), 0);
        stage_strike(&stage);
}

TEST(a_crash_ends_what_the_addin_started)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        char name[16];
        family_name(name);
        start_family(&stage, name);
        assert_int_equal(act(&stage, "null", &ret, &fault), WARD_FAULT_SIGNAL);
        if (has_namespaces())
                assert_int_equal(count_processes(name), 0);
        assert_int_equal(settle_processes(name), 0);
        stage_strike(&stage);
}

TEST(a_lost_warden_is_told_and_replaced)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        char name[16];
        family_name(name);
        if (has_namespaces()) /* else only the warden could end it */
                start_family(&stage, name);
        kill(find_warden(), SIGKILL);
        /* the news may come before the call or in it */
        int kind = act(&stage, "sleep", &ret, &fault);
        assert_true(kind == WARD_FAULT_SYSTEM || kind == WARD_FAULT_UNLOADED);
        assert_says(&fault, "warden");
        assert_int_equal(settle_processes(name), 0);
        check_lost(&stage);
        stage_strike(&stage);
}

/* A child that the host forks while it starts a warden has the warden's end of the socket too, which so stays open. (A domain's own
 * socket does not block.) */
static bool fork_beside_sockets;
static pid_t beside;

__attribute__((visibility("default"))) int socketpair(int domain, int type, int protocol, int pair[2])
{
        int r = (int)syscall(SYS_socketpair, domain, type, protocol, pair);
        if (!r && fork_beside_sockets && !(type & SOCK_NONBLOCK) && !(beside = fork()))
                for (;;)
                        pause();
        return r;
}

TEST(a_lost_warden_is_told_whoever_holds_its_socket)
{
        fork_beside_sockets = true;
        struct stage stage = stage_set(NULL);
        fork_beside_sockets = false;
        struct ward_fault fault;
        int64_t ret;
        assert_true(beside > 0);
        kill(find_warden(), SIGKILL);
        int kind = act(&stage, "sleep", &ret, &fault);
        assert_true(kind == WARD_FAULT_SYSTEM || kind == WARD_FAULT_UNLOADED);
        assert_says(&fault, "warden");
        check_lost(&stage);
        stage_strike(&stage);
        kill(beside, SIGKILL);
        waitpid(beside, NULL, 0);
}

/* --- Lies ------------------------------------------------------------------------------------- */

TEST(lies_cost_the_domain)
{
        static const char *const lies[] = { "lie-bell", "lie-kind", "lie-import", "lie-instance", "lie-arguments", "lie-failure" };
        struct stage stage = stage_set(NULL);
        for (size_t i = 0; i < COUNT_OF(lies); i++) {
                struct ward_fault fault;
                int64_t ret;
                assert_int_equal(act(&stage, lies[i], &ret, &fault), WARD_FAULT_PROTOCOL);
                assert_says(&fault, "add-in 'acts'");
                check_lost(&stage);
        }
        stage_strike(&stage);
}

/* It may not call the host then, and the domain is not to be freed before the release is over. */
TEST(a_lie_while_it_is_unloaded_costs_the_domain)
{
        struct stage stage = stage_set(NULL), second = stage;
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        options.domain = acts_domain(stage.acts);
        assert_good(acts_activate(stage.host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &second.acts, &fault),
                    &fault);
        assert_int_equal(fact(&second, "lie-at-unload"), 0);
        acts_set_deadline(stage.acts, 0);
        acts_release(second.acts);
        check_lost(&stage);
        stage_strike(&stage);
}

TEST(a_failure_without_a_text_is_one)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(act(&stage, "lie-text", &ret, &fault), WARD_FAULT_LIMIT);
        assert_string_equal(fault.text, "");
        stage_strike(&stage);
}

TEST(results_that_lie_elsewhere_are_refused)
{
        static const char *const places[] = { "lie 1", "lie 4294967292", "lie 18446744073709551612", "lie 537272320",
                                              "lie 3000000000" };
        struct stage stage = stage_set(NULL);
        for (size_t i = 0; i < COUNT_OF(places); i++) {
                struct ward_fault fault;
                acts_string_t text, back;
                acts_string_set(&text, places[i]);
                assert_int_equal(acts_echo(stage.acts, &text, &back, &fault), -WARD_FAULT_PROTOCOL);
                check_lost(&stage);
        }
        stage_strike(&stage);
}

TEST(last_words_are_not_believed_against_the_kernel)
{
        struct stage stage = stage_set(NULL);
        struct ward_fault fault;
        int64_t ret;
        assert_int_equal(act(&stage, "lie-differs", &ret, &fault), WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 3);
        assert_string_equal(fault.backtrace, "");
        stage_again(&stage);
        assert_int_equal(act(&stage, "lie-agreed", &ret, &fault), WARD_FAULT_SIGNAL);
        assert_true(fault.address == 0x1234);
        assert_null(strchr(fault.backtrace, '\033'));
        stage_strike(&stage);
}

/* Until the storm breaks the domain, or 200 calls were answered with something. */
static void call_in_storm(struct stage *stage)
{
        acts_item_t items[] = { { .name = { (uint8_t *)"x", 1 } } };
        acts_list_item_t list = { items, 1 }, back;
        struct ward_fault fault;
        int64_t ret;
        acts_set_deadline(stage->acts, 20);
        int r = -act(stage, "lie-always", &ret, &fault);
        for (int i = 0; i < 200 && r >= 0; i++) {
                r = i % 2 ? acts_pass(stage->acts, &list, &back, &fault) : acts_turn(stage->acts, &list, &back, &fault);
                if (!r)
                        acts_list_item_free(&back);
        }
}

TEST(a_storm_of_lies_never_harms_the_host)
{
        struct stage stage = stage_set(NULL);
        for (int round = 0; round < 60; round++) {
                call_in_storm(&stage);
                stage_again(&stage);
        }
        stage_strike(&stage);
}

/* --- Nothing is left -------------------------------------------------------------------------- */

static long resident_kib(void)
{
        long pages = 0;
        FILE *file = fopen("/proc/self/statm", "re");
        if (!file || fscanf(file, "%*s %ld", &pages) != 1)
                fail_msg("no /proc/self/statm");
        fclose(file);
        return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

enum { GROWTH_KIB = HARNESS_HAS_SHADOW ? 256 << 10 : 4 << 10 };
enum { ROUNDS = 1000, WARM_UP = 50 };

TEST(a_thousand_crashes_leave_nothing)
{
        static const char *const acts[] = { "null", "exit", "abort", "illegal" };
        struct stage stage = stage_set(NULL);
        int fds = 0, threads = 0;
        long memory = 0;
        for (int i = 0; i < ROUNDS; i++) {
                struct ward_fault fault;
                int64_t ret;
                assert_true(act(&stage, acts[i % 4], &ret, &fault) > 0);
                stage_again(&stage);
                if (i != WARM_UP)
                        continue;
                fds = harness_count_fds();
                threads = harness_count_threads();
                memory = resident_kib();
        }
        assert_int_equal(harness_count_fds(), fds);
        assert_int_equal(harness_count_threads(), threads);
        assert_true(resident_kib() < memory + GROWTH_KIB);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(signals_are_named), TEST_CASE(exit_is_told_with_its_status),
                         TEST_CASE(a_hung_call_meets_its_deadline), TEST_CASE(a_call_that_never_stops_asking_meets_its_deadline),
                         TEST_CASE(nobody_serves_a_thread_that_the_call_waits_for), TEST_CASE(a_crash_between_calls_is_told),
                         TEST_CASE(unloading_ends_what_the_addin_started), TEST_CASE(a_crash_ends_what_the_addin_started),
                         TEST_CASE(a_lost_warden_is_told_and_replaced), TEST_CASE(a_lost_warden_is_told_whoever_holds_its_socket),
                         TEST_CASE(lies_cost_the_domain), TEST_CASE(a_lie_while_it_is_unloaded_costs_the_domain),
                         TEST_CASE(a_failure_without_a_text_is_one), TEST_CASE(results_that_lie_elsewhere_are_refused),
                         TEST_CASE(last_words_are_not_believed_against_the_kernel),
                         TEST_CASE_LONG(a_storm_of_lies_never_harms_the_host, 60),
                         TEST_CASE_LONG(a_thousand_crashes_leave_nothing, 120));
}
