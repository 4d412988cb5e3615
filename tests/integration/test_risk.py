"""Risk from outside: limits at and beyond, the kill switch in all its forms, states that last."""

import os
import signal
import sys
import time

from control_client import Control
from program import *

SECONDS_MAX = 60
RESTING = {"open_order_type": "LIMIT", "time_limit": 36000}
FAR = {"entry_price": "10000", "triple_barrier_config": RESTING}  # Rests: the market is at 50000.


def payloads(database, kind):
    return [json.loads(row["payload"]) for row in
            rows(database, f"SELECT payload FROM journal WHERE kind = '{kind}' ORDER BY seq")]


def denied(database):
    return [(note["code"], note["scope"], note["limit"], note["value"])
            for note in payloads(database, "risk.denied")]


# ---- Limits, with the program as a whole

def scoped(scope, **limits):
    """The section `risk` with these limits in one scope, and how events call that."""
    part = {"venue": {"venue": "paper"}, "controller": {"controller_id": "main"},
            "instrument": {"venue": "paper", "trading_pair": "BTC-USDT"}}
    names = {"global": "global", "venue": "venue:paper", "controller": "controller:main",
             "instrument": "instrument:paper/BTC-USDT"}
    section = limits if scope == "global" else {scope + "s": [{**part[scope], **limits}]}
    return section, names[scope]


def first_denial(folder, executors, risk):
    for left in folder.glob("test.db*"):
        left.unlink()
    run("run", "--quiet", write(folder, base_file(folder, executors=executors, risk=risk)),
        cwd=folder)
    found = denied(folder / "test.db")
    return found[0] if found else None


# Executors that are within the limit, executors that are beyond it, the limit, and what is said.
# 0.1 at 10000 is 1000 quote; the first quotes are 49999.95 / 50000.05.
CASES = [
    ({"amount": "0.1"}, {"amount": "0.10001"}, {"max_order_quantity": "0.1"},
     ("max_order_quantity", "0.1", "0.10001")),
    ({"amount": "0.1"}, {"amount": "0.10001"}, {"max_order_notional": "1000"},
     ("max_order_notional", "1000", "1000.1")),
    ({"entry_price": "45000"}, {"entry_price": "44999.99"}, {"price_collar": "0.1"},
     ("price_collar", "0.1", "0.1000002")),
    ({"amount": "0.1"}, {"amount": "0.10001"}, {"max_position": "0.1"},
     ("max_position", "0.1", "0.10001")),
    ({"amount": "0.1"}, {"amount": "0.10001"}, {"max_exposure_quote": "5000"},
     ("max_exposure", "5000", "5000.5")),
    ({"repeat": 3}, {"repeat": 4}, {"max_open_orders": 3}, ("max_open_orders", "3", "4")),
    ({"repeat": 3}, {"repeat": 4}, {"max_orders_per_second": 3}, ("order_rate", "3", "4")),
]


def test_limits_of_every_scope(folder):
    for within, beyond, limits, (code, limit, value) in CASES:
        for scope in ("global", "venue", "instrument", "controller"):
            risk, name = scoped(scope, **limits)
            # The end of the feed sends no order of these: nothing was filled.
            assert first_denial(folder, [executor(**{**FAR, **within})], risk) is None, (code, scope)
            found = first_denial(folder, [executor(**{**FAR, **beyond})], risk)
            assert found == (code, name, limit, value), (found, code, scope)
            orders = payloads(folder / "test.db", "order.rejected")
            assert orders[0]["reason"] == code and orders[0]["status"] == "REJECTED"


def test_max_executors(folder):
    for scope in ("global", "venue", "instrument", "controller"):
        risk, _ = scoped(scope, max_executors=2)
        assert first_denial(folder, [executor(**FAR, repeat=2)], risk) is None
        found = first_denial(folder, [executor(**FAR, repeat=3)], risk)
        assert (found[0], found[2], found[3]) == ("max_executors", "2", "3")
        assert len(rows(folder / "test.db", "SELECT * FROM executor")) == 2


def test_instrument_rules_hold_without_a_section(folder):
    for amount, expected in (("0.1", []), ("0.10001", ["max_order_size"])):
        file = base_file(folder, executors=[executor(**{**FAR, "amount": amount, "max_retries": 0})])
        file["instruments"][0]["max_order_size"] = "0.1"
        file["persistence"]["path"] = str(folder / (amount + ".db"))
        run("run", "--quiet", write(folder, file), cwd=folder)
        database = folder / (amount + ".db")
        assert [code for code, _, _, _ in denied(database)][:1] == expected
        assert rows(database, "SELECT count(*) AS n FROM journal WHERE kind = 'order.submitted'") \
            == [{"n": 1 if not expected else 0}]


def test_self_trades(folder):
    """A buy that rests at 49000 and a sale at any price below it would meet."""
    bid = executor(entry_price="49000", triple_barrier_config=RESTING)
    sale = executor(side="SELL", entry_price="49000.01",
                    triple_barrier_config={**RESTING, "open_order_type": "LIMIT"}, start_at=1735689605)
    meeting = {**sale, "entry_price": "49000"}
    assert first_denial(folder, [bid, sale], {"self_trade": "deny"}) is None
    found = first_denial(folder, [bid, meeting], {"self_trade": "deny"})
    assert found[0] == "self_trade" and found[1] == "instrument:paper/BTC-USDT", found
    assert first_denial(folder, [bid, meeting], {}) is None


def test_rejects_stop_an_executor(folder):
    """Its orders are too large for the limit: after two of them within a minute it is stopped."""
    risk = {"max_order_quantity": "0.05", "executor": {"max_rejects_per_minute": 2}}
    first_denial(folder, [executor(**FAR)], risk)
    states = payloads(folder / "test.db", "risk.state")
    identity = rows(folder / "test.db", "SELECT id, close_type FROM executor")[0]
    assert [(note["scope"], note["state"]) for note in states] == \
        [("executor:" + identity["id"], "REDUCING")]
    assert len(denied(folder / "test.db")) == 3
    assert identity["close_type"] == "EARLY_STOP"


def test_a_loss_of_a_controller_stops_that_one(folder):
    """The tape falls by more than 1 % from its start: 5 BTC lose more than 1500 quote."""
    open_ = {"open_order_type": "MARKET"}
    file = base_file(folder, executors=[
        executor(controller_id="loses", amount="5", triple_barrier_config=open_),
        executor(controller_id="other", amount="0.001", triple_barrier_config=open_)],
        risk={"controllers": [{"controller_id": "loses", "max_drawdown_quote": "1500"}]})
    run("run", "--quiet", write(folder, file), cwd=folder)
    database = folder / "test.db"
    states = {row["scope"]: row["state"] for row in rows(database, "SELECT * FROM risk")}
    assert states == {"controller:loses": "REDUCING"}, states
    at = rows(database, "SELECT seq FROM journal WHERE kind = 'risk.state'")[0]["seq"]
    stops = rows(database, "SELECT e.controller_id, j.seq FROM journal j JOIN executor e ON"
                           " e.id = j.executor_id WHERE j.kind = 'executor.stopping' ORDER BY j.seq")
    assert stops[0]["controller_id"] == "loses" and stops[0]["seq"] > at
    assert stops[1]["controller_id"] == "other"
    last = rows(database, "SELECT max(seq) AS seq FROM journal WHERE kind = 'fill'")[0]["seq"]
    assert stops[1]["seq"] < last  # It went on until the end of the feed.
    assert all(D(row["amount"]) == 0 for row in rows(database, "SELECT * FROM position"))


def test_a_daily_loss_ends_the_run(folder):
    file = base_file(folder, executors=[executor(amount="5", triple_barrier_config={
        "open_order_type": "MARKET"})], risk={"max_daily_loss_quote": "1500"})
    run("run", "--quiet", write(folder, file), cwd=folder, code=3)
    states = [note["state"] for note in payloads(folder / "test.db", "risk.state")]
    assert states == ["REDUCING", "HALTED"]
    assert all(D(row["amount"]) == 0 for row in rows(folder / "test.db", "SELECT * FROM position"))


# ---- The kill switch

def busy(count=40):
    """Executors that place and cancel a limit order every second of market time."""
    return executor("twap_executor", total_amount_quote="100000", total_duration=14000,
                    order_interval=1, mode="MAKER", limit_order_buffer="0.0005",
                    order_resubmission_time=1, repeat=count, max_retries=1000000,
                    side="BUY") | {"amount": None, "triple_barrier_config": None}


def clean(config):
    return {key: value for key, value in config.items() if value is not None}


def run_file(folder, durability="group", speed="60", executors=None, existing="replace", **sections):
    executors = [clean(busy())] if executors is None else executors
    persistence = {"path": str(folder / "test.db"), "durability": durability,
                   "existing": existing}
    file = base_file(folder, run={"name": "risk", "mode": "paper", "seed": 7},
                     control={"listen": ["ipc://run.control"]}, persistence=persistence,
                     executors=executors, **sections)
    file["venues"][0]["balances"] = {"USDT": "100000000", "BTC": "2000"}
    file["feeds"][0]["speed"] = speed
    return write(folder, file)


def wait_until(condition, process):
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.01)


def connect(folder, process):
    found = []

    def answers():
        try:
            control = Control(folder / "run.control")
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        found.append(control)
        return control.ask("snapshot").get("seq", 0) > 0
    wait_until(answers, process)
    return found[-1]


def start_run(folder, path):
    process = start("run", "--json", path, cwd=folder)
    return process, connect(folder, process)


def submitted(folder):
    return rows(folder / "test.db",
                "SELECT count(*) AS n FROM journal WHERE kind = 'order.submitted'")[0]["n"]


def live(folder):
    return rows(folder / "test.db", "SELECT count(*) AS n FROM orders WHERE status IN"
                                    " ('PENDING_SUBMIT', 'OPEN', 'PARTIALLY_FILLED')")[0]["n"]


def trades(folder, process, beyond=200):
    before = submitted(folder)
    wait_until(lambda: submitted(folder) > before + beyond, process)


def end(folder, process):
    run("shutdown", "--control", "ipc://run.control", cwd=folder)
    process.communicate(timeout=SECONDS_MAX)


def state_seqs(folder, state):
    return [row["seq"] for row in rows(folder / "test.db", "SELECT seq, payload FROM journal WHERE"
                                       " kind = 'risk.state' ORDER BY seq")
            if json.loads(row["payload"])["state"] == state]


def state_seq(folder, process, state, count=1):
    """Of the last change to a state, after `count` of them: its record may come after the answer."""
    wait_until(lambda: len(state_seqs(folder, state)) >= count, process)
    return state_seqs(folder, state)[-1]


def check_nothing_left(folder, process, state="HALTED", count=1):
    """After the state is durable no order is submitted, and all that were live are canceled."""
    seq = state_seq(folder, process, state, count)
    wait_until(lambda: live(folder) == 0, process)
    later = rows(folder / "test.db", "SELECT count(*) AS n FROM journal WHERE"
                                     f" kind = 'order.submitted' AND seq > {seq}")[0]["n"]
    assert later == 0, f"{later} orders after record {seq}"


def is_latched(folder):
    """Whether a start at this instant would be HALTED. The file goes when the record is there."""
    try:
        latch = json.loads((folder / "test.db.latch").read_text())
        return any(entry["state"] == "HALTED" for entry in latch["latches"])
    except FileNotFoundError:
        return rows(folder / "test.db", "SELECT state FROM risk")[0]["state"] == "HALTED"


def test_halt_over_the_control_socket(folder):
    for durability in ("group", "full"):
        process, control = start_run(folder, run_file(folder, durability))
        trades(folder, process)
        answer = control.ask("risk", state="HALTED", scope="global", reason="a drill")
        assert answer["ok"] and answer["state"] == "HALTED", answer
        # The answer came when it was durable: beside the database, or in it already.
        assert is_latched(folder), "answered before anything was on disk"
        check_nothing_left(folder, process)
        codes = {code for code, _, _, _ in denied(folder / "test.db")}
        assert codes <= {"risk_halted"}, codes
        created = control.act("create_executor", executor_config=executor())
        assert not created["ok"] and created["code"] == "risk_halted", created
        refused = control.ask("risk", state="ACTIVE", scope="global")
        assert not refused["ok"] and refused["code"] == "bad_request"
        time.sleep(1.2)
        check_nothing_left(folder, process)
        answer = control.ask("risk", state="ACTIVE", scope="global", reason="drill is over")
        assert answer["ok"] and answer["state"] == "ACTIVE" and answer["risk"] == []
        trades(folder, process)
        end(folder, process)


def test_halt_of_a_part(folder):
    one, other = clean(busy(10)), clean(busy(10)) | {"controller_id": "other"}
    process, control = start_run(folder, run_file(folder, executors=[one, other]))
    trades(folder, process)
    for scope in ("venue:none", "paper", "instrument:paper", "executor:nobody"):
        assert control.ask("risk", state="HALTED", scope=scope)["ok"] is False
    assert control.ask("risk", state="HALTED", scope="controller:other", reason="bad")["ok"]
    seq = state_seq(folder, process, "HALTED")
    trades(folder, process)
    owners = rows(folder / "test.db", "SELECT DISTINCT controller_id FROM journal WHERE"
                                      f" kind = 'order.submitted' AND seq > {seq}")
    assert [row["controller_id"] for row in owners] == ["main"]
    name = rows(folder / "test.db", "SELECT id FROM executor WHERE controller_id = 'main'")[0]["id"]
    assert control.ask("risk", state="HALTED", scope="executor:" + name, reason="bad")["ok"]
    seq = state_seq(folder, process, "HALTED", 2)
    trades(folder, process)
    owners = {row["executor_id"] for row in
              rows(folder / "test.db", "SELECT DISTINCT executor_id FROM journal WHERE"
                                       f" kind = 'order.submitted' AND seq > {seq}")}
    assert len(owners) == 9 and name not in owners
    assert control.ask("risk", state="HALTED", scope="venue:paper", reason="bad")["ok"]
    check_nothing_left(folder, process, count=3)
    states = {item["scope"]: item["state"] for item in control.ask("risk")["risk"]}
    assert states == {"controller:other": "HALTED", "executor:" + name: "HALTED",
                      "venue:paper": "HALTED"}
    end(folder, process)


def test_reducing_lets_closes_through(folder):
    """Positions that are open may be closed; nothing is opened any more."""
    holder = executor(amount="0.01", repeat=5,
                      triple_barrier_config={"open_order_type": "MARKET", "time_limit": 600})
    process, control = start_run(folder, run_file(folder, executors=[holder, clean(busy(10))]))
    wait_until(lambda: rows(folder / "test.db", "SELECT count(*) AS n FROM fill")[0]["n"] >= 5,
               process)
    assert control.ask("risk", state="REDUCING", reason="a drill")["ok"]
    closes = ("SELECT count(*) AS n FROM orders o JOIN executor e ON e.id = o.executor_id WHERE"
              " e.type = 'position_executor' AND o.role = 'close' AND o.status = 'FILLED'")
    wait_until(lambda: rows(folder / "test.db", closes)[0]["n"] == 5, process)
    seq = state_seq(folder, process, "REDUCING")
    roles = {note["role"] for note in (json.loads(row["payload"]) for row in rows(
        folder / "test.db", f"SELECT payload FROM journal WHERE kind = 'order.submitted' AND"
                            f" seq > {seq}"))}
    assert roles == {"close"}, roles
    assert {code for code, _, _, _ in denied(folder / "test.db")} <= {"risk_reducing"}
    end(folder, process)


def statuses(folder):
    return {row["type"]: (row["status"], row["close_type"]) for row in
            rows(folder / "test.db", "SELECT type, status, close_type FROM executor")}


def test_executors_outlast_a_halt(folder):
    """A halt is no failure of those who are halted, however many orders it cancels and however
    often a close has to wait: resumed, they go on, also after a crash in the middle of it."""
    holder = executor(amount="0.01", max_retries=1,
                      triple_barrier_config={"open_order_type": "MARKET", "time_limit": 300})
    grid = clean(executor("grid_executor", start_price="40000", end_price="60000", amount=None,
                          limit_price="30000", total_amount_quote="10000", max_retries=1,
                          triple_barrier_config={"take_profit": "0.01"}))
    closes = "SELECT count(*) AS n FROM orders WHERE role = 'close' AND reason = 'risk_halted'"
    for crashes in (False, True):
        for left in folder.glob("test.db*"):
            left.unlink()
        path = run_file(folder, "full", executors=[holder, grid], existing="resume")
        process, control = start_run(folder, path)
        wait_until(lambda: live(folder) >= 5 and
                   rows(folder / "test.db", "SELECT * FROM fill"), process)
        assert control.ask("risk", state="HALTED", reason="a drill")["ok"]
        check_nothing_left(folder, process)
        wait_until(lambda: rows(folder / "test.db", closes)[0]["n"] > 0, process)
        if crashes:
            process.kill()
            process.communicate()
            process, control = start_run(folder, path)
        seen = control.ask("snapshot")["seq"]
        wait_until(lambda: control.ask("snapshot")["seq"] > seen + 20, process)
        assert statuses(folder) == {"position_executor": ("SHUTTING_DOWN", "TIME_LIMIT"),
                                    "grid_executor": ("RUNNING", None)}, statuses(folder)
        assert control.ask("risk", state="ACTIVE", reason="drill is over")["ok"]
        wait_until(lambda: live(folder) >= 5 and statuses(folder)["position_executor"] ==
                   ("TERMINATED", "TIME_LIMIT"), process)
        end(folder, process)
        assert statuses(folder)["grid_executor"] == ("TERMINATED", "EARLY_STOP")


def test_a_halted_run_ends(folder):
    """What is halted when the run ends cannot be closed: it is handed over, and that is soon."""
    process, control = start_run(folder, run_file(folder, executors=[executor(
        amount="0.01", triple_barrier_config={"open_order_type": "MARKET"})]))
    wait_until(lambda: rows(folder / "test.db", "SELECT * FROM fill"), process)
    assert control.ask("risk", state="HALTED", reason="a drill")["ok"]
    end(folder, process)
    assert statuses(folder) == {"position_executor": ("TERMINATED", "FAILED")}
    position, = rows(folder / "test.db", "SELECT * FROM position")
    assert D(position["amount"]) == D("0.01")


def test_signal_halts(folder):
    process, control = start_run(folder, run_file(folder))
    trades(folder, process)
    process.send_signal(signal.SIGUSR1)
    wait_until(lambda: rows(folder / "test.db", "SELECT state FROM risk") != [], process)
    check_nothing_left(folder, process)
    assert "SIGUSR1" in control.ask("risk")["risk"][0]["reason"]
    assert process.poll() is None
    end(folder, process)


def test_kill_file(folder):
    switch = folder / "STOP"
    path = run_file(folder, risk={"kill_file": str(switch)})
    process, control = start_run(folder, path)
    trades(folder, process)
    switch.touch()
    wait_until(lambda: rows(folder / "test.db", "SELECT state FROM risk") != [], process)
    check_nothing_left(folder, process)
    refused = control.ask("risk", state="ACTIVE", reason="go on")
    assert refused["code"] == "kill_file", refused
    switch.unlink()
    assert control.ask("risk", state="ACTIVE", reason="it is gone")["ok"]
    trades(folder, process)
    end(folder, process)


def test_kill_file_at_the_start(folder):
    (folder / "STOP").touch()
    for switch in (folder / "STOP", folder / "no-such-folder" / "STOP"):
        process, control = start_run(folder, run_file(folder, risk={"kill_file": str(switch)}))
        assert control.ask("risk")["state"] == "HALTED"
        time.sleep(0.5)
        assert submitted(folder) == 0
        assert rows(folder / "test.db", "SELECT kind FROM journal WHERE seq = 2")[0]["kind"] == \
            "risk.state"
        end(folder, process)


def test_a_halt_lasts_over_a_restart(folder):
    path = run_file(folder)
    process, control = start_run(folder, path)
    trades(folder, process)
    assert control.ask("risk", state="HALTED", reason="for good")["ok"]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    process, control = start_run(folder, path)
    answer = control.ask("risk")
    assert answer["state"] == "HALTED" and "for good" in answer["risk"][0]["reason"], answer
    time.sleep(0.5)
    assert submitted(folder) == 0
    assert control.ask("risk", state="ACTIVE", reason="checked")["ok"]
    trades(folder, process)  # Those that waited are created now.
    end(folder, process)
    process, control = start_run(folder, path)
    assert control.ask("risk")["state"] == "ACTIVE"
    end(folder, process)


def test_a_halted_run_goes_on_halted(folder):
    """Killed at once after the halt, and again with the orders of before the restart still live."""
    path = run_file(folder, existing="resume")
    process, control = start_run(folder, path)
    trades(folder, process)
    assert control.ask("risk", state="HALTED", reason="for good")["ok"]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    process, control = start_run(folder, path)
    recovered = "SELECT seq FROM journal WHERE kind = 'run.recovered'"
    wait_until(lambda: len(rows(folder / "test.db", recovered)) == 1, process)
    assert control.ask("risk")["state"] == "HALTED"
    check_nothing_left(folder, process)
    time.sleep(0.5)
    check_nothing_left(folder, process)
    assert control.ask("risk", state="ACTIVE", reason="checked")["ok"]
    trades(folder, process)
    end(folder, process)


def test_a_halt_that_the_journal_has_not(folder):
    """Acknowledged, and killed before its record was committed: the file beside the database."""
    for existing in ("resume", "replace"):
        path = run_file(folder, existing=existing)
        process, control = start_run(folder, path)
        trades(folder, process, 10)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        last = rows(folder / "test.db", "SELECT max(seq) AS seq FROM journal")[0]["seq"]
        latch = {"latches": [{"scope": "global", "state": "HALTED", "reason": "just in time"}]}
        (folder / "test.db.latch").write_text(json.dumps({"seq": last + 1, **latch}))
        shown = json.loads(run("risk", "show", "--json", "test.db", cwd=folder)[0])
        assert shown["state"] == "HALTED" and shown["risk"][0]["reason"] == "just in time", shown
        process, control = start_run(folder, path)
        answer = control.ask("risk")
        assert answer["state"] == "HALTED" and answer["risk"][0]["reason"] == "just in time", answer
        check_nothing_left(folder, process)
        wait_until(lambda: not (folder / "test.db.latch").exists(), process)
        states = payloads(folder / "test.db", "risk.state")
        assert states[-1]["state"] == "HALTED" and states[-1]["actor"] == "latch", states
        assert control.ask("risk", state="ACTIVE", reason="checked")["ok"]
        trades(folder, process, 10)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        # One that the journal has come to is out of date.
        (folder / "test.db.latch").write_text(json.dumps({"seq": 1, **latch}))
        process, control = start_run(folder, path)
        assert control.ask("risk")["state"] == "ACTIVE"
        end(folder, process)
        (folder / "test.db").unlink()


def test_a_halt_outlasts_a_start_that_fails(folder):
    """The database is replaced, and the run does not come to its first record."""
    path = run_file(folder)
    process, control = start_run(folder, path)
    assert control.ask("risk", state="HALTED", reason="for good")["ok"]
    end(folder, process)
    file = json.loads(path.read_text())
    file["control"]["http"] = ["http://127.0.0.1:0"]
    file["control"]["secrets"] = str(folder / "open.secrets")
    (folder / "open.secrets").write_text("{}")
    (folder / "open.secrets").chmod(0o644)
    _, err = run("run", write(folder, file, "refused.json"), cwd=folder, code=1)
    assert "open.secrets" in err, err
    assert rows(folder / "test.db", "SELECT * FROM run") == [], "it was not replaced"
    process, control = start_run(folder, path)
    answer = control.ask("risk")
    assert answer["state"] == "HALTED" and answer["risk"][0]["reason"].endswith("for good"), answer
    check_nothing_left(folder, process)
    wait_until(lambda: payloads(folder / "test.db", "risk.state"), process)
    end(folder, process)
    run("verify", "test.db", cwd=folder)


def test_a_state_that_cannot_be_read_is_halted(folder):
    path = run_file(folder)
    process, control = start_run(folder, path)
    trades(folder, process, 10)
    end(folder, process)
    with sqlite3.connect(folder / "test.db") as connection:
        connection.execute("INSERT INTO risk VALUES ('global', 'PAUSED', '?', 1)")
    process, control = start_run(folder, path)
    assert control.ask("risk")["state"] == "HALTED"
    time.sleep(0.3)
    assert submitted(folder) == 0
    end(folder, process)


def test_risk_command(folder):
    path = run_file(folder)
    process, _ = start_run(folder, path)
    trades(folder, process)
    run("risk", cwd=folder, code=2)
    run("risk", "resume", path, cwd=folder, code=2)
    _, err = run("risk", "halt", "--scope", "venue:none", path, cwd=folder, code=1)
    assert "unknown_scope" in err
    out, _ = run("risk", "reduce", "--reason", "slowly", path, cwd=folder)
    assert out.startswith("state       REDUCING"), out
    out, _ = run("risk", "halt", "--json", "--control", "ipc://run.control", cwd=folder)
    answer = json.loads(out)
    assert answer["state"] == "HALTED" and answer["usage"][0]["scope"] == "global"
    check_nothing_left(folder, process)
    out, _ = run("risk", "show", path, cwd=folder)
    assert "HALTED" in out and "controller:main" in out
    out, _ = run("risk", "show", folder / "test.db", cwd=folder)
    assert out.startswith("state       HALTED"), out
    out, _ = run("risk", "resume", "--reason", "fine again", path, cwd=folder)
    assert out.startswith("state       ACTIVE"), out
    end(folder, process)
    answer = json.loads(run("risk", "show", "--json", folder / "test.db", cwd=folder)[0])
    assert answer["state"] == "ACTIVE" and answer["risk"] == []


sys.exit(main(sys.modules[__name__]))
