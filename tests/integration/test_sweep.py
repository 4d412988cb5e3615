"""Sweeps from the outside: the same figures as single runs, bad sets, ended and killed sweeps."""

import json
import signal
import sys
import time

from program import *

STOP_LOSS = "executors[0].triple_barrier_config.stop_loss"


def sweep_file(folder, parameters, **sweep):
    barriers = {"open_order_type": "MARKET", "stop_loss": "0.01", "time_limit": 10800,
                "trailing_stop": {"activation_pnl_pct": "0.004", "trailing_pct": "0.002",
                                  "take_profit_table": [["0.005", "0.5"], ["0.01", "1"]]}}
    return base_file(folder, executors=[executor("progressive_executor", side="SELL",
                                                 triple_barrier_config=barriers)],
                     sweep={"parameters": parameters, **sweep})


def sweep(folder, path, *words, **options):
    out, err = run("sweep", "--json", *words, path, cwd=folder, **options)
    return json.loads(out), err


def results(folder):
    return {row["set_index"]: row
            for row in rows(folder / "test.sweep.db", "SELECT * FROM sweep_result")}


def test_figures_are_those_of_single_runs(folder):
    values = ["0.002", "0.004", "0.009"]
    file = sweep_file(folder, [{"path": STOP_LOSS, "values": values},
                               {"path": "executors[0].side", "values": ["BUY", "SELL"]}])
    found, _ = sweep(folder, write(folder, file))
    assert (found["sets"], found["run"], found["done"]) == (6, 6, 6) and found["is_complete"]
    order = [D(row["net_pnl_quote"]) for row in found["top"]]
    assert order == sorted(order, reverse=True) and len(set(order)) > 2, order
    table = results(folder)
    for number, row in table.items():
        single = json.loads(json.dumps(file))
        single["executors"][0]["triple_barrier_config"]["stop_loss"] = values[number // 2]
        single["executors"][0]["side"] = ["BUY", "SELL"][number % 2]
        single["persistence"] = {"path": str(folder / f"single-{number}.db")}
        report = json.loads(run("run", "--json", write(folder, single, "single.json"),
                                cwd=folder)[0])
        total = report["total"]
        assert row["net_pnl_quote"] == total["net_pnl_quote"], (number, row, total)
        assert row["fees_quote"] == total["fees_quote"]
        assert row["volume_traded"] == total["volume_traded"]
        assert row["win_rate"] == total["win_rate"]
        assert json.loads(row["close_types"]) == total["close_type_counts"]
        assert (row["fills"], row["executors"]) == (total["fills"], total["executors"])
        assert json.loads(row["parameters"]) == {STOP_LOSS: values[number // 2],
                                                 "executors[0].side": ["BUY", "SELL"][number % 2]}


def test_workers_change_nothing(folder):
    file = sweep_file(folder, [{"path": STOP_LOSS, "from": "0.001", "to": "0.01", "steps": 40,
                                "scale": "log"}, {"path": "run.seed", "values": [1, 2, 3]}],
                      sample="random", count=300, seed=4)
    path = write(folder, file)
    sweep(folder, path, "--workers", 1)
    alone = results(folder)
    assert len(alone) == 300
    sweep(folder, path, "--workers", 4, "--replace")
    assert results(folder) == alone


def test_invalid_sets_are_counted(folder):
    file = sweep_file(folder, [{"path": STOP_LOSS, "values": ["0.01", "-1", "x"]}])
    found, err = sweep(folder, write(folder, file))
    assert (found["done"], found["invalid"], found["failed"]) == (1, 2, 0)
    table = results(folder)
    assert table[1]["state"] == "invalid" and "stop_loss" in table[1]["problem"], table[1]
    assert table[1]["net_pnl_quote"] is None
    assert "set 2 is invalid" in err and f'"{STOP_LOSS}":"x"' in err, err
    run("sweep", "--replace", write(folder, sweep_file(folder, [{"path": STOP_LOSS,
                                                                 "values": ["x"]}])),
        cwd=folder, code=1)


def test_wrong_files_are_refused(folder):
    cases = [({"path": "executors[7].side", "values": ["BUY"]}, "leads nowhere"),
             ({"path": "feeds[0].quotes", "values": ["a"]}, "the same for every set")]
    for parameter, message in cases:
        _, err = run("sweep", write(folder, sweep_file(folder, [parameter])), cwd=folder, code=2)
        assert message in err and "sweep.parameters[0].path" in err, err
    file = sweep_file(folder, [{"path": STOP_LOSS, "values": ["0.01"]}])
    del file["sweep"]
    assert "sweep" in run("sweep", write(folder, file), cwd=folder, code=2)[1]
    file = sweep_file(folder, [{"path": STOP_LOSS, "values": ["0.01"]}])
    file["run"]["mode"] = "paper"
    assert "backtest" in run("sweep", write(folder, file), cwd=folder, code=2)[1]
    run("sweep", "--workers", "0", write(folder, file), cwd=folder, code=2)
    run("sweep", cwd=folder, code=2)


def long_file(folder, steps):
    return sweep_file(folder, [{"path": STOP_LOSS, "from": "0.001", "to": "0.02", "steps": steps},
                               {"path": "executors[0].amount", "from": "0.01", "to": "0.2",
                                "steps": 300}])


def wait_for_rows(folder):
    database = folder / "test.sweep.db"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if rows(database, "SELECT count(*) AS n FROM sweep_result")[0]["n"] > 0:
                return
        except sqlite3.OperationalError:
            pass
    raise AssertionError("no row within a minute")


def end_and_go_on(folder, number):
    path = write(folder, long_file(folder, 100))
    process = start("sweep", "--workers", 2, path, cwd=folder)
    wait_for_rows(folder)
    process.send_signal(number)
    out, err = process.communicate(timeout=RUN_SECONDS_MAX)
    before = results(folder)
    assert 0 < len(before) < 30000, f"{len(before)} rows: ended too late to prove anything"
    found, _ = sweep(folder, path)
    assert (found["found"], found["run"]) == (len(before), 30000 - len(before)), found
    after = results(folder)
    assert sorted(after) == list(range(30000))
    assert all(after[number] == row for number, row in before.items())
    return process.returncode, out, err


def test_a_signal_ends_in_order(folder):
    code, out, err = end_and_go_on(folder, signal.SIGINT)
    assert code == 1 and "to go on" in err and "ranked by" in out, (code, out, err)


def test_a_killed_sweep_goes_on(folder):
    code, _, _ = end_and_go_on(folder, signal.SIGKILL)
    assert code == -signal.SIGKILL


def test_a_changed_file_is_refused(folder):
    file = sweep_file(folder, [{"path": STOP_LOSS, "values": ["0.01"]}])
    sweep(folder, write(folder, file))
    file["executors"][0]["amount"] = "0.2"
    path = write(folder, file)
    assert "another run file" in run("sweep", path, cwd=folder, code=1)[1]
    assert sweep(folder, path, "--replace")[0]["run"] == 1
    assert sweep(folder, path)[0]["run"] == 0
    assert sweep(folder, path, "--database", folder / "other.db")[0]["run"] == 1


def test_a_run_ignores_the_section(folder):
    path = write(folder, sweep_file(folder, [{"path": STOP_LOSS, "values": ["0.01"]}]))
    run("validate", path, cwd=folder)
    run("run", "--quiet", path, cwd=folder)


def test_the_example(folder):
    text = (SOURCE / "examples/sweep.yaml").read_text()
    text = text.replace("examples/data", str(SOURCE / "examples/data"))
    text = text.replace("quotes.csv.gz}", "quotes.csv.gz, cache: tapes}")
    out, _ = run("sweep", write(folder, text, "sweep.yaml"), cwd=folder)
    assert "240 done, 0 invalid, 0 failed" in out and "stop_loss=" in out, out


sys.exit(main(sys.modules[__name__]))
