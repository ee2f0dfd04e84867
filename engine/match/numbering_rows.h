/* Tests sorted: by their fields, and those of one field by how they are asked. For
 * engine/match/numbering.c; include numbering_tests.h first.
 */

/* What is known of the number that is a dictionary's key; NULL with an exception set. */
static const Info *info_of(const Numbering *self, PyObject *key)
{
    Py_ssize_t number = PyLong_AsSsize_t(key);
    if (number >= 0 && number < self->count)
        return &self->infos[number];
    if (!PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "no such number was given");
    return NULL;
}

/* Tests by field and number, of a list of some by their numbers. */
static PyObject *numbering_by_field(Numbering *self, PyObject *several)
{
    PyObject *found = PyList_Check(several) ? PyDict_New() : NULL;
    if (!found && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "it is a list of dictionaries");
    PyObject *last = NULL, *tests = NULL; /* borrowed: the last field, and its own */
    for (Py_ssize_t n = 0; found && n < PyList_Size(several); n++) {
        PyObject *asked = PyList_GetItem(several, n), *number, *test;
        Py_ssize_t at = 0;
        while (found && PyDict_Check(asked) && PyDict_Next(asked, &at, &number, &test)) {
            const Info *info = info_of(self, number);
            if (info && info->field != last) {
                last = info->field;
                tests = PyDict_GetItemWithError(found, last);
                if (!tests && !PyErr_Occurred() && (tests = PyDict_New())) {
                    int bad = PyDict_SetItem(found, last, tests) < 0;
                    Py_DECREF(tests); /* the dictionary has it */
                    tests = bad ? NULL : tests;
                }
            }
            if (!info || !tests || PyDict_SetItem(tests, number, test) < 0)
                Py_CLEAR(found);
        }
    }
    return found;
}

typedef struct {
    PyObject *literals, *by_literal; /* a list, and their places in it */
    PyObject *rows;     /* a list, for each of [anywhere, begins, ends, to be asked then] */
    PyObject *exact;    /* numbers by whole texts */
    PyObject *anything, *always; /* numbers: of those that hold of any text, that are asked of any */
    PyObject *others;   /* (number, test) of what is no text */
} Rows;

/* A tuple of some numbers, of which there may be none, and one more. */
static PyObject *with_number(PyObject *before, PyObject *number)
{
    PyObject *one = unknown_to_collector(PyTuple_Pack(1, number));
    if (!one || !before || !PyTuple_Size(before))
        return one;
    PyObject *all = unknown_to_collector(PySequence_Concat(before, one));
    Py_DECREF(one);
    return all;
}

/* Adds a number to the tuple that a dictionary has at a key. */
static int add_to_tuple(PyObject *known, PyObject *key, PyObject *number)
{
    PyObject *before = PyDict_GetItemWithError(known, key);
    PyObject *all = PyErr_Occurred() ? NULL : with_number(before, number);
    int bad = !all || PyDict_SetItem(known, key, all) < 0;
    Py_XDECREF(all);
    return bad ? -1 : 0;
}

/* The row of a literal, borrowed; made where there is none. */
static PyObject *row_of(Rows *rows, PyObject *literal)
{
    PyObject *known = PyDict_GetItemWithError(rows->by_literal, literal);
    if (known || PyErr_Occurred())
        return known;
    PyObject *row = Py_BuildValue("[()()()()]");
    int bad = !row || PyDict_SetItem(rows->by_literal, literal, row) < 0
              || PyList_Append(rows->literals, literal) < 0 || PyList_Append(rows->rows, row) < 0;
    Py_XDECREF(row); /* the list has it */
    return bad ? NULL : row;
}

/* Adds a test that a text passes that has its literal, or that must be asked then. */
static int add_to_row(Rows *rows, const Info *info, PyObject *number)
{
    PyObject *row = row_of(rows, info->literal);
    if (!row)
        return -1;
    int place = info->shape > ENDS ? PIECE : info->shape;
    PyObject *all = with_number(PyList_GetItem(row, place), number);
    return all ? PyList_SetItem(row, place, all) : -1;
}

static int add_test(Rows *rows, const Info *info, PyObject *number, PyObject *test)
{
    if (info->shape >= REGEX) { /* all that is no text */
        PyObject *pair = PyTuple_Pack(2, number, test);
        int bad = !pair || PyList_Append(rows->others, pair) < 0;
        Py_XDECREF(pair);
        if (bad)
            return -1;
    }
    switch (info->shape) {
    case EXACT:
        return add_to_tuple(rows->exact, info->literal, number);
    case ALWAYS:
    case REGEX_ALWAYS:
        return PyList_Append(rows->always, number);
    case ANYTHING:
        return PyList_Append(rows->anything, number);
    case ANYWHERE:
    case BEGINS:
    case ENDS:
    case PIECE:
    case REGEX:
        return add_to_row(rows, info, number);
    default:
        return 0;
    }
}

/* A tuple of a list's lists, as tuples. */
static PyObject *tuples_of(PyObject *rows)
{
    PyObject *made = unknown_to_collector(PyTuple_New(PyList_Size(rows)));
    for (Py_ssize_t n = 0; made && n < PyList_Size(rows); n++) {
        PyObject *row = unknown_to_collector(PyList_AsTuple(PyList_GetItem(rows, n)));
        if (!row || PyTuple_SetItem(made, n, row) < 0)
            Py_CLEAR(made);
    }
    return made;
}

/* (literals, rows, exact, anything, always, others) */
static PyObject *numbering_rows(Numbering *self, PyObject *tests)
{
    Rows rows = {PyList_New(0), PyDict_New(), PyList_New(0), PyDict_New(),
                 PyList_New(0), PyList_New(0), PyList_New(0)};
    PyObject *number, *test, *made = NULL;
    int bad = !rows.literals || !rows.by_literal || !rows.rows || !rows.exact || !rows.anything
              || !rows.always || !rows.others;
    if (!bad && !PyDict_Check(tests)) {
        PyErr_SetString(PyExc_TypeError, "tests are a dictionary");
        bad = 1;
    }
    Py_ssize_t at = 0;
    while (!bad && PyDict_Next(tests, &at, &number, &test)) {
        const Info *info = info_of(self, number);
        bad = !info || add_test(&rows, info, number, test) < 0;
    }
    if (!bad)
        made = Py_BuildValue("(NNONNO)", PyList_AsTuple(rows.literals), tuples_of(rows.rows),
                             rows.exact, PyList_AsTuple(rows.anything),
                             PyList_AsTuple(rows.always), rows.others);
    PyObject *held[] = {rows.literals, rows.by_literal, rows.rows, rows.exact, rows.anything,
                        rows.always, rows.others};
    for (size_t n = 0; n < sizeof held / sizeof *held; n++)
        Py_XDECREF(held[n]);
    return made;
}
