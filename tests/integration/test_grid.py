"""Grids against their own fills: what is realized, what is owned, what the account holds.

A grid's levels are too many to be played again; so its figures are computed from the tables of
orders and fills. On the fill model `touch` a level opens whole and closes whole, in turns. A round
trip is one such pair; what it earns is cash, and the sum over all pairs is what the grid may call
realized. Which level an order belongs to is in the executor's recorded ledger. Every fill is also
held against the quotes: it took place where and as soon as the fill model lets it.
"""

import bisect
import gzip
import json
import random
import sys

from program import *
from replay import NS_PER_S, read_quotes

EXAMPLES = SOURCE / "examples"
GEMINI = DATA / "ETHUSD-GEMINI-20210701_02-bookTicker.csv.gz"
GEMINI_OPENING = {"ETH": "200", "USD": "500000"}
LEDGER_SLOT, LEDGER_ORDINAL = -3, -1  # Columns of a saved order.
REPEATS_MAX = 60
KILLS = 8

# Realized pnl is a sum of rounded quotients when a close takes more than one level.
ROUNDING = D(1).scaleb(-14)


def cash(fill):
    sign = 1 if fill["side"] == "SELL" else -1
    return sign * multiply(D(fill["price"]), D(fill["amount"])) - D(fill["fee"])


def ordinal(fill):
    """Client order ids end with the number of the order within its executor, to the base 36."""
    return int(fill["client_order_id"].rpartition("-")[2], 36)


def read_slots(database, executor_id):
    """The level of each order: a report has the orders that had changed."""
    states = rows(database, "SELECT payload -> '$.state.ledger' AS ledger FROM journal WHERE"
                  f" executor_id = '{executor_id}' AND ledger IS NOT NULL")
    return {order[LEDGER_ORDINAL]: order[LEDGER_SLOT]
            for row in states for order in json.loads(row["ledger"])}


class Trips:
    """The fills of a grid, sorted into round trips by level."""

    def __init__(self, database, row):
        slots = read_slots(database, row["id"])
        self.realized, self.open, self.count = D(0), {}, 0
        self.fills = [fill for fill in rows(
            database, "SELECT * FROM fill ORDER BY CAST(trade_id AS INTEGER)")
            if fill["executor_id"] == row["id"]]
        self.roles = {order["client_order_id"]: order["role"]
                      for order in rows(database, "SELECT * FROM orders")}
        for fill in self.fills:
            self.book(fill, slots[ordinal(fill)])

    def book(self, fill, level):
        role = self.roles[fill["client_order_id"]]
        if role == "open":
            assert level not in self.open, f"level {level} was opened twice"
            self.open[level] = fill
        elif role == "take_profit":
            opened = self.open.pop(level)
            assert D(fill["amount"]) == D(opened["amount"]), f"level {level} closed in part"
            self.realize(opened, fill)
        else:
            assert role == "close", role
            self.close(fill)

    def close(self, fill):
        """A close takes whole levels, the lowest first; what take profits may still sell is left
        to them, and to another close when they were taken back in time."""
        left, taken = D(fill["amount"]), []
        for level in sorted(self.open):
            if left > 0:
                taken.append(self.open.pop(level))
                left -= D(taken[-1]["amount"])
        assert left == 0, f"closed {fill['amount']}, {left} more than whole levels"
        self.realize(*taken, fill)

    def realize(self, *fills):
        self.count += 1
        self.realized += sum(cash(fill) for fill in fills)

    def owned(self):
        return sum((D(fill["amount"]) for fill in self.open.values()), D(0))

    def position(self):
        return sum((D(fill["amount"]) * (1 if fill["side"] == "BUY" else -1)
                    for fill in self.fills), D(0))


def check_touch(database, quotes):
    """An order fills at the first quote after it was placed that reaches it, and none is passed
    over while it is open; a market order at the next quote, at its price. When a tape has ended,
    its last quote is repeated once a second for what is still to be closed."""
    last = quotes[-1]
    quotes = quotes + [(last[0] + i * NS_PER_S, *last[1:]) for i in range(1, REPEATS_MAX)]
    times = [time for time, _, _ in quotes]
    fills = {fill["client_order_id"]: fill for fill in rows(database, "SELECT * FROM fill")}
    for order in rows(database, "SELECT * FROM orders"):
        buys, price, fill = order["side"] == "BUY", D(order["price"]), None
        placed = bisect.bisect_right(times, order["created_at"])
        found = fills.get(order["client_order_id"])
        for time, bid, ask in map(quotes.__getitem__, range(placed, len(quotes))):
            touch = ask if buys else bid
            if time > order["updated_at"] or (not found and time == order["updated_at"]):
                break
            if order["type"] == "MARKET" or (touch <= price if buys else touch >= price):
                fill = (time, touch if order["type"] == "MARKET" else price)
                break
        expected = (found["ts"], D(found["price"])) if found else None
        assert fill == expected, f"{order['client_order_id']}: filled {expected}, computed {fill}"


def check_grid(database, row):
    trips, info = Trips(database, row), json.loads(row["custom_info"])
    realized = D(info["realized_pnl_quote"])
    assert abs(realized - trips.realized) <= ROUNDING, f"{realized}, computed {trips.realized}"
    assert D(row["cum_fees_quote"]) == sum((D(fill["fee"]) for fill in trips.fills), D(0))
    assert D(row["filled_amount_quote"]) == sum(
        (multiply(D(fill["price"]), D(fill["amount"])) for fill in trips.fills), D(0))
    assert info["fill_events"] == len(trips.fills)
    if row["close_type"] == "POSITION_HOLD":
        assert D(json.loads(row["state"])["held"]) == trips.owned() == abs(trips.position())
    else:
        assert trips.position() == 0 and not trips.open, "something is left"
        assert abs(D(row["net_pnl_quote"]) - trips.realized) <= ROUNDING
    return trips


def check_run(database, opening, quotes):
    """Books and balances are sums of fills; returns the round trips per executor."""
    check_books(database, opening)
    check_journal(database)
    check_touch(database, quotes)
    executors = rows(database, "SELECT * FROM executor")
    assert all(row["status"] == "TERMINATED" for row in executors)
    return [check_grid(database, row) for row in executors]


def test_example_grid(folder):
    text = (EXAMPLES / "grid.yaml").read_text()
    text = text.replace("examples/data", str(EXAMPLES / "data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    run("run", write(folder, text, "grid.yaml"), cwd=folder)
    trips = check_run(folder / "grid.db", {"BTC": "2", "USDT": "100000"}, read_quotes(QUOTES))
    assert all(trip.count > 50 for trip in trips), [trip.count for trip in trips]


def grid(side, **barriers):
    """Orders follow the market within 2 %; so both sides trade on a tape that falls."""
    return {"type": "grid_executor", "connector_name": "paper", "trading_pair": "ETH-USD",
            "side": side, "controller_id": f"grid-{side}", "start_price": "2000",
            "end_price": "2300", "limit_price": {"BUY": "1800", "SELL": "2500"}[side],
            "total_amount_quote": "30000", "min_spread_between_orders": "0.002",
            "max_open_orders": 6, "activation_bounds": "0.02",
            "triple_barrier_config": {"take_profit": "0.002", **barriers}}


def gemini_file(folder, quotes, executors, **sections):
    file = base_file(folder, executors=executors, **sections)
    file["venues"][0]["balances"] = {"USD": "500000", "ETH": "200"}
    file["instruments"] = [{"trading_pair": "ETH-USD", "venue": "paper", "tick": "0.01",
                            "step": "0.000001", "min_order_size": "0.001", "min_notional": "1"}]
    file["feeds"] = [{"venue": "paper", "trading_pair": "ETH-USD", "quotes": str(quotes),
                      "cache": str(folder / "tapes")}]
    return file


def test_two_days_of_round_trips(folder):
    """Both sides at once; what they own at the end is closed, and all of it is realized."""
    quotes = needs(GEMINI)
    file = gemini_file(folder, quotes, [grid("BUY"), grid("SELL"), grid("BUY", stop_loss="0.01")])
    run("run", write(folder, file), cwd=folder)
    trips = check_run(folder / "test.db", GEMINI_OPENING, read_quotes(quotes))
    assert all(trip.count > 10 for trip in trips[:2]), [trip.count for trip in trips]


def cut(folder, count):
    """The first rows of the recorded quotes."""
    path = folder / f"first-{count}.csv"
    with gzip.open(needs(GEMINI), "rt") as whole:
        path.write_text("".join(line for line, _ in zip(whole, range(count + 1))))
    return path


def test_a_kept_position_is_the_sum_of_fills(folder):
    """Wherever the tape ends: round trips are realized, the rest is in the position book."""
    held = set()
    for count in (2, 50, 777, 5000, 20011, 60000, 120001):
        quotes = cut(folder, count)
        file = gemini_file(folder, quotes, [grid("BUY"), grid("SELL")], run={"on_end": "keep"},
                           persistence={"existing": "replace"})
        run("run", write(folder, file), cwd=folder)
        trips = check_run(folder / "test.db", GEMINI_OPENING, read_quotes(quotes))
        book = {row["controller_id"]: D(row["amount"])
                for row in rows(folder / "test.db", "SELECT * FROM position")}
        assert sorted(book.values()) == sorted(trip.position() for trip in trips if trip.fills)
        held.update(book.values())
    assert len(held - {0}) > 5, "the same position at every cut proves little"


def test_a_restart_loads_the_levels(folder):
    """Killed again and again: no level is opened twice, no close is for another amount than its level
    has, and at no time are more orders open than may be."""
    quotes = cut(folder, 20000)
    file = gemini_file(folder, quotes, [grid("BUY"), grid("SELL")], run={"mode": "paper"})
    file["feeds"][0]["speed"] = "4000"
    path, database, chance = write(folder, file), folder / "test.db", random.Random(2)
    known = 0
    for _ in range(KILLS):
        process = start("run", "--quiet", path, cwd=folder)
        known = wait_for_records(process, database, known + 3)
        try:
            process.communicate(timeout=0.1 + chance.random() * 0.4)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=60)
    if process.returncode != 0:
        process = start("run", "--quiet", path, cwd=folder)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert rows(database, "SELECT * FROM journal WHERE kind = 'run.recovered'")
    run("verify", database, cwd=folder)
    check_books(database, GEMINI_OPENING)
    check_journal(database)
    trips = [check_grid(database, row) for row in rows(database, "SELECT * FROM executor")]
    assert all(trip.count > 3 for trip in trips), [trip.count for trip in trips]
    opening = {}
    for row in rows(database, "SELECT kind, executor_id, client_order_id, payload FROM journal"
                              " WHERE kind LIKE 'order.%' ORDER BY seq"):
        live = opening.setdefault(row["executor_id"], set())
        if row["kind"] == "order.submitted" and json.loads(row["payload"])["role"] == "open":
            live.add(row["client_order_id"])
        elif row["kind"] in ("order.filled", "order.canceled", "order.rejected"):
            live.discard(row["client_order_id"])
        assert len(live) <= 6, "more orders than max_open_orders"


sys.exit(main(sys.modules[__name__]))
