#include "contract/toposort.h"

#include <stdint.h>
#include <string.h>

struct sorter {
        size_t n;
        const struct edge *edges;
        size_t n_edges;
        size_t *waits; /* by node: dependencies not taken yet */
        size_t *first; /* by node: where its dependents begin in @users */
        size_t *users; /* dependents, by what they depend on */
        size_t *heap;  /* nodes that wait for nothing, smallest first */
        size_t n_heap;
};

static void push(struct sorter *s, size_t node)
{
        size_t i = s->n_heap++;
        for (; i && s->heap[(i - 1) / 2] > node; i = (i - 1) / 2)
                s->heap[i] = s->heap[(i - 1) / 2];
        s->heap[i] = node;
}

static size_t pop(struct sorter *s)
{
        size_t top = s->heap[0], last = s->heap[--s->n_heap], i = 0;
        for (size_t child; (child = 2 * i + 1) < s->n_heap; i = child) {
                if (child + 1 < s->n_heap && s->heap[child + 1] < s->heap[child])
                        child++;
                if (last <= s->heap[child])
                        break;
                s->heap[i] = s->heap[child];
        }
        s->heap[i] = last;
        return top;
}

/* Turns the edges around: @users[@first[i]] up to @users[@first[i + 1]] are those that depend on i. */
static void index_users(struct arena *scratch, struct sorter *s)
{
        s->waits = arena_take(scratch, (s->n + 1) * sizeof *s->waits);
        s->heap = arena_take(scratch, (s->n + 1) * sizeof *s->heap);
        s->first = arena_take(scratch, (s->n + 2) * sizeof *s->first);
        s->users = arena_take(scratch, (s->n_edges + 1) * sizeof *s->users);
        for (size_t i = 0; i < s->n_edges; i++) {
                s->waits[s->edges[i].from]++;
                s->first[s->edges[i].to + 2]++;
        }
        for (size_t i = 2; i < s->n + 2; i++)
                s->first[i] += s->first[i - 1];
        for (size_t i = 0; i < s->n_edges; i++)
                s->users[s->first[s->edges[i].to + 1]++] = s->edges[i].from;
}

static size_t sort(struct sorter *s, size_t *order)
{
        size_t taken = 0;
        for (size_t i = 0; i < s->n; i++)
                if (!s->waits[i])
                        push(s, i);
        while (s->n_heap) {
                size_t node = order[taken++] = pop(s);
                for (size_t i = s->first[node]; i < s->first[node + 1]; i++)
                        if (!--s->waits[s->users[i]])
                                push(s, s->users[i]);
        }
        return taken;
}

/* Every node that still waits has an edge to another one that does: following the first of these from the first node ends in a
 * cycle. */
static size_t find_cycle(struct arena *scratch, const struct sorter *s, size_t *ret_edges)
{
        size_t *next = arena_take(scratch, s->n * sizeof *next); /* an edge's number, plus 1 */
        bool *seen = arena_take(scratch, s->n * sizeof *seen);
        size_t node = 0, length = 0;
        for (size_t i = s->n_edges; i-- > 0;)
                if (s->waits[s->edges[i].from] && s->waits[s->edges[i].to])
                        next[s->edges[i].from] = i + 1;
        while (!next[node])
                node++;
        ret_edges[0] = next[node] - 1;
        for (; !seen[node]; node = s->edges[next[node] - 1].to)
                seen[node] = true;
        const size_t first = node;
        do {
                ret_edges[++length] = next[node] - 1;
                node = s->edges[next[node] - 1].to;
        } while (node != first);
        return length;
}

bool toposort(struct arena *scratch, size_t n, const struct edge *edges, size_t n_edges, size_t *ret_order, size_t *ret_length)
{
        struct sorter s = { .n = n, .edges = edges, .n_edges = n_edges };
        index_users(scratch, &s);
        if (sort(&s, ret_order) == n)
                return true;
        *ret_length = find_cycle(scratch, &s, ret_order);
        return false;
}
