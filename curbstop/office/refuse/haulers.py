"""Private haulers of businesses: asked for, recommended, approved, insured. Each step is another person's.

Moore City Code 17-207: only where the city cannot serve, on Public Works' recommendation, by the city manager's
approval, with a certificate of insurance on file and in force.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._orders import raise_order
from curbstop.office._own import refuse_own
from curbstop.office.payments.returning import queue_letter
from curbstop.office.refuse.standing import Standing, get_standing
from curbstop.records.orders.refuse import HaulerCertificate, HaulerRequest, HaulerStep
from curbstop.rules.customers import BadEntry, check_mail_to, check_text

ORDER, SECTION = "hauler.order", "Moore City Code 17-207"


@dataclass(frozen=True)
class HaulerAsked:
    """A request as entered."""

    request_id: int
    account_id: int
    premise_id: int


@dataclass(frozen=True)
class CertificateFiled:
    """A certificate on file: whether the hauler may come, from when and until when, and the cart's order."""

    certificate_id: int
    active: bool
    from_on: date
    until_on: date | None
    order_id: int | None
    says: str


def says_order(on: date) -> str:
    """The sentence of the city's rule, with its authority; empty where none is on file."""
    found = policies.load(ORDER).by_id.get(ORDER)
    return f"{found.says} ({found.authority})" if found is not None else ""


@act("refuse.request_hauler")
def request_hauler(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    account_id: int,
    premise_id: int,
    reason: str,
    hauler: str,
    on: date,
    hauler_mail_to: tuple[str, ...] = (),
) -> HaulerAsked:
    """Enter a business's request for a private hauler, with the reason the city cannot serve. Refuse is billed on.

    :param hauler: whom it would hire, with ``hauler_mail_to`` where letters reach it
    :raises Refused: a residential account, an account that is not responsible there, or a request that is open
    :raises BadEntry: no reason or no hauler
    """
    event.about(f"account:{account_id}", f"premise:{premise_id}")
    refuse_own(by, [account_id])
    why = check_text(reason, field="reason", longest=500, required=True)
    who = check_text(hauler, field="hauler", longest=100, required=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "select customer_class, number from customers_account where id = %s for no key update", [account_id]
        )
        row = cursor.fetchone()
        if row is None:
            raise Refused(f"There is no account {account_id}; look it up first.", field="account_id")
        if row[0] != "commercial":
            raise Refused(f"Account {row[1]} is {row[0]}; private hauling is for businesses ({SECTION}).")
        cursor.execute(
            "select exists (select from customers_agreement g"
            " join customers_servicepoint s on s.id = g.service_point_id"
            " where g.account_id = %s and s.premise_id = %s and g.during @> %s::date)",
            [account_id, premise_id, on],
        )
        if not cursor.fetchone()[0]:
            raise Refused(f"Account {row[1]} has no service at that place on {on.isoformat()}.", field="premise_id")
        cursor.execute(
            "select r.id from orders_haulerrequest r where r.premise_id = %s and not exists (select from"
            " orders_haulerstep s where s.request_id = r.id and s.step in ('can_serve', 'refused', 'ended'))",
            [premise_id],
        )
        if open := cursor.fetchone():
            raise Refused(f"Request {open[0]} for this place is open or approved; go on with it.", field="premise_id")
    made = HaulerRequest.objects.create(
        account_id=account_id, premise_id=premise_id, reason=why, hauler=who,
        hauler_mail_to=list(check_mail_to(hauler_mail_to)) if hauler_mail_to else [], asked_on=on, owner_id=by.id,
        event_id=event.id,
    )  # fmt: skip
    event.about(
        f"hauler:{made.pk}", says=f"Private hauler {who} asked for: {why}. Refuse is billed until it is approved."
    )
    return HaulerAsked(made.pk, account_id, premise_id)


@act("refuse.recommend_hauler")
def recommend_hauler(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, request_id: int, can_serve: bool, words: str, on: date
) -> None:
    """Say as Public Works whether the city can serve the stop. If it can, the request is closed, and told by letter.

    :raises Refused: no such request, answered already, or it is one's own request
    :raises BadEntry: no words
    """
    row, steps = _hold(event, request_id)
    told = check_text(words, field="words", longest=500, required=True)
    refuse_own(by, [row.account_id])
    _refuse_asker(row, by)
    if steps:
        raise Refused(f"Request {request_id} was answered already: {steps[0].step}.", field="request_id")
    _step(event, row, "can_serve" if can_serve else "recommended", told, on)
    if not can_serve:
        event.about(says=f"Public Works recommends a private hauler: {told}.")
        return
    _tell(
        event, row, "hauler_refused", "Your request for a private hauler is refused: the city can serve this stop.",
        (told, says_order(on), "City refuse stays on your bill."), on, also_hauler=False,
    )  # fmt: skip
    event.about(says=f"Request closed, refused: the city can serve. {told}. City refuse stays on the bill.")


@act("refuse.decide_hauler")
def decide_hauler(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    request_id: int,
    on: date,
    from_on: date | None = None,
    words: str = "",
) -> None:
    """Approve a private hauler as the city manager from a day on, or refuse it (``from_on`` None) with the reason.

    :raises Refused: Public Works has not recommended it, it is decided, or somebody decides on what he asked for or
        recommended himself
    :raises BadEntry: a refusal without words
    """
    row, steps = _hold(event, request_id)
    told = check_text(words, field="words", longest=500, required=from_on is None)
    refuse_own(by, [row.account_id])
    _refuse_asker(row, by)
    named = {step.step: step for step in steps}
    if "can_serve" in named:
        raise Refused(f"Request {request_id} is closed: Public Works says that the city can serve.", field="request_id")
    if "recommended" not in named:
        says = "Public Works' recommendation comes first; none is recorded"
        raise Refused(f"{says}. {says_order(on)}", field="request_id")
    if named.keys() & {"approved", "refused", "ended"}:
        raise Refused(f"Request {request_id} is decided already.", field="request_id")
    if named["recommended"].by_id == by.id:
        raise Refused("Who recommended it cannot approve it; another person does.", field="by")
    _step(event, row, "approved" if from_on else "refused", told, on, from_on=from_on, after=named["recommended"])
    if from_on is not None:
        event.about(
            says=f"Private hauler {row.hauler} approved from {from_on.isoformat()}; a certificate must be filed."
        )
        return
    _tell(
        event, row, "hauler_refused", "Your request for a private hauler is refused by the city manager.",
        (told, says_order(on), "City refuse stays on your bill."), on, also_hauler=False,
    )  # fmt: skip
    event.about(says=f"Private hauler refused: {told}.")


@act("refuse.file_certificate")
def file_certificate(
    event: Acting,
    /,
    *,
    key: Key,
    by: Actor,
    at: datetime,
    request_id: int,
    from_on: date,
    ends_on: date,
    kinds: tuple[str, ...],
    on: date,
    insurer: str = "",
) -> CertificateFiled:
    """File a hauler's certificate of insurance: liability, workers' compensation, automobile.

    The first one ends the city's refuse from the approved day on and raises the order to take the cart back; one that
    follows a lapse does so from the next period (``refuse.turn_haulers``).

    :param ends_on: its last day
    :raises Refused: the request is not approved, or the certificate has ended
    :raises BadEntry: a kind of insurance is missing, or the days cannot be
    """
    row, steps = _hold(event, request_id)
    refuse_own(by, [row.account_id])
    approved = next((step for step in steps if step.step == "approved"), None)
    if approved is None or approved.from_on is None:
        raise Refused(
            f"The request is not approved; a certificate is filed after it. {says_order(on)}", field="request_id"
        )
    if any(step.step == "ended" for step in steps):
        raise Refused(f"Request {request_id} has ended; ask again.", field="request_id")
    missing = [one for one in ("liability", "workers", "automobile") if one not in kinds]
    if missing:
        why = f"{' and '.join(missing)} insurance is missing"
        raise BadEntry(
            field="kinds", value=", ".join(kinds), why=why, remedy="ask for a certificate that shows all three"
        )
    if ends_on < max(from_on, on):
        why = "before it begins" if ends_on < from_on else "in the past"
        raise BadEntry(field="ends_on", value=ends_on.isoformat(), why=why, remedy="ask for one in force")
    before = get_standing(request_id=request_id, on=on)
    first = not before.certificates
    made = HaulerCertificate.objects.create(
        request=row, liability=True, workers=True, automobile=True, from_on=from_on, ends_on=ends_on,
        insurer=check_text(insurer, field="insurer", longest=100), filed_on=on, by_id=by.id, event_id=event.id,
    )  # fmt: skip
    starts = max(approved.from_on, from_on)
    order_id = None
    if first:
        _end_refuse(event, row, starts)
    if first or before.lapsed_on is not None:
        order_id = _take_back(event, row, on, by_on=starts if first else None)
    now = get_standing(request_id=request_id, on=max(on, starts))
    until = f"in force until {ends_on.isoformat()}"
    says = f"Certificate of {row.hauler} filed, {until}; authorised from {starts.isoformat()}."
    event.about(says=says)
    if first:
        _tell(
            event, row, "hauler_authorised", f"{row.hauler} may haul your refuse from {starts.isoformat()}.",
            (says_order(on), f"The certificate of insurance on file ends on {ends_on.isoformat()}. Without one in force"
             " the city's cart is billed again."), on,
        )  # fmt: skip
    return CertificateFiled(made.pk, now.active, starts, now.until_on, order_id, says)


@act("refuse.end_hauler")
def end_hauler(event: Acting, /, *, key: Key, by: Actor, at: datetime, request_id: int, words: str, on: date) -> None:
    """End an authorisation, or a request that is not decided: the business gives it up, or it is withdrawn.

    :raises Refused: no such request, or it has ended
    :raises BadEntry: no words
    """
    row, steps = _hold(event, request_id)
    refuse_own(by, [row.account_id])
    told = check_text(words, field="words", longest=500, required=True)
    if any(step.step in ("ended", "can_serve", "refused") for step in steps):
        raise Refused(f"Request {request_id} has ended already.", field="request_id")
    _step(event, row, "ended", told, on)
    event.about(says=f"Private hauling ended on {on.isoformat()}: {told}. City refuse is billed from the next period.")


# --- what the acts share ----------------------------------------------------------------------------------------------


def _hold(event: Acting, request_id: int) -> tuple[HaulerRequest, Sequence[HaulerStep]]:
    row = HaulerRequest.objects.filter(pk=request_id).first()
    if row is None:
        raise Refused(f"There is no request {request_id}; the list of haulers has them.", field="request_id")
    with connection.cursor() as cursor:
        cursor.execute("select id from customers_account where id = %s for no key update", [row.account_id])
    event.about(f"hauler:{request_id}", f"account:{row.account_id}", f"premise:{row.premise_id}")
    return row, list(HaulerStep.objects.filter(request=row).order_by("id"))


def _refuse_asker(row: HaulerRequest, by: Actor) -> None:
    refuse_own(by, [row.account_id])
    if row.owner_id == by.id:
        raise Refused("Who entered the request cannot decide on it; another person does.", field="by")


def _step(
    event: Acting, row: HaulerRequest, step: str, words: str, on: date, *, from_on: date | None = None,
    after: HaulerStep | None = None,
) -> None:  # fmt: skip
    HaulerStep.objects.create(
        request=row, step=step, words=words, on=on, from_on=from_on, after=after, by_id=event.by.id, at=event.at,
        event_id=event.id,
    )  # fmt: skip


def _end_refuse(event: Acting, row: HaulerRequest, on: date) -> None:
    """City refuse ends on the day, or where it is billed through beyond it."""
    with connection.cursor() as cursor:
        cursor.execute(_REFUSE, [row.account_id, row.premise_id])
        for agreement, begins, through in cursor.fetchall():
            day = max(on, through)
            if day > begins:
                cursor.execute(
                    "update customers_agreement set during = daterange(lower(during), %s) where id = %s",
                    [day, agreement],
                )


_REFUSE = """
select g.id, lower(g.during), coalesce((select max(o.until_on) from bills_outcome o where o.agreement_id = g.id
  and o.code = 'billed'), lower(g.during) + 1)
from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id
where g.account_id = %s and s.premise_id = %s and s.service = 'sanitation' and upper_inf(g.during)"""


def _take_back(event: Acting, row: HaulerRequest, on: date, *, by_on: date | None) -> int:
    day = by_on or next_read(row.premise_id, on)
    when = f" by {day.isoformat()}" if day else ""
    return raise_order(
        event, type="cart_remove", premise_id=row.premise_id, account_id=row.account_id,
        on=day if day is not None and day >= on else None, about=f"Take the city cart back{when}: private hauler",
        second="Private hauler", owner_id=row.owner_id,
    ).order_id  # fmt: skip


def next_read(premise_id: int, on: date) -> date | None:
    """The next read of the place's cycle after a day, by the calendar; None where none is planned."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select min(d.read_on) from decisions_cycledate d join customers_premise p on p.cycle_id = d.cycle_id"
            " where p.id = %s and d.read_on > %s",
            [premise_id, on],
        )
        found = cursor.fetchone()[0]
    return found if isinstance(found, date) else None


def tell(event: Acting, standing: Standing, kind: str, says: str, paragraphs: Sequence[str], on: date) -> None:
    """Queue a letter for the business and one for its hauler, as part of the act under way."""
    _tell(event, HaulerRequest.objects.get(pk=standing.request_id), kind, says, paragraphs, on)


def _tell(
    event: Acting, row: HaulerRequest, kind: str, says: str, paragraphs: Sequence[str], on: date,
    *, also_hauler: bool = True,
) -> None:  # fmt: skip
    kept = [one for one in paragraphs if one]
    queue_letter(event, account_id=row.account_id, kind=kind, says=says, facts={"paragraphs": kept}, on=on)
    if also_hauler:
        lines = {"mail_to": [row.hauler, *row.hauler_mail_to]} if row.hauler_mail_to else {}
        facts = {"paragraphs": [f"To the hauler, {row.hauler}.", *kept], "hauler": row.hauler, **lines}
        queue_letter(event, account_id=row.account_id, kind=kind, says=says, facts=facts, on=on)
