"""The bill: its words are kept as goldens, its page obeys the envelope, and wrong figures are never printed."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curbstop.formats.paper.bill import BillPaper, ChargeGroup, ChargeLine, DatedLine, bill_pdf, faults
from curbstop.formats.paper.letterhead import PaperError
from curbstop.rules import money
from tests.formats.papers import ALL, FINAL_CREDIT, NEW, ROSA, ZERO
from tests.formats.pdfs import assert_accessible, placed, texts
from tests.golden import same


@pytest.fixture(scope="module")
def printed() -> dict[str, bytes]:
    return {name: bill_pdf([paper]) for name, paper in ALL.items()}


@pytest.mark.parametrize("name", ALL)
def test_words_are_those_reviewed(name: str, printed: dict[str, bytes]) -> None:
    same(f"bills/{name}.txt", texts(printed[name])[0])


@pytest.mark.parametrize("name", ALL)
def test_every_figure_is_on_the_page(name: str, printed: dict[str, bytes]) -> None:
    paper, text = ALL[name], texts(printed[name])[0]
    cents = [charge.amount_cents for group in paper.charges for charge in group.charges]
    cents += [group.total_cents for group in paper.charges] + [paper.current_charges_cents, paper.amount_due_cents]
    cents += [paper.previous_balance_cents]
    if paper.amount_after_due_cents is not None:
        cents.append(paper.amount_after_due_cents)
    for figure in cents:
        assert money.show(abs(figure)) in text
    for line in (paper.account_no, paper.bill_no, paper.scan_line, *(m.present_read for m in paper.meters)):
        assert line in text


@pytest.mark.parametrize("name", ALL)
def test_built_as_pdf_ua(name: str, printed: dict[str, bytes]) -> None:
    paper = ALL[name]
    kinds = assert_accessible(printed[name], pages=1)
    assert kinds["H1"] == 1
    assert kinds["Figure"] == (2 if paper.usage else 1)
    assert kinds["Table"] == (2 if paper.meters else 1)
    assert kinds["TH"] == (8 if paper.meters else 4)
    assert kinds["LI"] == len(paper.letterhead.how_to_pay)


@pytest.mark.parametrize("name", ALL)
def test_the_envelopes_show_the_address_and_nothing_else(name: str, printed: dict[str, bytes]) -> None:
    words = placed(printed[name])
    mailed = [at for at in words if at.x < 390 and 147 < at.y < 262]
    assert " ".join(at.words for at in mailed).startswith(ALL[name].mailing_lines[0][:12])
    assert len(mailed) == len(ALL[name].mailing_lines)
    assert all(63 <= at.x and 180 <= at.y <= 236 for at in mailed)
    returned = [at for at in words if at.x < 387 and 677 < at.y < 771 and not at.words.isdigit()]
    assert [at.words for at in returned] == list(ALL[name].letterhead.remit_lines)
    assert all(63 <= at.x and 690 <= at.y <= 756 for at in returned)


@pytest.mark.parametrize("name", ALL)
def test_the_scan_line_stands_alone_in_its_band(name: str, printed: dict[str, bytes]) -> None:
    foot = [at for at in placed(printed[name]) if at.y > 752]
    assert [at.words for at in foot] == [ALL[name].scan_line]
    assert 792 - 144 < foot[0].y < 792 - 12  # within two inches of the foot, inside what printers reach


def test_the_same_bill_gives_the_same_bytes(printed: dict[str, bytes]) -> None:
    assert bill_pdf([ROSA]) == printed["rosa"]
    assert bill_pdf([replace(ROSA, bill_on=date(2026, 11, 17))]) != printed["rosa"]


def test_a_print_run_is_the_single_bills_in_order() -> None:
    papers = [NEW, ROSA, ZERO, FINAL_CREDIT]
    run = bill_pdf(papers)
    assert assert_accessible(run, pages=4)["H1"] == 4
    assert texts(run) == [texts(bill_pdf([paper]))[0] for paper in papers]


def test_what_a_customer_typed_is_never_markup() -> None:
    text = texts(bill_pdf([FINAL_CREDIT]))[0]
    assert "Seán O'Brien #strong[x] *bold* <b>b</b>" in text
    assert "<script>alert(1)</script> $e^2$ @ref [x] \\ //" in " ".join(text.split())


def test_a_credit_and_a_zero_ask_for_nothing() -> None:
    for paper, words in ((FINAL_CREDIT, "Credit. Do not pay."), (ZERO, "Nothing to pay")):
        text = texts(bill_pdf([paper]))[0]
        assert words in text
        assert "Amount enclosed" not in text
        assert "with your payment" not in text


def test_a_copy_says_so_on_both_parts() -> None:
    assert texts(bill_pdf([replace(ROSA, copy=True)]))[0].count("COPY") == 2


def test_however_much_there_is_it_is_one_page() -> None:
    groups = tuple(
        ChargeGroup(f"Service {n}", tuple(ChargeLine(f"Part {n}.{k}", 101 + k, f"{k} × $9.19") for k in range(5)))
        for n in range(12)
    )
    current = sum(group.total_cents for group in groups)
    paper = replace(
        ROSA,
        charges=groups,
        current_charges_cents=current,
        amount_due_cents=current,
        amount_after_due_cents=current,
        messages=tuple(f"Message {n}: " + "please read this " * 12 for n in range(8)),
        dispute="Call us before the due date. " * 30,
        meters=ROSA.meters * 6,
    )
    pdf = bill_pdf([paper])
    assert_accessible(pdf, pages=1)
    text = texts(pdf)[0]
    assert all(f"Part {n}.{k}" in text for n in range(12) for k in range(5))
    assert all(f"Message {n}:" in text for n in range(8))
    tear = next(at.y for at in placed(pdf) if at.words.startswith("Tear off"))
    assert max(at.y for at in placed(pdf) if at.words.startswith(("Part", "Message", "Call"))) < tear


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.text(max_size=120), st.lists(st.text(max_size=60).filter(str.strip), min_size=1, max_size=5))
def test_any_text_can_be_printed(name: str, lines: list[str]) -> None:
    paper = replace(ROSA, customer_name=name, mailing_lines=tuple(lines), messages=(name,), service_address=name)
    assert_accessible(bill_pdf([paper]), pages=1)


def _off(**changes: object) -> BillPaper:
    return replace(ROSA, **changes)  # type: ignore[arg-type]


WRONG: list[tuple[Callable[[], BillPaper], str]] = [
    (lambda: _off(current_charges_cents=12991), "charges printed add up to 129.92"),
    (lambda: _off(payments=()), "come to 224.51; a payment or an adjustment"),
    (lambda: _off(payments=ROSA.payments * 2), "come to 35.33"),
    (lambda: _off(payments=(DatedLine(date(2026, 11, 12), "Card", -9459),)), "a payment taken back is an adjustment"),
    (lambda: _off(due_on=None), "no due date is given; set the city's due days"),
    (lambda: _off(amount_after_due_cents=None, after_due_words=""), "say that the late rule is not set"),
    (lambda: _off(amount_after_due_cents=12000), "less than the 129.92 due"),
    (lambda: _off(period_until=ROSA.period_from), "period ends Wed 14 Oct 2026, not after"),
    (lambda: _off(mailing_lines=()), "0 lines"),
    (lambda: _off(mailing_lines=("x",) * 6), "6 lines"),
    (lambda: _off(mailing_lines=("x", " ", "y")), "empty line; leave it out"),
    (lambda: _off(dispute=" "), "Memphis Light v. Craft"),
    (lambda: _off(scan_line=NEW.scan_line), "lacks the digits of the account"),
    (lambda: _off(scan_line="12 34"), "lacks the digits of the account"),
    (lambda: _off(qr_payload=""), "QR payload is empty"),
]


@pytest.mark.parametrize(("wrong", "words"), WRONG, ids=[words[:30] for _, words in WRONG])
def test_a_wrong_bill_is_refused(wrong: Callable[[], BillPaper], words: str) -> None:
    with pytest.raises(PaperError, match=re.escape(words)) as refused:
        bill_pdf([ROSA, wrong()])
    assert all("account 1-014-0870" in fault for fault in refused.value.faults)


def test_all_faults_of_a_run_are_told_at_once() -> None:
    with pytest.raises(PaperError) as refused:
        bill_pdf([_off(dispute="", qr_payload=""), ROSA, _off(payments=())])
    assert len(refused.value.faults) == 3


def test_no_bills_is_said() -> None:
    with pytest.raises(PaperError, match="no bills to print"):
        bill_pdf([])


@pytest.mark.parametrize("name", ALL)
def test_right_bills_have_no_faults(name: str) -> None:
    assert faults(ALL[name]) == []


LONG = st.text("abcdefghij KLMNO 0123456789,.", max_size=90)
LINES = st.builds(ChargeLine, LONG.filter(str.strip), st.integers(-99_999, 9_999_999), LONG)
GROUPS = st.builds(ChargeGroup, LONG.filter(str.strip), st.lists(LINES, min_size=1, max_size=5).map(tuple), LONG)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(GROUPS, min_size=1, max_size=8).map(tuple),
    st.lists(st.text("abc defgh ijk", min_size=1, max_size=300), max_size=5).map(tuple),
    st.integers(0, 3),
)
def test_nothing_runs_into_anything(groups: tuple[ChargeGroup, ...], messages: tuple[str, ...], meters: int) -> None:
    """The sizes are chosen before anything is drawn: what was reckoned must be what the typesetter then does."""
    current = sum(group.total_cents for group in groups)
    paper = replace(
        ROSA,
        charges=groups,
        current_charges_cents=current,
        amount_due_cents=current,
        amount_after_due_cents=max(current, 0) + 100,
        messages=messages,
        meters=ROSA.meters * meters,
    )
    words = placed(bill_pdf([paper]))
    inside = [at for at in words if 266 < at.y < 528]
    told_at = min(at.y for at in inside if at.words.startswith(("If you think", "Messages")) and at.x < 300)
    total_at = next(at.y for at in inside if at.words.startswith("This bill"))
    assert total_at + 4 < told_at - 6
    assert max(at.y for at in inside) < 520
