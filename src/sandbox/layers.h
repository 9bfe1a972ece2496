/* Layers (enum ward_layer) in words: what they are called, what they guard, which of them a level asks for, and its floor, the
 * least that it is started with.
 *
 * 1. layers_wanted(level): the plan                       2. what held comes back from the worker
 * 3. layers_check(level, held, fault): below its floor a level is not started
 *
 * Pure, but for layers_check and layers_wanted, which look at who the host is, and at why a layer is refused on this machine. */
#ifndef SANDBOX_LAYERS_H
#define SANDBOX_LAYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <ward/host.h>
#include <ward/posture.h>

/* What is to be guarded, as bits. */
enum layers_area {
        LAYERS_FILES = 1 << 0,
        LAYERS_NETWORK = 1 << 1,
        LAYERS_PROCESSES = 1 << 2,
        LAYERS_PRIVILEGES = 1 << 3,
        LAYERS_KERNEL = 1 << 4,
        LAYERS_IPC = 1 << 5,
        LAYERS_RESOURCES = 1 << 6,
        LAYERS_SECRECY = 1 << 7,
        LAYERS_AREAS = 8, /* how many */
};

/* "files"; and what it means to guard that. NULL for what is none. */
const char *layers_area_name(unsigned area);
const char *layers_area_about(unsigned area);

/* The areas that a layer guards; one bit of enum ward_layer. What it does, for people (its name is ward_layer_name). */
unsigned layers_guarded(unsigned layer);
const char *layers_about(unsigned layer);

/* The layers that guard an area, at whatever level. */
unsigned layers_guarding(unsigned area);

/* Who the host is: user 0 of the machine, not of a user namespace only. */
bool layers_host_is_root(void);

/* What the plan of a level is to ask for; WARD_LEVEL_DEFAULT is full-trust. Of a host that is @root or is not. */
unsigned layers_wanted_of(enum ward_level level, bool root);
unsigned layers_wanted(enum ward_level level);

/* A rule of a floor: at least one of @layers is to hold. */
struct layers_rule {
        unsigned layers;
        const char *why; /* "nothing but the filter keeps it from the network" */
};

/* A level's floor: an array, which ends with a rule of no layers. */
const struct layers_rule *layers_floor(enum ward_level level, bool root);

/* The first rule that @held breaks; NULL: the level can be held by it. */
const struct layers_rule *layers_missing(enum ward_level level, bool root, unsigned held);

/* 0 if @held is enough for @level; else REFUSED, with what is missing, why the machine does not give it and how to get it. */
int layers_check(enum ward_level level, unsigned held, struct ward_fault *fault);

#endif
