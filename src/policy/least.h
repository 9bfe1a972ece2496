/* The least policy that allows what was observed. Pure.
 *
 *      1. least_new  2. least_add, for each act  3. least_print: a policy's text, with comments, to be looked through by a person
 *      4. least_free
 *
 * What was opened becomes `read` and `write` of files; where many files of a folder were read, of the folder, unless that is a
 * folder of all and sundry (/etc, /home/joe, /usr/lib). What is executed becomes `execute`, and so do shared libraries. What every
 * process reads, and the libraries of the add-in, are left out: they need no permission. Variables that were read cannot be
 * observed. */
#ifndef POLICY_LEAST_H
#define POLICY_LEAST_H

#include <stdbool.h>
#include <stdio.h>

enum least_act {
        LEAST_READ,    /* a file was opened for reading, or a folder's list */
        LEAST_LIST,    /* a folder's list */
        LEAST_WRITE,   /* a file that was there was opened for writing */
        LEAST_CREATE,  /* a file, folder or link was made, removed or renamed: its folder is to be written to */
        LEAST_EXECUTE, /* a program was executed */
        LEAST_CONNECT, /* @subject as in a permission: HOST:PORT or unix:PATH */
        LEAST_FORK,    /* a process was made, not a thread; @subject is not looked at */
        LEAST_ACTS,
};

struct least;

/* @left_out: absolute paths, NULL-terminated, for which no permission is needed: the add-in and its libraries. Copied; NULL: none.
 * NULL without memory. */
struct least *least_new(const char *const *left_out);
/* Takes NULL, returns NULL. */
struct least *least_free(struct least *least);

/* Paths are absolute. 0; -EINVAL where @subject is none that can be granted, so that nothing is added; -ENOMEM. Adding again what
 * was added changes nothing. */
int least_add(struct least *least, enum least_act act, const char *subject);

/* Drops the acts for which @keeps says no, each of which it is asked of once. It may not add any. */
void least_keep(struct least *least, enum least_act act, bool (*keeps)(void *data, const char *subject), void *data);

/* Writes the policy: internet where nothing was needed, else intranet. 0, or -ENOMEM. */
int least_print(const struct least *least, FILE *out);

#endif
