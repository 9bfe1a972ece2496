#include "base/wiped.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
        SLAB = 64 << 10,
        SLOT = WIPED_SIZE,
};

/* Slots of mappings that a fork wipes. What is free, and what there is, is kept apart from them. Guarded by the lock; all of it
 * goes when the last slot comes back. */
static struct {
        pthread_mutex_t lock;
        void **slabs;
        size_t n_slabs;
        void **idle; /* room for every slot of every slab */
        size_t n_idle;
} slots = { .lock = PTHREAD_MUTEX_INITIALIZER };
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void take(void)
{
        pthread_mutex_lock(&slots.lock);
}

static void give(void)
{
        pthread_mutex_unlock(&slots.lock);
}

/* A child that was forked while another thread held the lock would never get it. */
static void init_once(void)
{
        pthread_atfork(take, give, give);
}

/* --- With the lock held ----------------------------------------------------------------------- */

/* Room for one more slab, and for its slots among the idle. */
static bool make_room(void)
{
        void **slabs = reallocarray(slots.slabs, slots.n_slabs + 1, sizeof *slabs);
        if (slabs)
                slots.slabs = slabs;
        void **idle = reallocarray(slots.idle, (slots.n_slabs + 1) * (SLAB / SLOT), sizeof *idle);
        if (idle)
                slots.idle = idle;
        return slabs && idle;
}

static int add_slab(void)
{
        if (!make_room())
                return -ENOMEM;
        char *slab = mmap(NULL, SLAB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (slab == MAP_FAILED)
                return -errno;
        if (madvise(slab, SLAB, MADV_WIPEONFORK) < 0) {
                int r = -errno;
                munmap(slab, SLAB);
                return r;
        }
        slots.slabs[slots.n_slabs++] = slab;
        for (size_t at = SLAB; at; at -= SLOT)
                slots.idle[slots.n_idle++] = slab + at - SLOT;
        return 0;
}

static void drop_slabs(void)
{
        for (size_t i = 0; i < slots.n_slabs; i++)
                munmap(slots.slabs[i], SLAB);
        free(slots.slabs);
        free(slots.idle);
        slots.slabs = NULL;
        slots.idle = NULL;
        slots.n_slabs = slots.n_idle = 0;
}

void *wiped_take(void)
{
        void *slot = NULL;
        pthread_once(&once, init_once);
        take();
        int r = slots.n_idle ? 0 : add_slab();
        if (!r)
                slot = slots.idle[--slots.n_idle];
        give();
        if (slot)
                memset(slot, 0, SLOT);
        else
                errno = -r;
        return slot;
}

void wiped_give(void *slot)
{
        if (!slot)
                return;
        take();
        slots.idle[slots.n_idle++] = slot;
        if (slots.n_idle == slots.n_slabs * (SLAB / SLOT))
                drop_slabs();
        give();
}
