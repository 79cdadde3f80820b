"""Places: premises by address with who is there now; the readers' routes; what waits, for the first page of the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from curbstop.office import search
from curbstop.office._orders import hazard_words
from curbstop.office.pages.found import NotThere
from curbstop.office.pages.rows import ask, ask_one


@dataclass(frozen=True)
class PremiseHit:
    """A premise that an address may mean, and who is responsible for its services now (empty: nobody)."""

    id: int
    address: str
    place: str
    kind: str
    cycle: str
    route: str
    hazard: str
    services: tuple[str, ...]
    occupant: str
    number: str
    since_on: date | None


_PREMISES = """
select p.id, p.address, p.city || ', ' || p.state || ' ' || p.zip, p.kind, p.cycle_id, p.route, {hazard},
  array(select s.service from customers_servicepoint s where s.premise_id = p.id
    order by array_position(array['water','irrigation','sewer','sanitation','stormwater'], s.service)),
  coalesce(o.name, ''), coalesce(o.number, ''), o.since_on
from (select * from customers_premise p where {tests} order by length(p.address), p.address limit %(limit)s) p
left join lateral (
  select c.name, a.number, min(lower(g.during)) since_on
  from customers_servicepoint s join customers_agreement g on g.service_point_id = s.id
  join customers_account a on a.id = g.account_id join customers_customer c on c.id = a.customer_id
  where s.premise_id = p.id and g.during @> %(on)s::date group by c.name, a.number order by 3 desc limit 1) o on true
order by length(p.address), p.address"""


def find_premises(text: str, *, on: date, limit: int = 20) -> tuple[PremiseHit, ...]:
    """Premises whose address has all the words typed, in any order; the shortest first."""
    words = [search.SHORT_FORMS.get(word, word) for word in search.plain(text).split()][: search.MOST_WORDS]
    if not words or len("".join(words)) < 2:
        return ()
    tests = " and ".join(f"' ' || lower(p.address) || ' ' || p.zip like %(w{n})s" for n in range(len(words)))
    values = {f"w{n}": f"% {word}%" for n, word in enumerate(words)}
    return ask(_hit, _PREMISES.format(tests=tests, hazard=hazard_words("p")), {**values, "on": on, "limit": limit})


def get_premise(*, premise_id: int, on: date) -> PremiseHit:
    """One premise with who is there.

    :raises NotThere: no such premise
    """
    found = ask_one(
        _hit,
        _PREMISES.format(tests="p.id = %(id)s", hazard=hazard_words("p")),
        {"id": premise_id, "on": on, "limit": 1},
    )
    if found is None:
        raise NotThere(f"There is no premise {premise_id}. Search for the address.")
    return found


def _hit(*row: object) -> PremiseHit:
    return PremiseHit(*[*row[:7], tuple(row[7]), *row[8:]])  # type: ignore[arg-type]


@dataclass(frozen=True)
class RouteDay:
    """A route on the read day of its cycle: meters that hang there, how many are read, how many wait for a decision."""

    cycle: str
    read_on: date
    bill_on: date
    route: str
    meters: int
    read: int
    waiting: int

    @property
    def missing(self) -> int:
        """Meters without a read of the day."""
        return self.meters - self.read


_ROUTES = """
select t.cycle_id, t.read_on, t.bill_on, p.route, count(*)::int, count(r.id)::int,
  (count(*) filter (where r.waits))::int
from (
  select distinct on (d.cycle_id) d.* from decisions_cycledate d
  where d.read_on <= %(on)s and d.bill_on > coalesce(
    (select max(b.bill_on) from bills_run b join bills_runstep s on s.run_id = b.id and s.step = 'posted'
     where b.cycle_id = d.cycle_id), d.read_on - 1)
  order by d.cycle_id, d.read_on desc) t
join customers_premise p on p.cycle_id = t.cycle_id join customers_servicepoint s on s.premise_id = p.id
join meters_installation i on i.service_point_id = s.id and i.during @> t.read_on
left join lateral (
  select r.id, r.findings <> '{}' and not exists (select from meters_readdecision x where x.read_id = r.id) waits
  from meters_read r where r.service_point_id = s.id and r.read_on = t.read_on
    and not exists (select from meters_read y where y.replaces_id = r.id) order by r.id desc limit 1) r on true
where exists (select from customers_agreement g where g.service_point_id = s.id and g.during @> (t.read_on - 1))
group by t.cycle_id, t.read_on, t.bill_on, p.route order by t.read_on, t.cycle_id, p.route"""


def get_routes(*, on: date) -> tuple[RouteDay, ...]:
    """The routes whose read day has come and whose cycle is not billed yet; meters that somebody pays for."""
    return ask(RouteDay, _ROUTES, {"on": on})


@dataclass(frozen=True)
class NextTurn:
    """The next read and bill dates of a cycle."""

    cycle: str
    name: str
    read_on: date
    bill_on: date


_NEXT = """
select distinct on (d.cycle_id) d.cycle_id, c.name, d.read_on, d.bill_on from decisions_cycledate d
join decisions_cycle c on c.code = d.cycle_id where d.bill_on >= %(on)s order by d.cycle_id, d.bill_on"""


@dataclass(frozen=True)
class Today:
    """What waits this morning."""

    day_open: bool
    last_open_on: date | None
    undecided: int
    oldest_undecided_on: date | None
    turns: tuple[NextTurn, ...]


@dataclass(frozen=True)
class _Waiting:
    day_open: bool
    last_open_on: date | None
    undecided: int
    oldest_on: date | None


_TODAY = """
select exists (select from ledger_day d where d.posted_on = %(on)s
    and not exists (select from ledger_transaction t where t.closes and t.posted_on >= d.posted_on)),
  (select max(posted_on) from ledger_day), w.n, w.oldest
from (select count(*)::int n, min(r.read_on) oldest from meters_read r where r.findings <> '{}'
    and not exists (select from meters_readdecision x where x.read_id = r.id)
    and not exists (select from meters_read y where y.replaces_id = r.id)) w"""


def get_today(*, on: date) -> Today:
    """What the first page of the day tells, beside the runs and the drawers."""
    waiting = ask_one(_Waiting, _TODAY, {"on": on})
    assert waiting is not None
    turns = tuple(sorted(ask(NextTurn, _NEXT, {"on": on}), key=lambda turn: (turn.bill_on, turn.cycle)))
    return Today(waiting.day_open, waiting.last_open_on, waiting.undecided, waiting.oldest_on, turns)
