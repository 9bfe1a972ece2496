#include "native/needed.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/mman.h>
#include "base/fault.h"
#include "base/own.h"
#include "native/test_make.h"

/* --- A folder with libraries ------------------------------------------------------------------ */

static char root[64];

static int drop(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
        return remove(path);
}

static void begin(void)
{
        strcpy(root, "/tmp/ward-needed-XXXXXX");
        assert_non_null(mkdtemp(root));
}

static void end(void)
{
        assert_int_equal(nftw(root, drop, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *at(const char *name)
{
        static char paths[8][128];
        static unsigned next;
        char *path = paths[next++ % COUNT_OF(paths)];
        snprintf(path, sizeof paths[0], "%s/%s", root, name);
        return path;
}

/* @what as made_from has it, %s in it for the folder. */
static void put(const char *name, const char *what)
{
        struct made made;
        char text[4096];
        char *folder = strdup(at(name));
        *strrchr(folder, '/') = 0;
        mkdir(folder, 0755);
        free(folder);
        snprintf(text, sizeof text, what, root, root, root);
        write_file(at(name), made_from(&made, text));
}

static bool none_but_libc(void *data, const char *name)
{
        return !strcmp(name, "libc.so.6");
}

static struct needed_order order_for(const char *name)
{
        return (struct needed_order){ .path = at(name), .is_loaded = none_but_libc };
}

/* Expects the files' names below the folder, in this order, divided by spaces. */
static void expect(const struct needed_order *order, const char *files)
{
        struct ward_fault fault = { 0 };
        OWNED(needed_finish) struct needed needed = { 0 };
        char text[4096] = "";
        if (needed_find(order, &needed, &fault))
                fail_msg("%s", fault.text);
        for (size_t i = 0; i < needed.n; i++) {
                const char *path = needed.files[i].path;
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? " " : "",
                         strncmp(path, root, strlen(root)) ? path : path + strlen(root) + 1);
        }
        assert_string_equal(text, files);
}

static void expect_fault(const struct needed_order *order, const char *phrase)
{
        struct ward_fault fault = { 0 };
        struct needed needed = { 0 };
        assert_int_equal(needed_find(order, &needed, &fault), -WARD_FAULT_MODULE);
        assert_null(needed.files);
        if (!strstr(fault.text, phrase))
                fail_msg("'%s', not '%s'", fault.text, phrase);
}

/* --- Where, and in which order ---------------------------------------------------------------- */

TEST(bottom_up)
{
        begin();
        put("top.so", "runpath:$ORIGIN/lib needed:liba.so needed:libb.so needed:libc.so.6");
        put("lib/liba.so", "soname:liba.so runpath:${ORIGIN} needed:libleaf.so needed:libc.so.6");
        put("lib/libb.so", "soname:libb.so runpath:$ORIGIN needed:liba.so needed:libleaf.so");
        put("lib/libleaf.so", "soname:libleaf.so");
        const struct needed_order order = order_for("top.so");
        expect(&order, "lib/libleaf.so lib/liba.so lib/libb.so");
        end();
}

TEST(circles)
{
        begin();
        put("top.so", "soname:top.so runpath:$ORIGIN needed:liba.so");
        put("liba.so", "soname:liba.so runpath:$ORIGIN needed:libb.so");
        put("libb.so", "soname:libb.so runpath:$ORIGIN needed:liba.so needed:top.so needed:libb.so");
        const struct needed_order order = order_for("top.so");
        expect(&order, "libb.so liba.so");
        end();
}

TEST(runpath_is_not_inherited_and_rpath_is)
{
        begin();
        put("runpath.so", "runpath:%s/lib needed:liba.so");
        put("rpath.so", "rpath:%s/lib needed:liba.so");
        put("lib/liba.so", "soname:liba.so needed:libleaf.so");
        put("lib/libleaf.so", "soname:libleaf.so");
        const struct needed_order runpath = order_for("runpath.so"), rpath = order_for("rpath.so");
        expect(&rpath, "lib/libleaf.so lib/liba.so");
        expect_fault(&runpath, "library 'libleaf.so' is missing");
        put("lib/liba.so", "soname:liba.so runpath:/nowhere needed:libleaf.so");
        expect_fault(&rpath, "RUNPATH '/nowhere'");
        end();
}

TEST(folders_come_first)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:liba.so");
        put("liba.so", "soname:liba.so");
        put("one/liba.so", "soname:liba.so");
        put("two/liba.so", "soname:liba.so");
        const char *const one[] = { "/nowhere", at("one"), NULL }, *const two[] = { at("two"), NULL };
        struct needed_order order = order_for("top.so");
        order.folders[1] = two;
        expect(&order, "two/liba.so");
        order.folders[0] = one;
        expect(&order, "one/liba.so");
        end();
}

TEST(from_the_system)
{
        begin();
        put("top.so", "needed:libm.so.6");
        struct needed_order order = order_for("top.so");
        OWNED(needed_finish) struct needed needed = { 0 };
        struct ward_fault fault = { 0 };
        if (needed_find(&order, &needed, &fault))
                fail_msg("%s", fault.text);
        assert_true(needed.n >= 1);
        assert_string_equal(needed.files[needed.n - 1].name, "libm.so.6");
        assert_int_equal(needed.files[needed.n - 1].path[0], '/');
        end();
}

/* A file of another machine, or none at all, is passed over. */
TEST(goes_on_behind_what_is_none)
{
        begin();
        put("top.so", "runpath:%s/bad:%s/other:%s/good needed:liba.so");
        put("good/liba.so", "soname:liba.so");
        put("bad/liba.so", "");
        write_file(at("bad/liba.so"), span_of("INPUT(liba.a)"));
        struct made made;
        struct ward_span bytes = made_from(&made, "");
        made.head.e_machine ^= 1;
        assert_int_equal(mkdir(at("other"), 0755), 0);
        write_file(at("other/liba.so"), bytes);
        const struct needed_order order = order_for("top.so");
        expect(&order, "good/liba.so");
        end();
}

TEST(names_with_slashes)
{
        begin();
        put("top.so", "needed:%s/lib/liba.so needed:$ORIGIN/lib/libb.so");
        put("lib/liba.so", "");
        put("lib/libb.so", "");
        const struct needed_order order = order_for("top.so");
        expect(&order, "lib/liba.so lib/libb.so");
        put("top.so", "needed:lib/liba.so");
        expect_fault(&order, "'lib/liba.so' is missing");
        end();
}

TEST(one_file_of_two_names)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:liba.so needed:libb.so");
        put("liba.so", "soname:liba.so.1");
        assert_int_equal(symlink("liba.so", at("libb.so")), 0);
        struct needed_order order = order_for("top.so");
        OWNED(needed_finish) struct needed needed = { 0 };
        assert_int_equal(needed_find(&order, &needed, NULL), 0);
        assert_int_equal(needed.n, 1);
        assert_string_equal(needed.files[0].alias, "liba.so");
        end();
}

/* --- What is asked for ------------------------------------------------------------------------ */

struct asked {
        const char *path; /* the answer; NULL: bytes */
        int n;
        int result;
};

static int resolve(void *data, const char *name, const char *by, struct needed_file *ret, struct ward_fault *fault)
{
        struct asked *asked = data;
        struct made made;
        asked->n++;
        assert_string_equal(name, "libgone.so");
        assert_non_null(strstr(by, "top.so"));
        if (asked->result < 0)
                return fault_set(fault, WARD_FAULT_REFUSED, "no");
        if (asked->result)
                return asked->result;
        if (asked->path) {
                ret->path = strdup(asked->path);
                return 0;
        }
        struct ward_span bytes = made_from(&made, "soname:libgone.so needed:libleaf.so runpath:$ORIGIN:/");
        ret->path = strdup("libgone.so");
        ret->copy = memfd_create("gone", MFD_CLOEXEC);
        assert_int_equal(write(ret->copy, bytes.at, bytes.len), bytes.len);
        return 0;
}

TEST(who_is_asked)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:libgone.so");
        put("lib/x.so", "soname:libx.so");
        struct asked asked = { .path = at("lib/x.so") };
        struct needed_order order = { .path = at("top.so"), .resolve = resolve, .data = &asked };
        expect(&order, "lib/x.so");
        assert_int_equal(asked.n, 1);
        asked.path = at("nowhere.so");
        expect_fault(&order, "which the host gave for 'libgone.so'");
        asked.result = 1;
        expect_fault(&order, "and the host does not know it");
        asked.result = -1;
        assert_int_equal(needed_find(&order, &(struct needed){ 0 }, NULL), -WARD_FAULT_REFUSED);
        end();
}

TEST(given_as_bytes)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:libgone.so");
        put("lib/libleaf.so", "soname:libleaf.so");
        struct asked asked = { 0 };
        const char *const folders[] = { at("lib"), NULL };
        struct needed_order order = { .path = at("top.so"), .folders = { folders }, .resolve = resolve, .data = &asked };
        OWNED(needed_finish) struct needed needed = { 0 };
        assert_int_equal(needed_find(&order, &needed, NULL), 0);
        assert_int_equal(needed.n, 2);
        assert_true(needed.files[1].copy >= 0);
        assert_string_equal(needed.files[1].path, "libgone.so");
        end();
}

/* A module in memory has no folder of its own. */
TEST(of_a_module_in_memory)
{
        begin();
        struct made made;
        put("liba.so", "soname:liba.so");
        const struct ward_span image = made_from(&made, "runpath:$ORIGIN needed:liba.so");
        const char *const folders[] = { root, NULL };
        struct needed_order order = { .path = at("top.so"), .image = image };
        expect_fault(&order, "library 'liba.so' is missing");
        order.folders[0] = folders;
        expect(&order, "liba.so");
        end();
}

/* --- Hostile files ---------------------------------------------------------------------------- */

TEST(too_many_places)
{
        begin();
        char list[4000] = "", what[4200];
        for (int i = 0; i < 900; i++)
                strcat(list, "/a:");
        for (int i = 0; i < 30; i++) {
                char name[32];
                snprintf(name, sizeof name, "lib%d.so", i);
                snprintf(what, sizeof what, "runpath:%s$ORIGIN needed:lib%d.so", list, i + 1);
                put(name, what);
        }
        const struct needed_order order = order_for("lib0.so");
        expect_fault(&order, "too many places");
        end();
}

TEST(too_many_files)
{
        begin();
        for (int i = 0; i <= NEEDED_FILES_MAX + 1; i++) {
                char name[32], what[64];
                snprintf(name, sizeof name, "lib%d.so", i);
                snprintf(what, sizeof what, "runpath:$ORIGIN needed:lib%d.so", i + 1);
                put(name, what);
        }
        const struct needed_order order = order_for("lib0.so");
        expect_fault(&order, "more than 500 libraries");
        end();
}

TEST(damaged_on_the_way)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:liba.so");
        struct made made;
        struct ward_span bytes = made_from(&made, "needed:libb.so");
        made.segments[1].p_filesz = UINT64_MAX;
        write_file(at("liba.so"), bytes);
        const struct needed_order order = order_for("top.so");
        expect_fault(&order, "is cut short or damaged");
        end();
}

/* Of what is missing, the loader may know more. */
TEST(partly)
{
        begin();
        put("top.so", "runpath:$ORIGIN needed:libgone.so needed:liba.so");
        put("liba.so", "soname:liba.so");
        struct needed_order order = order_for("top.so");
        order.partial = true;
        expect(&order, "liba.so");
        end();
}

/* Whoever loads it says what is wrong with it. */
TEST(what_is_no_module)
{
        struct ward_fault fault = { 0 };
        struct needed needed = { 0 };
        const struct needed_order text = { .path = "/etc/passwd" }, none = { .path = "/nowhere" }, folder = { .path = "/" };
        assert_int_equal(needed_find(&text, &needed, &fault), 0);
        assert_int_equal(needed_find(&none, &needed, &fault), 0);
        assert_int_equal(needed_find(&folder, &needed, &fault), 0);
        assert_int_equal(needed.n, 0);
        needed_finish(&needed);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(bottom_up), TEST_CASE(circles), TEST_CASE(runpath_is_not_inherited_and_rpath_is),
                         TEST_CASE(folders_come_first), TEST_CASE(from_the_system), TEST_CASE(goes_on_behind_what_is_none),
                         TEST_CASE(names_with_slashes), TEST_CASE(one_file_of_two_names), TEST_CASE(who_is_asked),
                         TEST_CASE(given_as_bytes), TEST_CASE(of_a_module_in_memory), TEST_CASE(too_many_places),
                         TEST_CASE(too_many_files), TEST_CASE(damaged_on_the_way), TEST_CASE(partly), TEST_CASE(what_is_no_module));
}
