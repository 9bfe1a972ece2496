#include "contract/parse.h"

#include "contract/parser.h"

static void parse_toplevel_use(struct parser *p, struct ast_decl *decl)
{
        decl->kind = AST_DECL_USE;
        decl->path = parse_path(p);
        decl->name = decl->path.name;
        if (p->token.kind == '.')
                parser_error(p, parser_here(p),
                             "types are used inside of an interface or a world; at the top level `use` names an interface");
        if (parser_accept(p, KW_AS))
                decl->name = parser_name(p, "the name to use it by");
        parser_expect(p, ';', "';'");
}

static void parse_decl(struct parser *p, struct ast_file *file)
{
        file->decls = arena_room(p->reader->scratch, file->decls, file->n_decls, sizeof *file->decls);
        struct ast_decl *decl = &file->decls[file->n_decls++];
        decl->docs = parser_docs(p, NULL);
        decl->gate = parse_gate(p);
        if (parser_accept(p, KW_INTERFACE)) {
                decl->kind = AST_DECL_INTERFACE;
                decl->name = parser_name(p, "the interface's name");
                decl->body = parse_interface_body(p);
        } else if (parser_accept(p, KW_WORLD)) {
                decl->kind = AST_DECL_WORLD;
                decl->name = parser_name(p, "the world's name");
                decl->body = parse_world_body(p);
        } else if (parser_accept(p, KW_USE)) {
                parse_toplevel_use(p, decl);
        } else if (parser_accept(p, KW_PACKAGE)) {
                struct ast_package_name package = parse_package_name(p);
                if (p->token.kind == ';')
                        parser_error(p, package.place, "`package` stands once in a file, before everything else");
                parser_unsupported(p, package.place, "nested packages");
        } else {
                parser_unexpected(p, "`package`, `interface`, `world` or `use`");
        }
}

static void parse_header(struct parser *p, struct ast_file *file)
{
        file->docs = parser_docs(p, &file->docs_place);
        parser_next(p);
        file->named = true;
        file->package = parse_package_name(p);
        if (p->token.kind == '{')
                parser_unsupported(p, file->package.place, "nested packages");
        parser_expect(p, ';', "';'");
}

struct ast_file *parse_file(struct reader *reader, const struct source *source)
{
        struct ast_file *file = arena_take(reader->scratch, sizeof *file);
        struct parser p;
        file->source = source;
        if (!lex_check(source, &reader->report))
                return file;
        parser_begin(&p, reader, source);
        if (p.token.kind == KW_PACKAGE)
                parse_header(&p, file);
        while (!p.bad && p.token.kind != TOKEN_END)
                parse_decl(&p, file);
        return file;
}
