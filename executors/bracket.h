/*
 * executors/bracket.h - an entry guarded by barriers: what position and progressive executors are.
 *
 * A bracket opens a position and guards it with a stop loss, a take profit, a trailing stop and a
 * time limit; the first that fires closes it. All figures are derived from the ledger at every use
 * (executors/moment.h); the state below is only what cannot be derived. The kinds differ in their
 * rules: how the stop trails and whether a yield extends the time limit.
 *
 * A figure that leaves the range of a decimal ends the bracket as FAILED, with what it owns handed
 * over; nothing is decided on an invalid number.
 *
 * Threads: pure.
 */
#ifndef TUTTI_EXECUTORS_BRACKET_H
#define TUTTI_EXECUTORS_BRACKET_H

#include "executors/bracket_config.h"
#include "executors/executor.h"
#include "executors/guard.h"
#include "market/quote.h"

struct bracket {
    struct executor executor;
    struct decimal entry_price; /* Configured, or read from the first view. */
    struct decimal stop_loss;   /* These three start as configured and follow live updates. */
    struct decimal activation;
    struct decimal distance;
    struct decimal trigger; /* Of the trailing stop; meaningful when is_armed. 0 is a trigger. */
    bool is_armed;
    struct guard guard; /* Raised by each evaluation. */
    struct quote final; /* The market when it ended: the figures stay those. */
};

struct moment;
struct moment_scale;

/* What a barrier has to say. */
enum verdict {
    VERDICT_STAY,
    VERDICT_CLOSE,
    VERDICT_FAIL, /* The ledger takes no more orders. */
};

/* Where the kinds differ. */
struct bracket_rules {
    /* The time limit waits while the position earns more than the target yield. */
    bool is_extended_by_yield;
    /* The trailing stop, called when one is configured and the position can be closed. */
    enum verdict (*trail)(struct bracket *bracket, const struct moment *moment,
                          struct executor_requests *requests);
    /* When trail() could act next. */
    void (*trail_wake)(const struct bracket *bracket, const struct moment_scale *scale,
                       struct wake *wake);
};

static inline const struct bracket_config *bracket_config_of(const struct bracket *bracket)
{
    return (const struct bracket_config *)bracket->executor.config;
}

static inline enum side bracket_side(const struct bracket *bracket)
{
    return (enum side)bracket_config_of(bracket)->side;
}

/* The functions of executor_kind that need no rules. */
struct target bracket_target(const struct executor_config *config);
void bracket_plan(const struct executor_config *config, const struct executor_view *view,
                  struct executor_plans *ret_plans);
void bracket_on_start(struct executor *executor, const struct executor_view *view, bool is_funded,
                      struct executor_requests *requests);
MUST_USE enum err bracket_on_update(struct executor *executor, const void *update,
                                    const struct executor_view *view);
void bracket_updatable(const struct executor *executor, struct text *out);
void bracket_report(const struct executor *executor, const struct executor_view *view,
                    struct executor_report *ret_report);
void bracket_custom_info(const struct executor *executor, const struct executor_view *view,
                         struct text *out);
void bracket_save(const struct executor *executor, struct text *out);
MUST_USE enum err bracket_load(struct executor *executor, const struct node *node);

/* And those that do. */
void bracket_evaluate(struct executor *executor, const struct executor_view *view,
                      const struct bracket_rules *rules, struct executor_requests *requests);
MUST_USE enum err bracket_stop(struct executor *executor, const struct executor_view *view,
                               bool keep_position, struct executor_requests *requests);
void bracket_wake(const struct executor *executor, const struct executor_view *view,
                  const struct bracket_rules *rules, struct wake *ret_wake);

/* What a RUNNING bracket waits for that has just been evaluated at that moment. */
struct wake bracket_wake_at(const struct bracket *bracket, const struct moment *moment,
                            const struct bracket_rules *rules);

#endif
