/* Levels, permissions and policies as options: what is taken, what is refused, and what holds where several say something. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <ward/usage.h>
#include "base/own.h"
#include "test/policy/stage.h"

static bool has_variable(const struct stage *stage, const char *name, const char *value)
{
        permits_option_string_t ret;
        permits_string_t text;
        struct ward_fault fault;
        permits_string_set(&text, name);
        assert_good(permits_variable(stage->permits, &text, &ret, &fault), &fault);
        bool same = ret.is_some && ret.val.len == strlen(value) && !memcmp(ret.val.ptr, value, ret.val.len);
        permits_option_string_free(&ret);
        return same;
}

static struct ward_domain *domain_of(const struct stage *stage)
{
        return permits_domain(stage->permits);
}

static void refuses(struct stage *stage, enum ward_isolation isolation, enum ward_level level, const char *permission,
                    enum ward_fault_kind kind, const char *phrase)
{
        const struct ward_activate_options options = stage_options(isolation, level, PERMISSIONS(permission));
        stage_refuses(stage, &options, kind, phrase);
}

TEST(levels_at_each_kind)
{
        static const enum ward_level below[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET };
        struct stage stage;
        stage_set(&stage);
        for (int i = 0; i < 2; i++) {
                struct ward_activate_options options = stage_options(WARD_DIRECT, below[i], NULL);
                stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "choose kind wasm or process");
                options = stage_options(WARD_WASM, below[i], NULL);
                stage_activate(&stage, &options);
                assert_int_equal(ward_domain_level(domain_of(&stage)), below[i]);
        }
        stage_strike(&stage);
}

TEST(what_is_no_permission)
{
        struct stage stage;
        stage_set(&stage);
        refuses(&stage, WARD_WASM, WARD_LEVEL_INTRANET, "reed x", WARD_FAULT_USAGE,
                "permission 'reed x' is wrong at byte 1: 'reed' is no permission; did you mean 'read'?");
        refuses(&stage, WARD_PROCESS, WARD_LEVEL_INTRANET, "read x y", WARD_FAULT_USAGE, "at byte 8");
        refuses(&stage, WARD_PROCESS, WARD_LEVEL_INTRANET, "level internet", WARD_FAULT_USAGE, "is no permission");
        stage_strike(&stage);
}

TEST(permissions_are_for_intranet)
{
        struct stage stage;
        stage_set(&stage);
        refuses(&stage, WARD_PROCESS, WARD_LEVEL_INTERNET, "read .", WARD_FAULT_REFUSED,
                "permission 'read' is refused: level internet");
        refuses(&stage, WARD_PROCESS, WARD_LEVEL_DEFAULT, "read .", WARD_FAULT_REFUSED, "choose intranet");
        refuses(&stage, WARD_PROCESS, WARD_LEVEL_HOST, "spawn", WARD_FAULT_REFUSED, "choose intranet");
        refuses(&stage, WARD_WASM, WARD_LEVEL_FULL_TRUST, "read .", WARD_FAULT_REFUSED, "choose intranet");
        refuses(&stage, WARD_WASM, WARD_LEVEL_INTRANET, "connect a:1", WARD_FAULT_REFUSED, "choose kind process");
        refuses(&stage, WARD_WASM, WARD_LEVEL_INTRANET, "execute .", WARD_FAULT_REFUSED, "choose kind process");
        refuses(&stage, WARD_WASM, WARD_LEVEL_INTRANET, "spawn", WARD_FAULT_REFUSED, "choose kind process");
        refuses(&stage, WARD_WASM, WARD_LEVEL_INTRANET, "read /etc/passwd", WARD_FAULT_REFUSED, "only folders");
        refuses(&stage, WARD_DIRECT, WARD_LEVEL_HOST, "env A=1", WARD_FAULT_REFUSED, "choose kind wasm or process");
        stage_strike(&stage);
}

TEST(a_module_at_internet_has_no_folders)
{
        struct stage stage;
        stage_set(&stage);
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_INTERNET, NULL);
        const struct ward_folder folder = { "/x", ".", WARD_FOLDER_READ };
        options.folders = &folder;
        options.n_folders = 1;
        stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "choose intranet");
        options.level = WARD_LEVEL_INTRANET;
        stage_file("file");
        stage_activate(&stage, &options);
        assert_int_equal(stage_try(&stage, "read", "/x/file"), 5);
        stage_strike(&stage);
}

static void variables_are_granted(enum ward_isolation isolation, enum ward_level level)
{
        static const char *const environment[] = { "WARD_TEST_B=2", "WARD_TEST_C=3", NULL };
        struct stage stage;
        stage_set(&stage);
        assert_int_equal(setenv("WARD_TEST_A", "one two", 1), 0);
        assert_int_equal(setenv("WARD_TEST_SECRET", "x", 1), 0);
        struct ward_activate_options options =
                stage_options(isolation, level,
                              PERMISSIONS("env WARD_TEST_A", "env WARD_TEST_NONE", "env \"WARD_TEST_D=4 5\"", "env WARD_TEST_C=3"));
        options.environment = environment;
        stage_activate(&stage, &options);
        assert_true(has_variable(&stage, "WARD_TEST_A", "one two"));
        assert_true(has_variable(&stage, "WARD_TEST_B", "2"));
        assert_true(has_variable(&stage, "WARD_TEST_C", "3"));
        assert_true(has_variable(&stage, "WARD_TEST_D", "4 5"));
        assert_false(has_variable(&stage, "WARD_TEST_SECRET", "x"));
        options.permissions = PERMISSIONS("env WARD_TEST_B=9");
        stage.permits = permits_release(stage.permits);
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "variable WARD_TEST_B is given two values");
        stage_strike(&stage);
}

TEST(variables_are_granted_to_a_module)
{
        variables_are_granted(WARD_WASM, WARD_LEVEL_INTERNET);
        variables_are_granted(WARD_WASM, WARD_LEVEL_HOST);
}

TEST(variables_are_granted_to_a_process)
{
        variables_are_granted(WARD_PROCESS, WARD_LEVEL_FULL_TRUST);
        variables_are_granted(WARD_PROCESS, WARD_LEVEL_HOST);
}

TEST(variables_are_granted_to_a_process_below)
{
        support_needs_level(WARD_LEVEL_INTERNET);
        variables_are_granted(WARD_PROCESS, WARD_LEVEL_INTERNET);
        variables_are_granted(WARD_PROCESS, WARD_LEVEL_INTRANET);
}

/* Its errors come all at once, each with its line. */
TEST(a_policy_with_errors)
{
        struct stage stage;
        stage_set(&stage);
        stage_policy("level intranet\nreed x\n\nlimit cpu 20\nread a\nread a\n");
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_DEFAULT, NULL);
        options.policy = "policy";
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "policy:2:1: 'reed' begins no line of a policy; did you mean 'read'?");
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "policy:4:13: a unit is missing");
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "policy:6:1: line 5 grants this already");
        options.policy = "not/there";
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "cannot read policy 'not/there': No such file");
        options.policy = "/dev/null";
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "is no file");
        stage_policy("level internet\n");
        assert_int_equal(chmod("policy", 0666), 0);
        options.policy = "policy";
        stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "can be written by everybody");
        stage_strike(&stage);
}

TEST(the_stricter_holds)
{
        struct stage stage;
        struct ward_usage usage = { .size = sizeof usage };
        stage_set(&stage);
        stage_policy("level internet\nlimit memory 64M\nlimit add-ins 3\nenv A=1\n");
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_DEFAULT, NULL);
        options.policy = "policy";
        stage_activate(&stage, &options);
        assert_int_equal(ward_domain_level(domain_of(&stage)), WARD_LEVEL_INTERNET);
        assert_int_equal(ward_domain_usage(domain_of(&stage), &usage, NULL), 0);
        assert_int_equal(usage.memory_max_bytes, 64 << 20);
        assert_true(has_variable(&stage, "A", "1"));
        options.level = WARD_LEVEL_HOST;
        options.limits = (struct ward_limits){ .size = sizeof options.limits, .memory_bytes = 32 << 20 };
        stage_activate(&stage, &options);
        assert_int_equal(ward_domain_level(domain_of(&stage)), WARD_LEVEL_INTERNET);
        assert_int_equal(ward_domain_usage(domain_of(&stage), &usage, NULL), 0);
        assert_int_equal(usage.memory_max_bytes, 32 << 20);
        stage_policy("level full-trust\n");
        options.level = WARD_LEVEL_INTRANET;
        stage_activate(&stage, &options);
        assert_int_equal(ward_domain_level(domain_of(&stage)), WARD_LEVEL_INTRANET);
        stage_policy("limit affinity 0x2\n");
        options.limits.cpu_affinity = 1;
        stage.permits = permits_release(stage.permits);
        stage_refuses(&stage, &options, WARD_FAULT_USAGE, "no processor in common");
        stage_strike(&stage);
}

/* Paths of a policy begin in its folder, those of permissions in the working directory; what both grant is granted. */
TEST(relative_paths)
{
        struct stage stage;
        stage_set(&stage);
        stage_folder("etc", 0755);
        stage_folder("etc/data", 0755);
        stage_file("etc/data/file");
        stage_folder("data", 0755);
        stage_folder("data/in", 0755);
        stage_file("data/in/file");
        stage_policy("level intranet\nread data\n");
        assert_int_equal(rename("policy", "etc/policy"), 0);
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_DEFAULT, PERMISSIONS("read ./data/in"));
        options.policy = "etc/policy";
        stage_activate(&stage, &options);
        assert_int_equal(stage_try_below(&stage, "read", "etc/data/file"), 5);
        assert_int_equal(stage_try_below(&stage, "read", "data/in/file"), 5);
        assert_int_equal(chdir("data"), 0);
        options.permissions = PERMISSIONS("read in");
        options.policy = "../etc/policy";
        stage_activate(&stage, &options);
        assert_int_equal(stage_try_below(&stage, "read", "etc/data/file"), 5);
        assert_int_equal(stage_try_below(&stage, "read", "data/in/file"), 5);
        stage_strike(&stage);
}

/* Permissions are a domain's: its add-ins have them, and bring none. */
TEST(domains_have_permissions)
{
        struct stage stage;
        struct ward_fault fault;
        struct ward_domain *domain;
        stage_set(&stage);
        stage.host = host_start();
        stage_folder("given", 0755);
        stage_file("given/file");
        const struct ward_domain_options made = { .size = sizeof made,
                                                  .isolation = WARD_WASM,
                                                  .level = WARD_LEVEL_INTRANET,
                                                  .permissions = PERMISSIONS("read given", "env A=1") };
        assert_good(ward_domain_new(stage.host, &made, &domain, &fault), &fault);
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_DEFAULT, PERMISSIONS("read ."));
        options.domain = domain;
        stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "give them to ward_domain_new");
        options.permissions = NULL;
        options.environment = PERMISSIONS("B=2");
        stage_activate(&stage, &options);
        assert_int_equal(stage_try_below(&stage, "read", "given/file"), 5);
        assert_true(has_variable(&stage, "A", "1") && has_variable(&stage, "B", "2"));
        stage.permits = permits_release(stage.permits);
        assert_good(ward_domain_unload(domain, &fault), &fault);
        ward_domain_release(domain);
        stage_strike(&stage);
}

/* A host that was built before there were any: what lies behind its struct is not looked at. */
TEST(older_options)
{
        struct stage stage;
        stage_set(&stage);
        struct ward_activate_options options = stage_options(WARD_WASM, WARD_LEVEL_DEFAULT, PERMISSIONS("nonsense"));
        options.policy = "nonsense";
        options.size = offsetof(struct ward_activate_options, permissions);
        stage_activate(&stage, &options);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(levels_at_each_kind), TEST_CASE(what_is_no_permission),
                         TEST_CASE(permissions_are_for_intranet), TEST_CASE(a_module_at_internet_has_no_folders),
                         TEST_CASE(variables_are_granted_to_a_module), TEST_CASE(variables_are_granted_to_a_process),
                         TEST_CASE(variables_are_granted_to_a_process_below), TEST_CASE(a_policy_with_errors),
                         TEST_CASE(the_stricter_holds), TEST_CASE(relative_paths), TEST_CASE(domains_have_permissions),
                         TEST_CASE(older_options));
}
