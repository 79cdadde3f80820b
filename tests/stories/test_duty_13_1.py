"""Stories 13-1, 13-2 and 13-3: a mark, a mask, breaking the glass; a substitute address; curiosity is not a reason.

``view`` is spelled ``customers.view``, ``search`` ``customers.log_search``, ``reports.export`` ``customers.export``.
"""

import csv
import io
from datetime import UTC, date, datetime

import pytest

from curbstop.office import adjustments, bills, customers, moves, pages, search, staff
from curbstop.office._masks import Looker
from curbstop.office._once import Refused
from curbstop.office.adjustments.weighing import names_of
from curbstop.office.orders import get_order
from curbstop.records.base.models import Event, Outgoing, User
from curbstop.records.bills.models import Bill
from curbstop.records.orders.models import Order
from tests.office.conftest import city as city
from tests.office.requests import file
from tests.office.scene import at_on, by, key, move_in, open_account, premise, read
from tests.stories.meter_town import open_days, run_bills, set_policy

pytestmark = pytest.mark.django_db
PHONE = "405 793 5032"
MARKED_ON, ON = date(2026, 4, 6), date(2026, 4, 7)


def local(hour: int, minute: int, day: date = ON) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


def see(account: str, who: str, at: datetime) -> pages.AccountPage:
    page = pages.get_account_page(number=account, on=at.date(), looker=Looker(by(who), at))
    customers.view(key=key(), by=by(who), at=at, account_id=page.header.id)
    return page


def last(act: str) -> Event:
    return Event.objects.filter(act=act).latest("id")


@pytest.fixture
def a1(city: None) -> tuple[int, str]:
    """A1, confidential on a police officer's written request; a second clerk."""
    for policy, value in {"glass.minutes": 30, "glass.reason": 10, "glass.tells": "the supervisor at once"}.items():
        set_policy(policy, value)
    staff.enrol(key=key(), by=by("adam"), at=at_on(MARKED_ON), username="clara", first_name="Clara",
                last_name="Test", roles=("csr",))  # fmt: skip
    User.objects.filter(username="sue").update(email="sue@example.org")
    opened = customers.open(
        key=key(), by=by("cleo"), at=at_on(date(2026, 1, 6)), on=date(2026, 1, 6), name="Pat Officer", phone=PHONE,
        email="pat@example.org", mail_to=("PO Box 77", "Moore OK 73153"),
    )  # fmt: skip
    moves.start(key=key(), by=by("cleo"), at=at_on(date(2026, 1, 6)), account_id=opened.account_id,
                premise_id=premise(1), on=date(2026, 1, 6), registers={"water": 5_000})  # fmt: skip
    customers.mark(
        key=key(), by=by("sue"), at=at_on(MARKED_ON), account_id=opened.account_id, on=MARKED_ON,
        authority="written request", paper=customers.PaperFile("request.pdf", file().body),
    )  # fmt: skip
    return opened.account_id, opened.number


def test_a_mark_a_mask_and_breaking_the_glass(a1: tuple[int, str]) -> None:
    account, number = a1
    event = last("customers.confidential")
    assert event.by_id == by("sue").id and f"account:{account}" in event.subjects
    assert "written request" not in str(event.inputs) + event.says
    (mark,) = customers.list_marks(account_id=account, by=by("sue"))
    assert (mark.from_on, mark.until_on, mark.authority) == (MARKED_ON, None, "written request")
    assert customers.list_marks(account_id=account, by=by("cleo"))[0].authority == ""
    (paper,) = customers.list_papers(account_id=account)
    with pytest.raises(Refused, match="Only a supervisor"):
        customers.see_paper(key=key(), by=by("cleo"), at=at_on(MARKED_ON), paper_id=paper.id)
    assert customers.read_paper(paper_id=paper.id, by=by("sue"))[1].startswith(b"%PDF")

    # 09:00 the clerk finds it by number: balance and dates, and nothing of the person
    masked = see(number, "cleo", local(9, 0))
    assert (masked.header.name, masked.header.phone, masked.header.email) == ("Confidential account", "", "")
    assert masked.header.mail_to == () and masked.header.address == "Confidential"
    told = repr(masked)
    for secret in ("Pat", "Officer", "Sage Wren", "5032", "pat@", "PO Box"):
        assert secret not in told, secret
    assert masked.header.balance_cents == 0 and last("customers.view").by_id == by("cleo").id

    # everything else that reads a name reads the mask, without knowing of it
    assert names_of([account])[0][2] == "Confidential account"
    assert pages.find_premises("1 Sage Wren", on=ON)[0].occupant == "Confidential account"
    assert adjustments.list_requests_of(account, on=ON) == ()
    assert pages.get_postal(masked.header).name == "Account holder"
    assert pages.get_postal(masked.header).lines == ("PO Box 77", "Moore OK 73153"), "the post still comes"

    # 09:02 he breaks the glass
    reason = "caller at counter, must verify name"
    opened = customers.unmask(key=key(), by=by("cleo"), at=local(9, 2), account_id=account, reason=reason)
    assert opened.until == local(9, 32)
    (message,) = Outgoing.objects.all()
    assert message.to == "sue@example.org" and reason in message.body and "Cleo Test" in message.body
    seen = see(number, "cleo", local(9, 3))
    assert (seen.header.name, seen.header.opened_until) == ("Pat Officer", local(9, 32))
    assert seen.header.address == "1 Sage Wren Dr" and seen.header.phone == "+14057935032"
    assert see(number, "clara", local(9, 4)).header.name == "Confidential account", "for this clerk only"
    other = move_in(2, date(2026, 3, 2), register=5_000, name="Other")
    customers.mark(key=key(), by=by("sue"), at=at_on(MARKED_ON), account_id=other, on=MARKED_ON, authority="request")
    assert see(pages.get_header(account_id=other, on=ON).number, "cleo", local(9, 5)).header.name != "Other", (
        "this only"
    )

    # 09:40 it is masked as before
    assert see(number, "cleo", local(9, 40)).header.name == "Confidential account"


def test_a_substitute_address(city: None) -> None:
    certified, on = date(2025, 8, 1), date(2026, 4, 13)
    substitute = ("PO Box 60189", "Oklahoma City OK 73146")
    account = open_account("R. Eight", on=on).account_id
    customers.mark(
        key=key(), by=by("cleo"), at=at_on(on), account_id=account, on=on, authority="card shown", kind="acp",
        substitute=substitute, certified_on=certified,
    )  # fmt: skip
    begun = moves.start(
        key=key(), by=by("cleo"), at=at_on(on), account_id=account, premise_id=premise(4), on=date(2026, 4, 15)
    )
    (mark,) = customers.list_marks(account_id=account, by=by("cleo"))
    assert mark.ends_on == date(2029, 8, 1) and mark.substitute == substitute
    assert customers.remind_cards(key=key(), by=by("clock"), at=at_on(date(2029, 6, 2)), on=date(2029, 6, 2)) == 1
    # papers: the substitute address only
    header = pages.get_header(account_id=account, on=on)
    postal = pages.get_postal(header)
    assert (postal.name, postal.lines, postal.service_address) == ("R. Eight", substitute, "Confidential")
    assert "Sage Wren" not in repr(header)
    with pytest.raises(Refused, match="Address Confidentiality Program only"):
        customers.change(
            key=key(), by=by("cleo"), at=at_on(on), account_id=account, on=on, reason="moved",
            asked=customers.Asking(channel="counter", who="R. Eight", document="driver's licence"),
            changes={"mail_to": ["4 Sage Wren Dr", "Moore OK 73160"]},
        )  # fmt: skip
    # the order carries the premise and the number, not the name
    assert begun.order_id is not None and Order.objects.get(pk=begun.order_id).type == "connect"
    order = get_order(order_id=begun.order_id, now=at_on(on))
    assert "Eight" not in repr(order) and "4 Sage Wren Dr" in repr(order) and header.number in repr(order)

    # the auditor exports all accounts with service addresses
    text, _ = customers.build_export()
    done = customers.export(key=key(), by=by("otto"), at=at_on(on), purpose="audit", words="yearly audit")
    row = next(row for row in csv.DictReader(io.StringIO(text[1:])) if row["account"] == header.number)
    assert row["service_address"] == ", ".join(substitute) and row["name"] == "[redacted]"
    assert "22 O.S. 60.14" in row["redacted"] and done.redacted == (header.number,)
    (place,) = pages.find_premises("4 Sage Wren", on=date(2026, 4, 16))
    assert place.occupant == "Confidential account", "the place has no name"

    with pytest.raises(Refused, match="ends on 2029-08-01; ask for the renewed card"):
        customers.mark(
            key=key(), by=by("sue"), at=at_on(on), account_id=move_in(5, on, register=9_000), on=date(2029, 8, 1),
            authority="card", kind="acp", substitute=substitute, certified_on=certified,
        )  # fmt: skip


def test_curiosity_is_not_a_reason(a1: tuple[int, str]) -> None:
    account, number = a1
    see(number, "cleo", local(9, 0))
    customers.unmask(key=key(), by=by("cleo"), at=local(9, 2), account_id=account, reason="caller, verify name")
    see(number, "cleo", local(9, 40))
    with pytest.raises(Refused, match="at least 10 letters"):
        customers.unmask(key=key(), by=by("clara"), at=local(13, 0), account_id=account, reason="x")
    assert last("customers.unmask").denied

    # the number of the telephone finds one result: number only
    (hit,) = search.find("405 793 5032").hits
    assert (hit.name, hit.number, hit.address, hit.by, hit.balance_cents) == (
        "Confidential account", number, "", "", 0,
    )  # fmt: skip
    assert hit.confidential
    customers.log_search(key=key(), by=by("clara"), at=local(13, 1), account_ids=(hit.account_id,))

    customers.export(
        key=key(), by=by("clara"), at=local(13, 5), purpose="records_request", words="J. Doe", numbers=(number,)
    )  # fmt: skip
    text, redacted = customers.build_export(numbers=(number,))
    row = next(csv.DictReader(io.StringIO(text[1:])))
    assert redacted == {account: number} and row["name"] == row["service_address"] == "[redacted]"
    assert row["redacted"] == "name, phone, e-mail, addresses: confidential by a request on file"

    looks = customers.list_looks(from_on=local(0, 0), until=local(0, 0, date(2026, 5, 1)))
    told = [(look.at.strftime("%H:%M"), look.by, look.act, look.denied) for look in looks]
    assert told == [
        ("09:00", "Cleo Test", "customers.view", False),
        ("09:02", "Cleo Test", "customers.unmask", False),
        ("09:40", "Cleo Test", "customers.view", False),
        ("13:00", "Clara Test", "customers.unmask", True),
        ("13:01", "Clara Test", "customers.log_search", False),
        ("13:05", "Clara Test", "customers.export", False),
    ]
    assert "masked" in looks[0].says and "verify name" in looks[1].says and "redacted" in looks[-1].says


def test_a_bill_of_a_confidential_account_goes_where_it_went_and_names_nobody(a1: tuple[int, str]) -> None:
    set_policy("bill.due_days", 20)
    open_days(date(2026, 2, 4))
    read(1, date(2026, 2, 3), 9_000)
    run_bills(date(2026, 2, 4))
    (paper,) = bills.get_statements([Bill.objects.get(account_id=a1[0]).pk])
    assert paper.customer_name == "Account holder" and paper.service_address == "Confidential"
    assert paper.mailing_lines == ("Account holder", "PO Box 77", "Moore OK 73153")
