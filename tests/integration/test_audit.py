"""Who did what, when, and what it changed: every way in leaves its name, and no way its secret."""

import signal
import sys

from control_client import Control
from http_client import *
from program import run as run_program

PROGRESSIVE = executor("progressive_executor", amount="0.01",
                       triple_barrier_config={"open_order_type": "MARKET", "stop_loss": "0.2"})


def by_link(run, control):
    """The same kinds of requests by every link; (kind of event, what it concerns) -> actor."""
    create = {"request": "action", "action": "create_executor", "executor_config": PROGRESSIVE}
    update = {"action": "update_executor", "executor_id": "one",
              "update_data": {"volatility": "0.25"}}
    stop = {"action": "stop_executor", "executor_id": "two"}
    store = {"action": "store_executor", "executor_id": "two"}
    assert control.ask(**create, action_id="c1", executor_id="one")["ok"]
    assert control.ask(**create, action_id="c2", executor_id="two", client="desk-7")["ok"]
    wait_for(run, "one", "RUNNING")
    wait_for(run, "two", "RUNNING")
    answers = run.call("POST", "/actions", {"actions": [
        {**update, "action_id": "u1"}, {**stop, "action_id": "s1", "client": "night"},
        {"action": "store_executor", "executor_id": "none", "action_id": "r1"}]},
        token=run.trade)[1]["answers"]
    assert [answer["ok"] for answer in answers] == [True, True, False], answers
    wait_for(run, "two", "TERMINATED")
    assert run.ask("POST", "/actions", {"actions": [{**store, "action_id": "a1"}]})["ok"]
    return {"c1": "rep", "c2": "rep:desk-7", "u1": "http:trade", "s1": "http:trade:night",
            "r1": "http:trade", "a1": "http:admin"}


def halts(run, control, folder):
    """States by every way that sets one; the actors in their order."""
    state = {"request": "risk", "scope": "controller:x"}
    assert control.ask(**state, state="REDUCING", client="desk-7")["ok"]
    assert run.ask("POST", "/risk", {"state": "HALTED", "scope": "controller:x"})["ok"]
    run_words("risk", "resume", "--scope", "controller:x", "--reason", "over", folder=folder)
    run.process.send_signal(signal.SIGUSR1)
    wait_until(lambda: control.ask(request="risk")["state"] == "HALTED")
    run_words("risk", "resume", "--reason", "a drill", folder=folder)
    (folder / "kill").write_text("")
    wait_until(lambda: control.ask(request="risk")["state"] == "HALTED")
    (folder / "kill").unlink()
    run_words("risk", "resume", "--reason", "the file has gone", folder=folder)
    return [("controller:x", "ACTIVE", "REDUCING", "rep:desk-7"),
            ("controller:x", "REDUCING", "HALTED", "http:admin"),
            ("controller:x", "HALTED", "ACTIVE", "rep:cli"),
            ("global", "ACTIVE", "HALTED", "signal"),
            ("global", "HALTED", "ACTIVE", "rep:cli"),
            ("global", "ACTIVE", "HALTED", "kill_file"),
            ("global", "HALTED", "ACTIVE", "rep:cli")]


def run_words(*words, folder):
    run_program(*words, "--control", "ipc://run.control", cwd=folder)


def wait_until(condition):
    end = time.monotonic() + SECONDS_MAX
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def check_no_secret(run, folder, *texts):
    """Canaries: the secrets of this run are in no file, no output and no argument list."""
    found = [path.read_bytes() for path in folder.iterdir() if path.is_file()]
    found += [text.encode() for text in texts]
    assert any(b"http:trade" in text for text in found)  # What is looked through is what is meant.
    for secret in (run.read, run.trade, run.admin, run.password):
        assert not any(secret.encode() in text for text in found)


def test_every_link_leaves_its_name(folder):
    run = Run(folder, risk={"kill_file": "kill"})
    control = Control(folder / "run.control")
    actors = by_link(run, control)
    states = halts(run, control, folder)
    command = open(f"/proc/{run.process.pid}/cmdline").read()
    run_words("shutdown", folder=folder)
    output, errors = run.process.communicate(timeout=SECONDS_MAX)
    assert run.process.returncode == 0, errors
    out, _ = run_program("events", "test.db", cwd=folder)
    events = [json.loads(line) for line in out.splitlines()]
    answered = {event["data"]["action_id"]: event["data"]["actor"] for event in events
                if event["type"] in ("action.accepted", "action.rejected")}
    assert answered == actors, answered
    assert [(note["scope"], note["before"], note["state"], note["actor"]) for note in
            (event["data"] for event in events if event["type"] == "risk.state")] == states
    assert events[-1]["type"] == "run.stopped"
    assert events[-1]["data"] == {"reason": "request", "actor": "rep:cli"}
    updated = [event["data"]["changes"] for event in events if event["type"] == "executor.updated"
               and event["data"].get("changes")]
    # The manual: the stop loss becomes 1.1 times the volatility, 1.1 * 0.25.
    assert [(change["old"]["stop_loss"], change["new"]["stop_loss"]) for change in updated] == \
        [("0.2", "0.275")], updated
    log = rows(folder / "test.db", "SELECT action_id, json_extract(answer, '$.actor') AS actor"
                                   " FROM action")
    assert {row["action_id"]: row["actor"] for row in log} == actors
    check_no_secret(run, folder, output, errors, out, command)


def test_names_that_are_none(folder):
    run = Run(folder)
    control = Control(folder / "run.control")
    for name in "a b", "http:admin", "x" * 32, ["a"]:
        for request in ({"request": "action", "action": "stop_executor", "executor_id": "one"},
                        {"request": "risk"}, {"request": "shutdown"}):
            answer = control.ask(**request, client=name)
            assert answer["code"] == "bad_request" and "client" in answer["message"], answer
    run.finish()


def test_a_signal_ends_it(folder):
    run = Run(folder)
    run.process.send_signal(signal.SIGTERM)
    run.process.communicate(timeout=SECONDS_MAX)
    stopped = rows(folder / "test.db", "SELECT payload FROM journal WHERE kind = 'run.stopped'")
    assert json.loads(stopped[0]["payload"]) == {"reason": "signal", "actor": "signal"}


if __name__ == "__main__":
    sys.exit(main(sys.modules[__name__]))
