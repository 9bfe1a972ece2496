/* Kills Ward's processes at random instants: chaos ACTS.SO [--activations N] [--seed N] [--user] [--no-namespaces
 * [--spare-wardens]]
 *
 * Hosts live one after the other, until there were so many activations. What is killed of a host's, it survives, with a fault that
 * has a reason; and whatever a host dies of, nothing of it is left soon after.
 *
 *      --user            as one who is not root
 *      --no-namespaces   likewise, and where the system allows no namespaces: the warden alone holds its workers. What these have
 *                        started it can end, if it is not killed itself: so there is nothing of the kind unless wardens are spared
 */
#include "test/chaos/chaos.h"

#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "base/own.h"
#include "test/harness/harness.h"

enum {
        NOBODY = 65534,
        ACTIVATIONS = 10000,
        GONE_MS = 100,     /* that what a host leaves may take */
        GIVE_UP_MS = 5000, /* that it is waited for */
        GONE_LATE = 2,     /* one of so many may be late: others may need the processors */
        PAUSE_BITS = 17,   /* between two deaths: as often 1 to 2 us as 32 to 64 ms */
        FIRST_US = 4000,
        FIRST_MAX = 500, /* times that long */
        STEPS_MAX = 2000,
        LIVES_MAX = 100000,
        MS = 1000000,
};

/* How often, of a hundred. */
static const struct {
        const char *name;
        unsigned share;
} victims[VICTIMS] = {
        [VICTIM_WORKER] = { "workers", 60 }, [VICTIM_ZYGOTE] = { "zygotes", 15 },      [VICTIM_WARDEN] = { "wardens", 15 },
        [VICTIM_HOST] = { "hosts", 7 },      [VICTIM_HOST_AND_WARDEN] = { "both", 3 },
};

struct chaos {
        struct board *board;
        uint64_t seed;
        uint64_t activations;
        bool user, bare, spares;
        bool may_step; /* as a debugger does */
        pid_t host;
        int orders;
        unsigned killed[VICTIMS], died[DEATHS], left;
        uint32_t n_gone, n_late;
        uint32_t gone[LIVES_MAX]; /* us until nothing was left */
};

uint64_t chaos_now(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void board_fail(struct board *board, const char *format, ...)
{
        va_list args;
        if (atomic_exchange(&board->failed, true))
                return;
        va_start(args, format);
        vsnprintf(board->failure, sizeof board->failure, format, args);
        va_end(args);
}

/* --- A host's life ---------------------------------------------------------------------------- */

static unsigned below(struct chaos *chaos, unsigned n)
{
        return (unsigned)(chaos_random(&chaos->seed) >> 16) % n;
}

static void bear(struct chaos *chaos)
{
        int ends[2];
        uint64_t seed = chaos_random(&chaos->seed);
        if (pipe(ends) < 0)
                abort();
        chaos->board->leave = false;
        chaos->host = fork();
        if (!chaos->host) {
                close(ends[1]);
                host_live(chaos->board, seed, ends[0]);
        }
        close(ends[0]);
        chaos->orders = ends[1];
}

/* Wardens, and in place of them whom they held. */
static void reap(struct chaos *chaos)
{
        int status;
        for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
                if (pid != chaos->host)
                        continue;
                chaos->host = 0;
                board_fail(chaos->board, "the host ended by itself: status 0x%x", status);
        }
}

static const char *name_of(pid_t pid, char name[32])
{
        char path[64];
        snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
        FILE *file = fopen(path, "re");
        if (!file || !fgets(name, 32, file))
                strcpy(name, "?");
        name[strcspn(name, "\n")] = 0;
        if (file)
                fclose(file);
        return name;
}

/* Waits until all but @spared are gone, and notes how long that took from @start on. */
static void await_nothing(struct chaos *chaos, uint64_t start, pid_t spared)
{
        pid_t left = 0;
        char name[32];
        while (victim_children(getpid(), spared, &left, 1) && chaos_now() - start < (uint64_t)GIVE_UP_MS * MS) {
                if (waitpid(left, NULL, WNOHANG | __WALL) != left)
                        usleep(50);
                left = 0;
        }
        if (left)
                board_fail(chaos->board, "%d ms after the host's end there is still process %d, '%s'", GIVE_UP_MS, (int)left,
                           name_of(left, name));
        uint64_t took = chaos_now() - start;
        chaos->n_late += took > (uint64_t)GONE_MS * MS;
        if (chaos->n_gone < LIVES_MAX)
                chaos->gone[chaos->n_gone++] = (uint32_t)(took / 1000);
}

static int bury(struct chaos *chaos)
{
        int status = 0;
        close(chaos->orders);
        if (chaos->host)
                waitpid(chaos->host, &status, 0);
        chaos->host = 0;
        return status;
}

/* One of its threads does it. One that becomes another program is not to be a grave for the others. */
static void die(struct chaos *chaos, enum death death)
{
        char order = (char)death;
        uint64_t start = chaos_now();
        chaos->board->kills++;
        chaos->died[death]++;
        if (write(chaos->orders, &order, 1) != 1)
                board_fail(chaos->board, "the host does not hear");
        if (death == DEATH_EXEC) {
                await_nothing(chaos, start, chaos->host);
                kill(chaos->host, SIGKILL);
        }
        int status = bury(chaos);
        if (status && (death == DEATH_EXIT || death == DEATH_QUICK_EXIT))
                board_fail(chaos->board, "the host did not end as it would without Ward: status 0x%x", status);
        if (death != DEATH_EXEC)
                await_nothing(chaos, start, 0);
}

static void leave(struct chaos *chaos)
{
        int status;
        chaos->board->leave = true;
        chaos->left++;
        if (waitpid(chaos->host, &status, 0) != chaos->host || status)
                board_fail(chaos->board, "the host did not leave as it came: status 0x%x", status);
        chaos->host = 0;
        bury(chaos);
        await_nothing(chaos, chaos_now(), 0);
}

/* False: that was the host. */
static bool strike(struct chaos *chaos, enum victim victim)
{
        unsigned steps = chaos->may_step && !below(chaos, 8) ? 1 + below(chaos, STEPS_MAX) : 0;
        bool is_host = victim >= VICTIM_HOST;
        if (!victim_kill(victim, chaos->host, steps, &chaos->board->kills))
                return true;
        chaos->killed[victim]++;
        uint64_t start = chaos_now();
        if (!is_host)
                return true;
        bury(chaos);
        await_nothing(chaos, start, 0);
        return false;
}

static enum victim pick(struct chaos *chaos)
{
        unsigned at = below(chaos, 100), victim = 0;
        while (at >= victims[victim].share)
                at -= victims[victim++].share;
        if (chaos->spares && (victim == VICTIM_WARDEN || victim == VICTIM_HOST_AND_WARDEN))
                return VICTIM_HOST;
        return (enum victim)victim;
}

/* A quarter of them by their own hands, or old age. */
static void live(struct chaos *chaos)
{
        bear(chaos);
        while (!chaos->board->failed) {
                usleep(below(chaos, 1u << below(chaos, PAUSE_BITS)));
                reap(chaos);
                enum victim victim = pick(chaos);
                if (!chaos->host)
                        return;
                if (victim == VICTIM_HOST && below(chaos, 2)) {
                        unsigned death = below(chaos, DEATHS + 1);
                        if (death == DEATHS)
                                leave(chaos);
                        else
                                die(chaos, (enum death)death);
                        return;
                }
                if (!strike(chaos, victim))
                        return;
        }
        kill(chaos->host, SIGKILL);
        bury(chaos);
}

/* --- Before and after ------------------------------------------------------------------------- */

static void become(const struct chaos *chaos)
{
        if ((chaos->user || chaos->bare) && !geteuid() &&
            (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY)))
                abort();
        /* What cannot be dumped cannot have the maps of a user namespace written. */
        prctl(PR_SET_DUMPABLE, !chaos->bare);
}

/* In a child, so that here no thread of Ward's has ever been. */
static bool works(struct chaos *chaos, enum ward_level level)
{
        static const char *const skipped = "level %s is left out: %s\n";
        char *why = chaos->board->failure;
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(!host_try(chaos->board, level, why));
        waitpid(pid, &status, 0);
        if (status)
                printf(skipped, ward_level_name(level), why);
        return !status;
}

static void find_levels(struct chaos *chaos)
{
        static const enum ward_level levels[CHAOS_LEVELS] = { WARD_LEVEL_HOST, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_INTRANET,
                                                              WARD_LEVEL_INTERNET };
        struct board *board = chaos->board;
        for (int i = 0; i < CHAOS_LEVELS; i++)
                if (works(chaos, levels[i]))
                        board->levels[board->n_levels++] = levels[i];
        /* Without namespaces, the levels of those who are not trusted are below their floor. */
        uint32_t expected = chaos->bare ? 2 : CHAOS_LEVELS;
        if (board->n_levels < expected && (!board->n_levels || getenv("WARD_MUST_WORK")))
                board_fail(board, "not all levels work here");
}

static int compare(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
        return (x > y) - (x < y);
}

static void tell(struct chaos *chaos)
{
        const struct board *board = chaos->board;
        uint32_t n = chaos->n_gone;
        qsort(chaos->gone, n, sizeof *chaos->gone, compare);
        printf("%llu activations, %llu calls, %llu faults, each with its reason\nkilled:", (unsigned long long)board->activations,
               (unsigned long long)board->calls, (unsigned long long)board->faults);
        for (int i = 0; i < VICTIMS; i++)
                printf(" %u %s", chaos->killed[i], victims[i].name);
        printf("; hosts that ended themselves: abort %u, exit %u, _exit %u, SIGSEGV %u, exec %u, in order %u\n",
               chaos->died[DEATH_ABORT], chaos->died[DEATH_EXIT], chaos->died[DEATH_QUICK_EXIT], chaos->died[DEATH_SEGV],
               chaos->died[DEATH_EXEC], chaos->left);
        if (n)
                printf("nothing left of a host after: median %.1f ms, 99 %% %.1f ms, most %.1f ms; %u of %u later than %d ms\n",
                       chaos->gone[n / 2] / 1000.0, chaos->gone[(uint64_t)(n - 1) * 99 / 100] / 1000.0, chaos->gone[n - 1] / 1000.0,
                       chaos->n_late, n, GONE_MS);
        if (chaos->n_late * GONE_LATE > n)
                board_fail(chaos->board, "too late");
}

static void run(struct chaos *chaos)
{
        struct board *board = chaos->board;
        find_levels(chaos);
        if (board->failed)
                return;
        const struct left before = left_look();
        while (board->activations < chaos->activations && !board->failed)
                live(chaos);
        if (!board->failed) { /* the last one in order: it also finds what those before it could not put away any more */
                bear(chaos);
                for (int i = 0; i < FIRST_MAX && (!i || left_look().cgroups > before.cgroups); i++)
                        usleep(FIRST_US); /* it does so when it first has a domain with groups */
                leave(chaos);
        }
        tell(chaos);
        left_is(&before, board);
}

static bool take_option(struct chaos *chaos, const char *option, const char *value)
{
        if (!strcmp(option, "--user"))
                chaos->user = true;
        else if (!strcmp(option, "--no-namespaces"))
                chaos->bare = true;
        else if (!strcmp(option, "--spare-wardens"))
                chaos->spares = true;
        else if (!strcmp(option, "--activations") && value)
                chaos->activations = strtoull(value, NULL, 10);
        else if (!strcmp(option, "--seed") && value)
                chaos->seed = strtoull(value, NULL, 10) | 1;
        return *option == '-';
}

int main(int argc, char **argv)
{
        static struct chaos chaos = { .activations = ACTIVATIONS };
        const char *addin = NULL, *worker = getenv("WARD_WORKER");
        chaos.seed = chaos_now() | 1;
        for (int i = 1; i < argc; i++)
                if (!take_option(&chaos, argv[i], argv[i + 1]) && *argv[i] != '-' && strstr(argv[i], ".so"))
                        addin = argv[i];
        chaos.board = mmap(NULL, sizeof *chaos.board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (!addin || !worker || chaos.board == MAP_FAILED) {
                fprintf(stderr, "WARD_WORKER=ward-worker chaos ACTS.SO [--activations N] [--seed N] [--user] [--no-namespaces "
                                "[--spare-wardens]]\n");
                return 2;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        printf("seed %llu\n", (unsigned long long)chaos.seed);
        srand((unsigned)chaos.seed);
        char *paths[] = { (char *)(uintptr_t)addin, (char *)(uintptr_t)worker };
        left_seclude(paths, COUNT_OF(paths));
        setenv("WARD_WORKER", paths[1], 1);
        chaos.board->addin = paths[0];
        become(&chaos);
        prctl(PR_SET_CHILD_SUBREAPER, 1);
        chaos.may_step = !chaos.bare;
        chaos.board->families = !chaos.bare || chaos.spares;
        run(&chaos);
        if (chaos.board->failed)
                printf("FAILED: %s\n", chaos.board->failure);
        return chaos.board->failed;
}
