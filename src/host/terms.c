#include "host/terms.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fault.h"
#include "base/own.h"
#include "policy/level.h"

static int no_memory(struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_SYSTEM, ENOMEM, "no memory for the permissions of a domain");
}

/* --- The policy file -------------------------------------------------------------------------- */

static int cannot_read(const char *path, int error, struct ward_fault *fault)
{
        return fault_set_errno(fault, WARD_FAULT_USAGE, error, "cannot read policy '%s'", path);
}

/* Who can write to it could grant themselves what they like. */
static int check_file(const char *path, const struct stat *st, struct ward_fault *fault)
{
        if (!S_ISREG(st->st_mode) || st->st_size > POLICY_BYTES_MAX)
                return fault_set(fault, WARD_FAULT_USAGE, "policy '%s' is no file of at most %d bytes", path, POLICY_BYTES_MAX);
        if (st->st_mode & S_IWOTH)
                return fault_set(fault, WARD_FAULT_REFUSED, "policy '%s' can be written by everybody: 'chmod o-w' first", path);
        return 0;
}

static int read_file(const char *path, char **ret_text, size_t *ret_len, struct ward_fault *fault)
{
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        if (fd < 0 || fstat(fd, &st) < 0)
                return cannot_read(path, errno, fault);
        int r = check_file(path, &st, fault);
        if (r)
                return r;
        size_t len = 0, size = (size_t)st.st_size;
        OWNED(freep) char *text = malloc(size + 1);
        if (!text)
                return no_memory(fault);
        while (len < size) {
                ssize_t n = read(fd, text + len, size - len);
                if (n < 0 && errno != EINTR)
                        return cannot_read(path, errno, fault);
                if (!n)
                        break;
                len += n > 0 ? (size_t)n : 0;
        }
        *ret_text = STEAL(text);
        *ret_len = len;
        return 0;
}

/* Where relative paths in it begin. */
static int find_folder(const char *path, char folder[PATH_MAX], struct ward_fault *fault)
{
        const char *slash = strrchr(path, '/');
        OWNED(freep) char *name = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
        if (!name)
                return no_memory(fault);
        return realpath(name, folder) ? 0 : cannot_read(path, errno, fault);
}

/* All on one line, as the text of a fault is. */
static int refuse(const char *path, char *errors, struct ward_fault *fault)
{
        for (char *end; (end = strchr(errors, '\n')); *end = ';')
                ;
        return fault_set(fault, WARD_FAULT_USAGE, "policy '%s' is wrong: %s", path, errors);
}

static int read_policy(const char *path, struct policy *ret_policy, struct ward_fault *fault)
{
        OWNED(freep) char *text = NULL, *errors = NULL;
        char folder[PATH_MAX];
        size_t len = 0;
        int r = read_file(path, &text, &len, fault);
        if (!r)
                r = find_folder(path, folder, fault);
        if (r)
                return r;
        r = policy_parse((struct ward_span){ (const uint8_t *)text, len }, path, folder, ret_policy, &errors);
        if (r == -EINVAL)
                return refuse(path, errors, fault);
        return r ? no_memory(fault) : 0;
}

/* --- Beside it -------------------------------------------------------------------------------- */

static int add_permission(struct policy *policy, const char *text, const char *folder, struct ward_fault *fault)
{
        struct permission permission;
        struct policy_error error;
        int r = permission_parse(span_of(text), folder, &permission, &error);
        if (r == -EINVAL)
                return fault_set(fault, WARD_FAULT_USAGE, "permission '%s' is wrong at byte %zu: %s", text, error.column,
                                 error.text);
        if (!r)
                r = policy_add(policy, &permission);
        if (r == -E2BIG)
                return fault_set(fault, WARD_FAULT_USAGE, "a domain has %d permissions at most", POLICY_PERMISSIONS_MAX);
        return r ? no_memory(fault) : 0;
}

static int add_permissions(struct policy *policy, const char *const *texts, struct ward_fault *fault)
{
        char folder[PATH_MAX];
        int r = 0;
        if (!texts || !*texts)
                return 0;
        if (!getcwd(folder, sizeof folder) || *folder != '/')
                return fault_set_errno(fault, WARD_FAULT_SYSTEM, errno, "cannot say what the working directory is");
        for (; *texts && !r; texts++)
                r = add_permission(policy, *texts, folder, fault);
        return r;
}

/* --- Together --------------------------------------------------------------------------------- */

static int join_level(struct ward_domain_options *options, const struct policy *policy, struct ward_fault *fault)
{
        if ((unsigned)options->level <= WARD_LEVEL_HOST)
                options->level = level_stricter(options->level, policy->level);
        return level_check(options->isolation, options->level, fault);
}

static void join(enum policy_limit limit, const struct policy *policy, uint64_t *value)
{
        *value = limit_stricter(limit, *value, policy->limits[limit]);
}

static void join_32(enum policy_limit limit, const struct policy *policy, uint32_t *value)
{
        *value = (uint32_t)limit_stricter(limit, *value, policy->limits[limit]);
}

static void join_quota(struct ward_quota *quota, const struct policy *policy)
{
        quota->size = sizeof *quota;
        join(POLICY_DOMAIN_MEMORY, policy, &quota->memory_bytes);
        join_32(POLICY_CPU, policy, &quota->cpu_percent);
        join(POLICY_CPU_TIME, policy, &quota->cpu_ms);
        join_32(POLICY_PROCESSES, policy, &quota->processes);
        join_32(POLICY_OPEN_FILES, policy, &quota->open_files);
        join(POLICY_FILE_SIZE, policy, &quota->file_bytes);
        join(POLICY_READ_RATE, policy, &quota->io_read_bytes);
        join(POLICY_WRITE_RATE, policy, &quota->io_write_bytes);
        join_32(POLICY_TABLE_ENTRIES, policy, &quota->table_entries);
        join_32(POLICY_ADDINS, policy, &quota->addins);
}

static int join_limits(struct ward_domain_options *options, const struct policy *policy, struct ward_quota *room,
                       struct ward_fault *fault)
{
        struct ward_limits *limits = &options->limits;
        uint64_t allowed = limits->cpu_affinity;
        limits->size = sizeof *limits;
        join(POLICY_MEMORY, policy, &limits->memory_bytes);
        join(POLICY_ARENA, policy, &limits->arena_bytes);
        join(POLICY_AFFINITY, policy, &limits->cpu_affinity);
        if (allowed && !limits->cpu_affinity)
                return fault_set(fault, WARD_FAULT_USAGE, "policy '%s' and the options have no processor in common",
                                 options->policy);
        *room = options->quota ? *options->quota : (struct ward_quota){ 0 };
        join_quota(room, policy);
        options->quota = room;
        return 0;
}

static int check_permissions(const struct ward_domain_options *options, const struct policy *policy, struct ward_fault *fault)
{
        int r = 0;
        for (size_t i = 0; i < policy->n && !r; i++)
                r = level_check_permission(options->isolation, options->level, policy->permissions[i].kind, fault);
        return r;
}

static int join_all(struct ward_domain_options *options, struct policy *policy, struct ward_quota *room, struct ward_fault *fault)
{
        int r = add_permissions(policy, options->permissions, fault);
        if (!r)
                r = join_level(options, policy, fault);
        if (!r && options->policy)
                r = join_limits(options, policy, room, fault);
        return r ? r : check_permissions(options, policy, fault);
}

int terms_take(struct ward_domain_options *options, const char *const *environment, struct ward_quota *room,
               struct domain_grants **ret_grants, struct ward_fault *fault)
{
        struct policy policy = { 0 };
        const struct grants_request request = { options->isolation, &policy, environment };
        int r = options->policy ? read_policy(options->policy, &policy, fault) : 0;
        if (!r)
                r = join_all(options, &policy, room, fault);
        if (!r)
                r = grants_new(&request, ret_grants, fault);
        policy_finish(&policy);
        return r;
}

int terms_refuse(const struct ward_activate_options *options, struct ward_fault *fault)
{
        bool direct = !options->domain;
        if (!options->policy && (!options->permissions || !*options->permissions))
                return 0;
        if (direct)
                return fault_set(fault, WARD_FAULT_REFUSED,
                                 "permissions and policies are refused at kind direct, where an add-in may do what its host may; "
                                 "choose kind wasm or process");
        return fault_set(
                fault, WARD_FAULT_REFUSED,
                "permissions and policies are refused for an add-in in a domain that is there, which has its own; give them "
                "to ward_domain_new");
}
