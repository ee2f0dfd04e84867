/* What many bytes are looked at with at once, where the machine can. Include Python.h first. */
#ifdef __GNUC__
#define fetch_soon(at) __builtin_prefetch(at)
#else
#define fetch_soon(at) ((void)(at))
#endif
#ifdef __SSE2__
#include <emmintrin.h>
#endif
#if defined(__x86_64__) && defined(__GNUC__)
#define WITH_AVX2
#include <immintrin.h>

static int has_avx2; /* set by `look_for_avx2` */

static void look_for_avx2(void)
{
    has_avx2 = __builtin_cpu_supports("avx2") != 0;
}
#else
static void look_for_avx2(void)
{
}
#endif
