/* Letters (pass.h) about buffers and streams. */
#ifndef CHANNEL_SHARES_H
#define CHANNEL_SHARES_H

enum shares_letter {
        SHARES_BUFFER = 1, /* with its descriptor: the buffer @number, which its sender introduces, or was asked about */
        SHARES_STREAM,     /* with its descriptor */
        SHARES_DROP,       /* w -> h: the buffer @number is forgotten; more: how often it was received << 32 | given */
        SHARES_RELEASE,    /* h -> w: nobody in the host has a reference to the buffer @number any more */
        SHARES_FORGET,     /* h -> w: @number, which was sent, will not be told */
        SHARES_MODULE,     /* h -> w: with its descriptor: a file that LOAD tells of next, by this number */
};

#endif
