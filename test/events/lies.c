/* What a worker may write where the host reads its events: acts of the tests' add-in that find the shared memory by themselves. */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "channel/doorbell.h"
#include "channel/ring.h"
#include "events.h"
#include "test/events/lies.h"
#include "test/process/say.h"

enum { DOORBELL = STDERR_FILENO + 2, MARK = 0x5eed1e55 };

/* The ring that the mark was posted to: its record begins at a page, behind that of the words. */
static struct ring_words *find_ring(void)
{
        uint8_t *end, *base = find_channel(&end);
        events_note_post(MARK);
        for (uint8_t *at = base + CHANNEL_CONTROL + POOL_PAGE; at < end; at += POOL_PAGE)
                if (((const uint64_t *)(void *)at)[1] == MARK)
                        return (struct ring_words *)(void *)(at - POOL_PAGE);
        abort();
}

__attribute__((noreturn)) static void *rewrite(void *data)
{
        uint64_t *records = (void *)((uint8_t *)data + POOL_PAGE), x = 88172645463325252u;
        struct ring_words *words = data;
        for (;;) {
                x ^= x << 13, x ^= x >> 7, x ^= x << 17;
                if (x % 64 == 0)
                        atomic_store(&words->tail, (uint32_t)(x >> 32));
                else
                        records[(x >> 8) % (RING_BYTES / 8)] = x % 3 ? (x >> 40) & 0x3ffff : x;
        }
}

__attribute__((noreturn)) static void *ring_all(void *data)
{
        struct doorbell_words *words = (void *)(find_channel(NULL) + DOORBELL_AT);
        uint64_t count = 1;
        for (;;) {
                for (int i = 0; i < DOORBELL_WORDS; i++)
                        atomic_store(&words->lanes[i], UINT64_MAX);
                if (write(DOORBELL, &count, sizeof count) < 0 || read(DOORBELL, &count, sizeof count) < 0)
                        continue;
        }
}

static void start(void *(*run)(void *), void *data)
{
        pthread_t thread;
        pthread_create(&thread, NULL, run, data);
        pthread_detach(thread);
}

/* Reading it blocks from here on: it is one for both sides. */
static void flood(void)
{
        fcntl(DOORBELL, F_SETFL, 0);
        for (int i = 0; i < 3; i++)
                start(ring_all, NULL);
}

static uint64_t record(uint32_t units, uint32_t instance, uint32_t function)
{
        return units | (uint64_t)instance << 16 | (uint64_t)function << 32;
}

void lie(const char *what)
{
        static const struct {
                const char *what;
                uint32_t units, instance, function;
        } records[] = {
                { "none", 0, 0, 0 },       { "long", 0xffff, 0, 0 },        { "beyond", 3, 0, 0 },      { "short", 1, 0, 2 },
                { "instance", 2, 500, 0 }, { "far instance", 2, 65535, 0 }, { "function", 2, 0, 1000 }, { "answered", 2, 0, 0 },
        };
        if (!strcmp(what, "flood")) {
                flood();
                return;
        }
        struct ring_words *words = find_ring();
        uint64_t *first = (void *)((uint8_t *)words + POOL_PAGE);
        if (!strcmp(what, "head"))
                atomic_store(&words->head, 3 * RING_BYTES);
        else if (!strcmp(what, "odd head"))
                atomic_store(&words->head, 12);
        else if (!strcmp(what, "noise"))
                start(rewrite, words);
        for (size_t i = 0; i < sizeof records / sizeof *records; i++)
                if (!strcmp(what, records[i].what))
                        *first = record(records[i].units, records[i].instance, records[i].function);
}
