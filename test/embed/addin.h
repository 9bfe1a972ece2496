/* The add-in `acts`, as the tests of this folder use it. Whatever should work and does not fails the test. */
#ifndef TEST_EMBED_ADDIN_H
#define TEST_EMBED_ADDIN_H

#include "acts_host.h"
#include "test/support.h"

/* Activates the add-in in the form for @isolation. */
struct acts *addin_start(struct ward_host *host, enum ward_isolation isolation);
void addin_works(struct acts *acts);
/* The domain reads as unloaded, and so say calls. */
void addin_is_gone(struct acts *acts);

/* A named pipe that the add-in's process holds open for writing, as long as it lives. Returns its reading end. */
int addin_hold(struct acts *acts);
/* Waits for the end of a pipe: its writers are gone. Fails after ten seconds. */
void pipe_ends(int fd);

#endif
