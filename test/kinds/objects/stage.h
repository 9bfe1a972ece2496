/* The host's side of test:objects: sinks that are counted, and activation. */
#ifndef TEST_KINDS_OBJECTS_STAGE_H
#define TEST_KINDS_OBJECTS_STAGE_H

#include "objects_host.h"
#include "test/support.h"

typedef exports_test_objects_counters_own_counter_t counter;
typedef test_objects_sinks_sink_t sink;

struct test_objects_sinks_sink_t {
        char name[64];
        unsigned lines;
        int destroyed;
};

/* What one activation's services know. */
struct context {
        struct objects *objects;
        _Atomic int destroyed; /* sinks; they are not freed, so that it is seen what happens to one twice */
        _Atomic int sevens;    /* calls of back(7): by destructors that were armed so */
        sink *taken[1000];     /* given back by the add-in */
        size_t n_taken;
        sink *offered[16]; /* by the last call of named */
        uint32_t (*when_back)(struct context *context, uint32_t n);
};

extern const enum ward_isolation kinds[3];
#define FOR_EACH_KIND(kind)                                                                                                        \
        for (size_t kind##_i = 0; kind##_i < 3; kind##_i++)                                                                        \
                if (((kind) = kinds[kind##_i]), 1)

/* Its services are the same for all, but for the data. */
struct objects_services services_for(struct context *context);

/* Activates into @domain, or into one made for it. */
struct objects *activate_into(struct ward_host *host, enum ward_isolation isolation, struct ward_domain *domain,
                              const struct objects_services *services);
struct objects *activate(struct ward_host *host, enum ward_isolation isolation, const struct objects_services *services);

/* Sinks of the host's, that last until the test ends. */
sink *sink_new(const char *name);

/* Each fails the test where the add-in does not do it. */
counter counter_new(struct objects *objects, int32_t start);
int32_t counter_add(struct objects *objects, counter c, int32_t n);
void counter_arm(struct objects *objects, counter c, const char *what);
uint32_t destroyed(struct objects *objects);
void keep_sink(struct objects *objects, sink *s);

struct ward_instance *instance_of(struct objects *objects);

static inline exports_test_objects_counters_borrow_counter_t lent(counter c)
{
        return objects_counters_borrow_counter(c);
}

objects_string_t text(const char *from);

/* Each kind with an add-in of its own. */
#define WITH_EACH_KIND(body)                                                                                                       \
        do {                                                                                                                       \
                struct ward_host *host = host_start();                                                                             \
                enum ward_isolation kind;                                                                                          \
                FOR_EACH_KIND(kind)                                                                                                \
                {                                                                                                                  \
                        struct context context = { 0 };                                                                            \
                        struct objects_services services = services_for(&context);                                                 \
                        body(host, activate(host, kind, &services), &context, kind);                                               \
                }                                                                                                                  \
                ward_host_free(host);                                                                                              \
        } while (0)

#endif
