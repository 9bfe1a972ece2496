#include "test/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "sandbox/layers.h"
#include "sandbox/machine.h"

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

/* Looked at once a process: the tests of a program run in processes of their own. */
static const struct machine *this_machine(void)
{
        static struct machine machine;
        if (!machine.system.sysname[0])
                machine_look(&machine);
        return &machine;
}

static void skip_without(unsigned layers)
{
        char reason[400], text[600];
        unsigned layer = layers & -layers;
        machine_reason(this_machine(), layer, reason, sizeof reason);
        snprintf(text, sizeof text, "this machine has no %s: %s", ward_layer_name(layer), reason);
        harness_skip(text);
}

void support_needs(unsigned layers)
{
        unsigned missing = layers & ~this_machine()->offered;
        if (missing)
                skip_without(missing);
}

void support_needs_level(enum ward_level level)
{
        const struct layers_rule *rule = layers_missing(level, this_machine()->root, this_machine()->offered);
        if (rule)
                skip_without(rule->layers);
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
