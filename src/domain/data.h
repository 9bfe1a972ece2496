/* A domain's named data: keys to bytes, bounded. Not locked: the domain's info_lock guards it. */
#ifndef DOMAIN_DATA_H
#define DOMAIN_DATA_H

#include <stddef.h>
#include "base/span.h"

enum {
        DATA_KEY_MAX = 255,
        DATA_BYTES_MAX = 64 << 20, /* all keys and values of a domain, with what holding them costs */
};

struct data;

struct data *data_new(void);
struct data *data_free(struct data *data);

/* 0, -EINVAL for a key that is empty, too long or not UTF-8, -EDQUOT past DATA_BYTES_MAX, -ENOMEM. A value with @at NULL removes
 * the key. */
int data_set(struct data *data, struct ward_span key, struct ward_span value);

/* The value, borrowed until the next data_set; at NULL if there is none. An empty value has a place. */
struct ward_span data_get(const struct data *data, struct ward_span key);

#endif
