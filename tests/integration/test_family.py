"""The executor family against totals computed outside the program.

Every example of the family runs as it stands, and so do run files for what the examples lack. What
each executor has to trade is played again in replay.py, from the quotes and the rules alone: every
fill, with time, price, amount, fee and liquidity, has to be the same, and so have the close types,
the times of closing, the results, the position book and the balances.
"""

import datetime
import json
import sys

from program import *
from replay import NS_PER_S, REPLAYS, Market, divide, play, read_quotes

EXAMPLES = SOURCE / "examples"
SECOND_QUOTES = EXAMPLES / "data/second-venue-quotes.csv.gz"

# A result is a sum of rounded quotients; cash is not.
ROUNDING = D(1).scaleb(-14)


def run_example(folder, name):
    text = (EXAMPLES / f"{name}.yaml").read_text()
    text = text.replace("examples/data", str(EXAMPLES / "data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    run("run", write(folder, text, f"{name}.yaml"), cwd=folder)
    return folder / f"{name}.db"


def run_file(folder, executors, **sections):
    run("run", write(folder, base_file(folder, executors=executors, **sections)), cwd=folder)
    return folder / "test.db"


def two_venues(folder, executors, second_quotes):
    """Both venues with money and coins; the second one is fed with quotes of its own."""
    file = base_file(folder, executors=executors)
    venue, instrument, feed = file["venues"][0], file["instruments"][0], file["feeds"][0]
    file["venues"].append({**venue, "name": "other"})
    file["instruments"].append({**instrument, "venue": "other"})
    file["feeds"].append({**feed, "venue": "other", "quotes": str(second_quotes)})
    run("run", write(folder, file), cwd=folder)
    return folder / "test.db"


def shifted_quotes(folder, seconds, cents):
    """The quickstart's quotes, so much later and so much dearer."""
    lines = ["update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,"
             "event_time"]
    for i, (time_ns, bid, ask) in enumerate(read_quotes(QUOTES)):
        time_ms = time_ns // 1000000 + seconds * 1000
        lines.append(f"{i + 1},{bid + D(cents) / 100},1,{ask + D(cents) / 100},1,"
                     f"{time_ms},{time_ms}")
    path = folder / "shifted-quotes.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def recorded_run(database):
    """The run file as it was recorded, with its paths made absolute."""
    file = json.loads(rows(database, "SELECT config FROM run")[0]["config"])
    for feed in file["feeds"]:
        feed["quotes"] = str(database.parent / feed["quotes"])
    return file


def markets_of(file):
    """The markets of a run file, in the order of its feeds."""
    venues = {venue["name"]: venue for venue in file["venues"]}
    rules = {rule["venue"]: rule for rule in file["instruments"]}
    return {feed["venue"]: Market(
        venues[feed["venue"]], read_quotes(feed["quotes"]), rules[feed["venue"]])
        for feed in file["feeds"]}


def instant(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * NS_PER_S


def replay_of(row, markets):
    config = json.loads(row["config"])
    names = [config["connector_name"]] if "connector_name" in config else \
        [config[market]["connector_name"] for market in ("buying_market", "selling_market")]
    replay = REPLAYS[config["type"]](config, *(markets[name] for name in names))
    if config["start_at"]:
        replay.start_at = instant(config["start_at"])
    return replay


def fills_of(database, executor_id):
    found = [(row["ts"], row["venue"], row["side"], D(row["price"]), D(row["amount"]),
              D(row["fee"]), row["liquidity"])
             for row in rows(database, "SELECT * FROM fill") if row["executor_id"] == executor_id]
    return sorted(found)


def check_executor(database, row, replay, on_end):
    found, expected = fills_of(database, row["id"]), replay.fills()
    for ours, theirs in zip(expected, found):
        assert ours == theirs, f"{row['type']}: fill {theirs}, computed {ours}"
    assert len(found) == len(expected), f"{row['type']}: {len(found)} fills, not {len(expected)}"
    assert replay.close_type is not None or on_end == "keep", "it ends before the tape does"
    close_type = replay.close_type or ("POSITION_HOLD" if replay.gross() else "EARLY_STOP")
    assert row["close_type"] == close_type, f"{row['close_type']}, computed {close_type}"
    if replay.close_type is not None:
        assert row["closed_at"] == replay.closed_at, f"{row['closed_at']}, {replay.closed_at}"
    assert D(row["cum_fees_quote"]) == replay.fees()
    volume = sum((multiply(fill[3], fill[4]) for fill in expected), D(0))
    assert D(row["filled_amount_quote"]) == volume


def check_result(row, replay):
    """What was closed has earned its cash, to the last digit that a quotient leaves."""
    cash = sum((multiply(fill[3], fill[4]) * (1 if fill[2] == "SELL" else -1)
                for fill in replay.fills()), D(0)) - replay.fees()
    assert abs(D(row["net_pnl_quote"]) - cash) <= ROUNDING, f"{row['net_pnl_quote']}, {cash}"


def is_flat(replay):
    return sum((fill[4] * (1 if fill[2] == "BUY" else -1) for fill in replay.fills()), D(0)) == 0


def expected_balances(file, replays):
    """Opening balances plus what was traded minus fees, per venue."""
    balances = {venue["name"]: {asset: D(amount) for asset, amount in venue["balances"].items()}
                for venue in file["venues"]}
    perpetual = {rule["venue"] for rule in file["instruments"] if rule.get("perpetual")}
    for replay in replays:
        for _, venue, side, price, amount, fee, _ in replay.fills():
            sign = 1 if side == "BUY" else -1
            assets = balances[venue]
            assets["USDT"] = assets.get("USDT", D(0)) - sign * multiply(price, amount) - fee
            if venue not in perpetual:
                assets["BTC"] = assets.get("BTC", D(0)) + sign * amount
    return balances


def found_balances(database):
    found = {}
    for row in rows(database, "SELECT payload FROM journal WHERE kind = 'venue.reconciled'"
                              " ORDER BY seq"):
        payload = json.loads(row["payload"])
        found[payload["venue"]] = {asset: D(amount)
                                   for asset, amount in json.loads(payload["found"]).items()}
    return found


def check_replayed(database):
    """All of a run against its replay; returns the replays by executor type, in order of start."""
    check_held(database)
    file = recorded_run(database)
    markets = markets_of(file)
    executors = rows(database, "SELECT * FROM executor ORDER BY created_at, id")
    replays = [replay_of(row, markets) for row in executors]
    play(replays, list(markets.values()))
    for row, replay in zip(executors, replays):
        check_executor(database, row, replay, file["run"].get("on_end", "close"))
        if is_flat(replay):
            check_result(row, replay)
    assert found_balances(database) == expected_balances(file, replays)
    check_books(database, {}, spot=False)
    check_journal(database)
    return replays


# ---- The examples.

def test_example_order(folder):
    """A chaser that follows the bid, and a LIMIT order out of what the account holds."""
    replays = check_replayed(run_example(folder, "order"))
    assert [len(replay.fills()) for replay in replays] == [1, 1]


def test_orders_have_the_ids_of_the_table(folder):
    """order_ids and held_position_orders of custom_info name rows of the table of orders."""
    database = run_example(folder, "order")
    held = 0
    for row in rows(database, "SELECT * FROM executor"):
        info = json.loads(row["custom_info"])
        own = {order["client_order_id"]: order for order in rows(database, "SELECT * FROM orders")
               if order["executor_id"] == row["id"]}
        assert sorted(info["order_ids"]) == sorted(own)
        assert info["order_id"] == info["order_ids"][-1]
        for order in info["held_position_orders"]:
            assert order["executed_amount_base"] == own[order["order_id"]]["executed_base"]
            held += 1
    assert held > 0


def test_example_dca(folder):
    """Two of four levels, and the take profit on their average price."""
    replay, = check_replayed(run_example(folder, "dca"))
    assert replay.close_type == "TAKE_PROFIT"
    assert replay.entry() == divide(sum(o.quote() for o in replay.filled("open")), replay.gross())


def test_example_twap(folder):
    """Thirty-one slices each; what is executed lacks less than what a step is worth."""
    for replay in check_replayed(run_example(folder, "twap")):
        traded = sum(order.quote() for order in replay.filled())
        assert 0 <= D(6000) - traded < replay.market.min_notional, traded
        assert len(replay.fills()) == 31


def test_example_arbitrage(folder):
    """The one that is content with less comes first."""
    database = run_example(folder, "arbitrage")
    replays = check_replayed(database)
    wanted = sorted(replays, key=lambda replay: D(replay.config["min_profitability"]))
    assert wanted[0].closed_at < wanted[1].closed_at
    for row in rows(database, "SELECT * FROM executor"):
        assert json.loads(row["custom_info"])["exposure"] == "0"


def test_example_xemm(folder):
    """A maker fill and its hedge of the same amount, on each side."""
    for replay in check_replayed(run_example(folder, "xemm")):
        assert [fill[6] for fill in replay.fills()].count("maker") == 1
        assert replay.traded(replay.buying) == replay.traded(replay.selling) == D("0.2")


def test_example_perpetual_both_sides(folder):
    """The long is stopped, the short reaches its target; only profits move the account."""
    replays = {replay.config["controller_id"]: replay for replay in
               check_replayed(run_example(folder, "perpetual-both-sides"))}
    assert replays["long"].close_type == "STOP_LOSS"
    assert replays["short"].close_type == "TAKE_PROFIT"


def test_example_progressive_btc(folder):
    """Bought at its limit as maker, sold after an hour as taker."""
    replay, = check_replayed(run_example(folder, "progressive-btc"))
    assert [fill[6] for fill in replay.fills()] == ["maker", "taker"]
    assert replay.close_type == "TIME_LIMIT"


# ---- What the examples lack.

def test_stops_that_rise(folder):
    """The stop is yield * elapsed / year - stop_loss, and the time limit waits for that yield."""
    executors = []
    for side in ("BUY", "SELL"):
        for apr, limit in (("60", 5000), ("200", None), ("10", 3000)):
            barriers = {"open_order_type": "MARKET", "stop_loss": "0.006", "take_profit": "0.02",
                        "apr_yield": apr, "time_limit": limit}
            executors.append(executor("progressive_executor", side=side, controller_id=side,
                                      triple_barrier_config=barriers))
    replays = check_replayed(run_file(folder, executors))
    stopped = [replay for replay in replays if replay.close_type == "STOP_LOSS"]
    assert any(replay.net_pct() > D("-0.005") for replay in stopped), "no stop has risen"


def order(strategy, side="BUY", **fields):
    return {"type": "order_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": side, "amount": "0.12345", "execution_strategy": strategy, **fields}


def test_orders_of_every_strategy(folder):
    """MARKET fills at the next quote; a LIMIT that never trades leaves nothing."""
    chaser = {"distance": "0.001", "refresh_threshold": "0.0015"}
    replays = check_replayed(run_file(folder, [
        order("MARKET"), order("MARKET", "SELL"), order("LIMIT", price="49900"),
        order("LIMIT", "SELL", price="50100"), order("LIMIT", price="1000"),
        order("LIMIT_MAKER", price="49950"), order("LIMIT_MAKER", "SELL", price="49990"),
        order("LIMIT_CHASER", chaser_config=chaser),
        order("LIMIT_CHASER", "SELL", chaser_config=chaser),
    ], run={"on_end": "keep"}))
    assert sum(len(replay.fills()) for replay in replays) == 8


def dca(mode, side="BUY", **fields):
    signs = {"BUY": -1, "SELL": 1}
    prices = [str(D(50000) + signs[side] * D(away)) for away in (30, 120, 260)]
    return {"type": "dca_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": side, "mode": mode, "prices": prices, "controller_id": f"{mode}-{side}",
            "amounts_quote": ["1000", "2000", "3000"], **fields}


def test_dca_of_both_modes_and_sides(folder):
    """Every barrier once: take profit, trailing stop, both kinds of stop loss, time limit."""
    trailing = {"activation_price": "0.003", "trailing_delta": "0.001"}
    replays = check_replayed(run_file(folder, [
        dca("MAKER", take_profit="0.003"), dca("MAKER", "SELL", trailing_stop=trailing),
        dca("MAKER", stop_loss="0.008"), dca("TAKER", stop_loss="0.004"),
        dca("TAKER", take_profit="0.002"), dca("TAKER", "SELL", take_profit="0.004"),
        dca("TAKER", "SELL", stop_loss="0.05", time_limit=900),
    ]))
    assert {replay.close_type for replay in replays} == \
        {"TAKE_PROFIT", "TRAILING_STOP", "STOP_LOSS", "TIME_LIMIT"}


def twap(mode, side, **fields):
    return {"type": "twap_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": side, "mode": mode, "total_amount_quote": "4321", "total_duration": 1000,
            "order_interval": 37, "controller_id": f"{mode}-{side}", **fields}


def test_twap_of_both_modes_and_sides(folder):
    """An interval that does not divide the duration, and orders that wait to be placed anew."""
    maker = {"limit_order_buffer": "0.0008", "order_resubmission_time": 50}
    replays = check_replayed(run_file(folder, [
        twap("TAKER", "BUY"), twap("TAKER", "SELL"), twap("MAKER", "BUY", **maker),
        twap("MAKER", "SELL", **maker), twap("MAKER", "SELL", limit_order_buffer="0.003"),
    ], run={"on_end": "keep"}))
    assert all(replay.slots() == 28 for replay in replays)
    assert {replay.close_type for replay in replays} >= {"COMPLETED"}


def pair(kind, buying="paper", selling="other", **fields):
    return {"type": kind, "order_amount": "0.25",
            "buying_market": {"connector_name": buying, "trading_pair": "BTC-USDT",
                              "fee": "0.0002"},
            "selling_market": {"connector_name": selling, "trading_pair": "BTC-USDT",
                               "fee": "0.0005"}, **fields}


def test_arbitrage_between_shifted_tapes(folder):
    """The other venue shows every price 40 seconds later: each way pays at its time."""
    quotes = shifted_quotes(folder, 40, 0)
    wanted = ("0.0001", "0.0005", "0.001", "0.0015")
    replays = check_replayed(two_venues(folder, [
        pair("arbitrage_executor", *way, min_profitability=profit) for profit in wanted
        for way in (("paper", "other"), ("other", "paper"))], quotes))
    assert all(replay.close_type == "COMPLETED" for replay in replays)
    assert len({replay.closed_at for replay in replays}) >= 4


def test_xemm_between_shifted_tapes(folder):
    """Rests on either venue, follows the other one, hedges there."""
    quotes = shifted_quotes(folder, 7, 12)
    profits = {"min_profitability": "-0.0004", "target_profitability": "0.0001",
               "max_profitability": "0.0007"}
    replays = check_replayed(two_venues(folder, [
        pair("xemm_executor", maker_side="BUY", **profits),
        pair("xemm_executor", maker_side="SELL", **profits),
        pair("xemm_executor", "other", "paper", maker_side="BUY", **profits)], quotes))
    assert all(replay.close_type == "COMPLETED" for replay in replays)


def test_requests_that_take_their_time(folder):
    """Orders and cancels arrive three quotes later; what is filled meanwhile counts. The chaser is
    far enough away not to be refused as one that would take."""
    maker = {"limit_order_buffer": "0.0003", "order_resubmission_time": 4}
    chaser = {"distance": "0.0015", "refresh_threshold": "0.002"}
    file = base_file(folder, run={"on_end": "keep"}, executors=[
        order("LIMIT_CHASER", chaser_config=chaser), order("MARKET", "SELL"),
        order("LIMIT_CHASER", "SELL", chaser_config=chaser), twap("MAKER", "BUY", **maker),
        twap("TAKER", "SELL"), dca("MAKER", take_profit="0.003"), dca("TAKER", stop_loss="0.004")])
    file["venues"][0]["latency_ms"] = 2500
    run("run", write(folder, file), cwd=folder)
    for replay in check_replayed(folder / "test.db"):
        assert all((order.filled_at - order.placed_at) >= 2500000000 for order in replay.filled())


# ---- Fills that come in parts.

def test_every_part_of_a_maker_fill_is_hedged(folder):
    """Recorded trades fill the maker order bit by bit (fill_model trade). What is hedged follows:
    bought is sold, in amounts that the other venue takes, and the result is the cash of it all."""
    tapes = {name: {kind: needs(DATA / f"BTCUSDT-{name}-20240808-{kind}.csv.gz")
                    for kind in ("bookTicker", "trades", "depth")} for name in ("SPOT", "PERP")}
    file = base_file(folder)
    file["venues"] = [{**file["venues"][0], "name": "paper", "fill_model": "trade"},
                      {**file["venues"][0], "name": "other"}]
    file["instruments"] = [{**file["instruments"][0], "venue": name} for name in ("paper", "other")]
    file["feeds"] = [
        {"venue": "paper", "trading_pair": "BTC-USDT", "cache": "tapes",
         "quotes": str(tapes["SPOT"]["bookTicker"]), "trades": str(tapes["SPOT"]["trades"]),
         "depth": str(tapes["SPOT"]["depth"])},
        {"venue": "other", "trading_pair": "BTC-USDT", "cache": "tapes",
         "quotes": str(tapes["PERP"]["bookTicker"])}]
    file["executors"] = [pair("xemm_executor", "other", "paper", maker_side="SELL",
                              order_amount="3", min_profitability="-0.003",
                              target_profitability="-0.0001", max_profitability="0.003")]
    run("run", write(folder, file), cwd=folder)
    database = folder / "test.db"
    row, = rows(database, "SELECT * FROM executor")
    info, fills = json.loads(row["custom_info"]), fills_of(database, row["id"])
    made = [fill for fill in fills if fill[1] == "paper"]
    hedged = [fill for fill in fills if fill[1] == "other"]
    assert len(made) > 2 and len(hedged) > 1, f"{len(made)} maker fills, {len(hedged)} hedges"
    assert {fill[2] for fill in made} == {"SELL"} and {fill[2] for fill in hedged} == {"BUY"}
    sums = [sum(fill[4] for fill in side) for side in (made, hedged)]
    assert [D(info["maker_filled_amount"]), D(info["taker_filled_amount"])] == sums
    assert D(info["unhedged_amount"]) == sums[0] - sums[1] == 0
    cash = sum(multiply(fill[3], fill[4]) * (1 if fill[2] == "SELL" else -1) - fill[5]
               for fill in fills)
    assert abs(D(row["net_pnl_quote"]) - cash) <= ROUNDING
    check_books(database, {}, spot=False)


sys.exit(main(sys.modules[__name__]))
