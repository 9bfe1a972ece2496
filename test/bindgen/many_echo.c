/* An add-in whose functions take more than fits into registers, and hand it on to the host. */
#include <stdlib.h>
#include "many.h"

void exports_many_spilled(many_four_t *a, many_four_t *b, many_four_t *c, many_four_t *d, many_string_t *maybe_e,
                          many_list_four_t *ret)
{
        many_spilled(a, b, c, d, maybe_e, ret);
        many_four_free(a);
        many_four_free(b);
        many_four_free(c);
        many_four_free(d);
        if (maybe_e)
                many_string_free(maybe_e);
}

uint64_t exports_many_scalars(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint8_t e, uint8_t f, uint8_t g, uint8_t h, uint8_t i,
                              uint8_t j, uint8_t k, uint8_t l, uint8_t m, uint8_t n, uint8_t o, uint8_t p, uint64_t q)
{
        return many_scalars(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q) + 1;
}

void exports_many_sixteen(many_four_t *a, many_four_t *b, many_four_t *c, many_four_t *d)
{
        many_sixteen(a, b, c, d);
        many_four_free(a);
        many_four_free(b);
        many_four_free(c);
        many_four_free(d);
}

uint64_t exports_many_alone(many_tuple17_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_u64_t *a)
{
        return a->f0 + a->f15 + a->f16;
}
