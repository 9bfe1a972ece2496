#include "domain/trace.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"

struct tracer {
        ward_on_trace on_trace;
        void *data;
        bool prints;
        pid_t process; /* whose it is: in a forked child nothing here is used, not even the lock */
        _Atomic uint32_t references;
        pthread_mutex_t lock; /* guards what follows, and is not held while somebody is told */
        pthread_cond_t quiet;
        uint32_t telling;
        bool closed;
};

static _Thread_local uint32_t depth;
/* What the host does while it is told of a crossing is not traced: there would be no end to it. */
static _Thread_local bool is_telling;

static bool asks_for_lines(void)
{
        const char *value = secure_getenv("WARD_TRACE");
        return value && *value && strcmp(value, "0") != 0;
}

int tracer_new(ward_on_trace on_trace, void *data, struct tracer **ret_tracer, struct ward_fault *fault)
{
        bool prints = asks_for_lines();
        *ret_tracer = NULL;
        if (!on_trace && !prints)
                return 0;
        struct tracer *tracer = calloc(1, sizeof *tracer);
        if (!tracer)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot trace the host");
        tracer->on_trace = on_trace;
        tracer->data = data;
        tracer->prints = prints;
        tracer->process = getpid();
        atomic_init(&tracer->references, 1);
        pthread_mutex_init(&tracer->lock, NULL);
        pthread_cond_init(&tracer->quiet, NULL);
        *ret_tracer = tracer;
        return 0;
}

struct tracer *tracer_ref(struct tracer *tracer)
{
        if (tracer)
                atomic_fetch_add_explicit(&tracer->references, 1, memory_order_relaxed);
        return tracer;
}

struct tracer *tracer_unref(struct tracer *tracer)
{
        if (tracer && atomic_fetch_sub_explicit(&tracer->references, 1, memory_order_acq_rel) == 1) {
                pthread_mutex_destroy(&tracer->lock);
                pthread_cond_destroy(&tracer->quiet);
                free(tracer);
        }
        return NULL;
}

void tracer_close(struct tracer *tracer)
{
        if (!tracer || tracer->process != getpid())
                return;
        pthread_mutex_lock(&tracer->lock);
        tracer->closed = true;
        while (tracer->telling)
                pthread_cond_wait(&tracer->quiet, &tracer->lock);
        pthread_mutex_unlock(&tracer->lock);
}

bool tracer_tells(const struct tracer *tracer)
{
        return tracer && !is_telling && tracer->process == getpid();
}

/* --- Telling ---------------------------------------------------------------------------------- */

/* A line is one write, so that those of several threads do not mix. What stderr does not take is lost. */
static void print(const struct ward_trace *trace)
{
        char text[WARD_TRACE_TEXT_MAX + 1];
        ward_trace_text(trace, text);
        size_t len = strlen(text);
        text[len++] = '\n';
        ssize_t written = write(STDERR_FILENO, text, len);
        (void)written;
}

static bool begin_telling(struct tracer *tracer)
{
        pthread_mutex_lock(&tracer->lock);
        bool open = !tracer->closed;
        tracer->telling += open;
        pthread_mutex_unlock(&tracer->lock);
        return open;
}

static void end_telling(struct tracer *tracer)
{
        pthread_mutex_lock(&tracer->lock);
        if (!--tracer->telling)
                pthread_cond_broadcast(&tracer->quiet);
        pthread_mutex_unlock(&tracer->lock);
}

static void tell(struct tracer *tracer, const struct ward_trace *trace)
{
        int before = errno;
        if (tracer->prints)
                print(trace);
        if (tracer->on_trace && begin_telling(tracer)) {
                is_telling = true;
                tracer->on_trace(tracer->data, trace);
                is_telling = false;
                end_telling(tracer);
        }
        errno = before;
}

static void copy(char *to, size_t size, const char *from)
{
        text_escape(to, size, from ? from : "", from ? strlen(from) : 0, false);
}

static void describe(struct trace *trace, const struct trace_names *names)
{
        copy(trace->domain, sizeof trace->domain, names->domain);
        copy(trace->addin, sizeof trace->addin, names->addin);
        copy(trace->module, sizeof trace->module, names->module);
        trace->now.domain = trace->domain;
        trace->now.addin = trace->addin;
        trace->now.module = trace->module;
        trace->now.function = names->function ? names->function : "";
        trace->now.fault = "";
}

void trace_begin(struct trace *trace, struct tracer *tracer, enum ward_trace_what what, enum ward_isolation isolation,
                 const struct trace_names *names, uint64_t bytes_in)
{
        trace->tracer = NULL;
        if (!tracer_tells(tracer))
                return;
        trace->tracer = tracer_ref(tracer);
        trace->now = (struct ward_trace){ .size = sizeof trace->now,
                                          .what = what,
                                          .isolation = isolation,
                                          .depth = depth,
                                          .thread = (uint64_t)syscall(SYS_gettid),
                                          .bytes_in = bytes_in };
        describe(trace, names);
        trace->now.at_ns = clock_now();
        tell(tracer, &trace->now);
        depth++;
        trace->start = clock_now();
}

void trace_end(struct trace *trace, int outcome, const struct ward_fault *fault, uint64_t bytes_out)
{
        struct tracer *tracer = trace->tracer;
        if (!tracer)
                return;
        depth--;
        trace->now.at_ns = clock_now();
        trace->now.duration_ns = trace->now.at_ns - trace->start;
        if (tracer->process == getpid()) {
                trace->now.ended = true;
                trace->now.outcome = outcome;
                trace->now.fault = outcome < 0 && fault ? fault->text : "";
                trace->now.bytes_out = outcome < 0 ? 0 : bytes_out;
                tell(tracer, &trace->now);
        }
        trace->tracer = tracer_unref(tracer);
}
