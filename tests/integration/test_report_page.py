"""`tutti report --html`: a page that stands alone and says what the other reports say."""

import html.parser
import re
import sys
import time

from program import *

ALONE = {"meta", "path", "line", "br"}
MARKUP = '<b id="x">&amp; \'desk\'</b>'


class Page(html.parser.HTMLParser):
    """Fails where an element is not closed in order; keeps attributes and texts by element."""

    def __init__(self, text):
        super().__init__()
        self.open, self.attributes, self.texts, self.elements = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == [], self.open

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if tag not in ALONE - {"path"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, (tag, self.open)

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1] if self.open else "", data))

    def count(self, css_class):
        return sum(1 for _, name, value in self.attributes
                   if name == "class" and css_class in (value or "").split())


def page_of(folder, file):
    run("run", "--quiet", write(folder, file), cwd=folder)
    text, _ = run("report", "--html", "test.db", cwd=folder)
    return Page(text), text, json.loads(run("report", "--json", "test.db", cwd=folder)[0])


def test_it_says_what_the_json_says(folder):
    file = base_file(folder, executors=[executor(controller_id="one"),
                                        executor(controller_id="two", side="SELL")])
    page, _, report = page_of(folder, file)
    total = report["total"]
    tiles = [value for tag, name, value in page.attributes if (tag, name) == ("b", "title")]
    for name in ("net_pnl_quote", "realized_pnl_quote", "fees_quote", "volume_traded"):
        assert total[name] in tiles, (name, total[name], tiles)
    cells = [text for tag, text in page.texts if tag == "td"]
    for row in report["executors"]:
        for name in ("id", "close_type", "net_pnl_quote", "cum_fees_quote"):
            assert row[name] in cells, (name, row[name])
    for position in report["positions"]:
        assert position["realized_pnl_quote"] in cells
    buys = rows(folder / "test.db", "SELECT COUNT(*) n FROM fill WHERE side = 'BUY'")[0]["n"]
    assert page.count("buy") == buys and page.count("sell") == total["fills"] - buys
    assert page.count("curve") == 3, "all and two controllers"
    assert report["events_sha256"] in [text for tag, text in page.texts if tag == "code"]


def test_it_needs_nothing_else(folder):
    page, text, _ = page_of(folder, base_file(folder, executors=[executor()]))
    assert not re.search(r"https?:|//|@import|url[(]", text), "the page refers to something"
    names = {name for _, name, _ in page.attributes}
    assert not names & {"src", "href", "srcset", "data"} and "script" not in page.elements


def test_words_of_others_are_words(folder):
    """Names with markup in them, which no run takes, show as they are."""
    page_of(folder, base_file(folder, executors=[executor()]))
    with sqlite3.connect(folder / "test.db") as connection:
        connection.execute("UPDATE run SET name = '</title><script>alert(1)</script>'")
        for table in ("executor", "position", "performance"):
            connection.execute(f"UPDATE {table} SET controller_id = ? WHERE controller_id <> ''",
                               (MARKUP,))
    text = run("report", "--html", "test.db", cwd=folder)[0]
    page = Page(text)
    assert "script" not in page.elements
    assert MARKUP not in text and ("td", "id", "x") not in page.attributes
    assert MARKUP in [text for tag, text in page.texts if tag == "td"]


def test_a_run_without_executors_has_a_page(folder):
    page, _, _ = page_of(folder, base_file(folder))
    assert "svg" not in page.elements and "h1" in page.elements


def test_many_executors_are_bounded(folder):
    """Of 700 executors the page shows 500 and says where the others are; the curve stays short."""
    file = base_file(folder, executors=[executor(start_at=str(1735689600 + 10 * i), amount="0.001")
                                        for i in range(700)])
    page, text, report = page_of(folder, file)
    ids = {row["id"] for row in report["executors"]}
    shown = [text for tag, text in page.texts if tag == "td" and text in ids]
    assert len(shown) == len(set(shown)) == 500, len(shown)
    assert "tutti report --csv executors DATABASE" in text
    assert page.count("buy") + page.count("sell") == report["total"]["fills"] == 1400
    assert len(text) < 1 << 20, len(text)


def test_a_run_that_goes_on_has_a_page(folder):
    file = base_file(folder, run={"name": "goes on", "mode": "paper", "seed": 7},
                     executors=[executor(controller_id="one")])
    file["feeds"][0]["speed"] = "60"
    process = start("run", "--quiet", write(folder, file), cwd=folder)
    for _ in range(200):
        if (folder / "test.db").exists() and rows(
                folder / "test.db", "SELECT name FROM sqlite_master WHERE name = 'fill'") and \
                rows(folder / "test.db", "SELECT * FROM fill"):
            break
        time.sleep(0.05)
    page = Page(run("report", "--html", "test.db", cwd=folder)[0])
    assert process.poll() is None, "the run ended before its report"
    assert page.count("buy") >= 1


def test_a_database_without_a_run_is_refused(folder):
    with sqlite3.connect(folder / "empty.db"):
        pass
    _, err = run("report", "--html", "empty.db", cwd=folder, code=4)
    assert "empty.db" in err


sys.exit(main(sys.modules[__name__]))
