#include "test/acts/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static void keep(void *data, const struct ward_event *event)
{
        struct stage *stage = data;
        pthread_mutex_lock(&stage->lock);
        if (stage->n < STAGE_EVENTS) {
                struct stage_event *kept = &stage->events[stage->n++];
                *kept = (struct stage_event){ .kind = event->kind, .error = event->error, .count = event->count };
                snprintf(kept->operation, sizeof kept->operation, "%s", event->operation);
                snprintf(kept->subject, sizeof kept->subject, "%s", event->subject);
        }
        pthread_cond_broadcast(&stage->told);
        pthread_mutex_unlock(&stage->lock);
}

void stage_set(struct stage *stage, enum ward_level level, const char *const *permissions, bool record)
{
        struct ward_fault fault;
        struct ward_activate_options options = options_for(WARD_PROCESS);
        const struct ward_host_options host = { .size = sizeof host, .on_event = keep, .on_event_data = stage };
        support_needs_level(level);
        memset(stage, 0, sizeof *stage);
        pthread_mutex_init(&stage->lock, NULL);
        pthread_cond_init(&stage->told, NULL);
        options.level = level;
        options.permissions = permissions;
        options.record = record;
        options.deadline_ms = STAGE_MS;
        assert_good(ward_host_new(&host, &stage->host, &fault), &fault);
        assert_good(deeds_activate(stage->host, addin_file("deeds", WARD_PROCESS), &options, NULL, &stage->deeds, &fault), &fault);
}

void stage_strike(struct stage *stage)
{
        stage->deeds = deeds_release(stage->deeds);
        stage->host = ward_host_free(stage->host);
}

int deed(struct stage *stage, const char *what, const char *path, int n)
{
        struct ward_fault fault;
        deeds_string_t name, at;
        int32_t ret = 0;
        deeds_string_set(&name, what);
        deeds_string_set(&at, path);
        assert_good(deeds_deed(stage->deeds, &name, &at, n, &ret, &fault), &fault);
        return ret;
}

/* With the lock held. */
static const struct stage_event *find(const struct stage *stage, enum ward_event_kind kind, const char *operation,
                                      const char *subject)
{
        for (size_t i = stage->n; i-- > 0;) {
                const struct stage_event *event = &stage->events[i];
                if (event->kind == kind && !strcmp(event->operation, operation) && (!subject || !strcmp(event->subject, subject)))
                        return event;
        }
        return NULL;
}

bool stage_was_told(struct stage *stage, enum ward_event_kind kind, const char *operation, const char *subject)
{
        pthread_mutex_lock(&stage->lock);
        bool was = find(stage, kind, operation, subject);
        pthread_mutex_unlock(&stage->lock);
        return was;
}

struct stage_event stage_await(struct stage *stage, enum ward_event_kind kind, const char *operation, const char *subject)
{
        struct stage_event found = { 0 };
        struct timespec until;
        int r = 0;
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += STAGE_MS / 1000;
        pthread_mutex_lock(&stage->lock);
        const struct stage_event *event;
        while (!(event = find(stage, kind, operation, subject)) && !r)
                r = pthread_cond_timedwait(&stage->told, &stage->lock, &until);
        if (event)
                found = *event;
        else
                for (size_t i = 0; i < stage->n; i++)
                        fprintf(stderr, "told: %s '%s'\n", stage->events[i].operation, stage->events[i].subject);
        pthread_mutex_unlock(&stage->lock);
        if (!event)
                fail_msg("no event of '%s' of '%s'", operation, subject ? subject : "");
        return found;
}
