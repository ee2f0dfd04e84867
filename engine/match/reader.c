/* Reads the few values of a line of JSON that a plan asks for, in one walk over its bytes.
 *
 * `engine.match.reading` says what it is told, and does without it where it was not built: then
 * `engine.match.decoder` reads the values and `engine.match.guard` looks for everything else, which
 * takes four times as long. What this says must be what those say, or nothing (None): it gives up
 * on all that is unusual, and the line goes the other way.
 *
 * A line is taken only where it is certain that both parsers take it, too: strict JSON and UTF-8,
 * no exponents, no surrogates, few digits and levels. Nothing is read beyond the end of the line,
 * nothing calls itself, and the walk allocates nothing.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "reader_hint.h"
#include "reader_json.h"
#include "reader_keys.h"

enum {
    DEPTH = 24,   /* levels of objects and lists */
    VALUES = 256, /* that are read of a line, and keys of which something is demanded */
};
#define IN_LIST 0xFFFF /* in the place of an object's number: a list */

typedef struct {
    PyObject_HEAD
    Keys keys;
    int onces, values, required;
    int16_t first[2]; /* the keys that began other lines */
    Py_ssize_t longest;
    PyObject *slots;  /* a tuple of tuples of numbers of values */
    PyObject *held;   /* a tuple of dictionaries, one for each slot */
    Py_ssize_t early; /* how many slots the first answer is for */
    PyObject *known;
    PyObject *words;    /* what looks for keywords in a line; or None */
    PyObject *by_words; /* a tuple: what may match besides where there are some */
    PyObject *more, *found; /* names of an answer's attributes */
} Reader;

/* Readers by what a line has at its event id. */
typedef struct {
    PyObject_HEAD
    PyObject *readers; /* a dictionary of bytes */
    PyTypeObject *reader; /* their type */
    int nested;           /* whether the last line was nested; then the next will be, too */
} Chooser;

typedef struct {
    const uint8_t *at;
    Py_ssize_t length;
} Span;

/* ---- the walk ---- */

enum { UNFIT, FIT, UNKNOWN };

static int is_fixed(const Entry *e, const uint8_t *at, const uint8_t *end)
{
    for (Py_ssize_t n = 0; n < PyTuple_Size(e->fixed); n++) {
        PyObject *one = PyTuple_GetItem(e->fixed, n);
        if (PyBytes_Size(one) == end - at
            && !memcmp(PyBytes_AsString(one), at, (size_t)(end - at)))
            return 1;
    }
    return 0;
}

/* Which key stands at a first quote; `at` is moved behind its last one. -1 when it is not known,
 * and `key` is what stands between them; -2 when it is none, or has an escape. */
static int key_at(Reader *self, const uint8_t **at, const uint8_t *end, unsigned object,
                  int16_t *guess, Span *key)
{
    const uint8_t *start = *at + 1;
    for (int n = 0; n < 2; n++) { /* what came next in other lines need not be looked for */
        int16_t guessed = guess[n];
        if (guessed < 0)
            break;
        const Entry *e = &self->keys.entries[guessed];
        if (e->object == object && end - start > e->length && start[e->length] == '"'
            && same(start, self->keys.names + e->at, e->length)) {
            *at = start + e->length + 1;
            guess[1] = guess[n ? 0 : 1];
            guess[0] = guessed;
            return guessed;
        }
    }
    const uint8_t *after = text(start, end);
    if (!after)
        return -2;
    key->at = start;
    key->length = after - 1 - start;
    if (key->length > KEY_LENGTH || memchr(start, '\\', (size_t)key->length))
        return -2;
    *at = after;
    int found = find(&self->keys, start, key->length, object);
    if (found >= 0) {
        guess[1] = guess[0];
        guess[0] = (int16_t)found;
    }
    return found;
}

/* Goes through a line. FIT: it is as demanded, and `spans` has the values. UNKNOWN: it has a key
 * that must be asked for first, in object number `in`. */
static int walk(Reader *self, const uint8_t *at, const uint8_t *end, Span *spans, Span *key,
                unsigned *in)
{
    uint16_t levels[DEPTH];
    uint8_t seen[VALUES] = {0};
    int depth = 0, required = 0, kind;
    int16_t *guess = self->first;

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
    int n = key_at(self, &at, end, *in, guess, key);
    if (n < 0)
        return n == -1 ? UNKNOWN : UNFIT;
    Entry *e = &self->keys.entries[n];
    guess = e->next;
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
    if (e->fixed && !is_fixed(e, start, at))
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

/* ---- what is remembered of the values ---- */

/* A slot's value as it stands in the line, or those that make it, with commas; None for nothing. */
static PyObject *raw(PyObject *slot, const Span *spans)
{
    Py_ssize_t parts = PyTuple_Size(slot), length = parts - 1;
    if (parts == 1) {
        const Span *span = &spans[PyLong_AsLong(PyTuple_GetItem(slot, 0))];
        return span->at ? PyBytes_FromStringAndSize((const char *)span->at, span->length)
                        : Py_NewRef(Py_None);
    }
    for (Py_ssize_t n = 0; n < parts; n++) {
        const Span *span = &spans[PyLong_AsLong(PyTuple_GetItem(slot, n))];
        length += span->at ? span->length : 4;
    }
    PyObject *made = PyBytes_FromStringAndSize(NULL, length);
    if (!made)
        return NULL;
    char *to = PyBytes_AsString(made);
    for (Py_ssize_t n = 0; n < parts; n++) {
        const Span *span = &spans[PyLong_AsLong(PyTuple_GetItem(slot, n))];
        length = span->at ? span->length : 4;
        if (n)
            *to++ = ',';
        memcpy(to, span->at ? (const char *)span->at : "null", (size_t)length);
        to += length;
    }
    return made;
}

/* What held of the values of some slots, as a tuple. NULL without an exception when that is not
 * known of one. */
static PyObject *what_held(const Reader *self, const Span *spans, Py_ssize_t from, Py_ssize_t to)
{
    PyObject *all = PyTuple_New(to - from);
    for (Py_ssize_t n = from; all && n < to; n++) {
        PyObject *key = raw(PyTuple_GetItem(self->slots, n), spans), *held = NULL;
        if (key) {
            /* to hash what is too long to be remembered takes long */
            if (key == Py_None || PyBytes_Size(key) <= self->longest)
                held = PyDict_GetItemWithError(PyTuple_GetItem(self->held, n), key);
            Py_XINCREF(held);
            Py_DECREF(key);
        }
        if (held)
            PyTuple_SetItem(all, n - from, held);
        else
            Py_CLEAR(all);
    }
    return all;
}

/* The answer for what held, of a dictionary; a new reference, or NULL, which may be no error. */
static PyObject *answer(PyObject *known, PyObject *held)
{
    return held ? Py_XNewRef(PyDict_GetItemWithError(known, held)) : NULL;
}

static PyObject *values(const Reader *self, const Span *spans)
{
    Py_ssize_t count = PyTuple_Size(self->slots);
    PyObject *all = PyTuple_New(count);
    for (Py_ssize_t n = 0; all && n < count; n++) {
        PyObject *one = raw(PyTuple_GetItem(self->slots, n), spans);
        if (one)
            PyTuple_SetItem(all, n, one);
        else
            Py_CLEAR(all);
    }
    return all;
}

/* The whole answer for the values of a line, where all is known; NULL may be no error. */
static PyObject *whole_answer(const Reader *self, const Span *spans)
{
    PyObject *held = what_held(self, spans, 0, self->early);
    PyObject *known = answer(self->known, held);
    Py_XDECREF(held);
    PyObject *more = known ? PyObject_GetAttr(known, self->more) : NULL;
    if (more && more != Py_None) { /* the rest of the values decide */
        Py_DECREF(known);
        held = what_held(self, spans, self->early, PyTuple_Size(self->slots));
        known = answer(more, held);
        Py_XDECREF(held);
    } else if (!more)
        Py_CLEAR(known);
    Py_XDECREF(more);
    return known;
}

static int is_line(PyObject *line)
{
    if (!PyBytes_Check(line))
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
    return PyBytes_Check(line);
}

static PyObject *reader_read(Reader *self, PyObject *line)
{
    Span spans[VALUES], key;
    unsigned in;
    if (!is_line(line))
        return NULL;
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(line);
    int found = walk(self, at, at + PyBytes_Size(line), spans, &key, &in);
    if (found == UNKNOWN && self->keys.count < KEYS_KEPT)
        return Py_BuildValue("[Iy#]", in, (const char *)key.at, key.length);
    if (found != FIT)
        Py_RETURN_NONE;
    PyObject *known = whole_answer(self, spans);
    return known || PyErr_Occurred() ? known : values(self, spans);
}

/* ---- choosing a reader ---- */

/* All that may match the event in a line, where that is known, as a tuple; or None. */
static PyObject *chooser_candidates(Chooser *self, PyObject *line)
{
    Span spans[VALUES], key;
    unsigned in;
    if (!is_line(line))
        return NULL;
    const char *at = PyBytes_AsString(line), *end = at + PyBytes_Size(line);
    PyObject *hinted = hint(&self->nested, at, end);
    if (!hinted)
        return NULL;
    Reader *reader = (Reader *)Py_XNewRef(PyDict_GetItemWithError(self->readers, hinted));
    Py_DECREF(hinted);
    if (!reader || !PyObject_TypeCheck((PyObject *)reader, self->reader)
        || walk(reader, (const uint8_t *)at, (const uint8_t *)end, spans, &key, &in) != FIT) {
        Py_XDECREF((PyObject *)reader);
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    PyObject *answer = whole_answer(reader, spans), *found = NULL, *words = NULL;
    if (answer)
        found = PyObject_GetAttr(answer, reader->found);
    if (found && reader->words != Py_None) {
        words = PyObject_CallFunctionObjArgs(reader->words, line, NULL);
        int any = words ? PyObject_IsTrue(words) : -1;
        PyObject *more = any > 0 ? PySequence_Concat(found, reader->by_words) : NULL;
        if (any) {
            Py_DECREF(found);
            found = more;
        }
    }
    Py_XDECREF(words);
    Py_XDECREF(answer);
    Py_DECREF((PyObject *)reader);
    return found || PyErr_Occurred() ? found : Py_NewRef(Py_None);
}

/* ---- what Python sees ---- */

static PyObject *reader_learn(Reader *self, PyObject *args)
{
    PyObject *key;
    unsigned object;
    unsigned char allowed;
    if (!PyArg_ParseTuple(args, "IO!b", &object, &PyBytes_Type, &key, &allowed))
        return NULL;
    Entry *e = add(&self->keys, object, key);
    if (!e)
        return NULL;
    e->allowed = allowed;
    Py_RETURN_NONE;
}

/* One key of which something is demanded: (object, key, allowed, inner, value, required, fixed). */
static int demand(Reader *self, PyObject *row)
{
    PyObject *key, *fixed;
    unsigned object;
    unsigned char allowed;
    int inner, value, required;
    if (!PyTuple_Check(row)) {
        PyErr_SetString(PyExc_TypeError, "a row is a tuple");
        return -1;
    }
    if (!PyArg_ParseTuple(row, "IO!biipO", &object, &PyBytes_Type, &key, &allowed, &inner, &value,
                          &required, &fixed))
        return -1;
    if (self->onces >= VALUES || value >= self->values || inner > self->keys.objects) {
        PyErr_SetString(PyExc_ValueError, "too many keys or values");
        return -1;
    }
    for (Py_ssize_t n = 0; fixed != Py_None && n < PyTuple_Size(fixed); n++)
        if (!PyBytes_Check(PyTuple_GetItem(fixed, n)))
            fixed = self->known; /* no tuple of bytes */
    if (fixed != Py_None && !PyTuple_Check(fixed)) {
        PyErr_SetString(PyExc_TypeError, "what is fixed are bytes");
        return -1;
    }
    Entry *e = add(&self->keys, object, key);
    if (!e)
        return -1;
    e->once = (int16_t)self->onces++;
    e->allowed = allowed;
    e->inner = (uint16_t)(inner < 0 ? self->keys.objects : inner);
    e->value = (int16_t)(value < 0 ? -1 : value);
    e->required = (uint8_t)required;
    e->fixed = fixed == Py_None ? NULL : Py_NewRef(fixed);
    self->required += required;
    return 0;
}

static int is_slots(PyObject *slots, PyObject *held, int values)
{
    if (PyTuple_Size(slots) != PyTuple_Size(held))
        return 0;
    for (Py_ssize_t n = 0; n < PyTuple_Size(slots); n++) {
        PyObject *slot = PyTuple_GetItem(slots, n);
        if (!PyTuple_Check(slot) || !PyTuple_Size(slot) || !PyDict_Check(PyTuple_GetItem(held, n)))
            return 0;
        for (Py_ssize_t m = 0; m < PyTuple_Size(slot); m++) {
            long value = PyLong_AsLong(PyTuple_GetItem(slot, m));
            if (value < 0 || value >= values)
                return 0;
        }
    }
    return 1;
}

static PyObject *reader_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"objects", "values", "rows", "slots", "held", "early", "known",
                            "longest", "words", "by_words", NULL};
    PyObject *rows, *slots, *held, *known, *words, *by_words;
    int objects, values;
    Py_ssize_t early, longest;
    if (!PyArg_ParseTupleAndKeywords(args, named, "iiO!O!O!nO!nOO!", names, &objects, &values,
                                     &PyTuple_Type, &rows, &PyTuple_Type, &slots, &PyTuple_Type,
                                     &held, &early, &PyDict_Type, &known, &longest, &words,
                                     &PyTuple_Type, &by_words))
        return NULL;
    if (objects < 1 || objects >= IN_LIST || values < 0 || values > VALUES || early < 0
        || early > PyTuple_Size(slots) || !is_slots(slots, held, values)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "what is read does not fit together");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Reader *self = (Reader *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    self->keys.objects = objects;
    self->values = values;
    self->first[0] = self->first[1] = -1;
    self->early = early;
    self->longest = longest;
    self->slots = Py_NewRef(slots);
    self->held = Py_NewRef(held);
    self->known = Py_NewRef(known);
    self->words = Py_NewRef(words);
    self->by_words = Py_NewRef(by_words);
    self->found = PyUnicode_InternFromString("found");
    self->more = PyUnicode_InternFromString("more");
    for (int n = 0; n < TABLE; n++)
        self->keys.table[n] = -1;
    int bad = !self->more || !self->found;
    for (Py_ssize_t n = 0; !bad && n < PyTuple_Size(rows); n++)
        bad = demand(self, PyTuple_GetItem(rows, n)) < 0;
    if (bad) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* Nothing that a reader has leads back to it, so it needs no help of the collector's. */
static void reader_dealloc(Reader *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (int n = 0; n < self->keys.count; n++)
        Py_XDECREF(self->keys.entries[n].fixed);
    PyMem_Free(self->keys.entries);
    PyMem_Free(self->keys.names);
    Py_XDECREF(self->slots);
    Py_XDECREF(self->held);
    Py_XDECREF(self->known);
    Py_XDECREF(self->words);
    Py_XDECREF(self->by_words);
    Py_XDECREF(self->found);
    Py_XDECREF(self->more);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef reader_methods[] = {
    {"read", (PyCFunction)reader_read, METH_O, "Look at a line."},
    {"learn", (PyCFunction)reader_learn, METH_VARARGS, "Say what may stand at a key."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {Py_tp_doc, "Reads a few values of lines of JSON."},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    "engine.match.reader.Reader", sizeof(Reader), 0, Py_TPFLAGS_DEFAULT, reader_slots,
};

static PyObject *chooser_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"readers", "type", NULL};
    PyObject *readers, *reader;
    if (!PyArg_ParseTupleAndKeywords(args, named, "O!O!", names, &PyDict_Type, &readers,
                                     &PyType_Type, &reader))
        return NULL;
    if (PyType_GetSlot((PyTypeObject *)reader, Py_tp_new) != (void *)reader_new) {
        PyErr_SetString(PyExc_TypeError, "no type of readers");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Chooser *self = (Chooser *)allocate(type, 0);
    if (!self)
        return NULL;
    self->readers = Py_NewRef(readers);
    self->reader = (PyTypeObject *)Py_NewRef(reader);
    return (PyObject *)self;
}

static void chooser_dealloc(Chooser *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Py_XDECREF(self->readers);
    Py_XDECREF((PyObject *)self->reader);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef chooser_methods[] = {
    {"candidates", (PyCFunction)chooser_candidates, METH_O, "What may match a line."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot chooser_slots[] = {
    {Py_tp_new, chooser_new},
    {Py_tp_dealloc, chooser_dealloc},
    {Py_tp_methods, chooser_methods},
    {Py_tp_doc, "Asks the reader that a line is for."},
    {0, NULL},
};

static PyType_Spec chooser_spec = {
    "engine.match.reader.Chooser", sizeof(Chooser), 0, Py_TPFLAGS_DEFAULT, chooser_slots,
};

static int prepare(PyObject *module)
{
    PyObject *reader = PyType_FromSpec(&reader_spec);
    PyObject *chooser = PyType_FromSpec(&chooser_spec);
    int failed = !reader || !chooser || PyModule_AddObjectRef(module, "Reader", reader) < 0
                 || PyModule_AddObjectRef(module, "Chooser", chooser) < 0;
    Py_XDECREF(reader);
    Py_XDECREF(chooser);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "reader", "See engine/match/reader.c.", 0, NULL, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_reader(void);

PyMODINIT_FUNC PyInit_reader(void)
{
    return PyModuleDef_Init(&module);
}
