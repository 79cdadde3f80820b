"""What stands around every screen."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection


@dataclass(frozen=True)
class Frame:
    """The city, who is signed in, and the drawer that is open to that person."""

    city: str
    office: str
    example: bool  # a made-up town: the sign-in page names its demo users
    name: str
    till: str  # "Till 1", or empty


_READ = """
select c.name, coalesce(c.body->>'office', 'Utility Customer Service'),
  exists (select from decisions_policyvalue where policy = 'town.seed'),
  (select coalesce(nullif(trim(u.first_name || ' ' || u.last_name), ''), u.username)
   from base_user u where u.id = %(user)s),
  (select t.name from payments_tillsession s join payments_till t on t.id = s.till_id
   where s.cashier_id = %(user)s and not exists (select from payments_tillclose x where x.session_id = s.id)
   order by s.id desc limit 1)
from decisions_city c"""


def get_frame(*, user_id: int | None) -> Frame:
    """What the frame of every screen tells; one query. An office without a city says so."""
    with connection.cursor() as cursor:
        cursor.execute(_READ, {"user": user_id})
        row = cursor.fetchone()
    if row is None:
        return Frame(city="No city yet", office="", example=False, name="", till="")
    city, office, example, name, till = row
    return Frame(city=city, office=office, example=example, name=name or "", till=till or "")


@dataclass(frozen=True)
class DemoName:
    """A sign-in name of an example town, and its roles."""

    username: str
    roles: tuple[str, ...]


_DEMO = """
select distinct on (roles[1]) username, roles from base_user
where is_active and roles && array['csr', 'cashier', 'supervisor', 'finance', 'auditor'] order by roles[1], id"""


def get_demo_names() -> tuple[DemoName, ...]:
    """One sign-in name of each of the counter's roles; for the sign-in page of an example town and nobody else."""
    with connection.cursor() as cursor:
        cursor.execute(_DEMO)
        return tuple(DemoName(username, tuple(roles)) for username, roles in cursor.fetchall())
