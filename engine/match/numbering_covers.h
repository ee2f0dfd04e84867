/* What a condition hangs on: its tests, and those of which it needs one. For
 * engine/match/numbering.c; include numbering_tests.h first.
 *
 * The covers found lie one after the other, and so do their numbers and fields: what is not needed
 * is at the end, and cut off.
 */

typedef struct {
    double weight;
    Py_ssize_t numbers, fields; /* where its own begin; they end where the next one's do */
} Cover;

typedef struct {
    Cover *covers;
    Py_ssize_t *numbers;
    PyObject **fields; /* borrowed: the tests have them */
    Py_ssize_t covers_count, covers_room, numbers_count, numbers_room, fields_count, fields_room;
    PyObject *asked, *all; /* tests by number, and their fields */
    PyObject *last;        /* the field that was added to these */
    int exact, keywords;
} Reading;

/* Room for one more; -1 with an exception set. */
static int make_room(void **at, Py_ssize_t count, Py_ssize_t *room, size_t size)
{
    if (count < *room)
        return 0;
    Py_ssize_t more = *room ? 2 * *room : SEVERAL;
    void *moved = PyMem_Realloc(*at, (size_t)more * size);
    if (!moved) {
        PyErr_NoMemory();
        return -1;
    }
    *at = moved;
    *room = more;
    return 0;
}

static int add_number(Reading *found, Py_ssize_t number)
{
    if (make_room((void **)&found->numbers, found->numbers_count, &found->numbers_room,
                  sizeof *found->numbers) < 0)
        return -1;
    found->numbers[found->numbers_count++] = number;
    return 0;
}

/* Adds a field to those from a place on, once. */
static int add_field(Reading *found, Py_ssize_t from, PyObject *field)
{
    for (Py_ssize_t n = found->fields_count; n-- > from;)
        if (found->fields[n] == field)
            return 0;
    if (make_room((void **)&found->fields, found->fields_count, &found->fields_room,
                  sizeof *found->fields) < 0)
        return -1;
    found->fields[found->fields_count++] = field;
    return 0;
}

static int add_cover(Reading *found, double weight, Py_ssize_t numbers, Py_ssize_t fields)
{
    if (make_room((void **)&found->covers, found->covers_count, &found->covers_room,
                  sizeof *found->covers) < 0)
        return -1;
    found->covers[found->covers_count++] = (Cover){weight, numbers, fields};
    return 0;
}

/* Notes a test that is asked for; its weight, or -1 with an exception set. */
static double take_test(Numbering *self, Reading *found, PyObject *test, Py_ssize_t fields)
{
    PyObject *field = attribute(self, test, FIELD);
    Py_ssize_t number = field ? number_of(self, test, field) : -1;
    Py_XDECREF(field); /* the test has it */
    if (number < 0 || add_field(found, fields, field) < 0)
        return -1;
    found->keywords |= field == Py_None;
    double weight = self->infos[number].weight;
    if (isinf(weight)) {
        found->exact = 0;
        return weight;
    }
    if (PyDict_SetItem(found->asked, PyList_GetItem(self->numbers, number), test) < 0)
        return -1;
    if (field != found->last && PySet_Add(found->all, field) < 0)
        return -1;
    found->last = field;
    return add_number(found, number) < 0 ? -1 : weight;
}

static int add_covers(Numbering *self, Reading *found, PyObject *expression);

/* Takes over the numbers and fields of the lightest of the covers from a place on, and forgets these;
 * its weight, infinite where there is none, or -1 with an exception set. */
static double take_best(Reading *found, Py_ssize_t covers, Py_ssize_t numbers, Py_ssize_t fields,
                        Py_ssize_t own_fields)
{
    Py_ssize_t best = -1;
    for (Py_ssize_t n = covers; n < found->covers_count; n++)
        if (best < 0 || found->covers[n].weight < found->covers[best].weight)
            best = n;
    if (best < 0)
        return INFINITY;
    int last = best + 1 == found->covers_count;
    Cover cover = found->covers[best];
    Py_ssize_t end = last ? found->numbers_count : found->covers[best + 1].numbers;
    Py_ssize_t fields_end = last ? found->fields_count : found->covers[best + 1].fields;
    memmove(found->numbers + numbers, found->numbers + cover.numbers,
            (size_t)(end - cover.numbers) * sizeof *found->numbers);
    found->numbers_count = numbers + end - cover.numbers;
    found->fields_count = fields;
    found->covers_count = covers;
    for (Py_ssize_t n = cover.fields; n < fields_end; n++) /* never beyond where it is read */
        if (add_field(found, own_fields, found->fields[n]) < 0)
            return -1;
    return cover.weight;
}

/* One cover of conditions of which any may hold, of the rarest of each; or none. */
static int add_joined(Numbering *self, Reading *found, PyObject *items)
{
    Py_ssize_t numbers = found->numbers_count, fields = found->fields_count;
    double total = 0, weight;
    for (Py_ssize_t n = 0; n < PyTuple_Size(items); n++) {
        PyObject *item = PyTuple_GetItem(items, n);
        if (is_test(self, item)) {
            weight = take_test(self, found, item, fields);
        } else {
            Py_ssize_t covers = found->covers_count, so_far = found->numbers_count;
            Py_ssize_t fields_so_far = found->fields_count;
            if (add_covers(self, found, item) < 0)
                return -1;
            weight = take_best(found, covers, so_far, fields_so_far, fields);
            if (isinf(weight)) { /* what it looked at on the way is no part of this */
                found->numbers_count = so_far;
                found->fields_count = fields_so_far;
            }
        }
        if (weight < 0)
            return -1;
        total += weight;
    }
    if (found->numbers_count > numbers && !isinf(total))
        return add_cover(found, total, numbers, fields);
    found->numbers_count = numbers;
    found->fields_count = fields;
    return 0;
}

/* The cover of one test, where its answer is remembered. */
static int add_alone(Numbering *self, Reading *found, PyObject *test)
{
    Py_ssize_t numbers = found->numbers_count, fields = found->fields_count;
    double weight = take_test(self, found, test, fields);
    if (weight < 0)
        return -1;
    if (!isinf(weight))
        return add_cover(found, weight, numbers, fields);
    found->fields_count = fields;
    return 0;
}

/* As `add_covers`, of what is no test. */
static int add_compound(Numbering *self, Reading *found, PyObject *expression)
{
    PyObject *type = (PyObject *)Py_TYPE(expression);
    if (type == self->not) {
        Py_ssize_t covers = found->covers_count, numbers = found->numbers_count;
        Py_ssize_t fields = found->fields_count;
        PyObject *item = attribute(self, expression, ITEM);
        int bad = !item || add_covers(self, found, item) < 0;
        Py_XDECREF(item);
        found->covers_count = covers;
        found->numbers_count = numbers;
        found->fields_count = fields;
        return bad ? -1 : 0;
    }
    PyObject *items = type == self->and || type == self->or ? attribute(self, expression, ITEMS)
                                                             : NULL;
    int bad = !items || !PyTuple_Check(items);
    if (bad && !PyErr_Occurred())
        PyErr_SetString(PyExc_TypeError, "it is no condition");
    if (!bad && type == self->or)
        bad = add_joined(self, found, items) < 0;
    else
        for (Py_ssize_t n = 0; !bad && n < PyTuple_Size(items); n++)
            bad = add_covers(self, found, PyTuple_GetItem(items, n)) < 0;
    Py_XDECREF(items);
    return bad ? -1 : 0;
}

/* Adds each cover that there is; its tests are noted on the way. -1 with an exception set. */
static int add_covers(Numbering *self, Reading *found, PyObject *expression)
{
    if (is_test(self, expression))
        return add_alone(self, found, expression);
    if (Py_EnterRecursiveCall(" in a condition"))
        return -1;
    int bad = add_compound(self, found, expression);
    Py_LeaveRecursiveCall();
    return bad;
}

/* The set of a cover's fields. */
static PyObject *field_set(Numbering *self, PyObject **fields, Py_ssize_t count)
{
    if (count == 1) { /* nearly all */
        PyObject *known = PyDict_GetItemWithError(self->single, fields[0]);
        if (known || PyErr_Occurred())
            return Py_XNewRef(known);
    }
    PyObject *set = unknown_to_collector(PyFrozenSet_New(NULL));
    for (Py_ssize_t n = 0; set && n < count; n++)
        if (PySet_Add(set, fields[n]) < 0)
            Py_CLEAR(set);
    if (set && count == 1 && PyDict_SetItem(self->single, fields[0], set) < 0)
        Py_CLEAR(set);
    return set;
}

/* A cover as (weight, numbers, fields). */
static PyObject *cover_tuple(Numbering *self, const Reading *found, Py_ssize_t place)
{
    int last = place + 1 == found->covers_count;
    const Cover *cover = &found->covers[place];
    Py_ssize_t count = (last ? found->numbers_count : cover[1].numbers) - cover->numbers;
    Py_ssize_t fields = (last ? found->fields_count : cover[1].fields) - cover->fields;
    PyObject *numbers = PyTuple_New(count);
    for (Py_ssize_t n = 0; numbers && n < count; n++) {
        PyObject *number = PyList_GetItem(self->numbers, found->numbers[cover->numbers + n]);
        PyTuple_SetItem(numbers, n, Py_NewRef(number));
    }
    unknown_to_collector(numbers);
    PyObject *set = numbers ? field_set(self, found->fields + cover->fields, fields) : NULL;
    if (set)
        return unknown_to_collector(Py_BuildValue("(dNN)", cover->weight, numbers, set));
    Py_XDECREF(numbers);
    return NULL;
}

/* The covers, the lightest first, without those that are much heavier. */
static PyObject *sorted_covers(Numbering *self, Reading *found)
{
    double least = INFINITY;
    for (Py_ssize_t n = 0; n < found->covers_count; n++)
        least = found->covers[n].weight < least ? found->covers[n].weight : least;
    PyObject *list = PyList_New(0);
    double before = -1;
    while (list) { /* there are few */
        double next = INFINITY;
        for (Py_ssize_t n = 0; n < found->covers_count; n++)
            if (found->covers[n].weight > before && found->covers[n].weight < next)
                next = found->covers[n].weight;
        if (isinf(next) || next > self->much * least)
            return list;
        for (Py_ssize_t n = 0; list && n < found->covers_count; n++)
            if (found->covers[n].weight == next) {
                PyObject *cover = cover_tuple(self, found, n);
                if (!cover || PyList_Append(list, cover) < 0)
                    Py_CLEAR(list);
                Py_XDECREF(cover);
            }
        before = next;
    }
    return NULL;
}

/* (asked, covers, fields, exact, keywords) */
static PyObject *numbering_read(Numbering *self, PyObject *expression)
{
    Reading found = {.asked = PyDict_New(), .exact = 1};
    found.all = unknown_to_collector(PyFrozenSet_New(NULL));
    PyObject *covers = NULL;
    if (found.asked && found.all && !add_covers(self, &found, expression))
        covers = sorted_covers(self, &found);
    PyMem_Free(found.covers);
    PyMem_Free(found.numbers);
    PyMem_Free(found.fields);
    if (covers)
        return Py_BuildValue("(NNNNN)", found.asked, covers, found.all,
                             PyBool_FromLong(found.exact), PyBool_FromLong(found.keywords));
    Py_XDECREF(found.asked);
    Py_XDECREF(found.all);
    return NULL;
}
