/* The walk over a line's bytes, for engine/match/reader.c. Include the other headers first. */
enum {
    DEPTH = 24,   /* levels of objects and lists */
    VALUES = 256, /* that are read of a line, and keys of which something is demanded */
};
#define IN_LIST 0xFFFF /* in the place of an object's number: a list */

/* What a line's keys must be like, and which values are read. */
typedef struct {
    Keys keys;
    int onces, values, required;
} Plan;

typedef struct {
    const uint8_t *at;
    Py_ssize_t length;
} Span;

enum { UNFIT, FIT, UNKNOWN };

/* How long a key of which the first quote was read is, where that is plain to see; -1 where not. */
static inline Py_ssize_t plain_length(const uint8_t *start, const uint8_t *end)
{
#ifdef __SSE2__
    const uint8_t *at = start;
    for (int n = 0; n < 4 && end - at >= 16; n++, at += 16) {
        __m128i block = _mm_loadu_si128((const __m128i *)at);
        __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
        __m128i slash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));
        __m128i odd = _mm_cmplt_epi8(block, _mm_set1_epi8(' '));
        unsigned stops = (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(quote, slash), odd));
        if (stops) {
            at += __builtin_ctz(stops);
            return *at == '"' ? at - start : -1;
        }
    }
#endif
    return -1;
}

/* Which key stands at a first quote; `at` is moved behind its last one. -1 when it is not known,
 * and `key` is what stands between them; -2 when it is none, or has an escape. `before` says which
 * keys came before it, and then of it, too. */
static inline int key_at(Plan *self, const uint8_t **at, const uint8_t *end, unsigned object,
                         uint32_t *before, Span *key)
{
const uint8_t *start = *at + 1;
    int16_t *next = &self->keys.followers[place_behind(*before)];
    if (*next >= 0) { /* what came next in other lines need not be looked for */
        const Entry *e = &self->keys.entries[*next];
        if (e->object == object && end - start > e->length && start[e->length] == '"'
            && same(start, self->keys.names + e->at, e->length)) {
            *at = start + e->length + 1;
            *before = behind(*before, *next);
            return *next;
        }
    }
    key->at = start;
    key->length = plain_length(start, end);
    if (key->length < 0) {
    const uint8_t *after = text(start, end);
        if (!after || memchr(start, '\\', (size_t)(after - 1 - start)))
            return -2;
        key->length = after - 1 - start;
    }
    if (key->length > KEY_LENGTH)
        return -2;
    *at = start + key->length + 1;
    int found = find(&self->keys, start, key->length, object);
    if (found >= 0) {
        *next = (int16_t)found;
        *before = behind(*before, found);
    }
    return found;
}

/* Goes through a line. FIT: it is as demanded, and `spans` has the values. UNKNOWN: it has a key
 * that must be asked for first, in object number `in`. */
static int walk(Plan *self, const uint8_t *at, const uint8_t *end, Span *spans, Span *key,
                unsigned *in)
{
    uint16_t levels[DEPTH];
    uint8_t seen[VALUES] = {0};
    int depth = 0, required = 0, kind;
    uint32_t before = 0;

    memset(spans, 0, sizeof(Span) * (size_t)self->values);
    at = spaces(at, end);
    if (at == end || *at != '{')
        return UNFIT;
    levels[0] = 0;
    at = spaces(at + 1, end);
    if (at < end && *at == '}')
        goto closed;
next_key:
    if (at == end || *at != '"')
        return UNFIT;
    *in = levels[depth];
    int n = key_at(self, &at, end, *in, &before, key);
    if (n < 0)
        return n == -1 ? UNKNOWN : UNFIT;
    Entry *e = &self->keys.entries[n];
    at = spaces(at, end);
    if (at == end || *at != ':')
        return UNFIT;
    at = spaces(at + 1, end);
    if (at == end)
        return UNFIT;
    if (e->once >= 0) {
        if (seen[e->once])
            return UNFIT; /* which of the two counts is for parsers to say */
        seen[e->once] = 1;
        required += e->required;
    }
    if (*at == '{') {
        if (!(e->allowed & OBJECT) || ++depth == DEPTH)
            return UNFIT;
        levels[depth] = e->inner;
        goto opened;
    }
    if (*at == '[') {
        if (e->allowed & ANY_LIST) {
            if (++depth == DEPTH)
                return UNFIT;
            levels[depth] = IN_LIST;
            goto listed;
        }
        if (!(e->allowed & LIST) || !(at = plain_list(at, end)))
            return UNFIT;
        goto valued;
    }
    const uint8_t *start = at;
    at = scalar(at, end, &kind);
    if (!at || !(e->allowed & kind))
        return UNFIT;
    if (e->value >= 0 && kind != EMPTY) {
        spans[e->value].at = start;
        spans[e->value].length = at - start;
    }
    if (e->values && !is_fixed(&self->keys, e, start, at - start))
        return UNFIT;
valued:
    at = spaces(at, end);
    if (at == end)
        return UNFIT;
    if (levels[depth] == IN_LIST) {
        if (*at == ',')
            goto item;
        if (*at != ']')
            return UNFIT;
    } else {
        if (*at == ',') {
            at = spaces(at + 1, end);
            goto next_key;
        }
        if (*at != '}')
            return UNFIT;
    }
closed:
    at++;
    if (depth--)
        goto valued;
    return spaces(at, end) == end && required == self->required ? FIT : UNFIT;
opened:
    at = spaces(at + 1, end);
    if (at < end && *at == '}')
        goto closed;
    goto next_key;
listed:
    at = spaces(at + 1, end);
    if (at < end && *at == ']')
        goto closed;
    at--;
item:
    at = spaces(at + 1, end);
    if (at == end)
        return UNFIT;
    if (*at == '{' || *at == '[') {
        if (++depth == DEPTH)
            return UNFIT;
        /* of what is in lists nothing is known, as of all that has no number of its own */
        levels[depth] = *at == '{' ? (uint16_t)self->keys.objects : IN_LIST;
        if (*at == '{')
            goto opened;
        goto listed;
    }
    at = scalar(at, end, &kind);
    if (!at)
        return UNFIT;
    goto valued;
}

