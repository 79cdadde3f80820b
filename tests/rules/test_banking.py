"""Which line of the bank is which deposit: only where nothing else it could be."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from curbstop.rules.banking import LOOKS_BACK, Sent, Shown, pair

DAY = date(2026, 4, 14)


def shown(id, cents, days=1, text=""):
    return Shown(id, DAY + timedelta(days), cents, text)


def sent(document, cents, days=0):
    return Sent("10-1030", document, DAY + timedelta(days), cents)


def pairs(lines, waiting):
    return [(one.line_id, one.document_id) for one in pair(lines, waiting)]


def test_amount_and_date():
    assert pairs([shown(1, 129045), shown(2, 60148)], [sent(7, 60148), sent(8, 129045)]) == [(1, 8), (2, 7)]
    assert pairs([shown(1, 100)], [sent(7, 101)]) == []
    assert pairs([shown(1, 100, days=-1)], [sent(7, 100)]) == []  # the bank cannot show what was not sent
    assert pairs([shown(1, 100, days=LOOKS_BACK.days)], [sent(7, 100)]) == [(1, 7)]
    assert pairs([shown(1, 100, days=LOOKS_BACK.days + 1)], [sent(7, 100)]) == []
    assert pairs([shown(1, -3000)], [sent(7, -3000), sent(8, 3000)]) == [(1, 7)]


def test_what_is_ambiguous_is_left():
    assert pairs([shown(1, 100)], [sent(7, 100), sent(8, 100)]) == []
    assert pairs([shown(1, 100), shown(2, 100)], [sent(7, 100)]) == []
    assert pairs([shown(1, 100), shown(2, 100, 2)], [sent(8, 100, 1), sent(7, 100)]) == [(1, 7), (2, 8)]
    # a lone pair is not held up by two of the same amount weeks away
    assert pairs([shown(1, 100), shown(2, 100, 40)], [sent(7, 100), sent(8, 100), sent(9, 100, 39)]) == [(2, 9)]


def test_a_line_that_names_the_deposit():
    two = [sent(1042, 100), sent(1043, 100)]
    assert pairs([shown(1, 100, text="DEPOSIT TICKET 0001043")], two) == [(1, 1043)]
    assert pairs([shown(1, 101, text="DEPOSIT TICKET 1043")], two) == []


LINES = st.lists(
    st.builds(shown, st.integers(1, 99), st.sampled_from([100, 200, -100]), st.integers(-3, 20)), max_size=8
)
SENT = st.lists(st.builds(sent, st.integers(1, 99), st.sampled_from([100, 200, -100]), st.integers(-3, 20)), max_size=8)


@given(LINES, SENT, st.randoms())
def test_laws(lines, waiting, chance):
    lines = list({line.line_id: line for line in lines}.values())
    waiting = list({one.document_id: one for one in waiting}.values())
    found = pair(lines, waiting)
    assert len({one.line_id for one in found}) == len(found) == len({one.document_id for one in found})
    of_line, of_document = {line.line_id: line for line in lines}, {one.document_id: one for one in waiting}
    for one in found:
        line, document = of_line[one.line_id], of_document[one.document_id]
        assert line.cents == document.cents and document.on <= line.on <= document.on + LOOKS_BACK
    chance.shuffle(lines)
    chance.shuffle(waiting)
    assert pair(lines, waiting) == found
