/* Control groups, as this process finds them. */
#ifndef SANDBOX_MACHINE_CGROUP_H
#define SANDBOX_MACHINE_CGROUP_H

struct machine_cgroup {
        int version;     /* 2; 1; or 0: no file system of control groups with what limits a domain */
        int error;       /* why no group can be made below this process's own: errno; 0: one can */
        char path[1024]; /* of its own group, of the controller for memory where there are several */
};

/* Makes a group and removes it. 0 where that went well, or an errno. */
int machine_cgroup_look(struct machine_cgroup *ret_cgroup);

#endif
