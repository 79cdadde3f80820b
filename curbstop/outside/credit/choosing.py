"""Which bureau this office asks, from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from curbstop.outside.credit.demo import DemoBureau
from curbstop.outside.credit.port import Bureau


class NoBureau(Exception):
    """No bureau is set up; says what to set."""


def chosen(*, example: bool, environ: Mapping[str, str] = os.environ) -> Bureau:
    """The bureau of this office. Without a choice an example town has the demonstration one.

    A bureau is one more class beside :class:`DemoBureau` with ``check``; none is built in, since each city has its own
    contract.

    :param example: whether the town is made up
    :raises NoBureau: none is chosen, or a real town chose the demonstration one
    """
    name = environ.get("CURBSTOP_CREDIT", "demo" if example else "none").strip().lower()
    if name == "demo" and example:
        return DemoBureau()
    if name == "demo":
        raise NoBureau("CURBSTOP_CREDIT=demo asks nobody, so it serves example towns only. Set none, or your bureau.")
    if name in ("none", ""):
        raise NoBureau(
            "No credit bureau is set up for this office. Go on without a check; the deposit is then by the guideline."
        )
    raise NoBureau(f"CURBSTOP_CREDIT={name} is not known; it is demo or none.")
