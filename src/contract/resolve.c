#include "contract/resolve.h"

#include "contract/model.h"

enum { PACKAGES_MAX = 1000 };

static void add_package(struct resolver *r, struct ast_file **files, size_t n_files)
{
        struct arena *scratch = r->reader->scratch;
        if (r->n_packages == PACKAGES_MAX) {
                if (!r->too_many)
                        report_plain(&r->reader->report, "%s: the contract has more than %d packages", r->contract->path,
                                     PACKAGES_MAX);
                r->too_many = true;
                return;
        }
        r->packages = arena_room(scratch, r->packages, r->n_packages, sizeof *r->packages);
        r->packages[r->n_packages++] = (struct package){ .ast = files, .n_files = n_files };
}

/* A nested package is one of its own. */
static void add_packages(struct resolver *r, const struct ast_group *groups, size_t n_groups)
{
        for (size_t i = 0; i < n_groups; i++) {
                const struct ast_group *group = &groups[i];
                add_package(r, group->files, group->n_files);
                for (size_t j = 0; j < group->n_files && i + 1 < n_groups; j++)
                        for (size_t k = 0; k < group->files[j]->n_nested; k++)
                                add_package(r, &group->files[j]->nested[k], 1);
        }
        r->optional = &r->packages[r->n_packages - 1];
}

static struct resolver *resolver_new(struct reader *reader, struct contract *contract)
{
        struct resolver *r = arena_take(reader->scratch, sizeof *r);
        struct map *const maps[] = { &r->scopes.symbols, &r->by_id,   &r->types,   &r->gates,
                                     &r->refused,        &r->handles, &r->borrows, &r->taken };
        r->reader = r->scopes.reader = reader;
        r->contract = contract;
        for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
                maps[i]->tables = reader->scratch;
        return r;
}

/* An error in one package does not keep the next one from being looked at, but for one that leaves it without members. */
static void draft_all(struct resolver *r, struct package **order, size_t n)
{
        for (size_t i = 0; i < n; i++)
                package_uses_declare(r, order[i]);
        for (size_t i = 0; i < n && package_draft(r, order[i]); i++)
                ;
}

void resolve(struct reader *reader, const struct ast_group *groups, size_t n_groups, struct contract *contract)
{
        const struct report *report = &reader->report;
        struct resolver *r = resolver_new(reader, contract);
        size_t n = 0;
        struct package **order = NULL;
        types_begin(r);
        add_packages(r, groups, n_groups);
        packages_declare(r);
        if (!report->failed) {
                order = packages_order(r, &n);
                draft_all(r, order, n);
        }
        for (size_t i = 0; i < n && !report->failed; i++)
                package_complete(r, order[i]);
        contract->main = r->packages[0].model;
}
