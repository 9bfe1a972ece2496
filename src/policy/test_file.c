#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/file.h"
#include "test/harness/harness.h"

static void fails(const char *text, const char *expected)
{
        struct policy policy;
        OWNED(freep) char *errors = NULL;
        assert_int_equal(policy_parse(span_of(text), "p", "/here", &policy, &errors), -EINVAL);
        assert_string_equal(errors, expected);
}

static struct policy parse(const char *text)
{
        struct policy policy;
        OWNED(freep) char *errors = NULL;
        if (policy_parse(span_of(text), "p", "/here", &policy, &errors))
                fail_msg("%s", errors);
        return policy;
}

/* And is read as the same again. */
static void prints(const char *text, const char *expected)
{
        for (int i = 0; i < 2; i++) {
                struct policy policy = parse(i ? expected : text);
                OWNED(freep) char *printed = NULL;
                size_t len;
                FILE *out = open_memstream(&printed, &len);
                policy_print(&policy, out);
                fclose(out);
                assert_string_equal(printed, expected);
                policy_finish(&policy);
        }
}

TEST(whole)
{
        struct policy policy = parse("\xef\xbb\xbf# a comment\r\n"
                                     "level intranet\r\n"
                                     "\n"
                                     "  limit memory 64M  # enough\n"
                                     "limit cpu 20%\n"
                                     "limit affinity 0,2-3\n"
                                     "read templates\n"
                                     "write \"/var/lib/re ports\"\n"
                                     "connect db:5432\n"
                                     "spawn\n"
                                     "env LANG\n"
                                     "env TZ=UTC");
        assert_int_equal(policy.level, WARD_LEVEL_INTRANET);
        assert_int_equal(policy.limits[POLICY_MEMORY], 64 << 20);
        assert_int_equal(policy.limits[POLICY_CPU], 20);
        assert_int_equal(policy.limits[POLICY_AFFINITY], 0xd);
        assert_int_equal(policy.limits[POLICY_PROCESSES], 0);
        assert_int_equal(policy.n, 6);
        assert_string_equal(policy.permissions[0].subject, "/here/templates");
        assert_string_equal(policy.permissions[5].value, "UTC");
        policy_finish(&policy);
        policy = parse("");
        assert_int_equal(policy.n, 0);
        policy_finish(&policy);
}

TEST(written_and_read_again)
{
        prints("", "");
        prints("env A=1\nlimit cpu-time 120s\nlevel internet\nlimit memory 2048K\nlimit open-files 8\nlimit affinity 1,63\n",
               "level internet\nlimit memory 2M\nlimit cpu-time 2m\nlimit affinity 0x8000000000000002\nlimit open-files 8\nenv "
               "A=1\n");
        prints("read /b\nread \"/a a\"\nlimit cpu 150%\nlimit cpu-time 1500ms\nlimit file-size 1025",
               "limit cpu 150%\nlimit cpu-time 1500ms\nlimit file-size 1025\nread /b\nread \"/a a\"\n");
}

TEST(errors_of_lines)
{
        fails("levl intranet", "p:1:1: 'levl' begins no line of a policy; did you mean 'level'?");
        fails("\n memory 64M", "p:2:2: write 'limit memory VALUE'");
        fails("allow all",
              "p:1:1: 'allow' begins no line of a policy: read, write, execute, connect, spawn, env, level or limit do");
        fails("level", "p:1:1: write 'level NAME': internet, intranet, full-trust or host");
        fails("level default", "p:1:7: 'default' is no security level; there are internet, intranet, full-trust and host");
        fails("level full_trust", "p:1:7: 'full_trust' is no security level; did you mean 'full-trust'?");
        fails("limit memory", "p:1:1: write 'limit NAME VALUE', like 'limit memory 64M'");
        fails("limit memroy 1M", "p:1:7: 'memroy' is no limit; did you mean 'memory'?");
        fails("limit xyz 1M",
              "p:1:7: 'xyz' is no limit: there are memory, domain-memory, arena, cpu, cpu-time, affinity, processes, "
              "open-files, file-size, read-rate, write-rate, table-entries and add-ins");
        fails("limit memory 64MB", "p:1:16: 'MB' is no unit of limit memory: write an amount like 64M");
        fails("limit memory x", "p:1:14: 'x' is no amount: write one like 64M");
        fails("limit memory -1", "p:1:14: '-1' is no amount: write one like 64M");
        fails("limit memory 0", "p:1:14: limit memory cannot be 0: leave the line out if there is to be none");
        fails("limit memory 99999999T", "p:1:14: 99999999T is more than limit memory can be");
        fails("limit memory 99999999999999999999999", "p:1:14: '99999999999999999999999' is no amount: write one like 64M");
        fails("limit cpu 20", "p:1:13: a unit is missing: write one like 20%");
        fails("limit cpu-time 5", "p:1:17: a unit is missing: write one like 10s");
        fails("limit processes 5000000000", "p:1:17: 5000000000 is more than limit processes can be");
        fails("limit affinity 64", "p:1:16: '64' names no processors: write a mask like 0x5, or a list like 0,2-3");
        fails("limit affinity 3-2", "p:1:16: '3-2' names no processors: write a mask like 0x5, or a list like 0,2-3");
        fails("limit affinity 0x", "p:1:16: '0x' names no processors: write a mask like 0x5, or a list like 0,2-3");
        fails("limit affinity 0x0", "p:1:16: limit affinity cannot be 0: leave the line out if there is to be none");
        fails("read a b", "p:1:8: only one word follows 'read': put what has blanks in it between quotes");
}

TEST(errors_together)
{
        fails("level intranet\nreed /a\nread\n\n# fine\nlimit cpu x\n",
              "p:2:1: 'reed' begins no line of a policy; did you mean 'read'?\n"
              "p:3:5: 'read' is followed by a path\n"
              "p:6:11: 'x' is no amount: write one like 20%");
        fails("level internet\nlevel host\nlimit cpu 1%\nlimit cpu 2%", "p:2:1: the level was said in line 1\n"
                                                                        "p:4:7: limit cpu was set in line 3");
}

TEST(errors_between_lines)
{
        fails("level intranet\nread /a\nread /a", "p:3:1: line 2 grants this already: remove one of them");
        fails("level intranet\nread /a/b\nwrite /a", "p:2:1: line 3 grants this already: remove one of them");
        fails("level intranet\nwrite /a\nread /a", "p:3:1: line 2 grants this already: remove one of them");
        fails("spawn\nspawn\nlevel intranet", "p:2:1: line 1 grants this already: remove one of them");
        fails("env A\nenv A=1", "p:2:1: line 1 gives variable A another value");
        fails("env A=1\nenv A=1", "p:2:1: line 1 grants this already: remove one of them");
        fails("read /a\nlevel internet", "p:1:1: level internet has no files, network or processes; choose level intranet to grant "
                                         "some (the level is said in line 2)");
        fails("level host\nspawn", "p:2:1: permissions are for level intranet: levels full-trust and host are not held to any; "
                                   "choose intranet (the level is said in line 1)");
        struct policy policy = parse("write /a\nexecute /a\nread /b\nwrite /b/c\nconnect a:1\nconnect a:2\nenv A\nenv B");
        policy_finish(&policy);
}

TEST(hostile_texts)
{
        struct policy policy;
        OWNED(freep) char *errors = NULL;
        OWNED(freep) char *many = calloc(1, 64 << 10);
        fails("re\x1b[2Jad /x", "p:1:3: this byte (0x1b) stands only between quotes, as '\\x1b'");
        fails("read\xff\xfe /x", "p:1:1: 'read\\xff\\xfe' begins no line of a policy; did you mean 'read'?");
        assert_int_equal(policy_parse((struct ward_span){ (const uint8_t *)"a\0b", 3 }, "p", "/", &policy, &errors), -EINVAL);
        free(STEAL(errors));
        for (size_t i = 0; i < 50; i++)
                strcat(many, "x\n");
        assert_int_equal(policy_parse(span_of(many), "p", "/", &policy, &errors), -EINVAL);
        assert_non_null(strstr(errors, "p:20:1: "));
        assert_non_null(strstr(errors, "\np: 30 more errors"));
        free(STEAL(errors));
        *many = 0;
        for (size_t i = 0, len = 0; i <= POLICY_PERMISSIONS_MAX; i++)
                len += (size_t)sprintf(many + len, "env A%zu\n", i);
        assert_int_equal(policy_parse(span_of(many), "p", "/", &policy, &errors), -EINVAL);
        assert_string_equal(errors, "p:1025:1: a policy has 1024 permissions at most");
        free(STEAL(errors));
        OWNED(freep) uint8_t *large = calloc(1, POLICY_BYTES_MAX + 1);
        assert_int_equal(policy_parse((struct ward_span){ large, POLICY_BYTES_MAX + 1 }, "p", "/", &policy, &errors), -EINVAL);
        assert_string_equal(errors, "p:1:1: a policy has 1048576 bytes at most");
}

TEST(stricter)
{
        assert_int_equal(limit_stricter(POLICY_MEMORY, 0, 5), 5);
        assert_int_equal(limit_stricter(POLICY_MEMORY, 7, 0), 7);
        assert_int_equal(limit_stricter(POLICY_MEMORY, 7, 5), 5);
        assert_int_equal(limit_stricter(POLICY_AFFINITY, 6, 3), 2);
        assert_int_equal(limit_stricter(POLICY_AFFINITY, 4, 3), 0);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(whole), TEST_CASE(written_and_read_again), TEST_CASE(errors_of_lines),
                         TEST_CASE(errors_together), TEST_CASE(errors_between_lines), TEST_CASE(hostile_texts),
                         TEST_CASE(stricter));
}
