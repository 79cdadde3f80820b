"""A night on the ladder: everybody who owes is looked at once, chunk by chunk, and told what is to be told.

``plan`` freezes who; ``go_through`` does one chunk in one transaction, by a key of its night and number: a night that
was killed anywhere goes on where it stopped and comes to the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from django.db import connection

from curbstop.office._events import Acting, Actor, Key
from curbstop.office._locks import lock_accounts, take_turn
from curbstop.office._once import Refused, act
from curbstop.office.delinquency import telling
from curbstop.office.delinquency.facts import Looked, list_owing, look
from curbstop.records.bulk.columns import Coded, Column
from curbstop.records.bulk.copy import copy_in
from curbstop.records.delinquency.ladder import Night, NightChunk, NightChunkDone, Outcome
from curbstop.rules.delinquency.ladder import CODES, NAMES, day_of

CHUNK = 2_000
NIGHTS = "delinquency.night"

DOES: Mapping[str, Callable[..., Any]] = {
    "remind": telling.remind,
    "notify": telling.give_notice,
    "hang": telling.hang,
    "off_check": telling.look_at_off,
    "final_letter": telling.tell_final,
}
"""What a night does about an outcome; everything else waits for a day or for people."""


@dataclass(frozen=True)
class NightPlanned:
    """A night: who owes something past due, and in how many chunks they are gone through."""

    night_id: int
    on: date
    accounts: int
    chunks: int


@dataclass(frozen=True)
class NightDone:
    """What a night, or a part of it, came to: accounts by outcome, and refusals in words with how often."""

    night_id: int
    on: date
    counts: Mapping[str, int]
    refused: Mapping[str, int]


@act("delinquency.plan_night")
def plan_night(event: Acting, /, *, key: Key, by: Actor, at: datetime, on: date) -> NightPlanned:
    """Freeze who is looked at: every account that owes something past due on the day, or so soon that the city reminds.

    :raises Refused: the ladder was gone through on this day by another key
    """
    take_turn(NIGHTS)
    if (before := Night.objects.filter(on=on).first()) is not None:
        raise Refused(
            f"The ladder of {on.isoformat()} was planned already (night {before.pk}); go on with it.", field="on"
        )
    ids = list_owing(on)
    night = Night.objects.create(on=on, accounts=len(ids), by_id=by.id, at=at, event_id=event.id)
    chunks = [ids[begin : begin + CHUNK].tolist() for begin in range(0, len(ids), CHUNK)]
    NightChunk.objects.bulk_create(
        NightChunk(night=night, no=no, account_ids=accounts) for no, accounts in enumerate(chunks, 1)
    )
    event.about(f"night:{night.pk}", says=f"The ladder of {on:%a %-d %b %Y}: {len(ids)} accounts to look at.")
    return NightPlanned(night.pk, on, len(ids), len(chunks))


@act("delinquency.go_through")
def go_through(event: Acting, /, *, key: Key, by: Actor, at: datetime, night_id: int, no: int) -> NightDone:
    """Look at the accounts of a chunk, do what comes of each, and keep one outcome an account.

    :raises Refused: no such chunk, or it is done
    """
    chunk = NightChunk.objects.filter(night_id=night_id, no=no).select_related("night").first()
    if chunk is None:
        raise Refused(f"Night {night_id} has no chunk {no}.", field="no")
    take_turn(f"{NIGHTS}:{night_id}:{no}")
    if NightChunkDone.objects.filter(night_id=night_id, no=no).exists():
        raise Refused(f"Chunk {no} of night {night_id} is done.", field="no")
    on = chunk.night.on
    found = look(chunk.account_ids, on=on)
    doing = [int(found.account_ids[place]) for place in found.places(*DOES)]
    refused: dict[str, int] = {}
    if doing:
        lock_accounts(doing)
        held_still = look(doing, on=on)  # what it does is decided by what stands while nobody else may change it
        _do(event, held_still, night_id, refused)
        found = _with(found, held_still)
    counts = _keep(found, night_id)
    NightChunkDone.objects.create(
        night_id=night_id, no=no, counts={"codes": counts, "refused": refused}, event_id=event.id
    )
    event.about(f"night:{night_id}", *(f"account:{account}" for account in doing))
    event.about(says=f"The ladder of {on:%a %-d %b %Y}, part {no}: {sum(counts.values())} accounts.")
    return NightDone(night_id, on, counts, refused)


def _do(event: Acting, found: Looked, night_id: int, refused: dict[str, int]) -> None:
    """Do what each outcome asks for. What the office refuses (a wording nobody approved) is counted with its words, and
    stops nobody else."""
    for code, does in DOES.items():
        for place in found.places(code):
            try:
                does(event, found, place, night_id=night_id)
            except Refused as why:
                refused[str(why)] = refused.get(str(why), 0) + 1


def _with(found: Looked, again: Looked) -> Looked:
    """The first look, with those who were looked at again in their place."""
    places = np.searchsorted(found.account_ids, again.account_ids)
    for name in ("code", "next_on", "cutoff_on"):
        getattr(found.climbed, name)[places] = getattr(again.climbed, name)
    found.facts.owed_cents[places] = again.facts.owed_cents
    found.anchors[places] = again.anchors
    return found


def _keep(found: Looked, night_id: int) -> dict[str, int]:
    """Write the outcomes; how many came to each."""
    days = {
        name: Column((column - 719_163).astype("datetime64[D]"), column == 0)
        for name, column in (("next_on", found.climbed.next_on), ("cutoff_on", found.climbed.cutoff_on))
    }
    holds = np.array([_hold(found, int(account)) for account in found.account_ids], dtype=np.int64)
    copy_in(
        Outcome,
        {
            "night_id": night_id,
            "account_id": found.account_ids,
            "code": Coded(found.climbed.code, NAMES),
            "owed_cents": found.facts.owed_cents,
            "anchor": Column(found.anchors, found.anchors == 0),
            "hold_id": Column(holds, holds == 0),
            **days,
        },
    )
    numbers = np.bincount(found.climbed.code, minlength=len(NAMES))
    return {name: int(count) for name, count in zip(NAMES, numbers, strict=True) if count}


def _hold(found: Looked, account: int) -> int:
    holds = found.holds.get(account)
    return holds[0].hold_id if holds else 0


# --- the whole of it --------------------------------------------------------------------------------------------------


def run_night(*, by: Actor, at: datetime, on: date, told: Callable[[int, int], None] | None = None) -> NightDone:
    """Go through the ladder of a day from where it stopped: plan it where it is not planned, then chunk by chunk.

    :param told: hears of each chunk: how many are done, of how many
    """
    planned = plan_night(key=Key(f"delinquency.night:{on}"), by=by, at=at, on=on)
    for no in range(1, planned.chunks + 1):
        go_through(key=Key(f"delinquency.night:{on}:{no}"), by=by, at=at, night_id=planned.night_id, no=no)
        if told:
            told(no, planned.chunks)
    return get_night(planned.night_id)


def get_night(night_id: int) -> NightDone:
    """What a night came to so far."""
    night = Night.objects.get(pk=night_id)
    counts: dict[str, int] = {}
    refused: dict[str, int] = {}
    for done in NightChunkDone.objects.filter(night=night):
        for total, part in ((counts, done.counts["codes"]), (refused, done.counts["refused"])):
            for name, count in part.items():
                total[name] = total.get(name, 0) + count
    return NightDone(night_id, night.on, {name: counts[name] for name in CODES if name in counts}, refused)


@dataclass(frozen=True)
class Previewed:
    """An account as a night would find it; nothing was written."""

    account_id: int
    number: str
    name: str
    code: str
    owed_cents: int
    next_on: date | None
    cutoff_on: date | None


@dataclass(frozen=True)
class Preview:
    """What a night would come to: accounts and cents by outcome, and the first of each."""

    on: date
    counts: Mapping[str, int]
    cents: Mapping[str, int]
    rows: Mapping[str, tuple[Previewed, ...]]


def get_preview(*, on: date, most: int = 25) -> Preview:
    """What a night would do, without doing it: the same facts, the same rule.

    :param most: accounts shown of each outcome
    """
    counts, cents = dict.fromkeys(CODES, 0), dict.fromkeys(CODES, 0)
    shown: dict[str, list[tuple[int, int, int, int]]] = {name: [] for name in CODES}
    for found in _in_chunks(on):
        for n, name in enumerate(NAMES):
            places = np.flatnonzero(found.climbed.code == n)
            counts[name] += len(places)
            cents[name] += int(found.facts.owed_cents[places].sum())
            for place in places[: max(most - len(shown[name]), 0)]:
                shown[name].append(
                    (
                        int(found.account_ids[place]),
                        int(found.facts.owed_cents[place]),
                        int(found.climbed.next_on[place]),
                        int(found.climbed.cutoff_on[place]),
                    )
                )
    who = _who([row[0] for rows in shown.values() for row in rows])
    rows = {
        name: tuple(
            Previewed(id, *who[id], name, owed, day_of(next_on), day_of(cutoff_on))
            for id, owed, next_on, cutoff_on in found_rows
        )
        for name, found_rows in shown.items()
        if found_rows
    }
    return Preview(on, {n: c for n, c in counts.items() if c}, {n: cents[n] for n, c in counts.items() if c}, rows)


def _in_chunks(on: date) -> Iterator[Looked]:
    ids = list_owing(on)
    for begin in range(0, len(ids), CHUNK):
        yield look(ids[begin : begin + CHUNK].tolist(), on=on)


def _who(account_ids: list[int]) -> dict[int, tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select a.id, a.number, c.name from customers_account a join customers_customer c on c.id = a.customer_id"
            " where a.id = any(%s)",
            [account_ids],
        )
        return {id: (number, name) for id, number, name in cursor.fetchall()}
