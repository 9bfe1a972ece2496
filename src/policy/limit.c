#include "policy/limit.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include "base/near.h"
#include "base/own.h"

struct unit {
        const char *name;
        uint64_t times;
};

/* From small to large; without a name: a bare number. */
static const struct unit bytes[] = { { "", 1 },        { "K", 1 << 10 },           { "M", 1 << 20 },
                                     { "G", 1 << 30 }, { "T", (uint64_t)1 << 40 }, { NULL, 0 } };
static const struct unit percent[] = { { "%", 1 }, { NULL, 0 } };
static const struct unit times[] = { { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { NULL, 0 } };
static const struct unit count[] = { { "", 1 }, { NULL, 0 } };

static const struct {
        const char *name;
        const struct unit *units; /* NULL: processors */
        const char *example;
        uint64_t max;
} limits[POLICY_LIMITS] = {
        [POLICY_MEMORY] = { "memory", bytes, "64M", UINT64_MAX },
        [POLICY_DOMAIN_MEMORY] = { "domain-memory", bytes, "256M", UINT64_MAX },
        [POLICY_ARENA] = { "arena", bytes, "16M", UINT64_MAX },
        [POLICY_CPU] = { "cpu", percent, "20%", 100000 },
        [POLICY_CPU_TIME] = { "cpu-time", times, "10s", UINT64_MAX },
        [POLICY_AFFINITY] = { "affinity", NULL, "0x3", UINT64_MAX },
        [POLICY_PROCESSES] = { "processes", count, "10", UINT32_MAX },
        [POLICY_OPEN_FILES] = { "open-files", count, "64", UINT32_MAX },
        [POLICY_FILE_SIZE] = { "file-size", bytes, "10M", UINT64_MAX },
        [POLICY_READ_RATE] = { "read-rate", bytes, "10M", UINT64_MAX },
        [POLICY_WRITE_RATE] = { "write-rate", bytes, "10M", UINT64_MAX },
        [POLICY_TABLE_ENTRIES] = { "table-entries", count, "10000", UINT32_MAX },
        [POLICY_ADDINS] = { "add-ins", count, "1", UINT32_MAX },
};

const char *limit_name(enum policy_limit limit)
{
        return limits[limit].name;
}

bool limit_from_name(const char *name, enum policy_limit *ret_limit)
{
        for (unsigned i = 0; i < COUNT_OF(limits); i++) {
                if (strcmp(name, limits[i].name))
                        continue;
                *ret_limit = (enum policy_limit)i;
                return true;
        }
        return false;
}

int limit_unknown(const struct word *word, struct policy_error *error)
{
        const char *names[POLICY_LIMITS];
        char list[256] = "";
        for (unsigned i = 0; i < POLICY_LIMITS; i++) {
                names[i] = limits[i].name;
                size_t len = strlen(list);
                snprintf(list + len, sizeof list - len, "%s%s", !i ? "" : i + 1 < POLICY_LIMITS ? ", " : " and ", names[i]);
        }
        const char *near = near_find(word->text, names, POLICY_LIMITS);
        if (near)
                return policy_fail(error, word->column, "'%s' is no limit; did you mean '%s'?", word->text, near);
        return policy_fail(error, word->column, "'%s' is no limit: there are %s", word->text, list);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static int read_number(const char **at, int base, uint64_t *ret)
{
        char *end;
        if (!isxdigit((unsigned char)**at))
                return -EINVAL;
        errno = 0;
        uint64_t value = strtoull(*at, &end, base);
        if (errno || end == *at)
                return -EINVAL;
        *at = end;
        *ret = value;
        return 0;
}

/* "0,2-3" */
static int read_list(const char *at, uint64_t *ret)
{
        uint64_t mask = 0;
        for (;; at++) {
                uint64_t first, last;
                if (read_number(&at, 10, &first))
                        return -EINVAL;
                last = first;
                if (*at == '-' && (at++, read_number(&at, 10, &last)))
                        return -EINVAL;
                if (last > 63 || last < first)
                        return -EINVAL;
                for (uint64_t i = first; i <= last; i++)
                        mask |= (uint64_t)1 << i;
                if (*at != ',')
                        break;
        }
        *ret = mask;
        return *at ? -EINVAL : 0;
}

static int read_processors(const struct word *word, uint64_t *ret_value, struct policy_error *error)
{
        const char *at = word->text + 2;
        bool mask = !strncmp(word->text, "0x", 2);
        if (mask ? read_number(&at, 16, ret_value) || *at : read_list(word->text, ret_value))
                return policy_fail(error, word->column, "'%s' names no processors: write a mask like 0x5, or a list like 0,2-3",
                                   word->text);
        return 0;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
        while (units->name && strcmp(units->name, name))
                units++;
        return units->name ? units : NULL;
}

static int read_amount(enum policy_limit limit, const struct word *word, uint64_t *ret_value, struct policy_error *error)
{
        const char *at = word->text;
        uint64_t number;
        if (!isdigit((unsigned char)*at) || read_number(&at, 10, &number))
                return policy_fail(error, word->column, "'%s' is no amount: write one like %s", word->text, limits[limit].example);
        const struct unit *unit = find_unit(limits[limit].units, at);
        if (!unit && !*at)
                return policy_fail(error, word_column(word, (size_t)(at - word->text)), "a unit is missing: write one like %s",
                                   limits[limit].example);
        if (!unit)
                return policy_fail(error, word_column(word, (size_t)(at - word->text)),
                                   "'%s' is no unit of limit %s: write an amount like %s", at, limits[limit].name,
                                   limits[limit].example);
        if (number > limits[limit].max / unit->times)
                return policy_fail(error, word->column, "%s is more than limit %s can be", word->text, limits[limit].name);
        *ret_value = number * unit->times;
        return 0;
}

int limit_read(enum policy_limit limit, const struct word *word, uint64_t *ret_value, struct policy_error *error)
{
        int r = limits[limit].units ? read_amount(limit, word, ret_value, error) : read_processors(word, ret_value, error);
        if (!r && !*ret_value)
                return policy_fail(error, word->column, "limit %s cannot be 0: leave the line out if there is to be none",
                                   limits[limit].name);
        return r;
}

/* --- The rest --------------------------------------------------------------------------------- */

void limit_print(enum policy_limit limit, uint64_t value, FILE *out)
{
        const struct unit *unit = limits[limit].units, *best = unit;
        if (!unit) {
                fprintf(out, "0x%" PRIx64, value);
                return;
        }
        for (; unit->name; unit++)
                if (value % unit->times == 0)
                        best = unit;
        fprintf(out, "%" PRIu64 "%s", value / best->times, best->name);
}

uint64_t limit_stricter(enum policy_limit limit, uint64_t a, uint64_t b)
{
        if (!a || !b)
                return a ? a : b;
        if (limit == POLICY_AFFINITY)
                return a & b;
        return a < b ? a : b;
}
