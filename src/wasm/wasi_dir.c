/* WASI: what is in a folder. A cookie is the kernel's own offset behind an entry: nothing is kept between two calls. */
#include <dirent.h>
#include <errno.h>
#include <unistd.h>
#include "wasm/wasi_parts.h"

enum {
        ENTRIES_LEAST = 1024, /* room for the longest entry, */
        ENTRIES_MOST = 16 << 10,
};

/* The module's buffer as it fills up. */
struct listing {
        uint8_t *at;
        uint32_t len, used;
};

/* The last entry may be cut: that it did not fit is what a full buffer says. */
static void put(struct listing *listing, const void *bytes, size_t len)
{
        size_t left = listing->len - listing->used;
        size_t fits = len < left ? len : left;
        memcpy(listing->at + listing->used, bytes, fits);
        listing->used += (uint32_t)fits;
}

static void put_entry(struct listing *listing, const struct dirent64 *entry)
{
        size_t len = strlen(entry->d_name);
        const struct wasi_dirent head = {
                .next = (uint64_t)entry->d_off,
                .ino = entry->d_ino,
                .name_len = (uint32_t)len,
                .type = wasi_filetype(DTTOIF(entry->d_type)),
        };
        put(listing, &head, sizeof head);
        put(listing, entry->d_name, len);
}

/* As many as the kernel gives at once. */
static ssize_t list_some(int fd, struct listing *listing)
{
        uint32_t left = listing->len - listing->used;
        size_t room = left < ENTRIES_LEAST ? ENTRIES_LEAST : left < ENTRIES_MOST ? left : ENTRIES_MOST;
        _Alignas(struct dirent64) char entries[ENTRIES_MOST];
        ssize_t n = getdents64(fd, entries, room);
        for (ssize_t i = 0; i < n && listing->used < listing->len;) {
                const struct dirent64 *entry = (const struct dirent64 *)(const void *)(entries + i);
                put_entry(listing, entry);
                i += entry->d_reclen;
        }
        return n;
}

enum wasi_errno wasi_fd_readdir(struct wasi_call *call)
{
        struct wasi_descriptor *descriptor;
        struct listing listing = { .len = wasi_argument(call, 2) };
        enum wasi_errno error = wasi_descriptor_with(call, wasi_argument(call, 0), RIGHT_FD_READDIR, &descriptor);
        if (error)
                return error;
        listing.at = wasi_range(call, wasi_argument(call, 1), listing.len);
        if (!listing.at || !wasi_range(call, wasi_argument(call, 4), 4))
                return WASI_FAULT;
        if (lseek(descriptor->fd, (off_t)call->slots[3], SEEK_SET) < 0)
                return wasi_from_errno(errno);
        ssize_t n = 1;
        while (n > 0 && listing.used < listing.len && wasi_goes_on(call)) {
                n = list_some(descriptor->fd, &listing);
                if (n < 0 && errno == EINTR)
                        n = 1;
        }
        return n < 0 ? wasi_from_errno(errno) : wasi_store32(call, wasi_argument(call, 4), listing.used);
}
