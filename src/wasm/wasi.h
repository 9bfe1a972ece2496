/* WASI preview 1, all of it: arguments, environment, clocks, random numbers, the standard streams, files below folders that the
 * host grants, sleep, exit. There are no sockets.
 *
 * 1. wasi_grants_new, once an add-in  2. wasi_new, for each instance of it  3. wasi_offers, among a module's offers
 * 4. wasi_call for each call of one  5. wasi_free, wasi_grants_unref
 *
 * What the module names is looked up in its table of descriptors only: numbers there are not the process's. Files are reached from
 * the descriptor of a folder by openat2, beneath it; only regular files and folders are opened. Nothing of the process changes:
 * neither its working directory nor its umask, its streams' flags or its signals. */
#ifndef WASM_WASI_H
#define WASM_WASI_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/host.h>
#include "base/span.h"
#include "wasm/module.h"
#include "wasm/runtime.h"

enum {
        WASI_FUNCTIONS = 46,
        WASI_FOLDERS_MAX = 64,
        WASI_DESCRIPTORS_MAX = 128, /* of one instance: the host has 1,024 by default, for all that it does */
};

struct wasi;

/* What an add-in asked for and did not get. All borrowed. */
struct wasi_refusal {
        bool limit;               /* it reached a limit; else it was not granted */
        int error;                /* errno */
        const char *operation;    /* the function, a literal */
        struct ward_span subject; /* the path, as the module has it; empty where there is none */
        const char *why;          /* "it is outside of the folder" */
};

/* Whoever runs the module. Each is called on the thread that runs it; a negative fault kind, with @fault filled, ends the call. */
struct wasi_host {
        void *context;
        /* Takes what was written to descriptor 1 or 2. NULL: goes to the process's own. */
        int (*output)(void *context, int fd, struct ward_span bytes, struct ward_fault *fault);
        /* Reads standard input, up to @size bytes: 0 at its end. NULL: it is empty. */
        int (*input)(void *context, void *to, size_t size, size_t *ret_len, struct ward_fault *fault);
        /* Nanoseconds by clock @id, 0 the time of day and 1 the one that only goes forward. NULL: the system's. */
        int (*now)(void *context, uint32_t id, uint64_t *ret_ns, struct ward_fault *fault);
        /* Waits until that clock reads @until, or less long: it is asked again. NULL: that clock runs by itself. */
        int (*wait)(void *context, uint32_t id, uint64_t until, struct ward_fault *fault);
        /* NULL: nobody wants to know. */
        int (*refused)(void *context, const struct wasi_refusal *refusal, struct ward_fault *fault);
};

/* What an add-in is granted; all copied. */
struct wasi_options {
        const char *const *arguments;   /* NULL-terminated, or NULL for none */
        const char *const *environment; /* the same */
        const struct ward_folder *folders;
        size_t n_folders;
};

struct wasi_grants;

/* Opens the folders. REFUSED: one that cannot be, or a kernel or a policy without openat2; USAGE: one that makes no sense. */
int wasi_grants_new(const struct wasi_options *options, struct wasi_grants **ret_grants, struct ward_fault *fault);
/* NULL is fine. Returns NULL. */
struct wasi_grants *wasi_grants_unref(struct wasi_grants *grants);

/* Of an instance, with a reference to @grants. Copies @host. */
int wasi_new(struct wasi_grants *grants, const struct wasi_host *host, struct wasi **ret_wasi, struct ward_fault *fault);
/* NULL is fine. Returns NULL. Closes what the module left open. */
struct wasi *wasi_free(struct wasi *wasi);

void wasi_offers(struct wasm_offer ret_offers[WASI_FUNCTIONS]);

/* Serves function number @number, on the thread that runs @instance. A negative fault kind ends the call. */
int wasi_call(struct wasi *wasi, uint32_t number, struct wasm_instance *instance, const char *addin, uint64_t *slots,
              struct ward_fault *fault);

#endif
