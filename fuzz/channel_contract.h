/* The contract of fuzz_channel: its C forms, and descriptors as a host view has them. */
#ifndef FUZZ_CHANNEL_CONTRACT_H
#define FUZZ_CHANNEL_CONTRACT_H

#include <ward/host.h>

struct text {
        uint8_t *ptr;
        size_t len;
};

struct numbers {
        uint32_t *ptr;
        size_t len;
};

struct point {
        struct text name;
        struct numbers values;
        struct {
                bool is_some;
                uint8_t val;
        } flag;
        double weight;
};

struct points {
        struct point *ptr;
        size_t len;
};

struct items {
        void **ptr;
        size_t len;
};

enum shape_case { SHAPE_NONE, SHAPE_TEXT, SHAPE_POINT, SHAPE_BOX, SHAPE_ITEMS, SHAPE_CASES };

struct shape {
        uint8_t tag;
        union {
                struct text text;
                struct point point;
                uint64_t box;
                struct items items;
        } val;
};

struct result_point_text {
        bool is_err;
        union {
                struct point ok;
                struct text err;
        } val;
};

struct option_item {
        bool is_some;
        void *val;
};

struct result_item_text {
        bool is_err;
        union {
                void *ok;
                struct text err;
        } val;
};

enum { RESOURCE_BOX, RESOURCE_ITEM, RESOURCES };

enum {
        EXPORT_ADD,
        EXPORT_DESCRIBE,
        EXPORT_SHAPES,
        EXPORT_MAKE,
        EXPORT_LOOK,
        EXPORT_TAKE,
        EXPORT_BOXES,
        EXPORT_KEEP,
        EXPORT_TURN,
        EXPORT_MANY,
        EXPORTS
};

enum { IMPORT_NOTE, IMPORT_FIND, IMPORT_SWAP, IMPORT_NEST, IMPORT_ADOPT, IMPORTS };

/* add: func(a: u32, b: s16) -> u32 */
struct add_args {
        uint32_t a;
        int16_t b;
};

/* describe: func(text: string, values: list<u32>) -> result<point, string> */
struct describe_args {
        struct text text;
        struct numbers values;
};

/* shapes: func(points: list<point>, n: u8) -> list<shape> */
struct shapes_args {
        struct points points;
        uint8_t n;
};

/* make: func(name: string) -> box */
struct make_args {
        struct text name;
};

/* look: func(box: borrow<box>, item: borrow<item>) -> list<string> */
struct look_args {
        uint64_t box;
        void *item;
};

/* take: func(box: box, item: item) -> option<item> */
struct take_args {
        uint64_t box;
        void *item;
};

/* boxes: func() -> list<box> */

/* keep: func(items: list<item>) */
struct keep_args {
        struct items items;
};

/* turn: func(shape: shape) -> shape */
struct turn_args {
        struct shape shape;
};

/* many: func(a: string, …, i: string) -> string, too many to be flat */
enum { MANY = 9 };
struct many_args {
        struct text texts[MANY];
};

/* note: func(text: string, points: list<point>) -> list<point> */
struct note_args {
        struct text text;
        struct points points;
};

/* find: func(item: borrow<item>) -> item */
struct find_args {
        void *item;
};

/* swap: func(item: item, n: u32) -> result<item, string> */
struct swap_args {
        void *item;
        uint32_t n;
};

/* nest: func(n: u8) -> u8 */
struct nest_args {
        uint8_t n;
};

/* adopt: func(box: box). No WIT has it, a lying worker might: imports do not know what is exported. */
struct adopt_args {
        uint64_t box;
};

extern const struct ward_func *const channel_exports[EXPORTS];
extern const struct ward_func *const channel_imports[IMPORTS];
extern const struct ward_resource channel_resources[RESOURCES];

/* Aborts unless the C value at @at, which the worker sent, is well formed; each `own` in it goes to @on_own. */
void channel_check_value(const struct ward_type *type, const void *at,
                         void (*on_own)(const struct ward_type *type, const void *at));

#endif
