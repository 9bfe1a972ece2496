/* Signal handlers that are not Ward's, before, behind and beside those that are. */
#include "wasm/signals.h"

#include <setjmp.h>
#include <sys/auxv.h>
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

static bool is_killed(void (*act)(void))
{
        int status = status_of(act);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
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
        assert_true(is_killed(fault_in_host));
        binding_end();
}

/* The host puts its own back in front, over and over, with one place to remember whom it found: it is called a few times at most,
 * and then it is over. */
static void exchange_handlers_and_fault(void)
{
        struct sigaction action = { .sa_sigaction = host_handler_before, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        signal(SIGSEGV, SIG_DFL);
        for (int i = 0; i < 40; i++) {
                traps("load", UINT32_MAX, "out of bounds");
                action.sa_flags ^= i % 3 ? 0 : SA_NODEFER;
                sigaction(SIGSEGV, &action, &behind);
        }
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
}

static void end_with_count(int number)
{
        _exit(host_handled);
}

static void exchange_handlers_over_another(void)
{
        static const struct sigaction first = { .sa_handler = end_with_count };
        struct sigaction action = { .sa_sigaction = host_handler_before, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        sigaction(SIGSEGV, &first, NULL);
        for (int i = 0; i < 40; i++) {
                traps("load", UINT32_MAX, "out of bounds");
                sigaction(SIGSEGV, &action, &behind);
        }
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
}

TEST(ends_an_endless_exchange_of_handlers)
{
        assert_true(is_killed(exchange_handlers_and_fault));
        int status = status_of(exchange_handlers_over_another);
        assert_true(WIFEXITED(status));
        assert_in_range(WEXITSTATUS(status), 1, 8);
}

/* Ward's own is in front again once it is needed, and what happened is told, once. */
TEST(sees_that_it_was_replaced)
{
        traps("load", UINT32_MAX, "out of bounds");
        wasm_signals_replaced();
        traps("load", UINT32_MAX, "out of bounds");
        assert_int_equal(wasm_signals_replaced(), 0);
        handle_in_host(NULL);
        traps("load", UINT32_MAX, "out of bounds");
        assert_int_equal(wasm_signals_replaced(), UINT64_C(1) << SIGSEGV);
        assert_int_equal(wasm_signals_replaced(), 0);
        assert_int_equal(host_handled, 0);
        binding_end();
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

static void reset_by_one(void)
{
        struct sigaction action = { .sa_sigaction = host_handler, .sa_flags = SA_SIGINFO | (int)SA_RESETHAND };
        sigaction(SIGSEGV, &action, NULL);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
        if (host_handled != 1)
                _exit(1);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
}

static void be_default_with_flags(void)
{
        struct sigaction action = { .sa_handler = SIG_DFL, .sa_flags = SA_SIGINFO };
        sigaction(SIGSEGV, &action, NULL);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
}

TEST(knows_handlers_that_are_none)
{
        assert_true(is_killed(reset_by_one));
        assert_true(is_killed(be_default_with_flags));
}

/* --- What a handler of the host's sees -------------------------------------------------------- */

static siginfo_t seen_info;
static uintptr_t seen_sp;

static void host_handler_that_looks(int number, siginfo_t *info, void *context)
{
        seen_info = *info;
        seen_sp = (uintptr_t)__builtin_frame_address(0);
        host_handler(number, info, context);
}

static bool is_on_stack_of_thread(uintptr_t sp)
{
        return sp - wasm_thread.stack_low < wasm_thread.stack_high - wasm_thread.stack_low;
}

static void install_looking(int flags)
{
        struct sigaction action = { .sa_sigaction = host_handler_that_looks, .sa_flags = SA_SIGINFO | flags };
        sigaction(SIGSEGV, &action, NULL);
        traps("load", UINT32_MAX, "out of bounds");
}

TEST(hands_on_what_the_sender_said)
{
        install_looking(0);
        sigqueue(getpid(), SIGSEGV, (union sigval){ .sival_int = 17 });
        assert_int_equal(host_handled, 1);
        assert_int_equal(seen_info.si_code, SI_QUEUE);
        assert_int_equal(seen_info.si_value.sival_int, 17);
        assert_int_equal(seen_info.si_pid, getpid());
        fault_in_host();
        assert_ptr_equal(seen_info.si_addr, host_page);
        assert_int_equal(seen_info.si_code, SEGV_ACCERR);
        binding_end();
}

TEST(calls_a_handler_on_the_signal_stack_that_wants_it)
{
        install_looking(SA_ONSTACK);
        fault_in_host();
        assert_int_equal(host_handled, 1);
        assert_false(is_on_stack_of_thread(seen_sp));
        binding_end();
}

#ifdef __x86_64__

/* What was in all registers is there again when the handler has returned. */
TEST(calls_a_handler_on_the_stack_that_was_interrupted)
{
        volatile double before[8];
        double after[8];
        install_looking(0);
        for (int i = 0; i < 8; i++)
                before[i] = i * 1.5;
        for (int round = 1; round <= 3; round++) {
                for (int i = 0; i < 8; i++)
                        after[i] = before[i] + round;
                fault_in_host();
                for (int i = 0; i < 8; i++)
                        assert_true(after[i] == before[i] + round);
                assert_int_equal(host_handled, round);
                assert_true(is_on_stack_of_thread(seen_sp));
                stack_t stack;
                sigaltstack(NULL, &stack);
                assert_int_equal(stack.ss_flags, 0);
        }
        traps("load", UINT32_MAX, "out of bounds");
        binding_end();
}

static sigjmp_buf back;

static void host_handler_that_leaves(int number)
{
        host_handled++;
        siglongjmp(back, 1);
}

/* A host that leaves its handler by a jump is called again the next time. */
TEST(is_left_by_jumps)
{
        for (volatile int flags = 0; flags <= SA_ONSTACK; flags += SA_ONSTACK) {
                struct sigaction action = { .sa_handler = host_handler_that_leaves, .sa_flags = flags };
                sigaction(SIGSEGV, &action, NULL);
                traps("load", UINT32_MAX, "out of bounds");
                host_handled = 0;
                for (volatile int i = 1; i <= 5; i++) {
                        if (!sigsetjmp(back, 1))
                                fault_in_host();
                        assert_int_equal(host_handled, i);
                }
                traps("load", UINT32_MAX, "out of bounds");
        }
        binding_end();
}

#endif

static void *volatile nested_page;

static void host_handler_that_faults(int number, siginfo_t *info, void *context)
{
        host_handled++;
        if (info->si_addr == nested_page) {
                mprotect(nested_page, 4096, PROT_READ | PROT_WRITE);
                return;
        }
        *(volatile char *)nested_page = 1;
        mprotect(host_page, 4096, PROT_READ | PROT_WRITE);
}

TEST(hands_on_a_fault_within_a_handler)
{
        struct sigaction action = { .sa_sigaction = host_handler_that_faults, .sa_flags = SA_SIGINFO | SA_NODEFER };
        nested_page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        sigaction(SIGSEGV, &action, NULL);
        traps("load", UINT32_MAX, "out of bounds");
        fault_in_host();
        assert_int_equal(host_handled, 2);
        traps("load", UINT32_MAX, "out of bounds");
        munmap(nested_page, 4096);
        binding_end();
}

/* --- A host that asks Ward first -------------------------------------------------------------- */

static void host_handler_that_asks(int number, siginfo_t *info, void *context)
{
        if (!wasm_signals_handle(number, info, context))
                host_handler(number, info, context);
}

static void *ends_a_loop(void *data)
{
        struct guest *guest = data;
        pause_ms(20);
        wasm_instance_stop(guest->wasm);
        for (int i = 0; i < 1000 && !guest->served; i++) {
                wasm_signals_send(atomic_load(&guest->wasm->running.thread));
                pause_ms(1);
        }
        return NULL;
}

static void traps_behind(struct guest *guest)
{
        struct sigaction action = { .sa_sigaction = host_handler_that_asks, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(guest, 0);
        guest_call(guest, "add_one", 0, &ret, &fault); /* later Ward looks no more */
        sigaction(SIGSEGV, &action, NULL);
}

TEST(is_asked_by_the_host)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        pthread_t thread;
        traps_behind(&guest);
        assert_int_equal(guest_call(&guest, "load", UINT32_MAX, &ret, &fault), -WARD_FAULT_TRAP);
        fault_in_host();
        assert_int_equal(host_handled, 1);
        guest_end(&guest);

        traps_behind(&guest);
        assert_int_equal(pthread_create(&thread, NULL, ends_a_loop, &guest), 0);
        assert_int_equal(guest_call(&guest, "loop", 0, &ret, &fault), -WARD_FAULT_UNLOADED);
        guest.served = 1;
        pthread_join(thread, NULL);
        assert_int_equal(host_handled, 1);
        guest_end(&guest);
        assert_false(wasm_signals_handle(SIGTERM, NULL, NULL));
        binding_end();
}

/* --- Signal stacks ---------------------------------------------------------------------------- */

static void *traps_on_a_stack_of(size_t size, int flags)
{
        void *at = malloc(size);
        stack_t now, stack = { .ss_sp = at, .ss_size = size, .ss_flags = flags };
        assert_int_equal(sigaltstack(&stack, NULL), 0);
        for (int i = 0; i < 3; i++) {
                traps("load", UINT32_MAX, "out of bounds");
                traps("deep", 100000000, "exhausted");
                expires("loop");
                sigaltstack(NULL, &now);
                assert_ptr_equal(now.ss_sp, at);
                assert_int_equal(now.ss_size, size);
                assert_int_equal(now.ss_flags, flags);
        }
        sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
        free(at);
        return NULL;
}

static void *has_its_own(void *unused)
{
        return traps_on_a_stack_of(64 << 10, 0);
}

static void *has_one_that_is_disarmed(void *unused)
{
        return traps_on_a_stack_of(64 << 10, (int)(1u << 31)); /* SS_AUTODISARM */
}

__attribute__((noinline)) static void use_stack(void)
{
        volatile char taken[24 << 10];
        for (size_t i = 0; i < sizeof taken; i++)
                taken[i] = 1;
}

/* Another signal waits for the end of this one. */
static void is_looked_for_meanwhile(int number, siginfo_t *info, void *context)
{
        if (info->si_code > 0)
                wasm_signals_send((uint32_t)gettid());
        else
                use_stack();
        if (!wasm_signals_handle(number, info, context))
                host_handler(number, info, context);
}

static void *is_disarmed_with_another(void *unused)
{
        const struct sigaction action = { .sa_sigaction = is_looked_for_meanwhile, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        size_t size = 64 << 10;
        uint32_t ret;
        stack_t now, stack = { .ss_sp = malloc(size), .ss_size = size, .ss_flags = (int)(1u << 31) };
        assert_int_equal(sigaltstack(&stack, NULL), 0);
        guest_start(&guest, 0);
        guest_call(&guest, "add_one", 0, &ret, &fault); /* later Ward looks no more */
        assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
        assert_int_equal(guest_call(&guest, "load", UINT32_MAX, &ret, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "out of bounds");
        sigaltstack(NULL, &now);
        assert_ptr_equal(now.ss_sp, stack.ss_sp);
        guest_end(&guest);
        sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
        free(stack.ss_sp);
        return NULL;
}

TEST(keeps_off_a_signal_stack_that_is_in_use)
{
        answer("add_one", 1);
#ifndef __SANITIZE_ADDRESS__
        on_thread(1 << 20, is_disarmed_with_another);
#else
        (void)is_disarmed_with_another;
#endif
        binding_end();
}

TEST(respects_the_signal_stack_of_the_host)
{
        answer("add_one", 1);
        on_thread(1 << 20, has_its_own);
#ifndef __SANITIZE_ADDRESS__ /* which asks the kernel which stack it is on, and then does not hear of it */
        on_thread(1 << 20, has_one_that_is_disarmed);
#else
        (void)has_one_that_is_disarmed;
#endif
        binding_end();
}

static void *has_one_that_is_too_small(void *unused)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        struct wasm_host host = { "guest", 0, &guest, guest_import };
        size_t size = getauxval(AT_MINSIGSTKSZ);
        size = size ? size : MINSIGSTKSZ;
        stack_t stack = { .ss_sp = malloc(size), .ss_size = size };
        assert_int_equal(sigaltstack(&stack, NULL), 0);
        assert_int_equal(wasm_instance_new(binding, &host, &guest.wasm, &fault), 0);
        wasm_instance_enter(guest.wasm);
        assert_int_equal(wasm_instance_start(guest.wasm, &fault), -WARD_FAULT_SYSTEM);
        assert_says(&fault, "sigaltstack");
        wasm_instance_leave(guest.wasm);
        guest_end(&guest);
        sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
        free(stack.ss_sp);
        answer("add_one", 1);
        return NULL;
}

TEST(tells_of_a_signal_stack_that_is_too_small)
{
        answer("add_one", 1);
        on_thread(1 << 20, has_one_that_is_too_small);
        binding_end();
}

/* --- Threads ---------------------------------------------------------------------------------- */

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
        assert_false(wasm_instance_look(guest.wasm)); /* nobody is there */
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
                         TEST_CASE(ends_an_endless_exchange_of_handlers), TEST_CASE(sees_that_it_was_replaced),
                         TEST_CASE(does_what_the_kernel_would), TEST_CASE(knows_handlers_that_are_none),
                         TEST_CASE(hands_on_what_the_sender_said), TEST_CASE(calls_a_handler_on_the_signal_stack_that_wants_it),
#ifdef __x86_64__
                         TEST_CASE(calls_a_handler_on_the_stack_that_was_interrupted), TEST_CASE(is_left_by_jumps),
#endif
                         TEST_CASE(hands_on_a_fault_within_a_handler), TEST_CASE(is_asked_by_the_host),
                         TEST_CASE(respects_the_signal_stack_of_the_host), TEST_CASE(keeps_off_a_signal_stack_that_is_in_use),
                         TEST_CASE(tells_of_a_signal_stack_that_is_too_small), TEST_CASE(traps_on_a_thread_that_blocks_signals),
                         TEST_CASE(traps_on_many_threads_at_once), TEST_CASE_LONG(disturbs_no_call_of_the_host, 120),
                         TEST_CASE(looks_do_not_pile_up), TEST_CASE(blocks_what_the_handler_wants_blocked));
}
