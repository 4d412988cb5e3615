"""The controller in examples/python, against a run: it reacts to events and creates executors."""

import sys
import threading
import time

from control_client import TOO_EARLY
from http_client import *

EXAMPLE = SOURCE / "examples/python"
sys.path.insert(0, str(EXAMPLE))

import tutti

ROUNDS = 12
SMALLEST = "0.001"


class Followed(Run):
    """A run with an event stream, and a file with its token for trading."""

    def __init__(self, folder, speed):
        self.stream = f"ws://127.0.0.1:{free_port()}/events"
        super().__init__(folder, speed=speed, events={"listen": [self.stream]})
        (folder / "trade.token").write_text(self.trade + "\n")

    def client(self, token=None):
        return tutti.Client(f"http://127.0.0.1:{self.port}", token or self.trade)


def halve(run, *words):
    process = subprocess.Popen(
        [sys.executable, EXAMPLE / "halve.py", "--control", f"http://127.0.0.1:{run.port}",
         "--events", run.stream, "--token-file", run.folder / "trade.token",
         "--rounds", str(ROUNDS), "--stop-loss", "0.0006", "--take-profit", "0.0002",
         "--smallest", SMALLEST, *words],
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.append(process)
    return process


def check_chain(run):
    """Each executor is half of the one before when that was stopped out, else the same."""
    found = rows(run.folder / "test.db", "SELECT id, close_type, controller_id,"
                 " json_extract(config, '$.amount') AS amount FROM executor ORDER BY created_at")
    assert [row["id"] for row in found] == [f"halver-{i + 1}" for i in range(len(found))]
    assert {row["controller_id"] for row in found} == {"halver"}
    amount = D("0.16")
    for row in found:
        assert D(row["amount"]) == amount, found
        amount = amount / 2 if row["close_type"] == "STOP_LOSS" else amount
    assert len(found) == ROUNDS or amount < D(SMALLEST), found
    kinds = {row["close_type"] for row in found}
    assert "STOP_LOSS" in kinds, f"the tape stopped nobody out: {kinds}"
    check_books(run.folder / "test.db", {"BTC": 20, "USDT": 1000000})


def test_it_reacts_to_events(folder):
    run = Followed(folder, "600")
    process = halve(run)
    output, errors = process.communicate(timeout=SECONDS_MAX * 4)
    assert process.returncode == 0, errors
    run.finish()
    check_chain(run)
    said = [line.split(": ") for line in output.splitlines()]
    stored = {row["id"]: row["close_type"]
              for row in rows(folder / "test.db", "SELECT id, close_type FROM executor")}
    assert {name: what for name, what in said[1::2]} == stored


def test_it_goes_on_after_it_was_killed(folder):
    """Killed again and again, at any point: no executor is created twice or left out."""
    run = Followed(folder, "600")
    end = time.monotonic() + SECONDS_MAX * 4
    for i in range(6):
        process = halve(run)
        process.stdout.readline()
        time.sleep(0.05 * i)
        process.kill()
        process.communicate()
        assert time.monotonic() < end
    output, errors = halve(run).communicate(timeout=SECONDS_MAX * 4)
    assert output, errors
    run.finish()
    check_chain(run)


def test_the_client(folder):
    run = Followed(folder, "60")
    client = run.client()
    end = time.monotonic() + SECONDS_MAX
    while True:
        try:
            client.create(executor(), executor_id="one", action_id="a-1")
            break
        except tutti.Refused as refused:
            assert refused.code in TOO_EARLY and time.monotonic() < end
            time.sleep(0.02)
    assert client.create(executor(), action_id="a-1") == "one"
    events = []
    follower = threading.Thread(target=lambda: events.extend(client.follow(run.stream, seq=0)))
    follower.start()
    client.stop("one", action_id="s-1")
    while client.snapshot(everything=True)["executors"][0]["status"] != "TERMINATED":
        assert time.monotonic() < end
        time.sleep(0.02)
    client.store("one")
    for wrong, code in [(lambda: client.stop("two"), "unknown_executor"),
                        (lambda: client.stop("one"), "not_running"),
                        (lambda: client.create({**executor(), "amuont": 1}), "invalid_config")]:
        try:
            wrong()
            raise AssertionError("it was not refused")
        except tutti.Refused as refused:
            assert refused.code == code, refused
    try:
        run.client(token="wrong").snapshot()
        raise AssertionError("it was let in")
    except tutti.Refused as refused:
        assert refused.status == 401
    assert [e["executor_id"] for e in client.snapshot(everything=True)["executors"]] == ["one"]
    run.finish()
    follower.join(timeout=SECONDS_MAX)
    assert not follower.is_alive() and events[-1]["type"] == "run.stopped"
    assert [e["seq"] for e in events] == list(range(1, check_journal(folder / "test.db") + 1))


sys.exit(main(sys.modules[__name__]))
