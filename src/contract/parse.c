#include "contract/parse.h"

#include "contract/parser.h"

enum { PACKAGES_DEPTH_MAX = 100 };

static void parse_packages(struct parser *p, struct ast_file *file);

/* Behind `package` and the name of a package in a file. */
static void parse_nested(struct parser *p, struct ast_file *in, const struct ast_file *head)
{
        struct arena *scratch = p->reader->scratch;
        struct ast_file *file = arena_take(scratch, sizeof *file);
        *file = *head;
        in->nested = arena_room(scratch, in->nested, in->n_nested, sizeof(struct ast_file *));
        in->nested[in->n_nested++] = file;
        if (p->package == 1 && !p->nested.source)
                p->nested = file->package.place;
        if (p->token.kind == ';')
                parser_error(p, parser_here(p),
                             "`package …;` stands once in a file, before everything else; further packages "
                             "are `package … { }`");
        struct place open = parser_expect(p, '{', "'{'");
        p->package++;
        parse_packages(p, file);
        p->package--;
        parser_close(p, '}', "'}'", open);
}

/* `package` and the name. */
static struct ast_file parse_head(struct parser *p, const char *docs, struct place docs_place)
{
        struct ast_file head = { .source = p->source, .named = true, .docs = docs, .docs_place = docs_place };
        parser_next(p);
        head.package = parse_package_name(p);
        return head;
}

static void parse_toplevel_use(struct parser *p, struct ast_decl *decl)
{
        decl->kind = AST_DECL_USE;
        parser_next(p);
        p->where = IN_OTHER;
        decl->path = parse_path(p);
        decl->name = decl->path.name;
        if (p->token.kind == '.')
                parser_error(p, parser_here(p),
                             "types are used inside of an interface or a world; at the top level `use` names an interface");
        if (parser_accept(p, KW_AS))
                decl->name = parser_name(p, "the name to use it by");
        parser_expect(p, ';', "';'");
}

/* From the keyword on. */
static void parse_decl(struct parser *p, struct ast_decl *decl)
{
        if (p->token.kind == KW_USE) {
                parse_toplevel_use(p, decl);
                return;
        }
        decl->kind = p->token.kind == KW_WORLD ? AST_DECL_WORLD : AST_DECL_INTERFACE;
        parser_next(p);
        p->where = IN_OTHER;
        decl->name = parser_name(p, decl->kind == AST_DECL_WORLD ? "the world's name" : "the interface's name");
        decl->body = decl->kind == AST_DECL_WORLD ? parse_world_body(p) : parse_interface_body(p);
}

static bool has_attributes(const struct ast_gate *gate)
{
        const struct wit_stability *s = &gate->stability;
        return s->since || s->feature || s->deprecated || gate->external_id;
}

/* A package in a package is parsed as deep as it goes, and refused afterwards. */
static void parse_package(struct parser *p, struct ast_file *file, const struct ast_gate *gate, const char *docs,
                          struct place docs_place)
{
        struct place place = parser_here(p);
        if (has_attributes(gate))
                parser_error(p, place, "packages have no attributes");
        if (p->package >= PACKAGES_DEPTH_MAX)
                parser_error(p, place, "packages nest more than %d deep here", PACKAGES_DEPTH_MAX);
        struct ast_file head = parse_head(p, docs, docs_place);
        parse_nested(p, file, &head);
}

static void parse_any(struct parser *p, struct ast_file *file)
{
        struct place place, docs_place = { 0 };
        const char *docs = parser_docs(p, &docs_place);
        p->where = IN_TOP;
        if (p->unmatched && p->token.kind == '}') {
                p->unmatched--;
                parser_next(p);
                return;
        }
        p->doubt = p->doubt && p->token.kind != '@' && !parser_at_declaration(p, p->token);
        struct ast_gate gate = parse_gate(p);
        place = parser_here(p);
        if (p->token.kind == KW_PACKAGE) {
                parse_package(p, file, &gate, docs, docs_place);
                return;
        }
        if (p->token.kind != KW_INTERFACE && p->token.kind != KW_WORLD && p->token.kind != KW_USE) {
                if (p->unmatched)
                        parser_give_up(p);
                parser_unexpected(p, "`package`, `interface`, `world` or `use`");
                return;
        }
        if (p->token.kind == KW_USE && has_attributes(&gate))
                report_at(&p->reader->report, place, "`use` at the top level has no attributes");
        file->decls = arena_room(p->reader->scratch, file->decls, file->n_decls, sizeof *file->decls);
        struct ast_decl *decl = &file->decls[file->n_decls++];
        *decl = (struct ast_decl){ .docs = docs, .gate = gate };
        parse_decl(p, decl);
}

/* What a file or a nested package consists of. */
static void parse_packages(struct parser *p, struct ast_file *file)
{
        size_t level = p->package;
        while (parser_has_item(p, level) || (p->token.kind == '}' && !level))
                parse_any(p, file);
}

/* A file may begin with the header of its package, or with a nested package. */
static void parse_begin(struct parser *p, struct ast_file *file)
{
        struct place docs_place = { 0 };
        const char *docs = parser_docs(p, &docs_place);
        struct ast_file head = parse_head(p, docs, docs_place);
        if (p->token.kind == '{') {
                parse_nested(p, file, &head);
                return;
        }
        *file = head;
        parser_expect(p, ';', "';' or '{'");
}

struct ast_file *parse_file(struct reader *reader, const struct source *source)
{
        struct ast_file *file = arena_take(reader->scratch, sizeof *file);
        struct parser p;
        file->source = source;
        if (!lex_check(source, &reader->report)) {
                reader->unparsed = true;
                return file;
        }
        parser_begin(&p, reader, source);
        if (p.bad)
                parser_has_item(&p, 0);
        if (p.token.kind == KW_PACKAGE)
                parse_begin(&p, file);
        parse_packages(&p, file);
        if (p.nested.source && !reader->unparsed)
                report_at(&reader->report, p.nested, "a package may not stand in another one that is nested; put it beside that");
        return file;
}
