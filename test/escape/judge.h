/* What a probe's row demands at each level, and whether what came of it is that. */
#ifndef TEST_ESCAPE_JUDGE_H
#define TEST_ESCAPE_JUDGE_H

#include "test/escape/cell.h"

enum verdict {
        NOT_TRIED,
        AS_STATED,
        UNPROVED, /* as stated; but this machine, or this user, does not have what was to be kept from it */
        WRONG,
};

struct cell_report {
        struct result result;
        enum verdict verdict;
        char reason[800]; /* if it is wrong */
};

/* Whether the probe is to be run there at all. */
bool is_tried(const struct probe *probe, enum column column);
/* @plain: what an ordinary process was told; NULL in that column itself. */
void judge(const struct probe *probe, enum column column, const struct cell_report *plain, struct cell_report *report);

/* The names of what can be seen from outside, divided by ", ". */
const char *effect_names(unsigned effects, char *text, size_t size);

#endif
