/* What the files that find libraries share. Private to this folder. */
#ifndef NATIVE_NEEDED_PARTS_H
#define NATIVE_NEEDED_PARTS_H

#include <sys/types.h>
#include "native/cache.h"
#include "native/needed.h"

/* A file that was read. Number 0 is the add-in. */
struct node {
        struct needed_file file;
        struct library library;
        dev_t device;
        ino_t inode;
        size_t by;     /* who needed it first; of the add-in itself */
        size_t *edges; /* what it needs: numbers, n_edges of them, each once or more */
        size_t n_edges;
        bool placed; /* or about to be: in the order that is given out */
};

struct search {
        const struct needed_order *order;
        struct cache cache;
        bool cached; /* that was opened */
        size_t looks;
        struct node *nodes;
        size_t n;
        struct ward_fault *fault;
};

/* A library that is looked for. */
struct wanted {
        const char *name;
        size_t by;
};

static inline const char *search_path(const struct search *search, size_t node)
{
        return search->nodes[node].file.path;
}

/* needed.c */
int search_no_memory(const struct search *search);
/* Takes what is in @node, even on failure. */
int search_add(struct search *search, struct node *node);
/* Notes which file @fd is. 0, or a negative errno. */
int node_identify(struct node *node, int fd);
void node_finish(struct node *node);
void needed_file_finish(struct needed_file *file);

/* needed_search.c */

/* The number of the node that @wanted is, which may be a new one. 1: it is left out; or a fault. */
int search_find(struct search *search, const struct wanted *wanted, size_t *ret_node);

#endif
