#include "worker/posture.h"

#include <stdio.h>
#include <ward/posture.h>
#include "base/own.h"
#include "sandbox/seen.h"

enum { FOLDER = 32 };

/* One limit, and where it could be kept. */
struct kept {
        unsigned limit;
        uint64_t bound; /* 0: there is none */
        unsigned controller;
        const char *rlimit; /* as /proc/PID/limits has it; NULL: there is none */
        uint64_t most;      /* that it is to be */
        bool looked_at;     /* where no group keeps it, or at all */
};

static void add(const struct kept *kept, const char *folder, const struct watched *watched, struct wire_posture *posture)
{
        uint64_t found;
        if (!kept->bound)
                return;
        posture->limits |= kept->limit;
        if (watched->groups & kept->controller)
                posture->by_group |= kept->limit;
        if (kept->rlimit && seen_limit(folder, kept->rlimit, &found) && found <= kept->most)
                posture->by_process |= kept->limit;
        if (kept->looked_at && watched->number && !(watched->groups & kept->controller))
                posture->by_looking |= kept->limit;
}

/* A process has something when it starts, and the kernel counts whole seconds. */
static void add_limits(const char *folder, const struct watched *watched, struct wire_posture *posture)
{
        const uint64_t any = UINT64_MAX, second = 1000000000;
        const struct sandbox_limits *limits = &watched->limits;
        uint32_t processes = limits->processes ? limits->processes : limits->least_processes;
        const struct kept all[] = {
                { WARD_LIMIT_PROCESS_MEMORY, limits->memory_bytes, 0, "Max data size", any, false },
                { WARD_LIMIT_MEMORY, limits->domain_bytes, CGROUP_MEMORY, NULL, 0, true },
                { WARD_LIMIT_CPU_TIME, limits->cpu_ns, 0, "Max cpu time", limits->cpu_ns / second + 2, true },
                { WARD_LIMIT_CPU_SHARE, limits->cpu_percent, CGROUP_CPU, NULL, 0, true },
                { WARD_LIMIT_PROCESSES, processes, CGROUP_PIDS, "Max processes", processes, limits->processes != 0 },
                { WARD_LIMIT_OPEN_FILES, limits->open_files, 0, "Max open files", limits->open_files, false },
                { WARD_LIMIT_FILE_SIZE, limits->file_bytes, 0, "Max file size", limits->file_bytes, false },
                { WARD_LIMIT_READING, limits->read_bytes, CGROUP_READ, NULL, 0, true },
                { WARD_LIMIT_WRITING, limits->write_bytes, CGROUP_WRITE, NULL, 0, true },
        };
        for (size_t i = 0; i < COUNT_OF(all); i++)
                add(&all[i], folder, watched, posture);
}

/* It is not yet reaped, so its number is its own. */
void posture_answer(const struct child *child)
{
        const struct wire_head head = { .kind = WIRE_ANSWER, .status = WIRE_POSTURE, .id = child->id };
        struct sandbox_seen seen;
        char folder[FOLDER];
        pid_t number = account_number(&child->warden->watchdog.account, child->pid);
        snprintf(folder, sizeof folder, "/proc/%d", (int)number);
        if (!number || seen_read(folder, &seen) < 0)
                return;
        struct wire_posture posture = { .shown = seen.shown, .held = seen.held };
        add_limits(folder, &child->watched, &posture);
        warden_tell(child->warden, &head, &posture, sizeof posture);
}
