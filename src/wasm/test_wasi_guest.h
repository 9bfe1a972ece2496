/* For tests of WASI: an instance of test/wasm/wasi.wat, which calls what the test wants with what the test has put into its memory.
 */
#ifndef WASM_TEST_WASI_GUEST_H
#define WASM_TEST_WASI_GUEST_H

#include "wasm/test_fixture.h"
#include "wasm/wasi.h"
#include "wasm/wasi_abi.h"

enum { MEMORY = 65536 };

/* The one instance. */
extern struct wasm_instance *instance;
extern struct ward_fault fault;
extern uint8_t *memory;

/* What the host was last told of, and how often. */
extern struct refusal {
        int n;
        bool limit;
        int error;
        char operation[64], subject[256], why[128];
} refusal;

void start(const char *const *arguments, const char *const *environment);
/* @host NULL: none but for @refusal. */
void start_with(const struct wasi_options *options, const struct wasi_host *host);
void end(void);

/* Calls a function; gives its errno, or the negative fault kind. Arguments that it does not have are 0. */
#define call(name, ...) call_with(name, (const uint64_t[9]){ __VA_ARGS__ })
int call_with(const char *name, const uint64_t arguments[9]);

uint32_t word(uint32_t at);
uint64_t long_word(uint32_t at);
void put_word(uint32_t at, uint32_t value);
void put_long(uint32_t at, uint64_t value);
/* The text, without its NUL, where nothing else is put; gives its length. */
uint32_t put_text(uint32_t at, const char *text);

/* Calls @act, and ends what it calls after a while, which must take notice soon. */
void ends_on_time(int (*act)(void));

#endif
