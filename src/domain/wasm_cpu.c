#include "domain/wasm_cpu.h"

#include <pthread.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/wasm_loaded.h"

enum { LEAST_NS = 200000 }; /* between two looks at the clocks */

/* The domain whose calls the thread's time is counted for now. */
static __thread const struct wasm_domain *counting __attribute__((tls_model("initial-exec")));

static uint64_t thread_ns(clockid_t clock)
{
        struct timespec ts;
        if (clock_gettime(clock, &ts) < 0)
                return 0;
        return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* A thread that has left meanwhile, and may be gone, has counted for itself. */
static uint64_t running_ns(struct loaded *loaded)
{
        uint64_t began = atomic_load(&loaded->cpu.began);
        uint64_t now = began ? thread_ns(atomic_load(&loaded->cpu.clock)) : 0;
        return now && atomic_load(&loaded->cpu.began) == began && now + 1 > began ? now + 1 - began : 0;
}

uint64_t wasm_cpu_used(const struct ward_domain *domain)
{
        const struct wasm_domain *held = domain->held;
        uint64_t used = atomic_load(&domain->account.cpu_ns);
        for (struct list *link = held ? held->loaded.next : NULL; link && link != &held->loaded; link = link->next)
                used += running_ns(CONTAINER_OF(link, struct loaded, link));
        return used;
}

/* --- The limit -------------------------------------------------------------------------------- */

static void end_calls(struct wasm_domain *held)
{
        atomic_store(&held->cpu.over, true);
        for (struct list *link = held->loaded.next; link != &held->loaded; link = link->next) {
                struct loaded *loaded = CONTAINER_OF(link, struct loaded, link);
                wasm_instance_expire(loaded->wasm, wasm_instance_number(loaded->wasm));
                wasm_instance_look(loaded->wasm);
        }
}

/* When the domain can be over its limit at the soonest: processor time does not pass faster than time, on each thread. */
static uint64_t next_look(const struct wasm_cpu *cpu, uint64_t used)
{
        uint32_t running = atomic_load(&cpu->running);
        uint64_t left = used < cpu->limit_ns ? cpu->limit_ns - used : 0;
        uint64_t wait = left / (running ? running : 1);
        return clock_now() + (wait > LEAST_NS ? wait : LEAST_NS);
}

/* Whoever begins a call then has seen the time that it found, or is seen here. */
static void set_next(struct wasm_domain *held, uint64_t used)
{
        atomic_store(&held->cpu.alarm.at, CLOCK_NEVER);
        if (atomic_load(&held->cpu.running))
                atomic_store(&held->cpu.alarm.at, next_look(&held->cpu, used));
}

/* On the monitor's thread. Comes again as long as anybody runs. */
static void due(void *data)
{
        struct ward_domain *domain = data;
        pthread_mutex_lock(&domain->info_lock);
        struct wasm_domain *held = domain->held;
        uint64_t used = held ? wasm_cpu_used(domain) : 0;
        if (held && used >= held->cpu.limit_ns)
                end_calls(held);
        else if (held)
                set_next(held, used);
        pthread_mutex_unlock(&domain->info_lock);
}

void wasm_cpu_start(struct ward_domain *domain, struct wasm_domain *held)
{
        const struct ward_quota *quota = &domain->account.quota;
        struct wasm_cpu *cpu = &held->cpu;
        cpu->on = quota->account_cpu || quota->cpu_ms;
        cpu->limit_ns = quota->cpu_ms && quota->cpu_ms < CLOCK_NEVER / 1000000u ? quota->cpu_ms * 1000000u : CLOCK_NEVER;
        atomic_init(&cpu->alarm.at, CLOCK_NEVER);
        cpu->alarm.due = due;
        cpu->alarm.data = domain;
        if (cpu->limit_ns != CLOCK_NEVER)
                monitor_alarm_add(held->monitor, &cpu->alarm);
}

void wasm_cpu_stop(struct ward_domain *domain, struct wasm_domain *held)
{
        if (held->cpu.limit_ns != CLOCK_NEVER && domain_is_here(domain))
                monitor_alarm_remove(held->monitor, &held->cpu.alarm);
}

bool wasm_cpu_is_over(const struct loaded *loaded, const char *function, struct ward_fault *fault)
{
        const struct ward_domain *domain = loaded->instance->domain;
        if (!atomic_load(&loaded->domain->cpu.over))
                return false;
        fault_set(fault, WARD_FAULT_LIMIT,
                  "add-in '%s' was ended in %s: its domain has used %llu ms of processor time, and its limit (cpu_ms) is %llu",
                  loaded->instance->name, function, (unsigned long long)atomic_load(&domain->account.cpu_ns) / 1000000u,
                  (unsigned long long)domain->account.quota.cpu_ms);
        return true;
}

/* --- Calls ------------------------------------------------------------------------------------ */

bool wasm_cpu_begin(struct loaded *loaded)
{
        struct wasm_domain *held = loaded->domain;
        clockid_t clock = CLOCK_THREAD_CPUTIME_ID;
        if (counting == held || atomic_load(&loaded->cpu.began))
                return false;
        loaded->cpu.outer = counting;
        counting = held;
        pthread_getcpuclockid(pthread_self(), &clock);
        atomic_store(&loaded->cpu.clock, clock);
        atomic_store(&loaded->cpu.began, thread_ns(CLOCK_THREAD_CPUTIME_ID) + 1);
        atomic_fetch_add(&held->cpu.running, 1);
        if (held->cpu.limit_ns != CLOCK_NEVER && domain_is_here(loaded->instance->domain)) {
                uint64_t at = next_look(&held->cpu, atomic_load(&loaded->instance->domain->account.cpu_ns));
                if (at < atomic_load(&held->cpu.alarm.at))
                        monitor_alarm_set(held->monitor, &held->cpu.alarm, at);
        }
        return true;
}

void wasm_cpu_end(struct loaded *loaded)
{
        struct wasm_domain *held = loaded->domain;
        uint64_t began = atomic_exchange(&loaded->cpu.began, 0), now = thread_ns(CLOCK_THREAD_CPUTIME_ID) + 1;
        atomic_fetch_add(&loaded->instance->domain->account.cpu_ns, now > began ? now - began : 0);
        atomic_fetch_sub(&held->cpu.running, 1);
        counting = loaded->cpu.outer;
}
