#include "test/escape/start.h"

#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { TOKEN = 16 };

/* It has to reach what it is to start. */
static bool has_files(void)
{
        static const char *const names[] = { "WARD_WORKER", "WARD_ESCAPE_ADDIN", "WARD_ESCAPE_HELPER" };
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (getenv(names[i]) && access(getenv(names[i]), R_OK | X_OK))
                        return false;
        return true;
}

int start_as_user(void)
{
        enum { NOBODY_AT_ALL = 65534 };
        if (getenv("WARD_ESCAPE_TOKEN"))
                return 0; /* it is that already */
        if (geteuid()) {
                printf("skipped: this is an ordinary user already\n");
                return -1;
        }
        if (setgroups(0, NULL) || setresgid(NOBODY_AT_ALL, NOBODY_AT_ALL, NOBODY_AT_ALL) ||
            setresuid(NOBODY_AT_ALL, NOBODY_AT_ALL, NOBODY_AT_ALL) || !has_files()) {
                printf("skipped: an ordinary user cannot reach the build's files\n");
                return -1;
        }
        return 0;
}

const char *start_token(char **argv)
{
        const char *token = getenv("WARD_ESCAPE_TOKEN");
        char text[2 * TOKEN + 1];
        uint8_t random[TOKEN];
        if (token)
                return token;
        if (getrandom(random, sizeof random, 0) != sizeof random)
                return NULL;
        for (int i = 0; i < TOKEN; i++)
                snprintf(text + 2 * i, 3, "%02x", random[i]);
        setenv("WARD_ESCAPE_TOKEN", text, 1);
        execv("/proc/self/exe", argv);
        return NULL;
}
