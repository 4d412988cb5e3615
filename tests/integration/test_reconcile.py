"""A run compares itself with a venue in another process: at the start, after the link was down, from
time to time, and when it is asked to. Until it knows everything, new orders are denied, with the
reason."""

import signal
import sys
import time

from control_client import Control
from program import *

LONG = 3600
SECONDS_MAX = 60
PATIENCE_MS = 15000


def venue_file(folder):
    file = base_file(folder, run={"name": "venue", "mode": "paper", "seed": 7},
                     venues=[{"name": "exchange", "balances": {"USDT": "100000", "BTC": "2"}}])
    file["instruments"][0]["venue"] = "exchange"
    file["feeds"][0].update(venue="exchange", speed="60")
    del file["persistence"]
    return file


def remote_file(folder, interval, silence_ms):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.001", "take_profit": "0.001",
                "time_limit": 20}
    return {
        "run": {"name": "remote", "mode": "paper", "seed": 7, "workers": 2},
        "venues": [{"name": "exchange", "type": "remote", "url": "ipc://exchange.venue",
                    "events_url": "ipc://exchange.venue-events", "recv_window_ms": 4 * silence_ms,
                    "request_timeout_ms": 2 * silence_ms, "heartbeat_ms": silence_ms,
                    "reconcile_interval": interval}],
        "instruments": [{"trading_pair": "BTC-USDT", "venue": "exchange", "tick": "0.01",
                         "step": "0.00001", "min_order_size": "0.0001", "min_notional": "5"}],
        "feeds": [{"type": "venue", "venue": "exchange", "trading_pair": "BTC-USDT"}],
        "persistence": {"path": str(folder / "remote.db")},
        "control": {"listen": ["ipc://run.control"]},
        "executors": [executor(connector_name="exchange", amount="0.01",
                               start_at=str(1735689600 + 20 * i), triple_barrier_config=barriers)
                      for i in range(200)],
    }


def wait_for(condition, what):
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end, f"{what}: it did not happen in time"
        time.sleep(0.02)


def journal(folder, kind):
    try:
        return rows(folder / "remote.db",
                    f"SELECT seq, payload FROM journal WHERE kind = '{kind}' ORDER BY seq")
    except sqlite3.OperationalError:
        return []


class Scene:
    """A venue process and a run that trades there. With patience a machine that stands still for a
    moment is no silence of the venue."""

    def __init__(self, folder, interval, silence_ms=PATIENCE_MS):
        self.folder = folder
        self.venue = start("venue", "--heartbeat-ms", "30", write(folder, venue_file(folder), "venue.json"),
                           cwd=folder)
        self.path = write(folder, remote_file(folder, interval, silence_ms))
        self.run = start("run", "--quiet", self.path, cwd=folder)
        wait_for(lambda: journal(folder, "fill"), "the first fill")

    def end(self):
        for process in (self.run, self.venue):
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=SECONDS_MAX)
            assert process.returncode == 0, errors
        run("verify", "remote.db", cwd=self.folder)


def test_at_the_start_and_never_without_need(folder):
    scene = Scene(folder, LONG)
    first = journal(folder, "venue.reconciled")
    assert len(first) == 1 and json.loads(first[0]["payload"])["reason"] == "balanced", first
    assert first[0]["seq"] < journal(folder, "order.submitted")[0]["seq"]
    scene.end()


def test_from_time_to_time(folder):
    scene = Scene(folder, 1)
    wait_for(lambda: len(journal(folder, "venue.reconciled")) >= 4, "it is compared again and again")
    scene.end()


def test_after_the_link_was_down(folder):
    """Nothing is sent meanwhile; integration/test_deny_paths shows each denial and its code."""
    scene = Scene(folder, LONG, silence_ms=100)
    scene.venue.send_signal(signal.SIGSTOP)
    wait_for(lambda: journal(folder, "venue.disconnected"), "the loss is noticed")
    control = Control(folder / "run.control")
    answer = control.ask("reconcile", venue="exchange")
    assert not answer["ok"] and answer["code"] == "venue_disconnected", answer
    control.close()
    scene.venue.send_signal(signal.SIGCONT)
    wait_for(lambda: len(journal(folder, "venue.reconciled")) >= 2, "it is compared")
    connected = journal(folder, "venue.connected")[-1]["seq"]
    known = journal(folder, "venue.reconciled")[1]["seq"]
    down = journal(folder, "venue.disconnected")[0]["seq"]
    assert down < connected < known
    sent = [row["seq"] for row in journal(folder, "order.submitted")]
    assert not [seq for seq in sent if down < seq < known], "an order left before all was known"
    reasons = {json.loads(row["payload"])["reason"] for row in journal(folder, "risk.denied")}
    assert reasons <= {"venue_disconnected", "venue_reconciling"}, reasons
    scene.end()


def test_on_demand(folder):
    scene = Scene(folder, LONG)
    for times in range(2, 5):
        out, _ = run("venue", "reconcile", "--venue", "exchange", scene.path, cwd=folder)
        answer = json.loads(out)
        assert answer["ok"] and answer["verdict"] == "balanced", answer
        found = answer["found"]  # Orders that are under way at this moment are asked for.
        assert found["last_trade"] >= 1 and found["orders_asked_for"] >= 0, answer
        wait_for(lambda: len(journal(folder, "venue.reconciled")) == times, "the journal has it")
    _, errors = run("venue", "reconcile", "--venue", "elsewhere", scene.path, cwd=folder, code=1)
    assert "unknown_venue" in errors, errors
    _, errors = run("venue", "reconcile", scene.path, cwd=folder, code=2)
    assert "which venue" in errors, errors
    out, _ = run("venue", "reconcile", "--help", cwd=folder)
    assert "Example" in out
    scene.end()


sys.exit(main(sys.modules[__name__]))
