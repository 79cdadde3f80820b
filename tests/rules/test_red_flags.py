"""What wants a second look at opening: a table of applicants."""

import pytest

from curbstop.rules.red_flags import Other, red_flags

ANN = Other("Ann Lee", ("phone",))
TWIN = Other("Ann Lee", ("name", "email"))
QUIET = {"owes_cents": 0, "mail_to": False, "owns": False, "here": ""}


@pytest.mark.parametrize(
    ("others", "facts", "told"),
    [
        ([], {}, ()),
        ([Other("Ann Lee", ("name",))], {"owes_cents": 500}, ()),
        ([ANN], {}, ("The phone is Ann Lee's; ask how that comes.",)),
        ([TWIN], {}, ("Ann Lee has the same name and email; say why it is somebody else.",)),
        (
            [],
            {"here": "Bo"},
            ("Bo is responsible there and has given no notice; see a lease, a deed or a closing paper.",),
        ),
        ([], {"mail_to": True}, ()),
        ([], {"mail_to": True, "owns": True}, ("The owner wants bills elsewhere; see the deed or the closing paper.",)),
    ],
)
def test_red_flags(others: list[Other], facts: dict[str, object], told: tuple[str, ...]) -> None:
    assert red_flags(others, **{**QUIET, **facts}) == told


def test_a_debt_behind_a_flag_asks_for_a_photo() -> None:
    assert red_flags([ANN], **{**QUIET, "owes_cents": 1})[1].startswith("Somebody alike left a debt here")
