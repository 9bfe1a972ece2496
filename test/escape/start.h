/* How the suite's programs start. */
#ifndef TEST_ESCAPE_START_H
#define TEST_ESCAPE_START_H

/* The secret of this run. It is in the environment that the process starts with, where /proc shows it: so the process starts once
 * more. NULL: it could not. */
const char *start_token(char **argv);

/* From user 0 to one that is nobody. -1 where that is not to be done, or it could do nothing; which was printed. To be called
 * before start_token. */
int start_as_user(void);

enum { SKIPPED = 77 };

#endif
