/* The level that a policy file asks for: before anything else, since what the code gets of this process's depends on it. The rest
 * of the file is the library's to read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "base/own.h"
#include "policy/file.h"
#include "policy/level.h"
#include "tool/run.h"

static int fail(const char *path, int error)
{
        fprintf(stderr, "ward run: cannot read the policy '%s': %s\n", path, strerror(error));
        return RUN_FAILED;
}

static int read_text(const char *path, char *text, size_t size, size_t *ret_len)
{
        FILE *file = fopen(path, "re");
        if (!file)
                return errno;
        *ret_len = fread(text, 1, size, file);
        int error = ferror(file) ? EIO : *ret_len == size ? EFBIG : 0;
        fclose(file);
        return error;
}

int run_policy_level(const char *path, enum ward_level *level)
{
        OWNED(freep) char *text = malloc(POLICY_BYTES_MAX + 1);
        OWNED(freep) char *errors = NULL;
        struct policy policy;
        size_t len = 0;
        int error = text ? read_text(path, text, POLICY_BYTES_MAX + 1, &len) : ENOMEM;
        if (error)
                return fail(path, error);
        int r = policy_parse((struct ward_span){ (const uint8_t *)text, len }, path, "/", &policy, &errors);
        if (r == -EINVAL)
                return fprintf(stderr, "%s\n", errors), RUN_FAILED;
        if (r)
                return fail(path, -r);
        *level = level_stricter(*level, policy.level);
        policy_finish(&policy);
        return 0;
}
