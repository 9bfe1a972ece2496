#include "sandbox/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <ward/posture.h>
#include "sandbox/filter.h"
#include "sandbox/layers.h"
#include "sandbox/namespaces.h"
#include "test/harness/harness.h"

/* Leaks are looked for by tracing, which what is filtered may not do. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
        return "detect_leaks=0";
}

enum {
        SPACES = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_NETWORK_NAMESPACE | WARD_LAYER_IPC_NAMESPACE |
                 WARD_LAYER_UTS_NAMESPACE | WARD_LAYER_CGROUP_NAMESPACE | WARD_LAYER_OWN_ROOT,
        ALWAYS = WARD_LAYER_NO_CAPABILITIES | WARD_LAYER_NO_NEW_PRIVILEGES | WARD_LAYER_HIDDEN | WARD_LAYER_NO_CORE |
                 WARD_LAYER_RLIMITS,
};

/* Each layer is offered, or has an error and a reason. */
static void look(struct machine *machine)
{
        char reason[512];
        machine_look(machine);
        for (unsigned i = 0; i < MACHINE_LAYERS; i++) {
                machine_reason(machine, 1u << i, reason, sizeof reason);
                assert_int_equal(!machine->errors[i], !!(machine->offered & 1u << i));
                assert_int_equal(!*reason, !machine->errors[i]);
                assert_int_not_equal(machine->errors[i], ENOTRECOVERABLE);
        }
        assert_int_equal(machine->offered & ALWAYS, ALWAYS);
}

static void become_ordinary(void)
{
        enum { SOMEBODY = 1001 };
        if (geteuid())
                return;
        assert_int_equal(syscall(SYS_setgroups, 0, NULL), 0);
        assert_int_equal(setresgid(SOMEBODY, SOMEBODY, SOMEBODY), 0);
        assert_int_equal(setresuid(SOMEBODY, SOMEBODY, SOMEBODY), 0);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* /proc/self is its own again */
}

static void write_file(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
                harness_skip("no user namespace can be made here");
        close(fd);
}

/* An ordinary user's container: a user namespace in which he is user 0. */
static void become_contained(void)
{
        char map[40];
        become_ordinary();
        snprintf(map, sizeof map, "0 %u 1", geteuid());
        if (unshare(CLONE_NEWUSER) < 0)
                harness_skip("no user namespace can be made here");
        write_file("/proc/self/setgroups", "deny");
        write_file("/proc/self/uid_map", map);
}

static void be_filtered(void)
{
        struct sandbox_filter filter;
        int listener;
        assert_int_equal(filter_prepare(FILTER_COMPILER, NULL, &filter), 0);
        if (!filter.program.len)
                harness_skip("Ward was built without libseccomp");
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        assert_int_equal(filter_apply(&filter, &listener), 0);
        filter_finish(&filter);
}

static void assert_reason(const struct machine *machine, unsigned layer, const char *phrase)
{
        char reason[512];
        machine_reason(machine, layer, reason, sizeof reason);
        if (!strstr(reason, phrase) && !strstr(reason, "chroot")) /* which is reason enough */
                fail_msg("%s: not '%s': %s", ward_layer_name(layer), phrase, reason);
}

TEST(every_layer_is_offered_or_has_a_reason)
{
        struct machine machine;
        look(&machine);
        assert_true(machine.system.release[0] && machine.overcommit >= 0);
        assert_int_equal(machine.landlock_abi > 0, !!(machine.offered & WARD_LAYER_LANDLOCK));
        assert_true(machine.notifies || !machine.injects);
}

TEST(an_ordinary_user_is_no_other)
{
        struct machine machine;
        become_ordinary();
        look(&machine);
        assert_false(machine.root || machine.offered & WARD_LAYER_OTHER_USER);
        assert_reason(&machine, WARD_LAYER_OTHER_USER, "not user 0");
        assert_int_equal(!machine.user_namespaces, !(machine.offered & WARD_LAYER_MOUNT_NAMESPACE));
}

TEST(without_namespaces_the_sysctl_is_named)
{
        struct machine machine;
        become_contained();
        write_file("/proc/sys/user/max_user_namespaces", "0");
        write_file("/proc/sys/user/max_mnt_namespaces", "0");
        look(&machine);
        assert_false(machine.root || machine.user_namespaces);
        assert_false(machine.offered & (WARD_LAYER_USER_NAMESPACE | WARD_LAYER_MOUNT_NAMESPACE | WARD_LAYER_OWN_ROOT));
        assert_reason(&machine, WARD_LAYER_USER_NAMESPACE, "user.max_user_namespaces");
        assert_reason(&machine, WARD_LAYER_OTHER_USER, "user namespace with few users");
        assert_null(layers_missing(WARD_LEVEL_FULL_TRUST, machine.root, machine.offered));
}

TEST(under_a_filter_that_is_named)
{
        struct machine machine;
        become_ordinary();
        be_filtered();
        look(&machine);
        assert_true(machine.filtered && !machine.user_namespaces);
        assert_int_equal(machine.offered & (SPACES | WARD_LAYER_USER_NAMESPACE), 0);
        assert_reason(&machine, WARD_LAYER_NETWORK_NAMESPACE, "filter of system calls");
        assert_non_null(layers_missing(WARD_LEVEL_INTERNET, machine.root, machine.offered));
}

TEST(user_0_without_rights_is_told_of_containers)
{
        struct machine machine;
        if (geteuid())
                harness_skip("only user 0 can give up its rights");
        be_filtered();
        assert_int_equal(capabilities_drop(), 0);
        look(&machine);
        assert_int_equal(machine.offered & (SPACES | WARD_LAYER_OTHER_USER), 0);
        assert_reason(&machine, WARD_LAYER_NETWORK_NAMESPACE, "CAP_SYS_ADMIN");
        assert_reason(&machine, WARD_LAYER_OTHER_USER, "CAP_SETUID");
}

int main(int argc, char **argv)
{
        /* The sanitizer's leak checker traces the process at its end, which the filter refuses. */
        if (HARNESS_HAS_SHADOW)
                return TEST_MAIN(argc, argv, TEST_CASE(every_layer_is_offered_or_has_a_reason),
                                 TEST_CASE(an_ordinary_user_is_no_other), TEST_CASE(without_namespaces_the_sysctl_is_named));
        return TEST_MAIN(argc, argv, TEST_CASE(every_layer_is_offered_or_has_a_reason), TEST_CASE(an_ordinary_user_is_no_other),
                         TEST_CASE(without_namespaces_the_sysctl_is_named), TEST_CASE(under_a_filter_that_is_named),
                         TEST_CASE(user_0_without_rights_is_told_of_containers));
}
