"""The usage chart: to scale from zero, said in words too, and drawn as the desk's reference page draws it."""

import re
from datetime import date, timedelta
from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from curbstop.formats.usage_chart import UsagePeriod, usage_chart_print_svg, usage_chart_svg, usage_unit, usage_words
from tests.formats.papers import USAGE

# Lines of the desk's reference page for the same 13 bills: first bar, tallest ghost, the last bill, the average.
REFERENCE = [
    '<path class="base" d="M34 196.0H516"/>',
    '<path class="grid" d="M34 14.0H516"/>',
    '<rect class="ghost" x="39.0" y="127.8" width="13" height="68.2" rx="1.5"/>',
    '<rect class="bar1" x="48.0" y="127.8" width="16" height="68.2" rx="1.5"/>',
    '<rect class="ghost" x="335.6" y="25.4" width="13" height="170.6" rx="1.5"/>',
    '<rect class="hot" x="492.9" y="59.5" width="16" height="136.5" rx="1.5"/>',
    '<text class="on" x="500.9" y="53.5" text-anchor="middle">12</text>',
    '<text class="on" x="497.9" y="229.0" text-anchor="middle">Nov</text>',
    '<path class="cap" d="M34.0 139.1H219.4V127.8H516.0"/>',
]

GAL = st.one_of(st.none(), st.integers(0, 5_000_000))
PERIODS = st.lists(
    st.builds(UsagePeriod, st.dates(date(2020, 1, 1), date(2030, 1, 1)), GAL, GAL, GAL, st.booleans()), max_size=15
)


def _numbers(svg: str) -> list[tuple[float, float]]:
    """Top and foot of every bar."""
    return [
        (float(y), float(y) + float(height))
        for y, height in re.findall(r'<rect [^>]*y="([\d.-]+)"[^>]*height="([\d.-]+)"', svg)
    ]


def test_drawn_as_the_reference_page() -> None:
    svg = usage_chart_svg(USAGE)
    for line in REFERENCE:
        assert line in svg
    assert svg.count('class="bar1"') == 12
    assert svg.count('class="ghost"') == 13
    assert svg.count(">Apr<") == 1  # two bills ended in April: the month stands under the first


def test_said_in_words() -> None:
    assert usage_words(USAGE) == (
        "Gallons per bill, December 2025 to November 2026: 6,000, 6,000, 7,000, 6,000, 7,000, 8,000, 10,000, 12,000, "
        "14,000, 13,000, 10,000, 7,000, 12,000. The bill of November 2026 is 12,000 gallons; the same bill last year "
        "was 7,000. The sewer average is 5,000 gallons until April 2026, then 6,000."
    )
    assert usage_words([]) == "No usage has been billed yet."
    one = UsagePeriod(date(2026, 11, 13), None, estimated=True)
    assert usage_words([one]) == "Gallons per bill, November 2026: no read."


def test_a_new_customer_has_one_bar_at_the_right() -> None:
    svg = usage_chart_svg(USAGE[-1:])
    assert svg.count("<rect") == 2  # the bar and its ghost
    assert 'x="492.9"' in svg
    assert "Your next bills will stand here." in svg
    assert "Your next bills" not in usage_chart_svg(USAGE)


def test_an_estimate_is_hollow_and_has_a_letter() -> None:
    estimated = [*USAGE[:-1], UsagePeriod(date(2026, 11, 13), 12000, estimated=True)]
    assert 'class="hot est"' in usage_chart_svg(estimated)
    assert ">12 E<" in usage_chart_svg(estimated)


def test_the_unit_grows_with_the_use() -> None:
    assert usage_unit(USAGE) == "kgal"
    large = [UsagePeriod(date(2026, 11, 13), 1_164_000)]
    assert usage_unit(large) == "Mgal"
    assert ">1.2<" in usage_chart_svg(large)
    assert ">0.1<" in usage_chart_svg([UsagePeriod(date(2026, 11, 13), 120)])


def test_what_is_written_beside_it_is_escaped() -> None:
    svg = usage_chart_svg(USAGE, ids='a"b', title="Water <b> & sewer")
    ElementTree.fromstring(svg)
    assert "Water &lt;b&gt; &amp; sewer" in svg


@given(PERIODS)
def test_bars_stand_on_the_base_and_inside_the_picture(periods: list[UsagePeriod]) -> None:
    for svg in (usage_chart_svg(periods), usage_chart_print_svg(periods)):
        ElementTree.fromstring(svg)
        for top, foot in _numbers(svg):
            assert abs(foot - 196) < 0.05
            assert 14 <= top <= 196
        assert "viewBox" in svg


@given(st.lists(st.integers(1, 3_000_000), min_size=2, max_size=13))
def test_heights_are_to_scale(used: list[int]) -> None:
    first = date(2026, 1, 1)
    periods = [UsagePeriod(first + timedelta(days=28 * n), gal) for n, gal in enumerate(used)]
    heights = [foot - top for top, foot in _numbers(usage_chart_svg(periods))]
    most = max(used)
    for gal, height in zip(used, heights, strict=True):
        assert abs(height - max(heights) * gal / most) < 0.11
