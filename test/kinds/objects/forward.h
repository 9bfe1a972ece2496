/* The other add-in: it uses counters, which are objects of a first one. What the host does in between is in the test. The two
 * worlds share interfaces, so the second one's view has other names for them (--rename). */
#ifndef TEST_KINDS_OBJECTS_FORWARD_H
#define TEST_KINDS_OBJECTS_FORWARD_H

#include <ward/host.h>

/* The host's object that stands for a counter of the first add-in. */
struct stand_in {
        uint64_t token;
        bool gone; /* the second add-in refers to it no more */
};

struct forward {
        struct ward_instance *to; /* the first add-in */
        int32_t (*add)(const struct forward *forward, uint64_t token, int32_t n);
};

struct users;

struct users *users_start(struct ward_host *host, enum ward_isolation isolation, const struct forward *forward);
struct users *users_stop(struct users *users);
int users_lend(struct users *users, struct stand_in *stand_in, int32_t n, int32_t *ret_sum, struct ward_fault *fault);
int users_hand_over(struct users *users, struct stand_in *stand_in, struct ward_fault *fault);
/* NULL for none. */
int users_take_back(struct users *users, struct stand_in **ret_stand_in, struct ward_fault *fault);

#endif
