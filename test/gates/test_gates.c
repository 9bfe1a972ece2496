/* Gates: the quick way into functions of a few numbers. What happens there is what happens on the common way, at every kind. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>
#include <ward/event.h>
#include <ward/trace.h>
#include <ward/usage.h>
#include "gates_host.h"
#include "test/support.h"

struct context {
        struct gates_services services;
        struct gates *gates;
        int32_t (*serve)(struct context *context, int32_t x);
        struct ward_fault fault;
        int status;
};

static int32_t back(void *data, int32_t x)
{
        struct context *context = data;
        return context->serve ? context->serve(context, x) : x;
}

static const struct ward_instance *head_of(struct gates *gates)
{
        return (const struct ward_instance *)gates;
}

/* The first call goes the common way, and opens the gates. */
static struct gates *activate_in(struct ward_host *host, enum ward_isolation kind, struct context *context,
                                 struct ward_domain *domain)
{
        struct ward_activate_options options = options_for(kind);
        struct gates *gates;
        struct ward_fault fault;
        int32_t ret = 0;
        context->services = (struct gates_services){ context, back };
        options.deadline_ms = 0;
        options.domain = domain;
        assert_good(gates_activate(host, addin_file("gates", kind), &options, &context->services, &gates, &fault), &fault);
        assert_good(gates_id(gates, -7, &ret, &fault), &fault);
        assert_int_equal(ret, -7);
        context->gates = gates;
        return gates;
}

static struct gates *activate(struct ward_host *host, enum ward_isolation kind, struct context *context)
{
        struct gates *gates = activate_in(host, kind, context, NULL);
#ifdef __x86_64__
        if (kind == WARD_WASM)
                assert_non_null(head_of(gates)->gates);
#endif
        return gates;
}

TEST(values)
{
        struct ward_host *host = host_start();
        for (enum ward_isolation kind = WARD_DIRECT; kind <= WARD_PROCESS; kind++) {
                struct context context = { 0 };
                struct gates *gates = activate(host, kind, &context);
                struct ward_fault fault;
                for (int i = 0; i < 3; i++) {
                        int64_t five = 0;
                        uint32_t six = 0;
                        double floats = 0;
                        int8_t low = 0;
                        bool odd = false;
                        int32_t asked = 0;
                        assert_good(gates_nop(gates, &fault), &fault);
                        assert_good(gates_five(gates, -3, 65535, INT64_MIN / 4, true, 255, &five, &fault), &fault);
                        assert_true(five == -3 + 2 * 65535 + 3 * (INT64_MIN / 4) + 1 + 255);
                        assert_good(gates_six(gates, 1, 2, 3, 4, 5, UINT32_MAX, &six, &fault), &fault);
                        assert_int_equal(six, 55 - 6);
                        assert_good(gates_floats(gates, 1, 2, 3, 4, 5, 6, 7, 8.5, &floats, &fault), &fault);
                        assert_true(floats == 208);
                        assert_good(gates_low(gates, 0x1ff, &low, &fault), &fault);
                        assert_int_equal(low, -1);
                        assert_good(gates_odd(gates, UINT32_MAX, &odd, &fault), &fault);
                        assert_true(odd);
                        assert_good(gates_ask(gates, 41, &asked, &fault), &fault);
                        assert_int_equal(asked, 42);
                        assert_good(gates_nop(gates, NULL), &fault);
                }
                gates_release(gates);
        }
        ward_host_free(host);
}

/* --- Ends ------------------------------------------------------------------------------------- */

static void is_unloaded(struct gates *gates)
{
        struct ward_fault fault;
        int32_t ret = 17;
        assert_int_equal(gates_id(gates, 1, &ret, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(ret, 17);
        assert_int_equal(ward_domain_state(gates_domain(gates)), WARD_DOMAIN_UNLOADED);
        gates_release(gates);
}

TEST(traps)
{
        struct ward_host *host = host_start();
        for (uint32_t how = 0; how < 4; how++) {
                struct context context = { 0 };
                struct gates *gates = activate(host, WARD_WASM, &context);
                struct ward_fault fault;
                uint32_t ret = 17;
                int r = how < 2 ? gates_fall(gates, how, &ret, &fault) : gates_recurse(gates, 100000000, &ret, &fault);
                assert_int_equal(r, -WARD_FAULT_TRAP);
                assert_int_equal(fault.kind, WARD_FAULT_TRAP);
                assert_string_equal(fault.addin, "gates");
                assert_string_equal(fault.function, how < 2 ? "fall" : "recurse");
                assert_int_equal(ret, 17);
                is_unloaded(gates);
        }
        ward_host_free(host);
}

static uint64_t now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

TEST(deadlines)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < 5; i++) {
                struct context context = { 0 };
                struct gates *gates = activate(host, WARD_WASM, &context);
                struct ward_fault fault;
                int32_t ret = 0;
                gates_set_deadline(gates, 40);
                for (int32_t k = 0; k < 1000; k++)
                        assert_good(gates_id(gates, k, &ret, &fault), &fault);
                uint64_t began = now_ms();
                assert_int_equal(gates_spin(gates, &fault), -WARD_FAULT_DEADLINE);
                assert_true(now_ms() - began >= 39);
                assert_says(&fault, "did not return from spin within 40 ms");
                is_unloaded(gates);
        }
        ward_host_free(host);
}

/* As many as a signal interrupts, a look ends: without one of Ward's threads coming near, for the signal is blocked. */
TEST(images_that_look)
{
        const struct ward_host_options options = { .size = sizeof options, .looking = true };
        struct ward_host *host;
        struct context context = { 0 };
        struct ward_fault fault;
        sigset_t set;
        assert_int_equal(ward_host_new(&options, &host, NULL), 0);
        struct gates *gates = activate(host, WARD_WASM, &context);
        sigemptyset(&set);
        sigaddset(&set, SIGSEGV);
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        gates_set_deadline(gates, 40);
        assert_int_equal(gates_spin(gates, &fault), -WARD_FAULT_DEADLINE);
        is_unloaded(gates);
        ward_host_free(host);
}

static int32_t spin_within(struct context *context, int32_t x)
{
        context->status = gates_spin(context->gates, &context->fault);
        return x;
}

TEST(deadlines_are_inherited)
{
        struct ward_host *host = host_start();
        struct context context = { .serve = spin_within };
        struct gates *gates = activate(host, WARD_WASM, &context);
        struct ward_fault fault;
        int32_t ret = 0;
        gates_set_deadline(gates, 60);
        assert_int_equal(gates_ask(gates, 1, &ret, &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(context.status, -WARD_FAULT_DEADLINE);
        is_unloaded(gates);
        ward_host_free(host);
}

/* --- Within a call ---------------------------------------------------------------------------- */

static int32_t again(struct context *context, int32_t x)
{
        int32_t ret = 0;
        if (x <= 0)
                return 0;
        context->status |= gates_ask(context->gates, x - 1, &ret, &context->fault);
        return ret;
}

TEST(calls_nest)
{
        struct ward_host *host = host_start();
        struct context context = { .serve = again };
        struct gates *gates = activate(host, WARD_WASM, &context);
        struct ward_fault fault;
        int32_t ret = 0;
        for (int i = 0; i < 3; i++) {
                assert_good(gates_ask(gates, 10, &ret, &fault), &fault);
                assert_int_equal(ret, 11);
                assert_int_equal(context.status, 0);
        }
        gates_release(gates);
        ward_host_free(host);
}

static int32_t release_within(struct context *context, int32_t x)
{
        gates_release(context->gates);
        return x;
}

/* The image goes with the last add-in that it has: by the call that is in it. */
TEST(the_last_release_within_a_call)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < 3; i++) {
                struct context context = { .serve = release_within };
                struct gates *gates = activate(host, WARD_WASM, &context);
                struct ward_fault fault;
                int32_t ret = 0;
                assert_good(gates_ask(gates, 5, &ret, &fault), &fault);
                assert_int_equal(ret, 6);
        }
        ward_host_free(host);
}

/* The add-in goes with the call, not with the next one in its domain. */
TEST(a_release_within_a_call)
{
        struct ward_host *host = host_start();
        const struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM };
        struct context context = { .serve = release_within };
        struct ward_usage usage = { .size = sizeof usage };
        struct ward_domain *domain;
        struct ward_fault fault;
        int32_t ret = 0;
        assert_int_equal(ward_domain_new(host, &options, &domain, NULL), 0);
        activate_in(host, WARD_WASM, &context, domain);
        assert_good(gates_ask(context.gates, 5, &ret, &fault), &fault);
        assert_int_equal(ret, 6);
        assert_good(ward_domain_usage(domain, &usage, &fault), &fault);
        assert_int_equal(usage.memory_bytes, 0);
        ward_domain_unload(domain, NULL);
        ward_domain_release(domain);
        ward_host_free(host);
}

/* Gates end with calls that may unload them, and do not come back. */
TEST(a_compiler_that_comes_back)
{
        const char *const compilers[] = { "cc -O0", "cc -O2 -Og" };
        for (size_t i = 0; i < 2; i++) {
                const struct ward_host_options options = { .size = sizeof options, .compiler = compilers[i] };
                struct context context = { .serve = release_within };
                struct ward_host *host;
                struct ward_fault fault;
                int32_t ret = 0;
                assert_int_equal(ward_host_new(&options, &host, NULL), 0);
                activate_in(host, WARD_WASM, &context, NULL);
                void (*const *gates)(void) = head_of(context.gates)->gates;
                for (int export = 0; gates && export < 11; export ++)
                        assert_null(gates[export]);
                assert_good(gates_ask(context.gates, 5, &ret, &fault), &fault);
                assert_int_equal(ret, 6);
                ward_host_free(host);
        }
}

static int32_t unload_within(struct context *context, int32_t x)
{
        context->status = ward_domain_unload(gates_domain(context->gates), &context->fault);
        return x;
}

TEST(an_unload_within_a_call)
{
        struct ward_host *host = host_start();
        struct context context = { .serve = unload_within };
        struct gates *gates = activate(host, WARD_WASM, &context);
        struct ward_fault fault;
        int32_t ret = 17;
        assert_int_equal(gates_ask(gates, 5, &ret, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(ret, 17);
        is_unloaded(gates);
        ward_host_free(host);
}

static int32_t fork_within(struct context *context, int32_t x)
{
        pid_t pid = fork();
        if (!pid) {
                int32_t ret = 0;
                _exit(gates_id(context->gates, 1, &ret, NULL) == -WARD_FAULT_UNLOADED ? 0 : 1);
        }
        assert_int_equal(waitpid(pid, &context->status, 0), pid);
        return x;
}

TEST(a_forked_child)
{
        struct ward_host *host = host_start();
        struct context context = { .serve = fork_within };
        struct gates *gates = activate(host, WARD_WASM, &context);
        struct ward_fault fault;
        int32_t ret = 0;
        assert_good(gates_ask(gates, 5, &ret, &fault), &fault);
        assert_int_equal(context.status, 0);
        assert_int_equal(fork_within(&context, 0), 0);
        assert_int_equal(context.status, 0);
        assert_good(gates_ask(gates, 5, &ret, &fault), &fault);
        gates_release(gates);
        ward_host_free(host);
}

/* --- Threads and stacks ----------------------------------------------------------------------- */

enum { CALLS = 20000 };

static void *call_often(void *data)
{
        struct context *context = data;
        for (int32_t i = 0; i < CALLS && !context->status; i++) {
                int32_t ret = 0;
                context->status = gates_id(context->gates, i, &ret, &context->fault);
                if (!context->status && ret != i)
                        context->status = -1;
        }
        return NULL;
}

TEST(several_threads)
{
        struct ward_host *host = host_start();
        struct context context = { 0 }, others[3] = { 0 };
        struct gates *gates = activate(host, WARD_WASM, &context);
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) {
                others[i].gates = gates;
                assert_int_equal(pthread_create(&threads[i], NULL, call_often, &others[i]), 0);
        }
        call_often(&context);
        for (int i = 0; i < 3; i++) {
                pthread_join(threads[i], NULL);
                assert_good(others[i].status, &others[i].fault);
        }
        assert_good(context.status, &context.fault);
        gates_release(gates);
        ward_host_free(host);
}

static void *activate_and_call(void *data)
{
        struct context *context = data;
        context->gates = activate(ward_instance_host((struct ward_instance *)context->gates), WARD_WASM, context);
        return call_often(context);
}

/* A thread at the same place as one that has ended may pass its gates, once it is known. */
TEST(a_thread_after_another)
{
        struct ward_host *host = host_start();
        struct context first = { 0 }, context = { 0 };
        first.gates = activate(host, WARD_WASM, &first);
        context.gates = first.gates;
        for (int i = 0; i < 4; i++) {
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, i ? call_often : activate_and_call, &context), 0);
                pthread_join(thread, NULL);
                assert_good(context.status, &context.fault);
        }
        gates_release(context.gates);
        gates_release(first.gates);
        ward_host_free(host);
}

static void *unload_soon(void *data)
{
        nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
        assert_int_equal(ward_domain_unload(data, NULL), 0);
        return NULL;
}

TEST(an_unload_by_another_thread)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < 5; i++) {
                struct context context = { 0 };
                struct gates *gates = activate(host, WARD_WASM, &context);
                struct ward_fault fault;
                pthread_t thread;
                assert_int_equal(pthread_create(&thread, NULL, unload_soon, gates_domain(gates)), 0);
                assert_int_equal(gates_spin(gates, &fault), -WARD_FAULT_UNLOADED);
                pthread_join(thread, NULL);
                is_unloaded(gates);
        }
        ward_host_free(host);
}

static void *unload_now(void *data)
{
        assert_int_equal(ward_domain_unload(data, NULL), 0);
        return NULL;
}

/* Wherever between two calls, or within one, the other thread's unload comes. */
TEST(an_unload_at_any_moment)
{
        struct ward_host *host = host_start();
        for (int i = 0; i < 300; i++) {
                struct context context = { 0 };
                struct gates *gates = activate(host, WARD_WASM, &context);
                struct ward_fault fault;
                pthread_t thread;
                int32_t ret = 0;
                int r;
                assert_int_equal(pthread_create(&thread, NULL, unload_now, gates_domain(gates)), 0);
                do
                        r = gates_id(gates, 1, &ret, &fault);
                while (!r);
                assert_int_equal(r, -WARD_FAULT_UNLOADED);
                pthread_join(thread, NULL);
                gates_release(gates);
        }
        ward_host_free(host);
}

static struct context coroutine_context;

static void coroutine(void)
{
        call_often(&coroutine_context);
}

TEST(a_coroutine)
{
        enum { STACK = 256 << 10 };
        struct ward_host *host = host_start();
        ucontext_t main_context, other;
        void *stack = malloc(STACK);
        activate(host, WARD_WASM, &coroutine_context);
        assert_non_null(stack);
        getcontext(&other);
        other.uc_stack = (stack_t){ .ss_sp = stack, .ss_size = STACK };
        other.uc_link = &main_context;
        makecontext(&other, coroutine, 0);
        assert_int_equal(swapcontext(&main_context, &other), 0);
        assert_good(coroutine_context.status, &coroutine_context.fault);
        call_often(&coroutine_context);
        assert_good(coroutine_context.status, &coroutine_context.fault);
        gates_release(coroutine_context.gates);
        free(stack);
        ward_host_free(host);
}

/* --- What keeps them shut --------------------------------------------------------------------- */

static void count(void *data, const struct ward_trace *trace)
{
        ++*(int *)data;
}

TEST(a_host_that_looks_in_sees_every_call)
{
        int n = 0;
        const struct ward_host_options options = { .size = sizeof options, .on_trace = count, .on_trace_data = &n };
        struct ward_host *host;
        struct context context = { 0 };
        assert_int_equal(ward_host_new(&options, &host, NULL), 0);
        struct gates *gates = activate_in(host, WARD_WASM, &context, NULL);
        int before = n;
        assert_null(head_of(gates)->gates);
        call_often(&context);
        assert_true(n - before >= 2 * CALLS);
        gates_release(gates);
        ward_host_free(host);
}

TEST(begun_calls_are_not_overtaken)
{
        struct ward_host *host = host_start();
        struct context context = { 0 };
        struct gates *gates = activate(host, WARD_WASM, &context);
        struct ward_pending *pending;
        struct ward_fault fault;
        int32_t ret = 0;
        uint32_t n = 20000, deep = 0;
        assert_good(ward_call_begin((struct ward_instance *)gates, 9, &n, &pending, &fault), &fault);
        assert_null(head_of(gates)->gates);
        assert_good(gates_id(gates, 3, &ret, &fault), &fault);
        assert_true(ward_pending_done(pending));
        assert_good(ward_call_finish(pending, &deep, &fault), &fault);
        assert_int_equal(deep, n);
        gates_release(gates);
        ward_host_free(host);
}

/* Two add-ins of one domain share its turn, and each has its own door. */
TEST(two_in_one_domain)
{
        struct ward_host *host = host_start();
        const struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM };
        struct ward_domain *domain;
        struct context one = { 0 }, two = { 0 };
        assert_int_equal(ward_domain_new(host, &options, &domain, NULL), 0);
        activate_in(host, WARD_WASM, &one, domain);
        activate_in(host, WARD_WASM, &two, domain);
        for (int i = 0; i < 10; i++) {
                call_often(i & 1 ? &one : &two);
                assert_int_equal(one.status | two.status, 0);
        }
        gates_release(one.gates);
        call_often(&two);
        assert_int_equal(two.status, 0);
        gates_release(two.gates);
        ward_domain_unload(domain, NULL);
        ward_domain_release(domain);
        ward_host_free(host);
}

static void handle(int number)
{
        _exit(number);
}

static void call_from_event(void *data, const struct ward_event *event)
{
        struct context *context = data;
        int32_t ret = 0;
        if (event->kind == WARD_EVENT_HANDLER)
                context->status |= gates_id(context->gates, 9, &ret, &context->fault) || ret != 9 ? 1 : 2;
}

/* While this thread has the turn to load another add-in, it is in the domain already. */
TEST(a_call_while_another_is_loaded)
{
        struct context one = { 0 }, two = { 0 };
        const struct ward_host_options host_options = { .size = sizeof host_options,
                                                        .on_event = call_from_event,
                                                        .on_event_data = &one };
        const struct ward_domain_options options = { .size = sizeof options, .isolation = WARD_WASM };
        struct ward_host *host;
        struct ward_domain *domain;
        assert_int_equal(ward_host_new(&host_options, &host, NULL), 0);
        assert_int_equal(ward_domain_new(host, &options, &domain, NULL), 0);
        activate_in(host, WARD_WASM, &one, domain);
        signal(SIGSEGV, handle);
        activate_in(host, WARD_WASM, &two, domain);
        assert_int_equal(one.status, 2);
        gates_release(one.gates);
        gates_release(two.gates);
        ward_domain_unload(domain, NULL); /* waits until nobody is in it */
        ward_domain_release(domain);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(values, 120), TEST_CASE(traps), TEST_CASE(deadlines),
                         TEST_CASE_LONG(images_that_look, 60), TEST_CASE(deadlines_are_inherited), TEST_CASE(calls_nest),
                         TEST_CASE(the_last_release_within_a_call), TEST_CASE(an_unload_within_a_call), TEST_CASE(a_forked_child),
                         TEST_CASE(several_threads), TEST_CASE(a_thread_after_another), TEST_CASE(an_unload_by_another_thread),
                         TEST_CASE_LONG(an_unload_at_any_moment, 60), TEST_CASE(a_coroutine),
                         TEST_CASE(a_host_that_looks_in_sees_every_call), TEST_CASE(begun_calls_are_not_overtaken),
                         TEST_CASE(two_in_one_domain), TEST_CASE(a_release_within_a_call),
                         TEST_CASE_LONG(a_compiler_that_comes_back, 120), TEST_CASE(a_call_while_another_is_loaded));
}
