"""What `tutti describe` says: complete, current, drawn the same every time; its examples trade."""

import re
import sys
import xml.etree.ElementTree

from program import *

PAGES = SOURCE / "docs/executors"


def kinds(folder):
    out, _ = run("describe", "executor", cwd=folder)
    return [line.split()[0] for line in out.splitlines()]


def describe(folder, kind, *form):
    return run("describe", "executor", kind, *form, cwd=folder)[0]


def test_list(folder):
    """The kinds are those of the schema."""
    schema = json.loads(run("schema", cwd=folder)[0])
    items = schema["allOf"][1]["properties"]["executors"]["items"]["oneOf"]
    assert kinds(folder) == [item["allOf"][0]["properties"]["type"]["const"] for item in items]


def test_pages_are_current(folder):
    """docs/executors has the page and the picture of every kind, as the program makes them."""
    for kind in kinds(folder):
        for form, suffix in (("--markdown", "md"), ("--svg", "svg")):
            page = PAGES / f"{kind}.{suffix}"
            assert page.exists() and describe(folder, kind, form) == page.read_text(), \
                f"renew it: tutti describe executor {kind} {form} > docs/executors/{kind}.{suffix}"
    expected = {f"{kind}.{suffix}" for kind in kinds(folder) for suffix in ("md", "svg")}
    found = {page.name for page in PAGES.iterdir()}
    assert found == expected, f"pages of no kind: {found - expected}"


def test_pictures(folder):
    """Well-formed, the same every time, and every order that was filled is in it."""
    for kind in kinds(folder):
        picture = describe(folder, kind, "--svg")
        assert picture == describe(folder, kind, "--svg")
        root = xml.etree.ElementTree.fromstring(picture)
        shapes = [element.tag.rpartition("}")[2] for element in root]
        assert shapes.count("path") >= 1, f"{kind}: nothing is traded in its picture"
        words = [element.text for element in root if element.tag.endswith("text")]
        assert kind in words, words
        for element in root:
            for name in ("x", "x1", "x2"):
                assert 0 <= int(element.get(name, 0)) <= 900, f"{kind}: outside of the picture"
            for name in ("y", "y1", "y2"):
                assert 0 <= int(element.get(name, 0)) <= 560, f"{kind}: outside of the picture"


def test_examples_trade(folder):
    """Pasted into a file, with the commands that stand at its head."""
    for kind in kinds(folder):
        example = describe(folder, kind, "--example")
        assert example in describe(folder, kind) and example in describe(folder, kind, "--markdown")
        write(folder, example, f"{kind}-minimal.yaml")
        commands = re.findall(r"^#   tutti (.*)$", example, re.M)
        assert len(commands) >= 2, example
        for command in commands:
            run(*command.split(), cwd=folder)
        found = rows(folder / f"{kind}-minimal.db", "SELECT type, status FROM executor")
        assert [row["type"] for row in found] == [kind], found
        assert rows(folder / f"{kind}-minimal.db", "SELECT * FROM fill"), f"{kind} traded nothing"


def names(schema):
    for name, inside in schema.get("properties", {}).items():
        yield name
        yield from names(inside)
        yield from names(inside.get("items", {}))
        for choice in inside.get("anyOf", []) + inside.get("oneOf", []):
            yield from names(choice)


def test_every_field_is_there(folder):
    for kind in kinds(folder):
        text = describe(folder, kind)
        for name in names(json.loads(run("schema", kind, cwd=folder)[0])):
            assert f" {name}: " in text, f"{kind}: {name} is missing"


def test_wrong_words(folder):
    for words in ((), ("venue",), ("executor", "no_such_executor"), ("executor", "--colour"),
                  ("executor", "position_executor", "twice"), ("executor", "--plugin")):
        run("describe", *words, cwd=folder, code=2)
    _, err = run("describe", "executor", "--plugin", "absent.so", cwd=folder, code=1)
    assert "absent.so" in err
    assert "--example" in run("describe", "--help", cwd=folder)[0]


sys.exit(main(sys.modules[__name__]))
