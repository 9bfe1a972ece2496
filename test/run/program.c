/* A program that knows nothing of Ward: says what it has, and ends as it is told. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
        sigset_t mask;
        sigprocmask(SIG_BLOCK, NULL, &mask);
        if (argc > 1 && !strcmp(argv[1], "stay")) {
                pid_t child = fork();
                if (child)
                        printf("staying\n");
                fflush(stdout);
                for (;;)
                        pause();
        }
        printf("%d argument%s\n", argc - 1, argc == 2 ? "" : "s");
        for (int i = 1; i < 32; i++) {
                struct sigaction action;
                if (sigismember(&mask, i) || (!sigaction(i, NULL, &action) && action.sa_handler != SIG_DFL))
                        printf("signal %d is not as it should be\n", i);
        }
        if (argc > 2 && !strcmp(argv[1], "signal")) {
                fflush(stdout);
                kill(getpid(), atoi(argv[2]));
        }
        if (argc > 1 && !strcmp(argv[1], "linger") && !fork()) /* leaves a process behind, with its streams */
                for (;;)
                        pause();
        return argc > 2 && !strcmp(argv[1], "exit") ? atoi(argv[2]) : 0;
}
