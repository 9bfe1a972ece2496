/* No domain is started below its level's floor: where layers are not asked for, and where the host is held itself. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "sandbox/namespaces.h"
#include "stage.h"

/* A host without @layer, and a domain of @level there: refused exactly where the floor needs it, else held by the rest. */
static void without(const struct machine *machine, unsigned layers, enum ward_level level)
{
        struct ward_host *host = stage_without(layers);
        struct ward_domain *domain = NULL;
        struct ward_fault fault = { 0 };
        const struct layers_rule *missing = layers_missing(level, machine->root, machine->offered & ~layers & ~STAGE_ASKED);
        int r = stage_make(host, level, &domain, &fault);
        if (missing) {
                if (r != -WARD_FAULT_REFUSED)
                        fail_msg("%s without %#x: %d, %s", ward_level_name(level), layers, r, r ? fault.text : "");
                assert_null(domain);
                assert_says(&fault, "ward doctor");
                assert_says(&fault, missing->why);
                assert_says(&fault, ward_level_name(level));
        } else {
                assert_good(r, &fault);
                struct ward_posture posture = stage_posture(domain);
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
                for (size_t i = 0; i < STAGE_LEVELS; i++)
                        without(&machine, bit, stage_levels[i]);
}

TEST(what_is_no_layer_is_no_option)
{
        const struct ward_host_options options = { .size = sizeof options, .without_layers = (uint64_t)1 << 40 };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_int_equal(ward_host_new(&options, &host, &fault), -WARD_FAULT_USAGE);
        assert_says(&fault, "without_layers");
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
        for (size_t i = 0; i < STAGE_LEVELS; i++) {
                int r = stage_make(host, stage_levels[i], &domain, &fault);
                if (stage_levels[i] == WARD_LEVEL_INTERNET || stage_levels[i] == WARD_LEVEL_INTRANET) {
                        assert_int_equal(r, -WARD_FAULT_REFUSED);
                        assert_says(&fault, "network-namespace");
                        if (!strstr(fault.text, "chroot")) /* which is reason enough */
                                assert_says(&fault, reason);
                        continue;
                }
                assert_good(r, &fault);
                struct ward_posture posture = stage_posture(domain);
                stage_print(ward_level_name(stage_levels[i]), posture.held);
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
        stage_become_ordinary();
        unsigned user = geteuid();
        snprintf(map, sizeof map, "%u %u 1", user, user);
        assert_int_equal(unshare(CLONE_NEWUSER), 0);
        write_file("/proc/self/uid_map", map);
        write_file("/proc/sys/user/max_user_namespaces", "0");
        assert_int_equal(capabilities_drop(), 0);
        lacks_namespaces("user.max_user_namespaces");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(no_level_starts_below_its_floor, 100), TEST_CASE(what_is_no_layer_is_no_option),
                         TEST_CASE(in_a_container_that_gives_no_namespaces), TEST_CASE(where_user_namespaces_are_switched_off));
}
