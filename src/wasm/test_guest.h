/* For tests: instances of test/wasm/runtime.wat, what they answer, and ending their calls as the monitor does. */
#ifndef WASM_TEST_GUEST_H
#define WASM_TEST_GUEST_H

#include <pthread.h>
#include <stdatomic.h>
#include "wasm/test_fixture.h"

struct guest {
        struct wasm_instance *wasm;
        int (*serve)(struct guest *guest, uint64_t *slots, struct ward_fault *fault); /* what import host does; NULL: x + 1 */
        int served;
        uint64_t mixed[4];
};

/* All that the module exports and imports, and what it is bound to them by once there is an instance. */
extern const struct wasm_terms terms;
extern struct wasm_binding *binding;

void guest_start(struct guest *guest, uint64_t memory_bytes);
int guest_call(struct guest *guest, const char *name, uint32_t argument, uint32_t *ret, struct ward_fault *fault);
void guest_end(struct guest *guest);
void binding_end(void);
/* Serves the module's imports; context is a struct guest. */
int guest_import(void *context, uint32_t offer, uint64_t *slots, struct ward_fault *fault);

/* What a fresh instance answers. */
uint32_t answer(const char *name, uint32_t argument);
/* A fresh instance traps, and says so. */
void traps(const char *name, uint32_t argument, const char *phrase);
/* A fresh instance does not end, until its time is up. */
void expires(const char *name);

/* Calls @name, and ends it after a while. */
struct watch {
        struct guest *guest;
        unsigned after_ms;
        bool stop;
        uint64_t number;
        _Atomic bool done;
        pthread_t thread;
};

int call_watched(struct guest *guest, const char *name, struct watch *watch, struct ward_fault *fault);

void on_thread(size_t stack_size, void *(*run)(void *));
void pause_ms(unsigned ms);

#endif
