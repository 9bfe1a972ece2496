#include "channel/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "channel/words.h"

enum { PAGE = 4096, ARENA_MIN = PAGE };

struct control {
        struct mailbox box;
        _Alignas(PAGE) struct last_words words;
};

_Static_assert(sizeof(struct control) <= CHANNEL_CONTROL, "the control pages hold the mailboxes and the last words");
_Static_assert(offsetof(struct mailbox, slots) + CHANNEL_FIRST_SLOTS * sizeof(uint64_t) == 64, "first slots share the bell's line");

static struct arena arena_of(uint64_t start, uint64_t bytes)
{
        return (struct arena){
                .start = (uint32_t)start, .end = (uint32_t)(start + bytes), .top = (uint32_t)start, .high = (uint32_t)start
        };
}

static void channel_init(struct channel *channel, uint8_t *base, uint64_t size, bool host)
{
        struct control *control = (struct control *)(void *)base;
        uint64_t arena = (size - CHANNEL_CONTROL) / 2;
        *channel = (struct channel){
                .base = base,
                .size = size,
                .box = &control->box,
                .arena = arena_of(CHANNEL_CONTROL + (host ? 0 : arena), arena),
                .fd = -1,
        };
}

/* Beyond the host's own file size limit the kernel would send it SIGXFSZ. */
static int check_size(uint64_t size, struct ward_fault *fault)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur >= size)
                return 0;
        return fault_set(
                fault, WARD_FAULT_SYSTEM,
                "a process domain needs %llu bytes of shared memory, and the file size limit of the host is %llu: raise it "
                "(ulimit -f), or lower limits.arena_bytes",
                (unsigned long long)size, (unsigned long long)limit.rlim_cur);
}

static int make_memory(uint64_t size, int *ret_fd, struct ward_fault *fault)
{
        int r = check_size(size, fault);
        if (r)
                return r;
        OWNED(fd_closep) int fd = memfd_create("ward-channel", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make the shared memory of a process domain");
        *ret_fd = STEAL_FD(fd);
        return 0;
}

int channel_new(uint64_t arena_bytes, struct channel *ret_channel, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = -1;
        if (arena_bytes > CHANNEL_ARENA_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "limits.arena_bytes is %llu: at most %llu can be had",
                                 (unsigned long long)arena_bytes, (unsigned long long)CHANNEL_ARENA_MAX);
        uint64_t arena = arena_bytes ? arena_bytes : CHANNEL_ARENA_DEFAULT;
        uint64_t size = CHANNEL_CONTROL + 2 * ((arena + PAGE - 1) & ~(uint64_t)(PAGE - 1));
        int r = make_memory(size, &fd, fault);
        if (r)
                return r;
        uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot map the shared memory of a process domain");
        if (madvise(base, size, MADV_DONTFORK) < 0) {
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, errno,
                                    "cannot keep the shared memory of a process domain from forked children");
                munmap(base, size);
                return r;
        }
        channel_init(ret_channel, base, size, true);
        ret_channel->fd = STEAL_FD(fd);
        return 0;
}

int channel_attach(int fd, struct channel *ret_channel)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        uint64_t size = (uint64_t)st.st_size;
        if (size < CHANNEL_CONTROL + 2 * ARENA_MIN || size > CHANNEL_CONTROL + 2 * CHANNEL_ARENA_MAX)
                return -EINVAL;
        uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
                return -errno;
        /* A child that the add-in forks has no use for it, and could only disturb. */
        madvise(base, size, MADV_DONTFORK);
        channel_init(ret_channel, base, size, false);
        return 0;
}

void channel_finish(struct channel *channel, bool forked)
{
        if (channel->base && !forked)
                munmap(channel->base, channel->size);
        channel->base = NULL;
        channel->fd = fd_close(channel->fd);
}

struct last_words *channel_words(const struct channel *channel)
{
        return &((struct control *)(void *)channel->base)->words;
}

int arena_take(struct arena *arena, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        uint64_t at = ((uint64_t)arena->top + align - 1) & ~(uint64_t)(align - 1);
        if (at + size > arena->end)
                return 1;
        arena->top = (uint32_t)(at + size);
        if (arena->top > arena->high)
                arena->high = arena->top;
        *ret_at = (uint32_t)at;
        return 0;
}

void channel_trim(struct channel *channel)
{
        struct arena *arena = &channel->arena;
        uint32_t keep = arena->start + CHANNEL_KEEP;
        uint64_t end = ((uint64_t)arena->high + PAGE - 1) & ~(uint64_t)(PAGE - 1);
        if (arena->high > keep)
                madvise(channel->base + keep, end - keep, MADV_REMOVE);
        arena->high = arena->top;
}
