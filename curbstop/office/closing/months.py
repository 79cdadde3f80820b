"""The end of a month: what the accounts add up to is what the closed days say the control accounts are, or no close.

Two figures that nobody computes from each other: the *accounts* are the open items of every customer, summed now; the
*control* is what each day wrote down when two people closed it. The roll-forward says how one month became the next.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection

from curbstop.office import ledger
from curbstop.office._events import Acting, Actor, Key
from curbstop.office._once import Refused, act
from curbstop.office.closing.checking import Checklist, get_month_checklist
from curbstop.office.closing.days import Closed, Prepared, check_prepared, refuse_unbalanced, sha256_of, write_close
from curbstop.office.closing.hashing import canonical, chained, last_hash
from curbstop.records.ledger.models import Prepared as PreparedRow
from curbstop.rules.ledger import RECEIVABLES, RECIPES
from curbstop.rules.ledger.items import RollForwardLine
from curbstop.rules.ledger.recipes import COLUMNS
from curbstop.rules.money import show


@dataclass(frozen=True)
class MonthFigures:
    """A month [from_on, until_on): its roll-forward by fund, type and service; the accounts, and the control.

    ``control_cents`` is None while a day is not closed.
    """

    from_on: date
    until_on: date
    lines: tuple[RollForwardLine, ...]
    opening_cents: int
    columns: tuple[tuple[str, int], ...]
    closing_cents: int
    accounts_cents: int
    control_cents: int | None

    @property
    def difference_cents(self) -> int:
        """Accounts less control."""
        return self.accounts_cents - (self.control_cents if self.control_cents is not None else self.accounts_cents)


def month_of(on: date) -> tuple[date, date]:
    """The month of a day as [first, first of the next)."""
    first = on.replace(day=1)
    return first, (first + timedelta(days=31)).replace(day=1)


def get_month_figures(on: date) -> MonthFigures:
    """What the month of the day ``on`` comes to."""
    from_on, until_on = month_of(on)
    lines = ledger.get_roll_forward(from_on, until_on)
    columns = tuple((name, sum(dict(line.columns)[name] for line in lines)) for name in COLUMNS)
    return MonthFigures(
        from_on,
        until_on,
        lines,
        sum(line.opening_cents for line in lines),
        columns,
        sum(line.closing_cents for line in lines),
        _accounts_cents(until_on),
        _control_cents(until_on),
    )


def _accounts_cents(until_on: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_ACCOUNTS_CENTS, {"objects": sorted(RECEIVABLES), "until_on": until_on})
        return int(cursor.fetchone()[0])


# each account's rows, less what was posted since: nearly nothing, so that headers are hardly asked
_ACCOUNTS_CENTS = """
with mine as (select id from ledger_gl where object = any(%(objects)s)),
one as (
  select account_id, sum(debit_cents - credit_cents) cents from ledger_posting
  where sub >= 2 and gl_id in (select id from mine) group by 1
  union all
  select p.account_id, p.credit_cents - p.debit_cents from ledger_transaction t join ledger_posting p on p.txn_id = t.id
  where t.posted_on between %(until_on)s and 'infinity' and p.sub >= 2 and p.gl_id in (select id from mine))
select coalesce(sum(one.cents), 0)::bigint from one join customers_account a on a.id = one.account_id"""

_CONTROL = """
select (select count(*) from ledger_day d where d.posted_on < %(until)s and not exists
    (select from ledger_transaction t where t.posted_on = d.posted_on and t.closes)),
  coalesce((select sum((g.value ->> 0)::bigint - (g.value ->> 1)::bigint)::bigint
    from ledger_close c join ledger_transaction t on t.id = c.id and t.closes
    cross join jsonb_each(c.checks -> 'totals') g
    where t.posted_on < %(until)s and split_part(g.key, '-', 2)::int = any(%(objects)s)), 0)"""


def _control_cents(until_on: date) -> int | None:
    """What the closed days wrote down, summed; None while a day before is not closed."""
    with connection.cursor() as cursor:
        cursor.execute(_CONTROL, {"until": until_on, "objects": sorted(RECEIVABLES)})
        not_closed, cents = cursor.fetchone()
    return None if not_closed else int(cents)


@act("closing.prepare_month")
def prepare_month(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> Prepared:
    """Make the month of the day ``on`` ready to close.

    :raises Refused: a day is open, the month is closed, or the difference is not 0.00; it names the account
    """
    figures, checklist = _checked(on)
    name = f"{figures.from_on:%B %Y}"
    _refuse_closed(figures)
    refuse_unbalanced(checklist, f"{name} does not close")
    body = _body(figures)
    debits = sum(cents for column, cents in figures.columns if column == "billed")
    row = PreparedRow.objects.create(
        period=checklist.period,
        rows=len(figures.lines),
        debit_cents=debits,
        sha256=bytes.fromhex(sha256_of(canonical(body))),
        checks=[asdict(line) for line in checklist.lines],
        by_id=by.id,
        at=at,
        event_id=event.id,
    )
    says = f"accounts {show(figures.accounts_cents)}, control the same, difference 0.00"
    event.about(f"month:{checklist.period}", says=f"{name} is ready to close: {says}.")
    return Prepared(row.pk, row.period, row.rows, debits, sha256_of(canonical(body)), by.id, by.name, at, 0)


@act("closing.close_month")
def close_month(
    event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date, prepared_id: int, posted_on: date
) -> Closed:
    """Close the month of the day ``on``, which somebody else made ready; the closing stands on an open day.

    :raises Refused: as :func:`prepare_month`; or it is one's own preparation, or not the last
    :raises DayNotOpen, DayClosed: ``posted_on`` takes nothing
    """
    previous = last_hash()
    figures, checklist = _checked(on)
    _refuse_closed(figures)
    refuse_unbalanced(checklist, f"{figures.from_on:%B %Y} does not close")
    prepared = check_prepared(checklist.period, prepared_id, by)
    if posted_on not in ledger.get_open_days():
        raise ledger.DayNotOpen(
            f"The accounting day {posted_on.isoformat()} is not open; open one for the closing of the month.",
            field="posted_on",
        )
    body = _body(figures)
    if sha256_of(canonical(body)) != prepared.sha256:
        raise Refused("The month's figures changed since it was made ready. Make it ready again.", field="prepared_id")
    txn_id = ledger._post_close(
        event, act="close_month", posted_on=posted_on, effective_on=figures.until_on - timedelta(days=1)
    )
    digest = chained(previous, body)
    return write_close(event, by, txn_id, checklist.period, prepared, digest, previous, body, prepared.rows)


def _checked(on: date) -> tuple[MonthFigures, Checklist]:
    figures = get_month_figures(on)
    return figures, get_month_checklist(
        figures.from_on, figures.until_on, figures.accounts_cents, figures.control_cents
    )


def _refuse_closed(figures: MonthFigures) -> None:
    period = f"{figures.from_on:%Y-%m}"
    with connection.cursor() as cursor:
        cursor.execute("select 1 from ledger_close where period = %s", [period])
        if cursor.fetchone():
            raise Refused(f"{figures.from_on:%B %Y} is closed.", field="on")
        cursor.execute("select 1 from ledger_day where posted_on >= %s limit 1", [figures.until_on])
        if not cursor.fetchone():
            says = f"No day after {figures.from_on:%B %Y} is open yet"
            raise Refused(f"{says}; the month is not over for the books. Open the next day first.", field="on")


def _body(figures: MonthFigures) -> dict[str, Any]:
    """What the hash of a month covers: its figures, and the hashes of its days."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select c.period, encode(c.sha256, 'hex') from ledger_close c join ledger_transaction t on t.id = c.id"
            " and t.closes where t.posted_on >= %s and t.posted_on < %s order by t.posted_on",
            [figures.from_on, figures.until_on],
        )
        days = [list(row) for row in cursor.fetchall()]
    return {
        "period": f"{figures.from_on:%Y-%m}",
        "accounts_cents": figures.accounts_cents,
        "control_cents": figures.control_cents,
        "days": days,
        "roll_forward": [
            [line.fund, line.object, line.service, line.opening_cents, dict(line.columns), line.closing_cents]
            for line in figures.lines
        ],
    }


@dataclass(frozen=True)
class MonthAccount:
    """An account behind a figure of the roll-forward."""

    account_id: int
    number: str
    name: str
    cents: int


_BEHIND = """
select a.id, a.number, c.name, sum(p.debit_cents - p.credit_cents)::bigint
from ledger_posting p join ledger_transaction t on t.id = p.txn_id join ledger_gl g on g.id = p.gl_id
join ledger_kind k on k.id = p.kind_id join customers_account a on a.id = p.account_id
join customers_customer c on c.id = a.customer_id
where g.fund = %(fund)s and g.object = %(object)s
  and split_part(k.code, '.', case when k.code like 'late.%%' then 2 else 1 end) = %(service)s
  and t.posted_on < %(until_on)s and (%(acts)s::text[] is null or t.act = any(%(acts)s) and t.posted_on >= %(from_on)s)
  and (not %(opening)s or t.posted_on < %(from_on)s)
group by a.id, c.name having sum(p.debit_cents - p.credit_cents) <> 0
order by abs(sum(p.debit_cents - p.credit_cents)) desc, a.number limit %(limit)s"""


def list_month_accounts(
    on: date, *, fund: int, object: int, service: str, column: str, limit: int = 200
) -> tuple[MonthAccount, ...]:
    """The accounts behind a figure of a month's roll-forward, the largest first.

    :param column: one of COLUMNS, or ``opening``, or ``closing``
    """
    from_on, until_on = month_of(on)
    acts = [name for name, recipe in RECIPES.items() if recipe.column == column] if column in COLUMNS else None
    with connection.cursor() as cursor:
        cursor.execute(
            _BEHIND,
            {
                "fund": fund, "object": object, "service": service, "from_on": from_on, "until_on": until_on,
                "acts": acts, "opening": column == "opening", "limit": limit,
            },
        )  # fmt: skip
        return tuple(MonthAccount(*row) for row in cursor.fetchall())


@dataclass(frozen=True)
class MonthRow:
    """A month as it is listed: how many of its days are closed, and whether it is itself."""

    on: date
    days: int
    closed_days: int
    closed: bool


def list_months(*, limit: int = 12) -> tuple[MonthRow, ...]:
    """The months that have days, newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select m.first, m.days, m.closed, exists (select from ledger_close c where c.period = to_char(m.first,"
            " 'YYYY-MM')) from (select date_trunc('month', d.posted_on)::date as first, count(*) as days, count(t.id)"
            " as closed from ledger_day d left join ledger_transaction t on t.posted_on = d.posted_on and t.closes"
            " group by 1) m order by 1 desc limit %s",
            [limit],
        )
        return tuple(MonthRow(*row) for row in cursor.fetchall())
