#include "test/process/process.h"

#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Whom ask() calls back. */
static struct acts *current;

static int32_t ask(void *data, int32_t n)
{
        int32_t ret = 0;
        struct ward_fault fault;
        if (n >= 0)
                return n + 1;
        return acts_depth(current, n + 1, &ret, &fault) ? -1000 : ret;
}

/* Turns each flag, and gives the items back. */
static void note(void *data, acts_list_item_t *items, acts_list_item_t *ret)
{
        ret->len = items->len;
        ret->ptr = calloc(items->len + 1, sizeof *ret->ptr);
        for (size_t i = 0; i < items->len; i++) {
                const acts_item_t *item = &items->ptr[i];
                acts_string_dup_n(&ret->ptr[i].name, (const char *)item->name.ptr, item->name.len);
                ret->ptr[i].flag = (acts_option_bool_t){ true, item->flag.is_some };
        }
}

const struct acts_services acts_services = { .ask = ask, .note = note };

static void activate(struct stage *stage, const struct ward_activate_options *options)
{
        struct ward_fault fault;
        assert_good(acts_activate(stage->host, addin_file("acts", WARD_PROCESS), options, &acts_services, &stage->acts, &fault),
                    &fault);
        current = stage->acts;
}

struct stage stage_set(const struct ward_activate_options *options)
{
        struct stage stage = { .host = host_start() };
        struct ward_activate_options standard = options_for(WARD_PROCESS);
        activate(&stage, options ? options : &standard);
        return stage;
}

void stage_strike(struct stage *stage)
{
        stage->acts = acts_release(stage->acts);
        stage->host = ward_host_free(stage->host);
}

void stage_again(struct stage *stage)
{
        const struct ward_activate_options options = options_for(WARD_PROCESS);
        stage->acts = acts_release(stage->acts);
        activate(stage, &options);
}

int act(const struct stage *stage, const char *what, int64_t *ret, struct ward_fault *ret_fault)
{
        acts_string_t name;
        acts_string_set(&name, what);
        return -acts_act(stage->acts, &name, ret, ret_fault);
}

int64_t fact(const struct stage *stage, const char *what)
{
        struct ward_fault fault;
        int64_t ret = 0;
        assert_good(-act(stage, what, &ret, &fault), &fault);
        return ret;
}

int count_processes(const char *name)
{
        DIR *proc = opendir("/proc");
        int n = 0;
        for (struct dirent *entry; proc && (entry = readdir(proc));) {
                char path[300], comm[32] = "";
                snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
                FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
                if (!file)
                        continue;
                if (fgets(comm, sizeof comm, file)) {
                        comm[strcspn(comm, "\n")] = 0;
                        n += !strcmp(comm, name);
                }
                fclose(file);
        }
        if (proc)
                closedir(proc);
        return n;
}

int settle_processes(const char *name)
{
        int n = count_processes(name);
        for (int i = 0; i < 400 && n; i++) {
                usleep(5000);
                n = count_processes(name);
        }
        return n;
}

bool has_namespaces(void)
{
        int status;
        pid_t pid = fork();
        if (!pid)
                _exit(unshare(CLONE_NEWPID) && unshare(CLONE_NEWUSER | CLONE_NEWPID));
        return waitpid(pid, &status, 0) == pid && !status;
}

/* It is the one process that knows this one: by its descriptor of it. */
pid_t find_warden(void)
{
        char command[64];
        int warden = 0;
        snprintf(command, sizeof command, "grep -l '^Pid:.%d$' /proc/*/fdinfo/4 2>/dev/null", (int)getpid());
        FILE *list = popen(command, "re");
        if (!list || fscanf(list, "/proc/%d/", &warden) != 1)
                fail_msg("no warden found");
        pclose(list);
        return warden;
}

uint64_t now_ms(void)
{
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
