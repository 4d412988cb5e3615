#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actors/roles/host.h"
#include "actors/roles/orchestrator_guard.h"
#include "actors/roles/orchestrator_parts.h"
#include "actors/roles/orchestrator_reconciler.h"
#include "actors/roles/orchestrator_router.h"
#include "actors/run_rates.h"
#include "base/log.h"
#include "executors/factory.h"

enum {
    ROSTER_EXECUTORS_FIRST = 16,
    ROSTER_CREATED_MAX = 512, /* Per step: bounds the messages under way. */
    ROSTER_STOPPED_MAX = 512, /* The same. */
};

/* The number of an id that the run file gives and that is not created yet. */
#define ROSTER_PLANNED UINT32_MAX

/* ---- The queue of executors to be created ---- */

/* "At once" comes before every time. */
static int64_t roster_start_time(const struct executor_config *config)
{
    return config->has_start_at ? config->start_at_ns : INT64_MIN;
}

/* What roster_init() sorts: a start and the place in the run file, which breaks ties. */
struct roster_start {
    int64_t at_ns;
    uint32_t index;
};

static int roster_compare_starts(const void *a, const void *b)
{
    const struct roster_start *left = a;
    const struct roster_start *right = b;
    if (left->at_ns != right->at_ns) {
        return left->at_ns < right->at_ns ? -1 : 1;
    }
    return (left->index > right->index) - (left->index < right->index);
}

enum err roster_init(struct orchestrator *orch)
{
    array_pool_init(&orch->orders, sizeof(struct order_entry));
    const struct run_config *config = orch->given.config;
    const size_t count = config->executor_count;
    struct roster_start *starts = calloc(count + 1, sizeof(*starts));
    orch->waiting = calloc(count + 1, sizeof(*orch->waiting));
    if (starts == NULL || orch->waiting == NULL) {
        free(starts);
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < count; i++) {
        starts[i] = (struct roster_start){roster_start_time(config->executors[i].config), i};
    }
    qsort(starts, count, sizeof(*starts), roster_compare_starts);
    for (uint32_t i = 0; i < count; i++) {
        orch->waiting[i] = starts[i].index;
    }
    orch->waiting_count = (uint32_t)count;
    free(starts);
    return ERR_NONE;
}

/* Records borrow no orders: they need not stay. */
static void roster_free_orders(struct orchestrator *orch)
{
    for (uint32_t i = 0; i < orch->executor_count; i++) {
        struct executor_entry *entry = &orch->executors[i];
        for (uint32_t j = 0; j < entry->order_count; j++) {
            trade_ids_done(&entry->orders[j].trades);
        }
        array_pool_give_back(&orch->orders, entry->orders, entry->order_capacity);
    }
    array_pool_done(&orch->orders);
}

void roster_done(struct orchestrator *orch)
{
    roster_free_orders(orch);
    struct orchestrator_remains remains = {.executors = orch->executors,
                                           .count = orch->executor_count,
                                           .configs = orch->configs.arena};
    if (orch->given.remains != NULL) {
        *orch->given.remains = remains;
    } else {
        orchestrator_remains_done(&remains);
    }
    free(orch->waiting);
    text_index_done(&orch->executors_by_id);
}

void orchestrator_remains_done(struct orchestrator_remains *remains)
{
    for (uint32_t i = 0; i < remains->count; i++) {
        executor_owner_destroy(remains->executors[i].owner);
    }
    free(remains->executors);
    arena_done(&remains->configs);
    *remains = (struct orchestrator_remains){0};
}

/* ---- Ids ---- */

/* Fills the index when it is asked for the first time: a run that nobody asks has none. */
static enum err roster_index_all(struct orchestrator *orch)
{
    if (orch->executors_by_id.capacity != 0) {
        return ERR_NONE;
    }
    text_index_init(&orch->executors_by_id, orch->given.epoch);
    enum err err = ERR_NONE;
    const struct run_config *config = orch->given.config;
    for (size_t i = 0; i < config->executor_count && err == ERR_NONE; i++) {
        const char *id = config->executors[i].config->id;
        err = id != NULL ? text_index_set(&orch->executors_by_id, id, ROSTER_PLANNED) : ERR_NONE;
    }
    for (uint32_t i = 0; i < orch->executor_count && err == ERR_NONE; i++) {
        err = text_index_set(&orch->executors_by_id, orch->executors[i].id, i + 1);
    }
    return err;
}

static uint32_t roster_look_up(struct orchestrator *orch, const char *id)
{
    return roster_index_all(orch) == ERR_NONE ? text_index_get(&orch->executors_by_id, id) : 0;
}

uint32_t roster_find(struct orchestrator *orch, const char *id)
{
    const uint32_t number = roster_look_up(orch, id);
    return number == ROSTER_PLANNED ? 0 : number;
}

bool roster_is_known(struct orchestrator *orch, const char *id)
{
    return roster_look_up(orch, id) != 0;
}

struct executor_entry *roster_get(const struct orchestrator *orch, uint32_t number)
{
    ASSERT(number >= 1 && number <= orch->executor_count);
    return &orch->executors[number - 1];
}

enum err roster_touch(struct orchestrator *orch, uint32_t number)
{
    const struct message_touch touch = {.executor = number};
    return message_post(orch->context, orch->market, MESSAGE_TOUCH, orch->now_ns, &touch,
                        sizeof(touch));
}

int64_t roster_next_start(const struct orchestrator *orch)
{
    if (orch->waiting_count == 0 || orch->is_stopping) {
        return INSTANT_NEVER;
    }
    const uint32_t index = orch->waiting[orch->waiting_first];
    if (orch->has_due) {
        return orch->now_ns; /* More than one step's worth: the next step takes them at once. */
    }
    const int64_t at_ns = roster_start_time(orch->given.config->executors[index].config);
    /* One whose time has come waits for the first quote of its instrument, not for an instant. */
    return at_ns > orch->now_ns ? at_ns : INSTANT_NEVER;
}

/* ---- Creation ---- */

static struct executor_entry *roster_add(struct orchestrator *orch)
{
    if (orch->executor_count == orch->executor_capacity) {
        const uint32_t capacity =
            orch->executor_capacity != 0 ? orch->executor_capacity * 2 : ROSTER_EXECUTORS_FIRST;
        struct executor_entry *executors =
            realloc(orch->executors, capacity * sizeof(*orch->executors));
        if (executors == NULL) {
            return NULL;
        }
        orch->executors = executors;
        orch->executor_capacity = capacity;
    }
    struct executor_entry *entry = &orch->executors[orch->executor_count++];
    memset(entry, 0, sizeof(*entry));
    return entry;
}

/* Fills a new entry: its configuration, its instruments, its controller. */
static enum err roster_fill(struct orchestrator *orch, struct executor_entry *entry,
                            const struct executor_section *section, const char *id)
{
    entry->kind = section->kind;
    entry->status = EXECUTOR_NOT_STARTED;
    if (configs_give(orch, section, id, entry) != ERR_NONE) {
        return ERR_MEMORY;
    }
    for (uint32_t i = 0; i < section->kind->market_count; i++) {
        const char *connector;
        const char *pair;
        section->kind->market(section->config, i, &connector, &pair);
        entry->instruments[i] = run_config_find_instrument(orch->given.config, connector, pair);
        ASSERT(entry->instruments[i] != NULL);
    }
    const struct instrument *last = entry->instruments[section->kind->market_count - 1];
    entry->rate = run_rates_between(orch->given.config, last->quote, entry->instruments[0]->quote);
    if (orch->executors_by_id.capacity != 0 &&
        text_index_set(&orch->executors_by_id, entry->id, orch->executor_count) != ERR_NONE) {
        return ERR_MEMORY;
    }
    const enum err err = books_controller(orch, entry->config->controller_id, &entry->controller);
    return err == ERR_NONE ? guard_add_executor(orch, entry) : err;
}

static struct executor_view roster_view(const struct orchestrator *orch,
                                        const struct executor_entry *entry)
{
    struct executor_view view = {.now_ns = orch->now_ns, .market_count = entry->kind->market_count};
    for (uint32_t i = 0; i < entry->kind->market_count; i++) {
        const struct mark *mark = &orch->marks[entry->instruments[i]->index];
        view.markets[i] = (struct market_view){
            .instrument = entry->instruments[i], .bid = mark->bid, .ask = mark->ask};
    }
    view.rate = books_rate(orch, &entry->rate);
    return view;
}

/* What was set aside, by market: what a restart begins with. */
static void roster_print_reserved(const struct executor_entry *entry, struct text *out)
{
    json_array_begin(out);
    for (uint32_t i = 0; i < entry->kind->market_count; i++) {
        json_array_begin(out);
        json_decimal(out, entry->reserved[i].quote);
        json_decimal(out, entry->reserved[i].base);
        json_array_end(out);
    }
    json_array_end(out);
}

bool roster_is_durable(const struct orchestrator *orch)
{
    const struct run_config *config = orch->given.config;
    return config->durability != DURABILITY_MEMORY && !orch->given.is_unrecorded &&
           strcmp(config->file.persistence->type, "memory") != 0;
}

static enum err roster_journal_created(struct orchestrator *orch, struct executor_entry *entry,
                                       int64_t place, bool is_funded)
{
    struct text config = {0};
    struct text reserved = {0};
    if (!orch->given.is_unrecorded) {
        configs_print(entry, &config);
    }
    if (is_funded && roster_is_durable(orch)) {
        roster_print_reserved(entry, &reserved);
    }
    struct record record = {
        .kind = RECORD_EXECUTOR_CREATED,
        .controller_id = entry->config->controller_id,
        .executor_id = entry->id,
        .data.executor = {.type = entry->kind->type,
                          .connector_name = entry->instruments[0]->venue_name,
                          .trading_pair = entry->instruments[0]->trading_pair,
                          .config = text_string(&config),
                          .reserved = reserved.length > 0 ? text_string(&reserved) : NULL,
                          .reason = "",
                          .side = (int)executor_config_side(entry->kind, entry->config),
                          .status = EXECUTOR_NOT_STARTED,
                          .origin = place}};
    const enum err err =
        text_failed(&config) || text_failed(&reserved) ? ERR_MEMORY : journal_add(orch, &record);
    entry->created_seq = orch->seq;
    text_done(&config);
    text_done(&reserved);
    return err;
}

enum err roster_register(struct orchestrator *orch, uint32_t number)
{
    const struct executor_entry *entry = roster_get(orch, number);
    struct message_register message = {.executor = number,
                                       .host = entry->host,
                                       .market_count = entry->kind->market_count,
                                       .reads_depth = entry->kind->reads_depth};
    for (uint32_t i = 0; i < entry->kind->market_count; i++) {
        message.instruments[i] = entry->instruments[i]->index;
    }
    if (rate_is_live(&entry->rate)) {
        message.follows_rate = true;
        message.instruments[message.market_count] = entry->rate.rate->instrument;
    }
    return message_post(orch->context, orch->market, MESSAGE_REGISTER, orch->now_ns, &message,
                        sizeof(message));
}

enum err roster_spawn(struct orchestrator *orch, uint32_t number, bool is_funded,
                      const char *states)
{
    struct executor_entry *entry = roster_get(orch, number);
    struct host_arguments arguments = {.executor = number,
                                       .id = entry->id,
                                       .epoch = orch->given.epoch,
                                       .rate = entry->rate,
                                       .kind = entry->kind,
                                       .config = entry->config,
                                       .is_funded = is_funded,
                                       .is_durable = roster_is_durable(orch),
                                       .states = states,
                                       .is_unrecorded = orch->given.is_unrecorded};
    memcpy(arguments.instruments, entry->instruments, sizeof(arguments.instruments));
    return context_spawn(orch->context, &host_class, &arguments, &entry->host);
}

enum err roster_enter(struct orchestrator *orch, const struct executor_section *section,
                      const struct roster_origin *origin, struct executor_entry **ret_entry)
{
    struct executor_entry *entry = roster_add(orch);
    if (entry == NULL) {
        executor_owner_destroy(origin->owner);
        return ERR_MEMORY;
    }
    entry->owner = origin->owner;
    const enum err err = roster_fill(orch, entry, section, origin->id);
    if (err == ERR_NONE) {
        orch->active_count++;
        orch->controllers[entry->controller].performance.report.executors_active++;
        orch->total.report.executors_active++;
        *ret_entry = entry;
    }
    return err;
}

enum err roster_create(struct orchestrator *orch, const struct executor_section *section,
                       const struct roster_origin *origin)
{
    struct executor_entry *entry;
    enum err err = roster_enter(orch, section, origin, &entry);
    if (err != ERR_NONE) {
        return err;
    }
    const uint32_t number = orch->executor_count;
    const struct executor_view view = roster_view(orch, entry);
    struct executor_plans plans = {0};
    section->kind->plan(entry->config, &view, &plans);
    const bool is_funded = books_reserve(orch, entry, &plans);
    err = roster_journal_created(orch, entry, origin->place, is_funded);
    if (err == ERR_NONE) {
        err = roster_spawn(orch, number, is_funded, NULL);
    }
    if (err == ERR_NONE) {
        err = roster_register(orch, number);
    }
    if (err == ERR_NONE && !is_funded) {
        const struct executor_skip skip = {.reason = SKIP_BALANCE,
                                           .market = plans.items[0].market,
                                           .amount = plans.items[0].amount};
        err = denials_on_skipped(orch, number, &skip);
    }
    return err;
}

bool roster_is_quoted(const struct orchestrator *orch, const struct executor_entry *entry)
{
    for (uint32_t i = 0; i < entry->kind->market_count; i++) {
        const uint32_t instrument = entry->instruments[i]->index;
        if (!orch->is_marked[instrument] || !books_can_value(orch, instrument)) {
            return false;
        }
    }
    return decimal_is_valid(books_rate(orch, &entry->rate));
}

static bool roster_has_quotes(const struct orchestrator *orch,
                              const struct executor_section *section)
{
    const struct instrument *instruments[WAKE_MARKETS_MAX] = {NULL};
    for (uint32_t i = 0; i < section->kind->market_count; i++) {
        const char *connector;
        const char *pair;
        section->kind->market(section->config, i, &connector, &pair);
        const struct instrument *instrument =
            run_config_find_instrument(orch->given.config, connector, pair);
        if (!orch->is_marked[instrument->index] || !books_can_value(orch, instrument->index) ||
            reconciler_deny_code(orch, instrument->venue) != DENY_NONE) {
            return false;
        }
        instruments[i] = instrument;
    }
    const struct rate_source rate =
        run_rates_between(orch->given.config, instruments[section->kind->market_count - 1]->quote,
                          instruments[0]->quote);
    return decimal_is_valid(books_rate(orch, &rate));
}

/* Whether the first that waits is one whose time has come. */
static bool roster_has_due(const struct orchestrator *orch)
{
    const uint32_t first = orch->waiting_count > 0 ? orch->waiting[orch->waiting_first] : 0;
    return orch->waiting_count > 0 &&
           roster_start_time(orch->given.config->executors[first].config) <= orch->now_ns;
}

/* Whether an executor whose time has come has to wait: for quotes, or until its scopes are ACTIVE
 * again. When not, *ret_verdict says whether it may be created at all. */
static bool roster_must_wait(struct orchestrator *orch, const struct executor_section *section,
                             struct risk_verdict *ret_verdict)
{
    *ret_verdict = (struct risk_verdict){.code = DENY_NONE};
    if (!roster_has_quotes(orch, section)) {
        return true;
    }
    return !guard_check_create(orch, section, section->config->controller_id, ret_verdict) &&
           (ret_verdict->code == DENY_RISK_HALTED || ret_verdict->code == DENY_RISK_REDUCING);
}

enum err roster_create_due(struct orchestrator *orch)
{
    const uint32_t end = orch->waiting_first + orch->waiting_count;
    uint32_t kept = orch->waiting_first;
    uint32_t created = 0;
    uint32_t i = orch->waiting_first;
    orch->has_due = false;
    orch->has_barred = false;
    if (risk_state_of(orch->risk, RISK_GLOBAL, 0) != RISK_ACTIVE) {
        orch->has_barred = roster_has_due(orch);
        return ERR_NONE; /* They wait until the run may trade again. */
    }
    for (; i < end; i++) {
        const struct executor_section *section = &orch->given.config->executors[orch->waiting[i]];
        if (roster_start_time(section->config) > orch->now_ns) {
            break; /* Sorted: nobody behind is due. */
        }
        struct risk_verdict verdict;
        if (roster_must_wait(orch, section, &verdict)) {
            orch->waiting[kept++] = orch->waiting[i];
            orch->has_barred = orch->has_barred || verdict.code != DENY_NONE;
            continue;
        }
        if (created == ROSTER_CREATED_MAX) {
            orch->has_due = true;
            break;
        }
        created++;
        const struct roster_origin origin = {.place = (int64_t)orch->waiting[i] + 1};
        const enum err err = verdict.code == DENY_NONE ? roster_create(orch, section, &origin)
                                                       : guard_deny_create(orch, section, &verdict);
        if (err != ERR_NONE) {
            return err;
        }
    }
    /* The skipped ones move up to those that were not looked at. */
    const uint32_t skipped = kept - orch->waiting_first;
    memmove(&orch->waiting[i - skipped], &orch->waiting[orch->waiting_first],
            skipped * sizeof(*orch->waiting));
    orch->waiting_first = i - skipped;
    orch->waiting_count = end - orch->waiting_first;
    return ERR_NONE;
}

/* ---- Life and end ---- */

enum err roster_stop(struct orchestrator *orch, uint32_t number, bool keep_position)
{
    const struct message_executor_stop stop = {.keep_position = keep_position};
    struct executor_entry *entry = roster_get(orch, number);
    entry->is_stop_told = true;
    entry->keeps_position = keep_position;
    const enum err err = message_post(orch->context, entry->host, MESSAGE_EXECUTOR_STOP,
                                      orch->now_ns, &stop, sizeof(stop));
    return err == ERR_NONE ? roster_touch(orch, number) : err;
}

enum err roster_stop_some(struct orchestrator *orch)
{
    const bool keep_position = orch->given.config->file.run->on_end == END_KEEP;
    for (uint32_t sent = 0; sent < ROSTER_STOPPED_MAX && orch->stopped < orch->executor_count;) {
        const uint32_t number = ++orch->stopped;
        if (roster_get(orch, number)->status == EXECUTOR_TERMINATED) {
            continue;
        }
        enum err err = denials_release(orch, number);
        if (err == ERR_NONE) {
            err = roster_stop(orch, number, keep_position);
        }
        if (err != ERR_NONE) {
            return err;
        }
        sent++;
    }
    return ERR_NONE;
}

static enum record_kind roster_report_kind(const struct message_report *report)
{
    if (report->cause != REPORT_STATUS) {
        return RECORD_EXECUTOR_UPDATED;
    }
    switch (report->figures.status) {
    case EXECUTOR_SHUTTING_DOWN:
        return RECORD_EXECUTOR_STOPPING;
    case EXECUTOR_TERMINATED:
        return report->figures.close_type == CLOSE_FAILED ? RECORD_EXECUTOR_FAILED
                                                          : RECORD_EXECUTOR_TERMINATED;
    case EXECUTOR_NOT_STARTED:
    case EXECUTOR_RUNNING:
        break;
    }
    return RECORD_EXECUTOR_STARTED;
}

static enum err roster_journal_report(struct orchestrator *orch, const struct executor_entry *entry,
                                      const struct message_report *report)
{
    struct record record;
    record_begin(&record, roster_report_kind(report), entry->config->controller_id, entry->id);
    record.data.executor =
        (struct record_executor){.type = entry->kind->type,
                                 .connector_name = entry->instruments[0]->venue_name,
                                 .trading_pair = entry->instruments[0]->trading_pair,
                                 .state = report->state,
                                 .custom_info = report->custom_info,
                                 .copy = report->copy,
                                 .copy_size = report->copy != NULL ? report->copy->size : 0,
                                 .reason = report->values};
    executor_put_figures(&report->figures, &record.data.executor);
    return journal_add(orch, &record);
}

void roster_close(struct orchestrator *orch, struct executor_entry *entry, unsigned close_type,
                  struct decimal net_pnl_quote)
{
    struct controller *controller = &orch->controllers[entry->controller];
    const struct decimal worth = books_worth(orch, entry->instruments[0]->index, net_pnl_quote);
    entry->status = EXECUTOR_TERMINATED;
    books_release(orch, entry);
    risk_on_closed(orch->risk, &entry->risk);
    ASSERT(orch->active_count > 0);
    orch->active_count--;
    controller->performance.report.executors_active--;
    orch->total.report.executors_active--;
    controller->is_changed = true;
    performance_on_closed(&controller->performance, close_type, worth, entry->has_fill);
    performance_on_closed(&orch->total, close_type, worth, entry->has_fill);
}

enum err roster_on_report(struct orchestrator *orch, const struct message_report *report)
{
    struct executor_entry *entry = roster_get(orch, report->executor);
    ASSERT(entry->status != EXECUTOR_TERMINATED);
    const bool is_refusal = report->cause == REPORT_REFUSED;
    const enum err err = is_refusal ? ERR_NONE : roster_journal_report(orch, entry, report);
    entry->status = report->figures.status;
    if (entry->owner != NULL) {
        entry->owner->failures_in_row = 0;
    }
    if (entry->status == EXECUTOR_TERMINATED) {
        roster_close(orch, entry, report->figures.close_type, report->figures.net_pnl_quote);
    }
    return err == ERR_NONE ? actions_on_report(orch, entry, report) : err;
}
