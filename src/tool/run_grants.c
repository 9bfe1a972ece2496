/* What is to be granted to a program at level intranet, so that it can be executed at all: itself, who interprets it, and the
 * libraries that it needs; found without running any of them. */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/own.h"
#include "native/needed.h"
#include "policy/words.h"
#include "tool/run.h"

enum { HEADERS_MAX = 128 };

bool run_texts_add(struct run_texts *texts, const char *text)
{
        const char **grown = reallocarray(texts->at, texts->n + 2, sizeof *grown);
        if (!grown)
                return false;
        texts->at = grown;
        texts->at[texts->n++] = text;
        texts->at[texts->n] = NULL;
        return true;
}

bool run_read_interpreter(int fd, char ret_path[PATH_MAX])
{
        Elf64_Ehdr head;
        Elf64_Phdr segment;
        *ret_path = 0;
        if (pread(fd, &head, sizeof head, 0) != sizeof head || memcmp(head.e_ident, ELFMAG, SELFMAG) ||
            head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_phnum > HEADERS_MAX)
                return false;
        for (int i = 0; i < head.e_phnum; i++) {
                if (pread(fd, &segment, sizeof segment, (off_t)(head.e_phoff + (uint64_t)i * sizeof segment)) != sizeof segment)
                        return false;
                if (segment.p_type != PT_INTERP)
                        continue;
                ssize_t n = segment.p_filesz < PATH_MAX ? pread(fd, ret_path, segment.p_filesz, (off_t)segment.p_offset) : -1;
                if (n <= 0 || ret_path[n - 1])
                        return *ret_path = 0, false;
        }
        return true;
}

/* "#!/bin/sh -e\n": /bin/sh. */
static bool read_script(int fd, char ret_path[PATH_MAX])
{
        char line[256];
        ssize_t n = pread(fd, line, sizeof line - 1, 0);
        if (n < 3 || memcmp(line, "#!", 2))
                return false;
        line[n] = 0;
        line[strcspn(line, "\n")] = 0;
        char *at = line + 2 + strspn(line + 2, " \t");
        at[strcspn(at, " \t")] = 0;
        snprintf(ret_path, PATH_MAX, "%s", at);
        return *at == '/';
}

bool run_find_interpreter(const char *path, char ret_path[PATH_MAX])
{
        struct stat st;
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
                return false;
        return read_script(fd, ret_path) || (run_read_interpreter(fd, ret_path) && *ret_path);
}

/* Takes @text, which is of malloc; NULL for want of memory. */
static bool add(struct run_grants *grants, struct run_texts *to, char *text)
{
        if (text && run_texts_add(&grants->owned, text))
                return run_texts_add(to, text);
        free(text);
        return false;
}

static bool add_path(struct run_grants *grants, const char *permission, const char *path)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                return false;
        fprintf(out, "%s ", permission);
        word_print(path, out);
        return fclose(out) ? (free(text), false) : add(grants, &grants->permissions, text);
}

static bool is_none_loaded(void *data, const char *name)
{
        return false;
}

void run_find_libraries(const struct run_options *options, const char *path, struct needed *ret)
{
        const struct needed_order order = {
                .path = path, .folders = { options->library_path.at }, .partial = true, .is_loaded = is_none_loaded
        };
        *ret = (struct needed){ 0 };
        needed_find(&order, ret, NULL);
}

/* What cannot be found here the program will miss, and say so. */
static bool add_libraries(struct run_grants *grants, const struct run_options *options, const char *program)
{
        OWNED(needed_finish) struct needed needed;
        bool good = true;
        run_find_libraries(options, program, &needed);
        for (size_t i = 0; good && i < needed.n; i++)
                good = add_path(grants, "execute", needed.files[i].path);
        return good;
}

/* The loader looks for libraries by this list, else at every place that there could be. */
static bool add_loader(struct run_grants *grants, const char *loader)
{
        return add_path(grants, "execute", loader) && add_path(grants, "read", "/etc/ld.so.cache");
}

static bool add_program(struct run_grants *grants, const struct run_options *options, const char *path)
{
        char at[PATH_MAX], interpreter[PATH_MAX];
        snprintf(at, sizeof at, "%s", path);
        for (int i = 0; i <= RUN_SCRIPTS_MAX; i++) {
                OWNED(fd_closep) int fd = open(at, O_RDONLY | O_CLOEXEC | O_NOCTTY);
                if (!add_path(grants, "execute", at))
                        return false;
                if (fd >= 0 && read_script(fd, interpreter)) {
                        memcpy(at, interpreter, sizeof at);
                        continue;
                }
                if (fd < 0 || !run_read_interpreter(fd, interpreter) || !*interpreter)
                        return true;
                return add_loader(grants, interpreter) && add_libraries(grants, options, at);
        }
        return true;
}

/* A program's loader is told by the environment where to look first, a library's is Ward. */
static bool add_folders(struct run_grants *grants, const struct run_options *options)
{
        const struct run_texts *folders = &options->library_path;
        char *text = NULL;
        size_t len;
        FILE *list = folders->n ? open_memstream(&text, &len) : NULL;
        if (!list)
                return !folders->n;
        fputs("LD_LIBRARY_PATH=", list);
        for (size_t i = 0; i < folders->n; i++)
                fprintf(list, "%s%s", i ? ":" : "", folders->at[i]);
        if (!fclose(list))
                return add(grants, &grants->environment, text);
        free(text);
        return false;
}

/* One that is given anew takes the place of the one that there was. */
static bool copy_environment(const struct run_options *options, bool but_folders, struct run_texts *to)
{
        bool good = true;
        for (size_t i = 0; good && i < options->environment.n; i++)
                if (!but_folders || strncmp(options->environment.at[i], "LD_LIBRARY_PATH=", strlen("LD_LIBRARY_PATH=")) != 0)
                        good = run_texts_add(to, options->environment.at[i]);
        return good;
}

int run_grants_make(const struct run_options *options, const struct run_target *target, struct run_grants *ret)
{
        bool program = !target->function;
        *ret = (struct run_grants){ .permissions = { NULL, 0 } };
        bool good = copy_environment(options, program && options->library_path.n, &ret->environment);
        for (size_t i = 0; good && i < options->allowed.n; i++)
                good = run_texts_add(&ret->permissions, options->allowed.at[i]);
        if (good && program)
                good = add_folders(ret, options);
        if (good && program && options->level == WARD_LEVEL_INTRANET)
                good = run_texts_add(&ret->permissions, "spawn") && add_program(ret, options, target->path);
        if (good)
                return 0;
        fputs("ward run: no memory\n", stderr);
        return RUN_FAILED;
}

void run_grants_free(struct run_grants *grants)
{
        for (size_t i = 0; i < grants->owned.n; i++)
                free((char *)(uintptr_t)grants->owned.at[i]);
        free(grants->owned.at);
        free(grants->permissions.at);
        free(grants->environment.at);
}
