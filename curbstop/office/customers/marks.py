"""Confidentiality: the mark, breaking the glass, and the list of who looked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection

from curbstop.office import _masks, outbox, policies, search
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts
from curbstop.office._once import NotPermitted, Refused, act
from curbstop.office.customers.papers import PaperFile, keep
from curbstop.records.base.models import Event, User
from curbstop.records.customers.marks import Glass, Mark, MarkReminded
from curbstop.records.customers.models import Account
from curbstop.rules.customers import check_choice, check_mail_to, check_text
from curbstop.rules.marks import ACP_YEARS, KINDS, add_years, check_reason
from curbstop.rules.policies import NotSet

MINUTES, LETTERS, TELLS = "glass.minutes", "glass.reason", "glass.tells"
REMIND_DAYS = 60
"""Before a card of the Address Confidentiality Program ends, so many days ahead, its renewal is asked for."""


@dataclass(frozen=True)
class Opening:
    """The glass is broken: for one person, one account, until an instant."""

    account_id: int
    until: datetime
    told: int


@dataclass(frozen=True)
class MarkRow:
    """A mark of an account. ``until_on`` None: it stands. ``paper_id`` None: nothing was attached."""

    id: int
    account_id: int
    number: str
    kind: str
    authority: str
    paper_id: int | None
    substitute: tuple[str, ...]
    ends_on: date | None
    from_on: date
    until_on: date | None


# --- acts -------------------------------------------------------------------------------------------------------------


@act("customers.confidential", secret=("paper", "authority"))
def mark(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    on: date,
    authority: str,
    kind: str = "confidential",
    paper: PaperFile | None = None,
    substitute: tuple[str, ...] = (),
    certified_on: date | None = None,
) -> int:
    """Mark an account confidential from a day on: its people and places are masked wherever they are read.

    :param authority: what it is done on, "written request of ..."; it and the paper are a supervisor's to see
    :param kind: ``confidential``, or ``acp`` for the state's Address Confidentiality Program (22 O.S. 60.14;
        OAC 75:20-1-7, -15), with the ``substitute`` address and the day the card was certified
    :returns: the mark's id
    :raises NotPermitted: a mark of the office's own is a supervisor's; a card of the programme is anybody's to take
    :raises Refused: marked already, no such account, or a card that has ended
    """
    event.about(f"account:{account_id}")
    check_choice(kind, tuple(KINDS), field="kind")
    told = check_text(authority, field="authority", longest=300, required=True)
    if kind == "confidential" and _masks.SUPERVISOR not in by.roles:
        raise NotPermitted("A supervisor marks an account confidential, having seen the request.", field="kind")
    lines, ends_on = _card(kind, substitute, certified_on, on)
    account = Account.objects.filter(pk=account_id).first()
    if account is None:
        raise Refused(f"There is no account {account_id}; search for it.", field="account_id")
    lock_accounts([account_id])
    standing = Mark.objects.filter(account_id=account_id, during__upper_inf=True).first()
    if standing is not None:
        since = standing.during.lower.isoformat()
        raise Refused(f"Account {account.number} is marked since {since}; end that mark first.", field="account_id")
    truth = _masks.load_truth(account.customer_id)
    paper_id = None
    if paper is not None:
        paper_id = keep(
            event, account_id=account_id, kind="confidential", says=told, file=paper, on=on, restricted=True
        )
    row = Mark.objects.create(
        account_id=account_id, kind=kind, authority=told, paper_id=paper_id, substitute=list(lines), ends_on=ends_on,
        during=(on, None), event_id=event.id,
    )  # fmt: skip
    _masks.write_truth(event, account.customer_id, truth, sealed=True)
    _refresh(account.customer_id)
    event.about(says=f"Marked {KINDS[kind]} from {on.isoformat()}.")
    return int(row.pk)


def _card(
    kind: str, substitute: Sequence[str], certified_on: date | None, on: date
) -> tuple[tuple[str, ...], date | None]:
    """The lines and the last day of a card; nothing of another mark."""
    if kind != "acp":
        return (), None
    lines = check_mail_to(substitute, field="substitute")
    if not lines:
        raise Refused("Write the programme's substitute address, line by line, as the card has it.", field="substitute")
    if certified_on is None:
        raise Refused("Write the day on which the card was certified.", field="certified_on")
    ends_on = add_years(certified_on, ACP_YEARS)
    if not certified_on <= on < ends_on:
        says = f"The card certified on {certified_on.isoformat()} ends on {ends_on.isoformat()}"
        raise Refused(f"{says}; ask for the renewed card.", field="certified_on")
    return lines, ends_on


@act("customers.end_confidential", secret=("reason",))
def end_mark(event: Acting, /, *, key: Key, by: Actor, at: datetime, mark_id: int, on: date, reason: str) -> None:
    """End a mark from a day on; what was sealed stands in the open again when no other mark is left.

    :raises Refused: there is none, it has ended, or no reason
    """
    row = Mark.objects.filter(pk=mark_id).select_related("account").first()
    if row is None:
        raise Refused(f"There is no mark {mark_id}.", field="mark_id")
    event.about(f"account:{row.account_id}")
    lock_accounts([row.account_id])
    row.refresh_from_db()
    check_text(reason, field="reason", longest=300, required=True)
    if row.during.upper is not None:
        raise Refused(f"It ended on {row.during.upper.isoformat()}.", field="mark_id")
    if on <= row.during.lower:
        raise Refused(f"It began on {row.during.lower.isoformat()}; it ends later than that.", field="on")
    customer_id = row.account.customer_id
    truth = _masks.load_truth(customer_id)
    Mark.objects.filter(pk=mark_id).update(during=(row.during.lower, on))
    others = Mark.objects.filter(account__customer_id=customer_id, during__upper_inf=True).exists()
    _masks.write_truth(event, customer_id, truth, sealed=others)
    _refresh(customer_id)
    event.about(says=f"No longer confidential from {on.isoformat()}.")


def _refresh(customer_id: int) -> None:
    search.refresh(Account.objects.filter(customer_id=customer_id).values_list("id", flat=True))


@act("customers.unmask")
def unmask(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, reason: str) -> Opening:
    """Break the glass: see a confidential account for the minutes of the city's rule. The supervisors are told.

    :raises Refused: a reason too short to mean anything; no mark; the minutes are not set for this city
    """
    event.about(f"account:{account_id}")
    rules = policies.load(MINUTES, LETTERS, TELLS)
    on = at.date()
    told = check_text(reason, field="reason", longest=300)
    try:
        minutes, letters = rules.whole(MINUTES, on=on), rules.whole(LETTERS, on=on)
    except NotSet as missing:
        raise Refused(f"Nobody can open it yet: {missing}. A supervisor sets it.", field="account_id") from None
    if why := check_reason(told, letters):
        raise Refused(why, field="reason")
    marked = _masks.load_marked([account_id])
    if account_id not in marked:
        raise Refused("This account is not confidential; nothing is masked.", field="account_id")
    until = at + timedelta(minutes=minutes)
    Glass.objects.create(account_id=account_id, by_id=by.id, reason=told, at=at, until=until, event_id=event.id)
    number = Account.objects.get(pk=account_id).number
    sent = _tell(
        event, f"{by.name} opened confidential account {number} at {at:%Y-%m-%d %H:%M} UTC: {told}", account_id
    )
    event.about(says=f"Opened for {by.name} for {minutes} minutes: {told}")
    return Opening(account_id, until, sent)


def _tell(event: Acting, body: str, account_id: int) -> int:
    """A message to every supervisor who has an e-mail address; all of them find it on the list of openings."""
    people = User.objects.filter(is_active=True, roles__contains=[_masks.SUPERVISOR]).exclude(email="").order_by("id")
    for person in people:
        outbox._put(
            event, channel="email", to=person.email, subject="A confidential account was opened", body=body,
            about=[f"account:{account_id}"],
        )  # fmt: skip
    return len(people)


@act("customers.view")
def view(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_id: int, what: str = "account") -> bool:
    """Keep that somebody looked at a confidential account; returns whether it was open to him.

    :param what: which page, for the list: ``account``, ``as it stood on 2026-04-06``
    """
    event.about(f"account:{account_id}")
    seen = _masks.open_until(account_id, _masks.Looker(by, at)) is not None
    page = check_text(what, field="what", longest=100, required=True)
    event.about(says=f"Looked at: {page}, {'opened' if seen else 'masked'}.")
    return seen


@act("customers.log_search")
def log_search(event: Acting, /, *, key: Key, by: Actor, at: datetime, account_ids: tuple[int, ...]) -> None:
    """Keep that a search found confidential accounts, which told their numbers only; what was typed is not kept."""
    event.about(*(f"account:{id}" for id in account_ids), says="Found by a search, number only.")


@act("customers.remind_cards")
def remind_cards(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> int:
    """Ask for the renewal of cards of the Address Confidentiality Program that end soon; returns how many.

    A mark does not end by itself: nobody's address is told because a paper is late.
    """
    soon = Mark.objects.filter(
        kind="acp", during__upper_inf=True, reminded=None, ends_on__lte=on + timedelta(days=REMIND_DAYS)
    ).select_related("account")
    count = 0
    for row in soon.order_by("id"):
        MarkReminded.objects.create(mark=row, on=on, event_id=event.id)
        number, ends_on = row.account.number, row.ends_on
        assert ends_on is not None
        words = f"The card on confidential account {number} ends on {ends_on.isoformat()}. Ask for the renewed one."
        _tell(event, words, row.account_id)
        event.about(f"account:{row.account_id}")
        count += 1
    event.about(says=f"{count} cards end within {REMIND_DAYS} days; their renewal is asked for.")
    return count


# --- reads ------------------------------------------------------------------------------------------------------------

_MARKS = """
select m.id, a.id, a.number, m.kind, m.authority, m.paper_id, array(select jsonb_array_elements_text(m.substitute)),
  m.ends_on, lower(m.during), upper(m.during)
from customers_mark m join customers_account a on a.id = m.account_id where {where} order by a.number, m.id desc"""


def list_marks(*, account_id: int | None = None, by: Actor) -> tuple[MarkRow, ...]:
    """Marks that stand, or all of one account. Authority and paper are shown to a supervisor alone."""
    where, values = ("a.id = %s", [account_id]) if account_id is not None else ("upper_inf(m.during)", [])
    full = _masks.SUPERVISOR in by.roles
    with connection.cursor() as cursor:
        cursor.execute(_MARKS.format(where=where), values)
        return tuple(
            MarkRow(*[*row[:4], row[4] if full else "", row[5] if full else None, tuple(row[6]), *row[7:]])
            for row in cursor.fetchall()
        )


@dataclass(frozen=True)
class Look:
    """Somebody looked at, searched, opened or exported a marked account, or was refused."""

    at: datetime
    by: str
    number: str
    act: str
    says: str
    denied: bool


_LOOKS = (
    "customers.view", "customers.unmask", "customers.log_search", "customers.see_paper", "customers.export",
    "customers.change", "customers.confidential", "customers.end_confidential",
)  # fmt: skip


def list_looks(*, from_on: datetime, until: datetime) -> tuple[Look, ...]:
    """Every look at an account that is or was marked between two instants, oldest first."""
    marked = dict(
        Mark.objects.order_by("account_id").distinct("account_id").values_list("account_id", "account__number")
    )
    rows = Event.objects.filter(act__in=_LOOKS, at__gte=from_on, at__lt=until).select_related("by").order_by("at", "id")
    found = []
    for row in rows:
        for subject in row.subjects:
            kind, _, id = subject.partition(":")
            if kind == "account" and int(id) in marked:
                found.append(Look(row.at, str(row.by), marked[int(id)], row.act, row.says, row.denied))
    return tuple(found)
