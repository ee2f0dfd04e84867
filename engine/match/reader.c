/* Reads the few values of a line of JSON that a plan asks for, in one walk over its bytes.
 *
 * `engine.match.reading` says what it is told, and does without it where it was not built: then
 * `engine.match.decoder` reads the values and `engine.match.guard` looks for everything else, which
 * takes four times as long. What this says must be what those say, or nothing (None): it gives up
 * on all that is unusual, and the line goes the other way.
 *
 * A line is taken only where it is certain that both parsers take it, too: strict JSON and UTF-8,
 * no exponents, no surrogates, few digits and levels. Nothing is read beyond the end of the line,
 * nothing calls itself, and the walk allocates nothing. What it is given to ask (`asks`, `answer` …) may
 * have no way back to the reader, which the collector does not know.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

#include "bytes.h"
#include "hash.h"
#include "simd.h"

#include "reader_hint.h"
#include "reader_text.h"
#include "reader_json.h"
#include "reader_keys.h"
#include "reader_walk.h"
#include "reader_words.h"

#include "reader_cache.h"

enum { SLOTS = 128 }; /* whose answers are cached */

typedef struct {
    PyObject_HEAD
    Plan plan;
    Py_ssize_t longest;
    PyObject *slots;  /* a tuple of tuples of numbers of values */
    PyObject *held;   /* a tuple of dictionaries, one for each slot */
    Py_ssize_t early, count; /* how many slots the first answer is for, and how many there are */
    PyObject *known;
    PyObject *asks;   /* a tuple: what says what holds of a value that was not seen, for each slot */
    PyObject *answer; /* gives the answer for what holds of the early ones, where none is known */
    PyObject *whole;  /* gives the whole answer, for an answer and what holds of the late ones */
    PyObject *missed; /* is called once for each line with something that was not known */
    PyObject *words;    /* what looks for keywords in a line, Words or another; or None */
    PyObject *by_words; /* a tuple: what may match besides where there are some */
    PyObject *more, *found; /* names of an answer's attributes */
    uint32_t id;       /* of its first slot: no other reader's slot has the same */
    int16_t *alone;    /* by slot: the one value that makes it; -1 where there are more */
    PyObject **absent; /* by slot: what holds where there is no value, once it was asked */
} Reader;

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

/* What holds of the value of a slot, as asked; NULL, without an exception where that cannot be told. */
static PyObject *ask(const Reader *self, Py_ssize_t n, PyObject *key, int *missed)
{
    *missed = 1;
    PyObject *held = PyObject_CallFunctionObjArgs(PyTuple_GetItem(self->asks, n), key, NULL);
    if (held == Py_None)
        Py_CLEAR(held);
    return held;
}

/* The same, as remembered where it is. */
static PyObject *what_holds(const Reader *self, Cache *cache, Py_ssize_t n, const Span *spans,
                            int *missed)
{
    const Span *span = self->alone[n] < 0 ? NULL : &spans[self->alone[n]];
    PyObject *held = NULL;
    if (span)
        held = span->at ? cached_value(cache, span, self->id + (uint32_t)n) : self->absent[n];
    if (held)
        return Py_NewRef(held);
    PyObject *key = raw(PyTuple_GetItem(self->slots, n), spans);
    /* to hash what is too long to be remembered takes long */
    if (key && (key == Py_None || PyBytes_Size(key) <= self->longest))
        held = Py_XNewRef(PyDict_GetItemWithError(PyTuple_GetItem(self->held, n), key));
    if (held && span && span->at)
        cache_value(cache, span, self->id + (uint32_t)n, key, held);
    if (key && !held && !PyErr_Occurred())
        held = ask(self, n, key, missed);
    if (held && span && !span->at && !self->absent[n])
        self->absent[n] = Py_NewRef(held);
    Py_XDECREF(key);
    return held;
}

/* An answer, with what it has for the rest of the values, and what may match. */
typedef struct {
    PyObject *answer, *more, *found;
} Told;

static void let_go(Told *told)
{
    Py_CLEAR(told->answer);
    Py_CLEAR(told->more);
    Py_CLEAR(told->found);
}

/* What is cached for the values of some slots, after `before`; NULL where that is not all. Borrows all that it
 * looks at, and calls nothing. */
static const CachedAnswer *cached_of(const Reader *self, Cache *cache, PyObject *before, const Span *spans,
                                     Py_ssize_t from, Py_ssize_t to)
{
    PyObject *holds[SLOTS];
    const CachedValue *places[SLOTS];
    uint64_t hashes[SLOTS], hash;
    for (Py_ssize_t n = from; n < to; n++) { /* all of them first: their entries come from memory meanwhile */
        const Span *span = self->alone[n] < 0 ? NULL : &spans[self->alone[n]];
        if (!span)
            return NULL;
        places[n] = NULL;
        if (!span->at)
            continue;
        places[n] = value_places(cache, span, self->id + (uint32_t)n, &hashes[n]);
        if (!places[n])
            return NULL;
        fetch_soon(places[n]);
    }
    for (Py_ssize_t n = from; n < to; n++) { /* and what lies elsewhere */
        const Span *span = &spans[self->alone[n]];
        if (!places[n])
            continue;
        places[n] = value_place(places[n], span, self->id + (uint32_t)n, hashes[n]);
        if (!places[n])
            return NULL;
        if (span->length > VALUE_HERE)
            fetch_soon(places[n]->bytes.there.at);
    }
    for (Py_ssize_t n = from; n < to; n++) {
        PyObject *held = places[n] ? value_at(places[n], &spans[self->alone[n]]) : self->absent[n];
        if (!held)
            return NULL;
        holds[n - from] = held;
    }
    hash = holds_hash(holds, to - from, self->id, before);
    return cached_answer(cache, hash, self->id, before, holds, to - from);
}

/* What may match a line with some values, borrowed; NULL where it must be asked. */
static PyObject *found_in_cache(const Reader *self, Cache *cache, const Span *spans)
{
    const CachedAnswer *told = cached_of(self, cache, NULL, spans, 0, self->early);
    if (told && told->more != Py_None)
        told = cached_of(self, cache, told->answer, spans, self->early, self->count);
    return told ? told->found : NULL;
}

/* The answer for what holds of some values, which `known` may have, and `asked` has, after `before`
 * where that is one; without an answer as above. */
static Told told_of(const Reader *self, Cache *cache, PyObject *before, PyObject *known,
                    PyObject *const *holds, Py_ssize_t count, int *missed)
{
    uint64_t hash = holds_hash(holds, count, self->id, before);
    const CachedAnswer *entry = NULL;
    if (cache)
        entry = cached_answer(cache, hash, self->id, before, holds, count);
    if (entry)
        return (Told){Py_NewRef(entry->answer), Py_NewRef(entry->more), Py_NewRef(entry->found)};
    Told told = {NULL, NULL, NULL};
    PyObject *all = PyTuple_New(count);
    for (Py_ssize_t n = 0; all && n < count; n++)
        PyTuple_SetItem(all, n, Py_NewRef(holds[n]));
    if (all && PyDict_Check(known))
        told.answer = Py_XNewRef(PyDict_GetItemWithError(known, all));
    int cached = told.answer && cache && !*missed; /* else what holds may be new each time */
    if (all && !told.answer && !PyErr_Occurred()) {
        *missed = 1;
        told.answer = before ? PyObject_CallFunctionObjArgs(self->whole, before, all, NULL)
                             : PyObject_CallFunctionObjArgs(self->answer, all, NULL);
    }
    if (told.answer) {
        told.more = PyObject_GetAttr(told.answer, self->more);
        told.found = told.more ? PyObject_GetAttr(told.answer, self->found) : NULL;
        if (!told.found)
            let_go(&told);
    }
    if (told.answer && cached)
        cache_answer(cache, hash, self->id, before, holds, count, told.answer, told.more, told.found);
    Py_XDECREF(all);
    return told;
}

/* The answer for the values of some slots, after `before`; without an answer as above. */
static Told answer_of(const Reader *self, Cache *cache, PyObject *before, PyObject *known,
                      const Span *spans, Py_ssize_t from, Py_ssize_t to, int *missed)
{
    PyObject *holds[SLOTS];
    Py_ssize_t count = 0;
    Told told = {NULL, NULL, NULL};
    while (from < to && (holds[count] = what_holds(self, cache, from, spans, missed))) {
        count++;
        from++;
    }
    if (from == to)
        told = told_of(self, cache, before, known, holds, count, missed);
    while (count)
        Py_DECREF(holds[--count]);
    return told;
}

/* The whole answer for the values of a line; without an answer as above. */
static Told whole_answer(const Reader *self, Cache *cache, const Span *spans)
{
    int missed = 0;
    Told told = answer_of(self, cache, NULL, self->known, spans, 0, self->early, &missed);
    if (told.answer && told.more != Py_None) {
        Told early = told;
        told = answer_of(self, cache, early.answer, early.more, spans, self->early, self->count, &missed);
        let_go(&early);
    }
    if (told.answer && missed) {
        PyObject *nothing = PyObject_CallFunctionObjArgs(self->missed, NULL);
        if (!nothing)
            let_go(&told);
        Py_XDECREF(nothing);
    }
    return told;
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
    int found = walk(&self->plan, at, at + PyBytes_Size(line), spans, &key, &in);
    if (found == UNKNOWN && self->plan.keys.count < KEYS_KEPT)
        return Py_BuildValue("[Iy#]", in, (const char *)key.at, key.length);
    if (found != FIT)
        Py_RETURN_NONE;
    Told told = whole_answer(self, NULL, spans);
    PyObject *answer = Py_XNewRef(told.answer);
    let_go(&told);
    return answer || PyErr_Occurred() ? answer : Py_NewRef(Py_None);
}

/* ---- what Python sees ---- */

static PyObject *reader_learn(Reader *self, PyObject *args)
{
    PyObject *key;
    unsigned object;
    unsigned char allowed;
    if (!PyArg_ParseTuple(args, "IO!b", &object, &PyBytes_Type, &key, &allowed))
        return NULL;
    Entry *e = add(&self->plan.keys, object, key);
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
    if (self->plan.onces >= VALUES || value >= self->plan.values || inner > self->plan.keys.objects) {
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
    Entry *e = add(&self->plan.keys, object, key);
    if (!e)
        return -1;
    e->once = (int16_t)self->plan.onces++;
    e->allowed = allowed;
    e->inner = (uint16_t)(inner < 0 ? self->plan.keys.objects : inner);
    e->value = (int16_t)(value < 0 ? -1 : value);
    e->required = (uint8_t)required;
    self->plan.required += required;
    return fixed == Py_None ? 0 : fix(&self->plan.keys, e, fixed);
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

/* Gives the slots their numbers; -1 with an exception set where there is no memory. */
static int number_slots(Reader *self)
{
    static uint32_t next = 1;
    Py_ssize_t count = PyTuple_Size(self->slots);
    if (next > UINT32_MAX - (SLOTS + 1)) {
        PyErr_SetString(PyExc_ValueError, "too many readers");
        return -1;
    }
    self->alone = PyMem_Calloc((size_t)count + 1, sizeof(int16_t));
    self->absent = PyMem_Calloc((size_t)count + 1, sizeof(PyObject *));
    if (!self->alone || !self->absent) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *slot = PyTuple_GetItem(self->slots, n);
        self->alone[n] = -1;
        if (PyTuple_Size(slot) == 1)
            self->alone[n] = (int16_t)PyLong_AsLong(PyTuple_GetItem(slot, 0));
    }
    self->id = next;
    next += (uint32_t)count + 1;
    return 0;
}

static PyObject *reader_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"objects", "values", "rows", "slots", "held", "early", "known",
                            "longest", "asks", "answer", "whole", "missed", "words", "by_words",
                            NULL};
    PyObject *rows, *slots, *held, *known, *asks, *answer, *whole, *missed, *words, *by_words;
    int objects, values;
    Py_ssize_t early, longest;
    if (!PyArg_ParseTupleAndKeywords(args, named, "iiO!O!O!nO!nO!OOOOO!", names, &objects, &values,
                                     &PyTuple_Type, &rows, &PyTuple_Type, &slots, &PyTuple_Type,
                                     &held, &early, &PyDict_Type, &known, &longest,
                                     &PyTuple_Type, &asks, &answer, &whole, &missed, &words,
                                     &PyTuple_Type, &by_words))
        return NULL;
    if (objects < 1 || objects >= IN_LIST || values < 0 || values > VALUES || early < 0
        || early > PyTuple_Size(slots) || PyTuple_Size(slots) > SLOTS || PyTuple_Size(asks) != PyTuple_Size(slots)
        || !is_slots(slots, held, values)) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "what is read does not fit together");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Reader *self = (Reader *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    self->plan.keys.objects = objects;
    self->plan.values = values;
    self->early = early;
    self->count = PyTuple_Size(slots);
    self->longest = longest;
    self->slots = Py_NewRef(slots);
    self->held = Py_NewRef(held);
    self->known = Py_NewRef(known);
    self->asks = Py_NewRef(asks);
    self->answer = Py_NewRef(answer);
    self->whole = Py_NewRef(whole);
    self->missed = Py_NewRef(missed);
    self->words = Py_NewRef(words);
    self->by_words = Py_NewRef(by_words);
    self->found = PyUnicode_InternFromString("found");
    self->more = PyUnicode_InternFromString("more");
    no_keys(&self->plan.keys);
    int bad = !self->more || !self->found || number_slots(self) < 0;
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
    PyMem_Free(self->plan.keys.entries);
    PyMem_Free(self->plan.keys.names);
    for (Py_ssize_t n = 0; self->absent && n < PyTuple_Size(self->slots); n++)
        Py_XDECREF(self->absent[n]);
    PyMem_Free(self->absent);
    PyMem_Free(self->alone);
    Py_XDECREF(self->slots);
    Py_XDECREF(self->held);
    Py_XDECREF(self->known);
    Py_XDECREF(self->asks);
    Py_XDECREF(self->answer);
    Py_XDECREF(self->whole);
    Py_XDECREF(self->missed);
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

#include "reader_chooser.h"

static int prepare(PyObject *module)
{
    look_for_avx2();
    PyObject *reader = PyType_FromSpec(&reader_spec);
    PyObject *chooser = PyType_FromSpec(&chooser_spec);
    PyObject *words = PyType_FromSpec(&words_spec);
    int failed = !reader || !chooser || !words
                 || PyModule_AddObjectRef(module, "Reader", reader) < 0
                 || PyModule_AddObjectRef(module, "Chooser", chooser) < 0
                 || PyModule_AddObjectRef(module, "Words", words) < 0;
    Py_XDECREF(words);
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
