#include <string.h>
#include <ward/value.h>
#include "generate/model.h"

static uint32_t align_up(uint32_t at, uint32_t align)
{
        return (at + align - 1) / align * align;
}

static uint32_t max(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

static void set_record(struct c_type *type)
{
        struct layout *l = &type->layout;
        *l = (struct layout){ .align = 1, .plain = true };
        uint32_t used = 0;
        for (size_t i = 0; i < type->n_members; i++) {
                const struct layout *part = &type->members[i].type->layout;
                l->size = align_up(l->size, part->align);
                type->members[i].abi_at = l->size;
                l->size += part->size;
                used += part->size;
                l->align = max(l->align, part->align);
                l->flat += part->flat;
                l->plain = l->plain && part->plain;
                l->owns = l->owns || part->owns;
        }
        l->size = align_up(l->size, l->align);
        /* Padding would carry the sender's old bytes across. */
        l->plain = l->plain && used == l->size && used;
}

static uint32_t tag_size(size_t n_cases)
{
        return n_cases <= 1u << 8 ? 1 : n_cases <= 1u << 16 ? 2 : 4;
}

static void set_variant(struct c_type *type)
{
        struct layout *l = &type->layout;
        uint32_t tag = type->kind == WIT_ENUM ? tag_size(type->n_members) : 1;
        *l = (struct layout){ .align = tag, .tag = tag };
        uint32_t payload = 0;
        for (size_t i = 0; i < type->n_members; i++) {
                if (!type->members[i].type)
                        continue;
                const struct layout *part = &type->members[i].type->layout;
                l->align = max(l->align, part->align);
                l->flat = max(l->flat, part->flat);
                l->owns = l->owns || part->owns;
                payload = max(payload, part->size);
        }
        l->flat++;
        for (size_t i = 0; i < type->n_members; i++)
                type->members[i].abi_at = align_up(tag, l->align);
        l->size = align_up(align_up(tag, l->align) + payload, l->align);
}

static void set_scalar(struct layout *l, uint32_t size, bool plain)
{
        *l = (struct layout){ .size = size, .align = size, .flat = 1, .plain = plain };
}

void layout_set(struct c_type *type)
{
        switch (type->kind) {
        case WIT_BOOL:
                set_scalar(&type->layout, 1, false);
                break;
        case WIT_U8:
        case WIT_S8:
                set_scalar(&type->layout, 1, true);
                break;
        case WIT_U16:
        case WIT_S16:
                set_scalar(&type->layout, 2, true);
                break;
        case WIT_CHAR:
                set_scalar(&type->layout, 4, false);
                break;
        case WIT_U32:
        case WIT_S32:
        case WIT_F32:
                set_scalar(&type->layout, 4, true);
                break;
        case WIT_U64:
        case WIT_S64:
        case WIT_F64:
                set_scalar(&type->layout, 8, true);
                break;
        case WIT_STRING:
        case WIT_LIST:
                type->layout = (struct layout){ .size = 8, .align = 4, .flat = 2, .owns = true };
                break;
        case WIT_TUPLE:
        case WIT_RECORD:
                set_record(type);
                break;
        default:
                set_variant(type);
                break;
        }
}

static char join(char a, char b)
{
        if (a == b)
                return a;
        return (a == 'i' && b == 'f') || (a == 'f' && b == 'i') ? 'i' : 'I';
}

/* Flattens @type to core[at…], joined with what is there (0: nothing yet), as far as CORE_MAX. Returns where the next type goes. */
static size_t flatten(const struct c_type *type, char *core, size_t at);

static size_t flatten_one(char c, char *core, size_t at)
{
        if (at < CORE_MAX)
                core[at] = core[at] ? join(core[at], c) : c;
        return at + 1;
}

static size_t flatten_variant(const struct c_type *type, char *core, size_t at)
{
        size_t end = flatten_one('i', core, at);
        size_t last = end;
        for (size_t i = 0; i < type->n_members; i++) {
                /* A case is flattened by itself, and only then joined with the others. */
                char alone[CORE_MAX] = { 0 };
                size_t n = type->members[i].type ? flatten(type->members[i].type, alone, 0) : 0;
                for (size_t k = 0; k < n && k < CORE_MAX; k++)
                        flatten_one(alone[k], core, end + k);
                last = end + n > last ? end + n : last;
        }
        return last;
}

static size_t flatten(const struct c_type *type, char *core, size_t at)
{
        switch (type->kind) {
        case WIT_STRING:
        case WIT_LIST:
                return flatten_one('i', core, flatten_one('i', core, at));
        case WIT_TUPLE:
        case WIT_RECORD:
                for (size_t i = 0; i < type->n_members && at < CORE_MAX; i++)
                        at = flatten(type->members[i].type, core, at);
                return at;
        case WIT_OPTION:
        case WIT_RESULT:
                return flatten_variant(type, core, at);
        case WIT_U64:
        case WIT_S64:
                return flatten_one('I', core, at);
        case WIT_F32:
                return flatten_one('f', core, at);
        case WIT_F64:
                return flatten_one('F', core, at);
        default:
                return flatten_one('i', core, at);
        }
}

size_t layout_core_params(const struct c_func *func, char core[CORE_MAX + 1])
{
        memset(core, 0, CORE_MAX + 1);
        if (func->params->layout.flat > WARD_FLAT_MAX)
                core[0] = 'i';
        else
                flatten(func->params, core, 0);
        return strlen(core);
}

char layout_core_result(const struct c_func *func)
{
        char core[CORE_MAX] = { 0 };
        if (!func->result || func->result->layout.flat != 1)
                return 0;
        flatten(func->result, core, 0);
        return core[0];
}

const char *layout_core(struct pool *pool, const struct c_func *func, bool import)
{
        char params[CORE_MAX + 1];
        char one = layout_core_result(func);
        bool pointer = func->result && func->result->layout.flat > 1;
        layout_core_params(func, params);
        char result[2] = { one ? one : pointer && !import ? 'i' : 0 };
        return pool_printf(pool, "%s%s>%s", params, pointer && import ? "i" : "", result);
}
