/* Looking in: each crossing of a boundary as it happens. For people who look for a mistake, or for what takes so long.
 *
 *      WARD_TRACE=1 ./host            prints a line when a crossing begins and one when it has ended, to stderr
 *
 * or, in the host's own hands:
 *
 * 1. struct ward_host_options options = { .size = sizeof options, .on_trace = on_trace, .on_trace_data = … };
 * 2. ward_host_new(&options, …)
 * 3. void on_trace(void *data, const struct ward_trace *trace) { … ward_trace_text(trace, text) … }
 *
 * Crossings are nested: a callback begins and ends within the call that it came from. All of one thread are told on that thread, in
 * order; those of several threads at once. A host that is not traced pays nothing for it, and has its calls of kind `direct`
 * connected to the add-in's own functions; one that is has them cross like all others. */
#ifndef WARD_TRACE_H
#define WARD_TRACE_H

#include <ward/host.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ward_trace_what {
        WARD_TRACE_CALL = 1, /* the host calls an add-in */
        WARD_TRACE_CALLBACK, /* an add-in calls the host */
        WARD_TRACE_LOAD,     /* an add-in comes into a domain */
        WARD_TRACE_UNLOAD,   /* and goes: told where there is something to unload, so not behind a domain's end */
        WARD_TRACE_START,    /* a domain is made */
        WARD_TRACE_END,      /* and what it used is freed; the fault that ended it is the outcome */
};

/* Valid during the call of ward_on_trace only, with all that it points at. Texts are NUL-terminated, printable UTF-8, empty where
 * there is nothing to say; never NULL. */
struct ward_trace {
        size_t size; /* sizeof (struct ward_trace), as the library knows it: what lies beyond is not there */
        enum ward_trace_what what;
        bool ended;           /* else it begins, and the outcome is not known */
        int outcome;          /* 0; 1: the contract's own error; negative: the kind of fault */
        const char *fault;    /* what the fault says */
        const char *domain;   /* friendly name */
        const char *addin;    /* the add-in's name */
        const char *function; /* as the contract has it: "operate", "ns:pkg/iface@1.0.0#f" */
        const char *module;   /* of LOAD: the file */
        enum ward_isolation isolation;
        uint32_t depth;       /* crossings of this thread that this one is part of; of a call from no callback 0 */
        uint64_t thread;      /* the calling thread's id, as gettid(2) gives it */
        uint64_t at_ns;       /* now: CLOCK_MONOTONIC */
        uint64_t duration_ns; /* where it has ended */
        /* Of the values, as they lie in memory by the Canonical ABI, with the contents of strings and lists. */
        uint64_t bytes_in;  /* the parameters */
        uint64_t bytes_out; /* the result, where it has ended without a fault */
};

enum { WARD_TRACE_TEXT_MAX = 1280 };

/* The line that WARD_TRACE=1 prints, without the newline at its end:
 *
 *      ward[812] call operate of basic (process domain 'basic'), 40 bytes
 *      ward[812] | callback log of basic (process domain 'basic'), 13 bytes
 *      ward[812] | callback log of basic: ok, 0 bytes, 1.207 us
 *      ward[812] call operate of basic: ok, 16 bytes, 14.32 us */
WARD_API void ward_trace_text(const struct ward_trace *trace, char ret_text[WARD_TRACE_TEXT_MAX]);

#ifdef __cplusplus
}
#endif
#endif
