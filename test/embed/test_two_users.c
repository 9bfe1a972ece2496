/* One process, two libraries that each use Ward: one on libward.so, one on a libward.a of its own. The process knows neither. */
#include "test/harness/harness.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "test/embed/user.h"

struct library {
        void *handle;
        __typeof__(user_new) *new;
        __typeof__(user_free) *free;
        __typeof__(user_add) *add;
        __typeof__(user_poke) *poke;
        __typeof__(user_spin) *spin;
        __typeof__(user_state) *state;
};

static char text[1024];

static void *find(void *handle, const char *name)
{
        void *at = dlsym(handle, name);
        assert_non_null(at);
        return at;
}

static struct library load(const char *path_variable)
{
        struct library l = { dlopen(getenv(path_variable), RTLD_NOW | RTLD_LOCAL), 0 };
        if (!l.handle)
                fail_msg("%s", dlerror());
        *(void **)&l.new = find(l.handle, "user_new");
        *(void **)&l.free = find(l.handle, "user_free");
        *(void **)&l.add = find(l.handle, "user_add");
        *(void **)&l.poke = find(l.handle, "user_poke");
        *(void **)&l.spin = find(l.handle, "user_spin");
        *(void **)&l.state = find(l.handle, "user_state");
        return l;
}

static const char *module_for(const char *kind)
{
        static char path[4096];
        snprintf(path, sizeof path, "%s/acts.%s", getenv("WARD_TEST_ADDINS"), strcmp(kind, "wasm") ? "so" : "wasm");
        return path;
}

static struct user *start(const struct library *l, const char *kind)
{
        struct user *user = l->new (kind, module_for(kind), text, sizeof text);
        if (!user)
                fail_msg("%s", text);
        return user;
}

static void check_works(const struct library *l, struct user *user)
{
        int32_t sum = 0;
        if (l->add(user, 20, 22, &sum, text, sizeof text))
                fail_msg("%s", text);
        assert_int_equal(sum, 42);
}

/* Each library's add-in fails in turn; the other's never notices. */
static void check_apart(const char *kind)
{
        struct library libraries[] = { load("USER_SHARED"), load("USER_STATIC") };
        struct user *users[] = { start(&libraries[0], kind), start(&libraries[1], kind) };
        for (int turn = 0; turn < 4; turn++) {
                int fails = turn % 2;
                const struct library *l = &libraries[fails];
                check_works(l, users[fails]);
                assert_true((turn < 2 ? l->poke(users[fails], text, sizeof text) : l->spin(users[fails], 100, text, sizeof text)) < 0);
                assert_int_equal(l->state(users[fails]), 0);
                check_works(&libraries[!fails], users[!fails]);
                l->free(users[fails]);
                users[fails] = start(l, kind);
        }
        libraries[0].free(users[0]);
        check_works(&libraries[1], users[1]);
        libraries[1].free(users[1]);
        dlclose(libraries[0].handle);
        dlclose(libraries[1].handle);
}

TEST(process_domains_stay_apart)
{
        check_apart("process");
}

TEST(wasm_domains_stay_apart)
{
        check_apart("wasm");
}

TEST(kinds_mix)
{
        struct library shared = load("USER_SHARED"), alone = load("USER_STATIC");
        struct user *a = start(&shared, "process"), *b = start(&alone, "wasm"), *c = start(&shared, "wasm"),
                    *d = start(&alone, "process");
        assert_true(alone.poke(b, text, sizeof text) < 0);
        assert_true(shared.poke(c, text, sizeof text) < 0);
        check_works(&shared, a);
        check_works(&alone, d);
        shared.free(a);
        alone.free(b);
        shared.free(c);
        check_works(&alone, d);
        alone.free(d);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(process_domains_stay_apart), TEST_CASE_LONG(wasm_domains_stay_apart, 60),
                         TEST_CASE_LONG(kinds_mix, 60));
}
