#include "test/bindgen/check_shelf.h"
#include <stdlib.h>
#include <string.h>
#include "test/harness/harness.h"

/* --- The host's things ------------------------------------------------------------------------ */

struct test_shelf_things_thing_t {
        shelf_string_t name;
};
typedef test_shelf_things_thing_t thing;

static uint32_t living;

static void copy(shelf_string_t *to, const shelf_string_t *from)
{
        assert_true(shelf_string_dup_n(to, (const char *)from->ptr, from->len));
}

static void append(shelf_string_t *to, const shelf_string_t *from)
{
        char both[64];
        assert_true(to->len + from->len < sizeof both);
        if (to->len)
                memcpy(both, to->ptr, to->len);
        if (from->len)
                memcpy(both + to->len, from->ptr, from->len);
        size_t len = to->len + from->len;
        shelf_string_free(to);
        assert_true(shelf_string_dup_n(to, both, len));
}

static thing *make(void *data, shelf_string_t *name)
{
        thing *made = calloc(1, sizeof *made);
        assert_true(made && !data);
        copy(&made->name, name);
        living++;
        return made;
}

static bool try_make(void *data, shelf_string_t *name, thing **ret, shelf_string_t *err)
{
        if (name->len)
                *ret = make(data, name);
        else
                assert_true(shelf_string_dup(err, "no name"));
        return name->len;
}

static void destroy(void *data, thing *rep)
{
        assert_null(data);
        shelf_string_free(&rep->name);
        free(rep);
        living--;
}

static void look(void *data, thing *x, shelf_string_t *ret)
{
        assert_null(data);
        copy(ret, &x->name);
}

static void change_name(void *data, thing *x, shelf_string_t *name, shelf_string_t *ret)
{
        look(data, x, ret);
        shelf_string_free(&x->name);
        copy(&x->name, name);
}

static bool same(void *data, thing *x, thing *other)
{
        return !data && x == other;
}

static void merge(void *data, thing *x, thing *other)
{
        append(&x->name, &other->name);
        destroy(data, other);
}

static uint32_t count(void *data)
{
        return data ? 0 : living;
}

static void take(void *data, thing *x, shelf_string_t *ret)
{
        look(data, x, ret);
        destroy(data, x);
}

static thing *pass(void *data, thing *x)
{
        assert_null(data);
        return x;
}

static void look_at(void *data, test_shelf_things_list_borrow_thing_t *x, shelf_list_string_t *ret)
{
        ret->len = x->len;
        ret->ptr = calloc(x->len + 1, sizeof *ret->ptr);
        assert_non_null(ret->ptr);
        for (size_t i = 0; i < x->len; i++)
                look(data, x->ptr[i], &ret->ptr[i]);
}

static bool look_maybe(void *data, thing **maybe_x, shelf_string_t *ret)
{
        if (maybe_x)
                look(data, *maybe_x, ret);
        return maybe_x;
}

static void look_pair(void *data, test_shelf_things_tuple3_borrow_thing_u8_borrow_thing_t *x,
                      test_shelf_things_result_borrow_thing_string_t *y, shelf_string_t *ret)
{
        look(data, x->f0, ret);
        append(ret, &x->f2->name);
        append(ret, y->is_err ? &y->val.err : &y->val.ok->name);
}

static void of_labelled(void *data, test_shelf_things_labelled_t *x, test_shelf_things_labelled_t *ret)
{
        assert_null(data);
        ret->thing = x->thing;
        copy(&ret->label, &x->label);
}

static void of_list(void *data, test_shelf_things_list_own_thing_t *x, test_shelf_things_list_own_thing_t *ret)
{
        assert_null(data);
        ret->len = x->len;
        ret->ptr = calloc(x->len + 1, sizeof *ret->ptr);
        assert_non_null(ret->ptr);
        memcpy(ret->ptr, x->ptr, x->len * sizeof *x->ptr);
}

static void of_held(void *data, test_shelf_things_held_t *x, test_shelf_things_held_t *ret)
{
        *ret = *x;
        if (x->tag == TEST_SHELF_THINGS_HELD_SEVERAL)
                of_list(data, &x->val.several, &ret->val.several);
}

const struct shelf_services shelf_test_services = {
        .things_constructor_thing = make,
        .things_static_thing_make = try_make,
        .things_method_thing_name = look,
        .things_method_thing_rename = change_name,
        .things_method_thing_same = same,
        .things_method_thing_merge = merge,
        .things_count = count,
        .things_give = make,
        .things_take = take,
        .things_look = look,
        .things_pass = pass,
        .things_look_at = look_at,
        .things_look_maybe = look_maybe,
        .things_look_pair = look_pair,
        .things_of_labelled = of_labelled,
        .things_of_held = of_held,
        .things_of_list = of_list,
        .things_thing_destructor = destroy,
};

/* --- The add-in's things ---------------------------------------------------------------------- */

typedef exports_test_shelf_things_own_thing_t token;
typedef exports_test_shelf_things_borrow_thing_t lent;

static struct ward_fault fault;

static void good(int result)
{
        if (result < 0)
                fail_msg("%s", fault.text);
        assert_int_equal(result, 0);
}

static shelf_string_t text(const char *s)
{
        shelf_string_t made;
        shelf_string_set(&made, s);
        return made;
}

static void assert_text(shelf_string_t *given, const char *expected)
{
        assert_int_equal(given->len, strlen(expected));
        assert_memory_equal(given->ptr, expected, given->len);
        shelf_string_free(given);
}

static token new_token(struct shelf *shelf, const char *name)
{
        shelf_string_t s = text(name);
        token made;
        good(shelf_things_constructor_thing(shelf, &s, &made, &fault));
        return made;
}

static lent lend(token own)
{
        return shelf_things_borrow_thing(own);
}

static void assert_name(struct shelf *shelf, token own, const char *expected)
{
        shelf_string_t name;
        good(shelf_things_method_thing_name(shelf, lend(own), &name, &fault));
        assert_text(&name, expected);
}

static void assert_count(struct shelf *shelf, uint32_t expected)
{
        uint32_t n;
        good(shelf_things_count(shelf, &n, &fault));
        assert_int_equal(n, expected);
}

static void check_methods(struct shelf *shelf)
{
        token a = new_token(shelf, "a"), b = new_token(shelf, "b"), made;
        shelf_string_t none = text(""), c = text("c"), old;
        bool is;
        assert_int_equal(shelf_things_static_thing_make(shelf, &none, &made, &old, &fault), 1);
        assert_text(&old, "a thing has a name");
        good(shelf_things_static_thing_make(shelf, &c, &made, &old, &fault));
        good(shelf_things_method_thing_rename(shelf, lend(a), &c, &old, &fault));
        assert_text(&old, "a");
        good(shelf_things_method_thing_same(shelf, lend(a), lend(a), &is, &fault));
        assert_true(is);
        good(shelf_things_method_thing_same(shelf, lend(a), lend(made), &is, &fault));
        assert_false(is);
        good(shelf_things_method_thing_merge(shelf, lend(a), b, &fault));
        assert_name(shelf, a, "cb");
        assert_count(shelf, 2);
        good(shelf_things_thing_drop_own(shelf, a, &fault));
        good(shelf_things_take(shelf, made, &old, &fault));
        assert_text(&old, "c");
        assert_count(shelf, 0);
}

static void check_lent(struct shelf *shelf)
{
        token a = new_token(shelf, "a"), b = new_token(shelf, "b");
        lent both[] = { lend(a), lend(b), lend(a) };
        exports_test_shelf_things_list_borrow_thing_t list = { both, 3 }, empty = { NULL, 0 };
        exports_test_shelf_things_tuple3_borrow_thing_u8_borrow_thing_t pair = { lend(a), 7, lend(a) };
        exports_test_shelf_things_result_borrow_thing_string_t ok = { .val = { .ok = lend(b) } };
        exports_test_shelf_things_result_borrow_thing_string_t err = { .is_err = true, .val = { .err = text("!") } };
        shelf_list_string_t names;
        shelf_option_string_t maybe;
        shelf_string_t name;
        good(shelf_things_look_at(shelf, &list, &names, &fault));
        assert_int_equal(names.len, 3);
        assert_true(names.ptr[1].ptr[0] == 'b' && names.ptr[2].ptr[0] == 'a');
        shelf_list_string_free(&names);
        good(shelf_things_look_at(shelf, &empty, &names, &fault));
        assert_int_equal(names.len, 0);
        good(shelf_things_look_maybe(shelf, NULL, &maybe, &fault));
        assert_false(maybe.is_some);
        good(shelf_things_look_maybe(shelf, &both[1], &maybe, &fault));
        assert_true(maybe.is_some);
        assert_text(&maybe.val, "b");
        good(shelf_things_look_pair(shelf, &pair, &ok, &name, &fault));
        assert_text(&name, "aab");
        good(shelf_things_look_pair(shelf, &pair, &err, &name, &fault));
        assert_text(&name, "aa!");
        good(shelf_things_thing_drop_own(shelf, a, &fault));
        good(shelf_things_thing_drop_own(shelf, b, &fault));
        assert_count(shelf, 0);
}

static void check_given(struct shelf *shelf)
{
        token two[] = { new_token(shelf, "b"), new_token(shelf, "c") };
        exports_test_shelf_things_labelled_t in = { text("label"), new_token(shelf, "a") }, out;
        exports_test_shelf_things_held_t none = { .tag = EXPORTS_TEST_SHELF_THINGS_HELD_NOTHING }, one = none, several = none, back;
        exports_test_shelf_things_list_own_thing_t list;
        good(shelf_things_of_labelled(shelf, &in, &out, &fault));
        assert_text(&out.label, "label");
        good(shelf_things_of_held(shelf, &none, &back, &fault));
        assert_int_equal(back.tag, EXPORTS_TEST_SHELF_THINGS_HELD_NOTHING);
        one.tag = EXPORTS_TEST_SHELF_THINGS_HELD_SINGLE;
        good(shelf_things_pass(shelf, out.thing, &one.val.single, &fault));
        good(shelf_things_of_held(shelf, &one, &back, &fault));
        assert_int_equal(back.tag, EXPORTS_TEST_SHELF_THINGS_HELD_SINGLE);
        assert_name(shelf, back.val.single, "a");
        good(shelf_things_thing_drop_own(shelf, back.val.single, &fault));
        several.tag = EXPORTS_TEST_SHELF_THINGS_HELD_SEVERAL;
        several.val.several = (exports_test_shelf_things_list_own_thing_t){ two, 2 };
        good(shelf_things_of_held(shelf, &several, &back, &fault));
        good(shelf_things_of_list(shelf, &back.val.several, &list, &fault));
        exports_test_shelf_things_held_free(&back);
        assert_int_equal(list.len, 2);
        assert_name(shelf, list.ptr[0], "b");
        assert_name(shelf, list.ptr[1], "c");
        for (size_t i = 0; i < 2; i++)
                good(shelf_things_thing_drop_own(shelf, list.ptr[i], &fault));
        exports_test_shelf_things_list_own_thing_free(&list);
        assert_count(shelf, 0);
}

void check_addins_things(struct shelf *shelf)
{
        check_methods(shelf);
        check_lent(shelf);
        check_given(shelf);
}

/* --- The host's things, in the add-in's hands ------------------------------------------------- */

static thing *new_thing(const char *name)
{
        shelf_string_t s = text(name);
        return make(NULL, &s);
}

static void check_kept(struct shelf *shelf)
{
        shelf_option_string_t kept;
        shelf_option_own_thing_t back;
        good(shelf_kept(shelf, &kept, &fault));
        assert_false(kept.is_some);
        good(shelf_keep(shelf, new_thing("lost"), &fault));
        thing *last = new_thing("last");
        good(shelf_keep(shelf, last, &fault));
        assert_int_equal(living, 1);
        good(shelf_kept(shelf, &kept, &fault));
        assert_true(kept.is_some);
        assert_text(&kept.val, "last");
        good(shelf_give_back(shelf, &back, &fault));
        assert_true(back.is_some);
        assert_ptr_equal(back.val, last);
        destroy(NULL, last);
        good(shelf_give_back(shelf, &back, &fault));
        assert_false(back.is_some);
}

static void check_relayed(struct shelf *shelf)
{
        thing *two[] = { new_thing("b"), new_thing("c") };
        shelf_labelled_t in = { text("label"), two[0] }, out;
        shelf_held_t several = { TEST_SHELF_THINGS_HELD_SEVERAL, { .several = { two, 2 } } }, back;
        good(shelf_relay_labelled(shelf, &in, &out, &fault));
        assert_ptr_equal(out.thing, two[0]);
        assert_text(&out.label, "label");
        good(shelf_relay_held(shelf, &several, &back, &fault));
        assert_int_equal(back.val.several.len, 2);
        assert_memory_equal(back.val.several.ptr, two, sizeof two);
        test_shelf_things_held_free(&back);
        destroy(NULL, two[0]);
        destroy(NULL, two[1]);
}

void check_hosts_things(struct shelf *shelf)
{
        shelf_string_t name = text("guest"), got;
        thing *a = new_thing("a"), *b = new_thing("b");
        thing *both[] = { b, a };
        shelf_list_borrow_thing_t list = { both, 2 };
        good(shelf_visit(shelf, &name, &got, &fault));
        assert_text(&got, "guest");
        good(shelf_peek(shelf, a, &list, &got, &fault));
        assert_text(&got, "aba");
        destroy(NULL, a);
        destroy(NULL, b);
        check_kept(shelf);
        check_relayed(shelf);
        assert_int_equal(living, 0);
}
