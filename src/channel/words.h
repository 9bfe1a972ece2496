/* A worker's last words: why it is about to die, in a place that outlives it. The worker writes them piece by piece, the least
 * fragile first; the host reads a copy after the death, and believes of it only what agrees with the kernel's account. */
#ifndef CHANNEL_WORDS_H
#define CHANNEL_WORDS_H

#include <stdint.h>

enum {
        WORDS_TEXT = 1024,
        WORDS_BACKTRACE = 4096,
        WORDS_EXIT = 113,   /* the status with which a worker ends itself after it has said why in @text */
        WORDS_SIGNAL = 128, /* plus a signal: the status with which it ends where it cannot die of the signal itself */
};

struct last_words {
        uint32_t kind;   /* enum ward_fault_kind; 0: nothing was said */
        uint32_t signal; /* WARD_FAULT_SIGNAL */
        uint32_t has_address;
        uint32_t lane; /* that the thread served, or 0 */
        uint32_t text_len;
        uint32_t backtrace_len;
        uint64_t address;
        char text[WORDS_TEXT];
        char backtrace[WORDS_BACKTRACE];
};

#endif
