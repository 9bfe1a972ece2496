#include "test/events/stage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 15000 };

struct stage *stage;

static void note(void *data, uint32_t n)
{
        uint32_t at = atomic_fetch_add(&stage->n_notes, 1);
        if (at < STAGE_NOTES)
                stage->notes[at] = n;
        stage->last = pthread_self();
        if (stage->when_noted)
                stage->when_noted(n);
}

static void other(bool good)
{
        if (!good)
                atomic_fetch_add(&stage->wrong, 1);
        atomic_fetch_add(&stage->n_others, 1);
}

static void odd(void *data, uint8_t a, int16_t b, double c, bool d, uint32_t e)
{
        uint32_t i = stage->n_others / 3;
        other(a == (uint8_t)i && b == (int16_t)-i && c == i / 2.0 && d == i % 2 && e == 'a' + i % 26);
}

static void many(void *data, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e, uint64_t f, uint64_t g, uint64_t h,
                 uint64_t i, uint64_t j, uint64_t k, uint64_t l, uint64_t m, uint64_t n, uint64_t o, uint64_t p, uint64_t q)
{
        uint64_t sum = b + c + d + e + f + g + h + i + j + k + l + m + n + o + p + q;
        other(a == stage->n_others / 3 && sum == 136 && q == 16);
}

static void bell(void *data)
{
        other(stage->n_others % 3 == 2);
}

static void say(void *data, events_string_t *text)
{
        bool good = text->len == 1000 * (size_t)stage->n_others;
        for (size_t i = 0; i < text->len; i++)
                good = good && text->ptr[i] == 'x';
        stage->said += text->len;
        other(good);
}

static bool is(const events_string_t *string, const char *text)
{
        return string->len == strlen(text) && !memcmp(string->ptr, text, string->len);
}

static void readings(void *data, events_list_reading_t *list)
{
        const events_reading_t *at = list->ptr;
        other(list->len == 2 && at[0].id == stage->n_others && is(&at[0].name, "first") && at[0].values.len == 3 &&
              at[0].values.ptr[2] == 3 && at[1].id == 2 && is(&at[1].name, "second") && at[1].values.len == 0);
}

static uint32_t ask(void *data, uint32_t n)
{
        stage->last = pthread_self();
        atomic_fetch_add(&stage->n_asks, 1);
        return stage->when_asked ? stage->when_asked(n) : n + 1;
}

static void echo(void *data, events_string_t *text, events_string_t *ret)
{
        events_string_dup_n(ret, (const char *)text->ptr, text->len);
}

/* --- Objects ---------------------------------------------------------------------------------- */

struct test_events_things_thing_t {
        uint32_t n;
};

static test_events_things_own_thing_t make_thing(void *data, uint32_t n)
{
        test_events_things_thing_t *thing = malloc(sizeof *thing);
        thing->n = n;
        atomic_fetch_add(&stage->n_things, 1);
        return thing;
}

static uint32_t value_of(void *data, test_events_things_borrow_thing_t thing)
{
        return thing->n;
}

static void destroy_thing(void *data, test_events_things_thing_t *thing)
{
        free(thing);
        atomic_fetch_sub(&stage->n_things, 1);
}

static const struct events_services services = { .note = note,
                                                 .odd = odd,
                                                 .many = many,
                                                 .say = say,
                                                 .read = readings,
                                                 .bell = bell,
                                                 .ask = ask,
                                                 .echo = echo,
                                                 .things_constructor_thing = make_thing,
                                                 .things_method_thing_value = value_of,
                                                 .things_thing_destructor = destroy_thing };

void stage_set(enum ward_isolation isolation, const struct ward_activate_options *options)
{
        struct ward_activate_options standard = options_for(isolation);
        struct ward_fault fault;
        stage = calloc(1, sizeof *stage);
        standard.deadline_ms = 0;
        stage->host = host_start();
        assert_good(events_activate(stage->host, addin_file("events", isolation), options ? options : &standard, &services,
                                    &stage->events, &fault),
                    &fault);
}

void stage_strike(void)
{
        events_release(stage->events);
        ward_host_free(stage->host);
        free(stage);
        stage = NULL;
}

int stage_try(const char *what, uint32_t n, uint32_t *ret, struct ward_fault *ret_fault)
{
        events_string_t text;
        struct ward_fault fault;
        events_string_set(&text, what);
        return events_act_isolated(stage->events, &text, n, ret, ret_fault ? ret_fault : &fault);
}

uint32_t act(const char *what, uint32_t n)
{
        struct ward_fault fault;
        uint32_t ret = 0;
        assert_good(stage_try(what, n, &ret, &fault), &fault);
        return ret;
}

void assert_notes(uint32_t n)
{
        assert_int_equal(stage->n_notes, n);
        for (uint32_t i = 0; i < n && i < STAGE_NOTES; i++)
                if (stage->notes[i] != i)
                        fail_msg("note %u is %u", i, stage->notes[i]);
}

static uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void dispatch_until(const _Atomic uint32_t *counter, uint32_t value)
{
        struct ward_fault fault;
        uint64_t end = now_ms() + PATIENCE_MS;
        while (atomic_load(counter) < value && now_ms() < end)
                if (ward_host_dispatch(stage->host, 100, &fault) < 0)
                        fail_msg("%s", fault.text);
        assert_int_equal(atomic_load(counter), value);
}

void await(const _Atomic uint32_t *counter, uint32_t value)
{
        uint64_t end = now_ms() + PATIENCE_MS;
        while (atomic_load(counter) < value && now_ms() < end)
                usleep(1000);
        assert_int_equal(atomic_load(counter), value);
}
