/* Deadlines of a host that a debugger holds. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "probe_host.h"
#include "test/support.h"

enum { DEADLINE_MS = 200, HELD_MS = 600, THREADS = 16 };

/* --- The debugger, another process ------------------------------------------------------------ */

static int seize(pid_t host, pid_t threads[THREADS])
{
        char path[64];
        int n = 0;
        snprintf(path, sizeof path, "/proc/%d/task", host);
        DIR *tasks = opendir(path);
        for (struct dirent *entry; tasks && n < THREADS && (entry = readdir(tasks));)
                if (entry->d_name[0] != '.' && !ptrace(PTRACE_SEIZE, threads[n] = atoi(entry->d_name), NULL, NULL))
                        n++;
        if (tasks)
                closedir(tasks);
        return n;
}

/* Holds all threads of @host for a while whenever it is asked to, and stays attached. */
static void debug(pid_t host, int asked)
{
        const struct timespec time = { .tv_nsec = HELD_MS * 1000000 };
        pid_t threads[THREADS];
        int n = 0;
        for (char byte; read(asked, &byte, 1) == 1;) {
                if (!n)
                        n = seize(host, threads);
                for (int i = 0; i < n; i++)
                        ptrace(PTRACE_INTERRUPT, threads[i], NULL, NULL);
                for (int i = 0; i < n; i++)
                        waitpid(threads[i], NULL, __WALL);
                nanosleep(&time, NULL);
                for (int i = 0; i < n; i++)
                        ptrace(PTRACE_CONT, threads[i], NULL, NULL);
        }
        _exit(0);
}

struct debugger {
        pid_t pid;
        int ask;
};

static struct debugger start_debugger(void)
{
        int ends[2];
        pid_t host = getpid();
        assert_int_equal(pipe(ends), 0);
        struct debugger debugger = { fork(), ends[1] };
        if (!debugger.pid) {
                close(ends[1]);
                debug(host, ends[0]);
        }
        close(ends[0]);
        prctl(PR_SET_PTRACER, debugger.pid);
        return debugger;
}

static void end_debugger(struct debugger *debugger)
{
        close(debugger->ask);
        waitpid(debugger->pid, NULL, 0);
}

/* --- The host --------------------------------------------------------------------------------- */

struct scene {
        struct debugger debugger;
        struct probe *probe;
        bool held;
};

static uint64_t now_ms(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* Is held in the midst of a callback: it goes on when the clock has jumped. Never, where debuggers are not allowed. */
static uint32_t down(void *data, uint32_t depth)
{
        struct scene *scene = data;
        uint64_t start = now_ms(), last = start;
        assert_int_equal(write(scene->debugger.ask, "", 1), 1);
        while (!scene->held && last - start < 5000) {
                uint64_t now = now_ms();
                scene->held = now - last > HELD_MS / 2;
                last = now;
        }
        return 7;
}

static bool judge(void *data, probe_pair_t *maybe_value, probe_list_pair_t *ret, probe_string_t *err)
{
        probe_string_dup(err, "nobody asks");
        return false;
}

static void check_held(enum ward_isolation kind)
{
        struct ward_host *host = host_start();
        struct scene scene = { .debugger = start_debugger() };
        struct probe_services services = { .data = &scene, .down = down, .judge = judge };
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        uint32_t ret = 0;
        options.deadline_ms = DEADLINE_MS;
        assert_good(probe_activate(host, addin_file("probe", kind), &options, &services, &scene.probe, &fault), &fault);
        assert_good(probe_descend(scene.probe, 1, &ret, &fault), &fault);
        assert_true(scene.held);
        scene.probe = probe_release(scene.probe);
        ward_host_free(host);
        end_debugger(&scene.debugger);
}

TEST(a_host_that_is_held_loses_no_call_wasm)
{
        check_held(WARD_WASM);
}

TEST(a_host_that_is_held_loses_no_call_process)
{
        check_held(WARD_PROCESS);
}

/* The same time without a debugger is the host's own. */
static uint32_t down_slowly(void *data, uint32_t depth)
{
        const struct timespec time = { .tv_nsec = HELD_MS * 1000000 };
        nanosleep(&time, NULL);
        return 7;
}

TEST(a_host_that_takes_its_time_does)
{
        for (enum ward_isolation kind = WARD_WASM; kind <= WARD_PROCESS; kind++) {
                struct ward_host *host = host_start();
                struct probe_services services = { .down = down_slowly, .judge = judge };
                struct ward_activate_options options = options_for(kind);
                struct ward_fault fault;
                struct probe *probe;
                uint32_t ret = 0;
                options.deadline_ms = DEADLINE_MS;
                assert_good(probe_activate(host, addin_file("probe", kind), &options, &services, &probe, &fault), &fault);
                assert_int_equal(probe_descend(probe, 1, &ret, &fault), -WARD_FAULT_DEADLINE);
                probe_release(probe);
                ward_host_free(host);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_host_that_is_held_loses_no_call_wasm, 30),
                         TEST_CASE_LONG(a_host_that_is_held_loses_no_call_process, 30),
                         TEST_CASE_LONG(a_host_that_takes_its_time_does, 30));
}
