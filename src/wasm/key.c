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
