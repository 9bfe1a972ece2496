/* What the files of WASI share: a call, the module's memory, its descriptors, and the functions of the table in wasi.c. */
#ifndef WASM_WASI_PARTS_H
#define WASM_WASI_PARTS_H

#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include "wasm/wasi.h"
#include "wasm/wasi_abi.h"

/* Strings as a module asks for them: how many, how long together, each with its NUL. */
struct wasi_strings {
        char **at; /* owned, each of them too */
        uint32_t n;
        uint64_t size;
};

struct wasi_granted {
        int fd; /* owned, O_PATH */
        bool writable;
        char *guest; /* owned */
};

/* Read-only once it is made. */
struct wasi_grants {
        _Atomic uint32_t references;
        struct wasi_strings arguments, environment;
        struct wasi_granted *folders; /* owned */
        size_t n_folders;
};

enum wasi_form { WASI_FREE, WASI_STREAM, WASI_FILE, WASI_FOLDER };

struct wasi_descriptor {
        enum wasi_form form;
        int fd;         /* owned; of a stream 0 to 2, not owned */
        bool writable;  /* of what is below a folder that was granted so */
        uint16_t flags; /* FDFLAG_… */
        uint64_t rights, inheriting;
        const char *granted; /* what the module calls a folder that it was granted; NULL for what it opened itself */
};

struct wasi {
        struct wasi_grants *grants; /* a reference */
        struct wasi_host host;
        struct wasi_descriptor *descriptors;
        uint32_t n_descriptors;
};

struct wasi_call {
        struct wasi *wasi;
        struct wasm_instance *instance;
        const uint64_t *slots;
        uint8_t *memory;
        uint64_t low, size; /* what lies below the first is not there: null pointers point there */
        const char *operation;
        const char *addin;
        struct ward_fault *fault;
        int ended; /* the negative fault kind that ends the call, or 0 */
};

/* --- The module's memory ---------------------------------------------------------------------- */

static inline uint32_t wasi_argument(const struct wasi_call *call, unsigned n)
{
        return (uint32_t)call->slots[n];
}

/* The range, or NULL where it is not in memory; there is none any more where the host has ended the call, by a fork perhaps. */
static inline uint8_t *wasi_range(const struct wasi_call *call, uint64_t at, uint64_t len)
{
        bool good = !call->ended && at <= call->size && len <= call->size - at && (at >= call->low || !len);
        return good ? call->memory + at : NULL;
}

static inline enum wasi_errno wasi_store(const struct wasi_call *call, uint32_t at, const void *value, size_t size)
{
        uint8_t *to = wasi_range(call, at, size);
        if (!to)
                return WASI_FAULT;
        memcpy(to, value, size);
        return WASI_OK;
}

static inline enum wasi_errno wasi_store32(const struct wasi_call *call, uint32_t at, uint32_t value)
{
        return wasi_store(call, at, &value, sizeof value);
}

static inline enum wasi_errno wasi_store64(const struct wasi_call *call, uint32_t at, uint64_t value)
{
        return wasi_store(call, at, &value, sizeof value);
}

/* --- wasi.c ----------------------------------------------------------------------------------- */

/* Whether what was interrupted is to be done again: the call is not to end. */
static inline bool wasi_goes_on(const struct wasi_call *call)
{
        return !call->ended && !wasm_instance_is_ending(call->instance);
}

enum wasi_errno wasi_from_errno(int error);
/* Tells the host; @why is a literal. Gives the error that the module gets. */
enum wasi_errno wasi_refuse(struct wasi_call *call, struct ward_span subject, int error, const char *why);
enum wasi_errno wasi_reach_limit(struct wasi_call *call, int error, const char *why);

/* --- wasi_grants.c ---------------------------------------------------------------------------- */

/* To list it, at an offset of its own. A descriptor, or -errno, which the other makes a fault. */
int wasi_folder_open(const struct wasi_granted *folder);
int wasi_folder_refuse(const char *path, int error, struct ward_fault *fault);

/* --- wasi_fd.c -------------------------------------------------------------------------------- */

struct wasi_path;

int wasi_descriptors_init(struct wasi *wasi, struct ward_fault *fault);
void wasi_descriptors_finish(struct wasi *wasi);

/* Descriptor @number, if it is open. The pointer is good until one is added. */
enum wasi_errno wasi_descriptor(const struct wasi_call *call, uint32_t number, struct wasi_descriptor **ret);
/* The same, with all of @rights. */
enum wasi_errno wasi_descriptor_with(struct wasi_call *call, uint32_t number, uint64_t rights, struct wasi_descriptor **ret);
/* The same, and it is a file; a folder, to do something with @path there. */
enum wasi_errno wasi_file(struct wasi_call *call, uint32_t number, uint64_t rights, struct wasi_descriptor **ret);
enum wasi_errno wasi_folder(struct wasi_call *call, uint32_t number, uint64_t rights, const struct wasi_path *path,
                            struct wasi_descriptor **ret);
/* Takes what @descriptor owns, even on failure. */
enum wasi_errno wasi_descriptor_add(struct wasi_call *call, const struct wasi_descriptor *descriptor, uint32_t *ret_number);

/* --- wasi_clock.c ----------------------------------------------------------------------------- */

/* Every look at a clock: @id as WASI numbers them. */
enum wasi_errno wasi_clock(struct wasi_call *call, uint32_t id, uint64_t *ret_ns);

/* --- wasi_io.c -------------------------------------------------------------------------------- */

/* Around what writes: the kernel tells who writes where nobody reads, or past what the process may, by a signal that would end the
 * host. */
struct wasi_quiet {
        sigset_t before, pending;
};
void wasi_quiet_begin(struct wasi_quiet *quiet);
/* @error: what it gave, 0 or errno. */
void wasi_quiet_end(const struct wasi_quiet *quiet, int error);

/* --- wasi_stat.c ------------------------------------------------------------------------------ */

enum wasi_filetype wasi_filetype(mode_t mode);
enum wasi_errno wasi_store_stat(const struct wasi_call *call, uint32_t at, const struct stat *st);
/* As utimensat wants them. */
enum wasi_errno wasi_times(uint64_t atim, uint64_t mtim, uint32_t flags, struct timespec ret_times[2]);

/* --- wasi_path.c ------------------------------------------------------------------------------ */

/* A path of the module's, copied: relative, not empty, without NUL. */
struct wasi_path {
        size_t len;
        char text[PATH_MAX];
};

static inline struct ward_span wasi_path_span(const struct wasi_path *path)
{
        return (struct ward_span){ (const uint8_t *)path->text, path->len };
}

enum wasi_errno wasi_path(struct wasi_call *call, uint32_t at, uint32_t len, struct wasi_path *ret);
/* Opens @path below @folder, never anything else; without following its last component where @flags has O_NOFOLLOW. */
enum wasi_errno wasi_open_below(struct wasi_call *call, const struct wasi_descriptor *folder, const struct wasi_path *path,
                                int flags, int *ret_fd);

/* The folder that the last component of a path is in, and that component: it has no slash but one at its end, if the path has
 * any there. */
struct wasi_place {
        int fd; /* owned, by wasi_place_finish */
        const char *name;
};
enum wasi_errno wasi_place(struct wasi_call *call, const struct wasi_descriptor *folder, struct wasi_path *path,
                           struct wasi_place *ret);
void wasi_place_finish(struct wasi_place *place);

/* --- The functions ---------------------------------------------------------------------------- */

typedef enum wasi_errno wasi_function(struct wasi_call *call);

wasi_function wasi_clock_res_get, wasi_clock_time_get, wasi_poll_oneoff;
wasi_function wasi_fd_close, wasi_fd_renumber, wasi_fd_fdstat_get, wasi_fd_fdstat_set_flags, wasi_fd_fdstat_set_rights,
        wasi_fd_prestat_get, wasi_fd_prestat_dir_name;
wasi_function wasi_fd_read, wasi_fd_write, wasi_fd_pread, wasi_fd_pwrite, wasi_fd_seek, wasi_fd_tell;
wasi_function wasi_fd_sync, wasi_fd_datasync, wasi_fd_advise, wasi_fd_allocate, wasi_fd_filestat_get, wasi_fd_filestat_set_size,
        wasi_fd_filestat_set_times, wasi_fd_readdir;
wasi_function wasi_path_open, wasi_path_filestat_get, wasi_path_filestat_set_times, wasi_path_readlink;
wasi_function wasi_path_create_directory, wasi_path_remove_directory, wasi_path_unlink_file, wasi_path_rename, wasi_path_link,
        wasi_path_symlink;
wasi_function wasi_sock_accept, wasi_sock_recv, wasi_sock_send, wasi_sock_shutdown;

#endif
