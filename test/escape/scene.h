/* What there is to attack, outside of all domains, and what has become of it.
 *
 * 1. scene_set   2. scene_look, after each probe: what it did, which is undone   3. scene_strike
 *
 *      outside/   "secret", "target", "program" (ends with 42), "as-owner" (0 if it runs as who started it, else 1), "socket",
 * "folder" readable/  "gift", "link" to outside/secret, "device", "fifo", "socket"; intranet may read it writable/  "target";
 * intranet may write it
 *
 * Also sockets, segments, queues, semaphores, a key, a terminal, a signal handler, a word in memory. */
#ifndef TEST_ESCAPE_SCENE_H
#define TEST_ESCAPE_SCENE_H

#include "test/escape/probe.h"

enum listener {
        LISTENS_GRANTED,
        LISTENS,
        LISTENS_SIX,
        LISTENS_DATAGRAMS,
        LISTENS_PATH,
        LISTENS_READABLE,
        LISTENS_ABSTRACT,
        LISTENS_ABSTRACT_DATAGRAMS,
        LISTENERS
};

struct scene {
        struct stage stage;
        char folder[80];
        char token[64]; /* the secret */
        char gift[64];
        int listeners[LISTENERS];
        int fifo;        /* its reading end */
        int terminal[2]; /* the master's and the slave's end */
        int output;      /* what was standard output */
        int posix_queue;
        char files[3][1024]; /* what outside, readable, writable looked like */
};

/* 0, or -1 with the reason printed. The runner has one thread yet. */
int scene_set(struct scene *scene, const char *token);
void scene_strike(struct scene *scene);

/* Which of enum effect have happened since the last look; not SECRET, GIFT and SIBLING, which lie elsewhere. All is as it was
 * again. */
unsigned scene_look(struct scene *scene);

/* SECRET and GIFT: what @text says. */
unsigned scene_read(const struct scene *scene, const char *text, size_t length);

/* files.c */
int scene_files_set(struct scene *scene);
unsigned scene_files_look(struct scene *scene);
void scene_files_strike(const struct scene *scene);
/* ways.c: sockets and the terminal */
int scene_ways_set(struct scene *scene);
unsigned scene_ways_look(struct scene *scene);
void scene_ways_strike(struct scene *scene);
/* shared.c: segments, queues, semaphores, keys */
int scene_shared_set(struct scene *scene);
unsigned scene_shared_look(struct scene *scene);
void scene_shared_strike(struct scene *scene);

#endif
