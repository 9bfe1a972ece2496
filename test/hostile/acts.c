/* What the hostile worker does in place of what it should. */
#include <linux/futex.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "test/hostile/worker.h"

/* --- What it does at once --------------------------------------------------------------------- */

__attribute__((noreturn)) static void rest(void)
{
        for (;;)
                pause();
}

__attribute__((noreturn)) static void say_reached(void)
{
        atomic_store(&hostile.board->reached, 1);
        syscall(SYS_futex, &hostile.board->reached, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
        rest();
}

__attribute__((noreturn, no_sanitize("undefined"))) static void crash(void)
{
        signal(SIGSEGV, SIG_DFL);
        *(volatile int *)0 = 1;
        _exit(1);
}

static void ask_often(struct served *served, uint64_t bytes, uint32_t times)
{
        struct extent any;
        for (uint32_t i = 0; i < times; i++)
                ask_more(served, bytes, &any);
}

/* As that lane's worker would. */
static void answer_elsewhere(const struct served *served)
{
        for (uint32_t lane = 0; lane < LANES_USED; lane++) {
                struct mailbox *box = box_of(lane);
                if (lane == served->number)
                        continue;
                atomic_store(&box->kind, MESSAGE_RETURN);
                atomic_store(&box->slots[0], UINT32_MAX);
                wrong_bell(box, 2);
        }
}

/* --- At random -------------------------------------------------------------------------------- */

static void random_answer(struct served *served)
{
        uint64_t slots[CHANNEL_SLOTS], *x = &served->random;
        for (size_t i = 0; i < COUNT_OF(slots); i++)
                slots[i] = odd_number(x);
        uint64_t r = next_random(x);
        uint32_t kind = r & 3 ? MESSAGE_RETURN : (uint32_t)(r >> 8) % (MESSAGE_SETTLE_RETURN + 2);
        channel_send(&served->channel, r & 12 ? kind : MESSAGE_IMPORT, (uint32_t)(r >> 16) % 2, (uint32_t)(r >> 24) % 12, slots,
                     CHANNEL_SLOTS);
}

static void random_end(uint64_t r)
{
        if (r % 4 == 0)
                _exit((int)(r >> 8) % 256);
        if (r % 4 == 1)
                crash();
        rest();
}

/* Mostly honest, so that calls go on for a while. */
static bool act_at_random(struct served *served)
{
        if (!served->random)
                served->random = (atomic_fetch_add(&hostile.board->number, 1) * 0x9e3779b97f4a7c15) | 1;
        uint64_t r = next_random(&served->random) >> 8;
        switch (r % 64) {
        case 0:
                random_end(r >> 8);
                return true;
        case 1:
                storm_start(ACT_STORM + (r >> 8) % (ACT_RING - ACT_STORM + 1));
                return false;
        case 2:
                answer_elsewhere(served);
                return false;
        case 3:
        case 4:
        case 5:
                ask_often(served, odd_number(&served->random), (uint32_t)(r >> 8) % 40);
                return false;
        case 6:
                wrong_bell(box_of((uint32_t)(r >> 8) % LANES_USED), r >> 20);
                return false;
        case 7:
        case 8:
        case 9:
        case 10:
        case 11:
        case 12:
                random_answer(served);
                return true;
        case 13:
        case 14:
                for (int i = 0; i < 64; i++)
                        rewrite_value(&served->random);
                return false;
        default:
                return false;
        }
}

/* --- At a moment ------------------------------------------------------------------------------ */

static bool act(struct served *served)
{
        struct board *board = hostile.board;
        enum act what = atomic_load(&board->act);
        uint64_t number = atomic_load(&board->number);
        switch (what) {
        case ACT_EXIT:
                atomic_store(&board->died_at, clock_now());
                _exit(7);
        case ACT_CRASH:
                atomic_store(&board->died_at, clock_now());
                crash();
        case ACT_WAIT:
                say_reached();
        case ACT_ANSWER:
                tell(served, (uint32_t)number, UINT32_MAX, UINT64_MAX);
                return true;
        case ACT_MORE:
                ask_often(served, number, atomic_load(&board->times));
                return false;
        case ACT_ELSE:
        case ACT_ACROSS:
                answer_elsewhere(served);
                return what == ACT_ACROSS;
        case ACT_SHUT:
                shutdown(hostile.socket, SHUT_RDWR);
                return false;
        default:
                storm_start(what);
                return false;
        }
}

bool act_at(struct served *served, enum moment moment)
{
        struct board *board = hostile.board;
        uint32_t wanted = moment, act_wanted = atomic_load(&board->act);
        if (act_wanted == ACT_RANDOM)
                return act_at_random(served);
        if (act_wanted == ACT_NONE || atomic_load(&board->moment) != moment)
                return false;
        uint32_t skip = atomic_load(&board->skip);
        while (skip && !atomic_compare_exchange_weak(&board->skip, &skip, skip - 1))
                continue;
        if (skip || !atomic_compare_exchange_strong(&board->moment, &wanted, MOMENT_NONE))
                return false;
        return act(served);
}
