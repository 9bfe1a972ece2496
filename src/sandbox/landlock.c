#include "sandbox/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

/* Later than the oldest headers that Ward is built with. */
enum {
        FS_REFER = 1 << 13,
        FS_TRUNCATE = 1 << 14,
        FS_IOCTL_DEV = 1 << 15,
        NET_TCP = 3,
        SCOPES = 3,

        RIGHTS_ABI_1 = (1 << 13) - 1,
        RIGHTS_OF_FILES = LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | FS_TRUNCATE,
};

struct ruleset {
        uint64_t files, net, scopes;
};

/* What is refused unless it is granted, of what the kernel knows; and how long the struct is for it. */
static size_t choose(int abi, struct ruleset *rules)
{
        rules->files = RIGHTS_ABI_1;
        rules->files |= abi >= 2 ? FS_REFER : 0;
        rules->files |= abi >= 3 ? FS_TRUNCATE : 0;
        rules->files |= abi >= 5 ? FS_IOCTL_DEV : 0;
        rules->net = NET_TCP;
        rules->scopes = SCOPES;
        return abi >= 6 ? sizeof *rules : abi >= 4 ? offsetof(struct ruleset, scopes) : offsetof(struct ruleset, net);
}

static uint64_t rights_of(unsigned rights)
{
        uint64_t all = 0;
        if (rights & SANDBOX_READ)
                all |= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
        if (rights & SANDBOX_RUN)
                all |= LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE;
        if (rights & SANDBOX_WRITE)
                all |= LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | FS_TRUNCATE;
        if (rights & SANDBOX_MAKE)
                all |= LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_MAKE_SYM |
                       LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_SOCK | FS_REFER;
        return all;
}

static int add(int rules, uint64_t handled, const struct sandbox_grant *grant)
{
        struct stat st;
        if (!grant->rights)
                return 0;
        OWNED(fd_closep) int fd = open(grant->path, O_PATH | O_CLOEXEC);
        if (fd < 0)
                return 0;
        if (fstat(fd, &st) < 0)
                return -errno;
        uint64_t rights = rights_of(grant->rights) & handled;
        if (!S_ISDIR(st.st_mode))
                rights &= RIGHTS_OF_FILES;
        if (!rights)
                return 0;
        const struct landlock_path_beneath_attr beneath = { .allowed_access = rights, .parent_fd = fd };
        return syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) < 0 ? -errno : 0;
}

int landlock_abi(void)
{
        int abi = (int)syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
        return abi < 0 ? -errno : abi;
}

int landlock_restrict(const struct sandbox_grant *grants, size_t n)
{
        struct ruleset handled;
        int abi = landlock_abi();
        if (abi < 0)
                return abi == -ENOSYS || abi == -EOPNOTSUPP ? 1 : abi;
        size_t size = choose(abi, &handled);
        OWNED(fd_closep) int rules = (int)syscall(SYS_landlock_create_ruleset, &handled, size, 0);
        if (rules < 0)
                return -errno;
        for (size_t i = 0; i < n; i++) {
                int r = add(rules, handled.files, &grants[i]);
                if (r)
                        return r;
        }
        return syscall(SYS_landlock_restrict_self, rules, 0) < 0 ? -errno : 0;
}

bool landlock_is_in_force(void)
{
        OWNED(fd_closep) int root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return root < 0 && errno == EACCES;
}
