/* Add-in of the tests: reads what it is given. Compiled for an owning view and for a borrowing one. */
#include <stdlib.h>
#include "bulk.h"

#ifdef BORROWS
#define GIVEN      const
#define DROP(what) (void)0
#else
#define GIVEN
#define DROP(what) what
#endif

static uint64_t sum_from(uint64_t sum, uint64_t place, const void *data, size_t len)
{
        const uint8_t *at = data;
        for (size_t i = 0; i < len; i++)
                sum += at[i] * (place + i);
        return sum;
}

uint64_t exports_bulk_sum(GIVEN bulk_list_u8_t *data)
{
        uint64_t sum = sum_from(0, 1, data->ptr, data->len);
        DROP(bulk_list_u8_free(data));
        return sum;
}

uint64_t exports_bulk_text(GIVEN bulk_string_t *s)
{
        uint64_t sum = sum_from(0, 1, s->ptr, s->len);
        DROP(bulk_string_free(s));
        return sum;
}

uint64_t exports_bulk_pixels(GIVEN bulk_list_pixel_t *p)
{
        uint64_t sum = sum_from(0, 1, p->ptr, p->len * sizeof *p->ptr);
        DROP(bulk_list_pixel_free(p));
        return sum;
}

uint64_t exports_bulk_several(GIVEN bulk_list_u32_t *head, GIVEN bulk_string_t *s, GIVEN bulk_list_u64_t *tail)
{
        uint64_t place = 1, sum = sum_from(0, place, head->ptr, head->len * sizeof *head->ptr);
        place += head->len * sizeof *head->ptr;
        sum = sum_from(sum, place, s->ptr, s->len);
        place += s->len;
        sum = sum_from(sum, place, tail->ptr, tail->len * sizeof *tail->ptr);
        DROP(bulk_list_u32_free(head));
        DROP(bulk_string_free(s));
        DROP(bulk_list_u64_free(tail));
        return sum;
}

uint64_t exports_bulk_lamps(GIVEN bulk_list_lamp_t *l)
{
        uint64_t watts = 0;
        for (size_t i = 0; i < l->len; i++)
                watts += l->ptr[i].on ? l->ptr[i].watts : 0;
        DROP(bulk_list_lamp_free(l));
        return watts;
}

uint64_t exports_bulk_texts(GIVEN bulk_list_string_t *s)
{
        uint64_t sum = 0;
        for (size_t i = 0; i < s->len; i++)
                sum += sum_from(0, 1, s->ptr[i].ptr, s->ptr[i].len);
        DROP(bulk_list_string_free(s));
        return sum;
}

uint64_t exports_bulk_sum_around(GIVEN bulk_list_u8_t *data)
{
        bulk_meanwhile();
        return exports_bulk_sum(data);
}

uint64_t exports_bulk_address(GIVEN bulk_list_u8_t *data)
{
        uint64_t address = (uintptr_t)data->ptr;
        DROP(bulk_list_u8_free(data));
        return address;
}

void exports_bulk_scribble(GIVEN bulk_list_u8_t *data)
{
        *(uint8_t *)data->ptr = 'x';
        DROP(bulk_list_u8_free(data));
}

void exports_bulk_crash(GIVEN bulk_list_u8_t *data)
{
        __builtin_trap();
}

void exports_bulk_make(uint32_t n, bulk_list_u8_t *ret)
{
        ret->ptr = n ? malloc(n) : NULL;
        ret->len = n;
        for (uint32_t i = 0; i < n; i++)
                ret->ptr[i] = (uint8_t)(i * 7);
}
