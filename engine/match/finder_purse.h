/* Counts what is remembered, for engine/match/finder.c, so that who remembers in C need not call Python to
 * pay. Include Python.h first. `Plain` in engine/match/memory.py does the same.
 */
#include <structmember.h>

typedef struct {
    PyObject_HEAD
    long long characters; /* that may be spent, */
    long long spent;      /* that were, */
    long long entry;      /* and what each entry costs besides its own */
} Purse;

/* Pays for an entry; 1 where that is more than there is. */
static int purse_spend(Purse *self, long long characters)
{
    self->spent += characters + self->entry;
    return self->spent > self->characters;
}

static PyObject *purse_new(PyTypeObject *type, PyObject *args, PyObject *named)
{
    static char *names[] = {"characters", "entry", NULL};
    long long characters, entry;
    if (!PyArg_ParseTupleAndKeywords(args, named, "LL", names, &characters, &entry))
        return NULL;
    allocfunc allocate = (allocfunc)PyType_GetSlot(type, Py_tp_alloc);
    Purse *self = (Purse *)allocate(type, 0);
    if (self) {
        self->characters = characters;
        self->entry = entry;
    }
    return (PyObject *)self;
}

static void purse_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(self);
    Py_DECREF(type);
}

static PyObject *purse_pay(Purse *self, PyObject *characters)
{
    long long count = PyLong_AsLongLong(characters);
    if (count == -1 && PyErr_Occurred())
        return NULL;
    return PyBool_FromLong(purse_spend(self, count));
}

static int is_purse(PyObject *purse)
{
    return PyType_GetSlot(Py_TYPE(purse), Py_tp_new) == (void *)purse_new;
}

static PyMethodDef purse_methods[] = {
    {"spend", (PyCFunction)purse_pay, METH_O, "Pay for an entry; whether that is too much."},
    {NULL, NULL, 0, NULL},
};

static PyMemberDef purse_members[] = {
    {"characters", T_LONGLONG, offsetof(Purse, characters), 0, "What may be spent."},
    {"spent", T_LONGLONG, offsetof(Purse, spent), 0, "What was spent."},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot purse_slots[] = {
    {Py_tp_new, purse_new},
    {Py_tp_dealloc, purse_dealloc},
    {Py_tp_methods, purse_methods},
    {Py_tp_members, purse_members},
    {Py_tp_doc, "Counts what is remembered."},
    {0, NULL},
};

static PyType_Spec purse_spec = {
    "engine.match.finder.Purse", sizeof(Purse), 0, Py_TPFLAGS_DEFAULT, purse_slots,
};
