/* Runs a fuzz target over inputs that were found before: each file given, and each file in each folder given. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/own.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void file_closep(FILE **file)
{
        if (*file)
                fclose(*file);
}

static void dir_closep(DIR **dir)
{
        if (*dir)
                closedir(*dir);
}

/* Returns the number of inputs run, or -1. The copy is exactly as long as the input, so that a sanitizer sees reads past it. */
static int run_file(const char *path)
{
        OWNED(file_closep) FILE *file = fopen(path, "re");
        struct stat st;
        if (!file || fstat(fileno(file), &st))
                return perror(path), -1;
        size_t len = (size_t)st.st_size;
        OWNED(freep) uint8_t *data = malloc(len ? len : 1);
        if (!data || fread(data, 1, len, file) != len)
                return perror(path), -1;
        LLVMFuzzerTestOneInput(data, len);
        return 1;
}

static int run_folder(const char *path)
{
        OWNED(dir_closep) DIR *dir = opendir(path);
        int ran = 0;
        if (!dir)
                return perror(path), -1;
        for (struct dirent *e; (e = readdir(dir));) {
                OWNED(freep) char *name = NULL;
                if (e->d_name[0] == '.')
                        continue;
                if (asprintf(&name, "%s/%s", path, e->d_name) < 0 || run_file(name) < 0)
                        return -1;
                ran++;
        }
        return ran;
}

static int run_path(const char *path)
{
        struct stat st;
        if (stat(path, &st))
                return perror(path), -1;
        return S_ISDIR(st.st_mode) ? run_folder(path) : run_file(path);
}

int main(int argc, char **argv)
{
        int ran = 0;
        for (int i = 1; i < argc; i++) {
                int n = run_path(argv[i]);
                if (n < 0)
                        return 1;
                ran += n;
        }
        printf("%d inputs\n", ran);
        return ran ? 0 : 1;
}
