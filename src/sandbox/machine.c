#include "sandbox/machine.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <ward/posture.h>
#include "base/own.h"
#include "sandbox/advice.h"
#include "sandbox/landlock.h"
#include "sandbox/layers.h"
#include "sandbox/tries.h"

/* What @attempt returns in a child: 0 or an errno. */
static int in_child(int (*attempt)(void))
{
        int status;
        pid_t pid = fork();
        if (pid < 0)
                return errno;
        if (!pid)
                _exit(attempt());
        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return errno;
        return WIFEXITED(status) ? WEXITSTATUS(status) : ECANCELED;
}

static void look_at_layers(struct machine *machine)
{
        for (size_t i = 0; i < MACHINE_LAYERS; i++) {
                machine->errors[i] = in_child(tries[i]);
                machine->offered |= machine->errors[i] ? 0 : 1u << i;
        }
}

static long read_number(const char *path)
{
        long value = -1;
        FILE *file = fopen(path, "re");
        if (file && fscanf(file, "%ld", &value) != 1)
                value = -1;
        if (file)
                fclose(file);
        return value;
}

void machine_look(struct machine *ret_machine)
{
        *ret_machine = (struct machine){
                .uid = geteuid(),
                .root = layers_host_is_root(),
                .landlock_abi = landlock_abi(),
                .libseccomp = WARD_LIBSECCOMP,
                .notifies = !in_child(try_notifying),
                .injects = !in_child(try_injecting),
                .filtered = prctl(PR_GET_SECCOMP, 0, 0, 0, 0) > 0,
                .user_namespaces = !in_child(try_rights_in_user_namespace),
                .ptrace_scope = read_number("/proc/sys/kernel/yama/ptrace_scope"),
                .overcommit = read_number("/proc/sys/vm/overcommit_memory"),
        };
        uname(&ret_machine->system);
        machine_cgroup_look(&ret_machine->cgroup);
        look_at_layers(ret_machine);
}

static const char *error_text(int error)
{
        switch (error) {
        case ENOSPC:
                return "No more of them are allowed (user.max_…_namespaces)";
        case ENOTRECOVERABLE:
                return "The system says that it is there, but it makes no difference";
        default:
                return strerror(error);
        }
}

void machine_reason(const struct machine *machine, unsigned layer, char *room, size_t size)
{
        char advice[400];
        size_t i = (size_t)__builtin_ctz(layer);
        *room = 0;
        if (!machine->errors[i])
                return;
        if (layer == WARD_LAYER_OTHER_USER && machine->uid) {
                snprintf(room, size, "The host is not user 0: its user's rights are all that there is to lose.");
                return;
        }
        advice_for(layer, advice, sizeof advice);
        size_t len = strlen(advice);
        if (len) /* the space behind the last sentence */
                advice[len - 1] = 0;
        snprintf(room, size, "%s.%s%s", error_text(machine->errors[i]), len ? " " : "", advice);
}
