/*
 * How much may be lost: the results of the run and of its controllers against their limits.
 *
 * A fall is measured from the highest result, a day's loss from the result at midnight. Both are in
 * the journal of a run that can go on (risk.peak, risk.day), ahead of everything that is decided by
 * them: a restart forgets no loss, and invents none.
 *
 * A result is only known when every open position has a quote. Until then, which is the beginning
 * of a restart, it is not judged: nothing of an instrument without a quote can be traded either.
 */
#include <stdio.h>
#include <string.h>

#include "actors/roles/orchestrator_guard.h"

/* One scope whose losses are limited. */
struct loss_case {
    const char *scope; /* As in events. */
    const struct risk_limits *limits;
    struct performance *performance;
    struct loss_watch *watch;
    bool is_run;
};

static const struct risk_section *losses_section(const struct orchestrator *orch)
{
    return orch->given.config->file.risk;
}

/* The words of a loss. */
static const char *losses_reason(enum risk_loss loss, bool is_run)
{
    if (loss == RISK_LOSS_DRAWDOWN) {
        return is_run ? "max_drawdown_quote is reached: every executor is stopped"
                      : "max_drawdown_quote is reached: the controller's executors are stopped";
    }
    return is_run ? "max_daily_loss_quote is reached: every executor is stopped"
                  : "max_daily_loss_quote is reached: the controller's executors are stopped";
}

static enum err losses_journal(struct orchestrator *orch, enum record_kind kind, const char *scope,
                               struct decimal value)
{
    struct record record = {.kind = kind,
                            .controller_id = "",
                            .executor_id = "",
                            .data.note = {.scope = scope, .value = value}};
    return roster_is_durable(orch) ? journal_add(orch, &record) : ERR_NONE;
}

/* Journals what the limits are measured from, when it has moved since it was. */
static enum err losses_tell(struct orchestrator *orch, const struct loss_case *self,
                            const struct risk_day *before)
{
    struct loss_watch *watch = self->watch;
    const struct decimal peak = self->performance->peak_pnl_quote;
    enum err err = ERR_NONE;
    if (self->limits->has_max_drawdown && !decimal_equal(peak, watch->told_peak)) {
        watch->told_peak = peak;
        err = losses_journal(orch, RECORD_RISK_PEAK, self->scope, peak);
    }
    const bool is_same_day = before->is_known && before->number == watch->day.number;
    if (err == ERR_NONE && self->limits->has_max_daily_loss && !is_same_day) {
        err = losses_journal(orch, RECORD_RISK_DAY, self->scope, watch->day.result);
    }
    return err;
}

/* A scope that has lost too much and is ACTIVE may only reduce; executors of a controller are
 * stopped in any case. */
static enum err losses_react(struct orchestrator *orch, const struct loss_case *self,
                             enum risk_loss loss, const struct risk_verdict *verdict)
{
    if (risk_latches_find(&orch->latches, self->scope) != NULL) {
        return halt_sweep(orch);
    }
    const struct risk_change change = {.scope = self->scope,
                                       .state = RISK_REDUCING,
                                       .reason = losses_reason(loss, self->is_run),
                                       .actor = ORIGIN_LIMIT,
                                       .limit = verdict->limit,
                                       .value = verdict->value};
    return halt_change(orch, &change);
}

/* One result, as it is now, against its limits. */
static enum err losses_watch_one(struct orchestrator *orch, const struct loss_case *self)
{
    const struct risk_day before = self->watch->day;
    struct risk_verdict verdict;
    const enum risk_loss loss = risk_check_loss(
        self->limits, self->performance->report.global_pnl_quote, self->performance->peak_pnl_quote,
        orch->now_ns, &self->watch->day, &verdict);
    const enum err err = losses_tell(orch, self, &before);
    self->watch->is_lost = loss != RISK_LOSS_NONE;
    return err == ERR_NONE && self->watch->is_lost ? losses_react(orch, self, loss, &verdict) : err;
}

static enum err losses_watch_controllers(struct orchestrator *orch)
{
    enum err err = ERR_NONE;
    for (uint32_t i = 0; i < orch->controller_count && err == ERR_NONE; i++) {
        struct controller *controller = &orch->controllers[i];
        const struct risk_limits *limits =
            risk_section_controller(losses_section(orch), controller->name);
        if (limits == NULL || !risk_watches_losses(limits) || controller->loss.is_lost ||
            !books_refresh(orch, i, &controller->performance)) {
            continue;
        }
        char scope[RISK_SCOPE_TEXT_MAX];
        (void)snprintf(scope, sizeof(scope), "controller:%s", controller->name);
        err = losses_watch_one(orch, &(struct loss_case){.scope = scope,
                                                         .limits = limits,
                                                         .performance = &controller->performance,
                                                         .watch = &controller->loss});
    }
    return err;
}

enum err losses_watch(struct orchestrator *orch)
{
    if (!orch->watches_losses) {
        return ERR_NONE;
    }
    const struct risk_limits *limits = &losses_section(orch)->limits;
    enum err err = losses_watch_controllers(orch);
    if (err == ERR_NONE && risk_watches_losses(limits) && !orch->is_halted &&
        books_refresh(orch, UINT32_MAX, &orch->total)) {
        err = losses_watch_one(orch, &(struct loss_case){.scope = RISK_SCOPE_GLOBAL,
                                                         .limits = limits,
                                                         .performance = &orch->total,
                                                         .watch = &orch->loss,
                                                         .is_run = true});
        orch->is_halted = orch->loss.is_lost;
    }
    return err;
}

static struct controller *losses_controller(const struct orchestrator *orch, const char *name)
{
    uint32_t i = 0;
    while (i < orch->controller_count && strcmp(orch->controllers[i].name, name) != 0) {
        i++;
    }
    return i < orch->controller_count ? &orch->controllers[i] : NULL;
}

enum err losses_recall(struct orchestrator *orch, const struct record *record)
{
    struct performance *performance = &orch->total;
    struct loss_watch *watch = &orch->loss;
    enum risk_scope_kind kind = RISK_GLOBAL;
    const char *name = "";
    if (risk_scope_parse(record->data.note.scope, &kind, &name) != ERR_NONE) {
        return ERR_CORRUPT;
    }
    if (kind == RISK_CONTROLLER) {
        struct controller *controller = losses_controller(orch, name);
        if (controller == NULL) {
            return ERR_CORRUPT;
        }
        performance = &controller->performance;
        watch = &controller->loss;
    }
    if (record->kind == RECORD_RISK_DAY) {
        watch->day = risk_day_begin(record->ts_ns, record->data.note.value);
    } else {
        performance->peak_pnl_quote = record->data.note.value;
        watch->told_peak = record->data.note.value;
    }
    return ERR_NONE;
}

void losses_forgive(struct orchestrator *orch, const char *name)
{
    struct controller *controller = losses_controller(orch, name);
    if (controller == NULL || !controller->loss.is_lost) {
        return;
    }
    controller->loss.is_lost = false;
    controller->loss.day.is_known = false; /* It begins anew when it is looked at next. */
    if (books_refresh(orch, (uint32_t)(controller - orch->controllers), &controller->performance)) {
        performance_restart_peak(&controller->performance);
    }
}

enum err losses_end(struct orchestrator *orch)
{
    if (!orch->is_halted) {
        return ERR_NONE;
    }
    const struct risk_latch *latch = risk_latches_find(&orch->latches, RISK_SCOPE_GLOBAL);
    char reason[RISK_REASON_TEXT_MAX];
    (void)snprintf(reason, sizeof(reason), "%s", latch != NULL ? latch->reason : "a loss limit");
    const struct risk_change change = {
        .scope = RISK_SCOPE_GLOBAL, .state = RISK_HALTED, .reason = reason, .actor = ORIGIN_LIMIT};
    return halt_record(orch, &change);
}
