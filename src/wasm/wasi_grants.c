/* WASI: what an add-in is granted, from which each of its instances begins. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "wasm/wasi_parts.h"

/* --- Arguments and environment ---------------------------------------------------------------- */

static void strings_finish(struct wasi_strings *strings)
{
        for (uint32_t i = 0; i < strings->n; i++)
                free(strings->at[i]);
        free(strings->at);
}

static bool strings_copy(const char *const *from, struct wasi_strings *ret)
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

/* --- Folders ---------------------------------------------------------------------------------- */

int wasi_folder_refuse(const char *path, int error, struct ward_fault *fault)
{
        if (error == ENOSYS || error == EPERM)
                return fault_set_errno(fault, WARD_FAULT_REFUSED, error,
                                       "cannot keep an add-in within folder '%s': openat2 is needed, and this system does not "
                                       "have it or does not allow it",
                                       path);
        return fault_set_errno(fault, WARD_FAULT_REFUSED, error, "cannot grant folder '%s'", path);
}

int wasi_folder_open(const struct wasi_granted *folder)
{
        struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
        int fd = (int)syscall(SYS_openat2, folder->fd, ".", &how, sizeof how);
        return fd < 0 ? -errno : fd;
}

static int check_folder(const struct ward_folder *folder, struct ward_fault *fault)
{
        if (!folder->host || !folder->guest || !*folder->guest || strlen(folder->guest) >= PATH_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "a folder to grant needs its path, and what the add-in calls it");
        if (!(folder->access & WARD_FOLDER_READ) || folder->access & ~(uint32_t)(WARD_FOLDER_READ | WARD_FOLDER_WRITE))
                return fault_set(fault, WARD_FAULT_USAGE, "folder '%s' is granted to read, or to read and write, not %#x",
                                 folder->host, folder->access);
        return 0;
}

/* Opened as the host names it; then as each instance will, to see that this can be done. */
static int grant(struct wasi_grants *grants, const struct ward_folder *folder, struct ward_fault *fault)
{
        struct wasi_granted *granted = &grants->folders[grants->n_folders];
        int r = check_folder(folder, fault);
        if (r)
                return r;
        granted->writable = folder->access & WARD_FOLDER_WRITE;
        granted->guest = strdup(folder->guest);
        granted->fd = open(folder->host, O_PATH | O_DIRECTORY | O_CLOEXEC);
        grants->n_folders++;
        if (!granted->guest)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot grant folder '%s'", folder->host);
        if (granted->fd < 0)
                return wasi_folder_refuse(folder->host, errno, fault);
        int tried = wasi_folder_open(granted);
        if (tried < 0)
                return wasi_folder_refuse(folder->host, -tried, fault);
        fd_close(tried);
        return 0;
}

static int grant_all(struct wasi_grants *grants, const struct wasi_options *options, struct ward_fault *fault)
{
        int r = 0;
        if (options->n_folders > WASI_FOLDERS_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "an add-in is granted %d folders at most, not %zu", WASI_FOLDERS_MAX,
                                 options->n_folders);
        grants->folders = calloc(options->n_folders + 1, sizeof *grants->folders);
        if (!grants->folders)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot grant an add-in its folders");
        for (size_t i = 0; !r && i < options->n_folders; i++)
                r = grant(grants, &options->folders[i], fault);
        return r;
}

/* --- Life ------------------------------------------------------------------------------------- */

int wasi_grants_new(const struct wasi_options *options, struct wasi_grants **ret_grants, struct ward_fault *fault)
{
        struct wasi_grants *grants = calloc(1, sizeof *grants);
        int r;
        if (grants)
                atomic_init(&grants->references, 1);
        if (!grants || !strings_copy(options->arguments, &grants->arguments) ||
            !strings_copy(options->environment, &grants->environment))
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot copy an add-in's arguments");
        else
                r = grant_all(grants, options, fault);
        if (r)
                wasi_grants_unref(grants);
        else
                *ret_grants = grants;
        return r;
}

struct wasi_grants *wasi_grants_unref(struct wasi_grants *grants)
{
        if (!grants || atomic_fetch_sub_explicit(&grants->references, 1, memory_order_acq_rel) != 1)
                return NULL;
        strings_finish(&grants->arguments);
        strings_finish(&grants->environment);
        for (size_t i = 0; i < grants->n_folders; i++) {
                fd_close(grants->folders[i].fd);
                free(grants->folders[i].guest);
        }
        free(grants->folders);
        free(grants);
        return NULL;
}
