#include "test/limits/limits.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "sandbox/cgroup.h"

_Atomic uint32_t limits_events;

static void on_event(void *data, const struct ward_event *event)
{
        if (event->kind == WARD_EVENT_LIMIT && !strcmp(event->subject, "processes"))
                atomic_fetch_add(&limits_events, 1);
}

static void find(struct cgroups *ret_groups)
{
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), ret_groups);
}

/* Every limit that a test wants kept by groups. */
static void need_groups(void)
{
        const unsigned all = CGROUP_MEMORY | CGROUP_CPU | CGROUP_TIME | CGROUP_PIDS;
        struct cgroups groups;
        find(&groups);
        bool there = (cgroups_controllers(&groups) & all) == all;
        cgroups_finish(&groups);
        if (!there && !geteuid())
                harness_skip("this machine has no control groups for memory, processor and processes");
        if (!there) {
                /* not for WARD_MUST_WORK to change: who is not user 0 may have none on the best of machines */
                puts("  skipped: this user can make no control groups here");
                exit(77);
        }
}

struct ward_host *limits_host(enum limits_kept kept)
{
        const struct ward_host_options options = { .size = sizeof options,
                                                   .without_layers = kept == KEPT_BY_LOOKING ? WARD_LAYER_CGROUP : 0,
                                                   .on_event = on_event };
        struct ward_fault fault;
        struct ward_host *host;
        if (kept == KEPT_BY_GROUPS)
                need_groups();
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

struct hog *limits_activate_at(struct ward_host *host, enum ward_level level, const struct ward_limits *limits,
                               const struct ward_quota *quota)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        struct hog *hog;
        options.level = level;
        options.deadline_ms = 10000;
        options.quota = quota;
        if (limits)
                options.limits = *limits;
        assert_good(hog_activate(host, addin_file("hog", WARD_PROCESS), &options, NULL, &hog, &fault), &fault);
        return hog;
}

struct hog *limits_activate(struct ward_host *host, const struct ward_limits *limits, const struct ward_quota *quota)
{
        return limits_activate_at(host, WARD_LEVEL_FULL_TRUST, limits, quota);
}

int limits_act(struct hog *hog, const char *what, uint64_t amount, int64_t *ret, struct ward_fault *ret_fault)
{
        hog_string_t name;
        hog_string_set(&name, what);
        return -hog_act(hog, &name, amount, ret, ret_fault);
}

int64_t limits_fact(struct hog *hog, const char *what, uint64_t amount)
{
        struct ward_fault fault;
        int64_t ret = 0;
        assert_good(-limits_act(hog, what, amount, &ret, &fault), &fault);
        return ret;
}

/* Folders in @parent, those of this host where @ours; and in these. */
static int count(int parent, bool ours, int *ret_within)
{
        int n = 0, fd = openat(parent, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        char prefix[32];
        snprintf(prefix, sizeof prefix, "ward-%d-", (int)getpid());
        DIR *list = fdopendir(fd);
        for (const struct dirent *entry; (entry = readdir(list));) {
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.' || (ours && strncmp(entry->d_name, prefix, strlen(prefix))))
                        continue;
                n++;
                int within = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                if (ours && within >= 0)
                        *ret_within += count(within, false, NULL);
                if (within >= 0)
                        close(within);
        }
        closedir(list);
        return n;
}

static int count_all(int *ret_within)
{
        struct cgroups groups;
        int n = 0;
        *ret_within = 0;
        find(&groups);
        for (size_t i = 0; i < groups.n; i++)
                n += count(groups.trees[i].parent, true, ret_within);
        cgroups_finish(&groups);
        return n;
}

int limits_count_groups(void)
{
        int within;
        return count_all(&within);
}

int limits_count_domains(void)
{
        int within;
        count_all(&within);
        return within;
}
