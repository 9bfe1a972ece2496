/* Borrowed handles that are dropped for an add-in, inside it: `ward bindgen --autodrop-borrows=yes`. For generated code; people use
 * the views.
 *
 * Every borrow of an object of the host's has to be dropped before the call that it came with returns. By then the function has
 * freed or changed its arguments, so they are noted first:
 * 1. ward_lent_note  2. the function  3. ward_lent_drop */
#ifndef WARD_LENT_H
#define WARD_LENT_H

#include <ward/value.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WARD_LENT_FEW = 8 }; /* so many cost no malloc */

struct ward_lent_handle {
        uint32_t resource; /* ward_resource.index */
        int32_t handle;
};

struct ward_lent {
        struct ward_lent_handle few[WARD_LENT_FEW];
        struct ward_lent_handle *more; /* those beyond */
        size_t n;
        size_t room; /* in more */
};

static inline void ward_lent_add(struct ward_lent *lent, uint32_t resource, int32_t handle)
{
        struct ward_lent_handle *at = lent->few + lent->n;
        if (lent->n >= WARD_LENT_FEW) {
                size_t index = lent->n - WARD_LENT_FEW;
                if (index == lent->room) {
                        lent->room = lent->room ? 2 * lent->room : 64;
                        lent->more = (struct ward_lent_handle *)realloc(lent->more, lent->room * sizeof *lent->more);
                        if (!lent->more)
                                abort();
                }
                at = lent->more + index;
        }
        at->resource = resource;
        at->handle = handle;
        lent->n++;
}

/* Adds what the C value at @at has been lent. */
static inline void ward_lent_walk(struct ward_lent *lent, const struct ward_type *type, const void *at)
{
        const char *base = (const char *)at;
        struct {
                const char *ptr;
                size_t len;
        } block;
        int32_t handle;
        uint32_t tag;
        if (!(type->flags & WARD_TYPE_HANDLES))
                return;
        switch (type->kind) {
        case WARD_TYPE_BORROW:
                if (type->resource->by_addin || type->resource->shared)
                        break;
                memcpy(&handle, at, sizeof handle);
                ward_lent_add(lent, type->resource->index, handle);
                break;
        case WARD_TYPE_LIST:
                memcpy(&block, at, sizeof block);
                for (size_t i = 0; i < block.len; i++)
                        ward_lent_walk(lent, type->fields[0].type, block.ptr + i * type->fields[0].type->size);
                break;
        case WARD_TYPE_ARRAY:
                for (uint32_t i = 0; i < type->n; i++)
                        ward_lent_walk(lent, type->fields[0].type, base + (size_t)i * type->fields[0].type->size);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        ward_lent_walk(lent, type->fields[i].type, base + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                tag = ward_value_tag(type, at);
                if (type->fields && tag < type->n && type->fields[tag].type)
                        ward_lent_walk(lent, type->fields[tag].type, base + type->fields[tag].at);
                break;
        default:
                break;
        }
}

/* Notes every borrow of the host's objects that the value at @at holds. */
static inline void ward_lent_note(struct ward_lent *lent, const struct ward_type *type, const void *at)
{
        lent->more = NULL;
        lent->n = lent->room = 0;
        ward_lent_walk(lent, type, at);
}

/* Drops what was noted. */
static inline void ward_lent_drop(struct ward_lent *lent, void (*drop)(uint32_t resource, int32_t handle))
{
        for (size_t i = 0; i < lent->n; i++) {
                const struct ward_lent_handle *at = i < WARD_LENT_FEW ? &lent->few[i] : &lent->more[i - WARD_LENT_FEW];
                drop(at->resource, at->handle);
        }
        free(lent->more);
}

#ifdef __cplusplus
}
#endif
#endif
