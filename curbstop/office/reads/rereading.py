"""A meter read again: asked for by the office (free) or the customer (a fee where the first read was right, told before
the order is written). Both reads stay on file, with what the second look found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection

from curbstop.office import _orders, ledger, policies
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own_place
from curbstop.office.reads._standing import Standing, stand
from curbstop.office.reads.entry import BadRead, _find, _Found, _later, check_register, keep
from curbstop.rules.customers import check_choice, check_text
from curbstop.rules.money import show
from curbstop.rules.policies import NotSet
from curbstop.rules.reads import CONFIRMED, judge_second_look

ASKERS = ("office", "customer")
_LOW = {"low", "zero", "below_last"}


@dataclass(frozen=True)
class Reread:
    """A re-read as asked for. ``told``: the sentence about the fee to read aloud before, empty when the office asks."""

    reread_id: int
    order_id: int
    meter: str
    told: str
    fee_cents: int


@dataclass(frozen=True)
class Answered:
    """What the second look found: ``confirmed`` or ``wrong``. ``read_id`` counts for the day of the first."""

    reread_id: int
    outcome: str
    read_id: int
    usage_gal: int
    fee_cents: int
    document_id: int | None
    says: str


@dataclass(frozen=True)
class RereadRow:
    """A re-read that nobody answered yet."""

    reread_id: int
    read_id: int
    meter: str
    address: str
    account: str
    name: str
    register: int
    read_on: date
    asked_by: str
    on: date
    by: str
    order_id: int | None


def get_terms(*, on: date) -> tuple[int, str]:
    """What a re-read costs a customer when the first read was right, and the sentence to read aloud before."""
    known = policies.load("fee.reread")
    try:
        return known.cents("fee.reread", on=on), known.policy("fee.reread").says
    except NotSet as missing:
        return 0, missing.says or f"A re-read has no fee: {missing.why}"


@act("reads.reread")
def reread(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, read_id: int, asked_by: str, on: date, note: str = ""
) -> Reread:
    """Have a meter read again. An order is written; the first read keeps waiting, or counts as before.

    :param asked_by: ``office``, or ``customer`` who was told what it costs
    :raises Refused: no such read, another replaces it, or its re-read is asked for already
    """
    check_choice(asked_by, ASKERS, field="asked_by")
    said = check_text(note, field="note", longest=300)
    found = _find(read_id)
    refuse_own_place(by, found.premise_id, found.read_on)
    with connection.cursor() as cursor:
        cursor.execute(
            "select x.id from meters_reread x where x.read_id = %s and not exists"
            " (select from meters_rereadanswer y where y.reread_id = x.id)",
            [read_id],
        )
        if cursor.fetchone() is not None:
            raise Refused(f"Meter {found.serial} is to be read again already; its order is open.", field="read_id")
        cursor.execute(
            "select g.account_id from customers_agreement g where g.service_point_id = %s and g.during @> %s"
            " order by lower(g.during) desc limit 1",
            [found.service_point_id, on],
        )
        row = cursor.fetchone()
        cursor.execute("select nextval(pg_get_serial_sequence('meters_reread', 'id'))")
        id = int(cursor.fetchone()[0])
    account = int(row[0]) if row else None
    fee, told = get_terms(on=on) if asked_by == "customer" else (0, "")
    about = f"Read meter {found.serial} again: {found.register:,} on {found.read_on.isoformat()}"
    order = _orders.raise_order(
        event, type="reread", premise_id=found.premise_id, service_point_id=found.service_point_id,
        account_id=account, about=f"{about}. {said}".strip(), given={"reread": id},
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into meters_reread (id, read_id, account_id, asked_by, told, fee_cents, note, order_id, "on",'
            " by_id, event_id) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
            [id, read_id, account, asked_by, told, fee, said, order.order_id, on, by.id, event.id],
        )
    event.about(f"read:{read_id}", says=f"{about}. Asked by the {asked_by}.")
    return Reread(id, order.order_id, found.serial, told, fee)


@act("reads.answer_reread")
def answer_reread(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, reread_id: int, register: int, seen_on: date
) -> Answered:
    """Say what the second look showed, for a re-read that was done without its order."""
    return answer(event, reread_id=reread_id, register=register, seen_on=seen_on)


def answer(event: Acting, *, reread_id: int, register: int, seen_on: date) -> Answered:
    """What :func:`answer_reread` does, as a part of another act: the order completed in the field.

    A first read that was wrong is replaced by the second, for its own day; one on an issued bill stays until that is
    cancelled and made again. One that was right is accepted, and the second is kept beside it; the customer who asked
    owes the fee that he was told.

    :raises Refused: no such re-read, or answered already
    :raises BadRead: a day or a number that cannot be
    """
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended('reread', %s))", [reread_id])
        cursor.execute(
            "select x.read_id, x.account_id, x.asked_by, x.fee_cents, y.outcome from meters_reread x"
            " left join meters_rereadanswer y on y.reread_id = x.id where x.id = %s",
            [reread_id],
        )
        row = cursor.fetchone()
    if row is None:
        raise Refused(f"There is no re-read {reread_id}.", field="reread_id")
    read_id, account, asked_by, fee, before = row
    if before:
        raise Refused(f"This re-read was answered already: the first read was {before}.", field="reread_id")
    found = _find(read_id)
    refuse_own_place(event.by, found.premise_id, found.read_on)
    if seen_on < found.read_on:
        raise BadRead(
            field="seen_on", value=seen_on.isoformat(), why="before the read that is looked at again",
            remedy=f"the first read is of {found.read_on.isoformat()}",
        )  # fmt: skip
    standing = stand([found.installation_id], on=found.read_on, at=event.at, kind=found.kind, without=read_id)[0]
    check_register(standing, register)
    outcome = judge_second_look(
        before=standing.previous_register, first=found.register, second=register, dials=standing.dials,
        looked_low=bool(_LOW & set(found.findings)), usual_gal=_usual(standing, (seen_on - found.read_on).days),
        unit_gal=standing.gal_per_unit,
    )  # fmt: skip
    if outcome == CONFIRMED:
        counts, gal = read_id, _confirm(event, found, standing, register, seen_on)
    else:
        counts, gal = _replace(event, found, standing, register)
    document, charged, told = None, 0, "There is no charge."
    if outcome == CONFIRMED and asked_by == "customer" and fee and account is not None:
        document, charged, told = _charge(event, account, fee, found.serial, seen_on)
    says = _says(outcome, found.billed_on is not None, asked_by, told)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into meters_rereadanswer (reread_id, outcome, read_id, seen_on, register, says, document_id,"
            " event_id) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            [reread_id, outcome, counts, seen_on, register, says, document, event.id],
        )
    told_of = (
        f"Meter {found.serial} read again on {seen_on.isoformat()}: {register:,}; the first, {found.register:,}, was"
    )
    event.about(f"read:{read_id}", f"premise:{found.premise_id}", says=f"{told_of} {_WORD[outcome]}.")
    return Answered(reread_id, outcome, counts, gal, charged, document, says)


_WORD = {"confirmed": "right", "wrong": "wrong"}


def _usual(standing: Standing, days: int) -> int:
    over = sum(standing.history_days)
    return sum(standing.history_gal) * days // over if over else -1


def _confirm(event: Acting, found: _Found, standing: Standing, register: int, seen_on: date) -> int:
    if found.findings and not found.decided:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into meters_readdecision (read_id, outcome, reason, by_id, event_id)"
                " values (%s, 'accept', %s, %s, %s)",
                [found.id, f"confirmed by a second look on {seen_on.isoformat()}: {register:,}", event.by.id, event.id],
            )
    if seen_on == found.read_on or _later(found):
        return 0
    now = stand([found.installation_id], on=seen_on, at=event.at, kind="check")[0]
    if seen_on > now.today:
        raise BadRead(
            field="seen_on", value=seen_on.isoformat(), why="in the future", remedy="record it when it is seen"
        )
    kept = keep(now, register, on=seen_on, kind="check", source="hand", reader=event.by.name, event_id=event.id)
    return kept.usage_gal


def _replace(event: Acting, found: _Found, standing: Standing, register: int) -> tuple[int, int]:
    if found.billed_on is not None or _later(found):
        return found.id, 0  # its bill is cancelled and made again, by request
    kept = keep(
        standing, register, on=found.read_on, kind=found.kind, source="hand", reader=event.by.name, event_id=event.id,
        replaces=found.id,
    )  # fmt: skip
    return kept.read_id, kept.usage_gal


def _charge(event: Acting, account: int, fee: int, meter: str, on: date) -> tuple[int | None, int, str]:
    days = [day for day in ledger.get_open_days() if day >= on]
    done = ledger.charge_for(
        event, account_id=account, kind="fee.reread", on=days[0] if days else on,
        reason=f"meter {meter} read again on {on.isoformat()}, the first read was right", with_bill=not days,
    )  # fmt: skip
    return done.document_id, fee, f"The fee is ${show(fee)}."


def _says(outcome: str, billed: bool, asked_by: str, told: str) -> str:
    if outcome == CONFIRMED:
        return f"We read your meter again, and the first read was right. {told}"
    if billed:
        return "We read your meter again, and the first read was wrong. We cancel the bill and make the right one."
    why = "because the first read was far above your use" if asked_by == "office" else "as you asked"
    return f"We read your meter again {why}. {told}"


_WAITING = """
select x.id, r.id, m.serial, p.address, coalesce(a.number, ''), coalesce(c.name, ''), r.register, r.read_on, x.asked_by,
  x."on", coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username), x.order_id
from meters_reread x join meters_read r on r.id = x.read_id
join meters_installation i on i.id = r.installation_id join meters_meter m on m.id = i.meter_id
join customers_servicepoint s on s.id = r.service_point_id join customers_premise p on p.id = s.premise_id
left join customers_account a on a.id = x.account_id left join customers_customer c on c.id = a.customer_id
join base_user u on u.id = x.by_id
where not exists (select from meters_rereadanswer y where y.reread_id = x.id) order by x."on", x.id"""


def list_rereads() -> tuple[RereadRow, ...]:
    """The re-reads that nobody answered yet, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING)
        return tuple(RereadRow(*row) for row in cursor.fetchall())
