/* What the tests of permissions and policies share. */
#ifndef TEST_POLICY_STAGE_H
#define TEST_POLICY_STAGE_H

#include <errno.h>
#include <sys/types.h>
#include "permits_host.h"
#include "test/support.h"

/* A host, an add-in in it, and a fresh folder, which is the working directory. Everybody may list it. */
struct stage {
        struct ward_host *host;
        struct permits *permits;
        char home[128];
};

/* The folder, before anything is started; removed by stage_strike. */
void stage_set(struct stage *stage);
void stage_strike(struct stage *stage);

/* A file of five bytes; a folder; and a symbolic link. Everybody may read them, or write to the folder too. */
void stage_file(const char *name);
void stage_folder(const char *name, mode_t mode);
void stage_link(const char *target, const char *name);
/* A file with this text, "policy". */
void stage_policy(const char *text);

struct ward_activate_options stage_options(enum ward_isolation isolation, enum ward_level level, const char *const *permissions);

/* Activates the add-in. */
void stage_activate(struct stage *stage, const struct ward_activate_options *options);
/* It is refused, with this kind of fault, which says that. */
void stage_refuses(struct stage *stage, const struct ward_activate_options *options, enum ward_fault_kind kind, const char *phrase);

/* What the add-in got; @subject as it is, or below stage->home. */
int stage_try(const struct stage *stage, const char *what, const char *subject);
int stage_try_below(const struct stage *stage, const char *what, const char *name);

#define PERMISSIONS(...)                                                                                                           \
        (const char *const[])                                                                                                      \
        {                                                                                                                          \
                __VA_ARGS__, NULL                                                                                                  \
        }

#endif
