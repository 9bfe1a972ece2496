/* Ctrl-C and Ctrl-Z: a host at a terminal, under a shell that does job control. */
#include "test/harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include "test/embed/addin.h"

static volatile sig_atomic_t interrupts, resumptions;

static void on_signal(int number)
{
        if (number == SIGINT)
                interrupts++;
        else
                resumptions++;
}

/* The host: calls its add-ins without end, and says what it sees, a word a line. */
static void run_host(bool handles_interrupt)
{
        struct ward_host *host = host_start();
        struct acts *process = addin_start(host, WARD_PROCESS), *wasm = addin_start(host, WARD_WASM);
        if (handles_interrupt)
                sigaction(SIGINT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
        sigaction(SIGCONT, &(struct sigaction){ .sa_handler = on_signal }, NULL);
        printf("ready\n");
        for (int interrupted = 0, resumed = 0, rounds = 1;; rounds++) {
                addin_works(process);
                addin_works(wasm);
                if (interrupted < interrupts && ++interrupted)
                        printf("interrupted\n");
                if (resumed < resumptions && ++resumed)
                        printf("resumed\n");
                if (rounds % 1000 == 0)
                        printf("works\n");
                if (fflush(stdout) && errno == EIO)
                        _exit(1); /* the terminal hung up: the test has given up */
        }
}

struct terminal {
        int master;
        FILE *lines; /* what the host says */
        int shell;   /* a byte written here: the shell resumes the job */
        int report;  /* from the shell: 'Z' for a stopped job, then its wait status at the end */
        pid_t pid;
};

/* The terminal sends a signal first and throws away what is on its way after that, which would be the host's answer. */
static void keep_output(int tty)
{
        struct termios settings;
        tcgetattr(tty, &settings);
        settings.c_lflag |= NOFLSH;
        tcsetattr(tty, TCSANOW, &settings);
}

/* A shell of one job. */
static void run_shell(const char *tty, int commands, int report, bool handles_interrupt)
{
        setsid();
        int fd = open(tty, O_RDWR);
        dup2(fd, 0);
        dup2(fd, 1);
        ioctl(0, TIOCSCTTY, 0);
        keep_output(0);
        signal(SIGTTOU, SIG_IGN);
        pid_t job = fork();
        if (!job) {
                setpgid(0, 0);
                tcsetpgrp(0, getpid());
                for (int number = 1; number < SIGRTMIN; number++) /* the test itself may have been started with some ignored */
                        signal(number, SIG_DFL);
                run_host(handles_interrupt);
        }
        int status;
        char byte;
        while (waitpid(job, &status, WUNTRACED) == job && WIFSTOPPED(status)) {
                if (write(report, "Z", 1) != 1 || read(commands, &byte, 1) != 1)
                        break;
                tcsetpgrp(0, job);
                kill(-job, SIGCONT);
        }
        byte = (char)(WIFSIGNALED(status) ? WTERMSIG(status) : 0);
        _exit(write(report, &byte, 1) != 1);
}

static struct terminal open_terminal(bool handles_interrupt)
{
        int commands[2], report[2];
        int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        assert_true(master >= 0);
        assert_int_equal(grantpt(master) | unlockpt(master) | pipe2(commands, O_CLOEXEC) | pipe2(report, O_CLOEXEC), 0);
        const char *tty = ptsname(master);
        pid_t pid = fork();
        if (!pid) {
                /* Nothing may keep the terminal from hanging up when the test ends. */
                close(master);
                close(commands[1]);
                run_shell(tty, commands[0], report[1], handles_interrupt);
        }
        close(commands[0]);
        close(report[1]);
        return (struct terminal){ master, fdopen(dup(master), "r"), commands[1], report[0], pid };
}

static void close_terminal(struct terminal *t)
{
        fclose(t->lines);
        close(t->master);
        close(t->shell);
        close(t->report);
        waitpid(t->pid, NULL, 0);
}

static void type(struct terminal *t, char key)
{
        assert_int_equal(write(t->master, &key, 1), 1);
}

/* Reads on until the host says @word. */
static void hear(struct terminal *t, const char *word)
{
        char line[256];
        do {
                assert_non_null(fgets(line, sizeof line, t->lines));
                line[strcspn(line, "\r\n")] = 0;
        } while (!strstr(line, word));
}

static char shell_says(struct terminal *t)
{
        char byte = 0;
        assert_int_equal(read(t->report, &byte, 1), 1);
        return byte;
}

TEST(ctrl_c_ends_the_host)
{
        struct terminal t = open_terminal(false);
        hear(&t, "ready");
        hear(&t, "works");
        type(&t, 3);
        assert_int_equal(shell_says(&t), SIGINT);
        close_terminal(&t);
}

TEST(ctrl_c_is_for_the_host_alone)
{
        struct terminal t = open_terminal(true);
        hear(&t, "ready");
        for (int i = 0; i < 3; i++) {
                type(&t, 3);
                hear(&t, "interrupted");
                hear(&t, "works");
        }
        type(&t, 28); /* Ctrl-\ */
        assert_int_equal(shell_says(&t), SIGQUIT);
        close_terminal(&t);
}

TEST(ctrl_z_stops_and_fg_goes_on)
{
        struct terminal t = open_terminal(false);
        hear(&t, "ready");
        for (int i = 0; i < 3; i++) {
                type(&t, 26);
                assert_int_equal(shell_says(&t), 'Z');
                assert_int_equal(write(t.shell, "", 1), 1);
                hear(&t, "resumed");
                hear(&t, "works");
        }
        type(&t, 3);
        assert_int_equal(shell_says(&t), SIGINT);
        close_terminal(&t);
}

int main(int argc, char **argv)
{
        return TEST_MAIN(argc, argv, TEST_CASE_LONG(ctrl_c_ends_the_host, 60), TEST_CASE_LONG(ctrl_c_is_for_the_host_alone, 60),
                         TEST_CASE_LONG(ctrl_z_stops_and_fg_goes_on, 60));
}
