/* WASI: files and folders, as a module uses them that wants no harm. */
#include "wasm/test_wasi_folder.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
        READ_WRITE = WARD_FOLDER_READ | WARD_FOLDER_WRITE,
        AT = 32768, /* where a test has something to itself */
        RESULT = 40000,
        BOTH = RIGHT_FD_READ | RIGHT_FD_WRITE | RIGHT_FD_SEEK | RIGHT_FD_TELL | RIGHT_FD_STAT | RIGHT_FD_SET_SIZE,
};

static char text[256];

/* --- What is granted -------------------------------------------------------------------------- */

TEST(a_granted_folder_has_a_name)
{
        folder_start_two(READ_WRITE, "inside/second", WARD_FOLDER_READ);
        assert_int_equal(call("fd_prestat_get", 4, AT), WASI_OK);
        assert_int_equal(word(AT), 0);
        assert_int_equal(word(AT + 4), 7);
        assert_int_equal(call("fd_prestat_dir_name", 4, AT, 6), WASI_NAMETOOLONG);
        memory[AT + 7] = '!';
        assert_int_equal(call("fd_prestat_dir_name", 4, AT, 100), WASI_OK);
        assert_memory_equal(memory + AT, "/second!", 8);
        assert_int_equal(call("fd_prestat_get", 5, AT), WASI_BADF);
        assert_int_equal(call("fd_prestat_dir_name", 4, MEMORY - 3, 7), WASI_FAULT);
        assert_int_equal(call("fd_fdstat_get", 3, AT), WASI_OK);
        assert_int_equal(memory[AT], WASI_DIRECTORY);
        assert_int_equal(long_word(AT + 8), RIGHTS_FOLDER);
        assert_int_equal(long_word(AT + 16), RIGHTS_FOLDER | RIGHTS_FILE);
        assert_int_equal(call("fd_fdstat_get", 4, AT), WASI_OK);
        assert_int_equal(long_word(AT + 8), RIGHTS_FOLDER & ~RIGHTS_CHANGE);
        assert_int_equal(long_word(AT + 16), (RIGHTS_FOLDER | RIGHTS_FILE) & ~RIGHTS_CHANGE);
        folder_end();
}

static void cannot_be_granted(const struct ward_folder *folders, size_t n, enum ward_fault_kind kind, const char *phrase)
{
        const struct wasi_options options = { .folders = folders, .n_folders = n };
        struct ward_fault why;
        struct wasi_grants *made;
        assert_int_equal(wasi_grants_new(&options, &made, &why), -(int)kind);
        assert_says(&why, phrase);
}

TEST(a_folder_that_cannot_be_granted)
{
        static const struct ward_folder many[65];
        cannot_be_granted(&(struct ward_folder){ "/", "/nowhere", 1 }, 1, WARD_FAULT_REFUSED, "cannot grant folder '/nowhere'");
        cannot_be_granted(&(struct ward_folder){ "/", "/dev/null", 1 }, 1, WARD_FAULT_REFUSED, "Not a directory");
        cannot_be_granted(&(struct ward_folder){ "/", "/tmp", 2 }, 1, WARD_FAULT_USAGE, "not 0x2");
        cannot_be_granted(&(struct ward_folder){ "/", "/tmp", 4 }, 1, WARD_FAULT_USAGE, "not 0x4");
        cannot_be_granted(&(struct ward_folder){ "/", NULL, 1 }, 1, WARD_FAULT_USAGE, "needs its path");
        cannot_be_granted(&(struct ward_folder){ "", "/tmp", 1 }, 1, WARD_FAULT_USAGE, "what the add-in calls it");
        cannot_be_granted(many, 65, WARD_FAULT_USAGE, "64 folders at most, not 65");
}

/* As in a container whose filter is older than the call: nothing could keep an add-in below a folder. */
static void without_openat2(uint32_t error)
{
        struct sock_filter filter[] = {
                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        };
        const struct sock_fprog program = { COUNT_OF(filter), filter };
        assert_int_equal(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        assert_int_equal(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
        cannot_be_granted(&(struct ward_folder){ "/", "/tmp", 1 }, 1, WARD_FAULT_REFUSED,
                          "within folder '/tmp': openat2 is needed");
}

TEST(a_kernel_without_openat2)
{
        without_openat2(ENOSYS);
}

TEST(a_policy_without_openat2)
{
        without_openat2(EPERM);
}

/* --- Files ------------------------------------------------------------------------------------ */

TEST(a_file_is_written_and_read)
{
        folder_start(READ_WRITE);
        mode_t mask = umask(022);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, BOTH);
        assert_int_equal(fd, 4);
        assert_int_equal(guest_write(fd, "twenty bytes of text"), 20);
        assert_int_equal(call("fd_tell", (uint64_t)fd, RESULT), WASI_OK);
        assert_int_equal(long_word(RESULT), 20);
        assert_int_equal(call("fd_seek", (uint64_t)fd, (uint64_t)-13, 1, RESULT), WASI_OK);
        assert_int_equal(long_word(RESULT), 7);
        assert_int_equal(guest_read(fd, text), 13);
        assert_string_equal(text, "bytes of text");
        assert_int_equal(guest_read(fd, text), 0);
        assert_int_equal(call("fd_seek", (uint64_t)fd, (uint64_t)-1, 0, RESULT), WASI_INVAL);
        assert_int_equal(call("fd_seek", (uint64_t)fd, 0, 3, RESULT), WASI_INVAL);
        assert_int_equal(call("fd_filestat_set_size", (uint64_t)fd, 6), WASI_OK);
        assert_int_equal(call("fd_filestat_set_size", (uint64_t)fd, UINT64_MAX), WASI_INVAL);
        assert_int_equal(guest_close(fd), 0);
        assert_int_equal(guest_close(fd), -WASI_BADF);
        assert_holds("inside/file", "twenty");
        struct stat st;
        assert_int_equal(stat("inside/file", &st), 0);
        assert_int_equal(st.st_mode & 0777, 0644);
        umask(mask);
        folder_end();
}

TEST(a_file_is_read_and_written_anywhere)
{
        folder_start(READ_WRITE);
        make_file("inside/file", "0123456789");
        int fd = guest_open(GRANTED, "file", 0, BOTH);
        put_word(AT, AT + 100);
        put_word(AT + 4, 3);
        put_text(AT + 100, "abc");
        assert_int_equal(call("fd_pwrite", (uint64_t)fd, AT, 1, 4, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), 3);
        assert_int_equal(call("fd_pread", (uint64_t)fd, AT, 1, 5, RESULT), WASI_OK);
        assert_memory_equal(memory + AT + 100, "bc7", 3);
        assert_int_equal(call("fd_pread", (uint64_t)fd, AT, 1, 9, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), 1);
        assert_int_equal(call("fd_pread", (uint64_t)fd, AT, 1, UINT64_MAX, RESULT), WASI_INVAL);
        assert_int_equal(guest_read(fd, text), 10); /* the offset stayed */
        assert_string_equal(text, "0123abc789");
        folder_end();
}

TEST(files_are_made_only_where_asked_for)
{
        folder_start(READ_WRITE);
        assert_int_equal(guest_open(GRANTED, "file", 0, BOTH), -WASI_NOENT);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT | OFLAG_EXCL, BOTH);
        assert_int_equal(guest_write(fd, "text"), 4);
        assert_int_equal(guest_open(GRANTED, "file", OFLAG_CREAT | OFLAG_EXCL, BOTH), -WASI_EXIST);
        assert_int_equal(guest_open(GRANTED, "file", OFLAG_DIRECTORY, 0), -WASI_NOTDIR);
        assert_int_equal(guest_open(GRANTED, "file/", 0, 0), -WASI_NOTDIR);
        assert_int_equal(guest_open(GRANTED, ".", 0, RIGHT_FD_WRITE), -WASI_ISDIR);
        assert_int_equal(guest_open(GRANTED, ".", OFLAG_TRUNC, 0), -WASI_ISDIR);
        assert_int_equal(guest_open(GRANTED, "file", OFLAG_DIRECTORY | OFLAG_CREAT, 0), -WASI_INVAL);
        assert_int_equal(guest_open(GRANTED, "file", 16, 0), -WASI_INVAL);
        fd = guest_open(GRANTED, "file", OFLAG_CREAT, RIGHT_FD_READ);
        assert_int_equal(guest_read(fd, text), 4);
        assert_true(guest_open(GRANTED, "file", OFLAG_TRUNC, BOTH) > 0);
        assert_holds("inside/file", "");
        folder_end();
}

TEST(appending)
{
        folder_start(READ_WRITE);
        make_file("inside/file", "one");
        int fd = guest_open_with(GRANTED, "file", 0, 0, BOTH | RIGHT_FD_SET_FLAGS, 0, FDFLAG_APPEND);
        assert_int_equal(guest_write(fd, ",two"), 4);
        assert_int_equal(call("fd_fdstat_get", (uint64_t)fd, AT), WASI_OK);
        assert_int_equal(memory[AT + 2], FDFLAG_APPEND);
        assert_int_equal(call("fd_fdstat_set_flags", (uint64_t)fd, FDFLAG_NONBLOCK), WASI_OK);
        assert_int_equal(call("fd_seek", (uint64_t)fd, 0, 0, RESULT), WASI_OK);
        assert_int_equal(guest_write(fd, "ONE"), 3);
        assert_int_equal(call("fd_fdstat_get", (uint64_t)fd, AT), WASI_OK);
        assert_int_equal(memory[AT + 2], FDFLAG_NONBLOCK);
        assert_int_equal(call("fd_fdstat_set_flags", (uint64_t)fd, FDFLAG_SYNC), WASI_NOTSUP);
        assert_int_equal(call("fd_fdstat_set_flags", (uint64_t)fd, 32), WASI_INVAL);
        assert_holds("inside/file", "ONE,two");
        folder_end();
}

TEST(much_at_once)
{
        enum { VECTORS = 40, PIECE = 65536 };
        struct stat st;
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, BOTH);
        for (uint32_t i = 0; i < VECTORS; i++) {
                put_word(AT + 8 * i, 0);
                put_word(AT + 8 * i + 4, PIECE);
        }
        assert_int_equal(call("fd_write", (uint64_t)fd, AT, VECTORS, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), VECTORS * PIECE);
        assert_int_equal(stat("inside/file", &st), 0);
        assert_int_equal(st.st_size, VECTORS * PIECE);
        put_word(AT + 4, 1); /* pieces that end within vectors */
        assert_int_equal(call("fd_pwrite", (uint64_t)fd, AT, VECTORS, 7, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), (VECTORS - 1) * PIECE + 1);
        folder_end();
}

/* What is read may change the vectors that say where to. */
TEST(vectors_that_change_while_they_are_read)
{
        enum { FAR = 70000 };
        static uint8_t wild[FAR];
        folder_start(READ_WRITE);
        FILE *file = fopen("inside/file", "we");
        memset(wild, 0xff, sizeof wild);
        for (int i = 0; i < 30; i++)
                assert_int_equal(fwrite(wild, 1, sizeof wild, file), sizeof wild);
        fclose(file);
        int fd = guest_open(GRANTED, "file", 0, BOTH);
        for (uint32_t i = 0; i < 100; i++) {
                put_word(AT + 8 * i, 0);
                put_word(AT + 8 * i + 4, MEMORY);
        }
        assert_int_equal(call("fd_read", (uint64_t)fd, AT, 30, RESULT), WASI_OK);
        assert_true(word(RESULT) >= 1 << 20 && word(RESULT) <= 30 * MEMORY);
        folder_end();
}

TEST(vectors_that_are_wrong)
{
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, BOTH);
        put_word(AT, MEMORY - 10);
        put_word(AT + 4, 11);
        assert_int_equal(call("fd_write", (uint64_t)fd, AT, 1, RESULT), WASI_FAULT);
        put_word(AT, 0);
        put_word(AT + 4, UINT32_MAX);
        assert_int_equal(call("fd_write", (uint64_t)fd, AT, 1, RESULT), WASI_FAULT);
        assert_int_equal(call("fd_write", (uint64_t)fd, AT, 1025, RESULT), WASI_INVAL);
        assert_int_equal(call("fd_write", (uint64_t)fd, MEMORY - 7, 1, RESULT), WASI_FAULT);
        put_word(AT + 4, 5);
        assert_int_equal(call("fd_write", (uint64_t)fd, AT, 1, MEMORY - 3), WASI_FAULT);
        assert_holds("inside/file", "");
        folder_end();
}

TEST(a_file_that_may_not_grow)
{
        const struct rlimit small = { 4, 4 };
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, BOTH | RIGHT_FD_ALLOCATE);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        assert_int_equal(guest_write(fd, "a little"), 4);
        assert_int_equal(guest_write(fd, "more"), -WASI_FBIG); /* and no SIGXFSZ */
        assert_int_equal(call("fd_filestat_set_size", (uint64_t)fd, 100), WASI_FBIG);
        assert_int_equal(call("fd_allocate", (uint64_t)fd, 0, 100), WASI_FBIG);
        sigset_t pending;
        sigpending(&pending);
        assert_false(sigismember(&pending, SIGXFSZ));
        folder_end();
}

TEST(advice_and_room)
{
        struct stat st;
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, ALL_RIGHTS);
        int error = call("fd_allocate", (uint64_t)fd, 50, 50);
        assert_true(error == WASI_OK || error == WASI_NOTSUP);
        assert_int_equal(stat("inside/file", &st), 0);
        assert_int_equal(st.st_size, error ? 0 : 100);
        assert_int_equal(call("fd_allocate", (uint64_t)fd, UINT64_MAX, 1), WASI_INVAL);
        assert_int_equal(call("fd_advise", (uint64_t)fd, 0, 10, 1), WASI_OK);
        assert_int_equal(call("fd_advise", (uint64_t)fd, 0, 10, 6), WASI_INVAL);
        assert_int_equal(call("fd_advise", (uint64_t)fd, UINT64_MAX, 10, 1), WASI_INVAL);
        assert_int_equal(call("fd_sync", (uint64_t)fd), WASI_OK);
        assert_int_equal(call("fd_datasync", (uint64_t)fd), WASI_OK);
        assert_int_equal(call("fd_sync", GRANTED), WASI_OK);
        assert_int_equal(call("fd_allocate", GRANTED, 0, 1), WASI_ISDIR);
        folder_end();
}

/* --- Descriptors ------------------------------------------------------------------------------ */

TEST(rights_only_shrink)
{
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, BOTH);
        assert_int_equal(guest_write(fd, "text"), 4);
        assert_int_equal(call("fd_fdstat_set_rights", (uint64_t)fd, RIGHT_FD_TELL, 0), WASI_OK);
        assert_int_equal(guest_write(fd, "text"), -WASI_BADF);
        assert_int_equal(guest_read(fd, text), -WASI_BADF);
        assert_int_equal(call("fd_seek", (uint64_t)fd, 1, 1, RESULT), WASI_NOTCAPABLE);
        assert_int_equal(call("fd_seek", (uint64_t)fd, 0, 1, RESULT), WASI_OK);
        assert_int_equal(call("fd_fdstat_set_rights", (uint64_t)fd, RIGHT_FD_WRITE, 0), WASI_NOTCAPABLE);
        assert_int_equal(call("fd_fdstat_set_rights", GRANTED, RIGHT_PATH_OPEN, RIGHT_FD_READ), WASI_OK);
        assert_int_equal(guest_open(GRANTED, "file", 0, RIGHT_FD_WRITE), -WASI_NOTCAPABLE);
        assert_int_equal(guest_open(GRANTED, "new", OFLAG_CREAT, 0), -WASI_NOTCAPABLE);
        fd = guest_open(GRANTED, "file", 0, ALL_RIGHTS & ~RIGHT_FD_WRITE);
        assert_int_equal(call("fd_fdstat_get", (uint64_t)fd, AT), WASI_OK);
        assert_int_equal(long_word(AT + 8), RIGHT_FD_READ);
        assert_int_equal(refusal.n, 0); /* all of that was the module's own doing */
        folder_end();
}

TEST(as_many_as_there_may_be)
{
        int fd = 0, n = 3;
        folder_start(READ_WRITE);
        int before = harness_count_fds();
        while ((fd = guest_open(GRANTED, ".", 0, 0)) > 0)
                n = fd;
        assert_int_equal(fd, -WASI_MFILE);
        assert_int_equal(n, WASI_DESCRIPTORS_MAX - 1);
        assert_int_equal(harness_count_fds() - before, WASI_DESCRIPTORS_MAX - 4);
        assert_int_equal(refusal.n, 1);
        assert_true(refusal.limit);
        assert_int_equal(guest_close(50), 0);
        assert_int_equal(guest_open(GRANTED, ".", 0, 0), 50);
        assert_int_equal(call("fd_close", 1u << 31), WASI_BADF);
        assert_int_equal(call("fd_close", UINT32_MAX), WASI_BADF);
        folder_end();
}

TEST(descriptors_are_moved)
{
        folder_start(READ_WRITE);
        make_file("inside/file", "text");
        int fd = guest_open(GRANTED, "file", 0, BOTH);
        assert_int_equal(call("fd_renumber", (uint64_t)fd, 0), WASI_OK);
        assert_int_equal(guest_read(0, text), 4);
        assert_int_equal(guest_read(fd, text), -WASI_BADF);
        assert_int_equal(call("fd_renumber", 0, 0), WASI_OK);
        assert_int_equal(guest_read(0, text), 0);
        assert_int_equal(call("fd_renumber", 0, GRANTED), WASI_OK);
        assert_int_equal(call("fd_prestat_get", GRANTED, AT), WASI_BADF);
        folder_end();
}

/* --- Paths ------------------------------------------------------------------------------------ */

TEST(folders_come_and_go)
{
        folder_start(READ_WRITE);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "a"), 0);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "a"), -WASI_EXIST);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "a//b/"), 0);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "x/b"), -WASI_NOENT);
        assert_int_equal(guest_path("path_create_directory", GRANTED, "."), -WASI_EXIST);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "a"), -WASI_NOTEMPTY);
        assert_int_equal(guest_path("path_unlink_file", GRANTED, "a/b"), -WASI_ISDIR);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "a/./../a/b///"), 0);
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "a/."), -WASI_INVAL);
        make_file("inside/file", "");
        assert_int_equal(guest_path("path_remove_directory", GRANTED, "file"), -WASI_NOTDIR);
        assert_int_equal(guest_path("path_unlink_file", GRANTED, "file/"), -WASI_NOTDIR);
        assert_int_equal(guest_path("path_unlink_file", GRANTED, "a/../file"), 0);
        assert_false(is_there("inside/file"));
        int a = guest_open(GRANTED, "a", 0, RIGHT_PATH_CREATE_DIRECTORY);
        assert_int_equal(guest_path("path_create_directory", a, "c"), 0);
        assert_true(is_there("inside/a/c"));
        folder_end();
}

TEST(names_change)
{
        folder_start_two(READ_WRITE, "second", READ_WRITE);
        make_file("inside/one", "1");
        assert_int_equal(guest_rename(GRANTED, "one", GRANTED, "two"), 0);
        assert_int_equal(guest_rename(GRANTED, "two", GRANTED, "three/"), -WASI_NOTDIR);
        assert_int_equal(guest_rename(GRANTED, "two", GRANTED + 1, "three"), 0);
        assert_holds("second/three", "1");
        assert_int_equal(guest_link(GRANTED + 1, "three", GRANTED, "four"), 0);
        assert_holds("inside/four", "1");
        assert_int_equal(guest_link(GRANTED, "four", GRANTED, "four"), -WASI_EXIST);
        assert_int_equal(guest_symlink("four", GRANTED, "five"), 0);
        assert_int_equal(guest_link(GRANTED, "five", GRANTED, "six"), 0);
        assert_int_equal(guest_readlink(GRANTED, "six", text), 0);
        assert_string_equal(text, "four");
        assert_int_equal(guest_readlink(GRANTED, "four", text), -WASI_INVAL);
        assert_int_equal(call("path_link", GRANTED, LOOKUP_FOLLOW, 0, 1, GRANTED, 0, 1), WASI_INVAL);
        int fd = guest_open(GRANTED, "six", 0, RIGHT_FD_READ);
        assert_int_equal(guest_read(fd, text), 1);
        assert_int_equal(guest_open_with(GRANTED, "six", 0, 0, RIGHT_FD_READ, 0, 0), -WASI_LOOP);
        assert_int_equal(guest_open_with(GRANTED, "six", 0, OFLAG_DIRECTORY, 0, 0, 0), -WASI_NOTDIR);
        folder_end();
}

TEST(paths_that_are_wrong)
{
        static char long_path[4097];
        folder_start(READ_WRITE);
        memset(long_path, 'x', sizeof long_path - 1);
        assert_int_equal(guest_path("path_create_directory", GRANTED, ""), -WASI_NOENT);
        assert_int_equal(guest_path("path_create_directory", GRANTED, long_path), -WASI_NAMETOOLONG);
        long_path[4095] = '\0';
        assert_int_equal(guest_path("path_create_directory", GRANTED, long_path), -WASI_NAMETOOLONG);
        put_text(AT, "ab");
        memory[AT + 1] = '\0';
        assert_int_equal(call("path_create_directory", GRANTED, AT, 2), WASI_INVAL);
        assert_int_equal(call("path_create_directory", GRANTED, MEMORY - 1, 2), WASI_FAULT);
        assert_int_equal(call("path_create_directory", GRANTED, UINT32_MAX, UINT32_MAX), WASI_FAULT);
        assert_int_equal(call("path_create_directory", 0, AT, 1), WASI_NOTDIR);
        assert_int_equal(call("path_create_directory", 9, AT, 1), WASI_BADF);
        assert_int_equal(call("path_open", GRANTED, 0, AT, 1, OFLAG_CREAT, 0, 0, 0, MEMORY - 3), WASI_FAULT);
        assert_false(is_there("inside/a"));
        folder_end();
}

/* --- What they are ---------------------------------------------------------------------------- */

TEST(what_a_file_is)
{
        enum { STAT = 16384 };
        struct stat st;
        folder_start(READ_WRITE);
        make_file("inside/file", "text");
        make_link("file", "inside/link");
        assert_int_equal(stat("inside/file", &st), 0);
        assert_int_equal(guest_stat(GRANTED, "link", LOOKUP_FOLLOW), 0);
        assert_int_equal(long_word(STAT), st.st_dev);
        assert_int_equal(long_word(STAT + 8), st.st_ino);
        assert_int_equal(long_word(STAT + 16), WASI_REGULAR_FILE);
        assert_int_equal(long_word(STAT + 24), 1);
        assert_int_equal(long_word(STAT + 32), 4);
        assert_int_equal(guest_stat(GRANTED, "link", 0), 0);
        assert_int_equal(memory[STAT + 16], WASI_SYMBOLIC_LINK);
        int fd = guest_open(GRANTED, "file", 0, RIGHT_FD_STAT | RIGHT_FD_SET_TIMES | RIGHT_FD_WRITE);
        assert_int_equal(call("fd_filestat_set_times", (uint64_t)fd, 1000000001, 2000000002, FSTFLAG_ATIM | FSTFLAG_MTIM), WASI_OK);
        assert_int_equal(call("fd_filestat_get", (uint64_t)fd, STAT), WASI_OK);
        assert_int_equal(long_word(STAT + 40), 1000000001);
        assert_int_equal(long_word(STAT + 48), 2000000002);
        uint32_t len = put_text(AT, "link");
        assert_int_equal(call("path_filestat_set_times", GRANTED, 0, AT, len, 5, 6, FSTFLAG_MTIM), WASI_OK);
        assert_int_equal(guest_stat(GRANTED, "link", 0), 0);
        assert_int_equal(long_word(STAT + 48), 6);
        assert_int_equal(call("path_filestat_set_times", GRANTED, LOOKUP_FOLLOW, AT, len, 5, 7, FSTFLAG_MTIM), WASI_OK);
        assert_int_equal(call("fd_filestat_get", (uint64_t)fd, STAT), WASI_OK);
        assert_int_equal(long_word(STAT + 48), 7);
        assert_int_equal(long_word(STAT + 40), 1000000001);
        assert_int_equal(call("fd_filestat_set_times", (uint64_t)fd, 0, 0, FSTFLAG_MTIM | FSTFLAG_MTIM_NOW), WASI_INVAL);
        assert_int_equal(call("fd_filestat_set_times", (uint64_t)fd, 0, 0, FSTFLAG_ATIM_NOW), WASI_OK);
        assert_int_equal(call("fd_filestat_set_times", (uint64_t)fd, 0, 0, 16), WASI_INVAL);
        assert_int_equal(call("fd_filestat_get", (uint64_t)fd, MEMORY - 63), WASI_FAULT);
        folder_end();
}

/* --- What is in a folder ---------------------------------------------------------------------- */

enum { NAMES = 300 };

/* Reads all of it with a buffer of @size; how many entries there are. */
static int list(int fd, uint32_t size, bool seen[NAMES])
{
        uint64_t cookie = 0;
        int n = 0;
        for (;;) {
                assert_int_equal(call("fd_readdir", (uint64_t)fd, AT, size, cookie, RESULT), WASI_OK);
                uint32_t used = word(RESULT), at = 0;
                assert_true(used <= size);
                while (at + 24 <= used && at + 24 + word(AT + at + 16) <= used) {
                        int name;
                        if (word(AT + at + 16) == 4 && sscanf((const char *)memory + AT + at + 24, "n%3d", &name) == 1)
                                seen[name] = true;
                        cookie = long_word(AT + at);
                        at += 24 + word(AT + at + 16);
                        n++;
                }
                if (used < size)
                        return n;
                assert_true(at > 0);
        }
}

TEST(what_is_in_a_folder)
{
        static const uint32_t sizes[] = { 64, 100, 1000, 7000 };
        folder_start(READ_WRITE);
        for (int i = 0; i < NAMES; i++) {
                char path[32];
                snprintf(path, sizeof path, "inside/n%03d", i);
                make_file(path, "");
        }
        for (size_t i = 0; i < COUNT_OF(sizes); i++) {
                bool seen[NAMES] = { false };
                assert_int_equal(list(GRANTED, sizes[i], seen), NAMES + 2);
                for (int j = 0; j < NAMES; j++)
                        assert_true(seen[j]);
        }
        folder_end();
}

TEST(listing_that_is_wrong)
{
        folder_start(READ_WRITE);
        int fd = guest_open(GRANTED, "file", OFLAG_CREAT, ALL_RIGHTS);
        assert_int_equal(call("fd_readdir", (uint64_t)fd, AT, 100, 0, RESULT), WASI_NOTCAPABLE);
        assert_int_equal(call("fd_readdir", 0, AT, 100, 0, RESULT), WASI_NOTCAPABLE);
        assert_int_equal(call("fd_readdir", GRANTED, MEMORY - 99, 100, 0, RESULT), WASI_FAULT);
        assert_int_equal(call("fd_readdir", GRANTED, AT, 100, 0, MEMORY - 3), WASI_FAULT);
        assert_int_equal(call("fd_readdir", GRANTED, AT, 0, 0, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), 0);
        assert_int_equal(call("fd_readdir", GRANTED, AT, 100, UINT64_MAX, RESULT), WASI_INVAL);
        int error = call("fd_readdir", GRANTED, AT, 100, INT64_MAX - 12345, RESULT);
        assert_true(error == WASI_OK || error == WASI_INVAL); /* of no entry */
        folder_end();
}

TEST(files_are_always_ready)
{
        folder_start(READ_WRITE);
        make_file("inside/file", "text");
        int fd = guest_open(GRANTED, "file", 0, BOTH | RIGHT_POLL);
        memset(memory + AT, 0, 96);
        put_long(AT, 11);
        memory[AT + 8] = SUBSCRIBED_READ;
        put_word(AT + 16, (uint32_t)fd);
        put_long(AT + 48, 12);
        memory[AT + 56] = SUBSCRIBED_CLOCK;
        put_long(AT + 72, INT64_MAX);
        assert_int_equal(call("poll_oneoff", AT, AT + 100, 2, RESULT), WASI_OK);
        assert_int_equal(word(RESULT), 1);
        assert_int_equal(long_word(AT + 100), 11);
        assert_int_equal(long_word(AT + 116), 4);
        folder_end();
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(a_granted_folder_has_a_name, 120), TEST_CASE(a_folder_that_cannot_be_granted),
                         TEST_CASE(a_kernel_without_openat2), TEST_CASE(a_policy_without_openat2),
                         TEST_CASE(a_file_is_written_and_read), TEST_CASE(a_file_is_read_and_written_anywhere),
                         TEST_CASE(files_are_made_only_where_asked_for), TEST_CASE(appending), TEST_CASE(much_at_once),
                         TEST_CASE(vectors_that_change_while_they_are_read), TEST_CASE(vectors_that_are_wrong),
                         TEST_CASE(a_file_that_may_not_grow), TEST_CASE(advice_and_room), TEST_CASE(rights_only_shrink),
                         TEST_CASE(as_many_as_there_may_be), TEST_CASE(descriptors_are_moved), TEST_CASE(folders_come_and_go),
                         TEST_CASE(names_change), TEST_CASE(paths_that_are_wrong), TEST_CASE(what_a_file_is),
                         TEST_CASE(what_is_in_a_folder), TEST_CASE(listing_that_is_wrong), TEST_CASE(files_are_always_ready));
}
