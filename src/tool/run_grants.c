/* What is to be granted to a program at level intranet, so that it can be executed at all: itself, who interprets it, and the
 * libraries that it needs; found without running any of them. */
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/own.h"
#include "native/needed.h"
#include "tool/run.h"

enum {
        HEADERS_MAX = 128,
        SCRIPTS_MAX = 4, /* that interpret each other, as the kernel has it */
};

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

/* Takes what asprintf gave. */
static bool add_path(struct run_grants *grants, const char *path)
{
        char *text;
        if (asprintf(&text, "execute %s", path) < 0 || !run_texts_add(&grants->owned, text))
                return false;
        return run_texts_add(&grants->permissions, text);
}

static bool is_none_loaded(void *data, const char *name)
{
        return false;
}

/* What cannot be found here the program will miss, and say so. */
static bool add_libraries(struct run_grants *grants, const char *program)
{
        OWNED(needed_finish) struct needed needed = { 0 };
        const struct needed_order order = { .path = program, .partial = true, .is_loaded = is_none_loaded };
        bool good = true;
        if (needed_find(&order, &needed, NULL))
                return true;
        for (size_t i = 0; good && i < needed.n; i++)
                good = add_path(grants, needed.files[i].path);
        return good;
}

static bool add_program(struct run_grants *grants, const char *path)
{
        char at[PATH_MAX], interpreter[PATH_MAX];
        snprintf(at, sizeof at, "%s", path);
        for (int i = 0; i <= SCRIPTS_MAX; i++) {
                OWNED(fd_closep) int fd = open(at, O_RDONLY | O_CLOEXEC | O_NOCTTY);
                if (!add_path(grants, at))
                        return false;
                if (fd >= 0 && read_script(fd, interpreter)) {
                        memcpy(at, interpreter, sizeof at);
                        continue;
                }
                if (fd < 0 || !run_read_interpreter(fd, interpreter) || !*interpreter)
                        return true;
                return add_path(grants, interpreter) && add_libraries(grants, at);
        }
        return true;
}

int run_grants_make(const struct run_options *options, const struct run_target *target, struct run_grants *ret)
{
        *ret = (struct run_grants){ .permissions = { NULL, 0 } };
        bool good = true;
        for (size_t i = 0; good && i < options->allowed.n; i++)
                good = run_texts_add(&ret->permissions, options->allowed.at[i]);
        if (good && options->level == WARD_LEVEL_INTRANET && !target->function)
                good = run_texts_add(&ret->permissions, "spawn") && add_program(ret, target->path);
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
}
