#include "sandbox/seen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/own.h"

enum { PATH_ROOM = 128, FILE_ROOM = 8192 };

/* A small file of /proc as a text, in @room. False where it cannot be read. */
static bool read_text(const char *folder, const char *name, char room[FILE_ROOM])
{
        char path[PATH_ROOM];
        size_t len = 0;
        ssize_t n = 0;
        snprintf(path, sizeof path, "%s/%s", folder, name);
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && len < FILE_ROOM - 1 && (n = read(fd, room + len, FILE_ROOM - 1 - len)) > 0)
                len += (size_t)n;
        room[len] = 0;
        return fd >= 0 && n >= 0;
}

/* What stands behind @name at the beginning of a line; NULL where there is none. */
static const char *find_line(const char *text, const char *name)
{
        size_t len = strlen(name);
        for (; text && *text; text = strchr(text, '\n'), text = text ? text + 1 : NULL)
                if (!strncmp(text, name, len))
                        return text + len;
        return NULL;
}

static void note(struct sandbox_seen *seen, unsigned layer, bool held)
{
        seen->shown |= layer;
        seen->held |= held ? layer : 0;
}

/* --- Namespaces ------------------------------------------------------------------------------- */

static void see_namespace(const char *folder, const char *name, unsigned layer, struct sandbox_seen *seen)
{
        char path[PATH_ROOM];
        struct stat theirs, ours;
        snprintf(path, sizeof path, "%s/ns/%s", folder, name);
        if (stat(path, &theirs) < 0)
                return;
        snprintf(path, sizeof path, "/proc/self/ns/%s", name);
        if (stat(path, &ours) == 0)
                note(seen, layer, theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

static const struct {
        const char *name;
        unsigned layer;
} namespaces[] = {
        { "pid", WARD_LAYER_PID_NAMESPACE },       { "user", WARD_LAYER_USER_NAMESPACE }, { "mnt", WARD_LAYER_MOUNT_NAMESPACE },
        { "net", WARD_LAYER_NETWORK_NAMESPACE },   { "ipc", WARD_LAYER_IPC_NAMESPACE },   { "uts", WARD_LAYER_UTS_NAMESPACE },
        { "cgroup", WARD_LAYER_CGROUP_NAMESPACE },
};

static void see_root(const char *folder, struct sandbox_seen *seen)
{
        char path[PATH_ROOM];
        struct stat theirs, ours;
        snprintf(path, sizeof path, "%s/root/", folder);
        if (stat(path, &theirs) == 0 && stat("/", &ours) == 0)
                note(seen, WARD_LAYER_OWN_ROOT, theirs.st_ino != ours.st_ino || theirs.st_dev != ours.st_dev);
}

/* --- status ----------------------------------------------------------------------------------- */

static bool read_number(const char *status, const char *name, int base, unsigned long long *ret_value)
{
        const char *at = find_line(status, name);
        if (at)
                *ret_value = strtoull(at, NULL, base);
        return at != NULL;
}

/* None in force, none that could come back by executing a program. */
static void see_capabilities(const char *status, struct sandbox_seen *seen)
{
        unsigned long long effective, permitted, inheritable, ambient;
        if (read_number(status, "CapEff:", 16, &effective) && read_number(status, "CapPrm:", 16, &permitted) &&
            read_number(status, "CapInh:", 16, &inheritable) && read_number(status, "CapAmb:", 16, &ambient))
                note(seen, WARD_LAYER_NO_CAPABILITIES, !(effective | permitted | inheritable | ambient));
}

static void see_user(const char *status, struct sandbox_seen *seen)
{
        unsigned ids[4], ours = geteuid();
        const char *at = find_line(status, "Uid:");
        if (at && sscanf(at, "%u %u %u %u", &ids[0], &ids[1], &ids[2], &ids[3]) == 4)
                note(seen, WARD_LAYER_OTHER_USER, ids[0] != ours && ids[1] != ours && ids[2] != ours && ids[3] != ours);
}

/* A filter of its own: the calling process may be under some as well. How many there are is told since Linux 5.9. */
static void see_filter(const char *status, const char *own, struct sandbox_seen *seen)
{
        unsigned long long mode, filters, ours;
        if (!read_number(status, "Seccomp:", 10, &mode))
                return;
        if (!read_number(status, "Seccomp_filters:", 10, &filters) || !read_number(own, "Seccomp_filters:", 10, &ours))
                filters = mode == 2, ours = 0;
        note(seen, WARD_LAYER_FILTER, mode == 2 && filters > ours);
}

static void see_status(const char *folder, struct sandbox_seen *seen)
{
        char status[FILE_ROOM], own[FILE_ROOM];
        unsigned long long given_up;
        if (!read_text(folder, "status", status) || !read_text("/proc/self", "status", own))
                return;
        see_capabilities(status, seen);
        see_user(status, seen);
        see_filter(status, own, seen);
        if (read_number(status, "NoNewPrivs:", 10, &given_up))
                note(seen, WARD_LAYER_NO_NEW_PRIVILEGES, given_up == 1);
}

/* --- Others ----------------------------------------------------------------------------------- */

/* What is hidden belongs to root there. Of user 0's own processes it does in any case. */
static void see_hidden(const char *folder, struct sandbox_seen *seen)
{
        char path[PATH_ROOM], status[FILE_ROOM];
        struct stat st;
        const char *at;
        snprintf(path, sizeof path, "%s/environ", folder);
        if (stat(path, &st) < 0 || !read_text(folder, "status", status) || !(at = find_line(status, "Uid:")))
                return;
        unsigned real, effective;
        if (sscanf(at, "%u %u", &real, &effective) == 2 && effective)
                note(seen, WARD_LAYER_HIDDEN, st.st_uid != effective);
}

bool seen_limit(const char *folder, const char *name, uint64_t *ret_value)
{
        char limits[FILE_ROOM], soft[24], hard[24], *end;
        const char *at = read_text(folder, "limits", limits) ? find_line(limits, name) : NULL;
        if (!at || sscanf(at, "%23s %23s", soft, hard) != 2)
                return false;
        unsigned long long value = strtoull(hard, &end, 10);
        if (end != hard)
                *ret_value = value;
        return end != hard;
}

static void see_limits(const char *folder, struct sandbox_seen *seen)
{
        char limits[FILE_ROOM];
        uint64_t value;
        if (!read_text(folder, "limits", limits))
                return;
        note(seen, WARD_LAYER_NO_CORE, seen_limit(folder, "Max core file size", &value) && !value);
        note(seen, WARD_LAYER_RLIMITS, seen_limit(folder, "Max data size", &value));
}

static void see_group(const char *folder, struct sandbox_seen *seen)
{
        char theirs[FILE_ROOM], ours[FILE_ROOM];
        if (read_text(folder, "cgroup", theirs) && read_text("/proc/self", "cgroup", ours))
                note(seen, WARD_LAYER_CGROUP, strcmp(theirs, ours) != 0);
}

int seen_read(const char *folder, struct sandbox_seen *ret_seen)
{
        struct sandbox_seen seen = { 0 };
        if (access(folder, F_OK))
                return -errno;
        for (size_t i = 0; i < COUNT_OF(namespaces); i++)
                see_namespace(folder, namespaces[i].name, namespaces[i].layer, &seen);
        see_root(folder, &seen);
        see_status(folder, &seen);
        see_hidden(folder, &seen);
        see_limits(folder, &seen);
        see_group(folder, &seen);
        *ret_seen = seen;
        return 0;
}

const char *seen_where(unsigned layer)
{
        static const struct {
                unsigned layer;
                const char *where;
        } places[] = {
                { WARD_LAYER_PID_NAMESPACE, "/proc/PID/ns/pid" },
                { WARD_LAYER_USER_NAMESPACE, "/proc/PID/ns/user" },
                { WARD_LAYER_MOUNT_NAMESPACE, "/proc/PID/ns/mnt" },
                { WARD_LAYER_NETWORK_NAMESPACE, "/proc/PID/ns/net" },
                { WARD_LAYER_IPC_NAMESPACE, "/proc/PID/ns/ipc" },
                { WARD_LAYER_UTS_NAMESPACE, "/proc/PID/ns/uts" },
                { WARD_LAYER_CGROUP_NAMESPACE, "/proc/PID/ns/cgroup" },
                { WARD_LAYER_OWN_ROOT, "/proc/PID/root" },
                { WARD_LAYER_OTHER_USER, "/proc/PID/status: Uid" },
                { WARD_LAYER_NO_CAPABILITIES, "/proc/PID/status: CapEff, CapPrm, CapInh, CapAmb" },
                { WARD_LAYER_NO_NEW_PRIVILEGES, "/proc/PID/status: NoNewPrivs" },
                { WARD_LAYER_FILTER, "/proc/PID/status: Seccomp, Seccomp_filters" },
                { WARD_LAYER_HIDDEN, "/proc/PID/environ: its owner" },
                { WARD_LAYER_NO_CORE, "/proc/PID/limits: Max core file size" },
                { WARD_LAYER_RLIMITS, "/proc/PID/limits: Max data size" },
                { WARD_LAYER_CGROUP, "/proc/PID/cgroup" },
        };
        for (size_t i = 0; i < COUNT_OF(places); i++)
                if (places[i].layer == layer)
                        return places[i].where;
        return NULL;
}
