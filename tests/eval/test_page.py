"""Reports: one file that asks for nothing, in which documents and questions stay text."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.service import App
from core.settings import Settings
from eval.calibration import Labelled, calibration, confusions
from eval.drawing import Mark, bars, over_runs, reliability
from eval.page import CONFIDENTIAL, Beside, Note, Page, Section, Table, View, html, markdown
from eval.run_page import missed_pages, page_of
from eval.runs import EvalRun, keep, series
from eval.statistics import Interval
from tests.ui.test_cli import dossier

SCRIPT = '<script>alert("x")</script> & <b>"bold"</b>'
PNG = b"\x89PNG\r\n\x1a\n"


class Tags(HTMLParser):
    """All tags of a page with what they hold of attributes, and its words."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def a_page(words: str) -> Page:
    blocks = (
        Note(words, "bad"),
        Table(words, (words, "n"), ((words, "1"),), frozenset({1})),
        Beside(words, words, (View(words, png=PNG), View(words, words=("a", words, "b")), View(words, missing=words))),
    )
    return Page(words, (words,), (Section(words, blocks),), confidential=True)


@given(st.one_of(st.just(SCRIPT), st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)))
def test_what_documents_say_stays_text(words: str) -> None:
    plain, page = Tags(html(a_page("x"))), Tags(html(a_page(words)))
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in plain.tags], "no tag comes from a document"
    assert words.strip() in page.words


def test_a_report_loads_nothing_and_runs_nothing() -> None:
    text = html(a_page("x"))
    page = Tags(text)
    assert not {tag for tag, _ in page.tags} & {"script", "link", "iframe", "object", "form"}
    assert "default-src 'none'" in text
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:image/png;base64,"))
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text and "@import" not in text
    assert "prefers-color-scheme: dark" in text and "@media print" in text


def test_a_report_can_be_read_without_seeing_it() -> None:
    page = Tags(html(a_page("x")))
    assert all(attributes.get("alt") for tag, attributes in page.tags if tag == "img")
    assert all(attributes.get("scope") in ("col", "row") for tag, attributes in page.tags if tag == "th")
    assert ("html", {"lang": "en"}) in page.tags


def test_a_confidential_report_says_so_in_each_of_its_forms() -> None:
    page = a_page("x")
    assert CONFIDENTIAL in html(page) and CONFIDENTIAL in markdown(page) and page.to_json()["confidential"]
    open_page = Page("x", (), ())
    assert CONFIDENTIAL not in html(open_page) and CONFIDENTIAL not in markdown(open_page)


def test_a_bar_and_a_tag_stay_text_in_markdown() -> None:
    told = markdown(a_page("a | b <script>"))
    assert "a \\| b &lt;script>" in told and "<script>" not in told


# ── pictures ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def numbers_in(svg: str) -> list[float]:
    root = ElementTree.fromstring(svg)  # noqa: S314  our own picture
    assert root.get("role") == "img" and root.get("aria-label")
    width, height = float(root.get("width") or 0), float(root.get("height") or 0)
    found = []
    for element in root.iter():
        for name, most in (("x1", width), ("x2", width), ("cx", width), ("y1", height), ("y2", height), ("cy", height)):
            if (value := element.get(name)) is not None:
                assert -0.1 <= float(value) <= most + 0.1, "drawn outside of the picture"
                found.append(float(value))
    return found


intervals = (
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
    .map(sorted)
    .map(lambda ends: Interval(ends[1], ends[0], ends[2]))
)


@given(st.lists(st.one_of(intervals, st.none()), min_size=1, max_size=60), st.data())
def test_a_line_over_any_runs_is_a_picture(values: list[Interval | None], data: st.DataObject) -> None:
    at = data.draw(st.lists(st.integers(0, len(values) - 1), max_size=5))
    marks = [Mark(number, "a", breaks=bool(number % 2)) for number in at]
    numbers_in(over_runs(SCRIPT, values, first="<", last="&", marks=marks))


@given(st.lists(st.tuples(st.text(st.characters(), max_size=60), intervals), max_size=8))
def test_bars_of_any_labels_are_a_picture(rows: list[tuple[str, Interval]]) -> None:
    numbers_in(bars(SCRIPT, rows))


def test_a_value_higher_up_is_better() -> None:
    low, high = (
        [float(found) for found in re.findall(r'cy="([\d.]+)"', over_runs("x", values, first="", last=""))]
        for values in ([Interval(0.2, 0.1, 0.3)] * 2, [Interval(0.2, 0.1, 0.3), Interval(0.8, 0.7, 0.9)])
    )
    assert low[0] == low[1] and high[1] < high[0]
    numbers_in(reliability("x", [(0.05, Interval(0.1, 0.0, 0.3), 12), (0.95, Interval(0.9, 0.7, 1.0), 30)]))


def test_where_the_data_changed_the_line_breaks() -> None:
    values = [Interval(0.5, 0.4, 0.6)] * 6
    whole = over_runs("x", values, first="", last="", marks=[Mark(3, "a")])
    broken = over_runs("x", values, first="", last="", marks=[Mark(3, "a", breaks=True)])
    assert (whole.count("<polyline"), broken.count("<polyline")) == (1, 2)


# ── calibration ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_score_that_means_what_it_says_is_not_called_wrong_and_one_that_does_not_is() -> None:
    honest = [Labelled(score, number < score * 10, f"s{number}") for score in (0.1, 0.5, 0.9) for number in range(10)]
    found = calibration(honest)
    assert found is not None and found.error.value == pytest.approx(0, abs=1e-9) and len(found.bins) == 3
    assert found.perfect > 0.05, "30 items always differ from what was said"
    boastful = calibration([Labelled(0.95, number % 2 == 0, f"s{number}") for number in range(200)])
    assert boastful is not None and boastful.error.value == pytest.approx(0.45)
    assert boastful.error.low > boastful.perfect and "more than" in boastful.summary()
    assert calibration([]) is None


def test_confusion_counts_each_item_once_in_each_of_its_kinds() -> None:
    rows = [
        (Labelled(0.2, False, "a"), ["number", "name"]),
        (Labelled(0.8, False, "b"), ["number"]),
        (Labelled(0.8, True, "c"), ["number"]),
        (Labelled(0.2, True, "d"), ["name"]),
    ]
    found = confusions(rows)
    assert found["number"].to_json() == {"found": 1, "missed": 1, "kept": 1, "blamed": 0}
    assert found["name"].to_json() == {"found": 1, "missed": 0, "kept": 0, "blamed": 1}


# ── kept runs ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def a_run(settings: Settings, value: float = 0.5, judged: str = "set", found: Any = None) -> EvalRun:
    figure = {"value": value, "low": max(value - 0.1, 0), "high": min(value + 0.1, 1)}
    metrics = dict.fromkeys(("hit@1", "hit@5", "hit@10", "mrr", "document_hit@1"), figure)
    result: dict[str, Any] = {
        "queries": 9, "measured": 9, "unanswerable": 0, "unjudged": 0, "within_document": False, "limit": 20,
        "metrics": metrics, "latency": {"p50": 0.01, "p95": 0.03}, "failures": [],
        "slices": {"lang": {"de": {"queries": 4, "metrics": metrics}, "en": {"queries": 5, "metrics": metrics}}},
        "scores": {f"q{number}": {"document": f"dismissal {number}", "hit@10": value} for number in range(9)},
        "found": found or {},
    }  # fmt: skip
    return keep(settings, result, kind="retrieval", collection="deal", judged=judged)


@pytest.mark.parametrize("count", [1, 2, 200])
def test_the_history_is_drawn_of_one_run_of_two_and_of_two_hundred(settings: Settings, count: int) -> None:
    runs = [
        a_run(settings, 0.4 + number % 5 / 10, judged="old" if number < count // 2 else "new")
        for number in range(count)
    ]
    history = series(settings.home, runs[-1])
    assert [run.id for run in history] == [run.id for run in runs], "oldest first"
    text = html(page_of([runs[-1]], {runs[-1].id: history}, pages={}))
    assert f"{count} kept run" in text
    assert ("data: old → new" in Tags(text).words) == (count > 1)
    assert len(text) < 200_000
    assert "dismissal" not in text


def test_missed_questions_are_listed_by_ids_pages_and_offsets_alone_and_drawn_only_on_demand(
    app: App, settings: Settings, tmp_path: Path
) -> None:
    words = f"The fee is due in thirty days. {SCRIPT}"
    (tmp_path / "fee.txt").write_text(words)
    app.ingest([tmp_path / "fee.txt"], collection="deal", by="anna")
    (record,) = app.documents("deal")
    place = {"document_id": record.document_id[:12], "pages": [1], "start": 0, "end": 7}
    gone = {"document_id": "0" * 12, "pages": [1], "start": 0, "end": 7}
    found = {
        "q1": {"rank": None, "judged": [place], "first": [gone]},
        "q2": {"rank": 2, "judged": [place], "first": [place]},
    }
    run = a_run(settings, found=found)
    quiet = html(page_of([run], {run.id: [run]}, pages={}))
    assert f"{place['document_id']} p. 1 [0:7]" in quiet and "q2" not in quiet, "rank 2 is no miss"
    assert "thirty" not in quiet and CONFIDENTIAL not in quiet

    drawn = tuple(missed_pages(app, run, {"q1": SCRIPT}))
    loud = Tags(html(page_of([run], {run.id: [run]}, pages={run.id: drawn})))
    assert "thirty" in loud.words and SCRIPT in loud.words and CONFIDENTIAL in loud.words
    assert "script" not in {tag for tag, _ in loud.tags}
    assert drawn[0].views[1].missing, "what was erased since is said in its place"


def test_the_command_writes_the_report_of_a_run_in_three_forms(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "fee.txt").write_text("The fee is due in thirty days.")
    assert dossier("ingest", str(tmp_path / "fee.txt"), "-c", "deal", home=home).returncode == 0
    evidence = {"doc_id": "fee", "start": 4, "end": 29, "text": "fee is due in thirty days"}
    row = {"id": "1", "query": "When is the fee due?", "doc_id": "fee", "evidence": [evidence]}
    (tmp_path / "queries.jsonl").write_text(json.dumps(row))
    own = str(tmp_path / "own.html")
    measured = (
        "eval",
        "retrieval",
        str(tmp_path / "queries.jsonl"),
        "-c",
        "deal",
        "--report",
        own,
        "--pages",
        "--json",
    )
    first, second = (json.loads(dossier(*measured, home=home).stdout) for _ in range(2))
    first.pop("latency"), second.pop("latency")
    assert json.dumps(first) == json.dumps(second), "two runs say the same to the last digit"
    assert (tmp_path / "own.html").stat().st_mode & 0o077 == 0 or "Confidential" not in Path(own).read_text()
    names = [str(tmp_path / f"report.{ending}") for ending in ("html", "md", "json")]
    outputs = [word for name in names for word in ("--output", name)]
    done = dossier("eval", "report", "last", *outputs, "--json", home=home)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["files"] == names
    assert "2 kept runs" in Path(names[0]).read_text() and "## Figures" in Path(names[1]).read_text()
    assert json.loads(Path(names[2]).read_text())["runs"][0]["kind"] == "retrieval"
    for wrong in (
        ["last", "--output", "x.pdf"],
        ["last", "--output", "x.html", "--queries", "q"],
        ["nothing", "--output", "x.md"],
    ):
        assert dossier("eval", "report", *wrong, home=home).returncode == 2
