/* Functions that know nothing of Ward, for `ward run`. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define FOR_OTHERS __attribute__((visibility("default")))
#define FUNCTION(name)                                                                                                             \
        FOR_OTHERS int name(int argc, char **argv);                                                                                \
        int name(int argc, char **argv)

FUNCTION(greet)
{
        printf("hello");
        for (int i = 1; i < argc; i++)
                printf(" %s", argv[i]);
        putchar('\n');
        return argv[argc] ? 99 : argc - 1;
}

FUNCTION(both)
{
        fprintf(stderr, "to err\n");
        printf("to out\npartial");
        return 0;
}

FUNCTION(leave)
{
        printf("bye\n");
        exit(argc > 1 ? atoi(argv[1]) : 3);
}

FUNCTION(crash)
{
        printf("before\n");
        raise(argc > 1 ? atoi(argv[1]) : SIGSEGV);
        return 0;
}

FUNCTION(spin)
{
        for (;;)
                continue;
}

FUNCTION(flood)
{
        for (int i = 0; argc < 2 || i < atoi(argv[1]); i++)
                printf("line %d\n", i);
        return 0;
}

FUNCTION(binary)
{
        fwrite("a\0\x1b[2J\xff\n", 1, 8, stdout);
        return 0;
}

/* Shows live: a line, then nothing more until its input ends. */
FUNCTION(wait)
{
        printf("waiting\n");
        while (getchar() != EOF)
                continue;
        return 0;
}

FUNCTION(copy)
{
        char bytes[4096];
        size_t n;
        while ((n = fread(bytes, 1, sizeof bytes, stdin)) > 0)
                fwrite(bytes, 1, n, stdout);
        return 0;
}

/* Wants no input, and stays for a while. */
FUNCTION(shut)
{
        close(STDIN_FILENO);
        usleep(200000);
        return 0;
}

FUNCTION(environment)
{
        for (int i = 1; i < argc; i++) {
                const char *value = getenv(argv[i]);
                printf("%s=%s\n", argv[i], value ? value : "(none)");
        }
        return 0;
}

FUNCTION(where)
{
        char path[4096];
        printf("%s\n", getcwd(path, sizeof path) ? path : strerror(errno));
        return 0;
}

/* Takes memory until there is none. */
FUNCTION(hog)
{
        static char *volatile kept; /* or compilers see that nobody needs it */
        size_t taken = 0;
        for (; (kept = malloc(1 << 20)); taken++)
                memset(kept, 1, 1 << 20);
        printf("%zu\n", taken);
        return 12;
}

FUNCTION(files)
{
        struct rlimit limit = { 0, 0 };
        getrlimit(RLIMIT_NOFILE, &limit);
        printf("%llu\n", (unsigned long long)limit.rlim_cur);
        return 0;
}

/* Answers on the connection that it is given. */
FUNCTION(converse)
{
        const char *number = getenv("WARD_FD_LINE");
        char bytes[64];
        int fd = number ? atoi(number) : -1;
        struct pollfd polled = { .fd = fd, .events = POLLIN };
        for (ssize_t n; fd >= 0 && poll(&polled, 1, -1) == 1 && (n = read(fd, bytes, sizeof bytes)) > 0;)
                if (write(fd, bytes, (size_t)n) != n)
                        return 1;
        return fd < 0;
}

FUNCTION(main)
{
        printf("main of a library\n");
        return 0;
}
