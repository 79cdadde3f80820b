"""One step of the machine: an act is tried, and what it did is looked at from outside.

What must hold after every step, whoever tried what:

- done: one event, with the key, which names every account whose money moved; done again with the same key and inputs
  it is the first outcome and changes nothing; with other inputs it is refused and changes nothing;
- refused: nothing changed but the event of the attempt, which says who and why;
- a mistyped value: nothing changed at all;
- the line to the database went dead at any statement: nothing changed at all, and the same key then does it;
- debits equal credits, no item crosses zero, what accounts owe is what their control accounts say.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import psycopg
from django.db import connection
from django.db.transaction import TransactionManagementError
from django.db.utils import OperationalError

from curbstop.office import ledger
from curbstop.office._events import Key
from curbstop.office._once import ACTS, KeyReused, Refused, plain
from curbstop.rules.faults import BadValue, Faults
from curbstop.rules.ledger.items import IN_BALANCE
from curbstop.rules.policies import NotSet
from tests.office.machine import counter, decided, runs  # noqa: F401  (they fill the table of moves)
from tests.office.machine.failing import COMMIT, Line, failing
from tests.office.machine.watching import Digest, changed
from tests.office.machine.world import Call, World

MISTYPED = (BadValue, Faults, NotSet)
"""Answers that are no attempt at anything: a value that cannot be, a policy that the city has not set."""


@dataclass
class Tried:
    """What came of a call: ``done``, ``refused``, ``mistyped``, ``fell``; its words; what went over the line."""

    how: str
    says: str = ""
    line: Line = field(default_factory=Line)
    outcome: Any = None


class Trying:
    """Acts tried one after another in one town."""

    def __init__(self, world: World) -> None:
        self.world, self.watch = world, world.watch
        self.keys = 0
        self.now: Digest = self.watch.digest()
        self.last_event, self.last_txn = self._last()
        self.told: dict[str, int] = {}

    def _last(self) -> tuple[int, int]:
        query = """select (select coalesce(max(id), 0) from base_event),
          (select coalesce(max(id), 0) from ledger_transaction)"""
        return self.watch.rows(query)[0]  # type: ignore[return-value]

    # --- a step

    def step(self, call: Call, *, fail_at: int = 0) -> Tried:
        """Try a call and look at it. ``fail_at``: first let the line go dead at that statement."""
        _, given = self._given(call)
        tried = self.fail(call, given, fail_at) if fail_at else Tried("fell")
        if tried.how == "fell":
            tried = self.attempt(call, given)
        self._look(call, given, tried)
        return tried

    def _given(self, call: Call) -> tuple[Key, dict[str, Any]]:
        self.keys += 1
        key = Key(f"machine-{self.keys}")
        return key, {"key": key, "by": self.world.actor(call.by), "at": call.at or self.world.at(), **call.inputs}

    def _look(self, call: Call, given: Mapping[str, Any], tried: Tried) -> None:
        """Look at what a call did, do it again, and go on from there."""
        after = self.watch.digest()
        getattr(self, f"_look_{tried.how}")(call, tried, changed(self.now, after), given["key"])
        self.now = after
        if tried.how == "done":
            self._again(call, given, tried)
        self._books(call)
        self.told[f"{call.act} {tried.how}"] = self.told.get(f"{call.act} {tried.how}", 0) + 1
        if call.act == "ledger.open_day" and tried.how == "done":
            self.world.today = max(self.world.today, call.inputs["on"])

    def attempt(
        self, call: Call, given: Mapping[str, Any], *, fail_at: int = 0, at: str = "", answer_to: str = ""
    ) -> Tried:
        """Call the act; what it raises that is no answer of the office is the machine's finding."""
        with failing(fail_at, at=at, answer_to=answer_to) as line:
            try:
                outcome = ACTS[call.act](**given)
            except Refused as refusal:
                return Tried("refused", str(refusal), line)
            except MISTYPED as fault:
                return Tried("mistyped", str(fault), line)
            except (OperationalError, TransactionManagementError, psycopg.OperationalError):
                if not line.fell:
                    raise
                return Tried("fell", line.at, line)
            except Exception as error:
                raise AssertionError(f"{call} fell over: {error!r}") from error
        return Tried("done", "", line, outcome)

    def fail(self, call: Call, given: Mapping[str, Any], n: int) -> Tried:
        """Let the line go dead at the n-th statement: afterwards nothing is there that was not there before."""
        tried = self.attempt(call, given, fail_at=n)
        if tried.how == "fell":
            self.unchanged(f"{call}: the line went dead at statement {n} ({tried.says})")
        return tried

    def unchanged(self, what: str) -> None:
        """Nothing is there that was not there before, and the connection is free for the next act."""
        found = changed(self.now, self.watch.digest())
        assert not found, f"{what}, and {found} changed"
        assert connection.connection.info.transaction_status == 0, f"{what}, and a transaction was left open"

    def fail_everywhere(self, call: Call, *, look_each: bool = False) -> int:
        """Let the line go dead at every statement of a call that would be done, one after the other, and at last lose
        the answer to its commit. Then the same key is the act that was done.

        :param look_each: look after every statement instead of after all
        :returns: how many statements it takes; 0: it would not be done
        """
        key, given = self._given(call)
        dry = self.attempt(call, given, at=COMMIT)
        if dry.how != "fell" or dry.line.undone:
            self.look_from_here()
            return 0
        dry = self.attempt(call, given, at=COMMIT)  # by now it has read what it reads once a process
        for n in range(1, dry.line.sent + 1):
            assert self.attempt(call, given, fail_at=n).how == "fell", f"{call}: statement {n} of {dry.line.sent}"
            if look_each or n == dry.line.sent:
                self.unchanged(f"{call}: the line went dead at each of {n} statements ({dry.line.sent} in all)")
        lost = self.attempt(call, given, answer_to=COMMIT)
        assert lost.how == "fell", f"{call}: {lost}"
        self._look(call, given, self.attempt(call, given))
        return dry.line.sent

    def look_from_here(self) -> None:
        """The books are looked at as they are now; the next step is compared with this."""
        faults = self.watch.faults(self.last_txn)
        assert not faults, faults[:5]
        self.now = self.watch.digest()
        self.last_event, self.last_txn = self._last()

    # --- looking

    def _look_done(self, call: Call, tried: Tried, found: list[str], key: str) -> None:
        events = self.watch.rows(
            "select id, act, key, by_id, denied, subjects from base_event where id > %s or key = %s",
            self.last_event,
            key,
        )
        assert len(events) == 1, f"{call} is done and left {len(events)} events"
        id, act, kept, by_id, denied, _ = events[0]
        assert (act, kept, by_id, denied) == (call.act, key, self.world.actor(call.by).id, False), call
        assert "base_event" in found, call
        strangers = self.watch.rows("select id, event_id from ledger_transaction where id > %s and event_id <> %s",
                                    self.last_txn, id)  # fmt: skip
        assert not strangers, f"{call} posted under another event: {strangers}"

    def _look_refused(self, call: Call, tried: Tried, found: list[str], key: str) -> None:
        assert tried.says, call
        assert found == ["base_event"], f"{call} was refused ({tried.says}), and {found} changed"
        ((act, denied, says, by_id),) = self.watch.rows(
            "select act, denied, says, by_id from base_event where id > %s", self.last_event
        )
        assert (act, denied, by_id) == (call.act, True, self.world.actor(call.by).id) and says, call

    def _look_mistyped(self, call: Call, tried: Tried, found: list[str], key: str) -> None:
        assert not found, f"{call} was no attempt at all ({tried.says}), and {found} changed"

    def _again(self, call: Call, given: Mapping[str, Any], tried: Tried) -> None:
        again = self.attempt(call, given)
        assert again.how == "done" and plain(again.outcome) == plain(tried.outcome), f"{call} again: {again}"
        other = other_inputs(given)
        if other is not None:
            try:
                ACTS[call.act](**other)
            except KeyReused as refusal:
                assert "already used" in str(refusal)
            else:
                raise AssertionError(f"{call}: the same key did something else: {other}")
        found = changed(self.now, self.watch.digest())
        assert not found, f"{call} came twice with one key, and {found} changed"

    def _books(self, call: Call) -> None:
        faults = self.watch.faults(self.last_txn)
        assert not faults, f"after {call}: {faults[:5]}"
        listed = sum(ledger.get_balances(self.world.accounts()).values())
        control = self.watch.control_cents(sorted(IN_BALANCE))
        assert listed == control, f"after {call}: accounts owe {listed}, control accounts say {control}"
        self.last_event, self.last_txn = self._last()


def other_inputs(given: Mapping[str, Any]) -> dict[str, Any] | None:
    """The same call with one input changed; None where there is nothing to change."""
    for name, value in given.items():
        if name in ("key", "by", "at") or isinstance(value, bool):
            continue
        if isinstance(value, datetime):
            other: Any = value + timedelta(seconds=1)
        elif isinstance(value, date):
            other = value + timedelta(1)
        elif isinstance(value, int):
            other = value + 1
        elif isinstance(value, str):
            other = f"{value} other"
        else:
            continue
        return {**given, name: other}
    return None
