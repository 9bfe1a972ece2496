/* Where a probe runs: an ordinary process that nothing holds, or a worker at a level.
 *
 * 1. cell_open   2. cell_attempt, any number of times   3. cell_close */
#ifndef TEST_ESCAPE_CELL_H
#define TEST_ESCAPE_CELL_H

#include <ward/host.h>
#include "escape_host.h"
#include "test/escape/scene.h"

/* An ordinary process, and the levels; intranet with all permissions is one more. */
enum column { PLAIN, HOST, FULL_TRUST, SPAWNS, INTRANET, INTERNET, COLUMNS };

const char *column_name(enum column column);
enum ward_level column_level(enum column column);

/* What came of a probe. */
struct result {
        enum answer answer;
        unsigned effects;
        unsigned held; /* enum ward_layer: what holds the worker */
        struct outcome outcome;
        char text[400]; /* of a fault */
};

struct cell {
        struct ward_host *host; /* NULL: an ordinary process */
        enum column column;
        unsigned held;
        struct scene *scene;
        struct escape *attacker, *sibling;
        int plain_sibling; /* a process of the runner's; 0: none */
        int plain_line;    /* to that: it answers each byte as long as it lives */
};

/* 0; or a negative fault kind. @host: NULL for an ordinary process. */
int cell_open(struct cell *cell, struct scene *scene, struct ward_host *host, enum column column, struct ward_fault *fault);
void cell_attempt(struct cell *cell, const struct probe *probe, struct result *ret);
void cell_close(struct cell *cell);

/* plain.c */
int plain_sibling_start(struct cell *cell);
bool plain_sibling_intact(const struct cell *cell);
void plain_sibling_end(struct cell *cell);
/* The answer alone. */
void plain_attempt(const struct scene *scene, const struct probe *probe, struct result *ret);

/* processes.c: children of the warden, of which the host has a descriptor. 0: there is none. */
int32_t find_warden(void);
enum { CHILDREN_MAX = 64 };
size_t list_children(int32_t parent, int32_t ret_children[CHILDREN_MAX]);

#endif
