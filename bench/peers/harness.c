#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WARM_UP = 10 }; /* one in so many calls of a sample comes before it: others have run meanwhile, and the caches are theirs */

static struct {
        const struct peer *peer;
        struct peer_link link;
        int host_cpu;
        pid_t server;
        bool in_server;
        bool closing; /* from here on the server may end */
        void *host;
        uint8_t *data;
} run;

static void end_server(void)
{
        if (run.server <= 0)
                return;
        kill(run.server, SIGKILL);
        while (waitpid(run.server, NULL, 0) < 0 && errno == EINTR)
                ;
        run.server = 0;
}

/* Text from elsewhere, into a JSON string. */
static void make_plain(char *text)
{
        for (; *text; text++)
                if ((unsigned char)*text < ' ' || *text == '"' || *text == '\\')
                        *text = ' ';
}

void peer_die(const char *format, ...)
{
        char text[512];
        va_list list;
        va_start(list, format);
        vsnprintf(text, sizeof text, format, list);
        va_end(list);
        make_plain(text);
        if (run.in_server) {
                dprintf(STDERR_FILENO, "%s, server: %s\n", run.peer->name, text);
                _exit(1);
        }
        run.closing = true;
        end_server();
        dprintf(STDOUT_FILENO, "{\"peer\": \"%s\", \"error\": \"%s\"}\n", run.peer ? run.peer->name : "", text);
        _exit(1);
}

/* A host that waits for a server that is gone would wait forever. */
static void on_child(int signal)
{
        static const char text[] = "{\"error\": \"the server has ended\"}\n";
        int saved = errno;
        if (!run.closing && waitpid(run.server, NULL, WNOHANG) == run.server)
                _exit(write(STDOUT_FILENO, text, sizeof text - 1) < 0 ? 2 : 1);
        errno = saved;
}

static void pin(int cpu)
{
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET((size_t)cpu, &one);
        if (sched_setaffinity(0, sizeof one, &one))
                peer_die("cannot run on processor %d: %s", cpu, strerror(errno));
}

/* The server has nothing to do with the host's input and output, and ends with it. */
static void become_server(pid_t host, int socket)
{
        run.in_server = true;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGCHLD, SIG_DFL);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (getppid() != host || null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
                _exit(1);
        close(null);
        pin(run.link.server_cpu);
        run.link.socket = socket;
        run.peer->serve(&run.link);
        exit(0); /* whose library has something to do at its end, does it */
}

/* Before anybody's library has threads. */
static void fork_server(void)
{
        int sockets[2];
        sigset_t child, before;
        pid_t host = getpid();
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets))
                peer_die("no sockets: %s", strerror(errno));
        run.link.socket = sockets[0];
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        sigprocmask(SIG_BLOCK, &child, &before);
        sigaction(SIGCHLD, &(struct sigaction){ .sa_handler = on_child, .sa_flags = SA_RESTART }, NULL);
        run.server = run.peer->serve ? fork() : 0;
        if (run.server < 0)
                peer_die("cannot fork: %s", strerror(errno));
        if (run.peer->serve && run.server == 0) {
                sigprocmask(SIG_SETMASK, &before, NULL);
                close(sockets[0]);
                become_server(host, sockets[1]);
        }
        sigprocmask(SIG_SETMASK, &before, NULL);
        close(sockets[1]);
}

static uint64_t now(void)
{
        struct timespec t;
        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void calls(uint64_t times)
{
        for (uint64_t i = 0; i < times; i++) {
                int32_t x = (int32_t)(i & INT16_MAX), y = run.peer->call(run.host, x);
                if (y != x + 1)
                        peer_die("the server answers %d to %d", y, x);
        }
}

static void sends(uint64_t times, size_t len)
{
        uint32_t wanted = peer_sum(run.data, len);
        for (uint64_t i = 0; i < times; i++) {
                uint32_t sum = run.peer->send(run.host, run.data, len);
                if (sum != wanted)
                        peer_die("the server's sum is %" PRIu32 ", not %" PRIu32 ": it did not get what was sent", sum, wanted);
        }
}

static void work(uint64_t times, size_t len)
{
        if (len)
                sends(times, len);
        else
                calls(times);
}

static void sample(uint64_t times, size_t len)
{
        const struct peer *peer = run.peer;
        if (peer->start)
                peer->start(run.host);
        work(times / WARM_UP + 1, len);
        uint64_t before = now();
        work(times, len);
        uint64_t ns = now() - before;
        if (peer->stop)
                peer->stop(run.host);
        printf("{\"peer\": \"%s\", \"bytes\": %zu, \"times\": %" PRIu64 ", \"ns\": %" PRIu64 "}\n", peer->name, len, times, ns);
        fflush(stdout);
}

/* Each line is a size, 0 for a call without data, and a number of times. */
static void obey(void)
{
        char line[128];
        while (fgets(line, sizeof line, stdin)) {
                size_t len;
                uint64_t times;
                if (sscanf(line, "%zu %" SCNu64, &len, &times) != 2 || len > PEER_BYTES_MAX || !times)
                        peer_die("not a size and a number of times: %s", line);
                if (!len && !run.peer->call)
                        peer_die("makes no calls");
                sample(times, len);
        }
}

static const char *truth(bool value)
{
        return value ? "true" : "false";
}

static void list(const struct peer *peers, size_t n)
{
        for (const struct peer *peer = peers; peer < peers + n; peer++)
                printf("{\"peer\": \"%s\", \"label\": \"%s\", \"call\": %s, \"two_processors\": %s, \"broker\": %s}\n", peer->name,
                       peer->label, truth(peer->call), truth(peer->two_processors), truth(peer->broker));
}

static int parse(int argc, char **argv)
{
        static const struct option longs[] = {
                { "host-cpu", required_argument, NULL, 'h' },
                { "server-cpu", required_argument, NULL, 's' },
                { 0 },
        };
        for (int c; (c = getopt_long(argc, argv, "", longs, NULL)) != -1;) {
                if (c != 'h' && c != 's')
                        return -1;
                *(c == 'h' ? &run.host_cpu : &run.link.server_cpu) = atoi(optarg);
        }
        run.link.same_cpu = run.host_cpu == run.link.server_cpu;
        return optind == argc - 1 ? 0 : -1;
}

/* With who started it, it ends at once, even if it waits for something that is not going to come. */
static void measure(void)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(run.link.name, sizeof run.link.name, "ward-peer-%s-%d", run.peer->name, getpid());
        pin(run.host_cpu);
        run.link.shared = run.peer->prepare ? run.peer->prepare() : NULL;
        fork_server();
        run.data = malloc(PEER_BYTES_MAX);
        if (!run.data)
                peer_die("no memory");
        for (size_t i = 0; i < PEER_BYTES_MAX; i++)
                run.data[i] = (uint8_t)(i / PEER_LINE * 7 + i);
        run.host = run.peer->open(&run.link);
        printf("{\"peer\": \"%s\", \"ready\": true}\n", run.peer->name);
        fflush(stdout);
        obey();
        run.closing = true;
        if (run.peer->close)
                run.peer->close(run.host);
        end_server();
        free(run.data);
}

int peer_main(int argc, char **argv, const struct peer *peers, size_t n)
{
        if (argc == 2 && !strcmp(argv[1], "--list"))
                return list(peers, n), 0;
        if (parse(argc, argv))
                return fprintf(stderr, "Usage: %s NAME --host-cpu N --server-cpu N | --list\n", argv[0]), 2;
        for (const struct peer *peer = peers; peer < peers + n; peer++)
                if (!strcmp(peer->name, argv[optind]))
                        run.peer = peer;
        if (!run.peer)
                return fprintf(stderr, "%s: knows no peer %s (see --list)\n", argv[0], argv[optind]), 2;
        measure();
        return 0;
}
