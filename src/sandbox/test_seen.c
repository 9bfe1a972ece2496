#include "sandbox/seen.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/posture.h>
#include "sandbox/machine.h"
#include "sandbox/tries.h"
#include "test/harness/harness.h"

/* What is seen of a child once @become has returned 0 there. */
static struct sandbox_seen see(int flags, int (*become)(void))
{
        struct sandbox_seen seen;
        int ready[2];
        char folder[32], failed;
        assert_int_equal(pipe(ready), 0);
        pid_t pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
        assert_true(pid >= 0);
        if (!pid) {
                failed = become ? (char)become() : 0;
                if (write(ready[1], &failed, 1) == 1)
                        pause();
                _exit(1);
        }
        assert_int_equal(read(ready[0], &failed, 1), 1);
        assert_int_equal(failed, 0);
        snprintf(folder, sizeof folder, "/proc/%d", pid);
        assert_int_equal(seen_read(folder, &seen), 0);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(ready[0]);
        close(ready[1]);
        return seen;
}

enum {
        SEEN = WARD_LAYER_ALL & ~WARD_LAYER_LANDLOCK,
        INHERITED = WARD_LAYER_NO_CORE | WARD_LAYER_RLIMITS | WARD_LAYER_NO_CAPABILITIES | WARD_LAYER_NO_NEW_PRIVILEGES,
};

TEST(a_plain_child_is_held_by_nothing)
{
        struct sandbox_seen seen = see(0, NULL);
        assert_int_equal(seen.held & ~INHERITED, 0);
        assert_int_equal(seen.shown | WARD_LAYER_HIDDEN, SEEN);
        assert_int_equal(!(seen.shown & WARD_LAYER_HIDDEN), !geteuid());
}

/* Each alone, as it was tried on this machine: a layer is seen exactly where it is. */
TEST(each_layer_is_seen)
{
        enum { MOVES = WARD_LAYER_PID_NAMESPACE | WARD_LAYER_CGROUP | WARD_LAYER_LANDLOCK };
        struct machine machine;
        struct sandbox_seen plain = see(0, NULL);
        machine_look(&machine);
        for (unsigned i = 0; i < MACHINE_LAYERS; i++) {
                unsigned layer = 1u << i;
                if (!(machine.offered & layer) || MOVES & layer || (layer == WARD_LAYER_HIDDEN && !geteuid()))
                        continue;
                struct sandbox_seen seen = see(0, tries[i]);
                if (!(seen.held & layer))
                        fail_msg("%s is not seen", ward_layer_name(layer));
                assert_non_null(seen_where(layer));
                if (!geteuid() &&
                    layer & ~(WARD_LAYER_OWN_ROOT | WARD_LAYER_OTHER_USER | WARD_LAYER_FILTER | WARD_LAYER_USER_NAMESPACE))
                        assert_int_equal(seen.held & ~plain.held, layer & ~plain.held);
        }
}

TEST(a_pid_namespace_is_seen)
{
        struct machine machine;
        machine_look(&machine);
        if (geteuid() || !(machine.offered & WARD_LAYER_PID_NAMESPACE))
                harness_skip("this user makes no PID namespace without another");
        assert_true(see(CLONE_NEWPID, NULL).held & WARD_LAYER_PID_NAMESPACE);
        assert_false(see(CLONE_NEWUTS, NULL).held & WARD_LAYER_PID_NAMESPACE);
}

TEST(landlock_is_not_shown)
{
        struct machine machine;
        machine_look(&machine);
        if (!(machine.offered & WARD_LAYER_LANDLOCK))
                harness_skip("the kernel has no Landlock");
        assert_false(see(0, tries[11]).shown & WARD_LAYER_LANDLOCK);
        assert_null(seen_where(WARD_LAYER_LANDLOCK));
}

/* What a host is under, its workers are under as well: that holds neither. */
TEST(an_inherited_filter_holds_nobody)
{
        struct machine machine;
        machine_look(&machine);
        if (!(machine.offered & WARD_LAYER_FILTER))
                harness_skip("there are no filters here");
        struct sock_filter code[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
        const struct sock_fprog program = { 1, code };
        assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), 0);
        assert_false(see(0, NULL).held & WARD_LAYER_FILTER);
        assert_true(see(0, tries[12]).held & WARD_LAYER_FILTER);
}

TEST(who_is_gone_is_not_seen)
{
        struct sandbox_seen seen = { .held = 17 };
        assert_int_equal(seen_read("/proc/999999999", &seen), -ENOENT);
        assert_int_equal(seen.held, 17);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_plain_child_is_held_by_nothing), TEST_CASE(each_layer_is_seen),
                         TEST_CASE(a_pid_namespace_is_seen), TEST_CASE(landlock_is_not_shown),
                         TEST_CASE(an_inherited_filter_holds_nobody), TEST_CASE(who_is_gone_is_not_seen));
}
