#include "domain/objects.h"

#include "base/fault.h"
#include "domain/executor.h"
#include "domain/kind.h"
#include "domain/references.h"

/* 0 in a visit, where the kind has any. */
static int enter(struct instance *instance, struct visit **ret_visit, struct ward_fault *fault)
{
        if (instance->domain->kind->unlocked)
                return 0;
        return domain_enter(instance->domain, atomic_load_explicit(&instance->deadline_ms, memory_order_relaxed), ret_visit, fault);
}

static void leave(struct instance *instance, struct visit *visit)
{
        if (!instance->domain->kind->unlocked)
                domain_leave(instance->domain, visit);
}

/* An object that an unload destroyed meanwhile needs no destroying. */
static int destroy(struct instance *instance, const struct token_end *end, struct ward_fault *fault)
{
        struct ward_fault own;
        int r = end->whole ? references_destroy_object(instance->references, end->resource, end->number, &own) : 0;
        if (!r || r == -WARD_FAULT_UNLOADED)
                return 0;
        fault_name(&own, instance->name, instance->domain->name, NULL);
        if (fault)
                *fault = own;
        return r;
}

struct releasing {
        struct tokens *tokens;
        uint64_t token;
        struct instance *instance;
        struct ward_fault *fault;
        int status;
};

static int release_entering(const struct releasing *releasing)
{
        struct instance *instance = releasing->instance;
        struct ward_fault *fault = releasing->fault, own;
        struct token_end end;
        struct visit *visit;
        int entered = enter(instance, &visit, &own);
        if (entered && entered != -WARD_FAULT_UNLOADED) {
                fault_name(&own, instance->name, instance->domain->name, NULL);
                if (fault)
                        *fault = own;
                return entered;
        }
        int r = tokens_give(releasing->tokens, releasing->token, true, &end, fault);
        bool given = !r;
        if (given && !entered)
                r = destroy(instance, &end, fault);
        if (!entered)
                leave(instance, visit);
        if (given)
                instance_unref(end.instance);
        return r;
}

static void release_within(void *data)
{
        struct releasing *releasing = data;
        releasing->status = release_entering(releasing);
}

/* Where the domain waits for this thread, what it does there is done by who is in it. */
static int release_in_turn(struct tokens *tokens, uint64_t token, struct instance *instance, struct ward_fault *fault)
{
        struct releasing releasing = { tokens, token, instance, fault, 0 };
        if (instance->domain->kind->unlocked || !executor_errand(instance->domain, release_within, &releasing))
                release_within(&releasing);
        return releasing.status;
}

int objects_release(struct tokens *tokens, uint64_t token, struct ward_fault *fault)
{
        struct token_end end;
        int r = tokens_give(tokens, token, false, &end, fault);
        if (r < 0)
                return r;
        if (r == TOKENS_TAKE_THE_TURN)
                r = release_in_turn(tokens, token, end.instance, fault);
        instance_unref(end.instance);
        return r;
}

bool objects_end_one(struct instance *instance)
{
        struct token_end end;
        if (!tokens_next_object(instance, &end))
                return false;
        references_destroy_object(instance->references, end.resource, end.number, NULL);
        instance_unref(end.instance);
        return true;
}
