"""Pairings that trade on depth: the prices of whole amounts, against what is computed here.

The small tapes are made below, and what comes of them is worked out by hand in the comments. The
recorded ones are played again by a book of this file's own: at each quote the levels of both venues
say what the whole amount costs and brings; from the first quote at which that pays the orders are on
their way, and take the levels that the next event of their venue finds.
"""

import bisect
import csv
import gzip
import itertools
import json
import sys
import time

from program import *
from replay import divide, read_quotes

SECOND = 1000
START_MS = 1735689600000
TAKER = D("0.001")
LEVELS_MAX = 100  # What stands behind them is not told.


# ---- Small tapes: (second, bid, ask) and (second, "b price amount, a price amount").

def quote_tape(folder, name, lines):
    path = folder / f"{name}-quotes.csv"
    text = "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty," \
        "transaction_time,event_time\n"
    for number, (second, bid, ask) in enumerate(lines):
        time = START_MS + int(second * SECOND)
        text += f"{number + 1},{bid},1,{ask},1,{time},{time}\n"
    path.write_text(text)
    return str(path)


def depth_tape(folder, name, lines):
    path = folder / f"{name}-depth.csv"
    text = "local_ns,event_time,first_update_id,last_update_id,prev_last_update_id,kind,side,price," \
        "qty\n"
    for number, (second, changes) in enumerate(lines):
        time = START_MS + int(second * SECOND)
        kind = "snap" if number == 0 else "diff"
        for change in changes.split(", "):
            side, price, amount = change.split()
            text += f"{time * 1000000},{time},{number + 1},{number + 1},,{kind},{side},{price}," \
                f"{amount}\n"
    path.write_text(text)
    return str(path)


def two_books(folder, executors, **sections):
    """Venue a sells at 100 and more, venue b pays 102 and less; both fill by their levels."""
    asks = "b 99 5, a 100 1, a 101 1, a 103 2"
    bids = "b 102 0.5, b 101.5 0.5, b 100.5 3, a 104 5"
    market = {"trading_pair": "BTC-USDT", "tick": "0.01", "step": "0.001"}
    venue = {"balances": {"USDT": "10000", "BTC": "100"}, "fill_model": "book",
             "fees": {"maker": "0", "taker": str(TAKER)}}
    still = [(second, "99", "100") for second in range(30)]
    other = [(second, "102", "104") for second in range(30)]
    return base_file(
        folder,
        venues=[{"name": "a", **venue}, {"name": "b", **venue}],
        instruments=[{"venue": "a", **market}, {"venue": "b", **market}],
        feeds=[{"venue": "a", "trading_pair": "BTC-USDT", "quotes": quote_tape(folder, "a", still),
                "depth": depth_tape(folder, "a", [(0, asks)])},
               {"venue": "b", "trading_pair": "BTC-USDT", "quotes": quote_tape(folder, "b", other),
                "depth": depth_tape(folder, "b", [(0, bids), (9.5, "b 101.5 2")])}],
        executors=executors, **sections)


def pairing(kind, amount, **fields):
    return {"type": kind, "order_amount": amount,
            "buying_market": {"connector_name": "a", "trading_pair": "BTC-USDT"},
            "selling_market": {"connector_name": "b", "trading_pair": "BTC-USDT"}, **fields}


def all_fills(database):
    return [((row["ts"] // 1000000 - START_MS) / SECOND, row["venue"], row["side"],
             D(row["price"]), D(row["amount"]))
            for row in rows(database, "SELECT * FROM fill ORDER BY ts, venue, CAST(trade_id AS INTEGER)")]


def test_arbitrage_waits_for_the_depth(folder):
    """2 cost (100 + 101) / 2 = 100.5 each, and bring (51 + 50.75 + 100.5) / 2 = 101.125 each: 101.125 *
    0.999 / 100.5 - 1.001 = 0.0042. The best prices, 102 and 100, would have given 0.0180. At 9.5 s,
    under the same quotes, there are 2 instead of 0.5 for 101.5: (51 + 1.5 * 101.5) / 2 = 101.625 each,
    which is 0.0092. The step of 10 s sees that, and the one of 11 s fills: 201 paid, 203.25 received,
    fees 0.201 and 0.20325, which leaves 1.84575."""
    run("run", write(folder, two_books(folder, [
        pairing("arbitrage_executor", "2", min_profitability="0.005")])), cwd=folder)
    database = folder / "test.db"
    assert all_fills(database) == [
        (11, "a", "BUY", D(100), D(1)), (11, "a", "BUY", D(101), D(1)),
        (11, "b", "SELL", D(102), D("0.5")), (11, "b", "SELL", D("101.5"), D("1.5"))]
    row, = rows(database, "SELECT * FROM executor")
    assert row["close_type"] == "COMPLETED"
    assert D(row["net_pnl_quote"]) == D("1.84575")
    assert D(row["cum_fees_quote"]) == D("0.40425")
    assert not rows(database, "SELECT * FROM journal WHERE kind = 'executor.skipped'")
    run("verify", database, cwd=folder)


def test_a_touch_venue_has_the_price_of_its_quote(folder):
    """The same without levels at both: 102 against 100 pays at once, and fills at the quotes."""
    file = two_books(folder, [pairing("arbitrage_executor", "2", min_profitability="0.005")])
    for venue, feed in zip(file["venues"], file["feeds"]):
        venue["fill_model"] = "touch"
        del feed["depth"]
    run("run", write(folder, file), cwd=folder)
    assert all_fills(folder / "test.db") == [(1, "a", "BUY", D(100), D(2)),
                                             (1, "b", "SELL", D(102), D(2))]


def test_too_little_depth_is_said(folder):
    """Venue a has 4. 5 would pay at the best prices, and are never bought; the reason is said once."""
    run("run", write(folder, two_books(folder, [
        pairing("arbitrage_executor", "5", min_profitability="0.005")])), cwd=folder)
    database = folder / "test.db"
    assert not all_fills(database)
    told = [json.loads(row["payload"]) for row in
            rows(database, "SELECT payload FROM journal WHERE kind = 'executor.skipped'")]
    assert [(skip["reason"], skip["connector_name"], D(skip["amount"])) for skip in told] == \
        [("depth", "a", D(5))], told


def test_xemm_prices_its_whole_hedge(folder):
    """2 bring 101.125 each at venue b: 101.125 / (1 + 0.02 + 0.001) = 99.0450..., down to 99.04. At
    9.5 s they bring 101.625, which is 101.625 / 99.04 - 1.001 = 0.0251: still wanted. At 14.5 s venue a
    offers 2 at 99.04; the order fills as maker in the step of 15 s, and the quote of b at that time
    fills its hedge: 102 * 0.5 + 101.5 * 1.5 = 203.25, less a fee of 0.20325 and 198.08: 4.96675."""
    file = two_books(folder, [pairing(
        "xemm_executor", "2", maker_side="BUY", min_profitability="0.01",
        target_profitability="0.02", max_profitability="0.03")])
    file["feeds"][0]["depth"] = depth_tape(folder, "a", [
        (0, "b 99 5, a 100 1, a 101 1, a 103 2"), (14.5, "b 99 5, a 99.04 2, a 100 1")])
    run("run", write(folder, file), cwd=folder)
    database = folder / "test.db"
    assert all_fills(database) == [
        (14.5, "a", "BUY", D("99.04"), D(2)),
        (15, "b", "SELL", D(102), D("0.5")), (15, "b", "SELL", D("101.5"), D("1.5"))], \
        all_fills(database)
    row, = rows(database, "SELECT * FROM executor")
    assert row["close_type"] == "COMPLETED"
    assert D(row["net_pnl_quote"]) == D("4.96675")


def test_a_killed_run_knows_the_depth_again(folder):
    """Killed before the levels come that it waits for: it goes on, and trades as above."""
    file = two_books(folder, [pairing("arbitrage_executor", "2", min_profitability="0.005")])
    file["run"]["mode"] = "paper"
    for feed in file["feeds"]:
        feed["speed"] = "10"
    database = folder / "test.db"
    path = write(folder, file)
    process = start("run", "--quiet", path, cwd=folder)
    wait_for_records(process, database, 2)  # It is created.
    time.sleep(0.2)
    process.kill()
    process.communicate(timeout=60)
    assert not all_fills(database)
    run("run", "--quiet", path, cwd=folder)
    assert rows(database, "SELECT * FROM journal WHERE kind = 'run.recovered'")
    assert [fill[1:] for fill in all_fills(database)] == [
        ("a", "BUY", D(100), D(1)), ("a", "BUY", D(101), D(1)),
        ("b", "SELL", D(102), D("0.5")), ("b", "SELL", D("101.5"), D("1.5"))]
    row, = rows(database, "SELECT * FROM executor")
    assert row["close_type"] == "COMPLETED" and D(row["net_pnl_quote"]) == D("1.84575")
    run("verify", database, cwd=folder)


def test_threads_decide_alike(folder):
    """A replay with several workers does what the backtest does, wherever the depth comes from."""
    found = []
    for mode, workers in (("backtest", 1), ("paper", 1), ("paper", 3)):
        file = two_books(folder, [
            pairing("arbitrage_executor", "2", min_profitability="0.005"),
            pairing("xemm_executor", "0.7", maker_side="SELL", min_profitability="-0.02",
                    target_profitability="-0.01", max_profitability="0.01")],
            persistence={"path": str(folder / "test.db"), "existing": "replace"})
        file["run"]["mode"] = mode
        if mode == "paper":
            file["run"]["workers"] = workers
            for feed in file["feeds"]:
                feed["speed"] = "max"
        run("run", write(folder, file), cwd=folder)
        found.append(sorted(all_fills(folder / "test.db")))
    assert found[0] and found[0] == found[1] == found[2], found


# ---- Recorded tapes.

class Book:
    """Levels by price, and the prices in order; bids are kept negative."""

    def __init__(self):
        self.amounts, self.keys = {"b": {}, "a": {}}, {"b": [], "a": []}
        self.last, self.is_fresh, self.waiting = None, True, []

    def set(self, side, price, amount):
        amounts, keys, key = self.amounts[side], self.keys[side], -price if side == "b" else price
        if amount == 0:
            if amounts.pop(key, None) is not None:
                keys.pop(bisect.bisect_left(keys, key))
            return
        if key not in amounts:
            bisect.insort(keys, key)
        amounts[key] = amount

    def apply(self, message):
        """What came before the snapshot waits for it; what it already has is passed over."""
        kind, last, changes = message[1:]
        if kind == "diff" and self.last is None:
            self.waiting.append(message)
        elif kind == "snap" or last > self.last:
            self.last = last
            for change in changes:
                self.set(*change)
        if kind == "snap":
            for waiting in self.waiting:
                self.apply(waiting)
            self.waiting = []

    def take(self, side, amount):
        """[(price, amount)] that an order of so much takes from a side."""
        taken = []
        for key in list(self.keys[side]):
            if amount == 0:
                break
            part = min(amount, self.amounts[side][key])
            taken.append((abs(key), part))
            amount -= part
        return taken if amount == 0 else None


def read_depth(path):
    """(time_ns, kind, last id, changes) of every message; a time that goes back is the one before."""
    with gzip.open(path, "rt") as file:
        newest = 0
        key = lambda row: (row["kind"], row["local_ns"], row["last_update_id"])
        for (kind, _, last), group in itertools.groupby(csv.DictReader(file), key):
            changes = list(group)
            newest = max(newest, int(changes[0]["event_time"] or 0) * 1000000)
            yield (newest, kind, int(last),
                   [(row["side"], D(row["price"]), D(row["qty"])) for row in changes])


class Venue:
    def __init__(self, index, name):
        self.index, self.side = index, "a" if index == 0 else "b"
        self.quotes = read_quotes(needs(DATA / f"{name}-bookTicker.csv.gz"))
        self.messages = read_depth(needs(DATA / f"{name}-depth.csv.gz"))
        self.next = next(self.messages)
        self.book, self.best, self.order, self.fills = Book(), None, None, None
        self.price = None  # Of the whole amount; None: too little, or not known.

    def event(self, time):
        """An order that was sent by then arrives."""
        if self.order is not None and self.fills is None and time >= self.order[0]:
            self.fills = (time, self.book.take(self.side, self.order[1]))

    def step(self, time, bid, ask, amount):
        while self.next is not None and self.next[0] <= time:
            self.book.apply(self.next)
            self.event(self.next[0])
            self.next = next(self.messages, None)
        self.event(time)
        self.best = ask if self.index == 0 else bid
        taken = self.book.take(self.side, amount)
        self.price = None
        if taken is not None and len(taken) <= LEVELS_MAX:
            average = divide(sum(multiply(*level) for level in taken), amount)
            self.price = max(average, ask) if self.index == 0 else min(average, bid)


def profit(ask, bid):
    return divide(multiply(bid, 1 - TAKER), ask) - (1 + TAKER)


def test_arbitrage_over_recorded_depth(folder):
    """Buys at the book of the perpetual, sells at that of spot, 12 at once."""
    names = ["BTCUSDT-PERP-20240808", "BTCUSDT-SPOT-20240808"]
    amount, wanted = D(12), D("-0.00161")
    venues = [Venue(index, name) for index, name in enumerate(names)]
    steps = sorted(((time, venue.index, bid, ask) for venue in venues
                    for time, bid, ask in venue.quotes), key=lambda step: step[:2])
    first_of_best = sent_at = None
    created = False
    for time, index, bid, ask in steps:
        venues[index].step(time, bid, ask, amount)
        if any(venue.best is None for venue in venues):
            continue
        if not created:  # The depth is told from the next quote of each venue on.
            created = True
            for venue in venues:
                venue.price = None
        if first_of_best is None and profit(*(venue.best for venue in venues)) > wanted:
            first_of_best = time
        if sent_at is None and all(venue.price is not None for venue in venues) and \
                profit(*(venue.price for venue in venues)) > wanted:
            sent_at = time
            for venue in venues:
                venue.order = (time, amount)
        if all(venue.fills for venue in venues):
            break
    assert first_of_best < sent_at, "the best prices would have been taken for enough before"
    run("run", write(folder, recorded_file(folder, names, amount, wanted)), cwd=folder)
    database = folder / "test.db"
    fills = rows(database, "SELECT * FROM fill ORDER BY ts, venue, CAST(trade_id AS INTEGER)")
    cash = fees = D(0)
    for venue, name, sign in zip(venues, ("perp", "spot"), (-1, 1)):
        time, levels = venue.fills
        assert len(levels) > 5, "many levels"
        found = [(D(row["price"]), D(row["amount"])) for row in fills if row["venue"] == name]
        assert found == levels, f"{name}: {found}, computed {levels}"
        assert {row["ts"] for row in fills if row["venue"] == name} == {time}
        cash += sign * sum(multiply(*level) for level in levels)
        fees += sum(multiply(multiply(*level), TAKER) for level in levels)
    row, = rows(database, "SELECT * FROM executor")
    assert row["close_type"] == "COMPLETED"
    assert D(row["cum_fees_quote"]) == fees
    assert abs(D(row["net_pnl_quote"]) - (cash - fees)) <= D(1).scaleb(-14)


def recorded_file(folder, names, amount, wanted):
    market = {"trading_pair": "BTC-USDT", "tick": "0.01", "step": "0.00001"}
    venue = {"balances": {"USDT": "10000000", "BTC": "100"}, "fill_model": "book",
             "fees": {"maker": "0", "taker": str(TAKER)}}
    return base_file(
        folder,
        venues=[{"name": "perp", **venue}, {"name": "spot", **venue}],
        instruments=[{"venue": "perp", **market}, {"venue": "spot", **market}],
        feeds=[{"venue": short, "trading_pair": "BTC-USDT",
                "quotes": str(DATA / f"{name}-bookTicker.csv.gz"),
                "depth": str(DATA / f"{name}-depth.csv.gz"), "cache": str(folder / "tapes")}
               for short, name in zip(("perp", "spot"), names)],
        executors=[{"type": "arbitrage_executor", "order_amount": str(amount),
                    "min_profitability": str(wanted),
                    "buying_market": {"connector_name": "perp", "trading_pair": "BTC-USDT"},
                    "selling_market": {"connector_name": "spot", "trading_pair": "BTC-USDT"}}])


sys.exit(main(sys.modules[__name__]))
