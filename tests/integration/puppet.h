/*
 * tests/integration/puppet.h - an executor kind that orders what the test says, and nothing else.
 *
 * Its orders go the way of every other: from its evaluation through host, orchestrator and risk
 * engine. What it is told to order is kept in one place for all of them, because an executor has
 * no other ear.
 */
#ifndef TUTTI_TESTS_INTEGRATION_PUPPET_H
#define TUTTI_TESTS_INTEGRATION_PUPPET_H

#include <check.h>
#include <string.h>

#include "executors/plugin.h"
#include "executors/snapshot.h"

struct puppet_config {
    struct executor_config common;
    const char *connector_name;
    const char *trading_pair;
    struct decimal amount; /* The most it may open; 0: it does not say. */
    int counts;            /* enum target_kind */
};

struct puppet_update {
    struct decimal amount;
};

struct puppet {
    struct executor executor;
    struct decimal amount; /* As the last update said. */
};

/* Who is to order what at its next evaluation; no id: nobody. */
static struct {
    const char *id;
    struct order_draft draft;
} puppet_master;

static const struct field_name puppet_counts[] = {
    {"BASE", TARGET_BASE}, {"QUOTE", TARGET_QUOTE}, {"OPEN", TARGET_OPEN}, {NULL, 0}};

static const struct field puppet_config_fields[] = {
    EXECUTOR_CONFIG_FIELDS,
    {.name = "connector_name",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct puppet_config, connector_name),
     .is_required = true,
     .doc = "Venue."},
    {.name = "trading_pair",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct puppet_config, trading_pair),
     .is_required = true,
     .doc = "Pair."},
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct puppet_config, amount),
     .default_text = "0",
     .min = "0",
     .doc = "The most it may open; 0: it does not say."},
    {.name = "counts",
     .kind = FIELD_ENUM,
     .offset = offsetof(struct puppet_config, counts),
     .default_text = "BASE",
     .names = puppet_counts,
     .doc = "What of."},
    {0}};

static const struct field puppet_update_fields[] = {
    {.name = "amount",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct puppet_update, amount),
     .is_required = true,
     .min = "0",
     .doc = "Raised while it runs."},
    {0}};

static void puppet_market(const struct executor_config *config, uint32_t market,
                          const char **ret_connector, const char **ret_trading_pair)
{
    (void)market;
    *ret_connector = ((const struct puppet_config *)config)->connector_name;
    *ret_trading_pair = ((const struct puppet_config *)config)->trading_pair;
}

static void puppet_plan(const struct executor_config *config, const struct executor_view *view,
                        struct executor_plans *ret_plans)
{
    (void)config;
    (void)view;
    ret_plans->count = 0;
}

static struct target puppet_target(const struct executor_config *config)
{
    const struct puppet_config *puppet = (const struct puppet_config *)config;
    return (struct target){decimal_sign(puppet->amount) > 0 ? (enum target_kind)puppet->counts
                                                            : TARGET_NONE,
                           puppet->amount};
}

static void puppet_on_start(struct executor *executor, const struct executor_view *view,
                            bool is_funded, struct executor_requests *requests)
{
    (void)view;
    (void)is_funded;
    (void)requests;
    ((struct puppet *)executor)->amount = puppet_target(executor->config).amount;
    executor_set_status(executor, EXECUTOR_RUNNING);
}

static void puppet_on_market(struct executor *executor, const struct executor_view *view,
                             struct executor_requests *requests)
{
    if (puppet_master.id != NULL && strcmp(puppet_master.id, executor->config->id) == 0) {
        puppet_master.id = NULL;
        ck_assert(executor_place(executor, &puppet_master.draft, view->now_ns, requests));
    }
}

static enum err puppet_on_stop(struct executor *executor, const struct executor_view *view,
                               bool keep_position, struct executor_requests *requests)
{
    (void)executor;
    (void)view;
    (void)keep_position;
    (void)requests;
    return ERR_STATE; /* It does not listen: what it sends after that is what matters here. */
}

static enum err puppet_on_update(struct executor *executor, const void *update,
                                 const struct executor_view *view)
{
    (void)view;
    ((struct puppet *)executor)->amount = ((const struct puppet_update *)update)->amount;
    return ERR_NONE;
}

static void puppet_updatable(const struct executor *executor, struct text *out)
{
    json_put_decimal(out, "amount", ((const struct puppet *)executor)->amount);
}

static void puppet_wake(const struct executor *executor, const struct executor_view *view,
                        struct wake *ret_wake)
{
    (void)executor;
    (void)view;
    *ret_wake = wake_never();
}

static void puppet_report(const struct executor *executor, const struct executor_view *view,
                          struct executor_report *ret_report)
{
    (void)view;
    *ret_report = (struct executor_report){.status = executor->status};
}

static void puppet_custom_info(const struct executor *executor, const struct executor_view *view,
                               struct text *out)
{
    (void)executor;
    (void)view;
    (void)out;
}

static void puppet_save(const struct executor *executor, struct text *out)
{
    puppet_updatable(executor, out);
}

static enum err puppet_load(struct executor *executor, const struct node *node)
{
    return snapshot_get_decimal(node, "amount", &((struct puppet *)executor)->amount);
}

static const struct executor_kind executor_kind_puppet = {
    .type = "puppet_executor",
    .summary = "Orders what a test says.",
    .config_fields = puppet_config_fields,
    .config_size = sizeof(struct puppet_config),
    .update_fields = puppet_update_fields,
    .update_size = sizeof(struct puppet_update),
    .state_size = sizeof(struct puppet),
    .market_count = 1,
    .market = puppet_market,
    .plan = puppet_plan,
    .target = puppet_target,
    .on_start = puppet_on_start,
    .on_market = puppet_on_market,
    .on_order = executor_on_order,
    .on_stop = puppet_on_stop,
    .on_update = puppet_on_update,
    .updatable = puppet_updatable,
    .wake = puppet_wake,
    .report = puppet_report,
    .custom_info = puppet_custom_info,
    .save = puppet_save,
    .load = puppet_load,
};

static const struct executor_kind *const puppet_kinds[] = {&executor_kind_puppet, NULL};
static const struct plugin puppet_plugin = {PLUGIN_HEAD, .kinds = puppet_kinds};

static inline void puppet_register(void)
{
    struct failure failure;
    ck_assert_msg(plugin_add("puppet", &puppet_plugin, &failure) == ERR_NONE, "%s", failure.text);
}

#endif
