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

/* Writes the @n numbers in order to @ret_order and returns true. Where that cannot be, returns false, with numbers of edges in
 * @ret_order: first, from the lowest node that cannot be ordered, the one that leads to a cycle; then the cycle, of @ret_length.
 * @ret_order has room for @n numbers and @n_edges more. @edges are sorted by @from. */
bool toposort(struct arena *scratch, size_t n, const struct edge *edges, size_t n_edges, size_t *ret_order, size_t *ret_length);

#endif
