/* What probes are made of. Each returns 0 or an errno, unless it says otherwise. */
#ifndef TEST_ESCAPE_ACTS_H
#define TEST_ESCAPE_ACTS_H

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test/escape/probe.h"

/* What must come of it, for struct probe: refused below full-trust; and so with a name that is not there. */
#define REFUSE                                                                                                                     \
        {                                                                                                                          \
                REFUSED, REFUSED, USER, USER                                                                                       \
        }
#define NAMED                                                                                                                      \
        {                                                                                                                          \
                NOT_THERE, NOT_THERE, USER, USER                                                                                   \
        }

/* Of what system calls return. */
static inline long done(long result)
{
        return result < 0 ? errno : 0;
}

/* "FOLDER/NAME"; valid until it is used four more times. */
const char *in(const char *folder, const char *name);
/* "/proc/PID/NAME"; likewise. */
const char *of_process(int32_t pid, const char *name);

/* Takes @fd: reads what there is into @outcome. */
long tell(int fd, struct outcome *outcome);
long tell_file(const char *path, struct outcome *outcome);
long tell_text(const char *text, struct outcome *outcome);

/* Takes @fd: writes a word to it. */
long scribble(int fd);
/* Opens with @flags, and closes again. */
long try_open(const char *path, int flags);

/* Runs @run in a child of its own and of one thread, with what it told in @outcome. Where there can be no child it is run here:
 * what refuses it is to be found, not what refuses children. */
long in_child(long (*run)(const struct stage *stage, struct outcome *outcome, long argument), const struct stage *stage,
              struct outcome *outcome, long argument);

/* Takes @fd: whether there is one. */
long take_fd(int fd);
/* Makes a child by clone with @flags, and waits for it. A probe. */
long clone_child(const struct stage *stage, struct outcome *outcome, long flags);

/* Loads a program that ends with status 42 into memory: a descriptor, or -1. */
int tiny_program(void);
/* Starts the program of @fd or @path in a child and waits: whether it was run. */
long try_execute(int fd, const char *path, int expected);

#endif
