/* Ends what makes the warden wait. It reads the memory of workers whose calls it is told of, and one that is not held by its level
 * can see to it that such a read never ends: by userfaultfd(2), or by mapping a file of a file system of its own. So there is a
 * second thread as long as a worker is only observed: it ends a worker whose memory takes long to be read; and if that does not
 * help, the warden with all its workers, for which the host starts another.
 *
 * 1. guard_add  2. guard_begin  3. guard_end  4. guard_remove */
#ifndef WORKER_NOTICE_GUARD_H
#define WORKER_NOTICE_GUARD_H

#include <sys/types.h>

/* For one worker more. 0, or a negative errno. */
int guard_add(void);
void guard_remove(void);

/* Before and after what may never end without it: of @worker's memory. */
void guard_begin(pid_t worker);
void guard_end(void);

#endif
