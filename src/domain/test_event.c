#include "test/harness/harness.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "domain/event.h"
#include "domain/test_stage.h"

/* --- What is told ----------------------------------------------------------------------------- */

static struct told {
        int n;
        struct ward_event last; /* its texts are gone, but for the copies */
        char addin[WARD_FAULT_NAME_MAX], operation[WARD_FAULT_NAME_MAX], subject[WARD_EVENT_SUBJECT_MAX], text[WARD_EVENT_TEXT_MAX];
} told;

static const struct event opening = { .kind = WARD_EVENT_REFUSED, .error = EACCES, .addin = "basic", .operation = "path_open" };

static void keep(void *data, const struct ward_event *event)
{
        struct told *to = data;
        to->n++;
        to->last = *event;
        snprintf(to->addin, sizeof to->addin, "%s", event->addin);
        snprintf(to->operation, sizeof to->operation, "%s", event->operation);
        snprintf(to->subject, sizeof to->subject, "%s", event->subject);
        snprintf(to->text, sizeof to->text, "%s", event->text);
        errno = EBADF;
}

static struct stage on_stage;

static void start(ward_on_event on_event)
{
        stage_start(&on_stage, REFERENCES_KEPT_HERE, false, false);
        on_stage.domains.on_event = on_event;
        on_stage.domains.on_event_data = &told;
}

/* --- Tests ------------------------------------------------------------------------------------ */

TEST(an_event_is_told_with_all_that_is_known)
{
        struct event event = opening;
        start(keep);
        event.subject = span_of("/etc/\n\xffpasswd");
        errno = 0;
        domain_event(on_stage.domain, &event, "add-in '%s' may not open '%s'", "basic", "a\nb");
        assert_int_equal(errno, 0);
        assert_int_equal(told.n, 1);
        assert_int_equal(told.last.size, sizeof(struct ward_event));
        assert_int_equal(told.last.kind, WARD_EVENT_REFUSED);
        assert_int_equal(told.last.error, EACCES);
        assert_ptr_equal(told.last.domain, on_stage.domain);
        assert_int_equal(told.last.count, 1);
        assert_string_equal(told.addin, "basic");
        assert_string_equal(told.operation, "path_open");
        assert_string_equal(told.subject, "/etc/\\x0a\\xffpasswd");
        assert_string_equal(told.text, "add-in 'basic' may not open 'a\\x0ab'");
        stage_finish();
}

TEST(the_whole_host_is_no_domain)
{
        const struct event event = { .kind = WARD_EVENT_HANDLER, .operation = "SIGSEGV" };
        start(keep);
        domains_event(&on_stage.domains, &event, "somebody replaced it");
        assert_int_equal(told.n, 1);
        assert_null(told.last.domain);
        assert_string_equal(told.addin, "");
        assert_string_equal(told.subject, "");
        stage_finish();
}

TEST(a_flood_is_told_of_now_and_then)
{
        enum { MANY = 100000, FIRST = 16, POWERS = 12 }; /* 32 to 65,536 */
        struct event other = opening;
        start(keep);
        for (int i = 0; i < MANY; i++)
                domain_event(on_stage.domain, &opening, "no");
        assert_int_equal(told.n, FIRST + POWERS);
        assert_int_equal(told.last.count, 65536);
        other.operation = "path_rename";
        domain_event(on_stage.domain, &other, "no");
        assert_int_equal(told.last.count, 1);
        other = opening;
        other.kind = WARD_EVENT_LIMIT;
        domain_event(on_stage.domain, &other, "no");
        assert_int_equal(told.last.count, 1);
        domains_event(&on_stage.domains, &opening, "no");
        assert_int_equal(told.last.count, 1);
        stage_finish();
}

TEST(what_happened_several_times_at_once_is_counted_so)
{
        struct event many = opening;
        start(keep);
        many.times = 30;
        domain_event(on_stage.domain, &many, "no"); /* 1 to 30: some of the first 16 are among them */
        many.times = 1;
        domain_event(on_stage.domain, &many, "no"); /* 31 */
        assert_int_equal(told.n, 1);
        many.times = 10;
        domain_event(on_stage.domain, &many, "no"); /* to 41: 32 is among them */
        assert_int_equal(told.n, 2);
        assert_int_equal(told.last.count, 41);
        domain_event(on_stage.domain, &many, "no");
        assert_int_equal(told.n, 2);
        stage_finish();
}

TEST(what_a_record_is_made_of_is_told_always)
{
        const struct event act = { .kind = WARD_EVENT_ACT, .operation = "read", .subject = span_of("/etc/passwd") };
        start(keep);
        for (int i = 0; i < 100; i++)
                domain_event(on_stage.domain, &act, "it read it");
        assert_int_equal(told.n, 100);
        assert_string_equal(ward_event_kind_name(WARD_EVENT_ACT), "act");
        stage_finish();
}

TEST(operations_beyond_what_is_counted_apart_are_counted_together)
{
        static char names[EVENT_OPERATIONS_MAX + 2][8];
        start(keep);
        for (int i = 0; i < EVENT_OPERATIONS_MAX + 2; i++) {
                struct event event = opening;
                snprintf(names[i], sizeof names[i], "op%d", i);
                event.operation = names[i];
                domain_event(on_stage.domain, &event, "no");
        }
        assert_int_equal(told.last.count, 3);
        stage_finish();
}

static void tell_within(void *data, const struct ward_event *event)
{
        keep(data, event);
        domain_event(event->domain, &opening, "again");
}

TEST(what_a_callback_brings_about_is_not_told)
{
        start(tell_within);
        domain_event(on_stage.domain, &opening, "no");
        assert_int_equal(told.n, 1);
        domain_event(on_stage.domain, &opening, "no");
        assert_int_equal(told.n, 2);
        assert_int_equal(told.last.count, 2);
        stage_finish();
}

TEST(nobody_listens)
{
        start(NULL);
        assert_false(events_are_told(&on_stage.domains));
        domain_event(on_stage.domain, &opening, "no");
        domains_event(&on_stage.domains, &opening, "no");
        assert_null(on_stage.domain->events);
        stage_finish();
}

/* The default domain's page is not wiped, but that of what the host's domains share is. */
TEST(a_forked_child_is_not_told)
{
        int status;
        start(keep);
        pid_t child = fork();
        if (!child) {
                domains_event(&on_stage.domains, &opening, "no");
                _exit(told.n);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_int_equal(status, 0);
        stage_finish();
}

TEST(kinds_have_names)
{
        assert_string_equal(ward_event_kind_name(WARD_EVENT_REFUSED), "refused");
        assert_string_equal(ward_event_kind_name(WARD_EVENT_LIMIT), "limit");
        assert_string_equal(ward_event_kind_name(WARD_EVENT_HANDLER), "handler");
        assert_string_equal(ward_event_kind_name(WARD_EVENT_LOG), "log");
        assert_string_equal(ward_event_kind_name((enum ward_event_kind)0), "unknown");
        assert_string_equal(ward_event_kind_name((enum ward_event_kind)99), "unknown");
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE(an_event_is_told_with_all_that_is_known), TEST_CASE(the_whole_host_is_no_domain),
                         TEST_CASE(a_flood_is_told_of_now_and_then), TEST_CASE(what_happened_several_times_at_once_is_counted_so),
                         TEST_CASE(what_a_record_is_made_of_is_told_always),
                         TEST_CASE(operations_beyond_what_is_counted_apart_are_counted_together),
                         TEST_CASE(what_a_callback_brings_about_is_not_told), TEST_CASE(nobody_listens),
                         TEST_CASE(a_forked_child_is_not_told), TEST_CASE(kinds_have_names));
}
