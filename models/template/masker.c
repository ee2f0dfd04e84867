/* Makes the masked form of a line, and looks up what is known of that form.
 *
 * `models.template.mask` says what a value is, and does the same where this was not built; VERSION names
 * the pattern that is followed here. Lines are read as UTF-8: what a value is made of is ASCII, so
 * that bytes tell as much as characters. Each word is looked at from at most nine places.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#define VERSION "3d72f977cfb1575f" /* of the mask: models.template.mask.VERSION */

enum { DIGIT = 1, HEX = 2, WORD = 4, JOINT = 8, SIGN = 16, SPACE = 32, WIDE = 64, NAMED = 128 };
enum { BEFORE = 8 /* words without a digit that may come first */, ON_STACK = 4096, GROWTH = 3 };

#define D (DIGIT | HEX | WORD)
#define H (HEX | WORD)
#define W WORD
#define N (WORD | NAMED) /* the name of a weekday or month may begin so */
#define B (HEX | WORD | NAMED)
static const uint8_t kinds[256] = {
    ['\t'] = SPACE, ['\n'] = SPACE, ['\v'] = SPACE, ['\f'] = SPACE, ['\r'] = SPACE,
    [0x1c] = SPACE, [0x1d] = SPACE, [0x1e] = SPACE, [0x1f] = SPACE, [' '] = SPACE,
    ['-'] = JOINT | SIGN, ['.'] = JOINT, [':'] = JOINT, ['+'] = SIGN,
    ['0'] = D, ['1'] = D, ['2'] = D, ['3'] = D, ['4'] = D,
    ['5'] = D, ['6'] = D, ['7'] = D, ['8'] = D, ['9'] = D,
    ['a'] = H, ['b'] = H, ['c'] = H, ['d'] = H, ['e'] = H, ['f'] = H,
    ['A'] = B, ['B'] = H, ['C'] = H, ['D'] = B, ['E'] = H, ['F'] = B,
    ['g'] = W, ['h'] = W, ['i'] = W, ['j'] = W, ['k'] = W, ['l'] = W, ['m'] = W, ['n'] = W,
    ['o'] = W, ['p'] = W, ['q'] = W, ['r'] = W, ['s'] = W, ['t'] = W, ['u'] = W, ['v'] = W,
    ['w'] = W, ['x'] = W, ['y'] = W, ['z'] = W,
    ['G'] = W, ['H'] = W, ['I'] = W, ['J'] = N, ['K'] = W, ['L'] = W, ['M'] = N, ['N'] = N,
    ['O'] = N, ['P'] = W, ['Q'] = W, ['R'] = W, ['S'] = N, ['T'] = N, ['U'] = W, ['V'] = W,
    ['W'] = N, ['X'] = W, ['Y'] = W, ['Z'] = W,
    [0xc2] = WIDE, [0xe1] = WIDE, [0xe2] = WIDE, [0xe3] = WIDE, /* white space may begin so */
};
#undef D
#undef H
#undef W
#undef N
#undef B

static inline int is(const uint8_t *at, const uint8_t *end, int kind)
{
    return at < end && kinds[*at] & kind;
}

static inline const uint8_t *past(const uint8_t *at, const uint8_t *end, int kind)
{
    while (is(at, end, kind))
        at++;
    return at;
}

/* ---- values ---- */

/* Where a value's first word ends, or a later one if `more`; NULL where there is none. */
static const uint8_t *word(const uint8_t *at, const uint8_t *end, int more)
{
    if (!is(at, end, HEX))
        return NULL;
    if (kinds[*at] & DIGIT)
        return past(at, end, WORD);
    int digit = more;
    for (; is(at, end, HEX); at++)
        digit |= kinds[*at] & DIGIT;
    return digit && !is(at, end, WORD) ? at : NULL;
}

/* Past one or two joints; NULL where there is none. */
static inline const uint8_t *joint(const uint8_t *at, const uint8_t *end)
{
    if (!is(at, end, JOINT))
        return NULL;
    return at + 1 + is(at + 1, end, JOINT);
}

/* Past letters that are hexadecimal, and a joint; NULL where no such stand here. */
static inline const uint8_t *letters(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *start = at;
    while (is(at, end, HEX) && !(kinds[*at] & DIGIT))
        at++;
    return at == start ? NULL : joint(at, end); /* a letter or digit is no joint */
}

/* Where the value ends that begins here; NULL where none does. No word may reach up to here. */
static const uint8_t *value(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *next;
    for (int n = 0; n < BEFORE && (next = letters(at, end)); n++)
        at = next;
    at = word(at, end, 0);
    while (at && (next = joint(at, end)) && (next = word(next, end, 1)))
        at = next;
    return at;
}

/* ---- dates in words ---- */

/* The weekdays, then the months, and what may follow the first three letters of each. */
static const char names[][4] = {
    "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "Jan", "Feb", "Mar",
    "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec", "Sep",
};
static const char rests[][8] = {
    "day", "sday", "nesday", "rsday", "day", "urday", "day", "uary", "ruary", "ch",
    "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember", "t",
};
enum { WEEKDAYS = 7, NAMES = sizeof names / sizeof *names, SHORT = 3, LONGEST = 9 };

/* Where the name ends that is the whole word here, of those between two places; NULL for none. */
static const uint8_t *name(const uint8_t *at, const uint8_t *end, int from, int to)
{
    if (!is(at, end, NAMED) || end - at < SHORT)
        return NULL;
    for (int n = from; n < to; n++) {
        if (memcmp(at, names[n], SHORT))
            continue;
        const uint8_t *last = past(at + SHORT, end - at > LONGEST + 1 ? at + LONGEST + 1 : end, WORD);
        size_t rest = (size_t)(last - at) - SHORT;
        if (!rest || (rest == strlen(rests[n]) && !memcmp(at + SHORT, rests[n], rest)))
            return last;
    }
    return NULL;
}

static inline int here(const uint8_t *at, const uint8_t *end, uint8_t byte)
{
    return at < end && *at == byte;
}

/* Past a word of so many digits. This and the next three: NULL where none stands at `at`, and `at`
 * may be NULL itself. */
static const uint8_t *number(const uint8_t *at, const uint8_t *end, int least, int most)
{
    if (!at)
        return NULL;
    const uint8_t *last = past(at, end, DIGIT);
    return last - at >= least && last - at <= most && !is(last, end, WORD) ? last : NULL;
}

static const uint8_t *year(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *last = number(at, end, 4, 4);
    return last && (!memcmp(at, "19", 2) || !memcmp(at, "20", 2)) ? last : NULL;
}

/* Past one space or two. */
static const uint8_t *spaces(const uint8_t *at, const uint8_t *end)
{
    if (!here(at, end, ' '))
        return NULL;
    return at + 1 + here(at + 1, end, ' ');
}

static const uint8_t *clock_time(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *next;
    at = number(at, end, 1, 2);
    if (!at || !here(at, end, ':') || !(at = number(at + 1, end, 2, 2)))
        return NULL;
    if (here(at, end, ':') && (next = number(at + 1, end, 2, 2))) {
        at = next;
        if ((here(at, end, '.') || here(at, end, ',')) && (next = number(at + 1, end, 1, INT_MAX)))
            at = next;
    }
    return at;
}

static const uint8_t *zone(const uint8_t *at, const uint8_t *end)
{
    if (!at)
        return NULL;
    if (here(at, end, '+') || here(at, end, '-'))
        return number(at + 1, end, 4, 4);
    if (end - at < 3 || (memcmp(at, "UTC", 3) && memcmp(at, "GMT", 3)) || is(at + 3, end, WORD))
        return NULL;
    return at + 3;
}

/* Where the date in words ends that begins here; NULL where none does. */
static const uint8_t *date(const uint8_t *start, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *next;
    if (at > start && kinds[at[-1]] & (WORD | JOINT | SIGN))
        return NULL;
    if ((next = name(at, end, 0, WEEKDAYS)) && !(at = spaces(next + here(next, end, ','), end)))
        return NULL;
    if ((next = name(at, end, WEEKDAYS, NAMES)))
        at = number(spaces(next, end), end, 1, 2);
    else if ((next = number(at, end, 1, 2)) &&
             (here(next, end, ' ') || here(next, end, '/') || here(next, end, '-')))
        at = name(next + 1, end, WEEKDAYS, NAMES);
    else
        return NULL;
    if (!at)
        return NULL;
    if ((next = year(here(at, end, '/') || here(at, end, '-') ? at + 1
                     : spaces(at + here(at, end, ','), end), end)))
        at = next;
    if ((next = clock_time(here(at, end, ':') ? at + 1 : spaces(at + here(at, end, ','), end), end)))
        at = next;
    if ((next = zone(spaces(at, end), end)))
        at = next;
    if ((next = year(spaces(at, end), end)))
        at = next;
    return is(at + is(at, end, JOINT | SIGN), end, WORD) ? NULL : at;
}

/* ---- forms ---- */

/* How many bytes white space has here that is not ASCII; 0 where it is none. As str.split() has it. */
static int wide_space(const uint8_t *at, const uint8_t *end)
{
    if (end - at >= 2 && at[0] == 0xc2)
        return at[1] == 0x85 || at[1] == 0xa0 ? 2 : 0;
    if (end - at < 3)
        return 0;
    uint32_t three = (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
    if (three >= 0xe28080 && three <= 0xe2808a)
        return 3;
    switch (three) {
    case 0xe19a80: case 0xe280a8: case 0xe280a9: case 0xe280af: case 0xe2819f: case 0xe38080:
        return 3;
    }
    return 0;
}

static const uint8_t *past_spaces(const uint8_t *at, const uint8_t *end)
{
    for (int wide;;) {
        at = past(at, end, SPACE);
        if (!is(at, end, WIDE) || !(wide = wide_space(at, end)))
            return at;
        at += wide;
    }
}

/* Writes the masked words of a line with a space between them; gives the end of what it wrote. There
 * must be room for GROWTH bytes for each of the line. */
static uint8_t *mask(const uint8_t *start, const uint8_t *end, uint8_t *form)
{
    const uint8_t *at = past_spaces(start, end), *next;
    uint8_t *to = form;
    while (at < end) {
        int kind = kinds[*at];
        if (kind & (SPACE | WIDE) && (next = past_spaces(at, end)) != at) {
            at = next;
            if (at < end)
                *to++ = ' ';
            continue;
        }
        next = kind & (DIGIT | NAMED) ? date(start, at, end) : NULL;
        if (next)
            ;
        else if (kind & HEX) /* at the beginning of a word: the others are gone over whole */
            next = value(at, end);
        else if (kind & SIGN && (at == start || !(kinds[at[-1]] & (WORD | JOINT | SIGN))))
            next = value(at + 1, end);
        if (next) {
            at = next;
            memcpy(to, "<*>", GROWTH);
            to += GROWTH;
            continue;
        }
        do
            *to++ = *at++;
        while (kind & WORD && is(at, end, WORD));
    }
    return to;
}

/* The form of a line that is UTF-8, maybe with halves of surrogates. */
static PyObject *form_of_bytes(const char *line, Py_ssize_t size)
{
    if (size > PY_SSIZE_T_MAX / GROWTH)
        return PyErr_NoMemory();
    uint8_t stack[ON_STACK], *form = stack;
    if (size * GROWTH > ON_STACK && !(form = PyMem_Malloc((size_t)size * GROWTH)))
        return PyErr_NoMemory();
    const uint8_t *start = (const uint8_t *)line;
    uint8_t *end = mask(start, start + size, form);
    PyObject *made = PyUnicode_DecodeUTF8((const char *)form, end - form, "surrogatepass");
    if (form != stack)
        PyMem_Free(form);
    return made;
}

static PyObject *form_of(PyObject *line)
{
    Py_ssize_t size;
    const char *text = PyUnicode_AsUTF8AndSize(line, &size);
    if (text)
        return form_of_bytes(text, size);
    if (!PyErr_ExceptionMatches(PyExc_UnicodeEncodeError))
        return NULL;
    PyErr_Clear(); /* it has half a surrogate */
    PyObject *bytes = PyUnicode_AsEncodedString(line, "utf-8", "surrogatepass");
    if (!bytes)
        return NULL;
    PyObject *form = form_of_bytes(PyBytes_AsString(bytes), PyBytes_Size(bytes));
    Py_DECREF(bytes);
    return form;
}

/* ---- answers ---- */

/* What is known of a line's form, or else what `ask` says of the form. */
static PyObject *answer_of(PyObject *line, PyObject *known, PyObject *ask)
{
    PyObject *form = form_of(line);
    if (!form)
        return NULL;
    PyObject *answer = Py_XNewRef(PyDict_GetItemWithError(known, form));
    if (!answer && !PyErr_Occurred())
        answer = PyObject_CallFunctionObjArgs(ask, form, NULL);
    Py_DECREF(form);
    return answer;
}

static int are_three(PyObject *const *args, Py_ssize_t count)
{
    if (count == 3 && PyDict_Check(args[1]))
        return 1;
    PyErr_SetString(PyExc_TypeError, "told are what is asked for, a dict, and whom to ask");
    return 0;
}

static PyObject *masker_form(PyObject *Py_UNUSED(module), PyObject *line)
{
    return form_of(line);
}

static PyObject *masker_answer(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    return are_three(args, count) ? answer_of(args[0], args[1], args[2]) : NULL;
}

static PyObject *masker_answers(PyObject *Py_UNUSED(module), PyObject *const *args, Py_ssize_t count)
{
    if (!are_three(args, count))
        return NULL;
    PyObject *answers = PyList_New(0);
    /* Whoever is asked might change the list: its size and its lines are looked at each time. */
    for (Py_ssize_t n = 0; answers; n++) {
        Py_ssize_t size = PyList_Size(args[0]); /* -1 with an exception set if it is no list */
        if (size >= 0 && n >= size)
            break;
        PyObject *line = size < 0 ? NULL : Py_XNewRef(PyList_GetItem(args[0], n));
        PyObject *answer = line ? answer_of(line, args[1], args[2]) : NULL;
        if (!answer || PyList_Append(answers, answer) < 0)
            Py_CLEAR(answers);
        Py_XDECREF(answer);
        Py_XDECREF(line);
    }
    return answers;
}

/* ---- what Python sees ---- */

static PyMethodDef masker_methods[] = {
    {"form", masker_form, METH_O, "The masked words of a line, with single spaces."},
    {"answer", (PyCFunction)(void (*)(void))masker_answer, METH_FASTCALL, "What is known of a line."},
    {"answers", (PyCFunction)(void (*)(void))masker_answers, METH_FASTCALL, "The same of lines."},
    {NULL, NULL, 0, NULL},
};

static int prepare(PyObject *module)
{
    return PyModule_AddStringConstant(module, "VERSION", VERSION);
}

static PyModuleDef_Slot module_slots[] = {{Py_mod_exec, prepare}, {0, NULL}};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "masker", "See models/template/masker.c.", 0, masker_methods,
    module_slots, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit_masker(void);

PyMODINIT_FUNC PyInit_masker(void)
{
    return PyModuleDef_Init(&module);
}
