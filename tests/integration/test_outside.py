"""What drives and follows a run from a shell: action, status, events, snapshot, shutdown, watch."""

import os
import pty
import re
import select
import sys
import time

from control_client import Control
from program import *

SECONDS_MAX = 60
BARRIERS = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}


def run_file(folder, speed="30", **sections):
    file = base_file(folder, run={"name": "outside", "mode": "paper", "seed": 7},
                     control={"listen": ["ipc://run.control"]},
                     events={"listen": ["ipc://run.events"], "performance_interval": 1},
                     executors=[], **sections)
    file["feeds"][0]["speed"] = speed
    return write(folder, file)


def start_run(folder, **sections):
    process = start("run", "--json", run_file(folder, **sections), cwd=folder)
    end = time.monotonic() + SECONDS_MAX
    while True:
        try:
            control = Control(folder / "run.control")
            if control.ask("snapshot").get("seq", 0) > 0:
                return process, control
            control.close()
        except (FileNotFoundError, ConnectionRefusedError):
            pass
        assert time.monotonic() < end and process.poll() is None, process.communicate()
        time.sleep(0.02)


def wait_for(control, executor_id, status, filled=False):
    end = time.monotonic() + SECONDS_MAX
    while True:
        found = control.ask("executor", executor_id=executor_id)["executor"]
        if found["status"] == status and (not filled or D(found["filled_amount_quote"]) > 0):
            return
        assert time.monotonic() < end
        time.sleep(0.02)


def finish(process, folder, *target):
    _, err = run("shutdown", *(target or ("--control", "ipc://run.control")), cwd=folder)
    assert "ends" in err
    _, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, errors


def act(folder, *words, code=0, **options):
    out, err = run("action", *words, "--control", "ipc://run.control", cwd=folder, code=code,
                   **options)
    return json.loads(out), err


def test_actions(folder):
    process, control = start_run(folder)
    config = executor(triple_barrier_config=BARRIERS)
    (folder / "config.yaml").write_text(
        "type: progressive_executor\nconnector_name: paper\ntrading_pair: BTC-USDT\nside: BUY\n"
        "amount: 0.1  # no quotes needed\n"
        "triple_barrier_config: {open_order_type: MARKET, stop_loss: '0.2', take_profit: '0.2'}\n")
    created, err = act(folder, "create", "config.yaml", "--action-id", "a-1", "--executor-id",
                       "one", "--controller-id", "desk")
    assert created == {"ok": True, "action_id": "a-1", "executor_id": "one"} and err == ""
    again, _ = act(folder, "create", "config.yaml", "--action-id", "a-1")
    assert again == created
    # The address may come from the run's own file, the configuration from stdin.
    out, _ = run("action", "create", "--executor-id", "two", "-", "test.json", cwd=folder,
                 input=json.dumps(config))
    assert json.loads(out)["executor_id"] == "two"
    wait_for(control, "one", "RUNNING", filled=True)
    (folder / "data.json").write_text('{"volatility": "0.1"}')
    act(folder, "update", "--executor-id", "one", "data.json")
    act(folder, "stop", "--executor-id", "one", "--keep-position", "--action-id", "s-1")
    wait_for(control, "one", "TERMINATED")
    act(folder, "store", "--executor-id", "one")

    refused, err = act(folder, "stop", "--executor-id", "one", code=1)
    assert (refused["ok"], refused["code"]) == (False, "not_running")
    assert err.startswith("tutti: refused: not_running: "), err
    refused, err = act(folder, "create", "-", code=1, input=json.dumps({**config, "amuont": "1"}))
    assert refused["code"] == "invalid_config" and "amuont" in err
    finish(process, folder)
    found = rows(folder / "test.db", "SELECT id, close_type, archived FROM executor ORDER BY id")
    assert found[0] == {"id": "one", "close_type": "POSITION_HOLD", "archived": 1}, found
    held = rows(folder / "test.db", "SELECT amount FROM position WHERE controller_id = 'desk'")
    assert held == [{"amount": "0.1"}]
    check_books(folder / "test.db", {"BTC": 20, "USDT": 1000000})


def test_words(folder):
    """What is wrong on the command line or absent is said, with the way out."""
    cases = [
        (["action"], 2, "create, stop, store or update"),
        (["action", "dance"], 2, "dance"),
        (["action", "create"], 2, "which configuration"),
        (["action", "stop", "--control", "ipc://x"], 2, "--executor-id"),
        (["action", "stop", "--executor-id"], 2, "--executor-id"),
        (["action", "create", "absent.yaml", "--control", "ipc://x"], 2, "absent.yaml"),
        (["status"], 2, "--control"),
        (["status", "--control", "ipc://nobody.control"], 1, "no run listens there"),
        (["snapshot", "--control", "tcp://127.0.0.1:1"], 1, "no run listens there"),
        (["shutdown", "--control", "smoke://x"], 1, "ipc://PATH"),
        (["events", "--from", "0", "x.db"], 2, "--from"),
        (["events", "--limit", "-1", "x.db"], 2, "--limit"),
        (["events", "absent.db"], 2, "absent.db"),
        (["watch", "--snapshot", "ipc://x"], 2, "--control"),
    ]
    for words, code, expected in cases:
        _, err = run(*words, cwd=folder, code=code)
        assert expected in err, (words, err)
    silent = write(folder, base_file(folder), "silent.json")
    _, err = run("status", silent, cwd=folder, code=2)
    assert "control.listen" in err
    for command in ("action", "status", "snapshot", "shutdown", "events"):
        assert "Example:" in run(command, "--help", cwd=folder)[0]


def test_status_and_snapshot(folder):
    process, control = start_run(folder)
    for name in ("one", "two"):
        control.act("create_executor", executor_id=name, controller_id=f"desk-{name}",
                    executor_config=executor(triple_barrier_config=BARRIERS))
        wait_for(control, name, "RUNNING", filled=True)
    control.act("stop_executor", executor_id="two", keep_position=True)
    wait_for(control, "two", "TERMINATED")
    target = ("--control", "ipc://run.control")
    printed = run("status", "--json", *target, cwd=folder)[0]
    assert re.search(r'"created_at":[0-9]{16}\b', printed), "instants are whole numbers"
    status = json.loads(printed)
    assert [(e["executor_id"], e["side"]) for e in status["executors"]] == [("one", "BUY")]
    assert status["seq"] > 0 and status["runs"][0]["name"] == "outside"
    assert "orders" not in status
    snapshot = json.loads(run("snapshot", "--all", *target, cwd=folder)[0])
    assert {e["executor_id"] for e in snapshot["executors"]} == {"one", "two"}
    assert len(snapshot["orders"]) == 2 and snapshot["seq"] >= status["seq"]
    alive = json.loads(run("snapshot", "test.json", cwd=folder)[0])
    assert [e["executor_id"] for e in alive["executors"]] == ["one"] and alive["orders"] == []
    table, _ = run("status", "--once", "test.json", cwd=folder)
    lines = table.splitlines()
    assert lines[0].startswith("run         outside (paper)") and "1 active" in lines[1], table
    line = next(line for line in lines if line.startswith("one "))
    assert line.split()[1:7] == ["desk-one", "position_executor", "paper", "BTC-USDT", "BUY",
                                 "RUNNING"], line
    held = next(line for line in lines if line.startswith("desk-two "))
    assert held.split()[:5] == ["desk-two", "paper", "BTC-USDT", "NET", "0.1"], held
    finish(process, folder, "test.json")


def test_status_is_drawn_again_on_a_terminal(folder):
    try:
        ours, theirs = pty.openpty()
    except OSError as error:
        raise Skip(f"no terminal: {error}") from None
    process, _ = start_run(folder)
    live = subprocess.Popen([PROGRAM, "status", "--control", "ipc://run.control"], cwd=folder,
                            stdout=theirs, stderr=subprocess.PIPE, text=True)
    started.append(live)
    os.close(theirs)
    screen, end = "", time.monotonic() + SECONDS_MAX
    while screen.count("\033[H") < 3:
        assert time.monotonic() < end, screen
        if select.select([ours], [], [], 1)[0]:
            screen += os.read(ours, 65536).decode()
    finish(process, folder)
    assert live.wait(timeout=SECONDS_MAX) == 0
    os.close(ours)
    assert "the run has ended" in live.communicate()[1]
    assert "executors   0 active" in screen


def test_events(folder):
    process, control = start_run(folder)
    for i in range(20):
        control.act("create_executor", executor_id=f"e-{i}", executor_config=executor(
            amount="0.001", triple_barrier_config=BARRIERS))
    for i in range(20):
        wait_for(control, f"e-{i}", "RUNNING")
    target = ("--control", "ipc://run.control")
    live = run("events", *target, cwd=folder)[0].splitlines()
    some = run("events", "--from", "5", "--limit", "7", "test.json", cwd=folder)[0].splitlines()
    assert some == live[4:11]
    finish(process, folder)
    stored = run("events", "test.db", cwd=folder)[0].splitlines()
    assert stored[:len(live)] == live
    assert run("events", "--from", "5", "--limit", "7", "test.db", cwd=folder)[0].splitlines() == some
    events = [json.loads(line) for line in stored]
    journal = rows(folder / "test.db", "SELECT seq, kind, payload FROM journal ORDER BY seq")
    assert [(e["seq"], e["type"], e["data"]) for e in events] == \
        [(row["seq"], row["kind"], json.loads(row["payload"])) for row in journal]
    assert run("events", "--from", "1000000", "test.db", cwd=folder)[0] == ""


def test_more_events_than_one_answer_holds(folder):
    """Answers are longer than a megabyte, and there are several."""
    process, control = start_run(folder)
    padding = {"controller_id": "c" * 60}
    for _ in range(6):
        answers = control.ask("actions", actions=[
            {"action": "create_executor", "executor_config": executor(
                amount="0.001", **padding, triple_barrier_config=BARRIERS)} for _ in range(100)])
        assert all(answer["ok"] for answer in answers["answers"])
    out, _ = run("events", "--control", "ipc://run.control", cwd=folder)
    seqs = [json.loads(line)["seq"] for line in out.splitlines()]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) > 1000, len(seqs)
    finish(process, folder)


def test_watch_goes_on_from_a_snapshot(folder):
    """The snapshot, then every event behind it: no gap, no repetition, whatever goes on meanwhile."""
    process, control = start_run(folder)
    watchers = []
    for i in range(40):
        control.act("create_executor", executor_id=f"e-{i}", executor_config=executor(
            amount="0.001", triple_barrier_config=BARRIERS))
        if i % 10 == 5:
            watchers.append(start("watch", "--json", "--snapshot", "--all", "--control",
                                  "ipc://run.control", "ipc://run.events", cwd=folder))
    begun = [[watcher.stdout.readline()] for watcher in watchers]
    control.act("stop_executor", action_id="mark", executor_id="e-0")
    for watcher, lines in zip(watchers, begun):  # Everybody hears of this one.
        while '"action_id":"mark"' not in lines[-1]:
            lines.append(watcher.stdout.readline())
            assert lines[-1], watcher.stderr.read()
    finish(process, folder)
    last = rows(folder / "test.db", "SELECT max(seq) AS seq FROM journal")[0]["seq"]
    for watcher, lines in zip(watchers, begun):
        lines += watcher.stdout.readlines()
        assert watcher.wait(timeout=SECONDS_MAX) == 0, watcher.stderr.read()
        snapshot, *events = [json.loads(line) for line in lines]
        assert {"runs", "executors", "orders", "positions"} <= set(snapshot)
        assert [e["seq"] for e in events] == list(range(snapshot["seq"] + 1, last + 1))
        assert events[-1]["type"] == "run.stopped"


def test_watch_outlives_the_run(folder):
    """The run is killed and goes on: who watches it with a control address misses nothing."""
    process, control = start_run(folder)
    watcher = start("watch", "--json", "--snapshot", "--control", "ipc://run.control",
                    "ipc://run.events", cwd=folder)
    snapshot = json.loads(watcher.stdout.readline())
    config = executor(amount="0.001", triple_barrier_config=BARRIERS)
    for kill in range(3):
        for i in range(10):
            control.act("create_executor", executor_id=f"e-{kill}-{i}", executor_config=config)
        process.kill()
        process.communicate()
        control.close()
        process, control = start_run(folder)
    heard, end = [], time.monotonic() + SECONDS_MAX
    while not control.act("create_executor", action_id="mark", executor_config=config)["ok"]:
        assert time.monotonic() < end  # There is no quote yet.
        time.sleep(0.02)
    while not heard or '"action_id":"mark"' not in heard[-1]:
        heard.append(watcher.stdout.readline())
        assert heard[-1], watcher.stderr.read()
    finish(process, folder)
    heard += watcher.stdout.readlines()
    assert watcher.wait(timeout=SECONDS_MAX) == 0, watcher.stderr.read()
    last = rows(folder / "test.db", "SELECT max(seq) AS seq FROM journal")[0]["seq"]
    events = [json.loads(line) for line in heard]
    assert [e["seq"] for e in events] == list(range(snapshot["seq"] + 1, last + 1))
    assert [e["type"] for e in events].count("run.recovered") == 3


sys.exit(main(sys.modules[__name__]))
