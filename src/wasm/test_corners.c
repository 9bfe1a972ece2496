/* Instructions one by one (test/wasm/corners.wat), in images of every mode: what traps, and what floats become. */
#include "wasm/runtime.h"

#include <pthread.h>
#include "base/fault.h"
#include "wasm/test_fixture.h"

static const struct mode {
        const char *name;
        bool checked, looking;
} modes[] = { { "guarded", false, false }, { "checked", true, false }, { "looking", false, true }, { "both", true, true } };

enum { PAGE = 65536, NEEDS_MAX = 160, PARAMS_MAX = 3 };

static const char *const unary_i32[] = {
        "i32.load",     "i64.load",    "f32.load",    "f64.load",           "i32.load8_s",  "i32.load8_u",  "i32.load16_s",
        "i32.load16_u", "i64.load8_s", "i64.load8_u", "i64.load16_s",       "i64.load16_u", "i64.load32_s", "i64.load32_u",
        "i32.store",    "i64.store",   "f32.store",   "f64.store",          "i32.store8",   "i32.store16",  "i64.store8",
        "i64.store16",  "i64.store32", "far load",    "dead call_indirect", "far store",    "table.get",    "loop",
};

static const struct wasm_need others[] = {
        { "signs", "I>I" },
        { "no signs", "I>I" },
        { "through f32", "i>i" },
        { "through f64", "I>I" },
        { "i32.div_s", "ii>i" },
        { "i32.div_u", "ii>i" },
        { "i32.rem_s", "ii>i" },
        { "i32.rem_u", "ii>i" },
        { "i64.div_s", "II>I" },
        { "i64.div_u", "II>I" },
        { "i64.rem_s", "II>I" },
        { "i64.rem_u", "II>I" },
        { "dead i32.div_s", "ii>" },
        { "dead i64.rem_u", "II>" },
        { "dead trunc", "I>" },
        { "i32.rotl", "ii>i" },
        { "i64.rotr", "II>I" },
        { "i32.shl", "ii>i" },
        { "i64.shr_s", "II>I" },
        { "i32.clz", "i>i" },
        { "i64.ctz", "I>I" },
        { "i64.popcnt", "I>I" },
        { "i32.trunc_f32_s", "i>i" },
        { "i32.trunc_f32_u", "i>i" },
        { "i32.trunc_f64_s", "I>i" },
        { "i32.trunc_f64_u", "I>i" },
        { "i64.trunc_f32_s", "i>I" },
        { "i64.trunc_f32_u", "i>I" },
        { "i64.trunc_f64_s", "I>I" },
        { "i64.trunc_f64_u", "I>I" },
        { "i32.trunc_sat_f64_s", "I>i" },
        { "i32.trunc_sat_f32_u", "i>i" },
        { "i64.trunc_sat_f32_s", "i>I" },
        { "i64.trunc_sat_f64_u", "I>I" },
        { "f32.min", "ii>i" },
        { "f32.max", "ii>i" },
        { "f64.min", "II>I" },
        { "f64.max", "II>I" },
        { "f32.nearest", "i>i" },
        { "f64.nearest", "I>I" },
        { "f64.floor", "I>I" },
        { "f32.ceil", "i>i" },
        { "f64.sqrt", "I>I" },
        { "f32.neg", "i>i" },
        { "f64.abs", "I>I" },
        { "f32.demote_f64", "I>i" },
        { "f64.promote_f32", "i>I" },
        { "f64.mul 1", "I>I" },
        { "f32.sub 0", "i>i" },
        { "f64.add -0", "I>I" },
        { "f64.mul add", "II>I" },
        { "f32.convert_i64_u", "I>i" },
        { "br_table", "i>i" },
        { "br_table of memory", "i>i" },
        { "empty loops", "i>i" },
        { "call_indirect", "i>i" },
        { "recurse", "i>i" },
        { "ping", "i>i" },
        { "grow here", "i>i" },
        { "grow in a call", "i>i" },
        { "grow in an indirect call", "i>i" },
        { "grow in the host", "i>i" },
        { "grow", "i>i" },
        { "memory.fill", "iii>" },
        { "memory.copy", "iii>" },
        { "memory.init", "iii>" },
        { "memory.init dropped", "iii>" },
        { "table.init", "iii>" },
        { "table.copy", "iii>" },
        { "table.fill", "iii>" },
};

static const struct wasm_offer offers[] = { { "env", "host", "i>i" } };
static struct wasm_need needs[COUNT_OF(unary_i32) + COUNT_OF(others)];
static const struct wasm_terms terms = { offers, COUNT_OF(offers), needs, COUNT_OF(needs) };

static struct wasm_binding *bindings[COUNT_OF(modes)];

static void bind_all(void)
{
        struct wasm_module *module = fixture_module("corners");
        struct ward_fault fault = { 0 };
        for (size_t i = 0; i < COUNT_OF(unary_i32); i++)
                needs[i] = (struct wasm_need){ unary_i32[i], "i>", false };
        memcpy(needs + COUNT_OF(unary_i32), others, sizeof others);
        for (size_t i = 0; i < COUNT_OF(modes); i++) {
                const struct wasm_image_options options = { .name = "corners",
                                                            .checked = modes[i].checked,
                                                            .looking = modes[i].looking };
                if (wasm_binding_get(module, &terms, &options, &bindings[i], &fault))
                        fail_msg("%s: %s", modes[i].name, fault.text);
                assert_int_equal(wasm_image_entry(bindings[i]->image)->checked, modes[i].checked);
        }
        wasm_module_free(module);
}

static void unbind_all(void)
{
        for (size_t i = 0; i < COUNT_OF(modes); i++)
                bindings[i] = wasm_binding_unref(bindings[i]);
}

/* --- One call of a fresh instance ------------------------------------------------------------- */

/* The host lets the memory grow, by a call back. */
static int serve(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault)
{
        struct wasm_instance **instance = context;
        return wasm_instance_call(*instance, fixture_need(&terms, "grow"), "grow", slots, fault);
}

static struct wasm_instance *start(const struct mode *mode, struct wasm_instance **self)
{
        const struct wasm_host host = { "corners", 0, self, serve };
        struct ward_fault fault = { 0 };
        if (wasm_instance_new(bindings[mode - modes], &host, self, &fault))
                fail_msg("%s", fault.text);
        wasm_instance_enter(*self);
        if (wasm_instance_start(*self, &fault))
                fail_msg("%s", fault.text);
        return *self;
}

struct call {
        const char *name;
        uint64_t params[PARAMS_MAX];
};

static int call_once(const struct mode *mode, const struct call *call, uint64_t *ret, struct ward_fault *fault)
{
        uint64_t slots[PARAMS_MAX];
        struct wasm_instance *self, *instance = start(mode, &self);
        memcpy(slots, call->params, sizeof slots);
        int r = wasm_instance_call(instance, fixture_need(&terms, call->name), call->name, slots, fault);
        wasm_instance_leave(instance);
        wasm_instance_free(instance);
        *ret = slots[0];
        return r;
}

static void gives(const struct call *call, uint64_t result)
{
        for (const struct mode *mode = modes; mode < modes + COUNT_OF(modes); mode++) {
                struct ward_fault fault = { 0 };
                uint64_t got;
                if (call_once(mode, call, &got, &fault))
                        fail_msg("%s, %s: %s", mode->name, call->name, fault.text);
                if (got != result)
                        fail_msg("%s, %s(%#llx, %#llx): %#llx, not %#llx", mode->name, call->name,
                                 (unsigned long long)call->params[0], (unsigned long long)call->params[1], (unsigned long long)got,
                                 (unsigned long long)result);
        }
}

static void traps(const struct call *call, const char *phrase)
{
        for (const struct mode *mode = modes; mode < modes + COUNT_OF(modes); mode++) {
                struct ward_fault fault = { 0 };
                uint64_t got;
                if (call_once(mode, call, &got, &fault) != -WARD_FAULT_TRAP)
                        fail_msg("%s, %s(%#llx): no trap", mode->name, call->name, (unsigned long long)call->params[0]);
                assert_says(&fault, phrase);
        }
}

/* Returns, whatever it gives. */
static void passes(const struct call *call)
{
        for (const struct mode *mode = modes; mode < modes + COUNT_OF(modes); mode++) {
                struct ward_fault fault = { 0 };
                uint64_t got;
                if (call_once(mode, call, &got, &fault))
                        fail_msg("%s, %s: %s", mode->name, call->name, fault.text);
        }
}

#define CALL(...)          (&(const struct call){ __VA_ARGS__ })
#define GIVES(result, ...) gives(CALL(__VA_ARGS__), result)
#define TRAPS(phrase, ...) traps(CALL(__VA_ARGS__), phrase)
#define PASSES(...)        passes(CALL(__VA_ARGS__))

/* --- Memory ----------------------------------------------------------------------------------- */

static unsigned width_of(const char *name)
{
        const char *bits = strpbrk(strchr(name, '.') + 1, "0123456789");
        return (unsigned)(bits ? strtoul(bits, NULL, 10) : strtoul(name + 1, NULL, 10)) / 8;
}

/* At the last byte that it may be at, and at all others; nobody wants what is read. */
TEST(ends_of_memory)
{
        bind_all();
        for (size_t i = 0; i < COUNT_OF(unary_i32) && strchr(unary_i32[i], '.'); i++) {
                const char *name = unary_i32[i];
                unsigned width = width_of(name);
                char phrase[64];
                snprintf(phrase, sizeof phrase, "out of bounds memory access at 0x%x", PAGE - width + 1);
                PASSES(name, { PAGE - width });
                if (width > 1)
                        traps(CALL(name, { PAGE - width + 1 }), "out of bounds memory access at 0x");
                else
                        traps(CALL(name, { PAGE - width + 1 }), phrase);
                TRAPS("out of bounds memory access at 0x", name, { PAGE });
                TRAPS("out of bounds memory access at 0xffffffff", name, { UINT32_MAX });
                TRAPS("out of bounds memory access at 0x80000000", name, { 0x80000000 });
        }
        TRAPS("out of bounds memory access at 0xffffffff", "far load", { 0 });
        TRAPS("out of bounds memory access at 0x1fffffffe", "far load", { UINT32_MAX });
        TRAPS("out of bounds memory access at 0x1fffffffe", "far store", { UINT32_MAX });
        unbind_all();
}

TEST(what_is_read)
{
        bind_all();
        /* Its lowest 8, 16 and 32 bits, twice, twice and once. */
        GIVES((uint64_t)(2 * -0x80 + 2 * -0x80 + (int32_t)0x8090ff80), "signs", { 0x123456788090ff80 });
        GIVES(2 * 0x80 + 2 * 0xff80 + 0x8090ff80, "no signs", { 0x123456788090ff80 });
        unbind_all();
}

TEST(floats_keep_their_bits)
{
        bind_all();
        GIVES(0x7fa00001, "through f32", { 0x7fa00001 }); /* a signalling NaN */
        GIVES(0xffc12345, "through f32", { 0xffc12345 });
        GIVES(0x80000000, "through f32", { 0x80000000 });
        GIVES(0x7ff4000000000001, "through f64", { 0x7ff4000000000001 });
        GIVES(0xfff8000000000123, "through f64", { 0xfff8000000000123 });
        unbind_all();
}

/* In a checked image the caller's idea of the memory is that before the call. */
TEST(memory_that_grows)
{
        static const char *const ways[] = { "grow here", "grow in a call", "grow in an indirect call", "grow in the host" };
        bind_all();
        for (size_t i = 0; i < COUNT_OF(ways); i++) {
                GIVES(11, ways[i], { 1 });
                GIVES(11, ways[i], { 3 });
                TRAPS("out of bounds memory access at 0x10000 (linear memory is 65536 bytes)", ways[i], { 0 });
                TRAPS("out of bounds memory access at 0x10000 (linear memory is 65536 bytes)", ways[i], { 4 });
        }
        unbind_all();
}

TEST(many_bytes_at_once)
{
        bind_all();
        PASSES("memory.fill", { 0, 1, PAGE });
        PASSES("memory.fill", { PAGE, 1, 0 });
        TRAPS("out of bounds", "memory.fill", { PAGE + 1, 1, 0 });
        TRAPS("out of bounds", "memory.fill", { PAGE - 1, 1, 2 });
        TRAPS("out of bounds", "memory.fill", { 1, 1, UINT32_MAX });
        TRAPS("out of bounds", "memory.fill", { UINT32_MAX, 1, UINT32_MAX });
        PASSES("memory.copy", { 0, 1, PAGE - 1 });
        PASSES("memory.copy", { PAGE, PAGE, 0 });
        TRAPS("out of bounds", "memory.copy", { 0, 1, PAGE });
        TRAPS("out of bounds", "memory.copy", { 1, 0, PAGE });
        TRAPS("out of bounds", "memory.copy", { 0, PAGE + 1, 0 });
        TRAPS("out of bounds", "memory.copy", { 0, UINT32_MAX, 1 });
        PASSES("memory.init", { PAGE - 7, 0, 7 });
        PASSES("memory.init", { PAGE, 7, 0 });
        TRAPS("out of bounds", "memory.init", { PAGE - 6, 0, 7 });
        TRAPS("out of bounds", "memory.init", { 0, 1, 7 });
        TRAPS("out of bounds", "memory.init", { 0, 8, 0 });
        TRAPS("out of bounds", "memory.init", { 0, UINT32_MAX, 2 });
        PASSES("memory.init dropped", { 0, 0, 0 });
        TRAPS("out of bounds", "memory.init dropped", { 0, 0, 1 });
        unbind_all();
}

TEST(tables)
{
        bind_all();
        PASSES("table.init", { 4, 0, 2 });
        TRAPS("out of bounds", "table.init", { 5, 0, 2 });
        TRAPS("out of bounds", "table.init", { 0, 1, 2 });
        TRAPS("out of bounds", "table.init", { 0, UINT32_MAX, 1 });
        PASSES("table.copy", { 0, 1, 5 });
        TRAPS("out of bounds", "table.copy", { 0, 1, 6 });
        TRAPS("out of bounds", "table.copy", { 1, 0, 6 });
        PASSES("table.fill", { 6, 0, 0 });
        TRAPS("out of bounds", "table.fill", { 5, 0, 2 });
        TRAPS("out of bounds", "table.fill", { 7, 0, 0 });
        PASSES("table.get", { 5 });
        TRAPS("out of bounds", "table.get", { 6 });
        TRAPS("out of bounds", "table.get", { UINT32_MAX });
        unbind_all();
}

/* --- Integers --------------------------------------------------------------------------------- */

TEST(divisions)
{
        const uint64_t least32 = 0x80000000, least64 = 1ull << 63, minus32 = UINT32_MAX, minus64 = UINT64_MAX;
        bind_all();
        GIVES(0xfffffffd, "i32.div_s", { 0xfffffff9, 2 }); /* -7 / 2 = -3 */
        GIVES(0xffffffff, "i32.rem_s", { 0xfffffff9, 2 });
        GIVES(0x7ffffffc, "i32.div_u", { 0xfffffff9, 2 });
        GIVES(1, "i32.rem_u", { 0xfffffff9, 2 });
        GIVES(0, "i32.rem_s", { least32, minus32 });
        GIVES(0, "i64.rem_s", { least64, minus64 });
        GIVES(0, "i32.div_u", { least32, minus32 });
        GIVES((uint64_t)-3, "i64.div_s", { (uint64_t)-7, 2 });
        GIVES(UINT64_MAX / 3, "i64.div_u", { UINT64_MAX, 3 });
        TRAPS("integer overflow", "i32.div_s", { least32, minus32 });
        TRAPS("integer overflow", "i64.div_s", { least64, minus64 });
        TRAPS("integer overflow", "dead i32.div_s", { least32, minus32 });
        TRAPS("integer divide by zero", "dead i32.div_s", { 1, 0 });
        TRAPS("integer divide by zero", "dead i64.rem_u", { 1, 0 });
        static const char *const all[] = { "i32.div_s", "i32.div_u", "i32.rem_s", "i32.rem_u",
                                           "i64.div_s", "i64.div_u", "i64.rem_s", "i64.rem_u" };
        for (size_t i = 0; i < COUNT_OF(all); i++)
                TRAPS("integer divide by zero", all[i], { 0, 0 });
        unbind_all();
}

TEST(bits)
{
        bind_all();
        GIVES(0x80000001, "i32.rotl", { 0x80000001, 0 });
        GIVES(0x80000001, "i32.rotl", { 0x80000001, 32 });
        GIVES(3, "i32.rotl", { 0x80000001, 33 });
        GIVES(0xc000000000000000, "i64.rotr", { 0x8000000000000001, 65 });
        GIVES(1, "i64.rotr", { 1, 64 });
        GIVES(2, "i32.shl", { 1, 33 });
        GIVES(UINT64_MAX, "i64.shr_s", { 1ull << 63, 127 });
        GIVES(32, "i32.clz", { 0 });
        GIVES(64, "i64.ctz", { 0 });
        GIVES(63, "i64.ctz", { 1ull << 63 });
        GIVES(64, "i64.popcnt", { UINT64_MAX });
        unbind_all();
}

/* --- Floats ----------------------------------------------------------------------------------- */

static uint64_t f32(float value)
{
        uint32_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
}

static uint64_t f64(double value)
{
        uint64_t bits;
        memcpy(&bits, &value, sizeof bits);
        return bits;
}

#define SIGNALLING32 0x7fa00000u
#define SIGNALLING64 0x7ff4000000000000u
#define QUIET32      0x7fe00000u
#define QUIET64      0x7ffc000000000000u

TEST(floats_to_integers)
{
        bind_all();
        GIVES(0x7fffff80, "i32.trunc_f32_s", { f32(2147483520.f) });
        GIVES(0x80000000, "i32.trunc_f32_s", { f32(-2147483648.f) });
        TRAPS("integer overflow", "i32.trunc_f32_s", { f32(2147483648.f) });
        TRAPS("integer overflow", "i32.trunc_f32_s", { f32(-2147483904.f) });
        TRAPS("invalid conversion", "i32.trunc_f32_s", { SIGNALLING32 });
        GIVES(0, "i32.trunc_f32_u", { f32(-0.99f) });
        TRAPS("integer overflow", "i32.trunc_f32_u", { f32(-1) });
        TRAPS("integer overflow", "i32.trunc_f32_u", { f32(4294967296.f) });
        GIVES(0x80000000, "i32.trunc_f64_s", { f64(-2147483648.9) });
        GIVES(0x7fffffff, "i32.trunc_f64_s", { f64(2147483647.9) });
        TRAPS("integer overflow", "i32.trunc_f64_s", { f64(-2147483649.0) });
        TRAPS("integer overflow", "i32.trunc_f64_s", { f64(2147483648.0) });
        GIVES(UINT32_MAX, "i32.trunc_f64_u", { f64(4294967295.9) });
        TRAPS("integer overflow", "i32.trunc_f64_u", { f64(4294967296.0) });
        GIVES(1ull << 63, "i64.trunc_f32_s", { f32(-9223372036854775808.f) });
        TRAPS("integer overflow", "i64.trunc_f32_s", { f32(9223372036854775808.f) });
        GIVES(0xffffff0000000000, "i64.trunc_f32_u", { f32(18446742974197923840.f) });
        TRAPS("integer overflow", "i64.trunc_f32_u", { f32(18446744073709551616.f) });
        GIVES(0x7ffffffffffffc00, "i64.trunc_f64_s", { f64(9223372036854774784.0) });
        TRAPS("integer overflow", "i64.trunc_f64_s", { f64(-9223372036854777856.0) });
        GIVES(0xfffffffffffff800, "i64.trunc_f64_u", { f64(18446744073709549568.0) });
        TRAPS("invalid conversion", "i64.trunc_f64_u", { QUIET64 });
        TRAPS("invalid conversion", "dead trunc", { QUIET64 });
        TRAPS("integer overflow", "dead trunc", { f64(-1) });
        unbind_all();
}

TEST(floats_to_integers_at_most)
{
        bind_all();
        GIVES(0x7fffffff, "i32.trunc_sat_f64_s", { f64(1e300) });
        GIVES(0x80000000, "i32.trunc_sat_f64_s", { f64(-1e300) });
        GIVES(0, "i32.trunc_sat_f64_s", { QUIET64 });
        GIVES(0xfffffff9, "i32.trunc_sat_f64_s", { f64(-7.9) });
        GIVES(UINT32_MAX, "i32.trunc_sat_f32_u", { f32(5e9f) });
        GIVES(0, "i32.trunc_sat_f32_u", { f32(-5) });
        GIVES(INT64_MAX, "i64.trunc_sat_f32_s", { f32(1e30f) });
        GIVES(1ull << 63, "i64.trunc_sat_f32_s", { f32(-1e30f) });
        GIVES(UINT64_MAX, "i64.trunc_sat_f64_u", { f64(1e30) });
        GIVES(0, "i64.trunc_sat_f64_u", { f64(-1e30) });
        unbind_all();
}

TEST(least_and_most)
{
        bind_all();
        GIVES(f32(-0.f), "f32.min", { f32(0), f32(-0.f) });
        GIVES(f32(-0.f), "f32.min", { f32(-0.f), f32(0) });
        GIVES(f32(0), "f32.max", { f32(0), f32(-0.f) });
        GIVES(f32(0), "f32.max", { f32(-0.f), f32(0) });
        GIVES(f32(-2), "f32.min", { f32(-2), f32(1) });
        GIVES(QUIET32, "f32.min", { SIGNALLING32, f32(1) });
        GIVES(QUIET32, "f32.max", { f32(1), SIGNALLING32 });
        GIVES(0x7fc00000, "f32.max", { 0x7fc00000, f32(1) });
        GIVES(f64(-0.), "f64.min", { f64(-0.), f64(0) });
        GIVES(f64(3), "f64.max", { f64(3), f64(-3) });
        GIVES(QUIET64, "f64.min", { f64(1), SIGNALLING64 });
        GIVES(f64(-1. / 0.), "f64.min", { f64(-1. / 0.), f64(0) });
        unbind_all();
}

TEST(rounding)
{
        bind_all();
        GIVES(f32(2), "f32.nearest", { f32(2.5f) });
        GIVES(f32(4), "f32.nearest", { f32(3.5f) });
        GIVES(f32(-0.f), "f32.nearest", { f32(-0.5f) });
        GIVES(f64(-2), "f64.nearest", { f64(-1.5) });
        GIVES(QUIET64, "f64.nearest", { SIGNALLING64 });
        GIVES(f64(-0.), "f64.floor", { f64(-0.) });
        GIVES(f64(-2), "f64.floor", { f64(-1.1) });
        GIVES(QUIET64, "f64.floor", { SIGNALLING64 });
        GIVES(f32(-0.f), "f32.ceil", { f32(-0.9f) });
        GIVES(f64(-0.), "f64.sqrt", { f64(-0.) });
        GIVES(QUIET64, "f64.sqrt", { SIGNALLING64 });
        unbind_all();
}

TEST(what_is_no_number)
{
        bind_all();
        GIVES(SIGNALLING32 | 0x80000000, "f32.neg", { SIGNALLING32 }); /* the sign only */
        GIVES(SIGNALLING64, "f64.abs", { SIGNALLING64 | 1ull << 63 });
        GIVES(QUIET32, "f32.demote_f64", { 0x7ff4000000000000 });
        GIVES(QUIET64, "f64.promote_f32", { SIGNALLING32 });
        GIVES(f32(-0.f), "f32.demote_f64", { f64(-1e-300) });
        GIVES(f32(1.f / 0.f), "f32.demote_f64", { f64(1e300) });
        GIVES(QUIET64, "f64.mul 1", { SIGNALLING64 });
        GIVES(QUIET32, "f32.sub 0", { SIGNALLING32 });
        GIVES(QUIET64, "f64.add -0", { SIGNALLING64 });
        GIVES(f64(-0.), "f64.add -0", { f64(-0.) });
        unbind_all();
}

TEST(rounded_once_each)
{
        bind_all();
        /* (1 + 2^-30)^2 - 1 - 2^-29 is 2^-60, which the product's rounding loses. */
        GIVES(f64(0), "f64.mul add", { f64(1 + 0x1p-30), f64(-1 - 0x1p-29) });
        GIVES(f32(9223373136366403584.f), "f32.convert_i64_u", { 0x8000008000000001 }); /* rounded once, not by way of double */
        unbind_all();
}

/* --- Branches and calls ----------------------------------------------------------------------- */

TEST(branches)
{
        bind_all();
        GIVES(10, "br_table", { 0 });
        GIVES(11, "br_table", { 1 });
        GIVES(12, "br_table", { 2 });
        GIVES(12, "br_table", { UINT32_MAX });
        GIVES(10, "br_table of memory", { 8192 });
        TRAPS("out of bounds", "br_table of memory", { PAGE });
        GIVES(3, "empty loops", { 3 });
        unbind_all();
}

TEST(indirect_calls)
{
        static const uint32_t wrong[] = { 1, 2, 3, 6, UINT32_MAX };
        bind_all();
        GIVES(42, "call_indirect", { 0 });
        for (size_t i = 0; i < COUNT_OF(wrong); i++) {
                TRAPS("indirect call mismatch", "call_indirect", { wrong[i] });
                TRAPS("indirect call mismatch", "dead call_indirect", { wrong[i] });
        }
        unbind_all();
}

TEST(deep_recursion)
{
        bind_all();
        GIVES(0, "recurse", { 1000 });
        TRAPS("call stack exhausted", "recurse", { 100000000 });
        TRAPS("call stack exhausted", "ping", { 0 });
        unbind_all();
}

/* --- Looking ---------------------------------------------------------------------------------- */

static void *expires(void *data)
{
        struct wasm_instance *instance = data;
        wasm_instance_expire(instance, wasm_instance_number(instance));
        return NULL;
}

/* Without a signal: nobody makes the thread look. */
TEST(a_loop_that_looks)
{
        bind_all();
        for (const struct mode *mode = modes; mode < modes + COUNT_OF(modes); mode++) {
                struct wasm_instance *self, *instance;
                struct ward_fault fault = { 0 };
                uint64_t slots[1] = { 0 };
                pthread_t thread;
                if (!mode->looking)
                        continue;
                instance = start(mode, &self);
                assert_int_equal(pthread_create(&thread, NULL, expires, instance), 0);
                assert_int_equal(wasm_instance_call(instance, fixture_need(&terms, "loop"), "loop", slots, &fault),
                                 -WARD_FAULT_DEADLINE);
                wasm_instance_leave(instance);
                pthread_join(thread, NULL);
                wasm_instance_free(instance);
        }
        unbind_all();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(ends_of_memory, 120), TEST_CASE(what_is_read),
                         TEST_CASE(floats_keep_their_bits), TEST_CASE(memory_that_grows), TEST_CASE(many_bytes_at_once),
                         TEST_CASE(tables), TEST_CASE(divisions), TEST_CASE(bits), TEST_CASE(floats_to_integers),
                         TEST_CASE(floats_to_integers_at_most), TEST_CASE(least_and_most), TEST_CASE(rounding),
                         TEST_CASE(what_is_no_number), TEST_CASE(rounded_once_each), TEST_CASE(branches), TEST_CASE(indirect_calls),
                         TEST_CASE(deep_recursion), TEST_CASE(a_loop_that_looks));
}
