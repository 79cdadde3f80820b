"""A synthetic city on Moore's rates, of any size: the city itself by the office's acts, its people and meters as
sets of rows.

Everybody is in cycle 1, read on 2026-01-06, 02-03 and 03-03. Nine tenths are homes with water, sewer and a cart;
some have a sprinkler meter, some are businesses; one in a hundred moves in between two reads. Rows are written
beneath the acts, because 200,000 accounts by acts would take an hour; what is tried on them is the bill run. The
same size gives the same city.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import resources

from django.db import connection

from curbstop.office import ledger, policies, staff, tariffs
from curbstop.office._events import Actor, Key
from curbstop.rules.accounts import FIRST, account_number

READS = (date(2026, 1, 6), date(2026, 2, 3), date(2026, 3, 3))
BILLS = (date(2026, 1, 7), date(2026, 2, 4), date(2026, 3, 4))
AT = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)


@dataclass(frozen=True)
class City:
    """Who works in the city."""

    system: Actor
    supervisor: Actor
    clerk: Actor


def build(accounts: int, *, reads: tuple[date, ...] = READS) -> City:
    """Make the city in an empty schema."""
    city = found()
    people(accounts)
    for n, read_on in enumerate(reads):
        read(read_on, n)
    with connection.cursor() as cursor:
        cursor.execute("analyze")
    return city


def found() -> City:
    """The city without people: staff, policies, tariffs, chart, calendar, open days."""
    system = staff.first_administrator(username="system", name="The clock", at=AT)
    made = {"by": system, "at": AT}
    pack, overlay = policies.read_pack("moore_ok"), policies.read_pack("example")
    policies.install_city(key=Key("city"), pack=pack, overlays=(overlay,), **made)
    for file in pack.tariffs:
        tariffs.adopt(key=Key(f"tariffs:{file.name}"), file=file.name, text=file.text, **made)
    chart = resources.files("curbstop.cities") / "moore_ok" / "chart.yaml"
    ledger.adopt_chart(key=Key("chart"), text=chart.read_text("utf-8"), **made)
    policies.plan_calendar(key=Key("calendar"), from_on=date(2026, 1, 1), until_on=date(2026, 5, 1), **made)
    for on in BILLS:
        ledger.open_day(key=Key(f"day:{on}"), on=on, **made)
    for username, last, roles in (("sam", "Lindqvist", ("supervisor",)), ("dana", "Whitlock", ("csr", "cashier"))):
        staff.enrol(
            key=Key(f"enrol:{username}"),
            username=username,
            first_name=username.title(),
            last_name=last,
            roles=roles,
            **made,
        )
    return City(system, staff.get_actor(username="sam"), staff.get_actor(username="dana"))


_PEOPLE = """
create temp table person on commit drop as
select i, number, i %% 20 = 7 as business, i %% 20 = 3 as sprinkler, i %% 100 = 41 as moves_in,
  case when i %% 100 = 41 then date '2026-02-04' + (i / 100 %% 26)::int else date '2026-01-06' end as since
from unnest(%(numbers)s::text[]) with ordinality n (number, i);
insert into customers_customer (id, name, kind, phone, email, language, event_id)
  select i, 'Person ' || i, case when business then 'organization' else 'person' end, '', '', 'en', 1 from person;
insert into customers_premise (id, address, city, state, zip, parcel, inside_city, dwelling_units, kind, cycle_id,
    route, sequence, hazard, event_id)
  select i, i || ' Sage Wren Dr', 'Moore', 'OK', '73160', '', true, 1,
    case when business then 'commercial' else 'residential' end, '1', (1 + i / 400)::text, i, '', 1 from person;
insert into customers_account (id, number, customer_id, customer_class, tenure, mail_to, opened_on, event_id)
  select i, number, i, case when business then 'commercial' else 'residential' end,
    case when business then 'business' when i %% 3 = 0 then 'renter' else 'owner' end, '{}', since, 1 from person;
insert into customers_servicepoint (id, premise_id, service, number, measured_by_id, event_id)
  select i * 4 + s - 1, i, (array['water', 'sewer', 'sanitation', 'irrigation'])[s], 1,
    case when s = 2 then i * 4 end, 1
  from person, generate_series(1, 4) s where s < 4 or sprinkler order by s;
insert into customers_agreement (id, account_id, service_point_id, tariff_id, during, items, attributes, event_id)
  select i * 4 + s - 1, i, i * 4 + s - 1,
    (array['W', 'S', 'SAN', 'I'])[s] || case when business then '-COM' else '-RES' end, daterange(since, null),
    case when s = 3 and i %% 9 = 0 then 2 else 1 end, '{}', 1
  from person, generate_series(1, 4) s where s < 4 or sprinkler;
insert into meters_meter (id, serial, size, dials, gal_per_unit, event_id)
  select i * 4 + s - 1, lpad((40000000 + i * 4 + s)::text, 8, '0'), '5/8', 7, 10, 1
  from person, unnest(array[1, 4]) s where s = 1 or sprinkler;
insert into meters_installation (id, meter_id, service_point_id, during, event_id)
  select i * 4 + s - 1, i * 4 + s - 1, i * 4 + s - 1, daterange('2026-01-06', null), 1
  from person, unnest(array[1, 4]) s where s = 1 or sprinkler;
insert into meters_average (agreement_id, during, gal, reads, event_id)
  select i * 4 + 1, daterange('2025-04-01', '2026-04-01'), 3000 + i %% 13 * 500, '{}', 1 from person
  where not business and i %% 5 > 0;
"""

# usage has the spread of a town: most use a few thousand gallons, a few a great deal, everybody about as much each time
_READS = """
with last as (
  select distinct on (installation_id) installation_id, id, register from meters_read
  order by installation_id, read_on desc, id desc),
made as (
  select i.id installation, i.service_point_id point, l.id previous, coalesce(l.register, 100) before,
    case when %(n)s = 0 then 0
         else 10 * (20 + abs(hashint8(i.id)) %% 800 * (90 + abs(hashint8(i.id * 31 + %(n)s)) %% 21) / 100
                    + (abs(hashint8(i.id + 7)) %% 20 = 0)::int * 1500) end gal
  from meters_installation i left join last l on l.installation_id = i.id)
insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,
    previous_id, usage_gal, findings, event_id)
select installation, point, %(read_on)s, before + gal / 10, case when %(n)s = 0 then 'initial' else 'regular' end,
  'route_file', '', previous, gal, '{}', 1
from made order by installation
"""
# who moves in has a check read on that day, a quarter of what was used by then
_MOVE_INS = """
insert into meters_read (installation_id, service_point_id, read_on, register, kind, source, reader,
    previous_id, usage_gal, findings, event_id)
select i.id, i.service_point_id, lower(g.during), r.register + 50, 'check', 'hand', '', r.id, 500, '{}', 1
from customers_agreement g join meters_installation i on i.service_point_id = g.service_point_id
join meters_read r on r.installation_id = i.id and r.read_on = '2026-02-03'
where lower(g.during) > '2026-02-03'
"""


def people(accounts: int) -> None:
    """Customers, places, agreements and meters. The constraints that refuse overlaps look at every row; here they
    are put aside and looked at once, at the end."""
    with connection.cursor() as cursor:
        cursor.execute("begin")
        cursor.execute(
            "select conrelid::regclass::text, conname, pg_get_constraintdef(oid) from pg_constraint"
            " where contype = 'x' and conrelid = any(array['customers_agreement',"
            " 'meters_installation', 'meters_average']::regclass[])"
        )
        overlaps = cursor.fetchall()
        for table, name, _ in overlaps:
            cursor.execute(f"alter table {table} drop constraint {name}")
        cursor.execute(_PEOPLE, {"numbers": [account_number(FIRST + n) for n in range(accounts)]})
        for table in ("customer", "premise", "account", "servicepoint", "agreement"):
            cursor.execute(
                f"select setval(pg_get_serial_sequence('customers_{table}', 'id'), max(id)) from customers_{table}"
            )
        for table in ("meter", "installation"):
            cursor.execute(
                f"select setval(pg_get_serial_sequence('meters_{table}', 'id'), max(id)) from meters_{table}"
            )
        for table, name, definition in overlaps:
            cursor.execute("set constraints all immediate")
            cursor.execute(f"alter table {table} add constraint {name} {definition}")
        cursor.execute("commit")


def read(read_on: date, n: int) -> None:
    """Read every meter: the ``n``-th time."""
    with connection.cursor() as cursor:
        if n == 2:
            cursor.execute(_MOVE_INS)
        cursor.execute(_READS, {"read_on": read_on, "n": n})
