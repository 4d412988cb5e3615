#include "base/prng.h"

#include "base/assert.h"

static uint64_t splitmix(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static uint64_t rotate_left(uint64_t value, int bits)
{
    return (value << bits) | (value >> (64 - bits));
}

void prng_init(struct prng *prng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        prng->state[i] = splitmix(&seed);
    }
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t *s = prng->state;
    const uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    const uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    ASSERT(bound > 0);
    /* Refuse the incomplete last bucket; at most every second draw is refused. */
    const uint64_t threshold = (UINT64_C(0) - bound) % bound;
    uint64_t value = prng_next(prng);
    while (value < threshold) {
        value = prng_next(prng);
    }
    return value % bound;
}

int64_t prng_between(struct prng *prng, int64_t low, int64_t high)
{
    ASSERT(low <= high);
    const uint64_t span = (uint64_t)high - (uint64_t)low;
    if (span == UINT64_MAX) {
        return (int64_t)prng_next(prng);
    }
    return (int64_t)((uint64_t)low + prng_below(prng, span + 1));
}
