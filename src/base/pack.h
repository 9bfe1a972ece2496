/* Numbers and texts in a row of bytes, for whoever reads them in the same order. Writing past the end and reading past it are
 * sticky: straight-line code, one look at @bad at the end. */
#ifndef BASE_PACK_H
#define BASE_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct pack {
        uint8_t *at;
        size_t left;
        bool bad;
};

static inline void pack_bytes(struct pack *pack, const void *from, size_t len)
{
        if (pack->bad || len > pack->left) {
                pack->bad = true;
                return;
        }
        if (len) /* else there need not be any */
                memcpy(pack->at, from, len);
        pack->at += len;
        pack->left -= len;
}

static inline void pack_u32(struct pack *pack, uint32_t value)
{
        pack_bytes(pack, &value, sizeof value);
}

/* Its NUL travels too, so that the text can be read in place. */
static inline void pack_text(struct pack *pack, const char *text)
{
        size_t size = strlen(text) + 1;
        if (size > UINT32_MAX) {
                pack->bad = true;
                return;
        }
        pack_u32(pack, (uint32_t)size);
        pack_bytes(pack, text, size);
}

struct cursor {
        const uint8_t *at;
        size_t left;
        bool bad;
};

/* The next @len bytes, in place; NULL past the end. */
static inline const void *cursor_take(struct cursor *cursor, size_t len)
{
        if (cursor->bad || len > cursor->left) {
                cursor->bad = true;
                return NULL;
        }
        const void *at = cursor->at;
        cursor->at += len;
        cursor->left -= len;
        return at;
}

/* Zeroes @to past the end. */
static inline void cursor_bytes(struct cursor *cursor, void *to, size_t len)
{
        const void *at = cursor_take(cursor, len);
        if (at)
                memcpy(to, at, len);
        else
                memset(to, 0, len);
}

static inline uint32_t cursor_u32(struct cursor *cursor)
{
        uint32_t value;
        cursor_bytes(cursor, &value, sizeof value);
        return value;
}

/* In place; "" past the end or where the NUL is missing. */
static inline const char *cursor_text(struct cursor *cursor)
{
        uint32_t size = cursor_u32(cursor);
        const char *text = cursor_take(cursor, size);
        if (text && size && !text[size - 1])
                return text;
        cursor->bad = true;
        return "";
}

#endif
