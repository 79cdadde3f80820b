"""Customers and accounts, premises and service points."""

from dataclasses import replace

import pytest

from curbstop.office import customers, search
from curbstop.office._once import Refused
from curbstop.records.base.models import Event
from curbstop.records.customers.models import Account, Customer, Premise, ServicePoint
from curbstop.rules.accounts import BadAccountNumber, account_number, check_account_number, check_digit
from curbstop.rules.customers import BadEntry, check_email, check_name, check_phone
from tests.office.scene import AT, by, house, key, open_account, premise

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("city")]


# --- what is typed ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["O'Neil", "Ann-Marie Núñez", "Nguyễn Thị Hoa", "李", "Café 🌻 & Sons", "D’Angelo", "X Æ A-12", "👩‍👧 Daycare"],
)
def test_a_name_is_whatever_a_person_is_called(name):
    opened = open_account(name)
    assert Customer.objects.get(pk=opened.customer_id).name == name


def test_a_name_is_kept_in_one_spelling_with_single_spaces():
    assert check_name("  Ann \t Lee\n") == "Ann Lee"
    assert check_name("Cafe\u0301") == "Caf\u00e9"


@pytest.mark.parametrize("name", ["", "   ", "Ann\x07Lee", "Ann\u202eeeL", "A\u2028B", "x" * 201])
def test_what_no_screen_can_show_is_refused_with_the_field(name):
    with pytest.raises(BadEntry) as fault:
        open_account(name)
    assert fault.value.field == "name"
    assert not Customer.objects.exists()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("405 793 5032", "+14057935032"),
        ("(405)793-5032", "+14057935032"),
        ("+44 20 7946 0958", "+442079460958"),
        ("", ""),
    ],
)
def test_a_telephone_number_is_kept_in_one_form(typed, kept):
    assert check_phone(typed) == kept


@pytest.mark.parametrize("typed", ["793", "call me", "405 793 503", "405 793 5032 x12", "000 000 0000", "🙂"])
def test_what_is_no_telephone_is_refused(typed):
    with pytest.raises(BadEntry) as fault:
        open_account("Ann Lee", phone=typed)
    assert fault.value.field == "phone" and fault.value.remedy


@pytest.mark.parametrize("typed", ["ann@example.org", "ann.o'dea+w@sub.example.co.uk", "jürgen@bücher.example"])
def test_an_e_mail_is_taken(typed):
    assert check_email(typed) == typed


@pytest.mark.parametrize(
    "typed",
    ["ann", "ann@", "@example.org", "ann@example", "a b@example.org", "a..b@example.org", "a@-x.org", "a" * 260],
)
def test_what_is_no_e_mail_is_refused(typed):
    with pytest.raises(BadEntry) as fault:
        check_email(typed)
    assert fault.value.field == "email"


@pytest.mark.parametrize("field", ["customer_class", "tenure", "kind"])
def test_a_choice_that_there_is_not_names_those_there_are(field):
    with pytest.raises(BadEntry, match="use one of") as fault:
        open_account("Ann Lee", **{field: "other"})
    assert fault.value.field == field


def test_a_home_is_owned_or_rented():
    with pytest.raises(BadEntry) as fault:
        open_account("Ann Lee", customer_class="residential", tenure="business")
    assert fault.value.field == "tenure"


def test_a_mailing_address_has_the_lines_of_an_envelope():
    opened = open_account("Ann Lee", mail_to=("PO Box 9", "", "  Moore OK  73160 "))
    assert Account.objects.get(pk=opened.account_id).mail_to == ["PO Box 9", "Moore OK 73160"]
    with pytest.raises(BadEntry, match="6 lines"):
        open_account("Bo Lee", mail_to=tuple("abcdef"))


# --- account numbers --------------------------------------------------------------------------------------------------


def test_account_numbers_follow_each_other_and_check():
    first, second = open_account("Ann Lee"), open_account("Bo Lee")
    assert int(second.number[:-1]) == int(first.number[:-1]) + 1
    assert first.number == account_number(int(first.number[:-1]))
    assert customers.find_account(number=f" {first.number[:4]}-{first.number[4:]} ").id == first.account_id


def test_every_single_wrong_digit_is_caught():
    number = account_number(1_000_001)
    for place in range(len(number)):
        for digit in "0123456789":
            if digit != number[place]:
                with pytest.raises(BadAccountNumber):
                    check_account_number(number[:place] + digit + number[place + 1 :])


def test_swapped_neighbours_are_caught():
    number = account_number(1_234_567)
    for place in range(len(number) - 1):
        swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
        if swapped != number:
            with pytest.raises(BadAccountNumber, match="mistyped"):
                check_account_number(swapped)


@pytest.mark.parametrize("typed", ["", "1234567", "1000001x", "1" * 13, "१०००००१७"])
def test_what_is_no_account_number_is_refused(typed):
    with pytest.raises(BadAccountNumber, match="8 digits"):
        check_account_number(typed)


def test_the_check_digit_is_luhns():
    assert check_digit("7992739871") == 3  # the worked example of the standard's literature
    with pytest.raises(ValueError, match="begins at 1000001"):
        account_number(1)


def test_no_account_of_a_good_number_is_refused_with_what_to_do():
    with pytest.raises(Refused, match="search by name"):
        customers.find_account(number=account_number(9_999_999))


# --- the same one again -----------------------------------------------------------------------------------------------


def test_somebody_with_the_same_name_and_telephone_is_refused_until_somebody_looked():
    first = open_account("Ann Lee", phone="405 793 5032")
    with pytest.raises(Refused, match=f"is customer {first.customer_id} already"):
        open_account("ANN LEE", phone="4057935032")
    second = open_account("Ann Lee", phone="405 793 5032", not_the_same_as=(first.customer_id,))
    assert second.customer_id != first.customer_id


def test_the_same_name_alone_is_another_person():
    assert open_account("Ann Lee").customer_id != open_account("Ann Lee").customer_id


def test_a_further_account_is_opened_for_the_customer_there_is():
    first = open_account("Ann Lee", phone="405 793 5032")
    second = open_account("", customer_id=first.customer_id, tenure="owner")
    assert second.customer_id == first.customer_id and second.number != first.number
    with pytest.raises(BadEntry, match="who has his own"):
        open_account("Bo", customer_id=first.customer_id)


def test_who_is_alike_is_found_by_telephone_e_mail_or_a_name_with_a_typo():
    ann = open_account("Annabel Leigh", phone="405 793 5032", email="Ann@Example.org")
    open_account("Robert Stone")
    for given, alike in [
        ({"phone": "(405) 793-5032"}, ("phone",)),
        ({"email": "ann@example.ORG"}, ("email",)),
        ({"name": "Anabel Leigh"}, ("name",)),
        ({"name": "annabel leigh", "phone": "4057935032", "email": "x"}, ("name", "phone")),
    ]:
        found = customers.find_duplicates(**given)
        assert [(row.customer_id, row.accounts, row.alike) for row in found] == [
            (ann.customer_id, (ann.number,), alike)
        ]
    assert customers.find_duplicates() == ()
    assert customers.find_duplicates(name="", phone="40", email="@") == ()


def test_a_new_account_is_found_by_the_search_box():
    opened = open_account("Siobhán O'Brien", phone="405 793 5032")
    for typed in ("obrien", "siobhan", opened.number, "7935032"):
        assert [hit.account_id for hit in search.find(typed).hits] == [opened.account_id]


def test_a_note_stands_in_the_timeline():
    opened = open_account("Ann Lee")
    customers.note(
        key=key(), by=by("cleo"), at=AT, account_id=opened.account_id, text="Dog in the yard 🐕; call first."
    )
    event = Event.objects.get(act="customers.note")
    assert (event.says, event.subjects) == ("Dog in the yard 🐕; call first.", [f"account:{opened.account_id}"])
    with pytest.raises(Refused, match="no account 999"):
        customers.note(key=key(), by=by("cleo"), at=AT, account_id=999, text="x")
    with pytest.raises(BadEntry):
        customers.note(key=key(), by=by("cleo"), at=AT, account_id=opened.account_id, text=" ")


# --- premises ---------------------------------------------------------------------------------------------------------


def enter(*entries: customers.PremiseEntry) -> customers.PremisesEntered:
    return customers.enter_premises(key=key(), by=by("ada"), at=AT, premises=entries)


def test_premises_are_entered_with_their_points_and_sewer_is_measured_by_water():
    entered = enter(house(91), house(92, services=("water", "irrigation", "sewer", "sanitation"), hazard="dog"))
    assert entered.service_points == 7
    assert [Premise.objects.get(pk=id).address for id in entered.premise_ids] == ["91 Sage Wren Dr", "92 Sage Wren Dr"]
    points = {p.service: p for p in customers.list_service_points(premise_ids=entered.premise_ids[1:])}
    assert list(points) == ["water", "irrigation", "sewer", "sanitation"]
    assert points["sewer"].measured_by_id == points["water"].id
    assert points["water"].measured_by_id is points["sanitation"].measured_by_id is None


def test_an_address_stands_once():
    with pytest.raises(Refused, match="1 Sage Wren Dr, 73160.*Take them out"):
        enter(house(93), house(1))
    with pytest.raises(Refused, match="93 Sage Wren Dr"):
        enter(house(93), house(93))
    assert not Premise.objects.filter(address__startswith="93").exists()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"address": " "}, "premises[2].address"),
        ({"services": ("water", "gas")}, "premises[2].services"),
        ({"services": ("sewer",)}, "premises[2].services"),
        ({"services": ("water", "water")}, "premises[2].services"),
        ({"kind": "farm"}, "premises[2].kind"),
        ({"dwelling_units": 0}, "premises[2].dwelling_units"),
        ({"zip": "x" * 11}, "premises[2].zip"),
        ({"city": ""}, "premises[2].city"),
    ],
)
def test_a_wrong_row_is_named_and_nothing_is_entered(wrong, field):
    before = (Premise.objects.count(), ServicePoint.objects.count())
    with pytest.raises(BadEntry) as fault:
        enter(house(94), replace(house(95), **wrong))
    assert fault.value.field == field
    assert (Premise.objects.count(), ServicePoint.objects.count()) == before


def test_a_cycle_that_there_is_not_and_an_empty_list_are_refused():
    with pytest.raises(Refused, match="no cycle 9"):
        enter(house(96, cycle="9"))
    with pytest.raises(BadEntry, match="empty"):
        enter()


def test_two_thousand_premises_are_one_act():
    entered = enter(*(house(n) for n in range(20_000, 22_000)))
    assert len(entered.premise_ids) == 2000 and entered.service_points == 6000
    assert Event.objects.filter(act="customers.enter_premises").latest("id").inputs["premises"]["count"] == 2000
    assert premise(21_999) == entered.premise_ids[-1]
