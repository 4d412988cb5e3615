"""Wrong executor configurations: each is refused before anything runs, with the path of its field."""

import sys

from program import *

MARKET = {"connector_name": "paper", "trading_pair": "BTC-USDT", "side": "BUY"}
POSITION = {"type": "position_executor", **MARKET, "amount": "0.1"}
PROGRESSIVE = {"type": "progressive_executor", **MARKET, "amount": "0.1"}
ORDER = {"type": "order_executor", **MARKET, "amount": "1", "execution_strategy": "LIMIT",
         "price": "100"}
DCA = {"type": "dca_executor", **MARKET, "prices": ["100", "99"], "amounts_quote": ["10", "20"],
       "take_profit": "0.01"}
GRID = {"type": "grid_executor", **MARKET, "start_price": "90", "end_price": "110",
        "limit_price": "80", "total_amount_quote": "1000",
        "triple_barrier_config": {"take_profit": "0.01"}}
TWAP = {"type": "twap_executor", **MARKET, "total_amount_quote": "1000", "total_duration": 100,
        "order_interval": 10}
ARBITRAGE = {"type": "arbitrage_executor", "order_amount": "1", "min_profitability": "0.001",
             "buying_market": {"connector_name": "paper", "trading_pair": "BTC-USDT"},
             "selling_market": {"connector_name": "other", "trading_pair": "BTC-USDT"}}
XEMM = {**ARBITRAGE, "type": "xemm_executor", "maker_side": "BUY", "target_profitability": "0.002",
        "max_profitability": "0.003"}
BASES = [POSITION, PROGRESSIVE, ORDER, DCA, GRID, TWAP, ARBITRAGE, XEMM]


def barriers(**fields):
    return {"triple_barrier_config": fields}


# What is changed (None: left out), and the field that is to blame.
WRONG = [
    (POSITION, {"amount": "-1"}, "amount"),
    (POSITION, {"amount": "0"}, "amount"),
    (POSITION, {"entry_price": "-5"}, "entry_price"),
    (POSITION, {"leverage": 0}, "leverage"),
    (POSITION, {"side": 9}, "side"),
    (POSITION, {"trading_pair": None}, "trading_pair"),
    (POSITION, {"activation_bounds": ["0.1"]}, "activation_bounds"),
    (POSITION, {"colour": "blue"}, "colour"),
    (POSITION, {"controller_id": ""}, "controller_id"),
    (POSITION, {"controller_id": "two words"}, "controller_id"),
    (POSITION, {"controller_id": "x" * 64}, "controller_id"),
    (POSITION, {"controller_id": "EXTERNAL"}, "controller_id"),
    (POSITION, barriers(stop_loss="0"), "triple_barrier_config.stop_loss"),
    (POSITION, barriers(take_profit="-1"), "triple_barrier_config.take_profit"),
    (POSITION, barriers(time_limit=-1), "triple_barrier_config.time_limit"),
    (POSITION, barriers(stop_loss_order_type="LIMIT"),
     "triple_barrier_config.stop_loss_order_type"),
    (POSITION, barriers(trailing_stop={"activation_price": "0.01", "trailing_delta": "-0.1"}),
     "triple_barrier_config.trailing_stop.trailing_delta"),
    (PROGRESSIVE, {"amount": "-1"}, "amount"),
    (PROGRESSIVE, barriers(stop_loss="-0.1"), "triple_barrier_config.stop_loss"),
    (PROGRESSIVE, barriers(trailing_stop={"activation_pnl_pct": "0", "trailing_pct": "0.01"}),
     "triple_barrier_config.trailing_stop.activation_pnl_pct"),
    (ORDER, {"price": None}, "price"),
    (ORDER, {"price": "-1"}, "price"),
    (ORDER, {"execution_strategy": "LIMIT_CHASER"}, "chaser_config"),
    (ORDER, {"execution_strategy": "SOMEHOW"}, "execution_strategy"),
    (DCA, {"prices": [], "amounts_quote": []}, "amounts_quote"),
    (DCA, {"prices": ["100"]}, "prices"),
    (DCA, {"prices": ["100", "-99"]}, "prices[1]"),
    (DCA, {"amounts_quote": ["0", "20"]}, "amounts_quote[0]"),
    (DCA, {"stop_loss": "-1"}, "stop_loss"),
    (GRID, {"start_price": "110", "end_price": "90"}, "start_price"),
    (GRID, {"start_price": "110"}, "start_price"),
    (GRID, barriers(), "triple_barrier_config.take_profit"),
    (GRID, {"triple_barrier_config": None}, "triple_barrier_config"),
    (GRID, {"total_amount_quote": "0"}, "total_amount_quote"),
    (GRID, {"max_open_orders": 0}, "max_open_orders"),
    (TWAP, {"order_interval": 0}, "order_interval"),
    (TWAP, {"total_duration": -5}, "total_duration"),
    (TWAP, {"mode": "MAKER"}, "limit_order_buffer"),
    (TWAP, {"mode": "FAST"}, "mode"),
    (ARBITRAGE, {"order_amount": "-1"}, "order_amount"),
    (ARBITRAGE, {"selling_market": None}, "selling_market"),
    (ARBITRAGE, {"selling_market": ARBITRAGE["buying_market"]}, "selling_market.connector_name"),
    (ARBITRAGE, {"selling_market": {"connector_name": "other", "trading_pair": "ETH-USDT"}},
     "selling_market.trading_pair"),
    (XEMM, {"target_profitability": "0.0001"}, "target_profitability"),
    (XEMM, {"max_profitability": "0.001"}, "target_profitability"),
    (XEMM, {"maker_side": "RANGE"}, "maker_side"),
]


def two_venues(folder, executors):
    file = base_file(folder, executors=executors)
    for section in ("venues", "instruments", "feeds"):
        name = "name" if section == "venues" else "venue"
        file[section].append({**file[section][0], name: "other"})
    return write(folder, file)


def test_what_is_changed_below_is_right(folder):
    run("validate", two_venues(folder, BASES), cwd=folder)


def test_each_is_refused_by_the_path_of_its_field(folder):
    for base, changes, field in WRONG:
        config = {key: value for key, value in {**base, **changes}.items() if value is not None}
        _, err = run("run", two_venues(folder, [POSITION, config]), cwd=folder, code=2)
        assert f"executors[1].{field}: " in err, f"{base['type']} {changes}: {err}"
        assert not (folder / "test.db").exists()


def test_markets_that_are_not_there(folder):
    """The field is that of the market: also of the second one of a pair."""
    nowhere = {"connector_name": "nowhere", "trading_pair": "BTC-USDT"}
    unlisted = {"connector_name": "other", "trading_pair": "BTC-USDC"}
    cases = [({**POSITION, "connector_name": "nowhere"}, "connector_name"),
             ({**POSITION, "trading_pair": "ETH-USDT"}, "trading_pair"),
             ({**ARBITRAGE, "buying_market": nowhere}, "buying_market.connector_name"),
             ({**XEMM, "selling_market": unlisted}, "selling_market.trading_pair")]
    _, err = run("validate", two_venues(folder, [config for config, _ in cases]), cwd=folder, code=2)
    for i, (_, field) in enumerate(cases):
        assert f"executors[{i}].{field}: " in err, (i, field, err)


def test_all_are_told_at_once(folder):
    executors = [{key: value for key, value in {**base, **changes}.items() if value is not None}
                 for base, changes, _ in WRONG]
    _, err = run("validate", two_venues(folder, executors), cwd=folder, code=2)
    for i, (_, _, field) in enumerate(WRONG):
        assert f"executors[{i}].{field}: " in err, (i, field, err)


sys.exit(main(sys.modules[__name__]))
