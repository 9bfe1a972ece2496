/* Add-in: a plain program of the C library's, and one that does not come back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "guest.h"

__attribute__((import_module("wasi_snapshot_preview1"), import_name("args_sizes_get"))) int args_sizes_get(size_t *n, size_t *size);
__attribute__((import_module("wasi_snapshot_preview1"), import_name("args_get"))) int args_get(char **pointers, char *text);

static char answer[4096];

static void arguments(void)
{
        size_t n, size;
        char *pointers[8], text[256];
        args_sizes_get(&n, &size);
        args_get(pointers, text);
        for (size_t i = 0; i < n; i++)
                snprintf(answer + strlen(answer), sizeof answer - strlen(answer), "%s%s", i ? " " : "", pointers[i]);
}

static void environment(void)
{
        const char *given = getenv("GIVEN"), *secret = getenv("SECRET");
        snprintf(answer, sizeof answer, "%s %s", given ? given : "-", secret ? secret : "-");
}

static void clocks(void)
{
        struct timespec before, after;
        clock_gettime(CLOCK_MONOTONIC, &before);
        usleep(20000); /* by the clock of the day, which may be set or slewed meanwhile */
        clock_gettime(CLOCK_MONOTONIC, &after);
        long ms = (after.tv_sec - before.tv_sec) * 1000 + (after.tv_nsec - before.tv_nsec) / 1000000;
        snprintf(answer, sizeof answer, "%s", ms >= 15 && ms < 10000 && time(NULL) > 1600000000 ? "on time" : "off");
}

static void randoms(void)
{
        unsigned char one[64] = { 0 }, two[64] = { 0 };
        snprintf(answer, sizeof answer, "%s",
                 !getentropy(one, 64) && !getentropy(two, 64) && memcmp(one, two, 64) ? "random" : "not");
}

static void prints(void)
{
        fprintf(stderr, "guest: %d%%\n", 100);
        printf("%s", "");
        fflush(stdout);
        snprintf(answer, sizeof answer, "%s", fgets(answer, sizeof answer, stdin) ? "read" : "end of file");
}

static void asks(void)
{
        guest_string_t text, ret;
        guest_string_set(&text, "what");
        guest_tell(&text, &ret);
        snprintf(answer, sizeof answer, "%.*s %d", (int)ret.len, (char *)ret.ptr, (int)guest_ask(20));
        guest_string_free(&ret);
}

static void exits(void)
{
        exit(7);
}

static void loops(void)
{
        for (;;)
                ;
}

static void loops_asking(void)
{
        for (;;)
                guest_ask(0);
}

static void copies(void)
{
        static char from[1 << 20], to[1 << 20];
        for (;;)
                memcpy(to, from, sizeof to);
}

static void sleeps(void)
{
        sleep(3600);
}

/* How many MiB there are. */
static void grows(void)
{
        size_t n = 0;
        char *last = NULL;
        for (char *next; (next = malloc(1 << 20)); n++) {
                memset(next, 1, 1 << 20);
                last = next;
        }
        free(last);
        snprintf(answer, sizeof answer, "%zu", n);
}

static const struct {
        const char *name;
        void (*run)(void);
} acts[] = {
        { "arguments", arguments },
        { "environment", environment },
        { "clocks", clocks },
        { "randoms", randoms },
        { "prints", prints },
        { "asks", asks },
        { "exits", exits },
        { "loops", loops },
        { "loops asking", loops_asking },
        { "copies", copies },
        { "sleeps", sleeps },
        { "grows", grows },
};

void exports_guest_act(guest_string_t *what, guest_string_t *ret)
{
        answer[0] = 0;
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                if (strlen(acts[i].name) == what->len && !memcmp(acts[i].name, what->ptr, what->len))
                        acts[i].run();
        guest_string_free(what);
        guest_string_dup(ret, answer);
}

/* Asks for one less until there is nothing left. */
int32_t exports_guest_count(int32_t n)
{
        return n > 0 ? 1 + guest_ask(n - 1) : 0;
}
