#include "contract/names.h"

#include <stdint.h>
#include <string.h>

enum { TABLE_MIN = 64 };

struct name_slot {
        const char *text; /* NULL: free */
        size_t len;
        uint64_t hash;
};

struct map_slot {
        const void *scope;
        const void *name;
        void *value; /* NULL: free */
};

/* The finishing step of splitmix64: spreads every bit over the whole word. */
static uint64_t mix(uint64_t x)
{
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        return x ^ (x >> 31);
}

/* FNV-1a. */
static uint64_t hash_bytes(const void *bytes, size_t len)
{
        const uint8_t *at = bytes;
        uint64_t hash = 0xcbf29ce484222325u;
        for (size_t i = 0; i < len; i++)
                hash = (hash ^ at[i]) * 0x100000001b3u;
        return mix(hash);
}

static uint64_t hash_pair(const void *scope, const void *name)
{
        return mix((uintptr_t)scope * 0x9e3779b97f4a7c15u ^ mix((uintptr_t)name));
}

static struct name_slot *find_name(const struct names *names, const void *bytes, size_t len, uint64_t hash)
{
        for (size_t i = hash;; i++) {
                struct name_slot *slot = &names->slots[i & (names->capacity - 1)];
                if (!slot->text || (slot->hash == hash && slot->len == len && !memcmp(slot->text, bytes, len)))
                        return slot;
        }
}

static void grow_names(struct names *names)
{
        struct names old = *names;
        names->capacity = old.capacity ? 2 * old.capacity : TABLE_MIN;
        names->slots = arena_take(names->tables, names->capacity * sizeof *names->slots);
        for (size_t i = 0; i < old.capacity; i++)
                if (old.slots[i].text)
                        *find_name(names, old.slots[i].text, old.slots[i].len, old.slots[i].hash) = old.slots[i];
}

const char *names_intern(struct names *names, const void *bytes, size_t len)
{
        if (2 * names->n >= names->capacity)
                grow_names(names);
        uint64_t hash = hash_bytes(bytes, len);
        struct name_slot *slot = find_name(names, bytes, len, hash);
        if (!slot->text) {
                *slot = (struct name_slot){ .text = arena_copy(names->texts, bytes, len), .len = len, .hash = hash };
                names->n++;
        }
        return slot->text;
}

const char *names_fold(struct names *names, const char *name)
{
        size_t len = strlen(name);
        char *lower = arena_copy(names->tables, name, len);
        for (size_t i = 0; i < len; i++)
                if (lower[i] >= 'A' && lower[i] <= 'Z')
                        lower[i] = (char)(lower[i] - 'A' + 'a');
        return names_intern(names, lower, len);
}

static struct map_slot *find_pair(const struct map *map, const void *scope, const void *name)
{
        for (size_t i = hash_pair(scope, name);; i++) {
                struct map_slot *slot = &map->slots[i & (map->capacity - 1)];
                if (!slot->value || (slot->scope == scope && slot->name == name))
                        return slot;
        }
}

static void grow_map(struct map *map)
{
        struct map old = *map;
        map->capacity = old.capacity ? 2 * old.capacity : TABLE_MIN;
        map->slots = arena_take(map->tables, map->capacity * sizeof *map->slots);
        for (size_t i = 0; i < old.capacity; i++)
                if (old.slots[i].value)
                        *find_pair(map, old.slots[i].scope, old.slots[i].name) = old.slots[i];
}

void *map_get(const struct map *map, const void *scope, const void *name)
{
        return map->capacity ? find_pair(map, scope, name)->value : NULL;
}

void map_put(struct map *map, const void *scope, const void *name, void *value)
{
        if (2 * map->n >= map->capacity)
                grow_map(map);
        struct map_slot *slot = find_pair(map, scope, name);
        if (!slot->value)
                map->n++;
        *slot = (struct map_slot){ .scope = scope, .name = name, .value = value };
}
