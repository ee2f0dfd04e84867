/* Looks for some words, in any case, in a line's bytes, for engine/match/reader.c. Include Python.h
 * bytes.h and simd.h first.
 *
 * Of each word three bytes that are seldom seen stand in tables, in one of eight groups: a place
 * where none of the groups has all three of its bytes has no word. AVX2 looks at 32 places at once,
 * by the halves of their bytes (the way of Hyperscan's "Teddy"); of what is left, the three bytes' hash
 * tells most, and the rest is compared. Many words are taken only where that leaves few places: else
 * Hyperscan, which looks at more bytes of each, is as quick.
 */
#include <stdint.h>
#include <string.h>

enum { WORD_BYTES = 3, GROUPS = 8, WORDS_FEW = 64, WORDS_KEPT = 256, WORD_LENGTH = 63, MAP_BITS = 16 };

#define MOST_LEFT 0.05 /* of a line's places, of which more than a few words may need a look */

typedef struct {
    uint8_t bytes[WORD_LENGTH + 1]; /* in lower case */
    uint8_t length, from;           /* where in it the three begin */
} Word;

typedef struct {
    PyObject_HEAD
    int count, quick;
    Word *words; /* by group */
    int starts[GROUPS + 1];
    uint8_t groups[WORD_BYTES][256];                   /* by byte: a bit for each group */
    uint8_t low[WORD_BYTES][16], high[WORD_BYTES][16]; /* the same, by half a byte */
    uint8_t map[(1 << MAP_BITS) / 8];                  /* a bit for each hash of a word's three */
} Words;

/* The hash of three bytes, in any case. */
static uint32_t three_hash(const uint8_t *at)
{
    uint32_t three = small_letter(at[0]) | (uint32_t)small_letter(at[1]) << 8
                     | (uint32_t)small_letter(at[2]) << 16;
    return three * 2654435761u >> (32 - MAP_BITS);
}

static void choose_bytes(Word *word)
{
    int best = 1 << 20;
    for (int from = 0; from + WORD_BYTES <= word->length; from++) {
        int cost = 0;
        for (int n = 0; n < WORD_BYTES; n++)
            cost += common[word->bytes[from + n]];
        if (cost < best) {
            best = cost;
            word->from = (uint8_t)from;
        }
    }
}

static int by_bytes(const void *one, const void *other)
{
    const Word *a = one, *b = other;
    return memcmp(a->bytes + a->from, b->bytes + b->from, WORD_BYTES);
}

static void enter_byte(Words *self, int place, uint8_t c, uint8_t group)
{
    self->groups[place][c] |= group;
    self->low[place][c & 15] |= group;
    self->high[place][c >> 4] |= group;
}

/* Sorts the words into groups: like ones into the same, so that a group has few bytes. */
static void group_words(Words *self)
{
    qsort(self->words, (size_t)self->count, sizeof(Word), by_bytes);
    for (int n = 0; n <= GROUPS; n++)
        self->starts[n] = n * self->count / GROUPS;
    for (int n = 0; n < self->count; n++) {
        uint32_t hash = three_hash(self->words[n].bytes + self->words[n].from);
        self->map[hash / 8] |= (uint8_t)(1 << hash % 8);
    }
    for (int group = 0; group < GROUPS; group++)
        for (int n = self->starts[group]; n < self->starts[group + 1]; n++)
            for (int place = 0; place < WORD_BYTES; place++) {
                uint8_t c = self->words[n].bytes[self->words[n].from + place];
                enter_byte(self, place, c, (uint8_t)(1 << group));
                if (c >= 'a' && c <= 'z')
                    enter_byte(self, place, c & 0xDF, (uint8_t)(1 << group));
            }
}

/* A guess at the share of places where a group has all three bytes, as AVX2 sees them. */
static double share_left(const Words *self)
{
    static const double shares[] = {0.002, 0.002, 0.002, 0.008, 0.015, 0.03}; /* by how common */
    double all = 0;
    for (int group = 0; group < GROUPS; group++) {
        double left = 1;
        for (int place = 0; place < WORD_BYTES; place++) {
            double one = 0;
            for (int c = 0; c < 256; c++)
                if (self->low[place][c & 15] & self->high[place][c >> 4] & 1 << group)
                    one += shares[common[small_letter((uint8_t)c)]];
            left *= one < 1 ? one : 1;
        }
        all += left;
    }
    return all;
}

/* Whether a word has its three bytes here; there are so many of the line from here on. */
static int word_here(const Words *self, const uint8_t *start, const uint8_t *at, const uint8_t *end)
{
    unsigned groups = (unsigned)self->groups[0][at[0]] & self->groups[1][at[1]]
                      & self->groups[2][at[2]];
    uint32_t hash = three_hash(at);
    if (!(self->map[hash / 8] >> hash % 8 & 1)) /* mostly, where there are many words */
        return 0;
    for (; groups; groups &= groups - 1) {
        int group = __builtin_ctz(groups);
        for (int n = self->starts[group]; n < self->starts[group + 1]; n++) {
            const Word *word = &self->words[n];
            int same = 0;
            if (at - start < word->from || end - at < word->length - word->from)
                continue;
            while (same < word->length
                   && small_letter(at[same - word->from]) == word->bytes[same])
                same++;
            if (same == word->length)
                return 1;
        }
    }
    return 0;
}

static int words_from(const Words *self, const uint8_t *start, const uint8_t *at,
                      const uint8_t *end)
{
    for (; end - at >= WORD_BYTES; at++)
        if (word_here(self, start, at, end))
            return 1;
    return 0;
}

#ifdef WITH_AVX2
__attribute__((target("avx2"))) static inline __m256i both_halves(const Words *self, int place,
                                                                  __m256i bytes)
{
    const __m256i half = _mm256_set1_epi8(15);
    __m256i low = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)self->low[place]));
    __m256i high = _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)self->high[place]));
    return _mm256_and_si256(
        _mm256_shuffle_epi8(low, _mm256_and_si256(bytes, half)),
        _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16(bytes, 4), half)));
}

__attribute__((target("avx2"))) static int words_by_32(const Words *self, const uint8_t *start,
                                                       const uint8_t *end)
{
    const uint8_t *at = start;
    for (; end - at >= 32 + WORD_BYTES - 1; at += 32) {
        __m256i found = _mm256_set1_epi8(-1);
        for (int place = 0; place < WORD_BYTES; place++) {
            __m256i bytes = _mm256_loadu_si256((const __m256i *)(at + place));
            found = _mm256_and_si256(found, both_halves(self, place, bytes));
        }
        __m256i none = _mm256_cmpeq_epi8(found, _mm256_setzero_si256());
        unsigned mask = ~(unsigned)_mm256_movemask_epi8(none);
        for (; mask; mask &= mask - 1)
            if (word_here(self, start, at + __builtin_ctz(mask), end))
                return 1;
    }
    return words_from(self, start, at, end);
}
#endif

static int has_word(const Words *self, const uint8_t *start, const uint8_t *end)
{
#ifdef WITH_AVX2
    if (self->quick)
        return words_by_32(self, start, end);
#endif
    return words_from(self, start, start, end);
}

/* ---- what Python sees ---- */

static PyObject *words_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"words", "quick", NULL};
    PyObject *words;
    int quick = 1;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!|p", names, &PyTuple_Type, &words, &quick))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Words *self = (Words *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    Py_ssize_t count = PyTuple_Size(words);
    int bad = count < 1 || count > WORDS_KEPT;
    self->words = bad ? NULL : PyMem_Calloc((size_t)count, sizeof(Word));
    for (Py_ssize_t n = 0; !bad && self->words && n < count; n++) {
        PyObject *word = PyTuple_GetItem(words, n);
        Word *to = &self->words[n];
        bad = !PyBytes_Check(word) || PyBytes_Size(word) < WORD_BYTES
              || PyBytes_Size(word) > WORD_LENGTH;
        if (bad)
            break;
        to->length = (uint8_t)PyBytes_Size(word);
        for (int m = 0; m < to->length; m++) {
            to->bytes[m] = (uint8_t)PyBytes_AsString(word)[m];
            bad = bad || to->bytes[m] != small_letter(to->bytes[m]);
        }
        choose_bytes(to);
    }
    if (bad || !self->words) {
        if (bad)
            PyErr_SetString(PyExc_ValueError, "words are a few bytes in lower case, and not too many");
        else
            PyErr_NoMemory();
        Py_DECREF(self);
        return NULL;
    }
    self->count = (int)count;
#ifdef WITH_AVX2
    self->quick = quick && has_avx2;
#endif
    group_words(self);
    if (count > WORDS_FEW && share_left(self) > MOST_LEFT) {
        PyErr_SetString(PyExc_ValueError, "so many words of bytes that are often seen");
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void words_dealloc(Words *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    PyMem_Free(self->words);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *words_find(Words *self, PyObject *line)
{
    if (!PyBytes_Check(line)) {
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
        return NULL;
    }
    const uint8_t *start = (const uint8_t *)PyBytes_AsString(line);
    return PyLong_FromLong(has_word(self, start, start + PyBytes_Size(line)));
}

static PyMethodDef words_methods[] = {
    {"find", (PyCFunction)words_find, METH_O, "Whether a line has any of the words: 1 or 0."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot words_slots[] = {
    {Py_tp_new, words_new},
    {Py_tp_dealloc, words_dealloc},
    {Py_tp_methods, words_methods},
    {Py_tp_doc, "Looks for some words in lines."},
    {0, NULL},
};

static PyType_Spec words_spec = {
    "engine.match.reader.Words", sizeof(Words), 0, Py_TPFLAGS_DEFAULT, words_slots,
};
