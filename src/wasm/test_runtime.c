#include "wasm/runtime.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <ucontext.h>
#include "base/fault.h"
#include "wasm/test_guest.h"

/* --- Calls and traps -------------------------------------------------------------------------- */

TEST(calls)
{
        assert_int_equal(answer("add_one", 41), 42);
        assert_int_equal(answer("load", 16), 0x65726568); /* "here" */
        assert_int_equal(answer("load", 0xfffc), 0);
        assert_int_equal(answer("indirect", 0), 42);
        assert_int_equal(answer("copy_over", 0), 12);
        assert_int_equal(answer("call_host", 6), 7);
        assert_int_equal(answer("divide", 1), 1);
        binding_end();
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
        binding_end();
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
        binding_end();
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
        binding_end();
}

TEST(starts_beyond_its_limit)
{
        struct guest guest = { 0 };
        struct wasm_host host = { "guest", 1000, &guest, guest_import };
        struct ward_fault fault = { 0 };
        binding = fixture_binding("runtime", &terms);
        assert_int_equal(wasm_instance_new(binding, &host, &guest.wasm, &fault), 0);
        wasm_instance_enter(guest.wasm);
        assert_int_equal(wasm_instance_start(guest.wasm, &fault), -WARD_FAULT_LIMIT);
        wasm_instance_leave(guest.wasm);
        assert_says(&fault, "memory_bytes");
        guest_end(&guest);
        binding_end();
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
        binding_end();
}

/* --- The stack -------------------------------------------------------------------------------- */

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
        binding_end();
}

TEST(stack_of_another_thread)
{
        on_thread(8 << 20, exhausts);
        on_thread(1 << 20, exhausts);
        binding_end();
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
        binding_end();
}

static void *finds_no_room(void *unused)
{
        struct guest guest = { 0 };
        struct wasm_host host = { "guest", 0, &guest, guest_import };
        struct ward_fault fault = { 0 };
        assert_int_equal(wasm_instance_new(binding, &host, &guest.wasm, &fault), 0);
        wasm_instance_enter(guest.wasm);
        assert_int_equal(wasm_instance_start(guest.wasm, &fault), 0); /* it has no start function */
        wasm_instance_leave(guest.wasm);
        uint32_t ret;
        assert_int_equal(guest_call(&guest, "add_one", 1, &ret, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "call stack exhausted");
        guest_end(&guest);
        return NULL;
}

/* Without a guard page nothing tells that a frame has gone below the stack: there is none to spare for a module in 64 KiB. */
TEST(stack_without_guard)
{
        enum { SIZE = 64 << 10 };
        pthread_attr_t attributes;
        pthread_t thread;
        void *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(stack, MAP_FAILED);
        answer("add_one", 1); /* so that the image is there */
        pthread_attr_init(&attributes);
        assert_int_equal(pthread_attr_setstack(&attributes, stack, SIZE), 0);
        assert_int_equal(pthread_create(&thread, &attributes, finds_no_room, NULL), 0);
        pthread_join(thread, NULL);
        pthread_attr_destroy(&attributes);
        munmap(stack, SIZE);
        binding_end();
}

static ucontext_t thread_context, coroutine_context;
static int nested;

/* Calls back in for as long as it is let. */
static int calls_in(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        uint32_t ret;
        nested++;
        return nested < 10000 ? guest_call(guest, "call_host", 0, &ret, fault) : 0;
}

static void nests(void)
{
        struct guest guest = { .serve = calls_in };
        struct ward_fault fault = { 0 };
        uint32_t ret;
        guest_start(&guest, 0);
        assert_int_equal(guest_call(&guest, "call_host", 0, &ret, &fault), -WARD_FAULT_TRAP);
        assert_says(&fault, "call stack exhausted");
        guest_end(&guest);
}

/* Where a coroutine's stack ends nobody says: calls that nest share what the first was given. */
TEST(stack_of_a_coroutine)
{
        enum { SIZE = 512 << 10 };
        void *stack = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_ptr_not_equal(stack, MAP_FAILED);
        answer("add_one", 1);
        getcontext(&coroutine_context);
        coroutine_context.uc_stack = (stack_t){ .ss_sp = stack, .ss_size = SIZE };
        coroutine_context.uc_link = &thread_context;
        makecontext(&coroutine_context, nests, 0);
        assert_int_equal(swapcontext(&thread_context, &coroutine_context), 0);
        assert_in_range(nested, 2, 9999);
        munmap(stack, SIZE);
        binding_end();
}

/* The limit of the main thread's stack is read when it grows: as with `ulimit -s unlimited`. */
TEST(stack_without_limit)
{
        struct rlimit limit;
        getrlimit(RLIMIT_STACK, &limit);
        limit.rlim_cur = limit.rlim_max;
        assert_int_equal(setrlimit(RLIMIT_STACK, &limit), 0);
        exhausts(NULL);
        binding_end();
}

/* --- Being ended ------------------------------------------------------------------------------ */

TEST(ends_every_loop)
{
        const char *loops[] = { "loop",      "loop_counting", "loop_copy", "loop_fill",
                                "loop_init", "loop_grow",     "loop_host", "loop_float" };
        for (size_t i = 0; i < COUNT_OF(loops); i++)
                expires(loops[i]);
        binding_end();
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
        binding_end();
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
        binding_end();
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
        binding_end();
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

/* In the runtime, or in the host, for the module's sake. */
TEST(says_where_its_time_went)
{
        static const char *const names[] = { "loop_fill", "loop_copy", "loop_grow", "loop_host" };
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
                struct guest guest = { 0 };
                struct ward_fault fault = { 0 };
                struct watch watch = { .after_ms = 20 };
                char frame[64];
                guest_start(&guest, 0);
                assert_int_equal(call_watched(&guest, names[i], &watch, &fault), -WARD_FAULT_DEADLINE);
                snprintf(frame, sizeof frame, "#0 %s +0x", names[i]);
                if (strncmp(fault.backtrace, frame, strlen(frame)))
                        fail_msg("%s is not where the call was:\n%s", names[i], fault.backtrace);
                guest_end(&guest);
        }
        binding_end();
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
        binding_end();
}

static int trap_inside(struct guest *guest, uint64_t *slots, struct ward_fault *fault)
{
        struct ward_fault inner;
        uint32_t ret;
        wasm_instance_to_host(guest->wasm);
        assert_int_equal(guest_call(guest, "load", UINT32_MAX, &ret, &inner), -WARD_FAULT_TRAP);
        assert_int_equal(strncmp(inner.backtrace, "#0 load +0x", 11), 0);
        assert_null(strchr(inner.backtrace, '\n'));
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
        binding_end();
}

/* --- Images ----------------------------------------------------------------------------------- */

TEST(shares_images)
{
        struct wasm_binding *one = fixture_binding("runtime", &terms), *two = fixture_binding("runtime", &terms);
        assert_ptr_equal(one->image, two->image);
        wasm_binding_unref(two);
        wasm_binding_unref(one);
}

/* Another copy of Ward has claimed the file's image: this one gets one of its own, with the same code. */
TEST(takes_no_image_of_another_copy)
{
        struct wasm_runtime foreign = wasm_runtime;
        struct wasm_binding *theirs = fixture_binding("runtime", &terms);
        const struct wasm_runtime **slot = wasm_image_entry(theirs->image)->runtime;
        struct guest guest = { 0 };
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
        wasm_binding_unref(theirs);
        assert_null(*slot);
        *slot = &foreign;
        binding = fixture_binding("runtime", &terms);
        assert_ptr_not_equal(wasm_image_entry(binding->image)->runtime, slot);
        assert_ptr_equal(*slot, &foreign);
        guest_start(&guest, 0);
        guest_end(&guest);
        assert_int_equal(answer("add_one", 1), 2);
        expires("loop");
        binding_end();
        dlclose(kept);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(calls, 120), TEST_CASE(passes_every_type), TEST_CASE(traps_of_every_kind),
                         TEST_CASE(grows), TEST_CASE(starts_beyond_its_limit), TEST_CASE(leaves_nothing_behind),
                         TEST_CASE(stack_of_the_main_thread), TEST_CASE(stack_of_another_thread),
                         TEST_CASE(stack_of_a_small_thread), TEST_CASE(stack_without_guard), TEST_CASE(stack_of_a_coroutine),
                         TEST_CASE(stack_without_limit), TEST_CASE(ends_every_loop), TEST_CASE(stops),
                         TEST_CASE(expires_one_call_only), TEST_CASE(waits_for_the_host), TEST_CASE(says_where_its_time_went),
                         TEST_CASE(nests), TEST_CASE(a_nested_trap_is_the_inner_calls), TEST_CASE(shares_images),
                         TEST_CASE(takes_no_image_of_another_copy));
}
