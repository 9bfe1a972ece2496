#include "cut.h"

#include <stdlib.h>
#include <string.h>

static volatile uint32_t sink = 1; /* with data above the stack, there is no page at address 0 */

static __attribute__((noinline)) uint32_t recurse(uint32_t n)
{
        return n ? recurse(n + 1) * 3 + sink : 1;
}

uint32_t exports_cut_run(uint32_t way)
{
        static uint8_t block[1 << 20];
        volatile uint32_t zero = 0;
        cut_mark();
        switch (way) {
        case 1:
                return *(volatile uint32_t *)(uintptr_t)(0xf0000000u + zero);
        case 2:
                return *(volatile uint32_t *)(uintptr_t)zero;
        case 3:
                __builtin_trap();
        case 4:
                return 1000 / zero;
        case 5:
                return recurse(1);
        case 6:
                for (;;)
                        sink++;
        case 7:
                for (;;)
                        memset(block, (int)sink, sizeof block);
        default:
                return zero;
        }
}
