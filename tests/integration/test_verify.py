"""`tutti verify` and `tutti salvage` from outside: exit codes, words, and runs of every example."""

import shutil
import sqlite3
import sys

from program import *


def finished_run(folder):
    file = base_file(folder, executors=[executor(), executor(side="SELL")])
    run("run", "--quiet", write(folder, file), cwd=folder)
    return folder / "test.db"


def change(database, sql, *values):
    with sqlite3.connect(database) as connection:
        connection.execute(sql, values)


def test_a_finished_run_is_sound(folder):
    database = finished_run(folder)
    out, err = run("verify", database, cwd=folder)
    assert out.endswith("verdict     sound\n") and err == "", out + err
    found = json.loads(run("verify", "--json", database, cwd=folder)[0])
    assert found["verdict"] == "sound" and found["problems"] == []
    assert found["records"] == rows(database, "SELECT max(seq) n FROM journal")[0]["n"]
    assert found["fills"] == rows(database, "SELECT count(*) n FROM fill")[0]["n"] > 0


def test_every_example_is_sound(folder):
    for example in ("quickstart", "arbitrage", "dca", "order", "twap", "perpetual-both-sides",
                    "perpetual-funding", "perpetual-hedge", "perpetual-liquidation"):
        shutil.copytree(SOURCE / "examples", folder / "examples", dirs_exist_ok=True)
        run("run", "--quiet", f"examples/{example}.yaml", cwd=folder)
        for database in folder.glob("**/*.db"):
            run("verify", database, cwd=folder)
            database.unlink()


def test_hedged_sides_are_positions_of_their_own(folder):
    """One netted position, a long and a short one."""
    shutil.copytree(SOURCE / "examples", folder / "examples")
    run("run", "--quiet", "examples/perpetual-hedge.yaml", cwd=folder)
    database = folder / "perpetual-hedge.db"
    found = json.loads(run("verify", "--json", database, cwd=folder)[0])
    assert found["positions"] == 3 == len(rows(database, "SELECT * FROM position")), found


def test_damage_is_told_and_salvaged(folder):
    database = finished_run(folder)
    last = rows(database, "SELECT max(seq) n FROM journal")[0]["n"]
    change(database, "UPDATE journal SET payload = '{}' WHERE seq = ?", last - 1)
    out, _ = run("verify", database, cwd=folder, code=4)
    assert f"journal record {last - 1}: does not fit its checksum" in out, out
    assert "tutti salvage" in out and "verdict     corrupt: 1 problem\n" in out, out
    before = database.read_bytes()
    out, _ = run("salvage", database, "saved.db", cwd=folder)
    assert database.read_bytes() == before
    assert f"saved       {last - 2} records" in out and "left        2 records" in out, out
    run("verify", "saved.db", cwd=folder)
    assert rows(folder / "saved.db", "SELECT * FROM fill") == rows(database, "SELECT * FROM fill")
    run("report", "saved.db", cwd=folder)
    _, err = run("salvage", database, "saved.db", cwd=folder, code=1)
    assert "saved.db: exists already" in err


def test_tables_are_made_anew(folder):
    database = finished_run(folder)
    orders = rows(database, "SELECT * FROM orders")
    change(database, "DELETE FROM orders WHERE client_order_id = ?", orders[0]["client_order_id"])
    change(database, "UPDATE position SET amount = '5'")
    found = json.loads(run("verify", "--json", database, cwd=folder, code=4)[0])
    words = [(problem["where"], problem["what"]) for problem in found["problems"]]
    assert (f"orders {orders[0]['client_order_id']}", "is missing: the journal makes it") in words
    assert any(where.startswith("position ") and what.startswith('amount is "5"')
               for where, what in words), words
    run("salvage", database, "saved.db", cwd=folder)
    assert rows(folder / "saved.db", "SELECT * FROM orders") == orders
    run("verify", "saved.db", cwd=folder)


def test_what_is_no_database_of_ours(folder):
    _, err = run("verify", "nothing.db", cwd=folder, code=1)
    assert "nothing.db: no such file" in err
    run("verify", folder, cwd=folder, code=1)
    (folder / "text.db").write_text("no database\n" * 100)
    _, err = run("verify", "text.db", cwd=folder, code=4)
    assert "text.db" in err
    database = finished_run(folder)
    change(database, "PRAGMA user_version = 999")
    for command in (("verify", database), ("salvage", database, "saved.db"), ("report", database)):
        _, err = run(*command, cwd=folder, code=4)
        assert "newer version" in err, err
    change(folder / "other.db", "CREATE TABLE a (b)")
    _, err = run("salvage", "other.db", "saved.db", cwd=folder, code=4)
    assert "another program" in err
    assert not (folder / "saved.db").exists()


def test_words(folder):
    for command in ("verify", "salvage"):
        out, _ = run(command, "--help", cwd=folder)
        assert "Example:" in out and "Exit codes:" in out
        run(command, cwd=folder, code=2)
        run(command, "a", "b", "c", cwd=folder, code=2)
        run(command, "--wrong", "a", cwd=folder, code=2)


sys.exit(main(sys.modules[__name__]))
