/* WASI through the public API: folders that the host grants, streams that it has, and what it is told. */
#include <errno.h>
#include <ftw.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/event.h>
#include <ward/usage.h>
#include "files_host.h"
#include "test/support.h"

enum { READ = WARD_FOLDER_READ, WRITE = WARD_FOLDER_READ | WARD_FOLDER_WRITE };

/* WASI's numbers of errors. */
enum { E_FAULT = 21, E_NOENT = 44, E_NOTCAPABLE = 76 };

/* --- The host --------------------------------------------------------------------------------- */

static struct heard {
        int n;
        enum ward_event_kind kind;
        int error;
        uint64_t count;
        struct ward_domain *domain;
        char addin[64], operation[64], subject[WARD_EVENT_SUBJECT_MAX], text[WARD_EVENT_TEXT_MAX];
} heard;

static void on_event(void *data, const struct ward_event *event)
{
        struct heard *to = data;
        to->n++;
        to->kind = event->kind;
        to->error = event->error;
        to->count = event->count;
        to->domain = event->domain;
        snprintf(to->addin, sizeof to->addin, "%s", event->addin);
        snprintf(to->operation, sizeof to->operation, "%s", event->operation);
        snprintf(to->subject, sizeof to->subject, "%s", event->subject);
        snprintf(to->text, sizeof to->text, "%s", event->text);
}

static struct ward_host *host;
static struct files *files;
static struct ward_fault fault;
static char top[] = "/tmp/ward-test-files-XXXXXX";

static struct ward_host *host_that_hears(void)
{
        struct ward_host_options options = { .size = sizeof options, .on_event = on_event, .on_event_data = &heard };
        assert_good(ward_host_new(&options, &host, &fault), &fault);
        return host;
}

static struct files *activate_with(struct ward_activate_options options)
{
        options.name = "it";
        assert_good(files_activate(host, addin_file("files", WARD_WASM), &options, NULL, &files, &fault), &fault);
        return files;
}

/* In a folder of the test's own with `inside`, which is granted as /data, and `outside`. */
static void start(uint32_t access)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        const struct ward_folder folder = { "/data", "inside", access };
        assert_non_null(mkdtemp(top));
        assert_int_equal(chdir(top), 0);
        assert_int_equal(mkdir("inside", 0777) | mkdir("outside", 0777), 0);
        options.folders = &folder;
        options.n_folders = 1;
        host_that_hears();
        activate_with(options);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        return remove(path);
}

static void end(void)
{
        files = files_release(files);
        host = ward_host_free(host);
        if (chdir("/") == 0 && strchr(top, 'X') == NULL)
                nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static files_string_t string(const char *from)
{
        return (files_string_t){ (uint8_t *)from, strlen(from) };
}

static int try_act(struct files *with, const char *what, const char *path, const char *other, int32_t *ret)
{
        const files_string_t first = string(what), second = string(path), third = string(other);
        return files_act(with, &first, &second, &third, ret, &fault);
}

static int act(const char *what, const char *path, const char *other)
{
        int32_t ret = 0;
        assert_good(try_act(files, what, path, other, &ret), &fault);
        return ret;
}

static void assert_found(const char *expected)
{
        files_string_t found;
        assert_good(files_found(files, &found, &fault), &fault);
        assert_int_equal(found.len, strlen(expected));
        assert_memory_equal(found.ptr, expected, found.len);
        files_string_free(&found);
}

static void make_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        assert_int_equal(fclose(file), 0);
}

static void assert_holds(const char *path, const char *text)
{
        char found[256] = "";
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        found[fread(found, 1, sizeof found - 1, file)] = '\0';
        fclose(file);
        assert_string_equal(found, text);
}

/* --- Files ------------------------------------------------------------------------------------ */

TEST(files_and_folders)
{
        start(WRITE);
        assert_int_equal(act("write", "/data/one", "first\n"), 0);
        assert_int_equal(act("append", "/data/one", "second\n"), 0);
        assert_holds("inside/one", "first\nsecond\n");
        assert_int_equal(act("read", "/data/one", ""), 13);
        assert_found("first\nsecond\n");
        assert_int_equal(act("mkdir", "/data/folder", ""), 0);
        assert_int_equal(act("write", "/data/folder/../folder/two", "2"), 0);
        assert_int_equal(act("rename", "/data/folder/two", "/data/three"), 0);
        assert_int_equal(act("link", "/data/four", "three"), 0);
        assert_int_equal(act("size", "/data/four", ""), 1);
        assert_int_equal(act("list", "/data", ""), 4);
        assert_found("folder,four,one,three");
        assert_int_equal(act("cut", "/data/one", "5"), 0);
        assert_holds("inside/one", "first");
        assert_int_equal(act("remove", "/data/folder", ""), 0);
        assert_int_equal(act("remove", "/data/one", ""), 0);
        assert_int_equal(act("read", "/data/one", ""), -E_NOENT);
        assert_int_equal(act("list", "/data", ""), 2);
        assert_int_equal(heard.n, 0);
        end();
}

TEST(a_folder_with_much_in_it)
{
        char path[64];
        start(WRITE);
        for (int i = 0; i < 500; i++) {
                snprintf(path, sizeof path, "inside/a-file-with-a-name-of-some-length-%03d", i);
                make_file(path, "");
        }
        assert_int_equal(act("list", "/data", ""), 500);
        end();
}

TEST(nothing_is_granted)
{
        host_that_hears();
        activate_with(options_for(WARD_WASM));
        assert_int_equal(act("read", "/etc/passwd", ""), -E_NOTCAPABLE);
        assert_int_equal(act("write", "new", ""), -E_NOTCAPABLE);
        end();
}

TEST(what_is_outside)
{
        start(WRITE);
        make_file("outside/secret", "nobody's business");
        assert_int_equal(symlink("../outside/secret", "inside/link"), 0);
        assert_int_equal(act("read", "/data/link", ""), -E_NOTCAPABLE);
        assert_int_equal(heard.n, 1);
        assert_int_equal(heard.kind, WARD_EVENT_REFUSED);
        assert_int_equal(heard.error, EXDEV);
        assert_int_equal(heard.count, 1);
        assert_ptr_equal(heard.domain, files_domain(files));
        assert_string_equal(heard.addin, "it");
        assert_string_equal(heard.operation, "path_open");
        assert_string_equal(heard.subject, "link");
        assert_string_equal(heard.text, "add-in 'it' was refused path_open of 'link': it is outside of the folder");
        assert_int_equal(act("read", "/data/../outside/secret", ""), -E_NOTCAPABLE);
        assert_string_equal(heard.subject, "../outside/secret");
        assert_int_equal(act("remove", "/data/../outside/secret", ""), -E_NOTCAPABLE);
        assert_int_equal(act("rename", "/data/../outside/secret", "/data/mine"), -E_NOTCAPABLE);
        assert_int_equal(act("link", "/data/absolute", "/etc/passwd"), -E_NOTCAPABLE);
        assert_int_equal(act("read", "/data/../outside/\n\x1b[1m", ""), -E_NOTCAPABLE);
        assert_string_equal(heard.subject, "../outside/\\x0a\\x1b[1m");
        assert_holds("outside/secret", "nobody's business");
        end();
}

TEST(to_read_only)
{
        start(READ);
        make_file("inside/file", "text");
        assert_int_equal(act("read", "/data/file", ""), 4);
        assert_int_equal(act("write", "/data/file", "other"), -E_NOTCAPABLE);
        assert_string_equal(heard.subject, "file");
        assert_int_equal(heard.error, EROFS);
        assert_int_equal(act("remove", "/data/file", ""), -E_NOTCAPABLE);
        assert_int_equal(act("mkdir", "/data/folder", ""), -E_NOTCAPABLE);
        assert_string_equal(heard.operation, "path_create_directory");
        assert_holds("inside/file", "text");
        end();
}

TEST(folders_that_are_not_there)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        const struct ward_folder folder = { "/data", "/nowhere", READ };
        options.folders = &folder;
        options.n_folders = 1;
        host_that_hears();
        int r = files_activate(host, addin_file("files", WARD_WASM), &options, NULL, &files, &fault);
        assert_int_equal(r, -WARD_FAULT_REFUSED);
        assert_says(&fault, "cannot grant folder '/nowhere'");
        end();
}

/* A folder is what it was when it was granted, wherever it has gone since. */
TEST(a_folder_that_moves)
{
        start(WRITE);
        assert_int_equal(rename("inside", "moved"), 0);
        assert_int_equal(mkdir("inside", 0777), 0);
        assert_int_equal(act("write", "/data/file", "text"), 0);
        assert_holds("moved/file", "text");
        end();
}

/* --- What is too much ------------------------------------------------------------------------- */

TEST(a_flood_of_refusals)
{
        start(WRITE);
        assert_int_equal(act("try", "/data/../outside", "100000"), -E_NOTCAPABLE);
        assert_int_equal(heard.n, 16 + 12); /* 32, 64, … 65,536 */
        assert_int_equal(heard.count, 65536);
        end();
}

TEST(open_files_are_bounded)
{
        start(WRITE);
        make_file("inside/file", "");
        int before = harness_count_fds();
        assert_int_equal(act("keep", "/data/file", ""), 124);
        assert_found("33"); /* EMFILE */
        assert_int_equal(heard.kind, WARD_EVENT_LIMIT);
        assert_int_equal(heard.error, EMFILE);
        assert_string_equal(heard.text, "add-in 'it' was refused path_open: it has too many open files");
        assert_int_equal(harness_count_fds() - before, 124);
        files = files_release(files);
        assert_true(harness_count_fds() <= before);
        end();
}

/* The first page of memory is not there, so that null pointers trap: for WASI they are an error. */
TEST(null_pointers)
{
        start(WRITE);
        assert_int_equal(act("null", "/data/file", "0"), -E_FAULT);
        assert_int_equal(act("null", "/data/file", "4088"), -E_FAULT);
        assert_int_equal(act("write", "/data/file", "well"), 0);
        end();
}

static void assert_ended(const char *what)
{
        int32_t ret;
        start(WRITE);
        files_set_deadline(files, 50);
        assert_int_equal(try_act(files, what, "/data/file", "", &ret), -WARD_FAULT_DEADLINE);
        end();
}

TEST(writing_on_and_on_is_ended)
{
        assert_ended("churn");
}

TEST(sleeping_is_ended)
{
        assert_ended("sleep");
}

TEST(leaving)
{
        int32_t ret;
        start(WRITE);
        make_file("inside/file", "");
        assert_int_equal(try_act(files, "leave", "/data/file", "3", &ret), -WARD_FAULT_EXIT);
        assert_int_equal(fault.status, 3);
        end();
}

/* --- Streams ---------------------------------------------------------------------------------- */

static struct spoken {
        char text[2][256];
        struct ward_domain *domain;
        char addin[64];
        void (*when_spoken)(void);
} spoken;

static void on_output(void *data, struct ward_domain *domain, const char *addin, int fd, const void *bytes, size_t len)
{
        struct spoken *to = data;
        to->domain = domain;
        snprintf(to->addin, sizeof to->addin, "%s", addin);
        char *text = to->text[fd - 1];
        snprintf(text + strlen(text), sizeof to->text[0] - strlen(text), "%.*s", (int)len, (const char *)bytes);
        if (to->when_spoken)
                to->when_spoken();
}

static size_t on_input(void *data, struct ward_domain *domain, const char *addin, void *to, size_t size)
{
        const char **left = data;
        size_t len = strlen(*left) < size ? strlen(*left) : size;
        memcpy(to, *left, len);
        *left += len;
        return len;
}

static struct ward_activate_options with_streams(const char **input)
{
        struct ward_activate_options options = options_for(WARD_WASM);
        options.on_output = on_output;
        options.on_output_data = &spoken;
        options.on_input = input ? on_input : NULL;
        options.on_input_data = input;
        return options;
}

TEST(the_hosts_streams)
{
        const char *input = "one line\nanother\n";
        host_that_hears();
        activate_with(with_streams(&input));
        assert_int_equal(act("print", "", "to output"), 0);
        assert_int_equal(act("complain", "", "to error"), 0);
        assert_string_equal(spoken.text[0], "to output");
        assert_string_equal(spoken.text[1], "to error");
        assert_ptr_equal(spoken.domain, files_domain(files));
        assert_string_equal(spoken.addin, "it");
        assert_int_equal(act("ask", "", ""), 9);
        assert_found("one line\n");
        assert_int_equal(act("ask", "", ""), 8);
        assert_int_equal(act("ask", "", ""), 0);
        end();
}

TEST(input_that_there_is_none_of)
{
        host_that_hears();
        activate_with(options_for(WARD_WASM));
        assert_int_equal(act("ask", "", ""), 0);
        end();
}

static void unload(void)
{
        assert_good(ward_domain_unload(files_domain(files), &fault), &fault);
}

TEST(the_domain_is_unloaded_in_a_callback)
{
        int32_t ret;
        host_that_hears();
        activate_with(with_streams(NULL));
        spoken.when_spoken = unload;
        assert_int_equal(try_act(files, "print", "", "x", &ret), -WARD_FAULT_UNLOADED);
        end();
}

static int32_t nested;

static void call_again(void)
{
        spoken.when_spoken = NULL;
        assert_good(try_act(files, "size", "/", "", &nested), &fault);
}

TEST(the_add_in_is_called_in_a_callback)
{
        host_that_hears();
        activate_with(with_streams(NULL));
        spoken.when_spoken = call_again;
        assert_int_equal(act("print", "", "x"), 0);
        assert_int_equal(nested, -E_NOTCAPABLE);
        end();
}

static void call_again_with_much(void)
{
        enum { MUCH = 8 << 20 };
        char *much = malloc(MUCH);
        int32_t ret;
        assert_non_null(much);
        memset(much, 'x', MUCH);
        much[MUCH - 1] = '\0';
        spoken.when_spoken = NULL;
        nested = try_act(files, "size", "/", much, &ret);
        free(much);
}

/* A checked memory would move as it grows: not while the host, and Ward, look at what is to be written. */
TEST(memory_grows_in_a_callback)
{
        for (uint32_t bounds = WARD_BOUNDS_AUTO; bounds <= WARD_BOUNDS_CHECKED; bounds++) {
                const struct ward_quota quota = { .size = sizeof quota, .bounds = bounds };
                struct ward_activate_options options = with_streams(NULL);
                int32_t ret = 1;
                options.quota = &quota;
                host_that_hears();
                activate_with(options);
                spoken.when_spoken = call_again_with_much;
                int r = try_act(files, "print", "", "some text", &ret);
                if (nested) /* what the add-in's library does without memory ends it */
                        assert_int_equal(r, -WARD_FAULT_UNLOADED);
                else
                        assert_int_equal(r | ret, 0);
                assert_true(!nested || bounds == WARD_BOUNDS_CHECKED);
                end();
        }
}

static pid_t child;

static void fork_here(void)
{
        child = fork();
}

/* In the child there is no memory of the module's to come back to. */
TEST(the_host_forks_in_a_callback)
{
        int32_t ret;
        int status;
        host_that_hears();
        activate_with(with_streams(NULL));
        spoken.when_spoken = fork_here;
        int r = try_act(files, "print", "", "x", &ret);
        if (!child)
                _exit(r == -WARD_FAULT_UNLOADED ? 7 : 1);
        assert_int_equal(r, 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 7);
        end();
}

/* --- Several instances ------------------------------------------------------------------------ */

static void *act_beside(void *data)
{
        spoken.when_spoken = NULL;
        assert_good(try_act(files, "write", "/data/beside", "text", &nested), &fault);
        return NULL;
}

/* On another thread, while this one is in a call: in another instance, which is made only now. */
static void call_beside(void)
{
        pthread_t thread;
        assert_int_equal(rename("inside", "moved"), 0);
        assert_int_equal(pthread_create(&thread, NULL, act_beside, NULL), 0);
        pthread_join(thread, NULL);
}

TEST(instances_have_the_same_folders)
{
        struct ward_activate_options options = with_streams(NULL);
        struct ward_folder folder = { "/data", "inside", WRITE };
        assert_non_null(mkdtemp(top));
        assert_int_equal(chdir(top), 0);
        assert_int_equal(mkdir("inside", 0777), 0);
        options.folders = &folder;
        options.n_folders = 1;
        options.instances = 2;
        host_that_hears();
        activate_with(options);
        memset(&folder, 0xff, sizeof folder); /* it was copied */
        spoken.when_spoken = call_beside;
        assert_int_equal(act("print", "", "x"), 0);
        assert_int_equal(nested, 0);
        assert_holds("moved/beside", "text");
        end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(files_and_folders, 120), TEST_CASE(a_folder_with_much_in_it),
                         TEST_CASE(nothing_is_granted), TEST_CASE(what_is_outside), TEST_CASE(to_read_only),
                         TEST_CASE(folders_that_are_not_there), TEST_CASE(a_folder_that_moves), TEST_CASE(a_flood_of_refusals),
                         TEST_CASE(open_files_are_bounded), TEST_CASE(null_pointers), TEST_CASE(writing_on_and_on_is_ended),
                         TEST_CASE(sleeping_is_ended), TEST_CASE(leaving), TEST_CASE(the_hosts_streams),
                         TEST_CASE(input_that_there_is_none_of), TEST_CASE(the_domain_is_unloaded_in_a_callback),
                         TEST_CASE(the_add_in_is_called_in_a_callback), TEST_CASE_LONG(memory_grows_in_a_callback, 120),
                         TEST_CASE(the_host_forks_in_a_callback), TEST_CASE(instances_have_the_same_folders));
}
