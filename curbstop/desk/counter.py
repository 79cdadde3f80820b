"""The form of a payment as it is typed: tenders, accounts, how it came, and what taking it would do.

Nothing here writes. The same entries go to the preview and to the act, so the strip says what the button does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from curbstop.desk import clock, stubs
from curbstop.desk.forms import Entries, sentence
from curbstop.office import pages, payments
from curbstop.office._once import Refused
from curbstop.office.pages import Header
from curbstop.office.payments import Paying, PaymentPreview
from curbstop.rules.faults import BadValue
from curbstop.rules.money import show
from curbstop.rules.payments import Tender
from curbstop.rules.policies import NotSet

COINS = (10_000, 5_000, 2_000, 1_000, 500, 100, 25, 10, 5, 1)
MOST_CHECKS, MOST_OTHERS = 6, 9
RED = "Opens when what is marked red above is put right."
CAME = {"": "Over the counter", **{code: says[:1].upper() + says[1:] for code, says in payments.CAME_BY.items()}}
"""How the money came to the till."""


@dataclass(frozen=True)
class Row:
    """One row of tender as typed: the names of its fields, its words, what was typed."""

    n: int
    type: str
    says: str
    amount: str
    reference: str
    typed_amount: str
    typed_reference: str
    error: str
    reference_error: str


@dataclass(frozen=True)
class Other:
    """A further account of the same payment, as typed. ``header`` is None until its number is one."""

    n: int
    typed_number: str
    typed_amount: str
    header: Header | None
    owed_cents: int
    cents: int | None
    error: str
    amount_error: str


@dataclass(frozen=True)
class Paid:
    """What a payment would pay of one document: a bill, a charge, a deposit."""

    billed_on: date | None
    due_on: date | None
    says: str
    open_cents: int
    cents: int
    items: tuple[payments.PaidItem, ...]


@dataclass(frozen=True)
class PaidOn:
    """What a payment would do to one account."""

    read: payments.PaidAccount
    lines: tuple[Paid, ...]


@dataclass(frozen=True)
class Counter:
    """The form of a payment as it stands: rows, the amount wanted, what it would do, and why it cannot yet."""

    rows: tuple[Row, ...]
    others: tuple[Other, ...]
    typed_amount: str
    came_by: str
    typed_on: str
    on: date
    preview: PaymentPreview | None
    tenders: tuple[Tender, ...]
    accounts: tuple[Paying, ...]
    why: str
    errors: dict[str, str]
    checks: int
    paid: tuple[PaidOn, ...] = ()

    @property
    def pieces(self) -> list[tuple[str, int]]:
        """The change in notes and coins, the largest first."""
        return pieces(self.preview.change_cents) if self.preview else []

    @property
    def many(self) -> bool:
        """Whether it pays more than one account."""
        return len(self.paid) > 1

    @property
    def came(self) -> str:
        """How it came, in the middle of a sentence; empty over the counter."""
        return payments.CAME_BY.get(self.came_by, "")


def pieces(cents: int) -> list[tuple[str, int]]:
    """An amount in notes and coins: `[("$5", 1), ("25¢", 2)]`."""
    found = []
    for piece in COINS:
        count, cents = divmod(cents, piece)
        if count:
            found.append((f"${piece // 100}" if piece >= 100 else f"{piece}¢", count))
    return found


def counted(header: Header, entries: Entries, owed: Sequence[pages.OwedDocument], asked: int) -> Counter:
    """Parse the rows and ask what they would do."""
    checks = _many(entries, "checks", "more", least=1, most=MOST_CHECKS)
    names = [("cash", "Cash", "cash", "")]
    names += [("check", f"Check {n}" if checks > 1 else "Check", f"check{n}", f"no{n}") for n in range(1, checks + 1)]
    names += [("money_order", "Money order or cashier's check", "order", "order_no")]
    tenders = _tenders(entries, names)
    others = _others(entries, header)
    came_by, on = _came(entries)
    wanted = entries.cents("amount", required=False)
    accounts = _accounts(header, others, tenders, wanted, max(header.balance_cents, 0) + asked, entries)
    preview, why = _would(accounts, tenders, on, entries)
    errors = dict(entries.errors)
    others = tuple(
        replace(one, error=errors.get(f"acct{one.n}", ""), amount_error=errors.get(f"for{one.n}", "")) for one in others
    )
    return Counter(
        rows=tuple(_row(n, name, entries) for n, name in enumerate(names, 1)),
        others=others,
        typed_amount=entries.raw("amount"),
        came_by=came_by,
        typed_on=entries.raw("came_on") or clock.today().isoformat(),
        on=on,
        preview=preview,
        tenders=tuple(tenders),
        accounts=accounts,
        why=why,
        errors=errors,
        checks=checks,
        paid=_paid(preview, header, owed) if preview else (),
    )


def _many(entries: Entries, name: str, button: str, *, least: int, most: int) -> int:
    """How many rows of a kind: as many as were asked for, and one more when the button for it was pressed."""
    asked = entries.raw(name)
    count = int(asked) if asked.isascii() and asked.isdigit() else least
    return max(least, min(count + (entries.raw("do") == button), most))


def _tenders(entries: Entries, names: Sequence[tuple[str, str, str, str]]) -> list[Tender]:
    tenders: list[Tender] = []
    for type, _says, amount, reference in names:
        cents = entries.cents(amount, required=False)
        number = entries.text(reference, required=False, longest=30) if reference else ""
        if cents is None:
            if number and amount not in entries.errors:
                entries.errors[amount] = f"{number} has no amount. Type what it is made out for."
            continue
        if type == "check" and not number:
            entries.errors[reference] = "A check has a number: type the one at its top right."
            continue
        tenders.append(Tender(type, cents, number))
    return tenders


def _came(entries: Entries) -> tuple[str, date]:
    """How the money came, and the day that it counts from: today over the counter, the day it came otherwise."""
    came_by = entries.raw("came_by")
    if came_by not in CAME:
        entries.errors["came_by"] = "Choose one of these."
        return "", clock.today()
    if not came_by:
        return "", clock.today()
    on = entries.day("came_on", required=False) or clock.today()
    if on > clock.today():
        entries.errors["came_on"] = "That day is still to come. Write the day on which it came."
    return came_by, on


def _others(entries: Entries, header: Header) -> tuple[Other, ...]:
    """The further accounts: each by its number or the line of its stub, all that it owes unless an amount is typed."""
    found: list[Other] = []
    seen = {header.id}
    for n in range(1, _many(entries, "others", "other", least=0, most=MOST_OTHERS) + 1):
        number, typed = entries.raw(f"acct{n}"), entries.raw(f"for{n}")
        cents = entries.cents(f"for{n}", required=False)
        place = None
        if number:
            try:
                stub = stubs.read(number)
                place = pages.get_header(number=stub.account, on=clock.today())
                cents = cents if cents is not None or typed else stub.asked_cents
            except stubs.NoStub as none:
                entries.errors[f"acct{n}"] = str(none)
            except pages.NotThere as none:
                entries.errors[f"acct{n}"] = str(none)
        elif typed:
            entries.errors[f"acct{n}"] = "Type the number of the account that this is for."
        owed = max(place.balance_cents, 0) + pages.get_asked(account_id=place.id) if place else 0
        if place and place.id in seen:
            entries.errors[f"acct{n}"] = "This account is in the payment already; add the two amounts up."
        elif place and cents is None and not typed and not owed:
            entries.errors[f"for{n}"] = f"{place.name} owes nothing. Type how much is to stay there as credit."
        seen |= {place.id} if place else set()
        found.append(Other(n, number, typed, place, owed, cents if cents is not None else owed, "", ""))
    return tuple(found)


def _accounts(
    header: Header,
    others: Sequence[Other],
    tenders: Sequence[Tender],
    wanted: int | None,
    owed: int,
    entries: Entries,
) -> tuple[Paying, ...]:
    """How much goes to each account: to the others what was typed, to this one what it owes, or what is left."""
    apart = tuple(Paying(one.header.id, one.cents) for one in others if one.header and one.cents)
    left = sum(tender.cents for tender in tenders) - sum(paying.cents for paying in apart)
    if not tenders or entries.errors:
        return ()
    if left <= 0:
        last = max(one.n for one in others if one.header)
        says = f"Nothing is left for {header.name}: {show(-left)} less than the other accounts' was handed over."
        entries.errors[f"for{last}"] = f"{says} Take this account out, or ask for more."
        return ()
    return (Paying(header.id, min(wanted if wanted is not None else (owed or left), left)), *apart)


def _would(
    accounts: tuple[Paying, ...], tenders: list[Tender], on: date, entries: Entries
) -> tuple[PaymentPreview | None, str]:
    """What taking these would do; or why it cannot be done yet."""
    if entries.errors:
        return None, RED
    if not tenders:
        return None, "Opens when an amount is typed above."
    try:
        return payments.get_payment_preview(accounts=accounts, tenders=tenders, on=on), ""
    except NotSet as missing:
        return None, str(missing)
    except (BadValue, Refused) as bad:
        _blame(entries, bad, tenders)
        return None, RED


def _blame(entries: Entries, bad: Exception, tenders: list[Tender]) -> None:
    """Beside the last row that was typed: that is where the cashier looks."""
    checks = _many(entries, "checks", "more", least=1, most=MOST_CHECKS)
    field = {"cash": "cash", "money_order": "order"}.get(tenders[-1].type, f"check{checks}")
    says = sentence(bad)
    entries.errors[field] = says[:1].upper() + says[1:]


def _row(n: int, name: tuple[str, str, str, str], entries: Entries) -> Row:
    type, says, amount, reference = name
    typed = entries.raw(reference) if reference else ""
    errors = entries.errors
    return Row(
        n, type, says, amount, reference, entries.raw(amount), typed, errors.get(amount, ""), errors.get(reference, "")
    )


def _paid(preview: PaymentPreview, header: Header, owed: Sequence[pages.OwedDocument]) -> tuple[PaidOn, ...]:
    """What would be paid, account by account, by document in the order in which it is paid."""
    return tuple(
        PaidOn(
            one,
            _lines(
                one,
                owed if one.account_id == header.id else pages.get_owed(account_id=one.account_id, on=clock.today()),
            ),
        )
        for one in preview.accounts
    )


def _lines(one: payments.PaidAccount, owed: Sequence[pages.OwedDocument]) -> tuple[Paid, ...]:
    known = {document.document_id: document for document in owed}
    found: dict[int, list[payments.PaidItem]] = {}
    for item in one.items:
        found.setdefault(item.document_id, []).append(item)
    return tuple(
        Paid(
            billed_on=known[document].billed_on if document in known else None,
            due_on=max((item.due_on for item in items if item.due_on), default=None),
            says=items[0].says,
            open_cents=known[document].open_cents if document in known else _open(items),
            cents=sum(item.cents for item in items),
            items=tuple(items),
        )
        for document, items in found.items()
    )


def _open(items: Sequence[payments.PaidItem]) -> int:
    return sum(item.cents + item.open_after_cents for item in items)
