#include "fuzz/channel_contract.h"

#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"

/* --- Types ------------------------------------------------------------------------------------ */

const struct ward_resource channel_resources[RESOURCES] = {
        { "fuzz:channel/boxes#box", RESOURCE_BOX, true },
        { "fuzz:channel/items#item", RESOURCE_ITEM, false },
};

enum { OWNS = WARD_TYPE_OWNS, HANDLES = WARD_TYPE_HANDLES };

#define NUMBER(kind_, size_, flags_)                                                                                               \
        {                                                                                                                          \
                .kind = kind_, .flags = flags_, .abi_align = size_, .abi_size = size_, .size = size_, .flat = 1                    \
        }
static const struct ward_type t_u8 = NUMBER(WARD_TYPE_INT, 1, WARD_TYPE_PLAIN), t_u32 = NUMBER(WARD_TYPE_INT, 4, WARD_TYPE_PLAIN),
                              t_s16 = NUMBER(WARD_TYPE_INT, 2, WARD_TYPE_PLAIN | WARD_TYPE_SIGNED),
                              t_f64 = NUMBER(WARD_TYPE_FLOAT, 8, WARD_TYPE_PLAIN);

/* Both C forms of the host's are 8 bytes. */
#define HANDLE(kind_, resource_)                                                                                                   \
        {                                                                                                                          \
                .kind = kind_, .flags = HANDLES, .abi_align = 4, .abi_size = 4, .size = 8, .flat = 1,                              \
                .resource = &channel_resources[resource_]                                                                          \
        }
static const struct ward_type t_own_box = HANDLE(WARD_TYPE_OWN, RESOURCE_BOX), t_lent_box = HANDLE(WARD_TYPE_BORROW, RESOURCE_BOX),
                              t_own_item = HANDLE(WARD_TYPE_OWN, RESOURCE_ITEM),
                              t_lent_item = HANDLE(WARD_TYPE_BORROW, RESOURCE_ITEM);

static const struct ward_type t_text = {
        .kind = WARD_TYPE_STRING, .flags = OWNS, .abi_align = 4, .abi_size = 8, .size = sizeof(struct text), .flat = 2
};

#define LIST(element, flags_)                                                                                                      \
        {                                                                                                                          \
                .kind = WARD_TYPE_LIST, .flags = OWNS | (flags_), .abi_align = 4, .abi_size = 8, .size = sizeof(struct text),      \
                .flat = 2, .n = 1, .fields = (const struct ward_field[])                                                           \
                {                                                                                                                  \
                        {                                                                                                          \
                                element, 0, 0                                                                                      \
                        }                                                                                                          \
                }                                                                                                                  \
        }
static const struct ward_type t_numbers = LIST(&t_u32, 0), t_texts = LIST(&t_text, 0), t_own_items = LIST(&t_own_item, HANDLES),
                              t_own_boxes = LIST(&t_own_box, HANDLES);

#define FIELD(of, member, type_, abi_at_)                                                                                          \
        {                                                                                                                          \
                &(type_), offsetof(struct of, member), abi_at_                                                                     \
        }
#define VARIANT(of, flags_, align, abi_size_, flat_, n_, ...)                                                                      \
        {                                                                                                                          \
                .kind = WARD_TYPE_VARIANT, .flags = flags_, .tag_size = 1, .abi_align = align, .abi_size = abi_size_,              \
                .size = sizeof(of), .flat = flat_, .n = n_, .fields = (const struct ward_field[])                                  \
                {                                                                                                                  \
                        __VA_ARGS__                                                                                                \
                }                                                                                                                  \
        }
#define NO_PAYLOAD                                                                                                                 \
        {                                                                                                                          \
                NULL, 0, 0                                                                                                         \
        }
static const struct ward_type t_flag = VARIANT(((struct point *)0)->flag, 0, 1, 2, 2, 2, NO_PAYLOAD, { &t_u8, 1, 1 });

static const struct ward_type t_point = {
        .kind = WARD_TYPE_RECORD,
        .flags = OWNS,
        .abi_align = 8,
        .abi_size = 32,
        .size = sizeof(struct point),
        .flat = 7,
        .n = 4,
        .fields = (const struct ward_field[]){ FIELD(point, name, t_text, 0), FIELD(point, values, t_numbers, 8),
                                               FIELD(point, flag, t_flag, 16), FIELD(point, weight, t_f64, 24) },
};
static const struct ward_type t_points = LIST(&t_point, 0);

static const struct ward_type t_shape =
        VARIANT(struct shape, OWNS | HANDLES, 8, 40, 8, SHAPE_CASES, NO_PAYLOAD, FIELD(shape, val.text, t_text, 8),
                FIELD(shape, val.point, t_point, 8), FIELD(shape, val.box, t_own_box, 8), FIELD(shape, val.items, t_own_items, 8));
static const struct ward_type t_shapes = LIST(&t_shape, HANDLES);

static const struct ward_type t_described =
        VARIANT(struct result_point_text, OWNS, 8, 40, 8, 2, FIELD(result_point_text, val.ok, t_point, 8),
                FIELD(result_point_text, val.err, t_text, 8));
static const struct ward_type t_maybe_item =
        VARIANT(struct option_item, HANDLES, 4, 8, 2, 2, NO_PAYLOAD, FIELD(option_item, val, t_own_item, 4));
static const struct ward_type t_swapped =
        VARIANT(struct result_item_text, OWNS | HANDLES, 4, 12, 3, 2, FIELD(result_item_text, val.ok, t_own_item, 4),
                FIELD(result_item_text, val.err, t_text, 4));

/* --- Functions -------------------------------------------------------------------------------- */

#define PARAMS(of, flags_, align, abi_size_, flat_, n_, ...)                                                                       \
        &(const struct ward_type)                                                                                                  \
        {                                                                                                                          \
                .kind = WARD_TYPE_RECORD, .flags = flags_, .abi_align = align, .abi_size = abi_size_, .size = sizeof(struct of),   \
                .flat = flat_, .n = n_, .fields = (const struct ward_field[])                                                      \
                {                                                                                                                  \
                        __VA_ARGS__                                                                                                \
                }                                                                                                                  \
        }
#define MANY_TEXT(i)                                                                                                               \
        {                                                                                                                          \
                &t_text, (i) * sizeof(struct text), (i)*8                                                                          \
        }

static const struct ward_type no_params = { .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_PLAIN, .abi_align = 1 };

const struct ward_func *const channel_exports[EXPORTS] = {
        [EXPORT_ADD] =
                &(const struct ward_func){
                        "add", "func(a: u32, b: s16) -> u32", "ii>i",
                        PARAMS(add_args, 0, 4, 8, 2, 2, FIELD(add_args, a, t_u32, 0), FIELD(add_args, b, t_s16, 4)), &t_u32 },
        [EXPORT_DESCRIBE] =
                &(const struct ward_func){ "describe", "", "iiii>i",
                                           PARAMS(describe_args, OWNS, 4, 16, 4, 2, FIELD(describe_args, text, t_text, 0),
                                                  FIELD(describe_args, values, t_numbers, 8)),
                                           &t_described },
        [EXPORT_SHAPES] = &(const struct ward_func){ "shapes", "", "iii>i",
                                                     PARAMS(shapes_args, OWNS, 4, 12, 3, 2, FIELD(shapes_args, points, t_points, 0),
                                                            FIELD(shapes_args, n, t_u8, 8)),
                                                     &t_shapes },
        [EXPORT_MAKE] =
                &(const struct ward_func){ "make", "", "ii>i",
                                           PARAMS(make_args, OWNS, 4, 8, 2, 1, FIELD(make_args, name, t_text, 0)), &t_own_box },
        [EXPORT_LOOK] = &(const struct ward_func){ "look", "", "ii>i",
                                                   PARAMS(look_args, HANDLES, 4, 8, 2, 2, FIELD(look_args, box, t_lent_box, 0),
                                                          FIELD(look_args, item, t_lent_item, 4)),
                                                   &t_texts },
        [EXPORT_TAKE] = &(const struct ward_func){ "take", "", "ii>i",
                                                   PARAMS(take_args, HANDLES, 4, 8, 2, 2, FIELD(take_args, box, t_own_box, 0),
                                                          FIELD(take_args, item, t_own_item, 4)),
                                                   &t_maybe_item },
        [EXPORT_BOXES] = &(const struct ward_func){ "boxes", "", ">i", &no_params, &t_own_boxes },
        [EXPORT_KEEP] =
                &(const struct ward_func){ "keep", "", "ii>",
                                           PARAMS(keep_args, OWNS | HANDLES, 4, 8, 2, 1, FIELD(keep_args, items, t_own_items, 0)),
                                           NULL },
        [EXPORT_TURN] =
                &(const struct ward_func){ "turn", "", "iIIIIIIF>i",
                                           PARAMS(turn_args, OWNS | HANDLES, 8, 40, 8, 1, FIELD(turn_args, shape, t_shape, 0)),
                                           &t_shape },
        [EXPORT_MANY] = &(const struct ward_func){ "many", "", "i>i",
                                                   PARAMS(many_args, OWNS, 4, 72, 18, MANY, MANY_TEXT(0), MANY_TEXT(1),
                                                          MANY_TEXT(2), MANY_TEXT(3), MANY_TEXT(4), MANY_TEXT(5), MANY_TEXT(6),
                                                          MANY_TEXT(7), MANY_TEXT(8)),
                                                   &t_text },
};

const struct ward_func *const channel_imports[IMPORTS] = {
        [IMPORT_NOTE] = &(const struct ward_func){ "note", "", "iiiii>",
                                                   PARAMS(note_args, OWNS, 4, 16, 4, 2, FIELD(note_args, text, t_text, 0),
                                                          FIELD(note_args, points, t_points, 8)),
                                                   &t_points },
        [IMPORT_FIND] = &(const struct ward_func){ "find", "", "i>i",
                                                   PARAMS(find_args, HANDLES, 4, 4, 1, 1, FIELD(find_args, item, t_lent_item, 0)),
                                                   &t_own_item },
        [IMPORT_SWAP] = &(const struct ward_func){ "swap", "", "iii>",
                                                   PARAMS(swap_args, HANDLES, 4, 8, 2, 2, FIELD(swap_args, item, t_own_item, 0),
                                                          FIELD(swap_args, n, t_u32, 4)),
                                                   &t_swapped },
        [IMPORT_NEST] = &(const struct ward_func){ "nest", "", "i>i",
                                                   PARAMS(nest_args, 0, 1, 1, 1, 1, FIELD(nest_args, n, t_u8, 0)), &t_u8 },
        [IMPORT_ADOPT] =
                &(const struct ward_func){ "adopt", "", "i>",
                                           PARAMS(adopt_args, HANDLES, 4, 4, 1, 1, FIELD(adopt_args, box, t_own_box, 0)), NULL },
};

static void require(bool holds)
{
        if (!holds)
                abort();
}

void channel_check_value(const struct ward_type *type, const void *at, void (*on_own)(const struct ward_type *type, const void *at))
{
        const char *base = at;
        struct {
                const char *ptr;
                size_t len;
        } block;
        uint32_t tag;
        switch (type->kind) {
        case WARD_TYPE_OWN:
                on_own(type, at);
                break;
        case WARD_TYPE_STRING:
                memcpy(&block, at, sizeof block);
                require(text_is_utf8(block.ptr, block.len));
                break;
        case WARD_TYPE_LIST:
                memcpy(&block, at, sizeof block);
                for (size_t i = 0; i < block.len; i++)
                        channel_check_value(type->fields[0].type, block.ptr + i * type->fields[0].type->size, on_own);
                break;
        case WARD_TYPE_RECORD:
                for (uint32_t i = 0; i < type->n; i++)
                        channel_check_value(type->fields[i].type, base + type->fields[i].at, on_own);
                break;
        case WARD_TYPE_VARIANT:
                tag = ward_value_tag(type, at);
                require(tag < type->n);
                if (type->fields[tag].type)
                        channel_check_value(type->fields[tag].type, base + type->fields[tag].at, on_own);
                break;
        default:
                break;
        }
}
