/* The kernel's own: what sets the machine, and what few need and attackers like. Where a call would change something it is made so
 * that it cannot: with what is checked only after the right to call it at all. */
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/seccomp.h>
#include <linux/userfaultfd.h>
#include <signal.h>
#include <string.h>
#include <sys/klog.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/quota.h>
#include <sys/reboot.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

/* The call was let through, and then found that its arguments are nonsense. */
static long reached(long result, int nonsense)
{
        return result < 0 && errno != nonsense ? errno : 0;
}

static long ring(const struct stage *stage, struct outcome *outcome, long argument)
{
        uint8_t parameters[120] = { 0 };
        return take_fd((int)syscall(SYS_io_uring_setup, 4, parameters));
}

static long ring_enter(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(syscall(SYS_io_uring_enter, -1, 0, 0, 0, NULL, 0), EBADF);
}

static long faults(const struct stage *stage, struct outcome *outcome, long flags)
{
        return take_fd((int)syscall(SYS_userfaultfd, O_CLOEXEC | (int)flags));
}

static long map_bpf(const struct stage *stage, struct outcome *outcome, long argument)
{
        union bpf_attr attributes = { .map_type = BPF_MAP_TYPE_ARRAY };
        attributes.key_size = attributes.value_size = 4;
        attributes.max_entries = 1;
        return take_fd((int)syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

static long load_bpf(const struct stage *stage, struct outcome *outcome, long argument)
{
        /* r0 = 0; exit */
        static const struct bpf_insn program[] = { { .code = 0xb7 }, { .code = 0x95 } };
        union bpf_attr attributes = { .prog_type = BPF_PROG_TYPE_SOCKET_FILTER };
        attributes.insn_cnt = 2;
        attributes.insns = (uintptr_t)program;
        attributes.license = (uintptr_t) "GPL";
        return take_fd((int)syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof attributes));
}

static long count_events(const struct stage *stage, struct outcome *outcome, long whom)
{
        struct perf_event_attr attributes = { .type = PERF_TYPE_SOFTWARE,
                                              .size = sizeof attributes,
                                              .config = PERF_COUNT_SW_TASK_CLOCK };
        attributes.exclude_kernel = 1;
        return take_fd((int)syscall(SYS_perf_event_open, &attributes, whom ? stage->host : 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

static long load_module(const struct stage *stage, struct outcome *outcome, long argument)
{
        if (argument)
                return reached(syscall(SYS_finit_module, -1, "", 0), EBADF);
        /* Not a module. */
        return syscall(SYS_init_module, "nothing", 8, "") < 0 && errno != ENOEXEC ? errno : 0;
}

static long unload_module(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(syscall(SYS_delete_module, "ward-escape", O_NONBLOCK), ENOENT);
}

static long load_kernel(const struct stage *stage, struct outcome *outcome, long argument)
{
        if (argument)
                return reached(syscall(SYS_kexec_file_load, -1, -1, 1ul, "", 0ul), EBADF);
        return reached(syscall(SYS_kexec_load, 0ul, 1ul, NULL, ~0ul), EINVAL);
}

/* The magic numbers are wrong. */
static long restart(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(syscall(SYS_reboot, 1, 2, 3, NULL), EINVAL);
}

static long swap(const struct stage *stage, struct outcome *outcome, long off)
{
        return off ? reached(syscall(SYS_swapoff, "/ward-escape"), ENOENT)
                   : reached(syscall(SYS_swapon, "/ward-escape", 0), ENOENT);
}

static long account(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(syscall(SYS_acct, "/ward-escape"), ENOENT);
}

/* Of a device that is none: the right is asked for later, so only the filter says no. */
static long quota(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(syscall(SYS_quotactl, (int)((unsigned)Q_QUOTAOFF << SUBCMDSHIFT | USRQUOTA), "/ward-escape", 0, NULL),
                       ENOENT);
}

static long read_log(const struct stage *stage, struct outcome *outcome, long argument)
{
        enum { READ_ALL = 3 };
        return done(klogctl(READ_ALL, outcome->text, sizeof outcome->text));
}

/* Neither time nor zone: only the right is asked for. */
static long set_time(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_settimeofday, NULL, NULL));
}

/* To what it reads. */
static long adjust_time(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct timex time = { 0 };
        if (adjtimex(&time) < 0)
                return errno;
        time.modes = ADJ_FREQUENCY;
        return done(adjtimex(&time));
}

static long wake_machine(const struct stage *stage, struct outcome *outcome, long argument)
{
        timer_t timer;
        struct sigevent quiet = { .sigev_notify = SIGEV_NONE };
        enum { REALTIME_ALARM = 8 };
        if (syscall(SYS_timer_create, REALTIME_ALARM, &quiet, &timer) < 0)
                return errno;
        return 0;
}

static long timers(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct itimerval later = { .it_value = { .tv_sec = 1000 } }, none = { { 0 } };
        if (setitimer(ITIMER_REAL, &later, NULL))
                return errno;
        return done(setitimer(ITIMER_REAL, &none, NULL));
}

/* To what it is, so that it is the same machine afterwards. */
static long name_machine(const struct stage *stage, struct outcome *outcome, long domain)
{
        struct utsname names;
        uname(&names);
        return domain ? done(setdomainname(names.domainname, strlen(names.domainname)))
                      : done(sethostname(names.nodename, strlen(names.nodename)));
}

static long become(const struct stage *stage, struct outcome *outcome, long persona)
{
        return personality((unsigned long)persona) < 0 ? errno : personality(~0u & 0xffffffff) == persona ? 0 : EPERM;
}

static long hang_up(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_vhangup));
}

static long secret_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
#ifdef SYS_memfd_secret
        return take_fd((int)syscall(SYS_memfd_secret, O_CLOEXEC));
#else
        return ENOSYS;
#endif
}

static long lock_memory(const struct stage *stage, struct outcome *outcome, long argument)
{
        /* By the numbers, since sanitizers take the functions away. */
        if (syscall(SYS_mlockall, MCL_FUTURE))
                return errno;
        return done(syscall(SYS_munlockall));
}

/* --- prctl ------------------------------------------------------------------------------------ */

static long control(const struct stage *stage, struct outcome *outcome, long option)
{
        return done(prctl((int)option & 0xffff, (unsigned long)option >> 16, 0ul, 0ul, 0ul));
}

static long set_memory_map(const struct stage *stage, struct outcome *outcome, long argument)
{
        return reached(prctl(PR_SET_MM, PR_SET_MM_BRK, 1ul, 0ul, 0ul), EINVAL);
}

static long let_trace(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0ul, 0ul, 0ul));
}

/* A second filter that allows everything loosens nothing: what was refused is refused. */
static long loosen_filter(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sock_filter all = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
        const struct sock_fprog program = { 1, &all };
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0)
                return errno;
        return tell_file(in(stage->outside, "secret"), outcome);
}

/* A listener of its own would be asked before Ward's. */
static long listen_filter(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sock_filter all = { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
        const struct sock_fprog program = { 1, &all };
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        return take_fd((int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program));
}

#define OPTION(option, value) ((option) | (long)(value) << 16)

static const struct probe kernel[] = {
        { "io-uring", ring, 0, WITNESSED, REFUSE, .why = "it does what other calls do, past every filter of them" },
        { "io-uring-enter", ring_enter, 0, WITNESSED, REFUSE, .why = "likewise, with a ring from elsewhere" },
        { "userfaultfd", faults, 0, WITNESSED, REFUSE, .why = "it stops the kernel in the middle of something" },
        { "userfaultfd-user", faults, UFFD_USER_MODE_ONLY, WITNESSED, REFUSE, .absent = AS(EINVAL), .why = "nobody needs it here" },
        { "bpf-map", map_bpf, 0, WITNESSED, REFUSE, .why = "programs in the kernel" },
        { "bpf-program", load_bpf, 0, WITNESSED, REFUSE, .why = "likewise" },
        { "perf-self", count_events, 0, WITNESSED, REFUSE, .absent = AS(ENOENT),
          .why = "a clock finer than others, and a long list of errors" },
        { "perf-host",
          count_events,
          1,
          WITNESSED,
          { NOBODY, NOBODY, NOBODY, NOBODY },
          .absent = AS(ENOENT),
          .why = "it tells where the host runs" },
        { "module-init", load_module, 0, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "code in the kernel" },
        { "module-finit", load_module, 1, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "likewise" },
        { "module-delete", unload_module, 0, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "the machine's drivers" },
        { "kexec", load_kernel, 0, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "another kernel" },
        { "kexec-file", load_kernel, 1, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "likewise" },
        { "reboot", restart, 0, WITNESSED, REFUSE, .why = "the machine is everybody's" },
        { "swapon", swap, 0, WITNESSED, REFUSE, .why = "the machine's memory" },
        { "swapoff", swap, 1, WITNESSED, REFUSE, .why = "likewise" },
        { "acct", account, 0, WITNESSED, REFUSE, .why = "a log of what everybody runs" },
        { "quotactl", quota, 0, WITNESSED, REFUSE, .why = "quotas are the machine's to set" },
        { "syslog", read_log, 0, WITNESSED, REFUSE, .why = "the kernel's messages have addresses" },
        { "settimeofday", set_time, 0, WITNESSED, REFUSE, .why = "the time is everybody's" },
        { "adjtimex", adjust_time, 0, WITNESSED, REFUSE, .why = "likewise" },
        { "wake-alarm", wake_machine, 0, WITNESSED, REFUSE, FRESH, .why = "machines that sleep are not to be woken" },
        { "timers",
          timers,
          0,
          WITNESSED,
          { REFUSED | WORKS, REFUSED | WORKS, USER, USER },
          .why = "a timer of its own interrupts itself only" },
        { "sethostname", name_machine, 0, WITNESSED, REFUSE, .why = "the machine's name is everybody's" },
        { "setdomainname", name_machine, 1, WITNESSED, REFUSE, .why = "likewise" },
        { "personality-random", become, ADDR_NO_RANDOMIZE, WITNESSED, REFUSE, FRESH,
          .why = "programs that it starts would lie at known addresses" },
        { "personality-execute", become, READ_IMPLIES_EXEC, WITNESSED, REFUSE, FRESH, .why = "data would be code" },
        { "vhangup", hang_up, 0, WITNESSED, REFUSE, .why = "the terminal is the host's" },
        { "memfd-secret", secret_memory, 0, WITNESSED, REFUSE, .why = "memory that no limit counts" },
        { "mlockall",
          lock_memory,
          0,
          WITNESSED,
          { REFUSED | AS(ENOMEM) | AS(EAGAIN), REFUSED | AS(ENOMEM) | AS(EAGAIN), USER | AS(ENOMEM) | AS(EAGAIN),
            USER | AS(ENOMEM) | AS(EAGAIN) },
          FRESH,
          .absent = AS(ENOMEM),
          .why = "memory that cannot be taken back" },
        { "prctl-dumpable", control, OPTION(PR_SET_DUMPABLE, 1), WITNESSED, REFUSE, FRESH, .why = "what was hidden stays hidden" },
        { "prctl-ptracer", let_trace, 0, WITNESSED, REFUSE, FRESH, .absent = AS(EINVAL), .why = "likewise" },
        { "prctl-mm", set_memory_map, 0, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "what /proc says of it stays true" },
        { "prctl-securebits", control, OPTION(PR_SET_SECUREBITS, 0), WITNESSED, REFUSE,
          .why = "how rights are passed on is not to be set" },
        { "prctl-timing",
          control,
          OPTION(PR_SET_TIMING, PR_TIMING_STATISTICAL),
          WITNESSED,
          { REFUSED, REFUSED, WORKS, WORKS },
          .why = "options that are not listed are refused" },
        { "seccomp-loosen", loosen_filter, 0, SECRET, NAMED, FRESH, .why = "filters only add up" },
        { "seccomp-listen",
          listen_filter,
          0,
          WITNESSED,
          { REFUSED | AS(EBUSY), REFUSED | AS(EBUSY), USER, USER },
          FRESH,
          .why = "who listens to a filter decides what it lets through" },
};

const struct area area_kernel = { "kernel", PROBES(kernel) };
