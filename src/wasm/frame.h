/* Where a signal interrupted a thread, and what the kernel writes for its handler: the one place that knows machines. */
#ifndef WASM_FRAME_H
#define WASM_FRAME_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

typedef void (*frame_handler)(int number, siginfo_t *info, void *context);

#if defined(__x86_64__)

static inline uintptr_t frame_pc(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t frame_sp(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}

/* The kernel's frame: where the handler returns to, then a ucontext that ends with a mask of 64 bits, then a siginfo. Apart from it
 * the other registers, for which xrstor wants an alignment of 64. */
enum {
        FRAME_RED_ZONE = 128,
        FRAME_CONTEXT_SIZE = offsetof(ucontext_t, uc_sigmask) + 8,
        FRAME_SIZE = 8 + FRAME_CONTEXT_SIZE + sizeof(siginfo_t),
        FRAME_FX_SIZE = 512,
        FRAME_FX_MAGIC_AT = 464, /* struct _fpx_sw_bytes in what fxsave leaves to software */
        FRAME_FX_MAGIC = 0x46505853,
};

static inline size_t frame_registers_size(const void *registers)
{
        struct {
                uint32_t magic, size;
        } software;
        memcpy(&software, (const char *)registers + FRAME_FX_MAGIC_AT, sizeof software);
        return software.magic == FRAME_FX_MAGIC ? software.size : FRAME_FX_SIZE;
}

/* Below the stack pointer of who was interrupted there may be what a sanitizer has poisoned: memcpy would say so. */
static inline void frame_copy(uintptr_t to, const void *from, size_t n)
{
        __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

/* A function of its own that does not return: a sanitizer is to know that the frames on the signal stack are gone. */
__attribute__((noinline, noreturn, unused)) static void frame_go(uintptr_t at, frame_handler handler, int number, uintptr_t info,
                                                                 uintptr_t context)
{
        __asm__ volatile("mov %0, %%rsp\n\txor %%eax, %%eax\n\tjmp *%1"
                         :
                         : "r"(at), "r"(handler), "D"(number), "S"(info), "d"(context)
                         : "rax", "memory");
        __builtin_unreachable();
}

/* Goes to @handler as if the kernel had made its frame on the stack that was interrupted. Does not return. */
static inline void frame_move(frame_handler handler, int number, const siginfo_t *info, const ucontext_t *context,
                              void (*moved)(const void *context, uintptr_t sp))
{
        struct {
                uint64_t handler, flags, restorer, mask;
        } installed;
        uintptr_t sp = frame_sp(context) - FRAME_RED_ZONE, at;
        if (syscall(SYS_rt_sigaction, number, NULL, &installed, sizeof installed.mask) || !installed.restorer)
                return;
        if (context->uc_mcontext.fpregs) {
                size_t size = frame_registers_size(context->uc_mcontext.fpregs);
                sp = (sp - size) & ~(uintptr_t)63;
                frame_copy(sp, context->uc_mcontext.fpregs, size);
        }
        at = ((sp - FRAME_SIZE) & ~(uintptr_t)15) - 8;
        uintptr_t to = at + 8, info_at = to + FRAME_CONTEXT_SIZE;
        frame_copy(at, &installed.restorer, 8);
        frame_copy(to, context, FRAME_CONTEXT_SIZE);
        if (context->uc_mcontext.fpregs)
                frame_copy(to + offsetof(ucontext_t, uc_mcontext.fpregs), &sp, sizeof sp);
        frame_copy(info_at, info, sizeof *info);
        if (moved)
                moved((const void *)to, at);
        frame_go(at, handler, number, info_at, to);
}

#elif defined(__aarch64__)

static inline uintptr_t frame_pc(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.pc;
}

static inline uintptr_t frame_sp(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.sp;
}

/* Not done: the handler runs on the signal stack. */
static inline void frame_move(frame_handler handler, int number, const siginfo_t *info, const ucontext_t *context,
                              void (*moved)(const void *context, uintptr_t sp))
{
}

#else
#error "Ward runs WebAssembly on x86-64 and aarch64: say here where a signal's context has pc and sp"
#endif

#endif
