#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "permits.h"

static int failed(void)
{
        return -1 - errno;
}

static int try_read(const char *path)
{
        char bytes[4096];
        int fd = open(path, O_RDONLY);
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
        int r = n < 0 ? failed() : (int)n;
        if (fd >= 0)
                close(fd);
        return r;
}

static int try_list(const char *path)
{
        DIR *folder = opendir(path);
        int n = 0;
        if (!folder)
                return failed();
        for (struct dirent *entry; (entry = readdir(folder));)
                n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
        closedir(folder);
        return n;
}

static int try_write(const char *path)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
        ssize_t n = fd < 0 ? -1 : write(fd, "hello", 5);
        int r = n < 0 ? failed() : 0;
        if (fd >= 0)
                close(fd);
        return r;
}

static int try_make(const char *path)
{
        return mkdir(path, 0755) < 0 ? failed() : 0;
}

static int try_remove(const char *path)
{
        return unlink(path) < 0 ? failed() : 0;
}

static int try_link(const char *path)
{
        return symlink("/etc", path) < 0 ? failed() : 0;
}

#ifdef __wasm__
static int try_run(const char *path)
{
        return -1000;
}

static int try_spawn(const char *unused)
{
        return -1000;
}

static int try_connect(const char *address)
{
        return -1000;
}
#else
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int wait_for(pid_t child)
{
        int status;
        if (child < 0 || waitpid(child, &status, 0) < 0)
                return failed();
        return WIFEXITED(status) ? WEXITSTATUS(status) : -2000 - WTERMSIG(status);
}

static int try_run(const char *path)
{
        pid_t child = fork();
        if (!child) {
                execl(path, path, (char *)NULL);
                _exit(100 + (errno < 100 ? errno : 99));
        }
        return wait_for(child);
}

static int try_spawn(const char *unused)
{
        pid_t child = fork();
        if (!child)
                _exit(7);
        return wait_for(child);
}

/* "127.0.0.1:80", or a path. */
static int connect_to(const char *text)
{
        char host[64];
        unsigned port;
        struct sockaddr_un local = { .sun_family = AF_UNIX };
        struct sockaddr_in address = { .sin_family = AF_INET };
        bool is_path = *text == '/';
        if (is_path)
                snprintf(local.sun_path, sizeof local.sun_path, "%s", text);
        else if (sscanf(text, "%63[^:]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &address.sin_addr) != 1)
                return -1;
        else
                address.sin_port = htons((uint16_t)port);
        int fd = socket(is_path ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const struct sockaddr *at = is_path ? (const void *)&local : (const void *)&address;
        if (fd >= 0 && connect(fd, at, is_path ? sizeof local : sizeof address) < 0) {
                int error = errno;
                close(fd);
                errno = error;
                return -1;
        }
        return fd;
}

static int try_connect(const char *text)
{
        char bytes[64];
        int fd = connect_to(text);
        ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof bytes);
        int r = n < 0 ? failed() : (int)n;
        if (fd >= 0)
                close(fd);
        return r;
}
#endif

static const struct {
        const char *name;
        int (*act)(const char *subject);
} acts[] = {
        { "read", try_read }, { "list", try_list }, { "write", try_write }, { "make", try_make },       { "remove", try_remove },
        { "link", try_link }, { "run", try_run },   { "spawn", try_spawn }, { "connect", try_connect },
};

static char *text_of(const permits_string_t *string)
{
        char *text = malloc(string->len + 1);
        if (string->len)
                memcpy(text, string->ptr, string->len);
        text[string->len] = 0;
        return text;
}

int32_t exports_permits_try(permits_string_t *what, permits_string_t *subject)
{
        char *name = text_of(what), *path = text_of(subject);
        int r = -3000;
        for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
                if (!strcmp(name, acts[i].name))
                        r = acts[i].act(path);
        free(name);
        free(path);
        permits_string_free(what);
        permits_string_free(subject);
        return r;
}

bool exports_permits_variable(permits_string_t *name, permits_string_t *ret)
{
        char *text = text_of(name);
        const char *value = getenv(text);
        free(text);
        permits_string_free(name);
        if (value)
                permits_string_dup(ret, value);
        return value;
}
