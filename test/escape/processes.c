#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "test/escape/cell.h"

/* Whom a descriptor of this process stands for; 0 where it is no process. */
static int32_t process_of(const char *descriptor)
{
        char path[300], line[128];
        int pid = 0;
        snprintf(path, sizeof path, "/proc/self/fdinfo/%s", descriptor);
        FILE *file = fopen(path, "re");
        while (file && fgets(line, sizeof line, file))
                if (sscanf(line, "Pid: %d", &pid) == 1)
                        break;
        if (file)
                fclose(file);
        return pid;
}

int32_t find_warden(void)
{
        DIR *list = opendir("/proc/self/fdinfo");
        int32_t found = 0;
        for (const struct dirent *entry; list && !found && (entry = readdir(list));) {
                int32_t pid = process_of(entry->d_name);
                if (pid > 0 && pid != getpid())
                        found = pid;
        }
        if (list)
                closedir(list);
        return found;
}

static int32_t parent_of(const char *pid)
{
        char path[300], text[512] = "";
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%s/stat", pid);
        FILE *file = fopen(path, "re");
        if (!file)
                return 0;
        const char *behind = fgets(text, sizeof text, file) ? strrchr(text, ')') : NULL;
        if (behind && sscanf(behind, ") %*c %d", &parent) != 1)
                parent = 0;
        fclose(file);
        return parent;
}

size_t list_children(int32_t parent, int32_t ret_children[CHILDREN_MAX])
{
        DIR *list = opendir("/proc");
        size_t n = 0;
        for (const struct dirent *entry; list && n < CHILDREN_MAX && (entry = readdir(list));)
                if (atoi(entry->d_name) > 0 && parent_of(entry->d_name) == parent)
                        ret_children[n++] = atoi(entry->d_name);
        if (list)
                closedir(list);
        return n;
}
