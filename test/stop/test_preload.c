/* With libward-preload.so before the C library: a host that installs handlers late, hands nothing on, and believes that they are
 * installed. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/stop/stage.h"

static _Atomic unsigned handled;
static void *volatile page;

static void open_page(int number, siginfo_t *info, void *context)
{
        if (info->si_addr == page)
                mprotect(page, 4096, PROT_READ | PROT_WRITE);
        handled++;
}

static void fault_in_host(void)
{
        page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        *(volatile char *)page = 1;
        munmap(page, 4096);
}

static void traps(struct stage *stage)
{
        struct ward_fault fault;
        assert_int_equal(stage_act(stage, "null", &fault), -WARD_FAULT_TRAP);
        stage_clear(stage);
}

static const struct sigaction late = { .sa_sigaction = open_page, .sa_flags = SA_SIGINFO };

static void be_preloaded(void)
{
        if (!getenv("LD_PRELOAD"))
                harness_skip("libward-preload.so is not loaded");
}

TEST(a_late_handler_is_called_for_the_host_only)
{
        struct stage stage = { 0 };
        struct sigaction before, now;
        struct ward_fault fault;
        be_preloaded();
        signal(SIGSEGV, SIG_IGN);
        stage_set(&stage, 0);
        assert_int_equal(sigaction(SIGSEGV, &late, &before), 0);
        assert_ptr_equal(before.sa_handler, SIG_IGN);
        assert_int_equal(sigaction(SIGSEGV, NULL, &now), 0);
        assert_ptr_equal(now.sa_sigaction, open_page);
        assert_int_equal(now.sa_flags & SA_SIGINFO, SA_SIGINFO);
        fault_in_host();
        assert_int_equal(handled, 1);
        traps(&stage);
        stage_set(&stage, 20);
        assert_int_equal(stage_act(&stage, "loop", &fault), -WARD_FAULT_DEADLINE);
        assert_int_equal(handled, 1);
        assert_ptr_equal(signal(SIGSEGV, SIG_DFL), open_page);
        assert_ptr_equal(signal(SIGSEGV, SIG_IGN), SIG_DFL);
        raise(SIGSEGV);
        stage_strike(&stage);
}

static int status_of(void (*act)(struct stage *stage), struct stage *stage)
{
        int status = -1;
        pid_t pid = fork();
        if (!pid) {
                act(stage);
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void fault_by_default(struct stage *stage)
{
        signal(SIGSEGV, SIG_DFL);
        fault_in_host();
}

static void fault_twice(struct stage *stage)
{
        struct sigaction once = late;
        once.sa_flags |= (int)SA_RESETHAND;
        sigaction(SIGSEGV, &once, NULL);
        fault_in_host();
        sigaction(SIGSEGV, NULL, &once);
        if (handled != 1 || once.sa_handler != SIG_DFL)
                _exit(1);
        fault_in_host();
}

TEST(a_host_that_has_no_handler_ends)
{
        struct stage stage = { 0 };
        be_preloaded();
        stage_set(&stage, 0);
        int status = status_of(fault_by_default, &stage);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        status = status_of(fault_twice, &stage);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
        stage_strike(&stage);
}

static _Atomic bool over;

static void *changes_handlers(void *unused)
{
        struct sigaction other = late, before;
        other.sa_flags |= SA_NODEFER;
        sigaddset(&other.sa_mask, SIGUSR1);
        while (!over) {
                sigaction(SIGSEGV, &other, &before);
                assert_ptr_equal(before.sa_sigaction, open_page);
                sigaction(SIGSEGV, &late, &before);
                assert_ptr_equal(before.sa_sigaction, open_page);
        }
        return NULL;
}

/* Each fault finds a handler, whole. */
TEST(handlers_change_while_others_fault)
{
        struct stage stage = { 0 };
        pthread_t changing;
        be_preloaded();
        stage_set(&stage, 0);
        sigaction(SIGSEGV, &late, NULL);
        assert_int_equal(pthread_create(&changing, NULL, changes_handlers, NULL), 0);
        for (unsigned i = 1; i <= 300; i++) {
                fault_in_host();
                assert_int_equal(handled, i);
                if (i % 10 == 0) {
                        traps(&stage);
                        stage_set(&stage, 0);
                }
        }
        over = true;
        pthread_join(changing, NULL);
        assert_int_equal(handled, 300);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_late_handler_is_called_for_the_host_only, 120),
                         TEST_CASE_LONG(a_host_that_has_no_handler_ends, 120),
                         TEST_CASE_LONG(handlers_change_while_others_fault, 120));
}
