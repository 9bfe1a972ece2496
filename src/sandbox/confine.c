#include "sandbox/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/landlock.h"

/* Ids that nobody has: between those of distributions' users and systemd's. Several, for the number of processes is counted by
 * them. */
enum { FIRST_ID = 60578, IDS = 600 };

int confinement_init(struct confinement *ret_confinement)
{
        *ret_confinement = (struct confinement){ .layers = CONFINEMENT_ALL, .uid = (uid_t)(FIRST_ID + getpid() % IDS) };
        namespaces_prepare(&ret_confinement->namespaces);
        return filter_prepare(FILTER_COMPILER, NULL, &ret_confinement->filter);
}

void confinement_finish(struct confinement *confinement)
{
        filter_finish(&confinement->filter);
}

/* If the machine runs out of memory, this goes first. */
static void offer_to_oom_killer(void)
{
        OWNED(fd_closep) int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        if (fd >= 0 && write(fd, "1000", 4) < 0)
                errno = 0;
}

/* A copy of the host's memory: what is confined is not to look into it. Last, since /proc/self is then closed to it as well. */
static int hide(void)
{
        return prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 ? -errno : 0;
}

int confinement_enter(const struct confinement *confinement, unsigned *held)
{
        offer_to_oom_killer();
        if (confinement->layers & CONFINEMENT_NAMESPACES)
                *held |= namespaces_enter(&confinement->namespaces);
        if (*held & WARD_LAYER_MOUNT_NAMESPACE && confinement->layers & WARD_LAYER_OWN_ROOT) {
                int r = root_change(&confinement->root);
                if (r < 0)
                        return r;
                *held |= r ? 0 : WARD_LAYER_OWN_ROOT;
        }
        return hide();
}

/* User 0 can write wherever it has a root in common with others, but where it has not, nothing there is for user 0 alone. */
static int become_other(uid_t uid, unsigned *held)
{
        int r = user_become(uid);
        *held |= r ? 0 : WARD_LAYER_OTHER_USER;
        return r < 0 ? r : 0;
}

static int restrict_files(const struct confinement *confinement)
{
        const struct sandbox_root *root = &confinement->root;
        struct sandbox_grant grants[SANDBOX_ROOT_GRANTS_MAX + 2];
        memcpy(grants, root->grants, root->n_grants * sizeof *grants);
        grants[root->n_grants] = (struct sandbox_grant){ ".", SANDBOX_READ };
        grants[root->n_grants + 1] = (struct sandbox_grant){ root->scratch, SANDBOX_READ | SANDBOX_WRITE };
        return landlock_restrict(grants, root->n_grants + 2);
}

int confinement_seal(const struct confinement *confinement, unsigned *held)
{
        int r = 0;
        if (*held & WARD_LAYER_OWN_ROOT && !(*held & WARD_LAYER_USER_NAMESPACE) && confinement->layers & WARD_LAYER_OTHER_USER &&
            !geteuid())
                r = become_other(confinement->uid, held);
        if (!r)
                r = capabilities_drop();
        if (!r && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                r = -errno;
        *held |= r ? 0 : WARD_LAYER_NO_CAPABILITIES | WARD_LAYER_NO_NEW_PRIVILEGES;
        if (!r && confinement->layers & WARD_LAYER_LANDLOCK) {
                r = restrict_files(confinement);
                *held |= r ? 0 : WARD_LAYER_LANDLOCK;
        }
        /* Last, for what came before makes calls that it refuses. */
        if (r >= 0 && confinement->layers & WARD_LAYER_FILTER) {
                int listener;
                r = filter_apply(&confinement->filter, &listener);
                *held |= r ? 0 : WARD_LAYER_FILTER;
        }
        return r < 0 ? r : 0;
}
