#include "persistence/record.h"

#include <stdalign.h>
#include <string.h>

#include "base/assert.h"
#include "config/field.h"

static const char *const record_types[RECORD_KIND_COUNT] = {
#define RECORD_TYPE(name, type, data) [RECORD_##name] = type,
    RECORD_KINDS(RECORD_TYPE)
#undef RECORD_TYPE
};

static const enum record_data record_data_of_kind[RECORD_KIND_COUNT] = {
#define RECORD_DATA(name, type, data) [RECORD_##name] = RECORD_DATA_##data,
    RECORD_KINDS(RECORD_DATA)
#undef RECORD_DATA
};

static const char *const record_statuses[] = {
    [1] = "NOT_STARTED",
    [2] = "RUNNING",
    [3] = "SHUTTING_DOWN",
    [4] = "TERMINATED",
};

static const char *const record_close_types[CLOSE_TYPE_COUNT] = {
    [1] = "TIME_LIMIT", [2] = "STOP_LOSS",      [3] = "TAKE_PROFIT",          [4] = "EXPIRED",
    [5] = "EARLY_STOP", [6] = "TRAILING_STOP",  [7] = "INSUFFICIENT_BALANCE", [8] = "FAILED",
    [9] = "COMPLETED",  [10] = "POSITION_HOLD",
};

enum { RECORD_TEXTS_MAX = 9, RECORD_HEAD_TEXTS = 2 };

/* How large a record with a member of the data union is, and where its texts lie: names first. */
struct record_layout {
    size_t size;
    size_t names;
    size_t texts; /* Names included. */
    size_t offsets[RECORD_TEXTS_MAX];
};

#define SIZE(member) (AT(member) + sizeof(((struct record *)NULL)->data.member))
#define AT(member) offsetof(struct record, data.member)
static const struct record_layout record_layouts[] = {
    [RECORD_DATA_RUN] = {SIZE(run),
                         0,
                         9,
                         {AT(run.name), AT(run.mode), AT(run.config), AT(run.config_hash),
                          AT(run.version), AT(run.reason), AT(run.subject), AT(run.effect),
                          AT(run.actor)}},
    [RECORD_DATA_ACTION] = {SIZE(action),
                            0,
                            6,
                            {AT(action.action_id), AT(action.action), AT(action.code),
                             AT(action.message), AT(action.request), AT(action.actor)}},
    [RECORD_DATA_EXECUTOR] = {SIZE(executor),
                              3,
                              8,
                              {AT(executor.type), AT(executor.connector_name),
                               AT(executor.trading_pair), AT(executor.config),
                               AT(executor.reserved), AT(executor.state), AT(executor.custom_info),
                               AT(executor.reason)}},
    [RECORD_DATA_SKIP] = {SIZE(skip),
                          3,
                          4,
                          {AT(skip.type), AT(skip.connector_name), AT(skip.trading_pair),
                           AT(skip.reason)}},
    [RECORD_DATA_ORDER] =
        {SIZE(order),
         2,
         4,
         {AT(order.venue), AT(order.trading_pair), AT(order.exchange_order_id), AT(order.reason)}},
    [RECORD_DATA_FILL] =
        {SIZE(fill),
         4,
         4,
         {AT(fill.venue), AT(fill.account), AT(fill.trading_pair), AT(fill.fee_asset)}},
    [RECORD_DATA_POSITION] =
        {SIZE(position), 2, 2, {AT(position.venue), AT(position.trading_pair)}},
    [RECORD_DATA_RATE] = {SIZE(rate), 2, 2, {AT(rate.asset), AT(rate.quote_asset)}},
    [RECORD_DATA_FUNDING] = {SIZE(funding), 2, 2, {AT(funding.venue), AT(funding.trading_pair)}},
    [RECORD_DATA_LIQUIDATION] =
        {SIZE(liquidation),
         2,
         3,
         {AT(liquidation.venue), AT(liquidation.trading_pair), AT(liquidation.reason)}},
    [RECORD_DATA_PERFORMANCE] = {SIZE(performance), 0, 0, {0}},
    [RECORD_DATA_NOTE] =
        {SIZE(note),
         0,
         5,
         {AT(note.scope), AT(note.code), AT(note.text), AT(note.before), AT(note.actor)}},
};
#undef AT
#undef SIZE

/* The head's texts are names. */
static const size_t record_head_texts[RECORD_HEAD_TEXTS] = {
    offsetof(struct record, controller_id),
    offsetof(struct record, executor_id),
};
const char *record_kind_type(enum record_kind kind)
{
    ASSERT((unsigned)kind < RECORD_KIND_COUNT);
    return record_types[kind];
}

enum record_kind record_kind_find(const char *type)
{
    unsigned kind = 0;
    while (kind < RECORD_KIND_COUNT && strcmp(record_types[kind], type) != 0) {
        kind++;
    }
    return (enum record_kind)kind;
}

static inline enum record_data record_data_of(enum record_kind kind)
{
    ASSERT((unsigned)kind < RECORD_KIND_COUNT);
    return record_data_of_kind[kind];
}

enum record_data record_kind_data(enum record_kind kind)
{
    return record_data_of(kind);
}

const char *record_status_name(int status)
{
    const size_t count = sizeof(record_statuses) / sizeof(record_statuses[0]);
    return status >= 0 && (size_t)status < count ? record_statuses[status] : NULL;
}

const char *record_close_type_name(int close_type)
{
    return close_type >= 0 && close_type < CLOSE_TYPE_COUNT ? record_close_types[close_type] : NULL;
}

const char *record_position_side_name(int side)
{
    return side == 0 ? "NET" : field_name_of(side_names, side);
}

const char *record_client_order_id(const struct record *record, char out[ORDER_ID_TEXT_MAX])
{
    const enum record_data data = record_kind_data(record->kind);
    out[0] = '\0';
    if (data == RECORD_DATA_ORDER) {
        (void)order_id_print(record->data.order.id, out);
    } else if (data == RECORD_DATA_FILL) {
        (void)order_id_print(record->data.fill.fill.order, out);
    }
    return out;
}

/* The text pointer at an offset, read and written through memcpy as the offset has no type. */
static const char *record_text_get(const struct record *record, size_t offset)
{
    const char *text;
    memcpy(&text, (const char *)record + offset, sizeof(text));
    return text;
}

static void record_text_set(struct record *record, size_t offset, const char *text)
{
    memcpy((char *)record + offset, &text, sizeof(text));
}

/* Bytes of the copy of an executor that goes along. */
static size_t record_copy_size(const struct record *record, enum record_data data)
{
    return data == RECORD_DATA_EXECUTOR ? record->data.executor.copy_size : 0;
}

static size_t record_text_size(const struct record *record, size_t offset)
{
    const char *text = record_text_get(record, offset);
    return text != NULL && text[0] != '\0' ? strlen(text) + 1 : 0;
}

size_t record_packed_size(const struct record *record)
{
    const enum record_data data = record_data_of(record->kind);
    const struct record_layout *layout = &record_layouts[data];
    size_t size = layout->size + record_copy_size(record, data);
    for (size_t i = 0; i < RECORD_HEAD_TEXTS && !record->has_lasting_names; i++) {
        size += record_text_size(record, record_head_texts[i]);
    }
    for (size_t i = record->has_lasting_names ? layout->names : 0; i < layout->texts; i++) {
        size += record_text_size(record, layout->offsets[i]);
    }
    return size;
}

/* Copies the text at an offset to `next`; returns where the next one goes, or NULL when there is no
 * room for it before `end`. */
static inline char *record_pack_text(struct record *copy, size_t offset, char *next,
                                     const char *end)
{
    const char *text = record_text_get(copy, offset);
    if (text == NULL) {
        return next;
    }
    if (text[0] == '\0') {
        record_text_set(copy, offset, "");
        return next;
    }
    const size_t size = strlen(text) + 1;
    if (size > (size_t)(end - next)) {
        return NULL;
    }
    memcpy(next, text, size);
    record_text_set(copy, offset, next);
    return next + size;
}

size_t record_pack(const struct record *record, void *memory, size_t room)
{
    ASSERT((uintptr_t)memory % alignof(struct record) == 0);
    const enum record_data data = record_data_of(record->kind);
    const struct record_layout *layout = &record_layouts[data];
    const size_t copy_size = record_copy_size(record, data);
    if (layout->size + copy_size > room) {
        return 0;
    }
    struct record *copy = memory;
    memcpy(memory, record, layout->size);
    char *next = (char *)memory + layout->size;
    if (copy_size > 0) {
        ASSERT(layout->size % alignof(struct record) == 0 &&
               copy_size % alignof(struct record) == 0);
        memcpy(next, record->data.executor.copy, copy_size);
        copy->data.executor.copy = next;
        next += copy_size;
    }
    const char *end = (char *)memory + room;
    const bool keeps_names = record->has_lasting_names;
    for (size_t i = keeps_names ? RECORD_HEAD_TEXTS : 0; i < RECORD_HEAD_TEXTS && next != NULL;
         i++) {
        next = record_pack_text(copy, record_head_texts[i], next, end);
    }
    for (size_t i = keeps_names ? layout->names : 0; i < layout->texts && next != NULL; i++) {
        next = record_pack_text(copy, layout->offsets[i], next, end);
    }
    return next != NULL ? (size_t)(next - (char *)memory) : 0;
}
