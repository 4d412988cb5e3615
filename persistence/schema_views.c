#include "persistence/schema.h"

#include <stddef.h>

/*
 * Hummingbot keeps money as whole millionths, truncated: "-0.57" becomes -570000. Done on the text,
 * as a detour over binary fractions would give 569999 here and there.
 */
#define MILLIONTHS(money)                                                \
    " CAST(CASE instr(" money ", '.') WHEN 0 THEN " money " || '000000'" \
    " ELSE substr(" money ", 1, instr(" money ", '.') - 1)"              \
    " || substr(substr(" money ", instr(" money ", '.') + 1) || '000000', 1, 6) END AS INTEGER)"

#define MILLISECONDS(instant) " (" instant " / 1000000)"

/* The assets of a pair named BASE-QUOTE. */
#define BASE_ASSET(pair) " substr(" pair ", 1, instr(" pair ", '-') - 1)"
#define QUOTE_ASSET(pair) " substr(" pair ", instr(" pair ", '-') + 1)"

/* PositionAction: the role open opens, all others close; NIL for a fill without an order of ours.
 */
#define POSITION_ACTION(role) \
    " CASE WHEN " role " IS NULL THEN 'NIL' WHEN " role " = 'open' THEN 'OPEN' ELSE 'CLOSE' END"

/* One column per line, which the formatter would not keep. */
/* clang-format off */
const char *const schema_views[] = {
    "CREATE VIEW hb_executors AS SELECT"
    " id,"
    " created_at / 1e9 AS timestamp,"
    " type,"
    " CASE close_type WHEN 'TIME_LIMIT' THEN 1 WHEN 'STOP_LOSS' THEN 2 WHEN 'TAKE_PROFIT' THEN 3"
    "  WHEN 'EXPIRED' THEN 4 WHEN 'EARLY_STOP' THEN 5 WHEN 'TRAILING_STOP' THEN 6"
    "  WHEN 'INSUFFICIENT_BALANCE' THEN 7 WHEN 'FAILED' THEN 8 WHEN 'COMPLETED' THEN 9"
    "  WHEN 'POSITION_HOLD' THEN 10 END AS close_type,"
    " closed_at / 1000000000 AS close_timestamp,"
    " CASE status WHEN 'NOT_STARTED' THEN 1 WHEN 'RUNNING' THEN 2 WHEN 'SHUTTING_DOWN' THEN 3"
    "  WHEN 'TERMINATED' THEN 4 END AS status,"
    " config,"
    " CAST(net_pnl_pct AS REAL) AS net_pnl_pct,"
    " CAST(net_pnl_quote AS REAL) AS net_pnl_quote,"
    " CAST(cum_fees_quote AS REAL) AS cum_fees_quote,"
    " CAST(filled_amount_quote AS REAL) AS filled_amount_quote,"
    " status IS NOT 'TERMINATED' AS is_active,"
    " status IS NOT 'TERMINATED' AND filled_amount_quote <> '0' AS is_trading,"
    " custom_info,"
    " controller_id"
    " FROM executor;",

    "CREATE VIEW hb_orders AS SELECT"
    " client_order_id AS id,"
    " (SELECT name FROM run) AS config_file_path,"
    " 'tutti' AS strategy,"
    " venue AS market,"
    " trading_pair AS symbol,"
    BASE_ASSET("trading_pair") " AS base_asset,"
    QUOTE_ASSET("trading_pair") " AS quote_asset,"
    MILLISECONDS("created_at") " AS creation_timestamp,"
    " type AS order_type,"
    MILLIONTHS("amount") " AS amount,"
    " 1 AS leverage,"
    MILLIONTHS("price") " AS price,"
    " CASE status WHEN 'FILLED' THEN iif(side = 'BUY', 'BuyOrderCompleted', 'SellOrderCompleted')"
    "  WHEN 'PARTIALLY_FILLED' THEN 'OrderFilled' WHEN 'CANCELED' THEN 'OrderCancelled'"
    "  WHEN 'EXPIRED' THEN 'OrderExpired' WHEN 'REJECTED' THEN 'OrderFailure'"
    "  ELSE iif(side = 'BUY', 'BuyOrderCreated', 'SellOrderCreated') END AS last_status,"
    MILLISECONDS("updated_at") " AS last_update_timestamp,"
    " exchange_order_id,"
    POSITION_ACTION("role") " AS position"
    " FROM orders;",

    "CREATE VIEW hb_trade_fill AS SELECT"
    " (SELECT name FROM run) AS config_file_path,"
    " 'tutti' AS strategy,"
    " f.venue AS market,"
    " f.trading_pair AS symbol,"
    BASE_ASSET("f.trading_pair") " AS base_asset,"
    QUOTE_ASSET("f.trading_pair") " AS quote_asset,"
    MILLISECONDS("f.ts") " AS timestamp,"
    " f.client_order_id AS order_id,"
    " f.side AS trade_type,"
    " o.type AS order_type,"
    MILLIONTHS("f.price") " AS price,"
    MILLIONTHS("f.amount") " AS amount,"
    " 1 AS leverage,"
    " '{\"fee_type\":\"AddedToCost\",\"percent\":\"0\",\"percent_token\":null,\"flat_fees\":[{'"
    "  || '\"token\":\"' || f.fee_asset || '\",\"amount\":\"' || f.fee || '\"}]}' AS trade_fee,"
    MILLIONTHS("f.fee_quote") " AS trade_fee_in_quote,"
    " f.trade_id AS exchange_trade_id,"
    POSITION_ACTION("o.role") " AS position"
    " FROM fill f LEFT JOIN orders o ON o.client_order_id = f.client_order_id;",

    /* The side has the sign. The unrealized result depends on the mark: it is in the events. */
    "CREATE VIEW hb_position AS SELECT"
    " controller_id || ':' || venue || ':' || trading_pair || ':' || side AS id,"
    " controller_id,"
    " venue AS connector_name,"
    " CASE side WHEN 'NET' THEN iif(amount LIKE '-%', 'SELL', 'BUY') ELSE side END AS side,"
    " trading_pair,"
    MILLISECONDS("updated_at") " AS timestamp,"
    MILLIONTHS("volume_quote") " AS volume_traded_quote,"
    MILLIONTHS("ltrim(amount, '-')") " AS amount,"
    MILLIONTHS("average_price") " AS breakeven_price,"
    " NULL AS unrealized_pnl_quote,"
    MILLIONTHS("realized_pnl_quote") " AS realized_pnl_quote,"
    MILLIONTHS("fees_quote") " AS cum_fees_quote"
    " FROM position;",

    NULL,
};
/* clang-format on */
