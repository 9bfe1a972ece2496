/* What processes share without a file: segments, queues, semaphores, keys, terminals. */
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <termios.h>
#include "test/escape/acts.h"
#include "test/escape/areas.h"

static long read_segment(const struct stage *stage, struct outcome *outcome, long sibling)
{
        const char *at = shmat(sibling ? stage->sibling_segment : stage->segment, NULL, SHM_RDONLY);
        if ((intptr_t)at == -1)
                return errno;
        long error = tell_text(at, outcome);
        shmdt(at);
        return error;
}

static long write_segment(const struct stage *stage, struct outcome *outcome, long argument)
{
        char *at = shmat(stage->segment, NULL, 0);
        if ((intptr_t)at == -1)
                return errno;
        at[64] = 'x';
        return done(shmdt(at));
}

static long remove_segment(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(shmctl(stage->segment, IPC_RMID, NULL));
}

/* Its end would not be the end of it. */
static long leave_segment(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(shmget(stage->left_key, 4096, IPC_CREAT | IPC_EXCL | 0600));
}

static long receive(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct {
                long kind;
                char text[128];
        } message = { 0 };
        ssize_t n = msgrcv(stage->queue, &message, sizeof message.text, 0, IPC_NOWAIT);
        return n < 0 ? errno : tell_text(message.text, outcome);
}

static long post(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct {
                long kind;
                char text[2];
        } message = { 1, "x" };
        return done(msgsnd(stage->queue, &message, sizeof message.text, IPC_NOWAIT));
}

static long raise_semaphore(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct sembuf up = { 0, 1, IPC_NOWAIT };
        return done(semop(stage->semaphores, &up, 1));
}

static long read_shared(const struct stage *stage, struct outcome *outcome, long argument)
{
        return tell(shm_open(stage->posix_memory, O_RDONLY, 0), outcome);
}

static long leave_shared(const struct stage *stage, struct outcome *outcome, long argument)
{
        return scribble(shm_open(stage->left, O_CREAT | O_RDWR, 0600));
}

static long receive_posix(const struct stage *stage, struct outcome *outcome, long argument)
{
        char text[128] = "";
        mqd_t queue = mq_open(stage->posix_queue, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        if (queue == (mqd_t)-1)
                return errno;
        ssize_t n = mq_receive(queue, text, sizeof text, NULL);
        long error = n < 0 ? errno : tell_text(text, outcome);
        mq_close(queue);
        return error;
}

static long post_posix(const struct stage *stage, struct outcome *outcome, long argument)
{
        mqd_t queue = mq_open(stage->posix_queue, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
        if (queue == (mqd_t)-1)
                return errno;
        long error = done(mq_send(queue, "x", 1, 0));
        mq_close(queue);
        return error;
}

/* --- Keys ------------------------------------------------------------------------------------- */

static long read_key(const struct stage *stage, struct outcome *outcome, long argument)
{
        long n = syscall(SYS_keyctl, KEYCTL_READ, stage->key, outcome->text, sizeof outcome->text, 0);
        outcome->length = n > 0 && n <= (long)sizeof outcome->text ? (uint32_t)n : 0;
        return done(n);
}

static long update_key(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_keyctl, KEYCTL_UPDATE, stage->key, "x", 1, 0));
}

static long add_key(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_add_key, "user", "ward-escape-own", "x", 1, KEY_SPEC_PROCESS_KEYRING));
}

static long request_key(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_request_key, "user", stage->abstract, NULL, KEY_SPEC_PROCESS_KEYRING));
}

static long join_session(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL, 0, 0, 0));
}

/* --- The terminal ------------------------------------------------------------------------------ */

/* Standard output may be the terminal of the host's user. */
static long type(const struct stage *stage, struct outcome *outcome, long argument)
{
        return done(ioctl(STDOUT_FILENO, TIOCSTI, "x"));
}

static long type_by_path(const struct stage *stage, struct outcome *outcome, long argument)
{
        int fd = open(stage->terminal, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return errno;
        long error = done(ioctl(fd, TIOCSTI, "x"));
        close(fd);
        return error;
}

static long select_text(const struct stage *stage, struct outcome *outcome, long argument)
{
        char paste[] = { 3, 0 };
        return done(ioctl(STDOUT_FILENO, TIOCLINUX, paste));
}

static long set_size(const struct stage *stage, struct outcome *outcome, long argument)
{
        const struct winsize size = { 7, 7, 0, 0 };
        return done(ioctl(STDOUT_FILENO, TIOCSWINSZ, &size));
}

static long set_terminal(const struct stage *stage, struct outcome *outcome, long argument)
{
        struct termios settings;
        if (tcgetattr(STDOUT_FILENO, &settings))
                return errno;
        settings.c_lflag ^= ECHO;
        return done(tcsetattr(STDOUT_FILENO, TCSANOW, &settings));
}

static long set_discipline(const struct stage *stage, struct outcome *outcome, long argument)
{
        int number = 0;
        return done(ioctl(STDOUT_FILENO, TIOCSETD, &number));
}

static long read_terminal(const struct stage *stage, struct outcome *outcome, long argument)
{
        int flags = fcntl(STDOUT_FILENO, F_GETFL);
        if (flags < 0 || fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
                return errno;
        long error = done(read(STDOUT_FILENO, outcome->text, 1));
        fcntl(STDOUT_FILENO, F_SETFL, flags);
        return error == EAGAIN ? 0 : error; /* nobody has typed anything */
}

#define GONE (REFUSED | AS(EINVAL))
/* An IPC namespace comes with the levels below full-trust. */
#define OUT                                                                                                                        \
        {                                                                                                                          \
                GONE, GONE, USER, USER                                                                                             \
        }
#define TTY (AS(EIO) | AS(ENOTTY) | AS(EINVAL))

static const struct probe ipc[] = {
        { "segment-read", read_segment, 0, SECRET, OUT, .why = "segments have numbers that all can guess" },
        { "segment-write", write_segment, 0, SHARED, OUT, .why = "likewise" },
        { "segment-remove", remove_segment, 0, SHARED, OUT, .why = "likewise" },
        { "segment-leave",
          leave_segment,
          0,
          LEFT,
          { REFUSED | WORKS, REFUSED | WORKS, USER, USER },
          FRESH,
          .why = "a segment outlives who made it, so it has to be in a namespace that does not" },
        { "segment-sibling", read_segment, 1, SECRET, OUT, .why = "siblings share no namespace" },
        { "queue-read", receive, 0, SECRET | SHARED, OUT, .why = "queues have numbers that all can guess" },
        { "queue-write", post, 0, SHARED, OUT, .why = "likewise" },
        { "semaphore", raise_semaphore, 0, SHARED, OUT, .why = "so have semaphores" },
        { "shm-read", read_shared, 0, SECRET, NAMED, .why = "/dev/shm is not there" },
        { "shm-leave", leave_shared, 0, LEFT, NAMED, .why = "nor can anything be left there" },
        { "mqueue-read", receive_posix, 0, SECRET | SHARED, NAMED, .why = "the names of queues are in a namespace" },
        { "mqueue-write", post_posix, 0, SHARED, NAMED, .why = "likewise" },
        { "key-read",
          read_key,
          0,
          SECRET,
          { REFUSED, REFUSED, USER, USER },
          .flags = ONE_LAYER,
          .why = "keys belong to the user, not to a process" },
        { "key-update", update_key, 0, SHARED, REFUSE, .flags = ONE_LAYER, .why = "likewise" },
        { "key-add", add_key, 0, WITNESSED, REFUSE, FRESH, .why = "memory of the kernel's, and a long list of errors" },
        { "key-request", request_key, 0, WITNESSED, REFUSE, FRESH, .why = "it can start a program as root" },
        { "key-session", join_session, 0, WITNESSED, REFUSE, FRESH, .why = "likewise" },
        { "terminal-type", type, 0, TYPED, REFUSE, .absent = TTY,
          .why = "what is typed into the host's terminal is run by its shell" },
        { "terminal-path", type_by_path, 0, TYPED, NAMED, .absent = TTY, .why = "no devices" },
        { "terminal-select", select_text, 0, WITNESSED, REFUSE, .absent = TTY, .why = "what is pasted is typed" },
        { "terminal-size", set_size, 0, TYPED, REFUSE, .absent = TTY, .why = "the terminal is the host's" },
        { "terminal-settings",
          set_terminal,
          0,
          TYPED,
          { REFUSED | AS(ENOTTY), REFUSED | AS(ENOTTY), USER, USER },
          .absent = TTY,
          .why = "the terminal is the host's" },
        { "terminal-discipline", set_discipline, 0, WITNESSED, REFUSE, .absent = TTY, .why = "it loads parts of the kernel" },
        { "terminal-read",
          read_terminal,
          0,
          WITNESSED,
          { REFUSED | AS(EBADF), REFUSED | AS(EBADF), USER, USER },
          .absent = AS(EBADF) | AS(EIO),
          .why = "what is typed is for the host" },
};

const struct area area_ipc = { "ipc, keys, terminal", PROBES(ipc) };
