/* Four things that programs do, in plain C: memory in order and in leaps, floating point, integer arithmetic without memory, bytes.
 */
#include "kernels.h"
#include <string.h>

enum { SIEVE_MAX = 1000000, MATRIX_MAX = 256, BYTES_MAX = 64 << 10, BLOCK = 64 };

/* What was computed may have changed: so that each round does all of the work. */
#define ANEW __asm__ volatile("" : : : "memory")

static uint32_t least(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

static uint8_t bytes[BYTES_MAX];

static void fill_bytes(void)
{
        for (uint32_t i = 0; i < BYTES_MAX; i++)
                bytes[i] = (uint8_t)(i * 7 + (i >> 8));
}

/* --- Primes ----------------------------------------------------------------------------------- */

static uint32_t count_primes(uint32_t n)
{
        static uint8_t composite[SIEVE_MAX];
        uint32_t count = 0;
        memset(composite, 0, n);
        for (uint32_t i = 2; i < n; i++) {
                if (composite[i])
                        continue;
                count++;
                for (uint32_t j = 2 * i; j < n; j += i)
                        composite[j] = 1;
        }
        return count;
}

uint32_t exports_kernels_sieve(uint32_t n, uint32_t rounds)
{
        uint32_t count = 0;
        for (uint32_t i = 0; i < rounds; i++)
                count += count_primes(least(n, SIEVE_MAX));
        return count;
}

/* --- Matrices --------------------------------------------------------------------------------- */

static float a[MATRIX_MAX * MATRIX_MAX], b[MATRIX_MAX * MATRIX_MAX], c[MATRIX_MAX * MATRIX_MAX];

static void fill_matrices(uint32_t n)
{
        for (uint32_t i = 0; i < n * n; i++) {
                a[i] = (float)(i % 13) * 0.25f;
                b[i] = (float)(i % 7) - 3.0f;
        }
}

static void multiply(uint32_t n)
{
        for (uint32_t i = 0; i < n; i++)
                for (uint32_t j = 0; j < n; j++) {
                        float sum = 0;
                        for (uint32_t k = 0; k < n; k++)
                                sum += a[i * n + k] * b[k * n + j];
                        c[i * n + j] = sum;
                }
}

uint32_t exports_kernels_matmul(uint32_t n, uint32_t rounds)
{
        float sum = 0;
        uint32_t bits;
        n = least(n, MATRIX_MAX);
        fill_matrices(n);
        for (uint32_t i = 0; i < rounds; i++)
                multiply(n);
        for (uint32_t i = 0; i < n * n; i++)
                sum += c[i];
        memcpy(&bits, &sum, sizeof bits);
        return bits;
}

/* --- SHA-256 (FIPS 180-4) --------------------------------------------------------------------- */

static const uint32_t constants[BLOCK] = {
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
        0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
        0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
        0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
        0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
        0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotate(uint32_t x, int n)
{
        return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *at)
{
        return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void schedule(uint32_t words[BLOCK], const uint8_t *block)
{
        for (int i = 0; i < 16; i++)
                words[i] = big_endian(block + 4 * i);
        for (int i = 16; i < BLOCK; i++) {
                uint32_t x = words[i - 15], y = words[i - 2];
                words[i] = words[i - 16] + (rotate(x, 7) ^ rotate(x, 18) ^ x >> 3) + words[i - 7] +
                           (rotate(y, 17) ^ rotate(y, 19) ^ y >> 10);
        }
}

static void compress(uint32_t state[8], const uint8_t *block)
{
        uint32_t words[BLOCK], s[8];
        schedule(words, block);
        memcpy(s, state, sizeof s);
        for (int i = 0; i < BLOCK; i++) {
                uint32_t t1 = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + (s[6] ^ (s[4] & (s[5] ^ s[6]))) +
                              constants[i] + words[i];
                uint32_t t2 = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) | (s[2] & (s[0] | s[1])));
                s[7] = s[6];
                s[6] = s[5];
                s[5] = s[4];
                s[4] = s[3] + t1;
                s[3] = s[2];
                s[2] = s[1];
                s[1] = s[0];
                s[0] = t1 + t2;
        }
        for (int i = 0; i < 8; i++)
                state[i] += s[i];
}

static uint32_t hash(const uint8_t *data, uint32_t len)
{
        uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
        uint8_t last[2 * BLOCK] = { 0 };
        uint32_t rest = len % BLOCK, n = rest + 9 > BLOCK ? 2 * BLOCK : BLOCK;
        for (uint32_t at = 0; at + BLOCK <= len; at += BLOCK)
                compress(state, data + at);
        memcpy(last, data + len - rest, rest);
        last[rest] = 0x80;
        for (int i = 0; i < 4; i++)
                last[n - 1 - (uint32_t)i] = (uint8_t)(len << 3 >> 8 * i);
        for (uint32_t at = 0; at < n; at += BLOCK)
                compress(state, last + at);
        return state[0];
}

uint32_t exports_kernels_sha256(uint32_t n, uint32_t rounds)
{
        uint32_t word = 0;
        fill_bytes();
        for (uint32_t i = 0; i < rounds; i++) {
                word += hash(bytes, least(n, BYTES_MAX));
                ANEW;
        }
        return word;
}

/* --- Bytes ------------------------------------------------------------------------------------ */

static uint32_t add(const uint8_t *data, uint32_t n)
{
        uint32_t sum = 0;
        for (uint32_t i = 0; i < n; i++)
                sum += data[i];
        return sum;
}

uint32_t exports_kernels_sum(uint32_t n, uint32_t rounds)
{
        uint32_t sum = 0;
        fill_bytes();
        n = least(n, BYTES_MAX);
        for (uint32_t i = 0; i < rounds; i++) {
                sum += add(bytes, n);
                ANEW;
        }
        return sum;
}
