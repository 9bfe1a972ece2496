/* Imports that add-ins may not use. */
#include "test/managers/stage.h"

static void is_refused(struct ward_host *host, const char *name, enum ward_isolation kind, const char *const *denied,
                       const char *import)
{
        struct ward_activate_options options = options_for(kind);
        struct managers *managers;
        struct ward_fault fault;
        options.denied_imports = denied;
        assert_int_equal(stage_try(host, addin_file(name, kind), &options, &managers, &fault), -WARD_FAULT_REFUSED);
        assert_says(&fault, import);
        assert_says(&fault, addin_file(name, kind));
        assert_string_equal(fault.addin, name);
}

static void is_taken(struct ward_host *host, const char *name, enum ward_isolation kind, const char *const *denied)
{
        struct ward_activate_options options = options_for(kind);
        struct ward_fault fault;
        uint32_t number;
        options.denied_imports = denied;
        struct managers *managers = stage_activate(host, addin_file(name, kind), &options);
        assert_good(managers_vault_number(managers, &number, &fault), &fault);
        assert_int_equal(number, 7);
        managers_release(managers);
}

#define DENIED(...) ((const char *const[]){ __VA_ARGS__, NULL })

TEST(by_name)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                is_refused(host, "managers", kind, DENIED("secret"), "'secret'");
                is_refused(host, "managers", kind, DENIED("nothing", "test:managers/vault@1.0.0#number"), "vault@1.0.0#number'");
                is_refused(host, "managers", kind, DENIED("test:managers/vault@1.0.0"), "vault@1.0.0#number'");
                is_refused(host, "managers", kind, DENIED("test:managers/*"), "vault@1.0.0#number'");
                is_refused(host, "managers", kind, DENIED("test:managers/vault@1.0.0#n*"), "vault@1.0.0#number'");
                is_refused(host, "managers", kind, DENIED("ward:domain/log@0.1.0"), "log@0.1.0#log'");
                is_refused(host, "managers", kind, DENIED("*"), "denied");
        }
        ward_host_free(host);
}

/* Names are whole, and what nobody imports is nobody's loss. */
TEST(other_names)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                is_taken(host, "managers", kind, DENIED("secre", "secrets", "", "number", "log"));
                is_taken(host, "managers", kind, DENIED("test:managers/vault@1.0.0#numbe", "test:managers/vault", "vault#number"));
                is_taken(host, "managers", kind, DENIED("test:managers/vault@2.0.0", "ward:domain/data@0.1.0", "$root"));
        }
        ward_host_free(host);
}

/* A module that does not import a function may run where it is denied, though the contract offers it. */
TEST(who_does_not_need_it)
{
        struct ward_host *host = host_start();
        const char *const *const denied = DENIED("secret", "ward:domain/log@0.1.0");
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        if (kind != WARD_WASM)
                is_taken(host, "modest", kind, denied);
        is_taken(host, "managers", WARD_WASM, DENIED("test:managers/vault@1.0.0#other"));
        ward_host_free(host);
}

TEST(wasi)
{
        struct ward_host *host = host_start();
        is_refused(host, "managers", WARD_WASM, DENIED("wasi_snapshot_preview1#clock_time_get"), "preview1#clock_time_get'");
        is_refused(host, "managers", WARD_WASM, DENIED("wasi_snapshot_preview1"), "wasi_snapshot_preview1#");
        is_taken(host, "managers", WARD_WASM, DENIED("wasi_snapshot_preview1#path_open"));
        ward_host_free(host);
}

/* What is denied to a domain is so for each add-in in it; what is denied to one is not for the others. */
TEST(to_domains)
{
        struct ward_host *host = host_start();
        for (size_t i = 1; i < 3; i++) {
                char secret[] = "secret";
                const char *list[] = { secret, NULL };
                struct ward_domain_options options = { .size = sizeof options, .isolation = kinds[i], .denied_imports = list };
                struct ward_activate_options into = options_for(kinds[i]);
                struct managers *managers, *second = NULL;
                struct ward_fault fault;
                assert_good(ward_domain_new(host, &options, &into.domain, &fault), &fault);
                secret[0] = 'x'; /* it was copied */
                assert_int_equal(stage_try(host, addin_file("managers", kinds[i]), &into, &managers, &fault), -WARD_FAULT_REFUSED);
                assert_says(&fault, "'secret'");
                assert_true(ward_domain_state(into.domain) == WARD_DOMAIN_RUNNING);
                ward_domain_unload(into.domain, NULL);
                ward_domain_release(into.domain);

                options.denied_imports = NULL;
                assert_good(ward_domain_new(host, &options, &into.domain, &fault), &fault);
                managers = stage_activate(host, addin_file("managers", kinds[i]), &into);
                into.denied_imports = DENIED("secret");
                assert_int_equal(stage_try(host, addin_file("managers", kinds[i]), &into, &second, &fault), -WARD_FAULT_REFUSED);
                uint32_t number;
                assert_good(managers_double_secret(managers, &number, &fault), &fault);
                assert_int_equal(number, 42);
                managers_release(managers);
                ward_domain_release(into.domain);
        }
        ward_host_free(host);
}

/* A worker that calls, or posts, what its add-in's tables did not list. */
TEST(lies_of_workers)
{
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_PROCESS);
        managers_string_t text = { NULL, 0 };
        struct ward_fault fault;
        uint32_t number;
        options.denied_imports = DENIED("secret", "ward:domain/log@0.1.0");
        struct managers *managers = stage_activate(host, addin_file("modest", WARD_PROCESS), &options);
        assert_int_equal(managers_double_secret(managers, &number, &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "'secret', which is denied");
        managers_release(managers);
        managers = stage_activate(host, addin_file("modest", WARD_PROCESS), &options);
        assert_int_equal(managers_say(managers, 0, &text, 1, &fault), -WARD_FAULT_PROTOCOL);
        assert_says(&fault, "denied");
        managers_release(managers);
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(by_name), TEST_CASE(other_names), TEST_CASE(who_does_not_need_it), TEST_CASE(wasi),
                         TEST_CASE(to_domains), TEST_CASE(lies_of_workers));
}
