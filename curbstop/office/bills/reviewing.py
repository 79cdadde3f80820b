"""What people do between calculation and posting: hold, release, take ownership, approve."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office._own import refuse_own
from curbstop.office.bills import figuring, findings, runs
from curbstop.office.bills.runs import RunRow
from curbstop.office.bills.values import Approved
from curbstop.rules.money import show


@act("bills.hold")
def hold(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, account_id: int, reason: str, owner_id: int = 0
) -> None:
    """Keep an account out of the run. Whoever holds it owns it, unless ``owner_id`` names another.

    :raises Refused: no reason, an account that the run does not bill, or a run that is not calculated or is approved
    """
    row = _open_run(run)
    if not reason.strip():
        raise Refused("A hold needs its reason: say what is to be cleared before this is billed.", field="reason")
    refuse_own(by, [account_id])
    no = _chunk_of(run, account_id)
    owner = _owner(owner_id or by.id)
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into bills_review (run_id, account_id, finding, cents, held, reason, owner_id)"
            " values (%s, %s, 'held_by_review', 0, true, %s, %s) on conflict on constraint bills_review_once"
            " do update set held = true, reason = excluded.reason, owner_id = excluded.owner_id",
            [run, account_id, reason.strip(), owner],
        )
        before = _bill_cents(run, no, account_id)
        cursor.execute(
            "update bills_review set cents = %s where run_id = %s and account_id = %s and finding = 'held_by_review'",
            [max(before, 0), run, account_id],
        )
    _again(row, no)
    event.about(f"run:{run}", f"account:{account_id}", says=f"Held out of run {run}: {reason.strip()}")


@act("bills.release")
def release(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, account_id: int, reason: str = ""
) -> None:
    """Let an account that a person held be billed with the run again.

    :raises Refused: nobody holds it, or the run is approved
    """
    row = _open_run(run)
    refuse_own(by, [account_id])
    with connection.cursor() as cursor:
        cursor.execute(
            "delete from bills_review where run_id = %s and account_id = %s and held returning reason",
            [run, account_id],
        )
        if cursor.fetchone() is None:
            raise Refused(
                "Nobody holds this account. What the calculation holds is cleared by its cause: decide the read or"
                " set the price, and calculate again.",
                field="account_id",
            )
    _again(row, _chunk_of(run, account_id))
    event.about(
        f"run:{run}", f"account:{account_id}", says=f"Released into run {run}{': ' + reason if reason else ''}."
    )


@act("bills.own")
def own(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, account_ids: tuple[int, ...], owner_id: int
) -> int:
    """Give the run's findings about these accounts an owner; returns how many there were.

    :raises Refused: no such user, or an account without findings
    """
    _open_run(run)
    owner = _owner(owner_id)
    with connection.cursor() as cursor:
        cursor.execute(
            "update bills_review set owner_id = %s where run_id = %s and account_id = any(%s) returning account_id",
            [owner, run, list(account_ids)],
        )
        found = [row[0] for row in cursor.fetchall()]
    missing = sorted(set(account_ids) - set(found))
    if missing:
        raise Refused(f"Run {run} has found nothing about account {missing[0]}.", field="account_ids")
    event.about(
        f"run:{run}", *(f"account:{account}" for account in account_ids), says=f"Took on {len(found)} findings."
    )
    return len(found)


@act("bills.approve")
def approve(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, run: int, bills: int, cents: int, on: date
) -> Approved:
    """Approve the run with the figures seen. What is held stays out, each with its owner.

    :param bills: how many bills the approver saw
    :param cents: what they came to
    :param on: the accounting day that the bills are posted on, the bill date or later
    :raises Refused: other figures by now, a held account without an owner, a day that is not open
    """
    row = _open_run(run)
    now = figuring.figures(run)
    if (bills, cents) != (now.bills, now.cents):
        raise Refused(
            f"What you saw ({bills:,} bills, {show(cents)}) is not what the run comes to now ({now.bills:,} bills,"
            f" {show(now.cents)}): somebody changed it meanwhile. Look at it again.",
            field="cents",
        )
    left = figuring.count_without_owner(run)
    if left:
        raise Refused(
            f"{left:,} held accounts have no owner. Assign each to somebody who clears it, then approve.", field="run"
        )
    _refuse_day(row, on)
    with connection.cursor() as cursor:
        cursor.execute(
            'insert into bills_runstep (run_id, step, bills, cents, "on", by_id, at, event_id)'
            " values (%s, 'approved', %s, %s, %s, %s, %s, %s)",
            [run, bills, cents, on, by.id, at, event.id],
        )
    event.about(f"run:{run}", says=f"Approved run {run}: {bills:,} bills for {show(cents)}.")
    return Approved(run=run, bills=bills, cents=cents, on=on)


def _open_run(run: int) -> RunRow:
    """The run, locked; calculated, and not approved yet."""
    row = runs.load_run(run, lock=True)
    figuring.refuse_approved(row)
    if "calculated" not in row.steps:
        raise Refused(f"Run {run} is not calculated yet. Calculate it first.", field="run")
    return row


def _again(row: RunRow, no: int) -> None:
    """The chunk's figures with the holds of now."""
    figuring.calculate_chunk(row, runs.load_chunk(row.id, no), findings.load_bands(row.turn.read_on))


def _chunk_of(run: int, account_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select no from bills_chunk where run_id = %s and account_ids @> array[%s]::bigint[]", [run, account_id]
        )
        found = cursor.fetchone()
    if found is None:
        raise Refused(f"Run {run} does not bill account {account_id}.", field="account_id")
    return int(found[0])


def _bill_cents(run: int, no: int, account_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "select k.account_cents[array_position(c.account_ids, %s)] from bills_chunk c"
            " join bills_calculatedchunk k on k.chunk_id = c.id where c.run_id = %s and c.no = %s",
            [account_id, run, no],
        )
        return int(cursor.fetchone()[0])


def _owner(user_id: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute("select id from base_user where id = %s and is_active", [user_id])
        if cursor.fetchone() is None:
            raise Refused(f"There is no active user {user_id} to own this.", field="owner_id")
    return user_id


def _refuse_day(row: RunRow, on: date) -> None:
    if on < row.turn.bill_on:
        raise Refused(
            f"The bills are dated {row.turn.bill_on.isoformat()}; they cannot be posted on {on.isoformat()}, before it."
            " Choose the bill date or a later open day.",
            field="on",
        )
    with connection.cursor() as cursor:
        cursor.execute(
            "select exists (select from ledger_day where posted_on = %s),"
            " exists (select from ledger_transaction where closes and posted_on >= %s)",
            [on, on],
        )
        is_open, is_closed = cursor.fetchone()
    if is_closed or not is_open:
        raise Refused(
            f"The accounting day {on.isoformat()} is {'closed' if is_closed else 'not open'}."
            f" {'Post on a later open day; the bills keep their date.' if is_closed else 'Open it first.'}",
            field="on",
        )
