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

enum {
        FIRST = 64 << 10, /* the least that an arena grows by */
        KEEP = 16 << 20,  /* the most that an idle arena keeps */
        LARGE = 1 << 20,  /* extents whose memory goes back to the system */
};

_Static_assert(sizeof(struct last_words) <= CHANNEL_WORDS, "the first pages hold the last words");
_Static_assert(CHANNEL_WORDS + CHANNEL_LANES * sizeof(struct lane_control) <= CHANNEL_CONTROL, "the control pages hold all lanes");
_Static_assert(CHANNEL_CONTROL % POOL_PAGE == 0, "arenas are made of pages");
_Static_assert(offsetof(struct mailbox, slots) + CHANNEL_FIRST_SLOTS * sizeof(uint64_t) == 64, "first slots share the bell's line");

/* --- The memory of a domain ------------------------------------------------------------------- */

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
        OWNED(fd_closep) int fd = memfd_create("ward-channels", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot make the shared memory of a process domain");
        *ret_fd = STEAL_FD(fd);
        return 0;
}

static int check_arenas(uint64_t arena_bytes, struct ward_fault *fault)
{
        if (arena_bytes <= CHANNEL_ARENAS_MAX)
                return 0;
        return fault_set(fault, WARD_FAULT_USAGE, "limits.arena_bytes is %llu: at most %llu can be had",
                         (unsigned long long)arena_bytes, (unsigned long long)CHANNEL_ARENAS_MAX);
}

static uint64_t arenas_size(uint64_t arena_bytes)
{
        uint64_t bytes = arena_bytes ? arena_bytes : CHANNEL_ARENAS_DEFAULT;
        if (bytes < CHANNEL_ARENAS_MIN)
                bytes = CHANNEL_ARENAS_MIN;
        return (bytes + POOL_PAGE - 1) & ~(uint64_t)(POOL_PAGE - 1);
}

static int map_memory(struct shared *shared, struct ward_fault *fault)
{
        uint8_t *base = mmap(NULL, shared->size, PROT_READ | PROT_WRITE, MAP_SHARED, shared->fd, 0);
        if (base == MAP_FAILED)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot map the shared memory of a process domain");
        shared->base = base;
        if (madvise(base, shared->size, MADV_DONTFORK) < 0)
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno,
                                       "cannot keep the shared memory of a process domain from forked children");
        return 0;
}

int shared_new(uint64_t arena_bytes, struct shared *ret_shared, struct ward_fault *fault)
{
        uint64_t arenas = arenas_size(arena_bytes);
        struct shared shared = { .size = CHANNEL_CONTROL + arenas, .fd = -1 };
        int r = check_arenas(arena_bytes, fault);
        if (!r)
                r = make_memory(shared.size, &shared.fd, fault);
        if (r)
                return r;
        r = map_memory(&shared, fault);
        if (!r && pool_init(&shared.pool, (struct extent){ CHANNEL_CONTROL, (uint32_t)(CHANNEL_CONTROL + arenas) }) < 0)
                r = fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "cannot make a process domain");
        if (r) {
                shared_finish(&shared, false);
                return r;
        }
        *ret_shared = shared;
        pthread_mutex_init(&ret_shared->lock, NULL);
        return 0;
}

int shared_attach(int fd, struct shared *ret_shared)
{
        struct stat st;
        if (fstat(fd, &st) < 0)
                return -errno;
        uint64_t size = (uint64_t)st.st_size;
        if (size < CHANNEL_CONTROL + CHANNEL_ARENAS_MIN || size > CHANNEL_CONTROL + CHANNEL_ARENAS_MAX + POOL_PAGE)
                return -EINVAL;
        uint8_t *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED)
                return -errno;
        /* A child that the add-in forks has no use for it, and could only disturb. */
        madvise(base, size, MADV_DONTFORK);
        *ret_shared = (struct shared){ .base = base, .size = size, .fd = -1 };
        return 0;
}

void shared_finish(struct shared *shared, bool forked)
{
        if (shared->base && !forked)
                munmap(shared->base, shared->size);
        shared->base = NULL;
        shared->fd = fd_close(shared->fd);
        pool_finish(&shared->pool);
}

struct last_words *shared_words(const struct shared *shared)
{
        return (struct last_words *)(void *)shared->base;
}

int shared_take(struct shared *shared, uint64_t bytes, struct extent *ret_extent)
{
        pthread_mutex_lock(&shared->lock);
        int r = pool_take(&shared->pool, bytes, ret_extent);
        pthread_mutex_unlock(&shared->lock);
        return r;
}

void shared_give(struct shared *shared, struct extent extent)
{
        if (extent_size(extent) >= LARGE)
                madvise(shared->base + extent.start, extent_size(extent), MADV_REMOVE);
        pthread_mutex_lock(&shared->lock);
        pool_give(&shared->pool, extent);
        pthread_mutex_unlock(&shared->lock);
}

/* --- A channel -------------------------------------------------------------------------------- */

void channel_open(const struct shared *shared, uint32_t lane, struct channel *ret_channel)
{
        struct lane_control *controls = (struct lane_control *)(void *)(shared->base + CHANNEL_WORDS);
        *ret_channel = (struct channel){
                .base = shared->base, .size = shared->size, .box = &controls[lane].box, .words = &controls[lane].words
        };
}

/* What an arena asks for grows with it, so that its extents stay few. */
static int grow(struct shared *shared, const struct arena *arena, uint64_t bytes, struct extent *ret_extent)
{
        uint64_t wanted = arena->have ? 2 * (uint64_t)extent_size(arena->extents[arena->have - 1]) : FIRST;
        if (wanted > KEEP)
                wanted = KEEP;
        if (wanted > bytes && !shared_take(shared, wanted, ret_extent))
                return 0;
        return shared_take(shared, bytes, ret_extent);
}

static int more_for_host(struct channel *channel, uint64_t bytes, struct extent *ret_extent)
{
        channel->grown = true;
        return grow(channel->context, &channel->arena, bytes, ret_extent);
}

void channel_open_host(struct shared *shared, uint32_t lane, struct channel *ret_channel)
{
        channel_open(shared, lane, ret_channel);
        ret_channel->more = more_for_host;
        ret_channel->context = shared;
        if (lane >= CHANNEL_OWN_FIRST)
                return;
        atomic_store(&ret_channel->box->bell, 0);
        atomic_store(&ret_channel->words->up_start, 0);
        atomic_store(&ret_channel->words->up_end, 0);
        atomic_store(&ret_channel->words->cancelled, 0);
}

static int take(struct arena *arena, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        if (!arena->n)
                return 1;
        uint64_t at = ((uint64_t)arena->top + align - 1) & ~(uint64_t)(align - 1);
        if (at + size > arena->extents[arena->n - 1].end)
                return 1;
        arena->top = (uint32_t)(at + size);
        *ret_at = (uint32_t)at;
        return 0;
}

/* A spare extent that is large enough becomes the next one in use. */
static bool use_spare(struct arena *arena, uint64_t bytes)
{
        for (uint32_t i = arena->n; i < arena->have; i++) {
                struct extent spare = arena->extents[i];
                if (extent_size(spare) < bytes)
                        continue;
                arena->extents[i] = arena->extents[arena->n];
                arena->extents[arena->n++] = spare;
                arena->top = spare.start;
                return true;
        }
        return false;
}

static int take_spare(struct channel *channel, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        uint32_t at = (channel->spare + align - 1) & ~(align - 1);
        uint32_t end = (uint32_t)((const uint8_t *)&channel->box->slots[CHANNEL_SLOTS] - channel->base);
        if (!channel->spare || at > end || size > end - at)
                return 1;
        channel->spare = at + size;
        *ret_at = at;
        return 0;
}

int channel_take(struct channel *channel, uint32_t size, uint32_t align, uint32_t *ret_at)
{
        struct arena *arena = &channel->arena;
        if (!take_spare(channel, size, align, ret_at))
                return 0;
        if (!take(arena, size, align, ret_at))
                return 0;
        if (!use_spare(arena, size)) { /* extents are aligned to pages */
                if (arena->have == ARENA_EXTENTS || channel->more(channel, size, &arena->extents[arena->have]))
                        return 1;
                arena->have++;
                use_spare(arena, size);
        }
        return take(arena, size, align, ret_at);
}

int channel_give(struct channel *channel, struct shared *shared, uint64_t bytes, struct extent *ret_extent)
{
        struct arena *given = &channel->given;
        if (given->have == ARENA_EXTENTS || bytes > UINT32_MAX || grow(shared, given, bytes, ret_extent))
                return 1;
        given->extents[given->have++] = *ret_extent;
        channel->grown = true;
        return 0;
}

/* What an idle arena keeps of its extents: the largest, if it is not too large and the others in the domain have enough. */
static void settle(struct arena *arena, struct shared *shared, uint32_t most)
{
        uint32_t kept = ARENA_EXTENTS;
        for (uint32_t i = 0; i < arena->have; i++) {
                uint32_t size = extent_size(arena->extents[i]);
                if (size <= most && (kept == ARENA_EXTENTS || size > extent_size(arena->extents[kept])))
                        kept = i;
        }
        for (uint32_t i = 0; i < arena->have; i++)
                if (i != kept)
                        shared_give(shared, arena->extents[i]);
        arena->n = arena->top = 0;
        if (kept < ARENA_EXTENTS)
                arena->extents[0] = arena->extents[kept];
        arena->have = kept < ARENA_EXTENTS;
}

static void say_given(struct channel *channel)
{
        struct extent first = channel->given.have ? channel->given.extents[0] : (struct extent){ 0, 0 };
        atomic_store_explicit(&channel->words->up_start, first.start, memory_order_relaxed);
        atomic_store_explicit(&channel->words->up_end, first.end, memory_order_relaxed);
}

void channel_settle_slowly(struct channel *channel, struct shared *shared)
{
        pthread_mutex_lock(&shared->lock);
        uint32_t most = shared->pool.left > shared->pool.all / 2 ? KEEP : FIRST;
        pthread_mutex_unlock(&shared->lock);
        settle(&channel->arena, shared, most);
        settle(&channel->given, shared, most);
        say_given(channel);
        channel->grown = false;
}

void channel_close(struct channel *channel, struct shared *shared)
{
        settle(&channel->arena, shared, 0);
        settle(&channel->given, shared, 0);
}
