/* The add-in that runs other people's code: functions of the form of main, and programs. It is in the hands of what it runs, and
 * says nothing that its host would have to believe. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "runner/runner.h"

typedef int main_function(int argc, char **argv);

extern char **environ;

static main_function *found;

/* Takes @text, NULL for want of memory. Names of files are in no encoding, while a string has one. Returns false. */
static bool fail(runner_failure_t *err, bool missing, char *text)
{
        for (char *at = text; at && *at; at++)
                if (*at & 0x80)
                        *at = '?';
        err->missing = missing;
        if (text)
                runner_string_set(&err->text, text);
        else
                runner_string_dup(&err->text, "no memory");
        return false;
}

static bool fail_errno(runner_failure_t *err, int error, const char *doing, const char *what)
{
        char *text;
        if (asprintf(&text, "cannot %s '%s': %s", doing, what, strerror(error)) < 0)
                text = NULL;
        return fail(err, error == ENOENT || error == ENOTDIR, text);
}

/* With a NUL at its end, of malloc; NULL for want of memory. */
static char *text_of(const runner_bytes_t *bytes)
{
        return strndup((const char *)bytes->ptr, bytes->len);
}

static char *text_of_string(const runner_string_t *string)
{
        return strndup((const char *)string->ptr, string->len);
}

/* What is run may keep it: never freed. */
static char **arguments_of(const runner_list_bytes_t *list)
{
        char **arguments = calloc(list->len + 1, sizeof *arguments);
        for (size_t i = 0; arguments && i < list->len; i++)
                if (!(arguments[i] = text_of(&list->ptr[i])))
                        return NULL;
        return arguments;
}

bool exports_runner_present(ward_domain_memory_borrow_byte_stream_t line)
{
        size_t n;
        return !ward_stream_write(line, "", 1, &n);
}

void exports_runner_expose(void)
{
        prctl(PR_SET_DUMPABLE, 1);
}

bool exports_runner_enter(runner_bytes_t *folder, runner_failure_t *err)
{
        char *path = text_of(folder);
        bool good = path && !chdir(path);
        if (!good)
                fail_errno(err, errno, "work in", path ? path : "");
        free(path);
        runner_bytes_free(folder);
        return good;
}

static bool keep(const char *name, int fd, int32_t *ret, runner_failure_t *err)
{
        char variable[128], number[16];
        snprintf(variable, sizeof variable, "WARD_FD_%s", name);
        snprintf(number, sizeof number, "%d", fd);
        if (fd < 0 || fcntl(fd, F_SETFD, 0) < 0 || setenv(variable, number, true))
                return fail_errno(err, errno, "keep connection", name);
        *ret = fd;
        return true;
}

bool exports_runner_keep(runner_string_t *name, ward_domain_memory_own_byte_stream_t connection, int32_t *ret,
                         runner_failure_t *err)
{
        char *text = text_of_string(name);
        bool good = text ? keep(text, ward_stream_take(connection), ret, err) : fail(err, false, NULL);
        free(text);
        runner_string_free(name);
        return good;
}

/* What the loader says comes as it is: who reads it knows the loader. */
static bool find(const char *library, const char *name, runner_failure_t *err)
{
        void *handle = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
        if (!handle)
                return fail(err, access(library, F_OK) && errno == ENOENT, strdup(dlerror()));
        found = (main_function *)(uintptr_t)dlsym(handle, name);
        if (found)
                return true;
        char *text;
        if (asprintf(&text, "there is no function '%s' in '%s'", name, library) < 0)
                text = NULL;
        return fail(err, true, text);
}

bool exports_runner_find(runner_bytes_t *library, runner_string_t *function, runner_failure_t *err)
{
        char *path = text_of(library), *name = text_of_string(function);
        bool good = path && name ? find(path, name, err) : fail(err, false, NULL);
        free(path);
        free(name);
        runner_bytes_free(library);
        runner_string_free(function);
        return good;
}

/* It has returned, and its process is about to be ended: nothing is to stay in buffers. */
int32_t exports_runner_call(runner_list_bytes_t *arguments)
{
        char **argv = arguments_of(arguments);
        int argc = (int)arguments->len;
        runner_list_bytes_free(arguments);
        if (!found || !argv)
                abort();
        int32_t status = found(argc, argv);
        fflush(NULL);
        return status;
}

/* As a shell starts a program: no signal blocked or ignored. */
static int start(const char *path, char **argv, pid_t *ret_pid)
{
        posix_spawnattr_t attributes;
        sigset_t all, none;
        sigfillset(&all);
        sigemptyset(&none);
        int error = posix_spawnattr_init(&attributes);
        if (error)
                return error;
        posix_spawnattr_setsigdefault(&attributes, &all);
        posix_spawnattr_setsigmask(&attributes, &none);
        posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
        error = posix_spawn(ret_pid, path, NULL, &attributes, argv, environ);
        posix_spawnattr_destroy(&attributes);
        return error;
}

/* Here is process 1 of the domain: the orphans that the program leaves are waited for as well. */
static bool wait_for(pid_t program, runner_ending_t *ret)
{
        int status;
        pid_t pid;
        do
                pid = waitpid(-1, &status, 0);
        while (pid < 0 ? errno == EINTR : pid != program);
        if (pid < 0)
                return false;
        *ret = WIFSIGNALED(status) ? (runner_ending_t){ RUNNER_ENDING_SIGNALLED, { .signalled = WTERMSIG(status) } }
                                   : (runner_ending_t){ RUNNER_ENDING_EXITED, { .exited = WEXITSTATUS(status) } };
        return true;
}

bool exports_runner_execute(runner_bytes_t *path, runner_list_bytes_t *arguments, runner_ending_t *ret, runner_failure_t *err)
{
        char *program = text_of(path), **argv = arguments_of(arguments);
        pid_t pid;
        runner_bytes_free(path);
        runner_list_bytes_free(arguments);
        if (!program || !argv)
                return fail(err, false, NULL);
        int error = start(program, argv, &pid);
        if (!error && !wait_for(pid, ret))
                error = errno;
        if (error)
                fail_errno(err, error, "run", program);
        free(program);
        return !error;
}
