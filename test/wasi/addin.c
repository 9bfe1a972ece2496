/* Add-in of the tests of WASI: what a program does with the C library's files, folders and streams. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "files.h"

enum { NAMES_MAX = 1000, TEXT_MAX = 1 << 16 };

static char text[TEXT_MAX];

static int32_t outcome(int r)
{
        return r < 0 ? -errno : r;
}

/* --- Files ------------------------------------------------------------------------------------ */

static int32_t write_with(const char *path, const char *mode, const char *what)
{
        FILE *file = fopen(path, mode);
        if (!file)
                return -errno;
        int r = fputs(what, file) < 0 ? -1 : 0;
        return fclose(file) < 0 ? -errno : outcome(r);
}

static int32_t write_file(const char *path, const char *other)
{
        return write_with(path, "w", other);
}

static int32_t append_file(const char *path, const char *other)
{
        return write_with(path, "a", other);
}

static int32_t read_file(const char *path, const char *other)
{
        FILE *file = fopen(path, "r");
        if (!file)
                return -errno;
        size_t len = fread(text, 1, sizeof text - 1, file);
        text[len] = '\0';
        fclose(file);
        return (int32_t)len;
}

static int compare(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static int32_t list(const char *path, const char *other)
{
        static char *names[NAMES_MAX];
        int32_t n = 0;
        DIR *dir = opendir(path);
        if (!dir)
                return -errno;
        for (struct dirent *e; n < NAMES_MAX && (e = readdir(dir));)
                if (e->d_name[0] != '.')
                        names[n++] = strdup(e->d_name);
        closedir(dir);
        qsort(names, (size_t)n, sizeof names[0], compare);
        text[0] = '\0';
        for (int32_t i = 0; i < n; i++) {
                snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", i ? "," : "", names[i]);
                free(names[i]);
        }
        return n;
}

static int32_t size_of(const char *path, const char *other)
{
        struct stat st;
        return stat(path, &st) < 0 ? -errno : (int32_t)st.st_size;
}

static int32_t rename_(const char *path, const char *other)
{
        return outcome(rename(path, other));
}

static int32_t remove_(const char *path, const char *other)
{
        return outcome(remove(path));
}

static int32_t make_folder(const char *path, const char *other)
{
        return outcome(mkdir(path, 0777));
}

static int32_t make_link(const char *path, const char *other)
{
        return outcome(symlink(other, path));
}

static int32_t cut(const char *path, const char *other)
{
        return outcome(truncate(path, atoi(other)));
}

/* --- Streams ---------------------------------------------------------------------------------- */

static int32_t print(const char *path, const char *other)
{
        return fputs(other, stdout) < 0 || fflush(stdout) < 0 ? -errno : 0;
}

static int32_t complain(const char *path, const char *other)
{
        return fputs(other, stderr) < 0 ? -errno : 0;
}

static int32_t ask(const char *path, const char *other)
{
        clearerr(stdin);
        if (!fgets(text, sizeof text, stdin))
                text[0] = '\0';
        return (int32_t)strlen(text);
}

/* --- What is too much ------------------------------------------------------------------------- */

static int32_t try_often(const char *path, const char *other)
{
        for (int i = atoi(other); i > 0; i--) {
                int fd = open(path, O_RDONLY);
                if (fd >= 0)
                        close(fd);
        }
        return -errno;
}

static int32_t keep_open(const char *path, const char *other)
{
        int n = 0;
        while (open(path, O_RDONLY) >= 0)
                n++;
        snprintf(text, sizeof text, "%d", errno);
        return n;
}

static int32_t write_on_and_on(const char *path, const char *other)
{
        static char much[1 << 20];
        int fd = open(path, O_RDWR | O_CREAT, 0666);
        while (pwrite(fd, much, sizeof much, 0) > 0)
                ;
        return -errno;
}

static int32_t sleep_long(const char *path, const char *other)
{
        return (int32_t)sleep(3600);
}

static int32_t leave(const char *path, const char *other)
{
        open(path, O_RDONLY);
        exit(atoi(other));
}

static int32_t write_null(const char *path, const char *other)
{
        int fd = open(path, O_WRONLY | O_CREAT, 0666);
        int32_t r = write(fd, (const void *)(uintptr_t)atoi(other), 8) < 0 ? -errno : 0;
        close(fd);
        return r;
}

/* --- The table -------------------------------------------------------------------------------- */

static const struct {
        const char *what;
        int32_t (*act)(const char *path, const char *other);
} acts[] = {
        { "write", write_file }, { "append", append_file },
        { "read", read_file },   { "list", list },
        { "size", size_of },     { "rename", rename_ },
        { "remove", remove_ },   { "mkdir", make_folder },
        { "link", make_link },   { "cut", cut },
        { "print", print },      { "complain", complain },
        { "ask", ask },          { "try", try_often },
        { "keep", keep_open },   { "churn", write_on_and_on },
        { "sleep", sleep_long }, { "leave", leave },
        { "null", write_null },
};

static const char *text_of(const files_string_t *string)
{
        char *copy = malloc(string->len + 1);
        memcpy(copy, string->ptr, string->len);
        copy[string->len] = '\0';
        return copy;
}

int32_t exports_files_act(files_string_t *what, files_string_t *path, files_string_t *other)
{
        int32_t r = INT32_MIN;
        const char *name = text_of(what), *first = text_of(path), *second = text_of(other);
        for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
                if (!strcmp(acts[i].what, name))
                        r = acts[i].act(first, second);
        files_string_free(what);
        files_string_free(path);
        files_string_free(other);
        free((void *)name);
        free((void *)first);
        free((void *)second);
        return r;
}

void exports_files_found(files_string_t *ret)
{
        files_string_dup(ret, text);
}
