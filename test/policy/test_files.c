/* Files, programs and processes that are granted, and what is not. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test/policy/stage.h"

/* Refused, in whichever way: it is not there, or may not be touched. */
static void refused(int r)
{
        if (r != -1 - EACCES && r != -1 - EPERM && r != -1 - ENOENT && r != -1 - EROFS)
                fail_msg("%d (%s)", r, r < 0 ? strerror(-1 - r) : "it was done");
}

/* WASI has numbers of its own: what is refused there is only known to be. */
static void refused_at(enum ward_isolation isolation, int r)
{
        if (isolation == WARD_PROCESS)
                refused(r);
        else
                assert_true(r < 0);
}

static void set(struct stage *stage, enum ward_isolation isolation)
{
        if (isolation == WARD_PROCESS)
                support_needs_level(WARD_LEVEL_INTRANET);
        stage_set(stage);
        stage_folder("given", 0755);
        stage_file("given/file");
        stage_folder("given/below", 0755);
        stage_file("given/below/file");
        stage_folder("out", 0777);
        stage_folder("other", 0777);
        stage_file("other/file");
        stage_file("file");
}

static void grant(struct stage *stage, enum ward_isolation isolation, const char *const *permissions)
{
        const struct ward_activate_options options = stage_options(isolation, WARD_LEVEL_INTRANET, permissions);
        stage_activate(stage, &options);
}

static void folders_are_read(enum ward_isolation isolation)
{
        struct stage stage;
        set(&stage, isolation);
        grant(&stage, isolation, PERMISSIONS("read given"));
        assert_int_equal(stage_try_below(&stage, "read", "given/file"), 5);
        assert_int_equal(stage_try_below(&stage, "read", "given/below/../below/file"), 5);
        assert_int_equal(stage_try_below(&stage, "list", "given"), 2);
        refused_at(isolation, stage_try_below(&stage, "write", "given/file"));
        refused_at(isolation, stage_try_below(&stage, "write", "given/new"));
        refused_at(isolation, stage_try_below(&stage, "remove", "given/file"));
        refused_at(isolation, stage_try_below(&stage, "make", "given/new"));
        refused_at(isolation, stage_try_below(&stage, "read", "other/file"));
        refused_at(isolation, stage_try_below(&stage, "read", "given/../other/file"));
        refused_at(isolation, stage_try_below(&stage, "read", "file"));
        refused_at(isolation, stage_try(&stage, "read", "/etc/passwd"));
        refused_at(isolation, stage_try(&stage, "list", "/proc"));
        refused_at(isolation, stage_try_below(&stage, "write", "new"));
        assert_int_equal(access("given/new", F_OK), -1);
        stage_strike(&stage);
}

TEST(folders_are_read_by_a_process)
{
        folders_are_read(WARD_PROCESS);
}

TEST(folders_are_read_by_a_module)
{
        folders_are_read(WARD_WASM);
}

static void folders_are_written_to(enum ward_isolation isolation)
{
        struct stage stage;
        struct stat st;
        set(&stage, isolation);
        grant(&stage, isolation, PERMISSIONS("write out", "read given"));
        assert_int_equal(stage_try_below(&stage, "write", "out/new"), 0);
        assert_int_equal(stage_try_below(&stage, "read", "out/new"), 5);
        assert_int_equal(stage_try_below(&stage, "make", "out/folder"), 0);
        assert_int_equal(stage_try_below(&stage, "write", "out/folder/new"), 0);
        assert_int_equal(stage_try_below(&stage, "remove", "out/folder/new"), 0);
        refused_at(isolation, stage_try_below(&stage, "write", "given/new"));
        refused_at(isolation, stage_try_below(&stage, "write", "other/file"));
        assert_int_equal(stat("out/new", &st), 0);
        assert_int_equal(st.st_size, 5);
        assert_int_equal(stat("out/folder", &st), 0);
        stage_strike(&stage);
}

TEST(folders_are_written_to_by_a_process)
{
        folders_are_written_to(WARD_PROCESS);
}

TEST(folders_are_written_to_by_a_module)
{
        folders_are_written_to(WARD_WASM);
}

/* Whoever made them: what they name is looked for where the add-in is. */
static void links_lead_nowhere(enum ward_isolation isolation)
{
        struct stage stage;
        set(&stage, isolation);
        stage_link("../other", "given/up");
        stage_link("/etc", "given/etc");
        stage_link("below/file", "given/inner");
        grant(&stage, isolation, PERMISSIONS("read given", "write out"));
        assert_int_equal(stage_try_below(&stage, "read", "given/inner"), 5);
        refused_at(isolation, stage_try_below(&stage, "read", "given/up/file"));
        refused_at(isolation, stage_try_below(&stage, "read", "given/etc/passwd"));
        if (stage_try_below(&stage, "link", "out/etc") == 0)
                refused_at(isolation, stage_try_below(&stage, "read", "out/etc/passwd"));
        stage_strike(&stage);
}

TEST(links_lead_a_process_nowhere)
{
        links_lead_nowhere(WARD_PROCESS);
}

TEST(links_lead_a_module_nowhere)
{
        links_lead_nowhere(WARD_WASM);
}

/* A path that is granted may have links in it. */
TEST(links_to_what_is_granted_are_followed)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        stage_link("given", "one");
        stage_link("one/below", "two");
        grant(&stage, WARD_PROCESS, PERMISSIONS("read two"));
        assert_int_equal(stage_try_below(&stage, "read", "two/file"), 5);
        assert_int_equal(stage_try_below(&stage, "read", "given/below/file"), 5);
        refused(stage_try_below(&stage, "read", "one/file"));
        refused(stage_try_below(&stage, "read", "given/file"));
        stage_strike(&stage);
}

TEST(single_files_are_granted)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        assert_int_equal(chmod("other/file", 0666), 0);
        grant(&stage, WARD_PROCESS, PERMISSIONS("read given/file", "write other/file", "write /dev/null", "read not/there"));
        assert_int_equal(stage_try_below(&stage, "read", "given/file"), 5);
        assert_int_equal(stage_try_below(&stage, "write", "other/file"), 0);
        assert_int_equal(stage_try(&stage, "write", "/dev/null"), 0);
        refused(stage_try_below(&stage, "write", "given/file"));
        refused(stage_try_below(&stage, "read", "given/below/file"));
        refused(stage_try_below(&stage, "write", "other/new"));
        refused(stage_try(&stage, "read", "/dev/zero"));
        stage_strike(&stage);
}

/* What is granted twice has the rights of both; a folder within one that may be written to is no less. */
TEST(grants_add_up)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        stage_folder("out/inner", 0777);
        grant(&stage, WARD_PROCESS, PERMISSIONS("read out/inner", "write out", "read given", "write given/below/../../other"));
        assert_int_equal(stage_try_below(&stage, "write", "out/inner/new"), 0);
        assert_int_equal(stage_try_below(&stage, "write", "out/new"), 0);
        assert_int_equal(stage_try_below(&stage, "write", "other/new"), 0);
        stage_strike(&stage);
}

TEST(many_paths_are_granted)
{
        enum { MANY = 1000 };
        static char texts[MANY][32];
        const char *permissions[MANY + 1] = { NULL };
        struct stage stage;
        char name[32];
        set(&stage, WARD_PROCESS);
        for (int i = 0; i < MANY; i++) {
                sprintf(name, "given/%d", i);
                stage_file(name);
                sprintf(texts[i], "read given/%d", i);
                permissions[i] = texts[i];
        }
        grant(&stage, WARD_PROCESS, permissions);
        assert_int_equal(stage_try_below(&stage, "read", "given/0"), 5);
        assert_int_equal(stage_try_below(&stage, "read", "given/999"), 5);
        refused(stage_try_below(&stage, "read", "given/file"));
        stage_strike(&stage);
}

#define PROGRAMS "execute /usr", "execute /bin", "execute /lib", "execute /lib64"

TEST(programs_are_run)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        grant(&stage, WARD_PROCESS, PERMISSIONS(PROGRAMS, "spawn"));
        assert_int_equal(stage_try(&stage, "spawn", ""), 7);
        assert_int_equal(stage_try(&stage, "run", "/bin/true"), 0);
        assert_int_equal(stage_try(&stage, "run", "/bin/false"), 1);
        stage_strike(&stage);
}

TEST(without_execute_nothing_is_run)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        grant(&stage, WARD_PROCESS, PERMISSIONS("read /usr", "read /bin", "read /lib", "read /lib64", "spawn"));
        assert_int_equal(stage_try(&stage, "spawn", ""), 7);
        int r = stage_try(&stage, "run", "/bin/true");
        assert_true(r == 100 + EACCES || r == 100 + EPERM);
        stage_strike(&stage);
}

TEST(without_spawn_no_process_is_made)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        grant(&stage, WARD_PROCESS, PERMISSIONS(PROGRAMS));
        assert_true(stage_try(&stage, "spawn", "") < 0);
        assert_true(stage_try(&stage, "run", "/bin/true") < 0);
        stage_strike(&stage);
}

/* A host that is root: its workers are not. */
TEST(what_is_roots_alone_is_refused)
{
        struct stage stage;
        if (geteuid())
                harness_skip("the host is to be root");
        set(&stage, WARD_PROCESS);
        stage_folder("mine", 0700);
        stage_file("mine/file");
        struct ward_activate_options options = stage_options(WARD_PROCESS, WARD_LEVEL_INTRANET, PERMISSIONS("read mine"));
        stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "'chmod o+rx' would");
        options.permissions = PERMISSIONS("write given");
        stage_refuses(&stage, &options, WARD_FAULT_REFUSED, "'chmod o+rwx' would");
        grant(&stage, WARD_PROCESS, PERMISSIONS("read mine/file"));
        assert_int_equal(stage_try_below(&stage, "read", "mine/file"), 5);
        stage_strike(&stage);
}

/* One of the two that hold files suffices, beside the filter. */
static void holds_without(uint64_t layer)
{
        const struct ward_host_options options = { .size = sizeof options, .without_layers = layer };
        struct ward_fault fault;
        struct stage stage;
        support_needs(WARD_LAYER_OWN_ROOT | WARD_LAYER_LANDLOCK);
        set(&stage, WARD_PROCESS);
        stage_link("../other", "given/up");
        assert_good(ward_host_new(&options, &stage.host, &fault), &fault);
        grant(&stage, WARD_PROCESS, PERMISSIONS(PROGRAMS, "read given", "write out", "spawn"));
        assert_int_equal(stage_try_below(&stage, "read", "given/file"), 5);
        assert_int_equal(stage_try_below(&stage, "list", "given"), 3);
        assert_int_equal(stage_try_below(&stage, "write", "out/new"), 0);
        assert_int_equal(stage_try_below(&stage, "make", "out/folder"), 0);
        assert_int_equal(stage_try(&stage, "run", "/bin/true"), 0);
        refused(stage_try_below(&stage, "read", "other/file"));
        refused(stage_try_below(&stage, "read", "given/up/file"));
        refused(stage_try_below(&stage, "write", "given/new"));
        refused(stage_try_below(&stage, "write", "other/new"));
        refused(stage_try(&stage, "read", "/etc/passwd"));
        stage_strike(&stage);
}

TEST(files_are_held_without_a_root)
{
        holds_without(WARD_LAYER_OWN_ROOT);
}

TEST(files_are_held_without_landlock)
{
        holds_without(WARD_LAYER_LANDLOCK);
}

TEST(nothing_is_there_at_internet)
{
        struct stage stage;
        set(&stage, WARD_PROCESS);
        const struct ward_activate_options options = stage_options(WARD_PROCESS, WARD_LEVEL_INTERNET, NULL);
        stage_activate(&stage, &options);
        refused(stage_try_below(&stage, "read", "given/file"));
        refused(stage_try(&stage, "read", "/etc/passwd"));
        refused(stage_try(&stage, "write", "/tmp/x"));
        assert_true(stage_try(&stage, "spawn", "") < 0);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(folders_are_read_by_a_process), TEST_CASE(folders_are_read_by_a_module),
                         TEST_CASE(folders_are_written_to_by_a_process), TEST_CASE(folders_are_written_to_by_a_module),
                         TEST_CASE(links_lead_a_process_nowhere), TEST_CASE(links_lead_a_module_nowhere),
                         TEST_CASE(links_to_what_is_granted_are_followed), TEST_CASE(single_files_are_granted),
                         TEST_CASE(grants_add_up), TEST_CASE(many_paths_are_granted), TEST_CASE(programs_are_run),
                         TEST_CASE(without_execute_nothing_is_run), TEST_CASE(without_spawn_no_process_is_made),
                         TEST_CASE(what_is_roots_alone_is_refused), TEST_CASE(files_are_held_without_a_root),
                         TEST_CASE(files_are_held_without_landlock), TEST_CASE(nothing_is_there_at_internet));
}
