/* The program ward-worker: one process of it, the warden, forks the others, the workers.
 *
 * 1. main  2. warden_run: says hello, then forks a worker for each request  3. worker_run, in the child: confines itself, then
 * serves lane 0 until the warden kills it  4. server_start, for each lane that the host opens: a thread that serves it
 *
 * A worker trusts its host, and is in the hands of its add-ins: nothing here defends itself against either. */
#ifndef WORKER_WORKER_H
#define WORKER_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/addin.h>
#include <ward/fault.h>
#include "base/span.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "channel/words.h"
#include "marshal/marshal.h"
#include "native/native.h"
#include "native/reps.h"

/* Serves the host until it ends; the program's exit status. */
int warden_run(void);

/* A loaded add-in. */
struct module {
        struct native_image image;
        struct ward_addin_env env; /* env.context is the module */
        struct worker *worker;
        uint32_t number;
        uint32_t n_exports;
        uint32_t *exports;    /* the contract's index -> the add-in's */
        uint32_t *imports;    /* the add-in's index -> the contract's */
        uint32_t n_imports;   /* the contract's */
        uint32_t n_resources; /* the contract's */
        uint32_t *resources;  /* the contract's index -> the add-in's, or NATIVE_NO_RESOURCE */
        uint32_t *wanted;     /* the add-in's index -> the contract's, likewise */
        struct reps *reps;    /* NULL: the add-in has no resources */
};

struct worker {
        struct shared shared;
        struct last_words *words;
        int socket;   /* descriptors to and from the host */
        int doorbell; /* an eventfd of the host's: something waits for its dispatcher */
        bool spins;
        _Atomic(struct module *) modules[MESSAGE_INSTANCES]; /* changed by lane 0's thread */
};

/* A thread that serves a lane. */
struct server {
        struct worker *worker;
        uint32_t number;
        struct channel channel;
        struct marshal_memory memory;
        struct reps_crossing crossing; /* one way of a call at a time: while values cross, no add-in runs */
        bool may_call_host;            /* an add-in runs */
};

/* This thread's; NULL: it is an add-in's own. */
extern _Thread_local struct server *server_here;

/* Never returns. Takes @fds. */
void worker_run(const int fds[WIRE_DESCRIPTORS]) __attribute__((noreturn));

/* Ends the worker, with the reason in its last words. */
void worker_die(struct worker *worker, enum ward_fault_kind kind, const char *format, ...)
        __attribute__((noreturn, format(printf, 3, 4)));

/* server.c */

/* Sets @server up for lane @number, and as this thread's. */
void server_init(struct server *server, struct worker *worker, uint32_t number);
/* A thread for lane @number. */
int server_start(struct worker *worker, uint32_t number, struct ward_fault *fault);
/* The host's next message. */
struct message server_next(struct server *server);
/* Bytes that it points at. */
struct ward_span server_span(const struct server *server);
/* Answers the host's messages until one of @kind comes, and takes that one. @outermost: none of them is within a call. */
void server_serve(struct server *server, uint32_t kind, bool outermost);

/* load.c: answers LOAD and UNLOAD. */
int module_load(struct worker *worker, uint32_t number, struct ward_span order, struct ward_fault *fault);
void module_unload(struct worker *worker, uint32_t number);

/* call.c: answers CALL; what add-ins call. @ret_made: whether the call was made, failing or not. */
int module_call(struct server *server, const struct message *message, uint64_t *ret_slot, bool *ret_made, struct ward_fault *fault);
void module_import(void *context, uint32_t import, const void *args, void *ret);
bool module_cancelled(void *context);
/* What asks the host: module_may_ask, which gives the server of this thread, and ends the worker on a thread that runs no call
 * (@doing, as in "calling", @name: for the fault); then module_ask, which sends an IMPORT and serves until it is answered. */
struct server *module_may_ask(const struct module *module, const char *doing, const char *name);
void module_ask(struct server *server, const struct module *module, uint32_t function, const uint64_t *slots, uint32_t n);

/* resources.c: what add-ins ask of their handles. */
int32_t module_resource_new(void *context, uint32_t resource, void *object);
void *module_resource_rep(void *context, uint32_t resource, int32_t handle);
void module_resource_drop(void *context, uint32_t resource, int32_t handle);
/* Drops the handles that @value owns, which its receiver will never have. */
void module_drop_value(struct module *module, const struct ward_type *type, const void *value);

/* crash.c: from here on the signals of a crash write @words before they end the process. 0, or a negative errno. */
int crash_watch(struct last_words *words);
/* For every further thread: the stack that their handlers run on, and its end. */
int crash_watch_thread(void);
void crash_leave_thread(void);

/* symbols.c: the function around @address in the ELF file @path (addresses as the file has them), from its full symbol table, which
 * knows static functions too. Safe in signal handlers. False if there is none; else @ret_name holds it, NUL-terminated and cut. */
bool symbol_find(const char *path, uint64_t address, char *ret_name, size_t size, uint64_t *ret_offset);

#endif
