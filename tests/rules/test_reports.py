"""Reports as data: a heading that is wrong is named whole, and a city's ages are what they say."""

import pytest

from curbstop.rules.reports import BadAsk, ReportErrors, read_buckets, read_report

GOOD = """/*
title: Owed
group: Money
says: What is owed.
asks: ["on"]
columns:
  - {name: account, says: Account, as: account}
  - {name: owed, says: Owed, as: money, sum: "yes"}
*/
select 1, 2
"""


def test_a_report_is_its_heading_and_its_query() -> None:
    report = read_report("owed", GOOD, file="owed.sql")
    assert (report.title, report.asks, report.sql) == ("Owed", ("on",), "select 1, 2")
    assert [(one.name, one.kind, one.added) for one in report.columns] == [
        ("account", "account", False), ("owed", "money", True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("title: Owed\n", "", "name the report"),
        ('["on"]', '["when"]', "not something to ask for"),
        ("as: money", "as: dollars", "dollars"),
        ("as: account}", 'as: account, sum: "yes"}', "cannot be added up"),
        ("name: owed", "name: owed; drop table", "not a name"),
        ("/*", "", "has no heading"),
    ],
)
def test_what_is_wrong_with_a_heading_is_named(old: str, new: str, said: str) -> None:
    with pytest.raises(ReportErrors, match=said):
        read_report("owed", GOOD.replace(old, new, 1), file="owed.sql")


def test_ages_are_named_as_they_are_counted() -> None:
    due, bill = (
        read_buckets({"by": "due", "days": ["30", "60", "90"]}),
        read_buckets({"by": "bill", "days": ["15", "30", "45"]}),
    )
    assert list(due.names.values()) == ["Not yet due", "1 to 30", "31 to 60", "61 to 90", "Over 90"]
    assert bill.values == {"age_by": "bill", "age_0": -1, "age_1": 15, "age_2": 30, "age_3": 45}
    for wrong in (
        {"by": "month", "days": ["30", "60", "90"]},
        {"by": "due", "days": ["60", "30", "90"]},
        {"by": "due", "days": []},
    ):
        with pytest.raises(BadAsk, match="not ages"):
            read_buckets(wrong)
