/* What may come of a probe: sets of answers, one bit each. */
#ifndef TEST_ESCAPE_ANSWER_H
#define TEST_ESCAPE_ANSWER_H

#include <stddef.h>
#include <stdint.h>

typedef uint64_t answers;

enum answer {
        ANSWER_WORKS,
        /* How it is refused. */
        ANSWER_EPERM,
        ANSWER_EACCES,
        ANSWER_ENOSYS,
        ANSWER_ENOENT,
        ANSWER_ESRCH,
        ANSWER_EROFS,
        ANSWER_EXDEV,
        ANSWER_EINVAL,
        ANSWER_EBADF,
        ANSWER_EAGAIN,
        ANSWER_ENOMEM,
        ANSWER_EMFILE,
        ANSWER_EFBIG,
        ANSWER_ENOSPC,
        ANSWER_EAFNOSUPPORT,
        ANSWER_EPROTONOSUPPORT,
        ANSWER_ESOCKTNOSUPPORT,
        ANSWER_EOPNOTSUPP,
        ANSWER_ENETUNREACH,
        ANSWER_EADDRNOTAVAIL,
        ANSWER_ECONNREFUSED,
        ANSWER_ENODEV,
        ANSWER_ENXIO,
        ANSWER_ENOTTY,
        ANSWER_EIO,
        ANSWER_ENOKEY,
        ANSWER_EBUSY,
        ANSWER_ENOTDIR,
        ANSWER_ELOOP,
        ANSWER_OTHER, /* any other errno */
        /* How its domain ends. */
        ANSWER_SIGNAL,
        ANSWER_EXIT,
        ANSWER_LIMIT,
        ANSWER_DEADLINE,
        ANSWER_PROTOCOL,
        ANSWER_FAULT, /* any other fault */
        /* Of rows only: what an ordinary process of this user is told, is told here too. */
        ANSWER_AS_USER,
        ANSWERS,
};

#define AS(name) ((answers)1 << ANSWER_##name)

/* A filter, a lack of rights, or a call that the list does not have. */
#define REFUSED (AS(EPERM) | AS(EACCES) | AS(ENOSYS))
/* And a name that is not there. */
#define NOT_THERE (REFUSED | AS(ENOENT))
/* And a process that is not there. */
#define NOBODY (REFUSED | AS(ESRCH))
/* No such socket, or no way to where it leads. */
#define NO_NETWORK (REFUSED | AS(EAFNOSUPPORT) | AS(ENETUNREACH) | AS(EADDRNOTAVAIL))
#define USER       AS(AS_USER)
#define WORKS      AS(WORKS)

/* What a machine says that does not have a thing. */
#define ANSWER_ABSENT                                                                                                              \
        (AS(ENOSYS) | AS(EAFNOSUPPORT) | AS(EPROTONOSUPPORT) | AS(ESOCKTNOSUPPORT) | AS(EOPNOTSUPP) | AS(ENODEV) | AS(ENXIO))

enum answer answer_of_error(long error);
const char *answer_name(enum answer answer);
/* All of @set by name, divided by "|"; @text has @size bytes. */
const char *answer_names(answers set, char *text, size_t size);

#endif
