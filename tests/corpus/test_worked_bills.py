"""The 52 utilities of the corpus: every scored bill to the cent, lines and total, from published rates alone."""

from __future__ import annotations

import pytest

from tests.corpus.ask import HERE, ask, utilities


@pytest.mark.parametrize("utility", utilities())
def test_every_scored_bill_comes_out_to_the_cent(utility: str) -> None:
    for asked in ask(utility):
        if asked.verdict != "ambiguous":
            assert asked.given == asked.expected, asked.id


def test_the_corpus_is_whole() -> None:
    verdicts = [asked.verdict for utility in utilities() for asked in ask(utility)]
    assert len(utilities()) == 52
    assert {verdict: verdicts.count(verdict) for verdict in set(verdicts)} == {"ok": 121, "flagged": 5, "ambiguous": 3}


def test_an_ordinary_city_takes_under_forty_lines() -> None:
    """All rates of its published page, with prices, authority and readings chosen: eight cities in ten and more."""
    files = {utility: (HERE / "utilities" / f"{utility}.yaml").read_text(encoding="utf-8") for utility in utilities()}
    lines = {utility: sum(bool(line.strip()) for line in text.splitlines()) for utility, text in files.items()}
    short = [utility for utility, count in lines.items() if count < 40]
    assert len(short) * 10 >= len(lines) * 8 and sorted(lines.values())[len(lines) // 2] <= 20, lines
