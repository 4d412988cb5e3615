#include "actors/executor_copy.h"

#include <string.h>

enum { COPY_ALIGNMENT = alignof(struct executor_copy) };

size_t executor_print(const struct executor *executor, const struct executor_view *view,
                      struct text *info, struct text *state)
{
    json_object_begin(info);
    executor->kind->custom_info(executor, view, info);
    json_object_end(info);
    return executor_save_changes(executor, state);
}

static size_t copy_aligned(size_t size)
{
    return (size + COPY_ALIGNMENT - 1) / COPY_ALIGNMENT * COPY_ALIGNMENT;
}

size_t executor_copy_size(const struct executor *executor, const struct executor_view *view)
{
    for (size_t i = 0; i < view->market_count; i++) {
        if (view->markets[i].depth != NULL) {
            return 0; /* It lies in the message of this wake. */
        }
    }
    const size_t size = sizeof(struct executor_copy) + copy_aligned(executor->kind->state_size) +
                        copy_aligned(executor->ledger.count * sizeof(struct ledger_order));
    return size <= EXECUTOR_COPY_BYTES_MAX ? size : 0;
}

/* The orders stand behind the state. */
static unsigned char *copy_orders(struct executor_copy *copy, const struct executor *executor)
{
    return copy->bytes + copy_aligned(executor->kind->state_size);
}

void executor_copy_make(const struct executor *executor, const struct executor_view *view,
                        struct executor_copy *ret_copy)
{
    ret_copy->view = *view;
    ret_copy->size = executor_copy_size(executor, view);
    ASSERT(ret_copy->size > 0);
    memcpy(ret_copy->bytes, executor, executor->kind->state_size);
    if (executor->ledger.count > 0) {
        memcpy(copy_orders(ret_copy, executor), executor->ledger.orders,
               executor->ledger.count * sizeof(struct ledger_order));
    }
}

void executor_put_figures(const struct executor_report *figures, struct record_executor *record)
{
    record->side = (int)figures->side;
    record->status = (int)figures->status;
    record->close_type = (int)figures->close_type;
    record->net_pnl_quote = figures->net_pnl_quote;
    record->net_pnl_pct = figures->net_pnl_pct;
    record->cum_fees_quote = figures->cum_fees_quote;
    record->filled_amount_quote = figures->filled_amount_quote;
    record->closed_at_ns = figures->closed_at_ns;
}

enum err executor_copy_unfold(struct record *record, struct text *info, struct text *state)
{
    if (record_kind_data(record->kind) != RECORD_DATA_EXECUTOR ||
        record->data.executor.copy == NULL) {
        return ERR_NONE;
    }
    struct executor_copy *copy = record->data.executor.copy;
    struct executor *executor = (struct executor *)(void *)copy->bytes;
    /* The block has been moved since it was made. */
    executor->ledger.orders = (struct ledger_order *)(void *)copy_orders(copy, executor);
    struct executor_report figures;
    executor->kind->report(executor, &copy->view, &figures);
    executor_put_figures(&figures, &record->data.executor);
    text_clear(info);
    text_clear(state);
    (void)executor_print(executor, &copy->view, info, state);
    record->data.executor.custom_info = text_string(info);
    record->data.executor.state = text_string(state);
    return text_failed(info) || text_failed(state) ? ERR_MEMORY : ERR_NONE;
}
