/* Domains, values, callbacks and named data at every kind, through the public API. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "probe_host.h"
#include "test/support.h"

static const enum ward_isolation kinds[] = { WARD_DIRECT, WARD_WASM, WARD_PROCESS };

#define FOR_EACH_KIND(kind)                                                                                                        \
        for (size_t kind##_i = 0; kind##_i < 3; kind##_i++)                                                                        \
                if (((kind) = kinds[kind##_i]), 1)

struct context {
        struct probe *probe;
        int depth_seen;
};

/* Calls back in, from within a call that the add-in makes. */
static uint32_t down(void *data, uint32_t depth)
{
        struct context *context = data;
        struct ward_fault fault;
        uint32_t ret = 0;
        context->depth_seen++;
        assert_good(probe_descend(context->probe, depth, &ret, &fault), &fault);
        return ret;
}

static bool judge(void *data, probe_pair_t *maybe_value, probe_list_pair_t *ret, probe_string_t *err)
{
        if (!maybe_value) {
                probe_string_dup(err, "nothing to judge");
                return false;
        }
        ret->ptr = calloc(2, sizeof *ret->ptr);
        ret->len = 2;
        for (size_t i = 0; i < 2; i++) {
                ret->ptr[i].left = (int16_t)(maybe_value->left + (int)i);
                probe_string_dup_n(&ret->ptr[i].right, (const char *)maybe_value->right.ptr, maybe_value->right.len);
        }
        return true;
}

static struct probe_services services_for(struct context *context)
{
        return (struct probe_services){ .data = context, .down = down, .judge = judge };
}

static struct probe *activate(struct ward_host *host, enum ward_isolation isolation, const struct probe_services *services)
{
        struct ward_activate_options options = options_for(isolation);
        struct ward_fault fault;
        struct probe *probe = NULL;
        assert_good(probe_activate(host, addin_file("probe", isolation), &options, services, &probe, &fault), &fault);
        return probe;
}

static probe_string_t text(const char *from)
{
        probe_string_t string;
        probe_string_set(&string, from);
        return string;
}

static bool same(probe_string_t string, const char *expected)
{
        return string.len == strlen(expected) && !memcmp(string.ptr, expected, string.len);
}

TEST(nested_callbacks)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_fault fault;
                uint32_t ret = 0;
                context.probe = activate(host, kind, &services);
                assert_good(probe_descend(context.probe, 20, &ret, &fault), &fault);
                assert_int_equal(ret, 20);
                assert_int_equal(context.depth_seen, 20);
                probe_release(context.probe);
        }
        ward_host_free(host);
}

static void check_echo(struct probe *probe)
{
        probe_string_t words[2] = { text("one"), text("") };
        probe_list_string_t inner[2] = { { words, 2 }, { NULL, 0 } };
        probe_list_list_string_t list = { inner, 2 };
        probe_pair_t pair = { -7, text("gr\xc3\xbc\xc3\x9f") };
        probe_tuple2_u8_f32_t tuple = { 200, 1.5f };
        probe_tuple4_pair_option_tuple2_u8_f32_mood_list_list_string_t ret;
        struct ward_fault fault;
        assert_good(probe_echo(probe, &pair, &tuple, PROBE_MOOD_RESTLESS, &list, &ret, &fault), &fault);
        assert_int_equal(ret.f0.left, -7);
        assert_true(same(ret.f0.right, "gr\xc3\xbc\xc3\x9f"));
        assert_true(ret.f1.is_some && ret.f1.val.f0 == 200 && ret.f1.val.f1 == 1.5f);
        assert_int_equal(ret.f2, PROBE_MOOD_RESTLESS);
        assert_int_equal(ret.f3.len, 2);
        assert_int_equal(ret.f3.ptr[0].len, 2);
        assert_true(same(ret.f3.ptr[0].ptr[0], "one") && same(ret.f3.ptr[0].ptr[1], ""));
        assert_int_equal(ret.f3.ptr[1].len, 0);
        probe_tuple4_pair_option_tuple2_u8_f32_mood_list_list_string_free(&ret);
        assert_good(probe_echo(probe, &pair, NULL, PROBE_MOOD_CALM, &list, &ret, &fault), &fault);
        assert_false(ret.f1.is_some);
        probe_tuple4_pair_option_tuple2_u8_f32_mood_list_list_string_free(&ret);
}

static void check_ask(struct probe *probe)
{
        probe_pair_t pair = { 41, text("x") };
        probe_list_pair_t ret;
        probe_string_t err;
        struct ward_fault fault;
        assert_good(probe_ask(probe, &pair, &ret, &err, &fault), &fault);
        assert_int_equal(ret.len, 2);
        assert_int_equal(ret.ptr[1].left, 42);
        assert_true(same(ret.ptr[1].right, "x"));
        probe_list_pair_free(&ret);
        assert_int_equal(probe_ask(probe, NULL, &ret, &err, &fault), 1);
        assert_true(same(err, "nothing to judge"));
        probe_string_free(&err);
}

static void check_measure(struct probe *probe)
{
        probe_point_t point = { 1.5, 0.25f, true };
        probe_tuple2_u8_s64_t tuple = { 200, -1000 };
        struct ward_fault fault;
        double sum = 0;
        assert_good(probe_measure(probe, &point, &tuple, PROBE_MOOD_RESTLESS, &sum, &fault), &fault);
        assert_true(sum == 1.5 + 0.25 + 1 + 200 - 1000 + PROBE_MOOD_RESTLESS);
        assert_true(point.x == 1.5 && point.up && tuple.f1 == -1000); /* the caller's are the caller's */
}

TEST(values)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_fault fault;
                probe_string_t four = text("four");
                double sum = 0;
                struct probe *probe = activate(host, kind, &services);
                check_echo(probe);
                check_ask(probe);
                check_measure(probe);
                assert_good(
                        probe_add_all(probe, 1, -1, 2, -2, 3, -3, 4, -4, 0.5f, 0.25, true, 'A', 1, 1, 1, 1, &four, &sum, &fault),
                        &fault);
                assert_true(sum == 0.75 + 1 + 'A' + 4 + 4);
                probe_release(probe);
        }
        ward_host_free(host);
}

/* Set here, seen there; set there, seen here. */
static void check_data(struct probe *probe)
{
        struct ward_domain *domain = probe_domain(probe);
        struct ward_fault fault;
        probe_string_t key = text("greeting"), other = text("answer"), err;
        probe_option_list_u8_t got;
        probe_list_u8_t blob = { (uint8_t *)"\0\1\2", 3 };
        void *data;
        size_t len;
        assert_good(ward_domain_set(domain, "greeting", "hello", 5, &fault), &fault);
        assert_good(probe_look(probe, &key, &got, &fault), &fault);
        assert_true(got.is_some && got.val.len == 5 && !memcmp(got.val.ptr, "hello", 5));
        probe_option_list_u8_free(&got);
        assert_good(probe_put(probe, &other, &blob, &err, &fault), &fault);
        assert_good(ward_domain_get(domain, "answer", &data, &len, &fault), &fault);
        assert_true(len == 3 && !memcmp(data, "\0\1\2", 4));
        free(data);
        assert_good(ward_domain_set(domain, "greeting", NULL, 0, &fault), &fault);
        assert_good(probe_look(probe, &key, &got, &fault), &fault);
        assert_false(got.is_some);
        assert_int_equal(ward_domain_get(domain, "greeting", &data, &len, &fault), 1);
        key = text("");
        assert_int_equal(probe_put(probe, &key, &blob, &err, &fault), 1);
        assert_true(same(err, "a key is 1 to 255 bytes of UTF-8"));
        probe_string_free(&err);
}

TEST(data)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct probe *probe = activate(host, kind, &services);
                check_data(probe);
                probe_release(probe);
        }
        ward_host_free(host);
}

TEST(data_is_bounded)
{
        struct ward_host *host = host_start();
        struct ward_domain *domain = ward_host_default_domain(host);
        struct ward_fault fault;
        char *big = calloc(1, 40 << 20), key[300];
        memset(key, 'k', sizeof key);
        key[256] = 0;
        assert_int_equal(ward_domain_set(domain, key, "x", 1, &fault), -WARD_FAULT_USAGE);
        assert_good(ward_domain_set(domain, "a", big, 40 << 20, &fault), &fault);
        assert_int_equal(ward_domain_set(domain, "b", big, 40 << 20, &fault), -WARD_FAULT_LIMIT);
        assert_good(ward_domain_set(domain, "a", big, 1, &fault), &fault);
        assert_good(ward_domain_set(domain, "b", big, 40 << 20, &fault), &fault);
        free(big);
        ward_host_free(host);
}

TEST(default_domain)
{
        struct ward_host_options options = { .size = sizeof options, .name = "my application" };
        struct ward_host *host;
        struct ward_fault fault;
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        struct ward_domain *domain = ward_host_default_domain(host);
        assert_string_equal(ward_domain_name(domain), "my application");
        assert_int_equal(ward_domain_isolation(domain), WARD_DIRECT);
        assert_int_equal(ward_domain_level(domain), WARD_LEVEL_HOST);
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        assert_good(ward_domain_rename(domain, "renamed", &fault), &fault);
        assert_string_equal(ward_domain_name(domain), "renamed");
        assert_int_equal(ward_domain_unload(domain, &fault), -WARD_FAULT_REFUSED);
        assert_says(&fault, "is the host itself");
        assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
        ward_host_free(host);
}

/* Two add-ins in a domain that the host made: each is released by itself, and the domain is the host's to unload. */
TEST(shared_domain)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                if (kind == WARD_DIRECT)
                        continue;
                struct ward_domain_options made = { .size = sizeof made, .name = "ours", .isolation = kind };
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_activate_options options = options_for(kind);
                struct ward_domain *domain;
                struct probe *one, *two;
                struct ward_fault fault;
                uint32_t ret = 0;
                assert_good(ward_domain_new(host, &made, &domain, &fault), &fault);
                options.domain = domain;
                assert_good(probe_activate(host, addin_file("probe", kind), &options, &services, &one, &fault), &fault);
                assert_good(probe_activate(host, addin_file("probe", kind), &options, &services, &two, &fault), &fault);
                assert_ptr_equal(probe_domain(one), domain);
                context.probe = one;
                assert_good(probe_descend(one, 3, &ret, &fault), &fault);
                probe_release(one);
                context.probe = two;
                assert_good(probe_descend(two, 4, &ret, &fault), &fault);
                assert_int_equal(ret, 4);
                assert_int_equal(ward_domain_state(domain), WARD_DOMAIN_RUNNING);
                assert_good(ward_domain_unload(domain, &fault), &fault);
                assert_int_equal(probe_descend(two, 1, &ret, &fault), -WARD_FAULT_UNLOADED);
                probe_release(two);
                ward_domain_release(domain);
        }
        ward_host_free(host);
}

TEST(names)
{
        struct ward_host *host = host_start();
        struct context context = { 0 };
        struct probe_services services = services_for(&context);
        struct ward_activate_options options = options_for(WARD_PROCESS);
        struct ward_fault fault;
        struct probe *probe;
        options.name = "the reverb";
        assert_good(probe_activate(host, addin_file("probe", WARD_PROCESS), &options, &services, &probe, &fault), &fault);
        assert_string_equal(ward_domain_name(probe_domain(probe)), "the reverb");
        assert_int_equal(ward_domain_level(probe_domain(probe)), WARD_LEVEL_FULL_TRUST);
        probe_release(probe);
        ward_host_free(host);
}

/* Two instances of one file share no state, at every kind. */
TEST(instances_are_apart)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct context first = { 0 }, second = { 0 };
                struct probe_services for_first = services_for(&first), for_second = services_for(&second);
                struct ward_fault fault;
                uint32_t ret;
                first.probe = activate(host, kind, &for_first);
                second.probe = activate(host, kind, &for_second);
                assert_good(probe_descend(first.probe, 2, &ret, &fault), &fault);
                assert_good(probe_descend(second.probe, 3, &ret, &fault), &fault);
                assert_int_equal(first.depth_seen, 2);
                assert_int_equal(second.depth_seen, 3);
                probe_release(first.probe);
                probe_release(second.probe);
        }
        ward_host_free(host);
}

struct caller {
        struct probe *probe;
        int calls;
        int unloaded;
};

static void *call_until_unloaded(void *data)
{
        struct caller *caller = data;
        struct ward_fault fault;
        uint32_t ret;
        for (int r = 0; !r; caller->calls++) {
                r = probe_descend(caller->probe, 0, &ret, &fault);
                caller->unloaded = r == -WARD_FAULT_UNLOADED;
        }
        return NULL;
}

/* Calls from four threads, and an unload in the midst of them. */
TEST(unload_while_called)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                if (kind == WARD_DIRECT)
                        continue;
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_fault fault;
                struct probe *probe = activate(host, kind, &services);
                struct caller callers[4];
                pthread_t threads[4];
                for (int i = 0; i < 4; i++) {
                        callers[i] = (struct caller){ .probe = probe };
                        assert_int_equal(pthread_create(&threads[i], NULL, call_until_unloaded, &callers[i]), 0);
                }
                usleep(50000);
                assert_good(ward_domain_unload(probe_domain(probe), &fault), &fault);
                for (int i = 0; i < 4; i++) {
                        pthread_join(threads[i], NULL);
                        assert_true(callers[i].unloaded);
                }
                probe_release(probe);
        }
        ward_host_free(host);
}

/* Handles that outlive their host read as unloaded. */
TEST(host_freed_first)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                if (kind == WARD_DIRECT)
                        continue;
                struct ward_host *host = host_start();
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_fault fault;
                uint32_t ret;
                struct probe *probe = activate(host, kind, &services);
                ward_host_free(host);
                assert_int_equal(probe_descend(probe, 1, &ret, &fault), -WARD_FAULT_UNLOADED);
                probe_release(probe);
        }
}

/* In a forked child the parent's domains are not there; its own can be made; the parent's go on. */
static int in_child(struct ward_host *host, struct probe *probe, const struct probe_services *services, enum ward_isolation kind)
{
        struct context *context = services->data;
        struct ward_fault fault;
        uint32_t ret = 0;
        if (kind != WARD_DIRECT && probe_descend(probe, 1, &ret, &fault) != -WARD_FAULT_UNLOADED)
                return 2;
        if (kind != WARD_DIRECT && ward_domain_state(probe_domain(probe)) != WARD_DOMAIN_UNLOADED)
                return 3;
        probe_release(probe);
        struct ward_activate_options options = options_for(kind);
        if (probe_activate(host, addin_file("probe", kind), &options, services, &context->probe, &fault))
                return fprintf(stderr, "%s\n", fault.text), 4;
        if (probe_descend(context->probe, 5, &ret, &fault) || ret != 5)
                return 5;
        probe_release(context->probe);
        ward_host_free(host);
        return 0;
}

TEST(forked_child)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_host *host = host_start();
                struct context context = { 0 };
                struct probe_services services = services_for(&context);
                struct ward_fault fault;
                uint32_t ret;
                int status;
                context.probe = activate(host, kind, &services);
                assert_good(probe_descend(context.probe, 1, &ret, &fault), &fault);
                pid_t pid = fork();
                if (!pid)
                        _exit(in_child(host, context.probe, &services, kind));
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_int_equal(status, 0);
                assert_good(probe_descend(context.probe, 6, &ret, &fault), &fault);
                assert_int_equal(ret, 6);
                probe_release(context.probe);
                ward_host_free(host);
        }
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(nested_callbacks), TEST_CASE(values), TEST_CASE(data), TEST_CASE(data_is_bounded),
                         TEST_CASE(default_domain), TEST_CASE(shared_domain), TEST_CASE(names), TEST_CASE(instances_are_apart),
                         TEST_CASE(unload_while_called), TEST_CASE(host_freed_first), TEST_CASE(forked_child));
}
