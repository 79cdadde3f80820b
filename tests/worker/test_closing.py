"""The clock makes the oldest day that is over ready to close, once; a person closes it."""

from datetime import UTC, date, datetime

import pytest

from curbstop.office import closing, ledger
from curbstop.records.ledger.models import Prepared
from curbstop.worker import tasks
from tests.office.scene import by, key

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_town")]
NIGHT = int(datetime(2026, 3, 3, 8, 45, tzinfo=UTC).timestamp())


def test_the_oldest_day_is_made_ready_once() -> None:
    finance, evening = by("hector"), datetime(2026, 3, 3, 0, 0, tzinfo=UTC)
    week = [day for day in ledger.get_open_days() if day < date(2026, 3, 2)]
    ready = closing.get_prepared(week[-1].isoformat())
    assert ready is not None
    closing.close_through(key=key(), by=finance, at=evening, on=week[-1], prepared_id=ready.prepared_id)
    first = ledger.get_open_days()[0]
    before = Prepared.objects.count()
    tasks.prepare_day(timestamp=NIGHT)
    prepared = closing.get_prepared(first.isoformat())
    assert prepared is not None and prepared.by == "The Clock"
    tasks.prepare_day(timestamp=NIGHT)
    tasks.prepare_day(timestamp=NIGHT + 86_400)
    assert Prepared.objects.count() == before + 1 and first in ledger.get_open_days()
