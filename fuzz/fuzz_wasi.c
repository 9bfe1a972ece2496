/* A module that calls any function of WASI with anything: nothing outside of its folders is touched, nothing is changed in one that
 * is granted to read only, and no descriptor is left.
 *
 * The input is a row of calls. Each is a byte that chooses the function, and an argument for each of its parameters: a byte below
 * 128 is the value, or says where to find it. Byte 255 in place of a function is followed by a place and a byte for the memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "wasm/binding.h"
#include "wasm/wasi.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
        CALLS_MAX = 64,
        MEMORY = 1 << 17,
        LOW = 4096,
        PATHS = 8192, /* in memory, one every 64 bytes */
        PATH_ROOM = 64,
        FILE_MOST = 4 << 20,
};

static const char *const paths[] = {
        ".",         "..",           "file", "a",           "a/b",     "a/b/../../file", "../outside/secret",
        "up/secret", "up",           "a/up", "fifo",        "new",     "new/",           "a/new",
        "link",      "link/",        "loop", "/etc/passwd", "a/../..", "up/..",          "dangling",
        "absolute",  "absolute/new", "",
};

static char top[] = "/tmp/ward-fuzz-wasi-XXXXXX";
static struct wasm_offer offers[WASI_FUNCTIONS];
static struct wasm_memory memory = { .size = MEMORY };
static struct wasm_binding binding = { .null_bytes = LOW };
static struct wasm_instance instance = { .memory = &memory, .binding = &binding, .running = { .number = 1 } };

static void expect(bool good)
{
        if (!good)
                abort();
}

/* --- The files -------------------------------------------------------------------------------- */

static void in_top(char *to, const char *path)
{
        snprintf(to, PATH_MAX, "%s/%s", top, path);
}

static void make_file(const char *path, const char *text)
{
        char whole[PATH_MAX];
        in_top(whole, path);
        OWNED(fd_closep) int fd = open(whole, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
        expect(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

static void make_folder(const char *path)
{
        char whole[PATH_MAX];
        in_top(whole, path);
        expect(mkdir(whole, 0777) == 0);
}

static void make_link(const char *target, const char *path)
{
        char whole[PATH_MAX];
        in_top(whole, path);
        expect(symlink(target, whole) == 0);
}

static void make_inside(void)
{
        char whole[PATH_MAX];
        make_folder("inside");
        make_folder("inside/a");
        make_folder("inside/a/b");
        make_file("inside/file", "text");
        make_link("../outside", "inside/up");
        make_link("../../outside", "inside/a/up");
        make_link("file", "inside/link");
        make_link("loop", "inside/loop");
        make_link("../outside/new", "inside/dangling");
        make_link("/tmp", "inside/absolute");
        in_top(whole, "inside/fifo");
        expect(mkfifo(whole, 0600) == 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
        if (type == FTW_DNR)
                chmod(path, 0700);
        return remove(path);
}

static void remove_inside(void)
{
        char whole[PATH_MAX];
        in_top(whole, "inside");
        nftw(whole, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void remove_all(void)
{
        nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* A folder with one file that has this text, and nothing else. */
static void expect_only(const char *folder, const char *name, const char *text)
{
        char whole[PATH_MAX], found[64] = "";
        int n = 0;
        in_top(whole, folder);
        DIR *dir = opendir(whole);
        expect(dir);
        for (struct dirent *e; (e = readdir(dir));)
                n += strcmp(e->d_name, ".") && strcmp(e->d_name, "..") && strcmp(e->d_name, name) ? 100 : 1;
        closedir(dir);
        expect(n == 3);
        snprintf(whole, sizeof whole, "%s/%s/%s", top, folder, name);
        OWNED(fd_closep) int fd = open(whole, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        expect(fd >= 0 && read(fd, found, sizeof found - 1) == (ssize_t)strlen(text) && !strcmp(found, text));
        struct stat st;
        expect(fstat(fd, &st) == 0 && st.st_nlink == 1 && st.st_mtim.tv_sec == 1000000000);
}

static void make_fixed(const char *folder, const char *name, const char *text)
{
        const struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
        char path[64], whole[PATH_MAX];
        make_folder(folder);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        make_file(path, text);
        in_top(whole, path);
        expect(utimensat(AT_FDCWD, whole, times, 0) == 0);
}

/* Once a process. What a file may hold is bounded, for the disk's sake, which Ward must stand as well. */
static void prepare(void)
{
        const struct rlimit most = { FILE_MOST, FILE_MOST };
        if (memory.data)
                return;
        memory.data = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        expect(memory.data != MAP_FAILED && mprotect(memory.data, LOW, PROT_NONE) == 0);
        expect(mkdtemp(top) != NULL);
        atexit(remove_all);
        make_fixed("outside", "secret", "nobody's business");
        make_fixed("read-only", "file", "as it was");
        setrlimit(RLIMIT_FSIZE, &most);
        wasi_offers(offers);
}

/* --- The host --------------------------------------------------------------------------------- */

static int output(void *context, int fd, struct ward_span bytes, struct ward_fault *fault)
{
        expect((fd == 1 || fd == 2) && bytes.at >= memory.data + LOW && bytes.at + bytes.len <= memory.data + MEMORY);
        return 0;
}

static int input(void *context, void *to, size_t size, size_t *ret_len, struct ward_fault *fault)
{
        memset(to, 'x', size);
        *ret_len = size;
        return 0;
}

static int refused(void *context, const struct wasi_refusal *refusal, struct ward_fault *fault)
{
        expect(refusal->error > 0 && *refusal->operation && refusal->subject.len < PATH_MAX && *refusal->why);
        return 0;
}

static struct wasi *start(void)
{
        char inside[PATH_MAX], read_only[PATH_MAX];
        const struct ward_folder folders[] = { { "/", inside, WARD_FOLDER_READ | WARD_FOLDER_WRITE },
                                               { "/read-only", read_only, WARD_FOLDER_READ } };
        const char *const strings[] = { "one", "two", NULL };
        const struct wasi_options options = { strings, strings, folders, COUNT_OF(folders) };
        const struct wasi_host host = { .output = output, .input = input, .refused = refused };
        struct wasi_grants *grants;
        struct wasi *wasi;
        in_top(inside, "inside");
        in_top(read_only, "read-only");
        expect(!wasi_grants_new(&options, &grants, NULL) && !wasi_new(grants, &host, &wasi, NULL));
        wasi_grants_unref(grants);
        memset(memory.data + LOW, 0, MEMORY - LOW);
        for (size_t i = 0; i < COUNT_OF(paths); i++)
                memcpy(memory.data + PATHS + i * PATH_ROOM, paths[i], strlen(paths[i]));
        return wasi;
}

/* --- Calls ------------------------------------------------------------------------------------ */

struct cursor {
        const uint8_t *at, *end;
};

static uint64_t take(struct cursor *from, size_t n)
{
        uint64_t value = 0;
        for (size_t i = 0; i < n; i++)
                value |= (from->at < from->end ? (uint64_t)*from->at++ : 0) << 8 * i;
        return value;
}

/* @path: the one that the argument before was, whose length is asked for by 64. */
static uint64_t argument(struct cursor *from, const char **path)
{
        enum { IS_LENGTH = 64, IS_PATH = 128, IS_PLACE = 160, IS_16 = 224, IS_32 = 232, IS_64 = 240, IS_RIGHTS = 248 };
        uint8_t kind = (uint8_t)take(from, 1);
        const char *before = *path;
        *path = NULL;
        if (kind == IS_LENGTH && before)
                return strlen(before);
        if (kind < IS_PATH)
                return kind;
        if (kind < IS_PLACE) {
                size_t i = (kind - IS_PATH) % COUNT_OF(paths);
                *path = paths[i];
                return PATHS + i * PATH_ROOM;
        }
        if (kind < IS_16)
                return (kind - IS_PLACE) * UINT64_C(2048);
        if (kind < IS_32)
                return take(from, 2);
        if (kind < IS_64)
                return take(from, 4);
        return kind < IS_RIGHTS ? take(from, 8) : UINT64_MAX;
}

/* What waits is told that it is to end, and so looks only. */
static void call(struct wasi *wasi, uint32_t number, struct cursor *from)
{
        uint64_t slots[9] = { 0 };
        const char *path = NULL;
        const char *core = offers[number].core;
        for (size_t i = 0; core[i] != '>'; i++) {
                slots[i] = argument(from, &path);
                if (core[i] == 'i')
                        slots[i] = (uint32_t)slots[i];
        }
        instance.stopped = !strcmp(offers[number].field, "poll_oneoff");
        int r = wasi_call(wasi, number, &instance, "guest", slots, NULL);
        expect(r == 0 || r == -WARD_FAULT_EXIT);
        expect(slots[0] <= 76);
}

static void put(struct cursor *from)
{
        uint32_t at = (uint32_t)take(from, 2);
        uint8_t byte = (uint8_t)take(from, 1);
        if (at >= LOW)
                memory.data[at] = byte;
}

static int count_fds(void)
{
        int n = 0;
        DIR *dir = opendir("/proc/self/fd");
        while (readdir(dir))
                n++;
        closedir(dir);
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct cursor from = { data, data + size };
        prepare();
        int before = count_fds();
        make_inside();
        struct wasi *wasi = start();
        for (int i = 0; i < CALLS_MAX && from.at < from.end; i++) {
                uint8_t number = (uint8_t)take(&from, 1);
                if (number == 255)
                        put(&from);
                else
                        call(wasi, number % WASI_FUNCTIONS, &from);
        }
        wasi_free(wasi);
        remove_inside();
        expect_only("outside", "secret", "nobody's business");
        expect_only("read-only", "file", "as it was");
        expect(count_fds() == before);
        return 0;
}
