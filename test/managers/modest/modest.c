/* Add-in of the tests of host managers that imports less, by its tables. At kind `process` it lies: it calls what they do not list.
 */
#include "managers.c"
#include "worker/worker.h"

enum { LOG = 0, SECRET = 3 }; /* in the host's contract */

/* Has the one import that it lists stand for another. */
static void pretend(uint32_t import)
{
        ((struct module *)env->context)->imports[0] = import;
}

void exports_managers_say(uint8_t level, managers_string_t *text, uint32_t times)
{
        const struct import_vault_number_args args = { 0 };
        managers_string_free(text);
        pretend(LOG);
        env->post(env->context, 0, &args);
}

uint32_t exports_managers_double_secret(void)
{
        pretend(SECRET);
        return 2 * test_managers_vault_number();
}

uint32_t exports_managers_vault_number(void)
{
        return test_managers_vault_number();
}

uint64_t exports_managers_now(uint32_t clock)
{
        return clock;
}

uint64_t exports_managers_nap(uint32_t ms)
{
        return ms;
}

uint32_t exports_managers_which(void)
{
        return 2;
}
