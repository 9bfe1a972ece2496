/* What is in the folder of compiled modules, and taking out of it what was not used for long. */
#include "wasm/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/folder.h"

enum {
        STALE_SECONDS = 3600, /* older than any build takes: its host was killed */
        BLOCK = 512,
};

#define DEFAULT_BYTES ((uint64_t)1 << 30)

/* Whether @name is a key and @ending. */
static bool is_named(const char *name, const char *ending)
{
        return strspn(name, "0123456789abcdef") == WASM_KEY_LEN && !strcmp(name + WASM_KEY_LEN, ending);
}

static DIR *open_again(const struct wasm_cache *cache)
{
        int fd = openat(cache->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        if (!dir)
                fd_close(fd);
        return dir;
}

/* --- Leavings --------------------------------------------------------------------------------- */

/* Nobody holds it: removed while it is held here, so that nobody takes it meanwhile and believes to be alone. */
static void remove_lock(int folder, const char *name)
{
        OWNED(fd_closep) int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (fd >= 0 && !flock(fd, LOCK_EX | LOCK_NB))
                unlinkat(folder, name, 0);
}

void wasm_cache_sweep(const struct wasm_cache *cache)
{
        DIR *dir = open_again(cache);
        if (!dir)
                return;
        for (struct dirent *entry; (entry = readdir(dir));) {
                struct stat st;
                if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 || st.st_mtime + STALE_SECONDS > time(NULL))
                        continue;
                if (!strncmp(entry->d_name, WASM_BUILD_PREFIX, strlen(WASM_BUILD_PREFIX)))
                        folder_remove(dirfd(dir), entry->d_name);
                else if (is_named(entry->d_name, ".lock"))
                        remove_lock(dirfd(dir), entry->d_name);
        }
        closedir(dir);
}

/* --- A list ----------------------------------------------------------------------------------- */

static bool look(int folder, const char *name, struct wasm_cached *ret_cached)
{
        struct stat st;
        if (!is_named(name, ".so") || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
                return false;
        *ret_cached = (struct wasm_cached){ .bytes = (uint64_t)st.st_blocks * BLOCK, .used = st.st_mtime };
        memcpy(ret_cached->key, name, WASM_KEY_LEN);
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0 || !wasm_seal_read(fd, &ret_cached->label))
                ret_cached->label = (struct wasm_label){ 0 };
        return true;
}

static int compare(const void *a, const void *b)
{
        const struct wasm_cached *left = a, *right = b;
        if (left->used != right->used)
                return left->used < right->used ? 1 : -1;
        return strcmp(left->key, right->key);
}

static int collect(DIR *dir, struct wasm_cached **all, size_t *n)
{
        size_t room = 0;
        for (struct dirent *entry; (entry = readdir(dir));) {
                struct wasm_cached cached, *grown;
                if (!look(dirfd(dir), entry->d_name, &cached))
                        continue;
                if (*n == room) {
                        room = room ? 2 * room : 64;
                        grown = reallocarray(*all, room, sizeof *grown);
                        if (!grown)
                                return -ENOMEM;
                        *all = grown;
                }
                (*all)[(*n)++] = cached;
        }
        return 0;
}

int wasm_cache_list(const struct wasm_cache *cache, struct wasm_cached **ret_all, size_t *ret_n, struct ward_fault *fault)
{
        OWNED(freep) struct wasm_cached *all = NULL;
        size_t n = 0;
        DIR *dir = open_again(cache);
        int r = dir ? collect(dir, &all, &n) : -errno;
        if (dir)
                closedir(dir);
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot list the cache folder %s", cache->path);
        if (n)
                qsort(all, n, sizeof *all, compare);
        *ret_all = STEAL(all);
        *ret_n = n;
        return 0;
}

/* --- Pruning ---------------------------------------------------------------------------------- */

static int remove_image(const struct wasm_cache *cache, const struct wasm_cached *cached, struct wasm_cache_pruned *pruned)
{
        char name[WASM_KEY_LEN + sizeof ".so"];
        memcpy(name, cached->key, WASM_KEY_LEN);
        memcpy(name + WASM_KEY_LEN, ".so", sizeof ".so");
        if (unlinkat(cache->folder, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        pruned->n++;
        pruned->bytes += cached->bytes;
        return 0;
}

int wasm_cache_prune(const struct wasm_cache *cache, const struct wasm_cache_bounds *bounds, struct wasm_cache_pruned *ret_pruned,
                     struct ward_fault *fault)
{
        OWNED(freep) struct wasm_cached *all = NULL;
        struct wasm_cache_pruned pruned = { 0 };
        uint64_t kept = 0;
        size_t n;
        wasm_cache_sweep(cache);
        int r = wasm_cache_list(cache, &all, &n, fault);
        if (r)
                return r;
        for (size_t i = 0; !r && i < n; i++) {
                kept += all[i].bytes;
                if (i >= bounds->least && (all[i].used <= bounds->after || kept > bounds->bytes))
                        r = remove_image(cache, &all[i], &pruned);
        }
        if (r)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -r, "cannot remove from the cache folder %s", cache->path);
        *ret_pruned = pruned;
        return 0;
}

bool wasm_cache_parse_bytes(const char *text, uint64_t *ret_bytes)
{
        static const char units[] = "KMG";
        char *end;
        errno = 0;
        unsigned long long value = strtoull(text, &end, 10);
        if (errno || end == text || *text == '-')
                return false;
        const char *unit = *end ? strchr(units, *end & ~0x20) : NULL;
        unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
        if ((*end && (!unit || end[1])) || value > UINT64_MAX >> shift)
                return false;
        *ret_bytes = (uint64_t)value << shift;
        return true;
}

uint64_t wasm_cache_default_bytes(void)
{
        const char *text = secure_getenv("WARD_CACHE_MAX");
        uint64_t bytes;
        return text && wasm_cache_parse_bytes(text, &bytes) ? bytes : DEFAULT_BYTES;
}
