/* The limits that a policy sets, by name. Pure. */
#ifndef POLICY_LIMIT_H
#define POLICY_LIMIT_H

#include "policy/words.h"

enum policy_limit {
        POLICY_MEMORY,        /* bytes */
        POLICY_DOMAIN_MEMORY, /* bytes */
        POLICY_ARENA,         /* bytes */
        POLICY_CPU,           /* percent of one processor */
        POLICY_CPU_TIME,      /* milliseconds */
        POLICY_AFFINITY,      /* bit n allows processor n */
        POLICY_PROCESSES,
        POLICY_OPEN_FILES,
        POLICY_FILE_SIZE,  /* bytes */
        POLICY_READ_RATE,  /* bytes a second */
        POLICY_WRITE_RATE, /* bytes a second */
        POLICY_TABLE_ENTRIES,
        POLICY_ADDINS,
        POLICY_LIMITS,
};

/* "memory", … */
const char *limit_name(enum policy_limit limit);
bool limit_from_name(const char *name, enum policy_limit *ret_limit);
/* Says that @word names no limit, and what may have been meant. -EINVAL. */
int limit_unknown(const struct word *word, struct policy_error *error);

/* A value is a number and its unit: 64M, 1G (bytes: K, M, G, T are powers of 1024), 20% (of a processor), 500ms, 10s, 2m, 1h;
 * processors are 0x5, or 0,2-3. Never 0. Returns 0, or -EINVAL with @error. */
int limit_read(enum policy_limit limit, const struct word *word, uint64_t *ret_value, struct policy_error *error);
/* In the largest unit that leaves a whole number. */
void limit_print(enum policy_limit limit, uint64_t value, FILE *out);

/* The stricter of two, of which 0 is none. Of processors those that both allow: 0 then means that there is none. */
uint64_t limit_stricter(enum policy_limit limit, uint64_t a, uint64_t b);

#endif
