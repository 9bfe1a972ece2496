/* /etc/ld.so.cache: where the system's libraries are, by their names, as ldconfig has found them.
 *
 * 1. cache_open  2. cache_find, until it gives NULL  3. cache_close
 *
 * It is root's file and believed; but it is read so that a damaged one harms nothing. */
#ifndef NATIVE_CACHE_H
#define NATIVE_CACHE_H

#include <stdint.h>
#include "base/span.h"

#define CACHE_FILE "/etc/ld.so.cache"

/* All zeros is an empty one. */
struct cache {
        struct ward_span file; /* mapped by cache_open */
        uint32_t n;
};

/* Empty where there is none, or none of the form that glibc 2.2 and later write. */
void cache_open(const char *path, struct cache *ret_cache);
void cache_close(struct cache *cache);
/* The same from bytes, which are borrowed: not to be closed. */
void cache_init(struct cache *cache, struct ward_span bytes);

/* The next path of the library @name, from *@at on, which is 0 at first and moved on; NULL: no more. Those that need more of the
 * processor than every one of its kind has are left out. One of several may be of another machine: its file says so. */
const char *cache_find(const struct cache *cache, const char *name, uint32_t *at);

#endif
