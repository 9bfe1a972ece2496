#include "acts.h"

#ifndef __wasm__
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#endif

int32_t exports_acts_add(int32_t a, int32_t b)
{
        return a + b;
}

void exports_acts_poke(uint32_t address)
{
        *(volatile char *)(uintptr_t)address = 1;
}

void exports_acts_spin(void)
{
        for (volatile int forever = 1; forever;)
                ;
}

#ifdef __wasm__
bool exports_acts_hold(acts_string_t *path)
{
        acts_string_free(path);
        return false;
}
#else
bool exports_acts_hold(acts_string_t *path)
{
        char name[PATH_MAX] = "";
        if (path->len < sizeof name)
                memcpy(name, path->ptr, path->len);
        acts_string_free(path);
        return open(name, O_WRONLY | O_CLOEXEC) >= 0;
}
#endif
