/* The fields that a condition reads, for engine/match/numbering.c; include numbering_tests.h first. */

/* Adds the fields that a predicate reads besides its own; a text reads none. */
static int add_others(const Numbering *self, PyObject *fields, PyObject *test)
{
    PyObject *predicate = attribute(self, test, PREDICATE);
    if (!predicate || (PyObject *)Py_TYPE(predicate) == self->text) {
        Py_XDECREF(predicate);
        return predicate ? 0 : -1;
    }
    PyObject *others = PyObject_CallMethod(predicate, "other_fields", NULL);
    Py_DECREF(predicate);
    int bad = !others || !PyTuple_Check(others);
    if (bad && others)
        PyErr_SetString(PyExc_TypeError, "other fields are a tuple");
    for (Py_ssize_t n = 0; !bad && n < PyTuple_Size(others); n++)
        bad = PySet_Add(fields, PyTuple_GetItem(others, n)) < 0;
    Py_XDECREF(others);
    return bad ? -1 : 0;
}

/* Adds the fields of what is left to look at, a list, which grows meanwhile. */
static int add_reads(const Numbering *self, PyObject *fields, PyObject *left)
{
    PyObject *last = NULL; /* borrowed: the set has it */
    for (Py_ssize_t n = 0; n < PyList_Size(left); n++) {
        PyObject *part = PyList_GetItem(left, n), *type = (PyObject *)Py_TYPE(part);
        int name = type == self->test ? FIELD : type == self->not ? ITEM : ITEMS;
        PyObject *inner = attribute(self, part, name);
        int bad = !inner;
        if (inner && name == FIELD) {
            if (inner != last && inner != Py_None)
                bad = PySet_Add(fields, inner) < 0;
            last = inner;
            bad = bad || add_others(self, fields, part) < 0;
        } else if (inner && name == ITEM) {
            bad = PyList_Append(left, inner) < 0;
        } else if (inner && !PyTuple_Check(inner)) {
            PyErr_SetString(PyExc_TypeError, "it is no condition");
            bad = 1;
        } else if (inner) {
            for (Py_ssize_t m = 0; !bad && m < PyTuple_Size(inner); m++)
                bad = PyList_Append(left, PyTuple_GetItem(inner, m)) < 0;
        }
        Py_XDECREF(inner);
        if (bad)
            return -1;
    }
    return 0;
}

static PyObject *numbering_reads(Numbering *self, PyObject *expression)
{
    PyObject *fields = unknown_to_collector(PyFrozenSet_New(NULL)), *left = PyList_New(1);
    int bad = !fields || !left || PyList_SetItem(left, 0, Py_NewRef(expression)) < 0
              || add_reads(self, fields, left) < 0;
    Py_XDECREF(left);
    if (bad)
        Py_CLEAR(fields);
    return fields;
}
