/* Telling the host what is no fault: <ward/event.h>.
 *
 *      const struct event event = { .kind = WARD_EVENT_REFUSED, .addin = "basic", .operation = "path_open", .error = EACCES, … };
 *      domain_event(domain, &event, "add-in 'basic' may not open '%s'", …);
 *
 * It costs nothing where nobody listens. No lock may be held that the host could need, and a thread that runs module code is to say
 * first that the host's own code runs (wasm_instance_to_host). Nothing is told in a forked child, nor of what a callback itself
 * brings about on its thread. */
#ifndef DOMAIN_EVENT_H
#define DOMAIN_EVENT_H

#include <ward/event.h>
#include "base/span.h"
#include "domain/domain.h"

enum { EVENT_OPERATIONS_MAX = 64 }; /* counted apart in a domain; what comes later is counted with the last */

/* What is known of it; all borrowed. */
struct event {
        enum ward_event_kind kind;
        int error;                /* positive, or 0 */
        const char *addin;        /* NULL: none */
        const char *operation;    /* a literal: it is kept */
        struct ward_span subject; /* any bytes: they are escaped and cut */
        enum ward_log_level level;
        uint64_t times; /* that it happened since the last one; 0: once */
};

/* Whether somebody listens: where that saves work. */
bool events_are_told(const struct domains *domains);

void domain_event(struct ward_domain *domain, const struct event *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Of the whole host. */
void domains_event(struct domains *domains, const struct event *event, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* What an add-in logs: every line of it. Any bytes, which are escaped and cut. */
void domain_log(struct ward_domain *domain, const char *addin, enum ward_log_level level, struct ward_span text);

/* How often each kind and operation happened in a domain, or in none. Takes NULL, returns NULL. */
struct event_counts *event_counts_free(struct event_counts *counts);

#endif
