/* What add-ins say to the host's log. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ward/event.h>
#include "test/managers/stage.h"

struct heard {
        uint32_t n;
        uint32_t by_level[6];
        struct ward_domain *domain;
        char addin[64], text[WARD_EVENT_LOG_MAX + 1];
        uint64_t count;
};

static void on_event(void *data, const struct ward_event *event)
{
        struct heard *heard = data;
        if (event->kind != WARD_EVENT_LOG)
                return;
        heard->n++;
        heard->by_level[event->level]++;
        heard->domain = event->domain;
        heard->count = event->count;
        snprintf(heard->addin, sizeof heard->addin, "%s", event->addin);
        snprintf(heard->text, sizeof heard->text, "%s", event->text);
}

static struct ward_host *host_that_hears(struct heard *heard)
{
        memset(heard, 0, sizeof *heard);
        return stage_host((struct ward_host_options){ .on_event = on_event, .on_event_data = heard });
}

static void say(struct managers *managers, uint8_t level, const char *text, size_t len, uint32_t times)
{
        struct ward_fault fault;
        const managers_string_t string = { (uint8_t *)text, len };
        assert_good(managers_say(managers, level, &string, times, &fault), &fault);
}

TEST(lines_arrive)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct heard heard;
                struct ward_host *host = host_that_hears(&heard);
                struct ward_activate_options options = options_for(kind);
                options.name = "talker";
                struct managers *managers = stage_activate(host, addin_file("managers", kind), &options);
                say(managers, WARD_DOMAIN_LOG_LEVEL_WARN, "it is late", 10, 1);
                assert_int_equal(heard.n, 1);
                assert_int_equal(heard.by_level[WARD_LOG_WARN], 1);
                assert_string_equal(heard.text, "it is late");
                assert_string_equal(heard.addin, "talker");
                assert_ptr_equal(heard.domain, managers_domain(managers));
                say(managers, 5, "once more", 9, 1000);
                assert_int_equal(heard.n, 1001); /* all of them */
                assert_int_equal(heard.count, 1001);
                for (int level = WARD_LOG_TRACE; level <= WARD_LOG_ERROR; level++)
                        assert_int_equal(heard.by_level[level], 200 + (level == WARD_LOG_WARN));
                managers_release(managers);
                ward_host_free(host);
        }
}

/* Posted lines have arrived when the call that posted them is over. */
TEST(lines_that_are_not_waited_for)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct heard heard;
                struct ward_host *host = host_that_hears(&heard);
                struct ward_activate_options options = options_for(kind);
                struct managers *managers = stage_activate(host, addin_file("managers", kind), &options);
                say(managers, 6, "by the way", 10, 5000);
                assert_int_equal(heard.by_level[WARD_LOG_INFO], 5000);
                assert_string_equal(heard.text, "by the way");
                managers_release(managers);
                ward_host_free(host);
        }
}

/* Nothing that an add-in says looks like another line, or does anything to a terminal. */
TEST(texts_are_escaped_and_cut)
{
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct heard heard;
                struct ward_host *host = host_that_hears(&heard);
                struct ward_activate_options options = options_for(kind);
                struct managers *managers = stage_activate(host, addin_file("managers", kind), &options);
                say(managers, 0, "a\nerror: b\x1b[31m\0c", 17, 1);
                assert_string_equal(heard.text, "a\\x0aerror: b\\x1b[31m\\x00c");
                char *large = malloc(1 << 20);
                memset(large, 'x', 1 << 20);
                say(managers, 0, large, 1 << 20, 1);
                assert_int_equal(heard.n, 2);
                assert_true(strlen(heard.text) > 4000 && strlen(heard.text) < WARD_EVENT_LOG_MAX);
                free(large);
                managers_release(managers);
                ward_host_free(host);
        }
}

TEST(nobody_listens)
{
        struct ward_host *host = host_start();
        enum ward_isolation kind;
        FOR_EACH_KIND(kind)
        {
                struct ward_activate_options options = options_for(kind);
                struct managers *managers = stage_activate(host, addin_file("managers", kind), &options);
                say(managers, 5, "to nobody", 9, 100);
                managers_release(managers);
        }
        ward_host_free(host);
}

TEST(levels_have_names)
{
        assert_string_equal(ward_log_level_name(WARD_LOG_TRACE), "trace");
        assert_string_equal(ward_log_level_name(WARD_LOG_ERROR), "error");
        assert_string_equal(ward_log_level_name((enum ward_log_level)77), "unknown");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(lines_arrive), TEST_CASE(lines_that_are_not_waited_for),
                         TEST_CASE(texts_are_escaped_and_cut), TEST_CASE(nobody_listens), TEST_CASE(levels_have_names));
}
