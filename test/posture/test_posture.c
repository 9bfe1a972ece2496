/* What really holds a domain of each level, and that none starts below its floor. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ward/usage.h>
#include "calculator_host.h"
#include "sandbox/layers.h"
#include "sandbox/machine.h"
#include "sandbox/namespaces.h"
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

static void become_ordinary(void)
{
        enum { SOMEBODY = 1001 };
        if (geteuid())
                return;
        assert_true(!setresgid(SOMEBODY, SOMEBODY, SOMEBODY) && !setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* /proc/self is its own again */
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
        assert_int_equal(posture.wanted, layers_wanted(level) & ~ASKED);
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
        struct ward_posture posture = posture_of(domain);
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
        assert_int_equal(layers_wanted(WARD_LEVEL_INTRANET) & machine.offered & ~posture_of(domain).held & ~ASKED, 0);
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
        posture = posture_of(ward_host_default_domain(host));
        assert_int_equal(posture.isolation, WARD_DIRECT);
        assert_int_equal(posture.held | posture.wanted | posture.read | posture.limits, 0);
        assert_non_null(ward_posture_source(&posture, WARD_LAYER_FILTER));
        assert_good(make(host, WARD_LEVEL_FULL_TRUST, &domain, &fault), &fault);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        assert_int_equal(ward_domain_posture(domain, &posture, &fault), -WARD_FAULT_UNLOADED);
        ward_domain_release(domain);
        ward_host_free(host);
}

TEST(what_is_no_layer_is_no_option)
{
        const struct ward_host_options options = { .size = sizeof options, .without_layers = (uint64_t)1 << 40 };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_int_equal(ward_host_new(&options, &host, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "without_layers");
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
        posture = posture_of(calculator_domain(calculator));
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
        become_ordinary(); /* of user 0 it is not shown */
        if (access(addin_file("undoes", WARD_PROCESS), R_OK) || access(getenv("WARD_WORKER"), X_OK))
                harness_skip("an ordinary user cannot reach the programs");
        assert_int_equal(undone(WARD_LEVEL_FULL_TRUST) & ~(unsigned)WARD_LAYER_PID_NAMESPACE, WARD_LAYER_HIDDEN);
}

/* --- Hosts that are held themselves ----------------------------------------------------------- */

/* The trusted levels are there, with what is left; the others are refused, with the reason. */
static void lacks_namespaces(const char *reason)
{
        struct machine machine;
        struct ward_domain *domain = NULL;
        struct ward_fault fault;
        machine_look(&machine);
        assert_false(machine.offered & (WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_OWN_ROOT));
        struct ward_host *host = host_start();
        for (size_t i = 0; i < LEVELS; i++) {
                int r = make(host, levels[i], &domain, &fault);
                if (levels[i] == WARD_LEVEL_INTERNET || levels[i] == WARD_LEVEL_INTRANET) {
                        assert_int_equal(r, -WARD_FAULT_REFUSED);
                        assert_says(&fault, "network-namespace");
                        if (!strstr(fault.text, "chroot")) /* which is reason enough */
                                assert_says(&fault, reason);
                        continue;
                }
                assert_good(r, &fault);
                struct ward_posture posture = posture_of(domain);
                print_names(ward_level_name(levels[i]), posture.held);
                assert_int_equal(posture.wanted & ~posture.held, WARD_LAYER_PID_NAMESPACE);
                assert_true(posture.read & WARD_LAYER_NO_NEW_PRIVILEGES); /* of who is hidden only user 0 sees more */
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

/* As containers have it. */
static void refuse_namespaces(void)
{
        const unsigned spaces =
                CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
        struct sock_filter code[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 4, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 4, 0),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 4),
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, spaces, 1, 2),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { sizeof code / sizeof *code, code };
        assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
                harness_skip("there are no filters here");
}

TEST(in_a_container_that_gives_no_namespaces)
{
        refuse_namespaces();
        lacks_namespaces("filter of system calls");
}

static void write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                harness_skip("no user namespace can be made here");
        close(fd);
}

TEST(where_user_namespaces_are_switched_off)
{
        char map[40];
        support_needs(WARD_LAYER_USER_NAMESPACE);
        become_ordinary();
        unsigned user = geteuid();
        snprintf(map, sizeof map, "%u %u 1", user, user);
        assert_int_equal(unshare(CLONE_NEWUSER), 0);
        write_file("/proc/self/uid_map", map);
        write_file("/proc/sys/user/max_user_namespaces", "0");
        assert_int_equal(capabilities_drop(), 0);
        lacks_namespaces("user.max_user_namespaces");
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
                assert_good(make(host, WARD_LEVEL_FULL_TRUST, &domain, &fault), &fault);
                for (int i = 0; i < ASKERS; i++) {
                        askers[i] = (struct asker){ .domain = domain, .done = &done };
                        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_on, &askers[i]), 0);
                }
                posture_of(domain);
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
                         TEST_CASE_LONG(no_level_starts_below_its_floor, 100), TEST_CASE(limits_are_kept_by_something),
                         TEST_CASE(what_is_granted_leaves_all_in_force), TEST_CASE(what_does_not_run_has_no_posture),
                         TEST_CASE(what_is_no_layer_is_no_option), TEST_CASE(what_an_addin_undoes_is_seen),
                         TEST_CASE(in_a_container_that_gives_no_namespaces), TEST_CASE(where_user_namespaces_are_switched_off),
                         TEST_CASE_LONG(an_end_meanwhile_is_told_as_one, 60));
}
