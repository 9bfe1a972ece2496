/* Ward for hosts: load add-ins that are not trusted, call them, survive them.
 *
 * 1. ward_host_new          once
 * 2. calculator_activate    generated from the contract: loads an add-in at a chosen isolation kind
 * 3. calculator_operate     generated: calls it; negative is a fault, and costs that add-in only
 * 4. calculator_release     generated
 * 5. ward_host_free
 *
 * Thread-safety: every function here may be called from any thread at any time, except that a handle is not to be used
 * after it was given back, and that a thread is not to be cancelled (pthread_cancel), nor to leave a function that an add-in called
 * by longjmp, while it is in Ward. Ward starts one thread of its own, all signals blocked, while isolated domains exist, and
 * one for each domain that a call was begun in. At kind `wasm` it installs a SIGSEGV and a SIGBUS handler, which hand everything
 * that is not a wasm domain's on to the handler that was there before, as the kernel would have called it; a host that installs its
 * own later finds in <ward/signal.h> what to do. A thread's first such call unblocks the two signals on it, and gives it an
 * alternate signal stack if it has none. A host that later blocks them again, or takes that stack away, dies where the add-in would
 * have trapped. On a stack that the host made for a coroutine, 128 KiB are to be left, above a guard page; and a thread is to leave
 * calls in the reverse order of entering them, whatever stacks they are on. Ward touches no other state of the process.
 */
#ifndef WARD_HOST_H
#define WARD_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>
#include <ward/value.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WARD_API __attribute__((visibility("default")))

#define WARD_VERSION "0.1.0"

struct ward_host;
struct ward_domain;
struct ward_instance;

/* How a domain is held. Values are stable. */
enum ward_isolation {
        WARD_DIRECT = 0,  /* not at all: trusted code in the host's process */
        WARD_WASM = 1,    /* checked and compiled WebAssembly in the host's process */
        WARD_PROCESS = 2, /* a worker process */
};

/* What a domain may do: see doc/policy.md. From the strictest to the widest; those below full-trust are refused at kind `direct`,
 * and at kind `process` where the machine cannot hold them. */
enum ward_level {
        WARD_LEVEL_DEFAULT = 0, /* full-trust */
        WARD_LEVEL_INTERNET,    /* compute, and talk to its host */
        WARD_LEVEL_INTRANET,    /* and what it is granted by permissions */
        WARD_LEVEL_FULL_TRUST,  /* what the host's user may, from a process of its own. wasm: and the folders it is given */
        WARD_LEVEL_HOST,        /* as the host */
};

enum ward_domain_state {
        WARD_DOMAIN_UNLOADED = 0,
        WARD_DOMAIN_RUNNING = 1,
};

/* The kind's or level's standard name, and the way back: false for an unknown name. */
WARD_API const char *ward_isolation_name(enum ward_isolation isolation);
WARD_API bool ward_isolation_from_name(const char *name, enum ward_isolation *ret);
WARD_API const char *ward_level_name(enum ward_level level);
WARD_API bool ward_level_from_name(const char *name, enum ward_level *ret);

/* Called for every fault that costs a domain, once a domain, on the thread that learned of it, which may be Ward's own.
 * The callback may query the domain, but not unload it or call into it, nor wait for a thread that may be doing so: no lock that is
 * held around calls of Ward. It may release tokens, but not the last reference to an add-in. */
typedef void (*ward_on_fault)(void *data, struct ward_domain *domain, const struct ward_fault *fault);

/* Called for every crossing of a boundary, when it begins and when it has ended, on the thread that crosses: see <ward/trace.h>.
 * What the callback itself does with Ward is not told; it may call functions that return at once, and is not to unload or free. */
struct ward_trace;
typedef void (*ward_on_trace)(void *data, const struct ward_trace *trace);

/* Called for what the host should know though it is no fault: see <ward/event.h>. The callback may do what that of a fault may. */
struct ward_event;
typedef void (*ward_on_event)(void *data, const struct ward_event *event);

/* An add-in that is to be found. */
struct ward_lookup {
        size_t size;                   /* sizeof (struct ward_lookup), as the library knows it: what lies beyond is not there */
        const char *name;              /* what ward_activate was to activate */
        enum ward_isolation isolation; /* wasm: a module is wanted, else a shared library */
        struct ward_domain *domain;    /* where it is to go; NULL: one that will be made for it */
        /* NULL: an add-in is wanted. Else @name is that of a shared library which was not found, and this is the file that needs
         * it: the add-in's, or that of another library of its */
        const char *needed_by;
};

/* Where it is: in a file, or in the host's memory. */
struct ward_module {
        size_t size;      /* sizeof (struct ward_module), as the library knows it */
        const char *path; /* the file; NULL: bytes */
        const void *bytes;
        size_t len;
        /* Called when Ward has read what is here, before ward_activate returns, whatever it returns. NULL: nothing is to be done.
         */
        void (*release)(void *data, const struct ward_module *module);
        void *release_data;
};

/* Finds an add-in. 0: in @ret_module, which was cleared, is where; 1: it is not known here; or a negative fault kind, of which
 * @fault->text may say more. Called on the thread that activates, which holds nothing of Ward's: it may call any function. */
typedef int (*ward_resolve)(void *data, const struct ward_lookup *lookup, struct ward_module *ret_module, struct ward_fault *fault);

/* Clocks that add-ins see at kind `wasm`. Values are stable. */
enum ward_clock_id {
        WARD_CLOCK_REALTIME = 0,  /* the time of day: since 1970 */
        WARD_CLOCK_MONOTONIC = 1, /* only goes forward */
};

/* A host's own clocks, in nanoseconds: the time of a simulation, or one that stands still. Both functions may be called on several
 * threads at once, may do what a function may that the host provides, and are not cut off by the call's deadline, which goes by the
 * machine's clock as ever. */
struct ward_clock {
        size_t size; /* sizeof (struct ward_clock) */
        void *data;
        uint64_t (*now)(void *data, enum ward_clock_id id);
        /* An add-in sleeps: returns when @id reads @until, as when it has just been set to that; or sooner, then it is called again
         * unless the call is to end, so a long wait is to be done in pieces. NULL: the clock runs by itself, and Ward looks at it
         * every millisecond. */
        void (*wait)(void *data, enum ward_clock_id id, uint64_t until);
};

struct ward_host_options {
        size_t size;             /* sizeof (struct ward_host_options) */
        const char *name;        /* the default domain's friendly name; NULL: "host" */
        const char *worker_path; /* the program ward-worker; NULL: $WARD_WORKER, else found relative to the library */
        const char
                *cache_path; /* folder for compiled WebAssembly; NULL: $WARD_CACHE, else $XDG_CACHE_HOME/ward, else ~/.cache/ward */
        const char *compiler;   /* the C compiler's command; NULL: $WARD_CC, else the first of cc, gcc, clang */
        ward_on_fault on_fault; /* NULL: none */
        void *on_fault_data;
        ward_on_trace on_trace; /* NULL: none; WARD_TRACE=1 prints lines all the same */
        void *on_trace_data;
        ward_on_event on_event; /* NULL: none */
        void *on_event_data;
        /* Asked where an add-in is. For a name without a slash it is asked first, so that no file which happens to lie in the
         * working directory takes its place; for a path, where no file is there. What it does not know is a path as any. And asked
         * where a library is that an add-in needs, when that is nowhere else. NULL: paths only */
        ward_resolve resolve;
        void *resolve_data;
        const struct ward_clock *clock; /* for add-ins at kind wasm; copied. NULL: the machine's */
        /* Compiled WebAssembly: see doc/wasm.md, Images. An image is native code of a module, and trusted as the host's own is: it
         * has to belong to the host's user or to root, and nobody else may be able to write it. */
        uint64_t cache_bytes;   /* what cache_path may take, the last used goes last; 0: $WARD_CACHE_MAX ("500M"), else 1 GiB */
        const char *image_path; /* folder of images made by `ward compile ADDIN.wasm -o FOLDER/`, looked in before cache_path; NULL:
                                   none */
        bool no_compiler; /* never compile, nor look in cache_path: a module without an image from image_path or the activation's
                             options is a fault, COMPILE */
        bool looking;     /* images look by themselves, in each loop and function, whether their call is to end: where a signal
                             cannot reach its thread, as under some debuggers and profilers. Slower: see doc/wasm.md, Stopping */
        uint64_t without_layers; /* process: bits of enum ward_layer, <ward/posture.h>, that are not asked for, as if the kernel had
                                    none of them: to try what happens on a machine that offers less. Never less than a level's floor
                                  */
};

/* Makes a host. @options may be NULL. Starts nothing yet: no thread, no process. */
WARD_API int ward_host_new(const struct ward_host_options *options, struct ward_host **ret_host, struct ward_fault *fault);

/* Unloads every domain, ends every worker and Ward's thread, frees @host and returns NULL. Takes NULL. Handles of instances
 * and domains that are still held stay valid, read as unloaded, and must still be released. Not from a callback, nor while another
 * thread is in a call that it will not leave. */
WARD_API struct ward_host *ward_host_free(struct ward_host *host);

/* --- What add-ins begin by themselves -------------------------------------------------------------
 *
 * At kind `process`, a call that an add-in makes on a thread of its own waits until the host gives it a thread. In an event loop
 * (poll, epoll, GLib, libuv), when the descriptor of ward_host_fd is readable:
 *
 *      ward_host_dispatch(host, 0, NULL);
 *
 * Without one, in a thread of the host's: `while (ward_host_dispatch(host, -1, NULL) >= 0);`, or Ward's own:
 * ward_host_dispatch_start. The functions that the host provides then run on that thread. */

/* A descriptor that is readable as long as there is something to dispatch, and now and then when there is not; level-triggered.
 * Borrowed: only to be waited on, and valid until ward_host_free; a forked child gets another. */
WARD_API int ward_host_fd(struct ward_host *host, int *ret_fd, struct ward_fault *fault);

/* Serves a bounded share of what is there; waits for it up to @timeout_ms: 0 not at all, -1 however long it takes. 0, 1 where there
 * was nothing or a signal was handled, or a fault. Several threads may dispatch at once, and what they serve may dispatch in turn.
 */
WARD_API int ward_host_dispatch(struct ward_host *host, int timeout_ms, struct ward_fault *fault);

/* Starts a thread, all signals blocked, that dispatches until ward_host_dispatch_stop or ward_host_free, which wait for what it
 * serves. Starting it twice is no error, nor is stopping none; it cannot stop itself. */
WARD_API int ward_host_dispatch_start(struct ward_host *host, struct ward_fault *fault);
WARD_API int ward_host_dispatch_stop(struct ward_host *host, struct ward_fault *fault);

struct ward_quota; /* <ward/usage.h>: more of it */

/* What a domain may use. 0 means the default. */
struct ward_limits {
        size_t size;           /* sizeof (struct ward_limits) */
        uint64_t memory_bytes; /* process: data and thread stacks, per process; wasm: linear memory, of all its add-ins together.
                                  Default: half of the machine's memory, at most 4 GiB; wasm 4 GiB each */
        uint64_t arena_bytes;  /* process: shared memory for the values of all calls in flight, both ways. Default 512 MiB, taken as
                                  it is touched */
        uint64_t cpu_affinity; /* process: bit n allows processor n. Default: the host's */
};

/* What an add-in writes to its standard output (@fd 1) or error (2), as it comes; and what it reads from standard input: up to
 * @size bytes, as many as it gives back, 0 at the end.
 *
 * Kind `wasm`: on the thread that called it. The call waits meanwhile, and is not ended by its deadline before they return. They
 * may do what a function may that the host provides.
 *
 * Kind `process`: a domain has one set of streams, @addin is the domain's name when it was made. They are called on Ward's own
 * thread or, near the domain's end, on the one that ends it, never twice at once; what was written before the end is told before
 * the fault. They are to return soon, since deadlines wait for them: input is asked for as soon as there is room for it, so one
 * that is not there yet is better passed as a stream (ward_domain_options.streams). They may do what the callback of a fault may.
 */
typedef void (*ward_on_output)(void *data, struct ward_domain *domain, const char *addin, int fd, const void *bytes, size_t len);
typedef size_t (*ward_on_input)(void *data, struct ward_domain *domain, const char *addin, void *to, size_t size);

struct ward_stream; /* <ward/buffer.h> */

struct ward_domain_options {
        size_t size;      /* sizeof (struct ward_domain_options) */
        const char *name; /* friendly name; NULL: made up from the kind and a number */
        enum ward_isolation isolation;
        enum ward_level level;
        struct ward_limits limits;
        bool free_threaded; /* process: calls of several host threads run in it at once, so its add-ins must be made for that, and
                               each call's thread, or another for it, holds its add-in until it returns; else it is synchronized:
                               one call at a time, others wait for their turn */
        /* NULL-terminated: what add-ins in it may not import, whatever the contract offers. "ns:pkg/iface@1.0.0#f" is a function,
         * "ns:pkg/iface@1.0.0" all of an interface, or of a module as "wasi_snapshot_preview1"; a function of the world itself has
         * its name alone; with a star at its end a name is all that begins so. An add-in that imports one is refused when it is
         * activated (REFUSED). Copied. NULL: none */
        const char *const *denied_imports;
        /* wasm: 0 or 1, or how many instances of its module an add-in may have here, up to 1,024. Then calls of as many host
         * threads run at once (a pooled domain), each in an instance that nobody else is in; one is made when all others are in
         * use, and who finds none waits. An instance knows nothing of what was called in another: such add-ins keep nothing between
         * calls, and cannot have resources of their own (CONTRACT). Limits are for all of them together */
        uint32_t instances;
        const struct ward_quota *quota; /* copied; NULL: none */
        /* process: the standard streams of the worker. Where there are neither streams nor callbacks, its input is empty, and its
         * output is the host's; at the levels internet and intranet that is passed on by the host, which never gives it a
         * descriptor of its own there */
        ward_on_output on_output; /* NULL: see above */
        void *on_output_data;
        ward_on_input on_input; /* NULL: see above */
        void *on_input_data;
        /* NULL, or three: what the worker has as standard input, output and error. Borrowed until the function returns. NULL among
         * them: as without */
        struct ward_stream *const *streams;
        /* NULL-terminated: folders, absolute, in which the shared libraries that its add-ins need are looked for before those that
         * DT_RUNPATH names and the system's; so two domains can have two versions of one library. Copied. NULL: none. Not for kind
         * wasm. See doc/hosting.md, Libraries */
        const char *const *library_path;
        /* NULL-terminated: what its add-ins may do beyond its level, see doc/policy.md: "read PATH", "write PATH", "execute PATH",
         * "connect HOST:PORT", "spawn", "env NAME", "env NAME=VALUE". Level internet takes env only, and so do full-trust and host,
         * which are not held to anything; intranet takes all, at kind wasm read and write of folders (under their own names) and
         * env. Relative paths begin in the working directory. Paths are followed, names resolved and variables read when the domain
         * is made. Copied. NULL: none. REFUSED: what this level or kind does not take, or cannot be granted; USAGE: what is none */
        const char *const *permissions;
        /* A file with more of them, and with a level and limits, which hold where these options say none; where both do, the
         * stricter one. Relative paths in it begin in its folder. NULL: none. USAGE: each of its errors with its line */
        const char *policy;
        /* Tells what its add-ins use that would take a permission at level intranet: WARD_EVENT_ACT (<ward/event.h>), once each.
         * For kind process at level full-trust; REFUSED elsewhere. Each such system call takes a few microseconds longer */
        bool record;
};

/* Makes a domain that add-ins can be activated into; it lives until it is unloaded. Release the handle with
 * ward_domain_release. Kind `direct` is refused: that is the default domain. */
WARD_API int ward_domain_new(struct ward_host *host, const struct ward_domain_options *options, struct ward_domain **ret_domain,
                             struct ward_fault *fault);

/* The host itself as a domain. Borrowed: lives as long as @host, not to be released. */
WARD_API struct ward_domain *ward_host_default_domain(struct ward_host *host);

/* Gives a handle back; the domain lives on while it runs. Returns NULL. Takes NULL. */
WARD_API struct ward_domain *ward_domain_release(struct ward_domain *domain);

/* Ends everything in @domain and frees what it used; waits until that is done. Calls in flight return `unloaded`. Where there are
 * none, the objects of its add-ins that the host holds are destroyed first, for at most a second; their tokens are still to be
 * released. Unloading twice is no error. The default domain is refused. */
WARD_API int ward_domain_unload(struct ward_domain *domain, struct ward_fault *fault);

WARD_API const char *ward_domain_name(const struct ward_domain *domain);
WARD_API int ward_domain_rename(struct ward_domain *domain, const char *name, struct ward_fault *fault);
WARD_API enum ward_isolation ward_domain_isolation(const struct ward_domain *domain);
WARD_API enum ward_level ward_domain_level(const struct ward_domain *domain);
WARD_API enum ward_domain_state ward_domain_state(const struct ward_domain *domain);

/* Copies the fault that ended @domain to @ret_fault and returns true, or returns false if no fault did. */
WARD_API bool ward_domain_fault(const struct ward_domain *domain, struct ward_fault *ret_fault);

/* Named data on a domain, seen by the host and, through the interface ward:domain/data, by the add-ins in it. Keys are
 * 1 to 255 bytes of UTF-8; a domain holds at most 64 MiB. set copies @data; @len 0 with @data NULL removes the key.
 * get gives a copy that the caller frees with free(), one NUL byte behind it that @ret_len does not count;
 * returns 1 if there is no such key. */
WARD_API int ward_domain_set(struct ward_domain *domain, const char *key, const void *data, size_t len, struct ward_fault *fault);
WARD_API int ward_domain_get(struct ward_domain *domain, const char *key, void **ret_data, size_t *ret_len,
                             struct ward_fault *fault);

/* A folder that an add-in may use, with everything below it: what it reaches from there by any path, and by symbolic links, stays
 * below. Regular files and folders only; what a mount has put there counts. A folder within another is as that one says, where it
 * is reached through it. What an add-in makes there is its own word: others are not to trust it. */
struct ward_folder {
        const char *guest; /* what the add-in calls it: "/data", "."; its libc looks paths up by this */
        const char *host;  /* where it is; relative to the working directory at activation. Opened then, symbolic links followed */
        uint32_t access;   /* WARD_FOLDER_READ, or WARD_FOLDER_READ | WARD_FOLDER_WRITE */
};
enum { WARD_FOLDER_READ = 1, WARD_FOLDER_WRITE = 2 };

struct ward_activate_options {
        size_t size; /* sizeof (struct ward_activate_options) */
        enum ward_isolation isolation;
        enum ward_level level;
        const char *name;           /* friendly name of the add-in and of a domain made for it; NULL: from the module's file name */
        struct ward_domain *domain; /* activate into this one, whose kind, level and limits hold; NULL: one made for the add-in */
        uint32_t activate_ms;       /* time limit for starting and loading, compiling apart; 0: 10,000 */
        uint32_t deadline_ms; /* time limit of each call, by CLOCK_MONOTONIC; 0: none. What a debugger that holds the host takes
                                 does not count */
        const char *const *arguments;   /* NULL-terminated; wasm: WASI's arguments. NULL: none */
        const char *const *environment; /* NULL-terminated "K=V"; the add-in sees these only (wasm, process). NULL: none */
        struct ward_limits limits;
        bool free_threaded;                /* of a domain that is made for it: see ward_domain_options */
        const char *const *denied_imports; /* to this add-in, beside those of its domain: see ward_domain_options */
        const char *image;  /* wasm: file made by `ward compile` of exactly this module, loaded instead of compiling it. COMPILE: it
                               was  made of another, or by another version of Ward. NULL: it is looked for */
        uint32_t instances; /* of a domain that is made for it: see ward_domain_options */
        /* The folders are for kind wasm, by WASI. The callbacks are for wasm, and for a process domain that is made for the add-in:
         * there see ward_domain_options */
        const struct ward_folder *folders; /* up to 64; NULL: none. REFUSED: one that cannot be opened, or held to; or any at level
                                              internet */
        size_t n_folders;
        ward_on_output on_output; /* NULL: what it writes goes to the host's own standard output and error */
        void *on_output_data;
        ward_on_input on_input; /* NULL: standard input is empty */
        void *on_input_data;
        const struct ward_quota *quota;     /* of a domain that is made for it: see ward_domain_options */
        struct ward_stream *const *streams; /* of a domain that is made for it: see ward_domain_options */
        /* As that of ward_domain_options, which comes behind it; for this add-in. At kind `direct` the host has one library of a
         * name: where it has loaded another file for it already, the add-in is refused (MODULE) */
        const char *const *library_path;
        const char *const *permissions; /* of a domain that is made for it: see ward_domain_options. In another: REFUSED */
        const char *policy;             /* likewise */
        /* NULL-terminated: paths of further shared libraries for this add-in, process: they and what they need are found as its own
         * are, and loaded before it; so that dlopen of exactly that path finds one where no file can be opened. NULL: none. MODULE:
         * one that is not there, or is none */
        const char *const *libraries;
        bool record; /* of a domain that is made for it: see ward_domain_options */
};

/* --- Memory to pass from -------------------------------------------------------------------------
 *
 * Lists and strings that a host passes again and again, or that are large, need not be copied:
 *
 *      1. ward_alloc, once        3. probe_send, with a list or string whose ptr is in the block, at its beginning or further on
 *      2. fill it                 4. ward_free
 *
 * At kind `process` the block lies in memory that the domain shares with its worker: text, and lists whose elements are bytes,
 * numbers or records of these, are passed from there as they are. At the other kinds, and in other domains, it is memory as any: so
 * the call is the same everywhere. It is for large blocks: each takes whole pages, and counts against limits.arena_bytes as long as
 * it lives.
 *
 * The add-in's side can write there at any time. What the host reads back from a block is not to be trusted, and no pointers or
 * handles are to be kept in one: a list of strings may point into a block, but is refused where it lies in one itself.
 *
 * A block is the host's own, whatever it is passed to: results are not made there, and the free functions of views are not for it.
 * It outlives its domain, so that a host which is filling it when the worker dies goes on undisturbed. Any thread may use and free
 * it. */

/* Memory of @size bytes, not cleared, to pass to the add-ins in @domain, at an address that suits any C value. LIMIT:
 * limits.arena_bytes; UNLOADED; SYSTEM. */
WARD_API int ward_alloc(struct ward_domain *domain, size_t size, void **ret_data, struct ward_fault *fault);

/* Frees what ward_alloc gave for a domain of @host; NULL is fine. While calls read it, it stays theirs until the last of them has
 * ended. USAGE: @data is no block's beginning, or was freed before. ward_host_free frees what is left. In a forked child the blocks
 * of process domains are not there. */
WARD_API int ward_free(struct ward_host *host, void *data, struct ward_fault *fault);

/* --- References ---------------------------------------------------------------------------------
 *
 * An activated add-in is held by who activated it, by every token acquired for it, and by every object that it has handed out and
 * that the host still holds. When the last of them is given back, the add-in goes, and with the last add-in in it the domain that
 * was made for it. A pointer to an instance is valid as long as something of this holds it.
 *
 * Tokens are numbers, unique within a host and never used twice: one that is not held, any more or ever, is an error and changes
 * nothing. An object's token is what `own` is in a host view, and what `borrow` is made of. An `own` that is passed to an add-in
 * is given back by that.
 *
 * An `own` goes over when its call begins in the add-in. Where a call fails before (USAGE, LIMIT, SYSTEM, or a domain that was
 * unloaded already), nothing has changed hands: a token is still held, and an object of the host's still the caller's. Where it
 * fails later, the add-in had it: the host's object is destroyed with the others that the add-in holds. */

/* Acquires @instance once more. */
WARD_API int ward_acquire(struct ward_instance *instance, uint64_t *ret_token, struct ward_fault *fault);

/* Acquires the object of @object, a token, once more. The object lives until the last of its tokens is released, and cannot be
 * passed as `own` while there are two. */
WARD_API int ward_object_acquire(struct ward_host *host, uint64_t object, uint64_t *ret_token, struct ward_fault *fault);

/* Gives @token back. The last token of an object destroys it, in the add-in: a fault there is returned, and the token is gone. Of
 * an object in an unloaded domain 0: there is nothing left to destroy. Like a call, it waits for those of other threads in the
 * object's domain, and as long as a call may; where that has no limit, a destructor at kind `wasm` has a second. */
WARD_API int ward_token_release(struct ward_host *host, uint64_t token, struct ward_fault *fault);

/* Whether two tokens are for one object or add-in. False where one is not held. */
WARD_API bool ward_token_same(struct ward_host *host, uint64_t a, uint64_t b);

/* The add-in of a token, or the one that implements the token's object. Borrowed, valid as long as the token is held. NULL for a
 * token that is not held. */
WARD_API struct ward_instance *ward_token_instance(struct ward_host *host, uint64_t token);

/* Whether a call on what @token refers to stays in the host's own code, without a boundary: kind `direct`. False for a token that
 * is not held. Add-ins ask by importing ward:domain/reference. */
WARD_API bool ward_token_is_local(struct ward_host *host, uint64_t token);

/* The host that @instance was activated by; NULL once that is freed. */
WARD_API struct ward_host *ward_instance_host(struct ward_instance *instance);

/* --- For generated host views ----------------------------------------------------------------- */

/* A function that the host provides. @args is the generated argument struct, borrowed; what @ret holds goes to Ward. */
struct ward_import {
        const struct ward_func *func;
        /* NULL: a function of package `ward`, provided by Ward */
        void (*serve)(const struct ward_import *import, const void *services, const void *args, void *ret);
};

/* A resource of the contract. */
struct ward_contract_resource {
        const struct ward_resource *resource;
        /* Of the host's own: the add-in does not refer to @object any more; else NULL. Called once for each `own` that was passed
         * and not given back, on the thread that is in the add-in, or that ends it. Objects are not NULL. */
        void (*destroy)(const void *services, void *object);
};

struct ward_contract {
        const char *name; /* "ns:pkg/world@1.0.0" */
        uint32_t n_exports;
        uint32_t n_imports;
        const struct ward_func *const *exports;
        const struct ward_import *imports;
        uint32_t n_resources;
        const struct ward_contract_resource *resources;
};

/* The head of an activated add-in. It is laid open so that the inline functions of views connect directly. Both are NULL, or in the
 * order of the contract's exports. */
struct ward_instance {
        void (*const *direct)(void); /* kind `direct`: the add-in's own C functions */
        /* Kind `wasm`, now and then: functions that take the instance, the fault, a place for the result if there is one, and the
         * parameters, all of them numbers as WebAssembly has them. They give what ward_call would; or 1, and then nothing has
         * happened. NULL for functions of other types. */
        void (*const *gates)(void);
};

/* Activates @module: a path, or a name that the host's options have somebody to resolve. @services is passed to the contract's
 * serve functions; it stays the host's and must outlive the instance, which tokens and objects hold too. The seven steps: make or
 * find the domain, load, check the contract, bind, set up the adapters, register, hand back; a failure at any step undoes the ones
 * before. */
WARD_API int ward_activate(struct ward_host *host, const char *module, const struct ward_activate_options *options,
                           const struct ward_contract *contract, const void *services, struct ward_instance **ret_instance,
                           struct ward_fault *fault);

/* Gives back what ward_activate gave: the add-in goes with the last reference to it or to an object of its, see References. Returns
 * NULL. Takes NULL. Within a call to it, it goes when that call has ended; at kind `direct`, the last reference is not to be given
 * back within one. */
WARD_API struct ward_instance *ward_release(struct ward_instance *instance);

/* Calls export number @export. @args is the generated argument struct, borrowed; the result is written to @ret and is the
 * caller's to free. 0, or a negative fault kind with @ret untouched. */
WARD_API int ward_call(struct ward_instance *instance, uint32_t export_index, const void *args, void *ret,
                       struct ward_fault *fault);

/* --- Begun calls --------------------------------------------------------------------------------
 *
 * A call that is begun goes on while the host does something else. Its handle is a struct ward_pending.
 *
 * 1. ward_call_begin, or the view's x_operate_begin: the arguments are copied, and may be freed
 * 2. ward_pending_wait, or ward_pending_on_done and an event loop on ward_host_fd
 * 3. ward_call_finish, or x_operate_finish: the result; the handle is gone. Or ward_pending_abandon
 *
 * Calls that were begun in one domain run one after the other, in the order in which they were begun: at the kinds `direct` and
 * `wasm` on a thread of Ward's own, which starts with the first of them and has all signals blocked, at `process` in the worker.
 * Calls that are made meanwhile wait for those that were begun before. Up to 1,024 may be in flight in a domain; one more is a
 * fault, `limit`.
 *
 * What the add-in calls of the host runs on a thread that waits for a call that was begun in this domain (ward_pending_wait,
 * ward_call_finish), that makes a call there, or that dispatches (ward_host_dispatch): until there is one the add-in waits. The
 * services of a host that begins calls on several threads, or that has the helper thread dispatch, are to stand that.
 *
 * Handles in the arguments are to stay valid until the call is done. An `own` goes over when the call begins in the add-in, as
 * ever.
 *
 * The time limit of a call counts from when it was begun. When the add-in's domain is unloaded, or dies, each of its calls is
 * done, with that fault. A pending call holds its add-in: ward_release does not end it before it is done. */
struct ward_pending;

/* Begins the call of export number @export_index. @args: as for ward_call, copied. 0, or a negative fault kind with nothing begun.
 */
WARD_API int ward_call_begin(struct ward_instance *instance, uint32_t export_index, const void *args,
                             struct ward_pending **ret_pending, struct ward_fault *fault);

/* Whether the call is done. Only looks: what the add-in waits for is not served by this. */
WARD_API bool ward_pending_done(const struct ward_pending *pending);

/* Waits until the call is done, for at most @timeout_ms (0: not at all, -1: however long it takes), and runs meanwhile what
 * the add-in calls. 0: it is done; 1: not yet; or USAGE: the call is the one that this thread serves right now, or is waited for by
 * it, and cannot end. */
WARD_API int ward_pending_wait(struct ward_pending *pending, int timeout_ms, struct ward_fault *fault);

/* Called once when @pending is done, by ward_host_dispatch or the helper thread. May finish it. Not called when it is finished or
 * abandoned before. */
typedef void (*ward_on_done)(void *data, struct ward_pending *pending);

/* Has @on_done called when the call is done, which it may be already; of a domain that is unloaded, at once. To be set once, by
 * who owns @pending. */
WARD_API void ward_pending_on_done(struct ward_pending *pending, ward_on_done on_done, void *data);

/* The result is no longer wanted. A call that has not begun in the add-in never will; where it runs, the add-in is told so by
 * ward_cancelled, and may take notice or not. It stays to be finished: with the fault `cancelled`, unless it was done before. */
WARD_API void ward_pending_cancel(struct ward_pending *pending);

/* Waits until the call is done, as ward_pending_wait does, and gives its result, as ward_call would have. @pending is gone after
 * it, whatever the outcome, except after USAGE by which it says that it cannot wait. @ret may be NULL. */
WARD_API int ward_call_finish(struct ward_pending *pending, void *ret, struct ward_fault *fault);

/* Gives up the handle, not the call: that goes on, and what it results in is freed. Returns NULL. Takes NULL. */
WARD_API struct ward_pending *ward_pending_abandon(struct ward_pending *pending);

/* The domain that @instance lives in. Borrowed: lives as long as the instance is held. */
WARD_API struct ward_domain *ward_instance_domain(struct ward_instance *instance);

/* The time limit of each later call on @instance, in milliseconds; 0: none. */
WARD_API void ward_instance_set_deadline(struct ward_instance *instance, uint32_t deadline_ms);

#ifdef __cplusplus
}
#endif
#endif
