#include "wasm/wasi.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include "base/clock.h"
#include "base/fault.h"
#include "base/own.h"

/* The errors of preview 1 that are used here. */
enum error {
        OK = 0,
        E_BADF = 8,
        E_FAULT = 21,
        E_INVAL = 28,
        E_IO = 29,
        E_NOTSUP = 58,
        E_SPIPE = 70,
};

enum {
        VECTORS_MAX = 1024,
        SUBSCRIPTIONS_MAX = 64,
        RANDOM_BLOCK = 64 << 10,
        SUBSCRIPTION_SIZE = 48,
        EVENT_SIZE = 32,
        FDSTAT_SIZE = 24,
};

/* Strings as a module asks for them: how many, how long together, each with its NUL. */
struct strings {
        char **at; /* owned, each of them too */
        uint32_t n;
        uint64_t size;
};

struct wasi {
        struct strings arguments, environment;
};

struct call {
        const struct wasi *wasi;
        struct wasm_instance *instance;
        const uint64_t *slots;
        uint8_t *memory;
        uint64_t size;
        const char *addin;
        struct ward_fault *fault;
        int ended; /* the negative fault kind that ends the call, or 0 */
};

/* --- Life ------------------------------------------------------------------------------------- */

static void strings_finish(struct strings *strings)
{
        for (uint32_t i = 0; i < strings->n; i++)
                free(strings->at[i]);
        free(strings->at);
}

static bool strings_copy(const char *const *from, struct strings *ret)
{
        uint32_t n = 0;
        while (from && from[n])
                n++;
        ret->at = calloc(n + 1, sizeof *ret->at);
        for (; ret->at && ret->n < n; ret->n++) {
                ret->at[ret->n] = strdup(from[ret->n]);
                if (!ret->at[ret->n])
                        return false;
                ret->size += strlen(from[ret->n]) + 1;
        }
        return ret->at;
}

struct wasi *wasi_free(struct wasi *wasi)
{
        if (wasi) {
                strings_finish(&wasi->arguments);
                strings_finish(&wasi->environment);
                free(wasi);
        }
        return NULL;
}

int wasi_new(const char *const *arguments, const char *const *environment, struct wasi **ret_wasi, struct ward_fault *fault)
{
        struct wasi *wasi = calloc(1, sizeof *wasi);
        if (!wasi || !strings_copy(arguments, &wasi->arguments) || !strings_copy(environment, &wasi->environment)) {
                wasi_free(wasi);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot copy an add-in's arguments");
        }
        *ret_wasi = wasi;
        return 0;
}

/* --- The module's memory ---------------------------------------------------------------------- */

static uint32_t argument(const struct call *call, unsigned n)
{
        return (uint32_t)call->slots[n];
}

/* The range, or NULL where it is not in memory. */
static uint8_t *range(const struct call *call, uint64_t at, uint64_t len)
{
        return at <= call->size && len <= call->size - at ? call->memory + at : NULL;
}

/* Loads from where range said that it may: once, into a copy. */
static uint32_t load32(const uint8_t *at)
{
        uint32_t value;
        memcpy(&value, at, sizeof value);
        return value;
}

static uint64_t load64(const uint8_t *at)
{
        uint64_t value;
        memcpy(&value, at, sizeof value);
        return value;
}

static enum error store(const struct call *call, uint32_t at, const void *value, size_t size)
{
        uint8_t *to = range(call, at, size);
        if (!to)
                return E_FAULT;
        memcpy(to, value, size);
        return OK;
}

static enum error store32(const struct call *call, uint32_t at, uint32_t value)
{
        return store(call, at, &value, sizeof value);
}

static enum error store64(const struct call *call, uint32_t at, uint64_t value)
{
        return store(call, at, &value, sizeof value);
}

/* --- Arguments and environment ---------------------------------------------------------------- */

static enum error get_sizes(const struct call *call, const struct strings *strings)
{
        enum error error = store32(call, argument(call, 0), strings->n);
        return error ? error : store32(call, argument(call, 1), (uint32_t)strings->size);
}

static enum error get_strings(const struct call *call, const struct strings *strings)
{
        uint32_t pointer = argument(call, 0), text = argument(call, 1);
        for (uint32_t i = 0; i < strings->n; i++) {
                uint32_t size = (uint32_t)strlen(strings->at[i]) + 1;
                enum error error = store32(call, pointer, text);
                if (!error)
                        error = store(call, text, strings->at[i], size);
                if (error)
                        return error;
                pointer += 4;
                text += size;
        }
        return OK;
}

static enum error args_sizes_get(struct call *call)
{
        return get_sizes(call, &call->wasi->arguments);
}

static enum error args_get(struct call *call)
{
        return get_strings(call, &call->wasi->arguments);
}

static enum error environ_sizes_get(struct call *call)
{
        return get_sizes(call, &call->wasi->environment);
}

static enum error environ_get(struct call *call)
{
        return get_strings(call, &call->wasi->environment);
}

/* --- Clocks and sleep ------------------------------------------------------------------------- */

/* Numbered as WASI does. */
static const clockid_t clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID };

static enum error clock_res_get(struct call *call)
{
        struct timespec t;
        if (argument(call, 0) >= COUNT_OF(clocks) || clock_getres(clocks[argument(call, 0)], &t) < 0)
                return E_INVAL;
        return store64(call, argument(call, 1), (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

static enum error clock_time_get(struct call *call)
{
        if (argument(call, 0) >= COUNT_OF(clocks))
                return E_INVAL;
        return store64(call, argument(call, 2), clock_read(clocks[argument(call, 0)]));
}

/* Sleeps until @until, or until the call is to end. A signal makes it look: one that came just before the system call is sent
 * again. */
static void sleep_until(const struct call *call, clockid_t clock, uint64_t until)
{
        struct timespec t = clock_timespec(until);
        while (!wasm_instance_is_ending(call->instance) && clock_nanosleep(clock, TIMER_ABSTIME, &t, NULL) == EINTR)
                ;
}

struct subscription {
        uint64_t userdata;
        clockid_t clock;
        uint64_t until;
};

/* Reads number @i. Only clocks can be waited for. */
static enum error read_subscription(const uint8_t *at, struct subscription *ret)
{
        enum { TAG = 8, CLOCK = 16, TIMEOUT = 24, FLAGS = 40, ABSOLUTE = 1 };
        uint32_t clock = load32(at + CLOCK);
        uint64_t timeout = load64(at + TIMEOUT);
        if (at[TAG] != 0)
                return E_NOTSUP;
        if (clock > 1)
                return E_INVAL;
        ret->userdata = load64(at);
        ret->clock = clocks[clock];
        uint64_t base = at[FLAGS] & ABSOLUTE ? 0 : clock_read(ret->clock);
        ret->until = timeout < INT64_MAX - base ? base + timeout : INT64_MAX;
        return OK;
}

static int64_t left(const struct subscription *subscription)
{
        return (int64_t)(subscription->until - clock_read(subscription->clock));
}

static enum error poll_oneoff(struct call *call)
{
        uint32_t n = argument(call, 2);
        const uint8_t *in = range(call, argument(call, 0), (uint64_t)n * SUBSCRIPTION_SIZE);
        uint8_t *out = range(call, argument(call, 1), EVENT_SIZE);
        struct subscription first = { 0 }, next;
        if (!n || n > SUBSCRIPTIONS_MAX)
                return E_INVAL;
        if (!in || !out)
                return E_FAULT;
        for (uint32_t i = 0; i < n; i++) {
                enum error error = read_subscription(in + (size_t)i * SUBSCRIPTION_SIZE, &next);
                if (error)
                        return error;
                if (!i || left(&next) < left(&first))
                        first = next;
        }
        sleep_until(call, first.clock, first.until);
        memset(out, 0, EVENT_SIZE);
        memcpy(out, &first.userdata, sizeof first.userdata);
        return store32(call, argument(call, 3), 1);
}

static enum error sched_yield_(struct call *call)
{
        return OK; /* there is nobody of its own to yield to */
}

/* --- Random numbers --------------------------------------------------------------------------- */

static enum error random_get(struct call *call)
{
        uint32_t left_over = argument(call, 1);
        uint8_t *to = range(call, argument(call, 0), left_over);
        if (!to)
                return E_FAULT;
        while (left_over && !wasm_instance_is_ending(call->instance)) {
                ssize_t n = getrandom(to, left_over < RANDOM_BLOCK ? left_over : RANDOM_BLOCK, 0);
                if (n < 0 && errno != EINTR)
                        return E_IO;
                to += n > 0 ? n : 0;
                left_over -= n > 0 ? (uint32_t)n : 0;
        }
        return OK;
}

/* --- Streams ---------------------------------------------------------------------------------- */

/* Writes without a SIGPIPE for the host where nobody reads any more. A signal ends a write that blocks. */
static ssize_t write_quietly(int fd, const void *bytes, size_t len)
{
        sigset_t pipe, before, pending;
        sigemptyset(&pipe);
        sigaddset(&pipe, SIGPIPE);
        sigpending(&pending);
        pthread_sigmask(SIG_BLOCK, &pipe, &before);
        ssize_t n = write(fd, bytes, len);
        int error = errno;
        if (n < 0 && error == EPIPE && !sigismember(&pending, SIGPIPE))
                sigtimedwait(&pipe, NULL, &(struct timespec){ 0 });
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = error;
        return n;
}

static enum error write_all(const struct call *call, int fd, const uint8_t *at, uint32_t len)
{
        while (len && !wasm_instance_is_ending(call->instance)) {
                ssize_t n = write_quietly(fd, at, len);
                if (n < 0 && errno != EINTR)
                        return E_IO;
                at += n > 0 ? n : 0;
                len -= n > 0 ? (uint32_t)n : 0;
        }
        return OK;
}

static bool is_stream(uint32_t fd)
{
        return fd <= STDERR_FILENO;
}

static enum error fd_write(struct call *call)
{
        uint32_t fd = argument(call, 0), n = argument(call, 2), written = 0;
        const uint8_t *vectors = range(call, argument(call, 1), (uint64_t)n * 8);
        if (fd != STDOUT_FILENO && fd != STDERR_FILENO)
                return E_BADF;
        if (n > VECTORS_MAX)
                return E_INVAL;
        if (!vectors)
                return E_FAULT;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t len = load32(vectors + 8 * i + 4);
                const uint8_t *at = range(call, load32(vectors + 8 * i), len);
                enum error error = at ? write_all(call, (int)fd, at, len) : E_FAULT;
                if (error)
                        return error;
                written += len;
        }
        return store32(call, argument(call, 3), written);
}

static enum error fd_read(struct call *call)
{
        return argument(call, 0) == STDIN_FILENO ? store32(call, argument(call, 3), 0) : E_BADF;
}

static enum error fd_close_(struct call *call)
{
        return is_stream(argument(call, 0)) ? OK : E_BADF;
}

static enum error fd_seek(struct call *call)
{
        return is_stream(argument(call, 0)) ? E_SPIPE : E_BADF;
}

/* A character device that cannot seek is what libc takes for a terminal: it writes a line at a time. */
static enum error fd_fdstat_get(struct call *call)
{
        enum { CHARACTER_DEVICE = 2, RIGHTS = 8, READ = 1 << 1, WRITE = 1 << 6 };
        uint8_t stat[FDSTAT_SIZE] = { CHARACTER_DEVICE };
        uint32_t fd = argument(call, 0);
        if (!is_stream(fd))
                return E_BADF;
        stat[RIGHTS] = fd == STDIN_FILENO ? READ : WRITE;
        return store(call, argument(call, 1), stat, sizeof stat);
}

static enum error fd_prestat_get(struct call *call)
{
        return E_BADF; /* no folder is opened for the module: its libc asks until it hears this */
}

/* --- Exit ------------------------------------------------------------------------------------- */

static enum error proc_exit(struct call *call)
{
        int status = (int)argument(call, 0);
        call->ended = fault_set(call->fault, WARD_FAULT_EXIT, "add-in '%s' called exit(%d)", call->addin, status);
        if (call->fault)
                call->fault->status = status;
        return OK;
}

/* --- The table -------------------------------------------------------------------------------- */

static const struct {
        const char *field, *core;
        enum error (*run)(struct call *call);
} functions[] = {
        { "args_get", "ii>i", args_get },           { "args_sizes_get", "ii>i", args_sizes_get },
        { "environ_get", "ii>i", environ_get },     { "environ_sizes_get", "ii>i", environ_sizes_get },
        { "clock_res_get", "ii>i", clock_res_get }, { "clock_time_get", "iIi>i", clock_time_get },
        { "random_get", "ii>i", random_get },       { "fd_write", "iiii>i", fd_write },
        { "proc_exit", "i>", proc_exit },           { "fd_read", "iiii>i", fd_read },
        { "fd_close", "i>i", fd_close_ },           { "fd_seek", "iIii>i", fd_seek },
        { "fd_fdstat_get", "ii>i", fd_fdstat_get }, { "fd_prestat_get", "ii>i", fd_prestat_get },
        { "sched_yield", ">i", sched_yield_ },      { "poll_oneoff", "iiii>i", poll_oneoff },
};

_Static_assert(COUNT_OF(functions) == WASI_FUNCTIONS, "wasi_offers fills as many");

void wasi_offers(struct wasm_offer ret_offers[WASI_FUNCTIONS])
{
        for (size_t i = 0; i < COUNT_OF(functions); i++)
                ret_offers[i] = (struct wasm_offer){ "wasi_snapshot_preview1", functions[i].field, functions[i].core };
}

int wasi_call(const struct wasi *wasi, uint32_t number, struct wasm_instance *instance, const char *addin, uint64_t *slots,
              struct ward_fault *fault)
{
        struct call call = { .wasi = wasi, .instance = instance, .slots = slots, .addin = addin, .fault = fault };
        call.memory = wasm_instance_memory(instance, &call.size);
        enum error error = functions[number].run(&call);
        slots[0] = error;
        return call.ended;
}
