/* Cuts a block of bytes into its lines, each copied once.
 *
 * `bytes.split` looks at each byte by itself, which for lines of a few kB takes longer than all that
 * is asked of most of them afterwards; `connectors/files/split.py` does the same without this.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <string.h>

/* A line that began before a block: all parts, which are bytes, and what the block has of it. */
static PyObject *joined(PyObject *parts, const char *at, Py_ssize_t size)
{
    Py_ssize_t all = size, count = PyList_Size(parts);
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *part = PyList_GetItem(parts, n);
        if (!PyBytes_Check(part)) {
            PyErr_SetString(PyExc_TypeError, "a line's parts are bytes");
            return NULL;
        }
        if (PyBytes_Size(part) > PY_SSIZE_T_MAX - all)
            return PyErr_NoMemory();
        all += PyBytes_Size(part);
    }
    PyObject *line = PyBytes_FromStringAndSize(NULL, all);
    char *to = line ? PyBytes_AsString(line) : NULL;
    for (Py_ssize_t n = 0; line && n < count; n++) {
        PyObject *part = PyList_GetItem(parts, n);
        memcpy(to, PyBytes_AsString(part), (size_t)PyBytes_Size(part));
        to += PyBytes_Size(part);
    }
    if (line)
        memcpy(to, at, (size_t)size);
    return line;
}

/* The lines that end in a block, of which the first began with some parts, and what is left of the block; None
 * where no line ends. */
static PyObject *split(PyObject *Py_UNUSED(module), PyObject *args)
{
    PyObject *parts, *block, *lines = NULL;
    if (!PyArg_ParseTuple(args, "O!S", &PyList_Type, &parts, &block))
        return NULL;
    const char *at = PyBytes_AsString(block), *stop = at + PyBytes_Size(block), *newline;
    while ((newline = memchr(at, '\n', (size_t)(stop - at)))) {
        PyObject *line = lines ? PyBytes_FromStringAndSize(at, newline - at)
                               : joined(parts, at, newline - at);
        if (line && !lines)
            lines = PyList_New(0);
        if (!line || !lines || PyList_Append(lines, line) < 0) {
            Py_XDECREF(line);
            Py_XDECREF(lines);
            return NULL;
        }
        Py_DECREF(line);
        at = newline + 1;
    }
    if (!lines)
        Py_RETURN_NONE;
    return Py_BuildValue("Ny#", lines, at, stop - at);
}

static PyMethodDef methods[] = {
    {"split", split, METH_VARARGS, "The lines that end in a block, and the rest."},
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
