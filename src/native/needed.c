#include "native/needed.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "base/own.h"
#include "native/needed_parts.h"

int search_no_memory(const struct search *search)
{
        return fault_set_errno(search->fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot find the libraries of module '%s'",
                               search->order->path);
}

void needed_file_finish(struct needed_file *file)
{
        free(file->path);
        free(file->name);
        free(file->alias);
        fd_close(file->copy);
        *file = (struct needed_file){ .copy = -1 };
}

void node_finish(struct node *node)
{
        needed_file_finish(&node->file);
        library_finish(&node->library);
        free(node->edges);
}

int node_identify(struct node *node, int fd)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        node->device = st.st_dev;
        node->inode = st.st_ino;
        return 0;
}

int search_add(struct search *search, struct node *node)
{
        struct node *grown = search->n > NEEDED_FILES_MAX ? NULL : reallocarray(search->nodes, search->n + 1, sizeof *grown);
        if (grown) {
                search->nodes = grown;
                grown[search->n++] = *node;
                return 0;
        }
        node_finish(node);
        if (search->n > NEEDED_FILES_MAX)
                return fault_set(search->fault, WARD_FAULT_MODULE, "module '%s' needs more than %d libraries", search->order->path,
                                 NEEDED_FILES_MAX);
        return search_no_memory(search);
}

static bool add_edge(struct node *from, size_t to)
{
        size_t *grown = reallocarray(from->edges, from->n_edges + 1, sizeof *grown);
        if (!grown)
                return false;
        from->edges = grown;
        grown[from->n_edges++] = to;
        return true;
}

static bool is_loaded(const struct search *search, const char *name)
{
        return search->order->is_loaded && search->order->is_loaded(search->order->data, name);
}

/* Level by level, as the loader does: of two libraries of one name the nearer one counts. */
static int find_needs(struct search *search, size_t node)
{
        int r = 0;
        for (size_t i = 0; !r && i < search->nodes[node].library.n_needed; i++) {
                const struct wanted wanted = { search->nodes[node].library.needed[i], node };
                size_t found;
                if (is_loaded(search, wanted.name))
                        continue;
                r = search_find(search, &wanted, &found);
                if (!r && !add_edge(&search->nodes[node], found))
                        r = search_no_memory(search);
                if (r == 1)
                        r = 0;
        }
        return r;
}

/* What cannot be opened, or is no library, whoever loads it says better: 1. */
static int begin(struct search *search)
{
        const struct needed_order *order = search->order;
        OWNED(fd_closep) int fd = order->image.at ? -1 : library_open(order->path);
        const struct library_file from = { fd, order->image };
        struct node node = { .file = { .path = strdup(order->path), .name = strdup(""), .copy = -1 } };
        int r = !order->image.at && (fd < 0 || node_identify(&node, fd)) ? 1 : 0;
        if (!node.file.path || !node.file.name)
                r = search_no_memory(search);
        if (!r)
                r = library_read(&from, order->path, &node.library, search->fault);
        if (r)
                node_finish(&node);
        return r ? r : search_add(search, &node);
}

/* Behind what it needs; of a circle, the one that is met last comes first. */
static void place(struct search *search, size_t node, struct needed *needed)
{
        search->nodes[node].placed = true;
        for (size_t i = 0; i < search->nodes[node].n_edges; i++)
                if (!search->nodes[search->nodes[node].edges[i]].placed)
                        place(search, search->nodes[node].edges[i], needed);
        if (!node)
                return;
        needed->files[needed->n++] = search->nodes[node].file;
        search->nodes[node].file = (struct needed_file){ .copy = -1 };
}

static int place_all(struct search *search, struct needed *ret_needed)
{
        struct needed needed = { calloc(search->n, sizeof *needed.files), 0 };
        if (!needed.files)
                return search_no_memory(search);
        place(search, 0, &needed);
        *ret_needed = needed;
        return 0;
}

int needed_find(const struct needed_order *order, struct needed *ret_needed, struct ward_fault *fault)
{
        struct search search = { .order = order, .fault = fault };
        struct needed needed = { 0 };
        int r = begin(&search);
        for (size_t i = 0; !r && i < search.n; i++)
                r = find_needs(&search, i);
        if (!r)
                r = place_all(&search, &needed);
        for (size_t i = 0; i < search.n; i++)
                node_finish(&search.nodes[i]);
        free(search.nodes);
        cache_close(&search.cache);
        if (r < 0)
                return r;
        *ret_needed = needed;
        return 0;
}

void needed_finish(struct needed *needed)
{
        for (size_t i = 0; i < needed->n; i++)
                needed_file_finish(&needed->files[i]);
        free(needed->files);
        *needed = (struct needed){ 0 };
}
