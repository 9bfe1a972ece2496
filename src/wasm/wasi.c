#include "wasm/wasi.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/wasi_parts.h"

enum { RANDOM_BLOCK = 64 << 10 };

/* --- Life ------------------------------------------------------------------------------------- */

struct wasi *wasi_free(struct wasi *wasi)
{
        if (wasi) {
                wasi_descriptors_finish(wasi);
                wasi_grants_unref(wasi->grants);
                free(wasi);
        }
        return NULL;
}

int wasi_new(struct wasi_grants *grants, const struct wasi_host *host, struct wasi **ret_wasi, struct ward_fault *fault)
{
        struct wasi *wasi = own_zeroed(sizeof *wasi);
        if (!wasi)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make an instance of an add-in");
        atomic_fetch_add_explicit(&grants->references, 1, memory_order_relaxed);
        wasi->grants = grants;
        wasi->host = *host;
        int r = wasi_descriptors_init(wasi, fault);
        if (r)
                wasi_free(wasi);
        else
                *ret_wasi = wasi;
        return r;
}

/* --- Errors, and telling of them -------------------------------------------------------------- */

static const uint8_t errors[] = {
        [E2BIG] = WASI_2BIG,
        [EACCES] = WASI_ACCES,
        [EAGAIN] = WASI_AGAIN,
        [EBADF] = WASI_BADF,
        [EBUSY] = WASI_BUSY,
        [EDQUOT] = WASI_DQUOT,
        [EEXIST] = WASI_EXIST,
        [EFAULT] = WASI_FAULT,
        [EFBIG] = WASI_FBIG,
        [EILSEQ] = WASI_ILSEQ,
        [EINTR] = WASI_INTR,
        [EINVAL] = WASI_INVAL,
        [EIO] = WASI_IO,
        [EISDIR] = WASI_ISDIR,
        [ELOOP] = WASI_LOOP,
        [EMFILE] = WASI_MFILE,
        [EMLINK] = WASI_MLINK,
        [ENAMETOOLONG] = WASI_NAMETOOLONG,
        [ENFILE] = WASI_NFILE,
        [ENODEV] = WASI_NODEV,
        [ENOENT] = WASI_NOENT,
        [ENOMEM] = WASI_NOMEM,
        [ENOSPC] = WASI_NOSPC,
        [ENOTDIR] = WASI_NOTDIR,
        [ENOTEMPTY] = WASI_NOTEMPTY,
        [ENXIO] = WASI_NXIO,
        [EOPNOTSUPP] = WASI_NOTSUP,
        [EOVERFLOW] = WASI_OVERFLOW,
        [EPERM] = WASI_PERM,
        [EPIPE] = WASI_PIPE,
        [EROFS] = WASI_ROFS,
        [ESPIPE] = WASI_SPIPE,
        [ESTALE] = WASI_STALE,
        [ETXTBSY] = WASI_TXTBSY,
        [EXDEV] = WASI_XDEV,
};

enum wasi_errno wasi_from_errno(int error)
{
        if (!error)
                return WASI_OK;
        return (unsigned)error < COUNT_OF(errors) && errors[error] ? errors[error] : WASI_IO;
}

static void tell(struct wasi_call *call, bool limit, struct ward_span subject, int error, const char *why)
{
        const struct wasi_host *host = &call->wasi->host;
        const struct wasi_refusal refusal = { limit, error, call->operation, subject, why };
        int r = host->refused ? host->refused(host->context, &refusal, call->fault) : 0;
        if (r)
                call->ended = r;
}

enum wasi_errno wasi_refuse(struct wasi_call *call, struct ward_span subject, int error, const char *why)
{
        tell(call, false, subject, error, why);
        return WASI_NOTCAPABLE;
}

enum wasi_errno wasi_reach_limit(struct wasi_call *call, int error, const char *why)
{
        tell(call, true, (struct ward_span){ NULL, 0 }, error, why);
        return wasi_from_errno(error);
}

/* --- Arguments and environment ---------------------------------------------------------------- */

static enum wasi_errno get_sizes(const struct wasi_call *call, const struct wasi_strings *strings)
{
        enum wasi_errno error = wasi_store32(call, wasi_argument(call, 0), strings->n);
        return error ? error : wasi_store32(call, wasi_argument(call, 1), (uint32_t)strings->size);
}

static enum wasi_errno get_strings(const struct wasi_call *call, const struct wasi_strings *strings)
{
        uint32_t pointer = wasi_argument(call, 0), text = wasi_argument(call, 1);
        for (uint32_t i = 0; i < strings->n; i++) {
                uint32_t size = (uint32_t)strlen(strings->at[i]) + 1;
                enum wasi_errno error = wasi_store32(call, pointer, text);
                if (!error)
                        error = wasi_store(call, text, strings->at[i], size);
                if (error)
                        return error;
                pointer += 4;
                text += size;
        }
        return WASI_OK;
}

static enum wasi_errno args_sizes_get(struct wasi_call *call)
{
        return get_sizes(call, &call->wasi->grants->arguments);
}

static enum wasi_errno args_get(struct wasi_call *call)
{
        return get_strings(call, &call->wasi->grants->arguments);
}

static enum wasi_errno environ_sizes_get(struct wasi_call *call)
{
        return get_sizes(call, &call->wasi->grants->environment);
}

static enum wasi_errno environ_get(struct wasi_call *call)
{
        return get_strings(call, &call->wasi->grants->environment);
}

/* --- Random numbers, and the end -------------------------------------------------------------- */

static enum wasi_errno random_get(struct wasi_call *call)
{
        uint32_t left = wasi_argument(call, 1);
        uint8_t *to = wasi_range(call, wasi_argument(call, 0), left);
        if (!to)
                return WASI_FAULT;
        while (left && wasi_goes_on(call)) {
                ssize_t n = getrandom(to, left < RANDOM_BLOCK ? left : RANDOM_BLOCK, 0);
                if (n < 0 && errno != EINTR)
                        return WASI_IO;
                to += n > 0 ? n : 0;
                left -= n > 0 ? (uint32_t)n : 0;
        }
        return WASI_OK;
}

static enum wasi_errno sched_yield_(struct wasi_call *call)
{
        return WASI_OK; /* there is nobody of its own to yield to */
}

static enum wasi_errno proc_exit(struct wasi_call *call)
{
        int status = (int)wasi_argument(call, 0);
        call->ended = fault_set(call->fault, WARD_FAULT_EXIT, "add-in '%s' called exit(%d)", call->addin, status);
        if (call->fault)
                call->fault->status = status;
        return WASI_OK;
}

/* A signal would be the host's. */
static enum wasi_errno proc_raise(struct wasi_call *call)
{
        return WASI_NOTSUP;
}

/* --- The table -------------------------------------------------------------------------------- */

static const struct {
        const char *field, *core;
        wasi_function *run;
} functions[] = {
        { "args_get", "ii>i", args_get },
        { "args_sizes_get", "ii>i", args_sizes_get },
        { "environ_get", "ii>i", environ_get },
        { "environ_sizes_get", "ii>i", environ_sizes_get },
        { "clock_res_get", "ii>i", wasi_clock_res_get },
        { "clock_time_get", "iIi>i", wasi_clock_time_get },
        { "fd_advise", "iIIi>i", wasi_fd_advise },
        { "fd_allocate", "iII>i", wasi_fd_allocate },
        { "fd_close", "i>i", wasi_fd_close },
        { "fd_datasync", "i>i", wasi_fd_datasync },
        { "fd_fdstat_get", "ii>i", wasi_fd_fdstat_get },
        { "fd_fdstat_set_flags", "ii>i", wasi_fd_fdstat_set_flags },
        { "fd_fdstat_set_rights", "iII>i", wasi_fd_fdstat_set_rights },
        { "fd_filestat_get", "ii>i", wasi_fd_filestat_get },
        { "fd_filestat_set_size", "iI>i", wasi_fd_filestat_set_size },
        { "fd_filestat_set_times", "iIIi>i", wasi_fd_filestat_set_times },
        { "fd_pread", "iiiIi>i", wasi_fd_pread },
        { "fd_prestat_get", "ii>i", wasi_fd_prestat_get },
        { "fd_prestat_dir_name", "iii>i", wasi_fd_prestat_dir_name },
        { "fd_pwrite", "iiiIi>i", wasi_fd_pwrite },
        { "fd_read", "iiii>i", wasi_fd_read },
        { "fd_readdir", "iiiIi>i", wasi_fd_readdir },
        { "fd_renumber", "ii>i", wasi_fd_renumber },
        { "fd_seek", "iIii>i", wasi_fd_seek },
        { "fd_sync", "i>i", wasi_fd_sync },
        { "fd_tell", "ii>i", wasi_fd_tell },
        { "fd_write", "iiii>i", wasi_fd_write },
        { "path_create_directory", "iii>i", wasi_path_create_directory },
        { "path_filestat_get", "iiiii>i", wasi_path_filestat_get },
        { "path_filestat_set_times", "iiiiIIi>i", wasi_path_filestat_set_times },
        { "path_link", "iiiiiii>i", wasi_path_link },
        { "path_open", "iiiiiIIii>i", wasi_path_open },
        { "path_readlink", "iiiiii>i", wasi_path_readlink },
        { "path_remove_directory", "iii>i", wasi_path_remove_directory },
        { "path_rename", "iiiiii>i", wasi_path_rename },
        { "path_symlink", "iiiii>i", wasi_path_symlink },
        { "path_unlink_file", "iii>i", wasi_path_unlink_file },
        { "poll_oneoff", "iiii>i", wasi_poll_oneoff },
        { "proc_exit", "i>", proc_exit },
        { "proc_raise", "i>i", proc_raise },
        { "random_get", "ii>i", random_get },
        { "sched_yield", ">i", sched_yield_ },
        { "sock_accept", "iii>i", wasi_sock_accept },
        { "sock_recv", "iiiiii>i", wasi_sock_recv },
        { "sock_send", "iiiii>i", wasi_sock_send },
        { "sock_shutdown", "ii>i", wasi_sock_shutdown },
};

_Static_assert(COUNT_OF(functions) == WASI_FUNCTIONS, "wasi_offers fills as many");

void wasi_offers(struct wasm_offer ret_offers[WASI_FUNCTIONS])
{
        for (size_t i = 0; i < COUNT_OF(functions); i++)
                ret_offers[i] = (struct wasm_offer){ "wasi_snapshot_preview1", functions[i].field, functions[i].core };
}

int wasi_call(struct wasi *wasi, uint32_t number, struct wasm_instance *instance, const char *addin, uint64_t *slots,
              struct ward_fault *fault)
{
        struct wasi_call call = { .wasi = wasi,
                                  .instance = instance,
                                  .slots = slots,
                                  .low = instance->binding->null_bytes,
                                  .operation = functions[number].field,
                                  .addin = addin,
                                  .fault = fault };
        call.memory = wasm_instance_memory(instance, &call.size);
        instance->area.held++; /* the host may be called, and call the module, whose memory grows */
        enum wasi_errno error = functions[number].run(&call);
        instance->area.held--;
        slots[0] = error;
        return call.ended;
}
