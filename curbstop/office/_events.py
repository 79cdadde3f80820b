"""The event of an act, and the two values that every act takes: its key and its actor."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NewType

from django.db import connection

from curbstop.office._statements import Rows, ask, words

Key = NewType("Key", str)
"""Chosen by the caller (a form's hidden field, an API header): the same key and inputs give the first outcome."""


@dataclass(frozen=True)
class Actor:
    """Who acts: a user of the office, or ``system`` for the clock."""

    id: int
    name: str
    roles: frozenset[str]


@dataclass
class Acting:
    """The act under way. The act adds what the event should tell; the event is written when it returns."""

    id: int
    act: str
    by: Actor
    at: datetime
    subjects: list[str] = field(default_factory=list)
    says: str = ""
    ahead: Sequence[Rows] = ()
    """What the statements found that the act asked for beside its key (``_once.act``)."""

    def about(self, *subjects: str, says: str = "") -> None:
        """Name what the act touched (``"account:12"``) and the sentence for the timeline."""
        self.subjects.extend(subjects)
        if says:
            self.says = says


_INSERT = """insert into base_event (id, act, key, by_id, at, subjects, denied, says, inputs, outcome)
values (coalesce(%(id)s::bigint, nextval('base_event_id_seq')), %(act)s::text, %(key)s::text, %(by)s::bigint,
  %(at)s::timestamptz, %(subjects)s::text[], %(denied)s::boolean, %(says)s::text, %(inputs)s::jsonb,
  %(outcome)s::jsonb)"""


def reserve_ids(count: int) -> list[int]:
    """Take ``count`` event ids now, for acts that write their rows before their event (a bill run's chunks)."""
    with connection.cursor() as cursor:
        cursor.execute("select nextval('base_event_id_seq') from generate_series(1, %s)", [count])
        return [row[0] for row in cursor.fetchall()]


def record(event: Acting, *, key: str | None, inputs: Any, outcome: Any, denied: bool = False) -> None:
    """Write the event row. ``inputs`` and ``outcome`` are plain JSON values; an event without an id gets one."""
    ask(
        _INSERT,
        {
            "id": event.id or None,
            "act": event.act,
            "key": key,
            "by": event.by.id,
            "at": event.at.isoformat(),
            "subjects": words(dict.fromkeys(event.subjects)),
            "denied": denied,
            "says": event.says,
            "inputs": json.dumps(inputs),
            "outcome": None if outcome is None else json.dumps(outcome),
        },
    )
