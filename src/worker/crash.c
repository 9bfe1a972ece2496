/* The last words of a worker that crashes. The handler runs in whatever state the add-in left behind, so it does first what can
 * hardly fail, and a guard ends the process if the rest hangs: the death must not wait for the report. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include "base/own.h"
#include "worker/worker.h"

enum { STACK = 128 << 10, PAGE = 4096, FRAMES = 48, NAME = 128, GUARD_SECONDS = 1 };

static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGXCPU, SIGXFSZ };

static struct last_words *words;
/* Where this program lies: the linker's. To look for it (dladdr) would read all symbols, in each worker. */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/* Text of bounded length; snprintf is not safe in signal handlers. */
struct out {
        char *at;
        size_t left;
};

static void out_text(struct out *out, const char *text)
{
        size_t len = strnlen(text, out->left);
        memcpy(out->at, text, len);
        out->at += len;
        out->left -= len;
}

static void out_number(struct out *out, uint64_t value, unsigned base)
{
        char digits[20 + 1];
        char *at = digits + sizeof digits - 1;
        *at = 0;
        do
                *--at = "0123456789abcdef"[value % base];
        while (value /= base);
        out_text(out, base == 16 ? "0x" : "");
        out_text(out, at);
}

static uint64_t program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
        return (uint64_t)context->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
        return context->uc_mcontext.pc;
#else
#error "the program counter of this processor is not known here"
#endif
}

static void out_function(struct out *out, const Dl_info *info, const struct link_map *map, uint64_t pc)
{
        char name[NAME];
        uint64_t offset;
        if (info->dli_sname) {
                out_text(out, info->dli_sname);
                offset = pc - (uint64_t)info->dli_saddr;
        } else if (symbol_find(info->dli_fname, pc - map->l_addr, name, sizeof name, &offset)) {
                out_text(out, name);
        } else {
                return;
        }
        out_text(out, "+");
        out_number(out, offset, 16);
        out_text(out, " in ");
}

/* One line: "operate+0x1c in /lib/libhostile.so+0x113c". False where the add-in's frames end and Ward's begin. */
static bool out_frame(struct out *out, uint64_t pc)
{
        Dl_info info;
        struct link_map *map;
        if (!dladdr1((void *)(uintptr_t)pc, &info, (void **)&map, RTLD_DL_LINKMAP) || !info.dli_fname) {
                out_number(out, pc, 16);
        } else {
                if (info.dli_fbase == __ehdr_start)
                        return false;
                out_function(out, &info, map, pc);
                out_text(out, info.dli_fname);
                out_text(out, "+");
                out_number(out, pc - map->l_addr, 16);
        }
        out_text(out, "\n");
        return true;
}

/* A runaway recursion is told in two lines. */
static void out_repeats(struct out *out, int repeats)
{
        if (!repeats)
                return;
        out_text(out, "  and so on, ");
        out_number(out, (uint64_t)repeats, 10);
        out_text(out, " frames more\n");
}

static void write_frames(struct out *out, void **frames, int n)
{
        int repeats = 0;
        for (int i = 0; i < n; i++) {
                if (i && frames[i] == frames[i - 1]) {
                        repeats++;
                        continue;
                }
                out_repeats(out, repeats);
                repeats = 0;
                /* A return address may be past the end of a function that does not return. */
                if (!out_frame(out, (uint64_t)frames[i] - 1))
                        return;
                words->backtrace_len = (uint32_t)(WORDS_BACKTRACE - out->left);
        }
        out_repeats(out, repeats);
        words->backtrace_len = (uint32_t)(WORDS_BACKTRACE - out->left);
}

static void write_backtrace(uint64_t pc)
{
        void *frames[FRAMES];
        struct out out = { words->backtrace, WORDS_BACKTRACE };
        if (!out_frame(&out, pc))
                return;
        words->backtrace_len = (uint32_t)(WORDS_BACKTRACE - out.left);
        /* The handler's own frames come first, then the one that was interrupted. */
        int n = backtrace(frames, FRAMES), first = 0;
        while (first < n && (uint64_t)frames[first] != pc)
                first++;
        if (++first < n)
                write_frames(&out, frames + first, n - first);
}

static void end_hung_handler(int signal)
{
        _exit(WORDS_SIGNAL + (int)words->signal);
}

static void guard_handler(void)
{
        struct sigaction action = { .sa_handler = end_hung_handler };
        sigset_t alarm_only;
        sigaction(SIGALRM, &action, NULL);
        sigemptyset(&alarm_only);
        sigaddset(&alarm_only, SIGALRM);
        sigprocmask(SIG_UNBLOCK, &alarm_only, NULL);
        alarm(GUARD_SECONDS);
}

/* Only signals that an instruction raised come again when it is executed again. */
static bool comes_again(int signal, int code)
{
        return code > 0 && (signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE);
}

/* As process 1 of a namespace the worker cannot die of a signal that it sends itself; of one that the kernel forces on it, it can.
 */
static void on_crash(int signal, siginfo_t *info, void *context)
{
        static atomic_flag taken = ATOMIC_FLAG_INIT;
        if (atomic_flag_test_and_set(&taken))
                for (;;)
                        pause();
        words->signal = (uint32_t)signal;
        words->lane = server_here ? server_here->number : 0;
        /* A fault with an address that is none (SI_KERNEL) reads as 0. */
        words->has_address = info->si_code > 0 && info->si_code != SI_KERNEL && signal != SIGSYS;
        words->address = words->has_address ? (uint64_t)info->si_addr : 0;
        words->kind = WARD_FAULT_SIGNAL;
        guard_handler();
        write_backtrace(program_counter(context));
        if (!comes_again(signal, info->si_code))
                _exit(WORDS_SIGNAL + signal);
        struct sigaction action = { .sa_handler = SIG_DFL };
        sigaction(signal, &action, NULL);
}

/* Handlers run on a stack of their own, so that a stack overflow can be told; it too ends in a page that faults. */
int crash_watch_thread(void)
{
        uint8_t *at = mmap(NULL, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (at == MAP_FAILED)
                return -errno;
        stack_t stack = { .ss_sp = at + PAGE, .ss_size = STACK - PAGE };
        if (!mprotect(at, PAGE, PROT_NONE) && !sigaltstack(&stack, NULL))
                return 0;
        int error = errno;
        munmap(at, STACK);
        return -error;
}

void crash_leave_thread(void)
{
        const stack_t none = { .ss_flags = SS_DISABLE };
        stack_t stack;
        if (!sigaltstack(&none, &stack) && !(stack.ss_flags & SS_DISABLE))
                munmap((uint8_t *)stack.ss_sp - PAGE, STACK);
}

int crash_watch(struct last_words *to)
{
        struct sigaction action = { .sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK };
        words = to;
        int r = crash_watch_thread();
        if (r < 0)
                return r;
        /* A crash within the handler finds its signal blocked, so the kernel ends the process at once. */
        sigemptyset(&action.sa_mask);
        for (size_t i = 0; i < COUNT_OF(signals); i++)
                sigaddset(&action.sa_mask, signals[i]);
        for (size_t i = 0; i < COUNT_OF(signals); i++)
                if (sigaction(signals[i], &action, NULL) < 0)
                        return -errno;
        return 0;
}
