#include "contract/resolve.h"

#include "contract/model.h"

static void package_begin(struct resolver *r, struct package *package)
{
        struct contract *c = r->contract;
        struct wit_package *model = arena_take(r->reader->keep, sizeof *model);
        *model = (struct wit_package){
                .ns = package->name.ns, .name = package->name.name, .version = package->name.version, .docs = package->docs
        };
        package->model = model;
        model->index = c->n_packages;
        c->packages = arena_room(r->reader->keep, c->packages, c->n_packages, sizeof(struct wit_package *));
        c->packages[c->n_packages++] = model;
}

/* Interfaces before worlds, which may use any of them. */
static void package_resolve(struct resolver *r, struct package *package)
{
        struct report *report = &r->reader->report;
        package_begin(r, package);
        struct decl **decls = package_decls_order(r, package);
        for (size_t i = 0; !report->failed && i < package->n_decls; i++)
                if (decls[i]->kind == SYMBOL_INTERFACE)
                        interface_resolve(r, decls[i]);
        for (size_t i = 0; !report->failed && i < package->n_decls; i++)
                if (decls[i]->kind == SYMBOL_WORLD)
                        world_resolve(r, decls[i]);
}

static struct resolver *resolver_new(struct reader *reader, struct ast_package *packages, size_t n_packages)
{
        struct arena *scratch = reader->scratch;
        struct resolver *r = arena_take(scratch, sizeof *r);
        r->reader = r->scopes.reader = reader;
        r->scopes.symbols.tables = r->by_id.tables = r->types.tables = r->taken.tables = scratch;
        r->packages = arena_take(scratch, n_packages * sizeof *r->packages);
        r->n_packages = n_packages;
        for (size_t i = 0; i < n_packages; i++)
                r->packages[i].ast = &packages[i];
        return r;
}

void resolve(struct reader *reader, struct ast_package *packages, size_t n_packages, size_t optional, struct contract *contract)
{
        struct resolver *r = resolver_new(reader, packages, n_packages);
        size_t n = 0;
        struct package **order = NULL;
        r->optional = optional;
        r->contract = contract;
        types_begin(r);
        if (packages_declare(r))
                order = packages_order(r, &n);
        for (size_t i = 0; !reader->report.failed && i < n; i++)
                package_resolve(r, order[i]);
        contract->main = r->packages[0].model;
}
