/* What was last known of values, and of what holds of some together, for engine/match/reader.c. Include
 * Python.h, hash.h and reader_walk.h first.
 *
 * It stands before the dictionaries of all of a chooser's readers, which know more: an entry gives way
 * to the next one of its place. To look here makes no object, and touches none.
 */
enum {
    VALUES_CACHED = 1 << 14,
    VALUE_HERE = 40,          /* bytes of a value that is in its entry, */
    SHORT_VALUE = 512,        /* and of one that is always cached, */
    LONG_VALUE = 4096,        /* and of one that is while all together have fewer than: */
    CACHED_BYTES = 1 << 23,
    ANSWERS_CACHED = 1 << 12,
    HOLDS_HERE = 9,
    HINTS_CACHED = 1 << 8,
    HINT_LENGTH = 48, /* bytes of one that is cached */
    CACHE_LINE = 64,
};

/* As large as a line of the processor's cache, where it begins. */
typedef struct {
    uint64_t hash;
    uint32_t slot, length; /* a slot's number is none that another reader's has */
    PyObject *held;        /* NULL where nothing is kept */
    union {
        uint8_t here[VALUE_HERE];
        struct {
            PyObject *raw;
            const uint8_t *at;
        } there;
    } bytes;
} CachedValue;

/* Two lines. */
typedef struct {
    uint64_t hash;
    uint32_t slot, count;
    PyObject *before; /* the early answer, where it is one by the rest of the values */
    PyObject *answer, *more, *found; /* NULL where nothing is kept */
    PyObject **holds; /* so many as `count`: */
    PyObject *here[HOLDS_HERE];
} CachedAnswer;

typedef struct {
    PyObject *reader; /* a Reader, or NULL */
    uint32_t length;
    uint8_t bytes[HINT_LENGTH];
} CachedHint;

typedef struct {
    CachedAnswer answers[ANSWERS_CACHED];
    CachedValue values[VALUES_CACHED]; /* each of two places beside each other */
    CachedHint hints[HINTS_CACHED];
    size_t bytes; /* of all values */
    void *room;   /* in which this stands */
} Cache;

/* An empty one, NULL where there is no memory. */
static Cache *new_cache(void)
{
    char *room = PyMem_Calloc(1, sizeof(Cache) + CACHE_LINE);
    if (!room)
        return NULL;
    Cache *cache = (Cache *)(room + (CACHE_LINE - (uintptr_t)room % CACHE_LINE) % CACHE_LINE);
    cache->room = room;
    return cache;
}

/* The places for a slot's value, and its hash; NULL where it is not to be cached. */
static inline CachedValue *value_places(Cache *cache, const Span *span, uint32_t slot, uint64_t *hash)
{
    if (span->length > LONG_VALUE)
        return NULL;
    *hash = bytes_hash(span->at, (uint32_t)span->length, slot);
    return &cache->values[*hash % VALUES_CACHED & ~(uint64_t)1];
}

/* Which of two places may have a slot's value, by its hash; NULL where neither. */
static inline const CachedValue *value_place(const CachedValue *entry, const Span *span, uint32_t slot,
                                             uint64_t hash)
{
    for (int n = 0; n < 2; n++, entry++)
        if (entry->hash == hash && entry->slot == slot && entry->length == span->length)
            return entry;
    return NULL;
}

/* What an entry has, borrowed, where it is of that very value; else NULL. */
static inline PyObject *value_at(const CachedValue *entry, const Span *span)
{
    int is_it = span->length <= VALUE_HERE
                    ? same(entry->bytes.here, span->at, span->length)
                    : !memcmp(entry->bytes.there.at, span->at, (size_t)span->length);
    return is_it ? entry->held : NULL;
}

/* What holds of a slot's value, borrowed; NULL where it is not here. */
static PyObject *cached_value(Cache *cache, const Span *span, uint32_t slot)
{
    uint64_t hash;
    const CachedValue *entry = cache ? value_places(cache, span, slot, &hash) : NULL;
    entry = entry ? value_place(entry, span, slot, hash) : NULL;
    return entry ? value_at(entry, span) : NULL;
}

static void free_value(CachedValue *entry)
{
    if (entry->length > VALUE_HERE)
        Py_XDECREF(entry->bytes.there.raw);
    Py_XDECREF(entry->held);
}

/* Keeps what holds of a slot's value, `raw` is its bytes. */
static void cache_value(Cache *cache, const Span *span, uint32_t slot, PyObject *raw,
                        PyObject *held)
{
    uint64_t hash;
    CachedValue *entry = cache ? value_places(cache, span, slot, &hash) : NULL, old;
    if (!entry || !PyBytes_Check(raw)
        || (span->length > SHORT_VALUE && cache->bytes > CACHED_BYTES))
        return;
    old = entry[1];
    entry[1] = entry[0];
    entry[0] = (CachedValue){.hash = hash, .slot = slot, .length = (uint32_t)span->length,
                             .held = Py_NewRef(held)};
    if (span->length <= VALUE_HERE)
        memcpy(entry[0].bytes.here, span->at, (size_t)span->length);
    else {
        entry[0].bytes.there.raw = Py_NewRef(raw);
        entry[0].bytes.there.at = (const uint8_t *)PyBytes_AsString(raw);
    }
    cache->bytes += (size_t)span->length;
    cache->bytes -= old.length;
    free_value(&old);
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

static uint64_t holds_hash(PyObject *const *holds, Py_ssize_t count, uint32_t slot,
                           PyObject *before)
{
    uint64_t hash = slot ^ (uint64_t)(uintptr_t)before;
    for (Py_ssize_t n = 0; n < count; n++)
        hash = ((hash ^ hash >> 31) + (uint64_t)(uintptr_t)holds[n]) * HASH_BY;
    return hash ^ hash >> 29;
}

/* The entry of the answer for what holds of some values; NULL where it is not here. */
static const CachedAnswer *cached_answer(const Cache *cache, uint64_t hash, uint32_t slot, PyObject *before,
                                         PyObject *const *holds, Py_ssize_t count)
{
    const CachedAnswer *entry = &cache->answers[hash % ANSWERS_CACHED];
    if (entry->hash != hash || entry->slot != slot || entry->before != before || !entry->found
        || entry->count != count)
        return NULL;
    for (Py_ssize_t n = 0; n < count; n++) /* few, and mostly the same */
        if (entry->holds[n] != holds[n])
            return NULL;
    return entry;
}

static void free_answer(CachedAnswer *entry)
{
    for (uint32_t n = 0; n < entry->count; n++)
        Py_DECREF(entry->holds[n]);
    if (entry->count > HOLDS_HERE)
        PyMem_Free(entry->holds);
    Py_XDECREF(entry->before);
    Py_XDECREF(entry->answer);
    Py_XDECREF(entry->more);
    Py_XDECREF(entry->found);
}

/* Keeps the answer for what holds of some values, where there is memory. */
static void cache_answer(Cache *cache, uint64_t hash, uint32_t slot, PyObject *before,
                         PyObject *const *holds, Py_ssize_t count, PyObject *answer, PyObject *more,
                         PyObject *found)
{
    CachedAnswer *entry = &cache->answers[hash % ANSWERS_CACHED], old = *entry;
    PyObject **copy = entry->here;
    if (count > HOLDS_HERE && !(copy = PyMem_Malloc((size_t)count * sizeof *copy)))
        return;
    if (old.count <= HOLDS_HERE)
        old.holds = old.here;
    *entry = (CachedAnswer){.hash = hash, .slot = slot, .count = (uint32_t)count,
                            .before = Py_XNewRef(before), .answer = Py_NewRef(answer),
                            .more = Py_NewRef(more), .found = Py_NewRef(found), .holds = copy};
    for (Py_ssize_t n = 0; n < count; n++)
        copy[n] = Py_NewRef(holds[n]);
    free_answer(&old);
}

static void free_cache(Cache *cache)
{
    if (!cache)
        return;
    for (int n = 0; n < VALUES_CACHED; n++)
        free_value(&cache->values[n]);
    for (int n = 0; n < ANSWERS_CACHED; n++)
        free_answer(&cache->answers[n]);
    forget_hints(cache);
    PyMem_Free(cache->room);
}
