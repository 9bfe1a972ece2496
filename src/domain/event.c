#include "domain/event.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/fault.h"
#include "base/own.h"

enum { TOLD_ALL = 16 }; /* the first so many; then powers of two */

/* Made with the first event. Guarded by the domain's info_lock, or by that of what the host's domains share. */
struct event_counts {
        uint32_t n;
        struct {
                enum ward_event_kind kind;
                const char *operation;
                uint64_t count;
        } of[EVENT_OPERATIONS_MAX];
};

/* What the host does while it is told of something is not told: there would be no end to it. */
static _Thread_local bool is_telling;

static const char *const names[] = {
        [WARD_EVENT_REFUSED] = "refused", [WARD_EVENT_LIMIT] = "limit", [WARD_EVENT_HANDLER] = "handler",
        [WARD_EVENT_LOG] = "log",         [WARD_EVENT_ACT] = "act",
};

const char *ward_event_kind_name(enum ward_event_kind kind)
{
        return (unsigned)kind < COUNT_OF(names) && names[kind] ? names[kind] : "unknown";
}

const char *ward_log_level_name(enum ward_log_level level)
{
        static const char *const levels[] = { "none", "trace", "debug", "info", "warn", "error" };
        return (unsigned)level < COUNT_OF(levels) ? levels[level] : "unknown";
}

struct event_counts *event_counts_free(struct event_counts *counts)
{
        free(counts);
        return NULL;
}

bool events_are_told(const struct domains *domains)
{
        return domains->on_event && !is_telling;
}

static uint32_t find(struct event_counts *counts, const struct event *event)
{
        uint32_t i = 0;
        while (i < counts->n && (counts->of[i].kind != event->kind || strcmp(counts->of[i].operation, event->operation) != 0))
                i++;
        if (i == EVENT_OPERATIONS_MAX)
                return i - 1;
        if (i == counts->n) {
                counts->n++;
                counts->of[i].kind = event->kind;
                counts->of[i].operation = event->operation;
        }
        return i;
}

static uint64_t times(const struct event *event)
{
        return event->times ? event->times : 1;
}

/* Its number, from 1 on; 0 where there is no memory to count it. */
static uint64_t count(struct event_counts **counts, const struct event *event)
{
        if (!*counts)
                *counts = calloc(1, sizeof **counts);
        return *counts ? (*counts)->of[find(*counts, event)].count += times(event) : 0;
}

/* Where it happened several times at once, one of those that would have been told may be among them: those whose highest bit is a
 * new one are. */
static bool is_told(const struct event *event, uint64_t number)
{
        uint64_t before = number - times(event);
        return !number || event->kind == WARD_EVENT_ACT || before < TOLD_ALL || (number ^ before) > before;
}

static void tell_as(struct domains *domains, const struct ward_event *event)
{
        int before = errno;
        is_telling = true;
        domains->on_event(domains->on_event_data, event);
        is_telling = false;
        errno = before;
}

static void tell(struct domains *domains, struct ward_domain *domain, const struct event *event, uint64_t number,
                 const char *format, va_list args)
{
        char plain[WARD_EVENT_TEXT_MAX], text[WARD_EVENT_TEXT_MAX], subject[WARD_EVENT_SUBJECT_MAX];
        vsnprintf(plain, sizeof plain, format, args);
        text_escape(text, sizeof text, plain, strlen(plain), false);
        text_escape(subject, sizeof subject, (const char *)event->subject.at, event->subject.len, false);
        const struct ward_event told = {
                .size = sizeof told,
                .kind = event->kind,
                .error = event->error,
                .domain = domain,
                .addin = event->addin ? event->addin : "",
                .operation = event->operation,
                .subject = subject,
                .text = text,
                .count = number,
                .level = event->kind == WARD_EVENT_LOG ? event->level : WARD_LOG_NONE,
        };
        tell_as(domains, &told);
}

static uint64_t count_in(struct ward_domain *domain, const struct event *event)
{
        pthread_mutex_lock(&domain->info_lock);
        uint64_t number = count(&domain->events, event);
        pthread_mutex_unlock(&domain->info_lock);
        return number;
}

void domain_log(struct ward_domain *domain, const char *addin, enum ward_log_level level, struct ward_span text)
{
        const struct event event = { .kind = WARD_EVENT_LOG, .operation = "log" };
        char line[WARD_EVENT_LOG_MAX];
        if (!events_are_told(domain->domains) || !domain_is_here(domain))
                return;
        text_escape(line, sizeof line, (const char *)text.at, text.len, false);
        const struct ward_event told = {
                .size = sizeof told,
                .kind = event.kind,
                .domain = domain,
                .addin = addin,
                .operation = event.operation,
                .subject = "",
                .text = line,
                .count = count_in(domain, &event),
                .level = level,
        };
        tell_as(domain->domains, &told);
}

void domain_event(struct ward_domain *domain, const struct event *event, const char *format, ...)
{
        struct domains *domains = domain->domains;
        if (!events_are_told(domains) || !domain_is_here(domain))
                return;
        uint64_t number = count_in(domain, event);
        if (!is_told(event, number))
                return;
        va_list args;
        va_start(args, format);
        tell(domains, domain, event, number, format, args);
        va_end(args);
}

void domains_event(struct domains *domains, const struct event *event, const char *format, ...)
{
        if (!events_are_told(domains) || !atomic_load(&domains->page->here))
                return;
        pthread_mutex_lock(&domains->lock);
        uint64_t number = count(&domains->events, event);
        pthread_mutex_unlock(&domains->lock);
        if (!is_told(event, number))
                return;
        va_list args;
        va_start(args, format);
        tell(domains, NULL, event, number, format, args);
        va_end(args);
}
