/* The numbers of WASI preview 1 that Ward uses. */
#ifndef WASM_WASI_ABI_H
#define WASM_WASI_ABI_H

#include <stdint.h>

enum wasi_errno {
        WASI_OK = 0,
        WASI_2BIG = 1,
        WASI_ACCES = 2,
        WASI_AGAIN = 6,
        WASI_BADF = 8,
        WASI_BUSY = 10,
        WASI_DQUOT = 19,
        WASI_EXIST = 20,
        WASI_FAULT = 21,
        WASI_FBIG = 22,
        WASI_ILSEQ = 25,
        WASI_INTR = 27,
        WASI_INVAL = 28,
        WASI_IO = 29,
        WASI_ISDIR = 31,
        WASI_LOOP = 32,
        WASI_MFILE = 33,
        WASI_MLINK = 34,
        WASI_NAMETOOLONG = 37,
        WASI_NFILE = 41,
        WASI_NODEV = 43,
        WASI_NOENT = 44,
        WASI_NOMEM = 48,
        WASI_NOSPC = 51,
        WASI_NOTDIR = 54,
        WASI_NOTEMPTY = 55,
        WASI_NOTSOCK = 57,
        WASI_NOTSUP = 58,
        WASI_NXIO = 60,
        WASI_OVERFLOW = 61,
        WASI_PERM = 63,
        WASI_PIPE = 64,
        WASI_ROFS = 69,
        WASI_SPIPE = 70,
        WASI_STALE = 72,
        WASI_TXTBSY = 74,
        WASI_XDEV = 75,
        WASI_NOTCAPABLE = 76,
};

/* Rights of a descriptor. */
enum {
        RIGHT_FD_DATASYNC = 1 << 0,
        RIGHT_FD_READ = 1 << 1,
        RIGHT_FD_SEEK = 1 << 2,
        RIGHT_FD_SET_FLAGS = 1 << 3,
        RIGHT_FD_SYNC = 1 << 4,
        RIGHT_FD_TELL = 1 << 5,
        RIGHT_FD_WRITE = 1 << 6,
        RIGHT_FD_ADVISE = 1 << 7,
        RIGHT_FD_ALLOCATE = 1 << 8,
        RIGHT_PATH_CREATE_DIRECTORY = 1 << 9,
        RIGHT_PATH_CREATE_FILE = 1 << 10,
        RIGHT_PATH_LINK_SOURCE = 1 << 11,
        RIGHT_PATH_LINK_TARGET = 1 << 12,
        RIGHT_PATH_OPEN = 1 << 13,
        RIGHT_FD_READDIR = 1 << 14,
        RIGHT_PATH_READLINK = 1 << 15,
        RIGHT_PATH_RENAME_SOURCE = 1 << 16,
        RIGHT_PATH_RENAME_TARGET = 1 << 17,
        RIGHT_PATH_STAT = 1 << 18,
        RIGHT_PATH_SET_SIZE = 1 << 19,
        RIGHT_PATH_SET_TIMES = 1 << 20,
        RIGHT_FD_STAT = 1 << 21,
        RIGHT_FD_SET_SIZE = 1 << 22,
        RIGHT_FD_SET_TIMES = 1 << 23,
        RIGHT_PATH_SYMLINK = 1 << 24,
        RIGHT_PATH_REMOVE_DIRECTORY = 1 << 25,
        RIGHT_PATH_UNLINK_FILE = 1 << 26,
        RIGHT_POLL = 1 << 27,

        /* Of what changes a file or a folder, or could have it changed elsewhere: a second name in a writable folder makes a file
         * writable. */
        RIGHTS_CHANGE = RIGHT_FD_DATASYNC | RIGHT_FD_WRITE | RIGHT_FD_ALLOCATE | RIGHT_PATH_CREATE_DIRECTORY |
                        RIGHT_PATH_CREATE_FILE | RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_RENAME_SOURCE |
                        RIGHT_PATH_RENAME_TARGET | RIGHT_PATH_SET_SIZE | RIGHT_PATH_SET_TIMES | RIGHT_FD_SET_SIZE |
                        RIGHT_FD_SET_TIMES | RIGHT_PATH_SYMLINK | RIGHT_PATH_REMOVE_DIRECTORY | RIGHT_PATH_UNLINK_FILE,

        RIGHTS_FILE = RIGHT_FD_DATASYNC | RIGHT_FD_READ | RIGHT_FD_SEEK | RIGHT_FD_SET_FLAGS | RIGHT_FD_SYNC | RIGHT_FD_TELL |
                      RIGHT_FD_WRITE | RIGHT_FD_ADVISE | RIGHT_FD_ALLOCATE | RIGHT_FD_STAT | RIGHT_FD_SET_SIZE |
                      RIGHT_FD_SET_TIMES | RIGHT_POLL,
        RIGHTS_FOLDER = RIGHT_FD_SET_FLAGS | RIGHT_FD_SYNC | RIGHT_PATH_CREATE_DIRECTORY | RIGHT_PATH_CREATE_FILE |
                        RIGHT_PATH_LINK_SOURCE | RIGHT_PATH_LINK_TARGET | RIGHT_PATH_OPEN | RIGHT_FD_READDIR | RIGHT_PATH_READLINK |
                        RIGHT_PATH_RENAME_SOURCE | RIGHT_PATH_RENAME_TARGET | RIGHT_PATH_STAT | RIGHT_PATH_SET_SIZE |
                        RIGHT_PATH_SET_TIMES | RIGHT_FD_STAT | RIGHT_FD_SET_TIMES | RIGHT_PATH_SYMLINK |
                        RIGHT_PATH_REMOVE_DIRECTORY | RIGHT_PATH_UNLINK_FILE | RIGHT_POLL,
};

enum wasi_filetype {
        WASI_UNKNOWN = 0,
        WASI_BLOCK_DEVICE = 1,
        WASI_CHARACTER_DEVICE = 2,
        WASI_DIRECTORY = 3,
        WASI_REGULAR_FILE = 4,
        WASI_SOCKET = 6,
        WASI_SYMBOLIC_LINK = 7,
};

enum {
        FDFLAG_APPEND = 1 << 0,
        FDFLAG_DSYNC = 1 << 1,
        FDFLAG_NONBLOCK = 1 << 2,
        FDFLAG_RSYNC = 1 << 3,
        FDFLAG_SYNC = 1 << 4,
        FDFLAGS_ALL = (1 << 5) - 1,

        OFLAG_CREAT = 1 << 0,
        OFLAG_DIRECTORY = 1 << 1,
        OFLAG_EXCL = 1 << 2,
        OFLAG_TRUNC = 1 << 3,
        OFLAGS_ALL = (1 << 4) - 1,

        LOOKUP_FOLLOW = 1 << 0,

        FSTFLAG_ATIM = 1 << 0,
        FSTFLAG_ATIM_NOW = 1 << 1,
        FSTFLAG_MTIM = 1 << 2,
        FSTFLAG_MTIM_NOW = 1 << 3,
        FSTFLAGS_ALL = (1 << 4) - 1,
};

/* As they lie in memory; little-endian, as the machines are that Ward runs on. */
struct wasi_vector {
        uint32_t at;
        uint32_t len;
};

struct wasi_fdstat {
        uint8_t type;
        uint8_t pad;
        uint16_t flags;
        uint32_t pad2;
        uint64_t rights;
        uint64_t inheriting;
};

struct wasi_filestat {
        uint64_t dev;
        uint64_t ino;
        uint64_t type;
        uint64_t nlink;
        uint64_t size;
        uint64_t atim;
        uint64_t mtim;
        uint64_t ctim;
};

struct wasi_dirent {
        uint64_t next;
        uint64_t ino;
        uint32_t name_len;
        uint32_t type;
};

enum { SUBSCRIBED_CLOCK, SUBSCRIBED_READ, SUBSCRIBED_WRITE };

struct wasi_subscription {
        uint64_t userdata;
        uint64_t tag; /* its first byte */
        uint32_t of;  /* the clock or the descriptor */
        uint32_t pad;
        uint64_t timeout;
        uint64_t precision;
        uint64_t flags; /* the first two bytes; 1: the timeout is a time */
};

struct wasi_event {
        uint64_t userdata;
        uint16_t error;
        uint16_t type; /* its first byte */
        uint32_t pad;
        uint64_t n_bytes;
        uint64_t flags; /* 1: the other end is gone */
};

_Static_assert(sizeof(struct wasi_fdstat) == 24 && sizeof(struct wasi_filestat) == 64 && sizeof(struct wasi_dirent) == 24, "");
_Static_assert(sizeof(struct wasi_subscription) == 48 && sizeof(struct wasi_event) == 32, "");

#endif
