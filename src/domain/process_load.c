/* Kind `process`: loading and unloading. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include "base/fault.h"
#include "base/own.h"
#include "base/pack.h"
#include "domain/process.h"

static void pack_order(const struct instance *instance, const char *path, struct pack *pack)
{
        const struct ward_contract *contract = instance->contract;
        pack_text(pack, path);
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
        }
        for (uint32_t i = 0; i < contract->n_resources; i++) {
                pack_text(pack, contract->resources[i].resource->name);
                pack_u32(pack, contract->resources[i].resource->by_addin);
        }
}

/* The order lies above what the arena has in use; the worker has read it when it answers. */
static int send_load(struct process *process, const struct instance *instance, uint32_t number, struct ward_fault *fault)
{
        struct channel *channel = &process->channel;
        OWNED(freep) char *path = realpath(instance->module, NULL);
        if (!path)
                return fault_set_errno(fault, WARD_FAULT_MODULE, errno, "cannot open module '%s'", instance->module);
        uint8_t *at = channel->base + channel->arena.top;
        struct pack pack = { at, channel->arena.end - channel->arena.top, false };
        pack_order(instance, path, &pack);
        if (pack.bad)
                return fault_set(fault, WARD_FAULT_LIMIT, "the contract does not fit the shared memory: raise limits.arena_bytes");
        uint64_t slots[] = { channel->arena.top, (uint64_t)(pack.at - at) };
        channel_send(channel, MESSAGE_LOAD, number, 0, slots, COUNT_OF(slots));
        return 0;
}

static void set_instance(struct process *process, uint32_t number, struct instance *instance)
{
        pthread_mutex_lock(&process->lock);
        process->instances[number] = instance;
        pthread_mutex_unlock(&process->lock);
}

static int load_as(struct process *process, struct instance *instance, uint32_t number, uint64_t deadline, struct ward_fault *fault)
{
        int r = send_load(process, instance, number, fault);
        if (!r)
                r = process_converse_until(process, MESSAGE_LOADED, deadline, fault);
        if (r == CHANNEL_DEADLINE)
                return process_lose(process, fault, WARD_FAULT_DEADLINE,
                                    "add-in '%s' did not load in the time for activation; the worker was ended", instance->name);
        return r;
}

int process_load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline,
                 struct ward_fault *fault)
{
        struct process *process = instance->domain->held;
        uint32_t number = 0;
        while (number < MESSAGE_INSTANCES && process->instances[number])
                number++;
        if (number == MESSAGE_INSTANCES)
                return fault_set(fault, WARD_FAULT_LIMIT, "domain '%s' holds %d add-ins already", instance->domain->name, number);
        int r = references_new(instance, REFERENCES_KEPT_BY_ADDIN, process_destroy, &instance->references, fault);
        if (r)
                return r;
        set_instance(process, number, instance);
        uint64_t before = process_begin(process, number, PROCESS_LOADING);
        r = load_as(process, instance, number, deadline, fault);
        process_finish(process, before);
        if (r) {
                set_instance(process, number, NULL);
                return r;
        }
        instance->held = &process->instances[number];
        return 0;
}

/* The domain that was made for the add-in ends with it, so nothing is to be unloaded in the worker then. */
void process_release(struct instance *instance)
{
        struct process *process = instance->domain->held;
        if (!process || !domain_is_here(instance->domain))
                return;
        uint32_t number = process_number(process, instance);
        if (!instance->last && domain_is_running(instance->domain)) {
                struct ward_fault fault;
                uint64_t before = process_begin(process, number, PROCESS_LOADING);
                channel_send(&process->channel, MESSAGE_UNLOAD, number, 0, NULL, 0);
                if (process_converse_until(process, MESSAGE_UNLOADED, clock_deadline(PROCESS_UNLOAD_MS), &fault) ==
                    CHANNEL_DEADLINE)
                        process_lose(process, &fault, WARD_FAULT_DEADLINE,
                                     "add-in '%s' did not unload within %d ms; the worker was ended", instance->name,
                                     PROCESS_UNLOAD_MS);
                process_finish(process, before);
        }
        set_instance(process, number, NULL);
}
