#include "marshal/test_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/own.h"
#include "marshal/layout.h"

enum { MEMBERS_MAX = 300, TEXT_MAX = 24, LIST_MAX = 5, ARRAY_MAX = 4 };

/* --- Random types ----------------------------------------------------------------------------- */

uint64_t random_next(uint64_t *seed)
{
        *seed ^= *seed << 13;
        *seed ^= *seed >> 7;
        *seed ^= *seed << 17;
        return *seed * 0x2545f4914f6cdd1du;
}

uint32_t random_below(uint64_t *seed, uint32_t limit)
{
        return (uint32_t)((random_next(seed) >> 32) % limit);
}

static const struct ward_type *random_handle(struct types *types, uint64_t *seed)
{
        return types_handle(types, random_below(seed, 2) ? WARD_TYPE_OWN : WARD_TYPE_BORROW, &test_resource,
                            random_below(seed, 2) ? 4 : 8);
}

static const struct ward_type *random_simple(struct types *types, uint64_t *seed)
{
        switch (random_below(seed, 8)) {
        case 0:
                return types_bool(types);
        case 1:
                return types_char(types);
        case 2:
                return types_float(types, random_below(seed, 2) ? 4 : 8);
        case 3:
                return types_flags(types, 1 + random_below(seed, 64));
        case 4:
                return random_handle(types, seed);
        case 5:
                return random_below(seed, 2) ? types_string(types) : types_string16(types);
        case 6:
                return random_below(seed, 4) ? types_string(types) : types_empty(types, random_below(seed, 2));
        default:
                return types_int(types, 1u << random_below(seed, 4), random_below(seed, 2));
        }
}

static const struct ward_type *random_compound(struct types *types, uint64_t *seed, unsigned depth, bool variant)
{
        const struct ward_type *members[MEMBERS_MAX];
        uint32_t n = random_below(seed, 40) ? 1 + random_below(seed, 6) : 257 + random_below(seed, MEMBERS_MAX - 257);
        if (!variant && n > 256)
                n -= 240;
        for (uint32_t i = 0; i < n; i++) {
                bool absent = variant && !random_below(seed, 3);
                members[i] = absent ? NULL : random_type(types, seed, n > 8 ? 0 : depth - 1);
        }
        return variant ? types_variant(types, n, members) : types_record(types, n, members);
}

const struct ward_type *random_type(struct types *types, uint64_t *seed, unsigned depth)
{
        switch (random_below(seed, depth ? 9 : 3)) {
        case 3:
        case 4:
                return random_compound(types, seed, depth, true);
        case 5:
        case 6:
                return random_compound(types, seed, depth, false);
        case 7:
                return types_list(types, random_type(types, seed, depth - 1));
        case 8:
                return types_array(types, random_type(types, seed, depth - 1), 1 + random_below(seed, ARRAY_MAX));
        default:
                return random_simple(types, seed);
        }
}

const struct ward_func *random_func(struct types *types, uint64_t *seed, unsigned depth)
{
        const struct ward_type *params[8];
        uint32_t n = random_below(seed, COUNT_OF(params) + 1);
        for (uint32_t i = 0; i < n; i++)
                params[i] = random_type(types, seed, depth);
        return types_func(types, n, params, random_below(seed, 4) ? random_type(types, seed, depth) : NULL);
}

/* --- Characters ------------------------------------------------------------------------------- */

static uint32_t random_char(uint64_t *seed)
{
        static const uint32_t limits[] = { 0x80, 0x800, 0xd800, 0x110000 };
        uint32_t c = random_below(seed, limits[random_below(seed, COUNT_OF(limits))]);
        return is_char(c) ? c : 0xe000;
}

static size_t put_utf8(uint32_t c, uint8_t *to)
{
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        for (size_t i = n; i-- > 1; c >>= 6)
                to[i] = (uint8_t)(0x80 | (c & 0x3f));
        to[0] = (uint8_t)(lead[n] | c);
        return n;
}

static size_t put_utf16(uint32_t c, uint16_t *to)
{
        if (c < 0x10000)
                return to[0] = (uint16_t)c, 1;
        to[0] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
        to[1] = (uint16_t)(0xdc00 + (c - 0x10000) % 0x400);
        return 2;
}

static size_t put_char(const struct ward_type *type, uint32_t c, void *text, size_t at)
{
        return type->flags & WARD_TYPE_UTF16 ? put_utf16(c, (uint16_t *)text + at) : put_utf8(c, (uint8_t *)text + at);
}

/* The character at @at, of UTF-8 or UTF-16 that is well formed, and past it. */
static uint32_t next_utf8(const uint8_t *text, size_t *at)
{
        uint8_t first = text[(*at)++];
        uint32_t c = first < 0x80 ? first : first < 0xe0 ? first & 0x1fu : first < 0xf0 ? first & 0xfu : first & 7u;
        for (uint32_t n = first < 0xc0 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3; n; n--)
                c = c << 6 | (text[(*at)++] & 0x3f);
        return c;
}

static uint32_t next_utf16(const uint16_t *text, size_t *at)
{
        uint32_t c = text[(*at)++];
        if (c >> 10 == 0x36)
                c = 0x10000 + ((c & 0x3ff) << 10 | (text[(*at)++] & 0x3ff));
        return c;
}

static uint32_t next_char(const struct ward_type *type, const void *text, size_t *at)
{
        return type->flags & WARD_TYPE_UTF16 ? next_utf16(text, at) : next_utf8(text, at);
}

static bool is_utf16(const uint16_t *text, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                bool pair = text[i] >> 10 == 0x36 && i + 1 < len && text[i + 1] >> 10 == 0x37;
                if (!pair && text[i] >> 11 == 0x1b)
                        return false;
                i += pair;
        }
        return true;
}

/* --- Random values ---------------------------------------------------------------------------- */

void *value_new(const struct ward_type *type)
{
        void *value = calloc(1, type->size ? type->size : 1);
        if (!value)
                abort();
        return value;
}

void *random_new(const struct ward_type *type, uint64_t *seed)
{
        void *value = value_new(type);
        random_value(type, seed, value);
        return value;
}

void value_free(const struct ward_type *type, void *value)
{
        ward_value_free(type, value);
        free(value);
}

static void random_string(const struct ward_type *type, uint64_t *seed, void *to)
{
        uint32_t n = random_below(seed, TEXT_MAX);
        void *text = n ? malloc(4 * n) : NULL;
        bool ascii = random_below(seed, 2);
        size_t len = 0;
        for (uint32_t i = 0; i < n; i++)
                len += put_char(type, ascii && random_below(seed, 16) ? random_below(seed, 0x80) : random_char(seed), text, len);
        block_write(to, text, len);
}

static void random_items(const struct ward_type *element, uint64_t *seed, char *items, uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                random_value(element, seed, items + i * element->size);
}

static void random_list(const struct ward_type *element, uint64_t *seed, void *to)
{
        uint32_t n = random_below(seed, LIST_MAX);
        char *items = n ? calloc(n, element->size ? element->size : 1) : NULL;
        random_items(element, seed, items, n);
        block_write(to, items, n);
}

static void random_variant(const struct ward_type *type, uint64_t *seed, void *to)
{
        uint32_t tag = random_below(seed, type->n);
        const struct ward_field *payload = payload_of(type, tag);
        bits_write(to, type->tag_size, tag);
        if (payload)
                random_value(payload->type, seed, (char *)to + payload->at);
}

void random_value(const struct ward_type *type, uint64_t *seed, void *to)
{
        switch (type->kind) {
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                bits_write(to, type->size, handle_form(type, random_below(seed, HANDLES_MAX)));
                break;
        case WARD_TYPE_STRING:
                random_string(type, seed, to);
                break;
        case WARD_TYPE_LIST:
                random_list(element_of(type), seed, to);
                break;
        case WARD_TYPE_ARRAY:
                random_items(element_of(type), seed, to, type->n);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        random_value(type->fields[i].type, seed, (char *)to + type->fields[i].at);
                break;
        case WARD_TYPE_VARIANT:
                random_variant(type, seed, to);
                break;
        case WARD_TYPE_CHAR:
                bits_write(to, 4, random_char(seed));
                break;
        case WARD_TYPE_BOOL:
                bits_write(to, 1, random_below(seed, 2));
                break;
        case WARD_TYPE_FLAGS:
                bits_write(to, type->size, random_next(seed) & known_flags(type));
                break;
        default:
                bits_write(to, type->size, random_next(seed));
                break;
        }
}

/* --- Comparing -------------------------------------------------------------------------------- */

static bool items_equal(const struct ward_type *a_type, const char *a, const struct ward_type *b_type, const char *b, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!values_equal(a_type, a + i * a_type->size, b_type, b + i * b_type->size))
                        return false;
        return true;
}

static bool strings_equal(const struct ward_type *a_type, struct block a, const struct ward_type *b_type, struct block b)
{
        size_t i = 0, k = 0;
        while (i < a.len && k < b.len)
                if (next_char(a_type, a.ptr, &i) != next_char(b_type, b.ptr, &k))
                        return false;
        return i == a.len && k == b.len;
}

static bool lists_equal(const struct ward_type *a_type, struct block a, const struct ward_type *b_type, struct block b)
{
        return a.len == b.len && items_equal(element_of(a_type), a.ptr, element_of(b_type), b.ptr, a.len);
}

static bool records_equal(const struct ward_type *a_type, const char *a, const struct ward_type *b_type, const char *b)
{
        for (uint32_t i = 0; i < a_type->n; i++) {
                const struct ward_field *x = &a_type->fields[i], *y = &b_type->fields[i];
                if (!values_equal(x->type, a + x->at, y->type, b + y->at))
                        return false;
        }
        return true;
}

static bool variants_equal(const struct ward_type *a_type, const char *a, const struct ward_type *b_type, const char *b)
{
        uint32_t tag = ward_value_tag(a_type, a);
        if (tag != ward_value_tag(b_type, b) || tag >= a_type->n)
                return false;
        const struct ward_field *x = payload_of(a_type, tag), *y = payload_of(b_type, tag);
        return !x || values_equal(x->type, a + x->at, y->type, b + y->at);
}

bool values_equal(const struct ward_type *a_type, const void *a, const struct ward_type *b_type, const void *b)
{
        switch (a_type->kind) {
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return handle_number(a_type, a) == handle_number(b_type, b);
        case WARD_TYPE_STRING:
                return strings_equal(a_type, block_read(a), b_type, block_read(b));
        case WARD_TYPE_LIST:
                return lists_equal(a_type, block_read(a), b_type, block_read(b));
        case WARD_TYPE_ARRAY:
                return items_equal(element_of(a_type), a, element_of(b_type), b, a_type->n);
        case WARD_TYPE_RECORD:
                return records_equal(a_type, a, b_type, b);
        case WARD_TYPE_VARIANT:
                return variants_equal(a_type, a, b_type, b);
        default:
                return !memcmp(a, b, a_type->size);
        }
}

static bool items_are_well_formed(const struct ward_type *element, const char *items, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!value_is_well_formed(element, items + i * element->size))
                        return false;
        return true;
}

static bool string_is_well_formed(const struct ward_type *type, struct block block)
{
        return type->flags & WARD_TYPE_UTF16 ? is_utf16(block.ptr, block.len) : text_is_utf8(block.ptr, block.len);
}

static bool variant_is_well_formed(const struct ward_type *type, const char *at)
{
        uint32_t tag = ward_value_tag(type, at);
        if (tag >= type->n)
                return false;
        const struct ward_field *payload = payload_of(type, tag);
        return !payload || value_is_well_formed(payload->type, at + payload->at);
}

bool value_is_well_formed(const struct ward_type *type, const void *at)
{
        switch (type->kind) {
        case WARD_TYPE_BOOL:
                return *(const uint8_t *)at <= 1;
        case WARD_TYPE_CHAR:
                return is_char(bits_read(at, 4));
        case WARD_TYPE_FLAGS:
                return !(bits_read(at, type->size) & ~known_flags(type));
        case WARD_TYPE_OWN:
        case WARD_TYPE_BORROW:
                return handle_number(type, at) < HANDLES_MAX &&
                       bits_read(at, type->size) == handle_form(type, handle_number(type, at));
        case WARD_TYPE_STRING:
                return string_is_well_formed(type, block_read(at));
        case WARD_TYPE_LIST:
                return items_are_well_formed(element_of(type), block_read(at).ptr, block_read(at).len);
        case WARD_TYPE_ARRAY:
                return items_are_well_formed(element_of(type), at, type->n);
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        if (!value_is_well_formed(type->fields[i].type, (const char *)at + type->fields[i].at))
                                return false;
                return true;
        case WARD_TYPE_VARIANT:
                return variant_is_well_formed(type, at);
        default:
                return true;
        }
}

/* --- Handles ---------------------------------------------------------------------------------- */

static unsigned handles_in_items(const struct ward_type *element, const char *items, size_t n)
{
        unsigned sum = 0;
        for (size_t i = 0; i < n; i++)
                sum += handles_in(element, items + i * element->size);
        return sum;
}

static unsigned handles_in_record(const struct ward_type *type, const char *at)
{
        unsigned sum = 0;
        for (uint32_t i = 0; i < type->n; i++)
                sum += handles_in(type->fields[i].type, at + type->fields[i].at);
        return sum;
}

unsigned handles_in(const struct ward_type *type, const void *at)
{
        const struct ward_field *payload;
        if (!(type->flags & WARD_TYPE_HANDLES))
                return 0;
        switch (type->kind) {
        case WARD_TYPE_LIST:
                return handles_in_items(element_of(type), block_read(at).ptr, block_read(at).len);
        case WARD_TYPE_ARRAY:
                return handles_in_items(element_of(type), at, type->n);
        case WARD_TYPE_RECORD:
                return handles_in_record(type, at);
        case WARD_TYPE_VARIANT:
                payload = payload_of(type, ward_value_tag(type, at));
                return payload ? handles_in(payload->type, (const char *)at + payload->at) : 0;
        default:
                return 1;
        }
}
