/* What reader_words.h and the finder know of bytes. */
#include <stdint.h>

/* How common a byte is in logs; a guess, as in engine/match/guard.py. */
static const uint8_t common[256] = {
    ['e'] = 5, ['t'] = 5, ['a'] = 5, ['o'] = 5, ['i'] = 5, ['n'] = 5, ['s'] = 5, ['r'] = 5,
    ['0'] = 5, ['1'] = 5, ['2'] = 5, ['3'] = 5, ['4'] = 5, ['5'] = 5, ['6'] = 5, ['7'] = 5,
    ['8'] = 5, ['9'] = 5, [' '] = 5, ['.'] = 5, ['-'] = 5, ['_'] = 5, ['/'] = 5, ['\\'] = 5,
    ['l'] = 4, ['c'] = 4, ['d'] = 4, ['u'] = 4, ['m'] = 4, ['p'] = 4, ['f'] = 4, ['g'] = 4,
    ['b'] = 3, ['h'] = 3, ['v'] = 3, ['w'] = 3, ['y'] = 3, ['k'] = 3,
};

/* In lower case, of ASCII alone; without a jump that is guessed. */
static inline uint8_t small_letter(uint8_t c)
{
    return (uint8_t)(c + ((uint8_t)(c - 'A') < 26) * 0x20);
}
