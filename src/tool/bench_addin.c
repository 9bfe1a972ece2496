/* The add-in that `ward bench` calls: bench.so and bench.wasm. Each function does as little as its contract allows, and the
 * compiler cannot see that nobody looks at what it does. */
#include "tool/probe.h"

enum { LINE = 64 };

void exports_probe_void_void(void)
{
        __asm__ volatile("");
}

void exports_probe_void_int(int32_t x)
{
        __asm__ volatile("" : : "r"(x));
}

int32_t exports_probe_int_void(void)
{
        return 42;
}

int32_t exports_probe_int_int(int32_t x)
{
        return x + 1;
}

void exports_probe_void_struct(probe_point_t *p)
{
        __asm__ volatile("" : : "r"(p->x), "r"(p->y));
}

void exports_probe_echo_block(probe_block_t *b, probe_block_t *ret)
{
        *ret = *b;
}

void exports_probe_mixed(probe_string_t *name, probe_list_u32_t *numbers, probe_order_t *what, probe_order_t *ret)
{
        *ret = *what;
        ret->amount = (uint32_t)name->len;
        for (size_t i = 0; i < numbers->len; i++)
                ret->amount += numbers->ptr[i];
        probe_string_free(name);
        probe_list_u32_free(numbers);
}

static uint32_t touch(const void *at, size_t len)
{
        const uint8_t *bytes = at;
        uint32_t sum = 0;
        for (size_t i = 0; i < len; i += LINE)
                sum += bytes[i];
        return sum;
}

uint32_t exports_probe_bytes(probe_list_u8_t *data)
{
        uint32_t sum = touch(data->ptr, data->len);
        probe_list_u8_free(data);
        return sum;
}

uint32_t exports_probe_text(probe_string_t *s)
{
        uint32_t sum = touch(s->ptr, s->len);
        probe_string_free(s);
        return sum;
}

uint32_t exports_probe_structs(probe_list_point_t *points)
{
        uint32_t sum = touch(points->ptr, points->len * sizeof *points->ptr);
        probe_list_point_free(points);
        return sum;
}

int32_t exports_probe_ticks(uint32_t n)
{
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; i++)
                sum += (uint32_t)probe_tick((int32_t)i);
        return (int32_t)sum;
}

void exports_probe_events(uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                probe_event_post((int32_t)i);
}

int32_t exports_probe_nested(int32_t x)
{
        return probe_tick(x);
}

void exports_probe_crash(void)
{
        __builtin_trap();
}

#ifndef __wasm__
/* int-int under a name that dlsym finds: what `limit.call` measures is the same code as what `call.int_int.direct` does. */
__attribute__((visibility("default"), alias("exports_probe_int_int"))) int32_t bench_plain(int32_t x);
#endif
