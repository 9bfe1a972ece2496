#include "domain/deadline.h"

#include <stdio.h>
#include "base/clock.h"

enum { LATE_NS = 50000000, AGAIN_MS = 1000 };

__thread uint64_t deadline_inherited __attribute__((tls_model("initial-exec"))) = CLOCK_NEVER;

/* proc(5), /proc/pid/status: TracerPid. */
static bool is_traced(void)
{
        FILE *status = fopen("/proc/self/status", "re");
        char line[128];
        int tracer = 0;
        while (status && fgets(line, sizeof line, status))
                if (sscanf(line, "TracerPid: %d", &tracer) == 1)
                        break;
        if (status)
                fclose(status);
        return tracer;
}

/* Who waits notices in time, and who is stopped does not. */
bool deadline_was_held(uint64_t deadline, uint64_t *ret_deadline)
{
        uint64_t now = clock_now();
        if (now < deadline || now - deadline < LATE_NS || !is_traced())
                return false;
        *ret_deadline = now + AGAIN_MS * (uint64_t)1000000;
        return true;
}
