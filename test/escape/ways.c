/* The scene's sockets, where nobody but the granted is to come, and its terminal. */
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>
#include "test/escape/scene.h"

/* Nobody is let in before a probe has ended, and races come often. */
enum { BACKLOG = 4096 };

/* -1: the machine has no such sockets. */
static int listen_at(int family, int type, const void *at, socklen_t length)
{
        int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -1;
        if (!bind(fd, at, length) && (type == SOCK_DGRAM || !listen(fd, BACKLOG)))
                return fd;
        close(fd);
        return -1;
}

static uint16_t port_of(int fd)
{
        struct sockaddr_in6 at;
        socklen_t length = sizeof at;
        return fd < 0 || getsockname(fd, (void *)&at, &length) ? 0 : ntohs(at.sin6_port); /* at the same place in both families */
}

static int listen_inet(int type)
{
        const struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        return listen_at(AF_INET, type, &at, sizeof at);
}

static int listen_abstract(const char *name, const char *suffix, int type)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        int n = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%s%s", name, suffix);
        return listen_at(AF_UNIX, type, &at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n));
}

static int listen_path(const char *folder)
{
        struct sockaddr_un at = { .sun_family = AF_UNIX };
        snprintf(at.sun_path, sizeof at.sun_path, "%s/socket", folder);
        int fd = listen_at(AF_UNIX, SOCK_STREAM, &at, sizeof at);
        return fd < 0 || !chmod(at.sun_path, 0777) ? fd : -1;
}

static void open_listeners(struct scene *scene)
{
        const struct sockaddr_in6 six = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        struct stage *stage = &scene->stage;
        int *fds = scene->listeners;
        snprintf(stage->abstract, sizeof stage->abstract, "ward-escape-%d", (int)getpid());
        fds[LISTENS_GRANTED] = listen_inet(SOCK_STREAM);
        fds[LISTENS] = listen_inet(SOCK_STREAM);
        fds[LISTENS_SIX] = listen_at(AF_INET6, SOCK_STREAM, &six, sizeof six);
        fds[LISTENS_DATAGRAMS] = listen_inet(SOCK_DGRAM);
        fds[LISTENS_PATH] = listen_path(stage->outside);
        fds[LISTENS_READABLE] = listen_path(stage->readable);
        fds[LISTENS_ABSTRACT] = listen_abstract(stage->abstract, "", SOCK_STREAM);
        fds[LISTENS_ABSTRACT_DATAGRAMS] = listen_abstract(stage->abstract, ".datagrams", SOCK_DGRAM);
        stage->port_granted = port_of(fds[LISTENS_GRANTED]);
        stage->port = port_of(fds[LISTENS]);
        stage->port6 = port_of(fds[LISTENS_SIX]);
        stage->port_datagram = port_of(fds[LISTENS_DATAGRAMS]);
}

/* Whether somebody came. */
static bool came(int listener)
{
        char bytes[16];
        bool any = false;
        if (listener < 0)
                return false;
        for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0; any = true)
                close(fd);
        while (recv(listener, bytes, sizeof bytes, 0) > 0)
                any = true;
        return any;
}

/* --- The terminal ------------------------------------------------------------------------------ */

static const struct winsize usual_size = { 24, 80, 0, 0 };

/* Standard output becomes a terminal, as it is where a person runs the host: what the worker inherits is that. */
static int open_terminal(struct scene *scene)
{
        struct termios settings;
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
        if (master < 0 || grantpt(master) || unlockpt(master) ||
            ptsname_r(master, scene->stage.terminal, sizeof scene->stage.terminal))
                return -1;
        int slave = open(scene->stage.terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
        scene->terminal[0] = master;
        scene->terminal[1] = slave;
        if (slave < 0 || tcgetattr(slave, &settings))
                return -1;
        cfmakeraw(&settings);
        fflush(stdout);
        scene->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 100);
        return tcsetattr(slave, TCSANOW, &settings) || ioctl(slave, TIOCSWINSZ, &usual_size) || scene->output < 0 ||
                               dup2(slave, STDOUT_FILENO) < 0
                       ? -1
                       : 0;
}

static bool is_set(int terminal)
{
        struct winsize size;
        struct termios settings;
        ioctl(terminal, TIOCGWINSZ, &size);
        tcgetattr(terminal, &settings);
        if (!memcmp(&size, &usual_size, sizeof size) && !(settings.c_lflag & ECHO))
                return false;
        settings.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(terminal, TCSANOW, &settings);
        ioctl(terminal, TIOCSWINSZ, &usual_size);
        return true;
}

static bool typed(const struct scene *scene)
{
        char output[4096];
        int waiting = 0;
        while (read(scene->terminal[0], output, sizeof output) > 0)
                continue;
        ioctl(scene->terminal[1], FIONREAD, &waiting);
        if (waiting)
                tcflush(scene->terminal[1], TCIFLUSH);
        return is_set(scene->terminal[1]) || waiting;
}

int scene_ways_set(struct scene *scene)
{
        char path[128];
        snprintf(path, sizeof path, "%s/fifo", scene->stage.readable);
        scene->fifo = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        open_listeners(scene);
        return scene->fifo < 0 ? -1 : open_terminal(scene);
}

unsigned scene_ways_look(struct scene *scene)
{
        char bytes[64];
        unsigned effects = read(scene->fifo, bytes, sizeof bytes) > 0 ? CONNECTED : 0;
        for (int i = 0; i < LISTENERS; i++)
                if (came(scene->listeners[i]))
                        effects |= i == LISTENS_GRANTED ? GRANTED : CONNECTED;
        return effects | (typed(scene) ? TYPED : 0);
}

void scene_ways_strike(struct scene *scene)
{
        for (int i = 0; i < LISTENERS; i++)
                if (scene->listeners[i] >= 0)
                        close(scene->listeners[i]);
        close(scene->fifo);
        dup2(scene->output, STDOUT_FILENO);
        close(scene->output);
        close(scene->terminal[0]);
        close(scene->terminal[1]);
}
