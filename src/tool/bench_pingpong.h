/* A value passed to another process and back through shared memory: what no call between two processes can beat.
 *
 * 1. pingpong_open  2. pingpong_play again and again  3. pingpong_close
 *
 * The other process is forked at the start, before there are threads and big buffers, and sleeps while nobody plays. */
#ifndef TOOL_BENCH_PINGPONG_H
#define TOOL_BENCH_PINGPONG_H

#include <stddef.h>
#include <stdint.h>
#include <ward/fault.h>

struct pingpong;

/* @processor: where the other process runs; -1: anywhere. */
int pingpong_open(int processor, struct pingpong **ret_pingpong, struct ward_fault *fault);
/* NULL is fine. Returns NULL. */
struct pingpong *pingpong_close(struct pingpong *pingpong);

enum pingpong_game {
        PINGPONG_IDLE,
        PINGPONG_SPINNING, /* both ends spin; each writes a cache line of its own, which the other reads */
        PINGPONG_ONE_LINE, /* both ends spin on one line that both write: half the traffic */
        PINGPONG_FUTEX,    /* both ends sleep on a futex until the other wakes them */
        PINGPONG_PARKED,   /* the same, and before each exchange, which alone is counted, both sleep a while */
        PINGPONG_CARRY,    /* both ends spin, and before each exchange bytes are copied to where the other end reads them */
};

/* How long who plays PINGPONG_PARKED sleeps before each exchange: longer than anybody spins. */
enum { PINGPONG_PARK_NS = 2000000 };
void pingpong_park(void);

/* @times there and back. */
int pingpong_play(struct pingpong *pingpong, enum pingpong_game game, uint64_t times, uint64_t *ret_ns, struct ward_fault *fault);

/* PINGPONG_CARRY with the @size bytes at @from, at most PINGPONG_CARRY_MAX. */
enum { PINGPONG_CARRY_MAX = 10000000, PINGPONG_LINE = 64 };
int pingpong_carry(struct pingpong *pingpong, const void *from, size_t size, uint64_t times, uint64_t *ret_ns,
                   struct ward_fault *fault);

#endif
