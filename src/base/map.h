/* Numbers to pointers. Open addressing with linear probing; the hash has a secret of the map's own, for the numbers may come from
 * somebody who would have them meet.
 *
 * All zeros is an empty map. Keys are not 0, values not NULL. */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map_slot {
        uint64_t key; /* 0: free */
        void *value;
};

struct map {
        struct map_slot *slots;
        size_t size; /* a power of 2, or 0 */
        size_t n;
        uint64_t secret;
};

/* Frees the map, not what it points to, and leaves it empty. */
void map_finish(struct map *map);

/* @key is not in it yet. 0, or -ENOMEM with the map as it was. */
int map_add(struct map *map, uint64_t key, void *value);

/* NULL if it is not there. */
void *map_find(const struct map *map, uint64_t key);

/* Takes it out and returns its value; NULL if it is not there. Needs no memory. */
void *map_remove(struct map *map, uint64_t key);

#endif
