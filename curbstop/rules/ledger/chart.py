"""The chart of a city: funds, accounts and kinds, each with the date it holds from and its authority.

Read from ``cities/<city>/chart.yaml``. What the city has not said is said to be *not on file*, never guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from curbstop.rules.faults import Faults
from curbstop.rules.ledger.legs import CLAIM, POOL, gl, partner
from curbstop.rules.sheets import Block, Page

CLASSES = "ALERXM"


class ChartSheet(Faults):
    """A chart file that cannot be taken, with every fault and its line."""

    what = "chart"


class KindUnknown(LookupError):
    """A kind that the city's chart does not have on that day."""


@dataclass(frozen=True, slots=True)
class ChartFund:
    """A fund: ``pooled_in`` holds its cash, ``reports_in`` is the fund of the city's report that it is part of."""

    id: int
    name: str
    pooled_in: int | None
    reports_in: str
    authority: str


@dataclass(frozen=True, slots=True)
class ChartAccount:
    """An account, ``FF-OOOO``. ``gl_string`` is the city's own number of it, empty while it is not on file."""

    fund: int
    object: int
    name: str
    klass: str
    normal: str
    sub: int
    partner: int | None
    gl_string: str
    valid_from: date
    authority: str

    @property
    def gl(self) -> str:
        """``51-1210``."""
        return gl(self.fund, self.object)


@dataclass(frozen=True, slots=True)
class ChartKind:
    """What a row is, with the control account it moves and the contra account it posts to."""

    code: str
    control: str | None
    contra: str | None
    says: str
    valid_from: date


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that a city posts to."""

    city: str
    funds: tuple[ChartFund, ...]
    accounts: tuple[ChartAccount, ...]
    kinds: tuple[ChartKind, ...]

    def kind(self, code: str, on: date) -> ChartKind:
        """The kind of a code as it holds on a day. :raises KindUnknown: there is none"""
        held = [kind for kind in self.kinds if kind.code == code and kind.valid_from <= on]
        if not held:
            raise KindUnknown(
                f"the chart of {self.city} has no kind {code!r} on {on.isoformat()}; add it with its date"
            )
        return max(held, key=lambda kind: kind.valid_from)


@lru_cache(maxsize=4)
def read_chart(text: str, *, file: str) -> Chart:
    """The chart in a file. The same text is read once: two hundred accounts with their lines take a third of a second.

    :raises ChartSheet: with every fault: its line, field, value, why, remedy
    """
    page = Page(file)
    funds: list[ChartFund] = []
    accounts: list[ChartAccount] = []
    kinds: list[ChartKind] = []
    city = ""
    for block in page.blocks(text)[:1]:
        city = block.text("city", required="write the city's code, as its folder is named") or ""
        block.words("says")
        valid_from = block.on("from", required="write the day from which the chart holds") or date.min
        authority = block.text("authority", required="name what adopted it, or say that it is not on file") or ""
        for entry in block.blocks("funds", required="list the funds"):
            funds += _fund(entry, authority)
        known = {fund.id for fund in funds}
        for entry in block.blocks("accounts", required="list the accounts"):
            accounts += _accounts(entry, known, valid_from, authority)
        strings = {account.gl for account in accounts}
        for entry in block.blocks("kinds", required="list the kinds"):
            kinds += _kind(entry, strings, valid_from)
        block.done()
    chart = Chart(city, tuple(funds), tuple(accounts), tuple(kinds))
    _check_whole(page, chart)
    if page.faults:
        raise ChartSheet(page.faults)
    return chart


def _fund(entry: Block, authority: str) -> list[ChartFund]:
    id = entry.whole("id", least=1, required="write two digits")
    name = entry.text("name", required="name the fund")
    pooled_in = entry.whole("pooled_in", least=1)
    reports_in = entry.text("reports_in", required="name the fund of the city's report that it is part of")
    own = entry.text("authority")
    entry.done()
    if id is None or name is None or reports_in is None:
        return []
    if not 10 <= id <= 99:
        entry.fault("id", value=id, why="not two digits", remedy="funds are numbered 10 to 99")
        return []
    return [ChartFund(id, name, pooled_in, reports_in, own or authority)]


def _accounts(entry: Block, funds: set[int], valid_from: date, authority: str) -> list[ChartAccount]:
    wanted = [_fund_number(entry, word, funds) for word in entry.words("funds")]
    object = entry.whole("object", least=1000, required="write four digits")
    name = entry.text("name", required="name the account")
    klass = entry.choice("class", CLASSES, default="A")
    normal = entry.choice("normal", "DC", default="D")
    sub = entry.whole("sub")
    partner_fund = entry.whole("partner")
    strings = entry.block("gl_strings")
    held_from = entry.on("from") or valid_from
    own = entry.text("authority") or authority
    made = []
    if not wanted:
        entry.fault("funds", why="missing", remedy="write the funds that have the account, for example [51, 52]")
    if sub is None or sub > 4:
        entry.fault("sub", value=sub, why="not 0 to 4", remedy="say what each row must name: 0 nothing, 1 a batch...")
    for fund in wanted:
        string = (strings.text(str(fund)) if strings is not None else None) or ""
        if fund and object and name and sub is not None:
            made.append(ChartAccount(fund, object, name, klass, normal, sub, partner_fund, string, held_from, own))
    if strings is not None:
        strings.done()
    entry.done()
    return made


def _fund_number(entry: Block, word: str, funds: set[int]) -> int:
    if word.isdigit() and int(word) in funds:
        return int(word)
    entry.fault("funds", value=word, why="no such fund", remedy="list the fund under funds first")
    return 0


def _kind(entry: Block, accounts: set[str], valid_from: date) -> list[ChartKind]:
    code = entry.text("code", required="write the code, for example water.base")
    says = entry.text("says", required="say what a customer reads on the bill or statement")
    held_from = entry.on("from") or valid_from
    ends: dict[str, str | None] = {}
    for key in ("control", "contra"):
        ends[key] = value = entry.text(key)
        if value is not None and value not in accounts:
            entry.fault(key, value=value, why="the chart has no such account", remedy="add it under accounts")
    entry.done()
    return [ChartKind(code, ends["control"], ends["contra"], says, held_from)] if code and says else []


def _check_whole(page: Page, chart: Chart) -> None:
    """What no single line shows: repeated names, and a fund whose cash has no two ends."""

    def fault(field: str, value: str, why: str, remedy: str) -> None:
        page.fault(line=0, field=field, value=value, why=why, remedy=remedy)

    for field, names in _names(chart).items():
        for name in sorted({name for name in names if names.count(name) > 1}):
            fault(field, name, "written twice", "keep one of the two, or give the second a later date")
    strings = {account.gl for account in chart.accounts}
    for fund in chart.funds:
        if fund.pooled_in is None:
            continue
        if fund.pooled_in != POOL:
            fault("pooled_in", str(fund.pooled_in), "the pool is fund 10", "pool cash in fund 10, or in none")
        for needed in (gl(fund.id, CLAIM), partner(fund.id)):
            if needed not in strings:
                why = "its cash is pooled, and this account is not in the chart"
                fault("accounts", needed, why, f"add it: fund {fund.id} and the pool owe each other through it")


def _names(chart: Chart) -> Mapping[str, list[str]]:
    return {
        "funds": [str(fund.id) for fund in chart.funds],
        "accounts": [account.gl for account in chart.accounts],
        "kinds": [f"{kind.code} from {kind.valid_from.isoformat()}" for kind in chart.kinds],
    }
