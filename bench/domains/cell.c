#include "cell.h"

#ifndef CELL_MORE
#define CELL_MORE 0 /* else it is another cell */
#endif

extern uint8_t __heap_base[]; /* the linker's: all above it is nobody's */

static const size_t page_size = 65536;

static uint8_t *end(void)
{
        return (uint8_t *)(__builtin_wasm_memory_size(0) * page_size);
}

uint32_t exports_cell_add(uint32_t a, uint32_t b)
{
        return a + b + CELL_MORE;
}

uint32_t exports_cell_pages(void)
{
        return __builtin_wasm_memory_size(0);
}

uint32_t exports_cell_grow(uint32_t pages)
{
        return __builtin_wasm_memory_grow(0, pages);
}

void exports_cell_fill(uint8_t byte)
{
        for (volatile uint8_t *at = __heap_base; at < end(); at++)
                *at = byte;
}

uint32_t exports_cell_dirty(void)
{
        uint32_t n = 0;
        for (const uint8_t *at = __heap_base; at < end(); at++)
                n += *at != 0;
        return n;
}

uint64_t exports_cell_spin(uint64_t times)
{
        volatile uint64_t sum = 0;
        for (uint64_t i = 0; i < times; i++)
                sum += i;
        return sum;
}

void exports_cell_trap(void)
{
        __builtin_trap();
}

void exports_cell_beyond(void)
{
        (void)*(volatile uint8_t *)end();
}
