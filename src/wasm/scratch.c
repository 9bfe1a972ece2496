#include "wasm/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/own.h"

enum { BLOCK = 512 }; /* what st_blocks counts */

struct entry {
        uint64_t inode, offset;
        uint16_t len;
        uint8_t type;
        char name[];
};

struct usage {
        uint64_t bytes, files;
};

/* opendir would allocate, which a process that was cloned from one with threads may not. */
static void add_entries(int folder, const uint8_t *at, const uint8_t *end, struct usage *usage)
{
        while (at < end) {
                const struct entry *entry = (const struct entry *)(const void *)at;
                struct stat st;
                if (!fstatat(folder, entry->name, &st, AT_SYMLINK_NOFOLLOW) && !S_ISDIR(st.st_mode))
                        usage->bytes += (uint64_t)st.st_blocks * BLOCK;
                usage->files++;
                at += entry->len;
        }
}

bool scratch_is_within(const struct sandbox_root *root)
{
        _Alignas(struct entry) uint8_t room[8192];
        struct usage usage = { 0 };
        long n;
        OWNED(fd_closep) int folder = open(root->scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (folder < 0)
                return false;
        while ((n = syscall(SYS_getdents64, folder, room, sizeof room)) > 0 && usage.files <= root->scratch_files)
                add_entries(folder, room, room + n, &usage);
        return !n && usage.bytes <= root->scratch_bytes && usage.files <= root->scratch_files;
}

int scratch_copy(const struct sandbox_root *root, const char *name, int to)
{
        struct stat st;
        OWNED(fd_closep) int folder = open(root->scratch, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        OWNED(fd_closep) int from = folder < 0 ? -1 : openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode))
                return 0;
        if ((uint64_t)st.st_size > root->scratch_bytes)
                return -EFBIG;
        for (uint64_t left = (uint64_t)st.st_size; left;) {
                ssize_t n = sendfile(to, from, NULL, left);
                if (n < 0)
                        return -errno;
                if (!n)
                        return 0; /* it was cut meanwhile */
                left -= (uint64_t)n;
        }
        return 0;
}
