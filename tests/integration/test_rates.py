"""Two quote assets in one run: what executors compare and what reports sum.

Computed here: bought at the ask of one venue, sold at the bid of the other; profit = bid * rate *
(1 - fee) / ask - (1 + fee). An order that is placed at a quote fills at the next one of its venue.
"""

import json
import sys

from program import *
from replay import divide, read_quotes

EXAMPLES = SOURCE / "examples"
FEE = D("0.0002")


def profit(ask, value):
    return divide(multiply(value, 1 - FEE), ask) - (1 + FEE)


def steps(*tapes):
    """(time, venue, bid, ask) in order of time and, at the same time, of the feeds."""
    return sorted(((time, index, bid, ask) for index, tape in enumerate(tapes)
                   for time, bid, ask in tape), key=lambda step: step[:2])


def play(tapes, rate, wanted):
    """When and at which prices both legs fill: {venue: (time, price)}."""
    quotes, placed, fills = {}, False, {}
    for time, venue, bid, ask in steps(*tapes):
        quotes[venue] = (bid, ask)
        if placed and venue not in fills:
            fills[venue] = (time, ask if venue == 0 else bid)
        if len(quotes) == 2 and not placed:
            placed = profit(quotes[0][1], multiply(quotes[1][0], rate)) > wanted
    return fills


def fills_of(database):
    return {row["venue"]: row for row in
            rows(database, "SELECT f.* FROM fill f JOIN executor e ON e.id = f.executor_id"
                           " WHERE e.type = 'arbitrage_executor'")}


def reports(database):
    return {row["controller_id"]: json.loads(row["report"])
            for row in rows(database, "SELECT * FROM performance ORDER BY rowid")}


def check_sums(database, rates, quote_asset):
    """The report and the last performance are sums of the tables, each row at the rate of its quote
    asset."""
    def worth(pair, amount):
        return multiply(D(amount), rates.get(pair.split("-")[1], D(1)))

    book = rows(database, "SELECT * FROM position")
    fills = rows(database, "SELECT * FROM fill")
    executors = rows(database, "SELECT * FROM executor")
    total = json.loads(run("report", "--json", database, cwd=database.parent)[0])["total"]
    assert D(total["net_pnl_quote"]) == \
        sum(worth(row["trading_pair"], row["net_pnl_quote"]) for row in executors)
    assert D(total["fees_quote"]) == \
        sum(worth(row["trading_pair"], row["fee_quote"]) for row in fills)
    assert D(total["volume_traded"]) == \
        sum(worth(row["trading_pair"], multiply(D(row["price"]), D(row["amount"])))
            for row in fills)
    last = reports(database)[""]
    for figure in ("realized_pnl_quote", "fees_quote"):
        assert D(last[figure]) == sum(worth(row["trading_pair"], row[figure]) for row in book)
    told = {}
    for row in rows(database, "SELECT payload FROM journal WHERE kind = 'rate' ORDER BY seq"):
        payload = json.loads(row["payload"])
        assert payload["quote_asset"] == quote_asset
        told[payload["asset"]] = D(payload["rate"])
    assert told == rates


def test_example_arbitrage_rates(folder):
    """A fixed rate: both legs at the first quote that pays, at the fees of the venues."""
    text = (EXAMPLES / "arbitrage-rates.yaml").read_text()
    text = text.replace("examples/data", str(EXAMPLES / "data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    run("run", write(folder, text, "arbitrage-rates.yaml"), cwd=folder)
    database = folder / "arbitrage-rates.db"
    tapes = [read_quotes(EXAMPLES / f"data/{name}-quotes.csv.gz")
             for name in ("quickstart", "second-venue")]
    rate, amount = D("1.0005"), D("0.5")
    expected = play(tapes, rate, D("0.0008"))
    found = fills_of(database)
    assert {0: (found["tether"]["ts"], D(found["tether"]["price"])),
            1: (found["dollar"]["ts"], D(found["dollar"]["price"]))} == expected
    paid = multiply(expected[0][1], amount)
    got = multiply(expected[1][1], amount)
    fees = multiply(paid, FEE) + multiply(multiply(got, FEE), rate)
    row, = rows(database, "SELECT * FROM executor WHERE type = 'arbitrage_executor'")
    assert row["close_type"] == "COMPLETED"
    assert D(row["net_pnl_quote"]) == multiply(got, rate) - paid - fees
    assert D(row["cum_fees_quote"]) == fees
    assert D(row["filled_amount_quote"]) == multiply(got, rate) + paid
    balances = {}
    for told in rows(database, "SELECT payload FROM journal WHERE kind = 'venue.reconciled'"):
        payload = json.loads(told["payload"])
        assert payload["reason"] == "balanced"
        balances[payload["venue"]] = json.loads(payload["found"])
    # The other executor: 0.2 sold as maker for dollars, bought as taker for tether.
    maker = {fill["venue"]: fill for fill in rows(database, "SELECT * FROM fill")
             if D(fill["amount"]) == D("0.2")}
    made = multiply(D(maker["dollar"]["price"]), D("0.2"))
    hedged = multiply(D(maker["tether"]["price"]), D("0.2"))
    assert (maker["dollar"]["liquidity"], maker["tether"]["liquidity"]) == ("maker", "taker")
    assert D(balances["dollar"]["USD"]) == \
        got - multiply(got, FEE) + made - multiply(made, D("0.0001"))
    assert D(balances["tether"]["USDT"]) == \
        D(100000) - paid - multiply(paid, FEE) - hedged - multiply(hedged, FEE)
    check_sums(database, {"USD": rate}, "USDT")


def tape(folder, name, lines):
    """A tape of (seconds, bid, ask)."""
    path = folder / f"{name}.csv"
    text = "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty," \
        "transaction_time,event_time\n"
    for number, (second, bid, ask) in enumerate(lines):
        time = 1735689600000 + second * 1000
        text += f"{number + 1},{bid},1,{ask},1,{time},{time}\n"
    path.write_text(text)
    return str(path)


def live_file(folder, wanted):
    """Both markets stand still; only the rate between their quote assets moves, at 300 s."""
    still = [(second, "50000", "50001") for second in range(0, 600, 10)]
    rate = [(second, "1.0000", "1.0002") if second < 300 else (second, "0.9988", "0.9990")
            for second in range(0, 600, 10)]
    market = {"tick": "0.01", "step": "0.00001", "min_order_size": "0.0001"}
    return base_file(
        folder,
        run={"quote_asset": "USDT"},
        venues=[{"name": "tether", "balances": {"USDT": "100000"},
                 "fees": {"maker": "0", "taker": "0.0002"}},
                {"name": "dollar", "balances": {"BTC": "2"},
                 "fees": {"maker": "0", "taker": "0.0002"}}],
        rates=[{"pair": "USDT-USD", "venue": "dollar", "trading_pair": "USDT-USD"}],
        instruments=[{"trading_pair": "BTC-USDT", "venue": "tether", **market},
                     {"trading_pair": "BTC-USD", "venue": "dollar", **market},
                     {"trading_pair": "USDT-USD", "venue": "dollar", **market, "tick": "0.0001"}],
        feeds=[{"venue": "tether", "trading_pair": "BTC-USDT", "quotes": tape(folder, "a", still)},
               {"venue": "dollar", "trading_pair": "BTC-USD", "quotes": tape(folder, "b", still)},
               {"venue": "dollar", "trading_pair": "USDT-USD", "quotes": tape(folder, "c", rate)}],
        executors=[{"type": "arbitrage_executor", "order_amount": "0.5",
                    "min_profitability": wanted,
                    "buying_market": {"connector_name": "tether", "trading_pair": "BTC-USDT"},
                    "selling_market": {"connector_name": "dollar", "trading_pair": "BTC-USD"}}])


def test_a_live_rate_wakes(folder):
    """At 300 s a tether is worth 0.9989 dollars, so a dollar 1.00110121...: that alone makes it pay.
    The rate is the mid of its instrument, the other way round."""
    run("run", write(folder, live_file(folder, "0.0006")), cwd=folder)
    database = folder / "test.db"
    before, after = divide(D(1), D("1.0001")), divide(D(1), D("0.9989"))
    assert profit(D(50001), multiply(D(50000), before)) < D("0.0006") < \
        profit(D(50001), multiply(D(50000), after))
    found = fills_of(database)
    start = 1735689600 * 10**9
    assert {venue: row["ts"] for venue, row in found.items()} == \
        {"tether": start + 310 * 10**9, "dollar": start + 310 * 10**9}
    row, = rows(database, "SELECT * FROM executor")
    cash = multiply(D(25000) - D(5), after) - D("25000.5") - D("5.0001")
    assert abs(D(row["net_pnl_quote"]) - cash) < D(1).scaleb(-12)
    check_sums(database, {"USD": after}, "USDT")


def test_a_live_rate_that_never_pays(folder):
    run("run", write(folder, live_file(folder, "0.0008")), cwd=folder)
    assert not rows(folder / "test.db", "SELECT * FROM fill")


def test_a_missing_rate_is_named(folder):
    """The path of the field, the pair and what to add."""
    file = live_file(folder, "0.0006")
    file["rates"] = []
    _, err = run("validate", write(folder, file), cwd=folder, code=2)
    assert "run.quote_asset" in err and "{pair: USD-USDT, rate: ...}" in err, err
    assert "executors[0].selling_market: no rate between USD and USDT" in err, err


sys.exit(main(sys.modules[__name__]))
