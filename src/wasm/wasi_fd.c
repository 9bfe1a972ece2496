/* WASI: the table of descriptors, and what is asked of them whatever they are. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/wasi_parts.h"

enum { STREAMS = 3, ROOM_LEAST = 8 };

/* --- The table -------------------------------------------------------------------------------- */

static void finish(struct wasi_descriptor *descriptor)
{
        if (descriptor->form == WASI_FILE || descriptor->form == WASI_FOLDER)
                fd_close(descriptor->fd);
        *descriptor = (struct wasi_descriptor){ .fd = -1 };
}

void wasi_descriptors_finish(struct wasi *wasi)
{
        for (uint32_t i = 0; i < wasi->n_descriptors; i++)
                finish(&wasi->descriptors[i]);
        free(wasi->descriptors);
}

static bool grow(struct wasi *wasi)
{
        uint32_t n = wasi->n_descriptors ? 2 * wasi->n_descriptors : ROOM_LEAST;
        struct wasi_descriptor *grown = n <= WASI_DESCRIPTORS_MAX ? realloc(wasi->descriptors, n * sizeof *grown) : NULL;
        if (!grown)
                return false;
        memset(grown + wasi->n_descriptors, 0, (n - wasi->n_descriptors) * sizeof *grown);
        wasi->descriptors = grown;
        wasi->n_descriptors = n;
        return true;
}

/* The lowest number that is free, as programs expect. */
static bool add(struct wasi *wasi, const struct wasi_descriptor *descriptor, uint32_t *ret_number)
{
        uint32_t i = 0;
        while (i < wasi->n_descriptors && wasi->descriptors[i].form != WASI_FREE)
                i++;
        if (i == wasi->n_descriptors && !grow(wasi))
                return false;
        wasi->descriptors[i] = *descriptor;
        *ret_number = i;
        return true;
}

enum wasi_errno wasi_descriptor_add(struct wasi_call *call, const struct wasi_descriptor *descriptor, uint32_t *ret_number)
{
        struct wasi_descriptor owned = *descriptor;
        if (add(call->wasi, &owned, ret_number))
                return WASI_OK;
        finish(&owned);
        return wasi_reach_limit(call, EMFILE, "it has too many open files");
}

/* --- What is there from the beginning --------------------------------------------------------- */

static bool add_streams(struct wasi *wasi)
{
        bool good = true;
        for (int i = 0; i < STREAMS; i++) {
                uint32_t number, access = i == STDIN_FILENO ? RIGHT_FD_READ : RIGHT_FD_WRITE;
                const struct wasi_descriptor stream = {
                        .form = WASI_STREAM, .fd = i, .writable = true, .rights = access | RIGHT_FD_STAT | RIGHT_POLL
                };
                good = good && add(wasi, &stream, &number);
        }
        return good;
}

static int add_folder(struct wasi *wasi, const struct wasi_granted *folder, struct ward_fault *fault)
{
        struct wasi_descriptor granted = { .form = WASI_FOLDER, .writable = folder->writable, .granted = folder->guest };
        uint64_t rights = granted.writable ? ~UINT64_C(0) : ~(uint64_t)RIGHTS_CHANGE;
        uint32_t number;
        granted.fd = wasi_folder_open(folder);
        if (granted.fd < 0)
                return wasi_folder_refuse(folder->guest, -granted.fd, fault);
        granted.rights = rights & RIGHTS_FOLDER;
        granted.inheriting = rights & (RIGHTS_FOLDER | RIGHTS_FILE);
        if (add(wasi, &granted, &number))
                return 0;
        finish(&granted);
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot grant folder '%s'", folder->guest);
}

int wasi_descriptors_init(struct wasi *wasi, struct ward_fault *fault)
{
        const struct wasi_grants *grants = wasi->grants;
        int r = add_streams(wasi) ? 0 : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make an add-in's streams");
        for (size_t i = 0; !r && i < grants->n_folders; i++)
                r = add_folder(wasi, &grants->folders[i], fault);
        return r;
}

/* --- Looking up ------------------------------------------------------------------------------- */

static const struct ward_span nothing;

enum wasi_errno wasi_descriptor(const struct wasi_call *call, uint32_t number, struct wasi_descriptor **ret)
{
        struct wasi *wasi = call->wasi;
        if (number >= wasi->n_descriptors || wasi->descriptors[number].form == WASI_FREE)
                return WASI_BADF;
        *ret = &wasi->descriptors[number];
        return WASI_OK;
}

/* Reading what was opened for writing only is an error as it is everywhere; what was not granted is told. */
static enum wasi_errno check_rights(struct wasi_call *call, const struct wasi_descriptor *descriptor, uint64_t rights,
                                    struct ward_span subject)
{
        uint64_t missing = rights & ~descriptor->rights;
        if (!missing)
                return WASI_OK;
        if (missing & RIGHTS_CHANGE && !descriptor->writable)
                return wasi_refuse(call, subject, EROFS, "the folder is granted to read only");
        return missing & (RIGHT_FD_READ | RIGHT_FD_WRITE) ? WASI_BADF : WASI_NOTCAPABLE;
}

enum wasi_errno wasi_descriptor_with(struct wasi_call *call, uint32_t number, uint64_t rights, struct wasi_descriptor **ret)
{
        enum wasi_errno error = wasi_descriptor(call, number, ret);
        return error ? error : check_rights(call, *ret, rights, nothing);
}

enum wasi_errno wasi_file(struct wasi_call *call, uint32_t number, uint64_t rights, struct wasi_descriptor **ret)
{
        enum wasi_errno error = wasi_descriptor(call, number, ret);
        if (error)
                return error;
        if ((*ret)->form != WASI_FILE)
                return (*ret)->form == WASI_FOLDER ? WASI_ISDIR : WASI_SPIPE;
        return check_rights(call, *ret, rights, nothing);
}

enum wasi_errno wasi_folder(struct wasi_call *call, uint32_t number, uint64_t rights, const struct wasi_path *path,
                            struct wasi_descriptor **ret)
{
        enum wasi_errno error = wasi_descriptor(call, number, ret);
        if (error)
                return error;
        return (*ret)->form == WASI_FOLDER ? check_rights(call, *ret, rights, wasi_path_span(path)) : WASI_NOTDIR;
}

/* --- The functions ---------------------------------------------------------------------------- */

enum wasi_errno wasi_fd_close(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &descriptor);
        if (!error)
                finish(descriptor);
        return error;
}

enum wasi_errno wasi_fd_renumber(struct wasi_call *call)
{
        struct wasi_descriptor *from, *to;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &from);
        if (!error)
                error = wasi_descriptor(call, wasi_argument(call, 1), &to);
        if (error || from == to)
                return error;
        finish(to);
        *to = *from;
        *from = (struct wasi_descriptor){ .fd = -1 };
        return WASI_OK;
}

enum wasi_errno wasi_fd_fdstat_get(struct wasi_call *call)
{
        static const uint8_t types[] = {
                [WASI_STREAM] =
                        WASI_CHARACTER_DEVICE, /* one that cannot seek is what libc takes for a terminal: lines go at once */
                [WASI_FILE] = WASI_REGULAR_FILE,
                [WASI_FOLDER] = WASI_DIRECTORY,
        };
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &descriptor);
        if (error)
                return error;
        const struct wasi_fdstat stat = { .type = types[descriptor->form],
                                          .flags = descriptor->flags,
                                          .rights = descriptor->rights,
                                          .inheriting = descriptor->inheriting };
        return wasi_store(call, wasi_argument(call, 1), &stat, sizeof stat);
}

/* Linux changes no other flag of an open file. Not waiting has no meaning for files and folders, and the host's streams stay as
 * they are. */
enum wasi_errno wasi_fd_fdstat_set_flags(struct wasi_call *call)
{
        enum { CAN_CHANGE = FDFLAG_APPEND | FDFLAG_NONBLOCK };
        struct wasi_descriptor *descriptor;
        uint32_t flags = wasi_argument(call, 1);
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_SET_FLAGS, &descriptor);
        if (error)
                return error;
        if (flags & ~(uint32_t)FDFLAGS_ALL)
                return WASI_INVAL;
        if ((flags ^ descriptor->flags) & ~(uint32_t)CAN_CHANGE)
                return WASI_NOTSUP;
        if (fcntl(descriptor->fd, F_SETFL, flags & FDFLAG_APPEND ? O_APPEND : 0) < 0)
                return wasi_from_errno(errno);
        descriptor->flags = (uint16_t)flags;
        return WASI_OK;
}

enum wasi_errno wasi_fd_fdstat_set_rights(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &descriptor);
        if (error)
                return error;
        if (call->slots[1] & ~descriptor->rights || call->slots[2] & ~descriptor->inheriting)
                return WASI_NOTCAPABLE;
        descriptor->rights = call->slots[1];
        descriptor->inheriting = call->slots[2];
        return WASI_OK;
}

static enum wasi_errno granted(struct wasi_call *call, const char **ret_name)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &descriptor);
        if (error || !descriptor->granted)
                return WASI_BADF; /* libc asks for one after the other until it hears this */
        *ret_name = descriptor->granted;
        return WASI_OK;
}

enum wasi_errno wasi_fd_prestat_get(struct wasi_call *call)
{
        const char *name;
        enum wasi_errno error = granted(call, &name);
        if (error)
                return error;
        const uint32_t prestat[2] = { 0 /* a folder */, (uint32_t)strlen(name) };
        return wasi_store(call, wasi_argument(call, 1), prestat, sizeof prestat);
}

enum wasi_errno wasi_fd_prestat_dir_name(struct wasi_call *call)
{
        const char *name;
        enum wasi_errno error = granted(call, &name);
        if (error)
                return error;
        if (wasi_argument(call, 2) < strlen(name))
                return WASI_NAMETOOLONG;
        return wasi_store(call, wasi_argument(call, 1), name, strlen(name));
}

/* --- Sockets: there are none ------------------------------------------------------------------ */

static enum wasi_errno no_socket(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        enum wasi_errno error = wasi_descriptor(call, wasi_argument(call, 0), &descriptor);
        return error ? error : WASI_NOTSOCK;
}

enum wasi_errno wasi_sock_accept(struct wasi_call *call)
{
        return no_socket(call);
}

enum wasi_errno wasi_sock_recv(struct wasi_call *call)
{
        return no_socket(call);
}

enum wasi_errno wasi_sock_send(struct wasi_call *call)
{
        return no_socket(call);
}

enum wasi_errno wasi_sock_shutdown(struct wasi_call *call)
{
        return no_socket(call);
}
