#include "stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const enum ward_isolation kinds[3] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

static sink pool[20000];
static _Atomic size_t n_pool;

sink *sink_new(const char *name)
{
        size_t i = n_pool++;
        assert_true(i < sizeof pool / sizeof *pool);
        snprintf(pool[i].name, sizeof pool[i].name, "%s", name);
        return &pool[i];
}

objects_string_t text(const char *from)
{
        objects_string_t string;
        objects_string_set(&string, from);
        return string;
}

/* --- Services --------------------------------------------------------------------------------- */

static sink *constructor(void *data, objects_string_t *name)
{
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", (int)name->len, (const char *)name->ptr);
        return sink_new(copy);
}

static uint32_t write_line(void *data, sink *self, objects_string_t *line)
{
        return ++self->lines;
}

static void name_of(void *data, sink *self, objects_string_t *ret)
{
        objects_string_dup(ret, self->name);
}

static void destroy(void *data, sink *rep)
{
        struct context *context = data;
        rep->destroyed++;
        context->destroyed++;
}

static sink *both(void *data, sink *a, sink *b)
{
        char name[64];
        snprintf(name, sizeof name, "%.30s+%.30s", a->name, b->name);
        destroy(data, a);
        destroy(data, b);
        return sink_new(name);
}

static void take(void *data, sink *s)
{
        struct context *context = data;
        assert_int_equal(s->destroyed, 0);
        if (context->n_taken < sizeof context->taken / sizeof *context->taken)
                context->taken[context->n_taken++] = s;
}

static void take_all(void *data, test_objects_sinks_list_own_sink_t *all)
{
        for (size_t i = 0; i < all->len; i++)
                take(data, all->ptr[i]);
}

static void look(void *data, sink *s, objects_string_t *ret)
{
        name_of(data, s, ret);
}

static void lend_and_call(void *data, sink *s)
{
        struct context *context = data;
        struct ward_fault fault;
        uint32_t ret;
        objects_acts_call_back(context->objects, 1, &ret, &fault);
}

static void make(void *data, uint32_t n, test_objects_sinks_list_own_sink_t *ret)
{
        ret->ptr = calloc(n + 1, sizeof *ret->ptr);
        ret->len = n;
        for (uint32_t i = 0; i < n; i++)
                ret->ptr[i] = sink_new("one of many");
}

static void named(void *data, uint32_t n, test_objects_offers_list_tuple2_own_sink_string_t *ret)
{
        struct context *context = data;
        char name[64];
        ret->ptr = calloc(n + 1, sizeof *ret->ptr);
        ret->len = n;
        for (uint32_t i = 0; i < n; i++) {
                snprintf(name, sizeof name, "offer %u", i);
                ret->ptr[i].f0 = context->offered[i] = sink_new(name);
                objects_string_dup(&ret->ptr[i].f1, name);
        }
}

static uint32_t back(void *data, uint32_t n)
{
        struct context *context = data;
        context->sevens += n == 7;
        return context->when_back ? context->when_back(context, n) : n;
}

struct objects_services services_for(struct context *context)
{
        return (struct objects_services){
                .data = context,
                .back = back,
                .offers_named = named,
                .sinks_constructor_sink = constructor,
                .sinks_method_sink_write = write_line,
                .sinks_method_sink_name = name_of,
                .sinks_static_sink_both = both,
                .sinks_take = take,
                .sinks_take_all = take_all,
                .sinks_look = look,
                .sinks_lend_and_call = lend_and_call,
                .sinks_make = make,
                .sinks_sink_destructor = destroy,
        };
}

/* --- Activation ------------------------------------------------------------------------------- */

struct objects *activate_into(struct ward_host *host, enum ward_isolation isolation, struct ward_domain *domain,
                              const struct objects_services *services)
{
        struct ward_activate_options options = options_for(isolation);
        struct ward_fault fault;
        struct objects *objects = NULL;
        options.domain = domain;
        assert_good(objects_activate(host, addin_file("objects", isolation), &options, services, &objects, &fault), &fault);
        ((struct context *)services->data)->objects = objects;
        return objects;
}

struct objects *activate(struct ward_host *host, enum ward_isolation isolation, const struct objects_services *services)
{
        return activate_into(host, isolation, NULL, services);
}

struct ward_instance *instance_of(struct objects *objects)
{
        return (struct ward_instance *)objects;
}

/* --- Calls ------------------------------------------------------------------------------------ */

counter counter_new(struct objects *objects, int32_t start)
{
        counter made = { 0 };
        struct ward_fault fault;
        assert_good(objects_counters_constructor_counter(objects, start, &made, &fault), &fault);
        assert_true(made.__handle);
        return made;
}

int32_t counter_add(struct objects *objects, counter c, int32_t n)
{
        int32_t sum = 0;
        struct ward_fault fault;
        assert_good(objects_counters_method_counter_add(objects, lent(c), n, &sum, &fault), &fault);
        return sum;
}

void counter_arm(struct objects *objects, counter c, const char *what)
{
        struct ward_fault fault;
        objects_string_t string = text(what);
        assert_good(objects_acts_arm(objects, lent(c), &string, &fault), &fault);
}

uint32_t destroyed(struct objects *objects)
{
        uint32_t n = 0;
        struct ward_fault fault;
        assert_good(objects_acts_destroyed(objects, &n, &fault), &fault);
        return n;
}

void keep_sink(struct objects *objects, sink *s)
{
        exports_test_objects_acts_list_own_sink_t list = { &s, 1 };
        struct ward_fault fault;
        assert_good(objects_acts_keep_sinks(objects, &list, &fault), &fault);
}
