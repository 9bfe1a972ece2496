/* Attributes. */
#include <stdio.h>
#include <string.h>

#include "contract/parser.h"

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

static const char *parse_quoted(struct parser *p)
{
        parser_expect(p, '(', "'('");
        const char *value = parser_string(p);
        parser_expect(p, ')', "')'");
        return value;
}

/* Where each attribute of an item stands. */
struct places {
        struct place since;
        struct place deprecated;
};

static void set_once(struct parser *p, const char **field, struct ast_name name, const char *value)
{
        if (*field && !p->bad)
                report_at(&p->reader->report, name.place, "`@%s` stands here twice", name.text);
        *field = value;
}

static void parse_attribute(struct parser *p, struct ast_gate *gate, struct places *places)
{
        struct ast_name name = parser_name(p, "the attribute's name");
        if (p->bad)
                return;
        if (name_is(name, "since")) {
                places->since = name.place;
                set_once(p, &gate->stability.since, name, parse_field(p, "version"));
        } else if (name_is(name, "unstable")) {
                set_once(p, &gate->stability.feature, name, parse_field(p, "feature"));
        } else if (name_is(name, "deprecated")) {
                places->deprecated = name.place;
                set_once(p, &gate->stability.deprecated, name, parse_field(p, "version"));
        } else if (name_is(name, "external-id")) {
                set_once(p, &gate->external_id, name, parse_quoted(p));
        } else {
                parser_error(p, name.place,
                             "there is no attribute `@%s`; there are @since, @unstable, @deprecated and @external-id", name.text);
        }
}

static bool is_switched_on(const struct contract_options *options, const char *feature)
{
        for (size_t i = 0; options && i < options->n_features; i++)
                if (!strcmp(options->features[i], feature))
                        return true;
        return options && options->all_features;
}

struct ast_gate parse_gate(struct parser *p)
{
        struct ast_gate gate = { 0 };
        struct places places = { 0 };
        while (parser_accept(p, '@'))
                parse_attribute(p, &gate, &places);
        if (p->bad)
                return gate;
        const struct wit_stability *s = &gate.stability;
        if (s->since && s->feature)
                report_at(&p->reader->report, places.since, "an item is either `@since` a version or `@unstable`, not both");
        if (s->deprecated && !s->since && !s->feature)
                report_at(&p->reader->report, places.deprecated, "`@deprecated` goes with `@since` or `@unstable`");
        gate.out = s->feature && !is_switched_on(p->reader->options, s->feature);
        return gate;
}
