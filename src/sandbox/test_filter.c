#include "sandbox/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/syscalls.h"
#include "test/harness/harness.h"

static const struct filter_wants nothing, spawn = { .spawn = true }, connects = { .connect = true };

/* Without libseccomp there is nothing to try. */
static struct sandbox_filter prepare(enum filter_kind kind, const struct filter_wants *wants)
{
        struct sandbox_filter filter;
        assert_int_equal(filter_prepare(kind, wants, &filter), 0);
        if (!filter.program.len)
                harness_skip("Ward was built without libseccomp");
        return filter;
}

/* Runs @check behind the filter, in a process of its own. Nobody listens, so that what is notified fails with ENOSYS. */
static int run_held(enum filter_kind kind, const struct filter_wants *wants, int (*check)(const void *data), const void *data)
{
        struct sandbox_filter filter = prepare(kind, wants);
        int status, listener = -1;
        pid_t pid = fork();
        if (!pid) {
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                if (filter_apply(&filter, &listener))
                        _exit(100);
                close(listener);
                _exit(check(data));
        }
        waitpid(pid, &status, 0);
        filter_finish(&filter);
        return status;
}

/* --- Single calls ----------------------------------------------------------------------------- */

/* Arguments that do nothing where the call is let through: it then fails for another reason, or succeeds. */
struct call {
        const char *what;
        long number;
        long args[6];
};

struct calls {
        const struct call *at;
        size_t n;
        bool allowed;
};

static int check_calls(const void *data)
{
        const struct calls *calls = data;
        int wrong = 0;
        for (size_t i = 0; i < calls->n; i++) {
                const struct call *call = &calls->at[i];
                const long *a = call->args;
                errno = 0;
                long r = syscall(call->number, a[0], a[1], a[2], a[3], a[4], a[5]);
                bool allowed = r >= 0 || errno != ENOSYS;
                if (allowed != calls->allowed)
                        wrong += fprintf(stderr, "%s: %ld, %s\n", call->what, r, strerror(errno)) > 0;
        }
        return wrong;
}

#define EXPECT(kind, wants, list, allows)                                                                                          \
        assert_int_equal(run_held(kind, wants, check_calls, &(struct calls){ list, COUNT_OF(list), allows }), 0)

static const char nowhere[] = "/nonexistent";
#define NOWHERE (long)nowhere

static const struct call basics[] = {
        { "getppid", SYS_getppid, { 0 } },
        { "mmap", SYS_mmap, { 0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } },
        { "mmap writable and executable",
          SYS_mmap,
          { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0 } },
        { "madvise", SYS_madvise, { 0, 0, MADV_DONTNEED } },
        { "madvise, cold", SYS_madvise, { 0, 0, 20 } },
        { "memfd_create", SYS_memfd_create, { (long)"a", MFD_CLOEXEC | MFD_ALLOW_SEALING } },
        { "futex", SYS_futex, { 0, 0, -1 } },
        { "kill of itself by nobody", SYS_kill, { 1, 0 } },
        { "alarm", SYS_alarm, { 0 } },
        { "close", SYS_close, { -1 } },
        { "fcntl F_DUPFD_CLOEXEC", SYS_fcntl, { -1, F_DUPFD_CLOEXEC, 3 } },
        { "fcntl, with bits that do not count", SYS_fcntl, { -1, F_GETFL | 1l << 40, 0 } },
        { "ioctl FIONREAD", SYS_ioctl, { -1, FIONREAD, 0 } },
        { "prctl PR_SET_NAME", SYS_prctl, { PR_SET_NAME, (long)"a" } },
        { "prlimit of itself", SYS_prlimit64, { 0, 7, 0, 0 } },
        { "socketpair", SYS_socketpair, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, 0 } },
        { "sendmsg", SYS_sendmsg, { -1, 0, MSG_NOSIGNAL } },
        { "getsockopt SO_ERROR", SYS_getsockopt, { -1, SOL_SOCKET, SO_ERROR, 0, 0 } },
        { "newfstatat of a descriptor", SYS_newfstatat, { -1, (long)"", 0, AT_EMPTY_PATH } },
        { "personality, asked", SYS_personality, { 0xffffffff } },
        { "timer_create", SYS_timer_create, { CLOCK_MONOTONIC, 0, 0 } },
        { "getrandom", SYS_getrandom, { 0, 0, 0 } },
};

static const struct call never[] = {
        { "mount", SYS_mount, { 0 } },
        { "umount2", SYS_umount2, { 0 } },
        { "pivot_root", SYS_pivot_root, { 0 } },
        { "chroot", SYS_chroot, { 0 } },
        { "unshare", SYS_unshare, { 0 } },
        { "setns", SYS_setns, { -1, 0 } },
        { "open_tree", SYS_open_tree, { -1, NOWHERE, 0 } },
        { "fsopen", SYS_fsopen, { 0, 0 } },
        { "ptrace", SYS_ptrace, { 99, 0, 0, 0 } },
        { "process_vm_readv", SYS_process_vm_readv, { 1, 0, 0, 0, 0, 0 } },
        { "process_vm_writev", SYS_process_vm_writev, { 1, 0, 0, 0, 0, 0 } },
        { "kcmp", SYS_kcmp, { 1, 1, 0, 0, 0 } },
        { "pidfd_getfd", SYS_pidfd_getfd, { -1, 0, 0 } },
        { "bpf", SYS_bpf, { 0, 0, 0 } },
        { "perf_event_open", SYS_perf_event_open, { 0, 0, -1, -1, 0 } },
        { "userfaultfd", SYS_userfaultfd, { 0 } },
        { "io_uring_setup", SYS_io_uring_setup, { 1, 0 } },
        { "keyctl", SYS_keyctl, { 0, 0, 0, 0, 0 } },
        { "add_key", SYS_add_key, { 0, 0, 0, 0, 0 } },
        { "request_key", SYS_request_key, { 0, 0, 0, 0 } },
        { "init_module", SYS_init_module, { 0, 0, 0 } },
        { "finit_module", SYS_finit_module, { -1, 0, 0 } },
        { "delete_module", SYS_delete_module, { NOWHERE, 0 } },
        { "kexec_load", SYS_kexec_load, { 0, 0, 0, 0 } },
        { "reboot", SYS_reboot, { 0, 0, 0, 0 } },
        { "swapon", SYS_swapon, { 0, 0 } },
        { "clock_settime", SYS_clock_settime, { 0, 0 } },
        { "settimeofday", SYS_settimeofday, { 0, 0 } },
        { "sethostname", SYS_sethostname, { 0, 1l << 20 } },
        { "quotactl", SYS_quotactl, { -1, 0, 0, 0 } },
        { "syslog", SYS_syslog, { 10, 0, 0 } },
        { "acct", SYS_acct, { NOWHERE } },
        { "iopl", SYS_iopl, { 0 } },
        { "modify_ldt", SYS_modify_ldt, { 0, 0, 0 } },
        { "name_to_handle_at", SYS_name_to_handle_at, { -1, 0, 0, 0, 0 } },
        { "open_by_handle_at", SYS_open_by_handle_at, { -1, 0, 0 } },
        { "fanotify_init", SYS_fanotify_init, { 0, 0 } },
        { "memfd_secret", SYS_memfd_secret, { 0 } },
        { "memfd_create of huge pages", SYS_memfd_create, { (long)"a", MFD_HUGETLB } },
        { "mmap of huge pages", SYS_mmap, { 0, 2 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0 } },
        { "madvise MADV_MERGEABLE", SYS_madvise, { 0, 0, MADV_MERGEABLE } },
        { "madvise MADV_MERGEABLE, with bits that do not count", SYS_madvise, { 0, 0, MADV_MERGEABLE | 1l << 32 } },
        { "shmget", SYS_shmget, { 0, 0, 0 } },
        { "semget", SYS_semget, { 0, 0, 0 } },
        { "msgget", SYS_msgget, { -1, 0 } },
        { "mq_open", SYS_mq_open, { NOWHERE, 0, 0, 0 } },
        { "io_setup", SYS_io_setup, { 0, 0 } },
        { "vmsplice", SYS_vmsplice, { -1, 0, 0, 0 } },
        { "move_pages", SYS_move_pages, { 0, 0, 0, 0, 0, 0 } },
        { "mbind", SYS_mbind, { 0, 0, 0, 0, 0, 0 } },
        { "sched_setaffinity", SYS_sched_setaffinity, { 0, 0, 0 } },
        { "sched_setscheduler", SYS_sched_setscheduler, { 0, -1, 0 } },
        { "setpriority of others", SYS_setpriority, { 2, 0, 0 } },
        { "prlimit of another", SYS_prlimit64, { 2, 7, 0, 0 } },
        { "setuid", SYS_setuid, { -1 } },
        { "setgroups", SYS_setgroups, { 0, 0 } },
        { "capset", SYS_capset, { 0, 0 } },
        { "seccomp", SYS_seccomp, { 99, 0, 0 } },
        { "landlock_create_ruleset", SYS_landlock_create_ruleset, { 0, 0, 1 } },
        { "clone3", SYS_clone3, { 0, 0 } },
        { "clone into a user namespace", SYS_clone, { CLONE_NEWUSER | CLONE_FS, 0, 0, 0, 0 } },
        { "a thread that is untraced",
          SYS_clone,
          { CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_UNTRACED | CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0 } },
        { "a sibling", SYS_clone, { CLONE_PARENT | CLONE_NEWNS | CLONE_FS, 0, 0, 0, 0 } },
        { "personality", SYS_personality, { 0x0040000 } },
        { "prctl PR_SET_DUMPABLE", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
        { "prctl PR_SET_PTRACER", SYS_prctl, { PR_SET_PTRACER, -1 } },
        { "prctl PR_SET_MM", SYS_prctl, { PR_SET_MM, 0, 0, 0, 0 } },
        { "prctl PR_SET_SECCOMP", SYS_prctl, { PR_SET_SECCOMP, 99, 0 } },
        { "ioctl TIOCSTI", SYS_ioctl, { 0, TIOCSTI, 0 } },
        { "ioctl TIOCSTI, with bits that do not count", SYS_ioctl, { 0, TIOCSTI | 1l << 32, 0 } },
        { "ioctl TIOCLINUX", SYS_ioctl, { 0, TIOCLINUX, 0 } },
        { "fcntl F_SETOWN", SYS_fcntl, { 0, F_SETOWN, 1 } },
        { "fcntl F_SETSIG", SYS_fcntl, { 0, F_SETSIG, 9 } },
        { "fcntl F_NOTIFY", SYS_fcntl, { 0, F_NOTIFY, 0 } },
        { "bind", SYS_bind, { -1, 0, 0 } },
        { "listen", SYS_listen, { -1, 0 } },
        { "accept", SYS_accept, { -1, 0, 0 } },
        { "connect", SYS_connect, { -1, 0, 0 } },
        { "socket, netlink", SYS_socket, { AF_NETLINK, SOCK_RAW, 0 } },
        { "socket, packets", SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
        { "socket, UDP", SYS_socket, { AF_INET, SOCK_DGRAM, 0 } },
        { "socket, local datagrams", SYS_socket, { AF_UNIX, SOCK_DGRAM, 0 } },
        { "socket, MPTCP", SYS_socket, { AF_INET, SOCK_STREAM, 262 } },
        { "socketpair of datagrams", SYS_socketpair, { AF_UNIX, SOCK_DGRAM, 0, 0 } },
        { "sendto that connects", SYS_sendto, { -1, 0, 0, MSG_FASTOPEN, 0, 0 } },
        { "sendmsg that connects", SYS_sendmsg, { -1, 0, MSG_FASTOPEN } },
        { "getsockopt SO_PEERPIDFD", SYS_getsockopt, { -1, SOL_SOCKET, 77, 0, 0 } },
        { "setsockopt TCP_ULP", SYS_setsockopt, { -1, 6, 31, 0, 0 } },
        { "setsockopt SO_ATTACH_FILTER", SYS_setsockopt, { -1, SOL_SOCKET, SO_ATTACH_FILTER, 0, 0 } },
        { "open", SYS_open, { NOWHERE, 0, 0 } },
        { "openat", SYS_openat, { AT_FDCWD, NOWHERE, 0, 0 } },
        { "execve", SYS_execve, { NOWHERE, 0, 0 } },
        { "unlink", SYS_unlink, { NOWHERE } },
        { "chmod", SYS_chmod, { NOWHERE, 0 } },
        { "fchmod", SYS_fchmod, { -1, 0 } },
        { "mknod", SYS_mknod, { NOWHERE, 0, 0 } },
        { "a call that there is not yet", 511, { 0 } },
};

TEST(every_level_computes)
{
        EXPECT(FILTER_INTERNET, &nothing, basics, true);
        EXPECT(FILTER_INTRANET, &nothing, basics, true);
        EXPECT(FILTER_INTRANET, &spawn, basics, true);
}

TEST(no_level_leads_out)
{
        EXPECT(FILTER_INTERNET, NULL, never, false);
        EXPECT(FILTER_INTRANET, &nothing, never, false);
        EXPECT(FILTER_INTRANET, &spawn, never, false);
        EXPECT(FILTER_INTRANET, &connects, never, false);
}

static const struct call looks[] = {
        { "stat", SYS_stat, { NOWHERE, 0 } },           { "newfstatat", SYS_newfstatat, { AT_FDCWD, NOWHERE, 0, 0 } },
        { "access", SYS_access, { NOWHERE, 0 } },       { "readlink", SYS_readlink, { NOWHERE, 0, 0 } },
        { "getdents64", SYS_getdents64, { -1, 0, 0 } }, { "chdir", SYS_chdir, { NOWHERE } },
        { "sendfile", SYS_sendfile, { -1, -1, 0, 0 } },
};

TEST(files_are_for_intranet)
{
        EXPECT(FILTER_INTERNET, NULL, looks, false);
        EXPECT(FILTER_INTRANET, &nothing, looks, true);
}

static const struct call spawns[] = {
        { "wait4", SYS_wait4, { -1, 0, WNOHANG, 0 } }, { "setpgid", SYS_setpgid, { -1, 0 } },
        { "kill", SYS_kill, { 1 << 30, 0 } },          { "tgkill", SYS_tgkill, { 1 << 30, 1 << 30, 0 } },
        { "pidfd_open", SYS_pidfd_open, { -1, 0 } },
};

TEST(processes_are_for_those_who_may_spawn)
{
        EXPECT(FILTER_INTERNET, &spawn, spawns, false);
        EXPECT(FILTER_INTRANET, &connects, spawns, false);
        EXPECT(FILTER_INTRANET, &spawn, spawns, true);
}

static const struct call sockets[] = {
        { "socket, IPv4", SYS_socket, { AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0 } },
        { "socket, IPv6", SYS_socket, { AF_INET6, SOCK_STREAM, 6 } },
        { "socket, local", SYS_socket, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0 } },
        { "setsockopt TCP_NODELAY", SYS_setsockopt, { -1, 6, 1, 0, 0 } },
};

TEST(sockets_are_for_those_who_may_connect)
{
        EXPECT(FILTER_INTERNET, &connects, sockets, false);
        EXPECT(FILTER_INTRANET, &spawn, sockets, false);
        EXPECT(FILTER_INTRANET, &connects, sockets, true);
}

TEST(an_observer_refuses_nothing_but_what_it_cannot_see)
{
        static const struct call free_ones[] = {
                { "mount", SYS_mount, { 0 } },
                { "socket", SYS_socket, { AF_UNIX, SOCK_DGRAM, 0 } },
                { "bpf", SYS_bpf, { 0, 0, 0 } },
                { "newfstatat of a descriptor", SYS_newfstatat, { -1, (long)"", 0, AT_EMPTY_PATH } },
        };
        static const struct call noticed[] = {
                { "openat", SYS_openat, { AT_FDCWD, NOWHERE, 0, 0 } },
                { "execve", SYS_execve, { NOWHERE, 0, 0 } },
                { "connect", SYS_connect, { -1, 0, 0 } },
                { "vfork", SYS_vfork, { 0 } },
                { "unlinkat", SYS_unlinkat, { -1, NOWHERE, 0 } },
                { "clone3", SYS_clone3, { 0, 0 } },
        };
        EXPECT(FILTER_OBSERVE, NULL, free_ones, true);
        EXPECT(FILTER_OBSERVE, NULL, noticed, false);
}

/* --- What the C library does ------------------------------------------------------------------ */

static void *return_data(void *data)
{
        return data;
}

static int check_thread(const void *data)
{
        pthread_t thread;
        void *got;
        return pthread_create(&thread, NULL, return_data, &got) || pthread_join(thread, &got) || got != &got;
}

TEST(threads_can_be_made_at_every_level)
{
        assert_int_equal(run_held(FILTER_INTERNET, NULL, check_thread, NULL), 0);
        assert_int_equal(run_held(FILTER_INTRANET, NULL, check_thread, NULL), 0);
        assert_int_equal(run_held(FILTER_OBSERVE, NULL, check_thread, NULL), 0);
}

static int check_fork(const void *data)
{
        int status = 1;
        pid_t pid = fork();
        if (!pid)
                _exit(0);
        return pid < 0 || waitpid(pid, &status, 0) != pid ? 1 : status;
}

TEST(forking_takes_the_permission)
{
        assert_int_not_equal(run_held(FILTER_INTERNET, NULL, check_fork, NULL), 0);
        assert_int_not_equal(run_held(FILTER_INTRANET, NULL, check_fork, NULL), 0);
        assert_int_equal(run_held(FILTER_INTRANET, &spawn, check_fork, NULL), 0);
}

/* --- Other ways in ---------------------------------------------------------------------------- */

#ifdef __x86_64__
static int check_32_bit(const void *data)
{
        long r;
        __asm__ volatile("int $0x80" : "=a"(r) : "0"(20L) : "memory", "r8", "r9", "r10", "r11"); /* getpid there */
        return r == -ENOSYS ? 99 : 0;
}

static int check_x32(const void *data)
{
        syscall(0x40000000 + SYS_getpid);
        return 0;
}

static bool was_ended(int status)
{
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}

TEST(who_comes_in_by_another_door_is_ended)
{
        int status = run_held(FILTER_INTERNET, NULL, check_32_bit, NULL);
        assert_true(was_ended(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV)); /* a kernel without that door */
        assert_true(was_ended(run_held(FILTER_INTERNET, NULL, check_x32, NULL)));
        assert_true(was_ended(run_held(FILTER_INTRANET, &spawn, check_x32, NULL)));
}
#else
TEST(who_comes_in_by_another_door_is_ended)
{
        harness_skip("this processor has one door");
}
#endif

/* --- The listener ----------------------------------------------------------------------------- */

/* The descriptor is of the child: what it opens there, this test cannot take without a socket. */
static void send_fd(int socket, int fd)
{
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)] = { 0 };
        struct iovec bytes = { "", 1 };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        struct cmsghdr *part = CMSG_FIRSTHDR(&message);
        *part = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd) };
        memcpy(CMSG_DATA(part), &fd, sizeof fd);
        if (sendmsg(socket, &message, 0) < 0)
                _exit(101);
}

static int receive_fd(int socket)
{
        char byte;
        int fd;
        _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof fd)];
        struct iovec bytes = { &byte, 1 };
        struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control };
        assert_int_equal(recvmsg(socket, &message, MSG_CMSG_CLOEXEC), 1);
        assert_non_null(CMSG_FIRSTHDR(&message));
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
        return fd;
}

TEST(who_listens_learns_what_was_called_and_answers)
{
        struct sandbox_filter filter = prepare(FILTER_INTERNET, NULL);
        struct seccomp_notif notice = { 0 };
        int pair[2], listener, status;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        pid_t pid = fork();
        if (!pid) {
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
                if (filter_apply(&filter, &listener))
                        _exit(100);
                send_fd(pair[1], listener);
                close(listener);
                _exit(mkdir(nowhere, 0) < 0 && errno == EXDEV ? 0 : 1);
        }
        listener = receive_fd(pair[0]);
        assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &notice), 0);
        assert_string_equal(syscall_name(notice.data.nr), "mkdir");
        assert_int_equal(notice.data.arch, syscall_arch);
        assert_int_equal(notice.pid, pid);
        struct seccomp_notif_resp answer = { .id = notice.id, .error = -EXDEV };
        assert_int_equal(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer), 0);
        waitpid(pid, &status, 0);
        assert_int_equal(status, 0);
        close(listener);
        close(pair[0]);
        close(pair[1]);
        filter_finish(&filter);
}

/* --- Programs --------------------------------------------------------------------------------- */

TEST(a_program_is_made_once_and_bounded)
{
        for (enum filter_kind kind = FILTER_COMPILER; kind <= FILTER_OBSERVE; kind++) {
                struct sandbox_filter a = prepare(kind, NULL), b = prepare(kind, NULL);
                assert_true(a.program.len < 700 && a.program.len == b.program.len);
                assert_ptr_not_equal(a.program.filter, b.program.filter);
                assert_memory_equal(a.program.filter, b.program.filter, a.program.len * sizeof *a.program.filter);
                filter_finish(&a);
                filter_finish(&b);
                assert_null(b.program.filter);
        }
}

TEST(wants_make_other_programs)
{
        struct sandbox_filter plain = prepare(FILTER_INTRANET, NULL), more = prepare(FILTER_INTRANET, &connects);
        assert_true(more.program.len > plain.program.len);
        filter_finish(&plain);
        filter_finish(&more);
}

TEST(no_program_is_none)
{
        int listener = -1;
        assert_int_equal(filter_apply(&(struct sandbox_filter){ 0 }, &listener), 1);
}

TEST(system_calls_have_names)
{
        assert_string_equal(syscall_name(SYS_openat), "openat");
        assert_int_equal(syscall_number("execveat"), SYS_execveat);
        assert_string_equal(syscall_name(462), "mseal");
        assert_null(syscall_name(511));
        assert_null(syscall_name(-1));
        assert_null(syscall_name(1 << 30));
        assert_int_equal(syscall_number("no_such_call"), -1);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(
                argc, argv, TEST_CASE(every_level_computes), TEST_CASE(no_level_leads_out), TEST_CASE(files_are_for_intranet),
                TEST_CASE(processes_are_for_those_who_may_spawn), TEST_CASE(sockets_are_for_those_who_may_connect),
                TEST_CASE(an_observer_refuses_nothing_but_what_it_cannot_see), TEST_CASE(threads_can_be_made_at_every_level),
                TEST_CASE(forking_takes_the_permission), TEST_CASE(who_comes_in_by_another_door_is_ended),
                TEST_CASE(who_listens_learns_what_was_called_and_answers), TEST_CASE(a_program_is_made_once_and_bounded),
                TEST_CASE(wants_make_other_programs), TEST_CASE(no_program_is_none), TEST_CASE(system_calls_have_names));
}
