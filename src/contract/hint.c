/* What may have been meant where something unexpected stands: told apart by what is being parsed and the tokens around. */
#include <stdio.h>
#include <string.h>

#include "base/own.h"
#include "contract/foreign.h"
#include "contract/parser.h"

/* Beside the kinds of tokens. */
enum {
        ANYTHING = -1,
        A_TYPE = -2,       /* a name, or a keyword that is or makes a type */
        A_TYPE_WORD = -3,  /* the latter only */
        A_FOREIGN = -4,    /* a type of another language */
        A_DEFINITION = -5, /* `record` and the like */
        A_VERB = -6,       /* `import`, `export`, `include` */
        AN_OPENING = -7,   /* behind it a member begins */
};

/* In @hint, $b, $f and $n are the tokens before, found and next; $t is what WIT calls the type $b. NULL: nothing can be said. */
struct rule {
        unsigned where;
        int before;
        int found;
        int next;
        const char *hint;
};

/* The first that fits counts. */
static const struct rule rules[] = {
        { IN_ANY, '}', ';', ANYTHING, "no `;` stands behind `}`" },

        { IN_PACKAGE, TOKEN_ID, ';', ANYTHING, "a package has a namespace: `package you:$b;`" },
        { IN_PACKAGE, TOKEN_ID, '@', ANYTHING, "a package has a namespace: `package you:$b@…`" },
        { IN_PACKAGE, TOKEN_ID, '{', ANYTHING, "a package has a namespace: `package you:$b`" },

        { IN_TOP, ANYTHING, A_DEFINITION, ANYTHING, "types belong in an interface: `interface name { … }`" },
        { IN_TOP, ANYTHING, KW_FUNC, ANYTHING, "functions belong in an interface: `interface name { … }`" },
        { IN_TOP, ANYTHING, TOKEN_ID, ':', "functions belong in an interface: `interface name { … }`" },
        { IN_TOP | IN_INTERFACE, ANYTHING, A_VERB, ANYTHING, "`$f` belongs in a world: `world name { … }`" },

        { IN_INTERFACE, ANYTHING, KW_CONSTRUCTOR, ANYTHING, "a constructor belongs in a `resource`" },
        { IN_INTERFACE | IN_RESOURCE, ':', KW_STATIC, ANYTHING, "`static func` belongs in a `resource`" },
        { IN_INTERFACE | IN_RESOURCE, ANYTHING, KW_FUNC, TOKEN_ID, "the name comes first: `$n: func(…)`" },
        { IN_INTERFACE | IN_RESOURCE, TOKEN_ID, '(', ANYTHING, "a function is written `$b: func(…)`" },
        { IN_INTERFACE | IN_RESOURCE | IN_IMPORT | IN_EXPORT, ':', '(', ANYTHING, "a function is written `func(…)`" },

        { IN_WORLD, ANYTHING, KW_FUNC, TOKEN_ID, "a function is written `export $n: func(…)` or `import $n: func(…)`" },
        { IN_WORLD, ANYTHING, TOKEN_ID, ':', "begin with `import` or `export`: `export $f: …`" },
        { IN_WORLD, ANYTHING, TOKEN_ID, '(', "a function is written `export $f: func(…)` or `import $f: func(…)`" },
        { IN_IMPORT, ANYTHING, KW_FUNC, TOKEN_ID, "the name comes first: `import $n: func(…)`" },
        { IN_EXPORT, ANYTHING, KW_FUNC, TOKEN_ID, "the name comes first: `export $n: func(…)`" },
        { IN_IMPORT, TOKEN_ID, '(', ANYTHING, "a function is written `import $b: func(…)`" },
        { IN_EXPORT, TOKEN_ID, '(', ANYTHING, "a function is written `export $b: func(…)`" },
        { IN_IMPORT, TOKEN_ID, ',', ANYTHING, "each one has an `import` of its own" },
        { IN_EXPORT, TOKEN_ID, ',', ANYTHING, "each one has an `export` of its own" },

        { IN_USE, TOKEN_ID, ';', ANYTHING, "name the types: `use $b.{t};`" },
        { IN_USE, '.', TOKEN_ID, ANYTHING, "types stand in braces: `.{$f}`" },
        { IN_USE, '.', '*', ANYTHING, "name each type: `.{t, u}`" },

        { IN_RESULT, ')', A_TYPE, ':', NULL },
        { IN_RESULT, ')', A_TYPE, ANYTHING, "a result follows `->`: `-> $f`" },
        { IN_RESULT, ')', '=', '>', "a result follows `->`" },
        { IN_RESULT, ')', ':', A_TYPE, "a result follows `->`: `-> $n`" },
        { IN_ANY, TOKEN_ARROW, '(', ')', "a function without a result has no `->`" },
        { IN_ANY, TOKEN_ARROW, '(', ANYTHING, "a function has one result: a record, or `tuple<…>`" },

        { IN_TYPE, ANYTHING, ';', TOKEN_INTEGER, "a list's length follows `,`: `list<$b, $n>`" },
        { IN_TYPE, ANYTHING, '(', ANYTHING, "several types together are `tuple<…>`" },
        { IN_ANY, ANYTHING, '*', ANYTHING, "WIT has no pointers: text is `string`, bytes are `list<u8>`" },

        { IN_PARAMS | IN_FIELDS, A_FOREIGN, A_TYPE_WORD, ANYTHING, "the name comes first: `name: type`" },
        { IN_PARAMS | IN_FIELDS, A_FOREIGN, A_FOREIGN, ANYTHING, "the name comes first: `name: type`" },
        { IN_PARAMS | IN_FIELDS, A_FOREIGN, TOKEN_ID, ANYTHING, "the name comes first: `$f: $t`" },
        { IN_PARAMS | IN_FIELDS, AN_OPENING, A_TYPE_WORD, TOKEN_ID, "the name comes first: `$n: $f`" },
        { IN_PARAMS | IN_FIELDS, AN_OPENING, A_TYPE_WORD, '<', "the name comes first: `name: $f<…>`" },
        { IN_MEMBERS, AN_OPENING, ';', ANYTHING, NULL },
        { IN_PARAMS, ANYTHING, ';', ANYTHING, "`,` stands between parameters" },
        { IN_FIELDS, ANYTHING, ';', ANYTHING, "`,` stands between fields" },
        { IN_CASES, ANYTHING, ';', ANYTHING, "`,` stands between cases" },
        { IN_NAMES, ANYTHING, ';', ANYTHING, "`,` stands between names" },
        { IN_CASES, TOKEN_ID, ':', A_TYPE, "a case that holds a value is `$b($n)`" },
        { IN_NAMES, TOKEN_ID, ':', ANYTHING, "only the cases of a `variant` hold values" },
        { IN_NAMES, TOKEN_ID, '(', ANYTHING, "only the cases of a `variant` hold values" },
        { IN_NAMES, TOKEN_ID, '=', ANYTHING, "no number is given; they are numbered as they stand" },
};

struct around {
        const struct parser *p;
        unsigned where;
        struct token before;
        struct token found;
        struct token next;
};

static const char *foreign_of(const struct around *a, struct token token, const char *(*find)(const char *name, size_t len))
{
        return token.kind == TOKEN_ID ? find(a->p->source->text + token.at, token.len) : NULL;
}

static bool fits(const struct around *a, int kind, struct token token)
{
        switch (kind) {
        case ANYTHING:
                return true;
        case A_TYPE:
                return token.kind == TOKEN_ID || is_type_word(token.kind);
        case A_TYPE_WORD:
                return is_type_word(token.kind);
        case A_FOREIGN:
                return foreign_of(a, token, foreign_type) != NULL;
        case A_DEFINITION:
                return is_typedef(token.kind);
        case A_VERB:
                return token.kind == KW_IMPORT || token.kind == KW_EXPORT || token.kind == KW_INCLUDE;
        case AN_OPENING:
                return token.kind == '(' || token.kind == '{' || token.kind == ',';
        default:
                return token.kind == kind;
        }
}

static const struct rule *find_rule(const struct around *a)
{
        for (size_t i = 0; i < COUNT_OF(rules); i++)
                if (rules[i].where & a->where && fits(a, rules[i].before, a->before) && fits(a, rules[i].found, a->found) &&
                    fits(a, rules[i].next, a->next))
                        return &rules[i];
        return NULL;
}

static void write_token(const struct around *a, struct token token, FILE *out)
{
        fprintf(out, "%.*s", (int)(token.len < 60 ? token.len : 60), a->p->source->text + token.at);
}

/* The name alone of "`u32`". */
static void write_type(const struct around *a, FILE *out)
{
        const char *wit = foreign_of(a, a->before, foreign_type);
        const char *name = wit ? wit + 1 : "";
        fprintf(out, "%.*s", (int)strcspn(name, "`"), name);
}

static void write_hint(const struct around *a, const char *hint, FILE *out)
{
        for (; *hint; hint++) {
                if (*hint != '$') {
                        fputc(*hint, out);
                        continue;
                }
                hint++;
                if (*hint == 't')
                        write_type(a, out);
                else
                        write_token(a, *hint == 'b' ? a->before : *hint == 'f' ? a->found : a->next, out);
        }
}

/* A word of another language, or a name behind one. */
static const char *find_word(const struct around *a)
{
        const char *hint = foreign_of(a, a->found, foreign_word);
        return hint ? hint : foreign_of(a, a->before, foreign_word);
}

const char *parser_hint(const struct parser *p, char *text, size_t room)
{
        struct around a = { p, p->depth ? IN_TYPE : p->where, p->before, p->token, parser_peek(p, p->token) };
        const char *word = find_word(&a);
        const struct rule *rule = word ? NULL : find_rule(&a);
        if (word)
                return word;
        if (!rule || !rule->hint)
                return NULL;
        FILE *out = fmemopen(text, room, "w");
        if (!out)
                return NULL;
        write_hint(&a, rule->hint, out);
        return fclose(out) ? NULL : text;
}
