/* The programs that make images: wasm2c and a C compiler, and what of the file system they need. */
#ifndef WASM_TOOLS_H
#define WASM_TOOLS_H

#include <ward/fault.h>
#include "sandbox/root.h"

enum { WASM_TOOLS_WORDS_MAX = 16 };

struct wasm_tools {
        char *wasm2c;                      /* path, owned, as are the next two */
        char *compiler;                    /* path */
        char *command;                     /* as given; cut into @words */
        char *words[WASM_TOOLS_WORDS_MAX]; /* the compiler and its own arguments, in @command */
        size_t n_words;
        char *identity; /* all about them that changes what they make, as text; owned */
};

/* Finds both programs. @compiler: a command, words separated by blanks; NULL: $WARD_CC, else the first of cc, gcc, clang. */
int wasm_tools_find(const char *compiler, struct wasm_tools **ret_tools, struct ward_fault *fault);
struct wasm_tools *wasm_tools_free(struct wasm_tools *tools);

/* What they are to read and run: the system's programs and libraries, the folders around a compiler that was installed elsewhere,
 * and the absolute paths in its command. Free with wasm_grants_free. -ENOMEM. */
struct wasm_grants {
        struct sandbox_grant at[SANDBOX_ROOT_GRANTS_MAX];
        size_t n;
        size_t n_fixed; /* the others' paths are owned */
};

int wasm_grants_make(const struct wasm_tools *tools, struct wasm_grants *ret_grants);
void wasm_grants_finish(struct wasm_grants *grants);

#endif
