/* How the tests' add-ins speak for their worker: straight into the channel. */
#ifndef TEST_PROCESS_SAY_H
#define TEST_PROCESS_SAY_H

#include <linux/futex.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "channel/channel.h"

/* Where this process has it. @ret_end may be NULL. */
static inline uint8_t *find_channel(uint8_t **ret_end)
{
        FILE *maps = fopen("/proc/self/maps", "re");
        char line[512];
        unsigned long base = 0, end = 0;
        while (maps && !base && fgets(line, sizeof line, maps))
                if (strstr(line, "memfd:ward-channel"))
                        sscanf(line, "%lx-%lx", &base, &end);
        if (maps)
                fclose(maps);
        if (ret_end)
                *ret_end = (uint8_t *)(uintptr_t)end;
        return (uint8_t *)(uintptr_t)base;
}

/* The lane of the tests' thread is the first after lane 0. */
enum { LANE_OF_CONTROL = 0, LANE_OF_CALLS = 1 };

static inline struct mailbox *find_mailbox(uint32_t lane)
{
        return &((struct lane_control *)(void *)(find_channel(NULL) + CHANNEL_WORDS))[lane].box;
}

/* Speaks on @lane with its bell @steps ahead, and never again. */
__attribute__((noreturn)) static inline int64_t say_on(uint32_t lane, uint32_t kind, uint32_t instance, uint32_t function,
                                                       uint64_t slot0, uint64_t slot1, uint64_t slot2, uint32_t steps)
{
        struct mailbox *box = find_mailbox(lane);
        atomic_store(&box->slots[0], slot0);
        atomic_store(&box->slots[1], slot1);
        atomic_store(&box->slots[2], slot2);
        atomic_store(&box->slots[3], 0);
        atomic_store(&box->kind, kind);
        atomic_store(&box->instance, instance);
        atomic_store(&box->function, function);
        atomic_store(&box->bell, (atomic_load(&box->bell) & ~1u) + steps * CHANNEL_STEP);
        syscall(SYS_futex, &box->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
        for (;;)
                pause();
}

__attribute__((noreturn)) static inline int64_t say(uint32_t kind, uint32_t instance, uint32_t function, uint64_t slot0,
                                                    uint64_t slot1, uint64_t slot2, uint32_t steps)
{
        say_on(LANE_OF_CALLS, kind, instance, function, slot0, slot1, slot2, steps);
}

#endif
