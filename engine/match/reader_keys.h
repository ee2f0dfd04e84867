/* The keys that a reader knows, for engine/match/reader.c. Include Python.h first. */
#include <stdint.h>
#include <string.h>

enum {
    KEYS_KEPT = 512, /* of one reader; a line with one more is not taken */
    TABLE = 2 * KEYS_KEPT,
    KEY_LENGTH = 255,
    PROBES = 16, /* for a key: whoever writes lines may choose keys of one hash */
};

/* A key that is known. Small, and in the order in which lines have them: they are in the cache. */
typedef struct {
    PyObject *fixed; /* a tuple of bytes, of which the value must be one; or NULL */
    uint32_t hash;
    uint32_t at;     /* where in `names` it stands, as between its quotes, without escapes */
    uint16_t length;
    uint16_t object; /* in which object the key stands */
    uint16_t inner;  /* the object that is its value */
    int16_t once;    /* its number among keys that may come only once; -1 for others */
    int16_t value;   /* where its value goes; -1 when it is not read */
    int16_t next[2]; /* the keys that came after it in other lines, the last first */
    uint8_t allowed; /* kinds of values, of those in reader_json.h */
    uint8_t required;
} Entry;

typedef struct {
    Entry *entries;
    uint8_t *names; /* of all entries, one after the other */
    Py_ssize_t named, names_room;
    int16_t table[TABLE]; /* places of entries by hash, -1 where there is none */
    int count;
    Py_ssize_t room;
    int objects; /* those below have numbers; all others have this one */
} Keys;

/* Whether so many bytes are the same; quicker than a call for the few of a key. */
static inline int same(const uint8_t *a, const uint8_t *b, Py_ssize_t length)
{
    uint64_t left, right;
    for (; length >= 8; a += 8, b += 8, length -= 8) {
        memcpy(&left, a, 8);
        memcpy(&right, b, 8);
        if (left != right)
            return 0;
    }
    for (; length; a++, b++, length--)
        if (*a != *b)
            return 0;
    return 1;
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
    uint8_t *names = room_for(self->names, self->named, &self->names_room, length, 1);
    if (names)
        self->names = names;
    if (!entries || !names) {
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
    e->at = (uint32_t)self->named;
    memcpy(self->names + self->named, at, (size_t)length);
    self->named += length;
    e->length = (uint16_t)length;
    e->object = (uint16_t)object;
    e->inner = (uint16_t)self->objects;
    e->fixed = NULL;
    e->allowed = e->required = 0;
    e->once = e->value = e->next[0] = e->next[1] = -1;
    return e;
}
