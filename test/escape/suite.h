/* The whole suite, or a part of it, and what came of it. */
#ifndef TEST_ESCAPE_SUITE_H
#define TEST_ESCAPE_SUITE_H

#include <stdio.h>
#include "test/escape/judge.h"

enum { PROBES_MAX = 512 };

struct suite {
        struct scene scene;
        const struct probe *probes[PROBES_MAX];
        const struct area *areas[PROBES_MAX]; /* of each */
        size_t n;
        struct cell_report reports[COLUMNS][PROBES_MAX];
        bool refused[COLUMNS];                      /* the level was not started, */
        char refusal[COLUMNS][WARD_FAULT_TEXT_MAX]; /* because */
        double seconds;
};

/* All probes; or those named in @names (of probes or areas), which ends with NULL. -1: there is none of a name, which is printed.
 */
int suite_choose(struct suite *suite, char *const *names);

/* Without Ward. The process has one thread yet. */
void suite_run_plain(struct suite *suite);
/* At the level of @column. False: it was refused. */
bool suite_run(struct suite *suite, struct ward_host *host, enum column column);

/* How many were tried in a column, and of these refused, unproved, wrong. */
struct counts {
        unsigned tried, denied, unproved, wrong;
};
struct counts suite_count(const struct suite *suite, enum column column, const struct area *area); /* NULL: all */

/* report.c */
void report_print(const struct suite *suite, FILE *out);
void report_json(const struct suite *suite, FILE *out);
/* The rows themselves, as doc. */
void report_rows(const struct suite *suite, FILE *out);

#endif
