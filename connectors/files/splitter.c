/* Cuts a block of bytes into its lines, each copied once.
 *
 * `bytes.split` looks at each byte by itself, which for lines of a few kB takes longer than all that
 * is asked of most of them afterwards; `connectors/files/split.py` does the same without this.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <string.h>

/* The lines between two places of a block, each of which ends with a newline, without it. */
static PyObject *split(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *block;
    Py_ssize_t start, end;
    if (!PyArg_ParseTuple(args, "Snn", &block, &start, &end))
        return NULL;
    if (start < 0 || start > end || end > PyBytes_Size(block)) {
        PyErr_SetString(PyExc_ValueError, "no such place in the block");
        return NULL;
    }
    const char *at = PyBytes_AsString(block) + start, *stop = PyBytes_AsString(block) + end;
    PyObject *lines = PyList_New(0);
    while (lines && at < stop) {
        const char *newline = memchr(at, '\n', (size_t)(stop - at));
        if (!newline) {
            PyErr_SetString(PyExc_ValueError, "the last line has no newline");
            Py_CLEAR(lines);
            break;
        }
        PyObject *line = PyBytes_FromStringAndSize(at, newline - at);
        if (!line || PyList_Append(lines, line) < 0)
            Py_CLEAR(lines);
        Py_XDECREF(line);
        at = newline + 1;
    }
    return lines;
}

static PyMethodDef methods[] = {
    {"split", split, METH_VARARGS, "The lines between two places of a block."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {{0, NULL}};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "splitter", "See connectors/files/splitter.c.", 0, methods, module_slots,
    NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_splitter(void);

PyMODINIT_FUNC PyInit_splitter(void)
{
    return PyModuleDef_Init(&module);
}
