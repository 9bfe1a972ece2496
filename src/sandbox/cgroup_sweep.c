/* Groups that are to go, with what is in them. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/cgroup_parts.h"

/* Processes by descriptor: what a number meant when it was listed, it need not mean any more when it is used. */
struct batch {
        int pids[64];
        int fds[64];
        size_t n;
};

static FILE *open_list(int folder)
{
        int fd = openat(folder, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        FILE *list = fd < 0 ? NULL : fdopen(fd, "r");
        if (!list)
                fd_close(fd);
        return list;
}

static bool kill_if_in(const struct batch *batch, int pid)
{
        for (size_t i = 0; i < batch->n; i++)
                if (batch->pids[i] == pid)
                        return !syscall(SYS_pidfd_send_signal, batch->fds[i], SIGKILL, NULL, 0);
        return false;
}

/* Who is listed still, now that it is held, is the one that is held; or that one has ended. Empties @batch. */
static bool kill_batch(int folder, struct batch *batch)
{
        FILE *list = open_list(folder);
        bool any = false;
        int pid;
        while (list && fscanf(list, "%d", &pid) == 1)
                any |= kill_if_in(batch, pid);
        if (list)
                fclose(list);
        while (batch->n)
                fd_close(batch->fds[--batch->n]);
        return any;
}

/* Processes that this one does not see are 0 in the list. */
static bool kill_listed(int folder)
{
        FILE *list = open_list(folder);
        struct batch batch = { .n = 0 };
        bool any = false;
        int pid;
        while (list && fscanf(list, "%d", &pid) == 1) {
                int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
                if (fd < 0)
                        continue;
                batch.pids[batch.n] = pid;
                batch.fds[batch.n++] = fd;
                if (batch.n == COUNT_OF(batch.fds))
                        any |= kill_batch(folder, &batch);
        }
        if (list)
                fclose(list);
        return kill_batch(folder, &batch) || any;
}

void cgroup_kill_folder(int folder)
{
        enum { ROUNDS = 16 }; /* against a group that forks; a dying process is listed until its end */
        if (!cgroup_file_write(folder, "cgroup.kill", "1"))
                return;
        for (int i = 0; i < ROUNDS && kill_listed(folder); i++)
                continue;
}

/* Open folders of @parent that begin with @prefix, one after the other. */
static DIR *list_folders(int parent)
{
        int fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = fd < 0 ? NULL : fdopendir(fd);
        if (!list)
                fd_close(fd);
        return list;
}

static const char *next_folder(DIR *list)
{
        for (const struct dirent *entry; (entry = readdir(list));)
                if (entry->d_type == DT_DIR && entry->d_name[0] != '.')
                        return entry->d_name;
        return NULL;
}

static void remove_group(int parent, const char *name)
{
        if (!unlinkat(parent, name, AT_REMOVEDIR) || errno != EBUSY)
                return;
        OWNED(fd_closep) int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0)
                return;
        cgroup_kill_folder(folder);
        unlinkat(parent, name, AT_REMOVEDIR);
}

bool cgroup_remove_tree(int parent, const char *name)
{
        OWNED(fd_closep) int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        DIR *list = folder < 0 ? NULL : list_folders(folder);
        for (const char *group; list && (group = next_folder(list));)
                remove_group(folder, group);
        if (list)
                closedir(list);
        return !unlinkat(parent, name, AT_REMOVEDIR) || errno == ENOENT;
}

/* As cgroups_find names them: "ward-HOST-START". Others may have groups that begin alike. */
static bool is_ours(const char *name)
{
        int host, len = 0;
        unsigned long long start;
        return sscanf(name, "ward-%d-%llu%n", &host, &start, &len) == 2 && len && !name[len];
}

/* Whoever made it holds its lock until the end. */
static bool is_left_behind(int parent, const char *name, int *ret_folder)
{
        OWNED(fd_closep) int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB))
                return false;
        *ret_folder = STEAL_FD(folder);
        return true;
}

bool cgroups_sweep(const struct cgroups *groups)
{
        bool clean = true;
        for (size_t i = 0; i < groups->n; i++) {
                DIR *list = list_folders(groups->trees[i].parent);
                for (const char *name; list && (name = next_folder(list));) {
                        OWNED(fd_closep) int folder = -1;
                        if (is_ours(name) && strcmp(name, groups->name) != 0 &&
                            is_left_behind(groups->trees[i].parent, name, &folder))
                                clean &= cgroup_remove_tree(groups->trees[i].parent, name);
                }
                if (list)
                        closedir(list);
        }
        return clean;
}
