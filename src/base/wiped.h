/* Memory that a fork wipes to zero (MADV_WIPEONFORK): by what is written there, a process knows itself for the one that wrote it.
 * Many share a page; the pages are given back when the last of a process's is. */
#ifndef BASE_WIPED_H
#define BASE_WIPED_H

enum { WIPED_SIZE = 64 }; /* a cache line: who writes in one does not disturb those who read another */

/* WIPED_SIZE bytes, all zero. NULL with errno. Any thread. */
void *wiped_take(void);
/* NULL is fine. In a forked child too. */
void wiped_give(void *wiped);

#endif
