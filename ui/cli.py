"""The command line: `dossier …`. Every command takes --json; without it, it prints for a person.

Heavy imports stay inside the commands, so that `dossier --help` answers at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import click

from core.egress import quiet
from core.errors import DossierError, OverBudget, UsageError
from core.rows import writing

if TYPE_CHECKING:
    from app.ingestion import Brake
    from app.long_document import Estimate
    from app.service import App
    from core.facts import FactKind
    from core.privacy import Mode
    from core.settings import Settings
    from eval.page import Page
    from eval.report import Result
    from eval.runs import EvalRun
    from eval.shipped import Judged

VERSION = "0.1.0"
Command = TypeVar("Command", bound=Callable[..., Any])

STOPPED = 75
"""The exit code of a run that was asked to stop: EX_TEMPFAIL of sysexits.h, as for a run that found the lock held."""

COLLECTION = click.option("--collection", "-c", metavar="NAME", help="The collection: a matter, a deal.")
NARROWING = click.option(
    "--scope",
    "narrowing",
    type=click.Choice(["auto", "all"]),
    default="auto",
    show_default=True,
    help="Search the documents that the question means, or all of them.",
)
REPORTS = click.option(
    "--report",
    "reports",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write a report there, as the ending says: .html, .json, .md; may be repeated.",
)
PAGES = click.option(
    "--pages",
    "with_pages",
    is_flag=True,
    help="In an .html report, draw the pages of what was missed, with the questions. Such a file is confidential.",
)
JUDGE = click.option(
    "--judge",
    type=click.Choice(["auto", "llama", "words", "none"]),
    default="auto",
    show_default=True,
    help="Who judges prose: the configured Llama, or the words that it shares with what was expected.",
)
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")


class _Dossier(click.Group):
    """Turns our errors into one sentence and the documented exit code, as JSON where JSON was asked for."""

    def main(self, *arguments: Any, **options: Any) -> Any:
        as_json = "--json" in sys.argv[1:]
        try:
            code = super().main(*arguments, **{**options, "standalone_mode": False})
            sys.exit(code if isinstance(code, int) else 0)
        except DossierError as error:
            _fail(str(error), error.exit_code, as_json=as_json, facts=error.facts)
        except click.exceptions.Abort:
            _fail("Stopped.", 130, as_json=as_json)
        except KeyboardInterrupt:
            _fail("Stopped.", 130, as_json=as_json)
        except click.ClickException as error:
            if as_json:
                _fail(error.format_message(), error.exit_code, as_json=True)
            error.show()
            sys.exit(error.exit_code)
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)


def _fail(sentence: str, code: int, *, as_json: bool, facts: Mapping[str, object] = MappingProxyType({})) -> None:
    if as_json:
        click.echo(json.dumps({"error": sentence, "exit_code": code, **facts}, ensure_ascii=False))
    click.echo(sentence, err=True)
    sys.exit(code)


@click.group(cls=_Dossier, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(VERSION, prog_name="dossier")
def main() -> None:
    """Answers from your own documents, every sentence with the exact words and page it rests on.

    \b
    Start:   dossier ingest contracts/ --collection acme
             dossier ask "When are fees due?" --collection acme
             dossier ui

    \b
    Exit codes: 0 done · 1 done, but something was quarantined, unreadable or altered · 2 your mistake
                3 a service is down · 4 refused by policy · 75 busy or stopped, try later
    """


# ── the main job ──────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path), metavar="PATH…")
@click.option("--collection", "-c", required=True, metavar="NAME", help="The collection to read into.")
@click.option(
    "--clearance",
    type=click.Choice(["restricted", "cloud"]),
    help="May the words leave these walls? New documents are restricted unless you say cloud.",
)
@click.option(
    "--readers",
    multiple=True,
    metavar="NAME,…",
    help="Who may read these documents: names and group:NAME, or everybody. Without: everybody for new documents, and "
    "for a changed file whoever could read it before.",
)
@click.option(
    "--ocr",
    type=click.Choice(["auto", "always", "never"]),
    default="auto",
    show_default=True,
    help="Read pictures of text: where a page has no text of its own, on every page, or never.",
)
@click.option("--sync", is_flag=True, help="Also remove the documents that are gone from the folders.")
@click.option(
    "--max-removals",
    metavar="SHARE|N",
    help="With --sync: refuse to remove more than this share (30%) or number of documents. "
    "[default: more than 20% and more than 5 documents]",
)
@click.option("--retry", is_flag=True, help="Read again what is in quarantine; PATH… limits it to files there.")
@click.option("--verify", is_flag=True, help="Read nothing: compare disk, catalogue and index, and say what differs.")
@click.option("--repair", is_flag=True, help="With --verify: also mend what can be mended.")
@click.option(
    "--metrics",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write figures of the run there, for the textfile collector of Prometheus' node exporter.",
)
@AS_JSON
def ingest(
    paths: tuple[Path, ...],
    collection: str,
    clearance: str | None,
    readers: tuple[str, ...],
    ocr: str,
    sync: bool,
    max_removals: str | None,
    retry: bool,
    verify: bool,
    repair: bool,
    metrics: Path | None,
    as_json: bool,
) -> int:
    """Read files and folders into a collection.

    Folders are read recursively. Bytes that are already there are skipped. A file that cannot be read is quarantined
    with the reason, and the run goes on; the exit code is then 1. In quarantine it is not read again while its bytes
    stay as they are, except with --retry.

    With --sync, what is gone from the folders is removed from the collection. An empty folder, or more removals than
    --max-removals lets pass, ends the run before anything is removed, with exit code 2.

    SIGTERM or Ctrl-C lets the document at hand be finished; the exit code is then 75: run again for the rest.
    """
    from app.metrics import measured
    from core.privacy import Clearance
    from core.readers import readers_named
    from ui.parts.stopping import until_asked_to_stop
    from ui.parts.terminal import ingest_progress, print_ingested

    if sync + retry + verify > 1:
        raise UsageError("Give only one of --sync, --retry and --verify.")
    if max_removals is not None and not sync:
        raise UsageError("--max-removals is for --sync: nothing else removes documents.")
    if repair and not verify:
        raise UsageError("--repair is for --verify.")
    if verify:
        if paths:
            raise UsageError("--verify compares a whole collection: name no files or folders.")
        return _verify(collection, repair=repair, as_json=as_json)
    if not paths and not retry:
        raise UsageError("Name at least one file or folder to read.")
    with (
        measured(metrics, collection) as measure,
        _open_app() as app,
        ingest_progress(silent=as_json) as on_progress,
        until_asked_to_stop() as stopping,
    ):
        common: dict[str, Any] = {
            "collection": collection,
            "by": _user(),
            "clearance": Clearance(clearance) if clearance else None,
            "readers": readers_named(readers) if readers else None,
            "ocr": ocr,
            "on_progress": on_progress,
            "stopping": stopping,
        }
        if retry:
            report = app.retry(paths, **common)
        else:
            report = app.ingest(paths, sync=_brake(max_removals) if sync else None, **common)
        code = STOPPED if report.left else 0 if report.complete else 1
        measure(report, code)
    if as_json:
        _print_json(report.to_json())
    else:
        print_ingested(report)
    if report.left:
        click.echo(f"Stopped before the end: {report.left} files are left. Run it again.", err=True)
    return code


def _verify(collection: str, *, repair: bool, as_json: bool) -> int:
    from ui.parts.terminal import print_verified, waiting

    with _open_app() as app, waiting("Comparing", silent=as_json):
        verified = app.verify(collection, by=_user(), repair=repair)
    if as_json:
        _print_json(verified.to_json())
    else:
        print_verified(verified)
    return 0 if verified.well else 1


def _brake(max_removals: str | None) -> Brake:
    """What --max-removals means: "30%" is a share, "12" a number of documents."""
    from app.ingestion import Brake

    if max_removals is None:
        return Brake()
    if re.fullmatch(r"\d{1,9}", max_removals):
        return Brake(share=0.0, documents=int(max_removals))
    if re.fullmatch(r"\d{1,3}(\.\d+)?%", max_removals) and float(max_removals[:-1]) <= 100:
        return Brake(share=float(max_removals[:-1]) / 100, documents=0)
    raise UsageError(f"--max-removals {max_removals} is neither a share such as 30% nor a number of documents.")


@main.command()
@COLLECTION
@click.option(
    "--limit", "-k", default=20, show_default=True, type=click.IntRange(min=1), help="How many, newest first."
)
@AS_JSON
def runs(collection: str | None, limit: int, as_json: bool) -> int:
    """List the runs of ingest: what each did, how long it took, and how it ended."""
    from ui.parts.terminal import print_runs

    with _open_app() as app:
        listed = app.runs(collection)[:limit]
    if as_json:
        _print_json({"runs": [run.to_json() for run in listed]})
    else:
        print_runs(listed)
    return 0


@main.command()
@click.argument("question")
@COLLECTION
@click.option("--document", "-d", "documents", multiple=True, metavar="ID", help="Only this document; may be repeated.")
@click.option(
    "--mode",
    type=click.Choice(["auto", "extractive", "gdpr", "long-document", "hybrid"]),
    default="auto",
    show_default=True,
    help="How the answer is made.",
)
@click.option(
    "--whole",
    is_flag=True,
    help="In long-document mode: read every page, in parts if they do not fit, after asking about the cost.",
)
@click.option("--yes", is_flag=True, help="With --whole: agree to the cost without being asked.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The terms in force on this day (2024-10-01). Without it all amendments of the collection apply.",
)
@NARROWING
@AS_JSON
def ask(
    question: str,
    collection: str | None,
    documents: tuple[str, ...],
    mode: str,
    whole: bool,
    yes: bool,
    as_of: datetime | None,
    narrowing: str,
    as_json: bool,
) -> int:
    """Answer a question from the documents, with citations.

    What rests on a clause that an amendment changes comes with both texts, and says which is in force.

    auto picks from what clearance allows. In hybrid mode Claude sees the question and the titles of cleared documents,
    and your Llama reads.

    Exit code 1 means that a claim differs from its quote in a number, a negation, a date or a party.
    """
    from app.long_document import Whole
    from app.reports import answer_json
    from core.answers import Narrowing, Support
    from core.privacy import Mode
    from ui.parts.terminal import drafting, print_answer

    if whole and mode != "long-document":
        raise UsageError("--whole is for --mode long-document.")
    if yes and not whole:
        raise UsageError("--yes is for --whole.")
    with _open_app() as app:
        with drafting("Reading", silent=as_json) as draft:

            def agree(estimate: Estimate) -> bool:
                if yes or as_json or not sys.stdin.isatty():
                    return yes
                with draft.aside():
                    return click.confirm(f"{estimate} Go on?", err=True)

            answer = app.ask(
                question,
                collection=collection,
                documents=documents,
                narrowing=Narrowing(narrowing),
                mode=Mode(mode),
                by=_user(),
                on_text=draft.words,
                whole=Whole(agree, draft.part) if whole else None,
                as_of=as_of.date() if as_of else None,
            )
        sources = app.sources(answer)
    if as_json:
        _print_json(answer_json(answer, sources))
    else:
        print_answer(answer, sources)
    return 1 if any(claim.support is Support.ALTERED for claim in answer.claims) else 0


@main.command()
@click.argument("question", required=False)
@COLLECTION
@click.option("--document", "-d", "documents", multiple=True, metavar="ID", help="Only this document; may be repeated.")
@click.option("--limit", "-k", default=10, show_default=True, type=click.IntRange(1, 1000), help="How many hits.")
@click.option(
    "--around",
    type=click.Choice(["neighbours", "table", "section", "page"]),
    help="Also what stands around each hit: the blocks beside it, or the whole table, section or page.",
)
@click.option(
    "--queries",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Many questions: JSON lines {id, query, collection?, document_id?}.",
)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Where the hits of --queries go.")
@NARROWING
@click.option(
    "--explain", is_flag=True, help="For each hit, where it stood after every stage, and what its document weighs."
)
@AS_JSON
def search(
    question: str | None,
    collection: str | None,
    documents: tuple[str, ...],
    limit: int,
    around: str | None,
    queries: Path | None,
    output: Path | None,
    narrowing: str,
    explain: bool,
    as_json: bool,
) -> int:
    """Show the places that fit a question best, without any model that writes."""
    from core.answers import Narrowing
    from ui.parts.terminal import print_found

    if (question is None) == (queries is None) or (queries is None) != (output is None):
        raise UsageError("Give either a QUESTION, or --queries FILE together with --output FILE.")
    with _open_app() as app:
        if queries is not None and output is not None:
            from app.batch import search_many

            done = search_many(
                app,
                queries,
                output,
                collection=collection,
                narrowing=Narrowing(narrowing),
                limit=limit,
                explain=explain,
                by=_user(),
            )
            if as_json:
                _print_json(done)
            else:
                click.echo(f"{done['queries']} questions answered in {done['seconds']:.1f} s, {done['failed']} failed.")
            return 1 if done["failed"] else 0
        found = app.search(
            question or "",
            collection=collection,
            documents=documents,
            narrowing=Narrowing(narrowing),
            limit=limit,
            around=around,
            explain=explain,
            by=_user(),
        )
    if as_json:
        _print_json(found.to_json())
    else:
        print_found(found)
    return 0


# ── the catalogue ─────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@COLLECTION
@AS_JSON
def documents(collection: str | None, as_json: bool) -> int:
    """List the documents, and the files that could not be read."""
    from app.reports import record_json
    from ui.parts.terminal import print_documents

    with _open_app() as app:
        records, quarantined = app.documents(collection), app.quarantined(collection)
        known = app.all_facts(collection) if as_json else ()
    if as_json:
        _print_json(
            {
                "documents": [record_json(record, one.facts) for record, one in zip(records, known, strict=True)],
                "quarantined": [
                    {"collection": one.collection, "source": one.source, "reason": one.reason, "at": one.at}
                    for one in quarantined
                ],
            }
        )
    else:
        print_documents(records, quarantined)
    return 0


@main.command()
@click.argument("document_id")
@click.option("--page", type=click.IntRange(min=1), metavar="N", help="Only this page, counted from 1.")
@click.option("--text", "with_text", is_flag=True, help="The canonical text as well.")
@click.option("--hidden", "with_hidden", is_flag=True, help="What the file says and does not show: comments and more.")
@AS_JSON
def show(document_id: str, page: int | None, with_text: bool, with_hidden: bool, as_json: bool) -> int:
    """Show one document: the fate of each page, its text with --text, and what no reader sees with --hidden."""
    from app.reports import document_json, facts_json
    from core.errors import NotFound
    from ui.parts.terminal import print_document

    with _open_app() as app:
        document, known = app.document(document_id), app.facts(document_id)
    if page is not None and page > len(document.pages):
        raise NotFound(f"{document.source} has {len(document.pages)} pages; there is no page {page}.")
    if as_json:
        shown = {**document_json(document, with_text=with_text), "facts": facts_json(known)["facts"]}
        if page is not None:
            shown["pages"] = [one for one in shown["pages"] if one["number"] == page]
            shown["hidden"] = [one for one in shown["hidden"] if one["page"] == page]
        _print_json(shown)
    else:
        print_document(document, known, page=page, with_text=with_text, with_hidden=with_hidden)
    return 0


@main.command()
@click.argument("document_id")
@click.option("--set", "replaced", multiple=True, metavar="KIND=VALUE", help="What is so, instead of what was read.")
@click.option("--add", "added", multiple=True, metavar="KIND=VALUE", help="What is so as well.")
@click.option(
    "--forget", "forgotten", multiple=True, metavar="KIND", help="Take back what was said: what was read counts."
)
@AS_JSON
def facts(
    document_id: str, replaced: tuple[str, ...], added: tuple[str, ...], forgotten: tuple[str, ...], as_json: bool
) -> int:
    """Show whose a document is, of when and of what kind, or say it.

    KIND is party (or company), alias, period (FY2022, 2023Q1, 2022-05-20), kind or law. What you say counts more than
    what was read, and stays when the document is read again.
    """
    from app.reports import facts_json
    from core.facts import fact_kind
    from ui.parts.terminal import print_facts

    replace, add = _said(replaced), _said(added)
    forget = [fact_kind(name) for name in forgotten]
    with _open_app() as app:
        if replace or add or forget:
            known = app.change_facts(document_id, replace_with=replace, add=add, forget=forget, by=_user())
        else:
            known = app.facts(document_id)
        source = app.document(document_id).source
    if as_json:
        _print_json({"source": source, **facts_json(known)})
    else:
        print_facts(known, source)
    return 0


@main.command()
@click.argument("document_id")
@click.option("--set", "named", multiple=True, metavar="NAME,…", help="Names and group:NAME, or everybody.")
@AS_JSON
def readers(document_id: str, named: tuple[str, ...], as_json: bool) -> int:
    """Show who may read a document, or say it: it counts at once, in every collection, and nothing is read again.

    For everybody else the document does not exist. Who acts is DOSSIER_USER, else the system's user; who is in a group
    stands in the file that DOSSIER_GROUPS names.
    """
    from app.reports import readers_json
    from core.readers import readers_named
    from ui.parts.terminal import print_readers

    with _open_app() as app:
        said = readers_named(named) if named else None
        records = app.change_readers(document_id, said, by=_user()) if said else app.rows(document_id)
        reader = app.reader
    if as_json:
        _print_json(readers_json(records))
    else:
        print_readers(records, reader)
    return 0


@main.command()
@click.argument("document_ids", nargs=-1, required=True, metavar="DOCUMENT_ID…")
@click.option("--yes", is_flag=True, help="Do not ask.")
@AS_JSON
def erase(document_ids: tuple[str, ...], yes: bool, as_json: bool) -> int:
    """Remove documents for good: points, text, original and catalogue row, and look again that nothing is left."""
    with _open_app() as app:
        if not yes:
            if as_json or not sys.stdin.isatty():
                raise UsageError("Erasing cannot be undone: say --yes.")
            names = ", ".join(app.document(document_id).source for document_id in document_ids)
            click.confirm(f"Erase {names} for good?", abort=True)
        erased = app.erase(document_ids, by=_user())
    if as_json:
        _print_json({"erased": [one.to_json() for one in erased]})
    else:
        for one in erased:
            click.echo(
                f"{one.document_id[:12]}: {one.chunks} chunks removed from {', '.join(one.collections)}; "
                f"looked again: {one.chunks_left} chunks and {one.files_left} files left. Audit {one.audit_hash[:12]}."
            )
    return 1 if any(one.chunks_left or one.files_left for one in erased) else 0


@main.command()
@click.option("--month", metavar="YYYY-MM", help="The month. [default: last month, or this one if that has nothing]")
@click.option(
    "--by",
    type=click.Choice(["mode", "user", "collection"]),
    default="mode",
    show_default=True,
    help="One line for each.",
)
@click.option("--plot", type=click.Path(path_type=Path, dir_okay=False), help="Draw the comparison there, as SVG.")
@AS_JSON
def costs(month: str | None, by: str, plot: Path | None, as_json: bool) -> int:
    """What a month of questions cost, and from how many questions on a machine of your own would be cheaper.

    Prices are those of core/prices.toml, or of the file that DOSSIER_PRICES names.
    """
    from app.costs import By
    from core.rows import writing
    from ui.parts.chart import as_svg
    from ui.parts.terminal import print_costs

    with _open_app() as app:
        report = app.costs(month=month, by=By(by))
    if plot is not None:
        if report.comparison is None:
            raise UsageError(f"Claude answered no question in {report.month}: there is nothing to draw.")
        with writing(plot) as out:
            out.write(as_svg(report.comparison))
    if as_json:
        _print_json(report.to_json())
    else:
        print_costs(report)
    return 0


# ── proof ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.group()
def audit() -> None:
    """The audit log: who did what, hash-chained, never with text."""


@audit.command("verify")
@AS_JSON
def audit_verify(as_json: bool) -> int:
    """Check that no line was changed, removed or inserted."""
    from core.audit import AuditLog

    lines = AuditLog(_settings().home / "audit.jsonl").verify()
    if as_json:
        _print_json({"lines": lines, "intact": True})
    else:
        click.echo(f"The audit log is intact: {lines} lines.")
    return 0


@audit.command("export")
@AS_JSON
def audit_export(as_json: bool) -> int:
    """Print the audit log: JSON lines, or one JSON object with --json."""
    from core.audit import AuditLog

    lines = AuditLog(_settings().home / "audit.jsonl").lines()
    if as_json:
        _print_json({"lines": list(lines)})
    else:
        for line in lines:
            click.echo(json.dumps(line, ensure_ascii=False))
    return 0


@main.group("eval")
def evaluate() -> None:
    """Measurements on judged sets."""


@evaluate.command("retrieval")
@click.argument("queries", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--collection", "-c", required=True, metavar="NAME", help="The collection to search.")
@click.option("--within-document", is_flag=True, help="Search only the document that the question was asked of.")
@NARROWING
@click.option("--limit", "-k", default=20, show_default=True, type=click.IntRange(1, 1000), help="Hits per question.")
@click.option(
    "--reranker",
    metavar="FOLDER|off",
    help="Measure with this reranker, and hold it against none, question by question; off: measure without.",
)
@click.option(
    "--modes",
    default="extractive",
    show_default=True,
    metavar="MODE,…|configured",
    help="Where some questions have no answer: the modes that must be silent on them. A model is asked every question.",
)
@REPORTS
@PAGES
@AS_JSON
def eval_retrieval(
    queries: Path,
    collection: str,
    within_document: bool,
    narrowing: str,
    limit: int,
    reranker: str | None,
    modes: str,
    reports: tuple[Path, ...],
    with_pages: bool,
    as_json: bool,
) -> int:
    """How well search finds what was judged: hits, recall, precision and more, each with its 95 % interval.

    Also by question type, language, table and scan, and how well "not in the documents" is told where the set has
    questions without an answer. The run is kept: see `dossier eval runs` and `dossier eval compare`.
    """
    from core.answers import Narrowing
    from eval.compare import compared
    from eval.dataset import read_queries
    from eval.report import markdown
    from eval.retrieval import evaluate_search
    from eval.runs import keep
    from eval.shipped import judged
    from ui.parts.terminal import print_comparison, print_evaluation, waiting

    _endings(reports)
    if with_pages and not any(path.suffix == ".html" for path in reports):
        raise UsageError("--pages is for a report: --report FILE.html.")
    read = read_queries(queries)
    kept: list[EvalRun] = []

    def measured(**overrides: Any) -> Result:
        with _open_app(**overrides) as app, waiting("Measuring", silent=as_json):
            digest = judged(app, collection, read).digest()
            result = evaluate_search(
                app,
                read,
                collection=collection,
                within_document=within_document,
                narrowing=Narrowing(narrowing),
                limit=limit,
                modes=_modes(modes, app),
                by=_user(),
            )
        kind = "retrieval" if narrowing == "auto" else f"retrieval, scope {narrowing}"
        kept.append(keep(app.settings, result.to_json(), kind=kind, collection=collection, judged=digest))
        return result

    without = {"reranker": {"model": None}}
    comparison = None
    if reranker is None:
        result = measured()
    elif reranker == "off":
        result = measured(**without)
    else:
        result = measured(reranker={"model": reranker})
        comparison = compared(result.scored, measured(**without).scored, baseline="no reranker")
    value = {**result.to_json(), **({"baseline": comparison.to_json()} if comparison else {})}
    _write_reports(
        reports,
        value,
        markdown(result) + (f"\n{comparison.markdown()}" if comparison else ""),
        lambda: _page([kept[0]], {query.id: query.query for query in read} if with_pages else None),
    )
    if as_json:
        _print_json(value)
    else:
        print_evaluation(result)
        if comparison:
            print_comparison(comparison)
    return 1 if result.failures else 0


@evaluate.command("gate")
@click.argument("queries", required=False, type=click.Path(path_type=Path, dir_okay=False))
@COLLECTION
@click.option(
    "--baseline",
    type=click.Path(path_type=Path, dir_okay=False),
    help="What was agreed to be good. [default: eval/baseline.json of Dossier, for its own judged set]",
)
@click.option(
    "--tolerance",
    default=0.05,
    show_default=True,
    type=click.FloatRange(0.001, 0.5),
    help="The largest loss of a metric that may pass.",
)
@click.option("--update", is_flag=True, help="Make what is measured now the baseline; wants --reason.")
@click.option("--reason", default="", help="Why the baseline is to be this; it stays in the file.")
@REPORTS
@AS_JSON
def eval_gate(
    queries: Path | None,
    collection: str | None,
    baseline: Path | None,
    tolerance: float,
    update: bool,
    reason: str,
    reports: tuple[Path, ...],
    as_json: bool,
) -> int:
    """Is the search worse than what was agreed to be good? pass, regression or inconclusive.

    Without QUERIES it measures the judged set that comes with Dossier, in a temporary home. Each metric is compared
    question by question with the baseline, documents being resampled. Exit code 0 means pass; 1 a regression, or that
    the set cannot tell: what is inconclusive has not passed.
    """
    from eval.baseline import read_baseline, write_baseline
    from eval.gate import gate_judged, updated_by
    from eval.runs import keep
    from eval.shipped import BASELINE, measured
    from ui.parts.terminal import print_gate, waiting

    if (queries is None) != (collection is None):
        raise UsageError("Give QUERIES together with --collection, or neither for the set that comes with Dossier.")
    if queries is not None and baseline is None:
        raise UsageError("Name the --baseline that belongs to your QUERIES.")
    if update and not reason.strip():
        raise UsageError("A baseline is updated on purpose: say why with --reason.")
    _endings(reports)
    path = baseline or BASELINE
    before = read_baseline(path) if path.exists() or not update else None
    settings = _settings()
    with waiting("Measuring", silent=as_json), _judged_set(settings, queries, collection) as judged:
        result = measured(judged, by=_user())
        if update:
            write_baseline(updated_by(settings, judged, result, before, reason=reason), path)
            before = read_baseline(path)
        if before is None:
            raise UsageError(f"There is no baseline {path}.")
        about = {"kind": "gate", "collection": judged.collection, "judged": judged.digest()}
        try:
            verdict = gate_judged(judged, result, before, tolerance=tolerance)
        except UsageError:  # another judged set: what was measured is kept all the same
            keep(settings, result.to_json(), **about)
            raise
        run = keep(settings, {**result.to_json(), "gate": verdict.to_json()}, **about)
    value = {**verdict.to_json(), "updated": update, "measurement": result.to_json()}
    _write_reports(reports, value, verdict.markdown(), lambda: _page([run], None))
    if as_json:
        _print_json(value)
    else:
        print_gate(verdict)
    return verdict.exit_code


@evaluate.command("generate")
@click.option("--collection", "-c", required=True, metavar="NAME", help="The collection to ask about.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where they go.")
@click.option("--limit", "-k", default=100, show_default=True, type=click.IntRange(1, 10_000), help="How many at most.")
@click.option("--seed", default=1, show_default=True, type=int, help="Another seed, another choice.")
@click.option(
    "--with",
    "ways",
    multiple=True,
    type=click.Choice(["patterns", "llama"]),
    default=["patterns"],
    show_default=True,
    help="Who asks: patterns of the documents, or the configured Llama; say both for half and half.",
)
@AS_JSON
def eval_generate(collection: str, output: Path, limit: int, seed: int, ways: tuple[str, ...], as_json: bool) -> int:
    """Make questions from your own documents, with the words that answer them: a judged set to start from.

    Patterns find definitions, clauses under their headings, and cells of tables. A Llama reads passages inside your
    walls; its questions count only where the words that it points at carry its answer.

    Each row has a split, dev or test, by document; by, who made it; overlap and copied, how much of its wording stands
    in the evidence; and hard, where search does not find it. Such questions are easier than what people ask: review
    them (dossier eval review) before you rely on them.

    Exit code 1 means that the Llama did not answer on some passages.
    """
    from eval.generate import generate
    from eval.proposed import proposing
    from ui.parts.measuring import print_generated
    from ui.parts.terminal import counting

    with _open_app() as app, counting("Asking on passage", silent=as_json) as on_progress:
        propose = None
        if "llama" in ways:
            propose = proposing(app, collection=collection, seed=seed, by=_user(), on_progress=on_progress)
        made = generate(
            app, output, collection=collection, limit=limit, seed=seed, patterns="patterns" in ways, propose=propose
        )
    if as_json:
        _print_json({**made, "output": str(output)})
    else:
        print_generated(made, str(output))
    return 1 if made["failed"] else 0


@evaluate.command("review")
@click.argument("queries", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--terminal", is_flag=True, help="Review here instead of at the desk.")
@click.option("--counts", is_flag=True, help="Only say how far the review is; so does --json.")
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the questions that were accepted, edited ones among them, as a set of their own.",
)
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1024, 65535), help="Of the desk.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open a browser.")
@AS_JSON
def eval_review(
    queries: Path,
    terminal: bool,
    counts: bool,
    output: Path | None,
    port: int,
    open_browser: bool,
    as_json: bool,
) -> int:
    """Read a generated set question by question: accept, edit or reject, with the page and its words in sight.

    Opens the desk at FILE. Each decision is written to FILE at once: stop when you like, and go on later. What is
    rejected stays there and is not measured.
    """
    from eval.review import Review
    from ui.launch import launch
    from ui.parts.reviewing import review_here

    review = Review(queries)
    if terminal:
        review_here(review, by=_user())
    told = review.counts()
    if as_json:
        _print_json({**told.to_json(), "file": str(queries)})
    else:
        click.echo(str(told))
    if output is not None:
        review.write_accepted(output)
    if terminal or counts or as_json:
        return 0
    _settings()
    return launch(port, open_browser=open_browser, review=review.path)


@evaluate.command("runs")
@click.option(
    "--limit", "-k", default=20, show_default=True, type=click.IntRange(min=1), help="How many, newest first."
)
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but so many of each kind and collection.")
@click.option("--export", type=click.Path(path_type=Path, dir_okay=False), help="Write all runs there, as JSON lines.")
@click.option(
    "--import", "import_", type=click.Path(path_type=Path, dir_okay=False), help="Take in the runs of such a file."
)
@AS_JSON
def eval_runs(limit: int, keep: int | None, export: Path | None, import_: Path | None, as_json: bool) -> int:
    """List the measurements that were made here: each is kept with its settings, models, libraries and commit.

    With --export and --import they move to another machine, or through CI. A run holds ids, hashes and figures, no
    words of a question or a document.
    """
    from eval.runs import export_runs, forget_runs, import_runs, kept_runs
    from ui.parts.terminal import print_eval_runs

    if sum(one is not None for one in (keep, export, import_)) > 1:
        raise UsageError("Give only one of --keep, --export and --import.")
    home = _settings().home
    if import_ is not None:
        taken, known = import_runs(home, import_)
        done, sentence = {"imported": taken, "known": known}, f"{taken} runs taken in, {known} were here already."
    elif export is not None:
        count = export_runs(home, export)
        done, sentence = {"exported": count}, f"{count} runs written to {export}."
    elif keep is not None:
        gone = forget_runs(home, keep=keep)
        done, sentence = {"removed": gone}, f"{gone} runs removed."
    else:
        kept = kept_runs(home)[:limit]
        if as_json:
            _print_json({"runs": [run.to_json() for run in kept]})
        else:
            print_eval_runs(kept)
        return 0
    if as_json:
        _print_json(done)
    else:
        click.echo(sentence)
    return 0


@evaluate.command("report")
@click.argument("names", nargs=-1, required=True, metavar="RUN…")
@click.option(
    "--output",
    "outputs",
    required=True,
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where it goes, in the form of its ending: .html, .md, .json; may be repeated.",
)
@click.option(
    "--pages",
    "with_pages",
    is_flag=True,
    help="Draw the pages of what was missed: the judged place beside what was found first. Such a file is "
    "confidential; without, a report holds ids, pages and offsets only.",
)
@click.option(
    "--queries",
    type=click.Path(path_type=Path, dir_okay=False),
    help="With --pages: the judged set, so that the questions stand beside their pages.",
)
@AS_JSON
def eval_report(
    names: tuple[str, ...], outputs: tuple[Path, ...], with_pages: bool, queries: Path | None, as_json: bool
) -> int:
    """A report of kept measurements: figures with intervals, how they stand over the runs, and what was missed.

    One file that loads nothing and runs nothing, in light and dark, to print or to send. A RUN is an id of `dossier
    eval runs`, which may be shortened; "last" is the newest. Of a run of the gate it has the verdict, of faithfulness
    the calibration.
    """
    from eval.dataset import read_queries
    from eval.page import markdown
    from eval.runs import run_named

    _endings(outputs)
    if queries is not None and not with_pages:
        raise UsageError("--queries is for --pages: without pages a report holds no words of a question.")
    home = _settings().home
    runs = [run_named(home, name) for name in names]
    questions = {query.id: query.query for query in read_queries(queries)} if queries is not None else {}
    page = _page(list({run.id: run for run in runs}.values()), questions if with_pages else None)
    value = {**page.to_json(), "runs": [run.to_json() for run in runs]}
    _write_reports(outputs, value, markdown(page), lambda: page)
    if as_json:
        _print_json({"runs": [run.id for run in runs], "files": [str(path) for path in outputs]})
    else:
        click.echo(f"Written: {', '.join(map(str, outputs))}.")
        if page.confidential:
            click.echo("It holds pages of your documents: pass it on as you would them.", err=True)
    return 0


@evaluate.command("compare")
@click.argument("old", metavar="RUN")
@click.argument("new", metavar="RUN")
@click.option(
    "--common", is_flag=True, help="Where the data differ, compare the questions that both have, with a warning."
)
@REPORTS
@AS_JSON
def eval_compare(old: str, new: str, common: bool, reports: tuple[Path, ...], as_json: bool) -> int:
    """Hold the second RUN against the first, question by question: differences, and what was won and lost.

    Also what differs between the two: data, commit, models, prompts, settings, libraries. A RUN is an id of `dossier
    eval runs`, which may be shortened; "last" is the newest. All metrics are tested together at 5 %.
    """
    from eval.compare import compared_runs
    from eval.run_page import page_of_comparison
    from eval.runs import run_named
    from ui.parts.terminal import print_comparison

    _endings(reports)
    home = _settings().home
    before, now = run_named(home, old), run_named(home, new)
    comparison = compared_runs(now, before, common=common)
    _write_reports(
        reports, comparison.to_json(), comparison.markdown(), lambda: page_of_comparison(comparison, before, now)
    )
    if as_json:
        _print_json(comparison.to_json())
    else:
        print_comparison(comparison)
    return 0


@evaluate.command("answers")
@click.argument("queries", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--collection", "-c", required=True, metavar="NAME", help="The collection to ask.")
@click.option(
    "--modes",
    default="extractive",
    show_default=True,
    metavar="MODE,…",
    help="extractive, gdpr, long-document, hybrid, auto.",
)
@click.option("--type", "types", multiple=True, metavar="TYPE", help="Only questions of this type; may be repeated.")
@click.option("--within-document", is_flag=True, help="Ask only the document that the question was asked of.")
@JUDGE
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keep the answers there as they come, with their words. [default: under DOSSIER_HOME, without a word]",
)
@click.option("--resume", is_flag=True, help="Go on with an earlier run of the same; ask again what failed.")
@click.option("--anew", is_flag=True, help="Ask everything again, although an earlier run kept answers.")
@click.option("--yes", is_flag=True, help="Agree to the cost without being asked.")
@click.option("--budget", type=click.FloatRange(0), metavar="USD", help="Most that this run may cost.")
@REPORTS
@AS_JSON
def eval_answers(
    queries: Path,
    collection: str,
    modes: str,
    types: tuple[str, ...],
    within_document: bool,
    judge: str,
    output: Path | None,
    resume: bool,
    anew: bool,
    yes: bool,
    budget: float | None,
    reports: tuple[Path, ...],
    as_json: bool,
) -> int:
    """The same questions through each mode: which one wins on your documents.

    Right answers, citations, support, refusals, seconds and money, each with its 95 % interval, and each two modes
    against each other. Whether an answer is right is decided by numeric equality where one figure is expected; prose is
    judged by the configured Llama or by its words, which is advisory and shown apart.

    What Claude would cost is told, and asked about, before anything is sent. Answers are kept as they come: --resume
    goes on with a run that was interrupted. Exit code 1 means that a question failed or was refused, 4 that policy or a
    budget refused a whole mode, 3 that a service went down in between.
    """
    from eval.agreement import prose_judge
    from eval.answers import Asking, RunCost, ask_all
    from eval.kept_answers import kept_answers, place_of_run
    from eval.modes import contest, keep_modes, modes_named, questions_of, run_of
    from ui.parts.measuring import print_contest
    from ui.parts.terminal import counting

    if resume and anew:
        raise UsageError("Give only one of --resume and --anew.")
    chosen, read = modes_named(modes), questions_of(queries, types)
    with _open_app() as app:
        prose = prose_judge(app, judge)
        asking = Asking(
            app, collection=collection, within_document=within_document, prose=prose, budget=budget, by=_user()
        )
        made_of = run_of(app, collection, read, within_document=within_document, judge=prose[0] if prose else "")
        place = output or place_of_run(app.settings.home, made_of)

        def agree(estimate: RunCost) -> bool:
            if budget is not None and estimate.usd > budget:
                raise OverBudget(f"{estimate} That is more than the --budget of USD {budget:,.2f}. Nothing was asked.")
            if yes or as_json or not sys.stdin.isatty():
                return yes
            return click.confirm(f"{estimate} Go on?", err=True)

        with (
            kept_answers(place, made_of, resume=resume, anew=anew) as kept,
            counting("Asking", silent=as_json) as on_step,
        ):
            asked = ask_all(
                asking,
                read,
                chosen,
                kept,
                agree=agree,
                with_texts=output is not None,
                on_step=lambda step: on_step(step.done, step.total, f"{step.mode.value}, USD {step.usd:.2f}"),
            )
        result = contest(asked, read, chosen)
        runs = keep_modes(app, result, made_of, within_document=within_document)
        if output is None and result.exit_code == 0:
            place.unlink()  # the figures are kept with the other measurements
    value = {**result.to_json(), "output": str(output) if output else None}
    _write_reports(reports, value, result.markdown(), lambda: _page(list(runs), None))
    if as_json:
        _print_json(value)
    else:
        print_contest(result)
    return result.exit_code


@evaluate.command("judge")
@click.argument("answers", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE…")
@JUDGE
@AS_JSON
def eval_judge(answers: tuple[Path, ...], judge: str, as_json: bool) -> int:
    """How far the judges agree with people who judged the same answers.

    FILE… are JSON lines {id, question, gold_answer, response, label}. Numeric equality judges rows that expect one
    figure; the judge of prose, if there is one, the others. Exit code 1 means that some could not be judged.
    """
    from eval.agreement import agreements, prose_judge
    from ui.parts.measuring import print_agreements
    from ui.parts.terminal import counting

    with _open_app() as app, counting("Judging", silent=as_json) as on_step:
        found, unjudged = agreements(answers, prose=prose_judge(app, judge), on_progress=on_step)
    if as_json:
        _print_json({"judges": [one.to_json() for one in found], "not_judged": unjudged})
    else:
        print_agreements(found, unjudged)
    return 1 if any(one.failed for one in found) else 0


@evaluate.command("faithfulness")
@click.argument("items", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the scores go.")
@click.option(
    "--scorer",
    type=click.Choice(["built-in", "judge", "model"]),
    default="built-in",
    show_default=True,
    help="What scores: our own, the configured Llama, or the folder in DOSSIER_FAITHFULNESS_MODEL.",
)
@click.option("--answers", is_flag=True, help="ITEMS are judged questions: ask them, and score the answers.")
@COLLECTION
@click.option(
    "--mode",
    type=click.Choice(["auto", "extractive", "gdpr", "long-document"]),
    default="auto",
    show_default=True,
    help="With --answers: how the answers are made.",
)
@REPORTS
@AS_JSON
def eval_faithfulness(
    items: Path,
    output: Path,
    scorer: str,
    answers: bool,
    collection: str | None,
    mode: str,
    reports: tuple[Path, ...],
    as_json: bool,
) -> int:
    """How well answers are carried by their context, and how well a scorer tells.

    ITEMS are JSON lines {id, context, response, question?, source_id?, task?, label?, kind?}; label 1 means that
    something in the response is not supported, kind is what was altered in it. With labels there are figures per task,
    each with its 95 % interval, calibration and confusion. The run is kept: see `dossier eval runs`. Exit code 1 means
    that an item could not be scored.
    """
    from core.privacy import Mode
    from eval.faithfulness import answered, data_hash, measure, read_items
    from eval.runs import FAITHFULNESS, keep
    from ui.parts.terminal import print_faithfulness, waiting

    _endings(reports)
    if not answers and (collection is not None or mode != "auto"):
        raise UsageError("--collection and --mode are for --answers: items bring their own answers.")
    with _open_app() as app, waiting("Scoring", silent=as_json):
        chosen = app.scorer(scorer)
        if answers:
            given = list(answered(app, items, collection=collection, mode=Mode(mode), by=_user()))
            # The questions are what stays the same: another system answers them otherwise.
            asked = [replace(item, context="", response="") for item in given]
        else:
            given = asked = list(read_items(items))
        measured = measure(given, chosen, output)
        run = keep(
            app.settings,
            {**measured.to_json(), "scores": measured.scores_json()},
            kind=FAITHFULNESS,
            collection=collection or items.stem,
            judged=data_hash(asked),
        )
    _write_reports(reports, measured.to_json(), measured.markdown(), lambda: _page([run], None))
    if as_json:
        _print_json({**measured.to_json(), "output": str(output)})
    else:
        print_faithfulness(measured)
    return 1 if measured.failures else 0


@evaluate.command("citations")
@click.argument("pairs", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the verdicts go.")
@AS_JSON
def eval_citations(pairs: Path, output: Path, as_json: bool) -> int:
    """Hold quotes against sources: exact, normalised, altered or absent.

    PAIRS are JSON lines {id, quote, source}. Exit code 1 means that a quote is altered.
    """
    from eval.citations import judge_pairs

    counts = judge_pairs(pairs, output)
    if as_json:
        _print_json({"pairs": sum(counts.values()), "verdicts": counts, "output": str(output)})
    else:
        click.echo(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["altered"] else 0


# ── the house ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@main.command()
@AS_JSON
def doctor(as_json: bool) -> int:
    """Every setting with its origin, and whether what Dossier needs is there."""
    from app.doctor import examine
    from ui.parts.terminal import print_health

    health = examine(_settings(), dict(os.environ))
    if as_json:
        _print_json(health.to_json())
    else:
        print_health(health)
    return health.exit_code


@main.command()
@click.option("--card-gb", type=click.FloatRange(1, 10_000), required=True, help="Memory of one card, as it is sold.")
@click.option("--cards", default=1, show_default=True, type=click.IntRange(1, 64), help="How many share the model.")
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The folder of a model. Without: Llama 3.1 8B and 3.3 70B.",
)
@AS_JSON
def preflight(card_gb: float, cards: int, model: Path | None, as_json: bool) -> int:
    """How much of a Llama fits on a card: its weights, and the tokens that it can then read at once.

    An estimate for a choice; vLLM measures when it starts. Exit code 1 means that the model of --model does not fit.
    """
    from app.preflight import fit_of, fits
    from ui.parts.terminal import print_fits

    found = fits(card_gb, cards=cards) if model is None else (fit_of(model, card_gb, cards=cards),)
    if as_json:
        _print_json({"card_gb": card_gb, "cards": cards, "models": [fit.to_json() for fit in found]})
    else:
        print_fits(found)
    return 1 if model is not None and not found[0].window else 0


@main.command()
@click.option("--port", default=8501, show_default=True, type=click.IntRange(1024, 65535), help="On this machine only.")
@click.option("--open/--no-open", "open_browser", default=True, help="Open a browser.")
def ui(port: int, open_browser: bool) -> int:
    """Open the desk in a browser: upload, ask, and see each quote on its page."""
    from ui.launch import launch

    _settings()
    return launch(port, open_browser=open_browser)


@main.command()
@AS_JSON
def demo(as_json: bool) -> int:
    """Ingest the example matter into a temporary home, ask three questions, and print cited answers."""
    from ui.demo import run

    return run(as_json=as_json)


# ── one call below ────────────────────────────────────────────────────────────────────────────────────────────────────


def _said(pairs: tuple[str, ...]) -> dict[FactKind, list[str]]:
    """What --set and --add say, by kind. Raises UsageError for what is no KIND=VALUE."""
    from core.facts import checked_value, fact_kind

    said: dict[FactKind, list[str]] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not value.strip():
            raise UsageError(f"Say KIND=VALUE, such as company='Acme GmbH', not {pair}.")
        kind = fact_kind(name)
        said.setdefault(kind, []).append(checked_value(kind, value))
    return said


@contextmanager
def _judged_set(settings: Settings, queries: Path | None, collection: str | None) -> Iterator[Judged]:
    """The judged set in `queries` on a collection, or the one that comes with Dossier."""
    from eval.dataset import read_queries
    from eval.shipped import judged, shipped

    if queries is None or collection is None:
        with shipped(settings, by=_user()) as own:
            yield own
    else:
        read = read_queries(queries)
        with _open_app() as app:
            yield judged(app, collection, read)


def _modes(given: str, app: App) -> tuple[Mode, ...]:
    """The modes that --modes names. Raises UsageError for one that there is not."""
    from core.privacy import Mode

    if given == "configured":
        return app.modes()
    known = [mode.value for mode in Mode if mode is not Mode.AUTO]
    names = [name.strip() for name in given.split(",")]
    if not set(names) <= set(known):
        raise UsageError(f"--modes takes configured, or {', '.join(known)}, separated by commas.")
    return tuple(Mode(name) for name in dict.fromkeys(names))


def _endings(paths: tuple[Path, ...]) -> None:
    """Raises UsageError for a report in a form that there is not, before anything is measured for it."""
    for path in paths:
        if path.suffix not in (".html", ".json", ".md"):
            raise UsageError(f"{path}: a report ends in .html, .json or .md.")


def _page(runs: list[EvalRun], questions: Mapping[str, str] | None) -> Page:
    """The report of kept runs; with `questions`, even none, also the pages of what was missed."""
    from eval.run_page import missed_pages, page_of
    from eval.runs import series

    settings = _settings()
    history = {run.id: series(settings.home, run) for run in runs}
    if questions is None:
        return page_of(runs, history, pages={})
    with _open_app() as app:
        return page_of(runs, history, pages={run.id: tuple(missed_pages(app, run, questions)) for run in runs})


def _write_reports(paths: tuple[Path, ...], value: dict[str, Any], markdown: str, page: Callable[[], Page]) -> None:
    """The report in each of `paths`, in the form that its ending names. A confidential one is for its owner's eyes."""
    for path in paths:
        if path.suffix == ".html":
            from eval.page import html

            drawn = page()
            text, confidential = html(drawn), drawn.confidential
        else:
            text = markdown if path.suffix == ".md" else json.dumps(value, ensure_ascii=False, indent=1) + "\n"
            confidential = False
        with writing(path) as out:
            if confidential:
                path.chmod(0o600)
            out.write(text)


def _settings(**overrides: Any) -> Any:
    from core.log import configure
    from core.settings import settings_from_environment

    settings = settings_from_environment(**overrides)
    configure(level=settings.log.level, form=settings.log.format)
    return settings


@contextmanager
def _open_app(**overrides: Any) -> Iterator[App]:
    settings = _settings(**overrides)  # a contradiction is told before anything heavy is loaded
    from app.wiring import open_app

    yield open_app(settings)


def _user() -> str:
    """Who runs this command, for the audit log."""
    from core.readers import user_named

    return user_named(_settings().user)


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False))


quiet()

if __name__ == "__main__":
    main()
