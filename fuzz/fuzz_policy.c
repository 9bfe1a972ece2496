/* A policy's text: it is read, or there are reasons why not. What was read is written so that it is read as the same again. */
#include <errno.h>
#include <stdlib.h>

#include "base/own.h"
#include "policy/file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct policy *policy)
{
        char *text = NULL;
        size_t len;
        FILE *out = open_memstream(&text, &len);
        if (!out)
                abort();
        policy_print(policy, out);
        fclose(out);
        return text;
}

static char *read_and_print(struct ward_span text)
{
        struct policy policy;
        char *errors = NULL;
        int r = policy_parse(text, "fuzz", "/here", &policy, &errors);
        if (r == -EINVAL && (!errors || strncmp(errors, "fuzz:", 5)))
                abort();
        free(errors);
        if (r)
                return NULL;
        char *printed = print(&policy);
        policy_finish(&policy);
        return printed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        OWNED(freep) char *first = read_and_print((struct ward_span){ data, size });
        OWNED(freep) char *second = first ? read_and_print(span_of(first)) : NULL;
        if (first && (!second || strcmp(first, second)))
                abort();
        return 0;
}
