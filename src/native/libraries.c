#include "native/libraries.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"

struct opened_library {
        void *handle; /* NULL: the loader could not */
        int copy;     /* kept open so that its name stays unique */
        char *alias;
        char *named; /* what the loader had called it before it got the alias */
};

/* The loader knows a library by DT_SONAME, by what it was asked for, and by link_map.l_name, which is the file's name and nothing
 * that it goes by in another way. One without DT_SONAME, or with another than who needs it says, is known by its alias there. One
 * that has an alias keeps it, as long as who gave it. */
static void name_alias(struct opened_library *library, const char *alias)
{
        struct link_map *map = library->handle;
        library->alias = *map->l_name == '/' ? strdup(alias) : NULL;
        if (!library->alias)
                return;
        library->named = map->l_name;
        map->l_name = library->alias;
}

/* As the loader would, all symbols at once; a library which leaves some to others, that come behind it, needs more patience. */
static void *open_file(const char *path)
{
        void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
        return handle ? handle : dlopen(path, RTLD_LAZY | RTLD_LOCAL);
}

static void open_library(const struct native_library *library, struct opened_library *ret, struct ward_fault *ret_why)
{
        char name[64];
        snprintf(name, sizeof name, "/proc/self/fd/%d", library->copy);
        *ret = (struct opened_library){ .handle = open_file(library->copy >= 0 ? name : library->path), .copy = library->copy };
        if (!ret->handle && ret_why->kind == WARD_FAULT_NONE)
                fault_set(ret_why, WARD_FAULT_MODULE, "cannot load library '%s': %s", library->name, dlerror());
        if (ret->handle && library->alias)
                name_alias(ret, library->alias);
}

int libraries_open(const struct native_library *libraries, uint32_t n, struct opened_libraries *ret_opened,
                   struct ward_fault *ret_why, struct ward_fault *fault)
{
        struct opened_libraries opened = { calloc((size_t)n + 1, sizeof *opened.list), n };
        ret_why->kind = WARD_FAULT_NONE;
        if (!opened.list) {
                for (uint32_t i = 0; i < n; i++)
                        fd_close(libraries[i].copy);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for %u libraries", n);
        }
        for (uint32_t i = 0; i < n; i++)
                open_library(&libraries[i], &opened.list[i], ret_why);
        *ret_opened = opened;
        return 0;
}

void libraries_close(struct opened_libraries *opened)
{
        while (opened->n) {
                struct opened_library *library = &opened->list[--opened->n];
                if (library->named)
                        ((struct link_map *)library->handle)->l_name = library->named;
                if (library->handle)
                        dlclose(library->handle);
                fd_close(library->copy);
                free(library->alias);
        }
        free(opened->list);
        *opened = (struct opened_libraries){ 0 };
}
