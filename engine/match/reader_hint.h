/* By which bytes of a line its reader is guessed, for engine/match/reader.c. Include Python.h and simd.h
 * first. */
#include <stdint.h>
#include <string.h>

#ifdef WITH_AVX2
/* As `where`, at 32 places at once, as far as there are so many. */
__attribute__((target("avx2"))) static const char *where_by_32(const char **at, const char *end,
                                                               const char *wanted, size_t length)
{
    const __m256i first = _mm256_set1_epi8(wanted[0]), last = _mm256_set1_epi8(wanted[length - 1]);
    for (; (size_t)(end - *at) >= length + 31; *at += 32) {
        __m256i firsts = _mm256_loadu_si256((const __m256i *)*at);
        __m256i lasts = _mm256_loadu_si256((const __m256i *)(*at + length - 1));
        uint32_t both = (uint32_t)_mm256_movemask_epi8(_mm256_and_si256(
            _mm256_cmpeq_epi8(firsts, first), _mm256_cmpeq_epi8(lasts, last)));
        for (; both; both &= both - 1)
            if (!memcmp(*at + __builtin_ctz(both), wanted, length))
                return *at + __builtin_ctz(both);
    }
    return NULL;
}
#endif

/* Where a text is in a line; NULL where it is not. */
static const char *where(const char *at, const char *end, const char *wanted)
{
    size_t length = strlen(wanted);
#ifdef WITH_AVX2
    /* by its first and last byte: the first alone is common */
    const char *found = has_avx2 ? where_by_32(&at, end, wanted, length) : NULL;
    if (found)
        return found;
#endif
    for (; (size_t)(end - at) >= length; at++) {
        at = memchr(at, wanted[0], (size_t)(end - at) - length + 1);
        if (!at || !memcmp(at, wanted, length))
            return at;
    }
    return NULL;
}

enum { BOTH = 256 };

/* The bytes by which a reader is chosen, as `_hint` in engine/match/lines.py has them, and how many;
 * NULL where there are none. `both` has room for them where they do not stand together. */
static const char *hint(int *nested, const char *at, const char *end, char *both, size_t *length)
{
    for (int turn = 0; turn < 2; turn++, *nested = !*nested) {
        const char *number = where(at, end, *nested ? "event_id\":" : "\"EventID\":");
        if (!number)
            continue;
        number += 10;
        if (!*nested) {
            *length = (size_t)(end - number < 12 ? end - number : 12);
            return number;
        }
        const char *channel = where(at, end, "channel\":");
        if (!channel || end - channel < 11 || end - number < 6)
            continue;
        channel += 9;
        const char *last = memchr(channel + 2, '"', (size_t)(end - channel - 2));
        if (!last || last - channel > BOTH - 16)
            continue;
        memcpy(both, number, 6);
        memcpy(both + 6, channel, (size_t)(last - channel));
        *length = 6 + (size_t)(last - channel);
        return both;
    }
    return NULL;
}
