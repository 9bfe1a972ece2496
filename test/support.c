#include "test/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *addin_file(const char *name, enum ward_isolation isolation)
{
        static char files[8][4096];
        static unsigned next;
        char *file = files[next++ % 8], folders[4096], *save = NULL;
        const char *given = getenv("WARD_TEST_ADDINS");
        snprintf(folders, sizeof folders, "%s", given ? given : ".");
        for (char *folder = strtok_r(folders, ":", &save); folder; folder = strtok_r(NULL, ":", &save)) {
                snprintf(file, sizeof files[0], "%s/%s.%s", folder, name, isolation == WARD_WASM ? "wasm" : "so");
                if (!access(file, R_OK))
                        return file;
        }
        harness_skip("the build has no such add-in");
}

struct ward_activate_options options_for(enum ward_isolation isolation)
{
        return (struct ward_activate_options){
                .size = sizeof(struct ward_activate_options),
                .isolation = isolation,
                .deadline_ms = 2000,
                .limits = { .size = sizeof(struct ward_limits) },
        };
}

struct ward_host *host_start(void)
{
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(NULL, &host, &fault), &fault);
        return host;
}

void assert_good(int result, const struct ward_fault *fault)
{
        if (result)
                fail_msg("%d: %s\n%s", result, result < 0 ? fault->text : "the contract's error",
                         result < 0 ? fault->backtrace : "");
}

void assert_says(const struct ward_fault *fault, const char *phrase)
{
        if (!strstr(fault->text, phrase))
                fail_msg("the fault does not say '%s': %s", phrase, fault->text);
}
