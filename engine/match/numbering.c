/* Numbers the tests of conditions, says which of them a condition hangs on, and sorts those of one
 * field by how they are asked.
 *
 * `engine.match.numbers` says what all of it means, and does the same where it was not built. Making
 * rules ready for a kind of event is mostly this: tens of thousands of tests, each looked at once.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* How a test is asked. Those up to `PIECE` stand in a row at the place of their shape. */
enum { ANYWHERE, BEGINS, ENDS, PIECE, ALWAYS, EXACT, ANYTHING, REGEX, REGEX_ALWAYS, OTHER };

enum { FIELD, PREDICATE, PATTERN, CASED, SEGMENTS, SEARCHES, SIGMA, LONGEST, ITEMS, ITEM, NAMES };

enum { SEVERAL = 16 };

typedef struct {
    double weight;
    PyObject *field, *literal; /* bytes, or NULL */
    int shape;
} Info;

typedef struct {
    PyObject_HEAD
    PyObject *and, *or, *not, *test, *text; /* types */
    PyObject *describe; /* (weight, literal or None, whether it holds of any text) of a test that is none */
    PyObject *texts;    /* numbers by field and segments */
    PyObject *others;   /* numbers by test */
    PyObject *single;   /* the set of one field, by that */
    PyObject *numbers;  /* a list: each number, as an object */
    PyObject *names[NAMES];
    double much;        /* how much heavier than the lightest a cover may be */
    Info *infos;        /* by number */
    Py_ssize_t count, room;
} Numbering;

#include "numbering_tests.h"
#include "numbering_covers.h"
#include "numbering_rows.h"

static PyObject *numbering_new(PyTypeObject *type, PyObject *args, PyObject *Py_UNUSED(named))
{
    static const char *const names[NAMES] = {"field", "predicate", "pattern", "cased", "segments",
                                             "searches", "_sigma", "longest", "items", "item"};
    PyObject *and, *or, *not, *test, *text, *describe;
    double much;
    if (!PyArg_ParseTuple(args, "(OOOOO)Od", &and, &or, &not, &test, &text, &describe, &much))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Numbering *self = (Numbering *)allocate(type, 0); /* all of it nought */
    if (!self)
        return NULL;
    self->and = Py_NewRef(and);
    self->or = Py_NewRef(or);
    self->not = Py_NewRef(not);
    self->test = Py_NewRef(test);
    self->text = Py_NewRef(text);
    self->describe = Py_NewRef(describe);
    self->much = much;
    self->texts = PyDict_New();
    self->others = PyDict_New();
    self->single = PyDict_New();
    self->numbers = PyList_New(0);
    int bad = !self->texts || !self->others || !self->single || !self->numbers;
    for (int n = 0; n < NAMES && !bad; n++)
        bad = !(self->names[n] = PyUnicode_InternFromString(names[n]));
    if (bad) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

/* Nothing that it has leads back to it, so it needs no help of the collector's. */
static void numbering_dealloc(Numbering *self)
{
    PyTypeObject *type = Py_TYPE((PyObject *)self);
    for (Py_ssize_t n = 0; n < self->count; n++) {
        Py_DECREF(self->infos[n].field);
        Py_XDECREF(self->infos[n].literal);
    }
    PyMem_Free(self->infos);
    PyObject *held[] = {self->and, self->or, self->not, self->test, self->text, self->describe,
                        self->texts, self->others, self->single, self->numbers};
    for (size_t n = 0; n < sizeof held / sizeof *held; n++)
        Py_XDECREF(held[n]);
    for (int n = 0; n < NAMES; n++)
        Py_XDECREF(self->names[n]);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyMethodDef numbering_methods[] = {
    {"of", (PyCFunction)numbering_of, METH_O, "A test's number."},
    {"read", (PyCFunction)numbering_read, METH_O, "What a condition hangs on."},
    {"by_field", (PyCFunction)numbering_by_field, METH_O, "Tests by their fields."},
    {"rows", (PyCFunction)numbering_rows, METH_O, "The tests of one field by how they are asked."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot numbering_slots[] = {
    {Py_tp_new, numbering_new},
    {Py_tp_dealloc, numbering_dealloc},
    {Py_tp_methods, numbering_methods},
    {Py_tp_doc, "Numbers the tests of conditions."},
    {0, NULL},
};

static PyType_Spec numbering_spec = {
    "engine.match.numbering.Numbering", sizeof(Numbering), 0, Py_TPFLAGS_DEFAULT, numbering_slots,
};

static int prepare(PyObject *module)
{
    PyObject *numbering = PyType_FromSpec(&numbering_spec);
    int failed = !numbering || PyModule_AddObjectRef(module, "Numbering", numbering) < 0;
    Py_XDECREF(numbering);
    return failed ? -1 : 0;
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "numbering", "See engine/match/numbering.c.", 0, NULL, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_numbering(void);

PyMODINIT_FUNC PyInit_numbering(void)
{
    return PyModuleDef_Init(&module);
}
