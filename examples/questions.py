"""The judged questions on the example matter: what an analyst would ask, and the words that answer it.

Evidence is named by words that stand in one place only; `judged` finds the page in the built PDFs and takes the words
as pdfium reads them, so that a change of the documents cannot leave a question pointing at the wrong page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from examples import figures as f
from examples.agreement import CAP, PAYMENT
from examples.filing import STATEMENTS
from examples.layout import typographic
from examples.letter import COSTS, DELIVERED, FAILED

AGREEMENT, AMENDMENT, REPORT, LETTER = "supply-agreement", "amendment-no-1", "annual-report", "scanned-letter"
INCOME, _, BALANCE, _, CASH = STATEMENTS


@dataclass(frozen=True, slots=True)
class Words:
    """Evidence that is running text: `text` stands once in the document."""

    document: str
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """Evidence that is a row of a table: the line that begins with `label`, on the first page that has `heading`."""

    document: str
    heading: str
    label: str


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    query: str
    type: str
    answer: str
    evidence: tuple[Words | Line, ...] = ()


def _million(value: int) -> str:
    return f"${value:,} million"


QUESTIONS = (
    Question(
        "payment-amended",
        "Within how many days must invoices be paid under the supply agreement as amended?",
        "amended",
        "Thirty days from the date on which the Customer receives the invoice.",
        (Words(AMENDMENT, PAYMENT),),
    ),
    Question(
        "payment-original",
        "What was the payment period in the supply agreement before it was amended?",
        "clause",
        "Sixty days from receipt of the invoice.",
        (Words(AGREEMENT, "The Customer shall pay each valid and undisputed invoice within sixty (60) days"),),
    ),
    Question(
        "cap-amended",
        "What is the cap on the supplier's total liability per contract year after Amendment No. 1?",
        "amended",
        "The greater of USD 7,500,000 and 125 per cent of the Prices paid and payable in that Contract Year.",
        (Words(AMENDMENT, CAP),),
    ),
    Question(
        "cap-original",
        "What limit of liability did Clause 11.3 of the supply agreement of 14 March 2023 set?",
        "clause",
        "The greater of USD 5,000,000 and 100 per cent of the Prices paid and payable in that Contract Year.",
        (
            Words(
                AGREEMENT,
                "the greater of (a) USD 5,000,000 (five million US dollars) and (b) 100 per cent of the Prices",
            ),
        ),
    ),
    Question(
        "loss-of-profits",
        "Is the supplier liable for loss of profits?",
        "clause",
        "No, except for matters for which liability cannot be limited under Clause 11.1.",
        (
            Words(
                AGREEMENT,
                "neither party is liable to the other, whether in contract, tort (including negligence), breach of "
                "statutory duty or otherwise, for any loss of profits",
            ),
        ),
    ),
    Question(
        "serial-defect",
        "From what share of defective products in one casting lot is there a Serial Defect?",
        "amended",
        "More than 5 per cent of the Products of one item number from the same casting lot, within twelve months.",
        (
            Words(
                AMENDMENT, "the same or substantially the same Defect is found in more than 5 per cent of the Products"
            ),
        ),
    ),
    Question(
        "change-of-control",
        "Can the customer terminate if a competitor takes control of the supplier, and on what notice?",
        "clause",
        "Yes, on not less than ninety days' written notice given within six months of the notice of Change of Control.",
        (
            Words(
                AGREEMENT,
                "If the Supplier undergoes a Change of Control in favour of a person who, directly or through an "
                "Affiliate, competes with the Customer",
            ),
            Words(AGREEMENT, "by giving not less than ninety (90) days' written notice, given within six months"),
        ),
    ),
    Question(
        "convenience",
        "How much notice must the customer give to terminate the supply agreement for convenience?",
        "clause",
        "Not less than 180 days' written notice, at any time after the end of the second Contract Year.",
        (Words(AGREEMENT, "not less than one hundred and eighty (180) days' written notice"),),
    ),
    Question(
        "warranty-period",
        "How long is the Warranty Period?",
        "clause",
        "Twenty-four months after being put into service or thirty months after delivery, whichever is the earlier.",
        (
            Words(
                AGREEMENT,
                "ends twenty-four (24) months after it is put into service or thirty (30) months after its delivery, "
                "whichever is the earlier",
            ),
        ),
    ),
    Question(
        "late-delivery",
        "What liquidated damages are due for late delivery?",
        "clause",
        "0.5 per cent of the Price of the delayed Products for each complete week, up to 5 per cent.",
        (
            Words(
                AGREEMENT,
                "liquidated damages of 0.5 per cent of the Price of the delayed Products for each complete week of "
                "delay, up to a maximum of 5 per cent of that Price",
            ),
        ),
    ),
    Question(
        "late-interest",
        "What interest runs on overdue sums?",
        "clause",
        "4 per cent a year above the base rate of the Bank of England, accruing daily.",
        (Words(AGREEMENT, "at 4 per cent a year above the base rate of the Bank of England"),),
    ),
    Question(
        "law",
        "Which law governs the supply agreement?",
        "clause",
        "The law of England and Wales.",
        (Words(AGREEMENT, "governed by the law of England and Wales"),),
    ),
    Question(
        "email-notice",
        "May a notice of termination be given by e-mail?",
        "clause",
        "No.",
        (Words(AGREEMENT, "A notice is not validly given by e-mail"),),
    ),
    Question(
        "insurance",
        "How much product liability insurance must the supplier carry?",
        "clause",
        "Not less than USD 10,000,000 for each occurrence.",
        (Words(AGREEMENT, "product liability insurance of not less than USD 10,000,000 for each occurrence"),),
    ),
    Question(
        "price-original",
        "What is the price of item GV-400?",
        "table",
        "USD 1,615.00 each.",
        (Line(AGREEMENT, "Part A", "GV-400"),),
    ),
    Question(
        "price-amended",
        "What is the price of a GV-300 gate valve for orders placed after Amendment No. 1 took effect?",
        "amended",
        "USD 879.00 each.",
        (Line(AMENDMENT, "Item number", "GV-300"),),
    ),
    Question(
        "lead-time",
        "What is the lead time for actuators delivered to the Severn Depot?",
        "table",
        "65 days.",
        (Line(AGREEMENT, "Delivery Sites and Lead Times", "Severn Depot"),),
    ),
    Question(
        "effective",
        "When do the changes made by Amendment No. 1 take effect?",
        "amended",
        "On 1 October 2024.",
        (Words(AMENDMENT, "The amendments made by paragraph 2 take effect on 1 October 2024"),),
    ),
    Question(
        "revenues",
        "What were Aldermoor's total revenues in fiscal year 2025?",
        "table",
        _million(f.TOTAL_REVENUES[0]),
        (Line(REPORT, INCOME, "Total revenues"),),
    ),
    Question(
        "operating-income",
        "What was Aldermoor's operating income in 2024?",
        "table",
        _million(f.OPERATING_INCOME[1]),
        (Line(REPORT, INCOME, "Operating income"),),
    ),
    Question(
        "eps",
        "What were diluted earnings per share in 2025?",
        "table",
        f"${f.DILUTED_EPS[0]:.2f}",
        (Line(REPORT, INCOME, "Diluted "), Line(REPORT, "Note 3. Earnings per share", "Diluted earnings per share")),
    ),
    Question(
        "current-assets",
        "What were total current assets at December 31, 2025?",
        "table",
        _million(f.total(f.CURRENT_ASSETS)[0]),
        (Line(REPORT, BALANCE, "Total current assets"),),
    ),
    Question(
        "capex",
        "How much did Aldermoor spend on capital expenditures in 2025?",
        "table",
        _million(f.total(f.SEGMENT_CAPEX)[0]),
        (Line(REPORT, CASH, "Capital expenditures"),),
    ),
    Question(
        "current-ratio",
        "What is the current ratio at the end of 2025?",
        "calculation",
        f"{f.total(f.CURRENT_ASSETS)[0] / f.total(f.CURRENT_LIABILITIES)[0]:.2f}",
        (Line(REPORT, BALANCE, "Total current assets"), Line(REPORT, BALANCE, "Total current liabilities")),
    ),
    Question(
        "maturities",
        "How much of Aldermoor's debt matures in 2027?",
        "table",
        _million(f.DEBT_MATURITIES["2027"]),
        (Line(REPORT, "Principal amounts of debt mature", "Total principal 45"),),
    ),
    Question(
        "segment",
        "What was the operating income of the Municipal Water segment in 2025?",
        "table",
        _million(f.SEGMENT_INCOME["Municipal Water"][0]),
        (Line(REPORT, "Segment operating income", f"Municipal Water {f.SEGMENT_INCOME['Municipal Water'][0]}"),),
    ),
    Question(
        "leases",
        "What is the present value of the operating lease liabilities?",
        "table",
        _million(sum(f.LEASE_PAYMENTS.values()) + f.LEASE_INTEREST),
        (Line(REPORT, "Note 8. Leases", "Present value of lease liabilities"),),
    ),
    Question(
        "fourth-quarter",
        "What were total revenues in the fourth quarter of 2025?",
        "table",
        _million(f.QUARTERS[2025]["Total revenues"][3]),
        (Line(REPORT, "Note 14. Quarterly data", f"Total revenues $ {f.QUARTERS[2025]['Total revenues'][0]}"),),
    ),
    Question(
        "covenant",
        "What leverage does the credit agreement allow?",
        "text",
        "Net debt of not more than 3.50 times operating income before depreciation and amortization.",
        (Words(REPORT, "Our credit agreement requires that net debt not exceed 3.50 times"),),
    ),
    Question(
        "closure",
        "Why did Aldermoor record restructuring charges in 2025?",
        "text",
        "Mainly for the closure of its foundry in Kettle Bend, Pennsylvania.",
        (
            Words(
                REPORT,
                "relate mainly to the closure of our foundry in Kettle Bend, Pennsylvania, announced in April 2025",
            ),
            Words(REPORT, "In April 2025 we decided to close our foundry in Kettle Bend, Pennsylvania"),
        ),
    ),
    Question(
        "claim-failed",
        "How many valves of lot 2510-B failed the hydrostatic test?",
        "scan",
        f"{FAILED} of {DELIVERED}.",
        (Words(LETTER, f"{FAILED} of these {DELIVERED} valves"),),
    ),
    Question(
        "claim-costs",
        "What costs of removal and refitting does Kestrelhaven claim?",
        "scan",
        f"{COSTS} to date.",
        (Words(LETTER, f"which amount to {COSTS} to date"),),
    ),
    Question(
        "claim-deadline",
        "By when must Aldermoor confirm that it accepts the claim?",
        "scan",
        "By 4 March 2026.",
        (Words(LETTER, "4 March 2026 that you accept the claim"),),
    ),
    Question(
        "no-arbitration", "Which arbitral institution decides disputes under the supply agreement?", "unanswerable", ""
    ),
    Question(
        "no-mfn", "Does the supply agreement give the customer most favoured customer pricing?", "unanswerable", ""
    ),
    Question("no-residual", "What was Aldermoor's revenue from sales in Brazil in 2025?", "unanswerable", ""),
    Question("no-salary", "What was the chief executive officer paid in 2025?", "unanswerable", ""),
    Question("no-amendment-2", "What does Amendment No. 2 to the supply agreement change?", "unanswerable", ""),
)


def squeezed(text: str) -> str:
    """`text` with every run of white space as one space: how evidence is compared with a page."""
    return " ".join(text.split())


def judged(pages: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """The questions as rows of a judged set, given the text of each page of each document ("" for a scanned page).

    Raises ValueError for evidence that is not there, or that running text has in more than one place.
    """
    return [
        {
            "id": question.id,
            "query": question.query,
            "doc_id": question.evidence[0].document if question.evidence else AGREEMENT,
            "evidence": [_place(one, pages[one.document]) for one in question.evidence],
            "answer": question.answer,
            "answerable": bool(question.evidence),
            "type": question.type,
            "lang": "en",
        }
        for question in QUESTIONS
    ]


def _place(evidence: Words | Line, pages: Sequence[str]) -> dict[str, Any]:
    if isinstance(evidence, Line):
        found = [
            (number, squeezed(line))
            for number, page in enumerate(pages, start=1)
            if evidence.heading in page
            for line in page[page.index(evidence.heading) :].splitlines()
            if squeezed(line).startswith(evidence.label)
        ][:1]
    elif not any(pages):  # a scan: its words are known from the letter, its page is the only one
        found = [(1, evidence.text)]
    else:
        text = squeezed(typographic(evidence.text))
        found = [(number, text) for number, page in enumerate(pages, start=1) if text in squeezed(page)]
    if len(found) != 1:
        raise ValueError(f"{len(found)} places have the evidence {evidence}")
    [(number, text)] = found
    return {"doc_id": evidence.document, "page": number, "text": text}
