/* Names of packages and interfaces, `use`, `include`. */
#include <string.h>

#include "contract/parser.h"

static const char *package_id(struct parser *p, const char *ns, const char *name, const char *version)
{
        const char *id = arena_format(p->reader->scratch, version ? "%s:%s@%s" : "%s:%s", ns, name, version);
        return names_intern(&p->reader->names, id, strlen(id));
}

struct ast_package_name parse_package_name(struct parser *p)
{
        struct ast_package_name package = { 0 };
        size_t from = p->token.at;
        p->where = IN_PACKAGE;
        package.ns = parser_name(p, "the package's namespace").text;
        parser_expect(p, ':', "':'");
        package.name = parser_name(p, "the package's name").text;
        package.place = parser_since(p, from);
        if (parser_accept(p, '@'))
                package.version = parser_version(p);
        if (!p->bad)
                package.id = package_id(p, package.ns, package.name, package.version);
        return package;
}

struct ast_path parse_path(struct parser *p)
{
        struct ast_path path = { .package_place = parser_here(p) };
        path.name = parser_name(p, "the name of an interface");
        if (!parser_accept(p, ':'))
                return path;
        const char *ns = path.name.text, *version = NULL;
        const char *name = parser_name(p, "the package's name").text;
        path.package_place = parser_since(p, path.package_place.at);
        if (p->token.kind != '/')
                parser_error(p, parser_here(p), "`%s:%s` names a package; name an interface of it: `%s:%s/…`", ns, name, ns, name);
        parser_next(p);
        path.name = parser_name(p, "the name of an interface");
        if (parser_accept(p, '@'))
                version = parser_version(p);
        if (!p->bad)
                path.package = package_id(p, ns, name, version);
        return path;
}

/* `{ a as b, c }`. */
static void parse_names(struct parser *p, struct ast_use *use, const char *what, bool always_as)
{
        struct place open = parser_expect(p, '{', "'{'");
        while (!p->bad && p->token.kind != '}') {
                use->names = arena_room(p->reader->scratch, use->names, use->n_names, sizeof *use->names);
                struct ast_use_name *name = &use->names[use->n_names++];
                name->name = name->as = parser_name(p, what);
                if (always_as)
                        parser_expect(p, KW_AS, "keyword `as`");
                if (always_as || parser_accept(p, KW_AS))
                        name->as = parser_name(p, "the new name");
                if (!parser_accept(p, ','))
                        break;
        }
        parser_close(p, '}', "',' or '}'", open);
}

struct ast_use parse_use(struct parser *p)
{
        struct ast_use use = { 0 };
        parser_next(p);
        p->where = IN_USE;
        use.path = parse_path(p);
        parser_expect(p, '.', "'.'");
        parse_names(p, &use, "the name of a type", false);
        parser_expect(p, ';', "';'");
        return use;
}

/* No `;` follows `with { … }`. */
struct ast_use parse_include(struct parser *p)
{
        struct ast_use use = { 0 };
        parser_next(p);
        p->where = IN_OTHER;
        use.path = parse_path(p);
        if (parser_accept(p, KW_WITH))
                parse_names(p, &use, "the name of an import or export", true);
        else
                parser_expect(p, ';', "';' or keyword `with`");
        return use;
}
