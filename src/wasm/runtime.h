/* Instances of images, and calls into them. A trap, a deadline or an unload ends a call at once, on the caller's thread, whatever
 * the module is doing; afterwards the instance must not be called again.
 *
 * 1. wasm_binding_get  2. wasm_instance_new  3. wasm_instance_enter  4. wasm_instance_start, then wasm_instance_call …
 * 5. wasm_instance_leave  6. wasm_instance_free
 *
 * An instance is used by one thread at a time, the caller sees to that. What may be called from any thread: expire, stop and look.
 */
#ifndef WASM_RUNTIME_H
#define WASM_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>
#include <ward/fault.h>
#include "wasm/instance.h"

/* Shares @binding: takes a reference of its own. Nothing of the module runs yet. WASM_INSTANCE_NO_ROOM, with @fault filled: there
 * is no address space for a memory without checks; a binding with a checked image needs less. */
enum { WASM_INSTANCE_NO_ROOM = 1 };
int wasm_instance_new(struct wasm_binding *binding, const struct wasm_host *host, struct wasm_instance **ret_instance,
                      struct ward_fault *fault);
/* NULL is fine. Returns NULL. No call may be in flight. In a forked child frees what is there. */
struct wasm_instance *wasm_instance_free(struct wasm_instance *instance);

/* Lays out memory and tables, and runs the module's start function. */
int wasm_instance_start(struct wasm_instance *instance, struct ward_fault *fault);
/* Calls need number @need, which the module must have; @function names it in faults. Parameters and result in @slots, of which
 * there is at least one. */
int wasm_instance_call(struct wasm_instance *instance, uint32_t need, const char *function, uint64_t *slots,
                       struct ward_fault *fault);

/* What the call that is under way, in the module's code, has added to the linear memory; 0 where none is. Any thread. */
uint64_t wasm_instance_growth(const struct wasm_instance *instance);

/* The number of the call in flight, or of the last one. A watcher reads it, then whether the call's time is up, then expires
 * that number: a later call is not meant, and will not be ended. */
uint64_t wasm_instance_number(const struct wasm_instance *instance);
void wasm_instance_expire(struct wasm_instance *instance, uint64_t number);
/* Ends the call in flight and every later one. A thread that asked too early to know has made its writes by the time this returns:
 * an alarm that is set afterwards is not one that it clears. */
void wasm_instance_stop(struct wasm_instance *instance);
/* The same, where no thread but the calling one can be running it. */
void wasm_instance_stop_alone(struct wasm_instance *instance);
/* Makes the thread that runs the instance look whether its call has expired or was stopped. To be repeated until it has left: it
 * does not take notice at every instruction. False: nobody runs it; a thread that comes back from the host, or begins a call, sees
 * by itself what was said before. */
bool wasm_instance_look(struct wasm_instance *instance);
/* Fills in why the last call did not run to its end, unless an import has; and gives the fault. */
int wasm_instance_ended(const struct wasm_instance *instance, const char *function, struct ward_fault *fault);
/* Fills in why, for a call that its import ends for that reason. */
int wasm_instance_ending(const struct wasm_instance *instance, const char *function, struct ward_fault *fault);

#endif
