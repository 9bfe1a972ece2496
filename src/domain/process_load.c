/* Kind `process`: loading and unloading. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <ward/posture.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "domain/denied.h"
#include "domain/libraries.h"
#include "domain/process.h"
#include "domain/process_files.h"
#include "domain/references_parts.h"
#include "domain/shares.h"

/* What LOAD points at. */
struct order {
        const struct instance *instance;
        const struct process_files *files;
};

static void write_order(const void *what, struct pack *pack)
{
        const struct order *order = what;
        const struct ward_contract *contract = order->instance->contract;
        process_files_pack(order->files, pack);
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

/* Where an add-in may open others by itself. */
static int open_folders(struct process *process, const struct ward_activate_options *options, struct ward_fault *fault)
{
        int r = process_files_open_folders(process, (const char *const *)process->domain->library_path, fault);
        return r ? r : process_files_open_folders(process, options->library_path, fault);
}

/* The worker may have its files before the message that tells of them, but not where that may still fail. */
static int send_load(struct lane *lane, const struct instance *instance, const struct ward_activate_options *options,
                     uint32_t number, struct ward_fault *fault)
{
        OWNED(process_files_finish) struct process_files files = { 0 };
        struct process *process = lane->process;
        uint64_t slots[2];
        int r = process_files_init(process, instance, number, &files, fault);
        const struct order order = { instance, &files };
        if (!r)
                r = process_pack(lane, write_order, &order, slots, fault);
        if (!r)
                r = process_files_send(process, &files, fault);
        if (!r)
                r = open_folders(process, options, fault);
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

static int load_as(struct process *process, struct instance *instance, const struct ward_activate_options *options, uint32_t number,
                   uint64_t deadline, struct ward_fault *fault)
{
        struct lane *lane = process->first;
        if (!process_take_control(process, deadline))
                return fault_set(fault, WARD_FAULT_DEADLINE, "domain '%s' was busy until the time for activation was over",
                                 process->domain->name);
        uint64_t before = lane_begin(lane, number, PROCESS_LOADING);
        int r = send_load(lane, instance, options, number, fault);
        if (!r)
                r = process_converse_until(lane, MESSAGE_LOADED, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                r = process_lose(lane, fault, WARD_FAULT_DEADLINE,
                                 "add-in '%s' did not load in the time for activation; the worker was ended", instance->name);
        else if (r < 0 && process->held & WARD_LAYER_FILTER && warden_has_lost(process->warden, &process->worker))
                r = process_gone(process, fault);
        if (r)
                process_files_forget(process, number);
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
        r = load_as(process, instance, options, number, deadline, fault);
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
        process_files_forget(process, number);
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
