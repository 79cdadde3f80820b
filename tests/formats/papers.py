"""Papers to print in tests and benches: the account of the reference pages, and the hard ones.

The people and addresses are made up; the amounts follow Moore's published residential rates (12,000 gal: 9.50 + 50.20 +
18.38 water, 20.70 sewer, 17.75 surcharge, 11.50 cart, 1.89 late fee = 129.92).
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from curbstop.formats import scanline
from curbstop.formats.paper.bill import (
    BillPaper,
    ChargeGroup,
    ChargeLine,
    DatedLine,
    DepositInstalment,
    Letterhead,
    MeterLine,
    UsagePeriod,
)
from curbstop.formats.paper.receipt import PaidAccount, PaidItem, ReceiptPaper, TenderLine

MOORE = Letterhead(
    city="City of Moore",
    office="Utility Customer Service",
    address_lines=("301 N Broadway", "Moore, OK 73160"),
    phone="405-555-0100",
    hours="Monday to Friday, 8 am to 5 pm",
    web="moore.example/utilities",
    how_to_pay=(
        "Online with Visa or MasterCard: moore.example/pay, or scan the code.",
        "By phone with Visa or MasterCard: 405-555-0100.",
        "At the counter or drive-up, 301 N Broadway; night drop beside the door.",
        "By bank draft on the due date: ask us for the form.",
        "By mail with this stub.",
    ),
    remit_lines=("City of Moore Utilities", "PO Box 6830", "Moore, OK 73153"),
    payee="City of Moore",
)

DISPUTE = (
    "Call 405-555-0100 or come to 301 N Broadway before the due date. Ask for a review: an employee who may correct "
    "the bill will look at it with you, and you may ask the supervisor to decide. Tell us which part you dispute, and "
    "pay the part you do not. While a review that you asked for in time is open, we do not cut off service for the "
    "disputed part."
)

_ENDS = [
    (2025, 12, 10), (2026, 1, 7), (2026, 2, 4), (2026, 3, 4), (2026, 4, 1), (2026, 4, 29), (2026, 5, 27),
    (2026, 6, 24), (2026, 7, 22), (2026, 8, 19), (2026, 9, 16), (2026, 10, 14), (2026, 11, 13),
]  # fmt: skip
_USED = [6, 6, 7, 6, 7, 8, 10, 12, 14, 13, 10, 7, 12]
_BEFORE = [6, 7, 6, 5, 6, 9, 9, 11, 15, 14, 9, 8, 7]

USAGE = tuple(
    UsagePeriod(date(*end), used * 1000, before * 1000, 5000 if index < 5 else 6000)
    for index, (end, used, before) in enumerate(zip(_ENDS, _USED, _BEFORE, strict=True))
)


def _scan(account_no: str, due: int, after: int | None) -> str:
    return scanline.write(account_no=account_no, amount_due_cents=due, amount_after_due_cents=after)


def _with_due(paper: BillPaper, due: int, after: int | None) -> BillPaper:
    line = _scan(paper.account_no, due, after)
    return replace(paper, amount_due_cents=due, amount_after_due_cents=after, scan_line=line, qr_payload=_link(line))


def _link(line: str) -> str:
    return f"https://moore.example/pay?s={line}"


_ROSA_SCAN = _scan("1-014-0870", 12992, 13252)

ROSA = BillPaper(
    letterhead=MOORE,
    account_no="1-014-0870",
    customer_name="Rosa M. Ortiz",
    mailing_lines=("Rosa M. Ortiz", "2208 Sage Wren Dr", "Moore, OK 73160"),
    service_address="2208 Sage Wren Dr, Moore, OK 73160",
    bill_no="1048812",
    bill_on=date(2026, 11, 16),
    period_from=date(2026, 10, 14),
    period_until=date(2026, 11, 13),
    meters=(
        MeterLine("Water", "40218867", date(2026, 10, 14), "01272", date(2026, 11, 13), "01284", 12000),
    ),
    usage=USAGE,
    charges=(
        ChargeGroup(
            "Water",
            (
                ChargeLine("Base", 950, "no gallons included"),
                ChargeLine("First 10,000 gal", 5020, "10 kgal × $5.02"),
                ChargeLine("10,001 to 20,000 gal", 1838, "2 kgal × $9.19"),
            ),
            "12,000 gal in 30 days",
        ),
        ChargeGroup("Sewer", (ChargeLine("Sewer", 2070, "6 kgal × $3.45"),), "At your average of 6,000 gal"),
        ChargeGroup("Sewer surcharge", (ChargeLine("Plant and lift stations", 1775),)),
        ChargeGroup("Sanitation", (ChargeLine("One cart, no. 118840", 1150),)),
        ChargeGroup("Late fee", (ChargeLine("Late fee", 189, "2% × $94.59"),), "Bill of 19 Oct 2026, paid 12 Nov 2026"),
    ),
    previous_balance_cents=9459,
    payments=(DatedLine(date(2026, 11, 12), "Card by phone", 9459),),
    adjustments=(),
    current_charges_cents=12992,
    amount_due_cents=12992,
    due_on=date(2026, 12, 7),
    amount_after_due_cents=13252,
    after_due_words="A 2% late fee of $2.60 is added.",
    dispute=DISPUTE,
    scan_line=_ROSA_SCAN,
    qr_payload=_link(_ROSA_SCAN),
    messages=(
        "You used 12,000 gallons; the usual for November is 7,000. Check for a leak: if the meter turns with every tap "
        "closed, call us.",
    ),
    customer_class="Residential",
)  # fmt: skip


def _new_customer() -> BillPaper:
    """A renter's first bill: one bar, no year before, half the deposit, no late rule set; hard names to print."""
    paper = replace(
        ROSA,
        account_no="3-002-0007",
        customer_name="Zoë D’Angelo-Łukasiewicz 🦆 & Nguyễn Thị Hồng-Featherstonehaugh, Trustees",
        mailing_lines=(
            "Zoë D’Angelo-Łukasiewicz 🦆 & Nguyễn Thị Hồng-Featherstonehaugh, Trustees",
            "c/o The Estate of Hubert Blaine Wolfeschlegelsteinhausenbergerdorff Sr.",
            "14800 Southwest Old Meadowlark Crossing, Building 12, Apartment 1204",
            "Moore, OK 73160-1204",
        ),
        service_address="14800 SW Old Meadowlark Crossing, Bldg 12, Apt 1204, Moore, OK 73160",
        bill_no="1048990",
        period_from=date(2026, 11, 2),
        meters=(MeterLine("Water", "51900021", date(2026, 11, 2), "00000", date(2026, 11, 13), "00002", 2000),),
        usage=(UsagePeriod(date(2026, 11, 13), 2000, None, 6000),),
        charges=(
            ChargeGroup(
                "Water",
                (
                    ChargeLine("Base", 373, "11 of 28 days of $9.50"),
                    ChargeLine("First 10,000 gal", 1004, "2 kgal × $5.02"),
                ),
                "2,000 gal in 11 days",
            ),
            ChargeGroup("Sewer", (ChargeLine("Sewer", 690, "2 kgal × $3.45"),), "Your use is below the 6,000 gal cap"),
            ChargeGroup("Sewer surcharge", (ChargeLine("Plant and lift stations", 697, "11 of 28 days of $17.75"),)),
            ChargeGroup("Sanitation", (ChargeLine("One cart", 452, "11 of 28 days of $11.50"),)),
            ChargeGroup("New service", (ChargeLine("New service", 2500),)),
        ),
        previous_balance_cents=0,
        payments=(),
        current_charges_cents=5716,
        deposit_instalment=DepositInstalment("Deposit, part 1 of 2", 5000),
        after_due_words="The late rule is not set for this city.",
        messages=("Welcome. Your deposit of $100.00 is billed in two parts and is held for you.",),
    )
    return _with_due(paper, 10716, None)


_BUSINESS_CHARGES = (
    ChargeGroup(
        "Water",
        (
            ChargeLine("Base, 2 inch meter", 2000),
            ChargeLine("First 10,000 gal", 5020, "10 kgal × $5.02"),
            ChargeLine("10,001 to 40,000 gal", 27570, "30 kgal × $9.19"),
            ChargeLine("Over 40,000 gal", 1088032, "1,124 kgal × $9.68"),
        ),
        "1,164,000 gal in 30 days",
    ),
    ChargeGroup(
        "Sprinkler",
        (
            ChargeLine("Base", 2000),
            ChargeLine("First 30,000 gal", 18360, "30 kgal × $6.12"),
            ChargeLine("Next 10,000 gal", 4595, "5 kgal × $9.19"),
        ),
        "35,000 gal",
    ),
    ChargeGroup(
        "Sewer",
        (
            ChargeLine("Volume", 401580, "1,164 kgal × $3.45"),
            ChargeLine("Surcharge", 2100, "plant and lift stations"),
        ),
    ),
    ChargeGroup(
        "Sanitation",
        (
            ChargeLine("Dumpster, 8 yd, 3 times a week", 41250),
            ChargeLine("Extra pickups", 9000, "3 × $30.00"),
            ChargeLine("Polycart", 1450),
        ),
    ),
    ChargeGroup("Backflow test", (ChargeLine("Backflow test", 4500),)),
    ChargeGroup("Returned check", (ChargeLine("Check 2187 of 2 Nov 2026", 2500),)),
)


def _business() -> BillPaper:
    """Fourteen charges, two meters, an estimate, many payments and adjustments, a tall amount, three messages."""
    usage = tuple(
        UsagePeriod(
            p.end_on, (p.used_gal or 0) * 97, None if i == 3 else (p.year_before_gal or 0) * 88, None, i in (6, 12)
        )
        for i, p in enumerate(USAGE)
    )
    charges = _BUSINESS_CHARGES
    current = sum(group.total_cents for group in charges)
    paper = replace(
        ROSA,
        account_no="2-101-0044",
        customer_name="Meadowlark Senior Living & Memory Care of Cleveland County, LLC",
        mailing_lines=(
            "Accounts Payable, Dept. 0044",
            "Meadowlark Senior Living & Memory Care",
            "of Cleveland County, LLC",
            "PO Box 720045",
            "Oklahoma City, OK 73172-0045",
        ),
        service_address="900 N Meadowlark Blvd, Moore, OK 73160",
        bill_no="1049001",
        customer_class="Commercial",
        meters=(
            MeterLine("Water", "70000120", date(2026, 10, 14), "118204", date(2026, 11, 13), "119368", 1164000, True),
            MeterLine(
                "Sprinkler", "70000121", date(2026, 10, 14), "04410", date(2026, 11, 13), "00012", 35000,
                note="Exchanged Mon 2 Nov 2026: 23,000 gal on the old meter 61200377 are included.",
            ),
        ),
        usage=usage,
        charges=charges,
        previous_balance_cents=1511265,
        payments=(
            DatedLine(date(2026, 10, 30), "Check 2171", 500000),
            DatedLine(date(2026, 11, 2), "Check 2187", 500000),
            DatedLine(date(2026, 11, 9), "Bank draft", 511265),
        ),
        adjustments=(
            DatedLine(date(2026, 11, 4), "Check 2187 returned by the bank", 500000),
            DatedLine(date(2026, 11, 6), "Leak credit, approved", -12550),
        ),
        current_charges_cents=current,
        messages=(
            "Your water read was estimated because the meter box was covered. The next actual read corrects it.",
            "Big trash: two free pickups each calendar year. Call before 5 pm on the Friday before.",
            "City offices are closed Thu 26 and Fri 27 Nov 2026.",
        ),
        after_due_words="A 2% late fee of $414.87 is added.",
    )  # fmt: skip
    due = current + 500000 - 12550
    return _with_due(paper, due, due + (due * 2 + 50) // 100)


def _final_credit() -> BillPaper:
    """A final bill that ends in a credit; an apostrophe, markup and code in the name, which must print as typed."""
    charges = (
        ChargeGroup(
            "Water",
            (
                ChargeLine("Base", 475, "14 of 28 days of $9.50"),
                ChargeLine("First 10,000 gal", 1506, "3 kgal × $5.02"),
            ),
            "3,000 gal in 14 days",
        ),
        ChargeGroup("Sewer", (ChargeLine("Sewer", 1035, "3 kgal × $3.45"),)),
        ChargeGroup("Sewer surcharge", (ChargeLine("Sewer surcharge", 888, "14 of 28 days of $17.75"),)),
        ChargeGroup("Sanitation", (ChargeLine("One cart", 575, "14 of 28 days of $11.50"),)),
    )  # fmt: skip
    paper = replace(
        ROSA,
        account_no="1-009-2231",
        customer_name="Seán O'Brien #let x = 1 *bold* <script>alert(1)</script> $e^2$ @ref [x] \\ //",
        mailing_lines=("Seán O'Brien #strong[x] *bold* <b>b</b>", "77 N Oak St # 4", "Norman, OK 73069"),
        service_address="815 Plover Ct, Moore, OK 73160",
        bill_no="1049017",
        period_from=date(2026, 10, 30),
        charges=charges,
        meters=(MeterLine("Water", "40218990", date(2026, 10, 30), "00997", date(2026, 11, 13), "01000", 3000),),
        usage=(
            *USAGE[:8],
            replace(USAGE[8], used_gal=None),
            *(replace(period, average_gal=None) for period in USAGE[9:12]),
            replace(USAGE[12], used_gal=3000, average_gal=None),
        ),
        previous_balance_cents=8957,
        payments=(DatedLine(date(2026, 11, 9), "Cash", 8957),),
        adjustments=(
            DatedLine(date(2026, 11, 16), "Deposit applied", -10000),
            DatedLine(date(2026, 11, 16), "Deposit interest", -120),
        ),
        current_charges_cents=4479,
        due_on=None,
        after_due_words="",
        final=True,
        messages=(
            "We will mail a refund check of $56.41 to the address above within 30 days of closing (11 O.S. 35-107).",
        ),
    )  # fmt: skip
    return _with_due(paper, -5641, None)


NEW = _new_customer()
BUSINESS = _business()
FINAL_CREDIT = _final_credit()
ZERO = replace(
    _with_due(
        replace(ROSA, payments=(DatedLine(date(2026, 11, 12), "Bank draft", 22451),), due_on=None, bill_no="1048813"),
        0,
        None,
    ),
    after_due_words="",
    messages=(),
)
COPY_AUTOPAY = replace(
    ROSA,
    copy=True,
    bill_no="1048814",
    autopay_words="It will be drafted from your bank account on Mon 7 Dec 2026. Do not pay.",
)
TRASH_ONLY = _with_due(
    replace(
        ROSA,
        account_no="4-000-0001",
        meters=(),
        usage=(),
        charges=(ChargeGroup("Sanitation", (ChargeLine("One cart", 1150),)),),
        current_charges_cents=1150,
        bill_no="1048815",
        messages=(),
    ),
    1150,
    1173,
)

ALL = {
    "rosa": ROSA,
    "new": NEW,
    "business": BUSINESS,
    "final_credit": FINAL_CREDIT,
    "zero": ZERO,
    "copy_autopay": COPY_AUTOPAY,
    "trash_only": TRASH_ONLY,
}


def town(count: int) -> list[BillPaper]:
    """`count` different bills of Rosa's shape, for benches: numbers, names, days and amounts all differ."""
    made = []
    for index in range(count):
        account_no = f"1-{index // 10000:03d}-{index % 10000:04d}"
        extra = index % 977
        paper = replace(
            ROSA,
            account_no=account_no,
            bill_no=str(1_100_000 + index),
            customer_name=f"Customer {index} Ortiz",
            mailing_lines=(f"Customer {index} Ortiz", f"{100 + index} Sage Wren Dr", "Moore, OK 73160"),
            usage=tuple(
                replace(p, used_gal=(p.used_gal or 0) + 100 * (index * (i + 3) % 37)) for i, p in enumerate(USAGE)
            ),
            charges=(*ROSA.charges, ChargeGroup("Other", (ChargeLine("Extra", extra),))),
            current_charges_cents=12992 + extra,
            due_on=date(2026, 12, 7) + timedelta(days=index % 5),
        )
        made.append(_with_due(paper, 12992 + extra, 13252 + extra))
    return made


TAKEN_AT = datetime(2026, 11, 23, 11, 52)
SLIP = ReceiptPaper(
    letterhead=MOORE,
    receipt_no="R-104502",
    taken_at=TAKEN_AT,
    till="3",
    cashier="D. Whitlock",
    accounts=(
        PaidAccount(
            "1-009-2231",
            "Leon Whitfield",
            "815 Plover Ct",
            (
                PaidItem("Bill of 19 Oct 2026", 8110),
                PaidItem("Late fee", 162),
                PaidItem("Bill of 16 Nov 2026", 8957),
            ),
            0,
        ),
    ),
    tenders=(TenderLine("Check 2187", 10000), TenderLine("Cash", 8000, 771)),
)
SLIP_HARD = ReceiptPaper(
    letterhead=MOORE,
    receipt_no="R-104503",
    taken_at=TAKEN_AT,
    till="3",
    cashier="D. Whitlock",
    accounts=(
        PaidAccount(
            "2-101-0044",
            "Meadowlark Senior Living & Memory Care of Cleveland County, LLC",
            "900 N Meadowlark Blvd, Moore, OK 73160",
            (PaidItem("Bill of 16 Nov 2026, in part", 1500000),),
            597407,
        ),
        PaidAccount(
            "3-002-0007",
            "Zoë D’Angelo-Łukasiewicz 🦆 #strong[x]",
            "14800 SW Old Meadowlark Crossing, Bldg 12",
            (PaidItem("Bill of 16 Nov 2026", 10716), PaidItem("Left on the account as a credit", 284)),
            -284,
        ),
    ),
    tenders=(TenderLine("Check 2201", 1500000), TenderLine("Money order 77120011", 11000)),
    copy=True,
    void_words="Voided Mon 23 Nov 2026, 12:05 by L. Ames: wrong account",
)
