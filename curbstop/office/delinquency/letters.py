"""The ladder's letters: the city's template filled for an account, and queued in the words in which it is sent.

A notice that does not say how to dispute, or who can correct the bill, is not queued at all (``rules.letters``).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from curbstop.office import _letters
from curbstop.office._events import Acting
from curbstop.rules.letters import Value


def write(
    event: Acting, *, template: str, account_id: int, on: date, fields: Mapping[str, Value], hanger: bool = False
) -> int:
    """Queue a letter to the account, or a hanger for its door, as part of the act under way; its id.

    :raises Refused: the template does not say what the law wants, or something that it shows is not set
    """
    return _letters.queue(
        event, template=template, account_id=account_id, fields=fields, channel="hanger" if hanger else "mail", on=on
    )
