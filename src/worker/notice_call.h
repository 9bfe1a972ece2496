/* A system call that was notified, decoded: what it is about, and what it is about it.
 *
 * 1. call_decode, from the notification and the caller's memory  2. judge (notice_judge.h)  3. call_print, where it is told */
#ifndef WORKER_NOTICE_CALL_H
#define WORKER_NOTICE_CALL_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include "sandbox/grant.h"

enum call_kind {
        CALL_UNKNOWN, /* newer than this version of Ward */
        CALL_OTHER,
        CALL_OPEN,    /* of @path, with @access */
        CALL_LOOK,    /* at @path */
        CALL_ALTER,   /* what is at @path */
        CALL_CHANGE,  /* what is there, at @path, and @other_path if there is one */
        CALL_EXECUTE, /* of @path */
        CALL_CONNECT, /* to @address */
        CALL_FORK,
        CALL_SIGNAL, /* to @number */
};

struct call {
        enum call_kind kind;
        int number;
        const char *name;                /* a literal; "unknown" */
        unsigned access;                 /* of enum sandbox_right: what a file is opened for */
        bool makes;                      /* CALL_OPEN: if it is not there */
        bool lists;                      /* CALL_OPEN: a folder */
        bool by_descriptor;              /* what is changed may be what a descriptor is of, whatever the path says */
        int fd;                          /* CALL_CONNECT: the socket */
        long long target;                /* CALL_SIGNAL: of whom */
        int error;                       /* with which it is refused */
        char path[PATH_MAX];             /* absolute and normal, as the caller sees it; empty: not known */
        char other_path[PATH_MAX];       /* likewise; empty: there is none */
        struct sockaddr_storage address; /* what is behind @address_len is 0 */
        socklen_t address_len;
        struct seccomp_data data;
};

enum { CALL_TEXT_MAX = 512 };

/* @worker, @proc as in notice_memory.h. 0; or a negative errno where the caller's memory cannot be read: what the call would
 * return. */
int call_decode(int proc, pid_t worker, const struct seccomp_notif *notice, struct call *ret_call);

/* Of what it is, for people: a path, an address, a request. Any bytes, NUL-terminated, cut. */
void call_print(const struct call *call, char to[CALL_TEXT_MAX]);

/* "127.0.0.1:80", "[::1]:80", "unix:/run/x", "unix:@abstract"; of others the family's number. */
void address_print(const struct sockaddr_storage *address, socklen_t len, char *to, size_t size);

#endif
