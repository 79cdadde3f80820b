"""Worked examples of the books as text: a town's acts in order, one leg a word pair.

``D|C account@[Account:]Document.line cents`` is a leg; ``>51 n`` is cash that goes to fund 51 (credit 10-2851, debit
51-1010), ``<51 n`` cash that leaves it; ``like E01 B1=B3; B1=B4`` repeats an act with names changed, once for each;
``||`` parts acts on a line. Numbers are names, and gaps in them mean nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from curbstop.rules.ledger.legs import CLAIM, Leg, credit, debit, gl, partner

_ACT = re.compile(r"(E[0-9]+)\s+(.*)", re.DOTALL)
_LEG = re.compile(r"([DC])([0-9]{2}-[0-9]{4})(?:@(?:([A-Z]+[0-9]+):)?([A-Z]+[0-9]+)\.([0-9]+))?")
_FUND = re.compile(r"([<>])([0-9]{2})")
_LIKE = re.compile(r"\blike (E[0-9]+)\s*(.*)")


class BadBooks(ValueError):
    """Text that is not worked examples, with the act at fault."""


@dataclass(frozen=True, slots=True)
class Example:
    """One act: its code, what it is, and its legs with accounts and documents as numbers of :attr:`Books.names`."""

    code: str
    says: str
    legs: tuple[Leg, ...]


@dataclass(frozen=True, slots=True)
class Books:
    """Examples in order, and the number that stands for each name."""

    examples: tuple[Example, ...]
    names: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Word:
    sign: str  # D C > <
    account: str
    customer: str
    document: str
    line: int
    cents: int

    def renamed(self, names: Mapping[str, str]) -> _Word:
        return _Word(
            self.sign,
            self.account,
            names.get(self.customer, self.customer),
            names.get(self.document, self.document),
            self.line,
            self.cents,
        )


def read_books(text: str) -> Books:
    """The examples of a text, in order. :raises BadBooks: a word that is no leg, or a name that is not known"""
    names: dict[str, int] = {}
    said: dict[str, list[_Word]] = {}
    examples: list[Example] = []
    for act in re.split(r"\|\||\n", text):
        found = _ACT.fullmatch(act.strip())
        if not act.strip():
            continue
        if found is None:
            raise BadBooks(f"{act.strip()[:40]!r}: an act begins with its code, for example E01")
        code, rest = found.groups()
        like = _LIKE.search(rest)
        if like is None:
            says, words = _read_words(code, rest)
            repeats = [words]
        else:
            says, words = rest[: like.start()].strip(), said.get(like[1], [])
            if not words:
                raise BadBooks(f"{code}: like {like[1]}, which does not come before it")
            repeats = [[word.renamed(change) for word in words] for change in _changes(code, like[2])]
        said[code] = repeats[0]
        examples += [Example(code, says, _legs(repeat, names)) for repeat in repeats]
    return Books(tuple(examples), names)


def _read_words(code: str, rest: str) -> tuple[str, list[_Word]]:
    tokens = rest.split()
    words: list[_Word] = []
    first = next((n for n, t in enumerate(tokens) if _LEG.fullmatch(t) or _FUND.fullmatch(t)), len(tokens))
    legs = tokens[first:]
    if not legs or len(legs) % 2:
        raise BadBooks(f"{code}: legs come in pairs of account and cents")
    for token, cents in zip(legs[::2], legs[1::2], strict=True):
        leg, fund = _LEG.fullmatch(token), _FUND.fullmatch(token)
        if not cents.isdigit() or not (leg or fund):
            raise BadBooks(f"{code}: {token} {cents} is no leg; write D51-1210@A1:B1.1 950")
        if leg:
            sign, account, customer, document, line = leg.groups()
            words.append(_Word(sign, account, customer or "", document or "", int(line or 0), int(cents)))
        elif fund:
            words.append(_Word(fund[1], fund[2], "", "", 0, int(cents)))
    return " ".join(tokens[:first]), words


def _changes(code: str, text: str) -> list[dict[str, str]]:
    changes = []
    for part in text.split(";"):
        pairs = [word.partition("=") for word in part.split()]
        if any(not old or not new for old, _, new in pairs):
            raise BadBooks(f"{code}: {part.strip()!r} is no change of names; write B1=B3")
        changes.append({old: new for old, _, new in pairs})
    return changes


def _legs(words: list[_Word], names: dict[str, int]) -> tuple[Leg, ...]:
    legs: list[Leg] = []
    for word in words:
        if word.sign in "<>":
            fund = int(word.account)
            into, out = (debit, credit) if word.sign == ">" else (credit, debit)
            legs += [out(partner(fund), word.cents, "payment"), into(gl(fund, CLAIM), word.cents, "payment")]
            continue
        make = debit if word.sign == "D" else credit
        customer, document = (
            names.setdefault(name, len(names) + 1) if name else None for name in (word.customer, word.document)
        )
        line = word.line if word.document else None
        legs.append(make(word.account, word.cents, "example", account_id=customer, document=document, line=line))
    return tuple(legs)
