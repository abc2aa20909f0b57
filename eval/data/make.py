"""The documents of the gate's judged set, and its questions: `python -m eval.data.make` writes them anew.

Small texts of our own making, invented throughout, beside the example matter: leases and licences that differ in
parties and figures only, so that the right one must be told from its siblings; German papers; tables. What answers a
question is marked in the text as ⟦name: words⟧; the marks are taken out, and questions get the span that they leave.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
_MARK = re.compile(r"⟦(?P<name>[a-z-]+): (?P<words>[^⟧]+)⟧")


@dataclass(frozen=True, slots=True)
class Paper:
    """A document with its marks. `asks` is mark → question; None marks a question that the paper does not answer."""

    name: str
    text: str
    type: str
    asks: Mapping[str, str]
    lang: str = "en"
    silent: tuple[str, ...] = ()


LEASE = """# Lease of {premises}

This Lease is made on {date} between {landlord} (the Landlord) and {tenant} (the Tenant).

## 1. Demise and term

The Landlord lets the premises known as {premises} to the Tenant for a term of
⟦term: {term} years beginning on {start}⟧.

## 2. Rent

The Tenant shall pay ⟦rent: a yearly rent of {rent}, by equal quarterly payments in advance⟧ on the usual quarter days.
The rent is reviewed ⟦review: on each {review} anniversary of the beginning of the term⟧, upwards only.

## 3. Deposit

On the date of this Lease the Tenant pays ⟦deposit: a deposit of {deposit}⟧, held in a separate account and repaid
within {repaid} days after the end of the term, less any sum properly due.

## 4. Repair

The Tenant shall keep the interior in good repair. ⟦roof: {roof}⟧

## 5. Use and alterations

The premises may be used for {use} only. The Tenant shall not assign or underlet the whole or any part without the prior
written consent of the Landlord, not to be unreasonably withheld.

## 6. Ending early

⟦break: {breaks}⟧

## 7. Insurance

The Landlord insures the building against fire, storm and flood for its full cost of reinstatement. The Tenant
reimburses ⟦insurance: {share} per cent of the premium⟧ within fourteen days of demand.
"""

LEASES: tuple[dict[str, str], ...] = (
    {
        "name": "lease-harrow-mill",
        "premises": "Unit 14, Harrow Mill",
        "date": "3 May 2021",
        "landlord": "Saltmarsh Estates Limited",
        "tenant": "Bryony Instruments Limited",
        "term": "ten",
        "start": "24 June 2021",
        "rent": "GBP 84,000",
        "review": "fifth",
        "deposit": "GBP 21,000",
        "repaid": "thirty",
        "roof": "The Landlord keeps the roof, the foundations and the main walls in repair.",
        "use": "the assembly and storage of instruments",
        "breaks": "The Tenant may end the term on 24 June 2026 by giving not less than six months' written notice.",
        "share": "12.5",
    },
    {
        "name": "lease-colbeck-house",
        "premises": "Third Floor, Colbeck House",
        "date": "11 January 2022",
        "landlord": "Ferriby Property Holdings plc",
        "tenant": "Larkspur Actuarial LLP",
        "term": "five",
        "start": "25 March 2022",
        "rent": "GBP 146,500",
        "review": "third",
        "deposit": "GBP 73,250",
        "repaid": "twenty-eight",
        "roof": "The Tenant contributes a fair proportion of the cost of repairing the roof and the lifts.",
        "use": "offices",
        "breaks": "Neither party may end the term before it expires, except by forfeiture.",
        "share": "18",
    },
    {
        "name": "lease-quay-street",
        "premises": "41 Quay Street",
        "date": "19 September 2023",
        "landlord": "Merrow & Daughters (Holdings) Limited",
        "tenant": "Tidewrack Coffee Limited",
        "term": "fifteen",
        "start": "29 September 2023",
        "rent": "GBP 52,800",
        "review": "fifth",
        "deposit": "GBP 8,800",
        "repaid": "sixty",
        "roof": "The Tenant shall keep the whole of the building, its roof and structure included, in good repair.",
        "use": "a café and bakery",
        "breaks": "The Landlord may end the term at any time after 29 September 2028 by twelve months' written notice, "
        "if it intends to redevelop the building.",
        "share": "100",
    },
)

LEASE_ASKS = {
    "term": "For how long is {premises} let, and from when?",
    "rent": "How much does {tenant} pay a year to occupy {premises}?",
    "deposit": "What security did {tenant} put down when it took {premises}?",
    "roof": "Who has to mend the roof at {premises}?",
    "break": "Can the lease of {premises} be brought to an end before it expires?",
    "insurance": "What part of the insurance premium for {premises} falls on {tenant}?",
}

LICENCE = """SOFTWARE LICENCE AND SERVICES AGREEMENT No. {number}

between {vendor} (the Vendor) and {client} (the Client), dated {date}

1. LICENCE

1.1 The Vendor grants the Client ⟦grant: {grant}⟧.

1.2 The Client shall not decompile the Software, except to the extent that the law does not allow this to be excluded.

2. FEES

2.1 The Client shall pay ⟦fee: a fee of {fee} for each year of the term⟧, within {days} days of the date of the invoice.

2.2 ⟦increase: {increase}⟧

3. SERVICE LEVELS

3.1 The Vendor shall keep the Software available for ⟦uptime: {uptime} per cent of each calendar month⟧, planned
maintenance excepted.

3.2 For each full percentage point below this level ⟦credit: the Client is credited {credit} per cent of the monthly
share of the fee⟧.

4. DATA

4.1 The Vendor processes personal data on the instructions of the Client alone. ⟦breach: The Vendor shall tell the
Client of a personal data breach within {hours} hours of becoming aware of it⟧.

4.2 The data are stored in {place} and nowhere else.

5. LIABILITY

5.1 ⟦cap: The liability of the Vendor in any year is limited to {cap}⟧. This limit does not apply to death or personal
injury, fraud, or a breach of Clause 4.

6. TERM

6.1 This Agreement runs for {term} and then from year to year, ⟦notice: unless either party gives {notice} written
notice before the end of a year⟧.

7. ESCROW

7.1 ⟦escrow: {escrow}⟧
"""

LICENCES: tuple[dict[str, str], ...] = (
    {
        "name": "licence-4471-ostrava",
        "number": "4471",
        "vendor": "Grevling Systems AB",
        "client": "Ostrava Rail Leasing a.s.",
        "date": "2 February 2024",
        "grant": "a non-exclusive, non-transferable right to use the Software for 240 named users",
        "fee": "EUR 318,000",
        "days": "forty-five",
        "increase": "The fee rises each year by the harmonised index of consumer prices, by not more than 4 per cent.",
        "uptime": "99.5",
        "credit": "8",
        "hours": "36",
        "place": "Sweden and Finland",
        "cap": "125 per cent of the fee of that year",
        "term": "three years",
        "notice": "not less than six months'",
        "escrow": "The source code is deposited with a notary in Malmö and released if the Vendor becomes insolvent.",
    },
    {
        "name": "licence-4498-harbinger",
        "number": "4498",
        "vendor": "Grevling Systems AB",
        "client": "Harbinger Freight Ireland DAC",
        "date": "17 June 2024",
        "grant": "a non-exclusive right, for the Client and its Affiliates, to use the Software without limit of users",
        "fee": "EUR 502,500",
        "days": "thirty",
        "increase": "The fee is fixed for the first three years and is not indexed.",
        "uptime": "99.9",
        "credit": "15",
        "hours": "24",
        "place": "Ireland",
        "cap": "EUR 2,000,000",
        "term": "five years",
        "notice": "not less than ninety days'",
        "escrow": "The source code is not deposited with anybody.",
    },
    {
        "name": "licence-0093-pellworm",
        "number": "0093",
        "vendor": "Quillon Analytics Inc.",
        "client": "Pellworm Reinsurance SE",
        "date": "30 November 2023",
        "grant": "an exclusive right to use the Software in the field of reinsurance within the European Union",
        "fee": "USD 1,240,000",
        "days": "ten",
        "increase": "The Vendor may raise the fee once in each year, by notice of sixty days, by any amount.",
        "uptime": "98",
        "credit": "5",
        "hours": "72",
        "place": "the State of Virginia",
        "cap": "the fees paid in the twelve months before the claim arose",
        "term": "two years",
        "notice": "not less than thirty days'",
        "escrow": "The source code is deposited in escrow and released if support is stopped for sixty days.",
    },
)

LICENCE_ASKS = {
    "grant": "How many people at {client} may use the software?",
    "fee": "What does {client} pay each year under agreement {number}?",
    "increase": "May the price be put up under licence {number}?",
    "uptime": "What availability was {client} promised?",
    "breach": "How soon must a leak of personal data be reported to {client}?",
    "cap": "Up to what amount is the vendor liable to {client}?",
    "escrow": "Does {client} get the source code if the vendor fails?",
}

FIGURES = """# {company}: results of the {quarter} quarter of {year}

All amounts in {currency} thousand unless said otherwise. The figures are unaudited.

## Income statement

| {currency} thousand | {quarter} quarter {year} | {quarter} quarter {before} |
|---|---|---|
| ⟦sales: Net sales | {sales}⟧ |
| Cost of sales | {costs} |
| ⟦gross: Gross profit | {gross}⟧ |
| Research and development | {research} |
| Selling and administration | {selling} |
| ⟦operating: Operating result | {operating}⟧ |

## Balance sheet

| {currency} thousand | {end} | end of {before} |
|---|---|---|
| ⟦cash: Cash and short-term deposits | {cash}⟧ |
| Receivables | {receivables} |
| ⟦stock: Inventories | {stock}⟧ |
| ⟦debt: Bank loans | {debt}⟧ |

## Remarks

⟦why: {why}⟧ ⟦people: At the end of the quarter the group had {people} employees⟧, counted as full posts.

⟦outlook: {outlook}⟧
"""

REPORTS: tuple[dict[str, str], ...] = (
    {
        "name": "corvane-q2-2025",
        "company": "Corvane Optics",
        "quarter": "second",
        "year": "2025",
        "before": "2024",
        "currency": "EUR",
        "sales": "41,870 | 38,215",
        "costs": "26,004 | 24,790",
        "gross": "15,866 | 13,425",
        "research": "4,410 | 4,102",
        "selling": "6,871 | 6,540",
        "operating": "4,585 | 2,783",
        "end": "30 June 2025",
        "cash": "18,322 | 15,067",
        "receivables": "22,105 | 21,440",
        "stock": "17,950 | 19,218",
        "debt": "9,000 | 12,500",
        "why": "Sales grew because the coating line in Jihlava, idle for most of last year, ran on two shifts again.",
        "people": "612",
        "outlook": "For the whole year the board expects sales between EUR 165 million and EUR 170 million.",
    },
    {
        "name": "corvane-q3-2025",
        "company": "Corvane Optics",
        "quarter": "third",
        "year": "2025",
        "before": "2024",
        "currency": "EUR",
        "sales": "39,114 | 40,002",
        "costs": "25,377 | 25,610",
        "gross": "13,737 | 14,392",
        "research": "4,655 | 4,211",
        "selling": "6,702 | 6,633",
        "operating": "2,380 | 3,548",
        "end": "30 September 2025",
        "cash": "14,890 | 15,067",
        "receivables": "23,871 | 21,440",
        "stock": "19,433 | 19,218",
        "debt": "8,000 | 12,500",
        "why": "Profit fell because a customer in Osaka put off two deliveries into the next year.",
        "people": "605",
        "outlook": "The board no longer expects to reach the sales that it named in July.",
    },
    {
        "name": "tallis-brewing-q2-2025",
        "company": "Tallis Brewing",
        "quarter": "second",
        "year": "2025",
        "before": "2024",
        "currency": "GBP",
        "sales": "27,640 | 29,981",
        "costs": "17,905 | 18,844",
        "gross": "9,735 | 11,137",
        "research": "210 | 198",
        "selling": "8,012 | 7,965",
        "operating": "1,513 | 2,974",
        "end": "30 June 2025",
        "cash": "3,415 | 6,120",
        "receivables": "8,733 | 9,014",
        "stock": "6,208 | 5,877",
        "debt": "14,750 | 11,000",
        "why": "Barley cost a fifth more than a year ago, and a wet June kept the gardens empty.",
        "people": "348",
        "outlook": "No interim dividend will be paid.",
    },
)

REPORT_ASKS = {
    "sales": "What were {company}'s net sales in the {quarter} quarter of {year}?",
    "gross": "What gross profit did {company} make in the {quarter} quarter of {year}?",
    "operating": "What was the operating result of {company} for the {quarter} quarter of {year}?",
    "cash": "How much cash did {company} hold on {end}?",
    "debt": "What did {company} owe to its banks on {end}?",
    "why": "What explains how {company}'s business went in the {quarter} quarter of {year}?",
    "people": "How large was the workforce of {company} at the end of the {quarter} quarter of {year}?",
}

RENTAL_DE = """Mietvertrag über Gewerberäume

zwischen {landlord} (Vermieter) und {tenant} (Mieter)

§ 1 Mietgegenstand
Vermietet werden die Räume im Hause {address}, mit einer Fläche von {area} Quadratmetern.

§ 2 Mietzeit
⟦term: Das Mietverhältnis beginnt am {start} und wird auf {term} Jahre geschlossen.⟧ Es verlängert sich um jeweils ein
Jahr, ⟦notice: wenn es nicht {notice} vor seinem Ablauf schriftlich gekündigt wird⟧.

§ 3 Miete
⟦rent: Die monatliche Miete beträgt {rent} zuzüglich Umsatzsteuer⟧ und ist bis zum dritten Werktag eines Monats zu
zahlen. ⟦index: {index}⟧

§ 4 Sicherheit
⟦deposit: Der Mieter leistet eine Sicherheit in Höhe von {deposit}.⟧

§ 5 Instandhaltung
⟦repair: {repair}⟧

§ 6 Untervermietung
⟦sublet: {sublet}⟧
"""

RENTALS: tuple[dict[str, str], ...] = (
    {
        "name": "mietvertrag-speicherstrasse",
        "landlord": "Ulmenhof Grundbesitz GmbH",
        "tenant": "Zirbel Orthopädietechnik GmbH",
        "address": "Speicherstraße 9, 20457 Hamburg",
        "area": "412",
        "start": "1. April 2022",
        "term": "sieben",
        "notice": "neun Monate",
        "rent": "7.828,00 Euro",
        "index": "Die Miete ändert sich im gleichen Verhältnis wie der Verbraucherpreisindex, wenn dieser um mehr als "
        "fünf vom Hundert steigt oder fällt.",
        "deposit": "23.484,00 Euro durch Bürgschaft einer Bank",
        "repair": "Schönheitsreparaturen trägt der Mieter; Dach und Fach hält der Vermieter instand.",
        "sublet": "Die Untervermietung bedarf der Erlaubnis des Vermieters, die nur aus wichtigem Grund versagt wird.",
    },
    {
        "name": "mietvertrag-kanalgasse",
        "landlord": "Familie Hartnagel GbR",
        "tenant": "Buchhandlung Seidelbast OHG",
        "address": "Kanalgasse 3, 89073 Ulm",
        "area": "138",
        "start": "15. September 2020",
        "term": "drei",
        "notice": "drei Monate",
        "rent": "2.346,00 Euro",
        "index": "Die Miete bleibt während der ersten drei Jahre unverändert.",
        "deposit": "7.038,00 Euro in bar",
        "repair": "Der Vermieter trägt alle Reparaturen über 250,00 Euro im Einzelfall.",
        "sublet": "Eine Untervermietung ist nicht gestattet.",
    },
)

RENTAL_ASKS = {
    "term": "Wie lange läuft der Mietvertrag mit {tenant}?",
    "notice": "Welche Kündigungsfrist gilt für {tenant}?",
    "rent": "Wie hoch ist die monatliche Miete für {address}?",
    "deposit": "Welche Kaution hat {tenant} zu stellen?",
    "repair": "Wer kommt bei {tenant} für Reparaturen auf?",
    "sublet": "Darf {tenant} die Räume an andere weitergeben?",
}

MINUTES = """Minutes of the meeting of the board of {company}

held on {date} at {place}. Present: {present}.

1. Minutes. The minutes of the last meeting were approved.

2. Acquisition. {deal} ⟦price: The board approved a price of not more than {price}⟧, ⟦condition: on condition that
{condition}⟧.

3. Dividend. ⟦dividend: {dividend}⟧

4. Appointment. ⟦officer: {officer}⟧

5. Audit. ⟦audit: {audit}⟧

6. Any other business. ⟦other: {other}⟧
"""

BOARDS: tuple[dict[str, str], ...] = (
    {
        "name": "minutes-fenwright-2025-03",
        "company": "Fenwright Holdings plc",
        "date": "12 March 2025",
        "place": "Lincoln",
        "present": "A. Oyelaran (chair), M. Tregunna, S. Vance, P. Lindqvist",
        "deal": "The chief executive reported on the talks with the owners of Saddler Pumps.",
        "price": "GBP 31.5 million",
        "condition": "the pension deficit stays with the sellers",
        "dividend": "A final dividend of 6.2 pence a share will be proposed to the annual general meeting.",
        "officer": "Ms Tregunna was appointed senior independent director with immediate effect.",
        "audit": "The audit committee found that GBP 1.1 million of revenue was booked a month too early at Grimsby.",
        "other": "Mr Vance declared that his sister owns a tenth of Saddler Pumps, and left the room for item 2.",
    },
    {
        "name": "minutes-fenwright-2025-06",
        "company": "Fenwright Holdings plc",
        "date": "18 June 2025",
        "place": "London",
        "present": "A. Oyelaran (chair), M. Tregunna, S. Vance",
        "deal": "The purchase of Saddler Pumps was broken off; talks with Wold Valves began.",
        "price": "GBP 19 million",
        "condition": "the landlord of the works in Louth agrees to the assignment of the lease",
        "dividend": "No interim dividend will be paid while the purchase is open.",
        "officer": "Mr Lindqvist resigned as a director with effect from 31 May 2025; he is not replaced.",
        "audit": "The errors at Grimsby were corrected, and the auditors raised no further point.",
        "other": "The board will meet in Hull in September.",
    },
)

BOARD_ASKS = {
    "price": "What is the most that {company}'s board would pay, as decided on {date}?",
    "condition": "Subject to what did {company}'s board approve the acquisition on {date}?",
    "dividend": "What did the board of {company} decide on the dividend on {date}?",
    "officer": "Which change among the directors was noted at the meeting of {date}?",
    "audit": "What was reported about the accounts at the meeting of {company} on {date}?",
}

SILENT = {
    "lease-harrow-mill": "At what price may Bryony Instruments buy Unit 14, Harrow Mill?",
    "lease-quay-street": "How many parking spaces belong to 41 Quay Street?",
    "licence-4471-ostrava": "How many days of training does Ostrava Rail Leasing get?",
    "licence-0093-pellworm": "Who arbitrates between Quillon Analytics and Pellworm Reinsurance?",
    "corvane-q2-2025": "What did Corvane Optics pay for its acquisition of a lens maker in 2025?",
    "tallis-brewing-q2-2025": "How many litres of beer did Tallis Brewing export to Norway?",
    "mietvertrag-kanalgasse": "Welche Öffnungszeiten muss die Buchhandlung Seidelbast einhalten?",
    "minutes-fenwright-2025-06": "What salary was agreed for the chief executive of Fenwright Holdings?",
}


def papers() -> Iterator[Paper]:
    families: tuple[tuple[str, tuple[dict[str, str], ...], dict[str, str], str, str], ...] = (
        (LEASE, LEASES, LEASE_ASKS, "clause", "en"),
        (LICENCE, LICENCES, LICENCE_ASKS, "clause", "en"),
        (FIGURES, REPORTS, REPORT_ASKS, "figure", "en"),
        (RENTAL_DE, RENTALS, RENTAL_ASKS, "clause", "de"),
        (MINUTES, BOARDS, BOARD_ASKS, "decision", "en"),
    )
    for form, members, asks, type, lang in families:
        for fields in members:
            name = fields["name"]
            questions = {mark: question.format(**fields) for mark, question in asks.items()}
            silent = (SILENT[name],) if name in SILENT else ()
            yield Paper(name, form.format(**fields), type, questions, lang, silent)


def unmarked(marked: str) -> tuple[str, dict[str, tuple[int, int]]]:
    """The text without marks, and where the marked words stand in it."""
    text, at, places = "", 0, {}
    for mark in _MARK.finditer(marked):
        text += marked[at : mark.start()]
        places[mark["name"]] = (len(text), len(text) + len(mark["words"]))
        text += mark["words"]
        at = mark.end()
    return text + marked[at:], places


def rows_of(paper: Paper, text: str, places: Mapping[str, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    """The questions on a paper as rows of a judged set."""
    for mark, question in paper.asks.items():
        start, end = places[mark]
        evidence = {"doc_id": paper.name, "start": start, "end": end, "text": text[start:end]}
        yield _row(f"{paper.name}-{mark}", question, paper, paper.type, [evidence])
    for number, question in enumerate(paper.silent, start=1):
        yield _row(f"{paper.name}-silent-{number}", question, paper, "unanswerable", [])


def _row(id: str, question: str, paper: Paper, type: str, evidence: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "id": id,
        "query": question,
        "doc_id": paper.name,
        "evidence": evidence,
        "answerable": bool(evidence),
        "type": type,
        "lang": paper.lang,
    }


def make(folder: Path) -> None:
    """Write `documents/` and `questions.jsonl` into `folder`."""
    documents = folder / "documents"
    documents.mkdir(parents=True, exist_ok=True)
    lines = []
    for paper in papers():
        text, places = unmarked(paper.text)
        suffix = ".md" if text.startswith("#") else ".txt"
        (documents / f"{paper.name}{suffix}").write_bytes(text.encode())
        lines += [json.dumps(row, ensure_ascii=False) + "\n" for row in rows_of(paper, text, places)]
    (folder / "questions.jsonl").write_bytes("".join(lines).encode())


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
