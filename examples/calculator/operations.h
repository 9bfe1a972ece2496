/* What the calculator's add-ins share: a table of operations, offered and carried out. The arguments of an export are the
 * add-in's own, so each is freed here, once. */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "calculator.h"

struct operation {
        const char *name;
        size_t operands;
        /* Writes the result, or returns why there is none. */
        const char *(*run)(const double *x, double *ret);
};

static void offer(const struct operation *table, size_t n, calculator_list_string_t *ret)
{
        ret->ptr = malloc(n * sizeof *ret->ptr);
        ret->len = ret->ptr ? n : 0;
        for (size_t i = 0; i < ret->len; i++)
                calculator_string_dup(&ret->ptr[i], table[i].name);
}

static const char *apply(const struct operation *table, size_t n, const calculator_string_t *name,
                         const calculator_list_f64_t *operands, double *ret)
{
        for (size_t i = 0; i < n; i++) {
                if (strlen(table[i].name) != name->len || memcmp(table[i].name, name->ptr, name->len))
                        continue;
                if (operands->len != table[i].operands)
                        return "wrong number of operands";
                return table[i].run(operands->ptr, ret);
        }
        return "unknown operation";
}

static bool carry_out(const struct operation *table, size_t n, calculator_string_t *name, calculator_list_f64_t *operands,
                      double *ret, calculator_string_t *err)
{
        const char *why = apply(table, n, name, operands, ret);
        char text[160];
        if (why) {
                snprintf(text, sizeof text, "%.*s: %s", (int)(name->len < 64 ? name->len : 64), (const char *)name->ptr, why);
                calculator_string_dup(err, text);
        }
        calculator_string_free(name);
        calculator_list_f64_free(operands);
        return !why;
}

#endif
