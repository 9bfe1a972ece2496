#include "stats.h"

int32_t exports_stats_average(stats_list_s32_t *values)
{
        int32_t sum = 0, n = (int32_t)values->len;
        for (int32_t i = 0; i < n; i++)
                sum += values->ptr[i];
        stats_list_s32_free(values);
        return sum / n; /* a bug: nobody thought of the empty list */
}
