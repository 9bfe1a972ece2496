/* What every peer is measured by: two processes, each on its processor. The host calls, the server answers.
 *
 * 1. main hands the program's peers to peer_main, which takes one by the name on the command line
 * 2. prepare    before the fork: memory that both processes are to share
 * 3. serve      in the server's process, to the end of that process
 * 4. open       in the host's
 * 5. call, send as many times as a line on standard input says; a line of JSON on standard output tells how long it took
 * 6. close      at the end of the input; then the server is killed, if it has not ended by itself
 *
 * Everybody starts with the data in memory of his own, and everybody's server reads a byte of each cache line: so what is measured
 * is from the caller's memory to the server's eyes, and the way back. The answers are checked.
 *
 * Whatever goes wrong ends both processes, with a line that says why. Addresses are abstract, so that nothing stays in a file
 * system. */
#ifndef PEERS_HARNESS_H
#define PEERS_HARNESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { PEER_BYTES_MAX = 10000000, PEER_LINE = 64 };

/* What both processes know. */
struct peer_link {
        char name[64];  /* unique on this machine: for an address */
        int socket;     /* this process's end of a pair of stream sockets; the harness itself does not use it */
        int server_cpu; /* for who starts the server himself */
        int same_cpu;   /* host and server share a processor: who spins there keeps the other from running */
        void *shared;   /* prepare's; else NULL */
};

struct peer {
        const char *name;                                              /* "zeromq": in the names of figures */
        const char *label;                                             /* "ZeroMQ": in the table */
        int two_processors;                                            /* makes no sense on one */
        int broker;                                                    /* needs its program's `--broker` to run */
        void *(*prepare)(void);                                        /* NULL: nothing is shared */
        void (*serve)(const struct peer_link *link);                   /* NULL: there is no server, or open starts it */
        void *(*open)(const struct peer_link *link);                   /* what the others are called with */
        int32_t (*call)(void *host, int32_t x);                        /* gives x + 1, from the server. NULL: not measured */
        uint32_t (*send)(void *host, const uint8_t *data, size_t len); /* gives peer_sum, from the server */
        void (*start)(void *host); /* a sample begins: who polls, polls from here on. NULL: nothing to do */
        void (*stop)(void *host);  /* until here. NULL: nothing to do */
        void (*close)(void *host); /* NULL: nothing to do */
};

/* All of a program's main: NAME --host-cpu N --server-cpu N, or --list. */
int peer_main(int argc, char **argv, const struct peer *peers, size_t n);

/* Ends both processes. On either side, on any thread, but not in a signal handler. */
void peer_die(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* What a server does with data: as little as somebody can do and still have all of it in his own cache. */
static inline uint32_t peer_sum(const uint8_t *data, size_t len)
{
        uint32_t sum = 0;
        for (size_t i = 0; i < len; i += PEER_LINE)
                sum += data[i];
        return sum;
}

#ifdef __cplusplus
}
#endif

#endif
