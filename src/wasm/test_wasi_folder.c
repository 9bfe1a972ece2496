#include "wasm/test_wasi_folder.h"

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH = 1024, OTHER_PATH = 8192, VECTOR = 256, RESULT = 512, TEXT = 12288, STAT = 16384 };

static const char secret[] = "nobody's business";
static char top[] = "/tmp/ward-test-wasi-XXXXXX";

/* --- On the host's side ----------------------------------------------------------------------- */

void make_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

void make_folder(const char *path)
{
        assert_int_equal(mkdir(path, 0777), 0);
}

void make_link(const char *target, const char *path)
{
        assert_int_equal(symlink(target, path), 0);
}

bool is_there(const char *path)
{
        struct stat st;
        return lstat(path, &st) == 0;
}

void assert_holds(const char *path, const char *text)
{
        char found[256] = "";
        FILE *file = fopen(path, "re");
        assert_non_null(file);
        found[fread(found, 1, sizeof found - 1, file)] = '\0';
        fclose(file);
        assert_string_equal(found, text);
}

static void start_granted(const struct ward_folder *folders, size_t n)
{
        start_with(&(struct wasi_options){ .folders = folders, .n_folders = n }, NULL);
}

static void make_all(void)
{
        assert_non_null(mkdtemp(top));
        assert_int_equal(chdir(top), 0);
        make_folder("outside");
        make_folder("inside");
        make_file("outside/secret", secret);
}

void folder_start(uint32_t access)
{
        make_all();
        start_granted(&(struct ward_folder){ "/", "inside", access }, 1);
}

void folder_start_two(uint32_t access, const char *second, uint32_t second_access)
{
        make_all();
        make_folder(second);
        start_granted((const struct ward_folder[]){ { "/", "inside", access }, { "/second", second, second_access } }, 2);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        return remove(path);
}

void folder_end(void)
{
        end();
        assert_holds("outside/secret", secret);
        assert_int_equal(chdir("/"), 0);
        assert_int_equal(nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

/* --- On the module's -------------------------------------------------------------------------- */

int guest_open_with(int folder, const char *path, uint32_t lookup, uint32_t oflags, uint64_t rights, uint64_t inheriting,
                    uint32_t fdflags)
{
        uint32_t len = put_text(PATH, path);
        int error = call("path_open", (uint64_t)folder, lookup, PATH, len, oflags, rights, inheriting, fdflags, RESULT);
        return error ? -error : (int)word(RESULT);
}

int guest_open(int folder, const char *path, uint32_t oflags, uint64_t rights)
{
        return guest_open_with(folder, path, LOOKUP_FOLLOW, oflags, rights, ALL_RIGHTS, 0);
}

int guest_path(const char *function, int folder, const char *path)
{
        return -call(function, (uint64_t)folder, PATH, put_text(PATH, path));
}

int guest_stat(int folder, const char *path, uint32_t lookup)
{
        return -call("path_filestat_get", (uint64_t)folder, lookup, PATH, put_text(PATH, path), STAT);
}

int guest_rename(int folder, const char *path, int to, const char *new_path)
{
        uint32_t len = put_text(PATH, path), new_len = put_text(OTHER_PATH, new_path);
        return -call("path_rename", (uint64_t)folder, PATH, len, (uint64_t)to, OTHER_PATH, new_len);
}

int guest_link(int folder, const char *path, int to, const char *new_path)
{
        uint32_t len = put_text(PATH, path), new_len = put_text(OTHER_PATH, new_path);
        return -call("path_link", (uint64_t)folder, 0, PATH, len, (uint64_t)to, OTHER_PATH, new_len);
}

int guest_symlink(const char *target, int folder, const char *path)
{
        uint32_t len = put_text(PATH, target), new_len = put_text(OTHER_PATH, path);
        return -call("path_symlink", PATH, len, (uint64_t)folder, OTHER_PATH, new_len);
}

int guest_readlink(int folder, const char *path, char ret_target[256])
{
        int error = call("path_readlink", (uint64_t)folder, PATH, put_text(PATH, path), TEXT, 255, RESULT);
        if (!error)
                snprintf(ret_target, 256, "%.*s", (int)word(RESULT), (const char *)memory + TEXT);
        return -error;
}

int guest_write(int fd, const char *text)
{
        put_word(VECTOR, TEXT);
        put_word(VECTOR + 4, put_text(TEXT, text));
        int error = call("fd_write", (uint64_t)fd, VECTOR, 1, RESULT);
        return error ? -error : (int)word(RESULT);
}

int guest_read(int fd, char ret_text[256])
{
        put_word(VECTOR, TEXT);
        put_word(VECTOR + 4, 255);
        int error = call("fd_read", (uint64_t)fd, VECTOR, 1, RESULT);
        if (error)
                return -error;
        snprintf(ret_text, 256, "%.*s", (int)word(RESULT), (const char *)memory + TEXT);
        return (int)word(RESULT);
}

int guest_close(int fd)
{
        return -call("fd_close", (uint64_t)fd);
}
