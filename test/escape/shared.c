/* The scene's segments, queues, semaphores and key. What the machine does not have is -1, and its probes say so. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <mqueue.h>
#include <stdio.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "test/escape/scene.h"

enum { LEFT_KEYS = 0x57410000, ALL_OF_USER = 0x3f3f0000 };

struct message {
        long kind;
        char text[64];
};

static void make_segment(struct scene *scene)
{
        int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
        scene->stage.segment = id;
        char *at = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
        if ((intptr_t)at == -1)
                return;
        memcpy(at, scene->token, sizeof scene->token);
        shmdt(at);
}

static void make_queues(struct scene *scene)
{
        struct mq_attr attributes = { .mq_maxmsg = 4, .mq_msgsize = 128 };
        snprintf(scene->stage.posix_queue, sizeof scene->stage.posix_queue, "/ward-escape-%d", (int)getpid());
        scene->stage.queue = msgget(IPC_PRIVATE, IPC_CREAT | 0666);
        scene->posix_queue =
                mq_open(scene->stage.posix_queue, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK | O_CLOEXEC, 0666, &attributes);
}

static void make_others(struct scene *scene)
{
        struct stage *stage = &scene->stage;
        snprintf(stage->posix_memory, sizeof stage->posix_memory, "/ward-escape-%d", (int)getpid());
        int fd = shm_open(stage->posix_memory, O_CREAT | O_EXCL | O_RDWR, 0666);
        if (fd >= 0) {
                if (write(fd, scene->token, strlen(scene->token)) < 0)
                        stage->posix_memory[0] = 0;
                close(fd);
        }
        stage->semaphores = semget(IPC_PRIVATE, 1, IPC_CREAT | 0666);
        stage->key =
                (int32_t)syscall(SYS_add_key, "user", stage->abstract, scene->token, strlen(scene->token), KEY_SPEC_USER_KEYRING);
        if (stage->key >= 0)
                syscall(SYS_keyctl, KEYCTL_SETPERM, stage->key, ALL_OF_USER);
}

int scene_shared_set(struct scene *scene)
{
        snprintf(scene->stage.left, sizeof scene->stage.left, "/ward-escape-left-%d", (int)getpid());
        scene->stage.left_key = LEFT_KEYS | (getpid() & 0xffff);
        make_segment(scene);
        make_queues(scene);
        make_others(scene);
        return 0;
}

/* --- What has become of them ------------------------------------------------------------------ */

static bool segment_changed(const struct scene *scene)
{
        char *at = shmat(scene->stage.segment, NULL, 0);
        struct shmid_ds status;
        if ((intptr_t)at == -1)
                return scene->stage.segment >= 0;
        bool removed = shmctl(scene->stage.segment, IPC_STAT, &status) || status.shm_perm.mode & SHM_DEST;
        bool changed = at[64];
        at[64] = 0;
        shmdt(at);
        return removed || changed;
}

/* One message, the secret, is to be in each. */
static bool queue_changed(const struct scene *scene)
{
        struct msqid_ds status;
        struct message message = { 1, "" };
        if (msgctl(scene->stage.queue, IPC_STAT, &status) || status.msg_qnum == 1)
                return false;
        while (msgrcv(scene->stage.queue, &message, sizeof message.text, 0, IPC_NOWAIT) >= 0)
                continue;
        memcpy(message.text, scene->token, sizeof message.text);
        message.kind = 1;
        msgsnd(scene->stage.queue, &message, sizeof message.text, IPC_NOWAIT);
        return true;
}

static bool posix_queue_changed(const struct scene *scene)
{
        struct mq_attr status;
        char text[128];
        if (mq_getattr(scene->posix_queue, &status) || status.mq_curmsgs == 1)
                return false;
        while (mq_receive(scene->posix_queue, text, sizeof text, NULL) >= 0)
                continue;
        mq_send(scene->posix_queue, scene->token, strlen(scene->token), 0);
        return true;
}

static bool semaphore_changed(const struct scene *scene)
{
        if (semctl(scene->stage.semaphores, 0, GETVAL) <= 0)
                return false;
        semctl(scene->stage.semaphores, 0, SETVAL, 0);
        return true;
}

static bool key_changed(const struct scene *scene)
{
        char text[64] = "";
        size_t length = strlen(scene->token);
        if (scene->stage.key < 0)
                return false;
        long n = syscall(SYS_keyctl, KEYCTL_READ, scene->stage.key, text, sizeof text, 0);
        if (n == (long)length && !memcmp(text, scene->token, length))
                return false;
        syscall(SYS_keyctl, KEYCTL_UPDATE, scene->stage.key, scene->token, length, 0);
        return true;
}

static bool something_left(const struct scene *scene)
{
        int segment = shmget(scene->stage.left_key, 0, 0);
        bool left = segment >= 0;
        if (left)
                shmctl(segment, IPC_RMID, NULL);
        return !shm_unlink(scene->stage.left) || left;
}

unsigned scene_shared_look(struct scene *scene)
{
        bool segment = segment_changed(scene);
        if (segment) {
                shmctl(scene->stage.segment, IPC_RMID, NULL);
                make_segment(scene);
        }
        bool queue = queue_changed(scene), posix = posix_queue_changed(scene);
        bool semaphore = semaphore_changed(scene), key = key_changed(scene);
        return (segment || queue || posix || semaphore || key ? SHARED : 0) | (something_left(scene) ? LEFT : 0);
}

void scene_shared_strike(struct scene *scene)
{
        shmctl(scene->stage.segment, IPC_RMID, NULL);
        msgctl(scene->stage.queue, IPC_RMID, NULL);
        semctl(scene->stage.semaphores, 0, IPC_RMID);
        mq_close(scene->posix_queue);
        mq_unlink(scene->stage.posix_queue);
        shm_unlink(scene->stage.posix_memory);
        if (scene->stage.key >= 0)
                syscall(SYS_keyctl, KEYCTL_UNLINK, scene->stage.key, KEY_SPEC_USER_KEYRING);
}
