#include "wasm/seal.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "ward image 2\n"

enum {
        LANES = 4,
        STRIDE = LANES * sizeof(uint64_t),
        OTHERS_WRITE = S_IWGRP | S_IWOTH,
};

struct trailer {
        struct wasm_label label;
        char magic[16];
        uint64_t check;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        return hash << 29 | hash >> 35;
}

/* Of a block; only the last may be no multiple of STRIDE. */
static void add_block(uint64_t lanes[LANES], const uint8_t *at, size_t len)
{
        uint64_t word;
        size_t done = 0;
        for (; len - done >= STRIDE; done += STRIDE)
                for (size_t i = 0; i < LANES; i++) {
                        memcpy(&word, at + done + i * sizeof word, sizeof word);
                        lanes[i] = mix(lanes[i], word);
                }
        for (; done < len; done++)
                lanes[0] = mix(lanes[0], at[done]);
}

/* Against damage, not forgery: so about as fast as memory is read, for it is in the way of every first activation. */
static int check_of_file(int fd, uint64_t len, uint64_t *ret_check)
{
        _Alignas(STRIDE) uint8_t block[32 << 10];
        uint64_t lanes[LANES] = { len, 1, 2, 3 };
        for (uint64_t done = 0; done < len;) {
                size_t want = len - done < sizeof block ? (size_t)(len - done) : sizeof block;
                if (pread(fd, block, want, (off_t)done) != (ssize_t)want)
                        return -1;
                add_block(lanes, block, want);
                done += want;
        }
        for (size_t i = 1; i < LANES; i++)
                lanes[0] = mix(lanes[0], lanes[i]);
        *ret_check = lanes[0];
        return 0;
}

static int write_all(int fd, const void *bytes, size_t len, off_t at)
{
        ssize_t n = pwrite(fd, bytes, len, at);
        if (n == (ssize_t)len)
                return 0;
        errno = n < 0 ? errno : ENOSPC;
        return -1;
}

/* The label is checked with the image. */
int wasm_seal(int fd, const struct wasm_label *label)
{
        struct trailer trailer = { .label = *label, .magic = MAGIC };
        off_t size = lseek(fd, 0, SEEK_END);
        if (size < 0 || write_all(fd, &trailer, offsetof(struct trailer, check), size))
                return -1;
        if (check_of_file(fd, (uint64_t)size + offsetof(struct trailer, check), &trailer.check))
                return -1;
        return write_all(fd, &trailer.check, sizeof trailer.check, size + (off_t)offsetof(struct trailer, check));
}

static bool read_trailer(int fd, struct trailer *trailer, off_t *ret_size)
{
        struct stat st;
        if (fstat(fd, &st) < 0 || st.st_size <= (off_t)sizeof *trailer)
                return false;
        if (pread(fd, trailer, sizeof *trailer, st.st_size - (off_t)sizeof *trailer) != sizeof *trailer)
                return false;
        *ret_size = st.st_size;
        return !memcmp(trailer->magic, MAGIC, sizeof MAGIC);
}

static bool take_label(struct trailer *trailer, struct wasm_label *ret_label)
{
        trailer->label.module[WASM_KEY_LEN] = 0;
        trailer->label.version[sizeof trailer->label.version - 1] = 0;
        trailer->label.name[sizeof trailer->label.name - 1] = 0;
        trailer->label.compiler[sizeof trailer->label.compiler - 1] = 0;
        *ret_label = trailer->label;
        return true;
}

bool wasm_seal_check(int fd, struct wasm_label *ret_label)
{
        struct trailer trailer;
        uint64_t check;
        off_t size;
        if (!read_trailer(fd, &trailer, &size) || check_of_file(fd, (uint64_t)size - sizeof check, &check) ||
            check != trailer.check)
                return false;
        return take_label(&trailer, ret_label);
}

bool wasm_seal_read(int fd, struct wasm_label *ret_label)
{
        struct trailer trailer;
        off_t size;
        return read_trailer(fd, &trailer, &size) && take_label(&trailer, ret_label);
}

bool wasm_seal_is_trusted(int fd, bool or_root)
{
        struct stat st;
        return !fstat(fd, &st) && S_ISREG(st.st_mode) && (st.st_uid == geteuid() || (or_root && !st.st_uid)) &&
               !(st.st_mode & OTHERS_WRITE);
}
