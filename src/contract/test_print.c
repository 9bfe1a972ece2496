/* Contracts as WIT again: what the normal form looks like. */
#include "contract/print.h"

#include <stdlib.h>
#include <string.h>

#include "base/own.h"
#include "test/harness/harness.h"

static const char *const features[] = { "active", "other" };
static const struct contract_options options = { .features = features, .n_features = COUNT_OF(features) };

static struct contract *read_text(const char *text)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("print.wit", text, strlen(text), &options, &error);
        if (!contract)
                fail_msg("%s\nof:\n%s", error.text, text);
        return contract;
}

/* Malloc'd. @world: only that one, or NULL. */
static char *printed(const struct contract *contract, const struct wit_world *world)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        if (world)
                contract_print_world(contract, world, out);
        else
                contract_print(contract, out);
        assert_int_equal(fclose(out), 0);
        return text;
}

static void check(const char *text, const char *expected)
{
        struct contract *contract = read_text(text);
        OWNED(freep) char *once = printed(contract, NULL);
        assert_string_equal(once, expected);
        contract_free(contract);
        contract = read_text(once);
        OWNED(freep) char *again = printed(contract, NULL);
        assert_string_equal(again, expected);
        contract_free(contract);
}

/* What is normal stays as it is. */
static void check_normal(const char *text)
{
        check(text, text);
}

/* --- The normal form -------------------------------------------------------------------------- */

TEST(types_are_written_out)
{
        check_normal("package a:b;\n"
                     "\n"
                     "interface i {\n"
                     "  type prims = tuple<bool, u8, u16, u32, u64, s8, s16, s32, s64, f32, f64, char, string>;\n"
                     "  type nothing = tuple<>;\n"
                     "  type lists = tuple<list<u8>, list<u8, 4>, map<string, list<char>>>;\n"
                     "  type results = tuple<result, result<u8>, result<_, u8>, result<u8, string>>;\n"
                     "  type later = tuple<future, future<u8>, stream, stream<u8>, error-context>;\n"
                     "  type again = lists;\n"
                     "\n"
                     "  record r {\n"
                     "    a: option<option<u8>>,\n"
                     "    b: again,\n"
                     "  }\n"
                     "\n"
                     "  record none {}\n"
                     "\n"
                     "  variant v {\n"
                     "    a,\n"
                     "    b(r),\n"
                     "  }\n"
                     "\n"
                     "  enum e {\n"
                     "    x,\n"
                     "    y,\n"
                     "  }\n"
                     "\n"
                     "  flags f {\n"
                     "    read,\n"
                     "    write,\n"
                     "  }\n"
                     "\n"
                     "  flags no-flags {}\n"
                     "}\n");
}

TEST(functions_are_written_out)
{
        check_normal("package a:b;\n"
                     "\n"
                     "interface i {\n"
                     "  nothing: func();\n"
                     "  some: func(a: u8, b: list<string>) -> u8;\n"
                     "  later: async func() -> result;\n"
                     "}\n");
}

TEST(resources_have_their_functions)
{
        check_normal("package a:b;\n"
                     "\n"
                     "interface i {\n"
                     "  type empty = u8;\n"
                     "  resource bare;\n"
                     "\n"
                     "  resource r {\n"
                     "    constructor(a: u8);\n"
                     "    get: func() -> u8;\n"
                     "    make: static func(other: borrow<r>) -> r;\n"
                     "    later: async func();\n"
                     "    make-later: static async func() -> option<r>;\n"
                     "  }\n"
                     "\n"
                     "  resource may-fail {\n"
                     "    constructor() -> result<may-fail, string>;\n"
                     "  }\n"
                     "\n"
                     "  type owned = own<r>;\n"
                     "  type lent = borrow<r>;\n"
                     "  type other = r;\n"
                     "\n"
                     "  take: func(a: r, b: borrow<other>, c: list<bare>) -> owned;\n"
                     "}\n");
}

TEST(a_handle_is_written_as_its_resource)
{
        check("package a:b; interface i { resource r; f: func(a: own<r>, b: option<own<r>>, c: r); }",
              "package a:b;\n"
              "\n"
              "interface i {\n"
              "  resource r;\n"
              "\n"
              "  f: func(a: r, b: option<r>, c: r);\n"
              "}\n");
}

TEST(functions_stay_in_order)
{
        check_normal("package a:b;\n"
                     "\n"
                     "interface i {\n"
                     "  first: func();\n"
                     "\n"
                     "  resource r {\n"
                     "    m: func();\n"
                     "  }\n"
                     "\n"
                     "  second: func();\n"
                     "\n"
                     "  resource q {\n"
                     "    m: func();\n"
                     "  }\n"
                     "\n"
                     "  third: func();\n"
                     "}\n");
}

TEST(keywords_are_marked)
{
        check_normal("package %use:%package@1.0.0;\n"
                     "\n"
                     "interface %interface {\n"
                     "  record %record {\n"
                     "    %type: u8,\n"
                     "  }\n"
                     "\n"
                     "  resource %resource {\n"
                     "    %static: static func(%from: %record);\n"
                     "  }\n"
                     "}\n"
                     "\n"
                     "world %world {\n"
                     "  import %interface;\n"
                     "\n"
                     "  use %interface.{%record as %list};\n"
                     "\n"
                     "  import %import: func();\n"
                     "\n"
                     "  export %export: interface {\n"
                     "    %func: func();\n"
                     "  }\n"
                     "}\n");
        check("package a:b; interface %plain { %x: func(); }", "package a:b;\n\ninterface plain {\n  x: func();\n}\n");
}

TEST(names_from_elsewhere_are_used)
{
        check_normal("package a:b@1.0.0;\n"
                     "\n"
                     "interface near {\n"
                     "  type u = u8;\n"
                     "}\n"
                     "\n"
                     "interface i {\n"
                     "  use c:d/other@2.0.0.{t, t as again};\n"
                     "  use near.{u};\n"
                     "\n"
                     "  f: func(a: t, b: again, c: u);\n"
                     "}\n"
                     "\n"
                     "package c:d@2.0.0 {\n"
                     "  interface other {\n"
                     "    type t = u8;\n"
                     "  }\n"
                     "}\n");
}

/* --- Documentation and attributes ------------------------------------------------------------- */

TEST(documentation_stays)
{
        check_normal("/// The package.\n"
                     "package a:b;\n"
                     "\n"
                     "/// The interface.\n"
                     "///\n"
                     "///   Indented.\n"
                     "interface i {\n"
                     "  /// A type.\n"
                     "  type t = u8;\n"
                     "\n"
                     "  /// A record.\n"
                     "  record r {\n"
                     "    /// Its field.\n"
                     "    a: u8,\n"
                     "    b: u8,\n"
                     "  }\n"
                     "\n"
                     "  variant v {\n"
                     "    /// Its case.\n"
                     "    a,\n"
                     "  }\n"
                     "\n"
                     "  /// A resource.\n"
                     "  resource s {\n"
                     "    /// Makes one.\n"
                     "    constructor();\n"
                     "\n"
                     "    /// Asks it.\n"
                     "    m: func();\n"
                     "  }\n"
                     "\n"
                     "  /// A function.\n"
                     "  f: func();\n"
                     "}\n"
                     "\n"
                     "/// The world.\n"
                     "world w {\n"
                     "  /// The statement.\n"
                     "  import i;\n"
                     "\n"
                     "  /// Its type.\n"
                     "  type t = u8;\n"
                     "\n"
                     "  /// What it calls.\n"
                     "  import f: func();\n"
                     "\n"
                     "  /// What it offers.\n"
                     "  export inside: interface {\n"
                     "    /// At last.\n"
                     "    f: func();\n"
                     "  }\n"
                     "}\n"
                     "\n"
                     "/// Another package.\n"
                     "package c:d {}\n");
}

TEST(comments_become_documentation)
{
        check("// One\n/** three */\npackage a:b;\n/**\n  * A block\n  */\ninterface i {}\n/** text\n  below */ world w "
              "{}\n",
              "/// One\n/// three\npackage a:b;\n\n/**\n  * A block */\ninterface i {}\n\n/// text\n///   below\nworld "
              "w {}\n");
        /* What neither form can hold loses its indentation, once. */
        check("package a:b;\n//\tx */\n//   y\ninterface i {}\n", "package a:b;\n\n/// x */\n///  y\ninterface i {}\n");
}

TEST(attributes_stay)
{
        check_normal("package a:b@1.0.0;\n"
                     "\n"
                     "/// Docs come first.\n"
                     "@since(version = 0.1.0)\n"
                     "interface i {\n"
                     "  @unstable(feature = active)\n"
                     "  @deprecated(version = 0.2.0)\n"
                     "  type t = u8;\n"
                     "\n"
                     "  @since(version = 0.1.0)\n"
                     "  @deprecated(version = 0.2.0)\n"
                     "  @external-id(\"a \\\"quoted\\\" \\\\ \\0a \u00fc \")\n"
                     "  f: func();\n"
                     "}\n"
                     "\n"
                     "interface j {\n"
                     "  @unstable(feature = other)\n"
                     "  use i.{t};\n"
                     "}\n"
                     "\n"
                     "@unstable(feature = active)\n"
                     "world w {\n"
                     "  @since(version = 0.1.0)\n"
                     "  import i;\n"
                     "}\n");
}

/* --- Worlds ----------------------------------------------------------------------------------- */

TEST(what_a_world_needs_is_explicit)
{
        check("package a:b;\n"
              "interface base { type t = u8; }\n"
              "interface user { use base.{t}; f: func(a: t); }\n"
              "world part { import user; export run: func(); resource r { m: func(); } }\n"
              "world whole { include part with { run as go } export base; }\n",
              "package a:b;\n"
              "\n"
              "interface base {\n"
              "  type t = u8;\n"
              "}\n"
              "\n"
              "interface user {\n"
              "  use base.{t};\n"
              "\n"
              "  f: func(a: t);\n"
              "}\n"
              "\n"
              "world part {\n"
              "  import base;\n"
              "  import user;\n"
              "\n"
              "  resource r {\n"
              "    m: func();\n"
              "  }\n"
              "\n"
              "  export run: func();\n"
              "}\n"
              "\n"
              "world whole {\n"
              "  import base;\n"
              "  import user;\n"
              "\n"
              "  resource r {\n"
              "    m: func();\n"
              "  }\n"
              "\n"
              "  export go: func();\n"
              "  export base;\n"
              "}\n");
}

static const char two_worlds[] =
        "/// Not this.\n"
        "package a:b@1.0.0;\n"
        "interface base { @since(version = 1.0.0) type t = u8; }\n"
        "interface aside { use x:y/z.{t}; }\n"
        "world main { use base.{t}; import c:d/e; export run: func(a: t); import ward:domain/data@0.1.0; }\n"
        "world other { import aside; }\n"
        "package c:d { interface e { f: func(); } interface unused {} }\n"
        "package x:y { interface z { type t = u8; } }\n";

TEST(a_world_travels_with_what_it_needs)
{
        struct contract *contract = read_text(two_worlds);
        OWNED(freep) char *text = printed(contract, contract_world(contract, "main"));
        contract_free(contract);
        assert_string_equal(text, "package a:b@1.0.0;\n"
                                  "\n"
                                  "interface base {\n"
                                  "  type t = u8;\n"
                                  "}\n"
                                  "\n"
                                  "world main {\n"
                                  "  import c:d/e;\n"
                                  "  import ward:domain/data@0.1.0;\n"
                                  "  import base;\n"
                                  "\n"
                                  "  use base.{t};\n"
                                  "\n"
                                  "  export run: func(a: t);\n"
                                  "}\n"
                                  "\n"
                                  "package c:d {\n"
                                  "  interface e {\n"
                                  "    f: func();\n"
                                  "  }\n"
                                  "}\n");
        contract = read_text(text);
        assert_non_null(contract_world(contract, "main"));
        contract_free(contract);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(types_are_written_out), TEST_CASE(functions_are_written_out),
                         TEST_CASE(resources_have_their_functions), TEST_CASE(a_handle_is_written_as_its_resource),
                         TEST_CASE(functions_stay_in_order), TEST_CASE(keywords_are_marked),
                         TEST_CASE(names_from_elsewhere_are_used), TEST_CASE(documentation_stays),
                         TEST_CASE(comments_become_documentation), TEST_CASE(attributes_stay),
                         TEST_CASE(what_a_world_needs_is_explicit), TEST_CASE(a_world_travels_with_what_it_needs));
}
