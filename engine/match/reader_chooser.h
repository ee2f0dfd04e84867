/* Chooses the reader that a line is for, and asks it, for engine/match/reader.c, which includes it behind
 * all that a reader is.
 */
/* Readers by what a line has at its event id. */
typedef struct {
    PyObject_HEAD
    PyObject *readers; /* a dictionary of bytes */
    PyTypeObject *reader; /* their type */
    int nested;           /* whether the last line was nested; then the next will be, too */
    Cache *cache;
} Chooser;

static int is_words(PyObject *words)
{
    return PyType_GetSlot(Py_TYPE(words), Py_tp_new) == (void *)words_new;
}

/* Whether a line has any of the keywords; -1 with an exception set. */
static int worded(PyObject *words, PyObject *line, const char *at, const char *end)
{
    if (words == Py_None)
        return 0;
    if (is_words(words))
        return has_word((const Words *)words, (const uint8_t *)at, (const uint8_t *)end);
    PyObject *found = PyObject_CallFunctionObjArgs(words, line, NULL);
    int any = found ? PyObject_IsTrue(found) : -1;
    Py_XDECREF(found);
    return any;
}

/* The reader for a line; NULL, without an exception where there is none. */
static Reader *reader_for(Chooser *self, const char *at, const char *end)
{
    char both[BOTH];
    size_t length = 0;
    const char *hinted = hint(&self->nested, at, end, both, &length);
    if (!hinted)
        return NULL;
    CachedHint *entry = hint_place(self->cache, hinted, length);
    PyObject *reader = Py_XNewRef(cached_hint(entry, hinted, length));
    if (reader)
        return (Reader *)reader;
    PyObject *key = PyBytes_FromStringAndSize(hinted, (Py_ssize_t)length);
    if (!key)
        return NULL;
    reader = Py_XNewRef(PyDict_GetItemWithError(self->readers, key));
    Py_DECREF(key);
    if (reader && !PyObject_TypeCheck(reader, self->reader))
        Py_CLEAR(reader);
    if (reader)
        cache_hint(entry, hinted, length, reader);
    return (Reader *)reader;
}

/* All that may match the event in a line, as a tuple; None where that cannot be told. */
static PyObject *chooser_candidates(Chooser *self, PyObject *line)
{
    Span spans[VALUES], key;
    unsigned in;
    if (!is_line(line))
        return NULL;
    const char *at = PyBytes_AsString(line), *end = at + PyBytes_Size(line);
    Reader *reader = reader_for(self, at, end);
    if (!reader
        || walk(&reader->plan, (const uint8_t *)at, (const uint8_t *)end, spans, &key, &in) != FIT) {
        Py_XDECREF((PyObject *)reader);
        return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
    }
    PyObject *found = Py_XNewRef(found_in_cache(reader, self->cache, spans));
    if (!found) {
        Told told = whole_answer(reader, self->cache, spans);
        found = Py_XNewRef(told.found);
        let_go(&told);
    }
    int any = found ? worded(reader->words, line, at, end) : 0;
    if (any) {
        PyObject *more = any > 0 ? PySequence_Concat(found, reader->by_words) : NULL;
        Py_DECREF(found);
        found = more;
    }
    Py_DECREF((PyObject *)reader);
    return found || PyErr_Occurred() ? found : Py_NewRef(Py_None);
}

static PyObject *chooser_forget(Chooser *self, PyObject *Py_UNUSED(none))
{
    forget_hints(self->cache);
    Py_RETURN_NONE;
}

/* ---- what Python sees ---- */

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
    self->cache = new_cache();
    if (!self->cache) {
        Py_DECREF(self);
        return PyErr_NoMemory();
    }
    return (PyObject *)self;
}

static void chooser_dealloc(Chooser *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    free_cache(self->cache);
    Py_XDECREF(self->readers);
    Py_XDECREF((PyObject *)self->reader);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef chooser_methods[] = {
    {"candidates", (PyCFunction)chooser_candidates, METH_O, "What may match a line."},
    {"forget", (PyCFunction)chooser_forget, METH_NOARGS, "Look at the readers anew."},
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
