"""Paper runs: threads decide alike, signals end in order, kill -9 loses nothing committed."""

import os
import signal
import sys
import time

from program import *


def mixed_executors(count):
    for i in range(count):
        kind = "progressive_executor" if i % 2 else "position_executor"
        barriers = {"open_order_type": "MARKET", "stop_loss": str(D("0.002") * (1 + i % 5)),
                    "take_profit": str(D("0.003") * (1 + i % 4)), "time_limit": 1800 + 60 * i}
        yield executor(kind, id=f"executor-{i:03}", side="BUY" if i % 3 else "SELL",
                       amount=f"0.{10 + i}", triple_barrier_config=barriers,
                       start_at=str(1735689600 + 97 * i))


def outcome(database):
    return {row["id"]: (row["close_type"], row["closed_at"], row["net_pnl_quote"])
            for row in rows(database, "SELECT * FROM executor")}


def test_thread_counts_decide_alike(folder):
    outcomes = {}
    for mode, workers in (("backtest", 0), ("paper", 1), ("paper", 2), ("paper", 4)):
        database = folder / f"{mode}{workers}.db"
        file = base_file(folder, executors=list(mixed_executors(40)),
                         run={"name": "threads", "mode": mode, "seed": 7, "workers": workers},
                         persistence={"path": str(database)})
        run("run", "--quiet", write(folder, file), cwd=folder)
        check_books(database, {"BTC": "20", "USDT": "1000000"})
        outcomes[mode, workers] = outcome(database)
    first = outcomes["backtest", 0]
    assert len(first) == 40 and len({close for close, _, _ in first.values()}) >= 3
    for key, other in outcomes.items():
        assert other == first, f"{key} decided otherwise"


def paced_file(folder, speed="60", **sections):
    file = base_file(folder, executors=list(mixed_executors(12)),
                     run={"name": "paced", "mode": "paper", "seed": 7}, **sections)
    file["feeds"][0]["speed"] = speed
    return file


def wait_for(condition, seconds=60):
    """Polls a condition of another process until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def has_fills(database, count):
    try:
        return rows(database, "SELECT COUNT(*) AS n FROM fill")[0]["n"] >= count
    except sqlite3.OperationalError:
        return False


def test_signal_ends_in_order(folder):
    for number in (signal.SIGINT, signal.SIGTERM):
        database = folder / f"signal{number}.db"
        file = paced_file(folder, persistence={"path": str(database)})
        process = start("run", write(folder, file), cwd=folder)
        wait_for(lambda: has_fills(database, 3))
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, (process.returncode, out, err)
        assert "signal" in out and "executors" in out
        executors = rows(database, "SELECT * FROM executor")
        assert executors and all(row["status"] == "TERMINATED" for row in executors)
        assert any(row["close_type"] == "EARLY_STOP" for row in executors)
        assert all(D(row["amount"]) == 0 for row in rows(database, "SELECT * FROM position"))
        live = rows(database, "SELECT * FROM orders WHERE status NOT IN"
                              " ('FILLED', 'CANCELED', 'REJECTED', 'EXPIRED')")
        assert live == []
        check_books(database, {"BTC": "20", "USDT": "1000000"})
        check_report(folder, database)


def test_second_signal_ends_at_once(folder):
    database = folder / "test.db"
    file = paced_file(folder, speed="1")
    process = start("run", write(folder, file), cwd=folder)
    wait_for(database.exists)
    os.kill(process.pid, signal.SIGTERM)
    os.kill(process.pid, signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode is not None


def test_keep_policy_keeps_positions(folder):
    database = folder / "test.db"
    file = paced_file(folder)
    file["run"]["on_end"] = "keep"
    process = start("run", write(folder, file), cwd=folder)
    wait_for(lambda: has_fills(database, 3))
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    held = [row for row in rows(database, "SELECT * FROM executor")
            if row["close_type"] == "POSITION_HOLD"]
    assert held
    check_books(database, {"BTC": "20", "USDT": "1000000"})
    assert any(D(row["amount"]) != 0 for row in rows(database, "SELECT * FROM position"))


def test_kill_leaves_a_clean_database(folder):
    for round_ in range(3):
        database = folder / f"kill{round_}.db"
        file = paced_file(folder, speed="2000", persistence={"path": str(database)})
        process = start("run", write(folder, file), cwd=folder)
        wait_for(lambda: has_fills(database, 2 + 3 * round_))
        process.kill()
        process.communicate(timeout=30)
        report = check_report(folder, database)
        assert report["state"] == "running"
        executors = rows(database, "SELECT * FROM executor")
        created = rows(database, "SELECT * FROM journal WHERE kind = 'executor.created'")
        assert {row["id"] for row in executors} == {row["executor_id"] for row in created}
        for row in executors:
            kinds = [j["kind"] for j in rows(
                database, "SELECT kind FROM journal WHERE executor_id = '%s' AND kind LIKE"
                          " 'executor.%%' AND kind <> 'executor.updated' ORDER BY seq"
                          % row["id"])]
            expected = {"executor.created": "NOT_STARTED", "executor.started": "RUNNING",
                        "executor.stopping": "SHUTTING_DOWN",
                        "executor.terminated": "TERMINATED", "executor.failed": "TERMINATED"}
            assert row["status"] == expected[kinds[-1]]
            assert row["status"] == "NOT_STARTED" or row["state"]
        check_books(database, {}, spot=False)


def test_drawdown_stops_the_run(folder):
    file = base_file(folder, executors=[executor(amount="5", triple_barrier_config={
        "open_order_type": "MARKET"})], risk={"max_drawdown_quote": "1500"})
    run("run", write(folder, file), cwd=folder, code=3)
    database = folder / "test.db"
    assert rows(database, "SELECT * FROM risk")[0]["state"] == "HALTED"
    assert all(D(row["amount"]) == 0 for row in rows(database, "SELECT * FROM position"))


def test_open_orders_are_limited(folder):
    resting = {"open_order_type": "LIMIT", "time_limit": 60}
    file = base_file(folder, executors=[
        executor(entry_price="10000", triple_barrier_config=resting) for _ in range(5)],
        risk={"max_open_orders": 3})
    run("run", write(folder, file), cwd=folder)
    denied = rows(folder / "test.db", "SELECT * FROM journal WHERE kind = 'risk.denied'")
    placed = rows(folder / "test.db", "SELECT * FROM journal WHERE kind = 'order.accepted'")
    assert len(denied) >= 2 and len(placed) == 3


sys.exit(main(sys.modules[__name__]))
