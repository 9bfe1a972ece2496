/* The add-in of test_libraries.c: what it needs is another library with each of its variants. */
#include <dlfcn.h>
#include <stdio.h>
#include "libraries.h"

#ifdef MIDDLE
#define dep_version middle_version
#endif
int dep_version(void);

uint32_t exports_libraries_version(void)
{
        return (uint32_t)dep_version();
}

static void *open_named(libraries_string_t *path, int flags)
{
        char name[4096];
        snprintf(name, sizeof name, "%.*s", (int)path->len, path->ptr);
        libraries_string_free(path);
        return dlopen(name, RTLD_NOW | flags);
}

void exports_libraries_open(libraries_string_t *path, libraries_string_t *ret)
{
        libraries_string_dup(ret, open_named(path, 0) ? "" : dlerror());
}

uint32_t exports_libraries_ask(libraries_string_t *path)
{
        void *handle = open_named(path, RTLD_NOLOAD);
        int (*version)(void) = handle ? (int (*)(void))dlsym(handle, "dep_version") : NULL;
        return version ? (uint32_t)version() : 0;
}
