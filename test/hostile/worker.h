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

/* storms.c */

/* It rewrites what belongs to the first lanes that are called, which are those that there are, and to the first of its own threads.
 */
enum { LANES_CALLED = 24, LANES_USED = 32 };

uint64_t next_random(uint64_t *x);
/* One that matters, more often than not. */
uint64_t odd_number(uint64_t *x);
/* @lane: below LANES_USED. */
struct mailbox *box_of(uint32_t lane);
/* Any number, ASLEEP, or the next number; which it is, @r says. */
void wrong_bell(struct mailbox *box, uint64_t r);
/* Anywhere in the arenas. */
void rewrite_value(uint64_t *x);
/* ACT_STORM to ACT_RING. */
void storm_start(enum act act);

/* acts.c: at @moment; true where the message has been answered, or is not to be. */
bool act_at(struct served *served, enum moment moment);

#endif
