/* Kind `process`: loading and unloading. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <ward/posture.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "domain/denied.h"
#include "domain/libraries.h"
#include "domain/process.h"
#include "domain/references_parts.h"
#include "domain/shares.h"
#include "native/native.h"

/* What LOAD points at. */
struct order {
        const struct instance *instance;
        const char *path;
        bool copy;       /* a letter (channel/pass.h) has a descriptor of it */
        uint32_t copies; /* the number of the first library's that has one */
};

static void write_libraries(const struct order *order, struct pack *pack)
{
        const struct needed *libraries = &order->instance->libraries;
        uint32_t number = order->copies;
        pack_u32(pack, (uint32_t)libraries->n);
        for (size_t i = 0; i < libraries->n; i++) {
                const struct needed_file *file = &libraries->files[i];
                pack_text(pack, file->path);
                pack_text(pack, file->alias ? file->alias : "");
                pack_u32(pack, file->copy >= 0 ? number++ : 0);
        }
}

static void write_order(const void *what, struct pack *pack)
{
        const struct order *order = what;
        const struct ward_contract *contract = order->instance->contract;
        pack_text(pack, order->path);
        pack_u32(pack, order->copy);
        write_libraries(order, pack);
        pack_text(pack, contract->name);
        pack_u32(pack, contract->n_exports);
        pack_u32(pack, contract->n_imports);
        pack_u32(pack, contract->n_resources);
        for (uint32_t i = 0; i < contract->n_exports; i++) {
                pack_text(pack, contract->exports[i]->name);
                pack_text(pack, contract->exports[i]->signature);
        }
        for (uint32_t i = 0; i < contract->n_imports; i++) {
                pack_text(pack, contract->imports[i].func->name);
                pack_text(pack, contract->imports[i].func->signature);
                pack_u32(pack, denied_import(order->instance->denied, i));
        }
        for (uint32_t i = 0; i < contract->n_resources; i++) {
                pack_text(pack, contract->resources[i].resource->name);
                pack_u32(pack, contract->resources[i].resource->by_addin);
                pack_u32(pack, denied_resource(order->instance->denied, i));
        }
}

/* Before the message that tells of it, behind all that may still fail. */
static int send_copy(struct lane *lane, const struct instance *instance, uint32_t number, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = -1;
        int r = native_copy(instance->image, instance->module, &fd, fault);
        return r ? r : shares_send_module(lane->process->shares, number, fd, fault);
}

/* Below full-trust a worker opens what the warden opens for it. */
static int allow_file(struct process *process, const char *path, int fd, struct ward_fault *fault)
{
        if (!(process->held & WARD_LAYER_FILTER))
                return 0;
        return warden_file(process->warden, &process->worker, path, fd, fault);
}

static int send_libraries(struct lane *lane, const struct instance *instance, uint32_t number, struct ward_fault *fault)
{
        int r = 0;
        for (size_t i = 0; !r && i < instance->libraries.n; i++) {
                const struct needed_file *file = &instance->libraries.files[i];
                if (file->copy >= 0)
                        r = shares_send_module(lane->process->shares, number++, file->copy, fault);
                else
                        r = allow_file(lane->process, file->path, -1, fault);
        }
        lane->process->n_copies = number - MESSAGE_INSTANCES;
        return r;
}

static int send_load(struct lane *lane, const struct instance *instance, uint32_t number, struct ward_fault *fault)
{
        uint64_t slots[2];
        bool copy = instance->image.at;
        OWNED(freep) char *path = copy ? strdup(instance->module) : realpath(instance->module, NULL);
        if (!path)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", instance->module);
        const struct order order = { instance, path, copy, MESSAGE_INSTANCES + lane->process->n_copies };
        int r = process_pack(lane, write_order, &order, slots, fault);
        if (!r && copy)
                r = send_copy(lane, instance, number, fault);
        if (!r && !copy)
                r = allow_file(lane->process, path, -1, fault);
        if (!r)
                r = send_libraries(lane, instance, order.copies, fault);
        if (!r)
                channel_send(&lane->channel, MESSAGE_LOAD, number, 0, slots, COUNT_OF(slots));
        return r;
}

static void set_instance(struct process *process, uint32_t number, struct instance *instance)
{
        pthread_mutex_lock(&process->lock);
        atomic_store(&process->instances[number], instance);
        pthread_mutex_unlock(&process->lock);
}

static int load_as(struct process *process, struct instance *instance, uint32_t number, uint64_t deadline, struct ward_fault *fault)
{
        struct lane *lane = process->first;
        if (!process_take_control(process, deadline))
                return fault_set(fault, WARD_FAULT_DEADLINE, "domain '%s' was busy until the time for activation was over",
                                 process->domain->name);
        uint64_t before = lane_begin(lane, number, PROCESS_LOADING);
        int r = send_load(lane, instance, number, fault);
        if (!r)
                r = process_converse_until(lane, MESSAGE_LOADED, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                r = process_lose(lane, fault, WARD_FAULT_DEADLINE,
                                 "add-in '%s' did not load in the time for activation; the worker was ended", instance->name);
        else if (r < 0 && warden_has_lost(process->warden, &process->worker))
                r = process_gone(process, fault);
        lane_finish(lane, before);
        process_give_control(process);
        return r;
}

static bool has_shared(const struct ward_contract *contract)
{
        for (uint32_t i = 0; i < contract->n_resources; i++)
                if (contract->resources[i].resource->shared)
                        return true;
        return false;
}

static bool has_copies(const struct instance *instance)
{
        for (size_t i = 0; i < instance->libraries.n; i++)
                if (instance->libraries.files[i].copy >= 0)
                        return true;
        return instance->image.at;
}

/* In the domain's turn: nobody else makes them. */
static int share(struct process *process, struct instance *instance, struct ward_fault *fault)
{
        bool refers = has_shared(instance->contract);
        if (!refers && !has_copies(instance))
                return 0;
        if (!process->shares)
                process->shares = shares_new(process->socket);
        if (refers)
                instance->references->shares = shares_ref(process->shares);
        return process->shares ? 0
                               : fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory to pass descriptors to an add-in");
}

int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault)
{
        struct process *process = instance->domain->held;
        uint32_t number = 0;
        while (number < MESSAGE_INSTANCES && atomic_load(&process->instances[number]))
                number++;
        if (number == MESSAGE_INSTANCES)
                return fault_set(fault, WARD_FAULT_LIMIT, "domain '%s' holds %d add-ins already", instance->domain->name, number);
        int r = libraries_check(instance, fault);
        if (!r)
                r = references_new(instance, REFERENCES_KEPT_BY_ADDIN, process_destroy, &instance->references, fault);
        if (!r)
                r = share(process, instance, fault);
        if (r)
                return r;
        set_instance(process, number, instance);
        r = load_as(process, instance, number, deadline, fault);
        if (r) {
                set_instance(process, number, NULL);
                return r;
        }
        instance->held = &process->instances[number];
        return 0;
}

static void unload(struct process *process, const struct instance *instance, uint32_t number)
{
        struct lane *lane = process->first;
        struct ward_fault fault;
        process_take_control(process, CLOCK_NEVER);
        uint64_t before = lane_begin(lane, number, PROCESS_LOADING);
        channel_send(&lane->channel, MESSAGE_UNLOAD, number, 0, NULL, 0);
        if (process_converse_until(lane, MESSAGE_UNLOADED, clock_deadline(PROCESS_UNLOAD_MS), &fault) == CHANNEL_DEADLINE)
                process_lose(lane, &fault, WARD_FAULT_DEADLINE, "add-in '%s' did not unload within %d ms; the worker was ended",
                             instance->name, PROCESS_UNLOAD_MS);
        lane_finish(lane, before);
        process_give_control(process);
}

/* The domain that was made for the add-in ends with it, so nothing is to be unloaded in the worker then. */
void process_release(struct instance *instance)
{
        struct process *process = instance->domain->held;
        if (!process || !domain_is_here(instance->domain))
                return;
        uint32_t number = process_number(process, instance);
        if (!instance->last && domain_is_running(instance->domain))
                unload(process, instance, number);
        set_instance(process, number, NULL);
}
