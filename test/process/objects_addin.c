/* The add-in of test_objects.c, in two forms: with OBJECTS_BORROWING it borrows its arguments. Honest as far as it is asked to be.
 */
#define OBJECTS_ADDIN
#include "test/process/objects.h"

#include <stdlib.h>
#include <ward/addin.h>
#include "channel/message.h"
#include "test/process/say.h"

struct box {
        uint32_t value;
        int32_t handle; /* its own */
        int32_t thing;  /* or 0 */
};

static const struct ward_addin_env *env;
static uint32_t count;

#ifdef OBJECTS_BORROWING
enum { OWNERSHIP = WARD_BORROWING };
static void give_back(void *block)
{
}
#else
enum { OWNERSHIP = WARD_OWNING };
static void give_back(void *block)
{
        free(block);
}
#endif

/* --- The host's things ------------------------------------------------------------------------ */

static uint32_t number(int32_t thing)
{
        const struct thing_args args = { thing };
        uint32_t ret = 0;
        env->call(env->context, IMPORT_NUMBER, &args, &ret);
        return ret;
}

static int32_t fresh(uint32_t n)
{
        const struct n_args args = { n };
        int32_t ret = 0;
        env->call(env->context, IMPORT_FRESH, &args, &ret);
        return ret;
}

static void drop_thing(int32_t thing)
{
        env->resource_drop(env->context, RESOURCE_THING, thing);
}

/* --- Boxes ------------------------------------------------------------------------------------ */

static void drop_box(int32_t box)
{
        env->resource_drop(env->context, RESOURCE_BOX, box);
}

static struct box *box_of(int32_t handle)
{
        return env->resource_rep(env->context, RESOURCE_BOX, handle);
}

static int32_t new_box(uint32_t value)
{
        struct box *box = calloc(1, sizeof *box);
        if (!box)
                abort();
        count++;
        box->value = value;
        box->handle = env->resource_new(env->context, RESOURCE_BOX, box);
        return box->handle;
}

__attribute__((no_sanitize("undefined"))) static void crash(void)
{
        *(volatile int *)0 = 1;
}

static void destroy_box(void *object)
{
        struct box *box = object;
        if (box->thing)
                drop_thing(box->thing);
        if (box->value == BAD_CRASH)
                crash();
        while (box->value == BAD_SLEEP)
                pause();
        if (box->value == BAD_ASK)
                drop_thing(fresh(BAD_ASK));
        count--;
        free(box);
}

static void call_make(void *args, void *ret)
{
        const struct n_args *in = args;
        *(int32_t *)ret = new_box(in->n);
}

static void call_value(void *args, void *ret)
{
        const struct box_args *in = args;
        *(uint32_t *)ret = in->box->value;
}

static void call_put(void *args, void *ret)
{
        const struct put_args *in = args;
        *(struct maybe_thing *)ret = (struct maybe_thing){ in->box->thing != 0, in->box->thing };
        in->box->thing = in->thing;
}

static void call_count(void *args, void *ret)
{
        *(uint32_t *)ret = count;
}

static void call_merge(void *args, void *ret)
{
        const struct boxes_args *in = args;
        uint32_t sum = 0;
        for (size_t i = 0; i < in->boxes.len; i++) {
                sum += box_of(in->boxes.ptr[i])->value;
                drop_box(in->boxes.ptr[i]);
        }
        give_back(in->boxes.ptr);
        *(int32_t *)ret = new_box(sum);
}

static void call_split(void *args, void *ret)
{
        const struct split_args *in = args;
        struct boxes out = { calloc(in->into + 1, sizeof *out.ptr), in->into };
        uint32_t value = box_of(in->box)->value;
        if (!out.ptr)
                abort();
        drop_box(in->box);
        for (size_t i = 0; i < out.len; i++)
                out.ptr[i] = new_box(value + (uint32_t)i);
        memcpy(ret, &out, sizeof out);
}

static void call_look(void *args, void *ret)
{
        const struct thing_args *in = args;
        *(uint32_t *)ret = number(in->thing);
        drop_thing(in->thing);
}

/* --- Strings ---------------------------------------------------------------------------------- */

/* "+" before each that lies in the channel's memory. */
static void call_join(void *args, void *ret)
{
        const struct texts_args *in = args;
        uint8_t *end, *base = find_channel(&end), *to;
        size_t len = 0;
        for (size_t i = 0; i < in->texts.len; i++)
                len += in->texts.ptr[i].len + 1;
        struct text out = { malloc(len + 1), 0 };
        to = out.ptr;
        for (size_t i = 0; i < in->texts.len; i++) {
                struct text text = in->texts.ptr[i];
                if (text.ptr >= base && text.ptr < end)
                        *to++ = '+';
                memcpy(to, text.ptr, text.len);
                to += text.len;
                if (text.len)
                        give_back(text.ptr);
        }
        if (in->texts.len)
                give_back(in->texts.ptr);
        out.len = (size_t)(to - out.ptr);
        if (!out.len)
                free(out.ptr);
        memcpy(ret, &out, sizeof out);
}

/* --- Bad -------------------------------------------------------------------------------------- */

static const struct {
        uint32_t kind;
        uint32_t instance;
        uint32_t function;
        uint64_t slot;
} lies[SAYS] = {
        [SAY_DROP_NONE] = { MESSAGE_IMPORT, 0, IMPORTS + RESOURCE_THING, 77 },
        [SAY_DROP_ZERO] = { MESSAGE_IMPORT, 0, IMPORTS + RESOURCE_THING, 0 },
        [SAY_DROP_LARGE] = { MESSAGE_IMPORT, 0, IMPORTS + RESOURCE_THING, UINT64_MAX },
        [SAY_DROP_BOX] = { MESSAGE_IMPORT, 0, IMPORTS + RESOURCE_BOX, 1 },
        [SAY_DROP_BEYOND] = { MESSAGE_IMPORT, 0, IMPORTS + RESOURCES, 1 },
        [SAY_DROP_FAR_BEYOND] = { MESSAGE_IMPORT, 0, UINT32_MAX, 1 },
        [SAY_OTHER_INSTANCE] = { MESSAGE_IMPORT, 1, IMPORTS + RESOURCE_THING, 1 },
        [SAY_BORROW_NONE] = { MESSAGE_IMPORT, 0, IMPORT_NUMBER, 99 },
        [SAY_CALL] = { MESSAGE_CALL, 0, EXPORTS + RESOURCE_BOX, 1 },
        [SAY_LOADED] = { MESSAGE_LOADED, 0, 0, 0 },
        [SAY_UNLOADED] = { MESSAGE_UNLOADED, 0, 0, 0 },
        [SAY_IMPORT_RETURN] = { MESSAGE_IMPORT_RETURN, 0, 0, 0 },
};

/* What is saved for a later call. */
static int32_t saved;

static void be_bad(uint32_t what, struct box *box, int32_t thing)
{
        if (what >= BAD_SAY && what < BAD_SAY + SAYS)
                say(lies[what - BAD_SAY].kind, lies[what - BAD_SAY].instance, lies[what - BAD_SAY].function,
                    lies[what - BAD_SAY].slot, 0, 0, 1);
        switch (what) {
        case BAD_CRASH:
                crash();
                break;
        case BAD_SLEEP:
                for (;;)
                        pause();
        case BAD_DROP:
                drop_box(box->handle);
                break;
        case BAD_DROP_NONE:
                drop_box(12345);
                break;
        case BAD_DROP_TWICE:
                saved = new_box(1);
                drop_box(saved);
                drop_box(saved);
                break;
        case BAD_DROP_NO_THING:
                drop_thing(12345);
                break;
        case BAD_RESOURCE:
                env->resource_drop(env->context, 77, 1);
                break;
        case BAD_NEW:
                env->resource_new(env->context, RESOURCE_THING, NULL);
                break;
        case BAD_REP:
                box_of(box->handle);
                break;
        case BAD_LEND: /* the host calls back while it has the thing, see BAD_DROP_LENT */
                saved = fresh(BAD_LEND);
                number(saved);
                break;
        case BAD_DROP_LENT:
                drop_thing(saved);
                break;
        default:
                break;
        }
        if (what != BAD_KEEP)
                drop_thing(thing);
}

static void call_act(void *args, void *ret)
{
        const struct act_args *in = args;
        be_bad(in->what, in->box, in->thing);
        *(uint32_t *)ret = 0;
}

static void call_give(void *args, void *ret)
{
        const struct n_args *in = args;
        if (in->n == BAD_GIVE_NONE)
                saved = 12345;
        else if (in->n == BAD_GIVE_OWN)
                saved = new_box(5);
        else if (in->n == BAD_SAY_NUMBER) /* the one that it gave before */
                say(MESSAGE_RETURN, 0, 0, (uint32_t)saved, 0, 0, 1);
        *(int32_t *)ret = saved; /* BAD_GIVE_TWICE: as it is */
}

/* --- Table ------------------------------------------------------------------------------------ */

static void bind(const struct ward_addin_env *new_env)
{
        env = new_env;
}

static const struct ward_addin_export exports[EXPORTS] = {
        [EXPORT_MAKE] = { &exported[EXPORT_MAKE], call_make, NULL },
        [EXPORT_VALUE] = { &exported[EXPORT_VALUE], call_value, NULL },
        [EXPORT_PUT] = { &exported[EXPORT_PUT], call_put, NULL },
        [EXPORT_COUNT] = { &exported[EXPORT_COUNT], call_count, NULL },
        [EXPORT_MERGE] = { &exported[EXPORT_MERGE], call_merge, NULL },
        [EXPORT_SPLIT] = { &exported[EXPORT_SPLIT], call_split, NULL },
        [EXPORT_LOOK] = { &exported[EXPORT_LOOK], call_look, NULL },
        [EXPORT_JOIN] = { &exported[EXPORT_JOIN], call_join, NULL },
        [EXPORT_ACT] = { &exported[EXPORT_ACT], call_act, NULL },
        [EXPORT_GIVE] = { &exported[EXPORT_GIVE], call_give, NULL },
};

static const struct ward_func *const imports[IMPORTS] = { &imported[IMPORT_NUMBER], &imported[IMPORT_FRESH] };

static const struct ward_addin_resource resources[RESOURCES] = { { &resource_box, destroy_box }, { &resource_thing, NULL } };

extern const struct ward_addin ward_addin_1;
__attribute__((visibility("default"))) const struct ward_addin ward_addin_1 = { .abi = WARD_ADDIN_ABI,
                                                                                .n_exports = EXPORTS,
                                                                                .n_imports = IMPORTS,
                                                                                .contract = "test:objects/objects",
                                                                                .exports = exports,
                                                                                .imports = imports,
                                                                                .bind = bind,
                                                                                .ownership = OWNERSHIP,
                                                                                .n_resources = RESOURCES,
                                                                                .resources = resources };
