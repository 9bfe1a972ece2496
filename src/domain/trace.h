/* Telling whoever looks in: <ward/trace.h>.
 *
 * 1. tracer_new, once a host; NULL where nobody looks, which is what the fast paths ask
 * 2. trace_begin  3. the crossing  4. trace_end
 * 5. tracer_close, when the host is freed: nobody is told any more  6. tracer_unref
 *
 * A forked child is not traced: whoever is told is the parent's. */
#ifndef DOMAIN_TRACE_H
#define DOMAIN_TRACE_H

#include <ward/trace.h>

struct tracer;

/* @ret_tracer is NULL where @on_trace is and WARD_TRACE does not ask for lines. 0, or a fault for want of memory. */
int tracer_new(ward_on_trace on_trace, void *data, struct tracer **ret_tracer, struct ward_fault *fault);
/* These take NULL. */
struct tracer *tracer_ref(struct tracer *tracer);
struct tracer *tracer_unref(struct tracer *tracer);
/* Waits until nobody is being told; not to be called from there. */
void tracer_close(struct tracer *tracer);

/* Whether anybody would be told of what this thread does now. */
bool tracer_tells(const struct tracer *tracer);

/* A crossing that is under way, on its thread's stack. */
struct trace {
        struct tracer *tracer; /* a reference; NULL: nobody is told */
        uint64_t start;
        struct ward_trace now;
        char domain[WARD_FAULT_NAME_MAX];
        char addin[WARD_FAULT_NAME_MAX];
        char module[WARD_FAULT_TEXT_MAX];
};

/* Who it is; any may be NULL. All are copied but the function's, which stays until trace_end. */
struct trace_names {
        const char *domain;
        const char *addin;
        const char *function;
        const char *module;
};

/* @tracer NULL: nothing is told, nor by the trace_end that follows. @fault may be NULL. */
void trace_begin(struct trace *trace, struct tracer *tracer, enum ward_trace_what what, enum ward_isolation isolation,
                 const struct trace_names *names, uint64_t bytes_in);
void trace_end(struct trace *trace, int outcome, const struct ward_fault *fault, uint64_t bytes_out);

/* trace_value.c */

/* The bytes of the C value at @value, as ward_trace counts them; 0 where @type is NULL. What is no value counts as empty. */
uint64_t trace_bytes(const struct ward_type *type, const void *value);
/* Whether @ret, what @func gave, is the error of a result. */
bool trace_is_error(const struct ward_func *func, const void *ret);

#endif
