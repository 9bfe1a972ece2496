#include "contract/model.h"

/* --- Interfaces ------------------------------------------------------------------------------- */

static void add_func(struct body *body, const struct ast_item *item, struct wit_type *resource)
{
        struct decl *decl = body->decl;
        decl->funcs = arena_room(body->r->reader->scratch, decl->funcs, decl->n_funcs, sizeof *decl->funcs);
        decl->funcs[decl->n_funcs++] =
                (struct draft_func){ .func = func_of(body, item, resource), .place = item->name.place, .gate = &item->gate };
}

/* NULL where its name was defined before. */
static struct wit_type *find_resource(struct body *body, const struct ast_item *item)
{
        struct symbol *symbol = scope_find(&body->r->scopes, &body->decl->scope, item->name.text);
        struct wit_type *type = symbol && symbol->kind == SYMBOL_TYPE ? symbol->target : NULL;
        return type && type->kind == WIT_RESOURCE ? type : NULL;
}

static void draft_funcs(struct body *body)
{
        const struct ast_body *ast = body->decl->ast;
        for (size_t i = 0; i < ast->n_items; i++) {
                const struct ast_item *item = &ast->items[i];
                struct wit_type *resource = item->kind == AST_TYPEDEF ? find_resource(body, item) : NULL;
                if (item->kind == AST_FUNC)
                        add_func(body, item, NULL);
                for (size_t j = 0; resource && j < item->type.body.n_items; j++)
                        add_func(body, &item->type.body.items[j], resource);
        }
}

static void interface_draft(struct resolver *r, struct decl *decl)
{
        struct package *package = decl->package;
        struct body body = { .r = r, .decl = decl };
        package->interfaces = arena_room(r->reader->scratch, package->interfaces, package->n_interfaces, sizeof(struct decl *));
        package->interfaces[package->n_interfaces++] = decl;
        body_draft_types(&body);
        draft_funcs(&body);
}

static struct wit_interface *interface_new(struct resolver *r, const struct decl *decl)
{
        struct wit_interface *interface = arena_take(r->reader->keep, sizeof *interface);
        *interface = (struct wit_interface){
                .package = decl->package->model, .name = decl->name.text, .docs = decl->docs, .stability = decl->gate->stability
        };
        return interface;
}

/* `import x: interface { … }` */
static struct decl *draft_inline(struct body *world, const struct ast_item *item)
{
        struct resolver *r = world->r;
        struct decl *decl = arena_take(r->reader->scratch, sizeof *decl);
        *decl = (struct decl){ .kind = SYMBOL_INTERFACE,
                               .name = item->name,
                               .ast = &item->body,
                               .gate = &item->gate,
                               .docs = item->docs,
                               .package = world->decl->package,
                               .file = world->decl->file };
        decl->scope.what = arena_format(r->reader->scratch, "interface `%s`", item->name.text);
        decl->interface = interface_new(r, decl);
        decl->interface->label = decl->interface->name;
        decl->interface->name = NULL;
        decl->interface->inline_of = world->decl->world;
        interface_draft(r, decl);
        return decl;
}

/* --- Worlds ----------------------------------------------------------------------------------- */

static struct draft_item *add_item(struct body *body, const struct ast_item *ast)
{
        struct decl *decl = body->decl;
        decl->items = arena_room(body->r->reader->scratch, decl->items, decl->n_items, sizeof *decl->items);
        struct draft_item *item = &decl->items[decl->n_items++];
        *item = (struct draft_item){
                .item = { .name = ast->name.text, .external_id = ast->gate.external_id, .stability = ast->gate.stability },
                .import = !ast->export,
                .place = ast->name.place,
                .gate = &ast->gate,
        };
        return item;
}

/* An interface may be imported by its path once, and exported once. */
static void check_stated(struct body *body, const struct ast_item *ast, struct decl *decl)
{
        const void *set = ast->import ? (void *)&body->decl->items : (void *)&body->decl->n_items;
        if (!decl)
                return;
        if (map_get(&body->r->taken, set, decl))
                report_at(&body->r->reader->report, ast->name.place, "the interface `%s` is %s twice", ast->name.text,
                          ast->import ? "imported" : "exported");
        map_put(&body->r->taken, set, decl, decl);
}

static void draft_path(struct body *body, const struct ast_item *ast)
{
        struct decl *decl = path_find(body->r, body->decl->package, body->decl->file, &ast->path, false);
        if (!ast->labelled)
                check_stated(body, ast, decl);
        struct draft_item *item = add_item(body, ast);
        item->interface = decl;
        item->item.docs = ast->docs;
        if (!ast->labelled)
                item->item.name = NULL;
}

static void draft_extern(struct body *body, const struct ast_item *ast)
{
        struct scope *scope = ast->import ? &body->decl->scope : body->exported;
        enum symbol_kind kind = ast->kind == AST_FUNC ? SYMBOL_FUNC : SYMBOL_INTERFACE;
        if (ast->kind != AST_PATH || ast->labelled)
                scope_add(&body->r->scopes, scope, kind, ast->name, "is there twice");
        if (ast->kind == AST_PATH) {
                draft_path(body, ast);
        } else if (ast->kind == AST_FUNC) {
                struct wit_func *func = func_of(body, ast, NULL);
                add_item(body, ast)->item.func = func;
        } else {
                struct decl *decl = draft_inline(body, ast);
                add_item(body, ast)->interface = decl;
        }
}

static void draft_resource(struct body *body, const struct ast_item *ast)
{
        struct wit_type *resource = find_resource(body, ast);
        for (size_t i = 0; resource && i < ast->type.body.n_items; i++) {
                const struct ast_item *item = &ast->type.body.items[i];
                struct wit_func *func = func_of(body, item, resource);
                struct draft_item *draft = add_item(body, item);
                draft->item.name = func->name;
                draft->item.func = func;
        }
}

static void draft_include(struct body *body, const struct ast_item *ast)
{
        struct decl *decl = body->decl;
        struct decl *world = path_find(body->r, decl->package, decl->file, &ast->use.path, true);
        if (!world)
                return;
        decl->includes = arena_room(body->r->reader->scratch, decl->includes, decl->n_includes, sizeof *decl->includes);
        decl->includes[decl->n_includes++] = (struct draft_include){ .world = world, .ast = &ast->use, .gate = &ast->gate };
}

static void world_draft(struct resolver *r, struct decl *decl)
{
        struct package *package = decl->package;
        struct body body = { .r = r, .decl = decl, .exported = arena_take(r->reader->scratch, sizeof *body.exported) };
        package->worlds = arena_room(r->reader->scratch, package->worlds, package->n_worlds, sizeof(struct decl *));
        package->worlds[package->n_worlds++] = decl;
        body.exported->what = decl->scope.what;
        body_draft_types(&body);
        for (size_t i = 0; i < decl->ast->n_items; i++) {
                const struct ast_item *item = &decl->ast->items[i];
                if (item->kind == AST_INCLUDE)
                        draft_include(&body, item);
                else if (item->kind == AST_TYPEDEF)
                        draft_resource(&body, item);
                else if (item->import || item->export)
                        draft_extern(&body, item);
        }
}

static struct wit_world *world_new(struct resolver *r, const struct decl *decl)
{
        struct wit_world *world = arena_take(r->reader->keep, sizeof *world);
        *world = (struct wit_world){
                .package = decl->package->model, .name = decl->name.text, .docs = decl->docs, .stability = decl->gate->stability
        };
        return world;
}

static void package_begin(struct resolver *r, struct package *package)
{
        package->model = arena_take(r->reader->keep, sizeof *package->model);
        *package->model = (struct wit_package){
                .ns = package->name.ns, .name = package->name.name, .version = package->name.version, .docs = package->docs
        };
        for (size_t i = 0; i < package->n_decls; i++)
                if (package->decls[i]->kind == SYMBOL_INTERFACE)
                        package->decls[i]->interface = interface_new(r, package->decls[i]);
                else
                        package->decls[i]->world = world_new(r, package->decls[i]);
}

bool package_draft(struct resolver *r, struct package *package)
{
        package_begin(r, package);
        struct decl **decls = package_decls_order(r, package);
        if (!decls)
                return false;
        for (size_t i = 0; i < package->n_decls; i++)
                if (decls[i]->kind == SYMBOL_INTERFACE)
                        interface_draft(r, decls[i]);
        for (size_t i = 0; i < package->n_decls; i++)
                if (decls[i]->kind == SYMBOL_WORLD)
                        world_draft(r, decls[i]);
        return true;
}
