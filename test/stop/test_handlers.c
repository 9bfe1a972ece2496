/* Hosts with signal handlers of their own beside Ward's, through the public API: before and after, asking Ward first or not at all,
 * on many threads, and when it is the host that crashes. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/event.h>
#include <ward/signal.h>
#include "test/stop/stage.h"

static _Atomic unsigned handled;
static __thread void *volatile page;

static void open_page(int number, siginfo_t *info, void *context)
{
        if (info->si_addr == page)
                mprotect(page, 4096, PROT_READ | PROT_WRITE);
        handled++;
}

static void fault_in_host(void)
{
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)page = 1;
        munmap(page, 4096);
}

static void install(void (*handler)(int number, siginfo_t *info, void *context), int flags)
{
        struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };
        assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
}

static void act_and_expect(struct stage *stage, const char *way, int kind)
{
        struct ward_fault fault;
        if (kind == WARD_FAULT_DEADLINE)
                stops_set_deadline(stage->stops, 20);
        assert_int_equal(stage_act(stage, way, &fault), -kind);
        stage_clear(stage);
        stage_set(stage, 0);
}

/* --- The host is asked ------------------------------------------------------------------------ */

static void ask_ward(int number, siginfo_t *info, void *context)
{
        if (!ward_handle_signal(number, info, context))
                open_page(number, info, context);
}

TEST(a_host_asks_ward)
{
        struct stage stage = { 0 };
        stage_set(&stage, 0);
        install(ask_ward, SA_ONSTACK);
        act_and_expect(&stage, "null", WARD_FAULT_TRAP);
        install(ask_ward, SA_ONSTACK);
        act_and_expect(&stage, "loop", WARD_FAULT_DEADLINE);
        install(ask_ward, 0);
        fault_in_host();
        assert_int_equal(handled, 1);
        act_and_expect(&stage, "null", WARD_FAULT_TRAP);
        assert_false(ward_handle_signal(SIGINT, NULL, NULL));
        stage_strike(&stage);
}

/* --- The host is told ------------------------------------------------------------------------- */

static struct {
        unsigned count;
        char operation[16], subject[WARD_EVENT_SUBJECT_MAX];
} told;

static void on_event(void *data, const struct ward_event *event)
{
        assert_int_equal(event->kind, WARD_EVENT_HANDLER);
        told.count++;
        snprintf(told.operation, sizeof told.operation, "%s", event->operation);
        snprintf(told.subject, sizeof told.subject, "%s", event->subject);
}

TEST(a_host_hears_that_it_replaced_ward)
{
        struct ward_host_options options = { .size = sizeof options, .on_event = on_event };
        struct stage stage = { 0 };
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &stage.host, &fault), &fault);
        stage_set(&stage, 0);
        assert_int_equal(told.count, 0);
        install(open_page, 0);
        act_and_expect(&stage, "loop", WARD_FAULT_DEADLINE); /* seen when the call is to be ended */
        assert_int_equal(told.count, 1);
        assert_string_equal(told.operation, "SIGSEGV");
        assert_non_null(strstr(told.subject, "test_handlers"));
        install(open_page, SA_NODEFER);
        stage_clear(&stage);
        stage_set(&stage, 0); /* and when an add-in is activated */
        assert_int_equal(told.count, 2);
        act_and_expect(&stage, "null", WARD_FAULT_TRAP);
        assert_int_equal(handled, 0);
        stage_strike(&stage);
}

/* --- The host crashes ------------------------------------------------------------------------- */

static uint32_t fault_in_visit(struct stage *stage, uint32_t n)
{
        fault_in_host();
        return n;
}

/* In its own callback, with a module's call around it. */
TEST(a_crash_in_a_callback_is_the_hosts)
{
        struct stage stage = { .visit = fault_in_visit };
        struct ward_fault fault;
        int status;
        install(open_page, 0);
        stage_set(&stage, 0);
        stops_set_deadline(stage.stops, 200);
        assert_int_equal(stage_act(&stage, "visit", &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(handled, 1);
        stage_strike(&stage);

        signal(SIGSEGV, SIG_DFL);
        pid_t pid = fork();
        if (!pid) {
                stage_set(&stage, 0);
                stage_act(&stage, "visit", &fault);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

/* --- Many threads, each with a signal stack as a language's runtime has it --------------------- */

static void *traps_and_faults(void *data)
{
        struct stage stage = { .host = data };
        enum { SIZE = 32 << 10 };
        stack_t stack = { .ss_sp = malloc(SIZE), .ss_size = SIZE }, after;
        assert_int_equal(sigaltstack(&stack, NULL), 0);
        stage_set(&stage, 0);
        for (unsigned i = 0; i < 25; i++) {
                fault_in_host();
                act_and_expect(&stage, i % 2 ? "null" : "trap", WARD_FAULT_TRAP);
        }
        act_and_expect(&stage, "loop", WARD_FAULT_DEADLINE);
        stage_clear(&stage);
        sigaltstack(NULL, &after);
        assert_ptr_equal(after.ss_sp, stack.ss_sp);
        sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
        free(stack.ss_sp);
        return NULL;
}

static void fault_on_threads(int flags)
{
        struct ward_host *host = host_start();
        pthread_t threads[4];
        handled = 0;
        install(open_page, flags);
        for (int i = 0; i < 4; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, traps_and_faults, host), 0);
        for (int i = 0; i < 4; i++)
                pthread_join(threads[i], NULL);
        assert_int_equal(handled, 4 * 25);
        ward_host_free(host);
}

TEST(a_host_has_handlers_on_many_threads)
{
        fault_on_threads(SA_ONSTACK | SA_RESTART);
        fault_on_threads(0);
        fault_on_threads(SA_NODEFER);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_host_asks_ward, 120), TEST_CASE_LONG(a_host_hears_that_it_replaced_ward, 120),
                         TEST_CASE_LONG(a_crash_in_a_callback_is_the_hosts, 120),
                         TEST_CASE_LONG(a_host_has_handlers_on_many_threads, 120));
}
