/* A victim: another domain of the same host, or another ordinary process. */
#ifndef TEST_ESCAPE_SIBLING_H
#define TEST_ESCAPE_SIBLING_H

#include <stdbool.h>
#include <stdint.h>

/* What the number is. */
enum { SIBLING_WORD = 0x5757 };

struct sibling {
        uint64_t secret, word; /* addresses of a text and of a number */
        int32_t descriptor;    /* of memory that has the text */
        int32_t segment;       /* System V, likewise; -1: it may have none */
        int32_t process;       /* its id, as it sees it */
};

/* Of the calling process, once. */
void sibling_hold(const char *token, struct sibling *ret);
/* Whether what nobody else may change is as it was. */
bool sibling_intact(void);

#endif
