"""Which gateway this office uses, from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from curbstop.outside.cards.demo import DemoGateway
from curbstop.outside.cards.port import Asked, Collecting, Gateway

GATEWAYS = ("demo", "stripe")


class NoGateway(Exception):
    """No gateway is set up; says what to set."""


def chosen(*, example: bool, environ: Mapping[str, str] = os.environ) -> Gateway:
    """The gateway that new payments are asked for at. Without a choice an example town has the demonstration one.

    :param example: whether the town is made up
    :raises NoGateway: none is chosen, a key is missing, or a real town chose the demonstration one
    """
    name = environ.get("CURBSTOP_CARDS", "demo" if example else "none").strip().lower()
    if name == "demo" and not example:
        raise NoGateway("CURBSTOP_CARDS=demo takes no money, so it serves example towns only. Set stripe, or none.")
    return named(name, environ=environ)


def named(name: str, *, environ: Mapping[str, str] = os.environ) -> Gateway:
    """A gateway by its name: the one that an ask or a message belongs to.

    :raises NoGateway: there is none of this name, or its keys are missing
    """
    if name == "demo":
        return DemoGateway(Path(settings.HOME) / "demo-gateway.sqlite3", public_url=public_url(environ))
    if name == "stripe":
        missing = [key for key in ("CURBSTOP_STRIPE_KEY", "CURBSTOP_STRIPE_WEBHOOK_SECRET") if not environ.get(key)]
        if missing:
            raise NoGateway(f"CURBSTOP_CARDS=stripe needs {' and '.join(missing)}; the account's dashboard shows them.")
        # a quarter of a second to load, which every start of an office without it would wait
        from curbstop.outside.cards.over_stripe import StripeGateway

        return StripeGateway(
            key=environ["CURBSTOP_STRIPE_KEY"],
            webhook_secret=environ["CURBSTOP_STRIPE_WEBHOOK_SECRET"],
            address=environ.get("CURBSTOP_STRIPE_ADDRESS", ""),
        )
    if name in ("none", ""):
        raise NoGateway("No card gateway is set up for this office. Set CURBSTOP_CARDS; see the page Running Curbstop.")
    raise NoGateway(f"CURBSTOP_CARDS={name} is not known; it is one of {', '.join(GATEWAYS)}, none.")


def public_url(environ: Mapping[str, str] = os.environ) -> str:
    """The address under which payers reach this office, without a slash at its end."""
    port = environ.get("CURBSTOP_PORT", "8000")
    return environ.get("CURBSTOP_PUBLIC_URL", f"http://127.0.0.1:{port}").rstrip("/")


def collecting(asked: Asked, *, environ: Mapping[str, str] = os.environ) -> Collecting:
    """An ask of the office as a gateway is told it; the same ask is told the same, however often."""
    return Collecting(
        reference=asked.reference,
        cents=asked.cents,
        says=asked.says,
        channel=asked.channel,
        asked_at=asked.asked_at,
        until=asked.until,
        back_url=f"{public_url(environ)}/paid/",
        reader=asked.reader,
    )


def readers(environ: Mapping[str, str] = os.environ) -> tuple[tuple[str, str], ...]:
    """The card terminals of the office: (the gateway's name, ours).

    ``CURBSTOP_READERS`` is ``Counter 1=tmr_F1, Counter 2=tmr_F2``.
    """
    found = [part.partition("=") for part in environ.get("CURBSTOP_READERS", "").split(",") if part.strip()]
    return tuple((ref.strip(), says.strip()) for says, _, ref in found if ref.strip())
