/* What the tests of limits share. */
#ifndef TEST_LIMITS_LIMITS_H
#define TEST_LIMITS_LIMITS_H

#include <ward/event.h>
#include <ward/usage.h>
#include "hog_host.h"
#include "test/support.h"

enum { LIMITS_MIB = 1 << 20 };

/* Where groups are, they keep limits; else, and where a test wants it so, the supervisor looks now and then. */
enum limits_kept { KEPT_BY_GROUPS, KEPT_BY_LOOKING };

/* A host with @kept, which skips the test where it cannot be had. Events: how many told of a limit. */
struct ward_host *limits_host(enum limits_kept kept);
extern _Atomic uint32_t limits_events;

/* An add-in in a domain of its own; at full trust. */
struct hog *limits_activate_at(struct ward_host *host, enum ward_level level, const struct ward_limits *limits,
                               const struct ward_quota *quota);
struct hog *limits_activate(struct ward_host *host, const struct ward_limits *limits, const struct ward_quota *quota);
/* hog_act: 0 with its answer, or the fault's kind. */
int limits_act(struct hog *hog, const char *what, uint64_t amount, int64_t *ret, struct ward_fault *ret_fault);
/* One that must not fail. */
int64_t limits_fact(struct hog *hog, const char *what, uint64_t amount);

/* Folders that the supervisor of this process has made for control groups; and domains' in these. */
int limits_count_groups(void);
int limits_count_domains(void);

#endif
