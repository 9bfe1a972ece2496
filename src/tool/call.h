/* `ward call`: expressions that call an add-in's functions, checked against its contract and carried out.
 *
 *      CALL = NAME ( ARGUMENTS ) { . METHOD ( ARGUMENTS ) }
 *
 * Arguments are WAVE. A handle of the add-in's is written as a CALL that gives it, one of the host's as RESOURCE(NUMBER): there is
 * nothing behind it. Objects that the add-in hands out live until its domain ends.
 *
 * 1. session_check, which calls nothing  2. activate into session.instance  3. session_run  4. session_finish */
#ifndef TOOL_CALL_H
#define TOOL_CALL_H

#include <stdio.h>
#include "dynamic/dynamic.h"
#include "dynamic/wave.h"

/* A call of the add-in's to the host, as text. */
struct call_record {
        char *call;   /* "log(\"hello\")" */
        char *answer; /* NULL for a function without a result */
};

struct session {
        const struct dynamic *dynamic;
        struct ward_instance *instance;
        FILE *told; /* where the add-in's calls are printed; NULL: they are kept in @calls */
        struct call_record *calls;
        size_t n_calls;

        struct wave wave;                /* the expression, and what is wrong with it */
        struct ward_fault fault;         /* of a call; kind 0: none */
        const struct dynamic_func *last; /* the function whose result is: */
        char *value;                     /* as text, or NULL for none */
        bool is_err;                     /* it is err(…) */

        bool dry;         /* private: nothing is called */
        bool ended;       /* private: by an err(…) in the middle */
        unsigned depth;   /* private */
        uint64_t objects; /* private: numbers that were given to objects of the host's */
};

/* Whether @expression can be called; else @wave says what is wrong. */
bool session_check(struct session *session, const char *expression);

/* Calls it. False if that did not come to an end, for @fault or what @wave says. An err(…) in the middle ends the expression. */
bool session_run(struct session *session, const char *expression);

void session_finish(struct session *session);

/* The contract's serve function, with the session as services: tells of the call, and answers with the default of its type. */
void session_serve(const struct ward_import *import, const void *services, const void *args, void *ret);

#endif
