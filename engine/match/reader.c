/* Reads the few values of a line of JSON that a plan asks for, in one walk over its bytes.
 *
 * `engine.match.reading` says what it is told, and does without it where it was not built: then
 * `engine.match.decoder` reads the values and `engine.match.guard` looks for everything else, which
 * takes four times as long. What this says must be what those say, or nothing (None): it gives up
 * on all that is unusual, and the line goes the other way.
 *
 * A line is taken only where it is certain that both parsers take it, too: strict JSON and UTF-8,
 * no exponents, no surrogates, few digits and levels. Nothing is read
 * beyond the end of the line, nothing calls itself, and the walk allocates nothing.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "reader_json.h"

enum {
    DEPTH = 24,        /* levels of objects and lists */
    KEYS_KEPT = 512, /* of one reader; a line with one more is not taken */
    TABLE = 2 * KEYS_KEPT,
    KEY_LENGTH = 255,
    PROBES = 16, /* for a key: whoever writes lines may choose keys of one hash */
    VALUES = 256, /* that are read of a line, and keys of which something is demanded */
};
#define IN_LIST 0xFFFF /* in the place of an object's number: a list */

typedef struct {
    PyObject *key; /* bytes; what stands between the quotes, without escapes */
    const uint8_t *at;
    PyObject *fixed; /* a tuple of bytes, of which the value must be one; or NULL */
    Py_ssize_t length;
    uint32_t hash;
    uint16_t object; /* in which object the key stands */
    uint16_t inner;  /* the object that is its value */
    uint8_t allowed; /* kinds of values, of those above */
    uint8_t required;
    int16_t once;  /* its number among keys that may come only once; -1 for others */
    int16_t value; /* where its value goes; -1 when it is not read */
    int16_t next;  /* the key that came after it in another line */
} Entry;

typedef struct {
    PyObject_HEAD
    Entry *entries;
    int16_t table[TABLE]; /* places of entries by hash, -1 where there is none */
    int count, room;
    int objects, onces, values, required;
    int16_t first; /* the key that began another line */
    Py_ssize_t longest;
    PyObject *slots;  /* a tuple of tuples of numbers of values */
    PyObject *held;   /* a tuple of dictionaries, one for each slot */
    Py_ssize_t early; /* how many slots the first answer is for */
    PyObject *known, *more;
} Reader;

typedef struct {
    const uint8_t *at;
    Py_ssize_t length;
} Span;

/* ---- the keys that are known ---- */

/* Whether so many bytes are the same; quicker than a call for the few of a key. */
static inline int same(const uint8_t *a, const uint8_t *b, Py_ssize_t length)
{
    uint64_t left, right;
    for (; length >= 8; a += 8, b += 8, length -= 8) {
        memcpy(&left, a, 8);
        memcpy(&right, b, 8);
        if (left != right)
            return 0;
    }
    for (; length; a++, b++, length--)
        if (*a != *b)
            return 0;
    return 1;
}

/* Of up to 24 bytes: the first, the last, and those in the middle. */
static inline uint32_t hash_of(const uint8_t *at, Py_ssize_t length, unsigned object)
{
    uint64_t first = 0, last = 0, middle = 0;
    if (length >= 8) {
        memcpy(&first, at, 8);
        memcpy(&last, at + length - 8, 8);
        memcpy(&middle, at + length / 2 - 4, 8);
    } else
        for (Py_ssize_t n = 0; n < length; n++)
            first = first << 8 | at[n];
    uint64_t hash = (first ^ (last << 23 | last >> 41) ^ (middle << 47 | middle >> 17))
                    + ((uint64_t)length << 16 | object);
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32);
}

/* Which entry a key is, by all keys; -1 when it is not known. */
static int find(const Reader *self, const uint8_t *at, Py_ssize_t length, unsigned object)
{
    uint32_t hash = hash_of(at, length, object);
    for (uint32_t place = hash; place - hash < PROBES; place++) {
        int n = self->table[place % TABLE];
        if (n < 0)
            return -1;
        const Entry *e = &self->entries[n];
        if (e->hash == hash && e->object == object && e->length == length
            && same(e->at, at, length))
            return n;
    }
    return -1;
}

/* Enters an entry by its hash; 0 when too many others are where it would be. */
static int enter(Reader *self, int n)
{
    uint32_t hash = self->entries[n].hash;
    for (uint32_t place = hash; place - hash < PROBES; place++) {
        int16_t *at = &self->table[place % TABLE];
        if (*at < 0) {
            *at = (int16_t)n;
            return 1;
        }
    }
    return 0;
}

/* A new entry, NULL with an exception set where it cannot be. */
static Entry *add(Reader *self, unsigned object, PyObject *key)
{
    if (object > (unsigned)self->objects || self->count >= KEYS_KEPT
        || PyBytes_Size(key) > KEY_LENGTH) {
        PyErr_SetString(PyExc_ValueError, "too many keys, or too long, or in no object");
        return NULL;
    }
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(key);
    Py_ssize_t length = PyBytes_Size(key);
    for (Py_ssize_t n = 0; n < length; n++)
        if (at[n] < 0x20 || at[n] == '"' || at[n] == '\\') {
            PyErr_SetString(PyExc_ValueError, "no key is written so");
            return NULL;
        }
    if (find(self, at, length, object) >= 0) {
        PyErr_SetString(PyExc_ValueError, "the key is known");
        return NULL;
    }
    if (self->count == self->room) {
        int room = self->room ? self->room * 2 : 64;
        Entry *entries = PyMem_Realloc(self->entries, sizeof(Entry) * (size_t)room);
        if (!entries) {
            PyErr_NoMemory();
            return NULL;
        }
        self->entries = entries;
        self->room = room;
    }
    Entry *e = &self->entries[self->count];
    e->hash = hash_of(at, length, object);
    if (!enter(self, self->count)) {
        PyErr_SetString(PyExc_ValueError, "too many keys of one hash");
        return NULL;
    }
    self->count++;
    e->key = Py_NewRef(key);
    e->at = at;
    e->length = length;
    e->object = (uint16_t)object;
    e->inner = (uint16_t)self->objects;
    e->fixed = NULL;
    e->allowed = e->required = 0;
    e->once = e->value = e->next = -1;
    return e;
}

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
    if (*guess >= 0) { /* what came next in another line: then it need not be looked for */
        const Entry *e = &self->entries[*guess];
        if (e->object == object && end - start > e->length && start[e->length] == '"'
            && same(start, e->at, e->length)) {
            *at = start + e->length + 1;
            return *guess;
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
    int found = find(self, start, key->length, object);
    if (found >= 0)
        *guess = (int16_t)found;
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
    int16_t *guess = &self->first;

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
    Entry *e = &self->entries[n];
    guess = &e->next;
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
        if (kind == NUMBER && at - start > DIGITS_READ)
            return UNFIT;
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
        levels[depth] = *at == '{' ? (uint16_t)self->objects : IN_LIST;
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

static PyObject *reader_read(Reader *self, PyObject *line)
{
    Span spans[VALUES], key;
    unsigned in;
    if (!PyBytes_Check(line)) {
        PyErr_SetString(PyExc_TypeError, "a line is bytes");
        return NULL;
    }
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(line);
    int found = walk(self, at, at + PyBytes_Size(line), spans, &key, &in);
    if (found == UNKNOWN && self->count < KEYS_KEPT)
        return Py_BuildValue("[Iy#]", in, (const char *)key.at, key.length);
    if (found != FIT)
        Py_RETURN_NONE;
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
    if (!known && !PyErr_Occurred())
        return values(self, spans);
    return known;
}

/* ---- what Python sees ---- */

static PyObject *reader_learn(Reader *self, PyObject *args)
{
    PyObject *key;
    unsigned object;
    unsigned char allowed;
    if (!PyArg_ParseTuple(args, "IO!b", &object, &PyBytes_Type, &key, &allowed))
        return NULL;
    Entry *e = add(self, object, key);
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
    if (self->onces >= VALUES || value >= self->values || inner > self->objects) {
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
    Entry *e = add(self, object, key);
    if (!e)
        return -1;
    e->once = (int16_t)self->onces++;
    e->allowed = allowed;
    e->inner = (uint16_t)(inner < 0 ? self->objects : inner);
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
                            "longest", NULL};
    PyObject *rows, *slots, *held, *known;
    int objects, values;
    Py_ssize_t early, longest;
    if (!PyArg_ParseTupleAndKeywords(args, named, "iiO!O!O!nO!n", names, &objects, &values,
                                     &PyTuple_Type, &rows, &PyTuple_Type, &slots, &PyTuple_Type,
                                     &held, &early, &PyDict_Type, &known, &longest))
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
    self->objects = objects;
    self->values = values;
    self->first = -1;
    self->early = early;
    self->longest = longest;
    self->slots = Py_NewRef(slots);
    self->held = Py_NewRef(held);
    self->known = Py_NewRef(known);
    self->more = PyUnicode_InternFromString("more");
    for (int n = 0; n < TABLE; n++)
        self->table[n] = -1;
    int bad = !self->more;
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
    for (int n = 0; n < self->count; n++) {
        Py_DECREF(self->entries[n].key);
        Py_XDECREF(self->entries[n].fixed);
    }
    PyMem_Free(self->entries);
    Py_XDECREF(self->slots);
    Py_XDECREF(self->held);
    Py_XDECREF(self->known);
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

static int prepare(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&reader_spec);
    if (!type)
        return -1;
    int failed = PyModule_AddObjectRef(module, "Reader", type);
    Py_DECREF(type);
    return failed;
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
