/* The add-in of test_process.c: honest functions, facts about its worker, crashes, and lies written straight into the channel. */
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "acts.h"
#include "channel/channel.h"
#include "channel/message.h"
#include "channel/words.h"
#include "test/process/say.h"

/* --- Honest ----------------------------------------------------------------------------------- */

int32_t exports_acts_add(int32_t a, int32_t b)
{
        return (int32_t)((uint32_t)a + (uint32_t)b);
}

void exports_acts_nothing(void)
{
}

void exports_acts_turn(acts_list_item_t *items, acts_list_item_t *ret)
{
        for (size_t i = 0; i < items->len / 2; i++) {
                acts_item_t item = items->ptr[i];
                items->ptr[i] = items->ptr[items->len - 1 - i];
                items->ptr[items->len - 1 - i] = item;
        }
        *ret = *items;
}

void exports_acts_many(uint8_t a, uint16_t b, uint32_t c, uint64_t d, int8_t e, int16_t f, int32_t g, int64_t h, float i, double j,
                       bool k, uint32_t l, uint64_t m, uint64_t n, uint64_t o, uint64_t p, acts_string_t *q, acts_string_t *ret)
{
        char text[512];
        snprintf(text, sizeof text, "%u %u %u %llu %d %d %d %lld %g %g %d %u %llu %llu %llu %llu %.*s", a, b, c,
                 (unsigned long long)d, e, f, g, (long long)h, (double)i, j, k, l, (unsigned long long)m, (unsigned long long)n,
                 (unsigned long long)o, (unsigned long long)p, (int)q->len, q->ptr);
        acts_string_free(q);
        acts_string_dup(ret, text);
}

int32_t exports_acts_depth(int32_t n)
{
        return acts_ask(n);
}

void exports_acts_pass(acts_list_item_t *items, acts_list_item_t *ret)
{
        acts_note(items, ret);
        acts_list_item_free(items);
}

void exports_acts_bytes(uint32_t n, acts_list_u8_t *ret)
{
        ret->ptr = malloc(n);
        ret->len = n;
        memset(ret->ptr, 'x', n);
}

bool exports_acts_environment(acts_string_t *name, acts_string_t *ret)
{
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)name->len, name->ptr);
        acts_string_free(name);
        const char *value = getenv(key);
        if (value)
                acts_string_dup(ret, value);
        return value != NULL;
}

/* --- Facts ------------------------------------------------------------------------------------ */

static int64_t fact_descriptors(void)
{
        int64_t n = 0;
        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}

static int64_t fact_leads_session(void)
{
        return getsid(0) == getpid();
}

static int64_t fact_blocked_signals(void)
{
        sigset_t set;
        int64_t n = 0;
        sigprocmask(SIG_SETMASK, NULL, &set);
        for (int i = 1; i < NSIG; i++)
                n += sigismember(&set, i) == 1;
        return n;
}

static int64_t fact_processors(void)
{
        cpu_set_t set;
        sched_getaffinity(0, sizeof set, &set);
        return (int64_t)set.__bits[0];
}

static int64_t fact_input(void)
{
        char byte;
        return read(0, &byte, 1);
}

static int64_t fact_at_root(void)
{
        char path[PATH_MAX];
        return getcwd(path, sizeof path) && !strcmp(path, "/");
}

static int64_t fact_memory(void)
{
        void *volatile block = malloc((size_t)256 << 20);
        return block != NULL;
}

static int64_t fact_privileges(void)
{
        return prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

static int64_t fact_process(void)
{
        return getpid();
}

static int64_t fact_policy(void)
{
        return sched_getscheduler(0);
}

static int64_t fact_priority(void)
{
        return getpriority(PRIO_PROCESS, 0);
}

static int64_t fact_umask(void)
{
        mode_t mask = umask(0);
        umask(mask);
        return mask;
}

static int64_t fact_ignored_signals(void)
{
        struct sigaction action;
        int64_t n = 0;
        for (int i = 1; i < NSIG; i++)
                n += !sigaction(i, NULL, &action) && action.sa_handler == SIG_IGN;
        return n;
}

static int64_t fact_personality(void)
{
        return personality(0xffffffff);
}

static int64_t fact_files(void)
{
        struct rlimit limit;
        return getrlimit(RLIMIT_NOFILE, &limit) ? -1 : (int64_t)limit.rlim_cur;
}

/* Bit n: the process asks for less of resource n than it may have. */
static int64_t fact_lowered(void)
{
        static const int limits[] = { RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NPROC };
        struct rlimit limit;
        int64_t lowered = 0;
        for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++)
                if (!getrlimit(limits[i], &limit) && limit.rlim_cur < limit.rlim_max)
                        lowered |= (int64_t)1 << limits[i];
        return lowered;
}

/* What is wrong on purpose, sanitizers need not say. */
#define WRONG __attribute__((no_sanitize("undefined"))) static

/* --- Crashes ---------------------------------------------------------------------------------- */

WRONG int64_t crash_null(void)
{
        *(volatile int *)0 = 1;
        return 0;
}

WRONG int64_t crash_divide(void)
{
        volatile int zero = 0, one = 1;
        return one / zero;
}

static int64_t crash_illegal(void)
{
        __builtin_trap();
}

static int64_t crash_bus(void)
{
        int fd = memfd_create("short", 0);
        volatile char *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        return at[0];
}

static int64_t crash_jump(void)
{
        void (*volatile nowhere)(void) = (void (*)(void))(uintptr_t)0x1000;
        nowhere();
        return 0;
}

static int64_t crash_abort(void)
{
        abort();
}

static int64_t crash_raise(void)
{
        return raise(SIGTRAP);
}

static void *crash_soon(void *data)
{
        usleep(10000);
        return (void *)(uintptr_t)crash_null();
}

static int64_t thread_of(void *(*run)(void *))
{
        pthread_t thread;
        return pthread_create(&thread, NULL, run, NULL) ? -1 : pthread_detach(thread);
}

static int64_t crash_thread(void)
{
        return thread_of(crash_soon);
}

static int recurse(volatile int *depth)
{
        volatile int here[64] = { 0 };
        here[*depth % 64] = ++*depth;
        return *depth < INT_MAX ? recurse(depth) + here[1] : 0;
}

static void *overflow_soon(void *data)
{
        volatile int depth = 0;
        return (void *)(intptr_t)recurse(&depth);
}

static int64_t crash_thread_stack(void)
{
        thread_of(overflow_soon);
        return pause();
}

static void *ask_soon(void *data)
{
        acts_ask(1);
        return data;
}

static int64_t crash_ask_from_thread(void)
{
        thread_of(ask_soon);
        return pause();
}

static int64_t crash_two_threads(void)
{
        for (int i = 0; i < 4; i++)
                thread_of(crash_soon);
        return pause();
}

static int64_t crash_exit(void)
{
        exit(7);
}

static int64_t crash_sleep(void)
{
        while (pause())
                continue;
        return 0;
}

static int64_t crash_ask_always(void)
{
        while (acts_ask(1))
                continue;
        return 0;
}

/* Its signal is blocked, so that only the kernel can tell. */
static int64_t crash_blocked(void)
{
        sigset_t all;
        sigfillset(&all);
        sigprocmask(SIG_SETMASK, &all, NULL);
        return crash_null();
}

static void name_and_sleep(const char *name, int born)
{
        prctl(PR_SET_NAME, name);
        if (write(born, "", 1) != 1)
                _exit(1);
        for (;;)
                pause();
}

/* Two children: one as it comes, one of its own session, whose parent is gone. Both are called @name, by the time that this
 * returns. */
static int64_t start_family(const char *name)
{
        int ends[2], born = 0;
        char byte;
        if (pipe2(ends, O_CLOEXEC))
                return -1;
        if (!fork())
                name_and_sleep(name, ends[1]);
        if (!fork()) {
                setsid();
                if (!fork())
                        name_and_sleep(name, ends[1]);
                _exit(0);
        }
        close(ends[1]);
        while (born < 2 && read(ends[0], &byte, 1) == 1)
                born++;
        close(ends[0]);
        return born;
}

/* --- Lies ------------------------------------------------------------------------------------- */

static int64_t lie_bell(void)
{
        return say(MESSAGE_RETURN, 0, 0, 0, 0, 0, 3);
}

static int64_t lie_kind(void)
{
        return say(77, 0, 0, 0, 0, 0, 1);
}

static int64_t lie_import(void)
{
        return say(MESSAGE_IMPORT, 0, 99, 0, 0, 0, 1);
}

static int64_t lie_instance(void)
{
        return say(MESSAGE_IMPORT, 0x7fffffff, 0, 0, 0, 0, 1);
}

static int64_t lie_arguments(void)
{
        return say(MESSAGE_IMPORT, 0, 1, 0xfffffff0, 0x7fffffff, 0, 1);
}

/* Calls the host while it is unloaded. */
static bool lies_at_unload;

__attribute__((destructor)) static void unload(void)
{
        if (lies_at_unload)
                say_on(LANE_OF_CONTROL, MESSAGE_IMPORT, 0, 0, (uint32_t)-1, 0, 0, 1);
}

static int64_t lie_at_unload(void)
{
        lies_at_unload = true;
        return 0;
}

static int64_t lie_failure(void)
{
        return say(MESSAGE_FAILED, 0, 0, 55, 0, 0, 1);
}

static int64_t lie_text(void)
{
        return say(MESSAGE_FAILED, 0, 0, WARD_FAULT_LIMIT, UINT64_MAX - 4, 100, 1);
}

/* Last words that claim a signal with which the process did not die, and try to reach the terminal. */
static int64_t lie_words(int status)
{
        struct last_words *words = (struct last_words *)(void *)(find_channel(NULL));
        words->signal = SIGSEGV;
        words->has_address = 1;
        words->address = 0x1234;
        words->backtrace_len = UINT32_MAX;
        memset(words->backtrace, '\033', sizeof words->backtrace);
        words->kind = WARD_FAULT_SIGNAL;
        _exit(status);
}

static int64_t lie_agreed(void)
{
        return lie_words(WORDS_SIGNAL + SIGSEGV);
}

static int64_t lie_differs(void)
{
        return lie_words(3);
}

/* Overwrites everything that the worker may write, for ever, while calls go on. */
static void *storm(void *data)
{
        struct mailbox *box = find_mailbox(LANE_OF_CALLS);
        uint64_t x = (uint64_t)(uintptr_t)&x ^ (uint64_t)clock();
        for (;;) {
                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                if (x % 8 == 0)
                        atomic_store(&box->bell, (uint32_t)(x >> 32) % 4 ? atomic_load(&box->bell) + 2 : (uint32_t)(x >> 40));
                atomic_store(&box->kind, (uint32_t)(x >> 16) % 20);
                atomic_store(&box->instance, (uint32_t)(x >> 24) % 3);
                atomic_store(&box->function, (uint32_t)(x >> 28) % 3);
                atomic_store(&box->slots[x % CHANNEL_SLOTS], x >> (x % 60));
        }
        return data;
}

static int64_t lie_always(void)
{
        return thread_of(storm);
}

/* --- Table ------------------------------------------------------------------------------------ */

static const struct {
        const char *name;
        int64_t (*run)(void);
} acts[] = {
        { "descriptors", fact_descriptors },
        { "leads-session", fact_leads_session },
        { "blocked-signals", fact_blocked_signals },
        { "processors", fact_processors },
        { "input", fact_input },
        { "at-root", fact_at_root },
        { "memory", fact_memory },
        { "privileges", fact_privileges },
        { "process", fact_process },
        { "policy", fact_policy },
        { "priority", fact_priority },
        { "umask", fact_umask },
        { "ignored-signals", fact_ignored_signals },
        { "personality", fact_personality },
        { "files", fact_files },
        { "lowered", fact_lowered },
        { "null", crash_null },
        { "divide", crash_divide },
        { "illegal", crash_illegal },
        { "bus", crash_bus },
        { "jump", crash_jump },
        { "abort", crash_abort },
        { "raise", crash_raise },
        { "thread", crash_thread },
        { "thread-stack", crash_thread_stack },
        { "ask-from-thread", crash_ask_from_thread },
        { "two-threads", crash_two_threads },
        { "exit", crash_exit },
        { "sleep", crash_sleep },
        { "ask-always", crash_ask_always },
        { "blocked", crash_blocked },
        { "lie-bell", lie_bell },
        { "lie-kind", lie_kind },
        { "lie-import", lie_import },
        { "lie-instance", lie_instance },
        { "lie-arguments", lie_arguments },
        { "lie-at-unload", lie_at_unload },
        { "lie-failure", lie_failure },
        { "lie-text", lie_text },
        { "lie-agreed", lie_agreed },
        { "lie-differs", lie_differs },
        { "lie-always", lie_always },
};

int64_t exports_acts_act(acts_string_t *what)
{
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)what->len, what->ptr);
        acts_string_free(what);
        if (!strncmp(name, "family ", 7))
                return start_family(name + 7);
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                if (!strcmp(acts[i].name, name))
                        return acts[i].run();
        return -1;
}

/* "lie N" answers with the string that lies at N. */
void exports_acts_echo(acts_string_t *text, acts_string_t *ret)
{
        unsigned long long at;
        char copy[64];
        snprintf(copy, sizeof copy, "%.*s", (int)(text->len < 60 ? text->len : 60), text->ptr);
        if (sscanf(copy, "lie %llu", &at) == 1)
                say(MESSAGE_RETURN, 0, 0, at, 0, 0, 1);
        *ret = *text;
}
