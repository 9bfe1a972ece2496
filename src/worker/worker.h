/* The program ward-worker: one process of it, the warden, starts the others, zygotes and workers.
 *
 * 1. main  2. warden_run (warden.h): says hello, then has a worker forked for each request  3. worker_run, in the child: confines
 * itself, then serves lane 0 until the warden kills it  4. server_start, for each lane that the host opens: a thread that serves it
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
#include "channel/coming.h"
#include "channel/doorbell.h"
#include "channel/message.h"
#include "channel/ring.h"
#include "channel/words.h"
#include "marshal/marshal.h"
#include "native/libraries.h"
#include "native/native.h"
#include "native/reps.h"

/* warden.c: serves the host until it ends; the program's exit status. */
int warden_run(void);

/* A loaded add-in. */
struct module {
        struct native_image image;
        struct opened_libraries libraries;
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
        struct doorbell_words *bell;
        bool spins;
        _Atomic(struct module *) modules[MESSAGE_INSTANCES]; /* changed by lane 0's thread */
};

/* A thread that serves a lane, or one of an add-in's own that calls the host. */
struct server {
        struct worker *worker;
        uint32_t number;
        struct channel channel;
        struct marshal_memory memory;
        struct reps_crossing crossing; /* one way of a call at a time: while values cross, no add-in runs */
        bool may_call_host;            /* an add-in runs */
        bool attended;                 /* a thread of the host's waits at the other end; else the doorbell is to be rung */
        bool host_grown;               /* what IMPORT_RETURN has said */
        bool early;                    /* the call that has come is to be read behind the host, who writes */
        struct coming coming;          /* this */
        struct ring ring;              /* for what add-ins post; @words NULL: there is none yet, */
        bool ring_refused;             /* or ever */
        bool told;                     /* EVENTS was sent and not answered */
        uint32_t untold;               /* bytes posted since the last one */
};

/* This thread's; NULL: it is an add-in's own, and has not called the host. */
extern _Thread_local struct server *server_here;

/* What a worker is born with. */
struct worker_start {
        int fds[WIRE_DESCRIPTORS]; /* -1: not given */
        uint32_t held;             /* layers that hold it already */
};

/* Never returns. Takes the descriptors, and WIRE_LINE, WIRE_PROC and WIRE_EMPTY. */
void worker_run(const struct worker_start *start) __attribute__((noreturn));

/* Ends the worker, with the reason in its last words. */
void worker_die(const struct worker *worker, enum ward_fault_kind kind, const char *format, ...)
        __attribute__((noreturn, format(printf, 3, 4)));

/* server.c */

/* Sets @server up for lane @number, and as this thread's. */
void server_init(struct server *server, struct worker *worker, uint32_t number);
/* A thread for these lanes: where they are several, they bring their messages in turn. */
int server_start(struct worker *worker, const uint64_t *numbers, uint32_t n, struct ward_fault *fault);
/* Sends a message that the host may have to be told of. */
void server_send(struct server *server, uint32_t kind, uint32_t instance, uint32_t function, const uint64_t *slots, uint32_t n);
/* The same, then serves until the host answers by @answer. No add-in runs meanwhile, but in nested calls. */
void server_ask(struct server *server, const struct message *message, const uint64_t *slots, uint32_t n, uint32_t answer);
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
/* The server of this thread, one of its own if it needs one. Ends the worker where no add-in may call (@doing, as in "calling",
 * @name: for the fault). */
struct server *module_server(const struct module *module, const char *doing, const char *name);
/* What asks the host: module_may_ask, which gives the server of this thread with its mailbox free; then module_ask, which sends an
 * IMPORT and serves until it is answered. */
struct server *module_may_ask(const struct module *module, const char *doing, const char *name);
void module_ask(struct server *server, const struct module *module, uint32_t function, const uint64_t *slots, uint32_t n);

/* How many slots the parameters take. */
uint32_t module_flat_params(const struct ward_func *func);

/* post.c: what add-ins call without waiting. */
void module_post(void *context, uint32_t import, const void *args);
void module_flush(void *context);
/* Waits until the host has answered EVENTS, if that was sent. To be called before any other message. */
void posts_settle(struct server *server);
/* The same, until the host has made all that was posted: before an answer whose values lie in the arena. */
void posts_flush(struct server *server);

/* own.c: a server for this thread, which has none. Waits while too many others have one. */
struct server *own_server(struct worker *worker);

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
