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

#include "bytes.h"
#include "hash.h"

#include "finder_lines.h"
#include "finder_pieces.h"
#include "finder_purse.h"

enum {
    PATIENCE = 64,  /* bytes of pieces that are compared for each of a text; and at once: */
    AT_FIRST = 100000,
    ON_STACK = 8192,
    LONG_TEXT = 1024, /* bytes of a text from which on its lines are looked at one by one */
};
enum { SOMEWHERE = 1, BEGINS = 2, ENDS = 4 };

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
    static char *names[] = {"literals", "rows", "exact", "any", "by_lines", NULL};
    PyObject *literals, *rows, *exact, *any;
    Py_ssize_t by_lines = LONG_TEXT;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!O!O!|n", names, &PyTuple_Type, &literals,
                                     &PyTuple_Type, &rows, &PyDict_Type, &exact, &PyTuple_Type,
                                     &any, &by_lines))
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
    self->by_lines = !bad && has_line_feed(self) ? PY_SSIZE_T_MAX : by_lines;
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
        PyMem_Free(self->tables[n].grams);
        PyMem_Free(self->tables[n].map);
    }
    PyMem_Free(self->bytes);
    PyMem_Free(self->pieces);
    PyMem_Free(self->lines);
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
        if (table->grams[n] != gram)
            continue;
        uint32_t place = table->places[n];
        const Piece *piece = &self->pieces[place];
        Py_ssize_t start = at - (Py_ssize_t)piece->from, end = start + (Py_ssize_t)piece->length;
        if (start < 0 || end > size)
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

/* What holds by the pieces found: a set, and the places of pieces that must be asked more. */
static PyObject *all_held(const Finder *self, const Found *found, PyObject *exact, PyObject **asked)
{
    PyObject *set = PyFrozenSet_New(NULL);
    int bad = !set || add_all(set, self->any) < 0 || (exact && add_all(set, exact) < 0);
    *asked = bad ? NULL : add_found(self, set, found);
    if (!*asked)
        Py_CLEAR(set);
    return set;
}

/* Room for what is found; -1 with an exception set where there is none. */
static int begin(const Finder *self, Found *found, void *stack, Py_ssize_t size)
{
    size_t count = (size_t)self->count, needed = count * (sizeof(uint32_t) + 1);
    void *room = needed <= ON_STACK ? memset(stack, 0, needed) : PyMem_Calloc(needed, 1);
    if (!room) {
        PyErr_NoMemory();
        return -1;
    }
    found->places = room;
    found->how = (uint8_t *)room + count * sizeof(uint32_t);
    found->count = 0;
    found->patience = AT_FIRST + PATIENCE * size;
    return 0;
}

static void finish(Found *found, void *stack)
{
    if ((void *)found->places != stack)
        PyMem_Free(found->places);
}

/* What holds of a text in lower case, as above. NULL without an exception where it takes too long
 * to tell. */
static PyObject *held(const Finder *self, const uint8_t *text, Py_ssize_t size, PyObject **asked)
{
    uint32_t stack[ON_STACK / 4];
    Found found;
    if (begin(self, &found, stack, size) < 0)
        return NULL;
    PyObject *set = NULL, *key = NULL, *exact = NULL;
    if (look(self, text, size, &found)) {
        if (size <= self->longest) {
            key = PyBytes_FromStringAndSize((const char *)text, size);
            exact = key ? PyDict_GetItemWithError(self->exact, key) : NULL;
            Py_XDECREF(key);
        }
        if (!PyErr_Occurred())
            set = all_held(self, &found, exact, asked);
    }
    finish(&found, stack);
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
        *to++ = small_letter(c);
    }
    return to - start;
}

/* What holds of a text of JSON, between its quotes, as `held`. */
static PyObject *held_raw(const Finder *self, const uint8_t *at, Py_ssize_t size, PyObject **asked)
{
    uint8_t stack[ON_STACK], *text = size <= ON_STACK ? stack : PyMem_Malloc((size_t)size);
    if (!text)
        return PyErr_NoMemory();
    size = lower(at, size, text);
    PyObject *set = size < 0 ? NULL : held(self, text, size, asked);
    if (text != stack)
        PyMem_Free(text);
    return set;
}

/* ---- looking line by line ---- */

/* Looks at a line that is not known, and remembers it; 0 where it is not plain or takes too long. `room`
 * has place for a text as long, and `found` for what is found of it alone. */
static int look_at_line(Finder *self, Seen *entry, uint64_t hash, const uint8_t *at,
                        uint32_t length, uint8_t *room, Found *found)
{
    Py_ssize_t size = lower(at, length, room);
    found->count = 0;
    if (size < 0 || !look(self, room, size, found))
        return 0;
    LineMemory *memory = self->lines;
    uint32_t hits = (uint32_t)found->count;
    if (length > LINE_LENGTH || hits > LINE_HITS)
        return 1;
    if (memory->used + length > LINE_BYTES || memory->hit + hits > LINE_HITS) {
        memset(memory->seen, 0, sizeof memory->seen);
        memory->used = memory->hit = 0;
    }
    *entry = (Seen){hash, memory->used, length, memory->hit, hits};
    memcpy(memory->bytes + memory->used, at, length);
    memory->used += length;
    for (uint32_t n = 0; n < hits; n++)
        memory->hits[memory->hit++] = found->places[n] << 3 | found->how[found->places[n]];
    return 1;
}

/* Adds a piece that stands in a line. */
static void add_hit(Found *found, uint32_t place, int how)
{
    if (!found->how[place])
        found->places[found->count++] = place;
    found->how[place] |= (uint8_t)how;
}

/* Adds all pieces of a line to those of the text, as `counts` says: whether those at its beginning or
 * end are at the text's; 0 as above. */
static int add_line(Finder *self, const uint8_t *at, uint32_t length, int counts, uint8_t *room,
                    Found *line, Found *found)
{
    LineMemory *memory = self->lines;
    uint64_t hash = bytes_hash(at, length, 0);
    Seen *entry = line_entry(memory, hash, at, length);
    if (line_known(memory, entry, hash, at, length)) {
        for (uint32_t n = 0; n < entry->hits; n++) {
            uint32_t hit = memory->hits[entry->hits_at + n];
            add_hit(found, hit >> 3, (int)hit & counts);
        }
        return 1;
    }
    int told = look_at_line(self, entry, hash, at, length, room, line);
    for (Py_ssize_t n = 0; n < line->count; n++) { /* and makes it ready for the next */
        uint32_t place = line->places[n];
        add_hit(found, place, line->how[place] & counts);
        line->how[place] = 0;
    }
    return told;
}

/* Adds the pieces of all lines of a text; 0 as above. */
static int add_lines(Finder *self, const uint8_t *at, const uint8_t *end, uint8_t *room,
                     Found *line, Found *found)
{
    for (int counts = SOMEWHERE | BEGINS;; counts = SOMEWHERE) {
        const uint8_t *next = line_end(at, end);
        if (next == end)
            counts |= ENDS;
        if (next > at && !add_line(self, at, (uint32_t)(next - at), counts, room, line, found))
            return 0;
        if (next == end)
            return 1;
        at = next + 2;
    }
}

/* What holds of a text of JSON, between its quotes, as `held`. */
static PyObject *held_by_lines(Finder *self, const uint8_t *at, Py_ssize_t size, PyObject **asked)
{
    uint32_t stack[ON_STACK / 4], other[ON_STACK / 4];
    Found found = {.places = stack}, line = {.places = other}; /* nothing to free yet */
    uint8_t *room = PyMem_Malloc((size_t)size + 1);
    PyObject *set = NULL;
    if (!self->lines)
        self->lines = PyMem_Calloc(1, sizeof(LineMemory));
    if (!room || !self->lines)
        PyErr_NoMemory();
    else if (!begin(self, &found, stack, 0) && !begin(self, &line, other, size)
             && add_lines(self, at, at + size, room, &line, &found))
        set = all_held(self, &found, NULL, asked);
    finish(&found, stack);
    finish(&line, other);
    PyMem_Free(room);
    return set;
}

/* What holds of a text as it stands in JSON, and a list of the pieces of which more must be asked. NULL
 * without an exception where it must be read to be told. */
static PyObject *told_raw(Finder *self, PyObject *raw, PyObject **asked)
{
    Py_ssize_t size = PyBytes_Size(raw);
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(raw);
    if (size < 2 || *at != '"' || at[size - 1] != '"')
        return NULL;
    if (size >= self->by_lines && size / 2 > self->longest && size <= INT32_MAX)
        return held_by_lines(self, at + 1, size - 2, asked);
    return held_raw(self, at + 1, size - 2, asked);
}

/* What holds of a text as it stands in JSON, and a list of the pieces of which more must be asked, as
 * `finder_folded`; the former alone where there are none. None where it must be read to be told. */
static PyObject *finder_raw(Finder *self, PyObject *raw)
{
    if (!PyBytes_Check(raw)) {
        PyErr_SetString(PyExc_TypeError, "a value is bytes");
        return NULL;
    }
    PyObject *asked = NULL, *set = told_raw(self, raw, &asked);
    if (!set)
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    if (PyList_Size(asked))
        return Py_BuildValue("NN", set, asked);
    Py_DECREF(asked);
    return set;
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

static int is_finder(PyObject *finder)
{
    return PyType_GetSlot(Py_TYPE(finder), Py_tp_new) == (void *)finder_new;
}

#include "finder_values.h"

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
    PyObject *values = PyType_FromSpec(&values_spec);
    PyObject *purse = PyType_FromSpec(&purse_spec);
    int failed = !finder || !values || !purse || PyModule_AddObjectRef(module, "Finder", finder) < 0
                 || PyModule_AddObjectRef(module, "Values", values) < 0
                 || PyModule_AddObjectRef(module, "Purse", purse) < 0;
    Py_XDECREF(purse);
    Py_XDECREF(finder);
    Py_XDECREF(values);
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
