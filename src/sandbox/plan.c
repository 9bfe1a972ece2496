#include "sandbox/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static uint32_t count(const char *const *texts)
{
        uint32_t n = 0;
        while (texts[n])
                n++;
        return n;
}

static void pack_filter(const struct sandbox_filter *filter, struct pack *pack)
{
        pack_u32(pack, filter->program.len);
        pack_bytes(pack, filter->program.filter, filter->program.len * sizeof *filter->program.filter);
}

void sandbox_plan_pack(const struct sandbox_plan *plan, struct pack *pack)
{
        pack_bytes(pack, plan, sizeof *plan);
        pack_u32(pack, count(plan->grants.environment));
        for (const char *const *text = plan->grants.environment; *text; text++)
                pack_text(pack, *text);
        for (size_t i = 0; i < plan->grants.n; i++) {
                pack_u32(pack, plan->grants.grants[i].rights);
                pack_text(pack, plan->grants.grants[i].path);
        }
        pack_filter(&plan->filter, pack);
}

static void unpack_grants(struct cursor *cursor, struct sandbox_grant *grants, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                grants[i].rights = cursor_u32(cursor);
                grants[i].path = cursor_text(cursor);
        }
}

static int unpack_filter(struct cursor *cursor, struct sandbox_filter *filter)
{
        uint32_t n = cursor_u32(cursor);
        size_t size = n * sizeof *filter->program.filter;
        const void *code = cursor_take(cursor, size);
        *filter = (struct sandbox_filter){ 0 };
        if (!n || cursor->bad)
                return 0;
        filter->program.filter = malloc(size);
        if (!filter->program.filter)
                return -ENOMEM;
        memcpy(filter->program.filter, code, size);
        filter->program.len = (unsigned short)n;
        return 0;
}

static int unpack_parts(struct cursor *cursor, struct sandbox_plan *plan)
{
        uint32_t n = cursor_u32(cursor);
        if (cursor->bad || n > cursor->left || plan->grants.n > cursor->left)
                return -EBADMSG;
        const char **environment = calloc((size_t)n + 1, sizeof *environment);
        struct sandbox_grant *grants = calloc(plan->grants.n + 1, sizeof *grants);
        plan->grants.environment = environment;
        plan->grants.grants = grants;
        if (!environment || !grants)
                return -ENOMEM;
        for (uint32_t i = 0; i < n; i++)
                environment[i] = cursor_text(cursor);
        unpack_grants(cursor, grants, plan->grants.n);
        int r = unpack_filter(cursor, &plan->filter);
        return r ? r : cursor->bad ? -EBADMSG : 0;
}

int sandbox_plan_unpack(struct cursor *cursor, struct sandbox_plan *ret_plan)
{
        struct sandbox_plan plan;
        cursor_bytes(cursor, &plan, sizeof plan);
        plan.grants = (struct grants){ .n = plan.grants.n, .spawn = plan.grants.spawn };
        plan.filter = (struct sandbox_filter){ 0 };
        int r = unpack_parts(cursor, &plan);
        if (r)
                sandbox_plan_release(&plan);
        else
                *ret_plan = plan;
        return r;
}

void sandbox_plan_release(struct sandbox_plan *plan)
{
        free((void *)(uintptr_t)plan->grants.environment);
        free((void *)(uintptr_t)plan->grants.grants);
        filter_finish(&plan->filter);
}
