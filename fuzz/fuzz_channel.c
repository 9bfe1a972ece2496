/* Kind `process` against a worker that says anything: the input's first byte says whether it starts honestly, its next ones what
 * the host calls, the rest is the worker's (channel_worker.h). Whatever it says, each value that reaches the host is well formed,
 * each object of the host's is destroyed at most once and none is lost, and all is over in the end. */
#include <stdlib.h>
#include <string.h>
#include <ward/host.h>

#include "base/fault.h"
#include "base/own.h"
#include "fuzz/channel_contract.h"
#include "fuzz/channel_worker.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SCRIPT = 8, NESTING = 3, BAG = 64, ARENA = 64 << 10, DEADLINE_MS = 2000 };

/* --- The host's objects ----------------------------------------------------------------------- */

enum state {
        STATE_HOSTS,     /* the host has it */
        STATE_GIVEN,     /* the add-in owns it */
        STATE_UNSURE,    /* was given in a call that failed: it may have gone either way */
        STATE_DESTROYED, /* by the contract's destroy */
};

struct item {
        struct item *next;
        enum state state;
};

/* What one input is run with. */
static struct scene {
        struct ward_host *host;
        struct ward_instance *instance;
        struct item *items;
        uint64_t bag[BAG]; /* tokens of boxes */
        unsigned n_bag;
        unsigned depth;
} scene;

static void require(bool holds)
{
        if (!holds)
                abort();
}

static struct item *item_new(enum state state)
{
        struct item *item = calloc(1, sizeof *item);
        require(item != NULL);
        *item = (struct item){ scene.items, state };
        scene.items = item;
        return item;
}

/* One that the add-in may have. */
static struct item *item_of(void *object)
{
        struct item *item = scene.items;
        while (item && item != object)
                item = item->next;
        require(item != NULL);
        require(item->state != STATE_DESTROYED);
        return item;
}

static struct item *item_back(void *object)
{
        struct item *item = item_of(object);
        require(item->state != STATE_HOSTS);
        item->state = STATE_HOSTS;
        return item;
}

static void item_destroy(const void *services, void *object)
{
        item_back(object)->state = STATE_DESTROYED;
}

static void items_finish(void)
{
        for (struct item *item = scene.items, *next; item; item = next) {
                next = item->next;
                require(item->state != STATE_GIVEN);
                free(item);
        }
        scene.items = NULL;
}

/* --- Values ----------------------------------------------------------------------------------- */

static void put_in_bag(uint64_t token)
{
        struct ward_fault fault;
        require(token != 0);
        if (scene.n_bag < BAG)
                scene.bag[scene.n_bag++] = token;
        else
                ward_token_release(scene.host, token, &fault);
}

static uint64_t take_from_bag(void)
{
        return scene.n_bag ? scene.bag[--scene.n_bag] : 0;
}

static void on_own(const struct ward_type *type, const void *at)
{
        uint64_t token;
        void *object;
        if (type->resource->by_addin) {
                memcpy(&token, at, sizeof token);
                put_in_bag(token);
        } else {
                memcpy(&object, at, sizeof object);
                item_back(object);
        }
}

/* What the worker sent, and the host has now. */
static void receive(const struct ward_type *type, const void *at)
{
        channel_check_value(type, at, on_own);
}

static struct text text_of(const char *from)
{
        return (struct text){ (uint8_t *)(uintptr_t)from, strlen(from) };
}

static uint32_t some_numbers[] = { 1, 2, 0xffffffff };

static struct point some_point(void)
{
        struct point point = { text_of("point"), { some_numbers, COUNT_OF(some_numbers) }, { true, 7 }, 0.5 };
        return point;
}

static void *copy_of(const void *from, size_t size)
{
        void *copy = malloc(size ? size : 1);
        require(copy != NULL);
        if (size)
                memcpy(copy, from, size);
        return copy;
}

/* --- Calls ------------------------------------------------------------------------------------ */

/* Whatever a call gave away may have gone either way when it failed. */
static int call(uint32_t export, const void *args, void **given, size_t n_given)
{
        union {
                uint64_t any[16];
                struct shape shape;
        } ret;
        const struct ward_type *result = channel_exports[export]->result;
        struct ward_fault fault;
        for (size_t i = 0; i < n_given; i++)
                item_of(given[i])->state = STATE_GIVEN;
        int r = ward_call(scene.instance, export, args, &ret, &fault);
        if (!r && result) {
                receive(result, &ret);
                ward_value_free(result, &ret);
        }
        for (size_t i = 0; r && i < n_given; i++) {
                struct item *item = given[i];
                if (item->state == STATE_GIVEN)
                        item->state = STATE_UNSURE;
        }
        require(!r || (r < 0 && fault.kind == (enum ward_fault_kind) - r));
        return r;
}

static void call_shape(uint8_t choice)
{
        void *items[] = { item_new(STATE_HOSTS), item_new(STATE_HOSTS) };
        struct turn_args args = { .shape.tag = choice % SHAPE_CASES };
        if (args.shape.tag == SHAPE_TEXT)
                args.shape.val.text = text_of("shape");
        if (args.shape.tag == SHAPE_POINT)
                args.shape.val.point = some_point();
        if (args.shape.tag == SHAPE_BOX)
                args.shape.val.box = take_from_bag();
        if (args.shape.tag == SHAPE_ITEMS)
                args.shape.val.items = (struct items){ items, COUNT_OF(items) };
        if (call(EXPORT_TURN, &args, items, args.shape.tag == SHAPE_ITEMS ? COUNT_OF(items) : 0) && args.shape.tag == SHAPE_BOX &&
            args.shape.val.box)
                put_in_bag(args.shape.val.box);
}

static void call_many(void)
{
        struct many_args args;
        for (int i = 0; i < MANY; i++)
                args.texts[i] = text_of(&"many words"[i]);
        call(EXPORT_MANY, &args, NULL, 0);
}

static void call_with_box(bool gives)
{
        uint64_t box = take_from_bag();
        void *item = item_new(STATE_HOSTS);
        struct look_args look = { box, item };
        struct take_args take = { box, item };
        int r = gives ? call(EXPORT_TAKE, &take, &item, 1) : call(EXPORT_LOOK, &look, NULL, 0);
        if (box && (r || !gives))
                put_in_bag(box);
}

static void keep(void)
{
        void *items[] = { item_new(STATE_HOSTS), item_new(STATE_HOSTS), item_new(STATE_HOSTS) };
        const struct keep_args args = { { items, COUNT_OF(items) } };
        call(EXPORT_KEEP, &args, items, COUNT_OF(items));
}

static void use_bag(uint8_t choice)
{
        struct ward_fault fault;
        uint64_t token = take_from_bag(), another;
        if (!token)
                return;
        if (choice & 16 && !ward_object_acquire(scene.host, token, &another, &fault)) {
                require(ward_token_same(scene.host, token, another));
                put_in_bag(another);
                put_in_bag(token);
        } else {
                ward_token_release(scene.host, token, &fault);
                require(ward_token_release(scene.host, token, &fault) == -WARD_FAULT_USAGE);
        }
}

static void do_one(uint8_t choice)
{
        struct point points[] = { some_point(), some_point() };
        const struct add_args add = { choice, -1 };
        const struct describe_args describe = { text_of("über"), { some_numbers, choice % 4 } };
        const struct shapes_args shapes = { { points, choice % 3 }, choice };
        const struct make_args make = { text_of("box") };
        switch (choice % 12) {
        case 0:
                call(EXPORT_ADD, &add, NULL, 0);
                break;
        case 1:
                call(EXPORT_DESCRIBE, &describe, NULL, 0);
                break;
        case 2:
                call(EXPORT_SHAPES, &shapes, NULL, 0);
                break;
        case 3:
                call(EXPORT_MAKE, &make, NULL, 0);
                break;
        case 4:
                call(EXPORT_BOXES, NULL, NULL, 0);
                break;
        case 5:
        case 6:
                call_with_box(choice & 16);
                break;
        case 7:
                keep();
                break;
        case 8:
                call_shape(choice / 12);
                break;
        case 9:
                call_many();
                break;
        default:
                use_bag(choice);
                break;
        }
}

/* --- Services --------------------------------------------------------------------------------- */

static void serve_note(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct note_args *in = args;
        struct points *out = ret;
        receive(import->func->params, args);
        out->len = in->points.len < 3 ? in->points.len : 3;
        out->ptr = copy_of(in->points.ptr, out->len * sizeof *out->ptr);
        for (size_t i = 0; i < out->len; i++) {
                struct point *point = &out->ptr[i];
                point->name.ptr = copy_of(point->name.ptr, point->name.len);
                point->values.ptr = copy_of(point->values.ptr, point->values.len * sizeof *point->values.ptr);
                if (!point->name.len)
                        free(point->name.ptr);
                if (!point->values.len)
                        free(point->values.ptr);
        }
        if (!out->len)
                free(out->ptr);
}

static void serve_find(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct find_args *in = args;
        void *found = item_new(STATE_GIVEN);
        item_of(in->item);
        memcpy(ret, &found, sizeof found);
}

static void serve_swap(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct swap_args *in = args;
        struct result_item_text out = { .is_err = in->n & 1 };
        receive(import->func->params, args);
        if (in->n & 2) { /* more than can be answered */
                out.val.err = (struct text){ calloc(ARENA, 1), ARENA };
                require(out.val.err.ptr != NULL);
                out.is_err = true;
        }
        if (!out.is_err) {
                out.val.ok = in->item;
                item_of(in->item)->state = STATE_GIVEN;
        }
        memcpy(ret, &out, sizeof out);
}

static void serve_nest(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        const struct nest_args *in = args;
        if (scene.instance && scene.depth < NESTING) { /* an add-in may call while it is loaded */
                scene.depth++;
                do_one(in->n);
                scene.depth--;
        }
        *(uint8_t *)ret = in->n;
}

static void serve_adopt(const struct ward_import *import, const void *services, const void *args, void *ret)
{
        receive(import->func->params, args);
}

/* --- One input -------------------------------------------------------------------------------- */

static const struct ward_contract_resource resources[] = { { &channel_resources[RESOURCE_BOX], NULL },
                                                           { &channel_resources[RESOURCE_ITEM], item_destroy } };

static int activate(const struct ward_import *imports)
{
        static struct ward_contract contract;
        const struct ward_activate_options options = { .size = sizeof options,
                                                       .isolation = WARD_PROCESS,
                                                       .level = WARD_LEVEL_FULL_TRUST,
                                                       .name = "fuzz",
                                                       .deadline_ms = DEADLINE_MS,
                                                       .limits = { .size = sizeof options.limits, .arena_bytes = ARENA } };
        struct ward_fault fault;
        contract = (struct ward_contract){ .name = "fuzz:channel/w",
                                           .n_exports = EXPORTS,
                                           .n_imports = IMPORTS,
                                           .exports = channel_exports,
                                           .imports = imports,
                                           .n_resources = RESOURCES,
                                           .resources = resources };
        require(!ward_host_new(NULL, &scene.host, &fault));
        return ward_activate(scene.host, "/proc/self/exe", &options, &contract, NULL, &scene.instance, &fault);
}

static void run(const uint8_t *script)
{
        const struct ward_import imports[] = { { channel_imports[IMPORT_NOTE], serve_note },
                                               { channel_imports[IMPORT_FIND], serve_find },
                                               { channel_imports[IMPORT_SWAP], serve_swap },
                                               { channel_imports[IMPORT_NEST], serve_nest },
                                               { channel_imports[IMPORT_ADOPT], serve_adopt } };
        struct ward_fault fault;
        scene = (struct scene){ .n_bag = 0 };
        if (!activate(imports)) {
                for (int i = 0; i < SCRIPT; i++)
                        do_one(script[i]);
                ward_release(scene.instance);
                while (scene.n_bag)
                        ward_token_release(scene.host, take_from_bag(), &fault);
        }
        ward_host_free(scene.host);
        items_finish();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        uint8_t script[SCRIPT];
        if (size < SCRIPT + 1)
                return 0;
        memcpy(script, data + 1, SCRIPT);
        channel_worker_set(data + SCRIPT + 1, size - SCRIPT - 1, data[0] != 0);
        run(script);
        return 0;
}
