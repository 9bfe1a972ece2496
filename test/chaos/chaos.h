/* Processes of Ward's that are killed at random instants, and what is left of them.
 *
 *      supervisor ──── host ─ ─ ─ warden ──── zygotes, workers
 *          └─────────────────────────┘  a subreaper: whoever loses its parent becomes its child
 *
 * 1. board_new  2. left_look  3. lives, one after the other: host_live in a child, victim_kill meanwhile, then its death
 * 4. left_look again
 *
 * So the supervisor knows exactly what is left when a host has died: its children. */
#ifndef TEST_CHAOS_CHAOS_H
#define TEST_CHAOS_CHAOS_H

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <ward/host.h>

enum { CHAOS_LEVELS = 4, CHAOS_TEXT = 2048 };

/* What supervisor and host share. */
struct board {
        enum ward_level levels[CHAOS_LEVELS]; /* that work here */
        uint32_t n_levels;
        const char *addin;
        bool families; /* add-ins start processes of their own: there is a kernel's guarantee that these go, too */
        _Atomic uint64_t activations, calls, faults;
        _Atomic uint32_t kills; /* counted before and after each, so that a fault has its reason */
        _Atomic bool leave;     /* the host is to end in order */
        _Atomic bool failed;
        char failure[CHAOS_TEXT];
};

/* Notes why the test fails. The first one counts. */
void board_fail(struct board *board, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The next of a row of numbers that @seed begins, which is not 0. */
static inline uint64_t chaos_random(uint64_t *seed)
{
        *seed ^= *seed << 13, *seed ^= *seed >> 7, *seed ^= *seed << 17;
        return *seed;
}

/* Nanoseconds since some time. */
uint64_t chaos_now(void);

/* host.c: activates, calls and unloads until it is killed, told how to die by a byte of enum death from @orders, or told to leave;
 * then it is as it was before: exit status 0. */
enum death { DEATH_ABORT, DEATH_EXIT, DEATH_QUICK_EXIT, DEATH_SEGV, DEATH_EXEC, DEATHS };
void host_live(struct board *board, uint64_t seed, int orders) __attribute__((noreturn));
/* Whether an add-in works at @level here. Leaves nothing. */
bool host_try(struct board *board, enum ward_level level, char why[CHAOS_TEXT]);

/* victim.c: whom the supervisor can kill. */
enum victim { VICTIM_WORKER, VICTIM_ZYGOTE, VICTIM_WARDEN, VICTIM_HOST, VICTIM_HOST_AND_WARDEN, VICTIMS };
/* Kills one such process of @host's, after so many single steps if that is not 0. False where there is none at the moment. */
bool victim_kill(enum victim victim, pid_t host, unsigned steps, _Atomic uint32_t *kills);
/* Children of this process other than @host, at most @n of them. */
unsigned victim_children(pid_t parent, pid_t host, pid_t *ret_pids, unsigned n);

/* left.c: what could be left on the machine by processes that are gone. */
struct left {
        long mounts, cgroups, shared_memory, temporary, system_v, descriptors, shared_kib;
};
/* Where this user may: from here on nobody else sees or fills /tmp and /dev/shm, in which @paths are copied and renamed so. */
void left_seclude(char *paths[], unsigned n);
struct left left_look(void);
/* Compares what can be compared, with some patience. True where nothing is left. */
bool left_is(const struct left *before, struct board *board);

#endif
