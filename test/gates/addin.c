#include "gates.h"

void exports_gates_nop(void)
{
}

int32_t exports_gates_id(int32_t x)
{
        return x;
}

int64_t exports_gates_five(int8_t a, uint16_t b, int64_t c, bool d, uint8_t e)
{
        return a + 2 * b + 3 * c + d + e;
}

uint32_t exports_gates_six(uint32_t a, uint32_t b, uint32_t c, uint32_t d, uint32_t e, uint32_t f)
{
        return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f;
}

double exports_gates_floats(float a, double b, float c, double d, float e, double f, float g, double h)
{
        return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}

int8_t exports_gates_low(int32_t x)
{
        return (int8_t)x;
}

bool exports_gates_odd(uint32_t x)
{
        return x & 1;
}

void exports_gates_spin(void)
{
        for (volatile int i = 0;; i++)
                ;
}

uint32_t exports_gates_fall(uint32_t how)
{
        volatile uint32_t zero = 0;
        if (!how)
                __builtin_trap();
        return how / zero;
}

uint32_t exports_gates_recurse(uint32_t n)
{
        volatile uint32_t one = 1;
        return n ? one + exports_gates_recurse(n - one) : 0;
}

int32_t exports_gates_ask(int32_t x)
{
        return 1 + gates_back(x);
}
