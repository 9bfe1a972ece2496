#include "tool/bench_place.h"

#include <stdbool.h>
#include <stdio.h>

enum { PROCESSORS = 64 };

/* A number of the processor's topology, or -1: then two processors count as different. */
static int topology(int processor, const char *what)
{
        char path[96];
        int value = -1;
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/%s", processor, what);
        FILE *file = fopen(path, "re");
        if (!file)
                return -1;
        if (fscanf(file, "%d", &value) != 1)
                value = -1;
        fclose(file);
        return value;
}

static bool same(int a, int b, const char *what)
{
        int value = topology(a, what);
        return value >= 0 && value == topology(b, what);
}

/* Two threads of one core share its caches and its execution units: lines need not travel, but each spin slows the other down. So
 * they come last; the line's way between two packages is longer than between two cores. */
static const char *const relations[] = { "of one package", "of two packages", "that are two threads of one" };

static int relation(int a, int b)
{
        if (!same(a, b, "physical_package_id"))
                return 1;
        return same(a, b, "core_id") ? 2 : 0;
}

/* The first processor that is allowed, and of the others the one that is nearest to it in the sense of @relations. */
static int choose_pair(struct bench_place *place)
{
        int best = (int)(sizeof relations / sizeof *relations);
        int first = 0;
        while (first < PROCESSORS && !CPU_ISSET(first, &place->before))
                first++;
        place->host = first < PROCESSORS ? first : -1;
        for (int other = first + 1; other < PROCESSORS; other++) {
                if (!CPU_ISSET(other, &place->before) || relation(first, other) >= best)
                        continue;
                best = relation(first, other);
                place->worker = other;
        }
        return best;
}

void bench_place_choose(struct bench_place *ret_place)
{
        struct bench_place *place = ret_place;
        *place = (struct bench_place){ .host = -1, .worker = -1, .one = "not pinned", .two = "not pinned" };
        CPU_ZERO(&place->before);
        if (sched_getaffinity(0, sizeof place->before, &place->before))
                return;
        int best = choose_pair(place);
        if (place->host < 0)
                return;
        snprintf(place->one, sizeof place->one, "one core: processor %d", place->host);
        snprintf(place->two, sizeof place->two, "%s", place->one);
        if (place->worker >= 0)
                snprintf(place->two, sizeof place->two, "two cores %s: host on processor %d, worker on processor %d",
                         relations[best], place->host, place->worker);
}

void bench_place_pin(const struct bench_place *place)
{
        cpu_set_t one;
        if (place->host < 0)
                return;
        CPU_ZERO(&one);
        CPU_SET(place->host, &one);
        sched_setaffinity(0, sizeof one, &one);
}

void bench_place_restore(const struct bench_place *place)
{
        if (place->host >= 0)
                sched_setaffinity(0, sizeof place->before, &place->before);
}

uint64_t bench_place_affinity(int processor)
{
        return processor < 0 ? 0 : (uint64_t)1 << processor;
}
