#include "contract/source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/own.h"

static char no_memory[] = "memory ran out";

static struct source *source_free(struct source *source)
{
        if (source) {
                free(source->name);
                free(source->text);
                free(source);
        }
        return NULL;
}

static void source_freep(struct source **source)
{
        *source = source_free(*source);
}

void sources_finish(struct sources *sources)
{
        for (size_t i = 0; i < sources->n; i++)
                source_free(sources->items[i]);
        free(sources->items);
        *sources = (struct sources){ 0 };
}

void sources_error_free(char *error)
{
        if (error != no_memory)
                free(error);
}

__attribute__((format(printf, 1, 2))) static char *error_format(const char *format, ...)
{
        char *text = NULL;
        va_list args;
        va_start(args, format);
        int len = vasprintf(&text, format, args);
        va_end(args);
        return len < 0 ? no_memory : text;
}

static char *cannot_read(const char *path, int error)
{
        return error_format("%s: cannot be read: %s", path, strerror(error));
}

/* Takes @source on success. */
static char *append(struct sources *sources, struct source *source)
{
        const char *first = sources->n ? sources->items[0]->name : source->name;
        if (sources->n >= SOURCE_FILES_MAX)
                return error_format("%s: the contract has more than %d files", first, SOURCE_FILES_MAX);
        if (source->len > SOURCE_BYTES_MAX - sources->bytes)
                return error_format("%s: the contract is larger than %d bytes", first, SOURCE_BYTES_MAX);
        struct source **items = realloc(sources->items, (sources->n + 1) * sizeof *items);
        if (!items)
                return no_memory;
        sources->items = items;
        sources->items[sources->n++] = source;
        sources->bytes += source->len;
        if (source->group >= sources->n_groups)
                sources->n_groups = source->group + 1;
        return NULL;
}

char *sources_add(struct sources *sources, size_t group, const char *name, const char *text, size_t len)
{
        static const char mark[] = "\xef\xbb\xbf";
        OWNED(source_freep) struct source *source = calloc(1, sizeof *source);
        if (!source)
                return no_memory;
        if (len >= 3 && !memcmp(text, mark, 3)) {
                text += 3;
                len -= 3;
        }
        source->group = group;
        source->len = len;
        source->name = strdup(name);
        source->text = malloc(len + 1);
        if (!source->name || !source->text)
                return no_memory;
        if (len)
                memcpy(source->text, text, len);
        source->text[len] = 0;
        char *error = append(sources, source);
        if (!error)
                source = NULL;
        return error;
}

/* Reads to the end, or to one byte past the limit. Returns the number of bytes, or -1 with errno. */
static ssize_t read_all(int fd, char **ret_text)
{
        OWNED(freep) char *text = NULL;
        size_t len = 0, room = 0;
        for (;;) {
                if (len == room) {
                        room = room ? 2 * room : 16 * 1024;
                        char *more = realloc(text, room);
                        if (!more)
                                return -1;
                        text = more;
                }
                ssize_t n = read(fd, text + len, room - len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                len += (size_t)n;
                if (n == 0 || len > SOURCE_BYTES_MAX)
                        break;
        }
        *ret_text = STEAL(text);
        return (ssize_t)len;
}

/* Without blocking on a pipe, a device or the like: what is no plain file is refused. */
static char *load_file(struct sources *sources, size_t group, const char *path)
{
        OWNED(freep) char *text = NULL;
        struct stat st;
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st))
                return cannot_read(path, errno);
        if (!S_ISREG(st.st_mode))
                return error_format("%s: is not a plain file", path);
        ssize_t len = read_all(fd, &text);
        if (len < 0)
                return cannot_read(path, errno);
        return sources_add(sources, group, path, text, (size_t)len);
}

static bool has_suffix(const char *name, const char *suffix)
{
        size_t len = strlen(name), cut = strlen(suffix);
        return len > cut && !strcmp(name + len - cut, suffix);
}

static bool is_folder(const char *path)
{
        struct stat st;
        return !stat(path, &st) && S_ISDIR(st.st_mode);
}

struct listing {
        struct dirent **entries;
        int n;
};

static void listing_finish(struct listing *listing)
{
        for (int i = 0; i < listing->n; i++)
                free(listing->entries[i]);
        free(listing->entries);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry)
{
        return entry->d_name[0] != '.';
}

static char *list(const char *path, struct listing *listing)
{
        listing->n = scandir(path, &listing->entries, is_visible, by_bytes);
        return listing->n < 0 ? cannot_read(path, errno) : NULL;
}

/* The folder's own .wit files, as one package. */
static char *load_package(struct sources *sources, size_t group, const char *path)
{
        OWNED(listing_finish) struct listing listing = { 0 };
        char *error = list(path, &listing);
        for (int i = 0; !error && i < listing.n; i++) {
                OWNED(freep) char *file = NULL;
                if (!has_suffix(listing.entries[i]->d_name, ".wit"))
                        continue;
                if (asprintf(&file, "%s/%s", path, listing.entries[i]->d_name) < 0)
                        return no_memory;
                if (!is_folder(file))
                        error = load_file(sources, group, file);
        }
        return error;
}

/* Each .wit file and each folder with some is a package; all else is passed over. */
static char *load_deps(struct sources *sources, const char *path)
{
        OWNED(listing_finish) struct listing listing = { 0 };
        char *error = list(path, &listing);
        for (int i = 0; !error && i < listing.n; i++) {
                OWNED(freep) char *entry = NULL;
                if (asprintf(&entry, "%s/%s", path, listing.entries[i]->d_name) < 0)
                        return no_memory;
                if (is_folder(entry))
                        error = load_package(sources, sources->n_groups, entry);
                else if (has_suffix(entry, ".wit"))
                        error = load_file(sources, sources->n_groups, entry);
        }
        return error;
}

static char *load_folder(struct sources *sources, const char *path)
{
        OWNED(freep) char *deps = NULL;
        char *error = load_package(sources, 0, path);
        if (error)
                return error;
        if (!sources->n)
                return error_format("%s: there are no .wit files in this folder", path);
        if (asprintf(&deps, "%s/deps", path) < 0)
                return no_memory;
        return is_folder(deps) ? load_deps(sources, deps) : NULL;
}

char *sources_load(struct sources *sources, const char *path)
{
        OWNED(freep) char *plain = strdup(path);
        if (!plain)
                return no_memory;
        for (size_t len = strlen(plain); len > 1 && plain[len - 1] == '/'; len--)
                plain[len - 1] = 0;
        return is_folder(plain) ? load_folder(sources, plain) : load_file(sources, 0, plain);
}
