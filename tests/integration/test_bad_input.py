"""Bad input: a clear message, the right exit code, nothing lost."""

import gzip
import os
import socket
import sys
import time

from program import *


def refused(folder, file, *words, code=2, command="run"):
    """The program refuses the file with this code, and its message holds all the words."""
    _, err = run(command, write(folder, file), cwd=folder, code=code)
    for word in words:
        assert word in err, f"{word!r} is missing in:\n{err}"
    return err


def test_unknown_key(folder):
    file = base_file(folder)
    file["venues"][0]["latancy_ms"] = 5
    refused(folder, file, "venues[0].latancy_ms", "did you mean", "latency_ms")


def test_yaml_positions(folder):
    text = "run: {name: x}\nvenues:\n  - {name: paper, fees: {makr: 1}}\ninstruments: []\n" \
           "feeds: []\nexecutors: []\n"
    path = write(folder, text, "bad.yaml")
    _, err = run("run", path, cwd=folder, code=2)
    assert f"{path}:3:" in err and "makr" in err and "maker" in err, err
    assert "instruments" in err and "feeds" in err, "all problems at once: " + err


def test_wrong_type(folder):
    refused(folder, base_file(folder, executors=[executor(amount="a lot")]),
            "executors[0].amount", "a lot")


def test_negative_amount(folder):
    refused(folder, base_file(folder, executors=[executor(amount="-1")]), "executors[0].amount")


def test_unknown_executor_type(folder):
    err = refused(folder, base_file(folder, executors=[executor("postion_executor")]),
                  "executors[0]", "postion_executor")
    assert "position_executor" in err


def test_missing_run_file(folder):
    _, err = run("run", folder / "absent.yaml", cwd=folder, code=2)
    assert "absent.yaml" in err


def test_missing_quotes(folder):
    file = base_file(folder)
    file["feeds"][0]["quotes"] = str(folder / "absent.csv")
    refused(folder, file, "absent.csv", code=1)


HEADER = "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n"
ROW = "{n},100.0,1,100.1,1,{t},{t}\n"


def with_csv(folder, text, name="quotes.csv"):
    path = folder / name
    if name.endswith(".gz"):
        path.write_bytes(text)
    else:
        path.write_text(text)
    file = base_file(folder)
    file["feeds"][0]["quotes"] = str(path)
    return file


def good_rows(count):
    return HEADER + "".join(ROW.format(n=i, t=1700000000000 + i) for i in range(count))


def test_truncated_gz(folder):
    whole = gzip.compress(good_rows(5000).encode())
    file = with_csv(folder, whole[:len(whole) // 2], "quotes.csv.gz")
    _, err = run("run", write(folder, file), cwd=folder, code=1)
    assert "quotes.csv.gz" in err and "ends early" in err, err


def test_bad_row(folder):
    file = with_csv(folder, good_rows(3) + "4,100.0,1,oops,1,1700000000009,1700000000009\n")
    refused(folder, file, "quotes.csv:5", "oops", code=1)


def test_time_going_backwards(folder):
    file = with_csv(folder, good_rows(3) + ROW.format(n=9, t=1600000000000))
    refused(folder, file, "quotes.csv:5", code=1)


def test_instrument_without_rules(folder):
    file = base_file(folder, executors=[executor(trading_pair="ETH-USDT")])
    refused(folder, file, "executors[0].trading_pair", "ETH-USDT", "instruments")


def test_instrument_without_feed(folder):
    file = base_file(folder, executors=[executor(trading_pair="ETH-USDT")])
    file["instruments"].append({**file["instruments"][0], "trading_pair": "ETH-USDT"})
    refused(folder, file, "executors[0].trading_pair", "feed")


def test_two_executors_with_one_id(folder):
    file = base_file(folder, executors=[executor(id="twin"), executor(id="twin")])
    refused(folder, file, "executors[1].id", "twin")


def test_database_with_a_run(folder):
    file = base_file(folder)
    run("run", write(folder, file), cwd=folder)
    before = rows(folder / "test.db", "SELECT * FROM journal")
    refused(folder, file, "test.db", code=1)
    assert rows(folder / "test.db", "SELECT * FROM journal") == before, "it was changed"
    file["persistence"]["existing"] = "replace"
    run("run", write(folder, file), cwd=folder)


def test_newer_database(folder):
    run("run", write(folder, base_file(folder)), cwd=folder)
    with sqlite3.connect(folder / "test.db") as connection:
        connection.execute("PRAGMA user_version = 999")
    refused(folder, base_file(folder), "test.db", "999", code=4)
    _, err = run("report", "test.db", cwd=folder, code=4)
    assert "999" in err


def test_damaged_database(folder):
    (folder / "test.db").write_bytes(b"this is not a database, it only looks like a file" * 100)
    refused(folder, base_file(folder), "test.db", code=4)
    run("report", "test.db", cwd=folder, code=4)


def test_absent_database(folder):
    _, err = run("report", "absent.db", cwd=folder, code=1)
    assert "absent.db" in err


def test_database_in_use(folder):
    file = base_file(folder, run={"name": "first", "mode": "paper", "seed": 1})
    file["feeds"][0]["speed"] = "1"
    first = start("run", write(folder, file, "first.json"), cwd=folder)
    try:
        for _ in range(1000):
            if (folder / "test.db.lock").exists() and (folder / "test.db").exists():
                break
            assert first.poll() is None, first.communicate()
            time.sleep(0.01)
        file["persistence"]["existing"] = "replace"
        err = refused(folder, file, "test.db", code=5)
        assert str(first.pid) in err, err
    finally:
        first.kill()
        first.communicate()


def test_unwritable_folder(folder):
    (folder / "file").write_text("")
    file = base_file(folder, persistence={"path": str(folder / "file" / "test.db")})
    refused(folder, file, "test.db", code=1)
    file["persistence"]["path"] = str(folder / "absent" / "test.db")
    refused(folder, file, "absent", code=1)


def test_unusable_listen_address(folder):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        url = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        refused(folder, base_file(folder, events={"listen": [url]}), url, "in use", code=1)
    refused(folder, base_file(folder, events={"listen": ["carrier-pigeon://coop"]}),
            "carrier-pigeon://coop", code=1)
    assert not (folder / "test.db").exists() or check_journal(folder / "test.db") == 0


def test_live_is_refused(folder):
    refused(folder, base_file(folder, run={"name": "x", "mode": "live"}), "run.mode", "paper")


def test_usage(folder):
    assert "Commands" in run(cwd=folder, code=2)[1]
    assert "Commands" in run("--help", cwd=folder)[0]
    run("no-such-command", cwd=folder, code=2)
    for command in ("run", "validate", "report", "watch", "tape", "schema", "version"):
        out, _ = run(command, "--help", cwd=folder)
        assert "Example" in out and "Usage" in out, command
    for words in (("run",), ("report",), ("validate",), ("watch",), ("tape",), ("run", "--no")):
        run(*words, cwd=folder, code=2)


def test_json_log(folder):
    file = base_file(folder, executors=[executor(amount="5", triple_barrier_config={
        "open_order_type": "MARKET"})], risk={"max_drawdown_quote": "1500"})
    _, err = run("--log-format", "json", "run", write(folder, file), cwd=folder, code=3)
    lines = [json.loads(line) for line in err.splitlines() if line.startswith("{")]
    assert lines and all({"ts", "level", "source", "message"} <= set(line) for line in lines)


def test_environment_variables(folder):
    text = (SOURCE / "examples/quickstart.yaml").read_text()
    text = text.replace("name: quickstart", 'name: "${NAME_OF_THE_RUN}"')
    path = write(folder, text, "env.yaml")
    _, err = run("validate", path, cwd=SOURCE, code=2)
    assert "NAME_OF_THE_RUN" in err
    run("validate", path, cwd=SOURCE, env={**os.environ, "NAME_OF_THE_RUN": "night"})


sys.exit(main(sys.modules[__name__]))
