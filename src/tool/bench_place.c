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
static const char *const relations[] = { "two cores of one package", "two packages", "two threads of one core" };

static int relation(int a, int b)
{
        if (!same(a, b, "physical_package_id"))
                return 1;
        return same(a, b, "core_id") ? 2 : 0;
}

void bench_place_choose(struct bench_place *ret_place)
{
        int best = (int)(sizeof relations / sizeof *relations);
        *ret_place = (struct bench_place){ .host = -1, .worker = -1 };
        CPU_ZERO(&ret_place->before);
        if (sched_getaffinity(0, sizeof ret_place->before, &ret_place->before))
                return;
        int first = 0;
        while (first < PROCESSORS && !CPU_ISSET(first, &ret_place->before))
                first++;
        for (int other = first + 1; other < PROCESSORS; other++) {
                if (!CPU_ISSET(other, &ret_place->before) || relation(first, other) >= best)
                        continue;
                best = relation(first, other);
                ret_place->host = first;
                ret_place->worker = other;
                ret_place->relation = relations[best];
        }
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

uint64_t bench_place_affinity(const struct bench_place *place)
{
        return place->worker < 0 ? 0 : (uint64_t)1 << place->worker;
}
