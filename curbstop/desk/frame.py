"""What stands around every screen: the city, who is signed in, what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest

from curbstop.office import pages, staff
from curbstop.office._events import Actor, Key

_PLACES = (
    ("today", "today", "Today", "t"),
    ("customers", "customers", "Customers", "c"),
    ("payments", "payments", "Payments", "p"),
    ("delinquency", "delinquency", "Unpaid", "u"),
    ("orders", "orders", "Orders", "o"),
    ("cases", "cases", "Cases", "s"),
    ("letters", "letters", "Letters", "l"),
    ("reads", "reads", "Reads", "r"),
    ("bills", "bills", "Billing", "b"),
    ("adjustments", "adjustments", "Approvals", "v"),
    ("closing", "closing", "Closing", "d"),
    ("banking", "banking", "Bank", "k"),
    ("tariffs", "tariffs", "Rates", "a"),
    ("reports", "reports", "Reports", "e"),
)


@dataclass(frozen=True)
class Place:
    """A noun of the rail."""

    name: str
    url: str
    says: str
    key: str
    here: bool


class Frame:
    """Read once a page, and only when a template asks: a part that htmx swaps has no frame around it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def read(self) -> pages.Frame:
        """What the database tells of city and till; one query."""
        user = self._request.user
        return pages.get_frame(user_id=user.pk if user.is_authenticated else None)

    @property
    def demo(self) -> list[tuple[str, str]]:
        """Sign-in names of an example town with their roles in words; none in a city with real customers."""
        if not self.read.example:
            return []
        return [(one.username, staff.ROLES[one.roles[0]].partition(":")[0].lower()) for one in pages.get_demo_names()]

    @cached_property
    def actor(self) -> Actor | None:
        """Who is signed in, as the office knows actors."""
        user = self._request.user
        return staff.actor_of(user) if user.is_authenticated else None

    @property
    def roles(self) -> str:
        """The roles of who is signed in, in words."""
        names = sorted(self.actor.roles) if self.actor else []
        return ", ".join(staff.ROLES.get(role, role) for role in names) or "No role yet"

    @property
    def places(self) -> list[Place]:
        """The rail: nouns, in the order of a day."""
        match = self._request.resolver_match
        here = getattr(match, "kwargs", {}).get("noun") or _noun_of(match.url_name if match else "")
        return [Place(name, url, says, key, name == here) for name, url, says, key in _PLACES]

    @property
    def idle_minutes(self) -> int:
        """After how long a sign-in ends that nobody uses."""
        return int(settings.IDLE_MINUTES)

    def may(self, act: str) -> bool:
        """Whether the roles of who is signed in include the act."""
        return self.actor is not None and staff.may(self.actor, act)


def _noun_of(url_name: str | None) -> str:
    """Addresses are named ``noun`` or ``noun-verb``; a bill is looked at on its account."""
    if url_name == "bills-bill":
        return "customers"
    noun = (url_name or "").partition("-")[0]
    return {
        "moves": "customers",
        "meters": "reads",
        "field": "orders",
        "tills": "payments",
        "autopay": "payments",
        "files": "payments",
        "deposits": "payments",
        "refunds": "payments",
        "writeoffs": "payments",
    }.get(noun, noun)


def frame(request: HttpRequest) -> Mapping[str, Any]:
    """Context processor: ``frame`` in every template, read when asked for."""
    return {"frame": Frame(request)}


def actor(request: HttpRequest) -> Actor:
    """Who acts. Every view of the desk needs sign-in, so there is one."""
    return staff.actor_of(request.user)


def new_key() -> Key:
    """A key for the one act that a form is about to do: sent twice, it is done once."""
    return Key(f"desk:{uuid4().hex}")
