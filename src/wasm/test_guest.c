#include "wasm/test_guest.h"

#include <time.h>
#include "base/clock.h"

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
const struct wasm_terms terms = { offers, COUNT_OF(offers), needs, COUNT_OF(needs) };

struct wasm_binding *binding;

int guest_import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
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

void guest_start(struct guest *guest, uint64_t memory_bytes)
{
        struct wasm_host host = { "guest", memory_bytes, guest, guest_import };
        struct ward_fault fault = { 0 };
        if (!binding)
                binding = fixture_binding("runtime", &terms);
        if (wasm_instance_new(binding, &host, &guest->wasm, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_enter(guest->wasm);
        if (wasm_instance_start(guest->wasm, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_leave(guest->wasm);
}

int guest_call(struct guest *guest, const char *name, uint32_t argument, uint32_t *ret, struct ward_fault *fault)
{
        uint64_t slots[1] = { argument };
        wasm_instance_enter(guest->wasm);
        int r = wasm_instance_call(guest->wasm, fixture_need(&terms, name), name, slots, fault);
        wasm_instance_leave(guest->wasm);
        if (!r)
                *ret = (uint32_t)slots[0];
        return r;
}

void guest_end(struct guest *guest)
{
        guest->wasm = wasm_instance_free(guest->wasm);
}

void binding_end(void)
{
        binding = wasm_binding_unref(binding);
}

/* What a fresh instance answers. */
uint32_t answer(const char *name, uint32_t argument)
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
void traps(const char *name, uint32_t argument, const char *phrase)
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

void pause_ms(unsigned ms)
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

int call_watched(struct guest *guest, const char *name, struct watch *watch, struct ward_fault *fault)
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

void expires(const char *name)
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

void on_thread(size_t stack_size, void *(*run)(void *))
{
        pthread_attr_t attributes;
        pthread_t thread;
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, stack_size);
        assert_int_equal(pthread_create(&thread, &attributes, run, NULL), 0);
        pthread_attr_destroy(&attributes);
        pthread_join(thread, NULL);
}
