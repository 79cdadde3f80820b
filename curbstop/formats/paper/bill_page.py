"""Every word and figure of one printed bill, finished, and the sizes they are set in; the template only places them."""

from collections.abc import Sequence
from dataclasses import asdict

from curbstop.formats.paper import bill_layout as layout
from curbstop.formats.paper.bill_paper import BillPaper, ChargeGroup, DatedLine, MeterLine
from curbstop.formats.paper.qr import qr_svg
from curbstop.formats.paper.widths import BOLD, HEAVY, breakable
from curbstop.formats.paper.words import amount, day, printable, short_day
from curbstop.formats.usage_chart import UsagePeriod, usage_chart_print_svg, usage_unit, usage_words
from curbstop.rules.money import show

_DOT = " \u00b7 "


def page(paper: BillPaper) -> dict[str, object]:
    """One page as the template takes it.

    :raises PaperError: more charges and messages than any size would hold
    """
    head = paper.letterhead
    reach = [", ".join(map(printable, head.address_lines)), printable(head.phone), printable(head.hours)]
    office = _DOT.join(part for part in (printable(head.office), printable(head.web)) if part)
    mail_size, mailing = layout.address(
        [printable(words) for words in paper.mailing_lines],
        layout.MAIL_WIDE,
        9 if len(paper.mailing_lines) > 4 else 10,
    )
    said = _said(paper)
    setting = layout.fits(said)
    return {
        "heading": "Final bill" if paper.final else "Utility bill",
        "copy": "COPY" if paper.copy else "",
        "city": asdict(layout.line(printable(head.city), layout.HEAD_WIDE, 17, weight=BOLD)),
        "office": asdict(layout.line(office, layout.HEAD_WIDE, 8.5)),
        "reach": asdict(layout.line(_DOT.join(part for part in reach if part), layout.HEAD_WIDE, 8.5)),
        "facts": [
            (label, asdict(layout.line(value, layout.FACTS_WIDE, 9, weight=BOLD))) for label, value in _facts(paper)
        ],
        "mail-size": mail_size,
        "mailing": [asdict(line) for line in mailing],
        "due": _due(paper),
        "set": asdict(setting),
        **asdict(layout.loosened(said, setting)),
        "chart": _chart(paper.usage),
        "stub": _stub(paper),
        "qr": qr_svg(paper.qr_payload),
        "qr-alt": f"QR code to pay or find account {printable(paper.account_no)}",
        "scan": paper.scan_line,
    }


def _said(paper: BillPaper) -> layout.Statement:
    return layout.Statement(
        rows=tuple(row for group in paper.charges for row in _charge_rows(group)),
        total=("This bill", amount(paper.current_charges_cents)),
        meters=tuple(_meter(meter) for meter in paper.meters),
        chart=bool(paper.usage),
        messages=tuple(printable(message) for message in paper.messages if message.strip()),
        dispute=printable(paper.dispute),
    )


def _facts(paper: BillPaper) -> list[tuple[str, str]]:
    account = printable(paper.account_no)
    if paper.customer_class:
        account += f", {printable(paper.customer_class)}"
    span = f"{day(paper.period_from)} to {day(paper.period_until)}, {paper.days} days"
    return [
        ("Account", account),
        ("Customer", printable(paper.customer_name)),
        ("Service at", printable(paper.service_address)),
        ("Period", span),
        ("Bill", f"{printable(paper.bill_no)} of {day(paper.bill_on)}"),
    ]


def _due(paper: BillPaper) -> dict[str, object]:
    cents = paper.amount_due_cents
    label, when, after = "Amount due", "Nothing to pay", ""
    autopay = words = ""
    if cents < 0:
        label, when = "Your credit", "Credit. Do not pay."
    elif cents > 0:
        assert paper.due_on is not None  # `faults` has refused a bill that asks for money by no day
        when = f"by {day(paper.due_on)}"
        autopay, words = printable(paper.autopay_words), printable(paper.after_due_words)
        if paper.amount_after_due_cents is not None:
            after = f"After that day: ${show(paper.amount_after_due_cents)}"
    rows = _sum(paper)
    total = ("Credit" if cents < 0 else "Amount due", amount(cents))
    figures, factor = layout.due_setting([*rows, total], autopay, after, words)
    return {
        "label": label,
        "figure": asdict(layout.line(f"${amount(cents)}", layout.PANEL_WIDE, 36, weight=HEAVY)),
        "when": when,
        "autopay": autopay,
        "after": after,
        "words": words,
        "sum": rows,
        "total": total,
        "figures": figures,
        "factor": factor,
    }


def _sum(paper: BillPaper) -> list[tuple[str, str]]:
    """The arithmetic from the last bill to this one. More than two of a kind are printed as one sum."""
    rows = [("Previous balance", amount(paper.previous_balance_cents))]
    paid = [DatedLine(line.on, line.words, -line.amount_cents) for line in paper.payments]
    for kind, lines in (("payments", paid), ("adjustments", list(paper.adjustments))):
        if len(lines) > 2:
            last = max(line.on for line in lines)
            words = f"{len(lines)} {kind} to {short_day(last)}"
            rows.append((words, amount(sum(line.amount_cents for line in lines))))
        else:
            rows.extend((f"{printable(line.words)}, {short_day(line.on)}", amount(line.amount_cents)) for line in lines)
    if len(rows) > 1:
        carried = paper.previous_balance_cents + sum(line.amount_cents for line in (*paid, *paper.adjustments))
        rows.append(("Carried over", amount(carried)))
    rows.append(("This bill", amount(paper.current_charges_cents)))
    if part := paper.deposit_instalment:
        rows.append((printable(part.words), amount(part.amount_cents)))
    return rows


def _charge_rows(group: ChargeGroup) -> list[layout.Row]:
    """A service with one charge is one row; with several, a row with its total and a row for each part."""
    service, detail = printable(group.service), printable(group.detail)
    if len(group.charges) == 1:
        charge = group.charges[0]
        words = printable(charge.words)
        how = ", ".join(part for part in (words if words != service else "", printable(charge.reckoning)) if part)
        return [layout.Row("single", service, how, "", amount(charge.amount_cents), detail)]
    return [layout.Row("group", service, detail, "", amount(group.total_cents), "")] + [
        layout.Row("part", printable(charge.words), printable(charge.reckoning), amount(charge.amount_cents), "", "")
        for charge in group.charges
    ]


def _chart(usage: Sequence[UsagePeriod]) -> dict[str, object] | None:
    if not usage:
        return None
    return {
        "svg": usage_chart_print_svg(usage),
        "alt": usage_words(usage),
        "heading": f"Water used, {usage_unit(usage)}",
        "ghost": any(period.year_before_gal for period in usage),
        "average": any(period.average_gal is not None for period in usage),
        "estimated": any(period.estimated for period in usage),
    }


def _meter(meter: MeterLine) -> layout.Meter:
    return layout.Meter(
        service=printable(meter.service),
        serial=printable(meter.serial),
        previous=(printable(meter.previous_read), short_day(meter.previous_on)),
        present=(printable(meter.present_read), short_day(meter.present_on)),
        estimated=meter.estimated,
        usage=f"{meter.usage_gal:,}",
        note=printable(meter.note),
    )


def _stub(paper: BillPaper) -> dict[str, object]:
    head, cents, account = paper.letterhead, paper.amount_due_cents, printable(paper.account_no)
    due = [("Amount due" if cents >= 0 else "Your credit", f"${amount(cents)}")]
    instead = "Credit. Do not pay." if cents < 0 else "Nothing to pay."
    if cents > 0 and paper.due_on is not None:
        due.append(("Due", day(paper.due_on)))
        if paper.amount_after_due_cents is not None:
            due.append(("After that day", f"${show(paper.amount_after_due_cents)}"))
        instead = printable(paper.autopay_words)
    asks = cents > 0 and not paper.autopay_words
    who = [
        printable(paper.customer_name),
        printable(paper.service_address),
        f"Bill {printable(paper.bill_no)} of {day(paper.bill_on)}",
    ]
    ways = [printable(way) for way in head.how_to_pay]
    check = f"Make checks to {printable(head.payee or head.city)}; write {account} on them. No cash by mail."
    remit = [printable(words) for words in (head.remit_lines or (head.city, *head.address_lines))]
    remit_size, remit_lines = layout.address(remit, layout.REMIT_WIDE, 10)
    return {
        "tear": "Tear off here and send this part with your payment." if asks else "Keep this part with your records.",
        "heading": "Ways to pay",
        "ways": [breakable(way, layout.WAYS_WIDE, 8.5) for way in ways],
        "ways-factor": layout.ways_factor(ways),
        "check": asdict(layout.line(check, layout.CHECK_WIDE, 8.5)),
        "remit-size": remit_size,
        "remit": [asdict(line) for line in remit_lines],
        "account": account,
        "who": [breakable(words, layout.PANEL_WIDE, 8.5) for words in who],
        "due": due,
        "enclosed": "Amount enclosed" if asks else "",
        "instead": breakable(instead, layout.PANEL_WIDE, 9.5, weight=BOLD),
        "factor": layout.stub_factor(who, len(due), "" if asks else instead),
    }
