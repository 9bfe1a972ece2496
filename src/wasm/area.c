#include "wasm/area.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include "base/wiped.h"

enum {
        PAGE = 4096,
        LOOKED_AT = 4096, /* pages of a memory, for a window */
        LOOK_EVERY = 256,
        LOOK_NEAR = 8, /* kept areas that are tried for one that is as open as it is to be */
        AREAS_MAX = 16000,
        /* What a page costs that is touched anew, in what it costs to clear one. */
        TOUCHED = 16,
};

#define AREA_SIZE (8ull << 30)

/* What is not in use, the last given last. All of it is zero. */
static struct {
        pthread_mutex_t lock;
        _Atomic(_Atomic uint64_t *) here; /* wiped by forks; NULL until there are areas, and the same for ever after */
        uint64_t generation;              /* what *here is in the process that has them */
        uint64_t used;                    /* areas */
        _Atomic uint64_t guarded;         /* those of them that are not plain */
        uint64_t bytes;                   /* that are kept in memory */
        _Atomic unsigned n;
        struct kept {
                struct wasm_area area;
                uint64_t bytes;
        } kept[WASM_AREAS_KEPT];
} pool = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take(void)
{
        pthread_mutex_lock(&pool.lock);
}

static void give(void)
{
        pthread_mutex_unlock(&pool.lock);
}

/* A child that was forked while another thread held the lock would never get it. */
static void init_once(void)
{
        pthread_atfork(take, give, give);
}

static void pool_enter(void)
{
        pthread_once(&once, init_once);
        take();
        _Atomic uint64_t *here = atomic_load(&pool.here);
        if (here && !atomic_load(here)) { /* a forked child: all that is known here is its parent's */
                pool.used = pool.bytes = 0;
                pool.guarded = 0;
                pool.n = 0;
                atomic_store(here, ++pool.generation);
        }
}

/* With the lock, before the first area. */
static bool begin(void)
{
        if (atomic_load(&pool.here))
                return true;
        _Atomic uint64_t *here = wiped_take();
        if (here) {
                atomic_store(here, ++pool.generation);
                atomic_store(&pool.here, here);
        }
        return here;
}

/* --- Mappings --------------------------------------------------------------------------------- */

static int map(uint64_t size, int access, uint8_t **ret_base)
{
        void *at = mmap(NULL, size, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (at == MAP_FAILED)
                return -errno;
        if (madvise(at, size, MADV_DONTFORK) < 0) {
                int r = -errno;
                munmap(at, size);
                return r;
        }
        *ret_base = at;
        return 0;
}

/* Plain ones lie beside each other, as one mapping for the kernel: it has room for 65,530 of these. */
static bool move_to(struct wasm_area *area, uint64_t open)
{
        void *at = NULL;
        if (!area->base) {
                if (map(open, PROT_READ | PROT_WRITE, &area->base) < 0)
                        return false;
        } else {
                at = mremap(area->base, area->size, open, area->held ? 0 : MREMAP_MAYMOVE);
                if (at == MAP_FAILED)
                        return false;
                area->base = at;
        }
        area->size = area->open = open;
        return true;
}

static bool set_open(struct wasm_area *area, uint64_t open)
{
        uint64_t from = open < area->open ? open : area->open, to = open < area->open ? area->open : open;
        if (!open)
                area->closed = 0;
        if (from != to && mprotect(area->base + from, to - from, to == open ? PROT_READ | PROT_WRITE : PROT_NONE) < 0)
                return false;
        area->open = open;
        return true;
}

/* Most that are taken again are closed as they are to be. */
bool wasm_area_close(struct wasm_area *area, uint64_t closed)
{
        uint64_t from = closed < area->closed ? closed : area->closed, to = closed < area->closed ? area->closed : closed;
        if (from != to && area->open &&
            mprotect(area->base + from, to - from, from == closed ? PROT_READ | PROT_WRITE : PROT_NONE) < 0)
                return false;
        area->closed = area->open ? closed : 0;
        return true;
}

bool wasm_area_open(struct wasm_area *area, uint64_t open)
{
        if (area->plain)
                return open == area->open || move_to(area, open);
        return set_open(area, open);
}

/* --- Taking ----------------------------------------------------------------------------------- */

/* A guarded one is made to fit; a plain one is to be of that size. */
static bool fits(const struct wasm_area *area, const struct wasm_area *wanted)
{
        return area->plain == wanted->plain && (wanted->plain ? area->size == wanted->size : area->size >= wanted->size);
}

/* The last one that fits, of those one that is as open as it is to be where there is such. */
static bool take_kept(const struct wasm_area *wanted, struct wasm_area *ret_area)
{
        unsigned best = pool.n;
        for (unsigned i = pool.n; i-- && pool.n - i <= LOOK_NEAR;) {
                const struct wasm_area *area = &pool.kept[i].area;
                if (!fits(area, wanted) || (best != pool.n && area->open != wanted->open))
                        continue;
                best = i;
                if (area->open == wanted->open)
                        break;
        }
        if (best == pool.n)
                return false;
        *ret_area = pool.kept[best].area;
        pool.bytes -= pool.kept[best].bytes;
        memmove(&pool.kept[best], &pool.kept[best + 1], (pool.n - best - 1) * sizeof *pool.kept);
        pool.n--;
        return true;
}

/* Counts one more in use. */
static int find(const struct wasm_area *wanted, struct wasm_area *ret_area)
{
        pool_enter();
        int r = begin() ? 0 : -ENOMEM;
        if (!r && !take_kept(wanted, ret_area))
                *ret_area = (struct wasm_area){ .generation = pool.generation, .plain = wanted->plain };
        if (!r) {
                pool.used++;
                pool.guarded += !wanted->plain;
        }
        give();
        return r;
}

static void lose(struct wasm_area *area)
{
        if (area->base)
                munmap(area->base, area->size);
        pool_enter();
        pool.used--;
        pool.guarded -= !area->plain;
        give();
        *area = (struct wasm_area){ 0 };
}

static int make(struct wasm_area *area, const struct wasm_area *wanted)
{
        if (area->plain)
                return !wanted->size || move_to(area, wanted->size) ? 0 : -errno;
        int r = map(wanted->size, PROT_NONE, &area->base);
        if (!r)
                area->size = wanted->size;
        return r;
}

static int take_area(const struct wasm_area *wanted, struct wasm_area *ret_area)
{
        struct wasm_area area;
        int r = find(wanted, &area);
        if (r)
                return r;
        if (!area.base)
                r = make(&area, wanted);
        if (!r && !wasm_area_open(&area, wanted->open))
                r = -errno;
        if (r)
                lose(&area);
        else
                *ret_area = area;
        return r;
}

int wasm_area_take(uint64_t size, uint64_t open, struct wasm_area *ret_area)
{
        return take_area(&(const struct wasm_area){ .size = size, .open = open }, ret_area);
}

int wasm_area_take_plain(uint64_t open, struct wasm_area *ret_area)
{
        return take_area(&(const struct wasm_area){ .size = open, .open = open, .plain = true }, ret_area);
}

/* --- Giving ----------------------------------------------------------------------------------- */

/* The pages that are cheaper to clear each time than to have from the system anew: of all runs of pages the one where most is
 * gained. What the kernel says is a guess: a page that it swapped out is not there. */
static uint64_t look(const struct wasm_area *area)
{
        unsigned char there[LOOKED_AT];
        uint64_t n = area->open / PAGE < LOOKED_AT ? area->open / PAGE : LOOKED_AT, from = 0, best_from = 0, best_n = 0;
        int64_t gain = 0, best = 0;
        if (mincore(area->base, n * PAGE, there) < 0)
                return 0;
        for (uint64_t i = 0; i < n; i++) {
                if (gain <= 0) {
                        gain = 0;
                        from = i;
                }
                gain += there[i] & 1 ? TOUCHED : -1;
                if (gain > best && i + 1 - from <= WASM_WINDOW_MAX / PAGE) {
                        best = gain;
                        best_from = from;
                        best_n = i + 1 - from;
                }
        }
        return best_from << 32 | best_n;
}

/* Of the first memories, the 1st, 2nd, 4th, 8th, …, and now and then: what a module does may change. */
static uint64_t window_of(struct wasm_window *window, const struct wasm_area *area)
{
        uint32_t seen = atomic_fetch_add_explicit(&window->seen, 1, memory_order_relaxed) + 1;
        if (!(seen & (seen - 1)) || seen % LOOK_EVERY == 0)
                atomic_store_explicit(&window->pages, look(area), memory_order_relaxed);
        return atomic_load_explicit(&window->pages, memory_order_relaxed);
}

static bool drop(uint8_t *at, uint64_t len)
{
        return !len || !madvise(at, len, MADV_DONTNEED);
}

/* All of it reads as zero from here on. How much of it stays in memory is in @ret_kept. */
static bool wipe(const struct wasm_area *area, struct wasm_window *window, uint64_t *ret_kept)
{
        uint64_t pages = window_of(window, area), from = (pages >> 32) * PAGE, to = from + (uint32_t)pages * (uint64_t)PAGE;
        to = to < area->open ? to : area->open;
        from = from < area->closed ? area->closed : from;
        from = from < to ? from : to;
        memset(area->base + from, 0, to - from);
        *ret_kept = to - from;
        return drop(area->base, from) && drop(area->base + to, area->open - to);
}

static bool keep(const struct wasm_area *area, uint64_t bytes)
{
        pool_enter();
        bool kept = area->base && pool.n < WASM_AREAS_KEPT && pool.bytes + bytes <= WASM_BYTES_KEPT;
        if (kept) {
                pool.kept[pool.n++] = (struct kept){ *area, bytes };
                pool.bytes += bytes;
                pool.used--;
                pool.guarded -= !area->plain;
        }
        give();
        return kept;
}

/* Needs no lock: what is there in a forked child is none of its parent's generations. */
static bool is_here(const struct wasm_area *area)
{
        return area->generation && atomic_load(atomic_load(&pool.here)) == area->generation;
}

void wasm_area_give(struct wasm_area *area, struct wasm_window *window)
{
        uint64_t bytes;
        area->held = 0; /* who held it may have been left in the middle */
        if (is_here(area) && !(wipe(area, window, &bytes) && keep(area, bytes)))
                lose(area);
        *area = (struct wasm_area){ 0 };
}

void wasm_areas_drop(void)
{
        pool_enter();
        for (unsigned i = 0; i < pool.n; i++)
                munmap(pool.kept[i].area.base, pool.kept[i].area.size);
        pool.n = 0;
        pool.bytes = 0;
        give();
}

/* Half of the mappings that Linux lets a process have by default, of which an area takes two. */
static uint64_t areas_max(void)
{
        struct rlimit limit;
        if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY)
                return AREAS_MAX;
        uint64_t fit = limit.rlim_cur / 2 / AREA_SIZE;
        return fit < AREAS_MAX ? fit : AREAS_MAX;
}

/* One that is kept needs no more of either. In a forked child both may be its parent's still: no more than a guess. */
bool wasm_areas_are_scarce(void)
{
        return atomic_load(&pool.guarded) >= (atomic_load(&pool.n) ? AREAS_MAX : areas_max());
}

uint64_t wasm_areas_used(void)
{
        pool_enter();
        uint64_t guarded = pool.guarded;
        give();
        return guarded;
}
