"""The bill on paper: everything as it was when the bill was made, so that a copy printed years later is the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from curbstop.formats import scanline
from curbstop.formats.paper.bill import BillPaper, ChargeGroup, ChargeLine, DepositInstalment, bill_pdf
from curbstop.formats.paper.letterhead import Letterhead
from curbstop.formats.paper.words import day, gallons
from curbstop.office import _masks, policies, tariffs
from curbstop.office._programmes import ended_words
from curbstop.office.bills import loading, since
from curbstop.office.bills.explaining import BillExplained, ServiceExplained, explain_row
from curbstop.office.bills.history import meter_lines, usage_periods
from curbstop.office.bills.loading import IssuedRow
from curbstop.office.bills.numbers import bill_number
from curbstop.rules.bills import late_cents
from curbstop.rules.explaining import LineExplained
from curbstop.rules.money import show
from curbstop.rules.plans import Tariff
from curbstop.rules.policies import NotSet, Policies
from curbstop.rules.units import show_number

SERVICES = {
    "water": "Water",
    "irrigation": "Sprinkler",
    "sewer": "Sewer",
    "sanitation": "Sanitation",
    "stormwater": "Stormwater",
}
_POLICIES = ("late.percent", "bill.dispute", "bill.messages")


def get_statement(bill_id: int, *, copy: bool = False) -> BillPaper:
    """The paper of a bill; ``copy`` marks it as printed again.

    :raises Refused: no such bill
    :raises BillDiffers: its lines are not what they rate to
    """
    return get_statements([bill_id], copy=copy)[0]


def get_statements(bill_ids: Sequence[int], *, copy: bool = False) -> tuple[BillPaper, ...]:
    """The papers of several bills, in the order given."""
    rows = loading.load_bills(bill_ids)
    known = tariffs.load_tariffs(codes=sorted({service.tariff for row in rows for service in row.services}))
    rules = policies.load(*_POLICIES)
    heads = {on: letterhead(on=on) for on in {row.bill_on for row in rows}}
    ended = ended_words([(row.id, row.account_id, row.from_on, row.until_on, row.event_id) for row in rows])
    return tuple(_paper(row, known, heads[row.bill_on], rules, copy, ended.get(row.id, ())) for row in rows)


def statement_pdf(bill_ids: Sequence[int], *, copy: bool = False) -> bytes:
    """One PDF with a page for each of the bills, in the order given. The same bills give the same bytes.

    :raises Refused: no such bill
    :raises PaperError: a bill that must not be printed, with every fault
    """
    return bill_pdf(get_statements(bill_ids, copy=copy))


def letterhead(*, on: date) -> Letterhead:
    """The office as the city's data gives it on the day; what is not set there is left out."""
    body = policies.get_city().body
    try:
        phone = policies.load("office.phone").text("office.phone", on=on)
    except NotSet:
        phone = ""

    def said(name: str) -> str:
        value = str(body.get(name) or "")
        return "" if value == "not set" else value

    street, _, place = said("address").partition(", ")
    box, _, box_place = said("mail").partition(", ")
    ways = body.get("how_to_pay") or ()
    return Letterhead(
        city=said("name"),
        office=said("office").partition(",")[0] or "Utility Customer Service",
        address_lines=tuple(line for line in (street, place) if line),
        phone=phone or said("phone"),
        hours=said("hours"),
        web=said("web"),
        how_to_pay=tuple(str(way) for way in ways),
        remit_lines=tuple(line for line in (said("name"), box, box_place) if line),
        payee=said("payee"),
    )


def _paper(
    row: IssuedRow, known: Mapping[str, Tariff], head: Letterhead, rules: Policies, copy: bool, ended: tuple[str, ...]
) -> BillPaper:
    told = explain_row(row, known)
    before = since.what_happened_since(row)
    deposit = _deposit(row)
    amount_due = row.previous_cents + row.total_cents + (deposit.amount_cents if deposit else 0)
    after, after_words = _after_due(row, amount_due, rules)
    scan = scanline.write(account_no=row.account_number, amount_due_cents=amount_due, amount_after_due_cents=after)
    to = _masks.get_postal(row.account_id) if row.customer_name == _masks.NAME else None
    name, home = (to.name, to.lines) if to else (row.customer_name, row.mail_to or (row.address, row.place))
    mailing = (name, *home)
    return BillPaper(
        letterhead=head,
        account_no=account_no(row.account_number),
        customer_name=name,
        mailing_lines=tuple(line for line in mailing if line.strip())[:5],
        service_address=f"{row.address}, {row.place}" if to is None else _masks.HIDDEN,
        bill_no=bill_number(row.id),
        bill_on=row.bill_on,
        period_from=row.from_on,
        period_until=row.until_on,
        meters=meter_lines(row),
        usage=usage_periods(row),
        charges=tuple(_groups(told)),
        previous_balance_cents=before.balance_cents,
        payments=before.payments,
        adjustments=before.adjustments,
        current_charges_cents=row.total_cents,
        amount_due_cents=amount_due,
        due_on=row.due_on,
        amount_after_due_cents=after,
        dispute=_dispute(row, head, rules),
        scan_line=scan,
        qr_payload=scan,
        after_due_words=after_words,
        deposit_instalment=deposit,
        messages=(*(word[:1].upper() + word[1:] + "." for word in ended), *_messages(row, told, rules)),
        customer_class=row.customer_class.capitalize(),
        final=row.final,
        copy=copy,
    )


def account_no(number: str) -> str:
    """An account number as the desk shows it, the check digit apart: ``10000016`` is 1000001-6."""
    return f"{number[:-1]}-{number[-1]}"


# --- charges ----------------------------------------------------------------------------------------------------------


def _groups(told: BillExplained) -> list[ChargeGroup]:
    found = []
    for service in told.services:
        name = SERVICES.get(service.service, service.service.capitalize())
        charges = tuple(charge for line in service.lines if line.cents for charge in _charges(line, name))
        if charges:
            found.append(ChargeGroup(name, charges, _detail(service)))
    if told.charges:
        lines = tuple(ChargeLine(charge.says, charge.cents, f"since {day(charge.on)}") for charge in told.charges)
        found.append(ChargeGroup("Other charges", lines))
    return found


def _charges(line: LineExplained, group: str) -> list[ChargeLine]:
    """A line; tier by tier where every tier is whole cents, so that what is printed adds up to the cent.

    What follows the comma of a line's words ("Sewer surcharge, plant and lift stations") says how it comes out, or
    names it where the group said the rest ("Water, base").
    """
    tiers = [step for step in line.steps if step.what == "tier" and step.amount and step.amount != "0.00"]
    cents = [Fraction(step.amount.replace(",", "")) * 100 for step in tiers]
    if len(tiers) > 1 and all(amount.denominator == 1 for amount in cents) and sum(cents) == line.cents:
        return [
            ChargeLine(f"{line.says}, {step.label[0].lower()}{step.label[1:]}", int(amount), step.how)
            for step, amount in zip(tiers, cents, strict=True)
        ]
    how = " + ".join(step.how for step in tiers)
    by_day = next((step.how for step in line.steps if step.what == "proration"), "")
    number = next((step.how for step in line.steps if step.what == "items"), "")
    words, _, rest = line.says.partition(", ")
    rest = rest[:1].upper() + rest[1:]
    if rest and words == group:
        words, rest = rest, ""
    return [ChargeLine(words, line.cents, how or ", ".join(part for part in (rest, number, by_day) if part))]


def _detail(service: ServiceExplained) -> str:
    days = (service.until_on - service.from_on).days
    steps = [step for line in service.lines for step in line.steps]
    usage = next((step for step in steps if step.what == "usage"), None)
    if usage is None:
        return ""
    cap = next((step for step in steps if step.what == "cap"), None)
    average = next((step for step in steps if step.what == "average"), None)
    if cap is None or average is None:
        return f"{gallons(service.gal)} in {days} days"
    most = gallons(int(average.fields["gal"]))
    name = f"your average of {most}" if service.average_gal >= 0 else f"the {most} that count without an average"
    return f"Below {name}" if service.gal < int(average.fields["gal"]) else f"At {name}"


# --- what is due ------------------------------------------------------------------------------------------------------


def _deposit(row: IssuedRow) -> DepositInstalment | None:
    """What is asked for as deposit with this bill and was not received by then."""
    asked = since.deposits_asked(row)
    left = sum(one.left_cents for one in asked)
    if not left:
        return None
    if len(asked) == 1:
        one = asked[0]
        words = f"Deposit, instalment {one.instalment} of {one.of}" if one.of > 1 else "Deposit"
        return DepositInstalment(words, left)
    return DepositInstalment(f"Deposit, {len(asked)} instalments asked for so far", left)


def _after_due(row: IssuedRow, amount_due: int, rules: Policies) -> tuple[int | None, str]:
    """The amount after the due date: the late charge is on this bill's charges."""
    if amount_due <= 0:
        return None, ""
    try:
        percent = rules.percent("late.percent", on=row.bill_on)
    except NotSet:
        return None, "A late charge is not set for this city."
    late = late_cents(row.total_cents, percent)
    return amount_due + late, f"A {show_number(percent)}% late charge of ${show(late)} is added."


def _dispute(row: IssuedRow, head: Letterhead, rules: Policies) -> str:
    """How to dispute the bill. Due process asks for it (Memphis Light v. Craft, 436 U.S. 1); without the city's own
    words, who and where."""
    try:
        return rules.text("bill.dispute", on=row.bill_on)
    except NotSet:
        where = "; ".join(part for part in (", ".join(head.address_lines), head.phone, head.hours) if part)
        ask = f"If you think this bill is wrong, ask {head.office} to review it: {where}."
        return f"{ask} Say which part you dispute, and why."


def _messages(row: IssuedRow, told: BillExplained, rules: Policies) -> tuple[str, ...]:
    found = []
    if row.final:
        found.append("This is your final bill.")
    partial = next((s for s in told.services if s.prorate_days >= 0), None)
    if partial is not None and not row.final:
        found.append(_partial(row, partial))
    try:
        found += [str(message) for message in rules.rows("bill.messages", on=row.bill_on)]
    except NotSet:
        pass
    return tuple(found)


def _partial(row: IssuedRow, service: ServiceExplained) -> str:
    days = (row.until_on - row.from_on).days
    if service.prorate_days <= days:
        return f"This bill is for {days} days, from {day(row.from_on)}; fixed charges are for those days only."
    return f"This bill is for {days} days, from {day(row.from_on)}, because nothing was billed in between."


__all__ = ["account_no", "get_statement", "get_statements", "letterhead", "statement_pdf"]
