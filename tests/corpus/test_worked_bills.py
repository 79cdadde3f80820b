"""The 52 utilities of the corpus: every scored bill to the cent, lines and total, from published rates alone."""

from __future__ import annotations

import pytest

from tests.corpus.ask import ask, utilities


@pytest.mark.parametrize("utility", utilities())
def test_every_scored_bill_comes_out_to_the_cent(utility: str) -> None:
    for asked in ask(utility):
        if asked.verdict != "ambiguous":
            assert asked.given == asked.expected, asked.id


def test_the_corpus_is_whole() -> None:
    verdicts = [asked.verdict for utility in utilities() for asked in ask(utility)]
    assert len(utilities()) == 52
    assert {verdict: verdicts.count(verdict) for verdict in set(verdicts)} == {"ok": 121, "flagged": 5, "ambiguous": 3}
