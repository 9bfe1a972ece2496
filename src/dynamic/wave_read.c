/* Values of several parts. */
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "dynamic/wave_text.h"

enum { NAMES_SHOWN_MAX = 100 };

/* A list in C. */
struct block {
        char *ptr;
        size_t len;
};

/* "a, b, c", as many as fit. */
static const char *list_names(const struct wit_member *members, size_t n, char text[NAMES_SHOWN_MAX])
{
        size_t len = 0;
        text[0] = 0;
        for (size_t i = 0; i < n; i++) {
                int more = snprintf(text + len, NAMES_SHOWN_MAX - len, "%s%s", i ? ", " : "", members[i].name);
                if ((size_t)more >= NAMES_SHOWN_MAX - len - sizeof " …") {
                        snprintf(text + len, NAMES_SHOWN_MAX - len, " …");
                        break;
                }
                len += (size_t)more;
        }
        return text;
}

/* The member called @name, or n_members. */
static size_t find(const struct wit_type *wit, struct ward_span name)
{
        size_t i = 0;
        while (i < wit->n_members && !span_is(name, wit->members[i].name))
                i++;
        return i;
}

/* A label that names a member of @wit, which @what calls "field" or "flag". */
static bool read_member(struct wave *wave, const struct wit_type *wit, const char *what, size_t *ret)
{
        struct wave_label label = { { NULL, 0 }, false };
        char names[NAMES_SHOWN_MAX];
        bool is_label = wave_peek_label(wave, &label);
        *ret = is_label ? find(wit, label.name) : wit->n_members;
        if (*ret == wit->n_members)
                return wave_expected(wave, "a %s: %s", what, list_names(wit->members, wit->n_members, names));
        wave_take_label(wave, &label);
        return true;
}

/* --- Lists, tuples ---------------------------------------------------------------------------- */

/* Room for one element more, all zeros. Capacities are powers of two. */
static bool grow(struct wave *wave, struct block *block, size_t size)
{
        if (!(block->len & (block->len - 1))) {
                size_t room = block->len ? 2 * block->len : 1;
                char *grown = reallocarray(block->ptr, room, size ? size : 1);
                if (!grown)
                        return wave_fail(wave, wave->at, "no memory for this many elements");
                block->ptr = grown;
        }
        memset(block->ptr + block->len * size, 0, size);
        block->len++;
        return true;
}

/* (KEY, VALUE), of a map. */
static bool read_entry(struct wave *wave, const struct wit_type *map, const struct ward_type *type, char *to)
{
        return wave_expect(wave, '(') && wave_read(wave, map->key, type->fields[0].type, to + type->fields[0].at) &&
               wave_expect(wave, ',') && wave_read(wave, map->element, type->fields[1].type, to + type->fields[1].at) &&
               (wave_take(wave, ',') || true) && wave_expect(wave, ')');
}

static bool read_list(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        const struct ward_type *element = type->fields[0].type;
        struct block block = { NULL, 0 };
        if (!wave_take(wave, '['))
                return wave_expected(wave, wit->kind == WIT_MAP ? "a map, such as [(1, 2)]" : "a list, such as [1, 2]");
        while (!wave->failed && !wave_take(wave, ']')) {
                if (!grow(wave, &block, element->size))
                        break;
                memcpy(to, &block, sizeof block);
                char *at = block.ptr + (block.len - 1) * element->size;
                if (wit->kind == WIT_MAP ? read_entry(wave, wit, element, at) : wave_read(wave, wit->element, element, at))
                        if (!wave_take(wave, ',') && wave_peek(wave) != ']')
                                wave_expected(wave, "',' or ']'");
        }
        return !wave->failed;
}

static bool read_array(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, char *to)
{
        if (!wave_take(wave, '['))
                return wave_expected(wave, "a list of %u, such as [1, 2]", type->n);
        for (uint32_t i = 0; i < type->n && !wave->failed; i++) {
                if (wave_peek(wave) == ']')
                        return wave_fail(wave, wave->at, "this list has to have %u elements, not %u", type->n, i);
                wave_read(wave, wit->element, type->fields[0].type, to + (size_t)i * type->fields[0].type->size);
                if (i + 1 < type->n)
                        wave_expect(wave, ',');
        }
        wave_take(wave, ',');
        return wave_take(wave, ']') || wave_expected(wave, "']' behind %u elements", type->n);
}

static bool read_tuple(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, char *to)
{
        if (!wave_take(wave, '('))
                return wave_expected(wave, "a tuple of %zu, such as (1, 2)", wit->n_members);
        for (size_t i = 0; i < wit->n_members && !wave->failed; i++) {
                wave_read(wave, wit->members[i].type, type->fields[i].type, to + type->fields[i].at);
                if (i + 1 < wit->n_members)
                        wave_expect(wave, ',');
        }
        if (wit->n_members)
                wave_take(wave, ',');
        return wave_expect(wave, ')');
}

/* --- Records, flags --------------------------------------------------------------------------- */

static bool read_fields(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, char *to, bool *seen)
{
        size_t i;
        while (!wave->failed && !wave_take(wave, '}')) {
                const char *at = wave->at;
                if (!read_member(wave, wit, "field", &i))
                        break;
                if (seen[i])
                        return wave_fail(wave, at, "field %s comes twice", wit->members[i].name);
                seen[i] = true;
                if (wave_expect(wave, ':') && wave_read(wave, wit->members[i].type, type->fields[i].type, to + type->fields[i].at))
                        if (!wave_take(wave, ',') && wave_peek(wave) != '}')
                                wave_expected(wave, "',' or '}'");
        }
        return !wave->failed;
}

static bool read_record(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, char *to)
{
        char names[NAMES_SHOWN_MAX];
        if (!wave_take(wave, '{'))
                return wave_expected(wave, "a record, {…}, of %s", list_names(wit->members, wit->n_members, names));
        const char *begin = wave->at - 1;
        OWNED(freep) bool *seen = calloc(wit->n_members + 1, sizeof *seen);
        if (!seen)
                return wave_fail(wave, begin, "no memory");
        if (wave_peek(wave) == '}')
                return wave_expected(wave, "a field, or ':' for a record without any");
        if (wave_take(wave, ':') ? !wave_expect(wave, '}') : !read_fields(wave, wit, type, to, seen))
                return false;
        for (size_t i = 0; i < wit->n_members; i++)
                if (!seen[i] && wit_resolve(wit->members[i].type)->kind != WIT_OPTION)
                        return wave_fail(wave, begin, "this record lacks field %s", wit->members[i].name);
        return true;
}

static bool read_flags(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        char names[NAMES_SHOWN_MAX];
        uint64_t bits = 0;
        size_t i;
        if (!wave_take(wave, '{'))
                return wave_expected(wave, "flags, {…}, of %s", list_names(wit->members, wit->n_members, names));
        while (!wave->failed && !wave_take(wave, '}')) {
                const char *at = wave->at;
                if (!read_member(wave, wit, "flag", &i))
                        break;
                if (bits >> i & 1)
                        return wave_fail(wave, at, "flag %s comes twice", wit->members[i].name);
                bits |= (uint64_t)1 << i;
                if (!wave_take(wave, ',') && wave_peek(wave) != '}')
                        wave_expected(wave, "',' or '}'");
        }
        memcpy(to, &bits, type->size); /* little-endian */
        return !wave->failed;
}

/* --- Variants --------------------------------------------------------------------------------- */

/* Sets the case, and reads its payload, "(…)", if it has one; @name is for errors. */
static bool read_case(struct wave *wave, const char *name, uint32_t tag, const struct wit_type *payload,
                      const struct ward_type *type, char *to)
{
        memcpy(to, &tag, type->tag_size); /* little-endian */
        if (!payload && wave_peek(wave) == '(')
                return wave_fail(wave, wave->at, "%s has no value", name);
        if (!payload)
                return !wave->failed;
        if (!wave_take(wave, '('))
                return wave_expected(wave, "'(' and the value of %s", name);
        return wave_read(wave, payload, type->fields[tag].type, to + type->fields[tag].at) && wave_expect(wave, ')');
}

static bool read_variant(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        struct wave_label label = { { NULL, 0 }, false };
        char names[NAMES_SHOWN_MAX];
        bool is_label = wave_peek_label(wave, &label);
        size_t i = is_label ? find(wit, label.name) : wit->n_members;
        if (i == wit->n_members)
                return wave_expected(wave, "one of %s", list_names(wit->members, wit->n_members, names));
        if (!label.escaped && wave_is_keyword(label.name))
                return wave_fail(wave, wave->at, "this is a keyword here; write %%%s", wit->members[i].name);
        wave_take_label(wave, &label);
        return read_case(wave, wit->members[i].name, (uint32_t)i, wit->members[i].type, type, to);
}

/* some(x) or ok(x) may be written as x, where that cannot be taken for something else. */
static bool read_flat(struct wave *wave, const struct wit_type *payload, uint32_t tag, const struct ward_type *type, char *to,
                      const char *expected)
{
        enum wit_kind kind = payload ? wit_resolve(payload)->kind : WIT_OPTION;
        if (kind == WIT_OPTION || kind == WIT_RESULT)
                return wave_expected(wave, "%s", expected);
        memcpy(to, &tag, type->tag_size);
        return wave_read(wave, payload, type->fields[tag].type, to + type->fields[tag].at);
}

static bool read_option(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        if (wave_take_keyword(wave, "none"))
                return read_case(wave, "none", 0, NULL, type, to);
        if (wave_take_keyword(wave, "some"))
                return read_case(wave, "some", 1, wit->element, type, to);
        return read_flat(wave, wit->element, 1, type, to, "some(…) or none");
}

static bool read_result(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        if (wave_take_keyword(wave, "ok"))
                return read_case(wave, "ok", 0, wit->element, type, to);
        if (wave_take_keyword(wave, "err"))
                return read_case(wave, "err", 1, wit->error, type, to);
        return read_flat(wave, wit->element, 0, type, to, wit->element ? "ok(…) or err" : "ok or err");
}

/* --- All -------------------------------------------------------------------------------------- */

static bool read_bool(struct wave *wave, void *to)
{
        bool value = wave_take_keyword(wave, "true");
        if (!value && !wave_take_keyword(wave, "false"))
                return wave_expected(wave, "true or false");
        memcpy(to, &value, sizeof value);
        return true;
}

static bool read_handle(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        if (wave->handle)
                return wave->handle(wave, wit, type, to);
        wave_peek(wave);
        return wave_fail(wave, wave->at, "a handle of resource %s cannot be written", wit_resolve(wit->element)->name);
}

bool wave_read(struct wave *wave, const struct wit_type *wit, const struct ward_type *type, void *to)
{
        wit = wit_resolve(wit);
        switch (wit->kind) {
        case WIT_BOOL:
                return read_bool(wave, to);
        case WIT_F32:
        case WIT_F64:
                return wave_read_float(wave, type, to);
        case WIT_CHAR:
                return wave_read_char(wave, to);
        case WIT_STRING:
                return wave_read_string(wave, to);
        case WIT_LIST:
        case WIT_MAP:
                return read_list(wave, wit, type, to);
        case WIT_FIXED_LIST:
                return read_array(wave, wit, type, to);
        case WIT_TUPLE:
                return read_tuple(wave, wit, type, to);
        case WIT_RECORD:
                return read_record(wave, wit, type, to);
        case WIT_FLAGS:
                return read_flags(wave, wit, type, to);
        case WIT_VARIANT:
        case WIT_ENUM:
                return read_variant(wave, wit, type, to);
        case WIT_OPTION:
                return read_option(wave, wit, type, to);
        case WIT_RESULT:
                return read_result(wave, wit, type, to);
        case WIT_OWN:
        case WIT_BORROW:
                return read_handle(wave, wit, type, to);
        default:
                return wave_read_int(wave, wit, type, to);
        }
}

/* Whether the rest, from parameter @i on, may be left out. */
static bool may_end(const struct wit_func *func, size_t i)
{
        for (; i < func->n_params; i++)
                if (wit_resolve(func->params[i].type)->kind != WIT_OPTION)
                        return false;
        return true;
}

bool wave_read_args(struct wave *wave, const struct wit_func *func, const struct ward_type *params, size_t first, void *to)
{
        wave_expect(wave, '(');
        for (size_t i = first; i < func->n_params && !wave->failed; i++) {
                if (wave_peek(wave) == ')' && may_end(func, i))
                        break;
                if (wave_peek(wave) == ')')
                        return wave_fail(wave, wave->at, "%s needs %zu arguments, not %zu: %s is missing", func->item_name,
                                         func->n_params - first, i - first, func->params[i].name);
                if (!wave_read(wave, func->params[i].type, params->fields[i].type, (char *)to + params->fields[i].at))
                        break;
                if (!wave_take(wave, ',') && wave_peek(wave) != ')')
                        wave_expected(wave, "',' or ')'");
        }
        if (!wave->failed && wave_peek(wave) != ')')
                return wave_expected(wave, "')': %s takes %zu arguments", func->item_name, func->n_params - first);
        return wave_expect(wave, ')');
}
