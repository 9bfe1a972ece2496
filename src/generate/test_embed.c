#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "contract/contract.h"
#include "generate/embed.h"
#include "test/harness/harness.h"

/* The text that travels with an add-in which implements world w of @wit. */
static char *embed(const char *wit, bool utf16)
{
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("t.wit", wit, strlen(wit), NULL, &error);
        if (!contract)
                fail_msg("%s", error.text);
        char *text = embed_text(contract, contract_world(contract, "w"), utf16);
        contract_free(contract);
        return text;
}

/* @text begins with @head; returns what follows it. */
static const char *after(const char *text, const char *head)
{
        if (strncmp(text, head, strlen(head)))
                fail_msg("'%s' does not begin with '%s'", text, head);
        return text + strlen(head);
}

TEST(says_what_is_implemented_and_needed)
{
        static const char wit[] = "package t:p@1.2.0;\n"
                                  "interface i { record r { x: u8 } f: func(a: r) -> string; }\n"
                                  "world w { import i; import log: func(line: string); import ward:domain/data@0.1.0;\n"
                                  "  export g: func() -> result<_, string>; export j: interface { h: func(); } }\n";
        OWNED(freep) char *text = embed(wit, false);
        const char *rest = after(text, "ward-contract 1\n"
                                       "world t:p/w@1.2.0\n"
                                       "encoding utf8\n"
                                       "export func g func() -> result<_, string>\n"
                                       "export func j#h func()\n"
                                       "import func t:p/i@1.2.0#f func(a: record { x: u8 }) -> string\n");
        assert_non_null(strstr(rest, "import func ward:domain/data@0.1.0#get func(key: string) -> option<list<u8>>\n"));
        assert_non_null(strstr(rest, "import func log func(line: string)\n"));
        assert_non_null(strstr(rest, "\n\npackage t:p@1.2.0"));
}

TEST(names_resources_by_who_implements_them)
{
        static const char wit[] = "package t:p;\n"
                                  "interface docs { resource doc { constructor(); title: func() -> string; } }\n"
                                  "interface tapes { use docs.{doc}; resource tape { play: static func(d: doc); } }\n"
                                  "world w { import docs; export tapes; resource box; }\n";
        OWNED(freep) char *text = embed(wit, false);
        assert_non_null(strstr(text, "\nexport func t:p/tapes#[static]tape.play func(d: own<t:p/docs#doc>)\n"));
        assert_non_null(strstr(text, "\nimport func t:p/docs#[method]doc.title func(self: borrow<t:p/docs#doc>) -> string\n"));
        assert_non_null(strstr(text, "\nexport resource t:p/tapes#tape\nimport resource t:p/docs#doc\nimport resource box\n\n"));
}

TEST(names_interfaces_by_their_labels)
{
        static const char wit[] =
                "package t:p;\ninterface a { resource r; f: func(); }\nworld w { import mine: a; export yours: a; }\n";
        OWNED(freep) char *text = embed(wit, false);
        assert_non_null(strstr(text, "\nexport func yours#f func()\nimport func mine#f func()\n"));
        assert_non_null(strstr(text, "\nexport resource yours#r\nimport resource mine#r\n"));
}

/* Whoever reads the text resolves it once more, and has to find the same. */
TEST(carries_a_contract_that_can_be_read)
{
        static const char wit[] = "package t:p@1.0.0;\n"
                                  "/// Documentation stays at home.\n"
                                  "interface i { flags f { a, b } variant v { n, s(string) } g: func(f: f, v: v); }\n"
                                  "world w { import i; export i; export h: func(x: list<u8, 4>); }\n";
        OWNED(freep) char *text = embed(wit, false);
        const char *carried = strstr(text, "\n\n") + 2;
        assert_null(strstr(carried, "Documentation"));
        struct contract_error error = { 0 };
        struct contract *contract = contract_read_text("again.wit", carried, strlen(carried), NULL, &error);
        if (!contract)
                fail_msg("%s\n%s", error.text, carried);
        OWNED(freep) char *same = embed_text(contract, contract_world(contract, "w"), false);
        assert_string_equal(same, text);
        contract_free(contract);
}

TEST(tells_the_encoding)
{
        OWNED(freep) char *text = embed("package t:p;\nworld w { export f: func(); }\n", true);
        after(text, "ward-contract 1\nworld t:p/w\nencoding utf16\n");
}

/* What embed_write makes of @text. */
static char *write_text(const char *text)
{
        char *source = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&source, &len);
        assert_non_null(out);
        embed_write(out, text);
        assert_int_equal(fclose(out), 0);
        return source;
}

TEST(writes_a_line_for_each_line)
{
        OWNED(freep) char *source = write_text("one\n\ntwo");
        assert_non_null(strstr(source, "__asm__(WARD_CONTRACT_BEGIN\n"
                                       "        \".ascii \\\"one\\\\n\\\"\\n\"\n"
                                       "        \".ascii \\\"\\\\n\\\"\\n\"\n"
                                       "        \".ascii \\\"two\\\"\\n\"\n"
                                       "        WARD_CONTRACT_END);\n"));
}

TEST(escapes_for_assembler_and_compiler)
{
        OWNED(freep) char *source = write_text("\"\\\x3f\x3f=\t\xc3\xa9%\n");
        assert_non_null(strstr(source, "\".ascii \\\"\\\\042\\\\134\\\\077\\\\077=\\\\011\\\\303\\\\251%\\\\n\\\"\\n\"\n"));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(says_what_is_implemented_and_needed),
                         TEST_CASE(names_resources_by_who_implements_them), TEST_CASE(names_interfaces_by_their_labels),
                         TEST_CASE(carries_a_contract_that_can_be_read), TEST_CASE(tells_the_encoding),
                         TEST_CASE(writes_a_line_for_each_line), TEST_CASE(escapes_for_assembler_and_compiler));
}
