/* `ward doctor`: what this machine offers, and what the levels would be held by on it.
 *
 * 1. examine, which ends with doctor_try_levels  2. one of the two that print */
#ifndef TOOL_DOCTOR_H
#define TOOL_DOCTOR_H

#include <stdio.h>
#include <ward/fault.h>
#include "sandbox/layers.h"
#include "sandbox/machine.h"

enum { DOCTOR_LEVELS = 4 };

struct doctor_level {
        enum ward_level level;
        unsigned layers; /* that hold it, as a domain has shown; else those that it asks for and the machine offers */
        const struct layers_rule *missing; /* of its floor; NULL: a domain was started */
        bool failed;                       /* that came to nothing, */
        struct ward_fault fault;           /* for this reason */
};

struct diagnosis {
        struct machine machine;
        struct doctor_level levels[DOCTOR_LEVELS];
};

void examine(struct diagnosis *ret_diagnosis);
void doctor_try_levels(struct diagnosis *diagnosis);

/* Of one level, or of all: WARD_LEVEL_DEFAULT. 0, or -1 where it cannot be written. */
int doctor_print(const struct diagnosis *diagnosis, enum ward_level level, FILE *out);
int doctor_print_json(const struct diagnosis *diagnosis, enum ward_level level, FILE *out);

#endif
