/* What was last known of values, and of what holds of some together, for engine/match/reader.c. Include
 * Python.h, hash.h and reader_walk.h first.
 *
 * It stands before the dictionaries of all of a chooser's readers, which know more: an entry gives way
 * to the next one of its place. To look here makes no object.
 */
enum {
    VALUES_CACHED = 1 << 14,
    SHORT_VALUE = 512,        /* bytes of a value that is always cached, */
    LONG_VALUE = 4096,        /* and of one that is while all together have fewer than: */
    CACHED_BYTES = 1 << 23,
    ANSWERS_CACHED = 1 << 12,
    HINTS_CACHED = 1 << 8,
    HINT_LENGTH = 48, /* bytes of one that is cached */
};

typedef struct {
    uint64_t hash;
    uint32_t slot, length; /* a slot's number is none that another reader's has */
    PyObject *raw, *held;
} CachedValue;

typedef struct {
    uint64_t hash, slot;
    PyObject *before; /* the early answer, where it is one by the rest of the values */
    PyObject **holds; /* so many; NULL where nothing is kept */
    Py_ssize_t count;
    PyObject *answer, *more;
} CachedAnswer;

typedef struct {
    PyObject *reader; /* a Reader, or NULL */
    uint32_t length;
    uint8_t bytes[HINT_LENGTH];
} CachedHint;

typedef struct {
    CachedValue values[VALUES_CACHED]; /* each of two places beside each other */
    CachedAnswer answers[ANSWERS_CACHED];
    CachedHint hints[HINTS_CACHED];
    size_t bytes; /* of all values */
} Cache;

/* The places for a slot's value; NULL where it is not to be cached. */
static CachedValue *value_places(Cache *cache, const Span *span, uint32_t slot, uint64_t *hash)
{
    if (!cache || !span->at || span->length > LONG_VALUE)
        return NULL;
    *hash = bytes_hash(span->at, (uint32_t)span->length, slot);
    return &cache->values[*hash % VALUES_CACHED & ~(uint64_t)1];
}

/* What holds of a slot's value, borrowed; NULL where it is not here. */
static PyObject *cached_value(Cache *cache, const Span *span, uint32_t slot)
{
    uint64_t hash;
    CachedValue *entry = value_places(cache, span, slot, &hash);
    for (int n = 0; entry && n < 2; n++, entry++)
        if (entry->hash == hash && entry->slot == slot && entry->length == span->length
            && !memcmp(PyBytes_AsString(entry->raw), span->at, (size_t)span->length))
            return entry->held;
    return NULL;
}

/* Keeps what holds of a slot's value. */
static void cache_value(Cache *cache, const Span *span, uint32_t slot, PyObject *raw,
                        PyObject *held)
{
    uint64_t hash;
    CachedValue *entry = value_places(cache, span, slot, &hash), old;
    if (!entry || !PyBytes_Check(raw)
        || (span->length > SHORT_VALUE && cache->bytes > CACHED_BYTES))
        return;
    old = entry[1];
    entry[1] = entry[0];
    entry[0] = (CachedValue){hash, slot, (uint32_t)span->length, Py_NewRef(raw), Py_NewRef(held)};
    cache->bytes += (size_t)span->length;
    cache->bytes -= old.length;
    Py_XDECREF(old.raw);
    Py_XDECREF(old.held);
}

/* The place of what reader is for a hint; NULL where it is too long. */
static CachedHint *hint_place(Cache *cache, const char *at, size_t length)
{
    if (length > HINT_LENGTH)
        return NULL;
    return &cache->hints[bytes_hash((const uint8_t *)at, (uint32_t)length, 0) % HINTS_CACHED];
}

/* The reader for a hint, borrowed; NULL where it is not here. */
static PyObject *cached_hint(const CachedHint *entry, const char *at, size_t length)
{
    int same = entry && entry->reader && entry->length == length
               && !memcmp(entry->bytes, at, length);
    return same ? entry->reader : NULL;
}

static void cache_hint(CachedHint *entry, const char *at, size_t length, PyObject *reader)
{
    if (!entry)
        return;
    PyObject *old = entry->reader;
    entry->reader = Py_NewRef(reader);
    entry->length = (uint32_t)length;
    memcpy(entry->bytes, at, length);
    Py_XDECREF(old);
}

static void forget_hints(Cache *cache)
{
    for (int n = 0; n < HINTS_CACHED; n++)
        Py_CLEAR(cache->hints[n].reader);
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
        || entry->count != count || memcmp(entry->holds, holds, (size_t)count * sizeof *holds))
        return NULL;
    return entry;
}

static void free_answer(CachedAnswer *entry)
{
    for (Py_ssize_t n = 0; n < entry->count; n++)
        Py_DECREF(entry->holds[n]);
    PyMem_Free(entry->holds);
    Py_XDECREF(entry->before);
    Py_XDECREF(entry->answer);
    Py_XDECREF(entry->more);
}

/* Keeps the answer for what holds of some values, where there is memory. */
static void cache_answer(Cache *cache, uint64_t hash, uint64_t slot, PyObject *before,
                         PyObject *const *holds, Py_ssize_t count, PyObject *answer, PyObject *more)
{
    PyObject **copy = PyMem_Malloc((size_t)count * sizeof *copy + 1);
    if (!copy)
        return;
    CachedAnswer *entry = &cache->answers[hash % ANSWERS_CACHED], old = *entry;
    for (Py_ssize_t n = 0; n < count; n++)
        copy[n] = Py_NewRef(holds[n]);
    *entry = (CachedAnswer){hash, slot, Py_XNewRef(before), copy, count, Py_NewRef(answer),
                            Py_NewRef(more)};
    free_answer(&old);
}

static void free_cache(Cache *cache)
{
    for (int n = 0; cache && n < VALUES_CACHED; n++) {
        Py_XDECREF(cache->values[n].raw);
        Py_XDECREF(cache->values[n].held);
    }
    for (int n = 0; cache && n < ANSWERS_CACHED; n++)
        free_answer(&cache->answers[n]);
    if (cache)
        forget_hints(cache);
    PyMem_Free(cache);
}
