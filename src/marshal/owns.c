#include "marshal/marshal.h"

#include "marshal/layout.h"

struct walk {
        void (*each)(void *context, const struct ward_type *type, const void *at);
        void *context;
};

static void walk(const struct walk *w, const struct ward_type *type, const void *value);

static void walk_elements(const struct walk *w, const struct ward_type *element, const char *at, size_t n)
{
        for (size_t i = 0; at && i < n; i++)
                walk(w, element, at + i * element->size);
}

static void walk_record(const struct walk *w, const struct ward_type *type, const char *value)
{
        for (uint32_t i = 0; i < type->n; i++)
                walk(w, type->fields[i].type, value + type->fields[i].at);
}

static void walk_variant(const struct walk *w, const struct ward_type *type, const char *value)
{
        uint32_t tag = ward_value_tag(type, value);
        const struct ward_field *payload = tag < type->n ? payload_of(type, tag) : NULL;
        if (payload)
                walk(w, payload->type, value + payload->at);
}

static void walk(const struct walk *w, const struct ward_type *type, const void *value)
{
        struct block block;
        if (!(type->flags & WARD_TYPE_HANDLES))
                return;
        switch (type->kind) {
        case WARD_TYPE_OWN:
                w->each(w->context, type, value);
                break;
        case WARD_TYPE_LIST:
                block = block_read(value);
                walk_elements(w, element_of(type), block.ptr, block.len);
                break;
        case WARD_TYPE_ARRAY:
                walk_elements(w, element_of(type), value, type->n);
                break;
        case WARD_TYPE_RECORD:
                walk_record(w, type, value);
                break;
        case WARD_TYPE_VARIANT:
                walk_variant(w, type, value);
                break;
        default:
                break;
        }
}

void marshal_each_own(const struct ward_type *type, const void *value,
                      void (*each)(void *context, const struct ward_type *type, const void *at), void *context)
{
        const struct walk w = { each, context };
        walk(&w, type, value);
}
