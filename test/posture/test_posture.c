/* What really holds a domain of each level, and that none starts below its floor. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "sandbox/layers.h"
#include "sandbox/machine.h"
#include "test/support.h"

static const enum ward_level levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_HOST };
enum { LEVELS = 4 };

static struct ward_host *host_without(unsigned layers)
{
        const struct ward_host_options options = { .size = sizeof options, .without_layers = layers };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static int make(struct ward_host *host, enum ward_level level, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        const struct ward_domain_options options = {
                .size = sizeof options, .isolation = WARD_PROCESS, .level = level, .limits = { .size = sizeof options.limits }
        };
        return ward_domain_new(host, &options, ret_domain, fault);
}

static struct ward_posture posture_of(const struct ward_domain *domain)
{
        struct ward_posture posture = { .size = sizeof posture };
        struct ward_fault fault;
        assert_good(ward_domain_posture(domain, &posture, &fault), &fault);
        return posture;
}

static void print_names(const char *what, unsigned layers)
{
        char text[512] = "";
        const char *name;
        for (unsigned bit = 1; (name = ward_layer_name(bit)); bit <<= 1)
                if (layers & bit)
                        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", name);
        print_message("  %s:%s\n", what, text);
}

/* Limits that a domain has not asked for are none. */
enum { ASKED = WARD_LAYER_CGROUP };

/* All that the machine offers of what the level asks for is in force, and read back. */
static void is_held(struct ward_host *host, const struct machine *machine, enum ward_level level)
{
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        if (layers_missing(level, machine->root, machine->offered))
                return;
        assert_good(make(host, level, &domain, &fault), &fault);
        struct ward_posture posture = posture_of(domain);
        print_message("%s\n", ward_level_name(level));
        print_names("wanted", posture.wanted);
        print_names("held", posture.held);
        print_names("read back", posture.read);
        assert_int_equal(posture.isolation, WARD_PROCESS);
        assert_int_equal(posture.level, level);
        assert_int_equal(posture.wanted, layers_wanted(level));
        unsigned missing = posture.wanted & machine->offered & ~posture.held & ~ASKED;
        if (missing)
                fail_msg("%s: %s is not in force", ward_level_name(level), ward_layer_name(missing & -missing));
        assert_int_equal(posture.read | WARD_LAYER_LANDLOCK | WARD_LAYER_HIDDEN, WARD_LAYER_ALL);
        for (unsigned bit = 1; ward_layer_name(bit); bit <<= 1)
                assert_int_equal(!!strstr(ward_posture_source(&posture, bit), "/proc/PID/"), !!(posture.read & bit));
        ward_domain_release(domain);
}

TEST(what_the_machine_offers_is_in_force)
{
        struct machine machine;
        machine_look(&machine);
        struct ward_host *host = host_start();
        for (size_t i = 0; i < LEVELS; i++)
                is_held(host, &machine, levels[i]);
        ward_host_free(host);
}

/* A host without @layer, and a domain of @level there: refused exactly where the floor needs it, else held by the rest. */
static void without(const struct machine *machine, unsigned layers, enum ward_level level)
{
        struct ward_host *host = host_without(layers);
        struct ward_domain *domain = NULL;
        struct ward_fault fault = { 0 };
        const struct layers_rule *missing = layers_missing(level, machine->root, machine->offered & ~layers & ~ASKED);
        int r = make(host, level, &domain, &fault);
        if (missing) {
                if (r != -WARD_FAULT_REFUSED)
                        fail_msg("%s without %#x: %d, %s", ward_level_name(level), layers, r, r ? fault.text : "");
                assert_null(domain);
                assert_says(&fault, "ward doctor");
                assert_says(&fault, missing->why);
                assert_says(&fault, ward_level_name(level));
        } else {
                assert_good(r, &fault);
                struct ward_posture posture = posture_of(domain);
                const unsigned others = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_NO_CAPABILITIES | WARD_LAYER_NO_NEW_PRIVILEGES |
                                        WARD_LAYER_NO_CORE | WARD_LAYER_RLIMITS; /* a worker may have from birth */
                assert_int_equal(posture.held & layers & layers_wanted(level) & ~others, 0);
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

TEST(no_level_starts_below_its_floor)
{
        struct machine machine;
        machine_look(&machine);
        for (unsigned bit = 1; ward_layer_name(bit); bit <<= 1)
                for (size_t i = 0; i < LEVELS; i++)
                        without(&machine, bit, levels[i]);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(what_the_machine_offers_is_in_force, 60),
                         TEST_CASE_LONG(no_level_starts_below_its_floor, 100));
}
