/* JSON's texts, strictly, for engine/match/reader.c. Include simd.h first.
 *
 * Each function is given where to begin and where the line ends, reads nothing from there on, and
 * gives what comes after; or NULL for what is no JSON, or unusual.
 */
#include <stdint.h>
#include <string.h>

enum { SHORT_TEXT = 4 }; /* blocks of 16 characters, beyond which it is looked at 32 at once */

static int digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static int follows(const uint8_t *at, const uint8_t *end, int count)
{
    if (end - at < count)
        return 0;
    for (int n = 0; n < count; n++)
        if ((at[n] & 0xC0) != 0x80)
            return 0;
    return 1;
}

/* One character beyond ASCII, as UTF-8 has it. Not U+0130 and U+212A: their lower case is, or
 * begins with, a letter of ASCII, for which keywords are looked. */
static const uint8_t *beyond_ascii(const uint8_t *at, const uint8_t *end)
{
    uint8_t c = *at;
    if (c >= 0xC2 && c <= 0xDF) {
        if (!follows(at + 1, end, 1) || (c == 0xC4 && at[1] == 0xB0))
            return NULL;
        return at + 2;
    }
    if (c >= 0xE0 && c <= 0xEF) {
        if (!follows(at + 1, end, 2) || (c == 0xE0 && at[1] < 0xA0) || (c == 0xED && at[1] > 0x9F)
            || (c == 0xE2 && at[1] == 0x84 && at[2] == 0xAA))
            return NULL;
        return at + 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        if (!follows(at + 1, end, 3) || (c == 0xF0 && at[1] < 0x90) || (c == 0xF4 && at[1] > 0x8F))
            return NULL;
        return at + 4;
    }
    return NULL;
}

/* What may follow a backslash, besides `u`. */
static const uint8_t ESCAPED[256] = {
    ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1,
};

/* An escape, from its backslash. Not one that writes what keywords are made of in another way, nor
 * half of a pair of surrogates: `OTHERWISE` in engine/match/guard.py. */
static const uint8_t *escape(const uint8_t *at, const uint8_t *end)
{
    if (end - at < 2)
        return NULL;
    if (ESCAPED[at[1]])
        return at + 2;
    if (at[1] != 'u' || end - at < 6)
        return NULL;
    unsigned code = 0;
    for (int n = 2; n < 6; n++) {
        uint8_t c = at[n], lower = c | 0x20;
        if (digit(c))
            code = code << 4 | (unsigned)(c - '0');
        else if (lower >= 'a' && lower <= 'f')
            code = code << 4 | (unsigned)(lower - 'a' + 10);
        else
            return NULL;
    }
    if (code >= 0x20 && code < 0x80 && code != '&' && code != '\'' && code != '<' && code != '>')
        return NULL;
    if (code == 0x130 || code == 0x212A || (code >= 0xD800 && code < 0xE000))
        return NULL;
    return at + 6;
}

/* One character that is no plain one, nor a quote. */
static inline const uint8_t *odd(const uint8_t *at, const uint8_t *end)
{
    if (*at == '\\')
        return escape(at, end);
    return *at >= 0x80 ? beyond_ascii(at, end) : NULL;
}

#ifdef __SSE2__
/* Of some characters, of which none before is a backslash that writes the first: those that are written
 * by a backslash, itself none; the first of the bits beyond says so of the next one. */
static inline uint64_t escaped_by(uint64_t slashes)
{
    const uint64_t even = 0x5555555555555555u;
    uint64_t starts = slashes & ~(slashes << 1);
    /* a run of them carries to what follows it: an odd one where it began at another parity */
    uint64_t from_even = (slashes + (starts & even)) & ~slashes;
    uint64_t from_odd = (slashes + (starts & ~even)) & ~slashes;
    return (from_even & ~even) | (from_odd & even);
}

/* Goes on with a text of which there are so many characters at `at`, and more: where these have
 * backslashes, quotes, what is no plain character (`odds`), and what mostly follows a backslash
 * (`letters`). Gives where to go on, or where it ends, and `ended`; NULL as above. */
static inline const uint8_t *past(const uint8_t *at, const uint8_t *end, int count, uint64_t slashes,
                                  uint64_t quotes, uint64_t odds, uint64_t letters, int *ended)
{
    uint64_t all = ((uint64_t)1 << count) - 1, escaped = escaped_by(slashes);
    uint64_t stops = ((quotes | odds) & ~escaped) | (escaped & all & ~(quotes | letters));
    if (!stops && !(escaped >> count))
        return at + count;
    if (!stops && ESCAPED[at[count]])
        return at + count + 1;
    int place = __builtin_ctzll(stops | (uint64_t)1 << count), behind = escaped >> place & 1;
    *ended = at[place] == '"' && !behind;
    return *ended ? at + place + 1 : odd(at + place - behind, end);
}
#endif

#ifdef WITH_AVX2
__attribute__((target("avx2"))) static inline uint32_t are_32(__m256i block, char c)
{
    return (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(block, _mm256_set1_epi8(c)));
}

/* Goes on with a long text, 32 characters at once; as `past`. */
__attribute__((target("avx2"))) static const uint8_t *text_by_32(const uint8_t *at,
                                                                 const uint8_t *end, int *ended)
{
    while (at && !*ended && end - at >= 33) {
        __m256i block = _mm256_loadu_si256((const __m256i *)at);
        __m256i odd = _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), block);
        uint32_t quotes = are_32(block, '"'), slashes = are_32(block, '\\');
        uint32_t odds = (uint32_t)_mm256_movemask_epi8(odd), letters = 0;
        if (!(quotes | slashes | odds)) {
            at += 32;
            continue;
        }
        if (slashes)
            letters = are_32(block, 'n') | are_32(block, 'r') | are_32(block, 't');
        at = past(at, end, 32, slashes, quotes, odds, letters, ended);
    }
    return at;
}
#endif

/* What follows a text, of which the first quote was read. */
static const uint8_t *text(const uint8_t *at, const uint8_t *end)
{
    int ended = 0;
#ifdef __SSE2__
    for (int blocks = 0; end - at >= 17; blocks++) {
#ifdef WITH_AVX2
        if (blocks == SHORT_TEXT && has_avx2) {
            at = text_by_32(at, end, &ended);
            if (!at || ended)
                return at;
            continue;
        }
#endif
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        /* signed: what is beyond ASCII is below a space, too */
        __m128i odd = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), odd));
        if (!stops) {
            at += 16;
            continue;
        }
        const uint8_t *here = at + __builtin_ctz(stops);
        if (*here == '"') /* most are as short */
            return here + 1;
        __m128i letter = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(block, _mm_set1_epi8('n')),
                                                   _mm_cmpeq_epi8(block, _mm_set1_epi8('r'))),
                                      _mm_cmpeq_epi8(block, _mm_set1_epi8('t')));
        at = past(at, end, 16, (unsigned)_mm_movemask_epi8(slash),
                  (unsigned)_mm_movemask_epi8(quote), (unsigned)_mm_movemask_epi8(odd),
                  (unsigned)_mm_movemask_epi8(letter), &ended);
        if (!at || ended)
            return at;
    }
#endif
    while (at < end) {
        if (*at == '"')
            return at + 1;
        at = *at >= ' ' && *at < 0x80 && *at != '\\' ? at + 1 : odd(at, end);
        if (!at)
            return NULL;
    }
    return NULL;
}
