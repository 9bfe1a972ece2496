/* What the filters allow and refuse, by name: what one architecture or version lacks is left out there. With libseccomp only. */
#ifndef SANDBOX_FILTER_LISTS_H
#define SANDBOX_FILTER_LISTS_H

#include <seccomp.h>
#include <stddef.h>

/* A call with these arguments, all of them. */
struct filter_match {
        const char *name;
        unsigned n;
        struct scmp_arg_cmp args[3];
};

/* Calls by name alone, and with arguments. Where a call is in both, its arguments do not matter. */
struct filter_list {
        const char *const *names;
        size_t n_names;
        const struct filter_match *matches;
        size_t n_matches;
};

extern const struct filter_list filter_compiler_refuses;
extern const struct filter_list filter_allows;       /* at every level */
extern const struct filter_list filter_allows_files; /* intranet */
extern const struct filter_list filter_allows_spawn; /* with the permission, as the next */
extern const struct filter_list filter_allows_connect;
extern const struct filter_list filter_lacks;    /* ENOSYS without a word: programs ask, and do well without */
extern const struct filter_list filter_observes; /* what a record is made of */

#endif
