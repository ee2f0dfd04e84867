/* The keys that a reader knows, for engine/match/reader.c. Include Python.h first. */
#include <stdint.h>
#include <string.h>

enum {
    KEYS_KEPT = 512, /* of one reader; a line with one more is not taken */
    TABLE = 2 * KEYS_KEPT,
    KEY_LENGTH = 255,
    PROBES = 16, /* for a key: whoever writes lines may choose keys of one hash */
    FOLLOWERS_BITS = 11,
    FOLLOWERS = 1 << FOLLOWERS_BITS,
};

/* A key that is known. Small, and in the order in which lines have them: they are in the cache. */
typedef struct {
    uint32_t hash;
    uint32_t at;     /* where in `names` it stands, as between its quotes, without escapes */
    uint32_t fixed;  /* where in `names` the values stand of which it must have one, each after its length */
    uint16_t length;
    uint16_t values; /* how many these are; 0 where it may have any */
    uint16_t object; /* in which object the key stands */
    uint16_t inner;  /* the object that is its value */
    int16_t once;    /* its number among keys that may come only once; -1 for others */
    int16_t value;   /* where its value goes; -1 when it is not read */
    uint8_t allowed; /* kinds of values, of those in reader_json.h */
    uint8_t required;
} Entry;

typedef struct {
    Entry *entries;
    uint8_t *names; /* of all entries, one after the other */
    Py_ssize_t named, names_room;
    int16_t table[TABLE]; /* places of entries by hash, -1 where there is none */
    int16_t followers[FOLLOWERS]; /* what came last after some keys, by these; -1 where nothing did */
    int count;
    Py_ssize_t room;
    int objects; /* those below have numbers; all others have this one */
} Keys;

static void no_keys(Keys *self)
{
    memset(self->table, 0xFF, sizeof self->table);
    memset(self->followers, 0xFF, sizeof self->followers);
}

/* The last three keys, with one more; each takes ten bits. */
static inline uint32_t behind(uint32_t before, int n)
{
    return before << 10 | (uint32_t)n;
}

/* Where in `followers` stands what came after some keys. */
static inline uint32_t place_behind(uint32_t before)
{
    return (before & 0x3FFFFFFF) * 0x9E3779B1u >> (32 - FOLLOWERS_BITS);
}

/* Whether so many bytes are the same; quicker than a call for the few of a key. */
static inline int same(const uint8_t *a, const uint8_t *b, Py_ssize_t length)
{
    uint64_t left, right;
    if (length < 8) {
        for (; length; a++, b++, length--)
            if (*a != *b)
                return 0;
        return 1;
    }
    for (Py_ssize_t n = 0; n < length - 8; n += 8) {
        memcpy(&left, a + n, 8);
        memcpy(&right, b + n, 8);
        if (left != right)
            return 0;
    }
    memcpy(&left, a + length - 8, 8);
    memcpy(&right, b + length - 8, 8);
    return left == right;
}

/* Of up to 24 bytes: the first, the last, and those in the middle. */
static inline uint32_t hash_of(const uint8_t *at, Py_ssize_t length, unsigned object)
{
    uint64_t first = 0, last = 0, middle = 0;
    if (length >= 8) {
        memcpy(&first, at, 8);
        memcpy(&last, at + length - 8, 8);
        memcpy(&middle, at + length / 2 - 4, 8);
    } else
        for (Py_ssize_t n = 0; n < length; n++)
            first = first << 8 | at[n];
    uint64_t hash = (first ^ (last << 23 | last >> 41) ^ (middle << 47 | middle >> 17))
                    + ((uint64_t)length << 16 | object);
    hash = (hash ^ hash >> 32) * 0x9E3779B97F4A7C15u;
    return (uint32_t)(hash >> 32);
}

/* Which entry a key is, by all keys; -1 when it is not known. */
static int find(const Keys *self, const uint8_t *at, Py_ssize_t length, unsigned object)
{
    uint32_t hash = hash_of(at, length, object);
    for (uint32_t place = hash; place - hash < PROBES; place++) {
        int n = self->table[place % TABLE];
        if (n < 0)
            return -1;
        const Entry *e = &self->entries[n];
        if (e->hash == hash && e->object == object && e->length == length
            && same(self->names + e->at, at, length))
            return n;
    }
    return -1;
}

/* Enters an entry by its hash; 0 when too many others are where it would be. */
static int enter(Keys *self, int n)
{
    uint32_t hash = self->entries[n].hash;
    for (uint32_t place = hash; place - hash < PROBES; place++) {
        int16_t *at = &self->table[place % TABLE];
        if (*at < 0) {
            *at = (int16_t)n;
            return 1;
        }
    }
    return 0;
}

/* Room for some more items, NULL where there is no memory. */
static void *room_for(void *items, Py_ssize_t count, Py_ssize_t *room, Py_ssize_t more, size_t size)
{
    if (count + more <= *room)
        return items;
    Py_ssize_t wanted = 2 * *room + more + 32;
    void *larger = PyMem_Realloc(items, (size_t)wanted * size);
    if (larger)
        *room = wanted;
    return larger;
}

static int room_for_bytes(Keys *self, Py_ssize_t more)
{
    uint8_t *names = room_for(self->names, self->named, &self->names_room, more, 1);
    if (names)
        self->names = names;
    return names != NULL;
}

/* Puts bytes, for which there is room, behind the others; gives where. */
static uint32_t put_bytes(Keys *self, const uint8_t *at, Py_ssize_t length)
{
    uint32_t where = (uint32_t)self->named;
    memcpy(self->names + self->named, at, (size_t)length);
    self->named += length;
    return where;
}

/* A new entry, NULL with an exception set where it cannot be. */
static Entry *add(Keys *self, unsigned object, PyObject *key)
{
    if (object > (unsigned)self->objects || self->count >= KEYS_KEPT
        || PyBytes_Size(key) > KEY_LENGTH) {
        PyErr_SetString(PyExc_ValueError, "too many keys, or too long, or in no object");
        return NULL;
    }
    const uint8_t *at = (const uint8_t *)PyBytes_AsString(key);
    Py_ssize_t length = PyBytes_Size(key);
    for (Py_ssize_t n = 0; n < length; n++)
        if (at[n] < 0x20 || at[n] == '"' || at[n] == '\\') {
            PyErr_SetString(PyExc_ValueError, "no key is written so");
            return NULL;
        }
    if (find(self, at, length, object) >= 0) {
        PyErr_SetString(PyExc_ValueError, "the key is known");
        return NULL;
    }
    Entry *entries = room_for(self->entries, self->count, &self->room, 1, sizeof(Entry));
    if (entries)
        self->entries = entries;
    if (!entries || !room_for_bytes(self, length)) {
        PyErr_NoMemory();
        return NULL;
    }
    Entry *e = &self->entries[self->count];
    e->hash = hash_of(at, length, object);
    if (!enter(self, self->count)) {
        PyErr_SetString(PyExc_ValueError, "too many keys of one hash");
        return NULL;
    }
    self->count++;
    e->at = put_bytes(self, at, length);
    e->length = (uint16_t)length;
    e->object = (uint16_t)object;
    e->inner = (uint16_t)self->objects;
    e->fixed = e->values = 0;
    e->allowed = e->required = 0;
    e->once = e->value = -1;
    return e;
}

/* Keeps the values of which an entry must have one, a tuple of bytes; -1 with an exception set where that
 * cannot be. */
static int fix(Keys *self, Entry *e, PyObject *values)
{
    Py_ssize_t count = PyTuple_Size(values), all = 0;
    for (Py_ssize_t n = 0; n < count; n++)
        all += (Py_ssize_t)sizeof(uint32_t) + PyBytes_Size(PyTuple_GetItem(values, n));
    if (count < 1 || count > UINT16_MAX || all > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "no values are fixed, or too many");
        return -1;
    }
    if (!room_for_bytes(self, all)) {
        PyErr_NoMemory();
        return -1;
    }
    e->fixed = (uint32_t)self->named;
    e->values = (uint16_t)count;
    for (Py_ssize_t n = 0; n < count; n++) {
        PyObject *one = PyTuple_GetItem(values, n);
        uint32_t length = (uint32_t)PyBytes_Size(one);
        put_bytes(self, (const uint8_t *)&length, sizeof length);
        put_bytes(self, (const uint8_t *)PyBytes_AsString(one), length);
    }
    return 0;
}

/* Whether a value is one of those that an entry must have one of. */
static int is_fixed(const Keys *self, const Entry *e, const uint8_t *value, Py_ssize_t length)
{
    const uint8_t *at = self->names + e->fixed;
    for (int n = 0; n < e->values; n++) {
        uint32_t wanted;
        memcpy(&wanted, at, sizeof wanted);
        at += sizeof wanted;
        if ((Py_ssize_t)wanted == length && same(at, value, length))
            return 1;
        at += wanted;
    }
    return 0;
}
