#include "wasm/types.h"

#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 };

struct type {
        struct type *next; /* in its bucket */
        uint32_t number;
        uint32_t len;
        uint8_t signature[];
};

struct wasm_types {
        struct type *buckets[BUCKETS];
        uint32_t n;
        bool failed;
};

struct wasm_types *wasm_types_new(void)
{
        return calloc(1, sizeof(struct wasm_types));
}

struct wasm_types *wasm_types_free(struct wasm_types *types)
{
        for (size_t i = 0; types && i < BUCKETS; i++)
                for (struct type *type = types->buckets[i], *next; type; type = next) {
                        next = type->next;
                        free(type);
                }
        free(types);
        return NULL;
}

static struct type **find_bucket(struct wasm_types *types, const uint8_t *signature, uint32_t len)
{
        uint32_t hash = 2166136261u; /* FNV-1a; a module that makes all its types collide only slows its own loading */
        for (uint32_t i = 0; i < len; i++)
                hash = (hash ^ signature[i]) * 16777619u;
        return &types->buckets[hash % BUCKETS];
}

uint32_t wasm_types_number(void *context, const uint8_t *signature, uint32_t len)
{
        struct wasm_types *types = context;
        struct type **bucket = find_bucket(types, signature, len);
        for (struct type *type = *bucket; type; type = type->next)
                if (type->len == len && !memcmp(type->signature, signature, len))
                        return type->number;
        struct type *type = malloc(sizeof *type + len);
        if (!type) {
                types->failed = true;
                return UINT32_MAX;
        }
        *type = (struct type){ .next = *bucket, .number = ++types->n, .len = len };
        memcpy(type->signature, signature, len);
        *bucket = type;
        return type->number;
}

bool wasm_types_failed(const struct wasm_types *types)
{
        return types->failed;
}
