/* Add-in of the tests of pooled domains. */
#include "pooled.h"

static uint32_t counted;
static volatile uint32_t sink;

#ifdef __wasm__
__attribute__((constructor)) static void start(void)
{
        uint32_t how = pooled_start();
        if (how == 1)
                __builtin_trap();
        while (how == 2)
                sink++;
}
#endif

uint32_t exports_pooled_count(void)
{
        return ++counted;
}

uint32_t exports_pooled_work(uint32_t rounds)
{
        uint32_t x = 1;
        for (uint32_t i = 0; i < rounds; i++) {
                x = x * 1664525u + 1013904223u;
                sink = x;
        }
        return x;
}

bool exports_pooled_nest(uint32_t n, uint32_t *ret, pooled_string_t *err)
{
        uint32_t mine = counted;
        uint32_t met = pooled_meet(n);
        /* Calls of others are not to be seen here; those from within this one are: one each. */
        if (counted != mine + n) {
                pooled_string_dup(err, "somebody else was here");
                return false;
        }
        *ret = 1 + met;
        return true;
}

void exports_pooled_echo(pooled_string_t *text, pooled_string_t *ret)
{
        *ret = *text;
}

void exports_pooled_trap(void)
{
        __builtin_trap();
}

void exports_pooled_forever(void)
{
        for (;;)
                sink++;
}

uint32_t exports_pooled_take(pooled_own_thing_t it)
{
        uint32_t number = test_pooled_things_method_thing_number(test_pooled_things_borrow_thing(it));
        test_pooled_things_thing_drop_own(it);
        return number;
}

uint32_t exports_pooled_remember(pooled_string_t *key, pooled_string_t *value)
{
        pooled_list_u8_t bytes = { value->ptr, value->len };
        pooled_string_t err;
        bool good = ward_domain_data_set(key, &bytes, &err);
        pooled_string_free(key);
        pooled_string_free(value);
        return good;
}
