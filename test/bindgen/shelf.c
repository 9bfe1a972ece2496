/* An add-in that has things, passes them about in other values, and uses the host's. With OTHER defined its arguments are views,
 * and borrowed handles are dropped for it. */
#include "shelf.h"
#include <stdlib.h>
#include <string.h>

#ifdef OTHER
#define IN(type) const type
#else
#define IN(type) type
#endif

/* --- The add-in's objects --------------------------------------------------------------------- */

typedef exports_test_shelf_things_thing_t thing;
typedef exports_test_shelf_things_own_thing_t own_thing;

struct exports_test_shelf_things_thing_t {
        shelf_string_t name;
};

static uint32_t living;

/* An argument becomes a text of our own. */
static void adopt(shelf_string_t *to, IN(shelf_string_t) * from)
{
#ifdef OTHER
        shelf_string_dup_n(to, (const char *)from->ptr, from->len);
#else
        *to = *from;
#endif
}

static void copy(shelf_string_t *to, const shelf_string_t *from)
{
        shelf_string_dup_n(to, (const char *)from->ptr, from->len);
}

static void append(shelf_string_t *to, const shelf_string_t *from)
{
        shelf_string_t both = { malloc(to->len + from->len + 1), to->len + from->len };
        if (!both.ptr)
                abort();
        if (to->len)
                memcpy(both.ptr, to->ptr, to->len);
        if (from->len)
                memcpy(both.ptr + to->len, from->ptr, from->len);
        if (!both.len) {
                free(both.ptr);
                both.ptr = NULL;
        }
        shelf_string_free(to);
        *to = both;
}

static thing *new_thing(void)
{
        thing *made = calloc(1, sizeof *made);
        if (!made)
                abort();
        living++;
        return made;
}

void exports_test_shelf_things_thing_destructor(thing *rep)
{
        shelf_string_free(&rep->name);
        free(rep);
        living--;
}

own_thing exports_test_shelf_things_constructor_thing(IN(shelf_string_t) * name)
{
        thing *made = new_thing();
        adopt(&made->name, name);
        return exports_test_shelf_things_thing_new(made);
}

/* Without a name there is no thing. */
bool exports_test_shelf_things_static_thing_make(IN(shelf_string_t) * name, own_thing *ret, shelf_string_t *err)
{
        if (name->len)
                *ret = exports_test_shelf_things_constructor_thing(name);
        else
                shelf_string_dup(err, "a thing has a name");
        return name->len;
}

void exports_test_shelf_things_method_thing_name(thing *self, shelf_string_t *ret)
{
        copy(ret, &self->name);
}

/* Returns the name that it had. */
void exports_test_shelf_things_method_thing_rename(thing *self, IN(shelf_string_t) * name, shelf_string_t *ret)
{
        *ret = self->name;
        adopt(&self->name, name);
}

bool exports_test_shelf_things_method_thing_same(thing *self, thing *other)
{
        return self == other;
}

void exports_test_shelf_things_method_thing_merge(thing *self, own_thing other)
{
        append(&self->name, &exports_test_shelf_things_thing_rep(other)->name);
        exports_test_shelf_things_thing_drop_own(other);
}

uint32_t exports_test_shelf_things_count(void)
{
        return living;
}

own_thing exports_test_shelf_things_give(IN(shelf_string_t) * name)
{
        return exports_test_shelf_things_constructor_thing(name);
}

void exports_test_shelf_things_take(own_thing x, shelf_string_t *ret)
{
        copy(ret, &exports_test_shelf_things_thing_rep(x)->name);
        exports_test_shelf_things_thing_drop_own(x);
}

void exports_test_shelf_things_look(thing *x, shelf_string_t *ret)
{
        copy(ret, &x->name);
}

own_thing exports_test_shelf_things_pass(own_thing x)
{
        return x;
}

void exports_test_shelf_things_look_at(IN(exports_test_shelf_things_list_borrow_thing_t) * x, shelf_list_string_t *ret)
{
        ret->len = x->len;
        ret->ptr = x->len ? malloc(x->len * sizeof *ret->ptr) : NULL;
        if (x->len && !ret->ptr)
                abort();
        for (size_t i = 0; i < x->len; i++)
                copy(&ret->ptr[i], &x->ptr[i]->name);
#ifndef OTHER
        exports_test_shelf_things_list_borrow_thing_free(x);
#endif
}

bool exports_test_shelf_things_look_maybe(IN(exports_test_shelf_things_borrow_alias_t) * maybe_x, shelf_string_t *ret)
{
        if (maybe_x)
                copy(ret, &(*maybe_x)->name);
        return maybe_x;
}

void exports_test_shelf_things_look_pair(IN(exports_test_shelf_things_tuple3_borrow_thing_u8_borrow_thing_t) * x,
                                         IN(exports_test_shelf_things_result_borrow_thing_string_t) * y, shelf_string_t *ret)
{
        copy(ret, &x->f0->name);
        append(ret, &x->f2->name);
        append(ret, y->is_err ? &y->val.err : &y->val.ok->name);
#ifndef OTHER
        exports_test_shelf_things_result_borrow_thing_string_free(y);
#endif
}

void exports_test_shelf_things_of_labelled(IN(exports_test_shelf_things_labelled_t) * x, exports_test_shelf_things_labelled_t *ret)
{
        adopt(&ret->label, &x->label);
        ret->thing = x->thing;
}

static void adopt_things(exports_test_shelf_things_list_own_thing_t *to, const exports_test_shelf_things_list_own_thing_t *from)
{
        *to = *from;
#ifdef OTHER
        size_t size = from->len * sizeof *from->ptr;
        to->ptr = size ? malloc(size) : NULL;
        if (size && !to->ptr)
                abort();
        if (size)
                memcpy(to->ptr, from->ptr, size);
#endif
}

void exports_test_shelf_things_of_held(IN(exports_test_shelf_things_held_t) * x, exports_test_shelf_things_held_t *ret)
{
        *ret = *x;
        if (x->tag == EXPORTS_TEST_SHELF_THINGS_HELD_SEVERAL)
                adopt_things(&ret->val.several, &x->val.several);
}

void exports_test_shelf_things_of_list(IN(exports_test_shelf_things_list_own_thing_t) * x,
                                       exports_test_shelf_things_list_own_thing_t *ret)
{
        adopt_things(ret, x);
}

/* --- The host's objects ----------------------------------------------------------------------- */

static shelf_own_thing_t kept;
static bool keeps;

static void name_of(shelf_borrow_thing_t x, shelf_string_t *ret)
{
        test_shelf_things_method_thing_name(x, ret);
}

/* What a call lent is given back before it ends. */
static void give_up(shelf_borrow_thing_t x)
{
#ifdef OTHER
        (void)x;
#else
        test_shelf_things_thing_drop_borrow(x);
#endif
}

void exports_shelf_visit(IN(shelf_string_t) * name, shelf_string_t *ret)
{
        shelf_own_thing_t made = test_shelf_things_constructor_thing((shelf_string_t *)name);
        name_of(test_shelf_things_borrow_thing(made), ret);
        test_shelf_things_thing_drop_own(made);
#ifndef OTHER
        shelf_string_free(name);
#endif
}

void exports_shelf_keep(shelf_own_thing_t x)
{
        if (keeps)
                test_shelf_things_thing_drop_own(kept);
        kept = x;
        keeps = true;
}

bool exports_shelf_kept(shelf_string_t *ret)
{
        if (keeps)
                name_of(test_shelf_things_borrow_thing(kept), ret);
        return keeps;
}

bool exports_shelf_give_back(shelf_own_thing_t *ret)
{
        bool had = keeps;
        if (had)
                *ret = kept;
        keeps = false;
        return had;
}

void exports_shelf_peek(shelf_borrow_thing_t x, IN(shelf_list_borrow_thing_t) * y, shelf_string_t *ret)
{
        name_of(x, ret);
        give_up(x);
        for (size_t i = 0; i < y->len; i++) {
                shelf_string_t name;
                name_of(y->ptr[i], &name);
                append(ret, &name);
                shelf_string_free(&name);
                give_up(y->ptr[i]);
        }
#ifndef OTHER
        shelf_list_borrow_thing_free(y);
#endif
}

void exports_shelf_relay_labelled(IN(shelf_labelled_t) * x, shelf_labelled_t *ret)
{
        test_shelf_things_of_labelled((shelf_labelled_t *)x, ret);
#ifndef OTHER
        test_shelf_things_labelled_free(x);
#endif
}

void exports_shelf_relay_held(IN(shelf_held_t) * x, shelf_held_t *ret)
{
        test_shelf_things_of_held((shelf_held_t *)x, ret);
#ifndef OTHER
        test_shelf_things_held_free(x);
#endif
}
