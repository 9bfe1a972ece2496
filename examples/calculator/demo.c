/* Shows what Ward is for: the same call at each kind, then an add-in that does its worst, and an application that goes on. */
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "addin.h"
#include "expression.h"

enum { DEADLINE_MS = 300, MEMORY_BYTES = 64 << 20, CRASH_WAIT_S = 5 };

static const char expression[] = "(1 + 2) * 3 - 4 / 5";

/* The acts of hostile.c. */
struct act {
        const char *operation;
        const char *what;
        bool idle;     /* it happens when no call is in flight */
        bool not_wasm; /* it cannot exist there */
};

static const struct act acts[] = {
        { "null", "writes through a null pointer", false, true },
        { "abort", "calls abort", false, false },
        { "exit", "calls exit(0)", false, false },
        { "overflow", "overflows its stack", false, false },
        { "loop", "loops forever", false, false },
        { "sleep", "sleeps for an hour", false, false },
        { "allocate", "allocates until refused", false, false },
        { "thread-crash", "crashes on its thread, 20 ms on", true, true },
        { "garbage", "returns garbage", false, false },
};

/* What the host heard of a fault that came between calls. */
struct heard {
        pthread_mutex_t lock;
        pthread_cond_t signal;
        bool fault_came;
        struct ward_fault fault;
};

static double now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void hear(void *data, struct ward_domain *domain, const struct ward_fault *fault)
{
        struct heard *heard = data;
        pthread_mutex_lock(&heard->lock);
        heard->fault = *fault;
        heard->fault_came = true;
        pthread_cond_signal(&heard->signal);
        pthread_mutex_unlock(&heard->lock);
}

/* Waits for the fault of a domain that nobody is calling. */
static int await_fault(struct heard *heard, struct ward_fault *fault)
{
        struct timespec until;
        int r = 0;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += CRASH_WAIT_S;
        pthread_mutex_lock(&heard->lock);
        while (!heard->fault_came && !r)
                r = pthread_cond_timedwait(&heard->signal, &heard->lock, &until);
        *fault = heard->fault;
        pthread_mutex_unlock(&heard->lock);
        return r ? 0 : -(int)fault->kind;
}

static struct ward_activate_options options_for(enum ward_isolation isolation)
{
        return (struct ward_activate_options){
                .size = sizeof(struct ward_activate_options),
                .isolation = isolation,
                .deadline_ms = DEADLINE_MS,
                .limits = { .size = sizeof(struct ward_limits), .memory_bytes = MEMORY_BYTES },
        };
}

static int start(struct addin *addin, struct ward_host *host, const char *name, enum ward_isolation isolation,
                 struct ward_fault *fault)
{
        static char paths[4][PATH_MAX];
        static unsigned next;
        char *path = paths[next++ % 4];
        addin_path(path, PATH_MAX, name, isolation);
        *addin = (struct addin){ .module = path, .options = options_for(isolation) };
        return addin_start(addin, host, fault);
}

static bool operate(void *data, const char *operation, const double *operands, size_t n, double *ret)
{
        struct ward_fault fault;
        calculator_string_t err;
        int r = addin_operate(data, operation, operands, n, ret, &err, &fault);
        if (r == 1)
                calculator_string_free(&err);
        return !r;
}

static bool compute(struct addin *addin, double *ret)
{
        char error[256];
        return expression_evaluate(expression, operate, addin, ret, error, sizeof error);
}

static int show_kinds(struct ward_host *host)
{
        static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };
        int failed = 0;
        printf("The same expression, the same host code, at each isolation kind:\n\n");
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
                struct addin basic;
                struct ward_fault fault;
                double value = 0, began = now_ms();
                bool good = !start(&basic, host, "basic", kinds[i], &fault);
                double activated = now_ms() - began;
                if (good && compute(&basic, &value)) {
                        printf("  %-8s %s = %g   (activated in %.1f ms)\n", ward_isolation_name(kinds[i]), expression, value,
                               activated);
                } else {
                        printf("  %-8s %s\n", ward_isolation_name(kinds[i]), good ? "no value" : fault.text);
                        failed++;
                }
                if (good)
                        addin_stop(&basic);
        }
        return failed;
}

/* Lets the add-in do it. The fault that the host is told, and when. */
static int suffer(struct addin *hostile, const struct act *act, struct heard *heard, struct ward_fault *fault, double *ret_ms)
{
        double value, began = now_ms();
        calculator_string_t err;
        heard->fault_came = false;
        int r = addin_operate(hostile, act->operation, NULL, 0, &value, &err, fault);
        if (r == 1)
                calculator_string_free(&err);
        if (act->idle && !r)
                r = await_fault(heard, fault);
        *ret_ms = now_ms() - began;
        return r;
}

/* Afterwards: the same add-in again, and another one that never noticed. */
static bool recover(struct addin *hostile, struct addin *basic, struct ward_host *host, double *ret_ms)
{
        struct ward_fault fault;
        double value, began = now_ms();
        addin_stop(hostile);
        bool good = !addin_start(hostile, host, &fault);
        *ret_ms = now_ms() - began;
        return good && addin_offers(hostile, "garbage") && compute(basic, &value) && value == 8.2;
}

static bool show_act(struct ward_host *host, struct heard *heard, const struct act *act, enum ward_isolation isolation)
{
        struct addin hostile, basic;
        struct ward_fault fault;
        double known, again;
        printf("  %-32s %-8s ", act->what, ward_isolation_name(isolation));
        if (start(&basic, host, "basic", isolation, &fault) || start(&hostile, host, "hostile", isolation, &fault)) {
                printf("cannot be shown: %s\n", fault.text);
                return false;
        }
        int r = suffer(&hostile, act, heard, &fault, &known);
        if (r >= 0) {
                printf("NO FAULT WAS SEEN\n");
                return false;
        }
        printf("%8.1f ms  %s\n", known, fault.text);
        bool good = recover(&hostile, &basic, host, &again);
        printf("  %-32s %-8s %8.1f ms  %s\n", "", "", again, good ? "activated again; computed again" : "NOT ACTIVATED AGAIN");
        addin_stop(&hostile);
        addin_stop(&basic);
        return good;
}

static int show_acts(struct ward_host *host, struct heard *heard)
{
        static const enum ward_isolation kinds[] = { WARD_WASM, WARD_PROCESS };
        int failed = 0;
        printf("\nA hostile add-in does its worst. When the host knew, and what it was told (deadline of a call: %d ms):\n\n",
               DEADLINE_MS);
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
                        if (kinds[k] != WARD_WASM || !acts[i].not_wasm)
                                failed += !show_act(host, heard, &acts[i], kinds[k]);
        return failed;
}

int main(void)
{
        struct heard heard = { .lock = PTHREAD_MUTEX_INITIALIZER, .signal = PTHREAD_COND_INITIALIZER };
        struct ward_host_options options = { .size = sizeof options, .on_fault = hear, .on_fault_data = &heard };
        struct ward_host *host;
        struct ward_fault fault;
        setvbuf(stdout, NULL, _IOLBF, 0);
        if (ward_host_new(&options, &host, &fault)) {
                fprintf(stderr, "demo: %s\n", fault.text);
                return 1;
        }
        int failed = show_kinds(host);
        failed += show_acts(host, &heard);
        ward_host_free(host);
        if (failed)
                printf("\n%d of these did not go as they should.\n", failed);
        else
                printf("\nThe application is still here.\n");
        return failed ? 1 : 0;
}
