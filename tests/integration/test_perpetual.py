"""Perpetuals: funding, a liquidation, netted and hedged positions.

The totals are computed here, from the quotes of the examples and the rules alone: an order that is
placed at a quote fills at the next one (a buy at its ask, a sell at its bid, 0.04 % of the notional
as fee); funding is the notional of what the venue holds, at the price at which that could be
closed, times the rate; what a venue realizes is (price - average) * amount of what it nets.
"""

import json
import random
import sys

from program import *
from replay import NS_PER_S, divide, read_quotes

EXAMPLES = SOURCE / "examples"
QUOTES = read_quotes(EXAMPLES / "data/perpetual-quotes.csv.gz")
OPENED = 1  # Placed at the first quote, filled at the second.
PER_HOUR = 180  # A quote every 20 seconds.
TAKER = D("0.0004")
KILLS = 10


def example_text(name, *changes):
    text = (EXAMPLES / f"{name}.yaml").read_text()
    text = text.replace("examples/data", str(EXAMPLES / "data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


def run_example(folder, name, *changes):
    run("run", write(folder, example_text(name, *changes), f"{name}.yaml"), cwd=folder)
    return folder / f"{name}.db"


def run_killed(folder, name, seed, *changes):
    """The example as a paper run of some seconds that is killed again and again, and goes on. Returns
    its database, and how often it went on with positions at a venue."""
    text = example_text(name, *changes, ("mode: backtest", "mode: paper"),
                        ("existing: replace", "existing: resume"))
    text = text.replace("cache: tapes}", "cache: tapes, speed: 6000}")
    path, database = write(folder, text, f"{name}.yaml"), folder / f"{name}.db"
    chance, known = random.Random(seed), 0
    for _ in range(KILLS):
        process = start("run", "--quiet", path, cwd=folder)
        known = wait_for_records(process, database, known + 3)
        try:
            process.communicate(timeout=chance.random() * 0.4)
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate(timeout=60)
    if process.returncode != 0:
        process = start("run", "--quiet", path, cwd=folder)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    run("verify", database, cwd=folder)
    carried = rows(database, "SELECT count(*) AS count FROM journal j WHERE kind = 'run.recovered'"
                             " AND 0 < (SELECT sum(amount * CASE side WHEN 'BUY' THEN 1 ELSE -1 END)"
                             " FROM fill WHERE ts < j.ts)")
    return database, carried[0]["count"]


def closed_at(seconds):
    """The number of the quote that fills what a time limit has placed."""
    return next(i for i, quote in enumerate(QUOTES)
                if quote[0] >= QUOTES[0][0] + seconds * NS_PER_S) + 1


def bid(number):
    return QUOTES[number][1]


def ask(number):
    return QUOTES[number][2]


class Netted:
    """A position at average cost."""

    def __init__(self):
        self.amount = self.average = self.realized = self.fees = D(0)

    def trade(self, amount, price):
        self.fees += multiply(multiply(price, abs(amount)), TAKER)
        if self.amount * amount >= 0:
            total = self.amount + amount
            self.average += divide(multiply(price - self.average, amount), total)
            self.amount = total
            return
        matched = min(abs(self.amount), abs(amount))
        closed = matched if self.amount > 0 else -matched
        self.realized += multiply(price - self.average, closed)
        crosses = abs(amount) > matched
        self.amount += amount
        self.average = price if crosses else self.average if self.amount else D(0)


def balances(database):
    found = {}
    for row in rows(database, "SELECT payload FROM journal WHERE kind = 'venue.reconciled'"):
        payload = json.loads(row["payload"])
        assert payload["reason"] == "balanced", payload
        found[payload["venue"]] = D(json.loads(payload["found"])["USDT"])
    return found


def positions(database):
    return {(row["controller_id"], row["side"]): row
            for row in rows(database, "SELECT * FROM position")}


def performance(database):
    """The last report of every controller; "" is the run."""
    return {row["controller_id"]: json.loads(row["report"])
            for row in rows(database, "SELECT * FROM performance ORDER BY rowid")}


def payments(database):
    found = [json.loads(row["payload"]) | {"controller_id": row["controller_id"], "ts": row["ts"]}
             for row in rows(database, "SELECT * FROM journal WHERE kind = 'funding' ORDER BY seq")]
    assert all(D(payment["amount"]) != 0 for payment in found)
    return found


def check_sums(database):
    """Reports are sums over positions, and a position's funding is the sum of its payments."""
    sums, book = {}, positions(database)
    for payment in payments(database):
        key = (payment["controller_id"], payment["side"])
        sums[key] = sums.get(key, D(0)) + D(payment["amount"])
    assert {key: D(row["funding_quote"]) for key, row in book.items()
            if D(row["funding_quote"])} == sums
    reports = performance(database)
    for name, report in reports.items():
        own = [row for (controller, _), row in book.items() if name in ("", controller)]
        for figure in ("realized_pnl_quote", "fees_quote", "funding_quote"):
            assert D(report[figure]) == sum((D(row[figure]) for row in own), D(0)), (name, figure)
        assert D(report["global_pnl_quote"]) == D(report["realized_pnl_quote"]) \
            + D(report["unrealized_pnl_quote"]) - D(report["fees_quote"]) \
            + D(report["funding_quote"])
    total = json.loads(run("report", "--json", database, cwd=database.parent)[0])["total"]
    assert D(total["funding_quote"]) == sum(sums.values(), D(0))


def check_fills(database):
    """Position = sum of fills, also by side of a hedged position; the sides come from the orders:
    an executor of these tests opens on the side of its config."""
    owner = {row["id"]: (row["controller_id"], json.loads(row["config"])["side"])
             for row in rows(database, "SELECT * FROM executor")}
    sums = {}
    for fill in rows(database, "SELECT * FROM fill"):
        key = owner[fill["executor_id"]]
        sums[key] = sums.get(key, D(0)) + D(fill["amount"]) * (1 if fill["side"] == "BUY" else -1)
    book = {}
    for (controller, side), row in positions(database).items():
        for key in sums:
            if key[0] == controller and side in ("NET", key[1]):
                book[controller, side] = book.get((controller, side), D(0)) + sums[key]
        assert D(row["amount"]) == book[controller, side]


def check_funding(database):
    """Eight payments of two that close, nine of the one that keeps; the short is paid by the longs."""
    rate, closed = D("0.0001"), closed_at(29400)
    paid = {"long": D(0), "short": D(0), "holder": D(0)}
    for hour in range(1, 10):
        number = hour * PER_HOUR  # The venue is long: it is marked at the bid.
        held = {"long": D("0.3"), "short": D("-0.1")} if number <= closed else {}
        for name, amount in {**held, "holder": D("0.05")}.items():
            paid[name] -= amount * bid(number) * rate
    book, reports = positions(database), performance(database)
    for name, amount in paid.items():
        assert D(book[name, "NET"]["funding_quote"]) == amount, name
        assert D(reports[name]["funding_quote"]) == amount
    assert len(payments(database)) == 3 * 8 + 1

    venue = Netted()
    venue.trade(D("0.3"), ask(OPENED))
    venue.trade(D("-0.1"), bid(OPENED))
    venue.trade(D("0.05"), ask(OPENED))
    venue.trade(D("-0.3"), bid(closed))
    venue.trade(D("0.1"), ask(closed))
    assert venue.amount == D("0.05")
    assert balances(database) == \
        {"perp": D(20000) + venue.realized - venue.fees + sum(paid.values())}
    own = (bid(closed) - ask(OPENED)) * D("0.3")
    fees = multiply(multiply(ask(OPENED), D("0.3")), TAKER) + \
        multiply(multiply(bid(closed), D("0.3")), TAKER)
    assert D(reports["long"]["global_pnl_quote"]) == own - fees + paid["long"]
    check_sums(database)
    check_fills(database)


def test_example_funding(folder):
    check_funding(run_example(folder, "perpetual-funding"))


def test_funding_over_crashes(folder):
    """Nothing is paid twice or left out, to the last digit, however often the run is killed."""
    database, carried = run_killed(folder, "perpetual-funding", 3)
    assert carried >= 3, carried
    check_funding(database)


def test_parts_of_a_payment_are_the_payment(folder):
    """A rate of 18 digits: every part is rounded, the greatest holder has what that leaves over."""
    rate = D("0.000123456789012345")
    database = run_example(folder, "perpetual-funding", ('rate: "0.0001"', f'rate: "{rate}"'),
                           ('amount: "0.3"', 'amount: "0.123"'),
                           ('amount: "0.1"', 'amount: "0.077"'),
                           ('amount: "0.05"', 'amount: "0.031"'))
    found, has_rest = {}, False
    for payment in payments(database):
        found.setdefault(payment["due_ns"], []).append(payment)
    for hour in range(1, 9):
        parts = found[QUOTES[hour * PER_HOUR][0]]
        net = sum(D(part["position"]) for part in parts)
        assert net == D("0.123") - D("0.077") + D("0.031")
        whole = -multiply(multiply(net, bid(hour * PER_HOUR)), rate)
        assert sum(D(part["amount"]) for part in parts) == whole
        for part in parts:
            share = divide(multiply(whole, D(part["position"])), net)
            if part["controller_id"] == "long":
                has_rest = has_rest or D(part["amount"]) != share
            else:
                assert D(part["amount"]) == share
    assert has_rest, "no part has been rounded: the test shows nothing"
    balances(database)
    check_sums(database)


def check_liquidation(database):
    """The first quote whose equity is below the margin closes everything, at its bid."""
    amount, entry = D("0.1"), ask(OPENED)
    opened = sum(multiply(multiply(entry, D(part)), TAKER) for part in ("0.06", "0.04"))
    called = next(i for i in range(OPENED, len(QUOTES))
                  if D(500) - opened + (bid(i) - entry) * amount < bid(i) * amount * D("0.05"))
    fee = multiply(multiply(bid(called), amount), TAKER)
    assert balances(database) == {"perp": D(500) - opened + (bid(called) - entry) * amount - fee}

    fills = rows(database, "SELECT * FROM fill WHERE side = 'SELL' ORDER BY trade_id")
    assert [(fill["ts"], D(fill["price"]), D(fill["amount"])) for fill in fills] == \
        [(QUOTES[called][0], bid(called), D("0.06")), (QUOTES[called][0], bid(called), D("0.04"))]
    assert sum(D(fill["fee"]) for fill in fills) == fee
    closed = {row["controller_id"]: row for row in rows(database, "SELECT * FROM executor")}
    assert closed["guarded"]["close_type"] == "FAILED"
    assert closed["guarded"]["closed_at"] == QUOTES[called][0]
    assert D(closed["guarded"]["net_pnl_quote"]) == (bid(called) - entry) * D("0.06") \
        - multiply(multiply(entry, D("0.06")), TAKER) - D(fills[0]["fee"])
    assert closed["held"]["close_type"] == "POSITION_HOLD"
    for name, part in (("guarded", "0.06"), ("held", "0.04")):
        row = positions(database)[name, "NET"]
        assert D(row["amount"]) == 0
        assert D(row["realized_pnl_quote"]) == (bid(called) - entry) * D(part)
    orders = rows(database, "SELECT * FROM orders WHERE reason = 'liquidation' ORDER BY "
                            "client_order_id")
    assert [order["status"] for order in orders] == ["CANCELED", "FILLED", "FILLED"]
    told = rows(database, "SELECT payload FROM journal WHERE kind = 'liquidation'")
    assert [json.loads(row["payload"])["amount"] for row in told] == ["0.1"]
    check_sums(database)
    check_fills(database)


def test_example_liquidation(folder):
    """The report says what the account has lost, also what an executor had handed over before."""
    database = run_example(folder, "perpetual-liquidation")
    check_liquidation(database)
    report = check_report(folder, database)
    lost = balances(database)["perp"] - 500
    assert D(report["total"]["global_pnl_quote"]) == lost
    assert sum(D(part["global_pnl_quote"]) for part in report["controllers"]) == lost
    assert D(report["total"]["net_pnl_quote"]) > lost
    assert f"global pnl  {lost}\n" in run("report", database, cwd=folder)[0]


def test_liquidation_after_crashes(folder):
    """The venue that was told its position calls its margin at the same quote."""
    database, carried = run_killed(folder, "perpetual-liquidation", 4)
    assert carried >= 2, carried
    check_liquidation(database)


def test_a_short_is_liquidated_in_parts(folder):
    """HEDGE: only the short side is called, while the long one of the same instrument was sold
    before. What the executors of one controller own is closed in the order of their creation."""
    short = ("side: BUY", "side: SELL")
    database = run_example(
        folder, "perpetual-liquidation", short,
        ('taker: "0.0004"}', 'taker: "0.0004"}\n    position_mode: HEDGE'),
        ('USDT: "500"', 'USDT: "420"'), ("controller_id: held", "controller_id: guarded"))
    assert set(positions(database)) == {("guarded", "SELL")}
    entry, amount = bid(OPENED), D("0.1")
    opened = sum(multiply(multiply(entry, D(part)), TAKER) for part in ("0.06", "0.04"))
    called = next(i for i in range(OPENED, len(QUOTES))
                  if D(420) - opened + (entry - ask(i)) * amount < ask(i) * amount * D("0.05"))
    fills = rows(database, "SELECT * FROM fill WHERE side = 'BUY' ORDER BY trade_id")
    assert [D(fill["amount"]) for fill in fills] == [D("0.06"), D("0.04")]
    assert {D(fill["price"]) for fill in fills} == {ask(called)}
    balances(database)
    check_sums(database)
    check_fills(database)


def check_hedge(database):
    """The same trades on both venues: one netted position, or a long and a short one."""
    fills = {}
    for fill in rows(database,
                     "SELECT * FROM fill ORDER BY ts, CAST(trade_id AS INTEGER)"):
        fills.setdefault(fill["venue"], []).append(
            (fill["ts"], D(fill["amount"]) * (1 if fill["side"] == "BUY" else -1),
             D(fill["price"])))
    expected = {"oneway": D(20000), "hedge": D(20000)}
    at_eight = 8 * PER_HOUR
    for venue, sides in (("oneway", (Netted(),) * 2), ("hedge", (Netted(), Netted()))):
        # Opened long and short at the second quote, closed in this order by their time limits.
        assert [fill[1] for fill in fills[venue]] == \
            [D("0.2"), D("-0.15"), D("-0.2"), D("0.15")]
        for (at, amount, price), side in zip(fills[venue], (sides[0], sides[1]) * 2):
            number = next(i for i, quote in enumerate(QUOTES) if quote[0] == at)
            assert price == (ask(number) if amount > 0 else bid(number))
            side.trade(amount, price)
        assert all(side.amount == 0 for side in sides)
        expected[venue] += sum(side.realized - side.fees for side in set(sides))
    rate = D("0.0001")
    expected["oneway"] -= D("0.05") * bid(at_eight) * rate
    expected["hedge"] -= (D("0.2") * bid(at_eight) - D("0.15") * ask(at_eight)) * rate
    assert balances(database) == expected
    assert set(positions(database)) == {("oneway", "NET"), ("hedge", "BUY"), ("hedge", "SELL")}
    assert D(positions(database)["hedge", "SELL"]["funding_quote"]) == \
        D("0.15") * ask(at_eight) * rate
    check_sums(database)
    check_fills(database)


def test_example_hedge(folder):
    check_hedge(run_example(folder, "perpetual-hedge"))


def test_hedge_over_crashes(folder):
    database, carried = run_killed(folder, "perpetual-hedge", 5)
    assert carried >= 3, carried
    check_hedge(database)


def every_kind(side):
    """A position on one side of the hedged venue by each kind that opens and closes one."""
    market = {"connector_name": "hedge", "trading_pair": "BTC-USDT", "side": side, "leverage": 3}
    sign = 1 if side == "BUY" else -1
    barriers = {"open_order_type": "MARKET", "take_profit": "0.002", "time_limit": 7200}
    return [
        {"type": "position_executor", **market, "amount": "0.01",
         "triple_barrier_config": barriers},
        {"type": "progressive_executor", **market, "amount": "0.01",
         "triple_barrier_config": {"open_order_type": "MARKET", "stop_loss": "0.01",
                                   "apr_yield": "0.5", "time_limit": 7200}},
        {"type": "dca_executor", **market, "mode": "TAKER", "prices": ["60000"],
         "amounts_quote": ["600"], "activation_bounds": ["0.5", "0.5"], "time_limit": 7200},
        {"type": "twap_executor", **market, "mode": "TAKER", "total_amount_quote": "1200",
         "total_duration": 600, "order_interval": 300},
        {"type": "order_executor", **market, "amount": "0.01", "execution_strategy": "MARKET"},
        {"type": "grid_executor", **market, "total_amount_quote": "1000",
         "start_price": "59900", "end_price": "61300", "limit_price": str(60000 - 5000 * sign),
         "max_open_orders": 8, "min_order_amount_quote": "100",
         "min_spread_between_orders": "0.001",
         "triple_barrier_config": {"take_profit": "0.001", "time_limit": 31000}},
    ]


def test_every_kind_on_both_sides_of_a_hedged_position(folder):
    """Long and short at once: no order is refused for what it opens or closes, each side of the
    book is the sum of its fills, and the venue has what the fills say."""
    executors = [{**config, "controller_id": f"{config['type']}-{side}"}
                 for side in ("BUY", "SELL") for config in every_kind(side)]
    file = base_file(folder, executors=executors)
    file["venues"] = [{"name": "hedge", "balances": {"USDT": "100000"}, "position_mode": "HEDGE",
                       "fees": {"maker": "0.0002", "taker": "0.0004"}}]
    file["instruments"] = [{"trading_pair": "BTC-USDT", "venue": "hedge", "tick": "0.1",
                            "step": "0.001", "min_order_size": "0.001", "perpetual": True}]
    file["feeds"] = [{"venue": "hedge", "trading_pair": "BTC-USDT", "cache": "tapes",
                      "quotes": str(EXAMPLES / "data/perpetual-quotes.csv.gz")}]
    run("run", write(folder, file), cwd=folder)
    database = folder / "test.db"
    refused = rows(database, "SELECT * FROM orders WHERE status = 'REJECTED'")
    assert not refused, refused[0]
    for row in rows(database, "SELECT * FROM executor"):
        assert row["close_type"] not in (None, "FAILED"), (row["type"], row["controller_id"])
        assert D(row["filled_amount_quote"]) > 0, (row["type"], row["controller_id"])
    for (controller, side), row in positions(database).items():
        assert controller.endswith(side), "a position on the side that nobody opened"
    balances(database)
    check_sums(database)
    check_fills(database)


def kept(config):
    """The same without what would close it: it holds until the venue takes it away."""
    config = {key: value for key, value in config.items() if key != "time_limit"}
    if "triple_barrier_config" in config:
        barriers = {**config["triple_barrier_config"], "take_profit": "0.5", "time_limit": None}
        if config["type"] == "progressive_executor":
            barriers["stop_loss"] = "0.5"
        if config["type"] == "grid_executor":
            barriers["take_profit"] = "0.04"
            config["limit_price"] = "30000"
        config["triple_barrier_config"] = barriers
    return config


def check_every_kind_liquidated(folder, mode):
    executors = [{**kept(config), "leverage": 20, "controller_id": config["type"]}
                 for config in every_kind("BUY")]
    file = base_file(folder, executors=executors, run={"on_end": "keep"})
    file["venues"] = [{"name": "hedge", "balances": {"USDT": "400"}, "position_mode": mode,
                       "fees": {"maker": "0.0002", "taker": "0.0004"}}]
    file["instruments"] = [{"trading_pair": "BTC-USDT", "venue": "hedge", "tick": "0.1",
                            "step": "0.001", "min_order_size": "0.001", "perpetual": True,
                            "maintenance_margin": "0.05"}]
    file["feeds"] = [{"venue": "hedge", "trading_pair": "BTC-USDT", "cache": "tapes",
                      "quotes": str(EXAMPLES / "data/perpetual-quotes.csv.gz")}]
    run("run", write(folder, file), cwd=folder)
    database = folder / "test.db"
    told, = rows(database, "SELECT ts, payload FROM journal WHERE kind = 'liquidation'")
    for row in rows(database, "SELECT * FROM executor"):
        assert row["status"] == "TERMINATED"
        assert D(row["filled_amount_quote"]) > 0, row["type"]
        orders = rows(database, "SELECT * FROM orders WHERE reason = 'liquidation' AND"
                                f" status = 'FILLED' AND executor_id = '{row['id']}'")
        assert len(orders) == 1, (row["type"], row["close_type"], row["custom_info"])
        if row["closed_at"] >= told["ts"]:
            assert (row["close_type"], row["closed_at"]) == ("FAILED", told["ts"]), row["type"]
    assert sum(D(row["executed_base"]) for row in rows(
        database, "SELECT * FROM orders WHERE reason = 'liquidation' AND status = 'FILLED'")) == \
        D(json.loads(told["payload"])["amount"])
    assert all(D(row["amount"]) == 0 for row in positions(database).values())
    assert not rows(database, f"SELECT * FROM fill WHERE ts > {told['ts']}")
    balances(database)
    check_sums(database)
    check_fills(database)


def test_every_kind_is_liquidated(folder):
    """Whatever the kind: what it owns is closed by one order of the venue, it ends, and nothing is
    sent after that. Those that had ended lose what they left in the book."""
    check_every_kind_liquidated(folder, "ONEWAY")


def test_every_kind_is_liquidated_where_sides_are_kept_apart(folder):
    check_every_kind_liquidated(folder, "HEDGE")


sys.exit(main(sys.modules[__name__]))
