#include "sandbox/layers.h"

#include <string.h>
#include "sandbox/advice.h"
#include "test/harness/harness.h"

static const enum ward_level levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_HOST };

#define EACH_LEVEL(level)                                                                                                          \
        size_t i = 0;                                                                                                              \
        i < 4 && ((level) = levels[i], 1);                                                                                         \
        i++

TEST(every_layer_has_a_name_a_meaning_and_an_area)
{
        unsigned all = 0;
        for (unsigned bit = 1; ward_layer_name(bit); bit <<= 1) {
                all |= bit;
                assert_non_null(layers_about(bit));
                assert_true(layers_guarded(bit) != 0 && layers_guarded(bit) < 1u << LAYERS_AREAS);
                for (unsigned area = 1; layers_area_name(area); area <<= 1)
                        assert_int_equal(!(layers_guarding(area) & bit), !(layers_guarded(bit) & area));
        }
        assert_int_equal(all, WARD_LAYER_ALL);
        assert_null(ward_layer_name(0));
        assert_null(ward_layer_name(3));
        assert_null(layers_about(1u << 31));
        assert_null(layers_area_name(0));
        assert_int_equal(layers_guarded(1u << 31), 0);
}

TEST(every_area_is_held_by_two_layers_at_the_levels_that_are_not_trusted)
{
        for (unsigned area = 1; layers_area_name(area); area <<= 1) {
                assert_non_null(layers_area_about(area));
                assert_true(__builtin_popcount(layers_wanted_of(WARD_LEVEL_INTERNET, false) & layers_guarding(area)) >= 2);
                assert_true(__builtin_popcount(layers_wanted_of(WARD_LEVEL_INTRANET, false) & layers_guarding(area)) >= 2);
        }
}

TEST(what_a_level_asks_for_is_above_its_floor)
{
        enum ward_level level;
        for (EACH_LEVEL(level))
                for (int root = 0; root < 2; root++)
                        assert_null(layers_missing(level, root, layers_wanted_of(level, root)));
}

TEST(a_lower_level_asks_for_no_less)
{
        for (int root = 0; root < 2; root++) {
                assert_int_equal(layers_wanted_of(WARD_LEVEL_INTERNET, root), layers_wanted_of(WARD_LEVEL_INTRANET, root));
                assert_int_equal(layers_wanted_of(WARD_LEVEL_FULL_TRUST, root) & ~layers_wanted_of(WARD_LEVEL_INTRANET, root), 0);
                assert_int_equal(layers_wanted_of(WARD_LEVEL_HOST, root) & ~layers_wanted_of(WARD_LEVEL_FULL_TRUST, root), 0);
                assert_int_equal(layers_wanted_of(WARD_LEVEL_DEFAULT, root), layers_wanted_of(WARD_LEVEL_FULL_TRUST, root));
        }
}

TEST(only_user_0_is_to_become_another)
{
        assert_false(layers_wanted_of(WARD_LEVEL_INTERNET, false) & WARD_LAYER_OTHER_USER);
        assert_true(layers_wanted_of(WARD_LEVEL_INTERNET, true) & WARD_LAYER_OTHER_USER);
        assert_true(layers_missing(WARD_LEVEL_INTERNET, true, WARD_LAYER_ALL & ~WARD_LAYER_OTHER_USER) != NULL);
        assert_null(layers_missing(WARD_LEVEL_INTERNET, false, WARD_LAYER_ALL & ~WARD_LAYER_OTHER_USER));
}

/* The whole table: what each layer's absence, and that of each pair that stands for one another, means. */
TEST(floors_are_these)
{
        const unsigned alone = WARD_LAYER_FILTER | WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_NO_CAPABILITIES |
                               WARD_LAYER_NO_NEW_PRIVILEGES | WARD_LAYER_HIDDEN;
        for (unsigned bit = 1; bit <= WARD_LAYER_CGROUP; bit <<= 1) {
                unsigned held = WARD_LAYER_ALL & ~bit;
                assert_int_equal(!layers_missing(WARD_LEVEL_INTERNET, false, held), !(bit & alone));
                assert_int_equal(!layers_missing(WARD_LEVEL_INTRANET, true, held), !(bit & (alone | WARD_LAYER_OTHER_USER)));
                assert_int_equal(!layers_missing(WARD_LEVEL_FULL_TRUST, true, held), bit != WARD_LAYER_NO_NEW_PRIVILEGES);
                assert_null(layers_missing(WARD_LEVEL_HOST, true, 0));
        }
        assert_non_null(layers_missing(WARD_LEVEL_INTERNET, false, WARD_LAYER_ALL & ~(WARD_LAYER_OWN_ROOT | WARD_LAYER_LANDLOCK)));
        assert_non_null(layers_missing(WARD_LEVEL_INTERNET, false, WARD_LAYER_ALL & ~(WARD_LAYER_RLIMITS | WARD_LAYER_CGROUP)));
        assert_non_null(
                layers_missing(WARD_LEVEL_INTERNET, false, WARD_LAYER_ALL & ~(WARD_LAYER_PID_NAMESPACE | WARD_LAYER_OTHER_USER)));
}

TEST(below_the_floor_is_refused_and_says_what_is_missing)
{
        struct ward_fault fault = { 0 };
        assert_int_equal(layers_check(WARD_LEVEL_INTERNET, WARD_LAYER_ALL, &fault), 0);
        assert_int_equal(layers_check(WARD_LEVEL_HOST, 0, &fault), 0);
        assert_int_equal(layers_check(WARD_LEVEL_INTERNET, WARD_LAYER_ALL & ~(WARD_LAYER_OWN_ROOT | WARD_LAYER_LANDLOCK), &fault),
                         -WARD_FAULT_REFUSED);
        assert_int_equal(fault.kind, WARD_FAULT_REFUSED);
        assert_non_null(strstr(fault.text, "internet"));
        assert_non_null(strstr(fault.text, "own-root or landlock"));
        assert_non_null(strstr(fault.text, "ward doctor"));
        assert_int_equal(layers_check(WARD_LEVEL_INTRANET, 0, NULL), -WARD_FAULT_REFUSED);
}

TEST(advice_is_bounded_and_complete_sentences)
{
        char room[400], small[5];
        for (unsigned bit = 1; bit <= WARD_LAYER_CGROUP; bit <<= 1) {
                advice_for(bit, room, sizeof room);
                size_t len = strlen(room);
                assert_true(!len || (len + 1 < sizeof room && room[len - 1] == ' ' && room[len - 2] == '.'));
                advice_for(bit, small, sizeof small);
                assert_true(strlen(small) < sizeof small);
        }
        advice_for(0, room, sizeof room);
        assert_string_equal(room, "");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(every_layer_has_a_name_a_meaning_and_an_area),
                         TEST_CASE(every_area_is_held_by_two_layers_at_the_levels_that_are_not_trusted),
                         TEST_CASE(what_a_level_asks_for_is_above_its_floor), TEST_CASE(a_lower_level_asks_for_no_less),
                         TEST_CASE(only_user_0_is_to_become_another), TEST_CASE(floors_are_these),
                         TEST_CASE(below_the_floor_is_refused_and_says_what_is_missing),
                         TEST_CASE(advice_is_bounded_and_complete_sentences));
}
