/* An add-in that uses another's objects. */
#include "users.h"

static test_objects_counters_own_counter_t kept;

int32_t exports_users_raise(users_borrow_counter_t c, int32_t n)
{
        int32_t sum = test_objects_counters_method_counter_add(c, n);
        test_objects_counters_counter_drop_borrow(c);
        return sum;
}

void exports_users_keep(users_own_counter_t c)
{
        kept = c;
}

bool exports_users_give(users_own_counter_t *ret)
{
        *ret = kept;
        kept.__handle = 0;
        return ret->__handle;
}
