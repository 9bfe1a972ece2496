#include "sandbox/filter_lists.h"

#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/socket.h>
#include <time.h>
#include "base/own.h"

/* The kernel reads most arguments as 32 bits, and what stands above does not count: so it does not here. */
#define WORD 0xffffffffu
#define IS(arg, value)                                                                                                             \
        {                                                                                                                          \
                arg, SCMP_CMP_MASKED_EQ, WORD, (uint32_t)(value)                                                                   \
        }
/* No other bits than @allowed. */
#define ONLY(arg, allowed)                                                                                                         \
        {                                                                                                                          \
                arg, SCMP_CMP_MASKED_EQ, WORD & ~(uint32_t)(allowed), 0                                                            \
        }
#define NOT(arg, bits)                                                                                                             \
        {                                                                                                                          \
                arg, SCMP_CMP_MASKED_EQ, (uint32_t)(bits), 0                                                                       \
        }
#define HAS(arg, bits)                                                                                                             \
        {                                                                                                                          \
                arg, SCMP_CMP_MASKED_EQ, (uint32_t)(bits), (uint32_t)(bits)                                                        \
        }
/* The rest of the bits is @value. */
#define BESIDE(arg, free, value)                                                                                                   \
        {                                                                                                                          \
                arg, SCMP_CMP_MASKED_EQ, WORD & ~(uint32_t)(free), (uint32_t)(value)                                               \
        }
#define ONE(name, ...)                                                                                                             \
        {                                                                                                                          \
                name, 1,                                                                                                           \
                {                                                                                                                  \
                        __VA_ARGS__                                                                                                \
                }                                                                                                                  \
        }
#define TWO(name, ...)                                                                                                             \
        {                                                                                                                          \
                name, 2,                                                                                                           \
                {                                                                                                                  \
                        __VA_ARGS__                                                                                                \
                }                                                                                                                  \
        }
#define LIST(names, matches)                                                                                                       \
        {                                                                                                                          \
                names, COUNT_OF(names), matches, COUNT_OF(matches)                                                                 \
        }

/* Later than the oldest headers that Ward is built with, or of headers that cannot be had together. */
enum {
        ADV_KEEPS = 7,           /* MADV_NORMAL to MADV_DONTNEED, and a few that are not */
        ADV_FREE = 8,            /* to MADV_DOFORK */
        ADV_HUGEPAGE = 14,       /* and MADV_NOHUGEPAGE */
        ADV_DONTDUMP = 16,       /* to 31: MADV_COLLAPSE is 25 */
        ADV_GUARD_INSTALL = 102, /* and MADV_GUARD_REMOVE */
        MEMFD_CLOEXEC = 1,
        MEMFD_ALLOW_SEALING = 2,
        MEMFD_NOEXEC_SEAL = 8,
        MEMFD_EXEC = 16,
        MAP_OF_HUGETLB = 0x40000,
        FASTOPEN = 0x20000000,
        EMPTY_PATH = 0x1000,
        PR_SET_VMA_NAME = 0x53564d41,
        FIRST = 1, /* the worker's own number in its namespace */
};

/* --- Every level ------------------------------------------------------------------------------ */

/* Memory may be writable and executable at once: what loads native code that nobody has checked gains nothing by refusing it, and
 * code that is made while it runs needs it. */
static const char *const basic[] = {
        /* memory */
        "brk",
        "munmap",
        "mprotect",
        "mremap",
        "msync",
        "mincore",
        "membarrier",
        "mlock",
        "mlock2",
        "munlock",
        "munlockall",
        "pkey_alloc",
        "pkey_free",
        "pkey_mprotect",
        "map_shadow_stack",
        "mseal",
        /* threads */
        "exit",
        "exit_group",
        "futex",
        "futex_waitv",
        "futex_wake",
        "futex_wait",
        "futex_requeue",
        "gettid",
        "getpid",
        "getppid",
        "rseq",
        "set_robust_list",
        "set_tid_address",
        "restart_syscall",
        "sched_yield",
        "sched_getaffinity",
        "sched_getattr",
        "sched_getparam",
        "sched_getscheduler",
        "sched_get_priority_max",
        "sched_get_priority_min",
        "sched_rr_get_interval",
        "getcpu",
        /* signals of its own, and time */
        "rt_sigaction",
        "rt_sigprocmask",
        "rt_sigreturn",
        "rt_sigpending",
        "rt_sigtimedwait",
        "rt_sigsuspend",
        "sigaltstack",
        "pause",
        "alarm",
        "getitimer",
        "setitimer",
        "timer_settime",
        "timer_gettime",
        "timer_getoverrun",
        "timer_delete",
        "nanosleep",
        "clock_nanosleep",
        "clock_gettime",
        "clock_getres",
        "gettimeofday",
        "time",
        "times",
        /* what it is */
        "getuid",
        "geteuid",
        "getgid",
        "getegid",
        "getresuid",
        "getresgid",
        "getgroups",
        "getpgid",
        "getpgrp",
        "getsid",
        "capget",
        "getrusage",
        "getrlimit",
        "setrlimit",
        "sysinfo",
        "uname",
        "umask",
        "getcwd",
        "getrandom",
        /* the descriptors that it has */
        "read",
        "readv",
        "pread64",
        "preadv",
        "preadv2",
        "write",
        "writev",
        "pwrite64",
        "pwritev",
        "pwritev2",
        "lseek",
        "fstat",
        "fstatfs",
        "fsync",
        "fdatasync",
        "ftruncate",
        "fallocate",
        "fadvise64",
        "close",
        "close_range",
        "dup",
        "dup2",
        "dup3",
        "pipe",
        "pipe2",
        "eventfd",
        "eventfd2",
        "signalfd",
        "signalfd4",
        "timerfd_create",
        "timerfd_settime",
        "timerfd_gettime",
        "poll",
        "ppoll",
        "select",
        "pselect6",
        "epoll_create",
        "epoll_create1",
        "epoll_ctl",
        "epoll_wait",
        "epoll_pwait",
        "epoll_pwait2",
        "recvfrom",
        "recvmsg",
        "recvmmsg",
        "shutdown",
        "getsockname",
        "getpeername",
};

/* A thread, and nothing else: CLONE_UNTRACED, CLONE_PTRACE and namespaces are not among what may be set. */
#define THREAD_MUST (CLONE_VM | CLONE_SIGHAND | CLONE_THREAD)
#define THREAD_MAY                                                                                                                 \
        (CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | \
         CLONE_DETACHED)

#define PRCTL(option)           ONE("prctl", IS(0, option))
#define ARCH_PRCTL(option)      ONE("arch_prctl", IS(0, option))
#define FCNTL(command)          ONE("fcntl", IS(1, command))
#define IOCTL(request)          ONE("ioctl", IS(1, request))
#define GETSOCKOPT(level, name) TWO("getsockopt", IS(1, level), IS(2, name))
#define SETSOCKOPT(level, name) TWO("setsockopt", IS(1, level), IS(2, name))
#define SOCKOPT(level, name)    GETSOCKOPT(level, name), SETSOCKOPT(level, name)

static const struct filter_match basic_matches[] = {
        /* Huge pages are the system's few, and counted by no limit of a process. */
        ONE("mmap", NOT(3, MAP_OF_HUGETLB)),
        ONE("memfd_create", ONLY(1, MEMFD_CLOEXEC | MEMFD_ALLOW_SEALING | MEMFD_NOEXEC_SEAL | MEMFD_EXEC)),
        /* Without MADV_MERGEABLE: whether a page was merged tells of others' memory. */
        ONE("madvise", ONLY(2, ADV_KEEPS)),
        ONE("madvise", BESIDE(2, 3, ADV_FREE)),
        ONE("madvise", BESIDE(2, 1, ADV_HUGEPAGE)),
        ONE("madvise", BESIDE(2, 15, ADV_DONTDUMP)),
        ONE("madvise", BESIDE(2, 1, ADV_GUARD_INSTALL)),
        ONE("clone", BESIDE(0, THREAD_MAY, THREAD_MUST)),
        /* To itself. Where it has no namespace of its own, and so another number, the warden looks. */
        ONE("kill", IS(0, FIRST)),
        ONE("kill", IS(0, 0)),
        ONE("tgkill", IS(0, FIRST)),
        ONE("rt_sigqueueinfo", IS(0, FIRST)),
        ONE("rt_tgsigqueueinfo", IS(0, FIRST)),
        ONE("prlimit64", IS(0, 0)),
        TWO("getpriority", IS(0, 0), IS(1, 0)),
        TWO("setpriority", IS(0, 0), IS(1, 0)),
        ONE("timer_create", IS(0, CLOCK_REALTIME)),
        ONE("timer_create", IS(0, CLOCK_MONOTONIC)),
        ONE("timer_create", IS(0, CLOCK_BOOTTIME)),
        ONE("personality", IS(0, 0xffffffff)), /* asks */
        /* Only what fstat needs: the file system has nothing that a path could lead to. */
        ONE("newfstatat", HAS(3, EMPTY_PATH)),
        ONE("fstatat64", HAS(3, EMPTY_PATH)),
        ONE("statx", HAS(2, EMPTY_PATH)),
        PRCTL(PR_GET_PDEATHSIG),
        PRCTL(PR_GET_DUMPABLE),
        PRCTL(PR_SET_NAME),
        PRCTL(PR_GET_NAME),
        PRCTL(PR_GET_SECCOMP),
        PRCTL(PR_CAPBSET_READ),
        PRCTL(PR_SET_TIMERSLACK),
        PRCTL(PR_GET_TIMERSLACK),
        PRCTL(PR_SET_NO_NEW_PRIVS),
        PRCTL(PR_GET_NO_NEW_PRIVS),
        PRCTL(PR_SET_THP_DISABLE),
        PRCTL(PR_GET_THP_DISABLE),
        PRCTL(PR_GET_SPECULATION_CTRL),
        PRCTL(PR_PAC_RESET_KEYS),
        PRCTL(PR_SET_TAGGED_ADDR_CTRL),
        PRCTL(PR_GET_TAGGED_ADDR_CTRL),
        PRCTL(PR_SET_VMA_NAME),
        ARCH_PRCTL(0x1001), /* ARCH_SET_GS, … */
        ARCH_PRCTL(0x1002),
        ARCH_PRCTL(0x1003),
        ARCH_PRCTL(0x1004),
        ARCH_PRCTL(0x1021), /* ARCH_GET_XCOMP_SUPP, … */
        ARCH_PRCTL(0x1022),
        ARCH_PRCTL(0x1023),
        ARCH_PRCTL(0x3001), /* ARCH_CET_STATUS, once */
        ARCH_PRCTL(0x5001), /* ARCH_SHSTK_ENABLE, … */
        ARCH_PRCTL(0x5002),
        ARCH_PRCTL(0x5003),
        ARCH_PRCTL(0x5005),
        /* Without those that send signals to others, F_SETOWN and F_SETSIG, and leases. */
        FCNTL(F_DUPFD),
        FCNTL(F_DUPFD_CLOEXEC),
        FCNTL(F_GETFD),
        FCNTL(F_SETFD),
        FCNTL(F_GETFL),
        FCNTL(F_SETFL),
        FCNTL(F_GETLK),
        FCNTL(F_SETLK),
        FCNTL(F_SETLKW),
        FCNTL(F_OFD_GETLK),
        FCNTL(F_OFD_SETLK),
        FCNTL(F_OFD_SETLKW),
        FCNTL(F_SETPIPE_SZ),
        FCNTL(F_GETPIPE_SZ),
        FCNTL(F_ADD_SEALS),
        FCNTL(F_GET_SEALS),
        IOCTL(0x5401), /* TCGETS */
        IOCTL(0x5413), /* TIOCGWINSZ */
        IOCTL(0x541b), /* FIONREAD */
        IOCTL(0x5421), /* FIONBIO */
        IOCTL(0x5450), /* FIONCLEX */
        IOCTL(0x5451), /* FIOCLEX */
        /* No datagrams, which can be sent to any address. */
        TWO("socketpair", IS(0, AF_UNIX), BESIDE(1, SOCK_CLOEXEC | SOCK_NONBLOCK, SOCK_STREAM)),
        TWO("socketpair", IS(0, AF_UNIX), BESIDE(1, SOCK_CLOEXEC | SOCK_NONBLOCK, SOCK_SEQPACKET)),
        /* That flag connects. */
        ONE("sendto", NOT(3, FASTOPEN)),
        ONE("sendmsg", NOT(2, FASTOPEN)),
        ONE("sendmmsg", NOT(3, FASTOPEN)),
        /* Without SO_PEERPIDFD, which gives a handle on the host. */
        GETSOCKOPT(SOL_SOCKET, SO_TYPE),
        GETSOCKOPT(SOL_SOCKET, SO_ERROR),
        GETSOCKOPT(SOL_SOCKET, SO_DOMAIN),
        GETSOCKOPT(SOL_SOCKET, SO_PROTOCOL),
        GETSOCKOPT(SOL_SOCKET, SO_ACCEPTCONN),
        GETSOCKOPT(SOL_SOCKET, SO_PEERCRED),
        SOCKOPT(SOL_SOCKET, SO_SNDBUF),
        SOCKOPT(SOL_SOCKET, SO_RCVBUF),
        SOCKOPT(SOL_SOCKET, SO_SNDTIMEO),
        SOCKOPT(SOL_SOCKET, SO_RCVTIMEO),
        SOCKOPT(SOL_SOCKET, SO_LINGER),
};

const struct filter_list filter_allows = LIST(basic, basic_matches);

/* --- Intranet --------------------------------------------------------------------------------- */

/* What looks, and what works on files that are open. What opens and what changes names is notified. Not fchmod: of a module's file
 * the worker may be the owner. */
static const char *const files[] = {
        "stat",
        "lstat",
        "newfstatat",
        "fstatat64",
        "statx",
        "access",
        "faccessat",
        "faccessat2",
        "readlink",
        "readlinkat",
        "getdents",
        "getdents64",
        "chdir",
        "fchdir",
        "statfs",
        "flock",
        "sync_file_range",
        "cachestat",
        "readahead",
        "sendfile",
        "splice",
        "tee",
        "copy_file_range",
        "getxattr",
        "lgetxattr",
        "fgetxattr",
        "listxattr",
        "llistxattr",
        "flistxattr",
        "inotify_init",
        "inotify_init1",
        "inotify_add_watch",
        "inotify_rm_watch",
};

const struct filter_list filter_allows_files = { files, COUNT_OF(files), NULL, 0 };

/* It sees and reaches its own processes only, where it has a namespace for them: the level asks for one. */
static const char *const processes[] = {
        "fork",
        "vfork",
        "wait4",
        "waitid",
        "setpgid",
        "setsid",
        "kill",
        "tkill",
        "tgkill",
        "rt_sigqueueinfo",
        "pidfd_open",
        "pidfd_send_signal",
        "rt_tgsigqueueinfo",
};

/* Not CLONE_PARENT either, whose child would be the warden's. */
#define PROCESS_NEVER                                                                                                              \
        (CLONE_PTRACE | CLONE_UNTRACED | CLONE_PARENT | CLONE_THREAD | CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | \
         CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

static const struct filter_match process_matches[] = {
        ONE("clone", NOT(0, PROCESS_NEVER)),
        PRCTL(PR_SET_PDEATHSIG),
        PRCTL(PR_SET_CHILD_SUBREAPER),
        PRCTL(PR_GET_CHILD_SUBREAPER),
        IOCTL(0x5402), /* TCSETS, … */
        IOCTL(0x5403),
        IOCTL(0x5404),
        IOCTL(0x540f), /* TIOCGPGRP */
        IOCTL(0x5410), /* TIOCSPGRP */
};

const struct filter_list filter_allows_spawn = LIST(processes, process_matches);

/* The numbers of <netinet/in.h> and <netinet/tcp.h>, and not TCP_ULP, TCP_REPAIR, TCP_FASTOPEN_CONNECT. */
enum { LEVEL_IP = 0, LEVEL_TCP = 6, LEVEL_IPV6 = 41 };

#define SOCKET(family, protocol)                                                                                                   \
        {                                                                                                                          \
                "socket", 3,                                                                                                       \
                {                                                                                                                  \
                        IS(0, family), BESIDE(1, SOCK_CLOEXEC | SOCK_NONBLOCK, SOCK_STREAM), IS(2, protocol)                       \
                }                                                                                                                  \
        }

static const struct filter_match socket_matches[] = {
        SOCKET(AF_INET, 0),
        SOCKET(AF_INET, LEVEL_TCP),
        SOCKET(AF_INET6, 0),
        SOCKET(AF_INET6, LEVEL_TCP),
        SOCKET(AF_UNIX, 0),
        SOCKOPT(SOL_SOCKET, SO_REUSEADDR),
        SOCKOPT(SOL_SOCKET, SO_KEEPALIVE),
        SOCKOPT(SOL_SOCKET, SO_OOBINLINE),
        SOCKOPT(SOL_SOCKET, SO_PRIORITY),
        SOCKOPT(LEVEL_IP, 1),      /* IP_TOS */
        SOCKOPT(LEVEL_IPV6, 26),   /* IPV6_V6ONLY */
        SOCKOPT(LEVEL_IPV6, 67),   /* IPV6_TCLASS */
        SOCKOPT(LEVEL_TCP, 1),     /* TCP_NODELAY */
        SOCKOPT(LEVEL_TCP, 2),     /* TCP_MAXSEG */
        SOCKOPT(LEVEL_TCP, 3),     /* TCP_CORK */
        SOCKOPT(LEVEL_TCP, 4),     /* TCP_KEEPIDLE */
        SOCKOPT(LEVEL_TCP, 5),     /* TCP_KEEPINTVL */
        SOCKOPT(LEVEL_TCP, 6),     /* TCP_KEEPCNT */
        SOCKOPT(LEVEL_TCP, 12),    /* TCP_QUICKACK */
        SOCKOPT(LEVEL_TCP, 18),    /* TCP_USER_TIMEOUT */
        SOCKOPT(LEVEL_TCP, 25),    /* TCP_NOTSENT_LOWAT */
        GETSOCKOPT(LEVEL_TCP, 11), /* TCP_INFO */
};

const struct filter_list filter_allows_connect = { NULL, 0, socket_matches, COUNT_OF(socket_matches) };

/* --- The rest --------------------------------------------------------------------------------- */

/* clone3's flags lie in memory, where a filter cannot look: the C library then uses clone. */
static const char *const lacking[] = {
        "clone3", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "get_mempolicy", "set_mempolicy",
        "mbind",  "set_mempolicy_home_node",
};

const struct filter_list filter_lacks = { lacking, COUNT_OF(lacking), NULL, 0 };

static const char *const observed[] = {
        "open",      "openat",    "openat2",   "creat",      "execve",    "execveat",   "connect", "stat",
        "lstat",     "access",    "faccessat", "faccessat2", "readlink",  "readlinkat", "chdir",   "statfs",
        "getxattr",  "lgetxattr", "listxattr", "llistxattr", "unlink",    "unlinkat",   "rename",  "renameat",
        "renameat2", "mkdir",     "mkdirat",   "rmdir",      "link",      "linkat",     "symlink", "symlinkat",
        "mknod",     "mknodat",   "truncate",  "chmod",      "fchmodat",  "fchmodat2",  "chown",   "lchown",
        "fchownat",  "utime",     "utimes",    "futimesat",  "utimensat", "fork",       "vfork",   "inotify_add_watch",
};

static const struct filter_match observed_matches[] = {
        ONE("clone", NOT(0, CLONE_THREAD)),
        ONE("newfstatat", NOT(3, EMPTY_PATH)),
        ONE("fstatat64", NOT(3, EMPTY_PATH)),
        ONE("statx", NOT(2, EMPTY_PATH)),
};

const struct filter_list filter_observes = LIST(observed, observed_matches);
