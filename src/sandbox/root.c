#include "sandbox/root.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

#define FOLDER "ward-build"

enum {
        SKELETON_BYTES = 1 << 20, /* folders and links only */
        SKELETON_FILES = 1 << 15,
        TREE = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE,
};

/* What is granted, as it was found before the root changed. */
struct source {
        int fd;      /* a detached mount, or the link itself; -1: there is none */
        mode_t mode; /* its kind */
};

static const char *decimal(uint64_t value, char room[24])
{
        char *at = room + 23;
        *at = 0;
        do
                *--at = (char)('0' + value % 10);
        while (value /= 10);
        return at;
}

static int new_tmpfs(uint64_t bytes, uint64_t files, const char *mode, unsigned attributes)
{
        char size[24], inodes[24];
        const char *const settings[][2] = { { "size", decimal(bytes, size) },
                                            { "nr_inodes", decimal(files, inodes) },
                                            { "mode", mode } };
        OWNED(fd_closep) int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);
        if (fs < 0)
                return -errno;
        for (size_t i = 0; i < COUNT_OF(settings); i++)
                if (fsconfig(fs, FSCONFIG_SET_STRING, settings[i][0], settings[i][1], 0) < 0)
                        return -errno;
        if (fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
                return -errno;
        int fd = fsmount(fs, FSMOUNT_CLOEXEC, attributes);
        return fd < 0 ? -errno : fd;
}

static int mount_at(int fd, int folder, const char *path)
{
        unsigned flags = MOVE_MOUNT_F_EMPTY_PATH | (*path ? 0 : MOVE_MOUNT_T_EMPTY_PATH);
        return move_mount(fd, "", folder, path, flags) < 0 ? -errno : 0;
}

/* A copy of what is mounted at @path and below it, with these attributes. */
static int open_copy(const char *path, uint64_t attributes)
{
        struct mount_attr changed = { .attr_set = MOUNT_ATTR_NOSUID | attributes };
        OWNED(fd_closep) int fd = open_tree(AT_FDCWD, path, TREE);
        if (fd < 0 || mount_setattr(fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &changed, sizeof changed) < 0)
                return -errno;
        return STEAL_FD(fd);
}

static struct source open_source(const struct sandbox_grant *grant)
{
        const char *path = grant->path;
        struct source source = { .fd = -1 };
        struct stat st;
        if (*path != '/' || fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return source;
        source.mode = st.st_mode & S_IFMT;
        if (S_ISLNK(source.mode))
                source.fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
        else
                source.fd = open_copy(path, (S_ISDIR(source.mode) ? MOUNT_ATTR_NODEV : 0) |
                                                    (grant->rights & SANDBOX_WRITE ? 0 : MOUNT_ATTR_RDONLY) |
                                                    (grant->rights & SANDBOX_RUN ? 0 : MOUNT_ATTR_NOEXEC));
        return source;
}

/* From here on in the new root, where absolute paths and links mean what they do there. */

static void make_parents(char *path)
{
        for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = 0;
                mkdir(path, 0755);
                *slash = '/';
        }
}

/* What is there already came with a grant above it, whose rights may be others. */
static void place(const struct source *source, const char *at)
{
        char path[PATH_MAX], target[PATH_MAX];
        size_t len = strlen(at);
        if (source->fd < 0 || len >= sizeof path)
                return;
        memcpy(path, at, len + 1);
        make_parents(path);
        if (S_ISLNK(source->mode)) {
                ssize_t n = readlinkat(source->fd, "", target, sizeof target - 1);
                target[n > 0 ? n : 0] = 0;
                if (n <= 0 || symlink(target, path) < 0)
                        return;
        } else if (!(S_ISDIR(source->mode) ? mkdir(path, 0755) : mknod(path, S_IFREG | 0644, 0)) || errno == EEXIST) {
                mount_at(source->fd, AT_FDCWD, path);
        }
}

static int place_folder(const struct sandbox_root *plan, int folder, int scratch)
{
        int r = mkdir("/" FOLDER, 0755) < 0 ? -errno : mount_at(folder, AT_FDCWD, "/" FOLDER);
        if (!r && chdir("/" FOLDER) < 0)
                r = -errno;
        return r ? r : mount_at(scratch, AT_FDCWD, plan->scratch);
}

static int furnish(const struct sandbox_root *plan, const struct source *sources, int folder, int scratch)
{
        struct mount_attr frozen = { .attr_set = MOUNT_ATTR_RDONLY };
        for (size_t i = 0; i < plan->n_grants; i++)
                place(&sources[i], plan->grants[i].path);
        int r = plan->scratch ? place_folder(plan, folder, scratch) : 0;
        if (!r && mount_setattr(AT_FDCWD, "/", 0, &frozen, sizeof frozen) < 0)
                r = -errno;
        return r;
}

/* On top of the working directory, which an ordinary user has, and by descriptor, for a moment before it becomes the root. */
static int enter(int root)
{
        struct mount_attr ours = { .propagation = MS_PRIVATE };
        OWNED(fd_closep) int before = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (before < 0 || mount_setattr(AT_FDCWD, "/", AT_RECURSIVE, &ours, sizeof ours) < 0)
                return -errno;
        int r = mount_at(root, AT_FDCWD, ".");
        if (r)
                return r;
        if (!fchdir(root) && !syscall(SYS_pivot_root, ".", "."))
                return 0;
        r = -errno;
        return fchdir(before) < 0 ? -errno : r;
}

static int change(const struct sandbox_root *plan, const struct source *sources, int folder, int scratch, int root)
{
        if (enter(root))
                return 1;
        /* The old root lies on the new one: "." is it, "/" already the new. */
        if (umount2(".", MNT_DETACH) < 0 || chdir("/") < 0)
                return -errno;
        return furnish(plan, sources, folder, scratch);
}

int root_change(const struct sandbox_root *plan)
{
        struct source sources[SANDBOX_ROOT_GRANTS_MAX];
        OWNED(fd_closep) int folder = -1;
        OWNED(fd_closep) int scratch = -1;
        OWNED(fd_closep) int root = new_tmpfs(SKELETON_BYTES, SKELETON_FILES, "0755", MOUNT_ATTR_NOSUID);
        if (plan->scratch) {
                folder = open_copy(".", MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
                scratch = new_tmpfs(plan->scratch_bytes, plan->scratch_files, "0777",
                                    MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
        }
        if (root < 0 || (plan->scratch && (folder < 0 || scratch < 0)))
                return 1;
        for (size_t i = 0; i < plan->n_grants; i++)
                sources[i] = open_source(&plan->grants[i]);
        int r = change(plan, sources, folder, scratch, root);
        for (size_t i = 0; i < plan->n_grants; i++)
                fd_close(sources[i].fd);
        return r;
}
