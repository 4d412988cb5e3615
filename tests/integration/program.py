"""The program under test, run files for it, and its database: shared by the integration tests."""

import decimal
import json
import os
import pathlib
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback

SOURCE = pathlib.Path(os.environ.get("TUTTI_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
PROGRAM = os.environ.get("TUTTI_PROGRAM", str(SOURCE / "build/release/tutti"))
DATA = SOURCE.parent / "shared" / "data"
QUOTES = SOURCE / "examples/data/quickstart-quotes.csv.gz"
RUN_SECONDS_MAX = 900  # ctest has a shorter limit where nothing slows the program down.

D = decimal.Decimal
decimal.getcontext().prec = 60
UNIT = D(1).scaleb(-18)


def multiply(a, b):
    """a * b as the program rounds: to 18 digits, ties to even."""
    return (a * b).quantize(UNIT, rounding=decimal.ROUND_HALF_EVEN)


class Skip(Exception):
    pass


def needs(path):
    if not path.exists():
        raise Skip(f"{path.name} is not here")
    return path


def run(*words, cwd, code=0, **options):
    """Runs the program and checks its exit code; returns stdout and stderr."""
    done = subprocess.run([PROGRAM, *map(str, words)], cwd=cwd, text=True, capture_output=True,
                          timeout=RUN_SECONDS_MAX, **options)
    assert done.returncode == code, \
        f"{words}: exit {done.returncode}, expected {code}\n{done.stdout}{done.stderr}"
    return done.stdout, done.stderr


started = []


def start(*words, cwd):
    """Starts the program in the background; what still runs when the test is over is killed."""
    process = subprocess.Popen([PROGRAM, *map(str, words)], cwd=cwd, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    started.append(process)
    return process


def end_started():
    while started:
        process = started.pop()
        if process.poll() is None:
            process.kill()
            process.communicate()


def base_file(folder, **sections):
    """A run file as a dict: the quickstart market, no executors."""
    file = {
        "run": {"name": "test", "mode": "backtest", "seed": 7},
        "venues": [{"name": "paper", "balances": {"USDT": "1000000", "BTC": "20"},
                    "fees": {"maker": "0.0002", "taker": "0.0005"}}],
        "instruments": [{"trading_pair": "BTC-USDT", "venue": "paper", "tick": "0.01",
                         "step": "0.00001", "min_order_size": "0.0001", "min_notional": "5"}],
        "feeds": [{"venue": "paper", "trading_pair": "BTC-USDT", "quotes": str(QUOTES),
                   "cache": str(folder / "tapes")}],
        "persistence": {"path": str(folder / "test.db")},
        "executors": [],
    }
    for name, section in sections.items():
        if isinstance(section, dict) and isinstance(file.get(name), dict):
            file[name] = {**file[name], **section}
        else:
            file[name] = section
    return file


def executor(kind="position_executor", **fields):
    config = {"type": kind, "connector_name": "paper", "trading_pair": "BTC-USDT", "side": "BUY",
              "amount": "0.1",
              "triple_barrier_config": {"open_order_type": "MARKET", "stop_loss": "0.01",
                                        "take_profit": "0.01", "time_limit": 3600}}
    config.update(fields)
    return config


def write(folder, file, name="test.json"):
    """Writes a run file. TUTTI_WORKERS sets the threads of paper runs that do not say how many."""
    path = folder / name
    if "TUTTI_WORKERS" in os.environ and isinstance(file, dict) and \
            file.get("run", {}).get("mode") == "paper":
        file["run"].setdefault("workers", int(os.environ["TUTTI_WORKERS"]))
    path.write_text(json.dumps(file) if isinstance(file, dict) else file)
    return path


def rows(database, sql):
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(sql)]


def check_held(database):
    """No executor asks for more than its configuration says: what holds it to that never fires."""
    assert rows(database, "SELECT * FROM journal WHERE kind = 'risk.denied' AND"
                          " json_extract(payload, '$.code') = 'target_exceeded'") == []


def wait_for_records(process, database, count):
    """Until the journal has so many, or the run is over; how many it has."""
    end, found = time.monotonic() + 60, 0
    while process.poll() is None and found < count and time.monotonic() < end:
        time.sleep(0.01)
        try:
            found = rows(database, "SELECT count(*) AS count FROM journal")[0]["count"]
        except sqlite3.OperationalError:
            pass  # It is not there yet.
    return found


def check_books(database, opening, spot=True):
    """Positions and balances are sums of fills, to the last digit; computed here from the fills."""
    check_held(database)
    positions, base, quote = {}, D(0), D(0)
    owner = {row["id"]: row["controller_id"] for row in rows(database, "SELECT * FROM executor")}
    for fill in rows(database, "SELECT * FROM fill"):
        sign = 1 if fill["side"] == "BUY" else -1
        amount, price, fee = D(fill["amount"]), D(fill["price"]), D(fill["fee"])
        in_base = fill["trading_pair"].split("-")[0] == fill["fee_asset"]
        moved = sign * amount - (fee if in_base else 0)
        key = (owner[fill["executor_id"]], fill["venue"], fill["trading_pair"])
        positions[key] = positions.get(key, D(0)) + moved
        base += moved
        quote -= sign * multiply(price, amount) + (0 if in_base else fee)
    book = {(row["controller_id"], row["venue"], row["trading_pair"]): D(row["amount"])
            for row in rows(database, "SELECT * FROM position")}
    assert book == positions, f"position book {book}, fills {positions}"
    if spot:
        found = rows(database, "SELECT payload FROM journal WHERE kind = 'venue.reconciled'")
        balances = json.loads(json.loads(found[-1]["payload"])["found"])
        base_asset, quote_asset = opening
        assert D(balances[base_asset]) == D(opening[base_asset]) + base, balances
        assert D(balances[quote_asset]) == D(opening[quote_asset]) + quote, balances


def check_journal(database):
    """Sequence numbers have no gap; returns how many there are."""
    seqs = [row["seq"] for row in rows(database, "SELECT seq FROM journal ORDER BY seq")]
    assert seqs == list(range(1, len(seqs) + 1)), "the journal has a gap"
    return len(seqs)


def check_report(folder, database):
    """`report --json` against sums computed from the tables here; the database is sound."""
    run("verify", database, cwd=folder)
    report = json.loads(run("report", "--json", database, cwd=folder)[0])
    executors = rows(database, "SELECT * FROM executor")
    fills = rows(database, "SELECT * FROM fill")
    total = report["total"]
    assert total["executors"] == len(executors)
    counts = {}
    for row in executors:
        if row["close_type"]:
            counts[row["close_type"]] = counts.get(row["close_type"], 0) + 1
    assert total["close_type_counts"] == counts
    assert D(total["net_pnl_quote"]) == sum((D(r["net_pnl_quote"]) for r in executors), D(0))
    # What an account has gained, closed or not; it is told last when the run ends.
    gained = [D(part["realized_pnl_quote"]) + D(part["unrealized_pnl_quote"]) +
              D(part["funding_quote"]) - D(part["fees_quote"])
              for part in (total, *report["controllers"])]
    assert gained == [D(part["global_pnl_quote"]) for part in (total, *report["controllers"])]
    if report["state"] == "stopped":
        assert gained[0] == D(report["performance"]["global_pnl_quote"])
    assert D(total["fees_quote"]) == sum((D(r["fee_quote"]) for r in fills), D(0))
    assert D(total["volume_traded"]) == sum(
        (multiply(D(r["price"]), D(r["amount"])) for r in fills), D(0))
    traded = [r for r in executors
              if r["status"] == "TERMINATED" and D(r["filled_amount_quote"]) > 0]
    assert total["traded"] == len(traded)
    assert total["winners"] == sum(D(r["net_pnl_quote"]) > 0 for r in traded)
    assert report["events"] == check_journal(database)
    assert {r["id"]: r["net_pnl_quote"] for r in report["executors"]} == \
        {r["id"]: r["net_pnl_quote"] for r in executors}
    return report


def main(module):
    """Runs every function whose name begins with test_, each in a folder of its own."""
    passed = failed = skipped = 0
    for name, test in sorted(vars(module).items()):
        if not name.startswith("test_"):
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                test(pathlib.Path(folder))
                passed += 1
            except Skip as why:
                skipped += 1
                print(f"{name}: skipped: {why}")
            except Exception:
                failed += 1
                print(f"{name}: FAILED")
                traceback.print_exc(file=sys.stdout)
            finally:
                end_started()
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0
