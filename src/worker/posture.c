#include "worker/posture.h"

#include <stdio.h>
#include "sandbox/seen.h"

/* It is not yet reaped, so its number is its own. */
void posture_answer(const struct child *child)
{
        const struct wire_head head = { .kind = WIRE_ANSWER, .status = WIRE_POSTURE, .id = child->id };
        struct sandbox_seen seen;
        char folder[32];
        pid_t number = account_number(&child->warden->watchdog.account, child->pid);
        snprintf(folder, sizeof folder, "/proc/%d", (int)number);
        if (!number || seen_read(folder, &seen) < 0)
                return;
        const struct wire_posture posture = { seen.shown, seen.held };
        warden_tell(child->warden, &head, &posture, sizeof posture);
}
