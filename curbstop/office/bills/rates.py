"""Rating a chunk: agreements that share a tariff and a period go through the rule together."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from curbstop.office.bills import outcomes
from curbstop.office.bills.inputs import Ints, Work, spans
from curbstop.records.bulk.arrays import Many, fetch
from curbstop.rules import rating
from curbstop.rules.formulas import Formula
from curbstop.rules.netting import take_off
from curbstop.rules.periods import Period
from curbstop.rules.plans import Dated, Keyed, Months, Ranged, Tariff
from curbstop.rules.rating import Inputs


@dataclass(frozen=True)
class KindRow:
    """A kind of charge as it posts: the receivable and the account it is earned on, both of one fund."""

    id: int
    code: str
    says: str
    control_gl: int
    contra_gl: int
    fund: int


@dataclass
class Lines:
    """Lines of bills, in the order of the paper: of one agreement (-1: a waiting charge) of the account at ``place``.

    ``charge`` is the waiting charge, 0 for none. Lines of nothing are left out.
    """

    place: NDArray[np.intp]
    agreement: NDArray[np.intp]
    kind: Ints
    cents: Ints
    charge: Ints

    def keep(self, where: NDArray[np.bool_]) -> Lines:
        """The lines of the accounts marked."""
        here = where[self.place]
        return Lines(self.place[here], self.agreement[here], self.kind[here], self.cents[here], self.charge[here])


@dataclass
class Rated:
    """A chunk as rated: what each agreement comes to, and the lines of every account that is billed."""

    work: Work
    cents: Ints  # by agreement; 0 where it is not billed
    lines: Lines

    @property
    def billed(self) -> NDArray[np.bool_]:
        """Which accounts get a bill."""
        found = np.zeros(len(self.work.accounts), dtype=np.bool_)
        found[self.work.place[self.work.code == 0]] = True
        return found

    @property
    def account_cents(self) -> Ints:
        """What each account's bill comes to; -1 for those that get none."""
        cents = np.full(len(self.work.accounts), -1, dtype=np.int64)
        cents[self.billed] = 0
        np.add.at(cents, self.lines.place, self.lines.cents)
        return cents

    def hold(self, accounts: NDArray[np.bool_], code: str) -> None:
        """Take whole accounts out, marked by their place."""
        self.work.hold(accounts[self.work.place], code)
        self.cents[self.work.code != 0] = 0
        self.lines = self.lines.keep(self.billed)


@dataclass(frozen=True)
class Kinds:
    """Kinds of charge that can be billed: ``by_code`` as they hold on a day, ``by_id`` every version."""

    by_code: Mapping[str, KindRow]
    by_id: Mapping[int, KindRow]


def load_kinds(on: date) -> Kinds:
    """The kinds that stand on a receivable of a customer and are earned in the same fund; others cannot be billed."""
    rows = fetch(
        """select k.id, k.code, k.says, c.id control_gl, r.id contra_gl, c.fund, k.valid_from
           from ledger_kind k join ledger_gl c on c.id = k.control_gl join ledger_gl r on r.id = k.contra_gl
           where c.sub = 2 and r.sub = 0 and r.fund = c.fund order by k.code, k.valid_from""",
        {},
        {
            "id": "smallint", "code": "text", "says": "text", "control_gl": "smallint", "contra_gl": "smallint",
            "fund": "smallint", "valid_from": "date",
        },
    )  # fmt: skip
    by_code: dict[str, KindRow] = {}
    by_id: dict[int, KindRow] = {}
    for id, code, says, control, contra, fund, valid_from in zip(*(rows[name].tolist() for name in rows), strict=True):
        by_id[id] = KindRow(id, code, says, control, contra, fund)
        if valid_from <= on:
            by_code[code] = by_id[id]
    return Kinds(by_code, by_id)


def rate(work: Work, kinds: Kinds, on: date, *, waiting: bool = True) -> Rated:
    """Rate everything that is not held; with ``waiting``, add the charges that wait for the accounts that are
    billed."""
    cents = np.zeros(len(work), dtype=np.int64)
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], int, Ints]] = []  # agreements, order, kind, cents
    for rows in _groups(work):
        tariff = work.tariffs[int(work.tariff[rows[0]])]
        assert tariff is not None
        charges = rating.charge(
            tariff,
            from_on=work.from_on[rows[0]].item(),
            until_on=work.until_on[rows[0]].item(),
            inputs=Inputs.of(
                gal=work.gal[rows],
                average_gal=work.average_gal[rows],
                count=work.items[rows],
                prorate_days=work.prorate_days[rows],
                facts={name: work.facts[name][rows] for name in tariff.asks},
            ),
        )
        for status in np.unique(charges.status):
            if status:
                work.code[rows[charges.status == status]] = outcomes.place(outcomes.of_status(int(status)))
        _add_lines(work, kinds, rows, charges, cents, found)
    _hold_accounts(work)
    lines = _in_order(work, found)
    cents[work.code != 0] = 0
    rated = Rated(work, cents, lines)
    if waiting:
        rated.lines = _with_charges(rated, kinds, on)
    return rated


def _groups(work: Work) -> list[NDArray[np.intp]]:
    """Positions of the agreements that are rated together, the groups in a fixed order.

    Where one version of a tariff covers the whole period and asks for nothing that depends on its dates, periods of any
    length go together: the days to bill are given row by row.
    """
    open_rows = np.flatnonzero(work.code == 0)
    key, first_of, which = np.unique(
        (work.tariff << 48 | spans(work))[open_rows], return_index=True, return_inverse=True
    )
    dateless = {place: _dateless(tariff) for place, tariff in enumerate(work.tariffs) if tariff is not None}
    for place, row in enumerate(open_rows[first_of].tolist()):
        tariff = int(work.tariff[row])
        from_on, until_on = work.from_on[row].item(), work.until_on[row].item()
        for version, period in dateless[tariff]:
            if period.from_on <= from_on and (period.until_on is None or until_on <= period.until_on):
                key[place] = tariff << 48 | version
    key = key[which]
    order = np.argsort(key, kind="stable")
    edges = np.flatnonzero(np.diff(key[order])) + 1
    return [rows for rows in np.split(open_rows[order], edges) if len(rows)]


DATED = (Months, Formula, Keyed, Ranged, Dated)
"""What may depend on the dates of a period (or is not looked into, to be safe)."""


def _dateless(tariff: Tariff) -> list[tuple[int, Period]]:
    """The versions, by their place, that charge the same for the same row whatever the dates of its period."""
    return [
        (place, version.period)
        for place, version in enumerate(tariff.versions)
        if tariff.terms_of(version).per_days is not None  # else a full bill is as long as its period
        and not version.values
        and not any(line.prorate_by_period for line in version.lines)
        and not any(isinstance(part, DATED) for part in _parts(version.lines))
    ]


def _parts(value: object) -> Iterator[object]:
    """The value and everything in it."""
    yield value
    if isinstance(value, tuple):
        for part in value:
            yield from _parts(part)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))


def _add_lines(
    work: Work,
    kinds: Kinds,
    rows: NDArray[np.intp],
    charges: rating.Charges,
    cents: Ints,
    found: list[tuple[NDArray[np.intp], NDArray[np.intp], int, Ints]],
) -> None:
    posted = take_off(list(charges.cents), [line.kind for line in charges.lines])
    for place, line in enumerate(charges.lines):
        amounts = posted[place]
        kind = kinds.by_code.get(line.kind)
        if kind is None:  # the chart has no account for it: nothing is posted on a guess
            work.hold(_mask(len(work), rows[amounts != 0]), "held_not_set")
            continue
        below = amounts < 0
        if below.any():  # more taken off than was charged: the books know no negative charge
            work.hold(_mask(len(work), rows[below]), "held_bad_input")
        cents[rows] += amounts
        given = np.flatnonzero(amounts > 0)
        found.append((rows[given], np.full(len(given), place, dtype=np.intp), kind.id, amounts[given]))


def _mask(n: int, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    mask = np.zeros(n, dtype=np.bool_)
    mask[rows] = True
    return mask


def _hold_accounts(work: Work) -> None:
    """The paper is one: what is held of an account holds the rest of it."""
    held = np.zeros(len(work.accounts), dtype=np.bool_)
    held[work.place[(work.code != 0) & (work.code != outcomes.place("already_billed"))]] = True
    work.hold(held[work.place], "held_with_account")


def _in_order(work: Work, found: list[tuple[NDArray[np.intp], NDArray[np.intp], int, Ints]]) -> Lines:
    if not found:
        none = np.empty(0, dtype=np.int64)
        return Lines(none.astype(np.intp), none.astype(np.intp), none, none, none)
    agreement = np.concatenate([rows for rows, _, _, _ in found])
    within = np.concatenate([place for _, place, _, _ in found])
    kind = np.concatenate([np.full(len(rows), kind, dtype=np.int64) for rows, _, kind, _ in found])
    cents = np.concatenate([amounts for _, _, _, amounts in found])
    order = np.lexsort((within, agreement))
    order = order[work.code[agreement[order]] == 0]
    agreement = agreement[order]
    return Lines(work.place[agreement], agreement, kind[order], cents[order], np.zeros(len(order), dtype=np.int64))


def _with_charges(rated: Rated, kinds: Kinds, on: date) -> Lines:
    """The lines, and behind each account's own the charges that wait for its next bill."""
    accounts = rated.work.accounts
    waiting = fetch(
        """select c.id, c.account_id account, c.kind_id kind, c.cents from bills_charge c
           where c.account_id = any(%(accounts)s) and c."on" <= %(on)s
             and not exists (select from bills_chargebilled b where b.charge_id = c.id)
             and not exists (select from customers_move m join customers_moveundone u on u.move_id = m.id
               where m.account_id = c.account_id and c.id = any(m.charges))
           order by c.account_id, c.id""",
        {"accounts": Many(accounts[rated.billed]), "on": on},
        {"id": "bigint", "account": "bigint", "kind": "smallint", "cents": "bigint"},
    )
    place = np.searchsorted(accounts, waiting["account"])
    unknown = ~np.isin(waiting["kind"], list(kinds.by_id))
    if unknown.any():  # nothing says where it is earned
        held = np.zeros(len(accounts), dtype=np.bool_)
        held[place[unknown]] = True
        rated.hold(held, "held_not_set")
        waiting = {name: column[~held[place]] for name, column in waiting.items()}
        place = place[~held[place]]
    lines = rated.lines
    if not len(place):
        return lines
    joined = Lines(
        np.concatenate([lines.place, place]),
        np.concatenate([lines.agreement, np.full(len(place), -1, dtype=np.intp)]),
        np.concatenate([lines.kind, waiting["kind"].astype(np.int64)]),
        np.concatenate([lines.cents, waiting["cents"]]),
        np.concatenate([lines.charge, waiting["id"]]),
    )
    order = np.argsort(joined.place, kind="stable")
    return Lines(
        joined.place[order], joined.agreement[order], joined.kind[order], joined.cents[order], joined.charge[order]
    )
