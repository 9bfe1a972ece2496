#include "memory/buffer.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include "base/own.h"

#define API __attribute__((visibility("default")))

enum { SIZE_SEALS = F_SEAL_SHRINK | F_SEAL_GROW };

/* --- Making ----------------------------------------------------------------------------------- */

static int seals_of(int fd)
{
        int seals = fcntl(fd, F_GET_SEALS);
        return seals < 0 ? 0 : seals;
}

/* Takes @fd. */
static int make(int fd, uint64_t size, struct ward_buffer **ret_buffer)
{
        struct ward_buffer *buffer = calloc(1, sizeof *buffer);
        if (!buffer) {
                fd_close(fd);
                return -ENOMEM;
        }
        atomic_init(&buffer->references, 1);
        buffer->fd = fd;
        buffer->size = size;
        buffer->writable = (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDWR;
        pthread_mutex_init(&buffer->lock, NULL);
        *ret_buffer = buffer;
        return 0;
}

API int ward_buffer_new(uint64_t size, const char *name, struct ward_buffer **ret_buffer)
{
        if (size > INT64_MAX)
                return -EFBIG;
        OWNED(fd_closep) int fd = memfd_create(name ? name : "buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0 || ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, SIZE_SEALS) < 0)
                return -errno;
        int r = make(STEAL_FD(fd), size, ret_buffer);
        if (!r)
                (*ret_buffer)->readable = true;
        return r;
}

/* Pages of a huge page file system may be missing when they are touched; a file there is, or one of another file system, has
 * nothing to do with memory that others can be given. */
static bool is_memory(int fd)
{
        struct statfs fs;
        return fcntl(fd, F_GET_SEALS) >= 0 && !fstatfs(fd, &fs) && fs.f_type == TMPFS_MAGIC;
}

static int from_fd(int fd, bool memory, struct ward_buffer **ret_buffer)
{
        OWNED(fd_closep) int own = fd;
        struct stat st;
        int flags = fcntl(own, F_GETFL);
        if (flags < 0 || fcntl(own, F_SETFD, FD_CLOEXEC) < 0 || fstat(own, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode) || flags & O_PATH || (flags & O_ACCMODE) == O_WRONLY)
                return -EINVAL;
        bool readable = is_memory(own) && seals_of(own) & F_SEAL_SHRINK;
        if (memory && !readable)
                return -EINVAL;
        /* The size is read once the seal that fixes it is seen. */
        if (fstat(own, &st) < 0)
                return -errno;
        int r = make(STEAL_FD(own), (uint64_t)st.st_size, ret_buffer);
        if (!r)
                (*ret_buffer)->readable = readable;
        return r;
}

API int ward_buffer_from_fd(int fd, struct ward_buffer **ret_buffer)
{
        return from_fd(fd, false, ret_buffer);
}

int buffer_from_peer(int fd, struct ward_buffer **ret_buffer)
{
        int r = from_fd(fd, true, ret_buffer);
        if (!r)
                buffer_expose(*ret_buffer);
        return r == -ENOMEM || !r ? r : -EBADMSG;
}

/* --- References ------------------------------------------------------------------------------- */

API struct ward_buffer *ward_buffer_acquire(struct ward_buffer *buffer)
{
        atomic_fetch_add_explicit(&buffer->references, 1, memory_order_relaxed);
        return buffer;
}

API struct ward_buffer *ward_buffer_release(struct ward_buffer *buffer)
{
        if (!buffer || atomic_fetch_sub_explicit(&buffer->references, 1, memory_order_acq_rel) > 1)
                return NULL;
        if (buffer->gone)
                buffer->gone(buffer);
        if (buffer->data && buffer->size)
                munmap(buffer->data, buffer->size);
        charge_return(buffer->charge, buffer->size);
        fd_close(buffer->fd);
        pthread_mutex_destroy(&buffer->lock);
        free(buffer);
        return NULL;
}

/* --- Seals ------------------------------------------------------------------------------------ */

API uint64_t ward_buffer_size(const struct ward_buffer *buffer)
{
        return buffer->size;
}

API bool ward_buffer_is_sealed(const struct ward_buffer *buffer)
{
        const int all = SIZE_SEALS | F_SEAL_WRITE;
        return (seals_of(buffer->fd) & all) == all;
}

void buffer_expose(struct ward_buffer *buffer)
{
        if (atomic_load_explicit(&buffer->exposed, memory_order_relaxed))
                return;
        if (!(seals_of(buffer->fd) & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)))
                atomic_store_explicit(&buffer->exposed, true, memory_order_relaxed);
}

/* Nothing may be mapped from the file while it is sealed, so something else keeps the place meanwhile. Before Linux 6.7 what is
 * sealed cannot be mapped as shared, which for reading is no difference. */
static int seal_mapped(struct ward_buffer *buffer)
{
        int flags = MAP_PRIVATE, writing = 0, r = 0;
        if (mmap(buffer->data, buffer->size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) ==
            MAP_FAILED)
                return -errno;
        if (fcntl(buffer->fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_WRITE) < 0) {
                r = -errno;
                flags = MAP_SHARED;
                writing = buffer->written ? PROT_WRITE : 0;
        }
        /* It cannot fail for want of room, since the room is there; for want of the kernel's own memory touching it will. */
        if (mmap(buffer->data, buffer->size, PROT_READ | writing, flags | MAP_FIXED, buffer->fd, 0) == MAP_FAILED)
                return -errno;
        buffer->written = writing;
        return r;
}

API int ward_buffer_seal(struct ward_buffer *buffer)
{
        pthread_mutex_lock(&buffer->lock);
        int r = 0;
        if (!buffer->readable)
                r = -EPERM;
        else if (ward_buffer_is_sealed(buffer))
                r = 0;
        else if (buffer->data && buffer->size)
                r = seal_mapped(buffer);
        else if (fcntl(buffer->fd, F_ADD_SEALS, SIZE_SEALS | F_SEAL_WRITE) < 0)
                r = -errno;
        pthread_mutex_unlock(&buffer->lock);
        return r;
}

API int ward_buffer_protect(struct ward_buffer *buffer)
{
        void *data;
        int r = ward_buffer_map(buffer, WARD_BUFFER_WRITE, &data);
        if (!r && fcntl(buffer->fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE) < 0)
                r = -errno;
        return r;
}

/* --- Memory ----------------------------------------------------------------------------------- */

static int map(struct ward_buffer *buffer, bool write)
{
        static uint8_t nothing[1];
        bool sealed = !write && ward_buffer_is_sealed(buffer);
        int protection = PROT_READ | (write ? PROT_WRITE : 0);
        if (!buffer->size) {
                buffer->data = nothing;
                buffer->written = true;
                return 0;
        }
        if (buffer->data && mprotect(buffer->data, buffer->size, protection) < 0)
                return -errno;
        if (!buffer->data) {
                void *data = mmap(NULL, buffer->size, protection, sealed ? MAP_PRIVATE : MAP_SHARED, buffer->fd, 0);
                if (data == MAP_FAILED)
                        return -errno;
                buffer->data = data;
        }
        buffer->written = write;
        return 0;
}

/* What is sealed later is so for good: there is no moment at which the answer becomes wrong. */
static bool may_map(const struct ward_buffer *buffer, unsigned access)
{
        bool exposed = atomic_load_explicit(&buffer->exposed, memory_order_relaxed);
        if (!buffer->readable || (access & WARD_BUFFER_WRITE && (!buffer->writable || ward_buffer_is_sealed(buffer))))
                return false;
        return !exposed || access & WARD_BUFFER_SHARED || ward_buffer_is_sealed(buffer);
}

API int ward_buffer_map(struct ward_buffer *buffer, unsigned access, void **ret_data)
{
        bool write = access & WARD_BUFFER_WRITE;
        if (access & ~(unsigned)(WARD_BUFFER_WRITE | WARD_BUFFER_SHARED))
                return -EINVAL;
        if (!may_map(buffer, access))
                return -EPERM;
        pthread_mutex_lock(&buffer->lock);
        int r = !buffer->data || (write && !buffer->written) ? map(buffer, write) : 0;
        void *data = buffer->data;
        pthread_mutex_unlock(&buffer->lock);
        if (!r)
                *ret_data = data;
        return r == -EACCES ? -EPERM : r;
}

static bool is_within(const struct ward_buffer *buffer, uint64_t at, size_t size)
{
        return at <= buffer->size && size <= buffer->size - at;
}

/* A file that was cut meanwhile ends early: there are not as many bytes any more. */
API int ward_buffer_read(const struct ward_buffer *buffer, uint64_t at, void *to, size_t size)
{
        uint8_t *next = to;
        if (!is_within(buffer, at, size))
                return -ERANGE;
        while (size) {
                ssize_t n = pread(buffer->fd, next, size, (off_t)at);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (!n)
                        return -ERANGE;
                if (n > 0) {
                        next += n;
                        at += (uint64_t)n;
                        size -= (size_t)n;
                }
        }
        return 0;
}

/* Where it is mapped for writing here, or NULL. */
static uint8_t *written_at(struct ward_buffer *buffer)
{
        pthread_mutex_lock(&buffer->lock);
        uint8_t *data = buffer->written ? buffer->data : NULL;
        pthread_mutex_unlock(&buffer->lock);
        return data;
}

/* What is protected can be written through the mapping only. */
API int ward_buffer_write(struct ward_buffer *buffer, uint64_t at, const void *from, size_t size)
{
        const uint8_t *next = from;
        uint8_t *data;
        if (!is_within(buffer, at, size))
                return -ERANGE;
        if (!buffer->writable)
                return -EPERM;
        data = written_at(buffer);
        if (data) {
                memcpy(data + at, from, size);
                return 0;
        }
        while (size) {
                ssize_t n = pwrite(buffer->fd, next, size, (off_t)at);
                if (n < 0 && errno != EINTR)
                        return -errno;
                if (n > 0) {
                        next += n;
                        at += (uint64_t)n;
                        size -= (size_t)n;
                }
        }
        return 0;
}

API int ward_buffer_fd(const struct ward_buffer *buffer)
{
        return buffer->fd;
}
