/* Add-in of the tests of host managers. */
#include <time.h>
#include "managers.h"

#ifndef WHICH
#define WHICH 1
#endif

void exports_managers_say(uint8_t level, managers_string_t *text, uint32_t times)
{
        for (uint32_t i = 0; i < times; i++) {
                managers_string_t line = *text;
                if (level == 6)
                        ward_domain_log_log_post(WARD_DOMAIN_LOG_LEVEL_INFO, &line);
                else
                        ward_domain_log_log(level == 5 ? (ward_domain_log_level_t)(i % 5) : level, &line);
        }
        managers_string_free(text);
}

uint32_t exports_managers_double_secret(void)
{
        return 2 * managers_secret();
}

uint32_t exports_managers_vault_number(void)
{
        return test_managers_vault_number();
}

static uint64_t read_clock(clockid_t clock)
{
        struct timespec t;
        clock_gettime(clock, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t exports_managers_now(uint32_t clock)
{
        return read_clock(clock ? CLOCK_MONOTONIC : CLOCK_REALTIME);
}

uint64_t exports_managers_nap(uint32_t ms)
{
        uint64_t before = read_clock(CLOCK_MONOTONIC);
        nanosleep(&(struct timespec){ ms / 1000, (long)(ms % 1000) * 1000000 }, NULL);
        return (read_clock(CLOCK_MONOTONIC) - before) / 1000000;
}

uint32_t exports_managers_which(void)
{
        return WHICH;
}
