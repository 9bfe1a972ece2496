/* Users, capabilities, programs that give some, what is inherited, and other ways into the kernel. */
#include <asm/ldt.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/io.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

/* --- Users and capabilities ------------------------------------------------------------------- */

enum { ANOTHER = 12345 };

/* By the number, since the C library would change all threads. */
static long become_user(const struct stage *stage, struct outcome *outcome, long user)
{
        return done(syscall(SYS_setresuid, user, user, user));
}

static long become_user_in_child(const struct stage *stage, struct outcome *outcome, long user)
{
        return in_child(become_user, stage, outcome, user);
}

static long become_group(const struct stage *stage, struct outcome *outcome, long group)
{
        return done(syscall(SYS_setresgid, group, group, group));
}

static long become_group_in_child(const struct stage *stage, struct outcome *outcome, long group)
{
        return in_child(become_group, stage, outcome, group);
}

static long join_groups(const struct stage *stage, struct outcome *outcome, long argument)
{
        const gid_t groups[] = { 0 };
        return done(syscall(SYS_setgroups, 1, groups));
}

static long join_groups_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(join_groups, stage, outcome, argument);
}

/* It says what it was, never that it failed. */
static long open_as_user(const struct stage *stage, struct outcome *outcome, long argument)
{
        int old = setfsuid(ANOTHER);
        if (old < 0)
                return errno;
        bool changed = setfsuid((uid_t)old) == ANOTHER;
        return changed ? 0 : EPERM;
}

static long take_capabilities(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2] = { { 0 } };
        for (int i = 0; i < 2; i++)
                data[i].effective = data[i].permitted = data[i].inheritable = i ? 0 : 1u << CAP_SYS_ADMIN;
        return done(syscall(SYS_capset, &head, data));
}

static long take_capabilities_in_child(const struct stage *stage, struct outcome *outcome, long argument)
{
        return in_child(take_capabilities, stage, outcome, argument);
}

static long has_capabilities(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
        struct __user_cap_data_struct data[2] = { { 0 } };
        if (syscall(SYS_capget, &head, data))
                return errno;
        return data[0].effective | data[0].permitted | data[1].effective | data[1].permitted ? 0 : EPERM;
}

static long is_root(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct stat own;
        /* What the kernel makes for this user says whose that is outside; in memory, so that no folder is needed. */
        int fd = memfd_create("mine", MFD_CLOEXEC);
        if (fd < 0)
                return errno;
        long error = fstat(fd, &own) ? errno : own.st_uid == 0 ? 0 : EPERM;
        close(fd);
        return error;
}

static long run_as_owner(const struct stage *stage, struct outcome *outcome, long argument)
{
        if (!stage->other_owner)
                return ENODEV; /* an ordinary user has nobody else to run as */
        return try_execute(-1, in(argument ? stage->programs : stage->outside, "as-owner"), 1);
}

static long run_worker(const struct stage *stage, struct outcome *outcome, long argument)
{
        char *arguments[] = { (char *)"ward-worker", (char *)(argument ? "--warden" : "--version"), NULL }, *none[] = { NULL };
        execve(stage->worker, arguments, none);
        return errno;
}

/* --- Inherited -------------------------------------------------------------------------------- */

static long inherited_file(const struct stage *stage, struct outcome *outcome, long argument)
{
        ssize_t n = pread(stage->host_file, outcome->text, sizeof outcome->text, 0);
        outcome->length = n > 0 ? (uint32_t)n : 0;
        return done(n);
}

static long inherited_environment(const struct stage *stage, struct outcome *outcome, long argument)
{
        const char *token = getenv("WARD_ESCAPE_TOKEN");
        return token ? tell_text(token, outcome) : EACCES;
}

/* A worker has its standard streams, and two descriptors of the domain's own. */
static long inherited_others(const struct stage *stage, struct outcome *outcome, long argument)
{
        for (int fd = STDERR_FILENO + 3; fd < 4096; fd++)
                if (fcntl(fd, F_GETFD) >= 0)
                        return 0;
        return EBADF;
}

static long inherited_input(const struct stage *stage, struct outcome *outcome, long argument)
{
        char byte;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        return n < 0 ? errno : n ? 0 : EBADF;
}

static long inherited_folder(const struct stage *stage, struct outcome *outcome, long argument)
{
        char path[256];
        if (!getcwd(path, sizeof path))
                return errno;
        return strcmp(path, "/") ? 0 : EACCES;
}

/* --- Other ways in ---------------------------------------------------------------------------- */

#if defined(__x86_64__)
static long call_32(const struct stage *stage, struct outcome *outcome, long argument)
{
        enum { GETPID_32 = 20, OPEN_32 = 5 };
        long result, number = GETPID_32;
        char *path = NULL;
        if (argument) {
                path = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
                if (path == MAP_FAILED)
                        return errno;
                snprintf(path, 4096, "%s", in(stage->outside, "secret"));
                number = OPEN_32;
        }
        __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(path), "c"(0), "d"(0) : "memory", "r8", "r9", "r10", "r11");
        int answer = (int)result;
        if (answer < 0)
                return -answer;
        return argument ? tell(answer, outcome) : 0;
}

static long call_x32(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(0x40000000 | (argument ? SYS_open : SYS_getpid), in(stage->outside, "secret"), O_RDONLY));
}

static long set_segment(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct user_desc segment = { .entry_number = 1, .limit = 1, .seg_32bit = 1, .contents = 0 };
        return done((int)syscall(SYS_modify_ldt, 1, &segment, sizeof segment));
}

static long set_ports(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(argument ? ioperm(0x80, 1, 1) : iopl(3));
}
#else
static long absent(const struct stage *stage, struct outcome *outcome, long argument)
{
        return ENOSYS;
}
#define call_32     absent
#define call_x32    absent
#define set_segment absent
#define set_ports   absent
#endif

/* A number that no kernel has yet. */
static long call_unknown(const struct stage *stage, struct outcome *outcome, long number)
{
        return done(syscall(number));
}

#define NEVER(set)                                                                                                                 \
        {                                                                                                                          \
                set, set, set, set                                                                                                 \
        }
/* Users that a namespace does not know are invalid. */
#define NO_USER                                                                                                                    \
        {                                                                                                                          \
                REFUSED | AS(EINVAL), REFUSED | AS(EINVAL), USER, USER                                                             \
        }
#define ENDS (AS(EXIT) | AS(SIGNAL))

#define NOTHING (NOT_THERE | AS(ENODEV))
#define GIVES_NOTHING                                                                                                              \
        {                                                                                                                          \
                NOTHING, NOTHING, NOTHING, USER                                                                                    \
        }

static const struct probe rights[] = {
        { "setuid-root", become_user_in_child, 0, WITNESSED, NO_USER, FRESH, .why = "user 0 owns the machine" },
        { "setuid-other", become_user_in_child, ANOTHER, WITNESSED, NO_USER, FRESH, .why = "each domain has a user of its own" },
        { "setgid-root", become_group_in_child, 0, WITNESSED, NO_USER, FRESH, .why = "group 0 owns files of the machine" },
        { "setgid-other", become_group_in_child, ANOTHER, WITNESSED, NO_USER, FRESH, .why = "likewise" },
        { "setgroups", join_groups_in_child, 0, WITNESSED, NO_USER, FRESH, .why = "groups give access to files" },
        { "setfsuid", open_as_user, 0, WITNESSED, NO_USER, .why = "files are opened as this user" },
        { "capset", take_capabilities_in_child, 0, WITNESSED, REFUSE, FRESH, .why = "rights of user 0 one by one" },
        { "capabilities", has_capabilities, 0, WITNESSED, REFUSE, .why = "there are none from the beginning" },
        { "is-root", is_root, 0, WITNESSED, REFUSE, .why = "what it makes is not root's, where the host is root" },
        { "setuid-program", run_as_owner, 0, WITNESSED, GIVES_NOTHING, FRESH,
          .why = "a program's owner gives it no rights, but at level host" },
        { "setuid-granted", run_as_owner, 1, WITNESSED, GIVES_NOTHING, FRESH, .why = "not even one that it may run" },
        { "execute-worker",
          run_worker,
          0,
          WITNESSED,
          { NOT_THERE, NOT_THERE, ENDS, ENDS },
          FRESH | HELD_ONLY,
          .why = "the worker's program is a program as any" },
        { "execute-warden",
          run_worker,
          1,
          WITNESSED,
          { NOT_THERE, NOT_THERE, ENDS, ENDS },
          FRESH | HELD_ONLY,
          .why = "nobody becomes the warden by being called so" },
};

static const struct probe inherited[] = {
        { "inherited-descriptor", inherited_file, 0, SECRET, NEVER(AS(EBADF) | REFUSED),
          .why = "what the host forgot to close stays the host's" },
        { "inherited-environment", inherited_environment, 0, SECRET, NEVER(AS(EACCES)),
          .why = "an add-in's environment is what the host lists" },
        { "inherited-descriptors", inherited_others, 0, WITNESSED, NEVER(AS(EBADF)),
          .why = "a worker has no line to the warden, and no other descriptor" },
        { "inherited-input", inherited_input, 0, WITNESSED, NEVER(AS(EBADF) | REFUSED), HELD_ONLY,
          .why = "what is typed is for the host" },
        { "inherited-folder", inherited_folder, 0, WITNESSED, NEVER(AS(EACCES) | AS(EPERM) | AS(ENOENT)), HELD_ONLY,
          .why = "where the host is is nobody's business" },
};

static const struct probe entries[] = {
        { "int-80",
          call_32,
          0,
          WITNESSED,
          { REFUSED | AS(SIGNAL), REFUSED | AS(SIGNAL), USER, USER },
          FRESH,
          .why = "numbers of 32-bit programs mean other calls" },
        { "int-80-open", call_32, 1, SECRET, { REFUSED | AS(SIGNAL), REFUSED | AS(SIGNAL), USER, USER }, FRESH, .why = "likewise" },
        { "x32",
          call_x32,
          0,
          WITNESSED,
          { REFUSED | AS(SIGNAL), REFUSED | AS(SIGNAL), USER, USER },
          FRESH,
          .why = "numbers with a bit on top would be new to a filter" },
        { "x32-open",
          call_x32,
          1,
          WITNESSED,
          { REFUSED | AS(SIGNAL), REFUSED | AS(SIGNAL), USER, USER },
          FRESH,
          .why = "likewise" },
        { "modify-ldt", set_segment, 0, WITNESSED, REFUSE, .why = "old parts of the kernel have had their errors" },
        { "iopl", set_ports, 0, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "the machine's devices" },
        { "ioperm", set_ports, 1, WITNESSED, REFUSE, .absent = AS(EPERM), .why = "the machine's devices" },
        { "call-1023", call_unknown, 1023, WITNESSED, NEVER(AS(ENOSYS)), .why = "what is newer than Ward is said not to exist" },
        { "call-huge", call_unknown, 0x3fffffff, WITNESSED, NEVER(AS(ENOSYS)), .why = "likewise" },
};

const struct area area_rights = { "rights", PROBES(rights) };
const struct area area_inherited = { "inherited", PROBES(inherited) };
const struct area area_entries = { "ways into the kernel", PROBES(entries) };
