#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/own.h"
#include "domain/grants.h"
#include "domain/walk.h"
#include "test/harness/harness.h"

static char home[PATH_MAX]; /* a fresh folder, without links in its path */

static void setup(void)
{
        char name[] = "/tmp/ward-grants-XXXXXX";
        assert_non_null(mkdtemp(name));
        assert_non_null(realpath(name, home));
        assert_int_equal(chmod(home, 0755), 0);
        assert_int_equal(chdir(home), 0);
}

static void teardown(void)
{
        char command[PATH_MAX + 16];
        snprintf(command, sizeof command, "rm -rf '%s'", home);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(system(command), 0);
}

static void make_file(const char *name, mode_t mode)
{
        FILE *file = fopen(name, "w");
        assert_non_null(file);
        fclose(file);
        assert_int_equal(chmod(name, mode), 0);
}

static void make_folder(const char *name, mode_t mode)
{
        assert_int_equal(mkdir(name, 0755), 0);
        assert_int_equal(chmod(name, mode), 0);
}

/* Of permissions that begin in @home. */
static int grant(enum ward_isolation isolation, const char *const *texts, const char *const *environment,
                 struct domain_grants **ret_grants, struct ward_fault *fault)
{
        struct policy policy = { 0 };
        for (; *texts; texts++) {
                struct permission permission;
                struct policy_error error;
                if (permission_parse(span_of(*texts), home, &permission, &error))
                        fail_msg("%s: %s", *texts, error.text);
                assert_int_equal(policy_add(&policy, &permission), 0);
        }
        const struct grants_request request = { isolation, &policy, environment };
        int r = grants_new(&request, ret_grants, fault);
        policy_finish(&policy);
        return r;
}

static struct domain_grants *granted(enum ward_isolation isolation, const char *const *texts)
{
        struct domain_grants *grants = NULL;
        struct ward_fault fault;
        if (grant(isolation, texts, NULL, &grants, &fault))
                fail_msg("%s", fault.text);
        return grants;
}

#define GRANTED(isolation, ...) granted(isolation, (const char *const[]){ __VA_ARGS__, NULL })

static void refused(enum ward_isolation isolation, const char *text, enum ward_fault_kind kind, const char *phrase)
{
        struct domain_grants *grants = NULL;
        struct ward_fault fault;
        assert_int_equal(grant(isolation, (const char *const[]){ text, NULL }, NULL, &grants, &fault), -(int)kind);
        if (!strstr(fault.text, phrase))
                fail_msg("%s: not %s", fault.text, phrase);
        assert_null(grants);
}

static void has(const struct domain_grants *grants, size_t i, const char *name, unsigned rights)
{
        char path[2 * PATH_MAX];
        snprintf(path, sizeof path, "%s%s%s", *name == '/' ? "" : home, *name && *name != '/' ? "/" : "", name);
        assert_true(i < grants->granted.n);
        assert_string_equal(grants->granted.grants[i].path, path);
        assert_int_equal(grants->granted.grants[i].rights, rights);
}

enum { R = SANDBOX_READ, W = SANDBOX_READ | SANDBOX_WRITE | SANDBOX_MAKE, X = SANDBOX_READ | SANDBOX_RUN };

TEST(files_and_folders)
{
        setup();
        make_folder("b", 0777);
        make_file("a", 0755);
        struct domain_grants *grants =
                GRANTED(WARD_PROCESS, "write b", "read a", "execute a", "read not/there", "read a/below", "spawn");
        assert_int_equal(grants->granted.n, 2);
        has(grants, 0, "a", X);
        has(grants, 1, "b", W);
        assert_true(grants->granted.spawn);
        assert_int_equal(grants->n_folders, 0);
        grants_free(grants);
        grants = GRANTED(WARD_PROCESS, "env X=1");
        assert_int_equal(grants->granted.n, 0);
        assert_false(grants->granted.spawn);
        grants_free(grants);
        assert_null(grants_free(NULL));
        teardown();
}

TEST(what_is_in_a_folder_has_its_rights)
{
        setup();
        make_folder("b", 0777);
        make_folder("b/c", 0777);
        make_file("b/c/file", 0777);
        make_file("b-c", 0644);
        assert_int_equal(symlink("c", "b/link"), 0);
        struct domain_grants *grants = GRANTED(WARD_PROCESS, "read b/c", "read b-c", "execute b/c/file", "write b", "read b/link");
        assert_int_equal(grants->granted.n, 3);
        has(grants, 0, "b", W);
        has(grants, 1, "b-c", R);
        has(grants, 2, "b/c/file", W | X);
        grants_free(grants);
        grants = GRANTED(WARD_PROCESS, "read b", "write b/c");
        assert_int_equal(grants->granted.n, 2);
        has(grants, 1, "b/c", W);
        grants_free(grants);
        teardown();
}

TEST(links_on_the_way)
{
        setup();
        make_folder("real", 0755);
        make_file("real/file", 0644);
        assert_int_equal(symlink("real", "one"), 0);
        assert_int_equal(symlink("../one/file", "real/two"), 0);
        assert_int_equal(symlink("/proc/self/fd", "fds"), 0);
        assert_int_equal(symlink("loop", "loop"), 0);
        assert_int_equal(symlink("nowhere", "broken"), 0);
        assert_int_equal(symlink("../../../../../../../../../..", "top"), 0);
        struct domain_grants *grants = GRANTED(WARD_PROCESS, "read one/two");
        assert_int_equal(grants->granted.n, 3);
        has(grants, 0, "one", 0);
        has(grants, 1, "real/file", R);
        has(grants, 2, "real/two", 0);
        assert_int_equal(grants->n_named, 1);
        assert_true(strstr(grants->named[0].path, "/one/two") && grants->named[0].rights == R);
        grants_free(grants);
        grants = GRANTED(WARD_PROCESS, "read broken", "read one");
        assert_int_equal(grants->granted.n, 3);
        has(grants, 0, "broken", 0);
        has(grants, 1, "one", 0);
        has(grants, 2, "real", R);
        grants_free(grants);
        refused(WARD_PROCESS, "read fds", WARD_FAULT_REFUSED, "which leads to '/proc/");
        refused(WARD_PROCESS, "read top", WARD_FAULT_REFUSED, "which leads to '/': ");
        refused(WARD_PROCESS, "read loop", WARD_FAULT_REFUSED, "Too many levels of symbolic links");
        teardown();
}

/* As a worker of a host that is user 0 sees it. */
TEST(what_others_may_not)
{
        if (geteuid())
                harness_skip("needs to be user 0");
        setup();
        make_folder("mine", 0700);
        make_file("mine/file", 0644);
        make_folder("listed", 0755);
        make_file("program", 0644);
        refused(WARD_PROCESS, "read mine", WARD_FAULT_REFUSED, "mode 0700");
        refused(WARD_PROCESS, "write listed", WARD_FAULT_REFUSED, "'chmod o+rwx' would");
        grants_free(GRANTED(WARD_PROCESS, "read mine/file", "read listed", "execute program"));
        teardown();
}

TEST(folders_of_a_module)
{
        setup();
        make_folder("a b", 0700);
        make_file("file", 0644);
        struct domain_grants *grants = GRANTED(WARD_WASM, "read \"a b\"", "write .", "read not/there");
        assert_int_equal(grants->n_folders, 2);
        assert_string_equal(grants->folders[1].host, home);
        assert_string_equal(grants->folders[1].guest, home);
        assert_int_equal(grants->folders[0].access, WARD_FOLDER_READ);
        assert_int_equal(grants->folders[1].access, WARD_FOLDER_READ | WARD_FOLDER_WRITE);
        assert_int_equal(grants->granted.n, 0);
        grants_free(grants);
        refused(WARD_WASM, "read file", WARD_FAULT_REFUSED, "only folders");
        teardown();
}

TEST(addresses)
{
        struct domain_grants *grants = GRANTED(WARD_PROCESS, "connect 192.0.2.1:80", "connect [2001:db8::1]:443",
                                               "connect unix:/run/x", "connect 192.0.2.1:80", "connect localhost:22");
        const struct sandbox_address *at = grants->granted.addresses;
        assert_true(grants->granted.n_addresses >= 4 && grants->granted.n_addresses <= 5);
        const struct sockaddr_in *four = (const void *)&at[0].at;
        const struct sockaddr_in6 *six = (const void *)&at[1].at;
        const struct sockaddr_un *local = (const void *)&at[2].at;
        assert_int_equal(four->sin_family, AF_INET);
        assert_int_equal(ntohs(four->sin_port), 80);
        assert_int_equal(ntohl(four->sin_addr.s_addr), 0xc0000201);
        assert_int_equal(at[0].len, sizeof *four);
        assert_int_equal(six->sin6_family, AF_INET6);
        assert_int_equal(ntohs(six->sin6_port), 443);
        assert_int_equal(six->sin6_addr.s6_addr[0], 0x20);
        assert_int_equal(local->sun_family, AF_UNIX);
        assert_string_equal(local->sun_path, "/run/x");
        assert_true(at[3].at.ss_family == AF_INET || at[3].at.ss_family == AF_INET6);
        grants_free(grants);
        refused(WARD_PROCESS, "connect no-such-host.invalid:80", WARD_FAULT_SYSTEM, "is not resolved");
}

TEST(variables)
{
        static const char *const texts[] = { "env WARD_TEST_A", "env WARD_TEST_NONE", "env B=2", "env C=", NULL };
        static const char *const given[] = { "B=2", "D=4", NULL }, *const other[] = { "B=3", NULL };
        struct domain_grants *grants = NULL;
        struct ward_fault fault;
        char **joined;
        assert_int_equal(setenv("WARD_TEST_A", "one", 1), 0);
        assert_int_equal(grant(WARD_PROCESS, texts, given, &grants, &fault), 0);
        const char *const *environment = grants->granted.environment;
        assert_string_equal(environment[0], "B=2");
        assert_string_equal(environment[1], "D=4");
        assert_string_equal(environment[2], "WARD_TEST_A=one");
        assert_string_equal(environment[3], "C=");
        assert_null(environment[4]);
        grants_free(grants);
        grants = NULL;
        assert_int_equal(grant(WARD_PROCESS, texts, other, &grants, &fault), -WARD_FAULT_USAGE);
        assert_non_null(strstr(fault.text, "variable B is given two values"));
        assert_int_equal(grants_join_environment(given, NULL, &joined, &fault), 0);
        assert_string_equal(joined[1], "D=4");
        assert_null(joined[2]);
        grants_free_environment(joined);
        assert_int_equal(grants_join_environment(given, other, &joined, &fault), -WARD_FAULT_USAGE);
        grants = GRANTED(WARD_WASM, "spawn");
        assert_null(grants->granted.environment[0]);
        grants_free(grants);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(files_and_folders), TEST_CASE(what_is_in_a_folder_has_its_rights),
                         TEST_CASE(links_on_the_way), TEST_CASE(what_others_may_not), TEST_CASE(folders_of_a_module),
                         TEST_CASE(addresses), TEST_CASE(variables));
}
