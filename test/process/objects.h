/* The contract test:objects/objects, written by hand as a generated view would be: the C forms and descriptors of the host's side,
 * or with OBJECTS_ADDIN those of the add-in's.
 *
 *      things   the host's:    resource thing; number: func(thing: borrow<thing>) -> u32; fresh: func(n: u32) -> thing
 *      boxes    the add-in's:  resource box, and what is below */
#ifndef TEST_PROCESS_OBJECTS_H
#define TEST_PROCESS_OBJECTS_H

#include <ward/value.h>

#ifdef OBJECTS_ADDIN
typedef int32_t own_box;
typedef struct box *lent_box;
typedef int32_t own_thing;
typedef int32_t lent_thing;
#else
typedef uint64_t own_box;
typedef uint64_t lent_box;
typedef struct thing *own_thing;
typedef struct thing *lent_thing;
#endif

enum { RESOURCE_BOX, RESOURCE_THING, RESOURCES };
enum { IMPORT_NUMBER, IMPORT_FRESH, IMPORTS };
enum {
        EXPORT_MAKE,  /* func(n: u32) -> box */
        EXPORT_VALUE, /* func(box: borrow<box>) -> u32 */
        EXPORT_PUT,   /* func(box: borrow<box>, thing: thing) -> option<thing>: what it held before */
        EXPORT_COUNT, /* func() -> u32: how many boxes there are */
        EXPORT_MERGE, /* func(boxes: list<box>) -> box: one with their sum */
        EXPORT_SPLIT, /* func(box: box, into: u32) -> list<box> */
        EXPORT_LOOK,  /* func(thing: borrow<thing>) -> u32: its number */
        EXPORT_JOIN,  /* func(texts: list<string>) -> string */
        EXPORT_ACT,   /* func(what: u32, box: borrow<box>, thing: borrow<thing>) -> u32: something bad */
        EXPORT_GIVE,  /* func(what: u32) -> box: the same, with a result */
        EXPORTS
};

struct text {
        uint8_t *ptr;
        size_t len;
};

struct texts {
        struct text *ptr;
        size_t len;
};

struct boxes {
        own_box *ptr;
        size_t len;
};

struct maybe_thing {
        bool is_some;
        own_thing val;
};

struct n_args {
        uint32_t n;
};

struct box_args {
        lent_box box;
};

struct put_args {
        lent_box box;
        own_thing thing;
};

struct boxes_args {
        struct boxes boxes;
};

struct split_args {
        own_box box;
        uint32_t into;
};

struct thing_args {
        lent_thing thing;
};

struct texts_args {
        struct texts texts;
};

struct act_args {
        uint32_t what;
        lent_box box;
        lent_thing thing;
};

/* What a box does when it is destroyed, by its value; what act and give do. */
enum {
        BAD_CRASH = 0xbad0000,
        BAD_SLEEP,
        BAD_ASK,             /* a destructor that makes and drops a thing: not bad */
        BAD_DROP,            /* a box that the host has */
        BAD_DROP_NONE,       /* a box that there is not */
        BAD_DROP_TWICE,      /* a box */
        BAD_DROP_NO_THING,   /* a thing that there is not */
        BAD_RESOURCE,        /* drops something of no resource */
        BAD_NEW,             /* makes an object of the host's resource */
        BAD_REP,             /* looks for a box that the host has */
        BAD_KEEP,            /* does not drop what it was lent */
        BAD_LEND,            /* lends a thing to the host */
        BAD_DROP_LENT,       /* drops that */
        BAD_GIVE_NONE,       /* gives a box that there is not */
        BAD_GIVE_OWN,        /* gives a box */
        BAD_GIVE_TWICE,      /* gives that again */
        BAD_SAY_NUMBER,      /* the same, past its worker */
        BAD_SAY = 0xbad1000, /* and one of these, past its worker */
};

enum {
        SAY_DROP_NONE,
        SAY_DROP_ZERO,
        SAY_DROP_LARGE,
        SAY_DROP_BOX,
        SAY_DROP_BEYOND,
        SAY_DROP_FAR_BEYOND,
        SAY_OTHER_INSTANCE,
        SAY_BORROW_NONE,
        SAY_CALL,
        SAY_LOADED,
        SAY_UNLOADED,
        SAY_IMPORT_RETURN,
        SAYS
};

/* --- Descriptors ------------------------------------------------------------------------------ */

static const struct ward_resource resource_box = { "test:objects/boxes#box", RESOURCE_BOX, true };
static const struct ward_resource resource_thing = { "test:objects/things#thing", RESOURCE_THING, false };

#define HANDLE(kind_, c, resource_)                                                                                                \
        {                                                                                                                          \
                .kind = kind_, .flags = WARD_TYPE_HANDLES, .abi_align = 4, .abi_size = 4, .size = sizeof(c), .flat = 1,            \
                .resource = &resource_                                                                                             \
        }
static const struct ward_type t_own_box = HANDLE(WARD_TYPE_OWN, own_box, resource_box);
static const struct ward_type t_lent_box = HANDLE(WARD_TYPE_BORROW, lent_box, resource_box);
static const struct ward_type t_own_thing = HANDLE(WARD_TYPE_OWN, own_thing, resource_thing);
static const struct ward_type t_lent_thing = HANDLE(WARD_TYPE_BORROW, lent_thing, resource_thing);

static const struct ward_type t_u32 = {
        .kind = WARD_TYPE_INT, .flags = WARD_TYPE_PLAIN, .abi_align = 4, .abi_size = 4, .size = 4, .flat = 1
};

#define BLOCK(kind_, flags_, ...)                                                                                                  \
        {                                                                                                                          \
                .kind = kind_, .flags = WARD_TYPE_OWNS | (flags_), .abi_align = 4, .abi_size = 8, .size = sizeof(struct text),     \
                .flat = 2, __VA_ARGS__                                                                                             \
        }
#define ELEMENT(type)                                                                                                              \
        .n = 1, .fields = (const struct ward_field[])                                                                              \
        {                                                                                                                          \
                {                                                                                                                  \
                        &(type), 0, 0                                                                                              \
                }                                                                                                                  \
        }
static const struct ward_type t_text = BLOCK(WARD_TYPE_STRING, 0, .n = 0);
static const struct ward_type t_texts = BLOCK(WARD_TYPE_LIST, 0, ELEMENT(t_text));
static const struct ward_type t_boxes = BLOCK(WARD_TYPE_LIST, WARD_TYPE_HANDLES, ELEMENT(t_own_box));

static const struct ward_type t_maybe_thing = {
        .kind = WARD_TYPE_VARIANT,
        .flags = WARD_TYPE_HANDLES,
        .tag_size = 1,
        .abi_align = 4,
        .abi_size = 8,
        .size = sizeof(struct maybe_thing),
        .flat = 2,
        .n = 2,
        .fields = (const struct ward_field[]){ { NULL, 0, 0 }, { &t_own_thing, offsetof(struct maybe_thing, val), 4 } },
};

#define PARAMS(of, flags_, flat_, n_, ...)                                                                                         \
        {                                                                                                                          \
                .kind = WARD_TYPE_RECORD, .flags = flags_, .abi_align = 4, .abi_size = 4 * (flat_), .size = sizeof(struct of),     \
                .flat = flat_, .n = n_, .fields = (const struct ward_field[])                                                      \
                {                                                                                                                  \
                        __VA_ARGS__                                                                                                \
                }                                                                                                                  \
        }
#define PARAM(of, member, type, abi_at_)                                                                                           \
        {                                                                                                                          \
                &(type), offsetof(struct of, member), abi_at_                                                                      \
        }
static const struct ward_type p_none = { .kind = WARD_TYPE_RECORD, .flags = WARD_TYPE_PLAIN, .abi_align = 1 };
static const struct ward_type p_n = PARAMS(n_args, WARD_TYPE_PLAIN, 1, 1, PARAM(n_args, n, t_u32, 0));
static const struct ward_type p_box = PARAMS(box_args, WARD_TYPE_HANDLES, 1, 1, PARAM(box_args, box, t_lent_box, 0));
static const struct ward_type p_put =
        PARAMS(put_args, WARD_TYPE_HANDLES, 2, 2, PARAM(put_args, box, t_lent_box, 0), PARAM(put_args, thing, t_own_thing, 4));
static const struct ward_type p_boxes =
        PARAMS(boxes_args, WARD_TYPE_HANDLES | WARD_TYPE_OWNS, 2, 1, PARAM(boxes_args, boxes, t_boxes, 0));
static const struct ward_type p_split =
        PARAMS(split_args, WARD_TYPE_HANDLES, 2, 2, PARAM(split_args, box, t_own_box, 0), PARAM(split_args, into, t_u32, 4));
static const struct ward_type p_thing = PARAMS(thing_args, WARD_TYPE_HANDLES, 1, 1, PARAM(thing_args, thing, t_lent_thing, 0));
static const struct ward_type p_texts = PARAMS(texts_args, WARD_TYPE_OWNS, 2, 1, PARAM(texts_args, texts, t_texts, 0));
static const struct ward_type p_act = PARAMS(act_args, WARD_TYPE_HANDLES, 3, 3, PARAM(act_args, what, t_u32, 0),
                                             PARAM(act_args, box, t_lent_box, 4), PARAM(act_args, thing, t_lent_thing, 8));

static const struct ward_func exported[EXPORTS] = {
        [EXPORT_MAKE] = { "make", "func(n: u32) -> box", "i>i", &p_n, &t_own_box },
        [EXPORT_VALUE] = { "value", "func(box: borrow<box>) -> u32", "i>i", &p_box, &t_u32 },
        [EXPORT_PUT] = { "put", "func(box: borrow<box>, thing: thing) -> option<thing>", "ii>i", &p_put, &t_maybe_thing },
        [EXPORT_COUNT] = { "count", "func() -> u32", ">i", &p_none, &t_u32 },
        [EXPORT_MERGE] = { "merge", "func(boxes: list<box>) -> box", "ii>i", &p_boxes, &t_own_box },
        [EXPORT_SPLIT] = { "split", "func(box: box, into: u32) -> list<box>", "ii>i", &p_split, &t_boxes },
        [EXPORT_LOOK] = { "look", "func(thing: borrow<thing>) -> u32", "i>i", &p_thing, &t_u32 },
        [EXPORT_JOIN] = { "join", "func(texts: list<string>) -> string", "ii>i", &p_texts, &t_text },
        [EXPORT_ACT] = { "act", "func(what: u32, box: borrow<box>, thing: borrow<thing>) -> u32", "iii>i", &p_act, &t_u32 },
        [EXPORT_GIVE] = { "give", "func(what: u32) -> box", "i>i", &p_n, &t_own_box },
};

static const struct ward_func imported[IMPORTS] = {
        [IMPORT_NUMBER] = { "number", "func(thing: borrow<thing>) -> u32", "i>i", &p_thing, &t_u32 },
        [IMPORT_FRESH] = { "fresh", "func(n: u32) -> thing", "i>i", &p_n, &t_own_thing },
};

#endif
