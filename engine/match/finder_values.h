/* What holds of the values of one field, told by a finder and remembered at once, for
 * engine/match/finder.c. Include Python.h, finder_pieces.h and finder_purse.h first; `told_raw` is the finder's.
 *
 * A new value is most of what a line has that is new. `held_raw` in engine/match/lineplan.py does the
 * same; it is asked for what is no plain text, and where more than plain text is looked for.
 */
enum { WHOLE_DIGITS = 15 }; /* of a number that is read here */
enum { NO_NUMBER, A_WHOLE, PERHAPS };

typedef struct {
    PyObject_HEAD
    PyObject *tests;    /* gives finder and numbers, or None; NULL once it was called */
    PyObject *finder;   /* NULL where none tells all of a plain text, and before the first value */
    PyObject *numbers;  /* a dictionary: what holds by the number that a text is */
    PyObject *held;     /* a dictionary: what holds, by values as they stand in JSON */
    PyObject *same;     /* a dictionary: one of those that are equal */
    PyObject *purse;    /* pays for what is remembered; when it is empty: */
    PyObject *forget;   /* forgets all that was */
    PyObject *more;     /* says what holds of a value, for what the finder told of it */
    PyObject *other;    /* says what holds of a value of which the finder tells nothing, remembers it */
    Py_ssize_t longest; /* value that is remembered */
} Values;

static PyObject *told_raw(Finder *self, PyObject *raw, PyObject **asked);

/* Whether a text of JSON is a number to `as_number` in engine/match/predicates.py. */
static int number_in(const uint8_t *at, Py_ssize_t size, long long *whole)
{
    int kind = size <= WHOLE_DIGITS ? A_WHOLE : PERHAPS;
    if (!size || !memchr("0123456789+-. \\", *at, 15))
        return NO_NUMBER;
    *whole = 0;
    for (Py_ssize_t n = 0; n < size; n++) {
        if (at[n] == '\\')
            return PERHAPS; /* what it writes may be a space */
        if (at[n] >= '0' && at[n] <= '9')
            *whole = kind == A_WHOLE ? 10 * *whole + (at[n] - '0') : 0;
        else if (memchr("+-.eE_ ", at[n], 7))
            kind = PERHAPS;
        else
            return NO_NUMBER;
    }
    return kind;
}

/* Gets what is asked, for the first value; -1 with an exception set where that cannot be. */
static int values_begin(Values *self)
{
    PyObject *tests = self->tests, *found = PyObject_CallFunctionObjArgs(tests, NULL);
    self->tests = NULL;
    Py_DECREF(tests);
    if (!found)
        return -1;
    int bad = 0;
    if (found != Py_None) {
        PyObject *finder, *numbers, *number, *some;
        Py_ssize_t at = 0;
        bad = !PyTuple_Check(found) || !PyArg_ParseTuple(found, "OO!", &finder, &PyDict_Type, &numbers)
              || !is_finder(finder);
        while (!bad && PyDict_Next(numbers, &at, &number, &some))
            bad = !is_numbers(some);
        if (!bad) {
            self->finder = Py_NewRef(finder);
            self->numbers = Py_NewRef(numbers);
        } else if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "no finder with numbers");
    }
    Py_DECREF(found);
    return bad ? -1 : 0;
}

static int pay(const Values *self, Py_ssize_t characters)
{
    if (!purse_spend((Purse *)self->purse, characters))
        return 0;
    PyObject *done = PyObject_CallFunctionObjArgs(self->forget, NULL);
    Py_XDECREF(done);
    return done ? 0 : -1;
}

/* Remembers what holds of a value, which is taken over; gives the one that is equal to it. */
static PyObject *keep_held(const Values *self, PyObject *raw, PyObject *held)
{
    PyObject *one = Py_XNewRef(PyDict_GetItemWithError(self->same, held));
    int bad = !one && PyErr_Occurred();
    if (!one && !bad) {
        one = Py_NewRef(held);
        bad = pay(self, 0) < 0 || PyDict_SetItem(self->same, one, one) < 0;
    }
    bad = bad || pay(self, PyBytes_Size(raw)) < 0 || PyDict_SetItem(self->held, raw, one) < 0;
    if (bad)
        Py_CLEAR(one);
    Py_DECREF(held);
    return one;
}

/* What holds of a plain text, for what its pieces told, which is taken over, as `asked` is. */
static PyObject *with_more(const Values *self, PyObject *raw, PyObject *held, PyObject *asked)
{
    long long whole;
    const uint8_t *text = (const uint8_t *)PyBytes_AsString(raw) + 1;
    int more = PyList_Size(asked) > 0, bad = 0;
    if (!more && PyDict_Size(self->numbers)) {
        int kind = number_in(text, PyBytes_Size(raw) - 2, &whole);
        PyObject *number = kind == A_WHOLE ? PyLong_FromLongLong(whole) : NULL, *some = NULL;
        if (number)
            some = PyDict_GetItemWithError(self->numbers, number);
        bad = some ? add_all(held, some) < 0 : PyErr_Occurred() != NULL;
        Py_XDECREF(number);
        more = kind == PERHAPS;
    }
    PyObject *all = NULL;
    if (!bad)
        all = more ? PyObject_CallFunctionObjArgs(self->more, raw, held, asked, NULL) : Py_NewRef(held);
    Py_DECREF(held);
    Py_DECREF(asked);
    return all;
}

/* What holds of a value as it stands in JSON, None for none; None where that cannot be told. */
static PyObject *values_held(Values *self, PyObject *raw)
{
    if (self->tests && values_begin(self) < 0)
        return NULL;
    PyObject *asked = NULL, *held = NULL;
    if (self->finder && PyBytes_Check(raw))
        held = told_raw((Finder *)self->finder, raw, &asked);
    if (!held)
        return PyErr_Occurred() ? NULL : PyObject_CallFunctionObjArgs(self->other, raw, NULL);
    held = with_more(self, raw, held, asked);
    if (!held || PyBytes_Size(raw) > self->longest)
        return held;
    return keep_held(self, raw, held);
}

/* ---- what Python sees ---- */

static PyObject *values_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"tests", "held", "same", "purse", "forget", "more", "other", "longest", NULL};
    PyObject *tests, *held, *same, *purse, *forget, *more, *other;
    Py_ssize_t longest;
    if (!PyArg_ParseTupleAndKeywords(args, named, "OO!O!OOOOn", names, &tests, &PyDict_Type, &held,
                                     &PyDict_Type, &same, &purse, &forget, &more, &other, &longest))
        return NULL;
    if (!is_purse(purse)) {
        PyErr_SetString(PyExc_TypeError, "no purse to pay from");
        return NULL;
    }
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Values *self = (Values *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    self->tests = Py_NewRef(tests);
    self->held = Py_NewRef(held);
    self->same = Py_NewRef(same);
    self->purse = Py_NewRef(purse);
    self->forget = Py_NewRef(forget);
    self->more = Py_NewRef(more);
    self->other = Py_NewRef(other);
    self->longest = longest;
    return (PyObject *)self;
}

/* Nothing that it has may lead back to it, which the collector does not know. */
static void values_dealloc(Values *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    Py_XDECREF(self->tests);
    Py_XDECREF(self->finder);
    Py_XDECREF(self->numbers);
    Py_XDECREF(self->held);
    Py_XDECREF(self->same);
    Py_XDECREF(self->purse);
    Py_XDECREF(self->forget);
    Py_XDECREF(self->more);
    Py_XDECREF(self->other);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef values_methods[] = {
    {"held_raw", (PyCFunction)values_held, METH_O, "What holds of a value of JSON, or None."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot values_slots[] = {
    {Py_tp_new, values_new},
    {Py_tp_dealloc, values_dealloc},
    {Py_tp_methods, values_methods},
    {Py_tp_doc, "Says what holds of values, and remembers it."},
    {0, NULL},
};

static PyType_Spec values_spec = {
    "engine.match.finder.Values", sizeof(Values), 0, Py_TPFLAGS_DEFAULT, values_slots,
};
