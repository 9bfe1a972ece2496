/* A process and all that it has started, in a /proc that may be that of another PID namespace; and its files there. */
#ifndef WORKER_FAMILY_H
#define WORKER_FAMILY_H

#include <dirent.h>
#include "worker/account.h"

enum {
        FAMILY_TEXT = 4096, /* of a file, as much as is read */
        FAMILY_NAME = 300,
        FAMILY_STEP_NS = 10000000, /* of the kernel's account: USER_HZ is 100 everywhere */
};

struct family {
        uint32_t n;
        uint32_t n_threads; /* that were looked at, for what they have started */
        bool whole;         /* there are no more than can be looked at */
        pid_t numbers[ACCOUNT_PROCESSES];
};

/* None where @number is 0. */
void family_find(const struct account *account, pid_t number, struct family *ret_family);

/* A file in @folder, or of process @number: whole, NUL-terminated and cut. False if it cannot be read. */
bool family_read_in(int folder, const char *file, char ret_text[FAMILY_TEXT]);
bool family_read(const struct account *account, pid_t number, const char *file, char ret_text[FAMILY_TEXT]);

/* The number in the line "@key: number …", or 0. */
uint64_t family_value(const char *text, const char *key);

/* The folders of a process's threads, one after the other; NULL: no more. The list may be NULL. */
DIR *family_threads(const struct account *account, pid_t number);
const char *family_next_thread(DIR *threads);

/* Fields of /proc/N/stat, by their numbers in proc(5). */
enum {
        STAT_MINOR = 10,
        STAT_CHILDREN_MINOR,
        STAT_MAJOR,
        STAT_CHILDREN_MAJOR,
        STAT_USER,
        STAT_SYSTEM,
        STAT_CHILDREN_USER,
        STAT_CHILDREN_SYSTEM,
        STAT_THREADS = 20,
        STAT_START = 22,
        STAT_VIRTUAL,
        STAT_RESIDENT,
        STAT_FIELDS
};
bool family_stat(const struct account *account, pid_t number, uint64_t ret_fields[STAT_FIELDS]);

#endif
