/* JSON's texts, numbers and spaces, strictly, for engine/match/reader.c.
 *
 * Each function is given where to begin and where the line ends, reads nothing from there on, and
 * gives what comes after; or NULL for what is no JSON, or unusual.
 */
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Kinds of values; a LIST has texts, numbers and nulls alone. */
enum { TEXT = 1, NUMBER = 2, EMPTY = 4, BOOLEAN = 8, LIST = 16, ANY_LIST = 32, OBJECT = 64 };
enum { DIGITS = 32 }; /* of a number: with hundreds it is too large for some parsers */

static const uint8_t *spaces(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

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
/* Of 16 characters, of which none before is a backslash that writes the first: those that are written
 * by a backslash, itself none; the lowest of the bits beyond says so of the next one. */
static inline unsigned escaped_by(unsigned slashes)
{
    const unsigned even = 0x55555555;
    unsigned starts = slashes & ~(slashes << 1);
    /* a run of them carries to what follows it: an odd one where it began at another parity */
    unsigned from_even = (slashes + (starts & even)) & ~slashes;
    unsigned from_odd = (slashes + (starts & ~even)) & ~slashes;
    return (from_even & ~even) | (from_odd & even);
}

static inline unsigned are(__m128i block, char c)
{
    return (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(block, _mm_set1_epi8(c)));
}
#endif

/* What follows a text, of which the first quote was read. */
static const uint8_t *text(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - at >= 17) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i quotes = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        __m128i slashes = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        /* signed: what is beyond ASCII is below a space, too */
        __m128i odds = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quotes, slashes), odds));
        unsigned escaped = 0;
        if (!stops) {
            at += 16;
            continue;
        }
        const uint8_t *here = at + __builtin_ctz(stops);
        if (*here == '"')
            return here + 1;
        if (*here == '\\') { /* to look at each by itself takes longer: paths have many */
            escaped = escaped_by((unsigned)_mm_movemask_epi8(slashes));
            unsigned usual = (unsigned)_mm_movemask_epi8(quotes) | are(block, 'n') | are(block, 'r')
                             | are(block, 't');
            stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(quotes, odds)) & ~escaped;
            stops |= escaped & ~usual & 0xFFFF;
            if (!stops && !(escaped >> 16)) {
                at += 16;
                continue;
            }
            if (!stops && ESCAPED[at[16]]) {
                at += 17;
                continue;
            }
            here = at + __builtin_ctz(stops | 1u << 16);
            if (*here == '"' && !(escaped >> (here - at) & 1))
                return here + 1;
        }
        at = odd(escaped >> (here - at) & 1 ? here - 1 : here, end);
        if (!at)
            return NULL;
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

/* A number without an exponent, which is no negative nought and of few digits. */
static const uint8_t *number(const uint8_t *at, const uint8_t *end)
{
    if (*at == '-')
        at++;
    const uint8_t *whole = at;
    while (at < end && digit(*at))
        at++;
    if (at == whole || at - whole > DIGITS || (*whole == '0' && (at - whole > 1 || whole[-1] == '-')))
        return NULL;
    if (at < end && *at == '.') {
        const uint8_t *part = ++at;
        while (at < end && digit(*at))
            at++;
        if (at == part || at - whole > DIGITS)
            return NULL;
    }
    return at < end && (*at == 'e' || *at == 'E') ? NULL : at;
}

static const uint8_t *word(const uint8_t *at, const uint8_t *end, const char *wanted)
{
    size_t length = strlen(wanted);
    return (size_t)(end - at) >= length && !memcmp(at, wanted, length) ? at + length : NULL;
}

/* Any value but an object or a list; `kind` says which. */
static const uint8_t *scalar(const uint8_t *at, const uint8_t *end, int *kind)
{
    switch (*at) {
    case '"':
        *kind = TEXT;
        return text(at + 1, end);
    case 'n':
        *kind = EMPTY;
        return word(at, end, "null");
    case 't':
        *kind = BOOLEAN;
        return word(at, end, "true");
    case 'f':
        *kind = BOOLEAN;
        return word(at, end, "false");
    default:
        *kind = NUMBER;
        return digit(*at) || *at == '-' ? number(at, end) : NULL;
    }
}

/* What follows a list of texts, numbers and nulls. */
static const uint8_t *plain_list(const uint8_t *at, const uint8_t *end)
{
    int kind;
    at = spaces(at + 1, end);
    if (at < end && *at == ']')
        return at + 1;
    while (at < end) {
        at = scalar(at, end, &kind);
        if (!at || kind == BOOLEAN)
            return NULL;
        at = spaces(at, end);
        if (at == end)
            return NULL;
        if (*at == ']')
            return at + 1;
        if (*at != ',')
            return NULL;
        at = spaces(at + 1, end);
    }
    return NULL;
}
