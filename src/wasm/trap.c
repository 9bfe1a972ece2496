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

struct activation {
        struct activation *outer;
        struct wasm_instance *instance;
        struct ward_fault *fault;
        uintptr_t outer_limit;
        struct wasm_end end;
        jmp_buf jump;
};

/* In a frame of its own, which no other local of the caller shares: what the jump leaves indeterminate is not used. */
static bool run(struct activation *activation, wasm_export code, uint64_t *slots)
{
        if (_setjmp(activation->jump))
                return false;
        code(activation->instance->module, slots);
        return true;
}

bool wasm_trap_run(struct wasm_instance *instance, wasm_export code, uint64_t *slots, struct ward_fault *fault,
                   struct wasm_end *ret_end)
{
        struct wasm_thread *thread = &wasm_thread;
        struct activation activation;
        activation.outer = thread->top;
        activation.instance = instance;
        activation.fault = fault;
        activation.outer_limit = instance->head->stack_limit;
        instance->head->stack_limit = wasm_thread_stack_limit(thread);
        thread->top = &activation;
        bool whole = run(&activation, code, slots);
        thread->top = activation.outer;
        instance->head->stack_limit = activation.outer_limit;
        if (!whole)
                *ret_end = activation.end;
        return whole;
}

struct wasm_instance *wasm_trap_instance(void)
{
        return wasm_thread.top->instance;
}

struct ward_fault *wasm_trap_fault(void)
{
        return wasm_thread.top->fault;
}

static void end(struct activation *activation, struct wasm_end how) __attribute__((noreturn));
static void end(struct activation *activation, struct wasm_end how)
{
        activation->end = how;
        _longjmp(activation->jump, 1);
}

/* The same, and where the module was. */
static void end_here(struct activation *activation, struct wasm_end how) __attribute__((noreturn));
static void end_here(struct activation *activation, struct wasm_end how)
{
        wasm_backtrace_take(activation->instance->binding->image, NULL, (uintptr_t)activation, &how.backtrace);
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
        struct activation *top = wasm_thread.top;
        if (wasm_instance_is_ending(top->instance))
                end_here(top, (struct wasm_end){ .why = WASM_ENDED_ENDING });
}

void wasm_trap_look(void)
{
        __atomic_exchange_n(&wasm_thread.top->instance->head->look, 0, __ATOMIC_SEQ_CST);
        wasm_trap_check();
}

void wasm_trap_check_stack(void)
{
        uintptr_t sp = (uintptr_t)__builtin_frame_address(0);
        if (sp + STACK_OVERHANG < wasm_thread.top->instance->head->stack_limit)
                wasm_trap(WASM_TRAP_EXHAUSTION, 0);
}

/* --- Signals: on this thread, in the middle of anything --------------------------------------- */

/* Not in the host, which an import of the module has called. */
static bool is_in_module(const struct activation *top)
{
        return top && atomic_load_explicit(&top->instance->thread, memory_order_relaxed);
}

static bool is_stack_end(const struct activation *top, uintptr_t address, const ucontext_t *context)
{
        uintptr_t sp = frame_sp(context);
        return address + STACK_REACH >= sp && address <= sp + STACK_REACH &&
               wasm_image_holds(top->instance->binding->image, frame_pc(context));
}

void wasm_signals_fault(const siginfo_t *info, const ucontext_t *context)
{
        struct activation *top = wasm_thread.top;
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
        wasm_backtrace_take(top->instance->binding->image, context, (uintptr_t)top, &how.backtrace);
        wasm_signals_leave(context);
        end(top, how);
}

/* Module code holds nothing and can be left anywhere. Other code that runs for it checks by itself when it is done. */
void wasm_signals_look(const ucontext_t *context)
{
        struct activation *top = wasm_thread.top;
        if (!is_in_module(top) || !wasm_instance_is_ending(top->instance) ||
            !wasm_image_holds(top->instance->binding->image, frame_pc(context)))
                return;
        struct wasm_end how = { .why = WASM_ENDED_ENDING };
        wasm_backtrace_take(top->instance->binding->image, context, (uintptr_t)top, &how.backtrace);
        wasm_signals_leave(context);
        end(top, how);
}
