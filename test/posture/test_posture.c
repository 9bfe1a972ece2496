/* What really holds a domain of each level. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <ward/usage.h>
#include "calculator_host.h"
#include "stage.h"

/* All that the machine offers of what the level asks for is in force, and read back. */
static void is_held(struct ward_host *host, const struct machine *machine, enum ward_level level)
{
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        if (layers_missing(level, machine->root, machine->offered))
                return;
        assert_good(stage_make(host, level, &domain, &fault), &fault);
        struct ward_posture posture = stage_posture(domain);
        print_message("%s\n", ward_level_name(level));
        stage_print("wanted", posture.wanted);
        stage_print("held", posture.held);
        stage_print("read back", posture.read);
        assert_int_equal(posture.isolation, WARD_PROCESS);
        assert_int_equal(posture.level, level);
        /* Limits of the whole domain there are below full-trust without being asked for. */
        unsigned asked = level == WARD_LEVEL_INTERNET || level == WARD_LEVEL_INTRANET ? 0 : STAGE_ASKED;
        assert_int_equal(posture.wanted, layers_wanted(level) & ~asked);
        unsigned missing = posture.wanted & machine->offered & ~posture.held;
        if (missing)
                fail_msg("%s: %s is not in force", ward_level_name(level), ward_layer_name(missing & -missing));
        if (machine->root || machine->user_namespaces) /* else the supervisor has no rights over a worker that is hidden */
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
        for (size_t i = 0; i < STAGE_LEVELS; i++)
                is_held(host, &machine, stage_levels[i]);
        ward_host_free(host);
}

/* A limit of each kind: whatever keeps it, something does, and says what. */
TEST(limits_are_kept_by_something)
{
        const struct ward_quota quota = { .size = sizeof quota,
                                          .memory_bytes = 256 << 20,
                                          .cpu_ms = 60000,
                                          .cpu_percent = 80,
                                          .processes = 20,
                                          .open_files = 64,
                                          .file_bytes = 1 << 20,
                                          .io_read_bytes = 1 << 30,
                                          .io_write_bytes = 1 << 30 };
        const struct ward_domain_options options = { .size = sizeof options,
                                                     .isolation = WARD_PROCESS,
                                                     .limits = { .size = sizeof options.limits, .memory_bytes = 64 << 20 },
                                                     .quota = &quota };
        const unsigned by_process = WARD_LIMIT_PROCESS_MEMORY | WARD_LIMIT_OPEN_FILES | WARD_LIMIT_FILE_SIZE | WARD_LIMIT_CPU_TIME;
        struct ward_host *host = host_start();
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        struct ward_posture posture = stage_posture(domain);
        for (unsigned bit = 1; ward_limit_name(bit); bit <<= 1) {
                print_message("%-16s%s%s%s\n", ward_limit_name(bit), posture.limits_by_group & bit ? " by a group" : "",
                              posture.limits_by_process & bit ? " by rlimits" : "",
                              posture.limits_by_looking & bit ? " by looking" : "");
                assert_true(posture.limits & bit);
                assert_true((posture.limits_by_group | posture.limits_by_process | posture.limits_by_looking) & bit);
        }
        assert_int_equal(posture.limits_by_process & by_process, by_process);
        assert_int_equal(!posture.limits_by_group, !(posture.held & WARD_LAYER_CGROUP));
        ward_domain_release(domain);
        ward_host_free(host);
}

TEST(what_is_granted_leaves_all_in_force)
{
        static const char *const permissions[] = { "read /usr", "write /tmp", "spawn", NULL };
        const struct ward_domain_options options = { .size = sizeof options,
                                                     .isolation = WARD_PROCESS,
                                                     .level = WARD_LEVEL_INTRANET,
                                                     .limits = { .size = sizeof options.limits },
                                                     .permissions = permissions };
        struct machine machine;
        machine_look(&machine);
        support_needs_level(WARD_LEVEL_INTRANET);
        struct ward_host *host = host_start();
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        assert_good(ward_domain_new(host, &options, &domain, &fault), &fault);
        assert_int_equal(layers_wanted(WARD_LEVEL_INTRANET) & machine.offered & ~stage_posture(domain).held & ~STAGE_ASKED, 0);
        ward_domain_release(domain);
        ward_host_free(host);
}

TEST(what_does_not_run_has_no_posture)
{
        struct ward_host *host = host_start();
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        struct ward_posture posture = { .size = 3 };
        assert_int_equal(ward_domain_posture(ward_host_default_domain(host), &posture, &fault), -WARD_FAULT_USAGE);
        posture = stage_posture(ward_host_default_domain(host));
        assert_int_equal(posture.isolation, WARD_DIRECT);
        assert_int_equal(posture.held | posture.wanted | posture.read | posture.limits, 0);
        assert_non_null(ward_posture_source(&posture, WARD_LAYER_FILTER));
        assert_good(stage_make(host, WARD_LEVEL_FULL_TRUST, &domain, &fault), &fault);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        assert_int_equal(ward_domain_posture(domain, &posture, &fault), -WARD_FAULT_UNLOADED);
        ward_domain_release(domain);
        ward_host_free(host);
}

static void hear(void *data, calculator_string_t *message)
{
}

/* What add-ins change is seen: a worker that is hidden no more is not said to be. The filter leaves nothing to be undone. */
static unsigned undone(enum ward_level level)
{
        static const struct calculator_services services = { .log = hear };
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_posture posture;
        struct calculator *calculator = NULL;
        struct ward_fault fault;
        struct ward_host *host = host_start();
        options.level = level;
        assert_good(calculator_activate(host, addin_file("undoes", WARD_PROCESS), &options, &services, &calculator, &fault),
                    &fault);
        posture = stage_posture(calculator_domain(calculator));
        calculator_release(calculator);
        ward_host_free(host);
        return posture.wanted & posture.read & ~posture.held;
}

TEST(what_an_addin_undoes_is_seen)
{
        struct machine machine;
        support_needs_level(WARD_LEVEL_INTERNET);
        machine_look(&machine);
        assert_int_equal(undone(WARD_LEVEL_INTERNET) & machine.offered, 0);
        assert_int_equal(undone(WARD_LEVEL_INTRANET) & machine.offered, 0);
        stage_become_ordinary(); /* of user 0 it is not shown */
        if (access(addin_file("undoes", WARD_PROCESS), R_OK) || access(getenv("WARD_WORKER"), X_OK))
                harness_skip("an ordinary user cannot reach the programs");
        assert_int_equal(undone(WARD_LEVEL_FULL_TRUST) & ~(unsigned)WARD_LAYER_PID_NAMESPACE, WARD_LAYER_HIDDEN);
}

/* --- Askers ----------------------------------------------------------------------------------- */

struct asker {
        pthread_t thread;
        const struct ward_domain *domain;
        atomic_bool *done;
        unsigned answers;
};

static void *ask_on(void *data)
{
        struct asker *asker = data;
        struct ward_posture posture = { .size = sizeof posture };
        struct ward_fault fault;
        while (!atomic_load(asker->done)) {
                int r = ward_domain_posture(asker->domain, &posture, &fault);
                if (r)
                        assert_int_equal(r, -WARD_FAULT_UNLOADED);
                asker->answers += !r;
        }
        return NULL;
}

/* While several threads ask, the domain goes. */
TEST(an_end_meanwhile_is_told_as_one)
{
        enum { ASKERS = 4, ROUNDS = 10 };
        struct ward_host *host = host_start();
        for (int round = 0; round < ROUNDS; round++) {
                struct ward_domain *domain = NULL;
                struct ward_fault fault;
                struct asker askers[ASKERS];
                atomic_bool done = false;
                assert_good(stage_make(host, WARD_LEVEL_FULL_TRUST, &domain, &fault), &fault);
                for (int i = 0; i < ASKERS; i++) {
                        askers[i] = (struct asker){ .domain = domain, .done = &done };
                        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
                }
                stage_posture(domain);
                assert_good(ward_domain_unload(domain, &fault), &fault);
                atomic_store(&done, true);
                for (int i = 0; i < ASKERS; i++)
                        pthread_join(askers[i].thread, NULL);
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(what_the_machine_offers_is_in_force, 60),
                         TEST_CASE(limits_are_kept_by_something), TEST_CASE(what_is_granted_leaves_all_in_force),
                         TEST_CASE(what_does_not_run_has_no_posture), TEST_CASE(what_an_addin_undoes_is_seen),
                         TEST_CASE_LONG(an_end_meanwhile_is_told_as_one, 60));
}
