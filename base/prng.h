/*
 * base/prng.h - seeded random numbers: the same seed gives the same sequence on every machine.
 *
 * The generator is xoshiro256** seeded through splitmix64 (Blackman and Vigna, "Scrambled linear
 * pseudorandom number generators", 2019). Not for secrets.
 *
 * Threads: a generator belongs to one thread.
 */
#ifndef TUTTI_BASE_PRNG_H
#define TUTTI_BASE_PRNG_H

#include <stdint.h>

struct prng {
    uint64_t state[4];
};

/* Every seed, also 0, gives a good sequence. */
void prng_init(struct prng *prng, uint64_t seed);

/* Uniform over all 64-bit numbers. */
uint64_t prng_next(struct prng *prng);

/* Uniform in [0, bound), without bias. bound > 0. */
uint64_t prng_below(struct prng *prng, uint64_t bound);

/* Uniform in [low, high]. low <= high. */
int64_t prng_between(struct prng *prng, int64_t low, int64_t high);

#endif
