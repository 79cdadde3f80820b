"""Types of orders as data, windows of the day, what a crew collected, and one truck for one trouble."""

from datetime import date, datetime
from pathlib import Path

import pytest

import curbstop
from curbstop.rules.customers import BadEntry
from curbstop.rules.orders import (
    MeterThere,
    OpenOrder,
    TypeErrors,
    check_fields,
    check_window,
    field_names,
    find_same_trouble,
    is_late,
    parse_window,
    read_types,
)

TRADE = (Path(curbstop.__file__).parent / "cities" / "orders.yaml").read_text()
TYPES = {one.code: one for one in read_types(TRADE, file="orders.yaml")}
WATER = MeterThere(1, "water", "4001", "5/8", 6, 100, date(2026, 3, 2))
LAWN = MeterThere(2, "irrigation", "4002", "1", 6, None, None)


def test_every_type_of_the_trade_is_there() -> None:
    assert set(TYPES) == {
        "connect", "disconnect", "transfer_read", "reread", "verify", "install", "remove", "exchange", "repair", "test",
        "leak_check", "post", "shut_off", "off_check", "restore", "lock", "pull", "investigate", "cart_deliver",
        "cart_remove", "cart_swap", "dumpster_deliver", "dumpster_empty", "dumpster_remove", "big_trash",
    }  # fmt: skip


def test_a_file_says_everything_that_is_wrong_with_it() -> None:
    text = """code: Re Read
says: Re-read
about: read
priority: soon
effects: [check_reed, charge]
fields: [{name: register, says: Register, is: dial}, {name: side, says: Side, is: choice}]
"""
    with pytest.raises(TypeErrors) as wrong:
        read_types(text, file="bad.yaml")
    said = str(wrong.value)
    for words in ("not a name", "'soon'", "'check_reed'", "go together", "'dial'", "a choice has options"):
        assert words in said


@pytest.mark.parametrize("text", ["8-10", "08:00-10:60", "10:00-08:00", "25:00-26:00", "08:00-08:00", "08:00 10:00"])
def test_what_is_no_window(text: str) -> None:
    with pytest.raises(BadEntry):
        parse_window(text)


def test_a_window_is_one_of_the_citys() -> None:
    assert check_window("08:00-10:00", ["08:00-10:00"]) == "08:00-10:00"
    assert check_window("09:00-11:00", None) == "09:00-11:00" and check_window("", ["08:00-10:00"]) == ""
    with pytest.raises(BadEntry, match="choose 08:00-10:00"):
        check_window("09:00-11:00", ["08:00-10:00"])


def test_each_meter_has_its_own_register() -> None:
    names = [name for name, _, _ in field_names(TYPES["disconnect"], (WATER, LAWN))]
    assert names == ["register.water", "register.irrigation", "serial.water", "serial.irrigation", "picture"]
    given = {"register.water": "1,200", "register.irrigation": 30}
    assert check_fields(TYPES["disconnect"], (WATER, LAWN), given) == {
        "register.water": 1200,
        "register.irrigation": 30,
    }
    with pytest.raises(BadEntry, match="Register is missing"):
        check_fields(TYPES["disconnect"], (WATER, LAWN), {"register.water": 1})
    assert check_fields(TYPES["connect"], (), {}) == {}


@pytest.mark.parametrize(
    ("type", "given", "words"),
    [
        ("reread", {"register": "12.5"}, "not a whole number"),
        ("reread", {"register": -1}, "not a whole number"),
        ("reread", {"register": True}, "not a whole number"),
        ("reread", {"register": 1, "colour": "red"}, "no such field"),
        ("install", {"serial": "1", "register": 1, "state": "ajar"}, "use one of on, off, locked"),
        ("connect", {"register": 1, "someone_home": "maybe"}, "not yes or no"),
        ("investigate", {"found": "cut lock"}, "Picture is missing"),
    ],
)
def test_what_cannot_have_been_collected(type: str, given: dict[str, object], words: str) -> None:
    with pytest.raises(BadEntry, match=words):
        check_fields(TYPES[type], (WATER,), given)


def test_one_truck_for_one_trouble() -> None:
    day = date(2026, 3, 2)
    leak = OpenOrder(7, "repair", "meter", None, day)
    assert find_same_trouble(TYPES["leak_check"], None, [leak]) is leak
    assert find_same_trouble(TYPES["reread"], None, [leak]) is None
    other = OpenOrder(8, "repair", "meter", 2, day)
    assert find_same_trouble(TYPES["leak_check"], 1, [other]) is None
    assert find_same_trouble(TYPES["leak_check"], 2, [leak, other]) is other


@pytest.mark.parametrize(
    ("on", "window", "hour", "late"),
    [
        (None, "", 12, False),
        (date(2026, 3, 1), "", 1, True),
        (date(2026, 3, 2), "", 23, False),
        (date(2026, 3, 2), "08:00-10:00", 9, False),
        (date(2026, 3, 2), "08:00-10:00", 10, True),
        (date(2026, 3, 3), "08:00-10:00", 23, False),
    ],
)
def test_late(on: date | None, window: str, hour: int, late: bool) -> None:
    assert is_late(on, window, today=date(2026, 3, 2), now=datetime(2026, 3, 2, hour)) is late
