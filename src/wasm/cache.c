#include "wasm/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"
#include "wasm/folder.h"
#include "wasm/key.h"

enum {
        LOCK_POLL_NS = 20000000,
        LOCK_SECONDS = 600,
        USE_SECONDS = 3600,
        OTHERS_WRITE = S_IWGRP | S_IWOTH,
};

#define REMEDY "choose another folder with WARD_CACHE or the host's cache_path"

/* --- The folder ------------------------------------------------------------------------------- */

/* As the environment says; not for a program that runs with more rights than who started it. A relative XDG_CACHE_HOME is to be
 * ignored (XDG Base Directory Specification), and so is such a HOME: what is below the working directory may be anybody's. */
static char *choose_path(const char *path)
{
        const char *names[] = { "WARD_CACHE", "XDG_CACHE_HOME", "HOME" };
        const char *below[] = { "", "/ward", "/.cache/ward" };
        char *chosen = NULL;
        if (path)
                return strdup(path);
        for (size_t i = 0; i < COUNT_OF(names) && !chosen; i++) {
                const char *value = secure_getenv(names[i]);
                if (value && (i ? *value == '/' : *value) && asprintf(&chosen, "%s%s", value, below[i]) < 0)
                        return NULL;
        }
        return chosen ? chosen : strdup("");
}

/* mkdir -p: with rights for the user alone, where it makes anything. */
static int make_folders(char *path)
{
        for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) {
                *slash = 0;
                int r = mkdir(path, S_IRWXU);
                *slash = '/';
                if (r < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
                        return -errno;
        }
        return mkdir(path, S_IRWXU) < 0 && errno != EEXIST ? -errno : 0;
}

static int check_owner(const char *path, int folder, struct ward_fault *fault)
{
        struct stat st;
        if (fstat(folder, &st) < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, errno, "cannot look at the cache folder %s", path);
        if (st.st_uid != geteuid())
                return fault_set(fault, WARD_FAULT_COMPILE,
                                 "the cache folder %s belongs to user %u, not to %u who runs this program: " REMEDY, path,
                                 st.st_uid, geteuid());
        if (st.st_mode & OTHERS_WRITE)
                return fault_set(
                        fault, WARD_FAULT_COMPILE,
                        "the cache folder %s is writable by others, so its code cannot be trusted: empty it, then chmod 700 it",
                        path);
        return 0;
}

int wasm_cache_open(const char *wanted, struct wasm_cache *ret_cache, struct ward_fault *fault)
{
        OWNED(freep) char *path = choose_path(wanted);
        if (!path)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot open the cache folder");
        if (!*path)
                return fault_set(fault, WARD_FAULT_COMPILE,
                                 "no folder to keep compiled WebAssembly in: HOME is not an absolute path; name one with "
                                 "WARD_CACHE or the host's "
                                 "cache_path");
        int r = make_folders(path);
        OWNED(fd_closep) int folder = r ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder < 0)
                return fault_set_errno(fault, WARD_FAULT_COMPILE, r ? -r : errno,
                                       "cannot keep compiled WebAssembly in the cache folder %s (" REMEDY ")", path);
        r = check_owner(path, folder, fault);
        if (r)
                return r;
        *ret_cache = (struct wasm_cache){ .path = STEAL(path), .folder = STEAL_FD(folder) };
        return 0;
}

void wasm_cache_close(struct wasm_cache *cache)
{
        free(cache->path);
        cache->path = NULL;
        fd_closep(&cache->folder);
}

/* --- Images ----------------------------------------------------------------------------------- */

enum { NAME_SIZE = WASM_KEY_LEN + sizeof ".lock" };

/* Written at most once an hour: a cache that is only read stays so. */
static void note_use(int fd)
{
        struct stat st;
        if (!fstat(fd, &st) && st.st_mtime + USE_SECONDS < time(NULL))
                futimens(fd, (const struct timespec[]){ { .tv_nsec = UTIME_OMIT }, { .tv_nsec = UTIME_NOW } });
}

int wasm_cache_find(const struct wasm_cache *cache, const char *key, int *ret_fd, struct wasm_label *ret_label)
{
        char name[NAME_SIZE];
        snprintf(name, sizeof name, "%s.so", key);
        int fd = openat(cache->folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return 1;
        if (!wasm_seal_is_trusted(fd, false) || !wasm_seal_check(fd, ret_label)) {
                close(fd);
                return 1;
        }
        note_use(fd);
        *ret_fd = fd;
        return 0;
}

/* Whether the name still stands for what was opened: whoever held the lock before may have removed it. */
static bool is_current(const struct wasm_cache *cache, const char *name, int fd)
{
        struct stat here, there;
        return !fstat(fd, &here) && !fstatat(cache->folder, name, &there, AT_SYMLINK_NOFOLLOW) && here.st_ino == there.st_ino &&
               here.st_dev == there.st_dev;
}

int wasm_cache_lock(const struct wasm_cache *cache, const char *key)
{
        char name[NAME_SIZE];
        uint64_t until = clock_deadline(LOCK_SECONDS * 1000);
        snprintf(name, sizeof name, "%s.lock", key);
        while (clock_now() < until) {
                int fd = openat(cache->folder, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
                if (fd < 0)
                        return -1;
                if (!flock(fd, LOCK_EX | LOCK_NB) && is_current(cache, name, fd))
                        return fd;
                close(fd);
                nanosleep(&(struct timespec){ .tv_nsec = LOCK_POLL_NS }, NULL);
        }
        return -1;
}

void wasm_cache_unlock(const struct wasm_cache *cache, const char *key, int lock)
{
        char name[NAME_SIZE];
        if (lock < 0)
                return;
        snprintf(name, sizeof name, "%s.lock", key);
        unlinkat(cache->folder, name, 0);
        close(lock);
}

/* --- Builds ----------------------------------------------------------------------------------- */

static int unwritable(const struct wasm_cache *cache, int error, struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_COMPILE, error,
                               "cannot write to the cache folder %s (make it writable, or " REMEDY ")", cache->path);
}

int wasm_build_begin(const struct wasm_cache *cache, struct wasm_build *ret_build, struct ward_fault *fault)
{
        struct wasm_build build;
        uint32_t number;
        int r;
        wasm_cache_sweep(cache);
        do {
                if (getrandom(&number, sizeof number, 0) < 0)
                        return unwritable(cache, errno, fault);
                snprintf(build.name, sizeof build.name, WASM_BUILD_PREFIX "%08x", number);
                r = mkdirat(cache->folder, build.name, S_IRWXU);
        } while (r < 0 && errno == EEXIST);
        if (r < 0)
                return unwritable(cache, errno, fault);
        build.folder = openat(cache->folder, build.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (build.folder < 0) {
                r = unwritable(cache, errno, fault);
                unlinkat(cache->folder, build.name, AT_REMOVEDIR);
                return r;
        }
        *ret_build = build;
        return 0;
}

/* On the disk before it has its name: after a power failure there is no image rather than half of one. */
int wasm_build_publish(const struct wasm_cache *cache, const struct wasm_build *build, const char *file, const char *key,
                       const struct wasm_label *label, struct ward_fault *fault)
{
        char name[NAME_SIZE];
        OWNED(fd_closep) int fd = openat(build->folder, file, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        snprintf(name, sizeof name, "%s.so", key);
        if (fd < 0 || wasm_seal(fd, label) < 0 || fchmod(fd, S_IRUSR | S_IXUSR) < 0 || fsync(fd) < 0 ||
            renameat(build->folder, file, cache->folder, name) < 0)
                return unwritable(cache, errno, fault);
        return 0;
}

void wasm_build_end(const struct wasm_cache *cache, struct wasm_build *build)
{
        build->folder = fd_close(build->folder);
        folder_remove(cache->folder, build->name);
}
