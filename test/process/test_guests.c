/* A worker is a guest: how the host runs, down to the thread that it is started by, is the host's affair, and stays as it is. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "test/process/process.h"

static const enum ward_level levels[] = { WARD_LEVEL_HOST, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_INTRANET, WARD_LEVEL_INTERNET };

/* How a thread is, and a process. */
struct ways {
        int policy, priority;
        mode_t mask;
        struct sigaction actions[NSIG];
        sigset_t blocked;
        struct rlimit limits[RLIM_NLIMITS];
        cpu_set_t processors;
};

static struct ways look(void)
{
        struct ways ways = { .policy = sched_getscheduler(0), .priority = getpriority(PRIO_PROCESS, 0), .mask = umask(0) };
        umask(ways.mask);
        for (int i = 1; i < NSIG; i++)
                sigaction(i, NULL, &ways.actions[i]);
        pthread_sigmask(SIG_SETMASK, NULL, &ways.blocked);
        for (int i = 0; i < RLIM_NLIMITS; i++)
                getrlimit((__rlimit_resource_t)i, &ways.limits[i]);
        sched_getaffinity(0, sizeof ways.processors, &ways.processors);
        return ways;
}

static void same(const struct ways *a, const struct ways *b)
{
        assert_int_equal(a->policy, b->policy);
        assert_int_equal(a->priority, b->priority);
        assert_int_equal(a->mask, b->mask);
        for (int i = 1; i < NSIG; i++)
                assert_ptr_equal(a->actions[i].sa_handler, b->actions[i].sa_handler);
        assert_memory_equal(&a->blocked, &b->blocked, sizeof a->blocked);
        assert_memory_equal(a->limits, b->limits, sizeof a->limits);
        assert_true(CPU_EQUAL(&a->processors, &b->processors));
}

static void lower(__rlimit_resource_t resource, rlim_t to)
{
        struct rlimit limit;
        assert_int_equal(getrlimit(resource, &limit), 0);
        limit.rlim_cur = to < limit.rlim_max ? to : limit.rlim_max;
        assert_int_equal(setrlimit(resource, &limit), 0);
}

/* What only some may do is done where it can be. */
static void be_strange(void)
{
        const struct sched_param real_time = { .sched_priority = 10 };
        const int ignored[] = { SIGPIPE, SIGUSR1, SIGCHLD, SIGRTMIN + 3, SIGTERM };
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(sched_getcpu(), &one);
        sched_setaffinity(0, sizeof one, &one);
        setpriority(PRIO_PROCESS, 0, -5);
        sched_setscheduler(0, SCHED_FIFO, &real_time);
        umask(0);
        personality(ADDR_NO_RANDOMIZE);
        for (size_t i = 0; i < COUNT_OF(ignored); i++)
                signal(ignored[i], SIG_IGN);
        lower(RLIMIT_CPU, 3600);
        lower(RLIMIT_FSIZE, (rlim_t)4 << 30);
        lower(RLIMIT_NOFILE, 200);
        lower(RLIMIT_MEMLOCK, 4096);
        if (!HARNESS_HAS_SHADOW)
                lower(RLIMIT_AS, (rlim_t)64 << 30);
}

static void check(const struct stage *stage)
{
        cpu_set_t all; /* of the process, as its first thread has them */
        sched_getaffinity(getpid(), sizeof all, &all);
        assert_int_equal(fact(stage, "processors"), all.__bits[0]);
        assert_int_equal(fact(stage, "policy"), SCHED_OTHER);
        assert_int_equal(fact(stage, "priority"), 0);
        assert_int_equal(fact(stage, "umask"), S_IWGRP | S_IWOTH);
        assert_true(fact(stage, "personality") <= 0); /* less: a filter refuses to say */
        assert_int_equal(fact(stage, "ignored-signals"), 0);
        assert_int_equal(fact(stage, "blocked-signals"), 0);
        assert_int_equal(fact(stage, "lowered"), 0);
        assert_true(fact(stage, "files") > 200);
}

/* Where the machine cannot hold a level, there is nothing to be seen of it. */
static bool enter(struct stage *stage, enum ward_level level)
{
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        options.level = level;
        int r = acts_activate(stage->host, addin_file("acts", WARD_PROCESS), &options, &acts_services, &stage->acts, &fault);
        if (r == -WARD_FAULT_REFUSED && !getenv("WARD_MUST_WORK"))
                printf("  left out: %s\n", fault.text);
        else
                assert_good(r, &fault);
        return !r;
}

static void *start_strangely(void *data)
{
        struct stage stage = { .host = host_start() };
        be_strange();
        struct ways before = look();
        for (size_t i = 0; i < COUNT_OF(levels); i++) {
                if (!enter(&stage, levels[i]))
                        continue;
                check(&stage);
                stage.acts = acts_release(stage.acts);
        }
        struct ways after = look();
        same(&before, &after);
        stage_strike(&stage);
        return data;
}

TEST(a_worker_has_no_ways_of_the_hosts)
{
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, start_strangely, NULL), 0);
        pthread_join(thread, NULL);
}

/* A mask that lets less through is somebody's will. */
TEST(a_strict_umask_stays)
{
        umask(077);
        struct stage stage = stage_set(NULL);
        assert_int_equal(fact(&stage, "umask"), 077);
        stage_strike(&stage);
}

TEST(more_files_than_usual_are_for_workers_too)
{
        struct rlimit limit;
        getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_max < 5000)
                harness_skip("no more than 5,000 descriptors");
        limit.rlim_cur = 5000;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        struct stage stage = stage_set(NULL);
        assert_int_equal(fact(&stage, "files"), 5000);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(a_worker_has_no_ways_of_the_hosts), TEST_CASE(a_strict_umask_stays),
                         TEST_CASE(more_files_than_usual_are_for_workers_too));
}
