/* Each hostile act at each kind that claims to hold it: the host lives, knows who it was, and can start afresh. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "calculator_host.h"
#include "test/support.h"

enum { MEMORY = 64 << 20, DEADLINE_MS = 250, ROUNDS = 1000 };

static void show(void *data, calculator_string_t *message)
{
}

static const struct calculator_services services = { .log = show };

static struct calculator *activate(struct ward_host *host, const char *name, enum ward_isolation isolation)
{
        struct ward_activate_options options = options_for(isolation);
        struct calculator *calculator = NULL;
        struct ward_fault fault;
        options.deadline_ms = DEADLINE_MS;
        options.limits.memory_bytes = MEMORY;
        assert_good(calculator_activate(host, addin_file(name, isolation), &options, &services, &calculator, &fault), &fault);
        return calculator;
}

static int operate(struct calculator *calculator, const char *operation, double *ret, struct ward_fault *fault)
{
        calculator_string_t name, err;
        calculator_list_f64_t operands = { (double[]){ 6, 7 }, strcmp(operation, "*") ? 0 : 2 };
        calculator_string_set(&name, operation);
        int r = calculator_operate(calculator, &name, &operands, ret, &err, fault);
        if (r == 1)
                calculator_string_free(&err);
        return r;
}

static void assert_computes(struct ward_host *host, enum ward_isolation isolation)
{
        struct ward_fault fault;
        double value = 0;
        struct calculator *basic = activate(host, "basic", isolation);
        assert_good(operate(basic, "*", &value, &fault), &fault);
        assert_true(value == 42);
        calculator_release(basic);
}

/* Everything that reads as unloaded, and that the host can do about it. */
static void assert_lost(struct calculator *hostile, enum ward_fault_kind kind)
{
        struct ward_fault fault;
        double value;
        assert_int_equal(ward_domain_state(calculator_domain(hostile)), WARD_DOMAIN_UNLOADED);
        assert_true(ward_domain_fault(calculator_domain(hostile), &fault));
        assert_int_equal(fault.kind, kind);
        assert_string_equal(fault.addin, "hostile");
        assert_int_equal(operate(hostile, "abort", &value, &fault), -WARD_FAULT_UNLOADED);
        assert_says(&fault, "unloaded");
        assert_int_equal(ward_domain_unload(calculator_domain(hostile), &fault), 0);
}

static struct ward_fault suffer(const char *act, enum ward_isolation isolation, enum ward_fault_kind kind)
{
        struct ward_host *host = host_start();
        struct calculator *hostile = activate(host, "hostile", isolation);
        struct ward_fault fault = { 0 };
        double value;
        assert_int_equal(operate(hostile, act, &value, &fault), -(int)kind);
        assert_string_equal(fault.addin, "hostile");
        assert_string_equal(fault.domain, "hostile");
        assert_string_equal(fault.function, "operate");
        assert_says(&fault, "hostile");
        assert_lost(hostile, kind);
        calculator_release(hostile);
        assert_computes(host, isolation);
        ward_host_free(host);
        return fault;
}

static void assert_signal(const char *act, int signal, const char *name)
{
        struct ward_fault fault = suffer(act, WARD_PROCESS, WARD_FAULT_SIGNAL);
        assert_int_equal(fault.signal, signal);
        assert_says(&fault, name);
        assert_non_null(strstr(fault.backtrace, "hostile.so"));
}

TEST(process_null)
{
        assert_signal("null", 11, "SIGSEGV at address 0x0");
}

TEST(process_abort)
{
        assert_signal("abort", 6, "SIGABRT");
}

TEST(process_overflow)
{
        assert_signal("overflow", 11, "SIGSEGV");
}

TEST(process_allocate)
{
        assert_signal("allocate", 6, "SIGABRT");
}

TEST(process_exit)
{
        struct ward_fault fault = suffer("exit", WARD_PROCESS, WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 0);
        assert_says(&fault, "exit(0)");
}

TEST(process_loop)
{
        struct ward_fault fault = suffer("loop", WARD_PROCESS, WARD_FAULT_DEADLINE);
        assert_says(&fault, "250 ms");
}

TEST(process_sleep)
{
        suffer("sleep", WARD_PROCESS, WARD_FAULT_DEADLINE);
}

TEST(process_garbage)
{
        struct ward_fault fault = suffer("garbage", WARD_PROCESS, WARD_FAULT_PROTOCOL);
        assert_says(&fault, "UTF-8");
}

TEST(process_thread_crash)
{
        struct ward_host *host = host_start();
        struct calculator *hostile = activate(host, "hostile", WARD_PROCESS);
        struct ward_fault fault;
        double value;
        assert_good(operate(hostile, "thread-crash", &value, &fault), &fault);
        for (int i = 0; i < 1000 && ward_domain_state(calculator_domain(hostile)) == WARD_DOMAIN_RUNNING; i++)
                nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
        assert_lost(hostile, WARD_FAULT_SIGNAL);
        assert_true(ward_domain_fault(calculator_domain(hostile), &fault));
        assert_int_equal(fault.signal, 11);
        calculator_release(hostile);
        assert_computes(host, WARD_PROCESS);
        ward_host_free(host);
}

TEST(wasm_abort)
{
        struct ward_fault fault = suffer("abort", WARD_WASM, WARD_FAULT_TRAP);
        assert_says(&fault, "unreachable");
}

TEST(wasm_exit)
{
        struct ward_fault fault = suffer("exit", WARD_WASM, WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 0);
}

TEST(wasm_overflow)
{
        suffer("overflow", WARD_WASM, WARD_FAULT_TRAP);
}

TEST(wasm_loop)
{
        struct ward_fault fault = suffer("loop", WARD_WASM, WARD_FAULT_DEADLINE);
        assert_says(&fault, "250 ms");
}

TEST(wasm_sleep)
{
        suffer("sleep", WARD_WASM, WARD_FAULT_DEADLINE);
}

TEST(wasm_allocate)
{
        suffer("allocate", WARD_WASM, WARD_FAULT_TRAP);
}

TEST(wasm_garbage)
{
        struct ward_fault fault = suffer("garbage", WARD_WASM, WARD_FAULT_PROTOCOL);
        assert_says(&fault, "UTF-8");
}

#ifdef __SANITIZE_ADDRESS__ /* its quarantine grows */
enum { PAGES_MAY_GROW = 1 << 20 };
#else
enum { PAGES_MAY_GROW = 256 };
#endif

/* Resident pages of this process. */
static long resident(void)
{
        long pages = 0;
        FILE *file = fopen("/proc/self/statm", "re");
        assert_non_null(file);
        assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
        fclose(file);
        return pages;
}

/* A crash and an activation, again and again, by the same host. Descriptors, threads and children are the harness's to see. */
static void rounds(const char *act, enum ward_isolation isolation, enum ward_fault_kind kind)
{
        struct ward_host *host = host_start();
        struct ward_fault fault;
        double value;
        long before = 0;
        int fds = 0;
        for (int i = 0; i < ROUNDS; i++) {
                struct calculator *hostile = activate(host, "hostile", isolation);
                assert_int_equal(operate(hostile, act, &value, &fault), -(int)kind);
                calculator_release(hostile);
                if (i == ROUNDS / 10) {
                        before = resident();
                        fds = harness_count_fds();
                }
        }
        assert_int_equal(harness_count_fds(), fds);
        assert_in_range(resident(), 0, before + PAGES_MAY_GROW);
        ward_host_free(host);
}

TEST(process_rounds)
{
        rounds("null", WARD_PROCESS, WARD_FAULT_SIGNAL);
}

TEST(wasm_rounds)
{
        rounds("abort", WARD_WASM, WARD_FAULT_TRAP);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(process_null), TEST_CASE(process_abort), TEST_CASE(process_overflow),
                         TEST_CASE(process_allocate), TEST_CASE(process_exit), TEST_CASE(process_loop), TEST_CASE(process_sleep),
                         TEST_CASE(process_garbage), TEST_CASE(process_thread_crash), TEST_CASE(wasm_abort), TEST_CASE(wasm_exit),
                         TEST_CASE(wasm_overflow), TEST_CASE(wasm_loop), TEST_CASE(wasm_sleep), TEST_CASE(wasm_allocate),
                         TEST_CASE(wasm_garbage), TEST_CASE_LONG(process_rounds, 120), TEST_CASE_LONG(wasm_rounds, 60));
}
