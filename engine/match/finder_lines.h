/* What was found in the lines of long texts, for engine/match/finder.c. Include Python.h and
 * hash.h first.
 *
 * Logs' long texts have many lines, of which nearly all came before: in PowerShell's a new one stands among
 * twenty that every event of a session has. A piece without a line feed stands in one line or in
 * none, so what was found in a line as it stands in JSON can be remembered.
 */
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum {
    LINES_KEPT = 1 << 11,  /* places for lines, */
    LINE_TRIES = 4,        /* of which a line may be at so many */
    LINE_BYTES = 1 << 18,  /* of all lines together, and of one: */
    LINE_LENGTH = 1 << 13,
    LINE_HITS = 1 << 12,   /* pieces found in all of them; when there is no room, all is forgotten */
};

/* A line, and the pieces found in it: each as eight times its place, and how it stands there. */
typedef struct {
    uint64_t hash;
    uint32_t at, length, hits_at, hits;
} Seen;

typedef struct {
    Seen seen[LINES_KEPT];
    uint8_t bytes[LINE_BYTES];
    uint32_t hits[LINE_HITS];
    uint32_t used, hit;
} LineMemory;

static int line_known(const LineMemory *memory, const Seen *entry, uint64_t hash,
                      const uint8_t *at, uint32_t length)
{
    return entry->hash == hash && entry->length == length
           && !memcmp(memory->bytes + entry->at, at, length);
}

/* The line's entry, or an empty one for it, or one to be written over. */
static Seen *line_entry(LineMemory *memory, uint64_t hash, const uint8_t *at, uint32_t length)
{
    Seen *entry = NULL;
    for (uint64_t n = 0; n < LINE_TRIES; n++) {
        entry = &memory->seen[(hash >> 8 ^ n) % LINES_KEPT];
        if (!entry->hash || line_known(memory, entry, hash, at, length))
            break;
    }
    return entry;
}

/* Where the line feed begins that ends a line of a text of JSON; `end` where none does. */
static const uint8_t *line_end(const uint8_t *start, const uint8_t *end)
{
    const uint8_t *at = start;
    while (at + 1 < end) {
#ifdef __SSE2__
        for (; end - at >= 17; at += 16) {
            __m128i slash = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)at),
                                           _mm_set1_epi8('\\'));
            __m128i feed = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(at + 1)),
                                          _mm_set1_epi8('n'));
            if (_mm_movemask_epi8(_mm_and_si128(slash, feed)))
                break;
        }
#endif
        while (at + 1 < end && (at[0] != '\\' || at[1] != 'n'))
            at++;
        if (at + 1 >= end)
            break;
        const uint8_t *before = at; /* of `\\n`, the slash is one that was escaped */
        while (before > start && before[-1] == '\\')
            before--;
        if ((at - before) % 2 == 0)
            return at;
        at++;
    }
    return end;
}
