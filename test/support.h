/* What tests that activate add-ins share. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <ward/host.h>
#include <ward/posture.h>
#include "test/harness/harness.h"

/* The file of the add-in that the build made from NAME: $WARD_TEST_ADDINS is a list of folders, divided by colons. "NAME.wasm" at
 * kind wasm, else "NAME.so". Skips the test where the build has none. */
const char *addin_file(const char *name, enum ward_isolation isolation);

/* Options for a kind, with a deadline of two seconds a call. */
struct ward_activate_options options_for(enum ward_isolation isolation);

/* Skips the test, with a notice, where this machine does not offer all of @layers (bits of <ward/posture.h>) to this user; with
 * WARD_MUST_WORK=1 fails it. To be called before anything is started. */
void support_needs(unsigned layers);

/* The same where @level would be below its floor. */
void support_needs_level(enum ward_level level);

/* A host with the default options; fails the test if there can be none. */
struct ward_host *host_start(void);

/* Fails the test with the fault's text unless @result is 0. */
void assert_good(int result, const struct ward_fault *fault);

/* Fails the test unless the fault's text holds @phrase. */
void assert_says(const struct ward_fault *fault, const char *phrase);

#endif
