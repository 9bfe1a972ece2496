/* A domain of each level, for a moment: what it is really held by. */
#include <string.h>
#include <ward/usage.h>
#include "base/own.h"
#include "tool/doctor.h"

static void host_freep(struct ward_host **host)
{
        ward_host_free(*host);
}

static void domain_releasep(struct ward_domain **domain)
{
        ward_domain_release(*domain);
}

/* With a limit that a control group would keep. */
static int try_level(struct ward_host *host, struct doctor_level *level)
{
        const struct ward_quota quota = { .size = sizeof quota, .processes = 1000 };
        const struct ward_domain_options options = { .size = sizeof options,
                                                     .isolation = WARD_PROCESS,
                                                     .level = level->level,
                                                     .limits = { .size = sizeof options.limits },
                                                     .quota = &quota };
        struct ward_posture posture = { .size = sizeof posture };
        OWNED(domain_releasep) struct ward_domain *domain = NULL;
        int r = ward_domain_new(host, &options, &domain, &level->fault);
        if (!r)
                r = ward_domain_posture(domain, &posture, &level->fault);
        if (!r)
                level->layers = posture.held & posture.wanted;
        return r;
}

void doctor_try_levels(struct diagnosis *diagnosis)
{
        OWNED(host_freep) struct ward_host *host = NULL;
        struct ward_fault fault;
        int started = ward_host_new(NULL, &host, &fault);
        for (size_t i = 0; i < DOCTOR_LEVELS; i++) {
                struct doctor_level *level = &diagnosis->levels[i];
                if (level->missing)
                        continue;
                if (started < 0)
                        level->fault = fault;
                level->failed = started < 0 || try_level(host, level) < 0;
        }
}
