/* Signal handlers that are not Ward's, before, behind and beside those that are. */
#include "wasm/signals.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "wasm/test_guest.h"

static _Atomic int host_handled;
static volatile sig_atomic_t host_blocked;
static void *volatile host_page;

static void host_handler(int number, siginfo_t *info, void *context)
{
        sigset_t set;
        pthread_sigmask(SIG_BLOCK, NULL, &set);
        host_blocked = sigismember(&set, SIGUSR1) && sigismember(&set, SIGSEGV);
        if (info->si_addr == host_page)
                mprotect(host_page, 4096, PROT_READ | PROT_WRITE);
        host_handled++;
}

static void fault_in_host(void)
{
        host_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)host_page = 1;
        munmap(host_page, 4096);
}

static void handle_in_host(struct sigaction *ret_before)
{
        struct sigaction action = { .sa_sigaction = host_handler, .sa_flags = SA_SIGINFO };
        sigaddset(&action.sa_mask, SIGUSR1);
        sigaction(SIGSEGV, &action, ret_before);
}

static int fault_inside(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        wasm_instance_to_host(guest->wasm);
        fault_in_host();
        wasm_instance_from_host(guest->wasm);
        return 0;
}

TEST(hands_faults_of_the_host_on)
{
        struct guest guest = { .serve = fault_inside };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        handle_in_host(NULL);
        guest_start(&guest, 0);
        fault_in_host();
        assert_int_equal(host_handled, 1);
        assert_true(host_blocked);
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), 0); /* within an import, too */
        assert_int_equal(host_handled, 2);
        kill(getpid(), SIGSEGV);
        assert_int_equal(host_handled, 3);
        traps("load", UINT32_MAX, "out of bounds");
        assert_int_equal(host_handled, 3);
        sigset_t set;
        pthread_sigmask(SIG_BLOCK, NULL, &set);
        assert_false(sigismember(&set, SIGUSR1) || sigismember(&set, SIGSEGV));
        guest_end(&guest);
        binding_end();
}

static struct sigaction behind;

static void host_handler_before(int number, siginfo_t *info, void *context)
{
        host_handled++;
        behind.sa_sigaction(number, info, context);
}

/* The host comes later, and hands what is not its own on to Ward, more than once. */
TEST(stands_behind_and_before_the_host)
{
        signal(SIGSEGV, SIG_DFL);
        traps("load", UINT32_MAX, "out of bounds");
        for (int i = 0; i < 4; i++) {
                struct sigaction action = { .sa_sigaction = host_handler_before, .sa_flags = SA_SIGINFO | SA_ONSTACK };
                struct guest guest = { 0 };
                struct ward_fault fault = { 0 };
                uint32_t ret;
                guest_start(&guest, 0);
                if (!i)
                        sigaction(SIGSEGV, &action, &behind);
                assert_int_equal(guest_call(&guest, "load", UINT32_MAX, &ret, &fault), -WARD_FAULT_TRAP);
                guest_end(&guest);
        }
        assert_int_equal(host_handled, 1); /* from the second on Ward was first again */
        pid_t pid = fork();
        if (!pid) {
                fault_in_host();
                _exit(0);
        }
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        binding_end();
}

TEST(refuses_an_endless_exchange_of_handlers)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        struct wasm_host host = { "guest", 0, &guest, guest_import };
        int r = 0;
        binding = fixture_binding("runtime", &terms);
        for (int i = 0; i < 20 && !r; i++) {
                handle_in_host(NULL);
                r = wasm_instance_new(binding, &host, &guest.wasm, &fault);
                if (!r)
                        guest_end(&guest);
        }
        assert_int_equal(r, -WARD_FAULT_SYSTEM);
        assert_says(&fault, "before the first WebAssembly add-in");
        binding_end();
}

static int status_of(void (*act)(void))
{
        int status = -1;
        pid_t pid = fork();
        if (!pid) {
                act();
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void fault_by_default(void)
{
        signal(SIGSEGV, SIG_DFL);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
}

static void be_sent_one(void)
{
        signal(SIGSEGV, SIG_DFL);
        traps("load", UINT32_MAX, "out of bounds");
        raise(SIGSEGV);
}

static void ignore_one_that_is_sent(void)
{
        signal(SIGSEGV, SIG_IGN);
        traps("load", UINT32_MAX, "out of bounds");
        raise(SIGSEGV);
}

static void ignore_a_fault(void)
{
        ignore_one_that_is_sent();
        fault_in_host();
}

TEST(does_what_the_kernel_would)
{
        int status = status_of(fault_by_default);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        status = status_of(be_sent_one);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        status = status_of(ignore_one_that_is_sent);
        assert_true(WIFEXITED(status));
        status = status_of(ignore_a_fault);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void *traps_with_all_blocked(void *unused)
{
        sigset_t all;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, NULL);
        traps("load", UINT32_MAX, "out of bounds");
        expires("loop");
        return NULL;
}

TEST(traps_on_a_thread_that_blocks_signals)
{
        on_thread(1 << 20, traps_with_all_blocked);
        binding_end();
}

static void *traps_often(void *unused)
{
        for (int i = 0; i < 200; i++)
                traps(i & 1 ? "load" : "divide", i & 1 ? UINT32_MAX : 0, i & 1 ? "out of bounds" : "divide by zero");
        return NULL;
}

TEST(traps_on_many_threads_at_once)
{
        pthread_t threads[8];
        answer("add_one", 1); /* so that the image is there */
        for (size_t i = 0; i < COUNT_OF(threads); i++)
                assert_int_equal(pthread_create(&threads[i], NULL, traps_often, NULL), 0);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
                pthread_join(threads[i], NULL);
        binding_end();
}

static _Atomic int interrupted;

static void *is_interrupted_by_nothing(void *data)
{
        struct guest *guest = data;
        struct ward_fault fault = { 0 };
        uint32_t ret;
        for (int i = 0; i < 500; i++) {
                guest_call(guest, "add_one", 1, &ret, &fault);
                if (nanosleep(&(struct timespec){ .tv_nsec = 1000 }, NULL))
                        interrupted++;
        }
        return NULL;
}

/* A signal that makes a thread look reaches it in the call or not at all. */
TEST(disturbs_no_call_of_the_host)
{
        struct guest guest = { 0 };
        pthread_t thread;
        guest_start(&guest, 0);
        assert_int_equal(pthread_create(&thread, NULL, is_interrupted_by_nothing, &guest), 0);
        while (pthread_tryjoin_np(thread, NULL))
                for (int i = 0; i < 100; i++)
                        wasm_instance_look(guest.wasm);
        assert_int_equal(interrupted, 0);
        guest_end(&guest);
        binding_end();
}

static void *expires_after_many_looks(void *data)
{
        struct guest *guest = data;
        pause_ms(20);
        for (int i = 0; i < 100000; i++)
                wasm_instance_look(guest->wasm);
        wasm_instance_expire(guest->wasm, wasm_instance_number(guest->wasm));
        wasm_instance_look(guest->wasm);
        return NULL;
}

/* However fast they come. */
TEST(looks_do_not_pile_up)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        pthread_t thread;
        guest_start(&guest, 0);
        assert_int_equal(pthread_create(&thread, NULL, expires_after_many_looks, &guest), 0);
        assert_int_equal(guest_call(&guest, "loop", 0, &ret, &fault), -WARD_FAULT_DEADLINE);
        pthread_join(thread, NULL);
        guest_end(&guest);
        binding_end();
}

/* One that came with SA_NODEFER may be interrupted by its own signal, others may not. */
TEST(blocks_what_the_handler_wants_blocked)
{
        struct sigaction action = { .sa_sigaction = host_handler, .sa_flags = SA_SIGINFO | SA_NODEFER };
        sigaddset(&action.sa_mask, SIGUSR1);
        sigaction(SIGSEGV, &action, NULL);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
        assert_int_equal(host_handled, 1);
        assert_false(host_blocked);
        binding_end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(hands_faults_of_the_host_on, 120), TEST_CASE(stands_behind_and_before_the_host),
                         TEST_CASE(refuses_an_endless_exchange_of_handlers), TEST_CASE(does_what_the_kernel_would),
                         TEST_CASE(traps_on_a_thread_that_blocks_signals), TEST_CASE(traps_on_many_threads_at_once),
                         TEST_CASE_LONG(disturbs_no_call_of_the_host, 120), TEST_CASE(looks_do_not_pile_up),
                         TEST_CASE(blocks_what_the_handler_wants_blocked));
}
