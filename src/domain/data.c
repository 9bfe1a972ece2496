#include "domain/data.h"

#include <errno.h>
#include <search.h>
#include <stdbool.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"

struct datum {
        size_t key_len;
        size_t len;
        uint8_t *value; /* one NUL byte behind it */
        uint8_t key[];
};

struct data {
        void *root; /* a tree of struct datum (tsearch(3)) */
        size_t bytes;
};

static int compare(const void *a, const void *b)
{
        const struct datum *x = a, *y = b;
        if (x->key_len != y->key_len)
                return x->key_len < y->key_len ? -1 : 1;
        return memcmp(x->key, y->key, x->key_len);
}

static void datum_free(void *p)
{
        struct datum *entry = p;
        free(entry->value);
        free(entry);
}

static struct datum *datum_new(struct ward_span key)
{
        struct datum *entry = calloc(1, sizeof *entry + key.len);
        if (!entry)
                return NULL;
        entry->key_len = key.len;
        memcpy(entry->key, key.at, key.len);
        return entry;
}

static size_t cost(const struct datum *entry)
{
        return sizeof *entry + entry->key_len + entry->len + 1;
}

struct data *data_new(void)
{
        return own_zeroed(sizeof(struct data));
}

struct data *data_free(struct data *data)
{
        if (data)
                tdestroy(data->root, datum_free);
        free(data);
        return NULL;
}

static void replace(struct data *data, struct datum *entry, uint8_t *value, size_t len)
{
        data->bytes -= entry->value ? cost(entry) : 0;
        free(entry->value);
        entry->value = value;
        entry->len = len;
        data->bytes += cost(entry);
}

static void drop(struct data *data, struct datum *key)
{
        void *found = tfind(key, &data->root, compare);
        if (found) {
                struct datum *entry = *(struct datum **)found;
                data->bytes -= cost(entry);
                tdelete(key, &data->root, compare);
                datum_free(entry);
        }
        datum_free(key);
}

/* Puts @value, which it takes, under @key, which it takes. */
static int put(struct data *data, struct datum *key, uint8_t *value, size_t len)
{
        void *place = tsearch(key, &data->root, compare);
        if (!place) {
                free(value);
                datum_free(key);
                return -ENOMEM;
        }
        struct datum *entry = *(struct datum **)place;
        if (entry != key)
                datum_free(key);
        replace(data, entry, value, len);
        return 0;
}

static bool key_is_good(struct ward_span key)
{
        return key.len && key.len <= DATA_KEY_MAX && text_is_utf8(key.at, key.len);
}

/* What the data would come to hold besides the value that is replaced. */
static size_t bytes_without(struct data *data, const struct datum *key)
{
        void *found = tfind(key, &data->root, compare);
        return data->bytes - (found ? cost(*(struct datum **)found) : 0);
}

int data_set(struct data *data, struct ward_span key, struct ward_span value)
{
        if (!key_is_good(key))
                return -EINVAL;
        struct datum *entry = datum_new(key);
        if (!entry)
                return -ENOMEM;
        if (!value.at) {
                drop(data, entry);
                return 0;
        }
        if (value.len > DATA_BYTES_MAX || bytes_without(data, entry) + value.len + cost(entry) > DATA_BYTES_MAX) {
                datum_free(entry);
                return -EDQUOT;
        }
        uint8_t *copy = malloc(value.len + 1);
        if (!copy) {
                datum_free(entry);
                return -ENOMEM;
        }
        memcpy(copy, value.at, value.len);
        copy[value.len] = 0;
        return put(data, entry, copy, value.len);
}

struct ward_span data_get(const struct data *data, struct ward_span key)
{
        struct ward_span none = { NULL, 0 };
        if (!key_is_good(key))
                return none;
        struct datum *entry = datum_new(key);
        if (!entry)
                return none;
        void *found = tfind(entry, &data->root, compare);
        datum_free(entry);
        if (!found)
                return none;
        const struct datum *held = *(struct datum **)found;
        return (struct ward_span){ held->value, held->len };
}
