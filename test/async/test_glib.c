/* Begun calls in a host with GLib's main loop. */
#include <glib-unix.h>
#include "async.h"

enum { CALLS = 50 };

static struct ward_fault fault;

struct loop {
        struct stage stage;
        GMainLoop *main;
        int done;
        int wrong;
};

static gboolean dispatch(gint fd, GIOCondition condition, gpointer data)
{
        struct loop *loop = data;
        (void)fd, (void)condition;
        loop->wrong += ward_host_dispatch(loop->stage.host, 0, NULL) < 0;
        return G_SOURCE_CONTINUE;
}

static gboolean give_up(gpointer data)
{
        struct loop *loop = data;
        loop->wrong++;
        g_main_loop_quit(loop->main);
        return G_SOURCE_REMOVE;
}

static void on_done(void *data, struct ward_pending *pending)
{
        struct loop *loop = data;
        int32_t answer = 0;
        if (begun_asks_finish((struct begun_asks_pending *)pending, &answer, &fault) || answer != 8)
                loop->wrong++;
        if (++loop->done == CALLS)
                g_main_loop_quit(loop->main);
}

EACH_KIND(glib_drives_them)
{
        struct loop loop = { .done = 0 };
        struct begun_asks_pending *pending;
        int fd;
        stage_set(&loop.stage, kind);
        assert_good(ward_host_fd(loop.stage.host, &fd, &fault), &fault);
        GMainContext *context = g_main_context_new();
        loop.main = g_main_loop_new(context, FALSE);
        GSource *source = g_unix_fd_source_new(fd, G_IO_IN), *end = g_timeout_source_new(10000);
        g_source_set_callback(source, G_SOURCE_FUNC(dispatch), &loop, NULL);
        g_source_set_callback(end, give_up, &loop, NULL);
        g_source_attach(source, context);
        g_source_attach(end, context);
        for (int i = 0; i < CALLS; i++) {
                assert_good(begun_asks_begin(loop.stage.begun, 7, &pending, &fault), &fault);
                ward_pending_on_done(begun_asks_pending(pending), on_done, &loop);
        }
        g_main_loop_run(loop.main);
        assert_int_equal(loop.wrong, 0);
        assert_int_equal(loop.done, CALLS);
        assert_true(pthread_equal(loop.stage.server, pthread_self()));
        g_source_destroy(source);
        g_source_destroy(end);
        g_source_unref(source);
        g_source_unref(end);
        g_main_loop_unref(loop.main);
        g_main_context_unref(context);
        stage_strike(&loop.stage);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, KIND_CASES(glib_drives_them));
}
