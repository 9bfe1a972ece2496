#include "domain/worker_path.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"

/* From the build: WARD_WORKER_RELATIVE, the way from the library's folder; WARD_WORKER_ABSOLUTE, the installed path. */

static int take(const char *path, char **ret_path, struct ward_fault *fault)
{
        char *copy = strdup(path);
        if (!copy)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot find the worker program");
        *ret_path = copy;
        return 0;
}

static int take_named(const char *path, const char *who, char **ret_path, struct ward_fault *fault)
{
        if (access(path, X_OK) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno,
                                       "the worker program '%s', named by %s, cannot be run: name the installed ward-worker by "
                                       "ward_host_options.worker_path or $WARD_WORKER",
                                       path, who);
        return take(path, ret_path, fault);
}

/* Beside the file that holds this very code: libward.so, or a program that libward.a was linked into. */
static void relative_path(char path[PATH_MAX])
{
        Dl_info info;
        char real[PATH_MAX];
        path[0] = 0;
        if (!dladdr((void *)(uintptr_t)worker_path_find, &info) || !info.dli_fname || !realpath(info.dli_fname, real))
                return;
        char *slash = strrchr(real, '/');
        if (!slash)
                return;
        *slash = 0;
        int n = snprintf(path, PATH_MAX, "%s/%s", real, WARD_WORKER_RELATIVE);
        if (n >= PATH_MAX)
                path[0] = 0;
}

int worker_path_find(const char *given, char **ret_path, struct ward_fault *fault)
{
        const char *set = secure_getenv("WARD_WORKER");
        char relative[PATH_MAX];
        if (given)
                return take_named(given, "ward_host_options.worker_path", ret_path, fault);
        if (set && *set)
                return take_named(set, "$WARD_WORKER", ret_path, fault);
        relative_path(relative);
        if (!access(relative, X_OK))
                return take(relative, ret_path, fault);
        if (!access(WARD_WORKER_ABSOLUTE, X_OK))
                return take(WARD_WORKER_ABSOLUTE, ret_path, fault);
        return fault_set(fault, WARD_FAULT_SYSTEM,
                         "the worker program was found neither at '%s' nor at '%s': install Ward, or name ward-worker by "
                         "ward_host_options.worker_path or $WARD_WORKER",
                         relative, WARD_WORKER_ABSOLUTE);
}
