#include "channel/coming.h"

#include <linux/futex.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { LOOKS = 2000 }; /* before the worker sleeps: some ten microseconds */

/* The word that says how far the blocks are there: lines, above the bit that says that the worker sleeps. */
enum { ASLEEP = 1, STEP = 2 };

static uint32_t lines(uint64_t bytes)
{
        return (uint32_t)((bytes + COMING_LINE - 1) / COMING_LINE);
}

/* --- Host ------------------------------------------------------------------------------------- */

bool coming_add(struct coming *coming, uint32_t at, const void *data, uint64_t len)
{
        if (len < COMING_LEAST || coming->n == CHANNEL_COMING)
                return false;
        coming->blocks[coming->n++] = (struct coming_block){ at, (uint32_t)len, data };
        return true;
}

void coming_announce(struct channel *channel, const struct coming *coming)
{
        struct lane_words *words = channel->words;
        for (uint32_t i = 0; i < coming->n; i++) {
                atomic_store_explicit(&words->coming[i].at, coming->blocks[i].at, memory_order_relaxed);
                atomic_store_explicit(&words->coming[i].len, coming->blocks[i].len, memory_order_relaxed);
        }
        atomic_store_explicit(&words->n_coming, coming->n, memory_order_relaxed);
        atomic_store_explicit(&words->there, 0, memory_order_relaxed);
}

static void tell(struct lane_words *words, uint32_t there)
{
        if (atomic_exchange_explicit(&words->there, there * STEP, memory_order_acq_rel) & ASLEEP)
                syscall(SYS_futex, &words->there, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void write_block(struct channel *channel, const struct coming_block *block, uint32_t *there, const _Atomic uint32_t *guard)
{
        for (uint32_t done = 0, n; done < block->len && atomic_load_explicit(guard, memory_order_relaxed); done += n) {
                n = block->len - done < COMING_PIECE ? block->len - done : COMING_PIECE;
                memcpy(channel->base + block->at + done, (const uint8_t *)block->data + done, n);
                *there += lines(n);
                tell(channel->words, *there);
        }
}

void coming_write(struct channel *channel, struct coming *coming, const _Atomic uint32_t *guard)
{
        uint32_t there = 0;
        for (uint32_t i = 0; i < coming->n; i++)
                write_block(channel, &coming->blocks[i], &there, guard);
        coming->n = 0;
}

/* --- Worker ----------------------------------------------------------------------------------- */

void coming_expect(const struct channel *channel, struct coming *ret_coming)
{
        const struct lane_words *words = channel->words;
        uint32_t n = atomic_load_explicit(&words->n_coming, memory_order_relaxed);
        ret_coming->n = n < CHANNEL_COMING ? n : CHANNEL_COMING;
        for (uint32_t i = 0; i < ret_coming->n; i++)
                ret_coming->blocks[i] =
                        (struct coming_block){ atomic_load_explicit(&words->coming[i].at, memory_order_relaxed),
                                               atomic_load_explicit(&words->coming[i].len, memory_order_relaxed), NULL };
}

static bool is_there(uint32_t there, uint32_t wanted)
{
        return there / STEP >= wanted;
}

static bool look(const struct lane_words *words, uint32_t wanted)
{
        for (int i = 0; i < LOOKS; i++) {
                if (is_there(atomic_load_explicit(&words->there, memory_order_acquire), wanted))
                        return true;
#if defined(__x86_64__)
                __builtin_ia32_pause();
#endif
        }
        return false;
}

/* The host was interrupted, or had to take memory from the system. */
static void rest(struct lane_words *words, uint32_t wanted)
{
        uint32_t there = atomic_load_explicit(&words->there, memory_order_acquire);
        while (!is_there(there, wanted)) {
                if (!(there & ASLEEP) && !atomic_compare_exchange_strong(&words->there, &there, there | ASLEEP))
                        continue;
                syscall(SYS_futex, &words->there, FUTEX_WAIT, there | ASLEEP, NULL, NULL, 0);
                there = atomic_load_explicit(&words->there, memory_order_acquire);
        }
}

void coming_await(struct channel *channel, const struct coming *coming, uint32_t at, uint64_t len)
{
        uint32_t before = 0;
        for (uint32_t i = 0; i < coming->n; i++) {
                const struct coming_block *block = &coming->blocks[i];
                if (at >= block->at && at - block->at < block->len) {
                        uint32_t wanted = before + lines(at - block->at + len);
                        if (!look(channel->words, wanted))
                                rest(channel->words, wanted);
                        return;
                }
                before += lines(block->len);
        }
}

/* A line that was read once while it came comes sooner when it is read again, from whatever cache. */
static void touch(const uint8_t *at, uint32_t len)
{
        for (uint32_t i = 0; i < len; i += COMING_LINE)
                (void)*(const volatile uint8_t *)(at + i);
}

void coming_await_all(struct channel *channel, const struct coming *coming)
{
        for (uint32_t i = 0; i < coming->n; i++) {
                const struct coming_block *block = &coming->blocks[i];
                for (uint32_t done = 0, n; done < block->len; done += n) {
                        n = block->len - done < COMING_PIECE ? block->len - done : COMING_PIECE;
                        coming_await(channel, coming, block->at + done, n);
                        touch(channel->base + block->at + done, n);
                }
        }
}
