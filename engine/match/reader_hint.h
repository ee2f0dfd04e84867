/* By which bytes of a line its reader is guessed, for engine/match/reader.c. Include Python.h first. */
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Where a text is in a line; NULL where it is not. */
static const char *where(const char *at, const char *end, const char *wanted)
{
    size_t length = strlen(wanted);
#ifdef __SSE2__
    /* by its first and last byte, at 16 places at once: the first alone is common */
    const __m128i first = _mm_set1_epi8(wanted[0]), last = _mm_set1_epi8(wanted[length - 1]);
    for (; (size_t)(end - at) >= length + 15; at += 16) {
        __m128i firsts = _mm_loadu_si128((const __m128i *)at);
        __m128i lasts = _mm_loadu_si128((const __m128i *)(at + length - 1));
        unsigned both = (unsigned)_mm_movemask_epi8(
            _mm_and_si128(_mm_cmpeq_epi8(firsts, first), _mm_cmpeq_epi8(lasts, last)));
        for (; both; both &= both - 1)
            if (!memcmp(at + __builtin_ctz(both), wanted, length))
                return at + __builtin_ctz(both);
    }
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
