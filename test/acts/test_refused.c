/* Refused acts: an errno to the add-in, an event with name and subject to its host. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"
#include "test/acts/stage.h"

static struct stage stage;

/* --- internet --------------------------------------------------------------------------------- */

TEST(internet_opens_nothing)
{
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        assert_int_equal(deed(&stage, "read", "/etc/passwd", 0), -EACCES);
        struct stage_event event = stage_await(&stage, WARD_EVENT_REFUSED, "openat", "/etc/passwd");
        assert_int_equal(event.error, EACCES);
        assert_int_equal(deed(&stage, "look", "/etc/../etc//shadow", 0), -EACCES);
        assert_true(stage_await(&stage, WARD_EVENT_REFUSED, "newfstatat", "/etc/shadow").error == EACCES);
        assert_int_equal(deed(&stage, "write", "/tmp/x", 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "openat", "/tmp/x");
        assert_int_equal(deed(&stage, "remove", "relative", 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "unlink", "/relative");
        stage_strike(&stage);
}

TEST(internet_makes_and_reaches_no_processes)
{
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        assert_int_equal(deed(&stage, "fork", "", 0), -EPERM);
        stage_await(&stage, WARD_EVENT_REFUSED, "clone", NULL);
        assert_int_equal(deed(&stage, "execute", "/bin/true", 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "execve", "/bin/true");
        assert_int_equal(deed(&stage, "trace", "", 1), -EPERM);
        stage_await(&stage, WARD_EVENT_REFUSED, "ptrace", "request 16, process 1");
        assert_int_equal(deed(&stage, "mount", "/mnt", 1), -EPERM);
        stage_await(&stage, WARD_EVENT_REFUSED, "mount", "/mnt");
        assert_int_equal(deed(&stage, "show", "", 0), -EPERM);
        stage_await(&stage, WARD_EVENT_REFUSED, "prctl", "option 4, 1");
        stage_strike(&stage);
}

TEST(internet_has_no_network)
{
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        assert_int_equal(deed(&stage, "dial", "", 80), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "socket", "IPv4, stream");
        assert_int_equal(deed(&stage, "datagrams", "", 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "socket", "IPv4, datagrams");
        stage_strike(&stage);
}

TEST(what_is_newer_than_ward_is_not_there)
{
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        assert_int_equal(deed(&stage, "call", "", 511), -ENOSYS);
        assert_int_equal(deed(&stage, "call", "", SYS_clone3), -ENOSYS);
        stage_strike(&stage);
}

/* --- intranet --------------------------------------------------------------------------------- */

static char folder[] = "/tmp/ward-acts-XXXXXX", inner[64], secret[64], granted_read[96], granted_write[96];

static void touch(const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        fchmod(fd, 0666);
        close(fd);
}

static void make_folder(void)
{
        char path[96];
        assert_non_null(mkdtemp(folder));
        chmod(folder, 0755);
        snprintf(inner, sizeof inner, "%s/in", folder);
        snprintf(secret, sizeof secret, "%s/beside", folder);
        mkdir(inner, 0777);
        chmod(inner, 0777);
        snprintf(path, sizeof path, "%s/file", inner);
        touch(path);
        touch(secret);
        snprintf(granted_read, sizeof granted_read, "read %s", inner);
        snprintf(granted_write, sizeof granted_write, "write %s", inner);
}

static void remove_folder(void)
{
        char path[96];
        snprintf(path, sizeof path, "%s/file", inner);
        unlink(path);
        unlink(secret);
        rmdir(inner);
        rmdir(folder);
}

TEST(intranet_reads_what_is_granted_and_no_more)
{
        char file[96], other[96];
        make_folder();
        const char *const permissions[] = { granted_read, NULL };
        snprintf(file, sizeof file, "%s/file", inner);
        snprintf(other, sizeof other, "%s/new", inner);
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "read", file, 0), 0);
        assert_int_equal(deed(&stage, "list", inner, 0), 0);
        assert_int_equal(deed(&stage, "look", file, 0), 0);
        assert_int_equal(deed(&stage, "write", file, 0), -EACCES);
        assert_int_equal(stage_await(&stage, WARD_EVENT_REFUSED, "openat", file).error, EACCES);
        assert_int_equal(deed(&stage, "remove", file, 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "unlink", file);
        assert_int_equal(deed(&stage, "read", secret, 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "openat", secret);
        assert_int_equal(deed(&stage, "beside", inner, 0), -EACCES);
        stage_strike(&stage);
        remove_folder();
}

TEST(intranet_writes_what_is_granted_to_be_written)
{
        char file[96], made[96];
        make_folder();
        const char *const permissions[] = { granted_write, NULL };
        snprintf(file, sizeof file, "%s/file", inner);
        snprintf(made, sizeof made, "%s/new", inner);
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "write", file, 0), 0);
        assert_int_equal(deed(&stage, "write", made, 0), 0);
        assert_int_equal(deed(&stage, "mode", made, 0), 0);
        assert_int_equal(deed(&stage, "mode", secret, 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "chmod", secret);
        assert_int_equal(deed(&stage, "remove", made, 0), 0);
        assert_int_equal(deed(&stage, "write", secret, 0), -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "openat", secret);
        assert_false(stage_was_told(&stage, WARD_EVENT_REFUSED, "openat", file));
        stage_strike(&stage);
        remove_folder();
}

/* The warden reads the path, then the kernel reads it again. */
TEST(who_changes_a_path_meanwhile_gains_nothing)
{
        char file[96];
        make_folder();
        const char *const permissions[] = { granted_read, NULL };
        snprintf(file, sizeof file, "%s/file", inner);
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "race", file, 3000), 0);
        stage_strike(&stage);
        remove_folder();
}

TEST(processes_take_a_permission)
{
        static const char *const permissions[] = { "spawn", "execute /usr", NULL };
        stage_set(&stage, WARD_LEVEL_INTRANET, permissions, false);
        assert_int_equal(deed(&stage, "fork", "", 0), 7);
        assert_int_equal(deed(&stage, "execute", "/bin/sh", 1), EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "execve", "/bin/sh");
        stage_strike(&stage);
}

/* --- Floods ----------------------------------------------------------------------------------- */

TEST(a_flood_is_counted_and_told_now_and_then)
{
        enum { MANY = 1500 };
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        assert_int_equal(deed(&stage, "reads", "/etc/passwd", MANY), -EACCES);
        stage_strike(&stage);
        assert_in_range(stage.n, 1, 200);
}

TEST(a_flood_costs_others_little)
{
        struct ward_fault fault;
        struct deeds *other;
        struct ward_activate_options options = options_for(WARD_PROCESS);
        deeds_string_t name, at;
        int32_t ret = 0;
        stage_set(&stage, WARD_LEVEL_INTERNET, NULL, false);
        options.level = WARD_LEVEL_INTERNET;
        options.deadline_ms = STAGE_MS;
        assert_good(deeds_activate(stage.host, addin_file("deeds", WARD_PROCESS), &options, NULL, &other, &fault), &fault);
        assert_int_equal(deed(&stage, "reads", "/etc/passwd", 1000), -EACCES); /* has used up what it may at once */
        deeds_string_set(&name, "read");
        deeds_string_set(&at, "/etc/group");
        assert_good(deeds_deed(other, &name, &at, 0, &ret, &fault), &fault);
        assert_int_equal(ret, -EACCES);
        stage_await(&stage, WARD_EVENT_REFUSED, "openat", "/etc/group");
        deeds_release(other);
        stage_strike(&stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(internet_opens_nothing), TEST_CASE(internet_makes_and_reaches_no_processes),
                         TEST_CASE(internet_has_no_network), TEST_CASE(what_is_newer_than_ward_is_not_there),
                         TEST_CASE(intranet_reads_what_is_granted_and_no_more),
                         TEST_CASE(intranet_writes_what_is_granted_to_be_written),
                         TEST_CASE(who_changes_a_path_meanwhile_gains_nothing), TEST_CASE(processes_take_a_permission),
                         TEST_CASE(a_flood_is_counted_and_told_now_and_then), TEST_CASE(a_flood_costs_others_little));
}
