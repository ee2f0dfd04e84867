/* JSON's numbers, spaces and plain values, strictly, for engine/match/reader.c. Include reader_text.h
 * first, whose functions are of the same kind.
 */
#include <stdint.h>
#include <string.h>

/* Kinds of values; a LIST has texts, numbers and nulls alone. */
enum { TEXT = 1, NUMBER = 2, EMPTY = 4, BOOLEAN = 8, LIST = 16, ANY_LIST = 32, OBJECT = 64 };
enum { DIGITS = 32 }; /* of a number: with hundreds it is too large for some parsers */

static const uint8_t *spaces(const uint8_t *at, const uint8_t *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
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
