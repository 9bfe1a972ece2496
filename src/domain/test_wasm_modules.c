/* Which modules a host has activated lately: found by file and terms. The bindings are no more than that: they have no image. */
#include "domain/wasm_modules.h"

#include <stdlib.h>
#include <string.h>
#include "domain/denied.h"
#include "domain/wasm_loaded.h"
#include "test/harness/harness.h"

static const struct ward_func add = { .name = "add", .signature = "func(a: u32) -> u32", .core = "i>i" };
static const struct ward_func sub = { .name = "sub", .signature = "func(a: u32) -> u32", .core = "i>i" };
static const struct ward_func wide = { .name = "add", .signature = "func(a: u64) -> u64", .core = "I>I" };

static const struct ward_func *exports[] = { &add, &sub };
static const struct ward_func *turned[] = { &sub, &add };
static const struct ward_func *wider[] = { &wide, &sub };
static const struct ward_import imports[] = { { &add, NULL } };

static struct wasm_domain held;
static struct ward_domain domain = { .held = &held };
static struct domains domains;
static struct instance instance;

static struct wasm_stamp stamp_at(ino_t inode, long changed)
{
        return (struct wasm_stamp){ .inode = inode, .size = 1, .changed.tv_nsec = changed, .settled = true };
}

static struct wasm_binding *found(const struct ward_contract *contract, struct wasm_stamp stamp)
{
        struct wasm_binding *binding = NULL;
        enum marshal_encoding encoding;
        instance.contract = contract;
        if (!wasm_modules_find(&instance, &stamp, &binding, &encoding))
                return NULL;
        assert_int_equal(encoding, MARSHAL_UTF16);
        return wasm_binding_unref(binding) ? NULL : binding;
}

static struct wasm_binding *keep(const struct ward_contract *contract, struct wasm_stamp stamp)
{
        struct wasm_binding *binding = calloc(1, sizeof *binding);
        assert_non_null(binding);
        atomic_init(&binding->references, 1);
        instance.contract = contract;
        wasm_modules_keep(&instance, &stamp, binding, MARSHAL_UTF16);
        uint32_t references = atomic_load(&binding->references);
        wasm_binding_unref(binding);
        return references > 1 ? binding : NULL;
}

static void begin(void)
{
        struct ward_fault fault;
        assert_int_equal(domains_init(&domains, &fault), 0);
        domain.domains = &domains;
        instance = (struct instance){ .domain = &domain };
}

static void end(void)
{
        domains_finish(&domains);
}

TEST(files)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        begin();
        struct wasm_binding *binding = keep(&contract, stamp_at(1, 1));
        assert_non_null(binding);
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), binding);
        assert_null(found(&contract, stamp_at(2, 1)));
        assert_null(found(&contract, stamp_at(1, 2)));
        struct wasm_stamp other = stamp_at(1, 1);
        other.size = 2;
        assert_null(found(&contract, other));
        other = stamp_at(1, 1);
        other.device = 1;
        assert_null(found(&contract, other));
        other = stamp_at(1, 1);
        other.modified.tv_sec = 1;
        assert_null(found(&contract, other));
        end();
}

/* A change that its times would not show. */
TEST(files_that_were_changed_just_now)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        struct timespec now;
        struct stat st = { .st_ino = 1 };
        begin();
        clock_gettime(CLOCK_REALTIME, &now);
        st.st_ctim = now;
        assert_false(wasm_stamp_of(&st).settled);
        st.st_ctim.tv_sec -= 1;
        assert_false(wasm_stamp_of(&st).settled);
        st.st_ctim.tv_sec = now.tv_sec + 100; /* the clock was set back */
        assert_false(wasm_stamp_of(&st).settled);
        st.st_ctim.tv_sec = 0; /* the file system knows no times */
        assert_false(wasm_stamp_of(&st).settled);
        assert_null(keep(&contract, wasm_stamp_of(&st)));
        st.st_ctim.tv_sec = now.tv_sec - 5;
        assert_true(wasm_stamp_of(&st).settled);
        end();
}

/* By what it says, wherever it lies. */
TEST(contracts)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        const struct ward_contract other_name = { .name = "t:t/u", .n_exports = 2, .exports = exports };
        const struct ward_contract other_order = { .name = "t:t/t", .n_exports = 2, .exports = turned };
        const struct ward_contract other_types = { .name = "t:t/t", .n_exports = 2, .exports = wider };
        const struct ward_contract fewer = { .name = "t:t/t", .n_exports = 1, .exports = exports };
        const struct ward_contract more = {
                .name = "t:t/t", .n_exports = 2, .exports = exports, .n_imports = 1, .imports = imports
        };
        struct ward_contract copy = contract;
        begin();
        struct wasm_binding *binding = keep(&contract, stamp_at(1, 1));
        assert_ptr_equal(found(&copy, stamp_at(1, 1)), binding);
        assert_null(found(&other_name, stamp_at(1, 1)));
        assert_null(found(&other_order, stamp_at(1, 1)));
        assert_null(found(&other_types, stamp_at(1, 1)));
        assert_null(found(&fewer, stamp_at(1, 1)));
        assert_null(found(&more, stamp_at(1, 1)));
        struct wasm_binding *another = keep(&more, stamp_at(1, 1));
        assert_ptr_equal(found(&more, stamp_at(1, 1)), another);
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), binding);
        end();
}

TEST(what_is_denied)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        char name[] = "a", other[] = "b";
        char *names[] = { name, NULL }, *others[] = { other, NULL };
        struct denied denied = { .names = names }, others_denied = { .names = others };
        begin();
        struct wasm_binding *binding = keep(&contract, stamp_at(1, 1));
        instance.denied = &denied;
        assert_null(found(&contract, stamp_at(1, 1)));
        struct wasm_binding *another = keep(&contract, stamp_at(1, 1));
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), another);
        instance.denied = &others_denied;
        assert_null(found(&contract, stamp_at(1, 1)));
        instance.denied = NULL;
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), binding);
        end();
}

/* Either kind of image is there by itself. */
TEST(checked_images)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        begin();
        struct wasm_binding *binding = keep(&contract, stamp_at(1, 1));
        held.checked = true;
        assert_null(found(&contract, stamp_at(1, 1)));
        struct wasm_binding *another = keep(&contract, stamp_at(1, 1));
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), another);
        held.checked = false;
        assert_ptr_equal(found(&contract, stamp_at(1, 1)), binding);
        end();
}

/* The one that was used longest ago goes. */
TEST(so_many_are_kept)
{
        const struct ward_contract contract = { .name = "t:t/t", .n_exports = 2, .exports = exports };
        begin();
        for (ino_t i = 1; i <= WASM_MODULES_MAX; i++)
                assert_non_null(keep(&contract, stamp_at(i, 1)));
        assert_non_null(found(&contract, stamp_at(1, 1)));
        for (ino_t i = 1; i <= 3; i++)
                assert_non_null(keep(&contract, stamp_at(1000 + i, 1)));
        assert_non_null(found(&contract, stamp_at(1, 1)));
        for (ino_t i = 2; i <= 4; i++)
                assert_null(found(&contract, stamp_at(i, 1)));
        assert_non_null(found(&contract, stamp_at(5, 1)));
        assert_int_equal(domains.modules.n, WASM_MODULES_MAX);
        end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(files), TEST_CASE(files_that_were_changed_just_now), TEST_CASE(contracts),
                         TEST_CASE(what_is_denied), TEST_CASE(checked_images), TEST_CASE(so_many_are_kept));
}
