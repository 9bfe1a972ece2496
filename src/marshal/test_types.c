#include "marshal/test_types.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "marshal/layout.h"

enum { MEMBERS_MAX = 300, TEXT_MAX = 24, LIST_MAX = 5 };

/* A descriptor, and what it does not say: the alignment of its C type. */
struct made {
        struct ward_type type;
        uint32_t align;
};

struct chunk {
        struct chunk *next;
        _Alignas(16) char bytes[];
};

struct types {
        struct chunk *chunks;
};

static void *grab(struct types *types, size_t size)
{
        struct chunk *chunk = calloc(1, sizeof *chunk + size);
        if (!chunk)
                abort();
        chunk->next = types->chunks;
        types->chunks = chunk;
        return chunk->bytes;
}

struct types *types_new(void)
{
        struct types *types = calloc(1, sizeof *types);
        if (!types)
                abort();
        return types;
}

struct types *types_free(struct types *types)
{
        for (struct chunk *chunk = types->chunks, *next; chunk; chunk = next) {
                next = chunk->next;
                free(chunk);
        }
        free(types);
        return NULL;
}

static uint32_t align_up(uint32_t at, uint32_t align)
{
        return (at + align - 1) / align * align;
}

static uint32_t greater(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

static uint32_t c_align(const struct ward_type *type)
{
        return ((const struct made *)(const void *)type)->align;
}

static const struct ward_type *scalar(struct types *types, uint8_t kind, uint32_t size, uint8_t flags)
{
        struct made *made = grab(types, sizeof *made);
        made->align = size;
        made->type = (struct ward_type){
                .kind = kind, .flags = flags, .abi_align = (uint8_t)size, .abi_size = size, .size = size, .flat = 1
        };
        return &made->type;
}

const struct ward_type *types_bool(struct types *types)
{
        return scalar(types, WARD_TYPE_BOOL, 1, 0);
}

const struct ward_type *types_int(struct types *types, uint32_t size, bool is_signed)
{
        return scalar(types, WARD_TYPE_INT, size, WARD_TYPE_PLAIN | (is_signed ? WARD_TYPE_SIGNED : 0));
}

const struct ward_type *types_float(struct types *types, uint32_t size)
{
        return scalar(types, WARD_TYPE_FLOAT, size, WARD_TYPE_PLAIN);
}

const struct ward_type *types_char(struct types *types)
{
        return scalar(types, WARD_TYPE_CHAR, 4, 0);
}

static struct made *new_block(struct types *types, uint8_t kind)
{
        struct made *made = grab(types, sizeof *made);
        made->align = _Alignof(struct block);
        made->type = (struct ward_type){
                .kind = kind, .flags = WARD_TYPE_OWNS, .abi_align = 4, .abi_size = 8, .size = sizeof(struct block), .flat = 2
        };
        return made;
}

const struct ward_type *types_string(struct types *types)
{
        return &new_block(types, WARD_TYPE_STRING)->type;
}

const struct ward_type *types_list(struct types *types, const struct ward_type *element)
{
        struct made *made = new_block(types, WARD_TYPE_LIST);
        struct ward_field *field = grab(types, sizeof *field);
        field->type = element;
        made->type.fields = field;
        made->type.n = 1;
        return &made->type;
}

const struct ward_type *types_record(struct types *types, uint32_t n, const struct ward_type *const *members)
{
        struct made *made = grab(types, sizeof *made);
        struct ward_field *fields = grab(types, (n + 1) * sizeof *fields);
        struct ward_type *type = &made->type;
        uint32_t filled = 0;
        *type = (struct ward_type){ .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_PLAIN, .abi_align = 1, .n = n, .fields = fields };
        made->align = 1;
        for (uint32_t i = 0; i < n; i++) {
                const struct ward_type *member = members[i];
                fields[i] = (struct ward_field){ member, align_up(type->size, c_align(member)),
                                                 align_up(type->abi_size, member->abi_align) };
                type->size = fields[i].at + member->size;
                type->abi_size = fields[i].abi_at + member->abi_size;
                type->flat += member->flat;
                type->flags |= member->flags & WARD_TYPE_OWNS;
                if (!(member->flags & WARD_TYPE_PLAIN))
                        type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
                type->abi_align = (uint8_t)greater(type->abi_align, member->abi_align);
                made->align = greater(made->align, c_align(member));
                filled += member->size;
        }
        type->size = align_up(type->size, made->align);
        type->abi_size = align_up(type->abi_size, type->abi_align);
        if (!filled || filled != type->size || type->size != type->abi_size)
                type->flags &= (uint8_t)~WARD_TYPE_PLAIN;
        return type;
}

/* The greatest size, alignment and number of flat values of the payloads, into the descriptor of a variant. */
static void measure_payloads(struct made *made, const struct ward_type *const *payloads)
{
        struct ward_type *type = &made->type;
        type->flat = 0;
        for (uint32_t i = 0; payloads && i < type->n; i++) {
                if (!payloads[i])
                        continue;
                type->abi_size = greater(type->abi_size, payloads[i]->abi_size);
                type->size = greater(type->size, payloads[i]->size);
                type->flat = greater(type->flat, payloads[i]->flat);
                type->flags |= payloads[i]->flags & WARD_TYPE_OWNS;
                type->abi_align = (uint8_t)greater(type->abi_align, payloads[i]->abi_align);
                made->align = greater(made->align, c_align(payloads[i]));
        }
        type->flat++;
}

const struct ward_type *types_variant(struct types *types, uint32_t n, const struct ward_type *const *payloads)
{
        struct made *made = grab(types, sizeof *made);
        struct ward_type *type = &made->type;
        uint8_t tag_size = n <= 256 ? 1 : n <= 65536 ? 2 : 4;
        *type = (struct ward_type){ .kind = WARD_TYPE_VARIANT, .tag_size = tag_size, .abi_align = tag_size, .n = n };
        made->align = tag_size;
        measure_payloads(made, payloads);
        uint32_t at = align_up(tag_size, made->align), abi_at = align_up(tag_size, type->abi_align);
        type->size = align_up(at + type->size, made->align);
        type->abi_size = align_up(abi_at + type->abi_size, type->abi_align);
        if (payloads) {
                struct ward_field *fields = grab(types, n * sizeof *fields);
                for (uint32_t i = 0; i < n; i++)
                        fields[i] = (struct ward_field){ payloads[i], at, abi_at };
                type->fields = fields;
        }
        return type;
}

const struct ward_type *types_option(struct types *types, const struct ward_type *some)
{
        return types_variant(types, 2, (const struct ward_type *const[]){ NULL, some });
}

const struct ward_type *types_result(struct types *types, const struct ward_type *ok, const struct ward_type *err)
{
        return types_variant(types, 2, (const struct ward_type *const[]){ ok, err });
}

const struct ward_func *types_func(struct types *types, uint32_t n, const struct ward_type *const *params,
                                   const struct ward_type *result)
{
        struct ward_func *func = grab(types, sizeof *func);
        *func = (struct ward_func){ .name = "f", .params = types_record(types, n, params), .result = result };
        return func;
}

/* --- Random types and values ------------------------------------------------------------------ */

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

static const struct ward_type *random_scalar(struct types *types, uint64_t *seed)
{
        switch (random_below(seed, 4)) {
        case 0:
                return types_bool(types);
        case 1:
                return types_char(types);
        case 2:
                return types_float(types, random_below(seed, 2) ? 4 : 8);
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
        switch (random_below(seed, depth ? 8 : 4)) {
        case 0:
                return types_string(types);
        case 4:
        case 5:
                return random_compound(types, seed, depth, true);
        case 6:
                return random_compound(types, seed, depth, false);
        case 7:
                return types_list(types, random_type(types, seed, depth - 1));
        default:
                return random_scalar(types, seed);
        }
}

static uint32_t random_char(uint64_t *seed)
{
        static const uint32_t limits[] = { 0x80, 0x800, 0xd800, 0x110000 };
        uint32_t c = random_below(seed, limits[random_below(seed, 4)]);
        return is_char(c) ? c : 0xe000;
}

static size_t encode(uint32_t c, uint8_t *to)
{
        size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
        for (size_t i = n; i-- > 1; c >>= 6)
                to[i] = (uint8_t)(0x80 | (c & 0x3f));
        to[0] = (uint8_t)(lead[n] | c);
        return n;
}

static void random_string(uint64_t *seed, void *to)
{
        uint32_t n = random_below(seed, TEXT_MAX);
        uint8_t *text = n ? malloc(4 * n) : NULL;
        size_t len = 0;
        for (uint32_t i = 0; i < n; i++)
                len += encode(random_char(seed), text + len);
        block_write(to, text, len);
}

static void random_list(const struct ward_type *element, uint64_t *seed, void *to)
{
        uint32_t n = random_below(seed, LIST_MAX);
        char *items = n ? calloc(n, element->size) : NULL;
        for (uint32_t i = 0; i < n; i++)
                random_value(element, seed, items + i * element->size);
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
        case WARD_TYPE_STRING:
                random_string(seed, to);
                break;
        case WARD_TYPE_LIST:
                random_list(element_of(type), seed, to);
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
        default:
                bits_write(to, type->size, random_next(seed));
                break;
        }
}

static bool lists_equal(const struct ward_type *element, struct block a, struct block b)
{
        for (size_t i = 0; i < a.len; i++)
                if (!values_equal(element, (char *)a.ptr + i * element->size, (char *)b.ptr + i * element->size))
                        return false;
        return true;
}

static bool blocks_equal(const struct ward_type *type, const void *a, const void *b)
{
        struct block x = block_read(a), y = block_read(b);
        if (x.len != y.len)
                return false;
        if (type->kind == WARD_TYPE_LIST)
                return lists_equal(element_of(type), x, y);
        return !x.len || !memcmp(x.ptr, y.ptr, x.len);
}

static bool variants_equal(const struct ward_type *type, const void *a, const void *b)
{
        uint32_t tag = ward_value_tag(type, a);
        if (tag != ward_value_tag(type, b) || tag >= type->n)
                return false;
        const struct ward_field *payload = payload_of(type, tag);
        return !payload || values_equal(payload->type, (const char *)a + payload->at, (const char *)b + payload->at);
}

bool values_equal(const struct ward_type *type, const void *a, const void *b)
{
        switch (type->kind) {
        case WARD_TYPE_STRING:
        case WARD_TYPE_LIST:
                return blocks_equal(type, a, b);
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        if (!values_equal(type->fields[i].type, (const char *)a + type->fields[i].at,
                                          (const char *)b + type->fields[i].at))
                                return false;
                return true;
        case WARD_TYPE_VARIANT:
                return variants_equal(type, a, b);
        default:
                return !memcmp(a, b, type->size);
        }
}

/* --- A memory --------------------------------------------------------------------------------- */

static int grow_and_move(struct marshal_memory *memory, uint32_t size, uint32_t align, uint32_t *ret_at, struct ward_fault *fault)
{
        struct test_memory *own = memory->context;
        uint64_t at = (own->used + align - 1) / align * align;
        uint64_t needed = at + size > memory->size ? at + size : memory->size;
        uint8_t *base = malloc(needed ? needed : 1);
        if (!base)
                abort();
        memset(base, 0xee, needed);
        if (memory->size)
                memcpy(base, memory->base, memory->size);
        free(memory->base);
        memory->base = base;
        memory->size = needed;
        own->used = at + size;
        *ret_at = (uint32_t)at;
        return 0;
}

void test_memory_init(struct test_memory *memory, uint64_t size)
{
        *memory = (struct test_memory){ .memory = { .alloc = grow_and_move, .context = memory, .size = size } };
        memory->memory.base = calloc(1, size ? size : 1);
        if (!memory->memory.base)
                abort();
}

void test_memory_finish(struct test_memory *memory)
{
        free(memory->memory.base);
}
