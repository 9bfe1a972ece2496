#include "native/cache.h"

#include <fcntl.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "base/own.h"

/* As glibc's dl-cache.h has it: the head, the entries, then texts, which entries point at from the file's beginning. */
struct head {
        char magic[20]; /* with the version */
        uint32_t n;
        uint32_t texts;
        uint8_t flags;
        uint8_t unused[19];
};

struct entry {
        int32_t flags;
        uint32_t name;
        uint32_t path;
        uint32_t unused;
        uint64_t needs; /* of the processor: 0 for none */
};

#define MAGIC "glibc-ld.so.cache1.1"
enum { LITTLE_ENDIAN_FLAG = 2, BIG_ENDIAN_FLAG = 3, ENDIAN_MASK = 3 };

static bool is_ours(const struct head *head)
{
        unsigned order = head->flags & ENDIAN_MASK; /* 0: written before there was this flag, by this machine */
        return !memcmp(head->magic, MAGIC, sizeof head->magic) &&
               (!order || order == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? LITTLE_ENDIAN_FLAG : BIG_ENDIAN_FLAG));
}

void cache_init(struct cache *cache, struct ward_span bytes)
{
        struct head head;
        *cache = (struct cache){ .file = bytes };
        if (bytes.len < sizeof head)
                return;
        memcpy(&head, bytes.at, sizeof head);
        if (is_ours(&head) && head.n <= (bytes.len - sizeof head) / sizeof(struct entry))
                cache->n = head.n;
}

/* ldconfig writes a new file and renames it, so that one which is mapped is not cut. */
void cache_open(const char *path, struct cache *ret_cache)
{
        struct stat st;
        *ret_cache = (struct cache){ 0 };
        OWNED(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= 0)
                return;
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at != MAP_FAILED)
                cache_init(ret_cache, (struct ward_span){ at, (size_t)st.st_size });
}

void cache_close(struct cache *cache)
{
        if (cache->file.at)
                munmap((void *)(uintptr_t)cache->file.at, cache->file.len);
        *cache = (struct cache){ 0 };
}

static const char *text_at(const struct cache *cache, uint32_t at)
{
        if (at >= cache->file.len || !memchr(cache->file.at + at, 0, cache->file.len - at))
                return "";
        return (const char *)cache->file.at + at;
}

static struct entry entry_at(const struct cache *cache, uint32_t i)
{
        struct entry entry;
        memcpy(&entry, cache->file.at + sizeof(struct head) + (size_t)i * sizeof entry, sizeof entry);
        return entry;
}

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static unsigned number(const char **at)
{
        unsigned n = 0;
        while (is_digit(**at))
                n = n * 10 + (unsigned)(*(*at)++ - '0');
        return n;
}

/* The order that ldconfig sorts names by: numbers in them by their value, and behind everything else. */
static int compare(const char *a, const char *b)
{
        while (*a) {
                if (is_digit(*a) != is_digit(*b))
                        return is_digit(*a) ? 1 : -1;
                if (is_digit(*a)) {
                        unsigned m = number(&a), n = number(&b);
                        if (m != n)
                                return m < n ? -1 : 1;
                } else if (*a != *b) {
                        return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
                } else {
                        a++;
                        b++;
                }
        }
        return *b ? -1 : 0;
}

/* The last name comes first. The first entry of @name, or where it would be. */
static uint32_t search(const struct cache *cache, const char *name)
{
        uint32_t from = 0, to = cache->n;
        while (from < to) {
                uint32_t middle = from + (to - from) / 2;
                if (compare(text_at(cache, entry_at(cache, middle).name), name) > 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

const char *cache_find(const struct cache *cache, const char *name, uint32_t *at)
{
        for (uint32_t i = *at ? *at : search(cache, name); i < cache->n; i++) {
                struct entry entry = entry_at(cache, i);
                const char *path = text_at(cache, entry.path);
                *at = i + 1;
                if (compare(text_at(cache, entry.name), name))
                        return NULL;
                if (!entry.needs && *path == '/' && !strcmp(text_at(cache, entry.name), name))
                        return path;
        }
        return NULL;
}
