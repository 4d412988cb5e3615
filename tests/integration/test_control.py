"""A run that is driven entirely from outside, over its control socket."""

import sys
import threading
import time

from control_client import Control, TOO_EARLY
from program import *

SECONDS_MAX = 60


def start_run(folder, speed="60", **sections):
    """A paper run without executors; the tape goes by at `speed` times real time."""
    file = base_file(folder, run={"name": "outside", "mode": "paper", "seed": 7},
                     control={"listen": ["ipc://run.control"]}, executors=[], **sections)
    file["feeds"][0]["speed"] = speed
    process = start("run", "--json", write(folder, file), cwd=folder)
    return process


def connect(folder):
    """Waits until the run listens and has a quote."""
    end = time.monotonic() + SECONDS_MAX
    while True:
        try:
            control = Control(folder / "run.control")
            break
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < end
            time.sleep(0.02)
    while control.ask("snapshot").get("seq", 0) == 0:
        assert time.monotonic() < end
        time.sleep(0.02)
    return control


def wait_for(control, executor_id, status):
    end = time.monotonic() + SECONDS_MAX
    while True:
        answer = control.ask("executor", executor_id=executor_id)
        assert answer["ok"], answer
        if answer["executor"]["status"] == status:
            return answer["executor"]
        assert time.monotonic() < end, answer
        time.sleep(0.02)


def finish(process, control):
    assert control.ask("shutdown") == {"ok": True}
    output, errors = process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0, errors
    return json.loads(output)


def events_of(folder, kind):
    return [json.loads(row["payload"]) | {"seq": row["seq"], "executor_id": row["executor_id"]}
            for row in rows(folder / "test.db",
                            f"SELECT * FROM journal WHERE kind = '{kind}' ORDER BY seq")]


def test_the_life_of_an_executor(folder):
    process = start_run(folder)
    control = connect(folder)
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}
    config = executor(kind="progressive_executor", triple_barrier_config=barriers)

    created = control.act("create_executor", action_id="a-1", controller_id="desk",
                          executor_id="one", executor_config=config)
    assert created == {"ok": True, "action_id": "a-1", "executor_id": "one"}
    assert control.act("create_executor", action_id="a-1", executor_config=config) == created
    running = wait_for(control, "one", "RUNNING")
    assert running["controller_id"] == "desk" and running["is_stored"] is False
    end = time.monotonic() + SECONDS_MAX
    while D(running["filled_amount_quote"]) == 0:  # A fresh report each time it is asked for.
        assert time.monotonic() < end
        running = control.ask("executor", executor_id="one")["executor"]

    again = control.act("create_executor", action_id="a-2", executor_id="one",
                        executor_config=config)
    assert (again["ok"], again["code"]) == (False, "executor_exists")
    assert control.act("store_executor", executor_id="one")["code"] == "not_ended"
    assert control.act("update_executor", executor_id="one",
                       update_data={"volatility": "-1"})["code"] == "invalid_update"
    assert control.act("update_executor", action_id="u-1", executor_id="one",
                       update_data={"volatility": "0.1"})["ok"]
    assert control.act("stop_executor", action_id="s-1", executor_id="one",
                       keep_position=True)["ok"]
    ended = wait_for(control, "one", "TERMINATED")
    assert ended["close_type"] == "POSITION_HOLD", ended
    assert control.act("stop_executor", executor_id="one")["code"] == "not_running"
    assert control.act("update_executor", executor_id="one",
                       update_data={"volatility": "0.1"})["code"] == "not_running"
    assert control.act("store_executor", action_id="st-1", executor_id="one")["ok"]
    assert control.act("store_executor", executor_id="one")["code"] == "already_stored"
    assert control.act("stop_executor", executor_id="two")["code"] == "unknown_executor"
    position = control.ask("positions")["positions"]
    assert [p["amount"] for p in position] == ["0.1"], position
    report = finish(process, control)
    assert report["executors"] if "executors" in report else True

    updated = [e for e in events_of(folder, "executor.updated") if e["changes"]]
    assert len(updated) == 1
    assert updated[0]["changes"]["old"]["stop_loss"] == "0.2"
    assert updated[0]["changes"]["new"]["stop_loss"] == "0.11"
    completed = {e["action_id"]: e["code"] for e in events_of(folder, "action.completed")}
    assert completed == {"a-1": "", "u-1": "", "s-1": "POSITION_HOLD", "st-1": ""}, completed
    stored = rows(folder / "test.db", "SELECT archived FROM executor")
    assert stored == [{"archived": 1}]
    check_books(folder / "test.db", {"BTC": 20, "USDT": 1000000})


def test_what_is_refused(folder):
    process = start_run(folder)
    control = connect(folder)
    config = executor()
    cases = [
        ({}, "invalid_config", "type"),
        ({**config, "amount": "-1"}, "invalid_config", "amount"),
        ({**config, "amuont": "1"}, "invalid_config", "amuont"),
        ({**config, "trading_pair": "ETH-USDT"}, "invalid_config", "trading_pair"),
        ({**config, "connector_name": "kraken"}, "invalid_config", "kraken"),
        ({**config, "repeat": 3}, "invalid_config", "repeat"),
        ({**config, "start_at": "2030-01-01T00:00:00Z"}, "invalid_config", "start_at"),
        ({**config, "type": "magic_executor"}, "invalid_config", "type"),
        ({**config, "id": "no spaces"}, "invalid_config", "id"),
        ({**config, "controller_id": "x" * 64}, "invalid_config", "controller_id"),
        ({**config, "controller_id": "EXTERNAL"}, "invalid_config", "controller_id"),
    ]
    for wrong, code, word in cases:
        answer = control.act("create_executor", executor_config=wrong)
        assert (answer["ok"], answer["code"]) == (False, code), answer
        assert word in answer["message"], answer
    for request, word in [({"request": "dance"}, "snapshot"), ({}, "request"),
                          ({"request": "events", "from": 0}, "from"),
                          ({"request": "events", "form": 1}, "form"),
                          ({"request": "snapshot", "all": "yes"}, "all"),
                          ({"request": "action", "action": "create_executor"}, "executor_config"),
                          ({"request": "action", "action": "stop_executor"}, "executor_id"),
                          ({"request": "actions", "actions": []}, "actions"),
                          ({"request": "executors", "limit": 1001}, "limit")]:
        answer = control.send_bytes(json.dumps(request).encode())
        assert answer["ok"] is False and word in answer["message"], answer
    for text in [b"", b"{", b"[]", b"{\"request\":\"snapshot\"} x", b"\xff", b"[" * 100,
                 b"{\"request\":\"events\",\"from\":1e999}", b"{\"request\":\"events\",\"from\":NaN}"]:
        answer = control.send_bytes(text)
        assert answer["ok"] is False, (text, answer)
    padded = json.dumps({"request": "executor", "executor_id": "nobody"}).encode().ljust(1 << 20)
    assert control.send_bytes(padded)["code"] == "unknown_executor"
    long_id = control.act("stop_executor", action_id="x" * 64, executor_id="one")
    assert long_id["code"] == "invalid_action", long_id
    foreign = control.act("create_executor", controller_id="EXTERNAL", executor_config=config)
    assert foreign["code"] == "invalid_action", foreign
    # An action id that was used answers the same action, and nothing else.
    first = {"action_id": "used", "executor_id": "nobody"}
    assert control.act("stop_executor", **first)["code"] == "unknown_executor"
    assert control.act("stop_executor", **first)["code"] == "unknown_executor"
    for action, words in [("store_executor", {}), ("stop_executor", {"executor_id": "another"}),
                          ("create_executor", {"executor_config": config})]:
        other = control.act(action, **{**first, **words})
        assert other["code"] == "action_id_used", other
    assert control.ask("executor", executor_id="nobody")["code"] == "unknown_executor"
    finish(process, control)
    # Refused ones are journalled as well, with what was asked.
    refused = events_of(folder, "action.rejected")
    assert len(refused) == len(cases) + 1 and refused[1]["request"]["executor_config"]["amount"] == "-1"


def test_batches_and_pages(folder):
    process = start_run(folder)
    control = connect(folder)
    creates = [{"action": "create_executor", "controller_id": f"c-{i % 3}",
                "executor_id": f"e-{i:02}", "executor_config": executor()} for i in range(25)]
    creates[7]["executor_config"] = executor(amount="0")
    answers = control.ask("actions", actions=creates)["answers"]
    assert len(answers) == 25
    assert [i for i, answer in enumerate(answers) if not answer["ok"]] == [7]
    assert control.ask("actions", actions=[{"action": "stop_executor"}])["code"] == "bad_request"

    seen, cursor = [], None
    while True:
        page = control.ask("executors", limit=10, **({"cursor": cursor} if cursor else {}))
        seen += [e["executor_id"] for e in page["executors"]]
        cursor = page.get("next")
        if cursor is None:
            break
    assert sorted(seen) == sorted(f"e-{i:02}" for i in range(25) if i != 7)
    assert len(set(seen)) == len(seen)
    only = control.ask("executors", controller_ids=["c-1"], executor_types=["position_executor"])
    assert {e["executor_id"] for e in only["executors"]} == {f"e-{i:02}" for i in range(25)
                                                             if i % 3 == 1 and i != 7}
    assert control.ask("executors", connector_names=["other"])["executors"] == []
    assert control.ask("executors", is_active=False)["executors"] == []
    finish(process, control)


def test_eight_clients_at_once(folder):
    """1,000 creates, updates, stops and stores, each answered once; the book is the sum of fills."""
    process = start_run(folder, speed="30", venues=[
        {"name": "paper", "balances": {"USDT": "1000000000", "BTC": "100"},
         "fees": {"maker": "0.0002", "taker": "0.0005"}}])
    connect(folder).close()
    failures, answered = [], []
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.2", "take_profit": "0.2"}

    def drive(client):
        try:
            control = Control(folder / "run.control")
            for i in range(125 // 5):
                name = f"e-{client}-{i}"
                answered.append(control.act(
                    "create_executor", action_id=f"c-{name}", executor_id=name,
                    controller_id=f"desk-{client}",
                    executor_config=executor(amount="0.001", triple_barrier_config=barriers)))
                answered.append(control.act("update_executor", action_id=f"u-{name}",
                                            executor_id=name, update_data={"volatility": "0.1"}))
                answered.append(control.act("stop_executor", action_id=f"s-{name}",
                                            executor_id=name, keep_position=i % 2 == 0))
                wait_for(control, name, "TERMINATED")
                answered.append(control.act("store_executor", action_id=f"t-{name}",
                                            executor_id=name))
                answered.append(control.act("store_executor", action_id=f"t-{name}",
                                            executor_id=name))
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=drive, args=(client,)) for client in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert len(answered) == 1000 and all(answer["ok"] for answer in answered), \
        [answer for answer in answered if not answer["ok"]][:3]
    control = Control(folder / "run.control")
    finish(process, control)
    actions = rows(folder / "test.db", "SELECT * FROM action")
    assert len(actions) == 800
    accepted = events_of(folder, "action.accepted")
    assert len(accepted) == 800 and len({e["action_id"] for e in accepted}) == 800
    completed = events_of(folder, "action.completed")
    assert sorted(e["action_id"] for e in completed) == sorted(e["action_id"] for e in accepted)
    assert all(row["archived"] == 1 and row["status"] == "TERMINATED"
               for row in rows(folder / "test.db", "SELECT * FROM executor"))
    check_books(folder / "test.db", {"BTC": 100, "USDT": 1000000000})


def test_a_run_without_a_database_takes_actions(folder):
    process = start_run(folder, persistence={"type": "memory"})
    end = time.monotonic() + SECONDS_MAX
    control = None
    while control is None:
        try:
            control = Control(folder / "run.control")
        except (FileNotFoundError, ConnectionRefusedError):
            assert time.monotonic() < end
            time.sleep(0.02)
    while True:
        answer = control.act("create_executor", executor_config=executor())
        if answer["ok"]:
            break
        assert answer["code"] in TOO_EARLY and time.monotonic() < end, answer
    assert control.ask("snapshot")["code"] == "no_database"
    assert control.ask("shutdown")["ok"]
    process.communicate(timeout=SECONDS_MAX)
    assert process.returncode == 0


sys.exit(main(sys.modules[__name__]))
