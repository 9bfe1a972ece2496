#include "policy/least.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/least_parts.h"
#include "policy/path.h"

/* Read by the C library and the dynamic loader in any process; they do without. */
static const char *const common[] = {
        "/etc/ld.so.preload",
        "/proc/meminfo",
        "/proc/sys/vm/overcommit_memory",
        "/sys/devices/system/cpu",
        "/sys/devices/system/cpu/online",
        "/sys/devices/system/cpu/possible",
        "/sys/kernel/mm/transparent_hugepage/*",
        "/usr/lib/locale/*",
        "/usr/lib/locale/*/*",
        "/usr/lib/locale/*/*/*",
        "/usr/share/locale/locale.alias",
        "/usr/lib/*/gconv/gconv-modules*",
};

/* Folders of all and sundry. */
static const char *const wide[] = {
        "/",
        "/bin",
        "/boot",
        "/dev",
        "/dev/shm",
        "/etc",
        "/home",
        "/home/*",
        "/home/*/.cache",
        "/home/*/.config",
        "/home/*/.local",
        "/home/*/.local/share",
        "/lib",
        "/lib*",
        "/media",
        "/media/*",
        "/mnt",
        "/opt",
        "/proc",
        "/proc/*",
        "/root",
        "/run",
        "/run/user",
        "/run/user/*",
        "/sbin",
        "/srv",
        "/sys",
        "/sys/*",
        "/tmp",
        "/usr",
        "/usr/*",
        "/usr/local/*",
        "/usr/lib/*-linux-gnu*",
        "/lib/*-linux-gnu*",
        "/var",
        "/var/*",
};

static bool matches(const char *path, const char *const *patterns, size_t n)
{
        for (size_t i = 0; i < n; i++)
                if (!fnmatch(patterns[i], path, FNM_PATHNAME))
                        return true;
        return false;
}

/* Who maps code needs the right to execute it. */
bool least_is_library(const char *path)
{
        const char *name = strrchr(path, '/') + 1;
        return !fnmatch("*.so", name, 0) || !fnmatch("*.so.[0-9]*", name, 0);
}

bool least_is_wide(const char *path)
{
        return matches(path, wide, COUNT_OF(wide));
}

/* --- A sorted set of paths -------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
        const struct least_path *one = a, *other = b;
        return strcmp(one->text, other->text);
}

void paths_sort(struct least_paths *paths)
{
        size_t kept = 0;
        if (paths->n)
                qsort(paths->at, paths->n, sizeof *paths->at, compare);
        for (size_t i = 0; i < paths->n; i++) {
                if (!kept || strcmp(paths->at[kept - 1].text, paths->at[i].text))
                        paths->at[kept++] = paths->at[i];
                else
                        free(paths->at[i].text);
        }
        paths->n = kept;
}

/* Most acts were seen before: when the room is full they are thrown out first. */
int paths_add(struct least_paths *paths, const char *text, size_t files)
{
        if (paths->n == paths->room)
                paths_sort(paths);
        if (paths->n >= paths->room / 2) {
                size_t room = paths->room ? 2 * paths->room : 64;
                struct least_path *more = reallocarray(paths->at, room, sizeof *more);
                if (!more)
                        return -ENOMEM;
                paths->at = more;
                paths->room = room;
        }
        char *copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        paths->at[paths->n++] = (struct least_path){ copy, files };
        return 0;
}

bool paths_have(const struct least_paths *paths, const char *text)
{
        const struct least_path key = { (char *)text, 0 };
        return paths->n && bsearch(&key, paths->at, paths->n, sizeof key, compare);
}

void paths_finish(struct least_paths *paths)
{
        for (size_t i = 0; i < paths->n; i++)
                free(paths->at[i].text);
        free(paths->at);
        *paths = (struct least_paths){ 0 };
}

/* --- Acts ------------------------------------------------------------------------------------- */

struct least *least_new(const char *const *left_out)
{
        struct least *least = calloc(1, sizeof *least);
        for (; least && left_out && *left_out; left_out++) {
                OWNED(freep) char *path = path_normalise("/", *left_out);
                if (!path || paths_add(&least->left_out, path, 0))
                        return least_free(least);
        }
        if (least)
                paths_sort(&least->left_out);
        return least;
}

struct least *least_free(struct least *least)
{
        if (!least)
                return NULL;
        for (size_t i = 0; i < LEAST_ACTS; i++)
                paths_finish(&least->acts[i]);
        paths_finish(&least->left_out);
        free(least);
        return NULL;
}

static bool is_left_out(const struct least *least, const char *path)
{
        return (path_refusal(path) && path[1]) || matches(path, common, COUNT_OF(common)) || paths_have(&least->left_out, path);
}

static int add_path(struct least *least, enum least_act act, const char *subject)
{
        if (*subject != '/' || strlen(subject) > POLICY_PATH_MAX)
                return -EINVAL;
        OWNED(freep) char *path = path_normalise("/", subject);
        if (!path)
                return -ENOMEM;
        bool reads = act == LEAST_READ || act == LEAST_LIST;
        return reads && is_left_out(least, path) ? 0 : paths_add(&least->acts[act], path, 1);
}

static int add_address(struct least *least, const char *subject)
{
        const struct words words = { .n = 2, .at = { { .text = "connect" }, { .text = subject, .quoted = true } } };
        struct permission permission;
        struct policy_error error;
        int r = permission_of_words(&words, "/", &permission, &error);
        if (r)
                return r;
        permission_finish(&permission);
        return paths_add(&least->acts[LEAST_CONNECT], subject, 1);
}

void least_keep(struct least *least, enum least_act act, bool (*keeps)(void *data, const char *subject), void *data)
{
        struct least_paths *paths = &least->acts[act];
        size_t kept = 0;
        paths_sort(paths);
        for (size_t i = 0; i < paths->n; i++) {
                if (keeps(data, paths->at[i].text))
                        paths->at[kept++] = paths->at[i];
                else
                        free(paths->at[i].text);
        }
        paths->n = kept;
}

int least_add(struct least *least, enum least_act act, const char *subject)
{
        switch (act) {
        case LEAST_FORK:
                least->forks = true;
                return 0;
        case LEAST_CONNECT:
                return add_address(least, subject);
        default:
                return add_path(least, act, subject);
        }
}
