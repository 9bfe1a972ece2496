/* From acts to permissions. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/least_parts.h"
#include "policy/path.h"

enum { MANY = 5 /* files that are read below a folder, and stand for all of it */ };

struct needs {
        struct least_paths paths[PERMISSION_EXECUTE + 1]; /* by kind */
        struct least_paths made;                          /* folders in which files were made: of those to write to */
        struct least_paths beyond;                        /* what was used of folders that are too wide */
};

static void needs_finish(struct needs *needs)
{
        for (size_t i = 0; i < COUNT_OF(needs->paths); i++)
                paths_finish(&needs->paths[i]);
        paths_finish(&needs->made);
        paths_finish(&needs->beyond);
}

/* --- Folders for files ------------------------------------------------------------------------ */

/* The length of the part of @path that has @depth names; 0 where it is no folder above @path. */
static size_t ancestor(const char *path, size_t depth)
{
        const char *at = path;
        for (; depth && at; depth--)
                at = strchr(at + 1, '/');
        return at ? (size_t)(at - path) : 0;
}

static size_t count_depth(const struct least_paths *paths)
{
        size_t deepest = 0;
        for (size_t i = 0; i < paths->n; i++) {
                size_t depth = 0;
                for (const char *c = paths->at[i].text; *c; c++)
                        depth += *c == '/';
                deepest = depth > deepest ? depth : deepest;
        }
        return deepest;
}

static bool is_in(const char *path, const char *folder, size_t len)
{
        return !strncmp(path, folder, len) && path[len] == '/';
}

/* Of sorted paths, from @first on: how many are in the same folder of @depth names. */
static size_t count_alike(const struct least_paths *paths, size_t first, size_t len)
{
        size_t n = 1;
        while (first + n < paths->n && is_in(paths->at[first + n].text, paths->at[first].text, len))
                n++;
        return n;
}

/* The folder takes the place of the first. */
static void merge(struct least_paths *paths, size_t first, size_t n, size_t len)
{
        struct least_path *folder = &paths->at[first];
        folder->text[len] = 0;
        for (size_t i = 1; i < n; i++) {
                folder->files += folder[i].files;
                free(folder[i].text);
        }
        memmove(folder + 1, folder + n, (paths->n - first - n) * sizeof *folder);
        paths->n -= n - 1;
}

static void merge_at(struct least_paths *paths, size_t depth)
{
        for (size_t i = 0; i < paths->n; i++) {
                size_t len = ancestor(paths->at[i].text, depth);
                size_t n = len ? count_alike(paths, i, len) : 1;
                if (n < MANY)
                        continue;
                paths->at[i].text[len] = 0;
                bool is_wide = least_is_wide(paths->at[i].text);
                paths->at[i].text[len] = '/';
                if (!is_wide)
                        merge(paths, i, n, len);
        }
        paths_sort(paths);
}

/* The deepest folders first: what they stand for counts once further up. */
static void merge_files(struct least_paths *paths)
{
        for (size_t depth = count_depth(paths); depth > 1; depth--)
                merge_at(paths, depth - 1);
}

/* --- What covers what ------------------------------------------------------------------------- */

/* Whether the path, or a folder above it, is among those. @len: of the part of it to begin with. */
static bool is_covered(const struct least_paths *by, const char *path, size_t len)
{
        OWNED(freep) char *part = strndup(path, len);
        for (char *slash = part; slash && *part; *slash = 0) {
                if (paths_have(by, part))
                        return true;
                slash = strrchr(part, '/');
        }
        return false;
}

static void drop_covered(struct least_paths *from, const struct least_paths *by)
{
        size_t kept = 0;
        for (size_t i = 0; i < from->n; i++) {
                const char *text = from->at[i].text;
                size_t len = from == by ? (size_t)(strrchr(text, '/') - text) : strlen(text);
                if (is_covered(by, text, len))
                        from->at[i].files = 0;
        }
        for (size_t i = 0; i < from->n; i++) {
                if (from->at[i].files)
                        from->at[kept++] = from->at[i];
                else
                        free(from->at[i].text);
        }
        from->n = kept;
}

/* --- From acts -------------------------------------------------------------------------------- */

static int copy(struct least_paths *to, const struct least_paths *from)
{
        int r = 0;
        for (size_t i = 0; i < from->n && !r; i++)
                r = paths_add(to, from->at[i].text, from->at[i].files);
        return r;
}

/* A folder's list is the folder's, and what is made needs its folder. */
static int add_folder(struct needs *needs, enum permission_kind kind, const char *folder, const char *path)
{
        if (least_is_wide(folder))
                return paths_add(&needs->beyond, path, 1);
        int r = kind == PERMISSION_WRITE ? paths_add(&needs->made, folder, 1) : 0;
        return r ? r : paths_add(&needs->paths[kind], folder, 1);
}

static int add_made(struct needs *needs, const struct least_paths *paths)
{
        int r = 0;
        for (size_t i = 0; i < paths->n && !r; i++) {
                const char *path = paths->at[i].text;
                OWNED(freep) char *folder = strndup(path, (size_t)(strrchr(path, '/') - path));
                r = folder ? add_folder(needs, PERMISSION_WRITE, *folder ? folder : "/", path) : -ENOMEM;
        }
        return r;
}

static int add_lists(struct needs *needs, const struct least_paths *paths)
{
        int r = 0;
        for (size_t i = 0; i < paths->n && !r; i++)
                r = add_folder(needs, PERMISSION_READ, paths->at[i].text, paths->at[i].text);
        return r;
}

static int add_reads(struct needs *needs, const struct least_paths *paths)
{
        int r = 0;
        for (size_t i = 0; i < paths->n && !r; i++) {
                bool is_library = least_is_library(paths->at[i].text);
                r = paths_add(&needs->paths[is_library ? PERMISSION_EXECUTE : PERMISSION_READ], paths->at[i].text, 1);
        }
        return r;
}

static int gather(const struct least *least, struct needs *needs)
{
        struct least_paths *reads = &needs->paths[PERMISSION_READ], *writes = &needs->paths[PERMISSION_WRITE];
        struct least_paths *programs = &needs->paths[PERMISSION_EXECUTE];
        int r = add_reads(needs, &least->acts[LEAST_READ]);
        if (!r)
                r = copy(writes, &least->acts[LEAST_WRITE]);
        if (!r)
                r = copy(programs, &least->acts[LEAST_EXECUTE]);
        if (!r)
                r = add_lists(needs, &least->acts[LEAST_LIST]);
        if (!r)
                r = add_made(needs, &least->acts[LEAST_CREATE]);
        if (r)
                return r;
        for (size_t i = 0; i < COUNT_OF(needs->paths); i++)
                paths_sort(&needs->paths[i]);
        paths_sort(&needs->made);
        paths_sort(&needs->beyond);
        drop_covered(writes, writes);
        drop_covered(reads, writes);
        drop_covered(reads, programs);
        drop_covered(reads, reads);
        merge_files(reads);
        return 0;
}

/* --- Writing ---------------------------------------------------------------------------------- */

static void print_path(enum permission_kind kind, const struct least_path *path, const struct needs *needs, FILE *out)
{
        const struct permission permission = { .kind = kind, .subject = path->text };
        permission_print(&permission, out);
        if (kind == PERMISSION_READ && path->files > 1)
                fprintf(out, " # %zu files below were read", path->files);
        for (size_t i = 0; kind == PERMISSION_WRITE && i < needs->made.n; i++)
                if (!strcmp(needs->made.at[i].text, path->text))
                        fputs(" # files were made there", out);
        fputc('\n', out);
}

static void print_paths(const struct needs *needs, FILE *out)
{
        for (unsigned kind = PERMISSION_READ; kind <= PERMISSION_EXECUTE; kind++) {
                const struct least_paths *paths = &needs->paths[kind];
                if (paths->n)
                        fputc('\n', out);
                for (size_t i = 0; i < paths->n; i++)
                        print_path((enum permission_kind)kind, &paths->at[i], needs, out);
        }
}

static void print_beyond(const struct needs *needs, FILE *out)
{
        if (needs->beyond.n)
                fputs("\n# Not granted, since it would take a folder with much else in it. Have it use a folder of its own:\n",
                      out);
        for (size_t i = 0; i < needs->beyond.n; i++) {
                fputs("# ", out);
                word_print(needs->beyond.at[i].text, out);
                fputc('\n', out);
        }
}

static int print_addresses(const struct least *least, FILE *out)
{
        struct least_paths addresses = { 0 };
        int r = copy(&addresses, &least->acts[LEAST_CONNECT]);
        paths_sort(&addresses);
        if (addresses.n)
                fputc('\n', out);
        for (size_t i = 0; i < addresses.n && !r; i++) {
                fputs("connect ", out);
                word_print(addresses.at[i].text, out);
                fputc('\n', out);
        }
        paths_finish(&addresses);
        return r;
}

static bool needs_nothing(const struct least *least, const struct needs *needs)
{
        bool spawns = least->forks || least->acts[LEAST_EXECUTE].n;
        return !needs->paths[PERMISSION_READ].n && !needs->paths[PERMISSION_WRITE].n && !least->acts[LEAST_CONNECT].n && !spawns;
}

int least_print(const struct least *least, FILE *out)
{
        struct needs needs = { 0 };
        int r = gather(least, &needs);
        if (!r) {
                fputs("# What was needed, as it was observed: to be looked through before it is relied on.\n"
                      "# Variables of the environment cannot be observed: add 'env NAME' for each.\n",
                      out);
                fprintf(out, "level %s\n", needs_nothing(least, &needs) ? "internet" : "intranet");
                print_paths(&needs, out);
                r = print_addresses(least, out);
                if (least->forks || least->acts[LEAST_EXECUTE].n)
                        fputs("\nspawn\n", out);
                print_beyond(&needs, out);
        }
        needs_finish(&needs);
        return r;
}
