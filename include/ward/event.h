/* Events: what the host should know of its domains though it is no fault: an add-in that asked for what it was not granted, a limit
 * that was reached, a signal handler of Ward's that somebody replaced.
 *
 * 1. struct ward_host_options options = { .size = sizeof options, .on_event = on_event, .on_event_data = … };
 * 2. ward_host_new(&options, …)
 * 3. void on_event(void *data, const struct ward_event *event) { fprintf(stderr, "%s\n", event->text); }
 *
 * They are told on the thread that learned of them: of what an add-in does at the kinds `direct` and `wasm` that is the thread that
 * called it, within the call; else it may be one of Ward's own, and several at once. While a callback runs, its call waits.
 *
 * What add-ins log is told line by line: WARD_EVENT_LOG. What a domain that is recorded uses (WARD_EVENT_ACT) is told once. Of the
 * rest an add-in may do the same a million times. Of each domain, and of each kind of event and operation there, the first 16 are
 * told, then every one whose count is a power of two: 32, 64, 128, … The count is in the event. */
#ifndef WARD_EVENT_H
#define WARD_EVENT_H

#include <ward/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happened. Values are stable; later versions may tell of kinds that are not here. */
enum ward_event_kind {
        WARD_EVENT_REFUSED = 1, /* an add-in asked for what it was not granted, and got an error */
        WARD_EVENT_LIMIT = 2,   /* an add-in reached a limit, and got an error */
        WARD_EVENT_HANDLER = 3, /* a signal handler that Ward needs was replaced */
        WARD_EVENT_LOG = 4,     /* a line for the host's log: an add-in's, which wrote it with ward:domain/log, or Ward's own */
        /* An add-in used what takes a permission at level `intranet`, in a domain that is recorded (`record`). The operation is
         * what it did: "read" a file, "list" a folder, "write" to a file that was there, "create" or remove or rename one,
         * "execute" a program; "connect", to an address as a permission has it; "fork", to make a process. */
        WARD_EVENT_ACT = 5,
};

/* How much a line for the log matters. Values are stable. */
enum ward_log_level {
        WARD_LOG_NONE = 0, /* of events that are none */
        WARD_LOG_TRACE,
        WARD_LOG_DEBUG,
        WARD_LOG_INFO,
        WARD_LOG_WARN,
        WARD_LOG_ERROR,
};

enum {
        WARD_EVENT_SUBJECT_MAX = 256,
        WARD_EVENT_TEXT_MAX = 768,
        WARD_EVENT_LOG_MAX = 4096, /* of what add-ins log */
};

/* Valid during the call of ward_on_event only, with all that it points at. Texts are NUL-terminated, printable UTF-8, empty where
 * there is nothing to say, never NULL: what came from an add-in was bounded and escaped. */
struct ward_event {
        size_t size; /* sizeof (struct ward_event), as the library knows it: what lies beyond is not there */
        enum ward_event_kind kind;
        int error;                  /* errno, where an add-in got one or the system gave one; else 0 */
        struct ward_domain *domain; /* NULL: the whole host */
        const char *addin;          /* the add-in's name */
        const char *operation;      /* what was asked for, "path_open", or what happened, in one word. At kind `process` the name of
                                       the system call that was refused: "openat" */
        const char *subject;       /* what it was asked of: a path, the name of a limit. At most WARD_EVENT_SUBJECT_MAX - 1 bytes */
        const char *text;          /* one line for a person */
        uint64_t count;            /* how often this kind and operation happened in this domain, this one counted */
        enum ward_log_level level; /* WARD_EVENT_LOG */
};

/* The kind's standard name: "refused", "limit", … Never NULL. Thread-safe. */
WARD_API const char *ward_event_kind_name(enum ward_event_kind kind);
/* The level's: "trace", "debug", "info", "warn", "error". */
WARD_API const char *ward_log_level_name(enum ward_log_level level);

#ifdef __cplusplus
}
#endif
#endif
