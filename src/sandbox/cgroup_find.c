/* Below which groups this process may make others: from the tables of mounts and of its own groups. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/own.h"
#include "sandbox/cgroup_parts.h"

/* Whole lines: their paths come from outside, and may be long. */
enum { LINE = 2 * PATH_MAX };

/* A line of mountinfo: "36 35 98:0 ROOT POINT options optional… - TYPE source OPTIONS". */
struct mount {
        char *root, *point, *type, *options;
};

static void unescape(char *text)
{
        char *to = text;
        for (; *text; to++) {
                unsigned c;
                if (*text == '\\' && sscanf(text + 1, "%3o", &c) == 1) {
                        *to = (char)c;
                        text += 4;
                } else {
                        *to = *text++;
                }
        }
        *to = 0;
}

static bool parse_mount(char *line, struct mount *ret_mount)
{
        char *rest = strstr(line, " - "), *saved;
        if (!rest)
                return false;
        *rest = 0;
        strtok_r(line, " ", &saved);
        strtok_r(NULL, " ", &saved);
        strtok_r(NULL, " ", &saved);
        ret_mount->root = strtok_r(NULL, " ", &saved);
        ret_mount->point = strtok_r(NULL, " ", &saved);
        ret_mount->type = strtok_r(rest + 3, " ", &saved);
        strtok_r(NULL, " ", &saved);
        ret_mount->options = strtok_r(NULL, " \n", &saved);
        if (!ret_mount->root || !ret_mount->point || !ret_mount->options)
                return false;
        unescape(ret_mount->root);
        unescape(ret_mount->point);
        return true;
}

/* Whether one of @names is among @options, both separated by commas. */
static bool shares_name(const char *names, const char *options)
{
        for (const char *name = names; *name;) {
                size_t len = strcspn(name, ",");
                for (const char *at = options; *at;) {
                        size_t n = strcspn(at, ",");
                        if (n == len && !memcmp(at, name, len))
                                return true;
                        at += n + (at[n] == ',');
                }
                name += len + (name[len] == ',');
        }
        return false;
}

/* A group, in the tree that @mount shows. */
static bool place(const struct mount *mount, const char *group, char ret_path[LINE])
{
        size_t len = strcmp(mount->root, "/") ? strlen(mount->root) : 0;
        if (strncmp(group, mount->root, len) || (len && group[len] && group[len] != '/') || strstr(group, "/.."))
                return false;
        return snprintf(ret_path, LINE, "%s%s", mount->point, group + len) < LINE;
}

/* Where the group @group is, of the tree with these controllers; none: of version 2. */
static bool find_path(const char *mounts, const char *controllers, const char *group, char ret_path[LINE])
{
        FILE *list = fopen(mounts, "re");
        char line[LINE];
        bool found = false;
        while (list && !found && fgets(line, sizeof line, list)) {
                struct mount mount;
                if (!parse_mount(line, &mount) || strcmp(mount.type, *controllers ? "cgroup" : "cgroup2"))
                        continue;
                found = (!*controllers || shares_name(controllers, mount.options)) && place(&mount, group, ret_path);
        }
        if (list)
                fclose(list);
        return found;
}

static bool may_write(int folder)
{
        return !faccessat(folder, ".", W_OK, AT_EACCESS) && !faccessat(folder, "cgroup.procs", W_OK, AT_EACCESS);
}

/* --- Version 2 -------------------------------------------------------------------------------- */

/* Handed over by systemd, which says so; what an ordinary user may write has been, too. */
static bool is_delegated(int folder)
{
        char yes[4];
        return geteuid() || fgetxattr(folder, "user.delegate", yes, sizeof yes) > 0 ||
               fgetxattr(folder, "trusted.delegate", yes, sizeof yes) > 0;
}

/* What groups in this one get. The kernel refuses to hand down what processes in the group itself use. */
static unsigned handed_down(int folder, bool own)
{
        char text[256];
        if (own || is_delegated(folder))
                cgroup_hand_down(folder, CGROUP_ALL);
        if (cgroup_file_read(folder, "cgroup.subtree_control", text, sizeof text) < 0)
                return 0;
        return cgroup_controllers_named(2, text, " \n");
}

static unsigned count(unsigned set)
{
        return (unsigned)__builtin_popcount(set);
}

/* The nearest of those in which most can be had. Cuts @path. */
static int find_parent(char *path, size_t root, unsigned *ret_controllers)
{
        int best = -1;
        for (bool own = true;; own = false) {
                int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (folder < 0)
                        break;
                unsigned controllers = may_write(folder) ? handed_down(folder, own) | CGROUP_TIME : 0;
                if (controllers && (best < 0 || count(controllers) > count(*ret_controllers))) {
                        fd_close(best);
                        best = STEAL_FD(folder);
                        *ret_controllers = controllers;
                }
                fd_close(folder);
                char *slash = strrchr(path, '/');
                if (!slash || (size_t)(slash - path) < root)
                        break;
                *slash = 0;
        }
        return best;
}

/* --- Both ------------------------------------------------------------------------------------- */

static void add_tree(struct cgroups *groups, const char *mounts, const char *names, const char *group)
{
        char path[LINE], root[LINE];
        struct cgroup_tree tree = { .folder = -1, .version = *names ? 1 : 2 };
        if (groups->n == CGROUP_TREES || !find_path(mounts, names, group, path))
                return;
        if (tree.version == 1) {
                tree.controllers = cgroup_controllers_named(1, names, ",");
                tree.parent = tree.controllers ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
                if (tree.parent >= 0 && !may_write(tree.parent))
                        tree.parent = fd_close(tree.parent);
        } else {
                find_path(mounts, names, "", root);
                for (size_t len = strlen(path); len && path[len - 1] == '/';)
                        path[--len] = 0;
                tree.parent = find_parent(path, strlen(root), &tree.controllers);
        }
        tree.controllers &= ~cgroups_controllers(groups);
        if (tree.parent >= 0 && tree.controllers)
                groups->trees[groups->n++] = tree;
        else
                fd_close(tree.parent);
}

/* Lines "ID:CONTROLLERS:GROUP". Those of version 1 come first, as in the kernel's table: there, entering costs less. */
void cgroups_find(const char *mounts, const char *own, pid_t host, struct cgroups *ret_groups)
{
        enum { START_NS = 1000 };
        char line[LINE];
        *ret_groups = (struct cgroups){ .n = 0 };
        snprintf(ret_groups->name, sizeof ret_groups->name, "ward-%d-%llu", (int)host,
                 (unsigned long long)(clock_read(CLOCK_BOOTTIME) / START_NS));
        FILE *list = fopen(own, "re");
        while (list && fgets(line, sizeof line, list)) {
                char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
                if (!group)
                        continue;
                *group++ = 0;
                group[strcspn(group, "\n")] = 0;
                add_tree(ret_groups, mounts, names + 1, group);
        }
        if (list)
                fclose(list);
}
