#include "async.h"
#include <stdlib.h>
#include <string.h>

struct things_thing_t {
        uint32_t number;
};

static uint32_t number(void *data, things_borrow_thing_t self)
{
        (void)data;
        return self->number;
}

static things_own_thing_t fetch(void *data, uint32_t n)
{
        struct stage *stage = data;
        things_own_thing_t thing = malloc(sizeof *thing);
        thing->number = n;
        stage->server = pthread_self();
        stage->things++;
        return thing;
}

static void end_thing(void *data, things_thing_t *thing)
{
        struct stage *stage = data;
        stage->server = pthread_self();
        stage->things--;
        free(thing);
}

static int32_t ask(void *data, int32_t n)
{
        struct stage *stage = data;
        stage->server = pthread_self();
        stage->asked++;
        return stage->on_ask ? stage->on_ask(stage, n) : n + 1;
}

static void change_name(void *data, begun_string_t *text, begun_string_t *ret)
{
        struct stage *stage = data;
        stage->server = pthread_self();
        ret->len = text->len + 1;
        ret->ptr = malloc(ret->len);
        memcpy(ret->ptr, text->ptr, text->len);
        ret->ptr[text->len] = '!';
}

static void set(struct stage *stage, struct ward_activate_options options)
{
        struct ward_fault fault;
        options.deadline_ms = 10000;
        memset(stage, 0, sizeof *stage);
        stage->services = (struct begun_services){ .data = stage,
                                                   .things_method_thing_number = number,
                                                   .things_fetch = fetch,
                                                   .ask = ask,
                                                   .rename = change_name,
                                                   .things_thing_destructor = end_thing };
        stage->host = host_start();
        assert_good(begun_activate(stage->host, addin_file("begun", options.isolation), &options, &stage->services, &stage->begun,
                                   &fault),
                    &fault);
}

void stage_set(struct stage *stage, enum ward_isolation kind)
{
        set(stage, options_for(kind));
}

void stage_set_free_threaded(struct stage *stage)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.free_threaded = true;
        set(stage, options);
}

void stage_strike(struct stage *stage)
{
        begun_release(stage->begun);
        ward_host_free(stage->host);
        assert_int_equal(stage->things, 0);
}

void stage_await_asks(struct stage *stage, int n)
{
        struct ward_fault fault;
        while (stage->asked < n)
                assert_true(ward_host_dispatch(stage->host, 100, &fault) >= 0);
}
