#include "wasm/runtime.h"

#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "wasm/test_fixture.h"

static const struct wasm_offer offers[] = { { "env", "host", "i>i" }, { "env", "mixed", "iIfF>F" } };

#define UNARY(name)                                                                                                                \
        {                                                                                                                          \
                name, "i>i", false                                                                                                 \
        }
static const struct wasm_need needs[] = {
        UNARY("add_one"),
        UNARY("load"),
        UNARY("load_far"),
        UNARY("store"),
        UNARY("grow"),
        UNARY("divide"),
        UNARY("overflow"),
        UNARY("convert"),
        UNARY("unreachable"),
        UNARY("indirect"),
        UNARY("grow_table"),
        UNARY("set_table"),
        UNARY("recurse"),
        UNARY("deep"),
        UNARY("loop"),
        UNARY("loop_counting"),
        UNARY("loop_copy"),
        UNARY("loop_fill"),
        UNARY("loop_init"),
        UNARY("loop_grow"),
        UNARY("loop_host"),
        UNARY("loop_float"),
        UNARY("fill_out"),
        UNARY("copy_out"),
        UNARY("init_out"),
        UNARY("copy_over"),
        UNARY("call_host"),
        { "values", "iIfF>F", false },
        { "cabi_realloc", "iiii>i", true },
};
static const struct wasm_terms terms = { offers, COUNT_OF(offers), needs, COUNT_OF(needs) };

/* --- Instances ----------------------------------------------------------------------------------------------------- */

struct guest {
        struct wasm_instance *wasm;
        int (*serve)(struct guest *guest, uint64_t *slots, struct ward_fault *fault); /* what import host does; NULL: x + 1 */
        int served;
        uint64_t mixed[4];
};

static struct wasm_image *image;

static int import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct guest *guest = context;
        double sum;
        if (offer) {
                memcpy(guest->mixed, slots, sizeof guest->mixed);
                memcpy(&sum, &slots[3], sizeof sum);
                sum *= 2;
                memcpy(slots, &sum, sizeof sum);
                return 0;
        }
        guest->served++;
        if (guest->serve)
                return guest->serve(guest, slots, fault);
        slots[0] = (uint32_t)slots[0] + 1;
        return 0;
}

static void guest_start(struct guest *guest, uint64_t memory_bytes)
{
        struct wasm_host host = { "guest", memory_bytes, guest, import };
        struct ward_fault fault = { 0 };
        if (!image)
                image = fixture_image("runtime", &terms);
        if (wasm_instance_new(image, &host, &guest->wasm, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_enter(guest->wasm);
        if (wasm_instance_start(guest->wasm, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_leave(guest->wasm);
}

static int guest_call(struct guest *guest, const char *name, uint32_t argument, uint32_t *ret, struct ward_fault *fault)
{
        uint64_t slots[1] = { argument };
        wasm_instance_enter(guest->wasm);
        int r = wasm_instance_call(guest->wasm, fixture_need(&terms, name), name, slots, fault);
        wasm_instance_leave(guest->wasm);
        if (!r)
                *ret = (uint32_t)slots[0];
        return r;
}

static void guest_end(struct guest *guest)
{
        guest->wasm = wasm_instance_free(guest->wasm);
}

static void image_end(void)
{
        image = wasm_image_unref(image);
}

/* What a fresh instance answers. */
static uint32_t answer(const char *name, uint32_t argument)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret = 0;
        guest_start(&guest, 0);
        if (guest_call(&guest, name, argument, &ret, &fault))
                fail_msg("%s", fault.text);
        guest_end(&guest);
        return ret;
}

/* A fresh instance traps, and says so. */
static void traps(const char *name, uint32_t argument, const char *phrase)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 0);
        assert_int_equal(guest_call(&guest, name, argument, &ret, &fault), -WARD_FAULT_TRAP);
        assert_int_equal(fault.kind, WARD_FAULT_TRAP);
        assert_says(&fault, "add-in 'guest' trapped in ");
        assert_says(&fault, name);
        assert_says(&fault, phrase);
        guest_end(&guest);
}

/* --- Calls and traps ----------------------------------------------------------------------------------------------- */

TEST(calls)
{
        assert_int_equal(answer("add_one", 41), 42);
        assert_int_equal(answer("load", 16), 0x65726568); /* "here" */
        assert_int_equal(answer("load", 0xfffc), 0);
        assert_int_equal(answer("indirect", 0), 42);
        assert_int_equal(answer("copy_over", 0), 12);
        assert_int_equal(answer("call_host", 6), 7);
        assert_int_equal(answer("divide", 1), 1);
        image_end();
}

TEST(passes_every_type)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        float f = -1.5f;
        double d = 0.25;
        uint64_t slots[4] = { 0xfffffffe, UINT64_MAX - 2, 0, 0 };
        memcpy(&slots[2], &f, sizeof f);
        memcpy(&slots[3], &d, sizeof d);
        uint64_t sent[4];
        memcpy(sent, slots, sizeof sent);
        guest_start(&guest, 0);
        wasm_instance_enter(guest.wasm);
        assert_int_equal(wasm_instance_call(guest.wasm, fixture_need(&terms, "values"), "values", slots, &fault), 0);
        wasm_instance_leave(guest.wasm);
        assert_memory_equal(guest.mixed, sent, sizeof sent);
        memcpy(&d, slots, sizeof d);
        assert_true(d == 1000.5);
        assert_true(wasm_instance_has(guest.wasm, fixture_need(&terms, "values")));
        assert_false(wasm_instance_has(guest.wasm, fixture_need(&terms, "cabi_realloc")));
        guest_end(&guest);
        image_end();
}

TEST(traps_of_every_kind)
{
        traps("load", 0x10000, "out of bounds memory access at 0x10000 (linear memory is 65536 bytes)");
        traps("load", 0xffffffff, "out of bounds memory access at 0xffffffff");
        traps("load_far", 0xffffffff, "out of bounds memory access at 0x1ffffffef");
        traps("store", 0x10000, "out of bounds memory access at 0x10000");
        traps("fill_out", 0xfff1, "out of bounds memory access");
        traps("copy_out", 0xfffffff0, "out of bounds memory access");
        traps("init_out", 0xfffd, "out of bounds memory access");
        traps("divide", 0, "integer divide by zero");
        traps("overflow", 0xffffffff, "integer overflow");
        traps("convert", 0, "invalid conversion");
        traps("convert", 1, "integer overflow");
        traps("unreachable", 0, "unreachable");
        traps("indirect", 1, "indirect call mismatch");
        traps("indirect", 3, "indirect call mismatch");
        traps("indirect", 0xffffffff, "indirect call mismatch");
        traps("set_table", 5, "out of bounds");
        image_end();
}

TEST(grows)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 5 * 65536 + 1);
        assert_int_equal(guest_call(&guest, "grow", 3, &ret, &fault), 0);
        assert_int_equal(ret, 1);
        assert_int_equal(guest_call(&guest, "grow", 2, &ret, &fault), 0);
        assert_int_equal(ret, UINT32_MAX); /* the limit */
        assert_int_equal(guest_call(&guest, "grow", UINT32_MAX, &ret, &fault), 0);
        assert_int_equal(ret, UINT32_MAX);
        assert_int_equal(guest_call(&guest, "load", 4 * 65536 - 4, &ret, &fault), 0);
        assert_int_equal(ret, 0);
        uint64_t size;
        assert_non_null(wasm_instance_memory(guest.wasm, &size));
        assert_int_equal(size, 4 * 65536);
        guest_end(&guest);
        assert_int_equal(answer("grow", 16), UINT32_MAX); /* the module's own maximum */
        assert_int_equal(answer("grow_table", 3), 8);
        assert_int_equal(answer("grow_table", 4), 5);
        image_end();
}

TEST(starts_beyond_its_limit)
{
        struct guest guest = { 0 };
        struct wasm_host host = { "guest", 1000, &guest, import };
        struct ward_fault fault = { 0 };
        image = fixture_image("runtime", &terms);
        assert_int_equal(wasm_instance_new(image, &host, &guest.wasm, &fault), 0);
        wasm_instance_enter(guest.wasm);
        assert_int_equal(wasm_instance_start(guest.wasm, &fault), -WARD_FAULT_LIMIT);
        wasm_instance_leave(guest.wasm);
        assert_says(&fault, "memory_bytes");
        guest_end(&guest);
        image_end();
}

TEST(leaves_nothing_behind)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        char before[256] = "", after[256] = "";
        unsigned long pages_before, pages_after;
        for (int i = 0; i < 1010; i++) {
                guest_start(&guest, 0);
                guest_call(&guest, i & 1 ? "load" : "unreachable", UINT32_MAX, &ret, &fault);
                guest_end(&guest);
                if (i != 9 && i != 1009)
                        continue;
                FILE *file = fopen("/proc/self/statm", "re");
                assert_non_null(fgets(i == 9 ? before : after, sizeof before, file));
                fclose(file);
        }
        pages_before = strtoul(before, NULL, 10);
        pages_after = strtoul(after, NULL, 10);
        assert_true(pages_after <= pages_before + 256); /* 8 GiB would be 2,097,152 */
        image_end();
}

/* --- The stack ----------------------------------------------------------------------------------------------------- */

static int use_stack(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        volatile char room[200 << 10];
        room[0] = room[sizeof room - 1] = 1;
        slots[0] = (uint64_t)(room[0] - 1);
        return 0;
}

/* The host's callback has room at every depth that the module can reach. */
static void *exhausts(void *unused)
{
        struct guest guest = { .serve = use_stack };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        for (int i = 0; i < 3; i++) {
                traps("deep", 100000000, "call stack exhausted");
                guest_start(&guest, 0);
                assert_int_equal(guest_call(&guest, "recurse", 100, &ret, &fault), 0);
                assert_int_equal(ret, 100);
                assert_int_equal(guest_call(&guest, "recurse", 100000000, &ret, &fault), -WARD_FAULT_TRAP);
                assert_says(&fault, "call stack exhausted");
                guest_end(&guest);
        }
        return NULL;
}

TEST(stack_of_the_main_thread)
{
        exhausts(NULL);
        image_end();
}

static void on_thread(size_t stack_size, void *(*run)(void *))
{
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, stack_size);
        assert_int_equal(pthread_create(&thread, &attributes, run, NULL), 0);
        pthread_attr_destroy(&attributes);
        pthread_join(thread, NULL);
}

TEST(stack_of_another_thread)
{
        on_thread(8 << 20, exhausts);
        on_thread(1 << 20, exhausts);
        image_end();
}

static void *exhausts_a_small_one(void *unused)
{
        traps("deep", 100000000, "call stack exhausted");
        assert_int_equal(answer("deep", 10), 1 ^ 2 ^ 3 ^ 4 ^ 5 ^ 6 ^ 7 ^ 8 ^ 9 ^ 10);
        return NULL;
}

TEST(stack_of_a_small_thread)
{
        on_thread(128 << 10, exhausts_a_small_one);
        image_end();
}

/* The limit of the main thread's stack is read when it grows: as with `ulimit -s unlimited`. */
TEST(stack_without_limit)
{
        struct rlimit limit;
        getrlimit(RLIMIT_STACK, &limit);
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_STACK, &limit), 0);
        exhausts(NULL);
        image_end();
}

/* --- Being ended --------------------------------------------------------------------------------------------------- */

struct watch {
        struct guest *guest;
        unsigned after_ms;
        bool stop;
        uint64_t number;
        _Atomic bool done;
        pthread_t thread;
};

static void pause_ms(unsigned ms)
{
        nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 }, NULL);
}

/* What the monitor does. */
static void *watches(void *data)
{
        struct watch *watch = data;
        pause_ms(watch->after_ms);
        if (watch->stop)
                wasm_instance_stop(watch->guest->wasm);
        else
                wasm_instance_expire(watch->guest->wasm, watch->number);
        while (!watch->done) {
                wasm_instance_look(watch->guest->wasm);
                pause_ms(1);
        }
        return NULL;
}

static int call_watched(struct guest *guest, const char *name, struct watch *watch, struct ward_fault *fault)
{
        uint32_t ret;
        watch->guest = guest;
        watch->number = wasm_instance_number(guest->wasm) + 1; /* the next call's */
        assert_int_equal(pthread_create(&watch->thread, NULL, watches, watch), 0);
        int r = guest_call(guest, name, 0, &ret, fault);
        watch->done = true;
        pthread_join(watch->thread, NULL);
        return r;
}

static void expires(const char *name)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        struct watch watch = { .after_ms = 30 };
        guest_start(&guest, 0);
        uint64_t began = clock_now();
        assert_int_equal(call_watched(&guest, name, &watch, &fault), -WARD_FAULT_DEADLINE);
        assert_says(&fault, name);
        assert_true(clock_now() - began < 2000000000u);
        guest_end(&guest);
}

TEST(ends_every_loop)
{
        const char *loops[] = { "loop",      "loop_counting", "loop_copy", "loop_fill",
                                "loop_init", "loop_grow",     "loop_host", "loop_float" };
        for (size_t i = 0; i < COUNT_OF(loops); i++)
                expires(loops[i]);
        image_end();
}

TEST(stops)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        struct watch watch = { .after_ms = 20, .stop = true };
        uint32_t ret;
        guest_start(&guest, 0);
        assert_int_equal(call_watched(&guest, "loop", &watch, &fault), -WARD_FAULT_UNLOADED);
        assert_int_equal(guest_call(&guest, "add_one", 1, &ret, &fault), -WARD_FAULT_UNLOADED);
        guest_end(&guest);
        image_end();
}

/* The time of a call that is over does not end the next one. */
TEST(expires_one_call_only)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 0);
        for (int i = 0; i < 100; i++) {
                assert_int_equal(guest_call(&guest, "add_one", 1, &ret, &fault), 0);
                wasm_instance_expire(guest.wasm, wasm_instance_number(guest.wasm));
                wasm_instance_look(guest.wasm);
        }
        guest_end(&guest);
        image_end();
}

static int wait_in_host(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        wasm_instance_to_host(guest->wasm);
        pause_ms(100);
        guest->served = 1000;
        wasm_instance_from_host(guest->wasm);
        return 0;
}

/* While the host's code runs nothing is cut off; when it is back the call ends. */
TEST(waits_for_the_host)
{
        struct guest guest = { .serve = wait_in_host };
        struct ward_fault fault = { 0 };
        struct watch watch = { .after_ms = 20 };
        guest_start(&guest, 0);
        assert_int_equal(call_watched(&guest, "call_host", &watch, &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(guest.served, 1000);
        guest_end(&guest);
        image_end();
}

static int call_back(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        uint32_t ret = 0;
        if (guest->served > 20)
                return fault_set(fault, WARD_FAULT_EXIT, "enough");
        wasm_instance_to_host(guest->wasm);
        int r = guest_call(guest, guest->served % 5 == 4 ? "add_one" : "call_host", (uint32_t)slots[0] + 1, &ret, fault);
        wasm_instance_from_host(guest->wasm);
        slots[0] = ret;
        return r;
}

TEST(nests)
{
        struct guest guest = { .serve = call_back };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 0);
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), 0);
        assert_int_equal(ret, 5);
        guest.served = 10; /* 14 calls add_one, so the 20th cannot be reached: the last import's fault goes all the way out */
        guest.serve = call_back;
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), 0);
        guest.served = 21;
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), -WARD_FAULT_EXIT);
        assert_string_equal(fault.text, "enough");
        guest_end(&guest);
        image_end();
}

static int trap_inside(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        struct ward_fault inner;
        uint32_t ret;
        wasm_instance_to_host(guest->wasm);
        assert_int_equal(guest_call(guest, "load", UINT32_MAX, &ret, &inner), -WARD_FAULT_TRAP);
        wasm_instance_from_host(guest->wasm);
        slots[0] = 77;
        return 0;
}

/* A trap ends the innermost call; the host, in between, has seen it. */
TEST(a_nested_trap_is_the_inner_calls)
{
        struct guest guest = { .serve = trap_inside };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 0);
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), 0);
        assert_int_equal(ret, 77);
        guest_end(&guest);
        image_end();
}

/* --- Signals ------------------------------------------------------------------------------------------------------- */

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
        image_end();
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
        image_end();
}

TEST(refuses_an_endless_exchange_of_handlers)
{
        struct guest guest = { 0 };
        struct ward_fault fault = { 0 };
        struct wasm_host host = { "guest", 0, &guest, import };
        int r = 0;
        image = fixture_image("runtime", &terms);
        for (int i = 0; i < 20 && !r; i++) {
                handle_in_host(NULL);
                r = wasm_instance_new(image, &host, &guest.wasm, &fault);
                if (!r)
                        guest_end(&guest);
        }
        assert_int_equal(r, -WARD_FAULT_SYSTEM);
        assert_says(&fault, "before the first WebAssembly add-in");
        image_end();
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
        image_end();
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
        image_end();
}

static _Atomic int interrupted;

static void *is_interrupted_by_nothing(void *data)
{
        struct guest *guest = data;
        struct ward_fault fault = { 0 };
        uint32_t ret;
        for (int i = 0; i < 2000; i++) {
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
        image_end();
}

/* --- Images -------------------------------------------------------------------------------------------------------- */

TEST(shares_images)
{
        struct wasm_image *one = fixture_image("runtime", &terms), *two = fixture_image("runtime", &terms);
        assert_ptr_equal(one, two);
        wasm_image_unref(two);
        wasm_image_unref(one);
}

/* Another copy of Ward has claimed the file's image: this one gets one of its own, with the same code. */
TEST(takes_no_image_of_another_copy)
{
        struct wasm_runtime foreign = wasm_runtime;
        struct wasm_image *theirs = fixture_image("runtime", &terms);
        const struct wasm_runtime **slot = wasm_image_entry(theirs)->runtime;
        struct guest guest = { 0 };
        const struct wasm_terms fewer = { offers, COUNT_OF(offers), needs, COUNT_OF(needs) };
        char library[256];
        FILE *maps = fopen("/proc/self/maps", "re");
        bool found = false;
        while (!found && fgets(library, sizeof library, maps))
                found = strstr(library, ".so") && strstr(library, getenv("WARD_CACHE"));
        fclose(maps);
        assert_true(found);
        *strchr(strchr(library, '/'), '\n') = 0;
        /* Kept open as the other copy would, after this one has let go of it. */
        void *kept = dlopen(strchr(library, '/'), RTLD_NOW);
        assert_non_null(kept);
        wasm_image_unref(theirs);
        assert_null(*slot);
        *slot = &foreign;
        image = fixture_image("runtime", &fewer);
        assert_ptr_not_equal(wasm_image_entry(image)->runtime, slot);
        assert_ptr_equal(*slot, &foreign);
        guest_start(&guest, 0);
        guest_end(&guest);
        assert_int_equal(answer("add_one", 1), 2);
        expires("loop");
        image_end();
        dlclose(kept);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(calls, 120), TEST_CASE(passes_every_type), TEST_CASE(traps_of_every_kind),
                         TEST_CASE(grows), TEST_CASE(starts_beyond_its_limit), TEST_CASE(leaves_nothing_behind),
                         TEST_CASE(stack_of_the_main_thread), TEST_CASE(stack_of_another_thread),
                         TEST_CASE(stack_of_a_small_thread), TEST_CASE(stack_without_limit), TEST_CASE(ends_every_loop),
                         TEST_CASE(stops), TEST_CASE(expires_one_call_only), TEST_CASE(waits_for_the_host), TEST_CASE(nests),
                         TEST_CASE(a_nested_trap_is_the_inner_calls), TEST_CASE(hands_faults_of_the_host_on),
                         TEST_CASE(stands_behind_and_before_the_host), TEST_CASE(refuses_an_endless_exchange_of_handlers),
                         TEST_CASE(does_what_the_kernel_would), TEST_CASE(traps_on_a_thread_that_blocks_signals),
                         TEST_CASE(traps_on_many_threads_at_once), TEST_CASE(disturbs_no_call_of_the_host),
                         TEST_CASE(shares_images), TEST_CASE(takes_no_image_of_another_copy));
}
