/* What tests of posture share. */
#ifndef TEST_POSTURE_STAGE_H
#define TEST_POSTURE_STAGE_H

#include "sandbox/layers.h"
#include "sandbox/machine.h"
#include "test/support.h"

enum {
        STAGE_LEVELS = 4,
        STAGE_ASKED = WARD_LAYER_CGROUP, /* only where there are limits for it */
};
extern const enum ward_level stage_levels[STAGE_LEVELS];

struct ward_host *stage_without(unsigned layers);
/* As ward_domain_new, at kind `process`. */
int stage_make(struct ward_host *host, enum ward_level level, struct ward_domain **ret_domain, struct ward_fault *fault);
struct ward_posture stage_posture(const struct ward_domain *domain);
/* For whoever reads the test's output. */
void stage_print(const char *what, unsigned layers);
/* If it is user 0, the process is somebody else from here on. */
void stage_become_ordinary(void);

#endif
