/* Where a library is looked for. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "base/fault.h"
#include "base/own.h"
#include "native/needed_parts.h"

/* --- What was found --------------------------------------------------------------------------- */

static bool is_called(const struct node *node, const char *name)
{
        return (node->library.soname && !strcmp(node->library.soname, name)) || !strcmp(node->file.name, name);
}

/* The loader takes the first of a name as well, whoever needs it. */
static bool find_known(const struct search *search, const char *name, size_t *ret_node)
{
        for (size_t i = 0; i < search->n; i++)
                if (is_called(&search->nodes[i], name)) {
                        *ret_node = i;
                        return true;
                }
        return false;
}

/* The same by its file. */
static bool find_same(const struct search *search, int fd, size_t *ret_node)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return false;
        for (size_t i = 0; i < search->n; i++)
                if (search->nodes[i].device == st.st_dev && search->nodes[i].inode == st.st_ino) {
                        *ret_node = i;
                        return true;
                }
        return false;
}

/* --- Looking ---------------------------------------------------------------------------------- */

/* As a node of its own. @file and @library are taken, even on failure. */
static int keep(struct search *search, const struct wanted *wanted, struct needed_file *file, int fd, struct library *library)
{
        struct node node = { .file = *file, .library = *library, .by = wanted->by };
        bool other = !library->soname || strcmp(library->soname, wanted->name);
        node.file.name = strdup(wanted->name);
        node.file.alias = other ? strdup(wanted->name) : NULL;
        if (node.file.name && (node.file.alias || !other) && !node_identify(&node, fd))
                return search_add(search, &node);
        node_finish(&node);
        return search_no_memory(search);
}

/* Reads the library that may be there: 0, with its number; 1: it is not; or a fault. @file is taken, even on failure. */
static int take(struct search *search, const struct wanted *wanted, struct needed_file *file, size_t *ret_node)
{
        OWNED(fd_closep) int opened = file->copy < 0 ? library_open(file->path) : -1;
        const struct library_file from = { .fd = file->copy < 0 ? opened : file->copy };
        struct library library;
        int r = from.fd < 0 ? 1 : 0;
        bool known = !r && find_same(search, from.fd, ret_node);
        if (!r && !known)
                r = library_read(&from, file->path, &library, search->fault);
        if (r || known) {
                needed_file_finish(file);
                return r;
        }
        *ret_node = search->n;
        return keep(search, wanted, file, from.fd, &library);
}

static int look_at(struct search *search, const struct wanted *wanted, const char *path, bool given, size_t *ret_node)
{
        if (++search->looks > NEEDED_LOOKS_MAX)
                return fault_set(search->fault, WARD_FAULT_MODULE, "module '%s' names too many places for the libraries it needs",
                                 search->order->path);
        struct needed_file file = { .path = strdup(path), .copy = -1, .given = given };
        return file.path ? take(search, wanted, &file, ret_node) : search_no_memory(search);
}

static int look_in(struct search *search, const struct wanted *wanted, const char *folder, bool given, size_t *ret_node)
{
        char path[2 * LIBRARY_TEXT_MAX];
        if (*folder != '/' || snprintf(path, sizeof path, "%s/%s", folder, wanted->name) >= LIBRARY_TEXT_MAX)
                return 1;
        return look_at(search, wanted, path, given, ret_node);
}

/* The folder of @node goes to @ret, without a slash at its end; false: what was given as bytes has none. */
static bool origin(const struct search *search, size_t node, char ret[LIBRARY_TEXT_MAX])
{
        const char *path = search_path(search, node), *slash = strrchr(path, '/');
        bool file = node ? search->nodes[node].file.copy < 0 : !search->order->image.at;
        if (!file || !slash || snprintf(ret, LIBRARY_TEXT_MAX, "%.*s", (int)(slash - path), path) >= LIBRARY_TEXT_MAX)
                return false;
        return true;
}

/* How long the variable at @text is which stands for @node's folder; 0: there is none. */
static size_t variable(const char *text)
{
        static const char *const names[] = { "$ORIGIN", "${ORIGIN}" };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (!strncmp(text, names[i], strlen(names[i])))
                        return strlen(names[i]);
        return 0;
}

/* One entry of a list, of @len bytes, with its variables replaced; false: it cannot be, or knows others. */
static bool expand(const struct search *search, size_t node, const char *entry, size_t len, char ret[LIBRARY_TEXT_MAX])
{
        char folder[LIBRARY_TEXT_MAX];
        size_t n = 0;
        for (size_t i = 0, skip; i < len; i += skip ? skip : 1) {
                skip = variable(entry + i);
                if (skip && !origin(search, node, folder))
                        return false;
                if (!skip && entry[i] == '$')
                        return false;
                size_t more = skip ? strlen(folder) : 1;
                if (n + more >= LIBRARY_TEXT_MAX)
                        return false;
                memcpy(ret + n, skip ? folder : entry + i, more);
                n += more;
        }
        ret[n] = 0;
        return n;
}

/* In a list of folders, divided by colons, that @node has. */
static int look_in_list(struct search *search, const struct wanted *wanted, const char *list, size_t node, size_t *ret_node)
{
        char folder[LIBRARY_TEXT_MAX];
        int r = 1;
        for (const char *at = list; r == 1 && at;) {
                size_t len = strcspn(at, ":");
                if (expand(search, node, at, len, folder))
                        r = look_in(search, wanted, folder, false, ret_node);
                at = at[len] ? at + len + 1 : NULL;
        }
        return r;
}

static int look_in_folders(struct search *search, const struct wanted *wanted, const char *const *folders, bool given,
                           size_t *ret_node)
{
        int r = 1;
        for (; r == 1 && folders && *folders; folders++)
                r = look_in(search, wanted, *folders, given, ret_node);
        return r;
}

/* What who needs it says itself. A DT_RUNPATH is for its own needs only, and makes every DT_RPATH above it count no more. */
static int look_where_told(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        const char *runpath = search->nodes[wanted->by].library.runpath;
        if (runpath)
                return look_in_list(search, wanted, runpath, wanted->by, ret_node);
        int r = 1;
        for (size_t at = wanted->by, up;; at = up) {
                const char *rpath = search->nodes[at].library.rpath;
                if (rpath)
                        r = look_in_list(search, wanted, rpath, at, ret_node);
                up = search->nodes[at].by;
                if (r != 1 || up == at)
                        return r;
        }
}

static int look_in_cache(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        const char *path;
        uint32_t at = 0;
        int r = 1;
        if (!search->cached)
                cache_open(CACHE_FILE, &search->cache);
        search->cached = true;
        while (r == 1 && (path = cache_find(&search->cache, wanted->name, &at)))
                r = look_at(search, wanted, path, false, ret_node);
        return r;
}

static const char *const system_folders[] = {
        "/lib/" NATIVE_TRIPLET, "/usr/lib/" NATIVE_TRIPLET, "/lib64", "/usr/lib64", "/lib", "/usr/lib", NULL
};

static int ask(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        const struct needed_order *order = search->order;
        struct needed_file file = { .copy = -1, .given = true };
        int r = order->resolve ? order->resolve(order->data, wanted->name, search_path(search, wanted->by), &file, search->fault)
                               : 1;
        if (r)
                return r;
        OWNED(freep) char *path = file.path ? strdup(file.path) : NULL; /* for the text */
        r = take(search, wanted, &file, ret_node);
        if (r == 1)
                return fault_set(search->fault, WARD_FAULT_MODULE,
                                 "'%s', which the host gave for '%s', needed by '%s', is no shared library of this machine",
                                 path ? path : "what", wanted->name, search_path(search, wanted->by));
        return r;
}

/* --- What is not there ------------------------------------------------------------------------ */

static void say_folders(FILE *out, const char *const *folders)
{
        for (; folders && *folders; folders++)
                fprintf(out, "'%s', ", *folders);
}

static int missing(const struct search *search, const struct wanted *wanted)
{
        const struct library *by = &search->nodes[wanted->by].library;
        char *places = NULL;
        size_t len;
        FILE *out = open_memstream(&places, &len);
        if (!out)
                return search_no_memory(search);
        for (size_t i = 0; i < COUNT_OF(search->order->folders); i++)
                say_folders(out, search->order->folders[i]);
        if (by->runpath || by->rpath)
                fprintf(out, "%s '%s' of who needs it, ", by->runpath ? "RUNPATH" : "RPATH", by->runpath ? by->runpath : by->rpath);
        fclose(out);
        OWNED(freep) char *owned = places;
        return fault_set(search->fault, WARD_FAULT_MODULE,
                         "library '%s' is missing, which '%s' needs: it is not in %sthe system's cache and folders%s; name its "
                         "folder in library_path",
                         wanted->name, search_path(search, wanted->by), owned ? owned : "",
                         search->order->resolve ? ", and the host does not know it" : "");
}

/* --- One of them ------------------------------------------------------------------------------ */

/* A name with a slash is a path as it is. */
static int find_path(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        char path[LIBRARY_TEXT_MAX];
        if (!expand(search, wanted->by, wanted->name, strlen(wanted->name), path) || *path != '/')
                return 1;
        return look_at(search, wanted, path, false, ret_node);
}

static int find_name(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        int r = 1;
        for (size_t i = 0; r == 1 && i < COUNT_OF(search->order->folders); i++)
                r = look_in_folders(search, wanted, search->order->folders[i], true, ret_node);
        if (r == 1)
                r = look_where_told(search, wanted, ret_node);
        if (r == 1)
                r = look_in_cache(search, wanted, ret_node);
        return r == 1 ? look_in_folders(search, wanted, system_folders, false, ret_node) : r;
}

int search_find(struct search *search, const struct wanted *wanted, size_t *ret_node)
{
        if (find_known(search, wanted->name, ret_node))
                return 0;
        int r = strchr(wanted->name, '/') ? find_path(search, wanted, ret_node) : find_name(search, wanted, ret_node);
        if (r == 1)
                r = ask(search, wanted, ret_node);
        return r == 1 && !search->order->partial ? missing(search, wanted) : r;
}
