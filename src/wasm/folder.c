#include "wasm/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"

enum { DEEPEST = 64 }; /* each level holds a descriptor. Landlock, or the root, keeps programs from making any */

int folder_each(int folder, int (*act)(int folder, const char *name))
{
        int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = again < 0 ? NULL : fdopendir(again);
        int r = 0;
        if (!dir)
                return fd_close(again);
        for (struct dirent *entry; !r && (entry = readdir(dir));)
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                        r = act(dirfd(dir), entry->d_name);
        closedir(dir);
        return r;
}

int folder_open_to_all(int folder, const char *name)
{
        struct stat st;
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -1;
        return S_ISREG(st.st_mode) ? fchmod(fd, 0644) : 0;
}

static void remove_within(int folder, const char *name, int depth)
{
        if (!unlinkat(folder, name, 0) || errno != EISDIR)
                return;
        int below = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        DIR *dir = below < 0 ? NULL : fdopendir(below);
        if (!dir)
                fd_close(below);
        for (struct dirent *entry; dir && depth && (entry = readdir(dir));)
                if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
                        remove_within(dirfd(dir), entry->d_name, depth - 1);
        if (dir)
                closedir(dir);
        unlinkat(folder, name, AT_REMOVEDIR);
}

void folder_remove(int folder, const char *name)
{
        remove_within(folder, name, DEEPEST);
}
