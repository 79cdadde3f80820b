"""Stories 09-1 to 09-3: a batch printed once and kept as sent, a notice that comes back, words nobody approved.

Events are spelled ``letters.make_batch``, ``letters.record_returned`` and ``letters.draft`` where the story has
``delinquency.notify`` and ``delinquency.hold``.
"""

import io
from datetime import date

import pikepdf
import pytest

from curbstop.office import _holds, delinquency, letters
from curbstop.office._once import NotPermitted, Refused
from curbstop.records.base.models import Event
from curbstop.records.cases.letters import Letter, WordingApproved
from tests.office.conftest import city as city
from tests.office.scene import by, key, move_in
from tests.office.unpaid import bill
from tests.stories.test_duty_06_4 import at

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]
BEGUN, BILLED, DUE = date(2026, 2, 2), date(2026, 4, 1), date(2026, 4, 21)
SENT, NEXT, CUT = date(2026, 4, 22), date(2026, 4, 23), date(2026, 5, 4)
CODE = "cutoff_notice"


def notified() -> tuple[int, int]:
    a1, a2 = (move_in(number, BEGUN, name=f"A{number}") for number in (4, 5))
    for account, cents in ((a1, 9648), (a2, 14_103)):
        bill(account, cents, bill_on=BILLED, due_on=DUE)
    delinquency.notify(key=key(), by=by("cleo"), at=at(SENT, 9), account_ids=(a1, a2), on=SENT, cutoff_on=CUT)
    return a1, a2


def make(on: date, name: str = "cleo", same=None) -> letters.BatchMade:
    return letters.make_batch(key=same or key(), by=by(name), at=at(on, 10), code=CODE, channel="mail", on=on)


def last(act: str) -> Event:
    return Event.objects.filter(act=act).latest("id")


def test_a_batch_is_printed_once_in_mail_order_and_kept_as_sent() -> None:
    a1, a2 = notified()
    (waiting,) = letters.list_waiting()
    assert (waiting.code, waiting.count, waiting.cents) == (CODE, 2, 23_751) and 9648 + 14_103 == 23_751
    same = key()
    made = make(SENT, same=same)
    assert (made.letters, made.cents, made.without_zip) == (2, 23_751, 0) and "No mailer id" in made.barcode
    assert make(SENT, same=same) == made and len(letters.list_batches()) == 1
    assert {f"account:{a1}", f"account:{a2}"} <= set(last("letters.make_batch").subjects)
    with pytest.raises(Refused, match="printed on 2026-04-22; a copy may be printed, marked “copy”"):
        make(NEXT)
    assert last("letters.make_batch").denied
    with pikepdf.open(io.BytesIO(letters.batch_pdf(made.batch_id))) as pdf:
        assert len(pdf.pages) == 4  # English before, Spanish on the back
    rows = letters.write_manifest(made.batch_id).splitlines()
    assert rows[0] == "place,letter,account,name,zip,imb,amount" and rows[1].endswith(",A4,73160,,96.48")
    letters.mark_mailed(key=key(), by=by("cleo"), at=at(SENT, 15), batch_id=made.batch_id, on=SENT)
    with pytest.raises(Refused, match="it goes out once"):
        letters.mark_mailed(key=key(), by=by("cleo"), at=at(NEXT, 15), batch_id=made.batch_id, on=NEXT)
    letters.print_copy(key=key(), by=by("cleo"), at=at(NEXT, 9), batch_id=made.batch_id)
    assert letters.get_batch(made.batch_id).copies == 1

    # 2026-05-11 other words; 2026-05-20 the notice of 2026-04-22 is as it was
    (before,) = letters.list_letters(account_id=a1)
    changed(date(2026, 5, 11))
    (row,) = letters.list_letters(account_id=a1)
    assert row == before and (row.state, row.mailed_on, row.version) == ("mailed", SENT, 1)
    assert "Pay $96.48 before Monday, May 4, 2026" in row.words["en"].paragraphs[0]


def changed(on: date) -> letters.Drafted:
    body = letters.list_wordings(CODE)[-1].body.replace("Community agencies may help", "Agencies of the city may help")
    drafted = letters.draft(key=key(), by=by("cleo"), at=at(on, 9), code=CODE, body=body, on=on)
    letters.approve(key=key(), by=by("sue"), at=at(on, 10), wording_id=drafted.wording_id, from_on=on)
    return drafted


def test_a_notice_that_comes_back_stops_the_cut_off() -> None:
    _, a2 = notified()
    make(SENT)
    letter = Letter.objects.get(account_id=a2)
    came = date(2026, 4, 28)
    given = {"by": by("cleo"), "at": at(came, 9), "letter_id": letter.pk, "reason": "no_such_number", "on": came}
    back = letters.record_returned(key=key(), **given)
    assert back.says == "Your notice came back to us. Nothing is turned off until you have had it."
    (hold,) = _holds.list_at([a2], came)[a2]
    assert (hold.reason, hold.until_on, hold.owner_id) == ("returned_mail", None, by("cleo").id)
    with pytest.raises(Refused, match="returned already"):
        letters.record_returned(key=key(), **given)
    settle = {"by": by("cleo"), "letter_id": letter.pk, "says": "Reached by telephone, address proved"}
    again_on = date(2026, 4, 29)
    with pytest.raises(Refused, match="nobody was told"):
        letters.settle_returned(key=key(), at=at(again_on, 9), on=again_on, **settle)
    assert _holds.list_at([a2], again_on)[a2]


def test_words_nobody_approved_do_not_leave_the_office() -> None:
    notified()
    body = letters.list_wordings(CODE)[0].body
    without = "\n".join(line for line in body.splitlines() if "how_to_dispute" not in line)
    drafted = letters.draft(key=key(), by=by("cleo"), at=at(SENT, 9), code=CODE, body=without, on=SENT)
    assert any("how to dispute" in one for one in drafted.missing)
    with pytest.raises(Refused, match="this wording is a draft|This wording is a draft"):
        letters.send(
            key=key(), by=by("cleo"), at=at(SENT, 9), template=CODE, account_ids=(Letter.objects.all()[0].account_id,),
            fields={}, on=SENT, wording_id=drafted.wording_id,
        )  # fmt: skip
    approve = {"at": at(SENT, 10), "wording_id": drafted.wording_id, "from_on": SENT}
    with pytest.raises(Refused, match="cannot be approved without how to dispute"):
        letters.approve(key=key(), by=by("sue"), **approve)
    assert last("letters.approve").denied
    with pytest.raises(NotPermitted):
        letters.approve(key=key(), by=by("cleo"), **approve)
    letters.drop(key=key(), by=by("sue"), at=at(NEXT, 9), wording_id=drafted.wording_id, reason="Disputes are missing")
    changed(NEXT)
    assert list(WordingApproved.objects.order_by("wording__no").values_list("from_on", flat=True))[-1] == NEXT
    assert [one.state for one in letters.list_wordings(CODE)] == ["approved", "dropped", "approved"]
    mine = letters.draft(
        key=key(), by=by("sue"), at=at(NEXT, 9), code=CODE, body=body.replace("Call", "Ring").replace("tell us", "say"),
        on=NEXT,
    )  # fmt: skip
    with pytest.raises(Refused, match="somebody else approves"):
        letters.approve(key=key(), by=by("sue"), at=at(NEXT, 9), wording_id=mine.wording_id, from_on=NEXT)
