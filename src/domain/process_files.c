#include "domain/process_files.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ward/posture.h>
#include "base/fault.h"
#include "base/own.h"
#include "domain/libraries.h"
#include "domain/shares.h"
#include "native/native.h"

#define COPIES "/ward-copies" /* where no system has anything */

/* Whether the worker's filter asks the warden about each file. */
static bool is_asked(const struct process *process)
{
        return process->held & WARD_LAYER_FILTER;
}

static int no_memory(const struct instance *instance, struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot activate module '%s'", instance->module);
}

static int choose_path(struct process *process, uint32_t instance, struct process_file *file)
{
        const char *slash = strrchr(file->name, '/');
        uint32_t number = process->n_copies++;
        if (!is_asked(process)) {
                file->letter = number + 1;
                return 0;
        }
        return asprintf(&file->path, COPIES "/%u/%u/%s", instance, number, slash ? slash + 1 : file->name) < 0 ? -ENOMEM : 0;
}

/* --- The add-in itself ------------------------------------------------------------------------ */

static bool is_file(const char *path, const struct stat *st)
{
        struct stat there;
        return !stat(path, &there) && there.st_dev == st->st_dev && there.st_ino == st->st_ino;
}

static bool has_file(const struct instance *instance, const struct stat *st)
{
        for (size_t i = 0; i < instance->libraries.n; i++)
                if (instance->libraries.files[i].copy < 0 && is_file(instance->libraries.files[i].path, st))
                        return true;
        return is_file(instance->module, st);
}

/* Whether the worker has it loaded for another add-in. */
static bool is_loaded(struct process *process, const struct instance *instance, const char *path)
{
        struct ward_domain *domain = process->domain;
        struct stat st;
        bool found = false;
        if (stat(path, &st) < 0)
                return false;
        pthread_mutex_lock(&domain->list_lock);
        for (struct list *link = domain->instances.next; !found && link != &domain->instances; link = link->next) {
                const struct instance *other = CONTAINER_OF(link, struct instance, link);
                found = other != instance && has_file(other, &st);
        }
        pthread_mutex_unlock(&domain->list_lock);
        return found;
}

/* Each add-in has an image of its own: of a file that is loaded already, a copy. The worker sees to that itself, unless it would
 * have to ask for it. */
static int choose_module(struct process *process, const struct instance *instance, uint32_t number, struct process_file *file,
                         struct ward_fault *fault)
{
        *file = (struct process_file){ .name = instance->module, .copy = -1, .owned = true };
        OWNED(freep) char *path = NULL;
        int r = 0;
        if (instance->image.at) {
                r = native_copy(instance->image, instance->module, &file->copy, fault);
        } else {
                path = realpath(instance->module, NULL);
                if (!path)
                        return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", instance->module);
                if (is_asked(process))
                        r = native_look(path, is_loaded(process, instance, path) ? &file->copy : NULL, fault);
        }
        if (r)
                return r;
        if (file->copy < 0) {
                file->name = file->path = STEAL(path);
                return 0;
        }
        return choose_path(process, number, file) ? no_memory(instance, fault) : 0;
}

/* --- All of them ------------------------------------------------------------------------------ */

/* The warden follows no links: the worker, or others, might have made them since. */
static char *path_for(const struct process *process, const char *path)
{
        return is_asked(process) ? realpath(path, NULL) : strdup(path);
}

static int choose_library(struct process *process, const struct instance *instance, uint32_t number,
                          const struct needed_file *needed, struct process_file *file, struct ward_fault *fault)
{
        *file = (struct process_file){ .name = needed->path, .alias = needed->alias, .copy = needed->copy };
        if (needed->copy >= 0)
                return choose_path(process, number, file) ? no_memory(instance, fault) : 0;
        file->path = path_for(process, needed->path);
        return file->path ? 0 : fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open library '%s'", needed->path);
}

int process_files_init(struct process *process, const struct instance *instance, uint32_t number, struct process_files *ret_files,
                       struct ward_fault *fault)
{
        OWNED(process_files_finish) struct process_files files = { 0 };
        int r = 0;
        files.list = calloc(instance->libraries.n + 1, sizeof *files.list);
        if (!files.list)
                return no_memory(instance, fault);
        for (size_t i = 0; !r && i < instance->libraries.n; i++)
                if (!libraries_has_copy(instance, &instance->libraries.files[i]))
                        r = choose_library(process, instance, number, &instance->libraries.files[i], &files.list[files.n++], fault);
        if (r)
                return r;
        files.looked = is_asked(process);
        r = choose_module(process, instance, number, &files.list[files.n++], fault);
        if (r)
                return r;
        *ret_files = files;
        files = (struct process_files){ 0 };
        return 0;
}

void process_files_finish(struct process_files *files)
{
        for (size_t i = 0; i < files->n; i++) {
                free(files->list[i].path);
                if (files->list[i].owned)
                        fd_close(files->list[i].copy);
        }
        free(files->list);
        *files = (struct process_files){ 0 };
}

void process_files_pack(const struct process_files *files, struct pack *pack)
{
        pack_u32(pack, files->looked);
        pack_u32(pack, (uint32_t)files->n);
        for (size_t i = 0; i < files->n; i++) {
                const struct process_file *file = &files->list[i];
                pack_text(pack, file->name);
                pack_text(pack, file->path ? file->path : "");
                pack_text(pack, file->alias ? file->alias : "");
                pack_u32(pack, file->letter);
        }
}

int process_files_send(struct process *process, const struct process_files *files, struct ward_fault *fault)
{
        int r = 0;
        for (size_t i = 0; !r && i < files->n; i++) {
                const struct process_file *file = &files->list[i];
                if (file->letter)
                        r = shares_send_module(process->shares, file->letter, file->copy, fault);
                else if (is_asked(process))
                        r = warden_file(process->warden, &process->worker, file->path, file->copy, fault);
        }
        return r;
}

void process_files_forget(struct process *process, uint32_t number)
{
        char prefix[64];
        if (!is_asked(process))
                return;
        snprintf(prefix, sizeof prefix, COPIES "/%u/", number);
        warden_forget_files(process->warden, &process->worker, prefix);
}

int process_files_open_folders(struct process *process, const char *const *folders, struct ward_fault *fault)
{
        char path[PATH_MAX];
        int r = 0;
        for (; !r && is_asked(process) && folders && *folders; folders++)
                if (snprintf(path, sizeof path, "%s/", *folders) < (int)sizeof path)
                        r = warden_file(process->warden, &process->worker, path, -1, fault);
        return r;
}
