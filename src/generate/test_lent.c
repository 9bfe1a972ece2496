/* <ward/lent.h>: what a call lent is found wherever it lies, and dropped once. */
#include <ward/lent.h>
#include "test/harness/harness.h"

static const struct ward_resource hosts = { "t:p/i#r", 3, false };
static const struct ward_resource own = { "t:p/i#s", 4, true };
static const struct ward_type u32 = { WARD_TYPE_INT, WARD_TYPE_PLAIN, 0, 4, 4, 4, 1, 0, NULL, NULL };
static const struct ward_type lent = { WARD_TYPE_BORROW, WARD_TYPE_HANDLES, 0, 4, 4, 4, 1, 0, NULL, &hosts };
static const struct ward_type owned = { WARD_TYPE_OWN, WARD_TYPE_HANDLES, 0, 4, 4, 4, 1, 0, NULL, &hosts };
static const struct ward_type object = { WARD_TYPE_BORROW, WARD_TYPE_HANDLES, 0, 4, 4, sizeof(void *), 1, 0, NULL, &own };

struct list {
        void *ptr;
        size_t len;
};
static const struct ward_field list_fields[] = { { &lent, 0, 0 } };
static const struct ward_type list = {
        WARD_TYPE_LIST, WARD_TYPE_OWNS | WARD_TYPE_HANDLES, 0, 4, 8, sizeof(struct list), 2, 1, list_fields, NULL
};

struct option {
        bool is_some;
        int32_t val;
};
static const struct ward_field option_fields[] = { { NULL, 0, 0 }, { &lent, offsetof(struct option, val), 4 } };
static const struct ward_type option = {
        WARD_TYPE_VARIANT, WARD_TYPE_HANDLES, 1, 4, 8, sizeof(struct option), 2, 2, option_fields, NULL
};

static const struct ward_field pair_fields[] = { { &lent, 0, 0 } };
static const struct ward_type pair = { WARD_TYPE_ARRAY, WARD_TYPE_HANDLES, 0, 4, 8, 8, 2, 2, pair_fields, NULL };

struct args {
        uint32_t number;
        int32_t self;
        int32_t mine;
        void *object;
        struct list list;
        struct option none;
        struct option some;
        int32_t pair[2];
};
static const struct ward_field args_fields[] = {
        { &u32, offsetof(struct args, number), 0 },   { &lent, offsetof(struct args, self), 4 },
        { &owned, offsetof(struct args, mine), 8 },   { &object, offsetof(struct args, object), 12 },
        { &list, offsetof(struct args, list), 16 },   { &option, offsetof(struct args, none), 24 },
        { &option, offsetof(struct args, some), 32 }, { &pair, offsetof(struct args, pair), 40 },
};
static const struct ward_type args_type = {
        WARD_TYPE_RECORD, WARD_TYPE_OWNS | WARD_TYPE_HANDLES, 0, 4, 48, sizeof(struct args), 12, 8, args_fields, NULL
};

static int32_t dropped[64];
static size_t n_dropped;

static void drop(uint32_t resource, int32_t handle)
{
        assert_int_equal(resource, 3);
        assert_true(n_dropped < 64);
        dropped[n_dropped++] = handle;
}

/* Handles 2, 3, …, as many as @n, in the list. */
static void assert_drops(size_t n)
{
        int32_t *handles = malloc((n + 1) * sizeof *handles);
        for (size_t i = 0; i < n; i++)
                handles[i] = 2 + (int32_t)i;
        struct args args = { 9, 1, 8, handles, { handles, n }, { false, 99 }, { true, 100 }, { 101, 102 } };
        struct ward_lent noted;
        n_dropped = 0;
        ward_lent_note(&noted, &args_type, &args);
        free(handles);
        memset(&args, 0xff, sizeof args);
        ward_lent_drop(&noted, drop);
        assert_int_equal(n_dropped, n + 4);
        for (size_t i = 0; i <= n; i++)
                assert_int_equal(dropped[i], 1 + i);
        for (size_t i = 0; i < 3; i++)
                assert_int_equal(dropped[n + 1 + i], 100 + i);
}

TEST(drops_what_was_lent_after_it_was_freed)
{
        assert_drops(0);
        assert_drops(3);
}

TEST(has_room_for_many)
{
        assert_drops(WARD_LENT_FEW);
        assert_drops(50);
}

TEST(finds_nothing_in_what_has_no_handles)
{
        struct ward_lent noted;
        uint32_t number = 7;
        n_dropped = 0;
        ward_lent_note(&noted, &u32, &number);
        ward_lent_drop(&noted, drop);
        assert_int_equal(n_dropped, 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(drops_what_was_lent_after_it_was_freed), TEST_CASE(has_room_for_many),
                         TEST_CASE(finds_nothing_in_what_has_no_handles));
}
