/* What processes could leave on the machine: counted before they are there and when they are gone. */
#include "test/chaos/chaos.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "test/harness/harness.h"

enum { MORE_KIB = 32 << 10, TRIES = 40, PAUSE_US = 50000, DEPTH = 8, PATHS = 2 };

static bool secluded;

/* --- Counting --------------------------------------------------------------------------------- */

static long count_lines(const char *path)
{
        long n = 0;
        FILE *file = fopen(path, "re");
        for (int c; file && (c = getc(file)) != EOF;)
                n += c == '\n';
        if (file)
                fclose(file);
        return n;
}

/* Where others are as well, only what is called after Ward. */
static long count_files(const char *folder)
{
        long n = 0;
        DIR *dir = opendir(folder);
        for (struct dirent *entry; dir && (entry = readdir(dir));)
                n += entry->d_name[0] != '.' && (secluded || strstr(entry->d_name, "ward"));
        if (dir)
                closedir(dir);
        return secluded || strcmp(folder, "/tmp") ? n : 0;
}

static long shared_kib(void)
{
        char line[128];
        long kib = 0;
        FILE *file = fopen("/proc/meminfo", "re");
        while (file && fgets(line, sizeof line, file))
                if (!strncmp(line, "Shmem:", 6))
                        kib = strtol(line + 6, NULL, 10);
        if (file)
                fclose(file);
        return kib;
}

static _Thread_local long deserted; /* for nftw(3), which has no data of its own */

/* Groups of a warden that lives are locked by it. */
static int count_group(const char *path, const struct stat *st, int type, struct FTW *at)
{
        if (type != FTW_D || strncmp(path + at->base, "ward-", 5))
                return 0;
        OWNED(fd_closep) int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        deserted += folder >= 0 && !flock(folder, LOCK_EX | LOCK_NB);
        return 0;
}

static long count_groups(void)
{
        deserted = 0;
        nftw("/sys/fs/cgroup", count_group, DEPTH, FTW_PHYS);
        return deserted;
}

struct left left_look(void)
{
        return (struct left){
                .mounts = count_lines("/proc/self/mountinfo"),
                .cgroups = count_groups(),
                .shared_memory = count_files("/dev/shm"),
                .temporary = count_files("/tmp"),
                .system_v = count_lines("/proc/sysvipc/shm") + count_lines("/proc/sysvipc/sem") + count_lines("/proc/sysvipc/msg"),
                .descriptors = harness_count_fds(),
                .shared_kib = shared_kib(),
        };
}

/* What else the machine does has shared memory too, so that of thousands of domains would have to be left for it to show. */
static bool is_same(const struct left *before, const struct left *now)
{
        return now->mounts == before->mounts && now->cgroups <= before->cgroups && now->shared_memory == before->shared_memory &&
               now->temporary == before->temporary && now->system_v == before->system_v &&
               now->descriptors == before->descriptors && now->shared_kib < before->shared_kib + MORE_KIB;
}

bool left_is(const struct left *before, struct board *board)
{
        struct left now = left_look();
        for (int i = 0; i < TRIES && !is_same(before, &now); i++) {
                usleep(PAUSE_US);
                now = left_look();
        }
        printf("left: mounts %+ld, control groups %+ld, files in /dev/shm %+ld and /tmp %+ld, System V objects %+ld, descriptors "
               "%+ld, shared memory %+ld KiB\n",
               now.mounts - before->mounts, now.cgroups - before->cgroups, now.shared_memory - before->shared_memory,
               now.temporary - before->temporary, now.system_v - before->system_v, now.descriptors - before->descriptors,
               now.shared_kib - before->shared_kib);
        if (is_same(before, &now))
                return true;
        board_fail(board, "something is left on the machine");
        return false;
}

/* --- Alone ------------------------------------------------------------------------------------ */

static bool copy_to(const char *folder, char **path, unsigned number, int from)
{
        static char names[PATHS][256];
        char *to = names[number];
        struct stat st;
        snprintf(to, sizeof names[0], "%s/%u-%s", folder, number, basename(*path));
        OWNED(fd_closep) int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
        if (fd < 0 || fstat(from, &st) < 0)
                return false;
        for (off_t done = 0; done < st.st_size;)
                if (sendfile(fd, from, &done, (size_t)(st.st_size - done)) <= 0)
                        return false;
        *path = to;
        return !fchmod(fd, 0755);
}

/* The folders may lie in a /tmp that is not to be seen any more. */
void left_seclude(char *paths[], unsigned n)
{
        static const char folder[] = "/tmp/addins";
        int from[PATHS];
        if (n > PATHS || unshare(CLONE_NEWNS | CLONE_NEWIPC) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                return;
        for (unsigned i = 0; i < n; i++)
                from[i] = open(paths[i], O_RDONLY | O_CLOEXEC);
        secluded = !mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") && !mount("tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777") &&
                   !mkdir(folder, 0755) && !chmod(folder, 0755);
        for (unsigned i = 0; i < n; i++) {
                secluded &= copy_to(folder, &paths[i], i, from[i]);
                fd_close(from[i]);
        }
        if (!secluded) {
                fprintf(stderr, "chaos: cannot be alone\n");
                exit(1);
        }
}
