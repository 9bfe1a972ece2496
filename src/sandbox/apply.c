#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/landlock.h"
#include "sandbox/namespaces.h"
#include "sandbox/plan.h"
#include "sandbox/root.h"

/* A worker on its way into confinement. */
struct applying {
        const struct sandbox_plan *plan;
        const struct sandbox_place *place;
        struct sandbox_result *result;
};

static bool wants(const struct applying *applying, unsigned layer)
{
        return applying->plan->layers & layer && !(applying->result->held & layer);
}

/* What a step gave: a layer that the system lacks is left out. */
static int hold(struct applying *applying, unsigned layer, int r)
{
        applying->result->held |= r ? 0 : layer;
        return r < 0 ? r : 0;
}

/* Of those that the kernel gives only to who has given up new privileges. */
static int hold_restricted(struct applying *applying, unsigned layer, int r)
{
        bool entitled = applying->result->held & WARD_LAYER_NO_NEW_PRIVILEGES;
        return hold(applying, layer, (r == -EPERM || r == -EACCES) && !entitled ? 1 : r);
}

/* --- What needs no layer ---------------------------------------------------------------------- */

static int apply_environment(struct applying *applying)
{
        if (clearenv())
                return -ENOMEM;
        for (const char *const *text = applying->plan->grants.environment; *text; text++) {
                char *copy = strdup(*text);
                if (!copy || putenv(copy))
                        return -ENOMEM;
        }
        return 0;
}

static int open_proc(const struct applying *applying, const char *name, int flags)
{
        return openat(applying->place->proc, name, flags | O_CLOEXEC);
}

/* If the machine runs out of memory, a worker is to go before its host. Where /proc is not there or not ours to write, only this
 * preference is lost. A zygote is hidden, and its /proc files root's: not so a worker that is not yet. */
static int apply_oom_preference(struct applying *applying)
{
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        OWNED(fd_closep) int fd = open_proc(applying, "self/oom_score_adj", O_WRONLY);
        if (fd >= 0 && write(fd, "1000", 4) < 0)
                errno = 0;
        return 0;
}

static int apply_cpus(struct applying *applying)
{
        const cpu_set_t *cpus = &applying->plan->cpus;
        if (!CPU_COUNT(cpus))
                return 0;
        return sched_setaffinity(0, sizeof *cpus, cpus) < 0 ? -errno : 0;
}

/* --- Limits ----------------------------------------------------------------------------------- */

static int apply_core(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_NO_CORE))
                return 0;
        return hold(applying, WARD_LAYER_NO_CORE, limits_forbid_core());
}

/* Who has a filter is not trusted with what it has no need of, either. */
static int apply_limits(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_RLIMITS))
                return 0;
        int r = limits_apply(&applying->plan->limits, applying->place->proc);
        if (!r && applying->plan->layers & WARD_LAYER_FILTER)
                r = limits_apply_least();
        return hold(applying, WARD_LAYER_RLIMITS, r);
}

/* Those of its user, so where that is not the host's. */
static int apply_processes(struct applying *applying)
{
        uint32_t held = applying->result->held;
        if (!(held & WARD_LAYER_RLIMITS) || !(held & (WARD_LAYER_OTHER_USER | WARD_LAYER_USER_NAMESPACE)))
                return 0;
        return limits_apply_processes(&applying->plan->limits);
}

/* --- Layers ----------------------------------------------------------------------------------- */

/* That of users is a step of its own: it ends the rights to make what lies between. */
static int apply_namespaces(struct applying *applying)
{
        unsigned wanted =
                WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_IPC_NAMESPACE | WARD_LAYER_UTS_NAMESPACE | WARD_LAYER_CGROUP_NAMESPACE;
        applying->result->held |= namespaces_unshare(wanted & applying->plan->layers);
        return 0;
}

static int apply_network(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_NETWORK_NAMESPACE))
                return 0;
        return hold(applying, WARD_LAYER_NETWORK_NAMESPACE, setns(applying->place->empty, CLONE_NEWNET) < 0);
}

static int apply_root(struct applying *applying)
{
        const struct grants *grants = &applying->plan->grants;
        const struct sandbox_root root = { .grants = grants->grants, .n_grants = grants->n };
        if (!wants(applying, WARD_LAYER_OWN_ROOT) || !(applying->result->held & WARD_LAYER_MOUNT_NAMESPACE))
                return 0;
        if (grants->n > SANDBOX_ROOT_GRANTS_MAX)
                return -E2BIG;
        return hold(applying, WARD_LAYER_OWN_ROOT, root_change(&root));
}

static int apply_user(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_OTHER_USER) || geteuid())
                return 0;
        return hold(applying, WARD_LAYER_OTHER_USER, user_become(applying->plan->uid));
}

static int apply_user_namespace(struct applying *applying)
{
        applying->result->held |= namespaces_unshare(WARD_LAYER_USER_NAMESPACE & applying->plan->layers);
        return 0;
}

static int apply_no_capabilities(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_NO_CAPABILITIES))
                return 0;
        return hold(applying, WARD_LAYER_NO_CAPABILITIES, capabilities_drop());
}

static int apply_no_new_privileges(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_NO_NEW_PRIVILEGES))
                return 0;
        return hold(applying, WARD_LAYER_NO_NEW_PRIVILEGES, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0);
}

static int apply_landlock(struct applying *applying)
{
        const struct grants *grants = &applying->plan->grants;
        if (!wants(applying, WARD_LAYER_LANDLOCK))
                return 0;
        int r = landlock_restrict(grants->grants, grants->n);
        return hold_restricted(applying, WARD_LAYER_LANDLOCK, r ? r : !landlock_is_in_force());
}

static int apply_hidden(struct applying *applying)
{
        if (!wants(applying, WARD_LAYER_HIDDEN))
                return 0;
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
                return -errno;
        return hold(applying, WARD_LAYER_HIDDEN, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0);
}

/* One that only observes holds nothing. */
static int apply_filter(struct applying *applying)
{
        int r = filter_apply(&applying->plan->filter, &applying->result->listener);
        if (wants(applying, WARD_LAYER_FILTER))
                return hold_restricted(applying, WARD_LAYER_FILTER, r);
        return r > 0 && applying->plan->filter.program.len ? -EOPNOTSUPP : r < 0 ? r : 0;
}

static const struct {
        const char *words;
        int (*apply)(struct applying *applying);
} steps[] = {
        { "set the environment", apply_environment },                         /* allocates, so before the memory limit */
        { "offer itself to the out-of-memory killer", apply_oom_preference }, /* writes to /proc/self, so before it is hidden */
        { "choose its processors (limits.cpu_affinity)", apply_cpus },
        { "forbid core dumps", apply_core },
        { "limit what it uses (limits, quota)", apply_limits }, /* reads /proc/self, so before it is hidden */
        { "enter namespaces", apply_namespaces },
        { "leave the network", apply_network },
        { "change its root to what is granted (permissions)", apply_root },
        { "become another user", apply_user },
        { "enter a user namespace", apply_user_namespace },
        { "limit its processes (quota.processes)", apply_processes }, /* counted for who it is by now */
        { "give up its capabilities", apply_no_capabilities },
        { "give up new privileges", apply_no_new_privileges },
        { "restrict itself by Landlock", apply_landlock },
        { "hide itself from others", apply_hidden },
        { "install its filter of system calls", apply_filter }, /* last: it refuses what came before */
};

int sandbox_apply(const struct sandbox_plan *plan, const struct sandbox_place *place, struct sandbox_result *ret_result)
{
        struct applying applying = { plan, place, ret_result };
        *ret_result = (struct sandbox_result){ .held = place->held & plan->layers, .listener = -1 };
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
                int r = steps[i].apply(&applying);
                if (r < 0) {
                        ret_result->step = steps[i].words;
                        return r;
                }
        }
        return 0;
}
