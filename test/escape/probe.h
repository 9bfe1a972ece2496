/* Probes: each tries one way out of a domain, and states what is to come of it at each security level.
 *
 * 1. The runner (run.c) sets a scene: secrets, victims and listeners outside (scene.h), and a sibling domain.
 * 2. It runs a probe as an ordinary process that nothing holds: there it has to succeed, else it proves nothing.
 * 3. It runs the probe in a worker at each level, by the public API, and compares the answer with the row.
 * 4. After each it looks at the scene: what a probe says of itself counts only where nothing else can tell.
 *
 * This file and the probes are in the add-in and in the runner alike. */
#ifndef TEST_ESCAPE_PROBE_H
#define TEST_ESCAPE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "test/escape/answer.h"

/* What there is to attack, as the runner tells the add-in. Process ids are those of the host's namespace, and addresses those of
 * the process that they are in. The secret itself is not in here. */
struct stage {
        char outside[96];      /* a folder that nobody was granted: "secret" and what scene.h lists */
        char readable[96];     /* a folder that intranet may read */
        char programs[96];     /* a folder that intranet may execute from, where it may start programs at all */
        char writable[96];     /* and one that it may write */
        char abstract[64];     /* name of an abstract socket of the host's, without its first byte */
        char terminal[64];     /* path of the terminal that is the host's standard output */
        char posix_memory[64]; /* names that the host made */
        char posix_queue[64];
        char left[64]; /* name, and number, of what is not to be left behind */
        int32_t left_key;
        char worker[256];         /* path of the worker program */
        char disk[64];            /* path of a block device, or empty */
        uint8_t file_handle[160]; /* struct file_handle of outside/secret */
        bool other_owner;         /* "as-owner" belongs to another user than the host's */
        int32_t host, host_thread, warden, sibling;
        int32_t host_file; /* descriptor of outside/secret in the host, which others may inherit */
        int32_t sibling_file;
        int32_t segment, semaphores, queue; /* System V */
        int32_t sibling_segment;
        int32_t key;
        uint16_t port_granted, port, port6, port_datagram; /* of 127.0.0.1, and ::1 */
        uint64_t host_secret, host_word;                   /* addresses: text; a number that nobody is to change */
        uint64_t sibling_secret, sibling_word;
};

struct outcome {
        long error;      /* 0: the probe did what it tried; else an errno */
        char text[256];  /* what it got to know */
        uint32_t length; /* of that */
};

/* What can be seen from outside of a probe that got through. */
enum effect {
        SECRET = 1 << 0,     /* it told the secret */
        GIFT = 1 << 1,       /* it told what is in the readable folder: no secret */
        OUTSIDE = 1 << 2,    /* a file outside was changed, made or removed */
        READABLE = 1 << 3,   /* so was one in the readable folder */
        WRITABLE = 1 << 4,   /* or in the writable one */
        SIGNALLED = 1 << 5,  /* the host got a signal */
        MEMORY = 1 << 6,     /* the host's memory was changed */
        SIBLING = 1 << 7,    /* a sibling died, or its memory was changed */
        CONNECTED = 1 << 8,  /* somebody came to a socket that was not granted */
        GRANTED = 1 << 9,    /* somebody came to the one that was */
        SHARED = 1 << 10,    /* the host's segments, queues, semaphores or keys were changed */
        SCHEDULED = 1 << 11, /* the host's priority, policy, processors, limits or score were changed */
        MOUNTED = 1 << 12,   /* a mount came or went */
        TYPED = 1 << 13,     /* the host's terminal was written to as if by its user, or set */
        LEFT = 1 << 14,      /* a segment, or memory in /dev/shm, was left in the host's namespace */
};
enum { WITNESSED = 0 }; /* what nobody can tell from outside: the answer alone counts */

enum probe_flag {
        FRESH = 1,      /* leaves a trace in its process, or ends it: the next one gets another worker */
        HELD_ONLY = 2,  /* makes sense in a worker only: it is not run as an ordinary process */
        SHORT = 8,      /* is ended by a deadline */
        ONE_LAYER = 16, /* the kernel has one layer against it and no second: a root of its own, or the filter */
        CONFINED = 4,   /* tried only at internet and intranet: elsewhere it would harm the machine */
};

/* What the runner allows a domain. */
enum { LIMIT_PROCESSES = 64, LIMIT_FILES = 128, LIMIT_MB = 64 };

struct probe {
        const char *name;
        /* In the attacker. Returns 0 where it did what is not to be, else an errno. */
        long (*run)(const struct stage *stage, struct outcome *outcome, long argument);
        long argument;
        unsigned effect;
        struct {
                answers internet, intranet, full_trust, host;
        } must;
        unsigned flags;
        answers spawns; /* at intranet with all permissions; 0: as at intranet */
        answers absent; /* beside ANSWER_ABSENT: what an ordinary process is told where the machine does not have this */
        const char *why;
};

struct area {
        const char *name;
        const struct probe *probes;
        size_t n;
};

/* Ends with NULL. Names of probes are unique. */
extern const struct area *const areas[];

/* NULL: there is none. */
const struct probe *probe_find(const char *name);

/* Somewhere in the memory that the add-in shares with the host; NULL in the runner. */
extern void *probe_shared;

/* Runs @probe in the calling thread; the answer is in @ret->error as well. */
void probe_run(const struct probe *probe, const struct stage *stage, struct outcome *ret);

#define PROBES(array) array, sizeof(array) / sizeof(array)[0]

#endif
