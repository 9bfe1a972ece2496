/* The scene's files: made, compared with what they were, made again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "test/escape/scene.h"

static const char *path_in(const char *folder, const char *name)
{
        static char paths[4][512];
        static unsigned next;
        char *path = paths[next++ % 4];
        snprintf(path, sizeof paths[0], "%.200s/%.255s", folder, name);
        return path;
}

static int write_file(const char *path, const char *text, mode_t mode)
{
        int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
        if (fd < 0)
                return -1;
        int r = write(fd, text, strlen(text)) < 0 || fchmod(fd, mode) ? -1 : 0;
        close(fd);
        return r;
}

static int copy_program(const char *from, const char *to, mode_t mode, uid_t owner)
{
        char block[65536];
        int source = open(from, O_RDONLY | O_CLOEXEC), r = -1;
        int target = source < 0 ? -1 : open(to, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0700);
        if (target >= 0) {
                ssize_t n;
                while ((n = read(source, block, sizeof block)) > 0 && write(target, block, (size_t)n) == n)
                        continue;
                r = n || fchown(target, owner, (gid_t)-1) || fchmod(target, mode) ? -1 : 0;
                close(target);
        }
        if (source >= 0)
                close(source);
        return r;
}

/* --- What they look like ---------------------------------------------------------------------- */

static int by_name(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

/* Names, modes, owners, sizes and times of all that is in @folder. */
static void describe(const char *folder, char *text, size_t size)
{
        struct dirent **entries;
        size_t used = 0;
        int n = scandir(folder, &entries, NULL, by_name);
        text[0] = 0;
        for (int i = 0; i < n; i++) {
                struct stat status = { 0 };
                const char *path = path_in(folder, entries[i]->d_name);
                if (entries[i]->d_name[0] != '.' && used < size && !lstat(path, &status))
                        used += (size_t)snprintf(text + used, size - used, "%s %o %u %ld %ld.%ld %ld\n", entries[i]->d_name,
                                                 status.st_mode, status.st_uid, (long)status.st_size, (long)status.st_mtim.tv_sec,
                                                 status.st_mtim.tv_nsec, (long)lgetxattr(path, "user.ward", NULL, 0));
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

static const char *folder_of(const struct scene *scene, int number)
{
        return number == 0 ? scene->stage.outside : number == 1 ? scene->stage.readable : scene->stage.writable;
}

static const char *const kept[] = { "secret", "program", "as-owner", "socket", "folder", "link", "device", "fifo" };

static bool is_kept(const char *name)
{
        for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
                if (!strcmp(kept[i], name))
                        return true;
        return false;
}

/* Only what a probe may have changed: others have descriptors and handles of the rest. */
static void empty(const char *folder)
{
        DIR *list = opendir(folder);
        for (const struct dirent *entry; list && (entry = readdir(list));)
                if (entry->d_name[0] != '.' && !is_kept(entry->d_name) && unlink(path_in(folder, entry->d_name)))
                        rmdir(path_in(folder, entry->d_name));
        if (list)
                closedir(list);
}

static void refill(struct scene *scene)
{
        for (int i = 0; i < 3; i++)
                empty(folder_of(scene, i));
        write_file(path_in(scene->stage.outside, "target"), "untouched", 0666);
        write_file(path_in(scene->stage.readable, "gift"), scene->gift, 0666);
        write_file(path_in(scene->stage.writable, "target"), "untouched", 0666);
        for (int i = 0; i < 3; i++)
                describe(folder_of(scene, i), scene->files[i], sizeof scene->files[i]);
}

/* --- Mounts ----------------------------------------------------------------------------------- */

static bool unmount_all(const struct scene *scene)
{
        char line[1024];
        bool found = false;
        FILE *list = fopen("/proc/self/mountinfo", "re");
        while (list && fgets(line, sizeof line, list))
                found |= strstr(line, scene->folder) != NULL;
        if (list)
                fclose(list);
        const char *targets[] = { path_in(scene->stage.outside, "folder"), scene->stage.readable, scene->stage.writable };
        for (int i = 0; found && i < 3; i++)
                while (!umount2(targets[i], MNT_DETACH))
                        continue;
        return found;
}

unsigned scene_files_look(struct scene *scene)
{
        static const unsigned effects[] = { OUTSIDE, READABLE, WRITABLE };
        unsigned seen = unmount_all(scene) ? MOUNTED : 0;
        char now[sizeof scene->files[0]];
        for (int i = 0; i < 3; i++) {
                describe(folder_of(scene, i), now, sizeof now);
                if (strcmp(now, scene->files[i]))
                        seen |= effects[i];
        }
        if (seen)
                refill(scene);
        return seen;
}

/* --- Set and struck --------------------------------------------------------------------------- */

static int make_folder(char *ret_path, size_t size, const char *in, const char *name)
{
        snprintf(ret_path, size, "%s/%s", in, name);
        return mkdir(ret_path, 0777) || chmod(ret_path, 0777) ? -1 : 0;
}

/* Where root starts it, it belongs to nobody; an ordinary user has only itself to make it for. */
static int make_programs(struct scene *scene)
{
        const char *helper = getenv("WARD_ESCAPE_HELPER");
        uid_t nobody = geteuid() ? (uid_t)-1 : 65534;
        if (!helper)
                return 0;
        for (int i = 0; i < 2; i++) {
                const char *folder = i ? scene->stage.programs : scene->stage.outside;
                if (copy_program(helper, path_in(folder, "program"), 0755, (uid_t)-1) ||
                    copy_program(helper, path_in(folder, "as-owner"), 04755, nobody))
                        return -1;
        }
        scene->stage.other_owner = !geteuid();
        return 0;
}

/* What is not a file or folder, in a folder that is granted. Who may not make a device has none to be kept from. */
static int make_traps(const struct scene *scene)
{
        const char *device = path_in(scene->stage.readable, "device"), *fifo = path_in(scene->stage.readable, "fifo");
        if (!mknod(device, S_IFCHR | 0666, makedev(1, 5)))
                chmod(device, 0666);
        return mkfifo(fifo, 0666) || chmod(fifo, 0666) ? -1 : 0;
}

static void find_handle(struct scene *scene)
{
        struct file_handle *handle = (struct file_handle *)(void *)scene->stage.file_handle;
        int mount;
        handle->handle_bytes = MAX_HANDLE_SZ;
        name_to_handle_at(AT_FDCWD, path_in(scene->stage.outside, "secret"), handle, &mount, 0);
}

static void find_disk(struct scene *scene)
{
        DIR *list = opendir("/dev");
        struct stat status;
        for (const struct dirent *entry; list && !scene->stage.disk[0] && (entry = readdir(list));)
                if (!stat(path_in("/dev", entry->d_name), &status) && S_ISBLK(status.st_mode) && major(status.st_rdev) != 7)
                        snprintf(scene->stage.disk, sizeof scene->stage.disk, "/dev/%.50s", entry->d_name);
        if (list)
                closedir(list);
}

/* What a host may have forgotten to close on exec. */
static int forget_file(struct scene *scene)
{
        enum { HIGH = 200 };
        int fd = open(path_in(scene->stage.outside, "secret"), O_RDONLY | O_CLOEXEC);
        scene->stage.host_file = fd < 0 ? -1 : fcntl(fd, F_DUPFD, HIGH);
        if (fd >= 0)
                close(fd);
        return scene->stage.host_file < 0 ? -1 : 0;
}

int scene_files_set(struct scene *scene)
{
        struct stage *stage = &scene->stage;
        const char *under = getenv("TMPDIR");
        snprintf(scene->folder, sizeof scene->folder, "%.40s/ward-escape-XXXXXX", under ? under : "/tmp");
        if (!mkdtemp(scene->folder) || chmod(scene->folder, 0755))
                return -1;
        if (make_folder(stage->outside, sizeof stage->outside, scene->folder, "outside") ||
            make_folder(stage->programs, sizeof stage->programs, scene->folder, "programs") ||
            make_folder(stage->readable, sizeof stage->readable, scene->folder, "readable") ||
            make_folder(stage->writable, sizeof stage->writable, scene->folder, "writable"))
                return -1;
        if (write_file(path_in(stage->outside, "secret"), scene->token, 0644) ||
            symlink(path_in(stage->outside, "secret"), path_in(stage->readable, "link")) ||
            mkdir(path_in(stage->outside, "folder"), 0777) || make_programs(scene) || make_traps(scene) || forget_file(scene))
                return -1;
        find_handle(scene);
        find_disk(scene);
        refill(scene);
        return 0;
}

void scene_files_strike(const struct scene *scene)
{
        unmount_all(scene);
        for (int i = 0; i < 4; i++) {
                const char *folder = i < 3 ? folder_of(scene, i) : scene->stage.programs;
                empty(folder);
                for (size_t k = 0; k < sizeof kept / sizeof kept[0]; k++)
                        if (unlink(path_in(folder, kept[k])))
                                rmdir(path_in(folder, kept[k]));
                rmdir(folder);
        }
        rmdir(scene->folder);
        close(scene->stage.host_file);
}
