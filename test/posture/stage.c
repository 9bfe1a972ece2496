#include "stage.h"

#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

const enum ward_level stage_levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_FULL_TRUST, WARD_LEVEL_HOST };

struct ward_host *stage_without(unsigned layers)
{
        const struct ward_host_options options = { .size = sizeof options, .without_layers = layers };
        struct ward_host *host = NULL;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

int stage_make(struct ward_host *host, enum ward_level level, struct ward_domain **ret_domain, struct ward_fault *fault)
{
        const struct ward_domain_options options = {
                .size = sizeof options, .isolation = WARD_PROCESS, .level = level, .limits = { .size = sizeof options.limits }
        };
        return ward_domain_new(host, &options, ret_domain, fault);
}

struct ward_posture stage_posture(const struct ward_domain *domain)
{
        struct ward_posture posture = { .size = sizeof posture };
        struct ward_fault fault;
        assert_good(ward_domain_posture(domain, &posture, &fault), &fault);
        return posture;
}

void stage_print(const char *what, unsigned layers)
{
        char text[512] = "";
        const char *name;
        for (unsigned bit = 1; (name = ward_layer_name(bit)); bit <<= 1)
                if (layers & bit)
                        snprintf(text + strlen(text), sizeof text - strlen(text), " %s", name);
        print_message("  %s:%s\n", what, text);
}

void stage_become_ordinary(void)
{
        enum { SOMEBODY = 1001 };
        if (geteuid())
                return;
        assert_true(!setresgid(SOMEBODY, SOMEBODY, SOMEBODY) && !setresuid(SOMEBODY, SOMEBODY, SOMEBODY));
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); /* /proc/self is its own again */
}
