/* Probes without Ward: what succeeds here is what is to be kept from add-ins, and what does not proves nothing. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "test/escape/cell.h"
#include "test/escape/sibling.h"

enum { PATIENCE_MS = 5000 };

/* As a worker does: its own session, and no longer than its parent. */
static void begin_child(void)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setsid();
}

static void be_sibling(const char *token, int line)
{
        struct sibling held;
        char byte;
        begin_child();
        sibling_hold(token, &held);
        ssize_t n = write(line, &held, sizeof held);
        while (n > 0 && read(line, &byte, 1) == 1) {
                byte = sibling_intact();
                n = write(line, &byte, 1);
        }
        _exit(0);
}

int plain_sibling_start(struct cell *cell)
{
        struct sibling held = { 0 };
        struct stage *stage = &cell->scene->stage;
        int ends[2];
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
                return -1;
        cell->plain_sibling = fork();
        if (!cell->plain_sibling) {
                close(ends[0]);
                be_sibling(cell->scene->token, ends[1]);
        }
        close(ends[1]);
        cell->plain_line = ends[0];
        bool good = cell->plain_sibling > 0 && read(ends[0], &held, sizeof held) == sizeof held;
        stage->sibling = cell->plain_sibling;
        stage->sibling_secret = held.secret;
        stage->sibling_word = held.word;
        stage->sibling_file = held.descriptor;
        stage->sibling_segment = held.segment;
        return good ? 0 : -1;
}

/* Asked, rather than looked at: one that was killed may be there for a moment longer, but does not answer. */
bool plain_sibling_intact(const struct cell *cell)
{
        char intact = 0;
        return send(cell->plain_line, "?", 1, MSG_NOSIGNAL) == 1 && read(cell->plain_line, &intact, 1) == 1 && intact;
}

void plain_sibling_end(struct cell *cell)
{
        if (cell->plain_sibling <= 0)
                return;
        kill(cell->plain_sibling, SIGKILL);
        waitpid(cell->plain_sibling, NULL, 0);
        close(cell->plain_line);
        cell->plain_sibling = 0;
}

static enum answer answer_of_status(int status, long error)
{
        if (WIFSIGNALED(status))
                return ANSWER_SIGNAL;
        return error == -1 ? ANSWER_EXIT : answer_of_error(error);
}

/* Killed when it takes too long. */
static int wait_for(pid_t pid)
{
        int status = 0;
        struct pollfd end = { .fd = pidfd_open(pid, 0), .events = POLLIN };
        int n;
        while ((n = poll(&end, 1, PATIENCE_MS)) < 0 && errno == EINTR)
                continue;
        if (n < 1)
                kill(pid, SIGKILL);
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
                continue;
        close(end.fd);
        return status;
}

void plain_attempt(const struct scene *scene, const struct probe *probe, struct result *ret)
{
        struct outcome *outcome = mmap(NULL, sizeof *outcome, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (outcome == MAP_FAILED) {
                ret->answer = ANSWER_OTHER;
                return;
        }
        outcome->error = -1;
        pid_t pid = fork();
        if (!pid) {
                struct outcome own;
                begin_child();
                probe_run(probe, &scene->stage, &own);
                *outcome = own;
                _exit(0);
        }
        int status = pid < 0 ? 0 : wait_for(pid);
        ret->outcome = *outcome;
        ret->answer = answer_of_status(status, outcome->error);
        munmap(outcome, sizeof *outcome);
}
