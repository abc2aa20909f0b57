"""How the verbs look on a terminal: rich tables and progress bars. Plain lines where the output is not a terminal."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from app.choosing import CHOSEN
from app.reports import Status
from core.answers import Answer, Citation, Coverage, NotSent, Support
from core.documents import Document, DocumentId, Fate, Hit
from core.facts import SURE, FactKind
from core.terms import Force
from ui.parts import chart
from ui.parts.words import FORCES, as_of_words, term_words

if TYPE_CHECKING:
    from rich.live import Live

    from app.costs import Costs, OwnMachines
    from app.doctor import Health
    from app.facts import Known
    from app.preflight import Fit
    from app.reports import Found, Ingested, Progress, Quarantined, Record, RunReport, Verified
    from core.readers import Reader
    from eval.compare import Comparison
    from eval.faithfulness import Faithfulness
    from eval.gate import Gate
    from eval.report import Result
    from eval.runs import EvalRun

HEARTBEAT = 10.0
"""Seconds between two lines of progress where no terminal is there to draw a bar."""

QUOTE = 400
"""Characters of a quote or a hit that are shown on a terminal; `--json` has it whole."""

_COUNTED = ("added", "updated", "unchanged", "moved", "removed", "quarantined", "skipped", "left")

_SUPPORT = {
    Support.VERIFIED: ("verified", "green"),
    Support.UNVERIFIED: ("unverified", "yellow"),
    Support.ALTERED: ("ALTERED", "bold red"),
    Support.NONE: ("no citation", "red"),
}

_FORCE = {Force.IN_FORCE: "green", Force.SUPERSEDED: "bold red", Force.NOT_YET: "yellow", Force.UNCLEAR: "yellow"}

out = Console(highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def waiting(what: str, *, silent: bool) -> Iterator[None]:
    """A spinner on a terminal, nothing elsewhere."""
    if silent or not err.is_terminal:
        yield
        return
    with err.status(f"{what} …"):
        yield


class Drafting:
    """A spinner until the first words of an answer come, then these, until the checked answer takes their place."""

    def __init__(self, live: Live | None) -> None:
        self._live = live
        self._words = ""

    def words(self, text: str) -> None:
        self._words += text
        if self._live is not None:
            self._live.update(Text(self._words, style="dim"))

    def part(self, number: int, parts: int) -> None:
        """Which part of the documents is read now."""
        if self._live is not None:
            self._live.update(f"Reading part {number} of {parts} …")

    @contextmanager
    def aside(self) -> Iterator[None]:
        """The terminal is free to ask something."""
        if self._live is not None:
            self._live.stop()
        yield
        if self._live is not None:
            self._live.start()


@contextmanager
def drafting(what: str, *, silent: bool) -> Iterator[Drafting]:
    """Shows an answer while it is made, on a terminal; nothing elsewhere."""
    if silent or not err.is_terminal:
        yield Drafting(None)
        return
    from rich.live import Live
    from rich.spinner import Spinner

    with Live(Spinner("dots", f"{what} …"), console=err, transient=True, vertical_overflow="visible") as live:
        yield Drafting(live)


@contextmanager
def ingest_progress(*, silent: bool) -> Iterator[Callable[[Progress], None]]:
    """Bars on a terminal; without one, a line every ten seconds that says where the run is. Both on standard error."""
    if silent:
        yield lambda _: None
        return
    if not err.is_terminal:
        with _heartbeat() as beat:
            yield beat
        return

    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=err, transient=True) as bars:
        documents = bars.add_task("documents", total=None)
        pages = bars.add_task("pages", total=None)

        def draw(progress: Progress) -> None:
            bars.update(documents, completed=progress.document - 1, total=progress.documents)
            name = progress.source if len(progress.source) <= 40 else f"…{progress.source[-39:]}"
            bars.update(
                pages,
                description=escape(f"{progress.stage} {name}"),
                completed=progress.page,
                total=progress.pages or None,
            )

        yield draw


@contextmanager
def counting(what: str, *, silent: bool) -> Iterator[Callable[..., None]]:
    """For work on many things of one kind: told (number, of how many, a few words) before each, it draws a bar on a
    terminal, and elsewhere writes a line every ten seconds. Both on standard error."""
    if silent:
        yield lambda *_: None
    elif not err.is_terminal:
        last = time.monotonic()

        def line(number: int, total: int, words: str = "") -> None:
            nonlocal last
            if time.monotonic() - last >= HEARTBEAT:
                last = time.monotonic()
                err.print(f"{what} {number} of {total} {words}".rstrip(), markup=False)

        yield line
    else:
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        bars = Bars(*columns, console=err, transient=True)
        bar = bars.add_task(what, total=None)

        def draw(number: int, total: int, words: str = "") -> None:
            bars.start()  # not before: somebody may still be asked to agree
            bars.update(bar, completed=number - 1, total=total, description=escape(f"{what} {words}".rstrip()))

        try:
            yield draw
        finally:
            bars.stop()


@contextmanager
def _heartbeat() -> Iterator[Callable[[Progress], None]]:
    """By a clock of its own: a large document may be read or embedded for minutes without a word."""
    at: list[Progress] = []
    over = threading.Event()

    def beat() -> None:
        while not over.wait(HEARTBEAT):
            for progress in at[-1:]:
                page = f", page {progress.page} of {progress.pages}" if progress.pages else ""
                err.print(f"{progress.stage} document {progress.document} of {progress.documents}{page}")

    beating = threading.Thread(target=beat, name="dossier-heartbeat", daemon=True)
    beating.start()
    try:
        yield lambda progress: at.__setitem__(slice(None), [progress])
    finally:
        over.set()
        beating.join()


def print_ingested(report: Ingested) -> None:
    """What a run did: every file that needs attention by name, the others as counts."""
    counts = report.counts
    for one in report.documents:
        if one.status is Status.REMOVED:
            out.print(Text.assemble((f"{'removed':12}", "yellow"), one.source))
        if one.moved_from:
            out.print(Text.assemble((f"{'moved':12}", "dim"), one.source, (f"  from {one.moved_from}", "dim")))
        if one.reason:
            out.print(Text.assemble((f"{one.status.value:12}", "red"), one.source, ("  " + one.reason, "dim")))
        for warning in one.warnings:
            out.print(Text.assemble((f"{'warning':12}", "yellow"), one.source, ("  " + warning, "dim")))
    for source, reason in report.skipped:
        out.print(Text.assemble((f"{'skipped':12}", "dim"), source, ("  " + reason, "dim")))
    said = [f"{counts[name]} {name}" for name in _COUNTED]
    out.print(
        f"{report.collection}: {', '.join(one for one in said if not one.startswith('0 '))} — "
        f"{counts['pages']} pages, {counts['chunks']} chunks, {report.seconds:.1f} s"
    )
    if counts["pages_unreadable"]:
        out.print(f"{counts['pages_unreadable']} pages could not be read.", style="red")


def print_verified(verified: Verified) -> None:
    """What differs between disk, catalogue and index, and what was mended."""
    for word, style, differences in (("mended", "green", verified.mended), ("differs", "red", verified.differences)):
        for one in differences:
            out.print(Text.assemble((f"{word:9}", style), one.source or one.document_id[:12], f"  {one.kind.value}"))
    for source in verified.sources_gone:
        out.print(Text.assemble((f"{'note':9}", "dim"), source, ("  its file is no longer where it was read", "dim")))
    said = "everything fits" if verified.well else f"{_many(len(verified.differences), 'difference')} left"
    out.print(f"{verified.collection}: {_many(verified.documents, 'document')} compared, {said}.")


def print_runs(runs: Sequence[RunReport]) -> None:
    if not runs:
        out.print("Nothing was ingested yet.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("started", "collection", "outcome", "seconds", "did"):
        table.add_column(column, overflow="fold")
    for run in runs:
        style = {"finished": "green", "running": "cyan", "stopped": "yellow"}.get(run.outcome, "red")
        did = ", ".join(f"{run.counts[name]} {name}" for name in _COUNTED if run.counts.get(name))
        table.add_row(
            run.started[:19].replace("T", " "),
            escape(run.collection),
            f"[{style}]{run.outcome}[/{style}]",
            "" if run.seconds is None else f"{run.seconds:.1f}",
            escape(" — ".join(part for part in (did, run.reason or "") if part)),
        )
    out.print(table)


def print_answer(answer: Answer, sources: Mapping[DocumentId, tuple[str, str]]) -> None:
    """The claims with numbered citations, then each quote with its page, then what was searched."""
    numbers: dict[Citation, int] = {}
    if not answer.claims:
        out.print(answer.reason or "Nothing in the documents answers this.", style="bold")
    for claim in answer.claims:
        marks = "".join(f"[{numbers.setdefault(citation, len(numbers) + 1)}]" for citation in claim.citations)
        word, style = _SUPPORT[claim.support]
        score = "" if claim.score is None else f" {claim.score:.2f}"
        out.print(Text.assemble(claim.text, " ", (marks, "cyan"), "  ", (word, style), (score, "dim")))
        for difference in claim.differences:
            out.print(Text.assemble("    ", (difference, "red")))
        if claim.force is not None:
            out.print(Text(f"    {FORCES[claim.force]}", style=_FORCE[claim.force]))
    _print_terms(answer, numbers, sources)
    if numbers:
        out.print()
    for citation, number in numbers.items():
        source = sources.get(citation.document_id, ("", ""))[0]
        pages = "page " + ", ".join(str(page) for page in citation.pages)
        out.print(Text.assemble((f"[{number}] ", "cyan"), (f"{source}, {pages}", "bold")))
        out.print(Padding(Text(f"“{_short(citation.quote)}”", style="italic"), (0, 0, 0, 4)))
    if answer.claims and answer.reason:
        out.print(answer.reason)
    for missing in answer.coverage.not_sent:
        out.print(Text(not_sent_line(missing), style="yellow"))
    out.print(Text(coverage_line(answer.coverage, answer), style="dim"))
    if answer.mode_because != CHOSEN:
        out.print(Text(f"{answer.mode.value}: {answer.mode_because}", style="dim"))


def _print_terms(answer: Answer, numbers: dict[Citation, int], sources: Mapping[DocumentId, tuple[str, str]]) -> None:
    """What changes the clauses that the answer rests on, and what its terms mean; each with its citations."""

    def marks(*places: Citation | None) -> str:
        return "".join(f"[{numbers.setdefault(place, len(numbers) + 1)}]" for place in places if place is not None)

    if answer.terms or answer.as_of or answer.definitions:
        out.print()
    for one in answer.terms:
        words = term_words(one, sources)
        out.print(Text.assemble(words, " ", (marks(one.original, one.amendment, one.text), "cyan")))
    if line := as_of_words(answer):
        out.print(Text(line, style="dim"))
    for defined in answer.definitions:
        where = f" (defined in {defined.elsewhere})" if defined.elsewhere else ""
        out.print(
            Text.assemble(("Defined term: ", "dim"), f"{defined.term}{where} ", (marks(defined.citation), "cyan"))
        )
    if answer.definitions_left_out:
        out.print(Text(f"{answer.definitions_left_out} more defined terms are used.", style="dim"))


def not_sent_line(missing: NotSent) -> str:
    """The pages of a document that the model did not see, as ranges."""
    said = [f"not sent: page {ranges(missing.pages)}"] if missing.pages else []
    said += [f"sent in part: page {ranges(missing.partly)}"] if missing.partly else []
    return f"{missing.source}: {'; '.join(said)}"


def ranges(numbers: Sequence[int]) -> str:
    """ "1-3, 7": runs of numbers, for a reader."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    return ", ".join("-".join(str(end) for end in run) for run in runs)


def coverage_line(coverage: Coverage, answer: Answer) -> str:
    """What stands behind the answer, in a line."""
    parts = [f"{_many(coverage.documents_searched, 'document')} searched, {_many(coverage.pages_searched, 'page')}"]
    if coverage.documents_excluded:
        parts.append(f"{coverage.documents_excluded} not in scope")
    if coverage.documents_quarantined:
        parts.append(f"{_many(coverage.documents_quarantined, 'file')} in quarantine")
    if coverage.pages_unreadable:
        parts.append(f"{_many(coverage.pages_unreadable, 'page')} unreadable")
    if coverage.hits_unread:
        parts.append(f"the last {_many(coverage.hits_unread, 'hit')} did not fit into the Llama's window")
    usage = answer.usage
    if usage.cost_usd:
        tokens = usage.input_tokens + usage.cache_read_tokens
        cached = f", {usage.cache_read_tokens:,} of them from the cache" if usage.cache_read_tokens else ""
        parts.append(f"{tokens:,} tokens read{cached}, USD {usage.cost_usd:.4f}")
    return f"{' · '.join(parts)} · {answer.mode.value} ({answer.model}) · {usage.seconds:.1f} s"


def print_found(found: Found) -> None:
    if not found.hits:
        out.print("Nothing found.", style="bold")
    for rank, hit in enumerate(found.hits, start=1):
        source = found.sources.get(hit.chunk.document_id, "")
        pages = ", ".join(str(page) for page in hit.chunk.pages)
        out.print(Text.assemble((f"{rank:2}. ", "cyan"), (f"{source}, page {pages}", "bold"), f"  {hit.score:.4f}"))
        if hit.chunk.id in found.explained:
            out.print(Padding(Text(_why(found, hit), style="dim"), (0, 0, 0, 4)))
        if hit.chunk.section:
            out.print(Padding(Text(hit.chunk.section, style="dim"), (0, 0, 0, 4)))
        if hit.chunk.context:
            out.print(Padding(Text(hit.chunk.context, style="dim"), (0, 0, 0, 4)))
        out.print(Padding(Text(_short(hit.chunk.text)), (0, 0, 0, 4)))
        if hit.because:
            out.print(Padding(Text(f"here because: {hit.because}", style="dim"), (0, 0, 0, 4)))
        if hit.duplicates:
            places = _many(len(hit.duplicates), "other place")
            out.print(Padding(Text(f"the same words stand in {places}", style="dim"), (0, 0, 0, 4)))
    searched = _many(len(found.scope.documents), "document")
    out.print(Text(f"{searched} searched ({'; '.join(found.scope.because)}) · {found.seconds:.2f} s", style="dim"))


def _why(found: Found, hit: Hit) -> str:
    """What brought a hit to its place."""
    why = found.explained[hit.chunk.id]
    weight = found.scope.weights.get(hit.chunk.document_id, 1.0)
    stages = [
        ("by meaning", why.dense_rank),
        ("by words", why.sparse_rank),
        (f"fused, where its document weighs {weight:g},", why.fused_rank),
        ("after the second look", why.looked_rank),
    ]
    if why.reranked_rank:
        stages.append(("reranked", why.reranked_rank))
    return ", ".join(f"{stage} {f'{rank}.' if rank else 'not found'}" for stage, rank in stages)


def print_readers(records: Sequence[Record], reader: Reader) -> None:
    for record in records:
        out.print(Text.assemble((f"{record.collection}/{record.source}: ", "bold"), str(record.readers)))
    if not all(reader.may_read(record.readers) for record in records):
        out.print(Text(f"For you ({reader.name}) it does not exist any more.", style="dim"))


def print_documents(records: Sequence[Record], quarantined: Sequence[Quarantined]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("id", "collection", "source", "clearance", "readers"):
        table.add_column(column, overflow="fold")
    for column in ("pages", "unreadable", "chunks"):
        table.add_column(column, justify="right")
    for record in records:
        unreadable = record.fates[Fate.UNREADABLE]
        table.add_row(
            record.document_id[:12],
            escape(record.collection),
            escape(record.source),
            record.clearance.value,
            escape(str(record.readers)),
            str(record.pages),
            f"[red]{unreadable}[/red]" if unreadable else "0",
            str(record.chunks),
        )
    if records:
        out.print(table)
    for one in quarantined:
        out.print(Text.assemble(("quarantined ", "red"), f"{one.collection}/{one.source}", ("  " + one.reason, "dim")))
    if not records and not quarantined:
        out.print("No documents yet: dossier ingest PATH --collection NAME.")


def print_facts(known: Known, source: str) -> None:
    """Each fact with where it was read and how sure it is."""
    out.print(Text(source, style="bold"))
    out.print(Text(f"id {known.document_id}", style="dim"))
    if not known.facts:
        out.print("Nothing is known about it: dossier facts ID --set company=… --add period=…")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("fact", "value", "from", "sure"):
        table.add_column(column, overflow="fold")
    for one in known.facts:
        table.add_row(one.kind.value, escape(one.value), one.origin.value, f"{one.sure:.2f}")
    out.print(table)


def print_document(document: Document, known: Known, *, page: int | None, with_text: bool, with_hidden: bool) -> None:
    out.print(Text(document.title, style="bold"))
    out.print(Text(f"{document.source} · {document.collection} · {document.clearance.value} · {document.parser}"))
    out.print(Text(f"id {document.id}", style="dim"))
    for kind in FactKind:
        values = [one.value for one in known.facts if one.kind is kind and one.sure >= SURE]
        if values:
            out.print(Text.assemble((f"{kind.value} ", "dim"), " · ".join(values)))
    fates = ", ".join(f"{count} {fate.value}" for fate, count in document.fates().items() if count)
    out.print(f"{_many(len(document.pages), 'page')}: {fates}")
    for warning in document.warnings:
        out.print(Text(warning, style="yellow"))
    if document.hidden:
        kinds = Counter(unseen.kind.value for unseen in document.hidden)
        out.print(f"not shown to a reader: {', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))}")
    if with_hidden:
        for unseen in document.hidden:
            if page in (None, unseen.page):
                where = f"page {unseen.page} " if unseen.page else ""
                out.print(Text.assemble((f"{where}{unseen.kind.value} ", "dim"), unseen.text))
    for one in document.pages:
        if page in (None, one.number) and (page is not None or one.note or with_text):
            out.print(
                Text(
                    f"— page {one.number} ({one.label}), {one.fate.value}{f': {one.note}' if one.note else ''} —", "dim"
                )
            )
            if with_text:
                out.print(Text(one.span.of(document.text)))


def print_costs(costs: Costs) -> None:
    """A line for each mode, user or collection, then the comparison with machines of one's own."""
    if not costs.lines:
        out.print(f"No question was asked in {costs.month}.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(costs.by.value, overflow="fold")
    for column in ("questions", "read", "from cache", "written", "seconds", "USD"):
        table.add_column(column, justify="right")
    for line in (*costs.lines, costs.total):
        usage = line.usage
        table.add_row(
            escape(line.name),
            f"{line.questions:,}",
            f"{usage.input_tokens:,}",
            f"{usage.cache_read_tokens:,}",
            f"{usage.output_tokens:,}",
            f"{usage.seconds:,.0f}",
            f"{usage.cost_usd:,.2f}",
            style="bold" if line is costs.total else "",
        )
    out.print(Text(costs.month, style="bold"))
    out.print(table)
    if costs.total.unsettled:
        out.print(
            f"{costs.total.unsettled} never came to an end: counted with the most they can have cost.", style="red"
        )
    if costs.comparison is None:
        out.print("Claude answered nothing, so there is nothing to hold against a machine of your own.")
        return
    out.print()
    out.print(comparison_words(costs.comparison))
    for row in chart.on_terminal(costs.comparison):
        out.print(Text(row, no_wrap=True))
    out.print(Text(f"● Claude  ─ machines  │ {costs.month}   prices of {costs.prices_dated}", style="dim"))


def comparison_words(comparison: OwnMachines) -> str:
    """The comparison in two sentences."""
    machines = f"{comparison.machines} of them" if comparison.machines > 1 else "it"
    first = (
        f"Claude: {_many(comparison.questions, 'question')}, USD {comparison.claude:,.2f}. Your own: "
        f"{comparison.machine}, USD {comparison.machine_month:,.2f} a month; these questions would keep {machines} "
        f"busy for {comparison.busy / comparison.machines:.2%} of the hours in which people ask."
    )
    if comparison.break_even is None:
        return f"{first} Even fully busy it would cost more than Claude for what it answers."
    return f"{first} It would be cheaper from {comparison.break_even:,.0f} questions a month."


def print_health(health: Health) -> None:
    settings = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("setting", "value", "from", "meaning"):
        settings.add_column(column, overflow="fold")
    for row in health.settings:
        settings.add_row(*(escape(row[key]) for key in ("name", "value", "origin", "meaning")))
    out.print(settings)
    out.print(Text(" · ".join(f"{name} {version}" for name, version in health.versions.items()), style="dim"))
    for check in health.checks:
        state = ("wrong  ", "red") if check.exit_code else ("well   ", "green")
        out.print(Text.assemble(state, check.name, ": ", check.finding))


def print_fits(fits: Sequence[Fit]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("model", "weights", "GB", "KiB per token", "reads at once", "questions at a time"):
        table.add_column(column, justify="left" if column in ("model", "weights") else "right")
    for fit in fits:
        window = f"{fit.window:,}" if fit.window else "does not fit"
        sizes = (f"{fit.weight_bytes / 1e9:.1f}", f"{fit.kv_bytes / 1024:.0f}")
        table.add_row(fit.model, fit.kind, *sizes, window, f"{fit.questions:,}" if fit.window else "")
    out.print(table)


def print_evaluation(result: Result) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("metric")
    for column in ("value", "low", "high"):
        table.add_column(column, justify="right")
    for name, (value, low, high) in result.rows():
        table.add_row(name, f"{value:.3f}", f"{low:.3f}", f"{high:.3f}")
    out.print(table)
    out.print(Text(result.summary(), style="dim"))
    for mode in result.modes():
        told = ", ".join(f"{name} {one.value:.2f}" for name, one in result.abstention(mode).items())
        out.print(Text(f"Not in the documents, {mode}: {told}.", style="dim"))
    if latency := result.latency():
        out.print(Text(f"A search took {latency['p50']:.2f} s (p50), {latency['p95']:.2f} s (p95).", style="dim"))
    for failure in result.failures:
        out.print(Text(str(failure), style="red"))


def print_gate(gate: Gate) -> None:
    """The verdict, then each metric with what decides it. As Markdown where no terminal is there to draw a table."""
    if not out.is_terminal:
        out.file.write(gate.markdown())
        return
    colour = {"pass": "green", "regression": "red", "inconclusive": "yellow"}
    out.print(Text(gate.verdict.value.upper(), style=f"bold {colour[gate.verdict.value]}"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("metric")
    for column in ("baseline", "now", "difference", "low", "high", "can show"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for one in gate.metrics:
        value, low, high = one.difference
        figures = f"{one.before:.3f}", f"{one.now:.3f}", f"{value:+.3f}", f"{low:+.3f}", f"{high:+.3f}"
        verdict = Text(f"{one.verdict.value}: {one.because}", style=colour[one.verdict.value])
        table.add_row(one.metric, *figures, f"{one.smallest:.3f}", verdict)
    out.print(table)
    for name, ids in (("won", gate.won), ("lost", gate.lost), ("could not be asked", gate.failures)):
        if ids:
            out.print(Text(f"{name}: {', '.join(ids)}", style="dim"))
    for note in gate.notes:
        out.print(Text(note, style="yellow"))


def print_eval_runs(runs: Sequence[EvalRun]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in ("run", "of", "collection", "commit", "settings"):
        table.add_column(column)
    for column in ("questions", "hit@5", "MRR"):
        table.add_column(column, justify="right")
    for run in runs:
        figures = run.result.get("metrics", {})
        values = [f"{figures[name]['value']:.3f}" if name in figures else "" for name in ("hit@5", "mrr")]
        table.add_row(
            run.id,
            run.kind,
            escape(run.collection),
            run.commit or "",
            run.made_with.get("settings", ""),
            str(run.result.get("measured", run.result.get("items", ""))),
            *values,
        )
    if runs:
        out.print(table)
    else:
        out.print("Nothing has been measured here yet: dossier eval retrieval QUERIES --collection NAME.")


def print_faithfulness(measured: Faithfulness) -> None:
    if measured.tasks:
        table = Table(box=None, pad_edge=False, header_style="dim")
        for column in ("task", "items", "unsupported", "AUROC", "balanced accuracy", "F1"):
            table.add_column(column, justify="left" if column == "task" else "right")
        for name, task in measured.tasks.items():
            table.add_row(escape(name), str(task.items), str(task.unsupported), *measured.figures(task))
        out.print(table)
    out.print(Text(measured.summary(), style="dim"))
    for failure in measured.failures:
        out.print(Text(str(failure), style="red"))


def print_comparison(comparison: Comparison) -> None:
    for warning in comparison.warnings:
        out.print(Text(warning, style="yellow"))
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(f"against {comparison.baseline}")
    for column in ("before", "difference", "low", "high", "can show"):
        table.add_column(column, justify="right")
    table.add_column("verdict")
    for metric, (value, low, high) in comparison.differences.items():
        before, least = f"{comparison.before[metric]:.3f}", f"{comparison.smallest[metric]:.3f}"
        verdict = comparison.verdict(metric)
        table.add_row(metric, before, f"{value:+.3f}", f"{low:+.3f}", f"{high:+.3f}", least, verdict)
    out.print(table)
    for change in comparison.changes:
        out.print(Text(f"{change.what}: {change.before or '–'} → {change.after or '–'}", style="dim"))
    for name, ids in (("won", comparison.won), ("lost", comparison.lost)):
        out.print(Text(f"{len(ids)} {name}{': ' if ids else ''}{', '.join(ids)}", style="dim"))
    for metric, (gained, gone) in comparison.flipped.items():
        for word, ids in (("now found", gained), ("no longer found", gone)):
            if ids:
                out.print(Text(f"{metric}, {word}: {', '.join(ids)}", style="dim"))


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= QUOTE else f"{text[:QUOTE].rsplit(' ', 1)[0]} …"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
