/* What the tests of posting and of an add-in's own threads share: a host that writes down what comes. */
#ifndef TEST_EVENTS_STAGE_H
#define TEST_EVENTS_STAGE_H

#include <pthread.h>
#include <stdatomic.h>
#include "events_host.h"
#include "test/support.h"

enum { STAGE_NOTES = 1 << 20 };

struct stage {
        struct ward_host *host;
        struct events *events;
        _Atomic uint32_t n_notes;    /* notes, and what asks say: see stage_ask */
        uint32_t notes[STAGE_NOTES]; /* the first so many */
        _Atomic uint32_t n_others;   /* odd, many, say, read and bell */
        _Atomic uint32_t wrong;      /* of these, not as they should be */
        _Atomic uint32_t n_asks;
        _Atomic uint32_t n_things;          /* that the add-in holds */
        uint64_t said;                      /* bytes */
        _Atomic(pthread_t) last;            /* the thread that was called last */
        uint32_t (*when_asked)(uint32_t n); /* NULL: n + 1 */
        void (*when_noted)(uint32_t n);
};

/* The one there is. */
extern struct stage *stage;

/* Activates the add-in. @options may be NULL: as options_for. */
void stage_set(enum ward_isolation isolation, const struct ward_activate_options *options);
void stage_strike(void);

/* events_act: the fault's kind negated, with the fault in @ret_fault (may be NULL), or 0 with the answer in @ret. */
int stage_try(const char *what, uint32_t n, uint32_t *ret, struct ward_fault *ret_fault);
/* One that must not fail. */
uint32_t act(const char *what, uint32_t n);

/* Fails the test unless the notes are @n numbers from 0 on. */
void assert_notes(uint32_t n);

/* Dispatches until @counter is @value, or fails. */
void dispatch_until(const _Atomic uint32_t *counter, uint32_t value);
/* Waits for that without dispatching. */
void await(const _Atomic uint32_t *counter, uint32_t value);

#endif
