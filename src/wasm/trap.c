#include "wasm/trap.h"

#include <setjmp.h>
#include "wasm/frame.h"
#include "wasm/linear.h"
#include "wasm/signals.h"
#include "wasm/thread.h"

enum {
        /* How far from the stack pointer a fault may be to be the stack's end: an image touches each page of a frame in turn. */
        STACK_REACH = 64 << 10,
        /* How far below its limit the frame of a function may reach that began above it (WASM_FRAME_MAX). */
        STACK_OVERHANG = 64 << 10,
};

#if WASM_HAS_GATES

WASM_ENTER(wasm_trap_enter, WASM_CODE);
extern void wasm_trap_enter(void *module, uint64_t *slots) __attribute__((visibility("hidden")));

static void enter(struct wasm_instance *instance, wasm_export code, uint64_t *slots)
{
        instance->running.head->code = (void (*)(void))code;
        wasm_trap_enter(instance->module, slots);
}

/* A function of its own that does not return: a sanitizer is to know that the frames below are gone. */
static void leave(struct wasm_head *head) __attribute__((noreturn, noinline));
static void leave(struct wasm_head *head)
{
        uintptr_t frame = head->frame;
        head->frame = 0;
        WASM_LEAVE(frame);
}

#else

/* In a frame of its own, which no other local of the caller shares: what the jump leaves indeterminate is not used. */
static void enter(struct wasm_instance *instance, wasm_export code, uint64_t *slots)
{
        jmp_buf jump;
        instance->running.head->frame = (uintptr_t)&jump;
        if (!_setjmp(jump))
                code(instance->module, slots);
}

static void leave(struct wasm_head *head) __attribute__((noreturn));
static void leave(struct wasm_head *head)
{
        _longjmp(*(jmp_buf *)head->frame, 1);
}

#endif

bool wasm_trap_run(struct wasm_instance *instance, wasm_export code, uint64_t *slots, struct ward_fault *fault)
{
        struct wasm_thread *thread = &wasm_thread;
        struct wasm_head *head = instance->running.head;
        const struct wasm_head outer = *head;
        struct wasm_activation activation = { .outer = thread->top, .instance = instance, .fault = fault };
        head->stack_limit = wasm_thread_stack_limit(thread);
        thread->top = &activation;
        enter(instance, code, slots);
        thread->top = activation.outer;
        head->stack_limit = outer.stack_limit;
        head->frame = outer.frame;
        return !*(const volatile uint32_t *)&activation.ended;
}

struct wasm_instance *wasm_trap_instance(void)
{
        return wasm_thread.top->instance;
}

struct ward_fault *wasm_trap_fault(void)
{
        return wasm_thread.top->fault;
}

static void end(struct wasm_activation *activation, struct wasm_end how) __attribute__((noreturn));
static void end(struct wasm_activation *activation, struct wasm_end how)
{
        activation->instance->end = how;
        activation->ended = how.why;
        leave(activation->instance->running.head);
}

/* The same, and where the module was. */
static void end_here(struct wasm_activation *activation, struct wasm_end how) __attribute__((noreturn));
static void end_here(struct wasm_activation *activation, struct wasm_end how)
{
        wasm_backtrace_take(activation->instance->binding->image, NULL, activation->instance->running.head->frame, &how.backtrace);
        end(activation, how);
}

void wasm_trap(enum wasm_trap trap, uint32_t line)
{
        end_here(wasm_thread.top, (struct wasm_end){ .why = WASM_ENDED_TRAP, .trap = trap, .line = line });
}

void wasm_trap_at(uint64_t address, uint32_t line)
{
        end_here(wasm_thread.top,
                 (struct wasm_end){
                         .why = WASM_ENDED_TRAP, .trap = WASM_TRAP_OOB, .has_address = true, .address = address, .line = line });
}

void wasm_trap_fail(int kind)
{
        end(wasm_thread.top, (struct wasm_end){ .why = WASM_ENDED_FAULT, .kind = kind });
}

void wasm_trap_check(void)
{
        struct wasm_activation *top = wasm_thread.top;
        if (wasm_instance_is_ending(top->instance))
                end_here(top, (struct wasm_end){ .why = WASM_ENDED_ENDING });
}

void wasm_trap_look(void)
{
        __atomic_exchange_n(&wasm_thread.top->instance->running.head->look, 0, __ATOMIC_SEQ_CST);
        wasm_trap_check();
}

void wasm_trap_check_stack(void)
{
        uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
        if (sp + STACK_OVERHANG < wasm_thread.top->instance->running.head->stack_limit)
                wasm_trap(WASM_TRAP_EXHAUSTION, 0);
}

/* --- Signals: on this thread, in the middle of anything --------------------------------------- */

/* Not in the host, which an import of the module has called; nor in a gate, before and behind the call. */
static bool is_in_module(const struct wasm_activation *top)
{
        return top && top->instance->running.head->frame &&
               atomic_load_explicit(&top->instance->running.thread, memory_order_relaxed);
}

static bool is_stack_end(const struct wasm_activation *top, uintptr_t address, const ucontext_t *context)
{
        uintptr_t sp = frame_sp(context);
        return address + STACK_REACH >= sp && address <= sp + STACK_REACH &&
               wasm_image_holds(top->instance->binding->image, frame_pc(context));
}

void wasm_signals_fault(const siginfo_t *info, const ucontext_t *context)
{
        struct wasm_activation *top = wasm_thread.top;
        struct wasm_end how = { .why = WASM_ENDED_TRAP, .trap = WASM_TRAP_OOB };
        if (!is_in_module(top) || info->si_code <= 0)
                return;
        uintptr_t address = (uintptr_t)info->si_addr, base = (uintptr_t)top->instance->area.base;
        if (base && address - base < top->instance->area.size) {
                how.has_address = true;
                how.address = address - base;
        } else if (is_stack_end(top, address, context)) {
                how.trap = WASM_TRAP_EXHAUSTION;
        } else {
                return;
        }
        wasm_backtrace_take(top->instance->binding->image, context, top->instance->running.head->frame, &how.backtrace);
        wasm_signals_leave(context);
        end(top, how);
}

/* Module code holds nothing and can be left anywhere. Other code that runs for it checks by itself when it is done. */
void wasm_signals_look(const ucontext_t *context)
{
        struct wasm_activation *top = wasm_thread.top;
        if (!is_in_module(top) || !wasm_instance_is_ending(top->instance) ||
            !wasm_image_holds(top->instance->binding->image, frame_pc(context)))
                return;
        struct wasm_end how = { .why = WASM_ENDED_ENDING };
        wasm_backtrace_take(top->instance->binding->image, context, top->instance->running.head->frame, &how.backtrace);
        wasm_signals_leave(context);
        end(top, how);
}
