/* What a domain that is recorded uses. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "test/acts/stage.h"

static struct stage stage;

TEST(what_is_used_is_told_and_works)
{
        char folder[] = "/tmp/ward-acts-XXXXXX", file[64];
        assert_non_null(mkdtemp(folder));
        snprintf(file, sizeof file, "%s/new", folder);
        stage_set(&stage, WARD_LEVEL_FULL_TRUST, NULL, true);
        assert_int_equal(deed(&stage, "write", file, 0), 0);
        stage_await(&stage, WARD_EVENT_ACT, "create", file);
        assert_int_equal(deed(&stage, "write", file, 0), 0);
        stage_await(&stage, WARD_EVENT_ACT, "write", file);
        assert_int_equal(deed(&stage, "read", file, 0), 0);
        stage_await(&stage, WARD_EVENT_ACT, "read", file);
        assert_int_equal(deed(&stage, "list", folder, 0), 0);
        stage_await(&stage, WARD_EVENT_ACT, "list", folder);
        assert_int_equal(deed(&stage, "fork", "", 0), 7);
        stage_await(&stage, WARD_EVENT_ACT, "fork", "");
        assert_int_equal(deed(&stage, "execute", "/bin/true", 1), 0);
        stage_await(&stage, WARD_EVENT_ACT, "execute", "/bin/true");
        assert_int_equal(deed(&stage, "dial", "", 1), -ECONNREFUSED);
        stage_await(&stage, WARD_EVENT_ACT, "connect", "127.0.0.1:1");
        stage_strike(&stage);
        unlink(file);
        rmdir(folder);
}

TEST(each_is_told_once)
{
        int n = 0;
        stage_set(&stage, WARD_LEVEL_FULL_TRUST, NULL, true);
        assert_int_equal(deed(&stage, "reads", "/etc/passwd", 2000), 0);
        assert_int_equal(deed(&stage, "read", "/etc/group", 0), 0);
        stage_await(&stage, WARD_EVENT_ACT, "read", "/etc/group");
        stage_strike(&stage);
        for (size_t i = 0; i < stage.n; i++)
                n += !strcmp(stage.events[i].subject, "/etc/passwd");
        assert_int_equal(n, 1);
}

TEST(nothing_that_is_used_is_lost)
{
        enum { MANY = 1000 };
        char subject[32];
        stage_set(&stage, WARD_LEVEL_FULL_TRUST, NULL, true);
        assert_int_equal(deed(&stage, "reads-each", "/nowhere/", MANY), MANY);
        stage_strike(&stage);
        for (int i = 0; i < MANY; i++) {
                snprintf(subject, sizeof subject, "/nowhere/%d", i);
                assert_true(stage_was_told(&stage, WARD_EVENT_ACT, "read", subject));
        }
}

/* Its supervisor would wait for that for ever, with all that its host has. */
TEST(memory_that_is_never_there_costs_only_who_has_it)
{
        struct ward_fault fault;
        deeds_string_t what, path;
        int32_t ret = 0;
        stage_set(&stage, WARD_LEVEL_FULL_TRUST, NULL, true);
        deeds_string_set(&what, "stall");
        deeds_string_set(&path, "");
        int r = deeds_deed(stage.deeds, &what, &path, 0, &ret, &fault);
        stage_strike(&stage);
        if (!r) { /* not everybody may have such memory */
                assert_true(ret == -EPERM || ret == -ENOSYS);
                return;
        }
        assert_int_equal(fault.kind, WARD_FAULT_SIGNAL);
        assert_int_equal(fault.signal, SIGKILL);
}

TEST(recording_is_for_who_is_not_held)
{
        static const enum ward_level levels[] = { WARD_LEVEL_INTERNET, WARD_LEVEL_INTRANET, WARD_LEVEL_HOST };
        struct ward_fault fault;
        struct deeds *deeds;
        struct ward_host *host = host_start();
        struct ward_activate_options options = options_for(WARD_PROCESS);
        options.record = true;
        for (size_t i = 0; i < 3; i++) {
                options.level = levels[i];
                int r = deeds_activate(host, addin_file("deeds", WARD_PROCESS), &options, NULL, &deeds, &fault);
                assert_int_equal(r, -WARD_FAULT_REFUSED);
                assert_says(&fault, "recorded");
        }
        ward_host_free(host);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(what_is_used_is_told_and_works), TEST_CASE(each_is_told_once),
                         TEST_CASE(nothing_that_is_used_is_lost), TEST_CASE(memory_that_is_never_there_costs_only_who_has_it),
                         TEST_CASE(recording_is_for_who_is_not_held));
}
