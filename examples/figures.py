"""The accounts of Aldermoor Fluid Systems, Inc., an invented company: what is entered, and what follows from it.

Amounts are whole millions of US dollars unless a name says otherwise. Each tuple is newest year first. Only lines that
a bookkeeper would enter are written down; every total, subtotal and ratio is computed, so that all of them tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

YEARS = (2025, 2024, 2023)
Row = tuple[int, ...]


def add(*rows: Row) -> Row:
    """The rows added up, column by column."""
    return tuple(sum(column) for column in zip(*rows, strict=True))


def less(row: Row, *others: Row) -> Row:
    """`row` without the others."""
    return add(row, *(tuple(-value for value in other) for other in others))


def total(rows: Mapping[str, Row] | Iterable[Row]) -> Row:
    return add(*(rows.values() if isinstance(rows, Mapping) else rows))


# ── income ────────────────────────────────────────────────────────────────────────────────────────────────────────────
SEGMENT_REVENUES: dict[str, Row] = {
    "Municipal Water": (1142, 1049, 958),
    "Industrial Flow": (792, 773, 753),
    "Aftermarket and Services": (484, 441, 394),
}
REVENUES: dict[str, Row] = {
    "Product revenues": add(SEGMENT_REVENUES["Municipal Water"], SEGMENT_REVENUES["Industrial Flow"]),
    "Service revenues": SEGMENT_REVENUES["Aftermarket and Services"],
}
COSTS: dict[str, Row] = {"Cost of products sold": (1232, 1178, 1121), "Cost of services": (276, 256, 232)}
EXPENSES: dict[str, Row] = {
    "Selling, general and administrative": (462, 437, 411),
    "Research and development": (96, 88, 81),
    "Amortization of intangible assets": (38, 38, 33),
    "Restructuring and impairment charges": (27, 6, 19),
}
BELOW: dict[str, Row] = {
    "Interest expense": (-61, -66, -58),
    "Interest income": (9, 7, 4),
    "Other income (expense), net": (-4, 3, -2),
}
TAX_CURRENT: dict[str, Row] = {"Federal": (34, 33, 27), "State and local": (7, 6, 5), "Foreign": (17, 15, 10)}
TAX_DEFERRED: Row = (-5, -8, -6)
MINORITY: Row = (3, 2, 2)

TOTAL_REVENUES = total(REVENUES)
GROSS_PROFIT = less(TOTAL_REVENUES, total(COSTS))
OPERATING_INCOME = less(GROSS_PROFIT, total(EXPENSES))
PRETAX = add(OPERATING_INCOME, total(BELOW))
TAXES = add(total(TAX_CURRENT), TAX_DEFERRED)
NET_INCOME = less(PRETAX, TAXES)
ATTRIBUTABLE = less(NET_INCOME, MINORITY)

BASIC_SHARES = (71.4, 72.3, 72.9)
DILUTED_SHARES = (72.1, 73.0, 73.5)
DIVIDENDS_PER_SHARE = (0.72, 0.66, 0.60)
BASIC_EPS = tuple(round(income / shares, 2) for income, shares in zip(ATTRIBUTABLE, BASIC_SHARES, strict=True))
DILUTED_EPS = tuple(round(income / shares, 2) for income, shares in zip(ATTRIBUTABLE, DILUTED_SHARES, strict=True))

OTHER_COMPREHENSIVE: dict[str, Row] = {
    "Foreign currency translation adjustments": (15, -12, 8),
    "Pension and other postretirement adjustments": (4, 5, -3),
    "Unrealized gains (losses) on cash flow hedges": (-7, -2, 1),
}
RATE_STATUTORY = 0.21
RATE_OTHER: dict[str, Row] = {
    "State and local taxes, net of federal benefit": (5, 5, 4),
    "Foreign rate differential": (3, 2, 2),
    "Research credits": (-6, -6, -4),
    "Other, net": (2, 2, 2),
}
TAX_AT_STATUTORY: Row = tuple(round(RATE_STATUTORY * income) for income in PRETAX)

# ── segments and regions ──────────────────────────────────────────────────────────────────────────────────────────────
SEGMENT_INCOME: dict[str, Row] = {
    "Municipal Water": (178, 154, 129),
    "Industrial Flow": (102, 97, 88),
    "Aftermarket and Services": (128, 107, 92),
}
CORPORATE = less(
    total(SEGMENT_INCOME),
    EXPENSES["Amortization of intangible assets"],
    EXPENSES["Restructuring and impairment charges"],
    OPERATING_INCOME,
)
SEGMENT_CAPEX: dict[str, Row] = {
    "Municipal Water": (41, 37, 34),
    "Industrial Flow": (29, 28, 27),
    "Aftermarket and Services": (14, 13, 12),
    "Corporate": (8, 6, 6),
}
SEGMENT_ASSETS: dict[str, Row] = {
    "Municipal Water": (1118, 1083),
    "Industrial Flow": (806, 811),
    "Aftermarket and Services": (452, 437),
    "Corporate": (347, 343),
}
REGIONS: dict[str, Row] = {
    "United States": (1379, 1276, 1189),
    "Europe, Middle East and Africa": (611, 580, 541),
    "Asia Pacific and other": (428, 407, 375),
}

# ── balance sheet (December 31, 2025 and 2024) ────────────────────────────────────────────────────────────────────────
INVENTORIES: dict[str, Row] = {
    "Raw materials": (128, 124),
    "Work in process": (86, 83),
    "Finished goods": (142, 142),
}
PLANT: dict[str, Row] = {
    "Land": (31, 30),
    "Buildings and improvements": (268, 259),
    "Machinery and equipment": (742, 707),
    "Construction in progress": (46, 41),
}
DEPRECIATED: Row = (-589, -556)
GOODWILL: dict[str, Row] = {
    "Municipal Water": (321, 318),
    "Industrial Flow": (243, 241),
    "Aftermarket and Services": (178, 177),
}
INTANGIBLES: dict[str, tuple[Row, Row]] = {
    "Customer relationships": ((402, 399), (-221, -191)),
    "Developed technology": ((118, 117), (-78, -69)),
    "Trademarks (indefinite life)": ((20, 20), (0, 0)),
}
DEBT: dict[str, Row] = {
    "4.625% senior notes due 2027": (250, 250),
    "Term loan due 2028": (332, 377),
    "Revolving credit facility due 2029": (38, 70),
    "5.875% senior notes due 2031": (300, 300),
}
ISSUANCE_COSTS: Row = (-7, -9)
DEBT_DUE_WITHIN_A_YEAR: Row = (45, 45)
DEBT_MATURITIES: dict[str, int] = {"2026": 45, "2027": 295, "2028": 242, "2029": 38, "2030": 0, "Thereafter": 300}
LEASE_PAYMENTS: dict[str, int] = {"2026": 31, "2027": 28, "2028": 23, "2029": 18, "2030": 13, "Thereafter": 24}
LEASE_INTEREST = -19
FUTURE_AMORTIZATION: dict[str, int] = {"2026": 36, "2027": 33, "2028": 29, "2029": 25, "2030": 22, "Thereafter": 76}

NET_PLANT = add(total(PLANT), DEPRECIATED)
NET_INTANGIBLES = total(add(gross, amortized) for gross, amortized in INTANGIBLES.values())
NET_DEBT = add(total(DEBT), ISSUANCE_COSTS)

CURRENT_ASSETS: dict[str, Row] = {
    "Cash and cash equivalents": (214, 187),
    "Accounts receivable, net of allowances of $9 and $8": (402, 381),
    "Inventories": total(INVENTORIES),
    "Prepaid expenses and other current assets": (71, 66),
}
LONG_TERM_ASSETS: dict[str, Row] = {
    "Property, plant and equipment, net": NET_PLANT,
    "Operating lease right-of-use assets": (112, 118),
    "Goodwill": total(GOODWILL),
    "Intangible assets, net": NET_INTANGIBLES,
    "Deferred income taxes": (29, 26),
    "Other assets": (58, 54),
}
TOTAL_ASSETS = add(total(CURRENT_ASSETS), total(LONG_TERM_ASSETS))
CURRENT_LIABILITIES: dict[str, Row] = {
    "Current portion of long-term debt": DEBT_DUE_WITHIN_A_YEAR,
    "Accounts payable": (231, 212),
    "Accrued compensation": (94, 89),
    "Contract liabilities": (83, 76),
    "Current operating lease liabilities": (27, 26),
    "Other current liabilities": (97, 95),
}
LONG_TERM_LIABILITIES: dict[str, Row] = {
    "Long-term debt, less current portion": less(NET_DEBT, DEBT_DUE_WITHIN_A_YEAR),
    "Operating lease liabilities": (91, 97),
    "Pension and other postretirement obligations": (63, 71),
    "Deferred income taxes": (58, 60),
    "Other liabilities": (49, 47),
}
TOTAL_LIABILITIES = add(total(CURRENT_LIABILITIES), total(LONG_TERM_LIABILITIES))

# ── equity ────────────────────────────────────────────────────────────────────────────────────────────────────────────
PARTS = (
    "Common stock",
    "Additional paid-in capital",
    "Retained earnings",
    "Treasury stock",
    "Accumulated other comprehensive loss",
    "Noncontrolling interests",
)
OPENING_EQUITY: Row = (1, 443, 572, -163, -101, 16)
"""By part, at December 31, 2022."""
DIVIDENDS: Row = (51, 48, 44)
MINORITY_DIVIDENDS: Row = (1, 1, 1)
REPURCHASES: Row = (60, 45, 30)
STOCK_COMPENSATION: Row = (21, 19, 17)
OPTIONS: Row = (5, 4, 3)


def equity_movements(year: int) -> dict[str, Row]:
    """What changed each part of equity in `year`."""
    at = YEARS.index(year)
    return {
        "Net income": (0, 0, ATTRIBUTABLE[at], 0, 0, MINORITY[at]),
        "Other comprehensive income (loss)": (0, 0, 0, 0, total(OTHER_COMPREHENSIVE)[at], 0),
        "Dividends declared": (0, 0, -DIVIDENDS[at], 0, 0, -MINORITY_DIVIDENDS[at]),
        "Repurchases of common stock": (0, 0, 0, -REPURCHASES[at], 0, 0),
        "Stock-based compensation": (0, STOCK_COMPENSATION[at], 0, 0, 0, 0),
        "Stock options exercised": (0, OPTIONS[at], 0, 0, 0, 0),
    }


def equity_at_end_of(year: int) -> Row:
    """Each part of equity at December 31 of `year`."""
    if year < min(YEARS):
        return OPENING_EQUITY
    return add(equity_at_end_of(year - 1), *equity_movements(year).values())


# ── cash flows ────────────────────────────────────────────────────────────────────────────────────────────────────────
OPERATING: dict[str, Row] = {
    "Net income": NET_INCOME,
    "Depreciation": (74, 71, 67),
    "Amortization of intangible assets": EXPENSES["Amortization of intangible assets"],
    "Stock-based compensation": STOCK_COMPENSATION,
    "Deferred income taxes": TAX_DEFERRED,
    "Impairment of property, plant and equipment": (9, 0, 11),
    "Other non-cash items": (4, 5, 3),
}
WORKING_CAPITAL: dict[str, Row] = {
    "Accounts receivable": (-21, -16, -22),
    "Inventories": (-7, 11, -31),
    "Prepaid expenses and other current assets": (-5, -3, -4),
    "Accounts payable": (19, -6, 14),
    "Accrued compensation": (5, 4, 7),
    "Contract liabilities": (7, 9, 6),
    "Other, net": (-17, -8, -9),
}
INVESTING: dict[str, Row] = {
    "Capital expenditures": tuple(-value for value in total(SEGMENT_CAPEX)),
    "Acquisitions of businesses, net of cash acquired": (0, -46, -188),
    "Proceeds from sale of property, plant and equipment": (3, 2, 1),
    "Other": (-2, -1, 0),
}
FINANCING: dict[str, Row] = {
    "Proceeds from long-term debt": (50, 120, 210),
    "Repayments of long-term debt": (-127, -128, -64),
    "Dividends paid to shareholders": tuple(-value for value in DIVIDENDS),
    "Distributions to noncontrolling interests": tuple(-value for value in MINORITY_DIVIDENDS),
    "Repurchases of common stock": tuple(-value for value in REPURCHASES),
    "Proceeds from stock options exercised": OPTIONS,
}
CASH_TRANSLATION: Row = (2, -3, 1)
CASH_AT_START: Row = (187, 143, 132)
FROM_OPERATIONS = add(total(OPERATING), total(WORKING_CAPITAL))
FROM_INVESTING = total(INVESTING)
FROM_FINANCING = total(FINANCING)
CASH_CHANGE = add(FROM_OPERATIONS, FROM_INVESTING, FROM_FINANCING, CASH_TRANSLATION)
CASH_AT_END = add(CASH_AT_START, CASH_CHANGE)

# ── other tables ──────────────────────────────────────────────────────────────────────────────────────────────────────
QUARTERS: dict[int, dict[str, Row]] = {
    2025: {
        "Total revenues": (571, 602, 618, 627),
        "Gross profit": (212, 226, 234, 238),
        "Operating income": (61, 72, 79, 75),
        "Net income attributable to Aldermoor": (36, 44, 49, 46),
    },
    2024: {
        "Total revenues": (538, 561, 577, 587),
        "Gross profit": (195, 205, 212, 217),
        "Operating income": (57, 64, 71, 68),
        "Net income attributable to Aldermoor": (33, 38, 44, 41),
    },
}
QUARTER_SHARES = {2025: (72.4, 72.2, 72.0, 71.8), 2024: (73.3, 73.1, 72.9, 72.7)}
WARRANTY: dict[str, Row] = {
    "Balance at beginning of year": (22, 21),
    "Provisions for warranties issued": (18, 15),
    "Settlements made": (-16, -14),
    "Foreign currency translation": (1, 0),
}
RESTRUCTURING: dict[str, Row] = {
    "Severance and related benefits": (14, 5, 6),
    "Impairment of property, plant and equipment": OPERATING["Impairment of property, plant and equipment"],
    "Facility exit and other costs": (4, 1, 2),
}
REPURCHASED_SHARES = ((2025, 1.3, 46.15), (2024, 1.1, 40.91), (2023, 0.8, 37.50))
"""Year, millions of shares bought, average price paid in dollars."""


def growth(row: Row, at: int = 0) -> str:
    """Change of column `at` against the year before, in per cent with one decimal."""
    return f"{100 * (row[at] / row[at + 1] - 1):.1f}%"


def share(part: int, whole: int) -> str:
    """`part` of `whole` in per cent with one decimal."""
    return f"{100 * part / whole:.1f}%"
