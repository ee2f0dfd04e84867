/* What was last known of values, and of what holds of some together, for engine/match/reader.c. Include
 * Python.h, hash.h and reader_walk.h first.
 *
 * It stands before the dictionaries of all of a chooser's readers, which know more: an entry gives way
 * to the next one of its place. To look here makes no object.
 */
enum {
    VALUES_CACHED = 1 << 14,
    VALUE_LENGTH = 512, /* of what is cached */
    ANSWERS_CACHED = 1 << 12,
};

typedef struct {
    uint64_t hash, slot; /* that of a value is a number that no other reader's has */
    PyObject *raw, *held;
} CachedValue;

typedef struct {
    uint64_t hash, slot;
    PyObject *before; /* the early answer, where it is one by the rest of the values */
    PyObject *holds, *answer, *more;
} CachedAnswer;

typedef struct {
    CachedValue values[VALUES_CACHED];
    CachedAnswer answers[ANSWERS_CACHED];
} Cache;

static uint64_t value_hash(const Span *span, uint64_t slot)
{
    return bytes_hash(span->at, (uint32_t)span->length, slot);
}

/* What holds of a slot's value, borrowed; NULL where it is not here. */
static PyObject *cached_value(const Cache *cache, const Span *span, uint64_t slot)
{
    if (!cache || !span->at || span->length > VALUE_LENGTH)
        return NULL;
    uint64_t hash = value_hash(span, slot);
    const CachedValue *entry = &cache->values[hash % VALUES_CACHED];
    if (entry->hash != hash || entry->slot != slot || PyBytes_Size(entry->raw) != span->length
        || memcmp(PyBytes_AsString(entry->raw), span->at, (size_t)span->length))
        return NULL;
    return entry->held;
}

/* Keeps what holds of a slot's value. */
static void cache_value(Cache *cache, const Span *span, uint64_t slot, PyObject *raw,
                        PyObject *held)
{
    if (!cache || !span->at || span->length > VALUE_LENGTH || !PyBytes_Check(raw))
        return;
    uint64_t hash = value_hash(span, slot);
    CachedValue *entry = &cache->values[hash % VALUES_CACHED], old = *entry;
    *entry = (CachedValue){hash, slot, Py_NewRef(raw), Py_NewRef(held)};
    Py_XDECREF(old.raw);
    Py_XDECREF(old.held);
}

static uint64_t holds_hash(PyObject *const *holds, Py_ssize_t count, uint64_t slot,
                           PyObject *before)
{
    uint64_t hash = slot ^ (uint64_t)(uintptr_t)before;
    for (Py_ssize_t n = 0; n < count; n++)
        hash = ((hash ^ hash >> 31) + (uint64_t)(uintptr_t)holds[n]) * HASH_BY;
    return hash ^ hash >> 29;
}

/* The entry of the answer for what holds of some values; NULL where it is not here. */
static const CachedAnswer *cached_answer(const Cache *cache, uint64_t hash, uint64_t slot, PyObject *before,
                               PyObject *const *holds, Py_ssize_t count)
{
    const CachedAnswer *entry = &cache->answers[hash % ANSWERS_CACHED];
    if (entry->hash != hash || entry->slot != slot || entry->before != before || !entry->holds
        || PyTuple_Size(entry->holds) != count)
        return NULL;
    for (Py_ssize_t n = 0; n < count; n++)
        if (PyTuple_GetItem(entry->holds, n) != holds[n])
            return NULL;
    return entry;
}

static void cache_answer(Cache *cache, uint64_t hash, uint64_t slot, PyObject *before,
                         PyObject *holds, PyObject *answer, PyObject *more)
{
    CachedAnswer *entry = &cache->answers[hash % ANSWERS_CACHED], old = *entry;
    *entry = (CachedAnswer){hash, slot, Py_XNewRef(before), Py_NewRef(holds), Py_NewRef(answer),
                            Py_NewRef(more)};
    Py_XDECREF(old.before);
    Py_XDECREF(old.holds);
    Py_XDECREF(old.answer);
    Py_XDECREF(old.more);
}

static void free_cache(Cache *cache)
{
    for (int n = 0; cache && n < VALUES_CACHED; n++) {
        Py_XDECREF(cache->values[n].raw);
        Py_XDECREF(cache->values[n].held);
    }
    for (int n = 0; cache && n < ANSWERS_CACHED; n++) {
        Py_XDECREF(cache->answers[n].before);
        Py_XDECREF(cache->answers[n].holds);
        Py_XDECREF(cache->answers[n].answer);
        Py_XDECREF(cache->answers[n].more);
    }
    PyMem_Free(cache);
}
