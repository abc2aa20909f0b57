"""The example matter: its accounts tie, its clauses refer to clauses that exist, its questions are answered in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from examples import figures as f
from examples.agreement import CAP, CLAUSES, DEFINITIONS, NEW_PRICE, PAYMENT, PRICES, SERIAL
from examples.filing import STATEMENTS
from examples.layout import typographic
from examples.letter import DELIVERED, FAILED, PARAGRAPHS
from examples.make import DOCUMENTS, make, page_texts
from examples.questions import squeezed

EXAMPLES = Path(__file__).parents[2] / "examples"
MATTER = EXAMPLES / "matter"
BUDGET = 1_500_000
"""Bytes that all documents together may take: they are in every checkout and every wheel."""
SCAN_DPI = 200


def questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (EXAMPLES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="module")
def pages() -> dict[str, list[str]]:
    return {name: page_texts(MATTER / f"{name}.pdf") for name in DOCUMENTS}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    make(folder)
    return folder


# ── the files ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_two_runs_make_the_same_bytes(built: Path, tmp_path: Path) -> None:
    script = "import sys, pathlib; from examples.make import make; make(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=True, cwd=EXAMPLES.parent, timeout=60)
    names = sorted(path.relative_to(built) for path in built.rglob("*.*"))
    assert len(names) == len(DOCUMENTS) + 1
    assert all((built / name).read_bytes() == (tmp_path / name).read_bytes() for name in names)


def test_what_is_committed_is_what_the_code_makes(built: Path, pages: dict[str, list[str]]) -> None:
    """Compared by text, since another zlib compresses the same page to other bytes."""
    assert {name: page_texts(built / "matter" / f"{name}.pdf") for name in DOCUMENTS} == pages
    assert (built / "questions.jsonl").read_text() == (EXAMPLES / "questions.jsonl").read_text()


def test_the_matter_holds_the_documents_and_nothing_that_gives_the_answers_away() -> None:
    assert {path.name for path in MATTER.iterdir()} == {f"{name}.pdf" for name in DOCUMENTS}
    assert sum(path.stat().st_size for path in MATTER.iterdir()) < BUDGET


def test_pages_carry_the_labels_that_are_printed_on_them(pages: dict[str, list[str]]) -> None:
    with pypdfium2.PdfDocument(MATTER / "annual-report.pdf") as pdf:
        labels = [pdf.get_page_label(number) for number in range(len(pdf))]
    assert labels[:3] == ["i", "ii", "1"]
    assert labels[-1] == f"F-{sum(label.startswith('F-') for label in labels)}"
    assert all(label in page.splitlines() for label, page in zip(labels, pages["annual-report"], strict=True))


def test_the_contents_name_the_page_on_which_a_part_begins(pages: dict[str, list[str]]) -> None:
    report = pages["annual-report"]
    printed = {page.splitlines()[1]: page for page in report[2:]}
    listed = re.findall(r"^(.+?)(?: \.)+ (\S+)$", report[1], flags=re.MULTILINE)
    index = next(page for page in report if "INDEX TO CONSOLIDATED" in page)
    listed += re.findall(r"^(.+?)(?: \.)+ (\S+)$", index, flags=re.MULTILINE)
    assert len(listed) == 16
    assert [name for name, label in listed if name.lower() not in printed[label].lower()] == []


# ── the contract ──────────────────────────────────────────────────────────────────────────────────────────────────────


def every_text() -> list[str]:
    subs = [sub for _, group in CLAUSES for sub in group]
    return [text for sub in subs for text in (sub.text, *sub.items)] + [meaning for _, meaning in DEFINITIONS]


def test_every_reference_to_a_clause_has_a_target() -> None:
    targets = {str(number) for number in range(1, len(CLAUSES) + 1)}
    targets |= {f"{n}.{p}" for n, (_, subs) in enumerate(CLAUSES, start=1) for p in range(1, len(subs) + 1)} | {"9.6"}
    texts = [*every_text(), PAYMENT, CAP, SERIAL, *PARAGRAPHS]
    named = {
        number
        for text in texts
        for group in re.findall(r"Clauses? ((?:\d+(?:\.\d+)?(?:, (?:or )?| and | or )?)+)", text)
        for number in re.findall(r"\d+(?:\.\d+)?", group)
    }
    assert len(named) > 20
    assert named <= targets


def test_every_defined_term_is_used_and_every_one_of_schedule_1s_items_has_one_price() -> None:
    everything = " ".join(every_text())
    assert [term for term, _ in DEFINITIONS if len(re.findall(rf"\b{term}\b", everything)) < 2 and term != "Term"] == []
    assert len({item for item, _, _ in PRICES}) == len(PRICES)
    assert NEW_PRICE[0] in {item for item, _, _ in PRICES}
    assert NEW_PRICE not in PRICES


def test_the_letter_claims_what_the_contract_gives() -> None:
    price = float(NEW_PRICE[2])
    assert f"USD {DELIVERED * price:,.2f}" in " ".join(PARAGRAPHS)
    assert FAILED / DELIVERED > 0.05, "Clause 9.6 begins at five per cent"


def test_the_amendment_replaces_words_that_stand_in_the_agreement(pages: dict[str, list[str]]) -> None:
    agreement = squeezed(" ".join(pages["supply-agreement"]))
    amendment = squeezed(" ".join(pages["amendment-no-1"]))
    for text in (PAYMENT, CAP):
        assert squeezed(text) in amendment
        assert squeezed(text) not in agreement
    assert squeezed(PAYMENT.replace("thirty (30)", "sixty (60)")) in agreement


# ── the accounts ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_balance_sheet_balances() -> None:
    for at, year in enumerate(f.YEARS[:2]):
        assert f.TOTAL_ASSETS[at] == f.TOTAL_LIABILITIES[at] + sum(f.equity_at_end_of(year))


def test_cash_flows_lead_from_one_balance_sheet_to_the_next() -> None:
    assert f.CASH_AT_END[:2] == f.CURRENT_ASSETS["Cash and cash equivalents"]
    assert f.CASH_AT_START[:-1] == f.CASH_AT_END[1:]
    borrowed = f.FINANCING["Proceeds from long-term debt"][0] + f.FINANCING["Repayments of long-term debt"][0]
    assert f.total(f.DEBT)[0] - f.total(f.DEBT)[1] == borrowed


def test_parts_add_up_to_the_totals_of_other_tables() -> None:
    assert f.total(f.SEGMENT_REVENUES) == f.total(f.REGIONS) == f.TOTAL_REVENUES
    assert f.total(f.SEGMENT_ASSETS) == f.TOTAL_ASSETS
    assert f.total(f.RESTRUCTURING) == f.EXPENSES["Restructuring and impairment charges"]
    assert f.add(f.TAX_AT_STATUTORY, f.total(f.RATE_OTHER)) == f.TAXES
    assert sum(f.DEBT_MATURITIES.values()) == f.total(f.DEBT)[0]
    assert f.DEBT_MATURITIES["2026"] == f.DEBT_DUE_WITHIN_A_YEAR[0]
    leases = "Current operating lease liabilities", "Operating lease liabilities"
    liability = f.CURRENT_LIABILITIES[leases[0]][0] + f.LONG_TERM_LIABILITIES[leases[1]][0]
    assert sum(f.LEASE_PAYMENTS.values()) + f.LEASE_INTEREST == liability
    finite = f.NET_INTANGIBLES[0] - f.INTANGIBLES["Trademarks (indefinite life)"][0][0]
    assert sum(f.FUTURE_AMORTIZATION.values()) == finite
    assert f.total(f.WARRANTY)[1] == f.WARRANTY["Balance at beginning of year"][0]
    assert [round(shares * price) for _, shares, price in f.REPURCHASED_SHARES] == list(f.REPURCHASES)


@pytest.mark.parametrize("year", sorted(f.QUARTERS))
def test_quarters_add_up_to_the_year(year: int) -> None:
    at = f.YEARS.index(year)
    annual = {
        "Total revenues": f.TOTAL_REVENUES,
        "Gross profit": f.GROSS_PROFIT,
        "Operating income": f.OPERATING_INCOME,
        "Net income attributable to Aldermoor": f.ATTRIBUTABLE,
    }
    assert {label: sum(cells) for label, cells in f.QUARTERS[year].items()} == {k: v[at] for k, v in annual.items()}


def test_dividends_and_earnings_per_share_follow_from_the_shares() -> None:
    for at in range(len(f.YEARS)):
        assert round(f.DIVIDENDS_PER_SHARE[at] * f.BASIC_SHARES[at]) == f.DIVIDENDS[at]
        assert f.DILUTED_SHARES[at] > f.BASIC_SHARES[at]
        assert f.DILUTED_EPS[at] <= f.BASIC_EPS[at]


def test_printed_totals_are_those_of_the_accounts(pages: dict[str, list[str]]) -> None:
    printed = {title: next(page for page in pages["annual-report"] if title in page) for title in STATEMENTS}

    def cells(title: str, label: str) -> tuple[int, ...]:
        line = next(line for line in printed[title].splitlines() if line.startswith(label))
        found = re.findall(r"\(?[\d,]+\)?", line[len(label) :])
        return tuple(int(cell.strip("()").replace(",", "")) * (-1 if cell[0] == "(" else 1) for cell in found)

    assert cells(STATEMENTS[0], "Total revenues") == f.TOTAL_REVENUES
    assert cells(STATEMENTS[2], "Total assets") == cells(STATEMENTS[2], "Total liabilities and equity")
    assert cells(STATEMENTS[4], "Net cash used in investing activities") == f.FROM_INVESTING
    assert cells(STATEMENTS[4], "Cash and cash equivalents at end of year") == f.CASH_AT_END


# ── the questions ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_questions_have_the_form_of_a_judged_set() -> None:
    rows = questions()
    assert len({row["id"] for row in rows}) == len(rows) >= 24
    for row in rows:
        assert set(row) == {"id", "query", "doc_id", "evidence", "answer", "answerable", "type", "lang"}
        assert bool(row["evidence"]) == bool(row["answer"]) == row["answerable"]
        assert {row["doc_id"], *(one["doc_id"] for one in row["evidence"])} <= set(DOCUMENTS)
    kinds = {row["type"] for row in rows}
    assert kinds >= {"clause", "amended", "table", "scan", "unanswerable"}


def test_every_piece_of_evidence_stands_on_the_page_that_its_question_names(pages: dict[str, list[str]]) -> None:
    evidence = [one for row in questions() for one in row["evidence"] if one["doc_id"] != "scanned-letter"]
    assert len(evidence) > 24
    assert [one for one in evidence if one["text"] not in squeezed(pages[one["doc_id"]][one["page"] - 1])] == []


def test_the_scanned_letter_has_no_text_layer(pages: dict[str, list[str]]) -> None:
    assert pages["scanned-letter"] == [""]


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs tesseract")
def test_the_scanned_letter_can_be_read_by_tesseract(tmp_path: Path) -> None:
    picture = tmp_path / "page.png"
    with pypdfium2.PdfDocument(MATTER / "scanned-letter.pdf") as pdf:
        pdf[0].render(scale=SCAN_DPI / 72, grayscale=True).to_pil().save(picture, dpi=(SCAN_DPI, SCAN_DPI))
    command = ["tesseract", str(picture), "-", "--psm", "6"]
    read = subprocess.run(command, env={"OMP_THREAD_LIMIT": "1", "PATH": "/usr/bin:/usr/local/bin"}, timeout=60,
                          check=True, capture_output=True, text=True).stdout  # fmt: skip
    for row in questions():
        for one in row["evidence"]:
            if one["doc_id"] == "scanned-letter":
                assert one["text"] in squeezed(read)
    words = squeezed(typographic(" ".join(PARAGRAPHS))).split()
    assert sum(word in read for word in words) / len(words) > 0.98
