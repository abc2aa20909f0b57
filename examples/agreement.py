"""The supply agreement of the example matter and its first amendment: their words, and how they are set.

Clauses are numbered by their place in `CLAUSES`; a test follows every reference between them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, PageBreak, Paragraph, Spacer, Table, TableStyle

from examples.layout import (
    A4,
    BODY,
    BOLD,
    CENTRED,
    CLAUSE,
    CLAUSE_HEAD,
    LETTERED,
    PLAIN,
    SERIF,
    SERIF_ITALIC,
    SUBHEAD,
    TITLE,
    clause,
    ruled_table,
    typographic,
    write,
)

SUPPLIER = "Aldermoor Fluid Systems, Inc."
CUSTOMER = "Kestrelhaven Water Technologies Limited"
SUPPLIER_IS = (
    "a corporation incorporated in the State of Delaware, United States of America, whose principal place of business "
    "is at 2200 Tannery Row, Elmsford Falls, Ohio 44199"
)
CUSTOMER_IS = (
    "a company incorporated in England and Wales with registered number 99041736, whose registered office is at "
    "Weir House, 14 Sluice Lane, Thornaby Bridge TS99 4QD"
)
TEXT_WIDTH = A4[0] - 2 * 25 * 72 / 25.4


@dataclass(frozen=True, slots=True)
class Sub:
    """A numbered sub-clause with its lettered items, if any, and words that close it."""

    text: str
    items: tuple[str, ...] = ()


DEFINITIONS = (
    (
        "Affiliate",
        "in relation to a party, any entity that directly or indirectly controls, is controlled by, or is under "
        "common control with, that party from time to time.",
    ),
    ("Business Day", "a day other than a Saturday, a Sunday or a public holiday in England or in the State of Ohio."),
    (
        "Change of Control",
        "in relation to a party, the acquisition by any person, or by persons acting in concert, of (i) more than 50 "
        "per cent of the voting shares of that party or of any entity that controls it, or (ii) the power to appoint "
        "or remove a majority of its board of directors, whether in one transaction or in a series of transactions.",
    ),
    ("Commencement Date", "1 April 2023."),
    ("Confidential Information", "has the meaning given in Clause 13.1."),
    (
        "Contract Year",
        "a period of twelve months beginning on the Commencement Date or on any anniversary of that date.",
    ),
    (
        "Defect",
        "a failure of a Product to conform to its Specification or to the warranties in Clause 9.1; "
        "and <b>Defective</b> is to be read accordingly.",
    ),
    ("Delivery Site", "each of the sites of the Customer listed in Schedule 2."),
    ("Lead Time", "in relation to a Product, the period stated in Schedule 2 for the relevant Delivery Site."),
    ("Order", "a written order for Products placed by the Customer in accordance with Clause 3.3."),
    ("Prices", "the prices of the Products set out in Schedule 1, as adjusted in accordance with Clause 7."),
    ("Products", "the valves, actuators and spare parts listed in Schedule 1."),
    (
        "Specification",
        "in relation to a Product, the drawings, material certificates and test requirements agreed in writing by "
        "the parties and identified by the item number of that Product.",
    ),
    ("Term", "the period described in Clause 2."),
    ("Warranty Period", "in relation to a Product, the period described in Clause 9.2."),
)

CLAUSES: tuple[tuple[str, tuple[Sub, ...]], ...] = (
    (
        "Definitions and interpretation",
        (
            Sub("In this Agreement the following expressions have the following meanings:"),
            Sub(
                "Clause and Schedule headings do not affect the interpretation of this Agreement. The Schedules form "
                "part of this Agreement. If there is a conflict between a Clause and a Schedule, the Clause prevails."
            ),
            Sub(
                "A reference to <b>writing</b> includes e-mail, except in Clauses 16, 17 and 19. Words following the "
                "terms <b>including</b> or <b>in particular</b> are illustrative and do not limit the words before "
                "them. A reference to a statute is to that statute as amended or re-enacted from time to time."
            ),
        ),
    ),
    (
        "Term",
        (
            Sub(
                "This Agreement takes effect on the Commencement Date and, unless terminated earlier in accordance "
                "with its terms, continues for an initial period of five years (the <b>Initial Term</b>)."
            ),
            Sub(
                "On the expiry of the Initial Term this Agreement renews for successive periods of two years, unless "
                "either party gives the other not less than six months' written notice, expiring on the last day of "
                "the Initial Term or of the relevant renewal period, that it does not wish to renew."
            ),
        ),
    ),
    (
        "Forecasts and Orders",
        (
            Sub(
                "Not later than the tenth Business Day of each calendar quarter the Customer shall give the Supplier "
                "a rolling forecast of its requirements of Products for the following twelve months. The forecast "
                "for the first three months binds the Customer as to 80 per cent of the quantities stated in it; the "
                "remainder is given in good faith and is not binding."
            ),
            Sub(
                "During each Contract Year the Customer shall buy from the Supplier not less than 70 per cent of its "
                "total requirements of gate valves of nominal diameter DN 200 and above."
            ),
            Sub(
                "The Customer shall order Products by written Orders stating the item number, the quantity, the "
                "Delivery Site and the delivery date requested. The Supplier shall accept each Order that complies "
                "with the current forecast and Lead Time within five Business Days of receiving it; an Order that is "
                "not rejected with reasons in that time is deemed to be accepted."
            ),
            Sub(
                "No terms endorsed on or referred to in an Order, an acknowledgement, an invoice or any similar "
                "document form part of the contract between the parties."
            ),
        ),
    ),
    (
        "Supply and changes",
        (
            Sub(
                "The Supplier shall supply, and the Customer shall buy, the Products ordered in accordance with "
                "Clause 3 throughout the Term."
            ),
            Sub(
                "The Supplier shall not change the design, material, manufacturing process or place of manufacture "
                "of any Product without the Customer's prior written consent, which is not to be unreasonably "
                "withheld. A request for consent shall be made not less than 120 days before the proposed change."
            ),
            Sub(
                "The Supplier shall keep, for each Product, records sufficient to trace it to its casting heat and "
                "its pressure test for not less than ten years after delivery, and shall give the Customer copies "
                "within five Business Days of a request."
            ),
        ),
    ),
    (
        "Delivery, risk and title",
        (
            Sub(
                "The Supplier shall deliver the Products DAP (Incoterms 2020) to the Delivery Site stated in the "
                "Order, within the Lead Time, during the Customer's usual working hours. Delivery is complete when "
                "the Products have been unloaded at the Delivery Site."
            ),
            Sub(
                "If the Supplier fails to deliver any Products by the date fixed in accordance with Clause 5.1, it "
                "shall pay the Customer liquidated damages of 0.5 per cent of the Price of the delayed Products for "
                "each complete week of delay, up to a maximum of 5 per cent of that Price. The parties agree that "
                "this sum is proportionate to the Customer's legitimate interest in punctual delivery."
            ),
            Sub(
                "If any Products are more than ten weeks late the Customer may cancel the Order as to those Products "
                "by written notice, and the Supplier shall repay any sum paid for them within ten Business Days."
            ),
            Sub("Risk in the Products passes to the Customer on completion of delivery."),
            Sub(
                "Title to the Products passes to the Customer on the earlier of payment in full for them and their "
                "incorporation into works of the Customer or of its own customers."
            ),
        ),
    ),
    (
        "Inspection and acceptance",
        (
            Sub(
                "The Customer may reject any Products that do not comply with Clause 4.1 or that are Defective by "
                "giving the Supplier written notice within fifteen Business Days of delivery or, in the case of a "
                "Defect that was not apparent on reasonable inspection, within fifteen Business Days of discovering "
                "it."
            ),
            Sub("Acceptance of Products, or payment for them, does not affect the Customer's rights under Clause 9."),
            Sub(
                "On not less than five Business Days' notice the Customer may inspect the manufacture and witness "
                "the testing of Products at the Supplier's works, not more than four times in a Contract Year."
            ),
        ),
    ),
    (
        "Prices",
        (
            Sub(
                "The Prices are those set out in Schedule 1. They are stated in US dollars, include packing, carriage "
                "and insurance to the Delivery Site, and exclude value added tax."
            ),
            Sub(
                "The Prices are fixed until 31 March 2025. With effect from 1 April 2025 and from each later "
                "anniversary of that date, the Supplier may on sixty days' written notice adjust the Prices by a "
                "percentage not greater than the change in the Index over the preceding twelve months, and in no "
                "case by more than 4 per cent in a Contract Year. The <b>Index</b> is the index of producer prices for "
                "iron and steel castings named in Schedule 1."
            ),
            Sub(
                "If the total Price of Products delivered and paid for in a Contract Year exceeds a threshold in "
                "Part B of Schedule 1, the Supplier shall credit the Customer with the rebate stated there within "
                "thirty days of the end of that Contract Year."
            ),
        ),
    ),
    (
        "Invoicing and payment",
        (
            Sub(
                "The Supplier may invoice the Customer for Products on or after completion of delivery. Each invoice "
                "shall state the number of the Order, the item numbers, quantities and Prices, and the date of "
                "delivery."
            ),
            Sub(
                "The Customer shall pay each valid and undisputed invoice within sixty (60) days of the date on which "
                "the Customer receives it, by transfer in cleared funds to the account stated in the invoice."
            ),
            Sub(
                "A party that fails to pay any sum by its due date shall pay interest on it, from the due date until "
                "payment, at 4 per cent a year above the base rate of the Bank of England from time to time, "
                "accruing daily. The parties agree that this is a substantial remedy for the purposes of the Late "
                "Payment of Commercial Debts (Interest) Act 1998."
            ),
            Sub(
                "If the Customer disputes an invoice in good faith it shall tell the Supplier, with reasons, within "
                "twenty days of receiving it, and shall pay the part that is not in dispute in accordance with "
                "Clause 8.2. The Supplier shall not suspend deliveries on account of a sum so disputed."
            ),
            Sub(
                "The Customer may set off against any sum due to the Supplier only sums that the Supplier has "
                "admitted in writing or that have been awarded by a court."
            ),
        ),
    ),
    (
        "Warranty",
        (
            Sub(
                "The Supplier warrants that on delivery, and throughout the Warranty Period, each Product shall:",
                (
                    "conform in all respects to its Specification;",
                    "be free from defects in design, material and workmanship;",
                    "be of satisfactory quality within the meaning of the Sale of Goods Act 1979; and",
                    "comply with the regulations on materials in contact with drinking water that are in force at "
                    "the Delivery Site on the date of delivery.",
                ),
            ),
            Sub(
                "The Warranty Period of a Product begins on its delivery and ends twenty-four (24) months after it is "
                "put into service or thirty (30) months after its delivery, whichever is the earlier."
            ),
            Sub(
                "Within thirty days of written notice of a Defect arising in the Warranty Period the Supplier shall, "
                "at the Customer's option and at the Supplier's expense, repair or replace the Defective Product or "
                "refund its Price, and shall bear the reasonable cost of removing it and of refitting the repaired or "
                "replacement Product up to the Price of that Product."
            ),
            Sub(
                "A Product that is repaired or replaced is warranted for the remainder of its Warranty Period or for "
                "twelve months, whichever is the longer."
            ),
            Sub(
                "Clause 9.1 does not apply to a Defect to the extent that it is caused by fair wear and tear, by "
                "installation contrary to the Supplier's written instructions, or by a repair that the Supplier did "
                "not authorise."
            ),
        ),
    ),
    (
        "Intellectual property",
        (
            Sub(
                "All intellectual property rights in a Specification belong to the party that created it. Each party "
                "grants the other a non-exclusive, royalty-free licence, for the Term, to use its Specifications to "
                "the extent necessary to perform this Agreement."
            ),
            Sub(
                "The Supplier shall indemnify the Customer against all losses, damages and reasonable legal costs "
                "awarded against or agreed to be paid by the Customer as a result of a claim by a third party that "
                "the sale or use of a Product infringes that third party's intellectual property rights, provided "
                "that the Customer tells the Supplier promptly of the claim and leaves its conduct to the Supplier."
            ),
        ),
    ),
    (
        "Limitation of liability",
        (
            Sub(
                "Nothing in this Agreement limits or excludes the liability of a party for:",
                (
                    "death or personal injury caused by its negligence;",
                    "fraud or fraudulent misrepresentation;",
                    "breach of the terms implied by section 12 of the Sale of Goods Act 1979;",
                    "the indemnity in Clause 10.2; or",
                    "any other matter for which liability cannot lawfully be limited or excluded.",
                ),
            ),
            Sub(
                "Subject to Clause 11.1, neither party is liable to the other, whether in contract, tort (including "
                "negligence), breach of statutory duty or otherwise, for any loss of profits, loss of sales or "
                "business, loss of anticipated savings, loss of goodwill, or for any indirect or consequential loss."
            ),
            Sub(
                "Subject to Clauses 11.1 and 11.2, the total liability of the Supplier to the Customer under or in "
                "connection with this Agreement in respect of all claims arising in a Contract Year shall not exceed "
                "the greater of (a) USD 5,000,000 (five million US dollars) and (b) 100 per cent of the Prices paid "
                "and payable for Products delivered in that Contract Year."
            ),
            Sub(
                "Liquidated damages paid under Clause 5.2 count towards the limit in Clause 11.3. The Customer's "
                "obligation to pay the Prices is not limited by this Clause 11."
            ),
            Sub(
                "A party may not bring a claim under this Agreement unless it has given the other written notice of "
                "it, with reasonable particulars, within twelve months of the date on which it became aware, or ought "
                "reasonably to have become aware, of the facts giving rise to the claim."
            ),
        ),
    ),
    (
        "Insurance",
        (
            Sub(
                "During the Term and for three years afterwards the Supplier shall maintain, with insurers of good "
                "repute, product liability insurance of not less than USD 10,000,000 for each occurrence, and shall "
                "give the Customer evidence of it once in each Contract Year."
            ),
        ),
    ),
    (
        "Confidentiality",
        (
            Sub(
                "<b>Confidential Information</b> means all information of a technical, commercial or financial nature, "
                "including the Prices and the Specifications, that one party discloses to the other in connection "
                "with this Agreement and that is marked as confidential or is by its nature confidential."
            ),
            Sub(
                "Each party shall keep the other's Confidential Information confidential, shall use it only to "
                "perform this Agreement or to exercise its rights, and shall disclose it only to those of its "
                "employees, Affiliates, insurers and professional advisers who need to know it and who are bound by "
                "equivalent duties."
            ),
            Sub(
                "Clause 13.2 does not apply to information that is or becomes public otherwise than by breach, that "
                "the recipient already knew or developed independently, or that the recipient is obliged to disclose "
                "by law, by a court or by a regulator or stock exchange."
            ),
            Sub(
                "The duties in this Clause 13 continue for five years after the end of the Term and, in relation to "
                "Specifications, for as long as they remain confidential."
            ),
        ),
    ),
    (
        "Compliance",
        (
            Sub(
                "Each party shall comply with the laws on bribery, modern slavery, export control and sanctions that "
                "apply to it, including the Bribery Act 2010 and the Modern Slavery Act 2015, and shall keep adequate "
                "procedures for that purpose."
            ),
            Sub(
                "The Supplier shall hold certification to ISO 9001 at each place of manufacture throughout the Term "
                "and shall tell the Customer within five Business Days if such certification is suspended or "
                "withdrawn."
            ),
        ),
    ),
    (
        "Force majeure",
        (
            Sub(
                "A party is not in breach of this Agreement, nor liable for delay or failure in performing it, to the "
                "extent that the delay or failure results from an event beyond its reasonable control which it could "
                "not reasonably have provided against, provided that it tells the other promptly of the event and "
                "uses reasonable endeavours to limit its effects. A shortage of labour or materials, and default by a "
                "subcontractor, are such events only if they themselves result from one."
            ),
            Sub(
                "If the delay or failure continues for more than ninety (90) days, the party not affected may "
                "terminate this Agreement, or any Order affected, by giving thirty days' written notice."
            ),
        ),
    ),
    (
        "Termination",
        (
            Sub(
                "The Customer may terminate this Agreement at any time after the end of the second Contract Year by "
                "giving the Supplier not less than one hundred and eighty (180) days' written notice."
            ),
            Sub(
                "Either party may terminate this Agreement with immediate effect by written notice to the other if "
                "the other:",
                (
                    "commits a material breach of this Agreement which cannot be remedied, or which it fails to "
                    "remedy within thirty (30) days of written notice requiring it to do so;",
                    "fails to pay an undisputed sum within forty-five days of written notice that it is overdue; or",
                    "is unable to pay its debts as they fall due, enters administration, liquidation or a "
                    "composition with its creditors, or suffers any analogous event in any jurisdiction.",
                ),
            ),
            Sub(
                "The end of this Agreement does not affect rights accrued before it. Orders accepted before that date "
                "shall be performed unless the Customer cancels them under Clause 16.2. Clauses 4.3, 8, 9, 10, 11, 12, "
                "13, 19, 20 and 21 survive."
            ),
        ),
    ),
    (
        "Change of Control",
        (
            Sub(
                "A party that undergoes a Change of Control shall give the other written notice of it, naming the "
                "person who has acquired control, within ten Business Days of its taking effect."
            ),
            Sub(
                "If the Supplier undergoes a Change of Control in favour of a person who, directly or through an "
                "Affiliate, competes with the Customer in the supply of water treatment plant, the Customer may "
                "terminate this Agreement by giving not less than ninety (90) days' written notice, given within six "
                "months of the notice under Clause 17.1. No compensation is payable on such termination."
            ),
            Sub(
                "A Change of Control of the Customer does not give the Supplier a right to terminate, provided that "
                "the person acquiring control confirms in writing that the Customer will continue to perform this "
                "Agreement."
            ),
        ),
    ),
    (
        "Assignment and subcontracting",
        (
            Sub(
                "Neither party may assign, charge or otherwise deal with any of its rights under this Agreement "
                "without the prior written consent of the other, except that either party may assign its rights to "
                "an Affiliate for as long as it remains one."
            ),
            Sub(
                "The Supplier shall not subcontract the casting or pressure testing of Products without the "
                "Customer's prior written consent and is liable for the acts and omissions of its subcontractors as "
                "for its own."
            ),
        ),
    ),
    (
        "Notices",
        (
            Sub(
                "A notice under Clause 16, 17 or this Clause 19 shall be in writing, signed by or on behalf of the "
                "party giving it, and delivered by hand or by international courier to the address of the other party "
                "stated at the head of this Agreement, marked for the attention of its General Counsel (in the case "
                "of the Supplier) or its Company Secretary (in the case of the Customer)."
            ),
            Sub(
                "A notice delivered by hand is received on delivery; one sent by courier is received on the third "
                "Business Day after it was handed to the courier. A notice is not validly given by e-mail."
            ),
        ),
    ),
    (
        "General",
        (
            Sub(
                "This Agreement is the entire agreement between the parties on its subject matter. Neither party has "
                "relied on any statement that is not set out in it. Nothing in this Clause excludes liability for "
                "fraud."
            ),
            Sub(
                "A variation of this Agreement is effective only if it is in writing, refers to this Agreement and is "
                "signed by an authorised representative of each party."
            ),
            Sub(
                "A failure or delay in exercising a right is not a waiver of it. If any provision is held to be "
                "invalid or unenforceable, the remaining provisions continue in force."
            ),
            Sub(
                "A person who is not a party has no right under the Contracts (Rights of Third Parties) Act 1999 to "
                "enforce any term of this Agreement. This Agreement may be executed in counterparts."
            ),
        ),
    ),
    (
        "Governing law and jurisdiction",
        (
            Sub(
                "This Agreement, and any non-contractual obligation arising out of or in connection with it, is "
                "governed by the law of England and Wales. The United Nations Convention on Contracts for the "
                "International Sale of Goods does not apply."
            ),
            Sub(
                "The parties shall refer any dispute first to their respective chief operating officers. If it is not "
                "resolved within twenty Business Days of the referral, the courts of England and Wales have exclusive "
                "jurisdiction to settle it."
            ),
        ),
    ),
)

PRICES = (
    ("GV-200", "Gate valve, resilient seated, DN 200, PN 16", "412.00"),
    ("GV-250", "Gate valve, resilient seated, DN 250, PN 16", "587.50"),
    ("GV-300", "Gate valve, resilient seated, DN 300, PN 16", "846.00"),
    ("GV-400", "Gate valve, resilient seated, DN 400, PN 16", "1,615.00"),
    ("BV-300", "Butterfly valve, double eccentric, DN 300, PN 16", "723.00"),
    ("BV-500", "Butterfly valve, double eccentric, DN 500, PN 16", "1,948.00"),
    ("NR-250", "Non-return valve, swing check, DN 250, PN 16", "664.00"),
    ("EA-40", "Electric actuator, multi-turn, 40 Nm", "1,120.00"),
    ("EA-120", "Electric actuator, multi-turn, 120 Nm", "1,785.00"),
    ("SK-GV", "Seal and fastener kit for gate valves DN 200 to DN 400", "58.25"),
)
REBATES = (
    ("Up to USD 4,000,000", "None"),
    ("More than USD 4,000,000 and up to USD 7,000,000", "1.5 per cent"),
    ("More than USD 7,000,000 and up to USD 10,000,000", "2.5 per cent"),
    ("More than USD 10,000,000", "3.5 per cent"),
)
SITES = (
    ("Teesport Works", "Dock Approach, Teesport", "45 days", "60 days"),
    ("Humber Assembly", "Staithe Road, Immingham Haven", "45 days", "60 days"),
    ("Severn Depot", "Unit 7, Sharpness Lock", "50 days", "65 days"),
    ("Rotterdam Hub", "Kade 18, Maasvlakte-Oost", "40 days", "55 days"),
)
MEASURES = (
    ("On-time delivery", "Order lines delivered by the date fixed under Clause 5.1", "97 per cent", "Monthly"),
    ("Quality", "Products rejected under Clause 6.1, of those delivered", "Not more than 0.4 per cent", "Monthly"),
    ("Response", "Reply to a notice of Defect with a containment plan", "Within 48 hours", "Each notice"),
    ("Traceability", "Records supplied on request under Clause 4.3", "100 per cent", "Quarterly"),
)

PAYMENT = (
    "The Customer shall pay each valid and undisputed invoice within thirty (30) days of the date on which the "
    "Customer receives it, by transfer in cleared funds to the account stated in the invoice."
)
CAP = (
    "Subject to Clauses 11.1 and 11.2, the total liability of the Supplier to the Customer under or in connection with "
    "this Agreement in respect of all claims arising in a Contract Year shall not exceed the greater of "
    "(a) USD 7,500,000 (seven million five hundred thousand US dollars) and (b) 125 per cent of the Prices paid and "
    "payable for Products delivered in that Contract Year."
)
SERIAL = (
    "If, within any period of twelve months, the same or substantially the same Defect is found in more than 5 per "
    "cent of the Products of one item number delivered from the same casting lot (a <b>Serial Defect</b>), the "
    "Supplier shall at its own expense, within thirty days of written notice, replace all Products of that lot, "
    "whether or not the Defect has appeared in them, and shall reimburse the Customer's reasonable and documented "
    "costs of removal and refitting. The limit in the last words of Clause 9.3 does not apply to a Serial Defect."
)
NEW_PRICE = ("GV-300", "Gate valve, resilient seated, DN 300, PN 16", "879.00")


def write_agreement(path: Path) -> None:
    """Set the supply agreement."""
    story = [
        *_cover("SUPPLY AGREEMENT", "Dated 14 March 2023", "relating to the supply of valves and actuators"),
        *_parties("This Agreement is made on 14 March 2023 between:"),
        Paragraph("Background", SUBHEAD),
        clause("(A)", "The Supplier designs and makes valves and actuators for the water industry."),
        clause("(B)", "The Customer builds water treatment plant and wishes to buy such products for it."),
        clause("(C)", "The parties have agreed that the Supplier will supply them on the terms of this Agreement."),
        Paragraph("Agreed terms", SUBHEAD),
        *_clauses(),
        *_signatures("This Agreement has been entered into on the date stated at the beginning of it."),
        PageBreak(),
        *_schedules(),
    ]
    _write(path, story, "Supply Agreement", "Supply Agreement between Aldermoor and Kestrelhaven", cover=True)


def write_amendment(path: Path) -> None:
    """Set Amendment No. 1."""
    story: list[Flowable] = [
        Paragraph("AMENDMENT NO. 1", TITLE),
        Paragraph("to the Supply Agreement dated 14 March 2023", CENTRED),
        Spacer(1, 10),
        *_parties("This Amendment is made on 2 September 2024 between:"),
        Paragraph("Background", SUBHEAD),
        clause(
            "(A)",
            "The parties are party to a supply agreement dated 14 March 2023 for the supply of valves and actuators "
            "(the <b>Agreement</b>).",
        ),
        clause("(B)", "The parties wish to amend the Agreement as set out in this Amendment, under its Clause 20.2."),
        Paragraph("Agreed terms", SUBHEAD),
        _head(1, "Interpretation and effective date"),
        clause("1.1", "Expressions defined in the Agreement have the same meaning in this Amendment."),
        clause(
            "1.2",
            "The amendments made by paragraph 2 take effect on 1 October 2024 (the <b>Amendment Effective Date</b>). "
            "They do not apply to invoices received, or to claims arising, before that date.",
        ),
        _head(2, "Amendments"),
        clause("2.1", "Clause 8.2 (payment) is deleted and replaced by the following:"),
        _quoted("8.2", PAYMENT),
        clause("2.2", "After Clause 9.5 the following is inserted as a new Clause 9.6:"),
        _quoted("9.6", SERIAL),
        clause("2.3", "Clause 11.3 (limit of liability) is deleted and replaced by the following:"),
        _quoted("11.3", CAP),
        KeepTogether(
            [
                clause(
                    "2.4",
                    "In Part A of Schedule 1 the entry for item number GV-300 is deleted and replaced by the "
                    "following, for Orders placed on or after the Amendment Effective Date:",
                ),
                ruled_table(
                    [("Item number", "Product", "Price (USD each)"), NEW_PRICE], (80, TEXT_WIDTH - 180, 100), right=(2,)
                ),
            ]
        ),
        clause(
            "2.5",
            "In relation to all Products other than item number GV-300, the date \u201c31 March 2025\u201d in "
            "Clause 7.2 is replaced by \u201c31 March 2026\u201d, and the date \u201c1 April 2025\u201d in that "
            "Clause is replaced by \u201c1 April 2026\u201d.",
        ),
        _head(3, "Continuing effect"),
        clause(
            "3.1",
            "Except as amended by this Amendment the Agreement continues in full force and effect. If there is a "
            "conflict between this Amendment and the Agreement, this Amendment prevails.",
        ),
        clause(
            "3.2",
            "From the Amendment Effective Date a reference in the Agreement to \u201cthis Agreement\u201d is a "
            "reference to the Agreement as amended by this Amendment.",
        ),
        _head(4, "Governing law"),
        clause("4.1", "Clauses 20 and 21 of the Agreement apply to this Amendment as they apply to the Agreement."),
        *_signatures("This Amendment has been entered into on the date stated at the beginning of it."),
    ]
    _write(path, story, "Amendment No. 1", "Amendment No. 1 to the Supply Agreement", cover=False)


def _write(path: Path, story: list[Flowable], name: str, title: str, *, cover: bool) -> None:
    def face(canvas: Canvas, label: str) -> None:
        if not label:
            return
        canvas.saveState()
        canvas.setFont(SERIF_ITALIC, 8.5)
        left, right = 25 * 72 / 25.4, A4[0] - 25 * 72 / 25.4
        canvas.drawString(left, A4[1] - 44, f"Aldermoor / Kestrelhaven \u2013 {name}")
        canvas.drawRightString(right, A4[1] - 44, "Execution version")
        canvas.setStrokeColor(colors.grey)
        canvas.setLineWidth(0.4)
        canvas.line(left, A4[1] - 50, right, A4[1] - 50)
        canvas.setFont(SERIF, 9)
        canvas.drawCentredString(A4[0] / 2, 34, f"Page {label}")
        canvas.restoreState()

    def label_of(page: int) -> tuple[str, int, str]:
        if not cover:
            return "ARABIC", page, ""
        return ("NONE", 1, "") if page == 1 else ("ARABIC", page - 1, "")

    write(path, story, size=A4, title=title, author="", face=face, label_of=label_of)


def _cover(name: str, dated: str, subject: str) -> list[Flowable]:
    return [
        Spacer(1, 120),
        Paragraph(dated, CENTRED),
        Spacer(1, 60),
        Paragraph(name, TITLE),
        Paragraph(subject, CENTRED),
        Spacer(1, 60),
        Paragraph("between", CENTRED),
        Spacer(1, 14),
        Paragraph(f"<b>{SUPPLIER.upper()}</b>", CENTRED),
        Paragraph("as Supplier", CENTRED),
        Spacer(1, 14),
        Paragraph("and", CENTRED),
        Spacer(1, 14),
        Paragraph(f"<b>{CUSTOMER.upper()}</b>", CENTRED),
        Paragraph("as Customer", CENTRED),
        PageBreak(),
    ]


def _parties(opening: str) -> list[Flowable]:
    return [
        Paragraph(opening, BODY),
        clause("(1)", f"<b>{SUPPLIER}</b>, {SUPPLIER_IS} (the <b>Supplier</b>); and"),
        clause("(2)", f"<b>{CUSTOMER}</b>, {CUSTOMER_IS} (the <b>Customer</b>)."),
    ]


def _head(number: int, heading: str) -> Paragraph:
    return Paragraph(heading, CLAUSE_HEAD, bulletText=f"{number}.")


def _clauses() -> list[Flowable]:
    story: list[Flowable] = []
    for number, (heading, subs) in enumerate(CLAUSES, start=1):
        story.append(_head(number, heading))
        for place, sub in enumerate(subs, start=1):
            story.append(clause(f"{number}.{place}", sub.text))
            story += [clause(f"({chr(97 + at)})", item, LETTERED) for at, item in enumerate(sub.items)]
            if (number, place) == (1, 1):
                story += [Paragraph(f"<b>{term}</b>: {meaning}", _DEFINITION) for term, meaning in DEFINITIONS]
    return story


_DEFINITION = CLAUSE.clone("definition", spaceAfter=4.5)
_QUOTED = BODY.clone(
    "quoted", leftIndent=72, rightIndent=24, bulletIndent=40, bulletFontName=SERIF, bulletFontSize=10.5
)


def _quoted(number: str, text: str) -> Paragraph:
    return Paragraph(typographic(f"{text}\u201d"), _QUOTED, bulletText=f"\u201c{number}")


def _signatures(opening: str) -> list[Flowable]:
    def block(party: str, name: str, role: str) -> list[Paragraph]:
        line = "." * 46
        return [
            Paragraph(f"Signed for and on behalf of<br/><b>{escape(party)}</b>", PLAIN),
            Paragraph(f"<br/>{line}<br/>{name}<br/>{role}", PLAIN),
        ]

    rows = [
        block(SUPPLIER, "Marguerite T. Osei-Lindqvist", "President and Chief Executive Officer"),
        block(CUSTOMER, "Rhodri Pemberthwaite", "Managing Director"),
    ]
    table = Table(
        rows,
        colWidths=(TEXT_WIDTH / 2, TEXT_WIDTH / 2),
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 12),
            ]
        ),
    )
    return [KeepTogether([Spacer(1, 12), Paragraph(opening, BODY), Spacer(1, 6), table])]


def _schedules() -> list[Flowable]:
    return [
        Paragraph("Schedule 1 \u2013 Products and Prices", SUBHEAD),
        Paragraph("Part A \u2013 Prices", BOLD),
        ruled_table([("Item number", "Product", "Price (USD each)"), *PRICES], (80, TEXT_WIDTH - 180, 100), right=(2,)),
        Paragraph(
            "For the purposes of Clause 7.2 the Index is the producer price index for iron and steel castings "
            "published monthly by the national statistical office of the United Kingdom.",
            BODY,
        ),
        Paragraph("Part B \u2013 Rebate", BOLD),
        ruled_table(
            [("Total Price of Products delivered and paid for in a Contract Year", "Rebate on that total"), *REBATES],
            (TEXT_WIDTH - 140, 140),
        ),
        PageBreak(),
        Paragraph("Schedule 2 \u2013 Delivery Sites and Lead Times", SUBHEAD),
        ruled_table(
            [("Delivery Site", "Address", "Lead Time, valves", "Lead Time, actuators"), *SITES],
            (105, TEXT_WIDTH - 295, 90, 100),
        ),
        Paragraph("Schedule 3 \u2013 Performance measures", SUBHEAD),
        ruled_table(
            [("Measure", "How it is measured", "Target", "Reported"), *MEASURES], (90, TEXT_WIDTH - 270, 110, 70)
        ),
        Paragraph(
            "If the Supplier misses the target for on-time delivery in three consecutive months it shall within ten "
            "Business Days give the Customer a written plan of correction, and the parties shall review progress "
            "weekly until the target has been met for two consecutive months.",
            BODY,
        ),
    ]
