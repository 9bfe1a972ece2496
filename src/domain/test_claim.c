#include "domain/claim.h"

#include <stdio.h>
#include "base/own.h"
#include "test/harness/harness.h"

/* The host's side: two exports, an import, a resource each way. */
static const struct ward_func add = { .name = "add", .signature = "func(a: s32) -> s32" };
static const struct ward_func play = { .name = "t:p/tapes#[method]tape.play", .signature = "func(self: borrow<t:p/tapes#tape>)" };
static const struct ward_func tell = { .name = "log", .signature = "func(line: string)" };
static const struct ward_func read_one = { .name = "t:p/files#read", .signature = "func() -> list<u8>" };
static const struct ward_resource tape = { .name = "t:p/tapes#tape", .index = 0, .by_addin = true };
static const struct ward_resource file = { .name = "t:p/files#file", .index = 1 };
static const struct ward_contract host = {
        .name = "t:p/w@1.0.0",
        .n_exports = 2,
        .n_imports = 2,
        .exports = (const struct ward_func *const[]){ &add, &play },
        .imports = (const struct ward_import[]){ { &tell, NULL }, { &read_one, NULL } },
        .n_resources = 2,
        .resources = (const struct ward_contract_resource[]){ { &tape, NULL }, { &file, NULL } },
};

#define ADD   "export func add func(a: s32) -> s32\n"
#define PLAY  "export func t:p/tapes#[method]tape.play func(self: borrow<t:p/tapes#tape>)\n"
#define TAPE  "export resource t:p/tapes#tape\n"
#define WORLD "world t:p/w@1.0.0\n"

/* @why is a part of the fault's text; NULL: the claim is taken. */
static void check(const char *world, const char *entries, const char *why)
{
        struct ward_fault fault = { 0 };
        OWNED(freep) char *text = NULL;
        bool utf16;
        assert_true(asprintf(&text, "ward-contract 1\n%sencoding utf8\n%s\npackage t:p {}\n", world, entries) > 0);
        int r = claim_check(span_of(text), &host, "calc.wasm", &utf16, &fault);
        assert_int_equal(r, why ? -WARD_FAULT_CONTRACT : 0);
        if (why && !strstr(fault.text, why))
                fail_msg("'%s', not '%s'", fault.text, why);
}

TEST(takes_what_fits)
{
        check(WORLD, ADD PLAY TAPE, NULL);
        check(WORLD, TAPE "import func log func(line: string)\n" PLAY "import resource t:p/files#file\n" ADD, NULL);
        check(WORLD, "export func more func()\n" ADD PLAY TAPE "export resource t:p/tapes#reel\n", NULL);
}

TEST(names_what_differs)
{
        check("world t:p/w@2.0.0\n", ADD PLAY TAPE, "implements contract t:p/w@2.0.0; the host needs t:p/w@1.0.0");
        check(WORLD, PLAY TAPE, "does not export function 'add' of the contract, func(a: s32) -> s32");
        check(WORLD, "export func add func(a: s64) -> s32\n" PLAY TAPE,
              "function 'add' is func(a: s32) -> s32 in the host's contract and func(a: s64) -> s32 in the module's");
        check(WORLD, ADD PLAY, "does not implement resource 't:p/tapes#tape'");
        check(WORLD, ADD PLAY "import resource t:p/tapes#tape\n", "does not implement resource 't:p/tapes#tape'");
        check(WORLD, ADD PLAY TAPE "import func log func(line: list<u8>)\n",
              "import 'log' is func(line: string) in the host's contract and func(line: list<u8>) in the module's");
        check(WORLD, ADD PLAY TAPE "import func open func()\n", "needs function 'open', func(), which the host does not provide");
        check(WORLD, ADD PLAY TAPE "import resource t:p/files#folder\n",
              "needs resource 't:p/files#folder', which the host does not provide");
        check(WORLD, "export func add\n", "line 4 of its contract is damaged");
}

TEST(tells_the_encoding)
{
        static const char text[] = "ward-contract 1\n" WORLD "encoding utf16\n" ADD PLAY TAPE "\n";
        bool utf16 = false;
        assert_int_equal(claim_check(span_of(text), &host, "calc.wasm", &utf16, NULL), 0);
        assert_true(utf16);
}

TEST(claims_nothing)
{
        bool utf16 = true;
        assert_int_equal(claim_check((struct ward_span){ NULL, 0 }, &host, "calc.wasm", &utf16, NULL), 0);
        assert_false(utf16);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(takes_what_fits), TEST_CASE(names_what_differs), TEST_CASE(tells_the_encoding),
                         TEST_CASE(claims_nothing));
}
