/* The host that is to be killed: several domains at a time, made, called and unloaded by threads that come and go. */
#include "test/chaos/chaos.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/usage.h>
#include "acts_host.h"
#include "test/harness/harness.h"

enum { KEPT = 4, VISITS = 20 /* a thread */, SETTLE_US = 1000, SETTLES = 2000 };

/* A domain that is kept for a while. */
struct kept {
        struct acts *acts;
        uint32_t kills; /* before it was made */
};

struct life {
        struct board *board;
        struct ward_host *host;
        uint64_t seed;
        int orders;
        struct kept kept[KEPT];
        uint32_t failed_at; /* kills, before the last activation that failed */
};

static int32_t ask(void *data, int32_t n)
{
        return n + 1;
}

static void note(void *data, acts_list_item_t *items, acts_list_item_t *ret)
{
        *ret = (acts_list_item_t){ NULL, 0 };
}

static const struct acts_services services = { .ask = ask, .note = note };

static int activate(struct life *life, enum ward_level level, struct acts **ret_acts, struct ward_fault *fault)
{
        static const struct ward_quota quota = { .size = sizeof quota, .processes = 32, .cpu_percent = 400 };
        const struct ward_activate_options options = { .size = sizeof options,
                                                       .isolation = WARD_PROCESS,
                                                       .level = level,
                                                       .deadline_ms = 5000,
                                                       .limits = { .size = sizeof options.limits },
                                                       .quota = chaos_random(&life->seed) % 4 ? NULL : &quota };
        return acts_activate(life->host, life->board->addin, &options, &services, ret_acts, fault);
}

/* --- What it does ----------------------------------------------------------------------------- */

static int call_add(struct acts *acts, struct ward_fault *fault)
{
        int32_t sum = 0;
        int r = acts_add(acts, 20, 22, &sum, fault);
        return r ? r : sum != 42;
}

static int call_bytes(struct acts *acts, struct ward_fault *fault)
{
        acts_list_u8_t bytes;
        int r = acts_bytes(acts, 100000, &bytes, fault);
        if (!r)
                acts_list_u8_free(&bytes);
        return r;
}

static int call_depth(struct acts *acts, struct ward_fault *fault)
{
        int32_t ret = 0;
        int r = acts_depth(acts, 1, &ret, fault);
        return r ? r : ret != 2;
}

static int call_family(struct acts *acts, struct ward_fault *fault)
{
        acts_string_t what;
        int64_t ret;
        acts_string_set(&what, "family kin");
        return acts_act(acts, &what, &ret, fault);
}

static int call(struct life *life, struct acts *acts, struct ward_fault *fault)
{
        bool family = life->board->families && ward_domain_level(acts_domain(acts)) >= WARD_LEVEL_FULL_TRUST;
        life->board->calls++;
        switch (chaos_random(&life->seed) % 8) {
        case 0:
                return family ? call_family(acts, fault) : 0;
        case 1:
                return call_bytes(acts, fault);
        case 2:
        case 3:
                return call_depth(acts, fault);
        default:
                return call_add(acts, fault);
        }
}

/* It is counted a moment after it was done, too. */
static bool has_reason(const struct board *board, uint32_t kills)
{
        for (int i = 0; i < SETTLES && kills == board->kills; i++)
                usleep(SETTLE_US / 10);
        return kills != board->kills;
}

/* A fault is in order where something was killed since @kills, and it says so. */
static void judge(struct life *life, const char *what, int r, const struct ward_fault *fault, uint32_t kills)
{
        static const int in_order[] = { -WARD_FAULT_SIGNAL, -WARD_FAULT_SYSTEM, -WARD_FAULT_UNLOADED };
        bool known = false;
        life->board->faults++;
        for (size_t i = 0; i < sizeof in_order / sizeof in_order[0]; i++)
                known |= r == in_order[i];
        if (!known)
                board_fail(life->board, "%s: %d: %s", what, r, r < 0 ? fault->text : "a wrong answer");
        else if (!has_reason(life->board, kills))
                board_fail(life->board, "%s, without a reason: %s", what, fault->text);
}

static void use(struct life *life, struct kept *kept)
{
        struct ward_fault fault;
        int r = call(life, kept->acts, &fault);
        if (!r)
                return;
        judge(life, "a call", r, &fault, kept->kills);
        kept->acts = acts_release(kept->acts);
}

/* What is killed costs the activation that is under way, and the next one where it came between the two: behind that another warden
 * or zygote is there. */
static void make(struct life *life, struct kept *kept)
{
        struct board *board = life->board;
        struct ward_fault fault;
        enum ward_level level = board->levels[chaos_random(&life->seed) % board->n_levels];
        kept->kills = board->kills;
        int r = activate(life, level, &kept->acts, &fault);
        board->activations++;
        if (!r)
                return;
        judge(life, "an activation", r, &fault, life->failed_at);
        life->failed_at = kept->kills;
}

/* A child that ends at once is nobody's business. */
static void fork_beside(void)
{
        pid_t pid = fork();
        if (!pid)
                _exit(0);
        if (pid > 0)
                waitpid(pid, NULL, 0);
}

static void visit(struct life *life)
{
        struct kept *kept = &life->kept[chaos_random(&life->seed) % KEPT];
        if (!kept->acts)
                make(life, kept);
        for (uint64_t n = chaos_random(&life->seed) % 4; kept->acts && n; n--)
                use(life, kept);
        if (chaos_random(&life->seed) % 4)
                kept->acts = acts_release(kept->acts);
        if (!(chaos_random(&life->seed) % 64))
                fork_beside();
}

/* The warden and its workers are not to depend on the thread that started them. */
static void *run(void *data)
{
        struct life *life = data;
        for (int i = 0; i < VISITS && !life->board->leave && !life->board->failed; i++)
                visit(life);
        return NULL;
}

/* --- How it dies ------------------------------------------------------------------------------ */

static void die(enum death death)
{
        switch (death) {
        case DEATH_ABORT:
                abort();
        case DEATH_EXIT:
                exit(0);
        case DEATH_QUICK_EXIT:
                _exit(0);
        case DEATH_SEGV:
                kill(getpid(), SIGSEGV);
                break;
        default: /* its descriptors go, but not the process */
                execl("/bin/sleep", "sleep", "100", NULL);
        }
}

/* In a thread beside the others. */
static void *await_order(void *data)
{
        struct life *life = data;
        char death;
        if (read(life->orders, &death, 1) == 1)
                die((enum death)death);
        return NULL;
}

/* A thread that was joined is seen for a moment longer. */
static void check_left(struct board *board, int fds, int threads)
{
        for (int i = 0; i < SETTLES && (harness_count_fds() != fds || harness_count_threads() != threads); i++)
                usleep(SETTLE_US);
        if (harness_count_fds() != fds || harness_count_threads() != threads)
                board_fail(board, "the host had %d descriptors and %d threads, now %d and %d", fds, threads, harness_count_fds(),
                           harness_count_threads());
        if (waitpid(-1, NULL, WNOHANG | __WALL) >= 0)
                board_fail(board, "the host has a child");
}

static void go_on(struct life *life)
{
        pthread_t thread;
        int r = pthread_create(&thread, NULL, run, life);
        for (int i = 0; i < SETTLES && r == EAGAIN;
             i++) { /* others may have all processes that the machine can have, for a moment */
                usleep(SETTLE_US);
                r = pthread_create(&thread, NULL, run, life);
        }
        if (r)
                board_fail(life->board, "no thread: %s", strerror(r));
        else
                pthread_join(thread, NULL);
}

void host_live(struct board *board, uint64_t seed, int orders)
{
        struct life life = { .board = board, .seed = seed, .orders = orders, .failed_at = board->kills };
        struct ward_fault fault;
        pthread_t thread;
        signal(SIGSEGV, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (pthread_create(&thread, NULL, await_order, &life))
                _exit(1);
        int fds = harness_count_fds(), threads = harness_count_threads();
        if (ward_host_new(NULL, &life.host, &fault))
                board_fail(board, "no host: %s", fault.text);
        while (!board->leave && !board->failed)
                go_on(&life);
        for (int i = 0; i < KEPT; i++)
                acts_release(life.kept[i].acts);
        ward_host_free(life.host);
        check_left(board, fds, threads);
        _exit(board->failed);
}

bool host_try(struct board *board, enum ward_level level, char why[CHAOS_TEXT])
{
        struct life life = { .board = board, .seed = 1 };
        struct acts *acts = NULL;
        struct ward_fault fault;
        int r = ward_host_new(NULL, &life.host, &fault);
        if (!r)
                r = activate(&life, level, &acts, &fault);
        if (!r)
                r = call_add(acts, &fault);
        if (r)
                snprintf(why, CHAOS_TEXT, "%s", fault.text);
        acts_release(acts);
        ward_host_free(life.host);
        return !r;
}
