/* How a worker is confined: a plan, made by the host from level, limits and permissions, carried out by the worker on itself in one
 * ordered go.
 *
 * 1. sandbox_plan_make, sandbox_plan_pack, sandbox_plan_finish (host)
 * 2. sandbox_plan_unpack, sandbox_apply, sandbox_plan_finish (worker) */
#ifndef SANDBOX_PLAN_H
#define SANDBOX_PLAN_H

#include <sched.h>
#include <stdbool.h>
#include <ward/host.h>
#include <ward/posture.h>
#include "base/pack.h"
#include "sandbox/filter.h"
#include "sandbox/grants.h"
#include "sandbox/limits.h"

struct sandbox_plan {
        uint32_t layers; /* WARD_LAYER_… that are to hold it, where the system has them */
        uint32_t uid;    /* who it is to be, where the host is user 0 */
        struct sandbox_limits limits;
        cpu_set_t cpus;       /* none set: as inherited */
        struct grants grants; /* addresses are the warden's, and do not travel. The arrays are owned after sandbox_plan_unpack, */
        struct sandbox_filter filter; /* and this; texts never are */
};

/* What the host wants of it. */
struct sandbox_wish {
        enum ward_level level;
        uint32_t layers;
        uint64_t cpu_affinity; /* 0: the host's processors */
        const struct sandbox_limits *limits;
        const struct grants *grants; /* borrowed by the plan */
        bool observed;               /* at the levels that have no filter: one that refuses nothing, and tells what is done */
};

/* The limit where the host gives none: half of the machine's memory, at most SANDBOX_MEMORY_DEFAULT. */
#define SANDBOX_MEMORY_DEFAULT ((uint64_t)4 << 30)
uint64_t sandbox_default_memory(void);

/* 0, or a negative errno. Whatever it gives, sandbox_plan_finish frees. */
int sandbox_plan_make(const struct sandbox_wish *wish, struct sandbox_plan *ret_plan);

void sandbox_plan_pack(const struct sandbox_plan *plan, struct pack *pack);
/* The texts stay where @cursor reads them. 0, or a negative errno. */
int sandbox_plan_unpack(struct cursor *cursor, struct sandbox_plan *ret_plan);
/* Of the one that was made. */
void sandbox_plan_finish(struct sandbox_plan *plan);
/* Of the one that was unpacked. */
void sandbox_plan_release(struct sandbox_plan *plan);

/* Where a worker is when it confines itself. Descriptors are borrowed. */
struct sandbox_place {
        uint32_t held; /* WARD_LAYER_… that hold it from birth */
        int proc;      /* /proc, where its root need not have it */
        int empty;     /* a network namespace in which there is nothing, or whatever else */
};

struct sandbox_result {
        uint32_t held;
        int listener;     /* of the filter; -1: none. Owned */
        const char *step; /* what failed, in words: "the worker cannot …" */
};

/* Confines the calling process, which has one thread. 0, or a negative errno. */
int sandbox_apply(const struct sandbox_plan *plan, const struct sandbox_place *place, struct sandbox_result *ret_result);

#endif
