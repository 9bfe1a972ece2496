/* A shared library that an add-in needs, and the system's list of libraries: what they say is read, or there is a reason why not.
 */
#include <stdlib.h>
#include <string.h>

#include "native/cache.h"
#include "native/library.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_library(const uint8_t *data, size_t size)
{
        const struct library_file file = { -1, { data, size } };
        struct ward_fault fault = { 0 };
        struct library library;
        int r = library_read(&file, "fuzz", &library, &fault);
        if (r < 0 && !fault.text[0])
                abort();
        if (r)
                return;
        for (size_t i = 0; i < library.n_needed; i++)
                if (strlen(library.needed[i]) >= LIBRARY_TEXT_MAX)
                        abort();
        library_finish(&library);
}

static void read_cache(const uint8_t *data, size_t size)
{
        struct cache cache;
        uint32_t last = 0;
        cache_init(&cache, (struct ward_span){ data, size });
        for (uint32_t at = 0; cache_find(&cache, "libm.so.6", &at); last = at)
                if (at <= last || at > cache.n)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        read_library(data, size);
        read_cache(data, size);
        return 0;
}
