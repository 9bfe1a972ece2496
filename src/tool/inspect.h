/* `ward inspect`: an add-in's file, for people and for programs. */
#ifndef TOOL_INSPECT_H
#define TOOL_INSPECT_H

#include <stdio.h>
#include "dynamic/dynamic.h"
#include "store/store.h"

/* What both forms of the output show. Borrowed. */
struct inspection {
        const char *path;
        const struct store_addin *addin;
        const struct dynamic *bound; /* NULL where there is no contract, or where no host can bind it: */
        const char *unbound;         /* why */
};

void inspect_print(FILE *out, const struct inspection *inspection);
/* 0, or -1 where there is no memory or @out takes no more. */
int inspect_print_json(FILE *out, const struct inspection *inspection);

/* Whether a module lacks what it claims to export, with the core signature that the contract makes of it. */
bool inspect_is_missing(const struct inspection *inspection, const struct ward_func *func);

#endif
