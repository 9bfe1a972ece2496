/* An add-in that gives every value back, itself or by way of the host. */
#include "values.h"

values_few_t exports_values_of_few(values_few_t x)
{
        return x;
}

values_ten_t exports_values_of_ten(values_ten_t x)
{
        return x;
}

values_many_t exports_values_of_many(values_many_t x)
{
        return x;
}

void exports_values_of_shape(values_shape_t *x, values_shape_t *ret)
{
        *ret = *x;
}

void exports_values_of_shapes(values_list_shape_t *x, values_list_shape_t *ret)
{
        *ret = *x;
}

void exports_values_of_mixed(values_mixed_t *x, values_mixed_t *ret)
{
        *ret = *x;
}

void exports_values_of_grid(values_grid_t *x, values_grid_t *ret)
{
        *ret = *x;
}

void exports_values_of_names(values_list3_string_t *x, values_list3_string_t *ret)
{
        *ret = *x;
}

void exports_values_of_ages(values_ages_t *x, values_ages_t *ret)
{
        *ret = *x;
}

void exports_values_of_maps(values_map_u8_map_char32_string_t *x, values_map_u8_map_char32_string_t *ret)
{
        *ret = *x;
}

void exports_values_of_flag_list(values_list_many_t *x, values_list_many_t *ret)
{
        *ret = *x;
}

void exports_values_turned(values_shape_t *x, values_grid_t *g, values_few_t f, values_shape_t *ret)
{
        values_turn(x, g, f, ret);
        values_shape_free(x);
}

bool exports_values_age_of(values_ages_t *a, values_string_t *name, uint32_t *ret)
{
        bool known = values_look_up(a, name, ret);
        values_ages_free(a);
        values_string_free(name);
        return known;
}
