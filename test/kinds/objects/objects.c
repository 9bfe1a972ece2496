/* An add-in with objects that does as it is told, also what it should not. */
#include "objects.h"
#include <stdlib.h>
#include <string.h>

typedef exports_test_objects_counters_own_counter_t own_counter;
typedef exports_test_objects_acts_own_sink_t own_sink;
typedef exports_test_objects_acts_borrow_sink_t borrow_sink;

struct exports_test_objects_counters_counter_t {
        int32_t value;
        own_sink sink;
        char armed;
};

struct exports_test_objects_acts_odd_one_t {
        int unused;
};

static uint32_t destroyed;
static own_counter kept, spare;
static own_sink sinks[1000];
static size_t n_sinks;

static bool is(const objects_string_t *text, const char *expected)
{
        return text->len == strlen(expected) && !memcmp(text->ptr, expected, text->len);
}

/* --- Counters --------------------------------------------------------------------------------- */

static own_counter make(int32_t start)
{
        exports_test_objects_counters_counter_t *counter = calloc(1, sizeof *counter);
        if (!counter)
                abort();
        counter->value = start;
        return exports_test_objects_counters_counter_new(counter);
}

static void do_armed(char armed)
{
        if (armed == 'c')
                abort();
        if (armed == 'h')
                for (volatile int i = 0;; i++)
                        ;
        if (armed == 'b')
                objects_back(7);
        if (armed == 'd')
                test_objects_sinks_sink_drop_own((own_sink){ 4711 });
}

void exports_test_objects_counters_counter_destructor(exports_test_objects_counters_counter_t *rep)
{
        destroyed++;
        do_armed(rep->armed);
        if (rep->sink.__handle)
                test_objects_sinks_sink_drop_own(rep->sink);
        free(rep);
}

void exports_test_objects_acts_odd_one_destructor(exports_test_objects_acts_odd_one_t *rep)
{
        destroyed++;
        free(rep);
}

own_counter exports_test_objects_counters_constructor_counter(int32_t start)
{
        return make(start);
}

own_counter exports_test_objects_counters_static_counter_join(exports_test_objects_counters_list_own_counter_t *all)
{
        int32_t sum = 0;
        for (size_t i = 0; i < all->len; i++) {
                sum += exports_test_objects_counters_counter_rep(all->ptr[i])->value;
                exports_test_objects_counters_counter_drop_own(all->ptr[i]);
        }
        exports_test_objects_counters_list_own_counter_free(all);
        return make(sum);
}

int32_t exports_test_objects_counters_method_counter_add(exports_test_objects_counters_borrow_counter_t self, int32_t n)
{
        return self->value += n;
}

void exports_test_objects_counters_method_counter_attach(exports_test_objects_counters_borrow_counter_t self, own_sink s)
{
        if (self->sink.__handle)
                test_objects_sinks_sink_drop_own(self->sink);
        self->sink = s;
}

bool exports_test_objects_counters_method_counter_detach(exports_test_objects_counters_borrow_counter_t self, own_sink *ret)
{
        if (!self->sink.__handle)
                return false;
        *ret = self->sink;
        self->sink.__handle = 0;
        return true;
}

void exports_test_objects_acts_arm(exports_test_objects_acts_borrow_counter_t c, objects_string_t *what)
{
        c->armed = what->len ? (char)what->ptr[0] : 0;
        objects_string_free(what);
}

exports_test_objects_acts_own_odd_one_t exports_test_objects_acts_constructor_odd_one(void)
{
        exports_test_objects_acts_odd_one_t *odd = calloc(1, sizeof *odd);
        if (!odd)
                abort();
        return exports_test_objects_acts_odd_one_new(odd);
}

uint32_t exports_test_objects_acts_destroyed(void)
{
        return destroyed;
}

void exports_test_objects_acts_keep(own_counter c)
{
        if (kept.__handle)
                exports_test_objects_counters_counter_drop_own(kept);
        kept = c;
}

bool exports_test_objects_acts_give(own_counter *ret)
{
        if (!kept.__handle)
                return false;
        *ret = kept;
        kept.__handle = 0;
        return true;
}

void exports_test_objects_acts_spawn(uint32_t n, exports_test_objects_acts_list_own_counter_t *ret)
{
        ret->ptr = calloc(n + 1, sizeof *ret->ptr);
        ret->len = n;
        if (!ret->ptr)
                abort();
        for (uint32_t i = 0; i < n; i++)
                ret->ptr[i] = make((int32_t)i);
}

int32_t exports_test_objects_acts_sum(exports_test_objects_acts_list_borrow_counter_t *all, int32_t more)
{
        for (size_t i = 0; i < all->len; i++)
                more += all->ptr[i]->value;
        exports_test_objects_acts_list_borrow_counter_free(all);
        return more;
}

/* --- Sinks ------------------------------------------------------------------------------------ */

own_sink exports_test_objects_acts_pass_on(own_sink s)
{
        return s;
}

uint32_t exports_test_objects_acts_write(borrow_sink a, borrow_sink b, objects_string_t *line)
{
        uint32_t n = test_objects_sinks_method_sink_write(a, line) + test_objects_sinks_method_sink_write(b, line);
        objects_string_free(line);
        test_objects_sinks_sink_drop_borrow(a);
        test_objects_sinks_sink_drop_borrow(b);
        return n;
}

/* Two a round, of which the host makes one. */
uint32_t exports_test_objects_acts_make(uint32_t n)
{
        objects_string_t name, read;
        uint32_t made = 0;
        objects_string_set(&name, "made");
        for (uint32_t i = 0; i < n; i++) {
                own_sink a = test_objects_sinks_constructor_sink(&name), b = test_objects_sinks_constructor_sink(&name);
                own_sink both = test_objects_sinks_static_sink_both(a, b);
                test_objects_sinks_method_sink_name(test_objects_sinks_borrow_sink(both), &read);
                made += is(&read, "made+made");
                objects_string_free(&read);
                if (i % 2)
                        test_objects_sinks_take(both);
                else
                        test_objects_sinks_sink_drop_own(both);
        }
        return made;
}

void exports_test_objects_acts_keep_sinks(exports_test_objects_acts_list_own_sink_t *all)
{
        for (size_t i = 0; i < all->len && n_sinks < sizeof sinks / sizeof *sinks; i++)
                sinks[n_sinks++] = all->ptr[i];
        exports_test_objects_acts_list_own_sink_free(all);
}

void exports_test_objects_acts_give_sinks(uint32_t n)
{
        test_objects_sinks_list_own_sink_t list = { sinks + (n_sinks - n), n };
        test_objects_sinks_take_all(&list);
        n_sinks -= n;
}

static uint32_t is_named(own_sink s, objects_string_t *name)
{
        objects_string_t read;
        test_objects_sinks_method_sink_name(test_objects_sinks_borrow_sink(s), &read);
        bool same = read.len == name->len && !memcmp(read.ptr, name->ptr, read.len);
        objects_string_free(&read);
        test_objects_sinks_sink_drop_own(s);
        return same;
}

uint32_t exports_test_objects_acts_take_named(own_sink s, objects_string_t *name, own_sink more)
{
        uint32_t n = is_named(s, name) + is_named(more, name);
        objects_string_free(name);
        return n;
}

uint32_t exports_test_objects_acts_ask_named(uint32_t n)
{
        test_objects_offers_list_tuple2_own_sink_string_t all;
        uint32_t good = 0;
        test_objects_offers_named(n, &all);
        for (size_t i = 0; i < all.len; i++)
                good += is_named(all.ptr[i].f0, &all.ptr[i].f1);
        test_objects_offers_list_tuple2_own_sink_string_free(&all);
        return good;
}

/* --- Mistakes --------------------------------------------------------------------------------- */

static void make_mistake(const objects_string_t *how, borrow_sink s)
{
        own_sink as_own = { s.__handle };
        if (is(how, "keep borrow"))
                return;
        if (is(how, "drop twice"))
                test_objects_sinks_sink_drop_borrow(s);
        if (is(how, "drop none"))
                test_objects_sinks_sink_drop_own((own_sink){ 4711 });
        if (is(how, "drop 0"))
                test_objects_sinks_sink_drop_own((own_sink){ 0 });
        if (is(how, "give borrow"))
                test_objects_sinks_take(as_own);
        if (is(how, "give none"))
                test_objects_sinks_take((own_sink){ -1 });
        if (is(how, "no rep"))
                exports_test_objects_counters_counter_rep((own_counter){ 99 });
        if (is(how, "wrong rep"))
                exports_test_objects_acts_odd_one_rep((exports_test_objects_acts_own_odd_one_t){ (spare = make(1)).__handle });
        if (is(how, "wrong drop"))
                exports_test_objects_acts_odd_one_drop_own((exports_test_objects_acts_own_odd_one_t){ (spare = make(1)).__handle });
        if (is(how, "drop lent"))
                test_objects_sinks_lend_and_call(test_objects_sinks_borrow_sink(sinks[--n_sinks]));
        if (is(how, "list"))
                test_objects_sinks_take_all(&(test_objects_sinks_list_own_sink_t){ (own_sink[]){ sinks[0], { 4711 } }, 2 });
        if (is(how, "list with the same"))
                test_objects_sinks_take_all(&(test_objects_sinks_list_own_sink_t){ (own_sink[]){ sinks[0], sinks[0] }, 2 });
        test_objects_sinks_sink_drop_borrow(s);
}

void exports_test_objects_acts_misuse(objects_string_t *how, borrow_sink s)
{
        make_mistake(how, s);
        objects_string_free(how);
}

bool exports_test_objects_acts_misuse_result(objects_string_t *how, exports_test_objects_acts_tuple2_own_counter_own_counter_t *ret,
                                             own_sink *err)
{
        bool fine = !is(how, "no sink");
        if (is(how, "twice"))
                ret->f0 = ret->f1 = spare = make(1);
        if (is(how, "none")) {
                ret->f0 = spare = make(1);
                ret->f1.__handle = 4711;
        }
        if (is(how, "no sink"))
                err->__handle = 4711;
        objects_string_free(how);
        return fine;
}

/* Within lend-and-call: what is lent is dropped. */
uint32_t exports_test_objects_acts_call_back(uint32_t n)
{
        if (n == 1)
                test_objects_sinks_sink_drop_own(sinks[n_sinks]);
        return n ? n : objects_back(n);
}

static char realloc_armed;
static uint32_t realloc_after;

void exports_test_objects_acts_arm_realloc(objects_string_t *what, uint32_t after)
{
        realloc_armed = what->len ? (char)what->ptr[0] : 0;
        realloc_after = after;
        objects_string_free(what);
}

#ifdef __wasm__
/* The handle that was made last may be one that is on its way: then it is not the module's yet. */
static void misuse_realloc(char how)
{
        if (how == 'c')
                objects_back(1);
        if (how == 'd')
                test_objects_sinks_sink_drop_own((own_sink){ 1 });
        if (how != 'c')
                __builtin_trap();
}

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *ptr, size_t old_size, size_t align, size_t new_size)
{
        if (realloc_armed && !realloc_after--) {
                char how = realloc_armed;
                realloc_armed = 0;
                misuse_realloc(how);
        }
        if (!new_size)
                return (void *)align;
        ptr = realloc(ptr, new_size);
        if (!ptr)
                abort();
        return ptr;
}
#endif

own_counter exports_test_objects_acts_call_and_make(uint32_t n)
{
        own_counter made = make((int32_t)n);
        objects_back(n);
        return made;
}

void exports_test_objects_acts_end(objects_string_t *how, own_counter c, own_sink s)
{
        if (is(how, "crash"))
                abort();
        if (is(how, "hang"))
                for (volatile int i = 0;; i++)
                        ;
        objects_string_free(how);
        exports_test_objects_counters_counter_drop_own(c);
        test_objects_sinks_sink_drop_own(s);
}

bool exports_objects_is_local(void)
{
        return ward_domain_reference_is_local();
}

/* What it keeps at its end is its own business; here a leak checker may be looking. */
#ifndef __wasm__
__attribute__((destructor)) static void leave(void)
{
        if (kept.__handle)
                exports_test_objects_counters_counter_drop_own(kept);
        if (spare.__handle)
                exports_test_objects_counters_counter_drop_own(spare);
}
#endif
