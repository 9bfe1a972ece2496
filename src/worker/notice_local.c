#include "worker/notice_local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

/* The path of what may be made later: that of its folder. */
static char *resolve_later(const char *name)
{
        const char *slash = strrchr(name, '/');
        OWNED(freep) char *folder = slash > name ? strndup(name, (size_t)(slash - name)) : NULL;
        OWNED(freep) char *real = folder ? realpath(folder, NULL) : NULL;
        char *path;
        if (!real)
                return strdup(name);
        return asprintf(&path, "%s%s", strcmp(real, "/") != 0 ? real : "", slash) < 0 ? NULL : path;
}

void locals_add(struct locals *locals, const char *name)
{
        struct local *all = reallocarray(locals->all, locals->n + 1, sizeof *all);
        if (!all)
                return;
        locals->all = all;
        struct local *local = &all[locals->n];
        *local = (struct local){ strdup(name), realpath(name, NULL) };
        if (!local->path)
                local->path = resolve_later(name);
        if (local->name && local->path) {
                locals->n++;
                return;
        }
        free(local->name);
        free(local->path);
}

static const char *find(const struct locals *locals, const char *name)
{
        for (size_t i = 0; i < locals->n; i++)
                if (!strcmp(locals->all[i].name, name))
                        return locals->all[i].path;
        return NULL;
}

int locals_open(const struct locals *locals, struct sockaddr_un *address, int *ret_fd)
{
        const struct open_how how = { .flags = O_PATH | O_NOFOLLOW | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS };
        const char *path = find(locals, address->sun_path);
        if (!path)
                return -ENOMEM;
        int fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
        if (fd < 0)
                return errno == ELOOP ? -EACCES : -errno;
        snprintf(address->sun_path, sizeof address->sun_path, "/proc/self/fd/%d", fd);
        *ret_fd = fd;
        return 0;
}

void locals_finish(struct locals *locals)
{
        for (size_t i = 0; i < locals->n; i++) {
                free(locals->all[i].name);
                free(locals->all[i].path);
        }
        free(locals->all);
        *locals = (struct locals){ 0 };
}
