/* Control groups, as this process can have them: found by making one. */
#ifndef SANDBOX_MACHINE_CGROUP_H
#define SANDBOX_MACHINE_CGROUP_H

/* enum cgroup_controller: those that a group with limits of all kinds was held by, at version 1 and at version 2. */
struct machine_cgroup {
        unsigned version_1;
        unsigned version_2;
};

/* 0 where there is any, or an errno. */
int machine_cgroup_look(struct machine_cgroup *ret_cgroup);

/* What the controller limits: "memory", "processor share", …; NULL for what is none. */
const char *machine_controller_name(unsigned controller);

#endif
