/* C names for names of a contract. */
#ifndef GENERATE_NAMES_H
#define GENERATE_NAMES_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Memory that is freed as a whole. Allocation never fails: a generator that has no memory left has nothing better to do than to
 * abort. */
struct pool {
        struct pool_block *blocks;
};

void *pool_alloc(struct pool *pool, size_t size); /* zeroed */
char *pool_printf(struct pool *pool, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *pool_vprintf(struct pool *pool, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void pool_free_all(struct pool *pool);

/* "is-XML" -> "is_xml", "IS_XML"; "[method]r.f" -> "method_r_f". */
char *name_snake(struct pool *pool, const char *kebab);
char *name_upper(struct pool *pool, const char *text);

/* The same as an identifier of its own: words that C or C++ reserve, and those that signatures use (ret, err), get a `_`. */
char *name_ident(struct pool *pool, const char *kebab);

/* A set of the names in one scope of C. */
struct names {
        const char **slots;
        size_t n;
        size_t n_slots;
};

bool names_has(const struct names *names, const char *name);

/* Enters @name, with as many `_` behind it as it takes to be new, and returns what was entered. */
const char *names_add(struct names *names, struct pool *pool, const char *name);
void names_finish(struct names *names);

#endif
