/* The pieces that a finder looks for, and where it finds them, for engine/match/finder.c. Include
 * Python.h, bytes.h and finder_lines.h first.
 */
#include <stdint.h>
#include <string.h>

enum {
    GRAM = 3,       /* bytes of a piece that stand in a table */
    SAME = 48,      /* pieces that may have the same ones */
    FEW_BITS = 4, MANY_BITS = 20, /* of a table's size */
    FINE = 5,       /* bits by which its map is finer */
};

typedef struct {
    uint32_t at, length; /* where in `bytes` it stands */
    uint32_t gram, from; /* its seldom bytes, and where in it they begin */
} Piece;

/* Pieces that have so many seldom bytes, sorted by the hash of these. */
typedef struct {
    uint32_t *starts; /* in `places`, by hash */
    uint32_t *places; /* of pieces, */
    uint32_t *grams;  /* and the seldom bytes of each: mostly these tell that it is another */
    uint8_t *map;     /* a bit for each finer hash that one has */
    int bits;
} Table;

typedef struct {
    PyObject_HEAD
    Py_ssize_t count;
    uint8_t *bytes;
    Piece *pieces;
    Table tables[GRAM]; /* by how many bytes, less one */
    PyObject *rows;  /* what holds by each piece: (anywhere, begins, ends, whether to ask more) */
    PyObject *exact; /* numbers by the whole text */
    PyObject *any;   /* numbers of what every text passes */
    Py_ssize_t longest; /* text that `exact` has */
    Py_ssize_t by_lines; /* bytes of a text from which on it is looked at line by line */
    LineMemory *lines;  /* what was found so; NULL before the first */
} Finder;

static inline uint32_t hash_of(uint32_t gram)
{
    return gram * 0x9E3779B1u;
}

/* So many bytes, as a number. */
static inline uint32_t gram_at(const uint8_t *at, int length)
{
    uint32_t gram = at[0];
    for (int n = 1; n < length; n++)
        gram |= (uint32_t)at[n] << 8 * n;
    return gram;
}

/* ---- making it ready ---- */

/* Chooses a piece's bytes: seldom ones, which few others have. */
static void choose(const Finder *self, Piece *piece, int length, uint32_t *counts, int bits)
{
    const uint8_t *at = self->bytes + piece->at;
    uint32_t best = UINT32_MAX;
    for (uint32_t from = 0; from + (uint32_t)length <= piece->length; from++) {
        uint32_t gram = gram_at(at + from, length), cost = 4 * counts[hash_of(gram) >> (32 - bits)];
        for (int n = 0; n < length; n++)
            cost += common[at[from + (uint32_t)n]];
        if (cost < best) {
            best = cost;
            piece->gram = gram;
            piece->from = from;
        }
    }
    counts[hash_of(piece->gram) >> (32 - bits)]++;
}

static int is_of(const Piece *piece, int length)
{
    return length == GRAM ? piece->length >= GRAM : piece->length == (uint32_t)length;
}

/* Makes the table for pieces of one length; -1 with an exception set where it cannot be. */
static int make_table(Finder *self, int length)
{
    Table *table = &self->tables[length - 1];
    Py_ssize_t count = 0;
    for (Py_ssize_t n = 0; n < self->count; n++)
        count += is_of(&self->pieces[n], length);
    if (!count)
        return 0;
    int bits = FEW_BITS;
    while (bits < MANY_BITS && (Py_ssize_t)1 << bits < 2 * count)
        bits++;
    size_t size = (size_t)1 << bits;
    table->starts = PyMem_Calloc(size + 1, sizeof(uint32_t));
    table->places = PyMem_Calloc((size_t)count, sizeof(uint32_t));
    table->grams = PyMem_Calloc((size_t)count, sizeof(uint32_t));
    table->map = PyMem_Calloc((size << FINE) / 8, 1);
    if (!table->starts || !table->places || !table->grams || !table->map) {
        PyErr_NoMemory();
        return -1;
    }
    table->bits = bits;
    for (Py_ssize_t n = 0; n < self->count; n++)
        if (is_of(&self->pieces[n], length))
            choose(self, &self->pieces[n], length, table->starts, bits);
    uint32_t start = 0;
    for (size_t n = 0; n <= size; n++) { /* counts become the ends */
        if (table->starts[n] > SAME) {
            PyErr_SetString(PyExc_ValueError, "too many pieces are alike");
            return -1;
        }
        start += table->starts[n];
        table->starts[n] = start;
    }
    for (Py_ssize_t n = self->count; n--;)
        if (is_of(&self->pieces[n], length)) { /* ends become beginnings */
            uint32_t hash = hash_of(self->pieces[n].gram), fine = hash >> (32 - bits - FINE);
            uint32_t at = --table->starts[hash >> (32 - bits)];
            table->places[at] = (uint32_t)n;
            table->grams[at] = self->pieces[n].gram;
            table->map[fine / 8] |= (uint8_t)(1 << fine % 8);
        }
    return 0;
}

static int take_pieces(Finder *self, PyObject *literals)
{
    Py_ssize_t total = 0;
    self->count = PyTuple_Size(literals);
    for (Py_ssize_t n = 0; n < self->count; n++) {
        PyObject *literal = PyTuple_GetItem(literals, n);
        if (!PyBytes_Check(literal) || !PyBytes_Size(literal)) {
            PyErr_SetString(PyExc_TypeError, "a piece is bytes, at least one");
            return -1;
        }
        total += PyBytes_Size(literal);
    }
    if (total > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "too many pieces");
        return -1;
    }
    self->bytes = PyMem_Malloc((size_t)total + 1);
    self->pieces = PyMem_Calloc((size_t)self->count + 1, sizeof(Piece));
    if (!self->bytes || !self->pieces) {
        PyErr_NoMemory();
        return -1;
    }
    uint32_t at = 0;
    for (Py_ssize_t n = 0; n < self->count; n++) {
        PyObject *literal = PyTuple_GetItem(literals, n);
        self->pieces[n].at = at;
        self->pieces[n].length = (uint32_t)PyBytes_Size(literal);
        memcpy(self->bytes + at, PyBytes_AsString(literal), self->pieces[n].length);
        at += self->pieces[n].length;
    }
    return 0;
}

/* Whether a piece may stand in more than one line. */
static int has_line_feed(const Finder *self)
{
    const Piece *last = self->count ? &self->pieces[self->count - 1] : NULL;
    return last && memchr(self->bytes, '\n', (size_t)last->at + last->length) != NULL;
}
