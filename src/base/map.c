#include "base/map.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_SIZE = 16 };

void map_finish(struct map *map)
{
        free(map->slots);
        *map = (struct map){ 0 };
}

/* The finalizer of MurmurHash3, begun with the secret: each bit of the key moves every bit of the place. */
static size_t place_of(const struct map *map, uint64_t key)
{
        key ^= map->secret;
        key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
        key = (key ^ key >> 33) * 0xc4ceb9fe1a85ec53u;
        return (size_t)(key ^ key >> 33) & (map->size - 1);
}

static size_t next(const struct map *map, size_t i)
{
        return (i + 1) & (map->size - 1);
}

static void place(struct map *map, struct map_slot slot)
{
        size_t i = place_of(map, slot.key);
        while (map->slots[i].key)
                i = next(map, i);
        map->slots[i] = slot;
}

/* Without the kernel's randomness at hand, where the map lies is the secret. */
static uint64_t make_secret(const struct map *map)
{
        uint64_t secret;
        if (getrandom(&secret, sizeof secret, GRND_NONBLOCK) != sizeof secret)
                secret = (uintptr_t)map * 0x9e3779b97f4a7c15u;
        return secret;
}

static int grow(struct map *map)
{
        struct map old = *map;
        size_t size = old.size ? 2 * old.size : FIRST_SIZE;
        struct map_slot *slots = calloc(size, sizeof *slots);
        if (!slots)
                return -ENOMEM;
        if (!old.size)
                map->secret = make_secret(map);
        map->slots = slots;
        map->size = size;
        for (size_t i = 0; i < old.size; i++)
                if (old.slots[i].key)
                        place(map, old.slots[i]);
        free(old.slots);
        return 0;
}

int map_add(struct map *map, uint64_t key, void *value)
{
        if (4 * (map->n + 1) > 3 * map->size && grow(map))
                return -ENOMEM;
        place(map, (struct map_slot){ key, value });
        map->n++;
        return 0;
}

static struct map_slot *find(const struct map *map, uint64_t key)
{
        if (!map->size || !key)
                return NULL;
        for (size_t i = place_of(map, key); map->slots[i].key; i = next(map, i))
                if (map->slots[i].key == key)
                        return &map->slots[i];
        return NULL;
}

void *map_find(const struct map *map, uint64_t key)
{
        const struct map_slot *slot = find(map, key);
        return slot ? slot->value : NULL;
}

/* Whether who belongs at @home is reached from there without passing @hole: then it may stay at @i. */
static int may_stay(size_t home, size_t hole, size_t i)
{
        return hole <= i ? hole < home && home <= i : hole < home || home <= i;
}

/* What follows moves up, so that no search ends too early. */
void *map_remove(struct map *map, uint64_t key)
{
        struct map_slot *slot = find(map, key);
        if (!slot)
                return NULL;
        void *value = slot->value;
        size_t hole = (size_t)(slot - map->slots);
        for (size_t i = next(map, hole); map->slots[i].key; i = next(map, i)) {
                if (may_stay(place_of(map, map->slots[i].key), hole, i))
                        continue;
                map->slots[hole] = map->slots[i];
                hole = i;
        }
        map->slots[hole] = (struct map_slot){ 0 };
        map->n--;
        return value;
}
