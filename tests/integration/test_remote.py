"""A venue in another process: faults, silence and a cut connection lose no fill and repeat no order.

The venue's own log is the truth: what is compared with it is read from the database alone.
"""

import os
import random
import signal
import socket
import sys
import threading
import time

from program import *

OPENING = {"USDT": D("100000"), "BTC": D("2")}


def venue_file(folder):
    file = base_file(folder, run={"name": "venue", "mode": "paper", "seed": 7},
                     venues=[{"name": "exchange", "balances": {"USDT": "100000", "BTC": "2"},
                              "fees": {"maker": "0.0002", "taker": "0.0005"}}])
    file["instruments"][0]["venue"] = "exchange"
    file["feeds"][0].update(venue="exchange", speed="300")
    del file["persistence"]
    return file


def remote_file(folder, executors, url="ipc://exchange.venue",
                events_url="ipc://exchange.venue-events"):
    return {
        "run": {"name": "remote", "mode": "paper", "seed": 7, "workers": 2},
        "venues": [{"name": "exchange", "type": "remote", "url": url, "events_url": events_url,
                    "recv_window_ms": 400, "request_timeout_ms": 200, "heartbeat_ms": 100,
                    "reconcile_interval": 1}],
        "instruments": [{"trading_pair": "BTC-USDT", "venue": "exchange", "tick": "0.01",
                         "step": "0.00001", "min_order_size": "0.0001", "min_notional": "5"}],
        "feeds": [{"type": "venue", "venue": "exchange", "trading_pair": "BTC-USDT"}],
        "persistence": {"path": str(folder / "remote.db")},
        "executors": executors,
    }


def traders(count):
    """Positions one after the other, and a grid that rests orders."""
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.003", "take_profit": "0.002",
                "time_limit": 300}
    for i in range(count):
        yield executor(connector_name="exchange", side="BUY" if i % 2 else "SELL", amount="0.01",
                       start_at=str(1735689600 + 60 * i), triple_barrier_config=barriers)
    yield {"type": "grid_executor", "connector_name": "exchange", "trading_pair": "BTC-USDT",
           "side": "BUY", "start_price": "49000", "end_price": "50500", "limit_price": "45000",
           "total_amount_quote": "10000", "min_spread_between_orders": "0.001",
           "min_order_amount_quote": "500", "max_open_orders": 5,
           "triple_barrier_config": {"take_profit": "0.001", "take_profit_order_type": "LIMIT"}}


def wait_for(condition, what, seconds=60):
    """Polls a condition of another process until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: it did not happen in time"
        time.sleep(0.02)


def count(folder, sql):
    try:
        return rows(folder / "remote.db", f"SELECT COUNT(*) AS n FROM {sql}")[0]["n"]
    except sqlite3.OperationalError:
        return 0


def start_venue(folder, *words):
    path = write(folder, venue_file(folder), "venue.json")
    process = start("venue", "--log", "venue.jsonl", "--heartbeat-ms", "30", *words, path,
                    cwd=folder)
    wait_for(lambda: (folder / "venue.jsonl").exists(), "the venue starts")
    return process


def end(process, seconds=90):
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=seconds)
    assert process.returncode == 0, (process.returncode, out, err)
    return out, err


def check_against_log(folder, is_alone=True):
    """Every trade of the venue is in the database once and as it was; positions and balances are
    sums of them; no order was placed twice. Returns the number of trades."""
    log = [json.loads(line) for line in (folder / "venue.jsonl").read_text().splitlines()]
    trades = {str(event["trade"]["number"]): event["trade"] for event in log
              if event["event"] == "trade"}
    fills = {fill["trade_id"]: fill for fill in rows(folder / "remote.db", "SELECT * FROM fill")}
    newest = max(map(int, fills), default=0)
    for number in [number for number in trades if int(number) > newest]:
        # A stranger may go on when the run is over.
        assert trades.pop(number)["client_order_id"].startswith("zzzzzzzzzzzz-"), number
    assert set(trades) == set(fills), (sorted(set(trades) ^ set(fills)), len(trades), len(fills))
    position, quote = D(0), D(0)
    for number, trade in trades.items():
        fill = fills[number]
        for key in ("client_order_id", "side", "fee_asset"):
            assert trade[key] == fill[key], (trade, fill)
        for key in ("price", "amount", "fee"):
            assert D(trade[key]) == D(fill[key]), (trade, fill)
        sign = 1 if trade["side"] == "BUY" else -1
        position += sign * D(trade["amount"])
        quote -= sign * multiply(D(trade["price"]), D(trade["amount"])) + D(trade["fee"])
    held = sum((D(row["amount"]) for row in rows(folder / "remote.db", "SELECT * FROM position")),
               D(0))
    assert held == position, (held, position)
    submitted = [event["order"]["client_order_id"] for event in log
                 if event["event"] == "order" and event["order"]["state"] == "PENDING_SUBMIT"]
    assert len(submitted) == len(set(submitted)), "an order was taken twice"
    own = {row["client_order_id"] for row in rows(folder / "remote.db", "SELECT * FROM orders")}
    assert not is_alone or set(submitted) <= own, "an order of nobody"
    check_journal(folder / "remote.db")
    check_executors(folder)
    run("verify", folder / "remote.db", cwd=folder)
    return len(trades)


def check_executors(folder):
    """All have ended; what each bought and sold is what its orders say, and no order is open."""
    database = folder / "remote.db"
    assert {row["status"] for row in rows(database, "SELECT * FROM executor")} == {"TERMINATED"}
    sums = {}
    for fill in rows(database, "SELECT * FROM fill"):
        key = fill["client_order_id"]
        sums[key] = sums.get(key, D(0)) + D(fill["amount"])
    for order in rows(database, "SELECT * FROM orders"):
        assert order["status"] in ("FILLED", "CANCELED", "REJECTED", "EXPIRED"), order
        executed = sums.get(order["client_order_id"], D(0))
        assert D(order["executed_base"]) == executed <= D(order["amount"]), order
        assert (order["status"] == "FILLED") == (executed == D(order["amount"])), order


def check_final_balances(folder):
    """What the venue says at the end is what its log says."""
    found = [json.loads(row["payload"]) for row in rows(
        folder / "remote.db", "SELECT payload FROM journal WHERE kind = 'venue.reconciled'"
                              " ORDER BY seq")]
    assert all(entry["reason"] in ("balanced", "unreachable") for entry in found), found


def run_with_faults(folder, plan, seconds, fills=1, **venue_fields):
    """Until there are so many fills, and some seconds on top for the faults."""
    venue = start_venue(folder, "--faults", plan)
    file = remote_file(folder, list(traders(16)))
    file["venues"][0].update(venue_fields)
    runner = start("run", "--quiet", write(folder, file), cwd=folder)
    wait_for(lambda: count(folder, "fill") >= fills, "the fills")
    time.sleep(seconds)
    end(runner)
    _, log = end(venue)
    trades = check_against_log(folder)
    check_final_balances(folder)
    return trades, log


def test_no_faults(folder):
    # With patience: a machine that stands still for a moment is no fault either.
    run_with_faults(folder, "seed=1", 1, fills=10, recv_window_ms=60000, request_timeout_ms=30000,
                    heartbeat_ms=20000)
    kinds = {row["kind"] for row in rows(folder / "remote.db", "SELECT DISTINCT kind FROM journal")}
    assert {"venue.connected", "venue.reconciled"} <= kinds
    assert not {"order.unknown", "venue.disconnected"} & kinds
    assert rows(folder / "remote.db", "SELECT * FROM run")[0]["mode"] == "paper"


def test_each_fault(folder):
    """One fault at a time, often: it strikes, and nothing is lost."""
    for fault in ("request_lost", "request_late", "reply_lost", "reply_late", "error_before",
                  "error_after", "rate_limit", "event_lost", "event_twice", "event_late",
                  "disconnect", "stranger", "clock_jump", "expiry"):
        place = folder / fault
        place.mkdir()
        rate = {"disconnect": 150, "stranger": 300}.get(fault, 1500)
        _, log = run_with_faults(place, f"seed=5,{fault}={rate}", 1.2, fills=2)
        assert f"fault {fault} struck" in log, (fault, log)
        if fault == "stranger":
            assert count(place, "position WHERE controller_id = 'EXTERNAL'") == 1


def test_faults_by_seed(folder):
    for seed in (1, 2, 3, 4):
        place = folder / str(seed)
        place.mkdir()
        run_with_faults(place, str(seed), 1.5)


def test_silence_and_return(folder):
    """The venue stops to answer in the middle of everything and comes back."""
    venue = start_venue(folder)
    runner = start("run", "--quiet", write(folder, remote_file(folder, list(traders(16)))),
                   cwd=folder)
    wait_for(lambda: count(folder, "fill") >= 2, "two fills")
    for round_ in range(3):
        reconciled = count(folder, "journal WHERE kind = 'venue.reconciled'")
        venue.send_signal(signal.SIGSTOP)
        wait_for(lambda: count(folder, "journal WHERE kind = 'venue.disconnected'") > round_,
                 "the loss is noticed")
        venue.send_signal(signal.SIGCONT)
        wait_for(lambda: count(folder, "journal WHERE kind = 'venue.reconciled'") > reconciled,
                 "it is reconciled")
    end(runner)
    end(venue)
    check_against_log(folder)
    check_final_balances(folder)


def test_the_runtime_stands_still(folder):
    """As on a machine that was suspended: the clock has jumped ahead when it goes on, requests are
    overdue, events lie in a heap. What happened meanwhile is found, and it goes on."""
    venue = start_venue(folder)
    runner = start("run", "--quiet", write(folder, remote_file(folder, list(traders(30)))),
                   cwd=folder)
    wait_for(lambda: count(folder, "fill") >= 2, "two fills")
    for _ in range(3):
        reconciled = count(folder, "journal WHERE kind = 'venue.reconciled'")
        runner.send_signal(signal.SIGSTOP)
        time.sleep(1.2)
        runner.send_signal(signal.SIGCONT)
        wait_for(lambda: count(folder, "journal WHERE kind = 'venue.reconciled'") > reconciled,
                 "it is reconciled")
    end(runner)
    end(venue)
    assert check_against_log(folder) >= 4
    check_final_balances(folder)


class Cable(threading.Thread):
    """Carries bytes between two loopback ports until it is cut, and again when it is mended."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.own = self.listener.getsockname()[1]
        self.pairs, self.is_cut = [], False
        self.start()

    def run(self):
        while True:
            client, _ = self.listener.accept()
            if self.is_cut:
                client.close()
                continue
            try:
                server = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            self.pairs += [client, server]
            for a, b in ((client, server), (server, client)):
                threading.Thread(target=self.carry, args=(a, b), daemon=True).start()

    @staticmethod
    def carry(a, b):
        try:
            while data := a.recv(65536):
                b.sendall(data)
        except OSError:
            pass
        for end_ in (a, b):
            try:
                end_.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True
        while self.pairs:
            end_ = self.pairs.pop()
            try:
                end_.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end_.close()

    def mend(self):
        self.is_cut = False


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


def test_the_connection_is_cut(folder):
    """TCP, cut at random moments while orders fly: nng sends a request again after it, so that the
    venue sees some of them twice."""
    ports = [free_port(), free_port()]
    cables = [Cable(port) for port in ports]
    venue = start_venue(folder, "--listen", f"tcp://127.0.0.1:{ports[0]}",
                        "--events", f"tcp://127.0.0.1:{ports[1]}")
    file = remote_file(folder, list(traders(16)), f"tcp://127.0.0.1:{cables[0].own}",
                       f"tcp://127.0.0.1:{cables[1].own}")
    runner = start("run", "--quiet", write(folder, file), cwd=folder)
    chance = random.Random(7)
    wait_for(lambda: count(folder, "fill") > 0, "the first fill")
    for _ in range(8):
        time.sleep(chance.uniform(0, 0.3))
        broken = [cable for cable in cables if chance.random() < 0.7]
        for cable in broken:
            cable.cut()
        time.sleep(chance.uniform(0, 0.6))
        for cable in broken:
            cable.mend()
    wait_for(lambda: count(folder, "fill") >= 4, "four fills")
    end(runner)
    end(venue)
    check_against_log(folder)
    check_final_balances(folder)


def test_the_venue_comes_later(folder):
    file = remote_file(folder, list(traders(2)))
    runner = start("run", "--quiet", write(folder, file), cwd=folder)
    wait_for((folder / "remote.db").exists, "the run starts")
    venue = start_venue(folder)
    wait_for(lambda: count(folder, "fill") >= 2, "two fills")
    end(runner)
    end(venue)
    check_against_log(folder)


def test_runs_come_and_go(folder):
    """The venue lives on; what an earlier run has traded is EXTERNAL to the next one."""
    venue = start_venue(folder)
    for name in ("first", "second"):
        file = remote_file(folder, list(traders(4)))
        (folder / "remote.db").unlink(missing_ok=True)
        runner = start("run", "--quiet", write(folder, file), cwd=folder)
        wait_for(lambda: count(folder, "fill WHERE executor_id <> ''") >= 2, f"{name} trades")
        end(runner)
        check_against_log(folder, is_alone=name == "first")
    end(venue)
    assert count(folder, "fill WHERE executor_id = ''") >= 2


def test_a_run_without_its_venue_ends(folder):
    runner = start("run", "--quiet", write(folder, remote_file(folder, list(traders(2)))),
                   cwd=folder)
    wait_for((folder / "remote.db").exists, "the run starts")
    end(runner)


def test_what_a_remote_venue_needs(folder):
    for change, words in (
            ({"url": None}, "venues[0].url: a remote venue needs url and events_url"),
            ({"balances": {"USDT": "1"}}, "venues[0].balances: expected only with type paper"),
            ({"type": "distant"}, "unknown venue type, expected paper or remote")):
        file = remote_file(folder, [])
        file["venues"][0].update(change)
        _, err = run("validate", write(folder, file), cwd=folder, code=2)
        assert words in err, err
    file = remote_file(folder, [])
    file["feeds"][0] = {"venue": "exchange", "trading_pair": "BTC-USDT", "quotes": str(QUOTES)}
    _, err = run("validate", write(folder, file), cwd=folder, code=2)
    assert "write type: venue" in err, err
    file = remote_file(folder, [])
    file["run"]["mode"] = "backtest"
    _, err = run("validate", write(folder, file), cwd=folder, code=2)
    assert "needs run.mode paper" in err, err


def test_words_of_the_venue_command(folder):
    path = write(folder, venue_file(folder), "venue.json")
    out, _ = run("venue", "--help", cwd=folder)
    assert "Example:" in out
    for words, expected in ((["--faults", "nonsense", path], "expected a seed"),
                            (["--heartbeat-ms", "0", path], "unexpected --heartbeat-ms 0"),
                            (["--venue", "nowhere", path], "no venue is called nowhere"),
                            ([], "which run file?"),
                            ([path, path], "unexpected"),
                            (["--listen", "nonsense", path], "nonsense")):
        _, err = run("venue", *words, cwd=folder, code=2 if words[:1] != ["--listen"] else 2)
        assert expected in err, (words, err)
    venue = start_venue(folder)
    wait_for((folder / "exchange.venue").exists, "the socket")
    assert os.stat(folder / "exchange.venue").st_mode & 0o777 == 0o600
    _, err = run("venue", path, cwd=folder, code=5)
    assert "in use" in err, err
    end(venue)


KILLS = int(os.environ.get("TUTTI_KILLS", "20"))


def test_runtimes_are_killed_and_the_venue_lives_on(folder):
    """kill -9 at random moments: no fill lost or doubled, no order twice, executors go on."""
    venue = start_venue(folder)
    path = write(folder, remote_file(folder, list(traders(30))))
    chance = random.Random(11)
    kills = 0
    reconciled = 0

    def is_reconciled():
        return count(folder, "journal WHERE kind = 'venue.reconciled'") > reconciled

    while kills < KILLS:
        reconciled = count(folder, "journal WHERE kind = 'venue.reconciled'")
        runtime = start("run", "--quiet", path, cwd=folder)
        if kills % 4 != 0:  # Some starts die before they are connected.
            wait_for(is_reconciled, "the start is reconciled")
            time.sleep(chance.random() * 0.3)
        try:
            _, errors = runtime.communicate(timeout=chance.random() * 0.09)
            raise AssertionError(f"it ended by itself: {runtime.returncode} {errors}")
        except subprocess.TimeoutExpired:
            runtime.kill()
            runtime.communicate(timeout=60)
            kills += 1
    reconciled = count(folder, "journal WHERE kind = 'venue.reconciled'")
    runtime = start("run", "--quiet", path, cwd=folder)
    wait_for(is_reconciled, "the last start is reconciled")
    wait_for(lambda: count(folder, "fill") >= 10, "ten fills")
    end(runtime)
    end(venue)
    check_against_log(folder)
    run("verify", "remote.db", cwd=folder)
    assert count(folder, "executor WHERE status <> 'TERMINATED'") == 0
    assert count(folder, "journal WHERE kind = 'run.recovered'") >= KILLS // 2


sys.exit(main(sys.modules[__name__]))
