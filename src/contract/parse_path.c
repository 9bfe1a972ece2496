/* Names of packages and interfaces, `use`, attributes. */
#include <stdio.h>
#include <string.h>

#include "contract/parser.h"

static const char *package_id(struct parser *p, const char *ns, const char *name, const char *version)
{
        const char *id = arena_format(p->reader->scratch, version ? "%s:%s@%s" : "%s:%s", ns, name, version);
        return names_intern(&p->reader->names, id, strlen(id));
}

/* `ns:name`, of which the namespace has been read. Passes no version. */
static const char *parse_behind_namespace(struct parser *p)
{
        parser_expect(p, ':', "':'");
        const char *name = parser_name(p, "the package's name").text;
        if (p->token.kind == ':')
                parser_unsupported(p, parser_here(p), "nested namespaces");
        return name;
}

struct ast_package_name parse_package_name(struct parser *p)
{
        struct ast_package_name package = { 0 };
        size_t from = p->token.at;
        package.ns = parser_name(p, "the package's namespace").text;
        package.name = parse_behind_namespace(p);
        if (p->token.kind == '/')
                parser_unsupported(p, parser_here(p), "nested package names");
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
        if (p->token.kind != ':')
                return path;
        const char *ns = path.name.text, *version = NULL;
        const char *name = parse_behind_namespace(p);
        path.package_place = parser_since(p, path.package_place.at);
        if (p->token.kind != '/')
                parser_error(p, path.package_place, "`%s:%s` names a package; name an interface of it: `%s:%s/…`", ns, name, ns,
                             name);
        parser_next(p);
        path.name = parser_name(p, "the name of an interface");
        if (p->token.kind == '/')
                parser_unsupported(p, parser_here(p), "nested package names");
        if (parser_accept(p, '@'))
                version = parser_version(p);
        if (!p->bad)
                path.package = package_id(p, ns, name, version);
        return path;
}

struct ast_use parse_use(struct parser *p)
{
        struct ast_use use = { 0 };
        parser_expect(p, KW_USE, "keyword `use`");
        use.path = parse_path(p);
        parser_expect(p, '.', "'.'");
        parser_expect(p, '{', "'{'");
        while (!p->bad && p->token.kind != '}') {
                use.names = arena_room(p->reader->scratch, use.names, use.n_names, sizeof *use.names);
                struct ast_use_name *name = &use.names[use.n_names++];
                name->name = name->as = parser_name(p, "the name of a type");
                if (parser_accept(p, KW_AS))
                        name->as = parser_name(p, "the name to use it by");
                if (!parser_accept(p, ','))
                        break;
        }
        parser_expect(p, '}', "',' or '}'");
        parser_expect(p, ';', "';'");
        return use;
}

static bool name_is(struct ast_name name, const char *text)
{
        return !strcmp(name.text, text);
}

/* `(version = 1.0.0)` or `(feature = name)`. */
static const char *parse_field(struct parser *p, const char *field)
{
        const char *value = NULL;
        char expected[32];
        snprintf(expected, sizeof expected, "`%s`", field);
        parser_expect(p, '(', "'('");
        struct place place = parser_here(p);
        struct ast_name name = parser_name(p, expected);
        if (!p->bad && !name_is(name, field))
                parser_error(p, place, "expected %s, found `%s`", expected, name.text);
        parser_expect(p, '=', "'='");
        if (!strcmp(field, "version"))
                value = parser_version(p);
        else
                value = parser_name(p, "the feature's name").text;
        parser_expect(p, ')', "')'");
        return value;
}

static void set_once(struct parser *p, const char **field, struct ast_name name, const char *value)
{
        if (*field)
                parser_error(p, name.place, "`@%s` stands here twice", name.text);
        *field = value;
}

static void parse_attribute(struct parser *p, struct ast_gate *gate)
{
        struct ast_name name = parser_name(p, "the attribute's name");
        if (p->bad)
                return;
        if (!gate->place.source)
                gate->place = name.place;
        if (name_is(name, "since"))
                set_once(p, &gate->since, name, parse_field(p, "version"));
        else if (name_is(name, "unstable"))
                set_once(p, &gate->feature, name, parse_field(p, "feature"));
        else if (name_is(name, "deprecated"))
                set_once(p, &gate->deprecated, name, parse_field(p, "version"));
        else if (name_is(name, "external-id"))
                parser_unsupported(p, name.place, "external names");
        else
                parser_error(p, name.place, "there is no attribute `@%s`; there are @since, @unstable and @deprecated", name.text);
}

struct ast_gate parse_gate(struct parser *p)
{
        struct ast_gate gate = { 0 };
        while (parser_accept(p, '@'))
                parse_attribute(p, &gate);
        if (gate.since && gate.feature)
                parser_error(p, gate.place, "an item is either `@since` a version or `@unstable`, not both");
        if (gate.deprecated && !gate.since && !gate.feature)
                parser_error(p, gate.place, "`@deprecated` goes with `@since` or `@unstable`");
        return gate;
}
