#include "wasm/thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fault.h"
#include "wasm/limits.h"
#include "wasm/signals.h"

enum {
        /* What is left of it for the host's callbacks; of a small stack a quarter. */
        HOST_ROOM = 256 << 10,
        /* Of a stack without a guard page, for the frame of the function that finds its end to have gone below it, and of a short
         * one that it calls, which does not look (recast.h). */
        UNGUARDED_ROOM = WASM_FRAME_MAX + (12 << 10),
        /* A stack that is not the thread's own (a coroutine's) does not say how large it is. Calls that nest share this; those that
         * begin further away are on another. */
        FOREIGN_STACK = 32 << 10,
        FOREIGN_REACH = 2 * FOREIGN_STACK,
        /* For the frame of a signal with all of the processor's registers, Ward's handler, and a handler of the host's behind it.
         */
        SIGNAL_STACK = 128 << 10,
        GUARD = 64 << 10,
        /* What Ward's handler alone takes of the host's, beside what the kernel writes there; that says how much it is. */
        SIGNAL_LEAST = 4 << 10,
        SIGNAL_FRAME = 2 << 10, /* where it does not */
};

__thread struct wasm_thread wasm_thread __attribute__((tls_model("initial-exec")));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static int key_error;

static void signal_stack_free(struct wasm_thread *thread)
{
        stack_t current;
        if (!thread->signal_stack)
                return;
        if (!sigaltstack(NULL, &current) && current.ss_sp == (char *)thread->signal_stack + GUARD)
                sigaltstack(&(stack_t){ .ss_flags = SS_DISABLE }, NULL);
        munmap(thread->signal_stack, GUARD + SIGNAL_STACK);
        thread->signal_stack = NULL;
}

/* At the thread's end. A later destructor of the host's that calls a module prepares the thread anew. */
static void thread_end(void *data)
{
        struct wasm_thread *thread = data;
        signal_stack_free(thread);
        thread->id = 0;
}

static void thread_after_fork(void)
{
        if (wasm_thread.id)
                wasm_thread.id = (uint32_t)gettid();
}

static void init_once(void)
{
        key_error = pthread_key_create(&key, thread_end);
        if (!key_error)
                key_error = pthread_atfork(NULL, NULL, thread_after_fork);
}

static uintptr_t min(uintptr_t a, uintptr_t b)
{
        return a < b ? a : b;
}

static uintptr_t max(uintptr_t a, uintptr_t b)
{
        return a > b ? a : b;
}

static int find_stack(struct wasm_thread *thread)
{
        pthread_attr_t attributes;
        void *low;
        size_t size, guard = 0;
        int error = pthread_getattr_np(pthread_self(), &attributes);
        if (error)
                return error;
        error = pthread_attr_getstack(&attributes, &low, &size);
        pthread_attr_getguardsize(&attributes, &guard);
        pthread_attr_destroy(&attributes);
        thread->stack_low = (uintptr_t)low;
        thread->stack_high = (uintptr_t)low + size;
        thread->lowest = thread->stack_low + max(min(size / 4, HOST_ROOM), guard ? 0 : UNGUARDED_ROOM);
        return error;
}

/* One that is too small would end the process with the first trap. It is the host's: it is not taken away, but told of. */
static int check_signal_stack(struct ward_fault *fault)
{
        size_t frame = getauxval(AT_MINSIGSTKSZ), least = (frame ? frame : SIGNAL_FRAME) + SIGNAL_LEAST;
        stack_t stack;
        if (sigaltstack(NULL, &stack) < 0 || stack.ss_flags & SS_DISABLE || stack.ss_size >= least)
                return 0;
        return fault_set(
                fault, WARD_FAULT_SYSTEM,
                "this thread's alternate signal stack (sigaltstack) has %zu bytes: to run WebAssembly it is to have %zu at "
                "least, or there is to be none, and Ward makes one",
                stack.ss_size, least);
}

static int signal_stack_new(struct wasm_thread *thread)
{
        stack_t stack;
        if (sigaltstack(NULL, &stack) < 0)
                return errno;
        if (!(stack.ss_flags & SS_DISABLE))
                return 0;
        char *at = mmap(NULL, GUARD + SIGNAL_STACK, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
        if (at == MAP_FAILED)
                return errno;
        thread->signal_stack = at;
        stack = (stack_t){ .ss_sp = at + GUARD, .ss_size = SIGNAL_STACK };
        if (mprotect(at + GUARD, SIGNAL_STACK, PROT_READ | PROT_WRITE) < 0 || sigaltstack(&stack, NULL) < 0) {
                int error = errno;
                signal_stack_free(thread);
                return error;
        }
        return 0;
}

static int unblock(void)
{
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGSEGV);
        sigaddset(&set, SIGBUS);
        return pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

int wasm_thread_prepare(struct ward_fault *fault)
{
        struct wasm_thread *thread = &wasm_thread;
        pthread_once(&once, init_once);
        int error = key_error, r = wasm_signals_install(fault);
        if (!r)
                r = check_signal_stack(fault);
        if (r)
                return r;
        if (!error)
                error = find_stack(thread);
        if (!error)
                error = signal_stack_new(thread);
        if (!error)
                error = unblock();
        if (!error)
                error = pthread_setspecific(key, thread);
        if (error) {
                signal_stack_free(thread);
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, error, "cannot prepare a thread for WebAssembly");
        }
        thread->id = (uint32_t)gettid();
        return 0;
}

static uintptr_t foreign_limit(struct wasm_thread *thread, uintptr_t sp)
{
        if (!thread->top || thread->foreign_high - sp > FOREIGN_REACH)
                thread->foreign_high = sp;
        return thread->foreign_high - FOREIGN_STACK;
}

uintptr_t wasm_thread_stack_limit(struct wasm_thread *thread)
{
        uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
        if (sp < thread->stack_low || sp >= thread->stack_high)
                return foreign_limit(thread, sp);
        if (!thread->top)
                thread->floor = sp > WASM_STACK_MAX ? sp - WASM_STACK_MAX : 0;
        return max(thread->lowest, thread->floor);
}
