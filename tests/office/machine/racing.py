"""Two at once, the same way each time: the first does everything and stops just before its commit; the second goes.

The second then ends, or waits for what the first holds; only then does the first commit. That is the worst moment for
what looks before it leaps, and no clock decides what happens.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

from curbstop.office._once import Refused
from curbstop.rules.faults import BadValue
from tests.office.machine.failing import COMMIT
from tests.office.machine.watching import Watch

LONG = 60
"""Seconds after which a test gives up on a thread: no measure of speed."""


class _Runner(threading.Thread):
    """Something done on a connection of its own; ``came`` is what it gave, or raised as an answer of the office."""

    def __init__(self, do: Callable[[], Any], *, stops: bool = False) -> None:
        super().__init__(daemon=True)
        self.do, self.stops = do, stops
        self.came: Any = None
        self.ready, self.go = threading.Event(), threading.Event()

    def run(self) -> None:
        try:
            if self.stops:
                self._stop_before_commit()
            self.came = self.do()
        except Exception as error:
            self.came = error
        finally:
            self.ready.set()
            connections.close_all()

    def _stop_before_commit(self) -> None:
        connection.ensure_connection()
        link = connection.connection
        real = link.wait

        def wait(generator: Any, *more: Any, **options: Any) -> Any:
            if getattr(generator, "__name__", "") == COMMIT and not self.ready.is_set():
                self.ready.set()
                self.go.wait(LONG)
            return real(generator, *more, **options)

        link.wait = wait


def race(watch: Watch, first: Callable[[], Any], second: Callable[[], Any]) -> tuple[Any, Any]:
    """What the first and the second gave or raised; the second goes while the first has not committed."""
    one, two = _Runner(first, stops=True), _Runner(second)
    one.start()
    assert one.ready.wait(LONG), "the first neither came to its commit nor ended"
    two.start()
    while two.is_alive() and not _waits(watch):
        two.join(0.002)
    one.go.set()
    for thread in (one, two):
        thread.join(LONG)
        assert not thread.is_alive(), "two acts wait for each other"
    return one.came, two.came


def _waits(watch: Watch) -> bool:
    query = "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    return bool(watch.rows(query))


def answer(came: Any) -> str:
    """``done`` or ``refused``; anything else that was raised is told as it is, and is no answer of the office."""
    if isinstance(came, (Refused, BadValue)):
        return "refused"
    return repr(came) if isinstance(came, BaseException) else "done"
