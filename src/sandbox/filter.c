#include "sandbox/filter.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "sandbox/filter_lists.h"
#include "sandbox/filter_prefix.h"
#include "sandbox/syscalls.h"

/* --- One program ------------------------------------------------------------------------------ */

/* What an older libseccomp does not know by name has the same number on every processor. */
static int number_of(const char *name)
{
        int number = seccomp_syscall_resolve_name(name);
        return number == __NR_SCMP_ERROR ? syscall_number(name) : number;
}

/* What is there already, or not at all on this processor, is no error. */
static int add(scmp_filter_ctx filter, uint32_t action, const struct filter_match *match)
{
        int number = number_of(match->name);
        if (number == -1)
                return 0;
        int r = seccomp_rule_add_array(filter, action, number, match->n, match->args);
        return r == -EDOM || r == -EEXIST ? 0 : r;
}

/* A call by name alone comes last, since it takes the place of those with arguments. */
static int add_list(scmp_filter_ctx filter, uint32_t action, const struct filter_list *list)
{
        int r = 0;
        for (size_t i = 0; !r && i < list->n_matches; i++)
                r = add(filter, action, &list->matches[i]);
        for (size_t i = 0; !r && i < list->n_names; i++)
                r = add(filter, action, &(struct filter_match){ .name = list->names[i] });
        return r;
}

static int export(scmp_filter_ctx filter, struct sandbox_filter *ret_filter)
{
        struct stat st;
        OWNED(fd_closep) int fd = memfd_create("ward-filter", MFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        int r = seccomp_export_bpf(filter, fd);
        if (r < 0)
                return r;
        if (fstat(fd, &st) < 0)
                return -errno;
        OWNED(freep) struct sock_filter *code = malloc((size_t)st.st_size);
        if (!code)
                return -ENOMEM;
        if (pread(fd, code, (size_t)st.st_size, 0) != st.st_size)
                return -EIO;
        ret_filter->program.len = (unsigned short)((size_t)st.st_size / sizeof *code);
        ret_filter->program.filter = STEAL(code);
        return 0;
}

/* --- The kinds -------------------------------------------------------------------------------- */

/* What else the processor runs: a compiler may be of an older kind. Any other is ended. */
static int add_architectures(scmp_filter_ctx filter)
{
        if (seccomp_arch_native() != SCMP_ARCH_X86_64)
                return 0;
        int r = seccomp_arch_add(filter, SCMP_ARCH_X86);
        return r ? r : seccomp_arch_add(filter, SCMP_ARCH_X32);
}

static int write_compiler(scmp_filter_ctx filter, const struct filter_wants *wants)
{
        int r = add_architectures(filter);
        if (!r)
                r = add_list(filter, SCMP_ACT_ERRNO(EPERM), &filter_compiler_refuses);
        return r ? r : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

static int write_internet(scmp_filter_ctx filter, const struct filter_wants *wants)
{
        int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
        if (!r)
                r = add_list(filter, SCMP_ACT_ALLOW, &filter_allows);
        return r ? r : add_list(filter, SCMP_ACT_ERRNO(ENOSYS), &filter_lacks);
}

static int write_intranet(scmp_filter_ctx filter, const struct filter_wants *wants)
{
        int r = write_internet(filter, wants);
        if (!r)
                r = add_list(filter, SCMP_ACT_ALLOW, &filter_allows_files);
        if (!r && wants->spawn)
                r = add_list(filter, SCMP_ACT_ALLOW, &filter_allows_spawn);
        if (!r && wants->connect)
                r = add_list(filter, SCMP_ACT_ALLOW, &filter_allows_connect);
        return r;
}

/* Programs of another kind run as ever, unobserved. */
static int write_observe(scmp_filter_ctx filter, const struct filter_wants *wants)
{
        int r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ALLOW);
        if (!r)
                r = add_list(filter, SCMP_ACT_NOTIFY, &filter_observes);
        return r ? r : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
}

/* What is in no list of a level is notified. So nothing is allowed by oversight: without a listener it is ENOSYS. */
static const struct kind {
        uint32_t rest;
        bool prefixed; /* newer calls than were known are ENOSYS at once */
        int (*write)(scmp_filter_ctx filter, const struct filter_wants *wants);
} kinds[] = {
        [FILTER_COMPILER] = { SCMP_ACT_ALLOW, false, write_compiler },
        [FILTER_INTERNET] = { SCMP_ACT_NOTIFY, true, write_internet },
        [FILTER_INTRANET] = { SCMP_ACT_NOTIFY, true, write_intranet },
        [FILTER_OBSERVE] = { SCMP_ACT_ALLOW, false, write_observe },
};

static int make(const struct kind *kind, const struct filter_wants *wants, struct sandbox_filter *ret_filter)
{
        scmp_filter_ctx filter = seccomp_init(kind->rest);
        if (!filter)
                return -ENOMEM;
        int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree of comparisons */
        if (!r)
                r = kind->write(filter, wants);
        if (!r)
                r = export(filter, ret_filter);
        seccomp_release(filter);
        return !r && kind->prefixed ? filter_prefix(ret_filter) : r;
}

/* --- Kept ------------------------------------------------------------------------------------- */

/* Made once, and then copied: libseccomp takes longer than to start a worker. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what follows */
static struct sandbox_filter kept[COUNT_OF(kinds)][4];

/* Where the library is unloaded, it leaves nothing. */
__attribute__((destructor)) static void forget(void)
{
        for (size_t i = 0; i < COUNT_OF(kinds) * COUNT_OF(kept[0]); i++)
                filter_finish(&kept[i / COUNT_OF(kept[0])][i % COUNT_OF(kept[0])]);
}

static int copy(const struct sandbox_filter *from, struct sandbox_filter *ret_to)
{
        size_t size = from->program.len * sizeof *from->program.filter;
        struct sock_filter *code = malloc(size);
        if (!code)
                return -ENOMEM;
        memcpy(code, from->program.filter, size);
        ret_to->program = (struct sock_fprog){ from->program.len, code };
        return 0;
}

int filter_prepare(enum filter_kind kind, const struct filter_wants *wants, struct sandbox_filter *ret_filter)
{
        const struct filter_wants none = { 0 };
        if (!wants || kind != FILTER_INTRANET)
                wants = &none;
        struct sandbox_filter *own = &kept[kind][wants->spawn * 2 + wants->connect];
        pthread_mutex_lock(&lock);
        int r = own->program.len ? 0 : make(&kinds[kind], wants, own);
        if (!r)
                r = copy(own, ret_filter);
        pthread_mutex_unlock(&lock);
        return r;
}
