#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/file.h"
#include "policy/least.h"
#include "test/harness/harness.h"

#define HEAD                                                                                                                       \
        "# What was needed, as it was observed: to be looked through before it is relied on.\n"                                    \
        "# Variables of the environment cannot be observed: add 'env NAME' for each.\n"

/* Prints it, as a policy that can be read, and frees it. */
static void makes(struct least *least, const char *expected)
{
        OWNED(freep) char *text = NULL, *errors = NULL;
        struct policy policy;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        assert_int_equal(least_print(least, out), 0);
        fclose(out);
        if (policy_parse(span_of(text), "p", "/", &policy, &errors))
                fail_msg("%s\n%s", errors, text);
        policy_finish(&policy);
        assert_string_equal(text + strlen(HEAD), expected);
        least_free(least);
}

static void add(struct least *least, enum least_act act, const char *const *paths)
{
        for (; *paths; paths++)
                assert_int_equal(least_add(least, act, *paths), 0);
}

#define ADD(least, act, ...) add(least, act, (const char *const[]){ __VA_ARGS__, NULL })

TEST(nothing)
{
        struct least *least = least_new((const char *const[]){ "/x/../x/addin.so", "/lib/libz.so.1", NULL });
        ADD(least, LEAST_READ, "/x/addin.so", "/lib/libz.so.1", "/etc/ld.so.preload", "/proc/self/maps", "/proc/12/stat",
            "/sys/devices/system/cpu/online", "/usr/lib/locale/locale-archive",
            "/usr/lib/locale/C.utf8/LC_MESSAGES/SYS_LC_MESSAGES", "/x/./addin.so");
        makes(least, "level internet\n");
}

TEST(few)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_READ, "/b/2", "/b/1", "/b/1", "/a b", "/w", "/p", "/b/../b/1");
        ADD(least, LEAST_WRITE, "/w", "/dev/null");
        ADD(least, LEAST_EXECUTE, "/p");
        ADD(least, LEAST_CONNECT, "example.org:80", "unix:/run/x", "192.0.2.1:53", "example.org:80");
        makes(least, "level intranet\n\nread \"/a b\"\nread /b/1\nread /b/2\n\nwrite /dev/null\nwrite /w\n\nexecute /p\n\n"
                     "connect 192.0.2.1:53\nconnect example.org:80\nconnect unix:/run/x\n\nspawn\n");
}

TEST(shared_libraries_are_executed)
{
        struct least *least = least_new((const char *const[]){ "/lib/libz.so.1", NULL });
        ADD(least, LEAST_READ, "/lib/libz.so.1", "/lib/liba.so.6", "/opt/b.so", "/opt/b.sox", "/opt/.so/x", "/etc/ld.so.cache");
        makes(least, "level intranet\n\nread /etc/ld.so.cache\nread /opt/.so/x\nread /opt/b.sox\n\nexecute /lib/liba.so.6\nexecute "
                     "/opt/b.so\n");
}

static bool is_short(void *data, const char *subject)
{
        ++*(int *)data;
        return strlen(subject) < 4;
}

TEST(some_are_kept)
{
        struct least *least = least_new(NULL);
        int asked = 0;
        ADD(least, LEAST_READ, "/b", "/a", "/long", "/a", "/longer");
        least_keep(least, LEAST_READ, is_short, &asked);
        least_keep(least, LEAST_WRITE, is_short, &asked);
        assert_int_equal(asked, 4);
        makes(least, "level intranet\n\nread /a\nread /b\n");
}

TEST(many_files_are_a_folder)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_READ, "/srv/d/1", "/srv/d/2", "/srv/d/3", "/srv/d/x/4", "/srv/d/x/5", "/srv/e/1", "/srv/d-6");
        makes(least, "level intranet\n\nread /srv/d # 5 files below were read\nread /srv/d-6\nread /srv/e/1\n");
}

TEST(folders_are_deep_first)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_READ, "/a/b/1", "/a/b/2", "/a/b/3", "/a/b/4", "/a/b/5", "/a/c/1", "/a/c/2", "/a/c/3");
        makes(least, "level intranet\n\nread /a/b # 5 files below were read\nread /a/c/1\nread /a/c/2\nread /a/c/3\n");
        least = least_new(NULL);
        ADD(least, LEAST_READ, "/a/1/f", "/a/2/f", "/a/3/f", "/a/4/f", "/a/5/f");
        makes(least, "level intranet\n\nread /a # 5 files below were read\n");
}

TEST(never_wide)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_READ, "/etc/1", "/etc/2", "/etc/3", "/etc/4", "/etc/5", "/home/u/1", "/home/u/2", "/home/u/3", "/home/u/4",
            "/home/u/5", "/1", "/2", "/3", "/4", "/5");
        makes(least, "level intranet\n\nread /1\nread /2\nread /3\nread /4\nread /5\nread /etc/1\nread /etc/2\nread /etc/3\n"
                     "read /etc/4\nread /etc/5\nread /home/u/1\nread /home/u/2\nread /home/u/3\nread /home/u/4\nread /home/u/5\n");
}

TEST(lists_and_files_made)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_LIST, "/srv/list", "/", "/home/u");
        ADD(least, LEAST_CREATE, "/srv/out/a", "/srv/out/b", "/tmp/x y");
        ADD(least, LEAST_READ, "/srv/list/a", "/srv/out/a");
        ADD(least, LEAST_WRITE, "/srv/out/a");
        makes(least, "level intranet\n\nread /srv/list\n\nwrite /srv/out # files were made there\n\n"
                     "# Not granted, since it would take a folder with much else in it. Have it use a folder of its own:\n"
                     "# /\n# /home/u\n# \"/tmp/x y\"\n");
}

TEST(what_is_covered)
{
        struct least *least = least_new(NULL);
        ADD(least, LEAST_LIST, "/a/b/c", "/a/b", "/a/b/d");
        ADD(least, LEAST_READ, "/a/b/c/x", "/a/bc");
        least_add(least, LEAST_FORK, NULL);
        makes(least, "level intranet\n\nread /a/b\nread /a/bc\n\nspawn\n");
}

TEST(thousands)
{
        struct least *least = least_new(NULL);
        char path[64];
        for (int i = 0; i < 200000; i++) {
                sprintf(path, "/srv/%d/%d", i % 3, i % 20000);
                assert_int_equal(least_add(least, LEAST_READ, path), 0);
        }
        makes(least, "level intranet\n\nread /srv/0 # 20000 files below were read\nread /srv/1 # 20000 files below were read\n"
                     "read /srv/2 # 20000 files below were read\n");
}

TEST(what_is_no_act)
{
        struct least *least = least_new(NULL);
        assert_int_equal(least_add(least, LEAST_READ, "relative"), -EINVAL);
        assert_int_equal(least_add(least, LEAST_READ, ""), -EINVAL);
        assert_int_equal(least_add(least, LEAST_CONNECT, "nowhere"), -EINVAL);
        assert_int_equal(least_add(least, LEAST_CONNECT, "unix:@abstract"), -EINVAL);
        ADD(least, LEAST_READ, "/a\nspawn", "/b\x1b[2J");
        makes(least, "level intranet\n\nread \"/a\\x0aspawn\"\nread \"/b\\x1b[2J\"\n");
        assert_null(least_free(NULL));
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(nothing), TEST_CASE(few), TEST_CASE(shared_libraries_are_executed),
                         TEST_CASE(some_are_kept), TEST_CASE(many_files_are_a_folder), TEST_CASE(folders_are_deep_first),
                         TEST_CASE(never_wide), TEST_CASE(lists_and_files_made), TEST_CASE(what_is_covered), TEST_CASE(thousands),
                         TEST_CASE(what_is_no_act));
}
