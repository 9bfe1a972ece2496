#include "worker/family.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

/* --- Files ------------------------------------------------------------------------------------ */

/* Whole, NUL-terminated and cut. False if it cannot be read. */
bool family_read_in(int folder, const char *name, char ret_text[FAMILY_TEXT])
{
        OWNED(fd_closep) int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, ret_text, FAMILY_TEXT - 1);
        ret_text[n > 0 ? n : 0] = 0;
        return n > 0;
}

/* The number behind "@key:" at the beginning of a line, or 0. */
uint64_t family_value(const char *text, const char *key)
{
        size_t len = strlen(key);
        for (const char *at = text; at; at = strchr(at, '\n')) {
                at += *at == '\n';
                if (!strncmp(at, key, len) && at[len] == ':')
                        return strtoull(at + len + 1, NULL, 10);
        }
        return 0;
}

/* The last of @n numbers in the line "@key:"; 0 where there are fewer. */
static pid_t nth_value(const char *text, const char *key, unsigned n)
{
        const char *at = strstr(text, key);
        long number = 0;
        char *end = at ? (char *)(uintptr_t)at + strlen(key) + 1 : NULL;
        for (unsigned i = 0; at && i < n; i++) {
                at = end;
                number = strtol(at, &end, 10);
                if (end == at || memchr(at, '\n', (size_t)(end - at)))
                        return 0;
        }
        return (pid_t)number;
}

static unsigned count_values(const char *text, const char *key)
{
        unsigned n = 0;
        while (nth_value(text, key, n + 1))
                n++;
        return n;
}

/* --- Which processes -------------------------------------------------------------------------- */

void account_open(int proc, struct account *ret_account)
{
        char text[FAMILY_TEXT];
        unsigned n = proc >= 0 && family_read_in(proc, "self/status", text) ? count_values(text, "\nNSpid") : 0;
        *ret_account = (struct account){ .proc = n ? proc : -1, .below = n ? n - 1 : 0 };
}

pid_t account_number_of(const struct account *account, int fd)
{
        char name[FAMILY_NAME], text[FAMILY_TEXT];
        snprintf(name, sizeof name, "self/fdinfo/%d", fd);
        if (account->proc < 0 || fd < 0 || !family_read_in(account->proc, name, text))
                return 0;
        const char *line = strstr(text, "\nPid:");
        long number = line ? strtol(line + 5, NULL, 10) : 0;
        return number > 0 ? (pid_t)number : 0;
}

pid_t account_number(const struct account *account, pid_t pid)
{
        OWNED(fd_closep) int fd = (int)syscall(SYS_pidfd_open, pid, 0);
        return account_number_of(account, fd);
}

/* Each number has a space behind it: one without is not whole yet. What is left of the text for the next part of the list. */
static size_t add_numbers(char *text, struct family *family)
{
        char *at = text, *end;
        for (; family->n < ACCOUNT_PROCESSES; at = end) {
                long number = strtol(at, &end, 10);
                if (number <= 0 || *end != ' ')
                        break;
                family->numbers[family->n++] = (pid_t)number;
        }
        size_t left = strlen(at);
        memmove(text, at, left);
        return left;
}

static void add_children(int tasks, const char *thread, struct family *family)
{
        char name[FAMILY_NAME], text[FAMILY_TEXT];
        size_t left = 0;
        ssize_t n;
        snprintf(name, sizeof name, "%s/children", thread);
        OWNED(fd_closep) int fd = openat(tasks, name, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && left < sizeof text - 1 && (n = read(fd, text + left, sizeof text - 1 - left)) > 0) {
                text[left + (size_t)n] = 0;
                left = add_numbers(text, family);
        }
}

DIR *family_threads(const struct account *account, pid_t number)
{
        char name[FAMILY_NAME];
        snprintf(name, sizeof name, "%d/task", number);
        int folder = openat(account->proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        DIR *list = folder < 0 ? NULL : fdopendir(folder);
        if (!list)
                fd_close(folder);
        return list;
}

const char *family_next_thread(DIR *list)
{
        for (const struct dirent *entry; list && (entry = readdir(list));)
                if (entry->d_name[0] != '.')
                        return entry->d_name;
        return NULL;
}

void family_find(const struct account *account, pid_t number, struct family *ret_family)
{
        ret_family->n = number > 0 && account->proc >= 0;
        ret_family->n_threads = 0;
        ret_family->numbers[0] = number;
        for (uint32_t i = 0; i < ret_family->n; i++) {
                DIR *list = family_threads(account, ret_family->numbers[i]);
                for (const char *thread; ret_family->n_threads < ACCOUNT_THREADS && (thread = family_next_thread(list));) {
                        add_children(dirfd(list), thread, ret_family);
                        ret_family->n_threads++;
                }
                if (list)
                        closedir(list);
        }
        ret_family->whole = ret_family->n < ACCOUNT_PROCESSES && ret_family->n_threads < ACCOUNT_THREADS;
}

bool family_read(const struct account *account, pid_t number, const char *file, char ret_text[FAMILY_TEXT])
{
        char name[FAMILY_NAME];
        snprintf(name, sizeof name, "%d/%s", number, file);
        return family_read_in(account->proc, name, ret_text);
}

static bool is_in(const struct family *family, pid_t number)
{
        for (uint32_t i = 0; i < family->n; i++)
                if (family->numbers[i] == number)
                        return true;
        return false;
}

/* Its number here. */
static pid_t number_here(const struct account *account, const char *status)
{
        return nth_value(status, "\nNSpid", account->below + 1);
}

/* By descriptor: a number may be another's by the time that it is used. Who has it still, now that it is held, and has one of the
 * family for a parent, is meant. The first is a child of this process's, whose number is nobody else's until it was waited for. */
static void signal_one(const struct account *account, const struct family *family, pid_t number, int signal)
{
        char text[FAMILY_TEXT];
        pid_t here = family_read(account, number, "status", text) ? number_here(account, text) : 0;
        OWNED(fd_closep) int fd = here > 0 ? (int)syscall(SYS_pidfd_open, here, 0) : -1;
        if (fd < 0 || !family_read(account, number, "status", text) || number_here(account, text) != here)
                return;
        if (number == family->numbers[0] || is_in(family, (pid_t)family_value(text, "PPid")))
                syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0);
}

void account_signal(const struct account *account, pid_t number, int signal)
{
        struct family family;
        family_find(account, number, &family);
        for (uint32_t i = 0; i < family.n; i++)
                signal_one(account, &family, family.numbers[i], signal);
}

/* The name, which is the process's own choice, ends at the last parenthesis. */
bool family_stat(const struct account *account, pid_t number, uint64_t ret_fields[STAT_FIELDS])
{
        char text[FAMILY_TEXT];
        char *at = family_read(account, number, "stat", text) ? strrchr(text, ')') : NULL;
        if (!at || !at[1] || !at[2])
                return false;
        at += 3; /* behind the state, field 3 */
        for (int i = 4; i < STAT_FIELDS; i++)
                ret_fields[i] = strtoull(at, &at, 10);
        return true;
}
