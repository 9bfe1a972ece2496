#include "wasm/test_wasi_guest.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include "base/clock.h"

static struct wasm_offer offers[WASI_FUNCTIONS];
static struct wasm_need needs[WASI_FUNCTIONS];
static const struct wasm_terms terms = { offers, WASI_FUNCTIONS, needs, WASI_FUNCTIONS };
static struct wasm_binding *binding;
static struct wasi *wasi;

struct wasm_instance *instance;
struct ward_fault fault;
uint8_t *memory;
struct refusal refusal;

/* --- Life ------------------------------------------------------------------------------------- */

static int import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *ret_fault)
{
        return wasi_call(wasi, offer, instance, "guest", slots, ret_fault);
}

static int remember(void *context, const struct wasi_refusal *from, struct ward_fault *ret_fault)
{
        refusal.n++;
        refusal.limit = from->limit;
        refusal.error = from->error;
        snprintf(refusal.operation, sizeof refusal.operation, "%s", from->operation);
        snprintf(refusal.subject, sizeof refusal.subject, "%.*s", (int)from->subject.len, (const char *)from->subject.at);
        snprintf(refusal.why, sizeof refusal.why, "%s", from->why);
        return 0;
}

void start_with(const struct wasi_options *options, const struct wasi_host *host)
{
        const struct wasi_host remembers = { .refused = remember };
        struct wasm_host wasm = { "guest", 0, NULL, import };
        struct wasi_grants *grants = NULL;
        uint64_t size;
        wasi_offers(offers);
        for (int i = 0; i < WASI_FUNCTIONS; i++)
                needs[i] = (struct wasm_need){ offers[i].field, offers[i].core, false };
        binding = fixture_binding("wasi", &terms);
        refusal.n = 0;
        if (wasi_grants_new(options, &grants, &fault) || wasi_new(grants, host ? host : &remembers, &wasi, &fault))
                fail_msg("%s", fault.text);
        wasi_grants_unref(grants);
        assert_int_equal(wasm_instance_new(binding, &wasm, &instance, &fault), 0);
        wasm_instance_enter(instance);
        assert_int_equal(wasm_instance_start(instance, &fault), 0);
        wasm_instance_leave(instance);
        memory = wasm_instance_memory(instance, &size);
        assert_int_equal(size, MEMORY);
}

void start(const char *const *arguments, const char *const *environment)
{
        start_with(&(struct wasi_options){ .arguments = arguments, .environment = environment }, NULL);
}

void end(void)
{
        wasm_instance_free(instance);
        wasi_free(wasi);
        wasm_binding_unref(binding);
}

/* --- Calls ------------------------------------------------------------------------------------ */

int call_with(const char *name, const uint64_t arguments[9])
{
        uint64_t slots[9];
        memcpy(slots, arguments, sizeof slots);
        wasm_instance_enter(instance);
        int r = wasm_instance_call(instance, fixture_need(&terms, name), name, slots, &fault);
        wasm_instance_leave(instance);
        return r ? r : (int)slots[0];
}

uint32_t word(uint32_t at)
{
        uint32_t value;
        memcpy(&value, memory + at, sizeof value);
        return value;
}

uint64_t long_word(uint32_t at)
{
        uint64_t value;
        memcpy(&value, memory + at, sizeof value);
        return value;
}

void put_word(uint32_t at, uint32_t value)
{
        memcpy(memory + at, &value, sizeof value);
}

void put_long(uint32_t at, uint64_t value)
{
        memcpy(memory + at, &value, sizeof value);
}

uint32_t put_text(uint32_t at, const char *text)
{
        uint32_t len = (uint32_t)strlen(text);
        assert_true(at + len <= MEMORY);
        memcpy(memory + at, text, len);
        return len;
}

/* --- Being ended ------------------------------------------------------------------------------ */

static _Atomic bool done;

static void *expires(void *data)
{
        nanosleep(&(struct timespec){ .tv_nsec = 30000000 }, NULL);
        wasm_instance_expire(instance, *(uint64_t *)data);
        while (!done) {
                wasm_instance_look(instance);
                nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
        }
        return NULL;
}

void ends_on_time(int (*act)(void))
{
        pthread_t thread;
        uint64_t number = wasm_instance_number(instance) + 1, began = clock_now();
        done = false;
        assert_int_equal(pthread_create(&thread, NULL, expires, &number), 0);
        int result = act();
        done = true;
        pthread_join(thread, NULL);
        assert_int_equal(result, -WARD_FAULT_DEADLINE);
        assert_true(clock_now() - began < 5000000000u);
}
