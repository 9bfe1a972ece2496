/* What the files of the hostile worker share. */
#ifndef TEST_HOSTILE_WORKER_H
#define TEST_HOSTILE_WORKER_H

#include <stdbool.h>
#include "channel/channel.h"
#include "channel/message.h"
#include "test/hostile/board.h"

struct hostile {
        struct shared shared;
        int socket;
        int doorbell;
        struct board *board;
        struct channel first; /* lane 0 */
};

extern struct hostile hostile;

/* A lane, on the thread that serves it. */
struct served {
        struct channel channel;
        uint32_t number;
        uint64_t random;
        struct extent memory; /* its own for values, or nothing */
        bool more_is_refused;
};

/* worker.c */

struct message hear(struct served *served);
/* Tells the host, who had the last word. */
void tell(struct served *served, uint32_t kind, uint64_t slot0, uint64_t slot1);
/* Asks for @bytes; 0 with an extent in @ret, which may be any. */
int ask_more(struct served *served, uint64_t bytes, struct extent *ret);

/* acts.c: at @moment; true where the message has been answered, or is not to be. */
bool act_at(struct served *served, enum moment moment);

#endif
