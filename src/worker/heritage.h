/* What a process has from its parent by birth, and a warden gives up: it is born to whichever thread of the host's needs it first,
 * and how that one runs is its own affair. Handlers, ignored signals, descriptors and environment were taken care of when it was
 * launched. */
#ifndef WORKER_HERITAGE_H
#define WORKER_HERITAGE_H

/* In the warden, before it forks: from here on workers are as in a session of their own. What a host cannot lend, as a hard limit
 * or a better priority than its own, stays. */
void heritage_drop(void);

/* In a worker: it may have as many descriptors as the host, or as programs usually have where that is more. A warden needs some for
 * each worker. */
void heritage_restore_files(void);

#endif
