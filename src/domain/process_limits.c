/* Limits of a process domain, as its host sees them: what it may use, what is said when that was too much, and what it has used. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "base/clock.h"
#include "base/fault.h"
#include "domain/event.h"
#include "domain/process.h"

enum { USAGE_MS = 1000 }; /* that the warden has to answer */

struct sandbox_limits process_limits(const struct ward_domain *domain)
{
        struct sandbox_limits limits;
        limits_make(domain->level, &domain->limits, &domain->account.quota, &limits);
        return limits;
}

/* --- Too much --------------------------------------------------------------------------------- */

/* Indexed by enum sandbox_limit; quantities in @unit. */
static const struct {
        const char *what;
        const char *option;
        const char *unit;
        uint64_t divisor;
} names[SANDBOX_LIMITS] = {
        [SANDBOX_LIMIT_NONE] = { "something", "?", "", 1 },
        [SANDBOX_LIMIT_MEMORY] = { "memory of the whole domain", "memory_bytes", " bytes", 1 },
        [SANDBOX_LIMIT_CPU] = { "processor time", "cpu_ms", " ms", 1000000 },
        [SANDBOX_LIMIT_PROCESSES] = { "processes and threads", "processes", "", 1 },
        [SANDBOX_LIMIT_FILE_SIZE] = { "file size", "file_bytes", " bytes", 1 },
};

const char *process_limit_text(const struct sandbox_excess *excess, const char *where, char *text, size_t size)
{
        uint32_t limit = excess->limit < SANDBOX_LIMITS ? excess->limit : SANDBOX_LIMIT_NONE;
        uint64_t divisor = names[limit].divisor;
        char used[64] = "", bound[64] = "as much as its host";
        if (excess->used)
                snprintf(used, sizeof used, "used %" PRIu64 "%s, ", excess->used / divisor, names[limit].unit);
        if (excess->bound)
                snprintf(bound, sizeof bound, "%" PRIu64 "%s", excess->bound / divisor, names[limit].unit);
        snprintf(text, size, "over its limit of %s (%s)%s: %sallowed %s", names[limit].what, names[limit].option, where, used,
                 bound);
        return text;
}

/* A domain may reach what its host is held to, too: then the bound is not known here. */
struct sandbox_excess process_signalled_limit(const struct process *process, int signal)
{
        const struct sandbox_limits limits = process_limits(process->domain);
        if (signal == SIGXFSZ)
                return (struct sandbox_excess){ .limit = SANDBOX_LIMIT_FILE_SIZE, .bound = limits.file_bytes };
        return (struct sandbox_excess){ .limit = signal == SIGXCPU ? SANDBOX_LIMIT_CPU : SANDBOX_LIMIT_NONE,
                                        .bound = limits.cpu_ns };
}

static void tell_refused(struct process *process, const struct sandbox_excess *excess)
{
        struct ward_domain *domain = process->domain;
        char name[WARD_FAULT_NAME_MAX];
        const struct event event = { .kind = WARD_EVENT_LIMIT,
                                     .error = EAGAIN,
                                     .operation = "fork",
                                     .subject = { (const uint8_t *)"processes", sizeof "processes" - 1 } };
        pthread_mutex_lock(&domain->info_lock);
        snprintf(name, sizeof name, "%s", domain->name);
        pthread_mutex_unlock(&domain->info_lock);
        domain_event(domain, &event,
                     "domain '%s' (process): has as many processes and threads as its quota allows (processes): %" PRIu64, name,
                     excess->bound);
}

void process_told_limit(struct process *process, struct ward_span payload)
{
        struct sandbox_excess excess;
        if (payload.len != sizeof excess)
                return;
        memcpy(&excess, payload.at, sizeof excess);
        if (excess.refused) {
                tell_refused(process, &excess);
                return;
        }
        pthread_mutex_lock(&process->lock);
        process->excess = excess;
        pthread_mutex_unlock(&process->lock);
}

/* --- Usage ------------------------------------------------------------------------------------ */

/* What it has is not there any more. */
static struct ward_usage without_present(struct ward_usage usage)
{
        usage.counted &= ~(uint32_t)(WARD_USAGE_RESIDENT | WARD_USAGE_PROPORTIONAL | WARD_USAGE_PROCESSES);
        usage.virtual_bytes = usage.resident_bytes = usage.proportional_bytes = 0;
        usage.processes = usage.threads = 0;
        return usage;
}

static void keep(struct ward_domain *domain, const struct ward_usage *usage, bool final)
{
        pthread_mutex_lock(&domain->info_lock);
        if (!domain->account.process_ended)
                domain->account.process = without_present(*usage);
        domain->account.process_ended |= final;
        pthread_mutex_unlock(&domain->info_lock);
}

void process_keep_usage(struct process *process, const struct ward_usage *usage)
{
        if (usage)
                keep(process->domain, usage, true);
}

/* Its last figures may come while it is asked. */
static bool ask(struct ward_domain *domain, struct ward_usage *ret_usage)
{
        struct process *process = process_hold(domain);
        struct warden *warden = process ? process_hold_warden(process) : NULL;
        ssize_t n = -1;
        if (warden)
                n = warden_ask(warden, &process->worker, WIRE_USAGE, ret_usage, sizeof *ret_usage, clock_deadline(USAGE_MS));
        warden_unref(warden);
        process_unref(process);
        return n == sizeof *ret_usage && ret_usage->counted & WARD_USAGE_TIMES;
}

/* Fields that only this kind has. */
static void take(struct ward_usage *usage, const struct ward_usage *from)
{
        const size_t at = offsetof(struct ward_usage, start_ns);
        memcpy((char *)usage + at, (const char *)from + at, sizeof *usage - at);
        usage->cpu_ns = from->cpu_ns;
        usage->counted |= from->counted;
}

void process_usage(struct ward_domain *domain, struct ward_usage *usage)
{
        struct ward_usage now;
        if (!domain_is_here(domain))
                return;
        if (ask(domain, &now)) {
                keep(domain, &now, false);
        } else {
                pthread_mutex_lock(&domain->info_lock);
                now = domain->account.process;
                pthread_mutex_unlock(&domain->info_lock);
        }
        take(usage, &now);
}
