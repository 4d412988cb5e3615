/*
 * executors/exposure.h - what executors share that open one position in one market.
 *
 * The configuration and the state of such a kind begin with the structs below. The exposure knows
 * how to start, to end by the one shutdown rule and to keep its figures as they were at the end;
 * when and how to trade is the kind's.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_EXPOSURE_H
#define TUTTI_EXECUTORS_EXPOSURE_H

#include "executors/guard.h"
#include "executors/moment.h"

struct exposure_config {
    struct executor_config common;
    const char *connector_name;
    const char *trading_pair;
    int side; /* enum side */
    int64_t leverage;
    const char *level_id; /* NULL: none. */
};

struct exposure {
    struct executor executor;
    struct guard guard; /* Raised by each evaluation. */
    struct quote final; /* The market when it ended: the figures stay those. */
};

static inline const struct exposure_config *exposure_config_of(const struct exposure *exposure)
{
    return (const struct exposure_config *)exposure->executor.config;
}

static inline enum side exposure_side(const struct exposure *exposure)
{
    return (enum side)exposure_config_of(exposure)->side;
}

/* Whether an evaluation in that view would change nothing. */
static inline bool exposure_is_guarded(const struct exposure *exposure,
                                       const struct executor_view *view)
{
    return guard_holds(&exposure->guard, &exposure->executor, exposure_side(exposure), view);
}

/* The market of executor_kind. */
void exposure_market(const struct executor_config *config, uint32_t market,
                     const char **ret_connector, const char **ret_trading_pair);

/* Reserves `amount` of the base asset for a spot sale, else `quote`, by leverage when the market is
 * a perpetual. What no decimal holds is more than any account has. */
void exposure_plan(const struct exposure_config *config, const struct instrument *instrument,
                   struct decimal amount, struct decimal quote, struct executor_plans *ret_plans);

/* The exposure now; of one that has TERMINATED at its end, whatever the view says. `wanted` stands
 * in for the average entry while nothing is filled. */
struct moment exposure_moment(const struct exposure *exposure, const struct executor_view *view,
                              struct decimal wanted);

/* NOT_STARTED -> RUNNING, or with a close type TERMINATED at once. */
void exposure_start(struct exposure *exposure, const struct executor_view *view,
                    enum close_type close_type);

/*
 * The end of an evaluation: leaves RUNNING unless close_type is CLOSE_NONE, and runs the shutdown
 * rule when it is SHUTTING_DOWN. FAILED, COMPLETED and POSITION_HOLD hand over what is owned, all
 * others close it.
 */
void exposure_settle(struct exposure *exposure, const struct moment *moment,
                     enum close_type close_type, struct executor_requests *requests);

/* The on_stop of a kind. ERR_STATE unless RUNNING. */
MUST_USE enum err exposure_stop(struct exposure *exposure, const struct moment *moment,
                                bool keep_position, struct executor_requests *requests);

/* Sets *ret_wake to what every state but RUNNING waits for. True when the kind has to add what it
 * waits for itself. */
bool exposure_wake(const struct exposure *exposure, const struct moment *moment,
                   struct wake *ret_wake);

/* The members of custom_info that all kinds have. */
void exposure_custom_info(const struct exposure *exposure, const struct moment *moment,
                          struct text *out);

/* Largest amount, price and count of quote of a configuration: nobody trades beyond, and products
 * of reasonable ones are far from overflow. */
#define EXPOSURE_AMOUNT_MAX "1000000000000000000"

/* EXPOSURE_CONFIG_FIELDS: the head of the table of a kind whose config begins with the struct. */
#define EXPOSURE_CONFIG_FIELDS                                                                 \
    EXECUTOR_CONFIG_FIELDS,                                                                    \
        {.name = "connector_name",                                                             \
         .kind = FIELD_TEXT,                                                                   \
         .offset = offsetof(struct exposure_config, connector_name),                           \
         .is_required = true,                                                                  \
         .doc = "The venue."},                                                                 \
        {.name = "trading_pair",                                                               \
         .kind = FIELD_TEXT,                                                                   \
         .offset = offsetof(struct exposure_config, trading_pair),                             \
         .is_required = true,                                                                  \
         .doc = "BASE-QUOTE."},                                                                \
        {.name = "side",                                                                       \
         .kind = FIELD_ENUM,                                                                   \
         .offset = offsetof(struct exposure_config, side),                                     \
         .is_required = true,                                                                  \
         .names = side_names,                                                                  \
         .doc = "The side of its orders."},                                                    \
    {                                                                                          \
        .name = "leverage", .kind = FIELD_INTEGER,                                             \
        .offset = offsetof(struct exposure_config, leverage), .default_text = "1", .min = "1", \
        .max = "1000", .doc = "Perpetuals only: notional divided by this is reserved."         \
    }

#define EXPOSURE_LEVEL_ID_FIELD                                 \
    {                                                           \
        .name = "level_id", .kind = FIELD_TEXT,                 \
        .offset = offsetof(struct exposure_config, level_id),   \
        .doc = "Free text of the controller, shown in reports." \
    }

#endif
