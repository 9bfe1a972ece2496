#include "test/stop/stage.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *const stage_ways[] = { "loop", "loop-empty", "loop-float", "recurse",     "fill",   "copy",
                                   "grow", "host",       "sleep",      "sleep-short", "random", NULL };

uint64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void pause_us(unsigned us)
{
        nanosleep(&(struct timespec){ .tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000 }, NULL);
}

uint32_t mixed(uint32_t seed, uint32_t rounds)
{
        for (uint32_t i = 0; i < rounds; i++)
                seed = (seed ^ (seed >> 15)) * 0x2c1b3c6du + i;
        return seed;
}

static uint32_t visit(void *data, uint32_t n)
{
        struct stage *stage = data;
        stage->visits++;
        return stage->visit ? stage->visit(stage, n) : n + 1;
}

static void tell(void *data, stops_string_t *text)
{
}

int stage_try(struct stage *stage, uint32_t deadline_ms, const char *way, struct ward_fault *fault)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        options.deadline_ms = deadline_ms;
        options.arguments = (const char *const[]){ way, NULL };
        options.activate_ms = way ? deadline_ms : 0;
        if (!stage->host)
                stage->host = host_start();
        stage->services = (struct stops_services){ .data = stage, .visit = visit, .tell = tell };
        return stops_activate(stage->host, addin_file("stops", WARD_WASM), &options, &stage->services, &stage->stops, fault);
}

void stage_set(struct stage *stage, uint32_t deadline_ms)
{
        struct ward_fault fault;
        assert_good(stage_try(stage, deadline_ms, NULL, &fault), &fault);
}

void stage_clear(struct stage *stage)
{
        stage->stops = stops_release(stage->stops);
}

void stage_strike(struct stage *stage)
{
        stage_clear(stage);
        stage->host = ward_host_free(stage->host);
}

int stage_act(struct stage *stage, const char *way, struct ward_fault *fault)
{
        stops_string_t text;
        uint32_t ret;
        stops_string_set(&text, way);
        return stops_act(stage->stops, &text, &ret, fault);
}

int stage_twice(struct stage *stage, const char *text, struct ward_fault *fault)
{
        stops_string_t from, ret;
        stops_string_set(&from, text);
        int r = stops_twice(stage->stops, &from, &ret, fault);
        if (!r)
                stops_string_free(&ret);
        return r;
}
