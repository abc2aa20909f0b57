"""Questions about what every annual or quarterly report has, in words of our own, judged by the reports' headings.

    python -m benchmarks.filing_topics COLLECTION OUT.jsonl [--every 4]
    dossier eval retrieval OUT.jsonl --collection COLLECTION [--within-document]
    python -m benchmarks.ablation OUT.jsonl:COLLECTION [--within-document]

For each report of 25 pages or more in a collection of DOSSIER_HOME and each topic that a heading of it names: one or
two questions that name the company, judged by the pages of that section (at most four pages from each such heading; of
the cover, the page of the securities registered). A topic whose headings cover more than a third of a report is left
out.
A page that answers without such a heading counts as a miss: differences say more than the level does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePath
from typing import Any

import click

from app.wiring import open_app
from core.documents import BlockKind, Document, Span, pages_of
from core.facts import FactKind, Facts, values_of
from core.names import short_form
from core.settings import settings_from_environment

LEAST_PAGES = 25
MOST_SHARE = 1 / 3
SECTION_PAGES = 4
LONGEST_HEADING = 90

REGISTERED = ("Which debt securities of {c} are registered to trade on a national securities exchange?",
              "Under which ticker are the shares of {c} traded, and where?")  # fmt: skip
TOPICS = {
    r"legal proceedings|^litigation|legal matters|contingencies": (
        "Is {c} involved in any material lawsuits?", "Has {c} reported any important ongoing court cases?"),
    r"human capital|^employees$|^our people|workforce": (
        "How many people work for {c}?", "What is the headcount of {c}?"),
    r"^(item\s*2\.?\s*)?[-–—.]?\s*properties\.?$": (
        "Where are the plants and offices of {c}?", "How much floor space does {c} own or lease?"),
    r"dividend": ("Does {c} pay a stable dividend?",
                  "How much did {c} distribute to its shareholders in cash per share?"),
    r"repurchase|issuer purchases": (
        "Did {c} buy back its own stock?", "How much is left under the buyback programme of {c}?"),
    r"acquisition|business combination|divestiture": (
        "Which businesses did {c} buy or sell?", "What major acquisitions has {c} done recently?"),
    r"restructuring|severance|productivity plan": (
        "What did layoffs and plant closures cost {c}?", "How much did {c} spend on its restructuring?"),
    r"major customers|concentration|significant customers": (
        "Does {c} depend on a few large customers?",
        "Does any customer account for more than 10% of the sales of {c}?"),
    r"geograph": ("In which regions does {c} earn its revenue?",
                  "How much of its revenue does {c} make outside the United States?"),
    r"segment": ("Which segment of {c} grew the most?", "What are the operating segments of {c}?"),
    r"^(note \d+\W*)?(long.term )?(debt|borrowings|notes payable)|credit facilit|debt obligations": (
        "When does the debt of {c} fall due?", "What credit lines does {c} have?"),
    r"^(note \d+\W*|\d+\.\s*)?(operating )?leases": (
        "What are the lease obligations of {c}?", "How much will {c} pay in rent over the next years?"),
    r"pension|retirement|postretirement|employee benefit": (
        "How much does {c} expect to pay to its retirees?", "Are the pension plans of {c} underfunded?"),
    r"income tax|provision for income taxes": (
        "Why does the tax rate of {c} differ from the statutory rate?", "What uncertain tax positions does {c} have?"),
    r"goodwill|intangible": (
        "Did {c} write down goodwill?", "How much amortization of intangibles is expected in the coming years at {c}?"),
    r"(share|stock).based compensation|stock (option|compensation)|equity (incentive|compensation)|stock plans": (
        "What options and restricted stock units did {c} grant?", "What does {c} spend on stock awards to employees?"),
    r"market risk|(interest|exchange) rate risk|currency risk": (
        "How would a rise in interest rates hit {c}?", "How is {c} exposed to foreign currencies?"),
    r"derivative|hedging": ("What is the notional amount of the derivatives of {c}?",
                            "How does {c} hedge its currency exposure?"),
    r"fair value": ("Which assets of {c} are valued with unobservable inputs?",
                    "How are the financial instruments of {c} valued?"),
    r"(earnings|income|loss).{0,12} per (common )?share|net income per": (
        "What are the diluted earnings per share of {c}?", "How many shares were used to work out EPS at {c}?"),
    r"^(item\s*1\.?\s*)?[-–—.]?\s*(business|overview|company overview|general|our company)\.?$": (
        "What industry does {c} operate in?", "What does {c} do?"),
    r"competition|competitive": ("Who are the rivals of {c}?", "How does {c} compete?"),
    r"season": (
        "Is the business of {c} subject to seasonality?", "Which quarter of the year is the strongest for {c}?"),
    r"raw material|supply|suppliers|manufacturing|sourcing": (
        "Where does {c} get its raw materials from?", "Is {c} dependent on single suppliers?"),
    r"regulat|environmental": (
        "Which environmental rules apply to {c}?", "What government regulation does {c} face?"),
    r"liquidity|cash flows?$|capital resources": (
        "Does {c} have enough cash for the next twelve months?", "What are the sources of funds of {c}?"),
    r"gross (profit|margin)|cost of (sales|revenue|goods)": (
        "What drove the change in gross margin at {c}?", "Why did the cost of sales of {c} rise?"),
    r"^(net )?(revenue|sales|net sales|revenues)\.?$|results of operations|revenue and": (
        "What drove the revenue change of {c}?", "Why did the sales of {c} grow?"),
    r"critical accounting": ("Which accounting estimates of {c} need the most judgment?",),
    r"controls and procedures|internal control": ("Were the internal controls of {c} effective?",),
    r"receivable|allowance|credit loss": ("How large is the allowance for bad debts at {c}?",),
    r"inventor": ("What are the inventories of {c} made up of?",),
    r"property,? plant|property and equipment": ("Over how many years does {c} depreciate its buildings?",),
    r"commitments|contractual obligations|purchase obligations|guarantees": (
        "What purchase obligations does {c} have?",),
    r"report of independent registered|critical audit": ("Which matters did the auditor of {c} find critical?",),
}  # fmt: skip


def questions(document: Document, facts: Facts) -> Iterator[dict[str, Any]]:
    """The rows of a judged set on one report."""
    parties = values_of(facts, FactKind.PARTY)
    if not parties or len(document.pages) < LEAST_PAGES:
        return
    name = PurePath(document.source).stem
    told = document.text.find("12(b)", 0, len(document.text) // 10)
    places = [(REGISTERED, pages_of(Span(told, told + 5), document.pages) if told >= 0 else ())]
    places += [(asked, _pages(document, re.compile(heading, re.IGNORECASE))) for heading, asked in TOPICS.items()]
    for number, (asked, pages) in enumerate(places):
        if pages and len(pages) <= MOST_SHARE * len(document.pages):
            for which, text in enumerate(asked):
                yield {
                    "id": f"{document.id[:12]}-{number}-{which}",
                    "query": text.format(c=short_form(parties[0])),
                    "doc_id": name,
                    "evidence": [{"doc_id": name, "page": page, "text": ""} for page in pages],
                    "type": asked[0].format(c="…"),
                }


def _pages(document: Document, heading: re.Pattern[str]) -> tuple[int, ...]:
    """The pages of the sections under such a heading."""
    starts = [block.span for block in document.blocks if block.kind is BlockKind.HEADING]
    end = Span(len(document.text), len(document.text))
    found: set[int] = set()
    for span, after in pairwise([*starts, end]):
        words = " ".join(span.of(document.text).split())
        if len(words) < LONGEST_HEADING and heading.search(words):
            section = Span(span.start, max(span.end, after.start))
            found.update(pages_of(section, document.pages)[:SECTION_PAGES])
    return tuple(sorted(found))


@click.command(help=(__doc__ or "").split("\n", 1)[0])
@click.argument("collection")
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--every", default=1, show_default=True, type=click.IntRange(min=1), help="Keep every n-th question alone."
)
def main(collection: str, out: Path, every: int) -> None:
    app = open_app(settings_from_environment())
    rows = [
        row
        for known in sorted(app.all_facts(collection), key=lambda one: one.document_id)
        for row in questions(app.document(known.document_id), known.facts)
    ][::every]
    out.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    click.echo(f"{len(rows)} questions on {len({row['doc_id'] for row in rows})} reports")


if __name__ == "__main__":
    main()
