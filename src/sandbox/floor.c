/* What the levels ask for, and their floors. */
#include <stdio.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "sandbox/advice.h"
#include "sandbox/layers.h"

enum {
        HOST = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_NO_CORE | WARD_LAYER_RLIMITS | WARD_LAYER_CGROUP,
        FULL_TRUST = HOST | WARD_LAYER_NO_NEW_PRIVILEGES | WARD_LAYER_HIDDEN,
        BELOW = WARD_LAYER_ALL & ~WARD_LAYER_OTHER_USER,
};

bool layers_host_is_root(void)
{
        unsigned inside = 1, outside = 1;
        if (geteuid())
                return false;
        FILE *map = fopen("/proc/self/uid_map", "re");
        if (!map)
                return true;
        int n = fscanf(map, "%u %u", &inside, &outside);
        fclose(map);
        return n != 2 || (!inside && !outside);
}

unsigned layers_wanted_of(enum ward_level level, bool root)
{
        switch (level) {
        case WARD_LEVEL_HOST:
                return HOST;
        case WARD_LEVEL_INTERNET:
        case WARD_LEVEL_INTRANET:
                return BELOW | (root ? WARD_LAYER_OTHER_USER : 0);
        default:
                return FULL_TRUST;
        }
}

unsigned layers_wanted(enum ward_level level)
{
        return layers_wanted_of(level, !geteuid());
}

static const struct layers_rule of_host[] = { { 0, NULL } };

/* Not WARD_LAYER_HIDDEN: who asks for core dumps does without. */
static const struct layers_rule of_full_trust[] = {
        { WARD_LAYER_NO_NEW_PRIVILEGES, "it could get rights by executing set-user-ID programs" },
        { 0, NULL },
};

/* Beside the filter one more layer for each area where the kernel has another, since filters have been passed before. Landlock is
 * none for the network: of that it knows TCP only. */
static const struct layers_rule of_others[] = {
        { WARD_LAYER_OTHER_USER, "it would be user 0, to whom most files belong" }, /* of a host that is */
        { WARD_LAYER_NO_NEW_PRIVILEGES, "it could get rights by executing set-user-ID programs" },
        { WARD_LAYER_FILTER, "no system call is refused" },
        { WARD_LAYER_NETWORK_NAMESPACE, "nothing but the filter keeps it from the network" },
        { WARD_LAYER_PID_NAMESPACE | WARD_LAYER_OTHER_USER, "nothing but the filter keeps it from other processes" },
        { WARD_LAYER_OWN_ROOT | WARD_LAYER_LANDLOCK, "nothing but the filter keeps it from files" },
        { WARD_LAYER_NO_CAPABILITIES, "it would keep rights over the machine" },
        { WARD_LAYER_HIDDEN, "others of its user could trace it, and read its memory" },
        { WARD_LAYER_RLIMITS | WARD_LAYER_CGROUP, "nothing limits what it takes" },
        { 0, NULL },
};

const struct layers_rule *layers_floor(enum ward_level level, bool root)
{
        switch (level) {
        case WARD_LEVEL_HOST:
                return of_host;
        case WARD_LEVEL_INTERNET:
        case WARD_LEVEL_INTRANET:
                return root ? of_others : of_others + 1;
        default:
                return of_full_trust;
        }
}

const struct layers_rule *layers_missing(enum ward_level level, bool root, unsigned held)
{
        const struct layers_rule *rule = layers_floor(level, root);
        while (rule->layers && rule->layers & held)
                rule++;
        return rule->layers ? rule : NULL;
}

/* "own-root or landlock" */
static void name_layers(unsigned layers, char *room, size_t size)
{
        size_t len = 0;
        *room = 0;
        for (unsigned bit = 1; bit <= layers; bit <<= 1)
                if (layers & bit && len < size)
                        len += (size_t)snprintf(room + len, size - len, "%s%s", len ? " or " : "", ward_layer_name(bit));
}

/* Whether it matters that the host is user 0: to find that out takes reading a file, with each domain. */
static bool matters(enum ward_level level, unsigned held)
{
        return !(held & WARD_LAYER_OTHER_USER) && layers_floor(level, true) != layers_floor(level, false);
}

int layers_check(enum ward_level level, unsigned held, struct ward_fault *fault)
{
        char names[80], advice[400];
        const struct layers_rule *rule = layers_missing(level, matters(level, held) && layers_host_is_root(), held);
        if (!rule)
                return 0;
        name_layers(rule->layers, names, sizeof names);
        advice_for(rule->layers & -rule->layers, advice, sizeof advice);
        return fault_set(fault, WARD_FAULT_REFUSED, "level %s cannot be held here: without %s, %s. %s`ward doctor` tells more",
                         ward_level_name(level), names, rule->why, advice);
}
