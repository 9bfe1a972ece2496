/* Kind `process`: what a worker may do beyond its level, as its warden is told; and what the host is told of what it does. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/event.h"
#include "domain/grants.h"
#include "domain/process.h"
#include "sandbox/filter.h"
#include "sandbox/syscalls.h"

/* --- To the warden ---------------------------------------------------------------------------- */

void process_describe(const struct ward_domain *domain, struct wire_spawn *spawn)
{
        if (domain->recorded)
                spawn->filter = FILTER_OBSERVE;
        else if (domain->level == WARD_LEVEL_INTERNET)
                spawn->filter = FILTER_INTERNET;
        else if (domain->level == WARD_LEVEL_INTRANET)
                spawn->filter = FILTER_INTRANET;
        spawn->may_spawn = domain->grants->granted.spawn;
}

/* Sealed, for a worker may come to have it. */
static int make_hosts(const char *text)
{
        size_t size = strlen(text);
        OWNED(fd_closep) int fd = memfd_create("hosts", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || write(fd, text, size) != (ssize_t)size ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
                return -errno;
        return STEAL_FD(fd);
}

/* So names that are granted can be resolved. */
static int send_hosts(struct process *process, const char *text, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = make_hosts(text);
        if (fd < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, -fd, "cannot make a list of granted hosts for domain '%s'",
                                       process->domain->name);
        return warden_file(process->warden, &process->worker, "/etc/hosts", fd, fault);
}

static int send_paths(struct process *process, const struct sandbox_grant *grants, size_t n, struct ward_fault *fault)
{
        int r = 0;
        for (size_t i = 0; !r && i < n; i++) {
                struct sandbox_grant grant = grants[i];
                if (grant.rights & SANDBOX_WRITE && process->held & WARD_LAYER_OWN_ROOT)
                        grant.rights |= SANDBOX_ALTER;
                r = warden_grant(process->warden, &process->worker, &grant, fault);
        }
        return r;
}

int process_send_grants(struct process *process, struct ward_fault *fault)
{
        const struct domain_grants *grants = process->domain->grants;
        int r = send_paths(process, grants->granted.grants, grants->granted.n, fault);
        if (!r)
                r = send_paths(process, grants->named, grants->n_named, fault);
        for (size_t i = 0; !r && i < grants->granted.n_addresses; i++)
                r = warden_address(process->warden, &process->worker, &grants->granted.addresses[i], fault);
        return !r && grants->hosts ? send_hosts(process, grants->hosts, fault) : r;
}

/* --- From it ---------------------------------------------------------------------------------- */

static void tell_refused(struct ward_domain *domain, struct event *event)
{
        char reason[128];
        event->kind = WARD_EVENT_REFUSED;
        domain_event(domain, event, "domain '%s' was refused %s%s%.*s%s: %s", domain->name, event->operation,
                     event->subject.len ? " of '" : "", (int)event->subject.len, (const char *)event->subject.at,
                     event->subject.len ? "'" : "", strerror_r(event->error, reason, sizeof reason));
}

static void tell_used(struct ward_domain *domain, struct event *event, enum wire_use use)
{
        static const char *const uses[WIRE_USES] = {
                [WIRE_USE_READ] = "read",     [WIRE_USE_LIST] = "list",       [WIRE_USE_WRITE] = "write",
                [WIRE_USE_CREATE] = "create", [WIRE_USE_EXECUTE] = "execute", [WIRE_USE_CONNECT] = "connect",
                [WIRE_USE_FORK] = "fork",
        };
        const char *call = event->operation;
        event->kind = WARD_EVENT_ACT;
        event->operation = uses[use];
        domain_event(domain, event, "domain '%s' used '%s'%s%.*s (%s)", domain->name, event->operation,
                     event->subject.len ? " " : "", (int)event->subject.len, (const char *)event->subject.at, call);
}

/* What the warden says is good, but for the subject, which is a worker's text. */
void process_told_act(struct process *process, struct ward_span payload)
{
        struct wire_act act;
        if (payload.len != sizeof act)
                return;
        memcpy(&act, payload.at, sizeof act);
        const char *name = syscall_name(act.call);
        struct event event = { .error = act.error,
                               .operation = name ? name : "unknown",
                               .subject = { (const uint8_t *)act.subject, strnlen(act.subject, sizeof act.subject) },
                               .times = act.count };
        if (act.use > WIRE_USE_NONE && act.use < WIRE_USES)
                tell_used(process->domain, &event, act.use);
        else
                tell_refused(process->domain, &event);
}
