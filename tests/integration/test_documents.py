"""What the documents promise: the manual is generated, schemas fit, CSV and versions print."""

import csv
import io
import sys

from program import *


def test_manual_is_current(folder):
    """docs/run-file.md is what `tutti schema --markdown` prints."""
    out, _ = run("schema", "--markdown", cwd=folder)
    assert out == (SOURCE / "docs/run-file.md").read_text(), \
        "renew it: tutti schema --markdown > docs/run-file.md"


def test_risk_is_current(folder):
    """docs/risk.md is what `tutti schema --markdown risk` prints."""
    out, _ = run("schema", "--markdown", "risk", cwd=folder)
    assert out == (SOURCE / "docs/risk.md").read_text(), \
        "renew it: tutti schema --markdown risk > docs/risk.md"
    assert "max_exposure_quote" in json.loads(run("schema", "risk", cwd=folder)[0])["properties"]


def test_schema_is_json(folder):
    schema = json.loads(run("schema", cwd=folder)[0])
    assert schema["$schema"].endswith("2020-12/schema")
    fields = json.loads(run("schema", "progressive_executor", cwd=folder)[0])
    assert {"amount", "side", "triple_barrier_config"} <= set(fields["properties"])
    run("schema", "no_such_executor", cwd=folder, code=2)


def test_csv_tables(folder):
    file = base_file(folder, executors=[executor(repeat=3)])
    run("run", "--quiet", write(folder, file), cwd=folder)
    tables = {"executors": "executor", "orders": "orders", "fills": "fill",
              "positions": "position", "performance": "performance", "journal": "journal"}
    for name, table in tables.items():
        out, _ = run("report", "--csv", name, "test.db", cwd=folder)
        found = list(csv.DictReader(io.StringIO(out)))
        assert len(found) == rows(folder / "test.db", f"SELECT COUNT(*) AS n FROM {table}")[0]["n"]
        assert found, name
    _, err = run("report", "--csv", "secrets", "test.db", cwd=folder, code=1)
    assert "executors" in err


def test_tape_commands(folder):
    run("tape", "walk", "5", "1000", "walk.csv", cwd=folder)
    out, _ = run("tape", "make", "quotes", "walk.csv", "walk.tape", cwd=folder)
    assert "1000" in out
    out, _ = run("tape", "info", "walk.tape", cwd=folder)
    assert "1000" in out and "walk.csv" in out
    (folder / "cut.tape").write_bytes((folder / "walk.tape").read_bytes()[:1000])
    _, err = run("tape", "info", "cut.tape", cwd=folder, code=1)
    assert "cut.tape" in err


def test_version(folder):
    assert run("version", cwd=folder)[0].startswith("tutti ")
    assert run("--version", cwd=folder)[0].startswith("tutti ")


sys.exit(main(sys.modules[__name__]))
