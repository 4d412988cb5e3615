#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "actors/roles/control_sessions.h"
#include "base/instant.h"

enum { SUBSCRIPTION_PAGE_MAX = 1000, SUBSCRIPTION_ID_BYTES = 4 };

/* ---- What a client may say ---- */

#define FILTER_TEXT(member, about)                                                               \
    {                                                                                            \
        .name = #member, .kind = FIELD_TEXT, .offset = offsetof(struct session_filters, member), \
        .doc = about                                                                             \
    }
#define WORD_TEXT(member, about)                                                               \
    {                                                                                          \
        .name = #member, .kind = FIELD_TEXT, .offset = offsetof(struct session_words, member), \
        .doc = about                                                                           \
    }

static const struct field session_filter_fields[] = {
    FILTER_TEXT(account_name, "Only of this account."),
    FILTER_TEXT(connector_name, "Only of this venue."),
    FILTER_TEXT(trading_pair, "Only of this pair."),
    FILTER_TEXT(executor_type, "Only of this type."),
    FILTER_TEXT(status, "Only with this status."),
    FILTER_TEXT(controller_id, "Only of this controller."),
    {0}};

const struct field session_fields[] = {
    {.name = "action",
     .kind = FIELD_TEXT,
     .offset = offsetof(struct session_words, action),
     .is_required = true,
     .doc = "subscribe, unsubscribe or ping."},
    WORD_TEXT(type, "What to subscribe to."),
    WORD_TEXT(subscription_type, "Another name of type."),
    WORD_TEXT(subscription_id, "What to unsubscribe from."),
    {.name = "update_interval",
     .kind = FIELD_DECIMAL,
     .offset = offsetof(struct session_words, update_interval),
     .default_text = "2",
     .unit = "s",
     .doc = "Shortest time between two pushes; held between 0.5 and 60."},
    {.name = "filters",
     .kind = FIELD_OBJECT,
     .offset = offsetof(struct session_words, filters),
     .fields = session_filter_fields,
     .size = sizeof(struct session_filters),
     .doc = "Which executors."},
    WORD_TEXT(executor_id, "Of executor_detail and executor_logs."),
    WORD_TEXT(controller_id, "Of performance and positions."),
    WORD_TEXT(level, "Of executor_logs."),
    {.name = "limit",
     .kind = FIELD_INTEGER,
     .offset = offsetof(struct session_words, limit),
     .default_text = "100",
     .min = "1",
     .max = "1000",
     .doc = "Of executor_logs."},
    {0}};

/* ---- What each kind shows ---- */

static enum err show_executors(const struct subscription *it, struct control *control,
                               struct reader *reader, struct text *out, struct failure *failure)
{
    (void)control;
    return hummingbot_push(reader, text_string(&it->filter), SUBSCRIPTION_PAGE_MAX, out, failure);
}

static enum err show_detail(const struct subscription *it, struct control *control,
                            struct reader *reader, struct text *out, struct failure *failure)
{
    (void)control;
    json_key(out, "data");
    return hummingbot_executor(reader, it->executor_id, out, failure);
}

static enum err show_summary(const struct subscription *it, struct control *control,
                             struct reader *reader, struct text *out, struct failure *failure)
{
    (void)it;
    (void)control;
    json_key(out, "data");
    return hummingbot_summary(reader, out, failure);
}

static enum err show_performance(const struct subscription *it, struct control *control,
                                 struct reader *reader, struct text *out, struct failure *failure)
{
    (void)control;
    json_key(out, "data");
    return hummingbot_performance(reader, it->controller_id, out, failure);
}

static enum err show_positions(const struct subscription *it, struct control *control,
                               struct reader *reader, struct text *out, struct failure *failure)
{
    const struct hummingbot_scope scope = {.controller_id = it->controller_id,
                                           .connector_name = "",
                                           .trading_pair = "",
                                           .cleared = control->http->cleared};
    json_key(out, "data");
    return hummingbot_positions(reader, &scope, out, failure);
}

/* Only lines that were not shown yet. */
static enum err show_logs(const struct subscription *it, struct control *control,
                          struct reader *reader, struct text *out, struct failure *failure)
{
    (void)control;
    const struct hummingbot_log_lines wanted = {
        .executor_id = it->executor_id, .level = it->level, .after = it->seen, .limit = it->limit};
    json_key(out, "data");
    return hummingbot_logs(reader, &wanted, out, failure);
}

enum subscription_name { NAME_FILTER, NAME_NONE, NAME_EXECUTOR, NAME_CONTROLLER };

struct subscription_kind {
    const char *type;
    enum subscription_name name; /* What its id is made of. */
    enum err (*show)(const struct subscription *subscription, struct control *control,
                     struct reader *reader, struct text *out, struct failure *failure);
};

static const struct subscription_kind subscription_kinds[] = {
    {"executors", NAME_FILTER, show_executors},
    {"executor_detail", NAME_EXECUTOR, show_detail},
    {"executor_summary", NAME_NONE, show_summary},
    {"performance", NAME_CONTROLLER, show_performance},
    {"positions", NAME_CONTROLLER, show_positions},
    {"executor_logs", NAME_EXECUTOR, show_logs},
};

const char *subscription_type(const struct subscription *subscription)
{
    return subscription->kind->type;
}

/* ---- From words to a subscription ---- */

static void filter_put(struct text *out, const char *key, const char *value)
{
    if (value != NULL) {
        json_key(out, key);
        json_array_begin(out);
        json_string(out, value);
        json_array_end(out);
    }
}

static void subscription_print_filter(const struct session_filters *filters, struct text *out)
{
    static const struct session_filters none = {0};
    const struct session_filters *f = filters != NULL ? filters : &none;
    json_object_begin(out);
    filter_put(out, "account_names", f->account_name);
    filter_put(out, "connector_names", f->connector_name);
    filter_put(out, "trading_pairs", f->trading_pair);
    filter_put(out, "executor_types", f->executor_type);
    filter_put(out, "status", f->status);
    filter_put(out, "controller_ids", f->controller_id);
    json_put_string(out, "cursor", "");
    json_put_string(out, "after", "");
    json_put_int(out, "limit", SUBSCRIPTION_PAGE_MAX);
    json_object_end(out);
}

static bool name_copy(char out[CONTROL_NAME_MAX], const char *name)
{
    const int length = snprintf(out, CONTROL_NAME_MAX, "%s", name != NULL ? name : "");
    return length < CONTROL_NAME_MAX;
}

/* The same words make the same id: subscribing again replaces. */
static void subscription_print_id(struct subscription *it)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    char hex[2 * SUBSCRIPTION_ID_BYTES + 1];
    const char *type = it->kind->type;
    switch (it->kind->name) {
    case NAME_FILTER:
        (void)crypto_generichash(hash, sizeof(hash),
                                 (const unsigned char *)text_string(&it->filter), it->filter.length,
                                 NULL, 0);
        (void)sodium_bin2hex(hex, sizeof(hex), hash, SUBSCRIPTION_ID_BYTES);
        (void)snprintf(it->id, sizeof(it->id), "%s_%s", type, hex);
        return;
    case NAME_EXECUTOR:
        (void)snprintf(it->id, sizeof(it->id), "%s_%s", type, it->executor_id);
        return;
    case NAME_CONTROLLER:
        (void)snprintf(it->id, sizeof(it->id), "%s_%s", type,
                       it->controller_id[0] != '\0' ? it->controller_id : "all");
        return;
    case NAME_NONE:
        (void)snprintf(it->id, sizeof(it->id), "%s", type);
        return;
    }
}

static int64_t subscription_interval_ns(struct decimal seconds)
{
    const struct decimal held =
        decimal_max(decimal_literal("0.5"), decimal_min(decimal_literal("60"), seconds));
    int64_t milliseconds = 0;
    const enum err err = decimal_to_mantissa_floor(held, 3, &milliseconds);
    return err == ERR_NONE ? milliseconds * NS_PER_MS : 2 * NS_PER_S;
}

static const struct subscription_kind *subscription_find_kind(const char *type)
{
    for (size_t i = 0; i < sizeof(subscription_kinds) / sizeof(subscription_kinds[0]); i++) {
        if (type != NULL && strcmp(subscription_kinds[i].type, type) == 0) {
            return &subscription_kinds[i];
        }
    }
    return NULL;
}

enum err subscription_init(struct subscription *it, const struct session_words *words,
                           struct failure *failure)
{
    *it = (struct subscription){.limit = words->limit};
    it->kind = subscription_find_kind(words->type != NULL ? words->type : words->subscription_type);
    if (it->kind == NULL) {
        return failure_set(failure, ERR_NOT_FOUND,
                           "type: expected executors, executor_detail, executor_summary, "
                           "performance, positions or executor_logs");
    }
    if (!name_copy(it->executor_id, words->executor_id) ||
        !name_copy(it->controller_id, words->controller_id) ||
        !name_copy(it->level, words->level) ||
        (it->kind->name == NAME_EXECUTOR && it->executor_id[0] == '\0')) {
        it->kind = NULL;
        return failure_set(failure, ERR_SYNTAX, "executor_id is missing, or a name is too long");
    }
    it->interval_ns = subscription_interval_ns(words->update_interval);
    subscription_print_filter(words->filters, &it->filter);
    if (text_failed(&it->filter)) {
        subscription_done(it);
        return failure_set(failure, ERR_MEMORY, "no memory for the subscription");
    }
    subscription_print_id(it);
    return ERR_NONE;
}

void subscription_done(struct subscription *it)
{
    text_done(&it->filter);
    it->kind = NULL;
}

enum err subscription_show(struct subscription *it, struct control *control, struct text *out,
                           bool *ret_is_new, struct failure *failure)
{
    const size_t before = out->length;
    uint64_t seq = 0;
    enum err err = reader_begin(control->reader, failure);
    if (err != ERR_NONE) {
        return err;
    }
    err = reader_last_seq(control->reader, &seq, failure);
    if (err == ERR_NONE) {
        err = it->kind->show(it, control, control->reader, out, failure);
    }
    reader_end(control->reader);
    if (err == ERR_NONE && text_failed(out)) {
        err = failure_set(failure, ERR_MEMORY, "no memory for the view");
    }
    if (err != ERR_NONE) {
        return err;
    }
    uint8_t hash[SUBSCRIPTION_HASH_BYTES];
    (void)crypto_generichash(hash, sizeof(hash), (const unsigned char *)out->data + before,
                             out->length - before, NULL, 0);
    const bool is_empty =
        it->kind->show == show_logs && strstr(text_string(out) + before, "\"logs\":[]") != NULL;
    *ret_is_new = !is_empty && memcmp(hash, it->hash, sizeof(hash)) != 0;
    memcpy(it->hash, hash, sizeof(hash));
    it->seen = seq;
    return ERR_NONE;
}
