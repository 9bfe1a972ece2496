/* Rows: calls of one thread that are in flight together. They run one after the other, in the order in which they were sent, so
 * that the way of one is not waited for before the next sets out. For executors; a row is its thread's.
 *
 *      1. open  2. send, at most @most more often than take  3. take: the oldest  4. leave  5. close, with none in
 *         flight */
#ifndef DOMAIN_ROW_H
#define DOMAIN_ROW_H

#include "domain/domain.h"

struct row;

struct row_ops {
        uint32_t most;
        /* 0, or a fault: LIMIT, UNLOADED, or what ended the domain. */
        int (*open)(struct ward_domain *domain, struct row **ret_row, struct ward_fault *fault);
        void (*close)(struct row *row);
        /* Sends a call. @ms: its time limit, for the words of a fault. @ret_word: to be 1 while the call is cancelled, and 0 at the
         * end. 0, or a fault with nothing in flight for it. */
        int (*send)(struct row *row, struct instance *instance, uint32_t export_index, const void *args, uint32_t ms,
                    _Atomic uint32_t **ret_word, struct ward_fault *fault);
        /* Waits for the oldest within the inherited deadline, serves it meanwhile, and gives its result. With the domain's turn,
         * where it has one. After a call that ended the domain those behind it are `unloaded`. */
        int (*take)(struct row *row, void *ret, struct ward_fault *fault);
        /* After each take. From here on its word is not there; the domain may be stopped by this. */
        void (*leave)(struct row *row);
};

#endif
