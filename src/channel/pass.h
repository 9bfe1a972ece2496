/* Descriptors between a host and a worker: beside the shared memory there is a socket (SOCK_SEQPACKET, a pair), whose messages are
 * letters of 16 bytes, each with one descriptor or none.
 *
 *      1. pass_init   2. pass_send, before the message of the channel that says the letter's number
 *                     3. pass_take, by who was told the number       4. pass_finish
 *
 * Nobody waits for a letter as such: it was sent before its number was told, so it is there, or it will never be. What is taken out
 * of the socket on the way to the wanted one is kept in an inbox.
 *
 * The other side may send what it likes. It is read without waiting, the inbox is bounded, and what nobody asks for is closed at
 * the end. A letter that is none, or an inbox that is full, is found by every later pass_take: -EPROTO. */
#ifndef CHANNEL_PASS_H
#define CHANNEL_PASS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { PASS_INBOX_MAX = 320 }; /* more than a socket of the default size holds */

/* What a letter is about is its sender's and receiver's to know. */
struct pass_letter {
        uint32_t what;
        uint32_t number;
        uint64_t more;
};

/* Letters without a descriptor, in the order of sending. Called with @lock: it must not use the pass. */
typedef void (*pass_read)(void *context, const struct pass_letter *letter);

struct pass {
        int socket; /* borrowed */
        pass_read read;
        void *context;
        pthread_mutex_t lock; /* guards what follows */
        int error;            /* 0, or what a hostile peer, or want of descriptors, made of it */
        uint32_t n;
        struct pass_kept {
                struct pass_letter letter;
                int fd;
        } inbox[PASS_INBOX_MAX];
};

/* @socket stays the caller's. @read may be NULL: then such letters are wrong. */
void pass_init(struct pass *pass, int socket, pass_read read, void *context);
/* Closes what nobody took. */
void pass_finish(struct pass *pass);

/* Sends @letter, with @fd unless that is -1, which stays the caller's. Waits for room until @deadline, CLOCK_NEVER: as long as it
 * takes. -ETIMEDOUT; -EPIPE: nobody is there any more; -ETOOMANYREFS: the system has too many descriptors under way. */
int pass_send(struct pass *pass, const struct pass_letter *letter, int fd, uint64_t deadline);

/* The descriptor that came with the letter @what, @number: the caller's. -ENOENT: there is none. -EPROTO, -EMFILE. Never waits. */
int pass_take(struct pass *pass, uint32_t what, uint32_t number, int *ret_fd);

/* Reads what there is. 0 or the same errors. */
int pass_drain(struct pass *pass);

#endif
