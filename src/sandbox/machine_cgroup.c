#include "sandbox/machine_cgroup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where the hierarchy of version @version with the controller for memory is mounted. */
static bool find_mount(int version, char room[512])
{
        char line[2048], type[32], options[512];
        bool found = false;
        FILE *file = fopen("/proc/self/mountinfo", "re");
        while (file && !found && fgets(line, sizeof line, file)) {
                const char *behind = strstr(line, " - ");
                found = sscanf(line, "%*s %*s %*s %*s %511s", room) == 1 && behind &&
                        sscanf(behind, " - %31s %*s %511s", type, options) == 2 &&
                        (version == 2 ? !strcmp(type, "cgroup2") : !strcmp(type, "cgroup") && strstr(options, "memory"));
        }
        if (file)
                fclose(file);
        return found;
}

/* The path of this process's group in it, from the mount on. */
static bool find_group(int version, char room[512])
{
        char line[1024];
        bool found = false;
        FILE *file = fopen("/proc/self/cgroup", "re");
        while (file && !found && fgets(line, sizeof line, file)) {
                const char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
                if (!path)
                        continue;
                found = version == 2 ? !strncmp(line, "0::", 3) : !!memmem(controllers, (size_t)(path - controllers), "memory", 6);
                snprintf(room, 512, "%.*s", (int)strcspn(path + 1, "\n"), path + 1);
        }
        if (file)
                fclose(file);
        return found;
}

static bool has_memory(const char *group)
{
        char path[1100], list[512] = "";
        snprintf(path, sizeof path, "%s/cgroup.controllers", group);
        FILE *file = fopen(path, "re");
        bool has = file && fgets(list, sizeof list, file) && strstr(list, "memory");
        if (file)
                fclose(file);
        return has;
}

static int try_to_divide(const char *group)
{
        char path[1100];
        snprintf(path, sizeof path, "%s/ward-doctor-%d", group, getpid());
        if (mkdir(path, 0700) < 0)
                return errno;
        return rmdir(path) < 0 ? errno : 0;
}

int machine_cgroup_look(struct machine_cgroup *ret_cgroup)
{
        char mount[512], group[512];
        *ret_cgroup = (struct machine_cgroup){ .error = ENOENT };
        for (int version = 2; version > 0 && !ret_cgroup->version; version--) {
                if (!find_mount(version, mount) || !find_group(version, group))
                        continue;
                snprintf(ret_cgroup->path, sizeof ret_cgroup->path, "%s%s", mount, strcmp(group, "/") ? group : "");
                if (version == 1 || has_memory(ret_cgroup->path))
                        ret_cgroup->version = version;
        }
        if (ret_cgroup->version)
                ret_cgroup->error = try_to_divide(ret_cgroup->path);
        return ret_cgroup->error;
}
