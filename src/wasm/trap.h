/* Running module code so that it can be ended: by a trap of its own, a fault in its memory, a deadline, an unload. */
#ifndef WASM_TRAP_H
#define WASM_TRAP_H

#include <stdint.h>
#include "wasm/instance.h"

/* Runs @code on @instance with @slots. True if it ran to its end; else why not is in @instance->end. @fault is for imports that
 * fail, and may be NULL. */
bool wasm_trap_run(struct wasm_instance *instance, wasm_export code, uint64_t *slots, struct ward_fault *fault);

/* --- Within a run: what the runtime's functions use. None of them is called by host code. */

/* Whose code is running. */
struct wasm_instance *wasm_trap_instance(void);
struct ward_fault *wasm_trap_fault(void);

/* End the innermost run. Nothing between it and the caller may own anything. */
void wasm_trap(enum wasm_trap trap, uint32_t line) __attribute__((noreturn));
void wasm_trap_at(uint64_t address, uint32_t line) __attribute__((noreturn));
void wasm_trap_fail(int kind) __attribute__((noreturn));
/* Ends it if it is to end. */
void wasm_trap_check(void);
/* The same, for who was told to look: who tells, lets the call end first. */
void wasm_trap_look(void);
/* Ends it if there is too little stack left for the host. */
void wasm_trap_check_stack(void);

#endif
