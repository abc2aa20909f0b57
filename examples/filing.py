"""The annual report of the example matter: Aldermoor Fluid Systems, Inc. for the year ended December 31, 2025.

The words are here; every figure in the tables and in the text comes from `examples.figures`, so that they agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import LETTER
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, HRFlowable, PageBreak, Paragraph, Spacer, Table, TableStyle

from examples import figures as f
from examples.layout import (
    BODY,
    CAPTION,
    CENTRED,
    FILING_BODY,
    ITEM_HEAD,
    NOTE_HEAD,
    SERIF,
    SERIF_BOLD,
    SUBHEAD,
    TITLE,
    Figures,
    figures_table,
    lead,
    prose,
    typographic,
    write,
)

NAME = "Aldermoor Fluid Systems, Inc."
WIDTH = LETTER[0] - 2 * 25 * 72 / 25.4
UNITS = "(in millions)"
UNITS_SHARE = "(in millions, except per share amounts)"
ENDED = tuple(str(year) for year in f.YEARS)
AT = ("2025", "2024")
LEFT_PARAGRAPH = FILING_BODY.clone("filing-left", alignment=0)
FRONT = 2
"""Cover and contents, before page 1."""


def money(value: int) -> str:
    """Millions as filings print them: thousands separated, negatives in parentheses, nothing as a dash."""
    return "\u2014" if value == 0 else f"({-value:,})" if value < 0 else f"{value:,}"


def write_annual_report(path: Path) -> None:
    """Set the annual report. Pages are labelled i, ii, 1, 2, … and F-1, F-2, … for the financial statements."""
    drafted = _page_texts(path.with_suffix(".draft.pdf"), _words())
    turn = FRONT + len(drafted) + 1

    def label_of(page: int) -> tuple[str, int, str]:
        if page <= FRONT:
            return "ROMAN_LOWER", page, ""
        return ("ARABIC", page - FRONT, "") if page < turn else ("ARABIC", page - turn + 1, "F-")

    def face(canvas: Canvas, label: str) -> None:
        canvas.saveState()
        canvas.setFillColor(colors.HexColor("#333333"))
        left, right = 25 * 72 / 25.4, LETTER[0] - 25 * 72 / 25.4
        if label not in ("i", ""):
            canvas.setFont("Helvetica", 8)
            canvas.drawString(left, LETTER[1] - 42, NAME)
            canvas.drawRightString(right, LETTER[1] - 42, "Annual Report 2025")
            canvas.setLineWidth(0.5)
            canvas.line(left, LETTER[1] - 48, right, LETTER[1] - 48)
        canvas.setFont(SERIF, 9)
        canvas.drawCentredString(LETTER[0] / 2, 34, label)
        canvas.restoreState()

    story = [*_cover(), PageBreak(), *_contents(drafted), PageBreak(), *_words(), PageBreak(), *_statements()]
    write(path, story, size=LETTER, title=f"{NAME} Annual Report 2025", author=NAME, face=face, label_of=label_of)


def _page_texts(draft: Path, story: Sequence[Flowable]) -> list[str]:
    """The text of each page of `story`, set by itself: the contents and the labels F-1, F-2, … depend on it."""
    import pypdfium2

    write(draft, story, size=LETTER, title="", author="", face=lambda *_: None, label_of=lambda n: ("ARABIC", n, ""))
    try:
        with pypdfium2.PdfDocument(draft) as pdf:
            return [page.get_textpage().get_text_range() for page in pdf]
    finally:
        draft.unlink()


def _cover() -> list[Flowable]:
    rule = HRFlowable(width="100%", thickness=0.8, color=colors.black, spaceBefore=10, spaceAfter=14)
    facts = [
        ("Delaware", "00-0417736"),
        ("(State of incorporation)", "(Employer identification number)"),
        ("2200 Tannery Row, Elmsford Falls, Ohio", "44199"),
        ("(Address of principal executive offices)", "(Zip code)"),
    ]
    table = Table(
        facts,
        colWidths=(WIDTH / 2, WIDTH / 2),
        style=TableStyle(
            [
                ("ALIGN", (0, 0), (-1, -1), "CENTER"),
                ("FONT", (0, 0), (-1, -1), SERIF, 9),
                ("FONT", (0, 0), (-1, 0), SERIF_BOLD, 10.5),
                ("FONT", (0, 2), (-1, 2), SERIF_BOLD, 10.5),
                ("BOTTOMPADDING", (0, 1), (-1, 1), 12),
            ]
        ),
    )
    return [
        Spacer(1, 40),
        Paragraph("ANNUAL REPORT", TITLE),
        Paragraph("for the fiscal year ended December 31, 2025", CENTRED),
        rule,
        Spacer(1, 30),
        Paragraph(NAME.upper(), TITLE),
        Paragraph("(Exact name of the company as stated in its charter)", CENTRED),
        Spacer(1, 24),
        table,
        Spacer(1, 20),
        rule,
        prose(
            "Common stock, $0.01 par value: 71,204,618 shares outstanding at February 13, 2026. The aggregate "
            "market value of the common stock held by persons other than affiliates of the company at June 30, 2025 "
            "was approximately $2.9 billion.",
            BODY,
        ),
        prose(
            "Unless the context otherwise requires, \u201cAldermoor\u201d, the \u201ccompany\u201d, \u201cwe\u201d, "
            "\u201cus\u201d and \u201cour\u201d refer to Aldermoor Fluid Systems, Inc. and its consolidated "
            "subsidiaries. Fiscal years end on December 31. Amounts are in millions of US dollars unless otherwise "
            "stated.",
            BODY,
        ),
    ]


ITEMS = (
    "Business",
    "Risk Factors",
    "Properties",
    "Legal Proceedings",
    "Market for Common Stock, Dividends and Repurchases",
    "Management's Discussion and Analysis",
    "Quantitative and Qualitative Disclosures about Market Risk",
    "Controls and Procedures",
)


def _contents(drafted: Sequence[str]) -> list[Flowable]:
    rows = []
    for number in range(1, len(ITEMS) + 1):
        heading = typographic(_heading(number))
        page = next(at for at, text in enumerate(drafted, start=1) if heading in text)
        rows.append(Figures(heading, (str(page),)))
    rows.append(Figures("Index to Consolidated Financial Statements", ("F-1",)))
    return [
        Paragraph("TABLE OF CONTENTS", SUBHEAD.clone("contents", alignment=1)),
        Spacer(1, 8),
        figures_table(("Page",), rows, width=WIDTH),
    ]


def _heading(number: int) -> str:
    return f"Item {number}. {ITEMS[number - 1]}"


def _item(number: int) -> Paragraph:
    return prose(_heading(number), ITEM_HEAD)


def _rows(rows: Mapping[str, f.Row], *, indent: int = 8, dollars_first: bool = False) -> list[Figures]:
    return [
        Figures(label, tuple(map(money, cells)), indent=indent, dollars=dollars_first and at == 0)
        for at, (label, cells) in enumerate(rows.items())
    ]


def _sum(label: str, cells: f.Row, *, final: bool = False) -> Figures:
    return Figures(label, tuple(map(money, cells)), total=True, final=final, dollars=final)


def _head(label: str) -> Figures:
    return Figures(label, head=True)


def _dollars(cells: Sequence[float]) -> tuple[str, ...]:
    return tuple(f"{cell:.2f}" for cell in cells)


def _words() -> list[Flowable]:
    return [*_business(), *_risks(), *_places(), *_market(), *_discussion(), *_market_risk()]


def _business() -> list[Flowable]:
    now = f.TOTAL_REVENUES[0]
    segments = f.SEGMENT_REVENUES
    return [
        _item(1),
        Paragraph("Overview", NOTE_HEAD),
        prose(
            "Aldermoor designs, makes and services valves, actuators, pumps and controls that move and measure water "
            f"and industrial fluids. In 2025 we had total revenues of ${now:,} million and sold to customers in 46 "
            "countries from 19 manufacturing sites. We were founded in Elmsford Falls, Ohio in 1931 as a bronze "
            "foundry and have been a public company since 1988."
        ),
        Paragraph("Segments", NOTE_HEAD),
        prose(
            f"<b>Municipal Water</b> ({f.share(segments['Municipal Water'][0], now)} of 2025 revenues) makes gate, "
            "butterfly and control valves, hydrants and metering chambers for the transmission, treatment and "
            "distribution of drinking water and waste water. Its customers are utilities, their contractors and "
            "makers of treatment plant."
        ),
        prose(
            f"<b>Industrial Flow</b> ({f.share(segments['Industrial Flow'][0], now)} of 2025 revenues) makes valves, "
            "actuators and process pumps for food, pulp and paper, chemical and power customers, who are mostly served "
            "through independent distributors."
        ),
        prose(
            f"<b>Aftermarket and Services</b> ({f.share(segments['Aftermarket and Services'][0], now)} of 2025 "
            "revenues) repairs and maintains installed equipment of our own and of others, and sells monitoring "
            "subscriptions."
        ),
        Paragraph("Customers", NOTE_HEAD),
        prose(
            "No customer accounted for more than 10% of our total revenues in 2025, 2024 or 2023. We have long-term "
            "supply agreements with several makers of treatment plant. Under these agreements prices are fixed or "
            "indexed, late delivery gives rise to liquidated damages, and our liability is limited to stated "
            "amounts. A number of them may be terminated by the customer if control of Aldermoor changes in favor of "
            "a competitor of that customer."
        ),
        Paragraph("Raw materials and suppliers", NOTE_HEAD),
        prose(
            "Our principal raw materials are ductile iron, bronze, stainless steel castings, elastomers and electric "
            "motors. Most are available from several sources. Castings of more than 600 millimeters are bought from "
            "two foundries, and replacing either would take nine to twelve months."
        ),
        Paragraph("Research and development", NOTE_HEAD),
        prose(
            f"We spent ${f.EXPENSES['Research and development'][0]} million on research and development in 2025 "
            f"(${f.EXPENSES['Research and development'][1]} million in 2024 and "
            f"${f.EXPENSES['Research and development'][2]} million in 2023), chiefly on low-torque actuators and on "
            "leak detection in distribution networks. We hold 412 patents in force, expiring between 2026 and 2043."
        ),
        Paragraph("Backlog", NOTE_HEAD),
        prose(
            "Backlog was $684 million at December 31, 2025, compared with $631 million at December 31, 2024. We "
            "expect to recognize approximately 82% of it as revenue in 2026."
        ),
        Paragraph("People", NOTE_HEAD),
        prose(
            "At December 31, 2025 we employed approximately 8,940 people, of whom 4,710 were in the United States. "
            "Approximately 27% of our employees in the United States are covered by collective bargaining agreements; "
            "the agreement at our Elmsford Falls works, which covers 620 employees, expires on September 30, 2026."
        ),
        Paragraph("Competition and seasonality", NOTE_HEAD),
        prose(
            "We compete on product life, delivery, price and service with two large international groups and many "
            "regional makers. Construction slows in winter in the northern hemisphere, and our first quarter is "
            "usually the weakest of the year."
        ),
    ]


def _risks() -> list[Flowable]:
    risks = (
        (
            "Our largest segment depends on public spending.",
            "Utilities pay for pipelines and treatment works out of tariffs, taxes and bonds. Delays in public budgets "
            "or in the approval of tariffs have led, and may again lead, to the postponement of projects for which we "
            "have already bought materials.",
        ),
        (
            "The cost of metals and energy may rise faster than our prices.",
            "Metals and castings made up approximately 34% of our cost of products sold in 2025. Many of our supply "
            "agreements fix prices for a period of years or cap annual increases. A rise of 10% in the price of "
            "castings, if we could not pass it on, would have reduced our 2025 operating income by approximately "
            "$31 million.",
        ),
        (
            "We may be liable for defects that affect a whole casting lot.",
            "A defect in one heat of metal may appear in hundreds of products. Our supply agreements increasingly "
            "require us to replace all products of an affected lot, including those that have not failed, and to "
            "pay the cost of removing and refitting them. Our liability under such agreements is usually limited to "
            "a stated amount or to a percentage of annual sales, but those limits do not apply to personal injury, "
            "and they have been raised in recent negotiations.",
        ),
        (
            "A change of control could cost us important customers.",
            "Some customers may terminate their agreements if a competitor of theirs acquires control of us. This "
            "could discourage a transaction that shareholders would favor. Our 5.875% senior notes also require us "
            "to offer to repurchase them at 101% of their principal amount on a change of control followed by a "
            "downgrade.",
        ),
        (
            "Our debt limits what we can do.",
            f"At December 31, 2025 the principal amount of our debt was ${f.total(f.DEBT)[0]:,} million. Our credit "
            "agreement requires that net debt not exceed 3.50 times, and that operating income before depreciation "
            "and amortization be at least 3.00 times interest expense. We complied with both covenants throughout "
            f"2025. ${f.DEBT_MATURITIES['2027']} million of our debt matures in 2027 and will probably have to be "
            "refinanced.",
        ),
        (
            "Goodwill may be impaired.",
            f"Goodwill of ${f.total(f.GOODWILL)[0]:,} million made up "
            f"{f.share(f.total(f.GOODWILL)[0], f.TOTAL_ASSETS[0])} of our total assets at December 31, 2025. A fall "
            "in expected cash flows or a rise in discount rates could require us to write part of it off.",
        ),
        (
            "We operate in many countries and currencies.",
            f"In 2025, {f.share(f.TOTAL_REVENUES[0] - f.REGIONS['United States'][0], f.TOTAL_REVENUES[0])} of our "
            "revenues came from outside the United States. Tariffs, export controls, sanctions and movements of the "
            "euro and the pound sterling affect our sales, our costs and the value in dollars of what we own abroad.",
        ),
        (
            "An attack on our systems, or on products connected to them, could do harm.",
            "Our monitoring products report from customers' networks. An intrusion could interrupt our operations or a "
            "customer's supply of water and expose us to claims. We had no material incident in 2025.",
        ),
    )
    story: list[Flowable] = [
        PageBreak(),
        _item(2),
        prose(
            "The risks below are those that we believe to be material. They should be read together with the rest of "
            "this report. Risks that we do not know of, or believe to be minor, may also harm our business."
        ),
    ]
    for heading, text in risks:
        story += [prose(heading, NOTE_HEAD), prose(text)]
    return story


def _places() -> list[Flowable]:
    return [
        PageBreak(),
        _item(3),
        prose(
            "Our headquarters and largest works are in Elmsford Falls, Ohio. We believe that our properties are in "
            "good order and sufficient for our needs. The principal ones are listed below."
        ),
        figures_table(
            ("Sites owned", "Sites leased", "Square feet (000)"),
            [
                Figures("Municipal Water", ("6", "3", "2,410"), indent=8),
                Figures("Industrial Flow", ("4", "3", "1,685"), indent=8),
                Figures("Aftermarket and Services", ("2", "21", "940"), indent=8),
                Figures("Corporate", ("1", "2", "165"), indent=8),
                Figures("Total", ("13", "29", "5,200"), total=True),
            ],
            width=WIDTH,
            column=72,
        ),
        _item(4),
        prose(
            "We are party to lawsuits and claims in the ordinary course of business, including claims for product "
            "liability, warranty and environmental matters. We record a liability when a loss is probable and can be "
            "estimated. We do not believe that any pending matter will have a material effect on our financial "
            "condition, results of operations or cash flows. See Note 13 to the consolidated financial statements."
        ),
    ]


def _market() -> list[Flowable]:
    rows = [
        Figures(str(year), (f"{shares:.1f}", f"{price:.2f}", money(round(shares * price))), indent=8)
        for year, shares, price in f.REPURCHASED_SHARES
    ]
    return [
        _item(5),
        prose(
            "Our common stock is listed under the symbol ALFS. At February 13, 2026 there were 3,118 holders of "
            f"record. We declared dividends of ${f.DIVIDENDS_PER_SHARE[0]:.2f} per share in 2025 and "
            f"${f.DIVIDENDS_PER_SHARE[1]:.2f} per share in 2024."
        ),
        prose(
            "In May 2024 the board of directors authorized the repurchase of up to $200 million of common stock "
            "without an expiry date; $118 million of that authorization remained at December 31, 2025. Repurchases "
            "in the last three years were as follows."
        ),
        figures_table(
            ("Shares (millions)", "Average price ($)", "Cost ($ millions)"), rows, width=WIDTH, column=76, leaders=False
        ),
    ]


def _discussion() -> list[Flowable]:
    revenue, gross, income = f.TOTAL_REVENUES, f.GROSS_PROFIT, f.OPERATING_INCOME
    segment_rows: list[Figures] = []
    for name, cells in f.SEGMENT_REVENUES.items():
        change = (f.growth(cells, 0), f.growth(cells, 1))
        segment_rows.append(Figures(name, (*map(money, cells), *change), indent=8))
    segment_rows.append(
        Figures("Total revenues", (*map(money, revenue), f.growth(revenue, 0), f.growth(revenue, 1)), total=True)
    )
    overview = [
        Figures("Total revenues", tuple(map(money, revenue)), dollars=True),
        Figures("Gross profit", tuple(map(money, gross))),
        Figures("Gross margin", tuple(f.share(a, b) for a, b in zip(gross, revenue, strict=True))),
        Figures("Operating income", tuple(map(money, income))),
        Figures("Operating margin", tuple(f.share(a, b) for a, b in zip(income, revenue, strict=True))),
        Figures("Effective tax rate", tuple(f.share(a, b) for a, b in zip(f.TAXES, f.PRETAX, strict=True))),
        Figures("Net cash provided by operating activities", tuple(map(money, f.FROM_OPERATIONS))),
        Figures(
            "Free cash flow",
            tuple(map(money, f.add(f.FROM_OPERATIONS, f.INVESTING["Capital expenditures"]))),
        ),
    ]
    expenses = f.EXPENSES["Selling, general and administrative"]
    return [
        PageBreak(),
        _item(6),
        prose(
            "This discussion should be read with the consolidated financial statements and their notes. Statements "
            "about the future rest on our present expectations, and actual results may differ for the reasons given "
            "in Item 2."
        ),
        Paragraph("Overview", NOTE_HEAD),
        Paragraph("(in millions, except percentages)", CAPTION),
        figures_table(ENDED, overview, width=WIDTH),
        prose(
            "Free cash flow is net cash provided by operating activities less capital expenditures. It is not a "
            "measure under generally accepted accounting principles; we report it because it shows the cash that is "
            "left for debt, dividends, repurchases and acquisitions."
        ),
        Paragraph("Revenues", NOTE_HEAD),
        Paragraph("(in millions, except percentages)", CAPTION),
        figures_table((*ENDED, "2025 change", "2024 change"), segment_rows, width=WIDTH, column=42),
        prose(
            f"Total revenues increased by {f.growth(revenue)} to ${revenue[0]:,} million in 2025. Of the increase, "
            "prices contributed 2.6 percentage points, volumes 3.7 and currency 0.5. Municipal Water grew by "
            f"{f.growth(f.SEGMENT_REVENUES['Municipal Water'])} on large transmission projects in Texas and in the "
            "United Kingdom. Industrial Flow was held back by weak orders from pulp and paper customers in Europe. "
            "Aftermarket and Services gained from monitoring subscriptions, which passed $60 million."
        ),
        Paragraph("Gross profit and expenses", NOTE_HEAD),
        prose(
            f"Gross profit was ${gross[0]} million, or {f.share(gross[0], revenue[0])} of revenues, compared with "
            f"${gross[1]} million, or {f.share(gross[1], revenue[1])}, in 2024. The improvement reflects a better mix "
            "of services and higher prices, partly offset by the cost of castings. Selling, general and "
            f"administrative expenses rose by {f.growth(expenses)} to ${expenses[0]} million and were "
            f"{f.share(expenses[0], revenue[0])} of revenues ({f.share(expenses[1], revenue[1])} in 2024)."
        ),
        prose(
            f"Restructuring and impairment charges of ${f.total(f.RESTRUCTURING)[0]} million in 2025 relate mainly to "
            "the closure of our foundry in Kettle Bend, Pennsylvania, announced in April 2025, and include an "
            "impairment of property, plant and equipment of "
            f"${f.OPERATING['Impairment of property, plant and equipment'][0]} million. We expect the closure to save "
            "approximately $15 million a year from 2027."
        ),
        Paragraph("Interest and taxes", NOTE_HEAD),
        prose(
            f"Interest expense fell from ${-f.BELOW['Interest expense'][1]} million to "
            f"${-f.BELOW['Interest expense'][0]} million as we repaid debt. The effective tax rate was "
            f"{f.share(f.TAXES[0], f.PRETAX[0])} in 2025 and {f.share(f.TAXES[1], f.PRETAX[1])} in 2024."
        ),
        Paragraph("Liquidity and capital resources", NOTE_HEAD),
        prose(
            f"Operating activities provided ${f.FROM_OPERATIONS[0]} million of cash in 2025, against "
            f"${f.FROM_OPERATIONS[1]} million in 2024. Capital expenditures were ${f.total(f.SEGMENT_CAPEX)[0]} "
            "million; we expect them to be between $95 million and $105 million in 2026. At December 31, 2025 we had "
            f"cash of ${f.CASH_AT_END[0]} million, of which $131 million was held outside the United States, and "
            f"${500 - f.DEBT['Revolving credit facility due 2029'][0]} million was available under our $500 million "
            "revolving credit facility."
        ),
        Paragraph("Contractual obligations at December 31, 2025", NOTE_HEAD),
        Paragraph(UNITS, CAPTION),
        figures_table(("Total", "2026", "2027\u20132028", "Thereafter"), _obligations(), width=WIDTH),
        Paragraph("Critical accounting estimates", NOTE_HEAD),
        prose(
            "<i>Goodwill.</i> We test goodwill for impairment on October 1 of each year. In 2025 the fair value of "
            "each reporting unit exceeded its carrying amount by at least 24%. A discount rate higher by one "
            "percentage point would not have led to an impairment."
        ),
        prose(
            "<i>Warranty.</i> We accrue the expected cost of warranties when revenue is recognized, from experience of "
            "claims by product line, and add to the accrual when a defect of a whole lot becomes known. See Note 12."
        ),
    ]


def _obligations() -> list[Figures]:
    def spread(by_year: Mapping[str, int]) -> f.Row:
        first, middle = by_year["2026"], by_year["2027"] + by_year["2028"]
        return (sum(by_year.values()), first, middle, sum(by_year.values()) - first - middle)

    rows: dict[str, f.Row] = {
        "Debt, principal": spread(f.DEBT_MATURITIES),
        "Interest on debt": (182, 54, 79, 49),
        "Operating leases": spread(f.LEASE_PAYMENTS),
        "Purchase commitments": (164, 121, 43, 0),
    }
    return [*_rows(rows, dollars_first=True), _sum("Total", f.total(rows), final=True)]


def _market_risk() -> list[Flowable]:
    floating = f.DEBT["Term loan due 2028"][0] + f.DEBT["Revolving credit facility due 2029"][0]
    return [
        _item(7),
        prose(
            f"<b>Interest rates.</b> ${floating} million of our debt at December 31, 2025 bore interest at floating "
            "rates, of which $150 million was swapped into fixed rates until June 2027. A rise of one percentage "
            "point in short-term rates would increase annual interest expense by approximately "
            f"${(floating - 150) / 100:.1f} million."
        ),
        prose(
            "<b>Currencies.</b> A fall of 10% in the euro and the pound sterling against the dollar would have "
            "reduced 2025 operating income by approximately $9 million. <b>Metals.</b> We hedge part of our "
            "purchases of copper for up to eighteen months; castings cannot be hedged."
        ),
        _item(8),
        prose(
            "Management, with the participation of the chief executive officer and the chief financial officer, "
            "evaluated the design and operation of our disclosure controls at December 31, 2025 and concluded that "
            "they were effective. Management also assessed internal control over financial reporting at that date "
            "and concluded that it was effective. No change in the fourth quarter of 2025 materially affected it."
        ),
    ]


def _statement(title: str, under: str, table: Flowable | Sequence[Flowable]) -> list[Flowable]:
    tables = [table] if isinstance(table, Flowable) else list(table)
    return [
        PageBreak(),
        Paragraph(NAME, CENTRED),
        Paragraph(title, SUBHEAD.clone("statement", alignment=1, spaceBefore=0)),
        Paragraph(under, CAPTION),
        *tables,
        prose(
            "The accompanying notes are an integral part of these consolidated financial statements.",
            CAPTION.clone("accompany", spaceBefore=6),
        ),
    ]


STATEMENTS = (
    "CONSOLIDATED STATEMENTS OF INCOME",
    "CONSOLIDATED STATEMENTS OF COMPREHENSIVE INCOME",
    "CONSOLIDATED BALANCE SHEETS",
    "CONSOLIDATED STATEMENTS OF EQUITY",
    "CONSOLIDATED STATEMENTS OF CASH FLOWS",
)


def _statements() -> list[Flowable]:
    index = [
        Figures(title.title().replace(" Of ", " of "), (f"F-{number}",))
        for number, title in zip((3, 4, 5, 6, 7), STATEMENTS, strict=True)
    ]
    return [
        Paragraph("INDEX TO CONSOLIDATED FINANCIAL STATEMENTS", SUBHEAD.clone("index", alignment=1)),
        figures_table(
            ("Page",),
            [
                Figures("Report of Independent Auditor", ("F-2",)),
                *index,
                Figures("Notes to Consolidated Financial Statements", ("F-8",)),
            ],
            width=WIDTH,
        ),
        PageBreak(),
        Paragraph("REPORT OF INDEPENDENT AUDITOR", SUBHEAD.clone("auditor", alignment=1)),
        prose(f"To the shareholders and the board of directors of {NAME}"),
        Paragraph("Opinion", NOTE_HEAD),
        prose(
            f"We have audited the consolidated balance sheets of {NAME} and its subsidiaries at December 31, 2025 and "
            "2024, and the related consolidated statements of income, comprehensive income, equity and cash flows "
            "for each of the three years in the period ended December 31, 2025, with the related notes. In our "
            "opinion they present fairly, in all material respects, the financial position of the company at those "
            "dates and the results of its operations and its cash flows for each of those years, in conformity with "
            "accounting principles generally accepted in the United States of America."
        ),
        Paragraph("Basis for opinion", NOTE_HEAD),
        prose(
            "These statements are the responsibility of the company's management. Ours is to express an opinion on "
            "them from our audits. We planned and performed the audits to obtain reasonable assurance that the "
            "statements are free of material misstatement, whether due to error or fraud. We believe that our audits "
            "provide a reasonable basis for our opinion."
        ),
        Paragraph("Critical audit matter: warranty accruals for lots", NOTE_HEAD),
        prose(
            f"The company accrued ${f.total(f.WARRANTY)[0]} million for warranties at December 31, 2025 (Note 12). "
            "Auditing the accrual required judgment, because the number of products of a lot that will fail has to "
            "be estimated from few failures. We tested the data on claims, compared earlier estimates with later "
            "settlements, and examined claims received after year end."
        ),
        Spacer(1, 8),
        prose("Tarn, Okonedo &amp; Pell LLP<br/>Columbus, Ohio<br/>February 20, 2026", LEFT_PARAGRAPH),
        *_income(),
        *_comprehensive(),
        *_balance(),
        *_equity(),
        *_cash(),
        PageBreak(),
        *_notes(),
    ]


def _income() -> list[Flowable]:
    rows = [
        _head("Revenues:"),
        *_rows(f.REVENUES, dollars_first=True),
        _sum("Total revenues", f.TOTAL_REVENUES),
        _head("Cost of revenues:"),
        *_rows(f.COSTS),
        _sum("Total cost of revenues", f.total(f.COSTS)),
        _sum("Gross profit", f.GROSS_PROFIT),
        _head("Operating expenses:"),
        *_rows(f.EXPENSES),
        _sum("Total operating expenses", f.total(f.EXPENSES)),
        _sum("Operating income", f.OPERATING_INCOME),
        *_rows(f.BELOW, indent=0),
        _sum("Income before income taxes", f.PRETAX),
        Figures("Provision for income taxes", tuple(map(money, f.TAXES))),
        _sum("Net income", f.NET_INCOME),
        Figures("Less: net income attributable to noncontrolling interests", tuple(map(money, f.MINORITY))),
        _sum("Net income attributable to Aldermoor", f.ATTRIBUTABLE, final=True),
        _head("Earnings per share attributable to Aldermoor:"),
        Figures("Basic", _dollars(f.BASIC_EPS), indent=8, dollars=True),
        Figures("Diluted", _dollars(f.DILUTED_EPS), indent=8, dollars=True),
        _head("Weighted average shares outstanding:"),
        Figures("Basic shares", tuple(f"{n:.1f}" for n in f.BASIC_SHARES), indent=8),
        Figures("Diluted shares", tuple(f"{n:.1f}" for n in f.DILUTED_SHARES), indent=8),
        Figures("Dividends declared per share", _dollars(f.DIVIDENDS_PER_SHARE), dollars=True),
    ]
    return _statement(
        STATEMENTS[0],
        f"For the years ended December 31<br/>{UNITS_SHARE}",
        figures_table(ENDED, rows, width=WIDTH, leaders=False),
    )


def _comprehensive() -> list[Flowable]:
    comprehensive = f.add(f.NET_INCOME, f.total(f.OTHER_COMPREHENSIVE))
    rows = [
        Figures("Net income", tuple(map(money, f.NET_INCOME)), dollars=True),
        _head("Other comprehensive income (loss), net of tax:"),
        *_rows(f.OTHER_COMPREHENSIVE),
        _sum("Total other comprehensive income (loss), net of tax", f.total(f.OTHER_COMPREHENSIVE)),
        _sum("Comprehensive income", comprehensive),
        Figures("Less: comprehensive income attributable to noncontrolling interests", tuple(map(money, f.MINORITY))),
        _sum("Comprehensive income attributable to Aldermoor", f.less(comprehensive, f.MINORITY), final=True),
    ]
    return _statement(
        STATEMENTS[1], f"For the years ended December 31<br/>{UNITS}", figures_table(ENDED, rows, width=WIDTH)
    )


def _balance() -> list[Flowable]:
    ends = [f.equity_at_end_of(year) for year in f.YEARS[:2]]
    equity = {part: tuple(end[at] for end in ends) for at, part in enumerate(f.PARTS)}
    labels = {
        "Common stock": "Common stock, $0.01 par value; 200.0 shares authorized",
        "Treasury stock": "Treasury stock, at cost",
    }
    minority = equity.pop("Noncontrolling interests")
    rows = [
        _head("Assets"),
        _head("Current assets:"),
        *_rows(f.CURRENT_ASSETS, dollars_first=True),
        _sum("Total current assets", f.total(f.CURRENT_ASSETS)),
        *_rows(f.LONG_TERM_ASSETS, indent=0),
        _sum("Total assets", f.TOTAL_ASSETS, final=True),
        _head("Liabilities and equity"),
        _head("Current liabilities:"),
        *_rows(f.CURRENT_LIABILITIES, dollars_first=True),
        _sum("Total current liabilities", f.total(f.CURRENT_LIABILITIES)),
        *_rows(f.LONG_TERM_LIABILITIES, indent=0),
        _sum("Total liabilities", f.TOTAL_LIABILITIES),
        _head("Equity:"),
        *_rows({labels.get(part, part): cells for part, cells in equity.items()}),
        _sum("Total Aldermoor shareholders' equity".replace("'", "\u2019"), f.total(equity)),
        Figures("Noncontrolling interests", tuple(map(money, minority))),
        _sum("Total equity", f.add(f.total(equity), minority)),
        _sum("Total liabilities and equity", f.add(f.TOTAL_LIABILITIES, f.total(equity), minority), final=True),
    ]
    return _statement(
        STATEMENTS[2],
        f"At December 31<br/>{UNITS_SHARE}",
        figures_table(AT, rows, width=WIDTH, column=58, leading=10.4),
    )


def _equity() -> list[Flowable]:
    headings = ("Common stock", "Paid-in capital", "Retained earnings", "Treasury stock", "AOCI*", "NCI*", "Total")

    def row(label: str, cells: f.Row, *, total: bool = False) -> Figures:
        return Figures(label, tuple(map(money, (*cells, sum(cells)))), total=total)

    rows = [row(f"Balance, December 31, {min(f.YEARS) - 1}", f.OPENING_EQUITY, total=True)]
    for year in sorted(f.YEARS):
        rows += [row(label, cells) for label, cells in f.equity_movements(year).items()]
        rows.append(row(f"Balance, December 31, {year}", f.equity_at_end_of(year), total=True))
    wide = figures_table(
        tuple(heading.replace(" ", "\n") for heading in headings), rows, width=WIDTH, leaders=False, column=24
    )
    return _statement(
        STATEMENTS[3],
        UNITS,
        [
            wide,
            prose(
                "* AOCI: accumulated other comprehensive income (loss). NCI: noncontrolling interests. Dividends "
                f"declared per share were ${f.DIVIDENDS_PER_SHARE[2]:.2f} in 2023, ${f.DIVIDENDS_PER_SHARE[1]:.2f} "
                f"in 2024 and ${f.DIVIDENDS_PER_SHARE[0]:.2f} in 2025.",
                CAPTION.clone("stars", alignment=0, fontSize=8.5),
            ),
        ],
    )


def _cash() -> list[Flowable]:
    operating = dict(f.OPERATING)
    net_income = operating.pop("Net income")
    rows = [
        _head("Operating activities"),
        Figures("Net income", tuple(map(money, net_income)), dollars=True),
        Figures("Adjustments to reconcile net income to cash from operations:"),
        *_rows(operating),
        Figures("Changes in operating assets and liabilities:"),
        *_rows(f.WORKING_CAPITAL),
        _sum("Net cash provided by operating activities", f.FROM_OPERATIONS),
        _head("Investing activities"),
        *_rows(f.INVESTING),
        _sum("Net cash used in investing activities", f.FROM_INVESTING),
        _head("Financing activities"),
        *_rows(f.FINANCING),
        _sum("Net cash provided by (used in) financing activities", f.FROM_FINANCING),
        Figures("Effect of exchange rates on cash", tuple(map(money, f.CASH_TRANSLATION))),
        _sum("Net increase in cash and cash equivalents", f.CASH_CHANGE),
        Figures("Cash and cash equivalents at beginning of year", tuple(map(money, f.CASH_AT_START))),
        _sum("Cash and cash equivalents at end of year", f.CASH_AT_END, final=True),
        _head("Supplemental information"),
        Figures("Interest paid", tuple(map(money, (59, 64, 55))), indent=8),
        Figures("Income taxes paid", tuple(map(money, (56, 51, 44))), indent=8),
    ]
    return _statement(
        STATEMENTS[4],
        f"For the years ended December 31<br/>{UNITS}",
        figures_table(ENDED, rows, width=WIDTH, leading=10.4),
    )


def _note(number: int, heading: str, *parts: Flowable) -> list[Flowable]:
    return [Paragraph(f"Note {number}. {heading}", NOTE_HEAD), *parts]


def _table(
    headings: Sequence[str], rows: Sequence[Figures], *, units: str = UNITS, column: float = 54
) -> list[Flowable]:
    """A caption and its table; the caption, and a `lead` before it, stay on the table's page."""
    return [Paragraph(units, CAPTION), figures_table(headings, rows, width=WIDTH, column=column, leaders=False)]


def _notes() -> list[Flowable]:
    goodwill_change = f.less(*(tuple(cells[at] for cells in f.GOODWILL.values()) for at in (0, 1)))
    return [
        Paragraph("NOTES TO CONSOLIDATED FINANCIAL STATEMENTS", SUBHEAD.clone("notes", alignment=1)),
        *_note(
            1,
            "Significant accounting policies",
            prose(
                f"<b>Basis.</b> The consolidated financial statements include {NAME} and the companies that it "
                "controls. Intercompany balances and transactions are eliminated. Preparing them requires estimates; "
                "results may differ. Amounts are in millions of US dollars, except per share amounts, and are "
                "rounded."
            ),
            prose(
                "<b>Revenue.</b> Revenue from products is recognized when control passes to the customer, usually on "
                "delivery. Revenue from services and subscriptions is recognized as they are performed. Liquidated "
                "damages for late delivery and rebates on volume are estimated and deducted from revenue. Payment "
                "terms are usually between 30 and 60 days."
            ),
            prose(
                "<b>Cash equivalents</b> are investments that mature within three months of purchase. "
                "<b>Inventories</b> are stated at the lower of cost, first in first out, and net realizable value. "
                "<b>Property, plant and equipment</b> is depreciated on a straight line over 20 to 40 years for "
                "buildings and 3 to 15 years for machinery. <b>Research and development</b> is expensed as incurred."
            ),
            prose(
                "<b>New standards.</b> In 2025 we adopted the standard on income tax disclosures, which adds to the "
                "information in Note 10 and does not affect the amounts recognized."
            ),
        ),
        *_note(
            2,
            "Segments and regions",
            lead(
                "Our chief executive officer, who is the chief operating decision maker, assesses the segments by "
                "their operating income before amortization of intangible assets, restructuring and corporate "
                "expenses."
            ),
            *_table(
                ENDED,
                [
                    _head("Revenues"),
                    *_rows(f.SEGMENT_REVENUES, dollars_first=True),
                    _sum("Total revenues", f.TOTAL_REVENUES),
                    _head("Segment operating income"),
                    *_rows(f.SEGMENT_INCOME),
                    _sum("Total segment operating income", f.total(f.SEGMENT_INCOME)),
                    Figures("Corporate expenses", tuple(money(-n) for n in f.CORPORATE), indent=8),
                    Figures(
                        "Amortization of intangible assets",
                        tuple(money(-n) for n in f.EXPENSES["Amortization of intangible assets"]),
                        indent=8,
                    ),
                    Figures(
                        "Restructuring and impairment charges",
                        tuple(money(-n) for n in f.EXPENSES["Restructuring and impairment charges"]),
                        indent=8,
                    ),
                    _sum("Operating income", f.OPERATING_INCOME, final=True),
                    _head("Capital expenditures"),
                    *_rows(f.SEGMENT_CAPEX),
                    _sum("Total capital expenditures", f.total(f.SEGMENT_CAPEX)),
                ],
            ),
            *_table(
                AT,
                [
                    _head("Assets"),
                    *_rows(f.SEGMENT_ASSETS, dollars_first=True),
                    _sum("Total assets", f.total(f.SEGMENT_ASSETS), final=True),
                ],
            ),
            lead("Revenues by the location of the customer were as follows."),
            *_table(
                ENDED,
                [*_rows(f.REGIONS, dollars_first=True), _sum("Total revenues", f.total(f.REGIONS), final=True)],
            ),
        ),
        *_note(
            3,
            "Earnings per share",
            lead("Basic and diluted earnings per share were computed as follows."),
            *_table(
                ENDED,
                [
                    Figures("Net income attributable to Aldermoor", tuple(map(money, f.ATTRIBUTABLE)), dollars=True),
                    Figures("Weighted average shares, basic", tuple(f"{n:.1f}" for n in f.BASIC_SHARES)),
                    Figures(
                        "Dilutive effect of stock awards",
                        tuple(f"{d - b:.1f}" for b, d in zip(f.BASIC_SHARES, f.DILUTED_SHARES, strict=True)),
                    ),
                    Figures(
                        "Weighted average shares, diluted", tuple(f"{n:.1f}" for n in f.DILUTED_SHARES), total=True
                    ),
                    Figures("Basic earnings per share", _dollars(f.BASIC_EPS), dollars=True),
                    Figures("Diluted earnings per share", _dollars(f.DILUTED_EPS), dollars=True),
                ],
                units=UNITS_SHARE,
            ),
        ),
        *_note(
            4,
            "Inventories",
            lead("Inventories at December 31 were as follows."),
            *_table(
                AT,
                [
                    *_rows(f.INVENTORIES, dollars_first=True),
                    _sum("Total inventories", f.total(f.INVENTORIES), final=True),
                ],
            ),
        ),
        *_note(
            5,
            "Property, plant and equipment",
            lead(
                f"Depreciation was ${f.OPERATING['Depreciation'][0]} million in 2025, "
                f"${f.OPERATING['Depreciation'][1]} million in 2024 and ${f.OPERATING['Depreciation'][2]} million in "
                "2023."
            ),
            *_table(
                AT,
                [
                    *_rows(f.PLANT, dollars_first=True),
                    _sum("Property, plant and equipment, gross", f.total(f.PLANT)),
                    Figures("Accumulated depreciation", tuple(map(money, f.DEPRECIATED)), indent=8),
                    _sum("Property, plant and equipment, net", f.NET_PLANT, final=True),
                ],
            ),
        ),
        *_note(
            6,
            "Goodwill and intangible assets",
            lead("Goodwill by segment changed only by currency translation in 2025."),
            *_table(
                ("2024", "Translation", "2025"),
                [
                    *(
                        Figures(name, tuple(map(money, (cells[1], change, cells[0]))), indent=8)
                        for (name, cells), change in zip(f.GOODWILL.items(), goodwill_change, strict=True)
                    ),
                    _sum(
                        "Total goodwill",
                        (f.total(f.GOODWILL)[1], sum(goodwill_change), f.total(f.GOODWILL)[0]),
                        final=True,
                    ),
                ],
            ),
            *_table(
                ("Gross", "Amortization", "Net 2025", "Net 2024"),
                [
                    *(
                        Figures(
                            name,
                            tuple(map(money, (gross[0], done[0], gross[0] + done[0], gross[1] + done[1]))),
                            indent=8,
                        )
                        for name, (gross, done) in f.INTANGIBLES.items()
                    ),
                    _sum(
                        "Total intangible assets",
                        (
                            sum(gross[0] for gross, _ in f.INTANGIBLES.values()),
                            sum(done[0] for _, done in f.INTANGIBLES.values()),
                            *f.NET_INTANGIBLES,
                        ),
                        final=True,
                    ),
                ],
            ),
            lead("Amortization of the intangible assets with finite lives is expected to be as follows."),
            *_by_year(f.FUTURE_AMORTIZATION, "Amortization expense"),
        ),
        *_note(
            7,
            "Debt",
            lead(
                "The term loan and the revolving credit facility bear interest at a floating rate plus a margin of "
                "between 1.25% and 2.00%, which depends on our leverage. Both are secured by the shares of our "
                "subsidiaries in the United States. The senior notes are unsecured."
            ),
            *_table(
                AT,
                [
                    *_rows(f.DEBT, dollars_first=True),
                    _sum("Total principal", f.total(f.DEBT)),
                    Figures("Unamortized issuance costs", tuple(map(money, f.ISSUANCE_COSTS)), indent=8),
                    _sum("Total debt", f.NET_DEBT),
                    Figures("Less: current portion", tuple(money(-n) for n in f.DEBT_DUE_WITHIN_A_YEAR), indent=8),
                    _sum(
                        "Long-term debt, less current portion", f.less(f.NET_DEBT, f.DEBT_DUE_WITHIN_A_YEAR), final=True
                    ),
                ],
            ),
            lead("Principal amounts of debt mature as follows."),
            *_by_year(f.DEBT_MATURITIES, "Total principal"),
        ),
        *_note(
            8,
            "Leases",
            lead(
                "We lease service centers, offices and vehicles under operating leases. The weighted average "
                "remaining term was 5.1 years and the weighted average discount rate 5.4% at December 31, 2025. "
                "Operating lease cost was $36 million in 2025, $35 million in 2024 and $33 million in 2023. Future "
                "payments are as follows."
            ),
            *_table(
                ("Payments",),
                [
                    *(Figures(year, (money(amount),), indent=8) for year, amount in f.LEASE_PAYMENTS.items()),
                    _sum("Total lease payments", (sum(f.LEASE_PAYMENTS.values()),)),
                    Figures("Less: imputed interest", (money(f.LEASE_INTEREST),), indent=8),
                    _sum(
                        "Present value of lease liabilities",
                        (sum(f.LEASE_PAYMENTS.values()) + f.LEASE_INTEREST,),
                        final=True,
                    ),
                ],
            ),
        ),
        *_note(
            9,
            "Restructuring and impairment",
            lead(
                "In April 2025 we decided to close our foundry in Kettle Bend, Pennsylvania, and to move its work to "
                "Elmsford Falls. Approximately 240 employees are affected. The closure is expected to be complete by "
                "September 2026. Charges in the three years were as follows."
            ),
            *_table(
                ENDED,
                [
                    *_rows(f.RESTRUCTURING, dollars_first=True),
                    _sum("Total charges", f.total(f.RESTRUCTURING), final=True),
                ],
            ),
        ),
        *_note(
            10,
            "Income taxes",
            lead("The provision for income taxes was as follows."),
            *_table(
                ENDED,
                [
                    _head("Current:"),
                    *_rows(f.TAX_CURRENT, dollars_first=True),
                    _sum("Total current", f.total(f.TAX_CURRENT)),
                    Figures("Deferred", tuple(map(money, f.TAX_DEFERRED)), indent=8),
                    _sum("Provision for income taxes", f.TAXES, final=True),
                ],
            ),
            lead("It differs from tax at the federal statutory rate for these reasons."),
            *_table(
                ENDED,
                [
                    Figures(
                        f"Tax at the statutory rate of {f.RATE_STATUTORY:.0%}",
                        tuple(map(money, f.TAX_AT_STATUTORY)),
                        indent=8,
                        dollars=True,
                    ),
                    *_rows(f.RATE_OTHER),
                    _sum("Provision for income taxes", f.add(f.TAX_AT_STATUTORY, f.total(f.RATE_OTHER)), final=True),
                ],
            ),
        ),
        *_note(
            11,
            "Stock-based compensation",
            prose(
                "Our 2021 incentive plan allows the grant of 4.5 million shares, of which 1.8 million remained "
                f"available at December 31, 2025. Expense was ${f.STOCK_COMPENSATION[0]} million in 2025, "
                f"${f.STOCK_COMPENSATION[1]} million in 2024 and ${f.STOCK_COMPENSATION[2]} million in 2023. "
                "Unrecognized expense of $29 million will be recognized over 1.9 years on average."
            ),
        ),
        *_note(
            12,
            "Warranties",
            lead("The accrual for warranties, which is included in other current liabilities, changed as follows."),
            *_table(
                AT,
                [
                    *_rows(f.WARRANTY, dollars_first=True),
                    _sum("Balance at end of year", f.total(f.WARRANTY), final=True),
                ],
            ),
        ),
        *_note(
            13,
            "Commitments and contingencies",
            prose(
                "Purchase commitments at December 31, 2025 were $164 million, of which $121 million falls due in "
                "2026. We are remediating ground water at two former foundries; the accrual of $11 million is not "
                "discounted, and costs may exceed it by up to $6 million. Letters of credit and surety bonds of $58 "
                "million were outstanding."
            ),
        ),
        *_note(
            14,
            "Quarterly data (unaudited)",
            lead("Earnings per share of the quarters may not add up to those of the year."),
            *(part for year in sorted(f.QUARTERS, reverse=True) for part in _quarters(year)),
        ),
        *_note(
            15,
            "Subsequent events",
            prose(
                "On February 11, 2026 a maker of treatment plant in the United Kingdom gave notice of a claim under "
                "a supply agreement in respect of one lot of gate valves delivered in November 2025. The claim, "
                "which includes costs of removal and refitting of approximately $0.2 million, is being investigated. "
                "We do not expect it to be material."
            ),
            prose(
                "On February 17, 2026 the board of directors declared a quarterly dividend of $0.19 per share, "
                "payable on March 27, 2026 to shareholders of record on March 6, 2026."
            ),
        ),
    ]


def _by_year(amounts: Mapping[str, int], label: str) -> list[Flowable]:
    """One row of years with their sum, as filings print maturities."""
    total = sum(amounts.values())
    return _table((*amounts, "Total"), [Figures(label, tuple(map(money, (*amounts.values(), total))))], column=40)


def _quarters(year: int) -> list[Flowable]:
    rows: list[Figures] = []
    for label, cells in f.QUARTERS[year].items():
        rows.append(Figures(label, tuple(map(money, (*cells, sum(cells)))), dollars=not rows))
    income = f.QUARTERS[year]["Net income attributable to Aldermoor"]
    each = [n / shares for n, shares in zip(income, f.QUARTER_SHARES[year], strict=True)]
    rows.append(
        Figures("Diluted earnings per share", _dollars((*each, f.DILUTED_EPS[f.YEARS.index(year)])), dollars=True)
    )
    return _table(("First", "Second", "Third", "Fourth", str(year)), rows, units=f"{year} {UNITS_SHARE}", column=36)
