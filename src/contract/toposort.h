/* Orders things so that each comes after those it depends on, and otherwise as they were: again and again the first one whose
 * dependencies are all taken. */
#ifndef CONTRACT_TOPOSORT_H
#define CONTRACT_TOPOSORT_H

#include <stdbool.h>
#include <stddef.h>

#include "contract/arena.h"

/* @from depends on @to. */
struct edge {
        size_t from;
        size_t to;
};

/* Writes the @n numbers in order to @ret_order and returns true. Where that cannot be, returns false, with a cycle in @ret_order:
 * the edges' numbers, @ret_length of them, beginning with that of the lowest node on the cycle. @edges are sorted by @from. */
bool toposort(struct arena *scratch, size_t n, const struct edge *edges, size_t n_edges, size_t *ret_order, size_t *ret_length);

#endif
