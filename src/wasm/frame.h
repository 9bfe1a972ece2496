/* Where a signal interrupted a thread: the one place that knows machines. */
#ifndef WASM_FRAME_H
#define WASM_FRAME_H

#include <stdint.h>
#include <ucontext.h>

#if defined(__x86_64__)

static inline uintptr_t frame_pc(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static inline uintptr_t frame_sp(const ucontext_t *context)
{
        return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
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

#else
#error "Ward runs WebAssembly on x86-64 and aarch64: say here where a signal's context has pc and sp"
#endif

#endif
