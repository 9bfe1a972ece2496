#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/path.h"
#include "policy/permission.h"
#include "test/harness/harness.h"

static int parse(const char *text, struct permission *permission, struct policy_error *error)
{
        return permission_parse(span_of(text), "/here/we are", permission, error);
}

static char *printed(const struct permission *permission)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_non_null(out);
        permission_print(permission, out);
        fclose(out);
        return text;
}

/* What is read, and how it is written then; which is read as the same once more. */
static void reads_as(const char *text, const char *canonical)
{
        struct permission permission, again;
        struct policy_error error;
        if (parse(text, &permission, &error))
                fail_msg("%s: %zu: %s", text, error.column, error.text);
        OWNED(freep) char *first = printed(&permission);
        assert_string_equal(first, canonical);
        assert_int_equal(parse(first, &again, &error), 0);
        assert_true(permission_same(&permission, &again) && permission_covers(&permission, &again));
        OWNED(freep) char *second = printed(&again);
        assert_string_equal(second, canonical);
        permission_finish(&permission);
        permission_finish(&again);
}

static void fails(const char *text, size_t column, const char *phrase)
{
        struct permission permission;
        struct policy_error error;
        assert_int_equal(parse(text, &permission, &error), -EINVAL);
        if (!strstr(error.text, phrase) || error.column != column)
                fail_msg("%s: %zu: %s; not %zu: %s", text, error.column, error.text, column, phrase);
}

TEST(paths)
{
        reads_as("read /srv/data", "read /srv/data");
        reads_as("  write\t/srv//data/./x/../y/ ", "write /srv/data/y");
        reads_as("execute bin", "execute \"/here/we are/bin\"");
        reads_as("read ../x", "read /here/x");
        reads_as("read ../../../../x", "read /x");
        reads_as("read .", "read \"/here/we are\"");
        reads_as("read ./~", "read \"/here/we are/~\"");
        reads_as("read \"~/x\"", "read \"/here/we are/~/x\"");
        reads_as("read /a/\"b c\"/d", "read \"/a/b c/d\"");
        reads_as("read \"/a#b\"", "read \"/a#b\"");
        reads_as("read \"/a\\n\\t\\\"\\\\\\x7f\\xff\"", "read \"/a\\x0a\\x09\\\"\\\\\\x7f\xff\"");
        reads_as("read /gr\xc3\xbc\xc3\x9f", "read /gr\xc3\xbc\xc3\x9f");
        reads_as("read /...", "read /...");
        reads_as("read /proc/cpuinfo", "read /proc/cpuinfo");
        reads_as("read /proc2/1", "read /proc2/1");
        reads_as("write /etc", "write /etc");
}

TEST(bad_paths)
{
        char text[5000] = "read /";
        fails("read", 5, "'read' is followed by a path");
        fails("read \"\"", 6, "the path is empty");
        fails("read /", 6, "full-trust");
        fails("write ../../..", 7, "full-trust");
        fails("read ~/x", 6, "'~' is not expanded");
        fails("read /a b", 9, "between quotes");
        fails("read /a#b", 8, "'#'");
        fails("read # x", 6, "'#'");
        fails("read /proc", 6, "/proc/cpuinfo");
        fails("read /proc/1/mem", 6, "processes");
        fails("read /x/../proc/self/", 6, "processes");
        fails("read \"/a", 6, "has no end");
        fails("read /a\"b", 8, "has no end");
        fails("read \"\\q\"", 7, "a backslash is written");
        fails("read \"\\x00\"", 7, "two hexadecimal digits");
        fails("read \"\\x1\"", 7, "two hexadecimal digits");
        fails("read \"a\001\"", 8, "\\x01");
        fails("read a\001", 7, "between quotes");
        memset(text + 6, 'a', 4200);
        fails(text, 6, "longer than 4095");
}

TEST(addresses)
{
        reads_as("connect 192.0.2.1:80", "connect 192.0.2.1:80");
        reads_as("connect [2001:DB8:0:0::1]:443", "connect [2001:db8::1]:443");
        reads_as("connect [::ffff:192.0.2.1]:443", "connect [::ffff:192.0.2.1]:443");
        reads_as("connect Example.ORG:00443", "connect example.org:443");
        reads_as("connect localhost:65535", "connect localhost:65535");
        reads_as("connect a_b-c.d:1", "connect a_b-c.d:1");
        reads_as("connect unix:/run/my.sock", "connect unix:/run/my.sock");
        reads_as("connect unix:my.sock", "connect \"unix:/here/we are/my.sock\"");
}

TEST(bad_addresses)
{
        char text[200] = "connect unix:/";
        fails("connect", 8, "'connect' is followed by HOST:PORT");
        fails("connect example.org", 9, "write HOST:PORT");
        fails("connect :80", 9, "write HOST:PORT");
        fails("connect example.org:", 21, "no port");
        fails("connect example.org:http", 21, "'http' is no port");
        fails("connect example.org:0", 21, "no port");
        fails("connect example.org:65536", 21, "no port");
        fails("connect example.org:8o", 21, "no port");
        fails("connect example.org:+80", 21, "no port");
        fails("connect \"example.org:8o\"", 9, "no port");
        fails("connect https://example.org:80", 9, "not a URL");
        fails("connect ::1:80", 9, "in brackets");
        fails("connect [::1]", 14, "a port is missing");
        fails("connect [::1]80", 14, "a port is missing");
        fails("connect [::g]:80", 10, "no IPv6 address");
        fails("connect [fe80::1%eth0]:80", 9, "zone");
        fails("connect 1.2.3:80", 9, "no IPv4 address");
        fails("connect 1.2.3.400:80", 9, "no IPv4 address");
        fails("connect 10.0.0.0/8:80", 9, "one address");
        fails("connect *.example.org:80", 9, "one address");
        fails("connect ex\xc3\xa4mple.org:80", 9, "nor a host's name");
        fails("connect a..b:80", 9, "nor a host's name");
        fails("connect unix:@x", 14, "abstract");
        fails("connect unix:", 14, "empty");
        memset(text + strlen(text), 'a', 107);
        fails(text, 14, "107 bytes");
}

TEST(others)
{
        reads_as("spawn", "spawn");
        reads_as("env HOME", "env HOME");
        reads_as("env _x9=", "env _x9=");
        reads_as("env A=b=c", "env A=b=c");
        reads_as("env A=\"b c\"", "env \"A=b c\"");
        reads_as("env \"A=#1\"", "env \"A=#1\"");
        fails("spawn /bin/ls", 7, "execute PATH");
        fails("env", 4, "a variable");
        fails("env =x", 5, "no name of a variable");
        fails("env 9A", 5, "no name of a variable");
        fails("env A-B=x", 5, "no name of a variable");
        fails("env A = b", 7, "only one word");
        fails("", 1, "empty");
        fails("  ", 1, "empty");
        fails("reed /x", 1, "did you mean 'read'?");
        fails("Read /x", 1, "did you mean 'read'?");
        fails("read: /x", 1, "did you mean 'read'?");
        fails("exec /x", 1, "did you mean 'execute'?");
        fails("fork", 1, "did you mean 'spawn'?");
        fails("network x:1", 1, "did you mean 'connect'?");
        fails("zzzzzz", 1, "there are read, write");
}

TEST(covering)
{
        static const struct {
                const char *a, *b;
                int covers, same;
        } cases[] = {
                { "read /a", "read /a", 1, 1 },
                { "read /a", "read /a/b", 1, 0 },
                { "read /a", "read /ab", 0, 0 },
                { "write /a", "read /a", 1, 0 },
                { "read /a", "write /a", 0, 0 },
                { "execute /a", "read /a/b", 1, 0 },
                { "execute /a", "write /a", 0, 0 },
                { "write /a", "execute /a", 0, 0 },
                { "read /a/b", "read /a", 0, 0 },
                { "spawn", "spawn", 1, 1 },
                { "env A", "env A", 1, 1 },
                { "env A=1", "env A=2", 0, 1 },
                { "env A", "env A=2", 0, 1 },
                { "env A=1", "env A=1", 1, 1 },
                { "env A", "env B", 0, 0 },
                { "connect a:1", "connect A:1", 1, 1 },
                { "connect a:1", "connect a:2", 0, 0 },
                { "connect unix:/a", "read /a", 0, 0 },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                struct permission a, b;
                struct policy_error error;
                assert_int_equal(parse(cases[i].a, &a, &error), 0);
                assert_int_equal(parse(cases[i].b, &b, &error), 0);
                if (permission_covers(&a, &b) != cases[i].covers || permission_same(&a, &b) != cases[i].same)
                        fail_msg("%s, %s", cases[i].a, cases[i].b);
                permission_finish(&a);
                permission_finish(&b);
        }
}

TEST(normal_paths)
{
        static const char *const cases[][3] = {
                { "/a", "b", "/a/b" },       { "/", "b", "/b" },  { "/a/", "./b/", "/a/b" },
                { "/a", "/b", "/b" },        { "/a", "..", "/" }, { "/a", "../../..", "/" },
                { "/a", "", "/a" },          { "/", "", "/" },    { "/a/b", "../c", "/a/c" },
                { "/a", "//x///y", "/x/y" }, { "/", "..", "/" },  { "/a", "..b/c..", "/a/..b/c.." },
        };
        for (size_t i = 0; i < COUNT_OF(cases); i++) {
                OWNED(freep) char *path = path_normalise(cases[i][0], cases[i][1]);
                assert_string_equal(path, cases[i][2]);
        }
        assert_true(path_is_below("/a", "/"));
        assert_true(path_is_below("/a/b", "/a"));
        assert_true(path_is_below("/a", "/a"));
        assert_false(path_is_below("/ab", "/a"));
        assert_false(path_is_below("/a", "/a/b"));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(paths), TEST_CASE(bad_paths), TEST_CASE(addresses), TEST_CASE(bad_addresses),
                         TEST_CASE(others), TEST_CASE(covering), TEST_CASE(normal_paths));
}
