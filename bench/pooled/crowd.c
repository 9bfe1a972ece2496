/* What many threads call at once. */
#include "crowd.h"

uint32_t exports_crowd_empty(uint32_t n)
{
        return n;
}

uint32_t exports_crowd_work(uint32_t rounds)
{
        uint32_t x = rounds;
        for (uint32_t i = 0; i < rounds; i++)
                x = (x ^ i) * 1664525u + 1013904223u;
        return x;
}
