/* What the tests of begun calls share: a host, an add-in, and services that tell a test when they are called. */
#ifndef TEST_ASYNC_ASYNC_H
#define TEST_ASYNC_ASYNC_H

#include <pthread.h>
#include "begun_host.h"
#include "test/support.h"

/* A test for each kind. */
#define EACH_KIND(name)                                                                                                            \
        static void name(enum ward_isolation kind);                                                                                \
        TEST(name##_direct)                                                                                                        \
        {                                                                                                                          \
                name(WARD_DIRECT);                                                                                                 \
        }                                                                                                                          \
        TEST(name##_wasm)                                                                                                          \
        {                                                                                                                          \
                name(WARD_WASM);                                                                                                   \
        }                                                                                                                          \
        TEST(name##_process)                                                                                                       \
        {                                                                                                                          \
                name(WARD_PROCESS);                                                                                                \
        }                                                                                                                          \
        static void name(enum ward_isolation kind)
#define KIND_CASES(name)     TEST_CASE(name##_direct), TEST_CASE(name##_wasm), TEST_CASE(name##_process)
#define ISOLATED_CASES(name) TEST_CASE(name##_wasm), TEST_CASE(name##_process)

struct stage {
        struct ward_host *host;
        struct begun *begun;
        struct begun_services services;
        int32_t (*on_ask)(struct stage *stage, int32_t n); /* NULL: n + 1 */
        _Atomic int asked;
        _Atomic int things;
        pthread_t server; /* the thread that served last */
};

void stage_set(struct stage *stage, enum ward_isolation kind);
void stage_set_free_threaded(struct stage *stage); /* at kind process */
void stage_strike(struct stage *stage);

/* Serves, by dispatching, until the add-in has asked @n times. */
void stage_await_asks(struct stage *stage, int n);

#endif
