#include "wasm/key.h"

#include <errno.h>
#include <sha2.h>
#include <unistd.h>

_Static_assert(SHA256_DIGEST_STRING_LENGTH == WASM_KEY_LEN + 1, "a key is the digest in hexadecimal");

void wasm_key(const struct ward_span *parts, size_t n, char ret_key[WASM_KEY_LEN + 1])
{
        SHA2_CTX hash;
        SHA256Init(&hash);
        for (size_t i = 0; i < n; i++) {
                uint64_t len = parts[i].len;
                SHA256Update(&hash, (const uint8_t *)&len, sizeof len);
                SHA256Update(&hash, parts[i].at, parts[i].len);
        }
        SHA256End(&hash, ret_key);
}

int wasm_key_of_file(int fd, uint64_t len, char ret_key[WASM_KEY_LEN + 1])
{
        SHA2_CTX hash;
        uint8_t block[16 << 10];
        uint64_t done = 0;
        SHA256Init(&hash);
        while (done < len) {
                size_t want = len - done < sizeof block ? (size_t)(len - done) : sizeof block;
                ssize_t n = pread(fd, block, want, (off_t)done);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return -1;
                SHA256Update(&hash, block, (size_t)n);
                done += (uint64_t)n;
        }
        SHA256End(&hash, ret_key);
        return 0;
}
