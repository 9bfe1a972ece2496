#include "sandbox/machine_cgroup.h"

#include <errno.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/cgroup.h"

int machine_cgroup_look(struct machine_cgroup *ret_cgroup)
{
        static const struct sandbox_limits all = { .domain_bytes = 64 << 20,
                                                   .cpu_ns = 1000000000,
                                                   .cpu_percent = 50,
                                                   .processes = 10,
                                                   .read_bytes = 1 << 20,
                                                   .write_bytes = 1 << 20 };
        enum { ID = 1 };
        struct cgroups groups;
        struct cgroup_entry entry;
        *ret_cgroup = (struct machine_cgroup){ 0 };
        cgroups_find("/proc/self/mountinfo", "/proc/self/cgroup", getpid(), &groups);
        unsigned held = cgroup_make(&groups, ID, &all, &entry);
        cgroup_entry_close(&entry);
        for (size_t i = 0; i < groups.n; i++)
                if (groups.trees[i].version == 1)
                        ret_cgroup->version_1 |= groups.trees[i].controllers & held;
                else
                        ret_cgroup->version_2 |= groups.trees[i].controllers & held;
        if (held)
                cgroup_remove(&groups, ID, held);
        cgroups_finish(&groups);
        return held ? 0 : EACCES;
}

const char *machine_controller_name(unsigned controller)
{
        static const struct {
                unsigned controller;
                const char *name;
        } names[] = {
                { CGROUP_MEMORY, "memory" },  { CGROUP_CPU, "processor share" }, { CGROUP_TIME, "processor time" },
                { CGROUP_PIDS, "processes" }, { CGROUP_READ, "reading" },        { CGROUP_WRITE, "writing" },
        };
        for (size_t i = 0; i < COUNT_OF(names); i++)
                if (names[i].controller == controller)
                        return names[i].name;
        return NULL;
}
