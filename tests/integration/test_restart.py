"""Runs that are killed and started again: they go on where they were."""

import hashlib
import random
import signal
import sys
import time

from control_client import Control, TOO_EARLY
from program import *

SECONDS_MAX = 60
KILLS = 25


def restart_file(folder, speed="1500", **sections):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.004", "take_profit": "0.004",
                "time_limit": 1800}
    executors = [executor(side="BUY" if i % 2 else "SELL", start_at=str(1735689600 + 300 * i),
                          controller_id=f"desk-{i % 3}", triple_barrier_config=barriers)
                 for i in range(12)]
    executors += [
        executor(kind="progressive_executor", id="progressive", controller_id="desk-0",
                 triple_barrier_config={"open_order_type": "LIMIT", "stop_loss": "0.02",
                                        "trailing_stop": {"activation_pnl_pct": "0.002",
                                                          "trailing_pct": "0.001"}}),
        {"type": "grid_executor", "id": "grid", "connector_name": "paper", "side": "BUY",
         "trading_pair": "BTC-USDT", "start_price": "90000", "end_price": "110000",
         "limit_price": "50000", "total_amount_quote": "50000", "max_open_orders": 5,
         "min_spread_between_orders": "0.001",
         "triple_barrier_config": {"take_profit": "0.001"}},
        {"type": "twap_executor", "id": "twap", "connector_name": "paper", "side": "BUY",
         "trading_pair": "BTC-USDT", "total_amount_quote": "20000", "total_duration": 7200,
         "order_interval": 300, "mode": "TAKER"},
    ]
    file = base_file(folder, run={"name": "restart", "mode": "paper", "seed": 7},
                     executors=executors, **sections)
    file["feeds"][0]["speed"] = speed
    return file


def check_whole(folder):
    """What holds after every start: the database verifies, each fill counts once, books are sums."""
    database = folder / "test.db"
    run("verify", database, cwd=folder)
    check_books(database, {}, spot=False)
    submitted = [row["client_order_id"] for row in rows(
        database, "SELECT client_order_id FROM journal WHERE kind = 'order.submitted'")]
    assert len(submitted) == len(set(submitted)), "an order was sent twice"
    for row in rows(database, "SELECT * FROM orders"):
        fills = rows(database, "SELECT amount FROM fill WHERE client_order_id = '%s'"
                     % row["client_order_id"])
        filled = sum((D(fill["amount"]) for fill in fills), D(0))
        assert filled == D(row["executed_base"]) and filled <= D(row["amount"]), row
    return check_journal(database)


def check_reports(database):
    """A report has the orders that have changed: what is written of an order does not depend on how
    many others there were. It is placed, accepted, asked back, and ends."""
    written = {}
    for row in rows(database, "SELECT executor_id, json_array_length(payload, '$.state.ledger') AS"
                    " orders FROM journal WHERE kind LIKE 'executor.%'"):
        written[row["executor_id"]] = written.get(row["executor_id"], 0) + (row["orders"] or 0)
    for row in rows(database, "SELECT executor_id, count(*) AS orders FROM orders GROUP BY 1"):
        total = written[row["executor_id"]]
        assert row["orders"] <= total <= 4 * row["orders"], (row, total)
    return max(written.values())


def test_a_killed_run_goes_on_to_its_end(folder):
    path = write(folder, restart_file(folder))
    database = folder / "test.db"
    chance = random.Random(1)
    kills = 0
    while True:
        process = start("run", "--quiet", path, cwd=folder)
        try:
            _, errors = process.communicate(
                timeout=0.05 + chance.random() * 0.6 if kills < KILLS else SECONDS_MAX)
            break
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate(timeout=SECONDS_MAX)
            kills += 1
            if has_rows(folder, "SELECT 1 FROM journal", 1)():  # Killed later than at its birth.
                check_whole(folder)
    assert process.returncode == 0, errors
    assert kills >= 5, kills
    check_whole(folder)
    assert check_reports(database) > 30  # Of the grid.
    executors = rows(database, "SELECT * FROM executor")
    assert len(executors) == 15 and all(row["status"] == "TERMINATED" for row in executors)
    recovered = rows(database, "SELECT * FROM journal WHERE kind = 'run.recovered'")
    assert recovered and rows(database, "SELECT state FROM run") == [{"state": "stopped"}]
    check_books(database, {"BTC": 20, "USDT": 1000000})
    check_report(folder, database)
    # A run that has ended is not started again by accident.
    _, errors = run("run", path, cwd=folder, code=1)
    assert "already holds the run" in errors


def kill_when(folder, path, is_time):
    process = start("run", "--quiet", path, cwd=folder)
    end = time.monotonic() + SECONDS_MAX
    while not is_time():
        assert process.poll() is None and time.monotonic() < end, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=SECONDS_MAX)


def has_rows(folder, sql, count):
    def look():
        try:
            return len(rows(folder / "test.db", sql)) >= count
        except sqlite3.OperationalError:
            return False
    return look


def test_stop_at_any_moment_of_a_recovery(folder):
    """SIGTERM while a run recovers, once or twice, with 1, 2 and 4 workers: it ends in order, or at
    once when told twice, and the database is whole."""
    file = restart_file(folder, speed="300")
    file["persistence"]["path"] = "test.db"
    chance = random.Random(5)
    codes = []
    for i in range(12):
        for old in folder.glob("test.db*"):
            old.unlink()
        file["run"]["workers"] = (1, 2, 4)[i % 3]
        path = write(folder, file)
        kill_when(folder, path, has_rows(folder, "SELECT * FROM fill", 3))
        process = start("run", "--quiet", path, cwd=folder)
        time.sleep(0.02 + chance.random() * 0.2)
        process.send_signal(signal.SIGTERM)
        if i % 4 == 3:
            process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS_MAX)
        codes.append(process.returncode)
        assert process.returncode in (0, 1, -signal.SIGTERM), errors
        assert process.returncode == 0 or "internal error" not in errors, errors
        check_whole(folder)
        if process.returncode == 0:
            assert all(row["status"] == "TERMINATED" for row in rows(
                folder / "test.db", "SELECT status FROM executor"))
            check_books(folder / "test.db", {"BTC": 20, "USDT": 1000000})
    assert 0 in codes, codes


def test_cut_between_the_last_fill_of_an_order_and_its_end(folder):
    """The fill is in the journal, that the order is filled is not: it ends as filled, not again."""
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.5", "take_profit": "0.5"}
    file = base_file(folder, run={"name": "cut", "mode": "paper", "seed": 7},
                     executors=[executor(id="one", triple_barrier_config=barriers)])
    file["feeds"][0]["speed"] = "300"
    path = write(folder, file)
    database = folder / "test.db"
    filled = "SELECT seq, client_order_id FROM journal WHERE kind = 'order.filled'"
    kill_when(folder, path, has_rows(folder, filled, 1))
    cut = rows(database, filled)[0]
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE journal SET payload = '{}' WHERE seq = ?", (cut["seq"],))
    connection.close()
    run("salvage", database, folder / "saved.db", cwd=folder)
    for old in folder.glob("test.db*"):
        old.unlink()
    (folder / "saved.db").rename(database)
    assert not rows(database, filled)
    before = rows(database, "SELECT * FROM orders")[0]
    assert D(before["executed_base"]) == D(before["amount"]) and before["status"] != "FILLED"

    process = start("run", "--quiet", path, cwd=folder)
    end = time.monotonic() + SECONDS_MAX
    while not has_rows(folder, filled, 1)():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, errors
    after = rows(database, "SELECT * FROM orders WHERE client_order_id = '%s'"
                 % cut["client_order_id"])[0]
    assert after["status"] == "FILLED" and after["executed_base"] == before["amount"], after
    assert len(rows(database, "SELECT * FROM orders WHERE role = 'open'")) == 1
    check_whole(folder)
    check_books(database, {"BTC": 20, "USDT": 1000000})


def test_policies_after_a_restart(folder):
    for policy, close_types in [("stop_close", {"EARLY_STOP"}), ("stop_keep", {"POSITION_HOLD", "EARLY_STOP"})]:
        (folder / policy).mkdir()
        barriers = {"open_order_type": "MARKET", "stop_loss": "0.5"}
        file = base_file(folder / policy, run={"name": "policy", "mode": "paper", "seed": 7},
                         executors=[executor(triple_barrier_config=barriers) for _ in range(3)])
        file["feeds"][0]["speed"] = "300"
        path = write(folder / policy, file)
        kill_when(folder / policy, path, has_rows(folder / policy, "SELECT * FROM fill", 3))
        process = start("run", "--quiet", "--on-restart", policy, path, cwd=folder / policy)
        end = time.monotonic() + SECONDS_MAX
        while not has_rows(folder / policy, "SELECT * FROM executor WHERE status = 'TERMINATED'", 3)():
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=SECONDS_MAX)
        ended = rows(folder / policy / "test.db", "SELECT * FROM executor")
        assert {row["close_type"] for row in ended} <= close_types, ended
        check_whole(folder / policy)
    _, errors = run("run", "--on-restart", "dance", path, cwd=folder, code=2)
    assert "resume" in errors


def test_what_cannot_go_on(folder):
    file = restart_file(folder, speed="300")
    path = write(folder, file)
    kill_when(folder, path, has_rows(folder, "SELECT * FROM fill", 3))
    file["executors"][0]["amount"] = "0.2"
    _, errors = run("run", write(folder, file, "other.json"), cwd=folder, code=1)
    assert "has changed" in errors, errors
    with sqlite3.connect(folder / "test.db") as connection:
        connection.execute("UPDATE journal SET payload = replace(payload, '0.1', '0.9')"
                           " WHERE kind = 'fill'")
    _, errors = run("run", path, cwd=folder, code=4)
    assert "checksum" in errors, errors


def test_a_state_that_cannot_be_loaded(folder):
    """One executor is given up and reported, the others go on."""
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.5", "take_profit": "0.5"}
    file = base_file(folder, run={"name": "broken", "mode": "paper", "seed": 7},
                     executors=[executor(id=f"e-{i}", triple_barrier_config=barriers)
                                for i in range(3)])
    file["feeds"][0]["speed"] = "300"
    path = write(folder, file)
    kill_when(folder, path, has_rows(folder, "SELECT * FROM fill", 3))
    damage_states(folder / "test.db", "e-1")
    process = start("run", path, cwd=folder)
    end = time.monotonic() + SECONDS_MAX
    while not has_rows(folder, "SELECT * FROM executor WHERE status = 'TERMINATED'", 1)():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=SECONDS_MAX)
    assert "e-1 cannot be loaded" in errors
    ended = {row["id"]: row["close_type"] for row in rows(folder / "test.db",
                                                          "SELECT * FROM executor")}
    assert ended == {"e-0": "EARLY_STOP", "e-1": "FAILED", "e-2": "EARLY_STOP"}, ended
    position = rows(folder / "test.db", "SELECT amount FROM position")
    assert [row["amount"] for row in position] == ["0.1"]  # What the lost one owned is in the book.


def damage_states(database, executor_id):
    """Makes every stored state of an executor one of a version to come, and the chain of checksums
    (persistence/checksum.h) whole again."""
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE journal SET payload = replace(payload, '\"version\":2,',"
                           " '\"version\":99,') WHERE executor_id = ?", (executor_id,))
        checksum = bytes(32)
        for row in connection.execute("SELECT * FROM journal ORDER BY seq").fetchall():
            texts = [text.encode() for text in row[2:7]]
            numbers = [row[0], row[1], *map(len, texts)]
            hashed = checksum + b"".join(n.to_bytes(8, "little") for n in numbers) + b"".join(texts)
            checksum = hashlib.blake2b(hashed, digest_size=32).digest()
            connection.execute("UPDATE journal SET checksum = ? WHERE seq = ?", (checksum, row[0]))


def test_actions_count_once_over_a_restart(folder):
    file = base_file(folder, run={"name": "actions", "mode": "paper", "seed": 7},
                     control={"listen": ["ipc://run.control"]}, executors=[])
    file["feeds"][0]["speed"] = "60"
    path = write(folder, file)
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.5"}
    config = executor(triple_barrier_config=barriers)

    def begin():
        process = start("run", "--quiet", path, cwd=folder)
        end = time.monotonic() + SECONDS_MAX
        while True:
            assert time.monotonic() < end and process.poll() is None, process.communicate()
            try:
                control = Control(folder / "run.control")
                answer = control.act("stop_executor", executor_id="nobody")
                if answer["code"] == "unknown_executor":
                    return process, control
            except (FileNotFoundError, ConnectionError):
                pass
            time.sleep(0.02)

    process, control = begin()
    end = time.monotonic() + SECONDS_MAX
    while True:
        created = control.act("create_executor", action_id="c-1", executor_id="one",
                              controller_id="desk", executor_config=config)
        if created["ok"]:
            break
        assert created["code"] in TOO_EARLY and time.monotonic() < end, created
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()

    process, control = begin()
    again = control.act("create_executor", action_id=created["action_id"], executor_id="one",
                        executor_config=config)
    assert again == created, again
    assert control.act("create_executor", executor_id="one",
                       executor_config=config)["code"] == "executor_exists"
    assert control.act("stop_executor", action_id="s-1", executor_id="one")["ok"]
    process.send_signal(signal.SIGKILL)
    process.communicate()

    process, control = begin()
    assert control.act("stop_executor", action_id="s-1", executor_id="one")["ok"]
    end = time.monotonic() + SECONDS_MAX
    while control.ask("executor", executor_id="one")["executor"]["status"] != "TERMINATED":
        assert time.monotonic() < end
        time.sleep(0.02)
    assert control.ask("shutdown")["ok"]
    process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0
    completed = [json.loads(row["payload"])["action_id"] for row in rows(
        folder / "test.db", "SELECT payload FROM journal WHERE kind = 'action.completed'")]
    assert sorted(completed) == sorted([created["action_id"], "s-1"]), completed
    check_whole(folder)


sys.exit(main(sys.modules[__name__]))
