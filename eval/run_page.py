"""The reports of kept runs: what was measured, how it stands over time and in its parts, and what was missed.

A kept run holds ids, pages and offsets, so its report holds no words of a document. `missed_pages` adds the pages
themselves, on demand: such a report is confidential.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from core.documents import Span, pages_of
from core.errors import DossierError
from eval.compare import Change, Comparison, changes_between
from eval.drawing import Mark, bars, over_runs, reliability
from eval.page import Beside, Block, Note, Page, Plot, Section, Table, View
from eval.runs import FAITHFULNESS, EvalRun
from eval.statistics import RULE_OF_THREE, Interval

if TYPE_CHECKING:
    from app.service import App

MISSED_AFTER = 10
"""A question is missed when none of its judged places is among so many hits: what a person looks through."""

LISTED = 50
"""Missed questions that are listed; more are counted."""

DRAWN = 20
"""Missed questions whose pages are drawn: a file that still opens, at 0.1 to 0.4 MB a page."""

_SCALE = 1.4
"""Pixels per point of a drawn page: 857 across a letter page."""

_AROUND = 500
"""Characters before and after the marked ones, where a document has no pictures of pages."""

_HEADLINES = ("hit@1", "hit@5", "hit@10", "mrr", "ndcg@10", "document_hit@1", "char_recall@8000")
_OVER_TIME = ("hit@5", "hit@10", "mrr", "document_hit@1")
_BY_SLICE = "hit@10"
_TASKS = ("auroc", "balanced_accuracy", "f1")
_TONES = {"pass": "good", "regression": "bad", "inconclusive": "doubt"}
_MARKED = " A dashed line is a change, a tick on the axis another commit; where the data changed, the line breaks."
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def page_of(
    runs: Sequence[EvalRun], history: Mapping[str, Sequence[EvalRun]], *, pages: Mapping[str, Sequence[Beside]]
) -> Page:
    """The report of `runs`. `history` has, by the id of a run, its series, oldest first; `pages` what to draw of it."""
    sections = [section for run in runs for section in _sections(run, history[run.id], pages.get(run.id, ()), runs)]
    about = [_made(run) for run in runs]
    title = "Measurement of " + ", ".join(dict.fromkeys(f"{run.collection} ({run.kind})" for run in runs))
    return Page(title, tuple(about), tuple(sections), confidential=any(pages.values()))


def page_of_comparison(comparison: Comparison, old: EvalRun, new: EvalRun) -> Page:
    """The report of two runs held against each other."""
    rows = []
    for metric, (value, low, high) in comparison.differences.items():
        before = comparison.before[metric]
        figures = f"{before:.3f}", f"{before + value:.3f}", f"{value:+.3f}", f"{low:+.3f} to {high:+.3f}"
        rows.append((metric, *figures, f"{comparison.smallest[metric]:.3f}", comparison.verdict(metric)))
    head = ("metric", "before", "now", "difference", "95 % interval", "smallest effect it can show", "verdict")
    moved = [
        (name, str(len(ids)), ", ".join(ids) or "–")
        for name, ids in (("won", comparison.won), ("lost", comparison.lost))
    ]
    flips = [
        (metric, word, str(len(ids)), ", ".join(ids))
        for metric, both in comparison.flipped.items()
        for word, ids in zip(("now yes", "no longer"), both, strict=True)
        if ids
    ]
    sections = [
        Section(
            "Differences",
            (
                *(Note(warning, "doubt") for warning in comparison.warnings),
                Note(comparison.summary()),
                Table("Each metric, new minus old", head, tuple(rows), frozenset({1, 2, 3, 4, 5})),
            ),
        ),
        Section("What differs between the two runs", (_changes_table(comparison.changes),)),
        Section(
            "Questions that moved",
            (
                Table("Moved one way only, by id", ("", "questions", "ids"), tuple(moved), frozenset({1})),
                *(
                    [Table("Flipped", ("metric", "", "questions", "ids"), tuple(flips), frozenset({2}))]
                    if flips
                    else []
                ),
            ),
        ),
    ]
    return Page(f"{new.id} against {old.id}", (_made(old), _made(new)), tuple(sections))


# ── the pages of what was missed ──────────────────────────────────────────────────────────────────────────────────────


def missed_pages(app: App, run: EvalRun, questions: Mapping[str, str]) -> Iterator[Beside]:
    """Of each missed question, DRAWN at most: the judged page with its words marked, beside what was found first.

    `questions` has the words of questions by id, where they are at hand. What cannot be drawn is said in its place.
    """
    for id, found in _missed(run)[:DRAWN]:
        views = [_view(app, spot, "Judged") for spot in found["judged"][:1]]
        views += [_view(app, spot, "Found first") for spot in found["first"][:1]]
        if not found["first"]:
            views.append(View("Found first", missing="Nothing was found."))
        yield Beside(f"Question {id}", questions.get(id, ""), tuple(views))


def _view(app: App, spot: Mapping[str, Any], word: str) -> View:
    try:
        document = app.document(spot["document_id"])
        span = Span(spot["start"], spot["end"]) if "start" in spot else None
        pages = spot["pages"] or (pages_of(span, document.pages) if span else [1])
        caption = f"{word}: {document.source}, page {pages[0]}" + ("" if span else "; no place on it was judged")
        view = app.page_view(document.id, pages[0], highlight=[span] if span else [], scale=_SCALE)
    except DossierError as error:
        return View(f"{word}: {spot['document_id']}", missing=str(error))
    if view.image is not None:
        return View(caption, png=view.image)
    mark = view.marks[0] if view.marks else Span(0, 0)
    before, after = max(mark.start - _AROUND, 0), min(mark.end + _AROUND, len(view.text))
    return View(caption, words=(view.text[before : mark.start], mark.of(view.text), view.text[mark.end : after]))


# ── the sections ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _sections(
    run: EvalRun, history: Sequence[EvalRun], pages: Sequence[Beside], runs: Sequence[EvalRun]
) -> Iterator[Section]:
    suffix = f" · {run.id}" if len(runs) > 1 else ""
    if "gate" in run.result:
        yield Section(f"Verdict of the gate{suffix}", tuple(_gate(run.result["gate"])))
    scored = run.kind == FAITHFULNESS
    yield Section(f"Figures{suffix}", tuple(_figures_of_scores(run) if scored else _figures(run)))
    if scored and run.result.get("calibration"):
        yield Section(f"Calibration{suffix}", tuple(_calibration(run.result["calibration"])))
    if scored and run.result.get("confusion"):
        yield Section(f"What is told by what{suffix}", tuple(_confusion(run.result["confusion"])))
    yield Section(f"Over the kept runs{suffix}", tuple(_history(run, history)))
    if run.result.get("slices"):
        yield Section(f"In its parts{suffix}", tuple(_slices(run.result["slices"])))
    if run.result.get("latency"):
        seconds = run.result["latency"]
        rows = tuple((name, f"{value:.3f} s") for name, value in seconds.items())
        note = "Half of the searches took at most p50, 19 of 20 at most p95. Measured on the spot, beside other work."
        yield Section(
            f"Latency{suffix}", (Table("Seconds of a search", ("share", "seconds"), rows, frozenset({1})), Note(note))
        )
    if not scored:
        yield Section(f"Missed{suffix}", (*_misses(run), *pages))
    yield Section(f"Made with{suffix}", tuple(_made_with(run)))


def _gate(gate: Mapping[str, Any]) -> Iterator[Block]:
    yield Note(
        f"{gate['verdict'].upper()}: the largest loss that may pass is {gate['tolerance']:g}.", _TONES[gate["verdict"]]
    )
    rows = tuple(
        (
            name,
            f"{one['verdict']}: {one['because']}",
            f"{one['baseline']:.3f}",
            f"{one['now']:.3f}",
            f"{one['difference']:+.3f}",
            f"{one['low']:+.3f} to {one['high']:+.3f}",
            f"{one['smallest_effect']:.3f}",
            f"{one['smallest_effect_alone']:.3f}",
        )
        for name, one in gate["metrics"].items()
    )
    head = ("metric", "verdict", "baseline", "now", "difference", "95 % interval", "can show", "alone")
    yield Table("Each metric against the baseline, paired by question", head, rows, frozenset(range(2, 8)))
    yield Note(
        "“Can show” is the smallest loss that this set can show among all metrics, four times in five; “alone” what it "
        f"could show if the metric were the only one. {gate['family']}"
    )
    for name in ("won", "lost", "failures"):
        if gate[name]:
            yield Note(f"{name.capitalize()}: {', '.join(gate[name])}")
    for note in gate["notes"]:
        yield Note(note, "doubt")


def _figures(run: EvalRun) -> Iterator[Block]:
    metrics = run.result["metrics"]
    measured, documents = run.result["measured"], len({row["document"] for row in run.result["scores"].values()})
    yield Note(
        f"{measured} questions on {documents} documents were measured, "
        f"{'inside the judged document' if run.result.get('within_document') else 'over the whole collection'}; "
        f"{run.result.get('unanswerable', 0)} have no answer, {run.result.get('unjudged', 0)} no judged place, "
        f"{len(run.result.get('failures', ()))} failed and score 0. Intervals at 95 %, by resampling documents."
    )
    shown = [name for name in _HEADLINES if name in metrics]
    yield Plot(bars("Headline metrics", [(name, _interval(metrics[name])) for name in shown]), "Headline metrics")
    yield Note(_can_show(metrics, measured, documents))
    names = dict.fromkeys(name.removeprefix("page_").removeprefix("document_") for name in metrics)
    levels = {"judged places": "", "their pages": "page_", "their documents": "document_"}
    known = {level: prefix for level, prefix in levels.items() if f"{prefix}mrr" in metrics}
    table = tuple((name, *(_value(metrics.get(f"{prefix}{name}")) for prefix in known.values())) for name in names)
    yield Table("All metrics, with intervals at 95 %", ("metric", *known), table, frozenset(range(1, 1 + len(known))))
    for mode, figures in _abstention(run.result).items():
        rows = tuple((name, *_cells(one)) for name, one in figures.items())
        yield Table(f"Not in the documents, {mode} mode", ("figure", "value", "95 % interval"), rows, frozenset({1, 2}))


def _can_show(metrics: Mapping[str, Any], questions: int, documents: int) -> str:
    """What such a set can and cannot tell, in words."""
    half = max((one["high"] - one["low"]) / 2 for one in metrics.values())
    return (
        f"What this set can show: on it a figure is known to ±{half:.2f} at the widest. Two runs of the same questions "
        f"are told apart by less where they are paired, but never by less than {RULE_OF_THREE / questions:.3f} "
        f"(3 in {questions})." + (" Fewer than 6 documents say nothing about others." if documents < 6 else "")
    )


def _figures_of_scores(run: EvalRun) -> Iterator[Block]:
    result = run.result
    mean = result.get("mean_score")
    yield Note(
        f"{result['items']} responses with {result['claims']} claims, scored by {result['scorer']}; "
        f"{result['supported']} count as supported, {len(result.get('failures', ()))} failed."
        + (f" Mean score {mean['value']:.3f} ({mean['low']:.3f} to {mean['high']:.3f})." if mean else "")
        + " Intervals at 95 %, by resampling sources."
    )
    told = {name: task for name, task in result["tasks"].items() if task["metrics"]}
    for metric in _TASKS:
        rows = [(name, _interval(task["metrics"][metric])) for name, task in told.items()]
        if rows:
            yield Plot(bars(_words(metric), rows), _words(metric))
    rows_of_tasks = tuple(
        (
            name,
            str(task["items"]),
            str(task["unsupported"]),
            *(_value(task["metrics"].get(metric)) for metric in _TASKS),
        )
        for name, task in result["tasks"].items()
    )
    if rows_of_tasks:
        head = ("task", "items", "unsupported", *(_words(metric) for metric in _TASKS))
        yield Table("Each task", head, rows_of_tasks, frozenset({1, 2, 3, 4, 5}))
    else:
        yield Note("No response has a label: how well the scorer tells cannot be said.", "doubt")


def _calibration(found: Mapping[str, Any]) -> Iterator[Block]:
    error, perfect = found["expected_calibration_error"], found["a_perfect_score_stays_below"]
    seen = error["low"] > perfect
    yield Note(
        f"Expected calibration error {error['value']:.3f} ({error['low']:.3f} to {error['high']:.3f}, by resampling "
        f"sources). A perfectly calibrated score would show up to {perfect:.3f} on so many items: "
        + ("the error is more than that." if seen else "more than that is not shown."),
        "doubt" if seen else "plain",
    )
    bins = [(one["said"], _interval(one["supported"]), one["items"]) for one in found["bins"]]
    yield Plot(reliability("Calibration", bins), "Share supported over the score; below, how many items")
    rows = tuple(
        (f"{said:.3f}", str(count), f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}") for said, one, count in bins
    )
    head = ("mean score of the bin", "items", "share supported", "95 % interval")
    yield Table("Reliability", head, rows, frozenset({0, 1, 2, 3}))
    yield Note(
        "The score was trained with both kinds weighing alike: on a set with another share of unsupported answers the "
        "curve lies beside the diagonal for that reason too."
    )


def _confusion(found: Mapping[str, Mapping[str, Mapping[str, int]]]) -> Iterator[Block]:
    head = ("kind", "items", "unsupported: found", "missed", "share found", "supported: kept", "blamed", "share kept")
    for way, kinds in found.items():
        rows = tuple(
            (
                kind,
                str(sum(one.values())),
                str(one["found"]),
                str(one["missed"]),
                _share(one["found"], one["missed"]),
                str(one["kept"]),
                str(one["blamed"]),
                _share(one["kept"], one["blamed"]),
            )
            for kind, one in kinds.items()
        )
        yield Table(f"Responses by {way}", head, rows, frozenset(range(1, 8)))


def _history(run: EvalRun, history: Sequence[EvalRun]) -> Iterator[Block]:
    changes = [
        (number, changes_between(old, new))
        for number, (old, new) in enumerate(zip(history, history[1:], strict=False), start=1)
    ]
    told = [(number, found) for number, found in changes if found]
    # Each run of CI has a commit of its own: that alone is a tick, so that the other changes are seen.
    large = [number for number, found in told if any(one.what != "commit" for one in found)]
    letters = {number: _letter(order) for order, number in enumerate(large)}
    marks = [
        Mark(number, letters.get(number, ""), breaks=any(one.what == "data" for one in found)) for number, found in told
    ]
    first, last = history[0].at[:10], history[-1].at[:10]
    yield Note(
        f"{len(history)} kept {'run' if len(history) == 1 else 'runs'} of {run.collection} ({run.kind})."
        + (_MARKED if told else "")
    )
    for name, values in _over_time(run, history):
        yield Plot(over_runs(name, values, first=first, last=last, marks=marks), name)
    if run.result.get("latency"):
        seconds = [Interval(one["p50"], one["p50"], one["p95"]) if one else None for one in map(_latency, history)]
        caption = "seconds of a search: p50, and up to p95"
        yield Plot(over_runs(caption, seconds, first=first, last=last, marks=marks, highest=None), caption)
    if told:
        rows = tuple(
            (
                letters.get(number, ""),
                history[number].at[:16].replace("T", " "),
                history[number].id,
                "; ".join(f"{one.what}: {one.before or '–'} → {one.after or '–'}" for one in found),
            )
            for number, found in told
        )
        yield Table("Changes", ("mark", "from (UTC)", "run", "what"), rows)


def _over_time(run: EvalRun, history: Sequence[EvalRun]) -> Iterator[tuple[str, list[Interval | None]]]:
    """Each figure over the runs."""

    def values(of: Any) -> list[Interval | None]:
        return [_interval(found) if (found := of(one.result)) else None for one in history]

    if run.kind == FAITHFULNESS:
        for task in run.result["tasks"]:
            yield (
                f"AUROC, {task}",
                values(lambda r, task=task: r["tasks"].get(task, {}).get("metrics", {}).get("auroc")),
            )
        return
    for name in _OVER_TIME:
        if name in run.result["metrics"]:
            yield name, values(lambda r, name=name: r["metrics"].get(name))


def _slices(slices: Mapping[str, Mapping[str, Any]]) -> Iterator[Block]:
    for dimension, parts in slices.items():
        rows = [
            (f"{value} ({part['queries']})", _interval(part["metrics"][_BY_SLICE]))
            for value, part in parts.items()
            if _BY_SLICE in part["metrics"]
        ]
        if rows:
            yield Plot(bars(f"{_BY_SLICE} by {dimension}", rows), f"{_BY_SLICE} by {dimension} (questions)")
    table = tuple(
        (
            dimension,
            value,
            str(part["queries"]),
            *(_value(part["metrics"].get(name)) for name in ("hit@1", _BY_SLICE, "mrr")),
        )
        for dimension, parts in slices.items()
        for value, part in parts.items()
    )
    yield Table("Slices", ("by", "value", "questions", "hit@1", _BY_SLICE, "mrr"), table, frozenset({2, 3, 4, 5}))


def _misses(run: EvalRun) -> Iterator[Block]:
    if "found" not in run.result:
        yield Note("This run was kept by an earlier version: it does not say what was found instead.", "doubt")
        return
    missed = _missed(run)
    depth = min(MISSED_AFTER, run.result["limit"])
    if not missed:
        yield Note(f"Of every question a judged place is among the first {depth} hits.", "good")
        return
    yield Note(
        f"{len(missed)} questions have no judged place among the first {depth} hits. Documents are named by the "
        f"beginning of their id (dossier show ID)."
        + (f" The first {LISTED} are listed." if len(missed) > LISTED else "")
    )
    rows = tuple(
        (
            id,
            "not found" if found["rank"] is None else str(found["rank"]),
            "; ".join(map(_spot, found["judged"])) or "–",
            "; ".join(map(_spot, found["first"][:1])) or "nothing",
        )
        for id, found in missed[:LISTED]
    )
    yield Table("Missed questions", ("question", "rank", "judged place", "found first"), rows, frozenset({1}))


def _missed(run: EvalRun) -> list[tuple[str, Mapping[str, Any]]]:
    """Those that were not found at all, then those that came latest."""
    found = run.result.get("found", {})
    late = [(id, one) for id, one in found.items() if one["rank"] is None or one["rank"] > MISSED_AFTER]
    return sorted(late, key=lambda pair: (pair[1]["rank"] is not None, -(pair[1]["rank"] or 0), pair[0]))


def _made(run: EvalRun) -> str:
    state = f", commit {run.commit}" if run.commit else ""
    return (
        f"Run {run.id}, {run.at[:16].replace('T', ' ')} UTC: {run.kind} on {run.collection}, data {run.judged}{state}."
    )


def _made_with(run: EvalRun) -> Iterator[Block]:
    rows = (("data", run.judged), ("commit", run.commit or "–"), *run.made_with.items())
    yield Table("Data, commit, models and prompts", ("what", "value"), tuple(rows))
    if run.settings:
        yield Table("Settings, without secrets and addresses", ("setting", "value"), tuple(run.settings.items()))
    if run.libraries:
        yield Table("Libraries", ("name", "release"), tuple(run.libraries.items()))


def _changes_table(changes: Sequence[Change]) -> Block:
    if not changes:
        return Note("Nothing: the same data, commit, models, settings and libraries.", "good")
    rows = tuple((one.what, one.before or "–", one.after or "–") for one in changes)
    return Table("Not the same", ("what", "before", "now"), rows)


# ── words and numbers ─────────────────────────────────────────────────────────────────────────────────────────────────


def _interval(one: Mapping[str, float]) -> Interval:
    return Interval(one["value"], one["low"], one["high"])


def _cells(one: Mapping[str, float]) -> tuple[str, str]:
    return f"{one['value']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}"


def _value(one: Mapping[str, float] | None) -> str:
    return "–" if one is None else "{} ({})".format(*_cells(one))


def _share(part: int, rest: int) -> str:
    return f"{part / (part + rest):.2f}" if part + rest else "–"


def _words(metric: str) -> str:
    return {"auroc": "AUROC", "balanced_accuracy": "balanced accuracy", "f1": "F1"}[metric]


def _spot(spot: Mapping[str, Any]) -> str:
    pages = f" p. {', '.join(map(str, spot['pages'][:3]))}" if spot["pages"] else ""
    offsets = f" [{spot['start']}:{spot['end']}]" if "start" in spot else ""
    return f"{spot['document_id']}{pages}{offsets}"


def _abstention(result: Mapping[str, Any]) -> Mapping[str, Any]:
    """By mode; runs of earlier versions have the figures of extractive mode alone."""
    found = result.get("abstention", {})
    return {"extractive": found} if "value" in next(iter(found.values()), {}) else found


def _latency(run: EvalRun) -> Mapping[str, float]:
    found: Mapping[str, float] = run.result.get("latency", {})
    return found


def _letter(order: int) -> str:
    """a … z, then aa, ab …"""
    return _LETTERS[order] if order < len(_LETTERS) else _letter(order // 26 - 1) + _LETTERS[order % 26]
