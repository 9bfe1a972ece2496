/* WASI: every way out of a granted folder that is known, tried by a module that may call anything. What is outside stays as it is,
 * and is not seen. */
#include "wasm/test_wasi_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>
#include "base/clock.h"

enum { READ_WRITE = WARD_FOLDER_READ | WARD_FOLDER_WRITE, WRITE = RIGHT_FD_READ | RIGHT_FD_WRITE };

static char text[256];

/* The host was told, of this path. */
static void assert_refused(int result, const char *operation, const char *subject, int error)
{
        assert_int_equal(result, -WASI_NOTCAPABLE);
        assert_int_equal(refusal.n, 1);
        assert_false(refusal.limit);
        assert_int_equal(refusal.error, error);
        assert_string_equal(refusal.operation, operation);
        assert_string_equal(refusal.subject, subject);
        refusal.n = 0;
}

/* Each function with a path that leads out. */
static void all_are_refused(const char *path)
{
        char target[256];
        assert_refused(guest_open(GRANTED, path, 0, RIGHT_FD_READ), "path_open", path, EXDEV);
        assert_refused(guest_open(GRANTED, path, OFLAG_CREAT, WRITE), "path_open", path, EXDEV);
        assert_refused(guest_open(GRANTED, path, OFLAG_CREAT | OFLAG_EXCL, WRITE), "path_open", path, EXDEV);
        assert_refused(guest_open(GRANTED, path, OFLAG_TRUNC, 0), "path_open", path, EXDEV);
        assert_refused(guest_open(GRANTED, path, OFLAG_DIRECTORY, 0), "path_open", path, EXDEV);
        assert_refused(guest_stat(GRANTED, path, LOOKUP_FOLLOW), "path_filestat_get", path, EXDEV);
        assert_refused(guest_stat(GRANTED, path, 0), "path_filestat_get", path, EXDEV);
        assert_refused(guest_readlink(GRANTED, path, target), "path_readlink", path, EXDEV);
        assert_refused(guest_path("path_create_directory", GRANTED, path), "path_create_directory", path, EXDEV);
        assert_refused(guest_path("path_remove_directory", GRANTED, path), "path_remove_directory", path, EXDEV);
        assert_refused(guest_path("path_unlink_file", GRANTED, path), "path_unlink_file", path, EXDEV);
        assert_refused(guest_symlink("x", GRANTED, path), "path_symlink", path, EXDEV);
        assert_refused(guest_rename(GRANTED, path, GRANTED, "taken"), "path_rename", path, EXDEV);
        assert_refused(guest_rename(GRANTED, "mine", GRANTED, path), "path_rename", path, EXDEV);
        assert_refused(guest_link(GRANTED, path, GRANTED, "taken"), "path_link", path, EXDEV);
        assert_refused(guest_link(GRANTED, "mine", GRANTED, path), "path_link", path, EXDEV);
        uint32_t len = put_text(1024, path);
        assert_refused(-call("path_filestat_set_times", GRANTED, 0, 1024, len, 1, 1, FSTFLAG_MTIM), "path_filestat_set_times", path,
                       EXDEV);
}

/* --- Paths ------------------------------------------------------------------------------------ */

TEST(absolute_paths)
{
        static char absolute[256];
        folder_start(READ_WRITE);
        make_file("inside/mine", "");
        assert_non_null(getcwd(absolute, sizeof absolute - 16));
        strcat(absolute, "/outside/secret");
        all_are_refused(absolute);
        all_are_refused("/");
        all_are_refused("//");
        all_are_refused("/outside/secret/");
        folder_end();
}

TEST(dots)
{
        folder_start(READ_WRITE);
        make_file("inside/mine", "");
        make_folder("inside/a");
        make_folder("inside/a/b");
        all_are_refused("../outside/secret");
        all_are_refused("a/../../outside/secret");
        all_are_refused("a/b/../../../outside/secret");
        all_are_refused("./.././outside/secret");
        all_are_refused("..//outside/secret");
        all_are_refused("../inside/../outside/secret"); /* on the way, not at the end */
        folder_end();
}

/* As the last component it is no path to anything: the kernel says so, and nothing happens. */
TEST(dots_at_the_end)
{
        folder_start(READ_WRITE);
        make_file("inside/mine", "");
        make_folder("inside/a");
        assert_refused(guest_open(GRANTED, "..", 0, 0), "path_open", "..", EXDEV);
        assert_refused(guest_open(GRANTED, "a/../..", OFLAG_DIRECTORY, 0), "path_open", "a/../..", EXDEV);
        assert_refused(guest_stat(GRANTED, "..", 0), "path_filestat_get", "..", EXDEV);
        assert_int_equal(guest_path("path_create_directory", GRANTED, ".."), -WASI_EXIST);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, ".."), -WASI_NOTEMPTY);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "a/../.."), -WASI_NOTEMPTY);
        assert_int_equal(guest_path("path_unlink_file", GRANTED, ".."), -WASI_ISDIR);
        assert_int_equal(guest_rename(GRANTED, "..", GRANTED, "a/b"), -WASI_BUSY);
        assert_int_equal(guest_rename(GRANTED, "mine", GRANTED, ".."), -WASI_BUSY);
        assert_int_equal(guest_link(GRANTED, "..", GRANTED, "b"), -WASI_NOTDIR);
        assert_int_equal(guest_link(GRANTED, "mine", GRANTED, ".."), -WASI_EXIST);
        assert_int_equal(guest_symlink("x", GRANTED, ".."), -WASI_EXIST);
        folder_end();
}

/* Below a folder that was opened, and not only below the one that was granted. */
TEST(dots_from_an_opened_folder)
{
        folder_start(READ_WRITE);
        make_folder("inside/a");
        make_file("inside/mine", "");
        int a = guest_open(GRANTED, "a", OFLAG_DIRECTORY, RIGHTS_FOLDER);
        assert_refused(guest_open(a, "../mine", 0, 0), "path_open", "../mine", EXDEV);
        assert_refused(guest_open(a, "../../outside/secret", 0, 0), "path_open", "../../outside/secret", EXDEV);
        folder_end();
}

/* --- Links ------------------------------------------------------------------------------------ */

TEST(symbolic_links_on_the_way)
{
        static char absolute[256], path[300];
        static const char *const links[] = { "up", "absolute", "chain", "dots" };
        folder_start(READ_WRITE);
        make_file("inside/mine", "");
        make_folder("inside/a");
        assert_non_null(getcwd(absolute, sizeof absolute - 16));
        strcat(absolute, "/outside");
        make_link("../outside", "inside/up");
        make_link(absolute, "inside/absolute");
        make_link("up", "inside/chain");
        make_link("a/../../outside", "inside/dots");
        for (size_t i = 0; i < COUNT_OF(links); i++) {
                snprintf(path, sizeof path, "%s/secret", links[i]);
                all_are_refused(path);
                snprintf(path, sizeof path, "%s/new", links[i]);
                all_are_refused(path);
                snprintf(path, sizeof path, "a/../%s/./new", links[i]);
                all_are_refused(path);
        }
        assert_false(is_there("outside/new"));
        folder_end();
}

TEST(symbolic_links_at_the_end)
{
        folder_start(READ_WRITE);
        make_link("../outside/secret", "inside/link");
        make_link("../outside/new", "inside/dangling");
        make_link("/etc/passwd", "inside/absolute");
        make_link("/", "inside/root");
        assert_refused(guest_open(GRANTED, "link", 0, RIGHT_FD_READ), "path_open", "link", EXDEV);
        assert_refused(guest_open(GRANTED, "link", OFLAG_TRUNC, 0), "path_open", "link", EXDEV);
        assert_refused(guest_open(GRANTED, "dangling", OFLAG_CREAT, WRITE), "path_open", "dangling", EXDEV);
        assert_refused(guest_open(GRANTED, "absolute", 0, RIGHT_FD_READ), "path_open", "absolute", EXDEV);
        assert_refused(guest_open(GRANTED, "root", OFLAG_DIRECTORY, 0), "path_open", "root", EXDEV);
        assert_refused(guest_stat(GRANTED, "link", LOOKUP_FOLLOW), "path_filestat_get", "link", EXDEV);
        assert_int_equal(guest_open(GRANTED, "dangling", OFLAG_CREAT | OFLAG_EXCL, WRITE), -WASI_EXIST);
        assert_int_equal(guest_open_with(GRANTED, "link", 0, 0, RIGHT_FD_READ, 0, 0), -WASI_LOOP);
        assert_int_equal(guest_open_with(GRANTED, "dangling", 0, OFLAG_CREAT, WRITE, 0, 0), -WASI_LOOP);
        assert_int_equal(guest_stat(GRANTED, "link", 0), 0); /* the link itself is the module's */
        assert_int_equal(guest_readlink(GRANTED, "link", text), 0);
        uint32_t len = put_text(1024, "link");
        assert_int_equal(call("path_filestat_set_times", GRANTED, 0, 1024, len, 1, 1, FSTFLAG_MTIM), WASI_OK);
        assert_refused(-call("path_filestat_set_times", GRANTED, LOOKUP_FOLLOW, 1024, len, 1, 1, FSTFLAG_MTIM),
                       "path_filestat_set_times", "link", EXDEV);
        struct stat st;
        assert_int_equal(stat("outside/secret", &st), 0);
        assert_true(st.st_mtim.tv_sec > 1);
        assert_false(is_there("outside/new"));
        folder_end();
}

/* With a slash behind it, much follows a link that else would not. */
TEST(symbolic_links_with_a_slash)
{
        folder_start(READ_WRITE);
        make_folder("outside/empty");
        make_link("../outside/empty", "inside/link");
        make_link("../outside/new", "inside/dangling");
        make_folder("inside/a");
        assert_refused(guest_open_with(GRANTED, "link/", 0, 0, 0, 0, 0), "path_open", "link/", EXDEV);
        assert_refused(guest_stat(GRANTED, "link/", 0), "path_filestat_get", "link/", EXDEV);
        assert_refused(guest_stat(GRANTED, "dangling//", 0), "path_filestat_get", "dangling//", EXDEV);
        assert_refused(guest_readlink(GRANTED, "link/", text), "path_readlink", "link/", EXDEV);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "link/"), -WASI_NOTDIR);
        assert_int_equal(guest_path("path_unlink_file", GRANTED, "link//"), -WASI_NOTDIR);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "dangling/"), -WASI_EXIST);
        assert_int_equal(guest_rename(GRANTED, "link/", GRANTED, "b"), -WASI_NOTDIR);
        assert_int_equal(guest_rename(GRANTED, "a", GRANTED, "link/"), -WASI_NOTDIR);
        assert_int_equal(guest_rename(GRANTED, "a", GRANTED, "dangling/"), -WASI_NOTDIR);
        assert_int_equal(guest_link(GRANTED, "link/", GRANTED, "b"), -WASI_NOTDIR);
        assert_int_equal(guest_symlink("x", GRANTED, "dangling/"), -WASI_EXIST);
        assert_true(is_there("outside/empty"));
        assert_false(is_there("outside/new"));
        folder_end();
}

TEST(links_that_a_module_makes)
{
        folder_start(READ_WRITE);
        assert_refused(guest_symlink("/etc/passwd", GRANTED, "link"), "path_symlink", "/etc/passwd", EXDEV);
        assert_false(is_there("inside/link"));
        assert_int_equal(guest_symlink("../outside/secret", GRANTED, "link"), 0); /* text, as any */
        assert_refused(guest_open(GRANTED, "link", 0, RIGHT_FD_READ), "path_open", "link", EXDEV);
        assert_int_equal(guest_symlink("loop", GRANTED, "loop"), 0);
        assert_int_equal(guest_open(GRANTED, "loop", 0, RIGHT_FD_READ), -WASI_LOOP);
        assert_int_equal(guest_open(GRANTED, "loop/x", OFLAG_CREAT, WRITE), -WASI_LOOP);
        folder_end();
}

/* --- Folders that move ------------------------------------------------------------------------ */

TEST(an_open_folder_that_is_moved_out)
{
        folder_start(READ_WRITE);
        make_folder("inside/a");
        make_folder("inside/a/b");
        int a = guest_open(GRANTED, "a", OFLAG_DIRECTORY, RIGHTS_FOLDER);
        assert_int_equal(rename("inside/a", "outside/a"), 0);
        assert_refused(guest_open(a, "../secret", 0, RIGHT_FD_READ), "path_open", "../secret", EXDEV);
        assert_refused(guest_open(a, "b/../../secret", 0, RIGHT_FD_READ), "path_open", "b/../../secret", EXDEV);
        assert_int_equal(guest_open(GRANTED, "a", 0, 0), -WASI_NOENT);
        folder_end();
}

TEST(between_two_grants)
{
        folder_start_two(READ_WRITE, "second", WARD_FOLDER_READ);
        make_file("inside/mine", "");
        make_file("second/theirs", "theirs");
        assert_refused(guest_rename(GRANTED, "mine", GRANTED + 1, "mine"), "path_rename", "mine", EROFS);
        assert_refused(guest_rename(GRANTED + 1, "theirs", GRANTED, "taken"), "path_rename", "theirs", EROFS);
        assert_refused(guest_link(GRANTED, "mine", GRANTED + 1, "mine"), "path_link", "mine", EROFS);
        assert_refused(guest_link(GRANTED + 1, "theirs", GRANTED, "taken"), "path_link", "theirs", EROFS);
        assert_refused(guest_open(GRANTED, "../second/theirs", 0, WRITE), "path_open", "../second/theirs", EXDEV);
        assert_false(is_there("inside/taken"));
        assert_true(is_there("inside/mine"));
        folder_end();
}

/* Whatever it has of the file. */
static void assert_opened_to_read_only(const char *path)
{
        struct stat file, open;
        int n = 0;
        assert_int_equal(stat(path, &file), 0);
        for (int fd = 0; fd < 64; fd++)
                if (fstat(fd, &open) == 0 && open.st_ino == file.st_ino && open.st_dev == file.st_dev) {
                        assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDONLY);
                        n++;
                }
        assert_int_equal(n, 1);
}

TEST(what_is_granted_to_read_only)
{
        struct stat before, after;
        folder_start(WARD_FOLDER_READ);
        make_file("inside/file", "text");
        make_folder("inside/a");
        assert_int_equal(stat("inside/file", &before), 0);
        assert_refused(guest_open(GRANTED, "file", 0, WRITE), "path_open", "file", EROFS);
        assert_refused(guest_open(GRANTED, "file", OFLAG_TRUNC, 0), "path_open", "file", EROFS);
        assert_refused(guest_open(GRANTED, "new", OFLAG_CREAT, 0), "path_open", "new", EROFS);
        assert_refused(guest_path("path_create_directory", GRANTED, "b"), "path_create_directory", "b", EROFS);
        assert_refused(guest_path("path_remove_directory", GRANTED, "a"), "path_remove_directory", "a", EROFS);
        assert_refused(guest_path("path_unlink_file", GRANTED, "file"), "path_unlink_file", "file", EROFS);
        assert_refused(guest_rename(GRANTED, "file", GRANTED, "b"), "path_rename", "file", EROFS);
        assert_refused(guest_link(GRANTED, "file", GRANTED, "b"), "path_link", "file", EROFS);
        assert_refused(guest_symlink("file", GRANTED, "b"), "path_symlink", "b", EROFS);
        uint32_t len = put_text(1024, "file");
        assert_refused(-call("path_filestat_set_times", GRANTED, 0, 1024, len, 1, 1, FSTFLAG_MTIM), "path_filestat_set_times",
                       "file", EROFS);
        int fd = guest_open(GRANTED, "file", 0, (uint64_t)ALL_RIGHTS & ~(uint64_t)RIGHT_FD_WRITE);
        assert_int_equal(guest_read(fd, text), 4);
        assert_opened_to_read_only("inside/file");
        assert_refused(guest_write(fd, "x"), "fd_write", "", EROFS);
        assert_refused(-call("fd_filestat_set_size", (uint64_t)fd, 0), "fd_filestat_set_size", "", EROFS);
        assert_refused(-call("fd_allocate", (uint64_t)fd, 0, 100), "fd_allocate", "", EROFS);
        assert_refused(-call("fd_filestat_set_times", (uint64_t)fd, 1, 1, FSTFLAG_MTIM), "fd_filestat_set_times", "", EROFS);
        int a = guest_open(GRANTED, "a", 0, ALL_RIGHTS & ~RIGHT_FD_WRITE);
        assert_refused(guest_open(a, "new", OFLAG_CREAT, 0), "path_open", "new", EROFS);
        assert_int_equal(call("fd_fdstat_set_rights", (uint64_t)a, ALL_RIGHTS, ALL_RIGHTS), WASI_NOTCAPABLE);
        assert_int_equal(stat("inside/file", &after), 0);
        assert_int_equal(after.st_size, 4);
        assert_memory_equal(&before.st_mtim, &after.st_mtim, sizeof before.st_mtim);
        folder_end();
}

/* --- What is no file -------------------------------------------------------------------------- */

/* To open a FIFO waits for its other end, a device may do anything. */
TEST(what_is_neither_file_nor_folder)
{
        static const char *const names[] = { "fifo", "socket", "device", "link" };
        struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "inside/socket" };
        folder_start(READ_WRITE);
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
        close(fd);
        assert_int_equal(mkfifo("inside/fifo", 0600), 0);
        make_link("fifo", "inside/link");
        bool device = mknod("inside/device", S_IFCHR | 0666, makedev(1, 3)) == 0;
        for (size_t i = 0; i < COUNT_OF(names); i++) {
                if (i == 2 && !device)
                        continue; /* only root may make one */
                assert_refused(guest_open(GRANTED, names[i], 0, RIGHT_FD_READ), "path_open", names[i], EACCES);
                assert_refused(guest_open(GRANTED, names[i], 0, RIGHT_FD_WRITE), "path_open", names[i], EACCES);
                assert_refused(guest_open(GRANTED, names[i], OFLAG_CREAT | OFLAG_TRUNC, WRITE), "path_open", names[i], EACCES);
                assert_int_equal(guest_stat(GRANTED, names[i], LOOKUP_FOLLOW), 0);
        }
        folder_end();
}

static void refuses_processes(const char *host, const char *path)
{
        start_with(&(struct wasi_options){ .folders = &(struct ward_folder){ "/", host, READ_WRITE }, .n_folders = 1 }, NULL);
        assert_refused(guest_open(GRANTED, path, 0, RIGHT_FD_READ), "path_open", path, EACCES);
        assert_refused(guest_stat(GRANTED, path, 0), "path_filestat_get", path, EACCES);
        end();
}

TEST(the_hosts_memory)
{
        refuses_processes("/", "proc/self/mem");
        refuses_processes("/", "proc/version");
        refuses_processes("/proc", "self/environ");
}

/* A magic link leads to what is open, wherever that is. */
TEST(magic_links)
{
        start_with(&(struct wasi_options){ .folders = &(struct ward_folder){ "/", "/", READ_WRITE }, .n_folders = 1 }, NULL);
        assert_int_equal(guest_open(GRANTED, "proc/self/root/etc/passwd", 0, RIGHT_FD_READ), -WASI_LOOP);
        assert_int_equal(guest_open(GRANTED, "proc/self/cwd/x", OFLAG_CREAT, WRITE), -WASI_LOOP);
        assert_int_equal(guest_open(GRANTED, "proc/self/fd/0", 0, RIGHT_FD_READ), -WASI_LOOP);
        assert_int_equal(guest_open(GRANTED, "dev/fd/0", 0, RIGHT_FD_READ), -WASI_NOTCAPABLE);
        end();
}

/* --- The process is as it was ----------------------------------------------------------------- */

TEST(the_process_stays_as_it_is)
{
        enum { FDS = 64 };
        char before[256], after[256];
        int flags[FDS];
        for (int i = 0; i < FDS; i++)
                flags[i] = fcntl(i, F_GETFD);
        folder_start(READ_WRITE);
        make_folder("inside/a");
        assert_non_null(getcwd(before, sizeof before));
        mode_t mask = umask(077);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, WRITE | RIGHT_FD_SET_FLAGS);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "b"), 0);
        assert_int_equal(call("fd_fdstat_set_flags", (uint64_t)fd, FDFLAG_APPEND | FDFLAG_NONBLOCK), WASI_OK);
        struct stat st;
        assert_int_equal(stat("inside/file", &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(umask(mask), 077);
        assert_non_null(getcwd(after, sizeof after));
        assert_string_equal(before, after);
        for (int i = 0; i < FDS; i++)
                assert_true(flags[i] >= 0 || fcntl(i, F_GETFD) < 0 || fcntl(i, F_GETFD) & FD_CLOEXEC);
        folder_end();
}

/* --- Races ------------------------------------------------------------------------------------ */

enum { RACE_MS = 1500 };

static struct race {
        const char *one, *other; /* their names change places all the time */
        _Atomic bool over;
        uint64_t n;
} race;

static void *swap(void *data)
{
        while (!race.over) {
                if (renameat2(AT_FDCWD, race.one, AT_FDCWD, race.other, RENAME_EXCHANGE) < 0)
                        abort();
                race.n++;
        }
        return NULL;
}

/* While @act is done again and again; how often it was. */
static uint64_t while_swapping(const char *one, const char *other, void (*act)(void))
{
        pthread_t thread;
        uint64_t until = clock_deadline(RACE_MS), n = 0;
        race = (struct race){ .one = one, .other = other };
        assert_int_equal(pthread_create(&thread, NULL, swap, NULL), 0);
        for (; clock_now() < until; n++)
                act();
        race.over = true;
        pthread_join(thread, NULL);
        assert_true(race.n > 100 && n > 100);
        return n;
}

static int inside, refused;

/* Wherever it gets to, it is not to be the secret. */
static void open_anything(void)
{
        int fd = guest_open(GRANTED, "a/secret", 0, WRITE);
        if (fd > 0) {
                assert_int_equal(guest_read(fd, text), 4);
                assert_string_equal(text, "mine");
                assert_int_equal(guest_close(fd), 0);
                inside++;
        }
        refused += fd == -WASI_NOTCAPABLE;
        guest_stat(GRANTED, "a/b/../secret", LOOKUP_FOLLOW);
        fd = guest_open(GRANTED, "a/new", OFLAG_CREAT | OFLAG_TRUNC, WRITE);
        if (fd > 0) {
                guest_write(fd, "module's");
                guest_close(fd);
        }
        guest_path("path_create_directory", GRANTED, "a/b/../made");
        guest_path("path_unlink_file", GRANTED, "a/victim");
        guest_path("path_remove_directory", GRANTED, "a/made");
        guest_rename(GRANTED, "a/new", GRANTED, "a/b/../renamed");
        guest_link(GRANTED, "a/renamed", GRANTED, "a/linked");
        guest_symlink("x", GRANTED, "a/b/../symbolic");
        guest_path("path_unlink_file", GRANTED, "a/symbolic");
        guest_path("path_unlink_file", GRANTED, "a/linked");
}

static void race_with(const char *target)
{
        folder_start(READ_WRITE);
        make_folder("inside/a");
        make_folder("inside/a/b");
        make_file("inside/a/secret", "mine");
        make_folder("outside/b");
        make_file("outside/victim", "");
        make_link(target, "inside/swapped");
        while_swapping("inside/a", "inside/swapped", open_anything);
        assert_true(inside > 0 && refused > 0);
        static const char *const made[] = { "outside/new", "outside/made", "outside/renamed", "outside/linked",
                                            "outside/symbolic" };
        for (size_t i = 0; i < COUNT_OF(made); i++)
                assert_false(is_there(made[i]));
        assert_true(is_there("outside/victim"));
        folder_end();
}

TEST(a_folder_and_a_link_change_places)
{
        race_with("../outside");
}

TEST(a_folder_and_an_absolute_link_change_places)
{
        race_with("/tmp");
}

/* Up from a folder that is moved out at that moment. */
static void go_up(void)
{
        int fd = guest_open(GRANTED, "a/b/../../secret", 0, RIGHT_FD_READ);
        if (fd > 0) {
                assert_int_equal(guest_read(fd, text), 4);
                assert_string_equal(text, "mine");
                assert_int_equal(guest_close(fd), 0);
                inside++;
        }
        refused += fd == -WASI_NOTCAPABLE || fd == -WASI_AGAIN;
}

TEST(a_folder_is_moved_out_and_in)
{
        folder_start(READ_WRITE);
        make_folder("inside/a");
        make_folder("inside/a/b");
        make_file("inside/secret", "mine");
        make_folder("outside/a");
        make_folder("outside/a/b");
        while_swapping("inside/a/b", "outside/a/b", go_up);
        assert_true(inside > 0);
        folder_end();
}

static void open_file(void)
{
        int fd = guest_open(GRANTED, "file", 0, RIGHT_FD_READ);
        if (fd > 0) {
                assert_int_equal(guest_read(fd, text), 4);
                assert_int_equal(guest_close(fd), 0);
                inside++;
        }
        refused += fd == -WASI_NOTCAPABLE;
}

/* It was a file when it was looked at: opening it then must not wait. */
TEST(a_file_and_a_fifo_change_places)
{
        folder_start(READ_WRITE);
        make_file("inside/file", "text");
        assert_int_equal(mkfifo("inside/fifo", 0600), 0);
        while_swapping("inside/file", "inside/fifo", open_file);
        assert_true(inside > 0 && refused > 0);
        folder_end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(absolute_paths, 120), TEST_CASE(dots), TEST_CASE(dots_at_the_end),
                         TEST_CASE(dots_from_an_opened_folder), TEST_CASE(symbolic_links_on_the_way),
                         TEST_CASE(symbolic_links_at_the_end), TEST_CASE(symbolic_links_with_a_slash),
                         TEST_CASE(links_that_a_module_makes), TEST_CASE(an_open_folder_that_is_moved_out),
                         TEST_CASE(between_two_grants), TEST_CASE(what_is_granted_to_read_only),
                         TEST_CASE(what_is_neither_file_nor_folder), TEST_CASE(the_hosts_memory), TEST_CASE(magic_links),
                         TEST_CASE(the_process_stays_as_it_is), TEST_CASE(a_folder_and_a_link_change_places),
                         TEST_CASE(a_folder_and_an_absolute_link_change_places), TEST_CASE(a_folder_is_moved_out_and_in),
                         TEST_CASE(a_file_and_a_fifo_change_places));
}
