#include "forward.h"

#include <stdlib.h>
#include "test/support.h"
#include "users_host.h"

struct other_counters_counter_t {
        struct stand_in stand_in;
};

typedef other_counters_counter_t counter;

static int32_t add(void *data, counter *self, int32_t n)
{
        const struct forward *forward = data;
        return forward->add(forward, self->stand_in.token, n);
}

static void destroy(void *data, counter *rep)
{
        rep->stand_in.gone = true;
}

/* What the second add-in has no use for. */
static counter *constructor(void *data, int32_t start)
{
        abort();
}

static counter *join(void *data, other_counters_list_own_counter_t *all)
{
        abort();
}

static void attach(void *data, counter *self, other_sinks_sink_t *s)
{
        abort();
}

static bool detach(void *data, counter *self, other_sinks_sink_t **ret)
{
        abort();
}

static other_sinks_sink_t *sink(void *data, users_string_t *name)
{
        abort();
}

static uint32_t write_line(void *data, other_sinks_sink_t *self, users_string_t *line)
{
        abort();
}

static void name_of(void *data, other_sinks_sink_t *self, users_string_t *ret)
{
        abort();
}

static other_sinks_sink_t *both(void *data, other_sinks_sink_t *a, other_sinks_sink_t *b)
{
        abort();
}

static void take(void *data, other_sinks_sink_t *s)
{
        abort();
}

static void take_all(void *data, other_sinks_list_own_sink_t *all)
{
        abort();
}

static void make(void *data, uint32_t n, other_sinks_list_own_sink_t *ret)
{
        abort();
}

struct users *users_start(struct ward_host *host, enum ward_isolation isolation, const struct forward *forward)
{
        static struct users_services services;
        struct ward_activate_options options = options_for(isolation);
        struct ward_fault fault;
        struct users *users = NULL;
        services = (struct users_services){
                .data = (void *)forward,
                .other_counters_constructor_counter = constructor,
                .other_counters_static_counter_join = join,
                .other_counters_method_counter_add = add,
                .other_counters_method_counter_attach = attach,
                .other_counters_method_counter_detach = detach,
                .other_counters_counter_destructor = destroy,
                .other_sinks_constructor_sink = sink,
                .other_sinks_method_sink_write = write_line,
                .other_sinks_method_sink_name = name_of,
                .other_sinks_static_sink_both = both,
                .other_sinks_take = take,
                .other_sinks_take_all = take_all,
                .other_sinks_look = name_of,
                .other_sinks_lend_and_call = take,
                .other_sinks_make = make,
                .other_sinks_sink_destructor = take,
        };
        assert_good(users_activate(host, addin_file("users", isolation), &options, &services, &users, &fault), &fault);
        return users;
}

struct users *users_stop(struct users *users)
{
        return users_release(users);
}

int users_lend(struct users *users, struct stand_in *stand_in, int32_t n, int32_t *ret_sum, struct ward_fault *fault)
{
        return users_raise(users, (counter *)stand_in, n, ret_sum, fault);
}

int users_hand_over(struct users *users, struct stand_in *stand_in, struct ward_fault *fault)
{
        return users_keep(users, (counter *)stand_in, fault);
}

int users_take_back(struct users *users, struct stand_in **ret_stand_in, struct ward_fault *fault)
{
        users_option_own_counter_t given;
        int r = users_give(users, &given, fault);
        if (!r)
                *ret_stand_in = given.is_some ? &given.val->stand_in : NULL;
        return r;
}
