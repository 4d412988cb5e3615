"""executor.skipped: what was not placed and why, once until the reason changes."""

import json
import re
import sys

from program import *


def skipped(folder, executors, **sections):
    """(reason, data) of every event, in order."""
    run("run", write(folder, base_file(folder, executors=executors, **sections)), cwd=folder)
    return [(payload["reason"], payload) for payload in
            (json.loads(row["payload"]) for row in
             rows(folder / "test.db",
                  "SELECT payload FROM journal WHERE kind = 'executor.skipped' ORDER BY seq"))]


def test_bounds(folder):
    """A limit far below the market waits outside of its bounds: said once, however many quotes."""
    found = skipped(folder, [executor(entry_price="40000", activation_bounds=["0.001", "0.001"],
                                      triple_barrier_config={"open_order_type": "LIMIT"})])
    (reason, data), = found
    assert reason == "bounds"
    assert data["type"] == "position_executor" and data["trading_pair"] == "BTC-USDT"
    assert (data["role"], data["side"], data["order_type"]) == ("open", "BUY", "LIMIT")
    assert (data["amount"], data["price"]) == ("0.1", "40000")
    assert not rows(folder / "test.db", "SELECT * FROM orders")


def test_too_small(folder):
    """An order of less than the venue takes is never sent."""
    small = {"type": "twap_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
             "side": "BUY", "mode": "TAKER", "total_duration": 600, "order_interval": 30}
    size = skipped(folder, [{**small, "total_amount_quote": "30"}])
    assert size[0][0] == "below_min_size" and D(size[0][1]["amount"]) < D("0.0001")
    notional = skipped(folder, [{**small, "total_amount_quote": "30"}],
                       persistence={"existing": "replace"},
                       instruments=[{"trading_pair": "BTC-USDT", "venue": "paper", "tick": "0.01",
                                     "step": "0.00001", "min_notional": "20"}])
    assert notional[0][0] == "below_min_notional"
    # Each is said again only when an order has gone out in between.
    orders = len(rows(folder / "test.db", "SELECT * FROM orders"))
    assert len(notional) <= orders + 1


def test_too_small_to_start(folder):
    """Every kind whose orders the venue would not take ends at its start, and says why."""
    out, _ = run("describe", "executor", cwd=folder)
    kinds = [line.split()[0] for line in out.splitlines()]
    assert len(kinds) >= 8, out
    for kind in kinds:
        example, _ = run("describe", "executor", kind, "--example", cwd=folder)
        assert 'min_order_size: "0.0001"' in example
        write(folder, example.replace('min_order_size: "0.0001"', 'min_order_size: "50"'),
              f"{kind}-minimal.yaml")
        for command in re.findall(r"^#   tutti (.*)$", example, re.M):
            run(*command.split(), cwd=folder)
        database = folder / f"{kind}-minimal.db"
        row, = rows(database, "SELECT status, close_type FROM executor")
        assert row == {"status": "TERMINATED", "close_type": "FAILED"}, (kind, row)
        found = [json.loads(row["payload"]) for row in rows(
            database, "SELECT payload FROM journal WHERE kind = 'executor.skipped'")]
        assert [skip["reason"] for skip in found] == ["below_min_size"], (kind, found)
        assert found[0]["type"] == kind and D(found[0]["amount"]) < 50, (kind, found)


def test_balance(folder):
    """The account does not have what the plan needs."""
    found = skipped(folder, [executor(amount="1000")])
    assert [reason for reason, _ in found] == ["balance"]
    row, = rows(folder / "test.db", "SELECT * FROM executor")
    assert row["close_type"] == "INSUFFICIENT_BALANCE"


def test_risk_and_the_wait_after_it(folder):
    """One order more than the run may have: denied, and waited for."""
    resting = {"type": "order_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
               "side": "BUY", "amount": "0.1", "execution_strategy": "LIMIT", "price": "30000"}
    found = skipped(folder, [resting, resting], risk={"max_open_orders": 1})
    reasons = [reason for reason, _ in found]
    assert reasons[:2] == ["risk", "retry_wait"], reasons
    assert reasons.count("risk") == 1, "it is said once as long as no order goes out"


def test_a_sweep_of_quotes_says_it_once_per_wave(folder):
    """In and out of the bounds: said anew after each order that went out."""
    grid = {"type": "grid_executor", "connector_name": "paper", "trading_pair": "BTC-USDT",
            "side": "BUY", "start_price": "49500", "end_price": "50500", "limit_price": "49000",
            "total_amount_quote": "20000", "min_spread_between_orders": "0.00095",
            "max_open_orders": 8, "activation_bounds": "0.0005",
            "triple_barrier_config": {"take_profit": "0.001", "time_limit": 14000}}
    found = skipped(folder, [grid])
    orders = rows(folder / "test.db", "SELECT * FROM orders")
    assert found and {reason for reason, _ in found} <= {"bounds", "retry_wait",
                                                         "below_min_size"}
    assert len(found) <= len(orders) + 1


sys.exit(main(sys.modules[__name__]))
