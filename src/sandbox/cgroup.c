#include "sandbox/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/cgroup_parts.h"

enum { ID = 24 };

unsigned cgroups_controllers(const struct cgroups *groups)
{
        unsigned all = 0;
        for (size_t i = 0; i < groups->n; i++)
                all |= groups->trees[i].controllers;
        return all;
}

static const char *id_name(uint64_t id, char ret_name[ID])
{
        snprintf(ret_name, ID, "%" PRIu64, id);
        return ret_name;
}

static int open_folder(int parent, const char *name)
{
        return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* --- This process's folder -------------------------------------------------------------------- */

/* A sweeper may be quicker than the lock: then it has removed the folder, or is about to. */
static int lock_folder(int parent, const char *name)
{
        OWNED(fd_closep) int folder = open_folder(parent, name);
        struct stat there;
        if (folder < 0 || flock(folder, LOCK_EX | LOCK_NB) || fstatat(parent, name, &there, AT_SYMLINK_NOFOLLOW))
                return -1;
        return STEAL_FD(folder);
}

/* False, and no more tries, where this user cannot make any. */
static bool have_folder(const struct cgroups *groups, struct cgroup_tree *tree)
{
        enum { TRIES = 8 };
        for (int i = 0; tree->folder < 0 && i < TRIES && tree->controllers; i++) {
                if (mkdirat(tree->parent, groups->name, 0755) && errno != EEXIST)
                        tree->controllers = 0;
                else
                        tree->folder = lock_folder(tree->parent, groups->name);
        }
        if (tree->folder < 0)
                return false;
        if (tree->version == 2)
                cgroup_hand_down(tree->folder, tree->controllers);
        return true;
}

void cgroups_finish(struct cgroups *groups)
{
        for (size_t i = 0; i < groups->n; i++) {
                struct cgroup_tree *tree = &groups->trees[i];
                if (tree->folder >= 0)
                        cgroup_remove_tree(tree->parent, groups->name);
                fd_close(tree->folder);
                fd_close(tree->parent);
        }
        groups->n = 0;
}

/* --- A domain's group ------------------------------------------------------------------------- */

unsigned cgroup_wanted(const struct sandbox_limits *limits)
{
        return (limits->domain_bytes ? CGROUP_MEMORY : 0u) | (limits->cpu_percent ? CGROUP_CPU : 0u) |
               (limits->cpu_ns ? CGROUP_TIME : 0u) | (limits->processes ? CGROUP_PIDS : 0u) |
               (limits->read_bytes ? CGROUP_READ : 0u) | (limits->write_bytes ? CGROUP_WRITE : 0u);
}

/* 0 where nothing is held: then there is no group either. */
static unsigned make_in(const struct cgroup_tree *tree, const char *name, unsigned asked, const struct sandbox_limits *limits,
                        struct cgroup_entry *entry)
{
        if (mkdirat(tree->folder, name, 0755))
                return 0;
        OWNED(fd_closep) int folder = open_folder(tree->folder, name);
        unsigned held = folder < 0 ? 0 : cgroup_set(tree, folder, asked, limits);
        int way = -1;
        if (held)
                way = tree->version == 1 ? openat(folder, "tasks", O_WRONLY | O_CLOEXEC) : STEAL_FD(folder);
        if (way < 0) {
                unlinkat(tree->folder, name, AT_REMOVEDIR);
                return 0;
        }
        if (tree->version == 1)
                entry->tasks[entry->n++] = way;
        else
                entry->into = way;
        return held;
}

unsigned cgroup_make(struct cgroups *groups, uint64_t id, const struct sandbox_limits *limits, struct cgroup_entry *ret_entry)
{
        char name[ID];
        unsigned held = 0, all = cgroup_wanted(limits);
        *ret_entry = (struct cgroup_entry){ .into = -1 };
        for (size_t i = 0; i < groups->n; i++) {
                struct cgroup_tree *tree = &groups->trees[i];
                unsigned asked = tree->controllers & all;
                if (asked && have_folder(groups, tree))
                        held |= make_in(tree, id_name(id, name), asked, limits, ret_entry);
        }
        return held;
}

void cgroup_entry_close(struct cgroup_entry *entry)
{
        for (size_t i = 0; i < entry->n; i++)
                fd_close(entry->tasks[i]);
        entry->n = 0;
        entry->into = fd_close(entry->into);
}

int cgroup_enter(const struct cgroup_entry *entry)
{
        for (size_t i = 0; i < entry->n; i++)
                if (write(entry->tasks[i], "0", 1) != 1)
                        return -errno;
        return 0;
}

/* -1 where the domain has none in @tree. */
static int open_group(const struct cgroup_tree *tree, uint64_t id, unsigned controllers)
{
        char name[ID];
        return tree->controllers & controllers ? open_folder(tree->folder, id_name(id, name)) : -1;
}

void cgroup_read(const struct cgroups *groups, uint64_t id, unsigned controllers, struct cgroup_figures *ret_figures)
{
        *ret_figures = (struct cgroup_figures){ 0 };
        for (size_t i = 0; i < groups->n; i++) {
                const struct cgroup_tree *tree = &groups->trees[i];
                OWNED(fd_closep) int folder = open_group(tree, id, controllers);
                if (folder >= 0)
                        cgroup_read_folder(tree->version, folder, tree->controllers & controllers, ret_figures);
        }
}

void cgroup_kill(const struct cgroups *groups, uint64_t id, unsigned controllers)
{
        for (size_t i = 0; i < groups->n; i++) {
                const struct cgroup_tree *tree = &groups->trees[i];
                OWNED(fd_closep) int folder = open_group(tree, id, controllers);
                if (folder >= 0)
                        cgroup_kill_folder(folder);
        }
}

int cgroup_remove(const struct cgroups *groups, uint64_t id, unsigned controllers)
{
        char name[ID];
        int r = 0;
        for (size_t i = 0; i < groups->n; i++) {
                const struct cgroup_tree *tree = &groups->trees[i];
                if (tree->controllers & controllers && unlinkat(tree->folder, id_name(id, name), AT_REMOVEDIR) && errno == EBUSY)
                        r = -EBUSY;
        }
        return r;
}
