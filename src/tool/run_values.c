/* Values of options. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "tool/run.h"

bool run_read_number(const char *text, uint64_t max, uint64_t *ret)
{
        char *end;
        errno = 0;
        if (*text < '0' || *text > '9')
                return false;
        unsigned long long value = strtoull(text, &end, 0);
        if (errno || *end || value > max)
                return false;
        *ret = value;
        return true;
}

/* The number before a unit: @ret_unit is the rest. */
static bool read_fraction(const char *text, double *ret, const char **ret_unit)
{
        char *end;
        if (*text < '0' || *text > '9')
                return false;
        *ret = strtod(text, &end);
        *ret_unit = end;
        return end > text && !memchr(text, 'x', (size_t)(end - text)) && !memchr(text, 'X', (size_t)(end - text));
}

bool run_read_size(const char *text, uint64_t *ret)
{
        static const char units[] = "KMGT";
        const char *unit, *found;
        double value;
        if (!read_fraction(text, &value, &unit))
                return false;
        if (*unit) {
                found = strchr(units, *unit >= 'a' && *unit <= 'z' ? *unit - 'a' + 'A' : *unit);
                if (!found || (unit[1] && strcmp(unit + 1, "iB") && strcmp(unit + 1, "B")))
                        return false;
                for (const char *at = units; at <= found; at++)
                        value *= 1024;
        }
        if (value < 1 || value >= 0x1p63)
                return false;
        *ret = (uint64_t)value;
        return true;
}

bool run_read_ms(const char *text, uint32_t *ret)
{
        const char *unit;
        double value;
        if (!read_fraction(text, &value, &unit))
                return false;
        if (!strcmp(unit, "s"))
                value *= 1000;
        else if (!strcmp(unit, "m"))
                value *= 60000;
        else if (*unit && strcmp(unit, "ms"))
                return false;
        if (value > 0 && value < 1)
                value = 1;
        if (value < 1 || value > UINT32_MAX)
                return false;
        *ret = (uint32_t)value;
        return true;
}

bool run_read_percent(const char *text, uint32_t *ret)
{
        const char *unit;
        double value;
        if (!read_fraction(text, &value, &unit) || (*unit && strcmp(unit, "%")) || value < 1 || value > 100000)
                return false;
        *ret = (uint32_t)value;
        return true;
}
