"""What a move began and ended, kept so that it can be undone; agreements as acts that move write and end them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import connection

from curbstop.office import _masks
from curbstop.office._events import Acting
from curbstop.office._once import Refused
from curbstop.office._statements import array, ask


def agree(
    event: Acting, account_id: int, rows: Sequence[tuple[int, str, int]], *, on: date, until: Mapping[int, date]
) -> dict[int, int]:
    """One agreement for each (service point, tariff, items); agreement ids by service point.

    :param until: service point to the day somebody else starts there already
    """
    wanted = {
        "points": array([row[0] for row in rows]),
        "tariffs": [row[1] for row in rows],
        "items": array([row[2] for row in rows]),
        "untils": array([until.get(row[0]) for row in rows]),
    }
    return dict(ask(_AGREE, {"account": account_id, "on": on, "event": event.id, **wanted}))


_AGREE = """
insert into customers_agreement (account_id, service_point_id, tariff_id, during, items, attributes, event_id)
select %(account)s::bigint, n.point, n.tariff, daterange(%(on)s::date, n.until), n.items, '{}', %(event)s::bigint
from unnest(%(points)s::bigint[], %(tariffs)s::text[], %(items)s::smallint[], %(untils)s::date[])
  as n (point, tariff, items, until)
returning service_point_id, id"""


def end(event: Acting, agreement_ids: Sequence[int], on: date) -> None:
    """These agreements end on the day, which is the first that they do not hold."""
    with connection.cursor() as cursor:
        cursor.execute(
            "update customers_agreement set during = daterange(lower(during), %s) where id = any(%s)",
            [on, list(agreement_ids)],
        )


def void(event: Acting, agreement_ids: Sequence[int], *, reason: str) -> None:
    """Take agreements that never were out of everybody's way, and keep them as they stood.

    :raises Refused: something was billed by one, or a bill run has frozen it
    """
    wanted: dict[str, Any] = {"ids": array(agreement_ids), "reason": reason, "event": event.id}
    with connection.cursor() as cursor:
        cursor.execute(
            "select s.service, (select max(o.until_on) from bills_outcome o where o.agreement_id = g.id"
            "   and o.code = 'billed'),"
            " exists (select 1 from bills_chunk c where c.agreement_ids @> array[g.id] and not exists"
            "   (select 1 from bills_runstep t where t.run_id = c.run_id and t.step = 'posted'))"
            " from customers_agreement g join customers_servicepoint s on s.id = g.service_point_id"
            " where g.id = any(%(ids)s::bigint[]) order by g.id",
            wanted,
        )
        for service, billed_until, planned in cursor.fetchall():
            if billed_until is not None:
                raise Refused(
                    f"{service.capitalize()} is billed through {billed_until.isoformat()}. Stop it instead; what was"
                    " billed in error is corrected by cancel and rebill.",
                    field="move_id",
                )
            if planned:
                raise Refused(
                    f"{service.capitalize()} is in a bill run under way. Hold it there, or undo it when it is posted.",
                    field="move_id",
                )
        cursor.execute("delete from meters_average where agreement_id = any(%(ids)s::bigint[])", wanted)
        cursor.execute(
            "with gone as (delete from customers_agreement where id = any(%(ids)s::bigint[]) returning *)"
            " insert into customers_voided (id, account_id, service_point_id, tariff_id, during, items, attributes,"
            " begun_event_id, reason, event_id) select id, account_id, service_point_id, tariff_id, during, items,"
            " attributes, event_id, %(reason)s, %(event)s from gone",
            wanted,
        )


def raise_fee(event: Acting, account_id: int, kind: str, cents: int | None, authority: str, on: date) -> list[int]:
    """The fee waits for the next bill; the ids of the charges, none where there is no fee.

    :raises Refused: the chart of accounts has no such kind on the day
    """
    if not cents:
        return []
    wanted = {"account": account_id, "cents": cents, "on": on, "authority": authority, "event": event.id, "kind": kind}
    found = ask(_FEE, wanted)
    if not found:
        raise Refused(
            f"The chart of accounts has no kind {kind} on {on.isoformat()}, so the fee has nowhere to go."
            " Adopt the chart first (ledger.adopt_chart).",
            field="on",
        )
    return [int(found[0][0])]


_FEE = """
insert into bills_charge (account_id, kind_id, cents, "on", says, authority, event_id)
select %(account)s::bigint, k.id, %(cents)s::bigint, %(on)s::date, k.says, %(authority)s::text, %(event)s::bigint
from ledger_kind k where k.code = %(kind)s::text and k.valid_from <= %(on)s::date
order by k.valid_from desc limit 1 returning id"""


def send_mail_to(event: Acting, account_id: int, lines: Sequence[str]) -> None:
    """Where bills and letters go from now on; no lines: as before."""
    if lines:
        _masks.write_mail_to(event, account_id, lines)


def record(
    event: Acting,
    *,
    kind: str,
    account_id: int,
    premise_id: int,
    on: date,
    begun: Sequence[int] = (),
    ended: Sequence[int] = (),
    charges: Sequence[int] = (),
    from_premise_id: int | None = None,
) -> int:
    """Keep the move; its id."""
    lists = {"begun": array(begun), "ended": array(ended), "charges": array(charges)}
    places = {"premise": premise_id, "from_premise": from_premise_id}
    return int(ask(_MOVE, {"kind": kind, "account": account_id, "on": on, "event": event.id, **places, **lists})[0][0])


_MOVE = """
insert into customers_move (kind, account_id, premise_id, from_premise_id, "on", begun, ended, charges, event_id)
values (%(kind)s::text, %(account)s::bigint, %(premise)s::bigint, %(from_premise)s::bigint, %(on)s::date,
  %(begun)s::bigint[], %(ended)s::bigint[], %(charges)s::bigint[], %(event)s::bigint) returning id"""
