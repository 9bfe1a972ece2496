#include "test/escape/answer.h"

#include <errno.h>
#include <stdio.h>

static const struct {
        const char *name;
        int error;
} answer_table[ANSWERS] = {
        [ANSWER_WORKS] = { "works", 0 },
        [ANSWER_EPERM] = { "EPERM", EPERM },
        [ANSWER_EACCES] = { "EACCES", EACCES },
        [ANSWER_ENOSYS] = { "ENOSYS", ENOSYS },
        [ANSWER_ENOENT] = { "ENOENT", ENOENT },
        [ANSWER_ESRCH] = { "ESRCH", ESRCH },
        [ANSWER_EROFS] = { "EROFS", EROFS },
        [ANSWER_EXDEV] = { "EXDEV", EXDEV },
        [ANSWER_EINVAL] = { "EINVAL", EINVAL },
        [ANSWER_EBADF] = { "EBADF", EBADF },
        [ANSWER_EAGAIN] = { "EAGAIN", EAGAIN },
        [ANSWER_ENOMEM] = { "ENOMEM", ENOMEM },
        [ANSWER_EMFILE] = { "EMFILE", EMFILE },
        [ANSWER_EFBIG] = { "EFBIG", EFBIG },
        [ANSWER_ENOSPC] = { "ENOSPC", ENOSPC },
        [ANSWER_EAFNOSUPPORT] = { "EAFNOSUPPORT", EAFNOSUPPORT },
        [ANSWER_EPROTONOSUPPORT] = { "EPROTONOSUPPORT", EPROTONOSUPPORT },
        [ANSWER_ESOCKTNOSUPPORT] = { "ESOCKTNOSUPPORT", ESOCKTNOSUPPORT },
        [ANSWER_EOPNOTSUPP] = { "EOPNOTSUPP", EOPNOTSUPP },
        [ANSWER_ENETUNREACH] = { "ENETUNREACH", ENETUNREACH },
        [ANSWER_EADDRNOTAVAIL] = { "EADDRNOTAVAIL", EADDRNOTAVAIL },
        [ANSWER_ECONNREFUSED] = { "ECONNREFUSED", ECONNREFUSED },
        [ANSWER_ENODEV] = { "ENODEV", ENODEV },
        [ANSWER_ENXIO] = { "ENXIO", ENXIO },
        [ANSWER_ENOTTY] = { "ENOTTY", ENOTTY },
        [ANSWER_EIO] = { "EIO", EIO },
        [ANSWER_ENOKEY] = { "ENOKEY", ENOKEY },
        [ANSWER_EBUSY] = { "EBUSY", EBUSY },
        [ANSWER_ENOTDIR] = { "ENOTDIR", ENOTDIR },
        [ANSWER_ELOOP] = { "ELOOP", ELOOP },
        [ANSWER_OTHER] = { "another errno", -1 },
        [ANSWER_SIGNAL] = { "fault: signal", -1 },
        [ANSWER_EXIT] = { "fault: exit", -1 },
        [ANSWER_LIMIT] = { "fault: limit", -1 },
        [ANSWER_DEADLINE] = { "fault: deadline", -1 },
        [ANSWER_PROTOCOL] = { "fault: protocol", -1 },
        [ANSWER_FAULT] = { "another fault", -1 },
        [ANSWER_AS_USER] = { "as any process of this user", -1 },
};

enum answer answer_of_error(long error)
{
        for (unsigned i = 0; i < ANSWER_OTHER; i++)
                if (answer_table[i].error == error)
                        return (enum answer)i;
        return ANSWER_OTHER;
}

const char *answer_name(enum answer answer)
{
        return answer_table[answer].name;
}

const char *answer_names(answers set, char *text, size_t size)
{
        size_t used = 0;
        text[0] = 0;
        for (unsigned i = 0; i < ANSWERS; i++)
                if (set >> i & 1 && used < size)
                        used += (size_t)snprintf(text + used, size - used, "%s%s", used ? "|" : "", answer_table[i].name);
        return text;
}
