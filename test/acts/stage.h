/* A host, a domain with the add-in of deeds, and the events that were told.
 *
 * 1. stage_set  2. deed  3. stage_await  4. stage_strike */
#ifndef TEST_ACTS_STAGE_H
#define TEST_ACTS_STAGE_H

#include <pthread.h>
#include <ward/event.h>
#include "deeds_host.h"
#include "test/support.h"

enum { STAGE_EVENTS = 4096, STAGE_MS = 10000 };

struct stage_event {
        enum ward_event_kind kind;
        int error;
        uint64_t count;
        char operation[32];
        char subject[WARD_EVENT_SUBJECT_MAX];
};

struct stage {
        struct ward_host *host;
        struct deeds *deeds;
        pthread_mutex_t lock; /* guards the next two */
        pthread_cond_t told;
        struct stage_event events[STAGE_EVENTS];
        size_t n;
};

/* Skips the test where the level cannot be held here. @permissions may be NULL. */
void stage_set(struct stage *stage, enum ward_level level, const char *const *permissions, bool record);
void stage_strike(struct stage *stage);

int deed(struct stage *stage, const char *what, const char *path, int n);

/* Waits until such an event was told; @subject may be NULL. Fails the test if none comes. */
struct stage_event stage_await(struct stage *stage, enum ward_event_kind kind, const char *operation, const char *subject);
/* Whether one was, up to now. */
bool stage_was_told(struct stage *stage, enum ward_event_kind kind, const char *operation, const char *subject);

#endif
