/* What becomes of a system call that was notified: by the level's filter and what the domain is granted. Pure.
 *
 * A call that goes on is judged once more by the kernel, which reads the caller's memory anew: so none goes on that root, Landlock
 * and the rest of the filter would not hold as well. */
#ifndef WORKER_NOTICE_JUDGE_H
#define WORKER_NOTICE_JUDGE_H

#include "sandbox/filter.h"
#include "sandbox/grants.h"
#include "worker/notice_call.h"

enum verdict {
        VERDICT_REFUSE,  /* with call->error */
        VERDICT_GO_ON,   /* the kernel does it */
        VERDICT_CONNECT, /* to the address that was copied, by the warden */
};

struct judge {
        enum filter_kind level;
        const struct grants *grants;
        long long own_number; /* the worker's process, as it knows itself */
};

enum verdict judge(const struct judge *judge, const struct call *call);

#endif
