/* What the tests of kind `process` share. */
#ifndef TEST_PROCESS_PROCESS_H
#define TEST_PROCESS_PROCESS_H

#include <sys/types.h>
#include "acts_host.h"
#include "test/support.h"

/* A host and an add-in in it. */
struct stage {
        struct ward_host *host;
        struct acts *acts;
};

/* Services that behave as acts.wit says. */
extern const struct acts_services acts_services;

struct stage stage_set(const struct ward_activate_options *options);
void stage_strike(struct stage *stage);

/* A fresh add-in in place of one that was lost. */
void stage_again(struct stage *stage);

/* acts_act: the fault's kind if it fails, with the fault in @ret_fault; else 0 and the answer in @ret. */
int act(const struct stage *stage, const char *what, int64_t *ret, struct ward_fault *ret_fault);
/* One that must not fail. */
int64_t fact(const struct stage *stage, const char *what);

/* How many processes of this machine are called @name. */
int count_processes(const char *name);
/* Waits until there are none, at most two seconds; how many are left. */
int settle_processes(const char *name);

/* Whether the system lets this user make PID namespaces. Where it does not, nothing but the warden ends what an add-in started. */
bool has_namespaces(void);

/* The warden of this process; fails the test if it has none. */
pid_t find_warden(void);

/* Milliseconds since some time. */
uint64_t now_ms(void);

#endif
