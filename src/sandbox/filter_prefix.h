/* What is put before a program of libseccomp's, which knows no ranges: system calls above all that Ward has heard of are ENOSYS. */
#ifndef SANDBOX_FILTER_PREFIX_H
#define SANDBOX_FILTER_PREFIX_H

#include "sandbox/filter.h"

/* 0, or a negative errno with @filter as it was. */
int filter_prefix(struct sandbox_filter *filter);

#endif
