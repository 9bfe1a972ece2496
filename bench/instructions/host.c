/* The host whose instructions are counted: calls int(int) of a process domain, between functions that callgrind can see.
 *
 *      host MODULE N       N calls, then 2 N */
#include <stdio.h>
#include <stdlib.h>
#include <ward/host.h>
#include "tool/probe_host.h"

static int32_t tick(void *data, int32_t x)
{
        return x;
}

static void event(void *data, int32_t x)
{
}

static const struct probe_services services = { .tick = tick, .event = event };

/* callgrind forgets what it counted before the first, and writes it down before the second. */
void instructions_zero(void) __attribute__((noinline));
void instructions_dump(void) __attribute__((noinline));

void instructions_zero(void)
{
        __asm__ volatile("");
}

void instructions_dump(void)
{
        __asm__ volatile("");
}

/* The add-in has two such functions of its own: void_int and void_void. */
static int count(struct probe *probe, int32_t n, struct ward_fault *fault)
{
        int32_t ret;
        int r = probe_void_int(probe, 0, fault);
        instructions_zero();
        for (int32_t i = 0; i < n && !r; i++)
                r = probe_int_int(probe, i, &ret, fault);
        instructions_dump();
        return r ? r : probe_void_void(probe, fault);
}

static int run(struct ward_host *host, const char *module, int32_t n, struct ward_fault *fault)
{
        struct ward_activate_options options = { .size = sizeof options, .isolation = WARD_PROCESS, .activate_ms = 120000 };
        struct probe *probe;
        int r = probe_activate(host, module, &options, &services, &probe, fault);
        if (r)
                return r;
        /* The first ones make what all later ones use. */
        r = count(probe, 10, fault);
        if (!r)
                r = count(probe, n, fault);
        if (!r)
                r = count(probe, 2 * n, fault);
        probe_release(probe);
        return r;
}

int main(int argc, char **argv)
{
        struct ward_host *host;
        struct ward_fault fault;
        if (argc != 3)
                return 2;
        int r = ward_host_new(NULL, &host, &fault);
        if (!r) {
                r = run(host, argv[1], atoi(argv[2]), &fault);
                ward_host_free(host);
        }
        if (r)
                fprintf(stderr, "%s\n", fault.text);
        return r ? 1 : 0;
}
