#include "domain/test_stage.h"

#include <string.h>
#include "base/fault.h"
#include "domain/kind.h"
#include "domain/tokens.h"
#include "test/harness/harness.h"

static const struct ward_resource resources[STAGE_RESOURCES] = {
        { "t:t/host#log", STAGE_LOG, false },
        { "t:t/addin#counter", STAGE_COUNTER, true },
        { "t:t/addin#other", STAGE_OTHER, true },
};

#define HANDLE(what, r)                                                                                                            \
        {                                                                                                                          \
                .kind = (what), .flags = WARD_TYPE_HANDLES, .abi_align = 4, .abi_size = 4, .size = 8, .flat = 1,                   \
                .resource = &resources[r]                                                                                          \
        }

const struct ward_type stage_own[STAGE_RESOURCES] = {
        HANDLE(WARD_TYPE_OWN, STAGE_LOG),
        HANDLE(WARD_TYPE_OWN, STAGE_COUNTER),
        HANDLE(WARD_TYPE_OWN, STAGE_OTHER),
};
const struct ward_type stage_borrow[STAGE_RESOURCES] = {
        HANDLE(WARD_TYPE_BORROW, STAGE_LOG),
        HANDLE(WARD_TYPE_BORROW, STAGE_COUNTER),
        HANDLE(WARD_TYPE_BORROW, STAGE_OTHER),
};

struct stage *stage;

static void destroy_log(const void *services, void *object)
{
        assert_ptr_equal(services, stage);
        stage->host_destroyed[stage->n_host_destroyed++] = object;
        if (stage->when_destroyed)
                stage->when_destroyed(stage);
}

static const struct ward_contract_resource contract_resources[STAGE_RESOURCES] = {
        { &resources[STAGE_LOG], destroy_log },
        { &resources[STAGE_COUNTER], NULL },
        { &resources[STAGE_OTHER], NULL },
};

const struct ward_contract stage_contract = { .name = "t:t/t", .n_resources = STAGE_RESOURCES, .resources = contract_resources };

static int destroy(struct instance *instance, uint32_t resource, uint32_t object, struct ward_fault *fault)
{
        assert_int_equal(resource, STAGE_COUNTER);
        assert_true(instance->domain->kind->unlocked || visit_depth(&instance->domain->visit) > 0);
        stage->destroyed[stage->n_destroyed++] = object;
        if (stage->when_destroyed)
                stage->when_destroyed(stage);
        return stage->result ? fault_set(fault, (enum ward_fault_kind) - stage->result, "it would not go") : 0;
}

static int load(struct instance *instance, const struct ward_activate_options *options, uint64_t deadline, struct ward_fault *fault)
{
        return references_new(instance, stage->keeper, destroy, &instance->references, fault);
}

static void release(struct instance *instance)
{
        stage->n_released++;
}

static void stop(struct ward_domain *domain)
{
        stage->n_stopped++;
        stage->running_at_stop = !list_is_empty(&domain->instances);
}

static const struct kind locked = { .name = "stage", .isolation = WARD_WASM, .load = load, .release = release, .stop = stop };
static const struct kind unlocked_kind = {
        .name = "stage", .isolation = WARD_DIRECT, .unlocked = true, .load = load, .release = release
};

void stage_start(struct stage *to, enum references_keeper keeper, bool unlocked, bool made)
{
        *to = (struct stage){ .keeper = keeper };
        stage = to;
        assert_int_equal(domains_init(&to->domains, NULL), 0);
        assert_int_equal(domain_new_default(&to->domains, "stage", &to->domain, NULL), 0);
        to->domain->kind = unlocked ? &unlocked_kind : &locked;
        to->domain->made = made;
        if (!unlocked)
                domain_ref(to->domain); /* that of the registry, which stopping gives back */
}

void stage_finish(void)
{
        if (stage->domain->kind->stop)
                domain_unload(stage->domain, NULL);
        stage->domain = domain_unref(stage->domain);
        domains_finish(&stage->domains);
        stage = NULL;
}

struct instance *stage_instance(const char *name)
{
        const struct ward_activate_options options = { .name = name };
        struct instance_source source = { .path = "stage.so" };
        struct instance *instance;
        struct ward_fault fault;
        int r = instance_new(stage->domain, &source, &options, CLOCK_NEVER, &stage_contract, stage, &instance, &fault);
        if (r)
                fail_msg("%s", fault.text);
        return instance;
}
