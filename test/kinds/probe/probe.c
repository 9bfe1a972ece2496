/* Add-in of the tests: gives back what it gets. */
#include <string.h>
#include "probe.h"

uint32_t exports_probe_descend(uint32_t depth)
{
        return depth ? 1 + probe_down(depth - 1) : 0;
}

bool exports_probe_look(probe_string_t *key, probe_list_u8_t *ret)
{
        bool found = ward_domain_data_get(key, ret);
        probe_string_free(key);
        return found;
}

bool exports_probe_put(probe_string_t *key, probe_list_u8_t *value, probe_string_t *err)
{
        bool good = ward_domain_data_set(key, value, err);
        probe_string_free(key);
        probe_list_u8_free(value);
        return good;
}

void exports_probe_echo(probe_pair_t *p, probe_tuple2_u8_f32_t *maybe_o, probe_mood_t m, probe_list_list_string_t *l,
                        probe_tuple4_pair_option_tuple2_u8_f32_mood_list_list_string_t *ret)
{
        ret->f0 = *p;
        ret->f1.is_some = maybe_o != NULL;
        if (maybe_o)
                ret->f1.val = *maybe_o;
        ret->f2 = m;
        ret->f3 = *l;
}

bool exports_probe_ask(probe_pair_t *maybe_value, probe_list_pair_t *ret, probe_string_t *err)
{
        bool good = probe_judge(maybe_value, ret, err);
        if (maybe_value)
                probe_pair_free(maybe_value);
        return good;
}

double exports_probe_add_all(uint8_t a, int8_t b, uint16_t c, int16_t d, uint32_t e, int32_t f, uint64_t g, int64_t h, float i,
                             double j, bool k, uint32_t l, uint8_t m, uint8_t n, uint8_t o, uint8_t p, probe_string_t *q)
{
        double sum = a + b + c + d + (double)e + f + (double)g + (double)h + (double)i + j + k + l + m + n + o + p + (double)q->len;
        probe_string_free(q);
        return sum;
}

double exports_probe_measure(probe_point_t *p, probe_tuple2_u8_s64_t *q, probe_mood_t m)
{
        double sum = p->x + (double)p->y + p->up + q->f0 + (double)q->f1 + m;
        memset(p, 0, sizeof *p);
        memset(q, 0, sizeof *q);
        return sum;
}
