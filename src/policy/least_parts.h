/* What least.c and least_print.c share. */
#ifndef POLICY_LEAST_PARTS_H
#define POLICY_LEAST_PARTS_H

#include "policy/least.h"
#include "policy/permission.h"

struct least_path {
        char *text;   /* owned */
        size_t files; /* it stands for: more than one for a folder */
};

struct least_paths {
        struct least_path *at;
        size_t n;
        size_t room;
};

struct least {
        struct least_paths acts[LEAST_ACTS]; /* by act; each may be there several times */
        struct least_paths left_out;         /* sorted */
        bool forks;
};

/* Copies @text. 0 or -ENOMEM. */
int paths_add(struct least_paths *paths, const char *text, size_t files);
/* And throws out what is there twice. */
void paths_sort(struct least_paths *paths);
/* Of sorted ones. */
bool paths_have(const struct least_paths *paths, const char *text);
void paths_finish(struct least_paths *paths);

/* Whether @path, absolute, is called as shared libraries are. */
bool least_is_library(const char *path);

/* Whether @path is a folder that is too much for any policy. */
bool least_is_wide(const char *path);

#endif
