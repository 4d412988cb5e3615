#include "market/venue_faults.h"

#include <stddef.h>
#include <string.h>

#include "base/assert.h"

static const struct {
    const char *name;
    uint32_t rate_max;
} fault_table[VENUE_FAULT_COUNT] = {
#define VENUE_FAULT_ROW(name, text, rate) {text, rate},
    VENUE_FAULTS(VENUE_FAULT_ROW)
#undef VENUE_FAULT_ROW
};

const char *venue_fault_name(enum venue_fault fault)
{
    ASSERT(fault < VENUE_FAULT_COUNT);
    return fault_table[fault].name;
}

void venue_faults_init(struct venue_faults *faults)
{
    *faults = (struct venue_faults){0};
    prng_init(&faults->prng, 0);
}

void venue_faults_draw(struct venue_faults *faults, uint64_t seed)
{
    *faults = (struct venue_faults){0};
    prng_init(&faults->prng, seed);
    for (size_t i = 0; i < VENUE_FAULT_COUNT; i++) {
        const bool is_chosen = prng_below(&faults->prng, 2) == 1;
        const uint32_t rate = (uint32_t)prng_below(&faults->prng, fault_table[i].rate_max) + 1;
        faults->rates[i] = is_chosen ? rate : 0;
    }
}

bool venue_faults_strike(struct venue_faults *faults, enum venue_fault fault)
{
    ASSERT(fault < VENUE_FAULT_COUNT);
    const uint64_t chance = ++faults->chances[fault];
    const bool is_drawn = faults->rates[fault] > 0 &&
                          prng_below(&faults->prng, VENUE_FAULT_RATE_MAX) < faults->rates[fault];
    const bool strikes = is_drawn || chance == faults->at[fault];
    faults->strikes[fault] += strikes ? 1 : 0;
    return strikes;
}

int64_t venue_faults_delay(struct venue_faults *faults, int64_t max_ns)
{
    ASSERT(max_ns > 0);
    return prng_between(&faults->prng, 1, max_ns);
}

/* ---- Plans as text ---- */

/* A whole number that ends at a comma or at the end of the text; moves *text there. */
static bool fault_take_number(const char **text, uint64_t *ret_number)
{
    uint64_t number = 0;
    const char *digit = *text;
    for (; *digit >= '0' && *digit <= '9'; digit++) {
        if (number > (UINT64_MAX - 9) / 10) {
            return false;
        }
        number = number * 10 + (uint64_t)(*digit - '0');
    }
    if (digit == *text || (*digit != '\0' && *digit != ',')) {
        return false;
    }
    *text = digit;
    *ret_number = number;
    return true;
}

/* The fault of that name, VENUE_FAULT_COUNT for none. */
static enum venue_fault fault_find(const char *name, size_t length)
{
    unsigned fault = 0;
    while (fault < VENUE_FAULT_COUNT && (strlen(fault_table[fault].name) != length ||
                                         strncmp(fault_table[fault].name, name, length) != 0)) {
        fault++;
    }
    return (enum venue_fault)fault;
}

/* One "name=rate" or "name@opportunity" of the list. */
static bool fault_take_entry(const char **text, struct venue_faults *faults)
{
    const char *name = *text;
    const size_t length = strcspn(name, "=@,");
    const char sign = name[length];
    uint64_t number;
    if (sign != '=' && sign != '@') {
        return false;
    }
    *text = name + length + 1;
    if (!fault_take_number(text, &number)) {
        return false;
    }
    const enum venue_fault fault = fault_find(name, length);
    if (fault == VENUE_FAULT_COUNT) {
        prng_init(&faults->prng, number);
        return sign == '=' && length == strlen("seed") && strncmp(name, "seed", length) == 0;
    }
    if (sign == '@') {
        faults->at[fault] = number;
        return number > 0;
    }
    faults->rates[fault] = number <= VENUE_FAULT_RATE_MAX ? (uint32_t)number : 0;
    return number <= VENUE_FAULT_RATE_MAX;
}

enum err venue_faults_parse(const char *text, struct venue_faults *faults, struct failure *failure)
{
    const char *next = text;
    uint64_t seed;
    if (fault_take_number(&next, &seed) && *next == '\0') {
        venue_faults_draw(faults, seed);
        return ERR_NONE;
    }
    venue_faults_init(faults);
    next = text;
    while (fault_take_entry(&next, faults)) {
        if (*next == '\0') {
            return ERR_NONE;
        }
        next++;
    }
    return failure_set(failure, ERR_SYNTAX,
                       "\"%.64s\" is no plan of faults: expected a seed, or a list like "
                       "seed=7,reply_lost=500,disconnect@12 (of 10000; at the 12th)",
                       text);
}
