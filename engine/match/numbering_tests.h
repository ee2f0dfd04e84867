/* A test's number, and what is known by it, for engine/match/numbering.c, which defines the types. */

/* The collector need not know what has numbers and texts alone, and there is much of it. */
static PyObject *unknown_to_collector(PyObject *made)
{
    if (made)
        PyObject_GC_UnTrack(made);
    return made;
}

static PyObject *attribute(const Numbering *self, PyObject *of, int name)
{
    return PyObject_GetAttr(of, self->names[name]);
}

static int is_true(const Numbering *self, PyObject *of, int name)
{
    PyObject *value = attribute(self, of, name);
    int told = value ? PyObject_IsTrue(value) : -1;
    Py_XDECREF(value);
    return told;
}

/* Gives a number to what is told, which it takes over, and keeps it in a dictionary; -1 with an
 * exception set where it cannot. */
static Py_ssize_t new_number(Numbering *self, Info info, PyObject *known, PyObject *key)
{
    if (self->count == self->room) {
        Py_ssize_t room = self->room ? 2 * self->room : 1024;
        Info *infos = PyMem_Realloc(self->infos, (size_t)room * sizeof(Info));
        if (!infos) {
            PyErr_NoMemory();
            goto failed;
        }
        self->infos = infos;
        self->room = room;
    }
    PyObject *number = PyLong_FromSsize_t(self->count);
    if (!number || PyDict_SetItem(known, key, number) < 0
        || PyList_Append(self->numbers, number) < 0) {
        Py_XDECREF(number);
        goto failed;
    }
    Py_DECREF(number);
    Py_INCREF(info.field);
    self->infos[self->count] = info;
    return self->count++;
failed:
    Py_XDECREF(info.literal);
    return -1;
}

/* The longest text of some, the first of these; borrowed. NULL with an exception set where one is none. */
static PyObject *longest_of(PyObject *segments, Py_ssize_t *length)
{
    PyObject *longest = NULL;
    *length = -1;
    for (Py_ssize_t n = 0; n < PyTuple_Size(segments); n++) {
        PyObject *segment = PyTuple_GetItem(segments, n);
        Py_ssize_t size = PyUnicode_GetLength(segment);
        if (size < 0)
            return NULL;
        if (size > *length) {
            longest = segment;
            *length = size;
        }
    }
    if (!longest)
        PyErr_SetString(PyExc_TypeError, "a pattern has segments");
    return longest;
}

/* Whether all of a pattern is plain text; -1 with an exception set. */
static int is_plain(const Numbering *self, PyObject *pattern)
{
    int sigma = is_true(self, pattern, SIGMA);
    if (sigma)
        return sigma < 0 ? -1 : 0;
    PyObject *searches = attribute(self, pattern, SEARCHES);
    if (!searches || !PyTuple_Check(searches)) {
        Py_XDECREF(searches);
        PyErr_SetString(PyExc_TypeError, "searches are a tuple");
        return -1;
    }
    int plain = 1;
    for (Py_ssize_t n = 0; n < PyTuple_Size(searches); n++)
        plain = plain && PyTuple_GetItem(searches, n) == Py_None;
    Py_DECREF(searches);
    return plain;
}

static int is_empty(PyObject *segments, Py_ssize_t place)
{
    return !PyUnicode_GetLength(PyTuple_GetItem(segments, place));
}

static int shape_of(PyObject *segments, Py_ssize_t length)
{
    Py_ssize_t count = PyTuple_Size(segments);
    if (count == 1)
        return EXACT;
    if (!length)
        return ANYTHING;
    if (count == 3 && is_empty(segments, 0) && is_empty(segments, 2))
        return ANYWHERE;
    if (count == 2 && is_empty(segments, 1))
        return BEGINS;
    return count == 2 && is_empty(segments, 0) ? ENDS : PIECE;
}

static PyObject *encoded(PyObject *text)
{
    return PyUnicode_AsEncodedString(text, "utf-8", "surrogatepass");
}

/* What is known of a text; -1 with an exception set. */
static int describe_text(const Numbering *self, PyObject *pattern, PyObject *segments, Info *info)
{
    int plain = is_plain(self, pattern);
    if (plain < 0)
        return -1;
    Py_ssize_t length = 0;
    PyObject *longest = plain ? Py_XNewRef(longest_of(segments, &length))
                              : attribute(self, pattern, LONGEST);
    if (longest && !plain)
        length = PyUnicode_GetLength(longest);
    info->literal = longest && length >= 0 ? encoded(longest) : NULL;
    Py_XDECREF(longest);
    info->shape = plain ? shape_of(segments, length) : length ? PIECE : ALWAYS;
    info->weight = length ? 1.0 + 20.0 / (double)(1 + length) : 1000.0;
    return info->literal ? 0 : -1;
}

static Py_ssize_t number_of_text(Numbering *self, PyObject *field, PyObject *pattern)
{
    PyObject *segments = attribute(self, pattern, SEGMENTS);
    if (!segments || !PyTuple_Check(segments)) {
        Py_XDECREF(segments);
        PyErr_SetString(PyExc_TypeError, "segments are a tuple");
        return -1;
    }
    PyObject *texts = PyDict_GetItemWithError(self->texts, field), *known = NULL;
    Py_ssize_t number = -1;
    if (!texts && !PyErr_Occurred() && (texts = PyDict_New())) {
        int bad = PyDict_SetItem(self->texts, field, texts) < 0;
        Py_DECREF(texts); /* the dictionary has it */
        if (bad)
            texts = NULL;
    }
    if (texts)
        known = PyDict_GetItemWithError(texts, segments);
    if (known) {
        number = PyLong_AsSsize_t(known);
    } else if (texts && !PyErr_Occurred()) {
        Info info = {.field = field};
        if (!describe_text(self, pattern, segments, &info))
            number = new_number(self, info, texts, segments);
    }
    Py_DECREF(segments);
    return number;
}

static Py_ssize_t number_of_other(Numbering *self, PyObject *field, PyObject *test)
{
    PyObject *known = PyDict_GetItemWithError(self->others, test);
    if (known || PyErr_Occurred())
        return known ? PyLong_AsSsize_t(known) : -1;
    PyObject *told = PyObject_CallFunctionObjArgs(self->describe, test, NULL), *literal;
    Info info = {.field = field};
    int any;
    if (!told || !PyArg_ParseTuple(told, "dOp", &info.weight, &literal, &any)) {
        Py_XDECREF(told);
        return -1;
    }
    info.shape = any ? ANYTHING : OTHER;
    if (literal != Py_None) {
        info.literal = encoded(literal);
        info.shape = info.literal && PyBytes_Size(info.literal) ? REGEX : REGEX_ALWAYS;
    }
    Py_DECREF(told);
    return PyErr_Occurred() ? -1 : new_number(self, info, self->others, test);
}

/* A test's number; -1 with an exception set. `field` is the test's. */
static Py_ssize_t number_of(Numbering *self, PyObject *test, PyObject *field)
{
    PyObject *predicate = attribute(self, test, PREDICATE), *pattern = NULL;
    if (!predicate)
        return -1;
    int text = (PyObject *)Py_TYPE(predicate) == self->text;
    if (text) {
        pattern = attribute(self, predicate, PATTERN);
        int cased = pattern ? is_true(self, pattern, CASED) : -1;
        text = cased < 0 ? -1 : !cased;
    }
    Py_ssize_t number = -1;
    if (text >= 0)
        number = text ? number_of_text(self, field, pattern) : number_of_other(self, field, test);
    Py_XDECREF(pattern);
    Py_DECREF(predicate);
    return number;
}

static int is_test(const Numbering *self, PyObject *item)
{
    return (PyObject *)Py_TYPE(item) == self->test;
}

static PyObject *numbering_of(Numbering *self, PyObject *test)
{
    if (!is_test(self, test)) {
        PyErr_SetString(PyExc_TypeError, "it is no test");
        return NULL;
    }
    PyObject *field = attribute(self, test, FIELD);
    Py_ssize_t number = field ? number_of(self, test, field) : -1;
    Py_XDECREF(field);
    return number < 0 ? NULL : Py_NewRef(PyList_GetItem(self->numbers, number));
}
