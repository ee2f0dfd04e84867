/* Looks for many pieces of plain text in one text, and says which tests the text passes.
 *
 * `engine.match.texttests` says what it is told, and does the same where it was not built.
 *
 * Of each piece three bytes that are seldom seen stand in a table (all of it, where it is shorter). A
 * text is gone through byte by byte, and only where such bytes stand is it compared with the
 * pieces that have them. The table is small, so it stays in the processor's cache, and soon made. How
 * many pieces may have the same bytes is bounded, and with it the time for any text.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum {
    GRAM = 3,       /* bytes of a piece that stand in a table */
    SAME = 48,      /* pieces that may have the same ones */
    PATIENCE = 64,  /* bytes of pieces that are compared for each of a text; and at once: */
    AT_FIRST = 100000,
    FEW_BITS = 4, MANY_BITS = 20, /* of a table's size */
    FINE = 5,       /* bits by which its map is finer */
    ON_STACK = 8192,
};
enum { SOMEWHERE = 1, BEGINS = 2, ENDS = 4 };

typedef struct {
    uint32_t at, length; /* where in `bytes` it stands */
    uint32_t gram, from; /* its seldom bytes, and where in it they begin */
} Piece;

/* Pieces that have so many seldom bytes, sorted by the hash of these. */
typedef struct {
    uint32_t *starts; /* in `places`, by hash */
    uint32_t *places; /* of pieces */
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
} Finder;

/* How common a byte is in logs; a guess, as in engine/match/guard.py. */
static const uint8_t common[256] = {
    ['e'] = 5, ['t'] = 5, ['a'] = 5, ['o'] = 5, ['i'] = 5, ['n'] = 5, ['s'] = 5, ['r'] = 5,
    ['0'] = 5, ['1'] = 5, ['2'] = 5, ['3'] = 5, ['4'] = 5, ['5'] = 5, ['6'] = 5, ['7'] = 5,
    ['8'] = 5, ['9'] = 5, [' '] = 5, ['.'] = 5, ['-'] = 5, ['_'] = 5, ['/'] = 5, ['\\'] = 5,
    ['l'] = 4, ['c'] = 4, ['d'] = 4, ['u'] = 4, ['m'] = 4, ['p'] = 4, ['f'] = 4, ['g'] = 4,
    ['b'] = 3, ['h'] = 3, ['v'] = 3, ['w'] = 3, ['y'] = 3, ['k'] = 3,
};

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
    table->map = PyMem_Calloc((size << FINE) / 8, 1);
    if (!table->starts || !table->places || !table->map) {
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
            table->places[--table->starts[hash >> (32 - bits)]] = (uint32_t)n;
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

static int is_numbers(PyObject *numbers)
{
    if (!PyTuple_Check(numbers))
        return 0;
    for (Py_ssize_t n = 0; n < PyTuple_Size(numbers); n++)
        if (!PyLong_Check(PyTuple_GetItem(numbers, n)))
            return 0;
    return 1;
}

static int are_rows(PyObject *rows, Py_ssize_t count)
{
    if (PyTuple_Size(rows) != count)
        return 0;
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *row = PyTuple_GetItem(rows, n);
        if (!PyTuple_Check(row) || PyTuple_Size(row) != 4)
            return 0;
        for (Py_ssize_t m = 0; m < 3; m++)
            if (!is_numbers(PyTuple_GetItem(row, m)))
                return 0;
    }
    return 1;
}

static int is_exact(Finder *self)
{
    PyObject *key, *numbers;
    Py_ssize_t at = 0;
    self->longest = -1;
    while (PyDict_Next(self->exact, &at, &key, &numbers)) {
        if (!PyBytes_Check(key) || !is_numbers(numbers))
            return 0;
        if (PyBytes_Size(key) > self->longest)
            self->longest = PyBytes_Size(key);
    }
    return 1;
}

static PyObject *finder_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"literals", "rows", "exact", "any", NULL};
    PyObject *literals, *rows, *exact, *any;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!O!O!", names, &PyTuple_Type, &literals,
                                     &PyTuple_Type, &rows, &PyDict_Type, &exact, &PyTuple_Type,
                                     &any))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Finder *self = (Finder *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    self->rows = Py_NewRef(rows);
    self->any = Py_NewRef(any);
    self->exact = PyDict_Copy(exact);
    int bad = !self->exact;
    if (!bad && (!are_rows(rows, PyTuple_Size(literals)) || !is_numbers(any) || !is_exact(self))) {
        PyErr_SetString(PyExc_TypeError, "what holds are tuples of numbers");
        bad = 1;
    }
    bad = bad || take_pieces(self, literals) < 0;
    for (int length = 1; !bad && length <= GRAM; length++)
        bad = make_table(self, length) < 0;
    if (bad) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* Nothing that it has leads back to it, so it needs no help of the collector's. */
static void finder_dealloc(Finder *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (int n = 0; n < GRAM; n++) {
        PyMem_Free(self->tables[n].starts);
        PyMem_Free(self->tables[n].places);
        PyMem_Free(self->tables[n].map);
    }
    PyMem_Free(self->bytes);
    PyMem_Free(self->pieces);
    Py_XDECREF(self->rows);
    Py_XDECREF(self->exact);
    Py_XDECREF(self->any);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

/* ---- looking ---- */

/* Pieces that were found, each once, and where. */
typedef struct {
    uint32_t *places;
    uint8_t *how; /* by piece */
    Py_ssize_t count;
    Py_ssize_t patience; /* bytes that may be compared yet: pieces and texts may be made to be slow */
} Found;

static void compare(const Finder *self, const Table *table, uint32_t gram, const uint8_t *text,
                    Py_ssize_t size, Py_ssize_t at, Found *found)
{
    uint32_t bucket = hash_of(gram) >> (32 - table->bits);
    for (uint32_t n = table->starts[bucket]; n < table->starts[bucket + 1]; n++) {
        uint32_t place = table->places[n];
        const Piece *piece = &self->pieces[place];
        Py_ssize_t start = at - (Py_ssize_t)piece->from, end = start + (Py_ssize_t)piece->length;
        if (piece->gram != gram || start < 0 || end > size)
            continue;
        found->patience -= (Py_ssize_t)piece->length;
        int how = SOMEWHERE | (start ? 0 : BEGINS) | (end == size ? ENDS : 0);
        if ((found->how[place] & how) == how
            || memcmp(text + start, self->bytes + piece->at, piece->length))
            continue;
        if (!found->how[place])
            found->places[found->count++] = place;
        found->how[place] |= (uint8_t)how;
    }
}

/* Finds all pieces that have so many seldom bytes; 0 where that takes too long. */
static inline int look_for(const Finder *self, const int length, const uint8_t *text,
                           Py_ssize_t size, Found *found)
{
    const Table *table = &self->tables[length - 1];
    const uint8_t *map = table->map;
    int shift = 32 - table->bits - FINE;
    for (Py_ssize_t at = 0; map && at + length <= size; at++) {
        uint32_t gram = gram_at(text + at, length), fine = hash_of(gram) >> shift;
        if (!(map[fine / 8] >> fine % 8 & 1))
            continue;
        compare(self, table, gram, text, size, at, found);
        if (found->patience < 0)
            return 0;
    }
    return 1;
}

/* Finds all pieces; 0 where that takes too long. With a number that is known, a loop is quicker. */
static int look(const Finder *self, const uint8_t *text, Py_ssize_t size, Found *found)
{
    return look_for(self, 1, text, size, found) && look_for(self, 2, text, size, found)
           && look_for(self, GRAM, text, size, found);
}

static int add_all(PyObject *set, PyObject *numbers)
{
    for (Py_ssize_t n = 0; n < PyTuple_Size(numbers); n++)
        if (PySet_Add(set, PyTuple_GetItem(numbers, n)) < 0)
            return -1;
    return 0;
}

/* Adds what holds by the pieces found; the places of those that must be asked more, or NULL. */
static PyObject *add_found(const Finder *self, PyObject *set, const Found *found)
{
    PyObject *asked = PyList_New(0);
    for (Py_ssize_t n = 0; asked && n < found->count; n++) {
        uint32_t place = found->places[n];
        PyObject *row = PyTuple_GetItem(self->rows, place);
        int bad = 0, how = found->how[place];
        for (int part = 0; part < 3; part++)
            if (how & 1 << part)
                bad = bad || add_all(set, PyTuple_GetItem(row, part)) < 0;
        if (!bad && PyObject_IsTrue(PyTuple_GetItem(row, 3)) > 0) {
            PyObject *number = PyLong_FromUnsignedLong(place);
            bad = !number || PyList_Append(asked, number) < 0;
            Py_XDECREF(number);
        }
        if (bad)
            Py_CLEAR(asked);
    }
    return asked;
}

/* What holds of a text in lower case: a set, and the places of pieces that must be asked more. NULL
 * without an exception where it takes too long to tell. */
static PyObject *held(const Finder *self, const uint8_t *text, Py_ssize_t size, PyObject **asked)
{
    uint8_t stack[ON_STACK] = {0};
    size_t count = (size_t)self->count, needed = count * (sizeof(uint32_t) + 1);
    void *room = needed <= ON_STACK ? stack : PyMem_Calloc(needed, 1);
    if (!room)
        return PyErr_NoMemory();
    Found found = {room, (uint8_t *)room + count * sizeof(uint32_t), 0, AT_FIRST + PATIENCE * size};
    PyObject *set = look(self, text, size, &found) ? PyFrozenSet_New(NULL) : NULL;
    int bad = !set || add_all(set, self->any) < 0;
    if (!bad && size <= self->longest) {
        PyObject *key = PyBytes_FromStringAndSize((const char *)text, size);
        PyObject *numbers = key ? PyDict_GetItemWithError(self->exact, key) : NULL;
        bad = numbers ? add_all(set, numbers) < 0 : PyErr_Occurred() != NULL;
        Py_XDECREF(key);
    }
    *asked = bad ? NULL : add_found(self, set, &found);
    if (room != stack)
        PyMem_Free(room);
    if (!*asked)
        Py_CLEAR(set);
    return set;
}

/* A text of JSON, between its quotes, in lower case; its size, or -1 where that is not plain. */
static Py_ssize_t lower(const uint8_t *at, Py_ssize_t size, uint8_t *to)
{
    static const uint8_t written[256] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                         ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    const uint8_t *end = at + size, *start = to;
    while (at < end) {
        uint8_t c = *at++;
        if (c == '\\') {
            c = at < end ? written[*at++] : 0;
            if (!c)
                return -1;
            *to++ = c;
            continue;
        }
        if (c >= 0x80)
            return -1;
        *to++ = (uint8_t)(c + ((uint8_t)(c - 'A') < 26) * 0x20); /* without a jump that is guessed */
    }
    return to - start;
}

/* What holds of a text as it stands in JSON; None where more must be asked of it. */
static PyObject *finder_raw(Finder *self, PyObject *raw)
{
    if (!PyBytes_Check(raw)) {
        PyErr_SetString(PyExc_TypeError, "a value is bytes");
        return NULL;
    }
    Py_ssize_t size = PyBytes_Size(raw);
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(raw);
    if (size < 2 || *at != '"' || at[size - 1] != '"')
        return Py_NewRef(Py_None);
    uint8_t stack[ON_STACK], *text = size <= ON_STACK ? stack : PyMem_Malloc((size_t)size);
    if (!text)
        return PyErr_NoMemory();
    size = lower(at + 1, size - 2, text);
    PyObject *asked = NULL, *set = size < 0 ? NULL : held(self, text, size, &asked);
    if (text != stack)
        PyMem_Free(text);
    int more = set && PyList_Size(asked);
    Py_XDECREF(asked);
    if (set && !more)
        return set;
    Py_XDECREF(set);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* What holds of a text in lower case, as UTF-8, and places of the pieces that must be asked more; None
 * where it takes too long to tell. */
static PyObject *finder_folded(Finder *self, PyObject *text)
{
    if (!PyBytes_Check(text)) {
        PyErr_SetString(PyExc_TypeError, "a text is bytes");
        return NULL;
    }
    PyObject *asked = NULL, *set = held(self, (const uint8_t *)PyBytes_AsString(text),
                                        PyBytes_Size(text), &asked);
    if (set)
        return Py_BuildValue("NN", set, asked);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

/* ---- what Python sees ---- */

static PyMethodDef finder_methods[] = {
    {"raw", (PyCFunction)finder_raw, METH_O, "What holds of a text of JSON, or None."},
    {"folded", (PyCFunction)finder_folded, METH_O, "What holds of a text, and what to ask more."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot finder_slots[] = {
    {Py_tp_new, finder_new},
    {Py_tp_dealloc, finder_dealloc},
    {Py_tp_methods, finder_methods},
    {Py_tp_doc, "Looks for many pieces of text in one."},
    {0, NULL},
};

static PyType_Spec finder_spec = {
    "engine.match.finder.Finder", sizeof(Finder), 0, Py_TPFLAGS_DEFAULT, finder_slots,
};

static int prepare(PyObject *module)
{
    PyObject *finder = PyType_FromSpec(&finder_spec);
    int failed = !finder || PyModule_AddObjectRef(module, "Finder", finder) < 0;
    Py_XDECREF(finder);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "finder", "See engine/match/finder.c.", 0, NULL, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_finder(void);

PyMODINIT_FUNC PyInit_finder(void)
{
    return PyModuleDef_Init(&module);
}
