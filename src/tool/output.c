#include "tool/output.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"

int output_folder(const char *path)
{
        OWNED(freep) char *part = strdup(path);
        if (!part)
                return -ENOMEM;
        for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = 0;
                if (mkdir(part, 0777) && errno != EEXIST)
                        return -errno;
                *slash = '/';
        }
        return mkdir(part, 0777) && errno != EEXIST ? -errno : 0;
}

static int write_all(int fd, const char *text, size_t len)
{
        while (len) {
                ssize_t n = write(fd, text, len);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        text += n;
                        len -= (size_t)n;
                }
        }
        return 0;
}

/* The rights that a new file gets: mkostemp grants its owner only. */
static mode_t new_file_mode(void)
{
        mode_t mask = umask(0);
        umask(mask);
        return 0666 & ~mask;
}

static int write_temporary(char *path, const char *text, size_t len)
{
        OWNED(fd_closep) int fd = mkostemp(path, O_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = write_all(fd, text, len);
        if (!r && fchmod(fd, new_file_mode()))
                r = -errno;
        return r;
}

int output_file(const char *folder, const char *name, const char *text, size_t len)
{
        OWNED(freep) char *path = NULL;
        OWNED(freep) char *temporary = NULL;
        if (asprintf(&path, "%s/%s", folder, name) < 0)
                return path = NULL, -ENOMEM;
        if (asprintf(&temporary, "%s/.%s.XXXXXX", folder, name) < 0)
                return temporary = NULL, -ENOMEM;
        int r = write_temporary(temporary, text, len);
        if (!r && rename(temporary, path))
                r = -errno;
        if (r)
                unlink(temporary);
        return r;
}
