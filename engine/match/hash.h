/* Hashes of bytes, for what is remembered in C. Whoever writes lines may choose bytes of one hash: where
 * they do, entries forget each other, and nothing else comes of it. */
#include <stdint.h>
#include <string.h>

#define HASH_BY 0x9E3779B97F4A7C15u

static inline uint64_t eight_bytes(const uint8_t *at)
{
    uint64_t bytes;
    memcpy(&bytes, at, 8);
    return bytes;
}

/* Never nought. */
static uint64_t bytes_hash(const uint8_t *at, uint32_t length, uint64_t seed)
{
    uint64_t one = seed + length, two = HASH_BY, last = 0;
    uint32_t n = 0;
    for (; n + 16 <= length; n += 16) { /* two chains, of which neither waits for the other */
        one = (one ^ eight_bytes(at + n)) * HASH_BY;
        two = (two ^ eight_bytes(at + n + 8)) * HASH_BY;
        one ^= one >> 29;
        two ^= two >> 32;
    }
    if (n + 8 <= length) {
        one = (one ^ eight_bytes(at + n)) * HASH_BY;
        one ^= one >> 30;
        n += 8;
    }
    for (uint32_t m = n; m < length; m++)
        last = last << 8 | at[m];
    one = (one ^ last ^ two >> 31 ^ two) * HASH_BY;
    return (one ^ one >> 29) | 1;
}
